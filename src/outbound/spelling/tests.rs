//! Spellings of numbers, right and wrong.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

fn home(code: &str) -> Option<Country> {
    Country::parse(code)
}

#[test]
fn usual_spellings_are_one_number() {
    for (text, country, number) in [
        ("+6591234567", "", "+6591234567"),
        ("+65 9123 4567", "", "+6591234567"),
        ("+65-9123-4567", "", "+6591234567"),
        ("+65.9123.4567", "", "+6591234567"),
        ("(+65) 9123 4567", "", "+6591234567"),
        (" +65 9123 4567\n", "", "+6591234567"),
        ("\u{202a}+65\u{a0}9123\u{a0}4567\u{202c}", "", "+6591234567"),
        ("tel:+65-9123-4567", "", "+6591234567"),
        ("TEL: +6591234567", "", "+6591234567"),
        ("006591234567", "", "+6591234567"),
        ("00 65 9123 4567", "US", "+6591234567"),
        ("6591234567", "", "+6591234567"),
        ("9123 4567", "SG", "+6591234567"),
        ("9123-4567", "SG", "+6591234567"),
        ("6591234567", "SG", "+6591234567"),
        ("6591234567", "MY", "+6591234567"),
        ("011 65 9123 4567", "US", "+6591234567"),
        ("0011 65 9123 4567", "AU", "+6591234567"),
        ("07400 123456", "GB", "+447400123456"),
        ("+44 (0)7400 123456", "", "+447400123456"),
        ("+4407400123456", "", "+447400123456"),
        ("0044 7400 123456", "SG", "+447400123456"),
        ("(030) 123456", "DE", "+4930123456"),
        ("030/123456", "DE", "+4930123456"),
        ("030 \u{2013} 123456", "DE", "+4930123456"),
        ("06 12345678", "IT", "+390612345678"),
        ("+39 06 12345678", "", "+390612345678"),
        ("(201) 555-0123", "US", "+12015550123"),
        ("1-201-555-0123", "US", "+12015550123"),
        ("+1 (201) 555-0123", "", "+12015550123"),
        ("0812-3456-7890", "ID", "+6281234567890"),
        ("8 912 345 67 89", "RU", "+79123456789"),
        ("55 1234 5678", "MX", "+525512345678"),
        ("011 15-2345-6789", "AR", "+5491123456789"),
    ] {
        let read = read(text, home(country)).map(|number| number.as_it_came().to_owned());
        assert_eq!(read.as_deref(), Ok(number), "{text} in {country}");
    }
}

/// Wrong spellings, where they were read, and what each is refused for.
const WRONG: [(&str, &str, Misread); 61] = [
    ("", "SG", Misread::Empty),
    ("   ", "SG", Misread::Empty),
    ("+", "SG", Misread::Empty),
    ("( )", "SG", Misread::Empty),
    ("tel:", "SG", Misread::Empty),
    ("\u{202a}\u{202c}", "SG", Misread::Empty),
    (
        "00000000000000000000000000000000000000000000000000000000000000000",
        "",
        Misread::Text,
    ),
    ("9123\n4567", "SG", Misread::Control),
    ("9123\u{0}4567", "SG", Misread::Control),
    ("91234567\t91234568", "SG", Misread::Control),
    ("sip:+6591234567@example.com", "SG", Misread::Address),
    ("rider@example.com", "SG", Misread::Address),
    ("https://wa.me/6591234567", "SG", Misread::Address),
    ("anonymous", "SG", Misread::Letters),
    ("+1800FLOWERS", "", Misread::Letters),
    ("null", "SG", Misread::Letters),
    ("+65 9123 456O", "", Misread::Letters),
    ("no. 9123 4567", "SG", Misread::Letters),
    ("callto:+6591234567", "", Misread::Letters),
    ("91234567x", "SG", Misread::Letters),
    ("x91234567", "SG", Misread::Letters),
    ("6.59123E+09", "SG", Misread::Spreadsheet),
    ("6.59123e09", "SG", Misread::Spreadsheet),
    ("+65 6123 4567 ext. 12", "", Misread::Extension),
    ("61234567x12", "SG", Misread::Extension),
    ("+6561234567;ext=12", "", Misread::Extension),
    ("+6561234567,,12", "", Misread::Behind),
    ("+6561234567p12", "", Misread::Behind),
    ("tel:91234567;5", "SG", Misread::Behind),
    ("*31#91234567", "SG", Misread::Keypad),
    ("91234567#", "SG", Misread::Keypad),
    ("\u{ff0b}6591234567", "SG", Misread::Plus),
    ("+\u{ff16}\u{ff15}91234567", "SG", Misread::OtherDigits),
    ("\u{0669}\u{0661}234567", "SG", Misread::OtherDigits),
    ("++6591234567", "SG", Misread::Plus),
    ("65+91234567", "SG", Misread::Plus),
    ("+65+91234567", "SG", Misread::Plus),
    ("+6591234567 / +6591234568", "SG", Misread::Plus),
    ("(65 91234567", "SG", Misread::Brackets),
    ("65) 91234567", "SG", Misread::Brackets),
    ("((65)) 91234567", "SG", Misread::Brackets),
    ("-91234567", "SG", Misread::Sign),
    ("9123--4567", "SG", Misread::Sign),
    ("9123-4567-", "SG", Misread::Sign),
    ("9123_4567", "SG", Misread::Sign),
    ("'91234567", "SG", Misread::Sign),
    ("=91234567", "SG", Misread::Sign),
    ("+0591234567", "", Misread::ZeroFirst),
    ("+0065 9123 4567", "SG", Misread::ZeroFirst),
    ("+99912345678", "", Misread::NoSuchCountry),
    ("+2101234567", "", Misread::NoSuchCountry),
    ("91234567", "", Misread::NoCountry),
    ("07400 123456", "", Misread::NoCountry),
    ("999", "SG", Misread::Short),
    ("12x", "SG", Misread::Short),
    ("+65 12 ext. 3", "", Misread::Short),
    ("12ext", "", Misread::Short),
    ("+65999", "", Misread::Short),
    ("+6591234", "", Misread::TooFew),
    ("+659123456789012", "", Misread::TooMany),
    ("+15512345678901234", "", Misread::TooMany),
];

#[test]
fn wrong_spellings_are_each_refused_for_what_is_wrong() {
    for (text, country, why) in WRONG {
        assert_eq!(read(text, home(country)), Err(why), "{text} in {country}");
    }
    let kinds: HashSet<_> = WRONG.iter().map(|(_, _, why)| why.what()).collect();
    assert_eq!(kinds.len(), 19, "each has its sentence");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// What was read is read again as itself.
    #[test]
    fn what_was_read_stays_as_it_is(text in "[+0-9(). -]{0,20}", country in prop::sample::select(vec!["SG", "US", "MX", "AR", "GB", "IT", ""])) {
        if let Ok(number) = read(&text, home(country)) {
            prop_assert!(PhoneNumber::parse_e164(number.as_it_came()).is_some());
            prop_assert_eq!(read(number.as_it_came(), home(country)), Ok(number));
        }
    }

    #[test]
    fn nothing_makes_it_panic(text in "\\PC{0,70}") {
        let _ = read(&text, home("SG"));
    }
}
