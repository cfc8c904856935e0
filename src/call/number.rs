//! Phone numbers. A number keeps the spelling it came in, compares by its digits, and shows itself masked wherever
//! it is printed: the whole number has to be asked for by name.

use std::fmt;
use std::hash::{Hash, Hasher};

/// A phone number as the platform or a person wrote it.
///
/// Two spellings of one number (`+6568332048`, `6568332048`) are equal. `Debug` and `Display` give the masked form.
#[derive(Clone)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Takes a number as it came; nothing is refused, because the platform's own samples hold impossible numbers.
    pub fn new(as_it_came: impl Into<String>) -> Self {
        Self(as_it_came.into())
    }

    /// Reads a number that a person gave us: `+`, then 7 to 15 digits, the first not 0 (E.164).
    pub fn parse_e164(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('+')?;
        let well_formed = (7..=15).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0');
        well_formed.then(|| Self(text.to_owned()))
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
    use super::PhoneNumber;

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
