//! Which spellings of a number are one person, and which calling numbers are none.

use std::borrow::Cow;

use crate::call::PhoneNumber;
use crate::outbound;

/// What networks send for a number that is hidden, as words and as the keys of a telephone that spell them.
const HIDDEN: [&str; 13] = [
    "anonymous",
    "unknown",
    "private",
    "restricted",
    "unavailable",
    "withheld",
    "blocked",
    "266696687",
    "7378742833",
    "2562533",
    "8656696",
    "86282452253",
    "7748283",
];

/// The fewest digits of a number that a person can have.
const FEWEST_DIGITS: usize = 7;

/// The digits that a person's key is made of: those of the number, less the digit by which Mexico and Argentina mark a mobile
/// for callers from abroad, which some write and some do not.
pub fn key_digits(number: &PhoneNumber) -> Cow<'_, str> {
    let digits = number.digits();
    for (marked, country) in [("521", "52"), ("549", "54")] {
        let rest = digits.strip_prefix(marked);
        if let Some(rest) = rest.filter(|rest| rest.len() == 10) {
            return format!("{country}{rest}").into();
        }
    }
    digits.into()
}

/// What a caller's number is found by: its one spelling, or its digits when no plan has it. `None` for one that hides: no number,
/// words, too few digits, what networks send instead, the called number itself.
pub fn caller(source: Option<&PhoneNumber>, called: &PhoneNumber) -> Option<PhoneNumber> {
    let source = source?;
    let digits = source.digits().trim();
    let is_number = digits.len() >= FEWEST_DIGITS && digits.bytes().all(|it| it.is_ascii_digit());
    let is_hidden = HIDDEN.iter().any(|it| digits.eq_ignore_ascii_case(it));
    if !is_number || is_hidden || source == called {
        return None;
    }
    Some(as_dialled(digits))
}

/// A number that the platform told, with the country code first, perhaps behind `00`.
fn as_dialled(digits: &str) -> PhoneNumber {
    let digits = digits.strip_prefix("00").unwrap_or(digits);
    let whole = format!("+{digits}");
    outbound::spelling::read(&whole, None).unwrap_or_else(|_| PhoneNumber::new(whole))
}

#[cfg(test)]
#[path = "spelling_tests.rs"]
mod tests;
