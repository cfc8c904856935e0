//! Phone numbers. A number keeps the spelling it came in, compares by its digits, and shows itself masked wherever
//! it is printed: the whole number has to be asked for by name.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A phone number as the platform or a person wrote it.
///
/// Two spellings of one number (`+6568332048`, `6568332048`) are equal. `Debug` and `Display` give the masked form. A clone
/// shares the text.
#[derive(Clone)]
pub struct PhoneNumber(Arc<str>);

impl PhoneNumber {
    /// Takes a number as it came; nothing is refused, because the platform's own samples hold impossible numbers.
    pub fn new(as_it_came: impl Into<Arc<str>>) -> Self {
        Self(as_it_came.into())
    }

    /// Reads a number that a person gave us: `+`, then 7 to 15 digits, the first not 0 (E.164).
    pub fn parse_e164(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('+')?;
        let well_formed = (7..=15).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0');
        well_formed.then(|| Self(text.into()))
    }

    /// Reads what the numbers of a region begin with, as `+1415`, with or without `+`: its 1 to 14 digits.
    pub fn beginning(text: &str) -> Option<String> {
        let digits = text.strip_prefix('+').unwrap_or(text);
        let well_formed = (1..=14).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0');
        well_formed.then(|| digits.to_owned())
    }

    /// The whole number in the spelling it came in. Only for the platform, the store, and a reader whose token allows it.
    pub fn as_it_came(&self) -> &str {
        &self.0
    }

    /// The whole number without a leading `+`: the form that numbers are compared and found by.
    pub fn digits(&self) -> &str {
        self.0.strip_prefix('+').unwrap_or(&self.0)
    }

    /// The whole number with a leading `+`.
    pub fn with_plus(&self) -> String {
        format!("+{}", self.digits())
    }

    /// The number with its country code and last four digits only, as `+65••••4567`; nothing of a short one.
    pub fn masked(&self) -> String {
        let digits = self.digits();
        if digits.len() < 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return "••••".to_owned();
        }
        let country = &digits[..country_code_length(digits)];
        let last = &digits[digits.len() - 4..];
        format!("+{country}••••{last}")
    }
}

impl PartialEq for PhoneNumber {
    fn eq(&self, other: &Self) -> bool {
        self.digits() == other.digits()
    }
}

impl Eq for PhoneNumber {}

impl Hash for PhoneNumber {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.digits().hash(state);
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// From how many digits on a stretch of a text may be a phone number (ITU-T E.164 numbers have 7 to 15).
const NUMBER_DIGITS: usize = 7;

/// `text` with every stretch that may be a phone number masked: seven digits or more, perhaps with a `+` before them
/// and with single spaces, hyphens or dots between them, as a number is spoken digit by digit.
pub fn mask_numbers(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c == '+' || c.is_ascii_digit()) {
        let (before, candidate) = rest.split_at(at);
        let length = stretch(candidate);
        let (stretch, after) = candidate.split_at(length);
        let digits: String = stretch.chars().filter(char::is_ascii_digit).collect();
        shown.push_str(before);
        if digits.len() < NUMBER_DIGITS {
            shown.push_str(stretch);
        } else {
            shown.push_str(&PhoneNumber::new(digits).masked());
        }
        rest = after;
    }
    shown.push_str(rest);
    shown
}

/// A value that stands alone as [`mask_numbers`] has it, but for a date or a time of these two centuries: those have as many digits as a number.
pub fn mask_value(value: &str) -> String {
    let is_date = ["19", "20"]
        .iter()
        .any(|century| value.starts_with(century))
        && value.contains('-')
        && (value.parse::<jiff::civil::Date>().is_ok()
            || value.parse::<jiff::civil::DateTime>().is_ok()
            || value.parse::<jiff::Timestamp>().is_ok());
    match is_date {
        true => value.to_owned(),
        false => mask_numbers(value),
    }
}

/// How many bytes of `text`, which begins with a `+` or a digit, are one stretch of digits.
fn stretch(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut end = 1;
    while let Some(byte) = bytes.get(end) {
        let digit_follows = bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
        let joined = matches!(byte, b' ' | b'-' | b'.') && digit_follows;
        match (byte.is_ascii_digit(), joined) {
            (true, _) => end += 1,
            (false, true) => end += 2,
            (false, false) => break,
        }
    }
    end
}

/// How many of the first digits are the country code (ITU-T E.164, list of assigned codes).
fn country_code_length(digits: &str) -> usize {
    match digits.as_bytes() {
        [b'1' | b'7', ..] => 1,
        [b'2', b'0' | b'7', ..]
        | [b'3', b'0'..=b'4' | b'6' | b'9', ..]
        | [b'4', b'0' | b'1' | b'3'..=b'9', ..]
        | [b'5', b'1'..=b'8', ..]
        | [b'6', b'0'..=b'6', ..]
        | [b'8', b'1' | b'2' | b'4' | b'6', ..]
        | [b'9', b'0'..=b'5' | b'8', ..] => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::{PhoneNumber, mask_numbers, mask_value};

    #[test]
    fn a_date_that_stands_alone_is_no_number() {
        for value in [
            "2026-11-21",
            "2026-11-21T19:00:00",
            "2026-11-21 19:00:00",
            "2026-11-21T19:00:00Z",
            "4471",
        ] {
            assert_eq!(mask_value(value), value);
        }
        for value in [
            "20261121",
            "2026-11-99",
            "6591-12-31",
            "2026-11-21 91234567",
            "+6591234567",
        ] {
            assert_ne!(mask_value(value), value);
        }
    }

    #[test]
    fn numbers_within_texts_are_masked() {
        for (text, shown) in [
            ("Good day", "Good day"),
            (
                "Press 1 for a table, 2 for the bill",
                "Press 1 for a table, 2 for the bill",
            ),
            ("You call from +6591234567.", "You call from +65••••4567."),
            (
                "You call from 6591234567, thank you",
                "You call from +65••••4567, thank you",
            ),
            ("It is 6 5 9 1 2 3 4 5 6 7", "It is +65••••4567"),
            ("+65 9123-4567", "+65••••4567"),
            ("1234567", "••••"),
            (
                "table 123456 at 19:00 on 2026-11-21",
                "table 123456 at 19:00 on +20••••1121",
            ),
            ("+", "+"),
            ("1+", "1+"),
        ] {
            assert_eq!(mask_numbers(text), shown);
        }
    }

    #[test]
    fn shows_country_and_last_four_only() {
        for (number, shown) in [
            ("+6591234567", "+65••••4567"),
            ("6591234567", "+65••••4567"),
            ("+12015550123", "+1••••0123"),
            ("+447400123456", "+44••••3456"),
            ("+85291234567", "+852••••4567"),
            ("999", "••••"),
            ("anonymous", "••••"),
            ("+6591234567;ext=1", "••••"),
        ] {
            assert_eq!(PhoneNumber::new(number).to_string(), shown);
            assert_eq!(format!("{:?}", PhoneNumber::new(number)), shown);
        }
    }

    #[test]
    fn spellings_of_one_number_are_equal() {
        assert_eq!(
            PhoneNumber::new("+6568332048"),
            PhoneNumber::new("6568332048")
        );
        assert_ne!(
            PhoneNumber::new("+6568332048"),
            PhoneNumber::new("+6568332049")
        );
    }

    #[test]
    fn a_person_writes_e164() {
        assert!(PhoneNumber::parse_e164("+6568332048").is_some());
        for wrong in [
            "6568332048",
            "+0568332048",
            "+65 6833 2048",
            "+12",
            "",
            "+1234567890123456",
        ] {
            assert!(PhoneNumber::parse_e164(wrong).is_none(), "{wrong}");
        }
    }
}
