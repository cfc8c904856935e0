//! Where calls may go: a table of rules, every country, and numbers mutated at random (few of them here; a million with
//! `CALLWRIGHT_NIGHTLY`).

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, PhoneNumberType};

use super::*;
use crate::outbound::numbering::every_country;

pub(crate) const OURS: &str = "+6561115777";

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::new(text)
}

fn country(code: &str) -> Country {
    Country::parse(code).expect("a country")
}

fn open(codes: &[&str]) -> Destinations {
    Destinations::new([number(OURS)], codes.iter().map(|code| country(code)))
}

#[test]
fn each_refusal_says_its_rule() {
    let destinations = open(&["US", "GB"]);
    for (to, expected) in [
        ("+6568332048", Ok("SG")),
        ("6568332048", Ok("SG")),
        ("+12015550123", Ok("US")),
        ("+447400123456", Ok("GB")),
        ("+14165550123", Err("country_closed")),
        ("+18765550123", Err("country_closed")),
        ("+447797712345", Err("country_closed")),
        ("+19002345678", Err("premium_rate")),
        ("+611300123456", Err("shared_cost")),
        ("+447012345678", Err("personal_number")),
        ("+447640123456", Err("machine")),
        ("+870773111632", Err("international_network")),
        ("+979123456789", Err("international_network")),
        ("+65999", Err("short_or_emergency")),
        ("911", Err("short_or_emergency")),
        ("+6500000000", Err("unallocated")),
        ("006568332048", Err("unallocated")),
        ("+65 6833 2048", Err("misspelt")),
        (OURS, Err("own_number")),
        ("6561115777", Err("own_number")),
    ] {
        let allowed = destinations.allow(&number(to), &number(OURS));
        let told = allowed.as_ref().map(|country| country.code());
        assert_eq!(
            told.as_deref().map_err(|refused| refused.rule()),
            expected,
            "{to}"
        );
        if let Err(refused) = allowed {
            let digits = to.trim_start_matches('+');
            assert!(!refused.to_string().contains(digits), "{refused}");
            assert!(
                refused.to_string().contains(':'),
                "{refused} says what to do"
            );
        }
    }
}

#[test]
fn the_country_that_a_call_comes_from_is_open() {
    let nothing = Destinations::default();
    let to = number("+6568332048");
    assert_eq!(nothing.allow(&to, &number(OURS)), Ok(country("SG")));
    assert_eq!(
        nothing.allow(&to, &number("+12015550123")),
        Err(Refused::Closed(country("SG")))
    );
    assert_eq!(nothing.allow(&to, &to), Err(Refused::Own));
}

#[test]
fn what_is_learned_is_refused_from_then_on() {
    let mut destinations = Destinations::default();
    let (to, from) = (number("+6568332048"), number(OURS));
    assert!(destinations.allow(&to, &from).is_ok());
    assert!(!destinations.knows([&to]));
    destinations.learn([number("6568332048")]);
    assert!(destinations.knows([&to]));
    assert_eq!(destinations.allow(&to, &from), Err(Refused::Own));
    assert!(
        destinations
            .allow(&number("+6581234567"), &number("+12015550123"))
            .is_ok()
    );
}

/// Every kind of number that a country's plan has, with whether it may ever be called.
const KINDS: [(PhoneNumberType, bool); 11] = [
    (PhoneNumberType::FixedLine, true),
    (PhoneNumberType::Mobile, true),
    (PhoneNumberType::TollFree, true),
    (PhoneNumberType::VoIP, true),
    (PhoneNumberType::UAN, true),
    (PhoneNumberType::PremiumRate, false),
    (PhoneNumberType::SharedCost, false),
    (PhoneNumberType::PersonalNumber, false),
    (PhoneNumberType::Pager, false),
    (PhoneNumberType::VoiceMail, false),
    (PhoneNumberType::Unknown, false),
];

/// A sample of each kind of number of every country.
fn samples() -> Vec<(Country, PhoneNumber, bool)> {
    let mut samples = Vec::new();
    for country in every_country() {
        let region = country.code().parse().expect("it is one of the library's");
        for (kind, callable) in KINDS {
            if let Ok(sample) =
                PHONE_NUMBER_UTIL.get_example_number_for_type_and_region(region, kind)
            {
                let digits = PHONE_NUMBER_UTIL.format(&sample, PhoneNumberFormat::E164);
                samples.push((country, number(&digits), callable));
            }
        }
    }
    samples
}

#[test]
fn each_country_is_closed_until_it_is_opened() {
    let (closed, from) = (Destinations::default(), number("anonymous"));
    let samples = samples();
    assert!(samples.len() > 1_000, "{}", samples.len());
    for (country, number, callable) in &samples {
        let told = closed.allow(number, &from);
        assert!(told.is_err(), "{country} {}", number.as_it_came());
        let only = Destinations::new([], [*country]);
        let Ok(found) = only.allow(number, &from) else {
            // Where a plan is shared a free number is no island's own; some plans have company numbers of six digits.
            let another = Country::of(number) != Some(*country) || number.digits().len() < 7;
            assert!(!callable || another, "{country} {}", number.as_it_came());
            continue;
        };
        assert!(*callable, "{country} {}", number.as_it_came());
        assert_eq!(found, *country);
    }
}

/// A number as somebody might write it who means to get past the rules.
pub(crate) fn spellings() -> impl Strategy<Value = String> {
    let samples: Vec<String> = samples()
        .into_iter()
        .map(|(_, number, _)| number.digits().to_owned())
        .collect();
    let real = proptest::sample::select(samples);
    let any = "[0-9]{1,17}";
    let short = proptest::sample::select(vec!["112", "911", "999", "000", "110", "1633", "65999"]);
    let special = "(800|808|870|878|881|882|883|888|979)[0-9]{6,12}";
    let digits = prop_oneof![
        4 => real.clone().boxed(),
        2 => any.boxed(),
        1 => short.prop_map(str::to_owned).boxed(),
        1 => special.boxed(),
        2 => (real, 0..15_usize, 0..10_u8).prop_map(|(mut number, at, digit)| {
            let at = at % number.len();
            number.replace_range(at..=at, &digit.to_string());
            number
        }).boxed(),
    ];
    (digits, 0..16_u8).prop_map(|(digits, way)| respelt(&digits, way))
}

fn respelt(digits: &str, way: u8) -> String {
    let wide = |digits: &str| {
        digits
            .chars()
            .map(|c| char::from_u32(u32::from(c) + 0xFEE0).unwrap_or(c))
            .collect::<String>()
    };
    let middle = digits.len() / 2;
    match way {
        0..=4 => format!("+{digits}"),
        5 => digits.to_owned(),
        6 => format!("00{digits}"),
        7 => format!("011{digits}"),
        8 => format!("tel:+{digits}"),
        9 => format!("+{digits};ext=900"),
        10 => format!("+{}", wide(digits)),
        11 => format!("+{} {}", &digits[..middle], &digits[middle..]),
        12 => format!(
            "+{}0{}",
            &digits[..2.min(digits.len())],
            &digits[2.min(digits.len())..]
        ),
        13 => format!("+{digits}\u{0}"),
        14 => format!("+{}-{}", &digits[..middle], &digits[middle..]),
        _ => format!("++{digits}"),
    }
}

/// How many spellings are tried: a million with `CALLWRIGHT_NIGHTLY`.
pub(crate) fn cases() -> u32 {
    match std::env::var_os("CALLWRIGHT_NIGHTLY") {
        Some(_) => 1_000_000,
        None => 3_000,
    }
}

/// Whether these are, digit for digit, an ordinary number that is not ours, outside all that has a price of its own.
pub(crate) fn is_ordinary(digits: &str) -> bool {
    const SPECIAL: [&str; 8] = ["800", "808", "87", "979", "881", "882", "883", "888"];
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.len() > 6;
    let is_special = SPECIAL.iter().any(|special| digits.starts_with(special));
    if !is_number || is_special || digits == &OURS[1..] {
        return false;
    }
    let parsed = PHONE_NUMBER_UTIL
        .parse(format!("+{digits}"), None)
        .expect("a number");
    let kind = PHONE_NUMBER_UTIL.get_number_type(&parsed);
    KINDS[..5].iter().any(|(it, _)| *it == kind) || kind == PhoneNumberType::FixedLineOrMobile
}

/// What may never happen: a call to a number that is not, digit for digit, an ordinary number of an open country.
#[test]
fn no_spelling_gets_past_the_rules() {
    let destinations = open(&["US", "GB", "IT"]);
    let may = ["SG", "US", "GB", "IT"].map(country);
    let from = number(OURS);
    let mut runner = TestRunner::new(Config::with_cases(cases()));
    let run = runner.run(&spellings(), |text| {
        let told = destinations.allow(&number(&text), &from);
        if let Ok(found) = told {
            let digits = text.strip_prefix('+').unwrap_or(&text);
            prop_assert!(may.contains(&found) && is_ordinary(digits), "{}", text);
        }
        Ok(())
    });
    run.expect("no spelling gets past the rules");
}
