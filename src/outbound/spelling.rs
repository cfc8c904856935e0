//! Phone numbers as people and networks write them: `+65 9123 4567`, `(65) 9123-4567`, `006591234567`, `9123 4567` in
//! Singapore, `tel:+65-9123-4567`. All of them become the one spelling that is
//! dialled from abroad.

use std::fmt;

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, Region};

use super::numbering::Country;
use crate::call::PhoneNumber;

/// The most characters of a text that is looked at.
const LONGEST: usize = 64;

/// The fewest and the most digits behind a country's `+` (ITU-T E.164; the fewest is the shortest that any plan has).
const FEWEST: usize = 7;
const MOST: usize = 15;

/// Why a text is no phone number. Never repeats it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Misread {
    /// Nothing is there.
    Empty,
    /// More than 64 characters.
    Text,
    /// A control character or a line break in the middle.
    Control,
    /// An address of another kind: SIP, e-mail, a link.
    Address,
    /// Letters.
    Letters,
    /// What a spreadsheet makes of a number that it takes for a quantity.
    Spreadsheet,
    /// An extension.
    Extension,
    /// Something behind the number: pauses, parameters.
    Behind,
    /// `*` or `#`.
    Keypad,
    /// Digits of another script.
    OtherDigits,
    /// A `+` that does not stand first, or two of them.
    Plus,
    /// Brackets that do not close.
    Brackets,
    /// A sign that does not belong in a number, or not there.
    Sign,
    /// A country code that begins with 0.
    ZeroFirst,
    /// No country has this code.
    NoSuchCountry,
    /// Written as within a country, and nobody says which.
    NoCountry,
    /// Too few digits to be more than a short or an emergency number.
    Short,
    /// Fewer digits than the numbers of its country.
    TooFew,
    /// More digits than the numbers of its country.
    TooMany,
    /// As many digits as no number of its country.
    Length,
}

impl std::error::Error for Misread {}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what(), self.remedy())
    }
}

impl Misread {
    /// What is wrong, to be told behind the field's name.
    pub fn what(self) -> &'static str {
        match self {
            Self::Empty => "has no digits",
            Self::Text => "is longer than any phone number",
            Self::Control => "has a line break or another control character in it",
            Self::Address => "is an address of another kind, not a phone number",
            Self::Letters => "has letters in it",
            Self::Spreadsheet => "was turned into a quantity by a spreadsheet, and digits are lost",
            Self::Extension => "has an extension",
            Self::Behind => "has something behind the number",
            Self::Keypad => "has * or # in it, which only a keypad dials",
            Self::OtherDigits => "has digits that are not 0 to 9",
            Self::Plus => "has a + that does not stand at its beginning, alone",
            Self::Brackets => "has a bracket without its other half",
            Self::Sign => "has a sign where a phone number has none",
            Self::ZeroFirst => "has a 0 where its country code begins",
            Self::NoSuchCountry => "begins with the code of no country",
            Self::NoCountry => "is written without its country code",
            Self::Short => "is too short to be called",
            Self::TooFew => "has fewer digits than the numbers of its country",
            Self::TooMany => "has more digits than the numbers of its country",
            Self::Length => "has as many digits as no number of its country",
        }
    }

    /// What to do about it.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Empty | Self::Text | Self::Address => {
                "give a phone number, as in \"+6591234567\" or \"+65 9123 4567\""
            }
            Self::Control => "give one number, in one line",
            Self::Letters => "give its digits, as in \"+18003569377\" for 1-800-FLOWERS",
            Self::Spreadsheet => "format the column as text and read the numbers in again",
            Self::Extension => {
                "give the number of a line that rings by itself, without an extension"
            }
            Self::Behind => "give the number alone, without pauses and parameters",
            Self::Keypad => "give the number that others dial to reach this person",
            Self::OtherDigits => "write the digits 0 to 9, as in \"+6591234567\"",
            Self::Plus => "give one number, with one + before its country code",
            Self::Brackets => "leave the brackets out, as in \"+6591234567\"",
            Self::Sign => "part its digits by single blanks, dots or hyphens, or not at all",
            Self::ZeroFirst => "write the country code behind the +, as in \"+6591234567\"",
            Self::NoSuchCountry => "write + and the country code first, as in \"+6591234567\"",
            Self::NoCountry => "write + and the country code first, or give the pool its `country`",
            Self::Short => {
                "write + and the country code first, and all of its digits; short and emergency numbers are not called"
            }
            Self::TooFew | Self::TooMany | Self::Length => {
                "look it up again, and write all of its digits"
            }
        }
    }
}

/// Reads a number as people write it; one that is written as within a country is read as within `home`. It comes back as
/// it is dialled from abroad. Whether anybody has it, and whether it may be called, is another question.
///
/// # Errors
///
/// Why it cannot be read.
pub fn read(text: &str, home: Option<Country>) -> Result<PhoneNumber, Misread> {
    let written = Written::of(text)?;
    match (written.plus, written.digits.strip_prefix("00")) {
        (true, _) => abroad(&written.digits),
        (false, Some(rest)) => behind_00(rest, &written.digits, home),
        (false, None) => within(&written.digits, home),
    }
}

/// Reads `rest`, which stands behind 00, as most of the world dials what begins with `+`. Where 00 begins something longer,
/// as Australia's 0011, that is taken when the number does not stand there as it is.
fn behind_00(rest: &str, whole: &str, home: Option<Country>) -> Result<PhoneNumber, Misread> {
    let read = abroad(rest);
    if let Ok(number) = &read
        && number.digits() == rest
        && is_valid(number)
    {
        return read;
    }
    let dialled = home.and_then(|home| understood(whole, Some(home.0)).ok());
    dialled.filter(is_valid).map_or(read, Ok)
}

/// A text that looks like a number: its digits, and whether a `+` stands before them.
struct Written {
    plus: bool,
    digits: String,
}

impl Written {
    fn of(text: &str) -> Result<Self, Misread> {
        if text.chars().count() > LONGEST {
            return Err(Misread::Text);
        }
        let visible: String = text.chars().filter(|c| !is_invisible(*c)).collect();
        let shown = visible.trim();
        let shown = match shown.get(..4) {
            Some(scheme) if scheme.eq_ignore_ascii_case("tel:") => shown[4..].trim(),
            _ => shown,
        };
        judge(shown)?;
        let digits: String = shown.chars().filter(char::is_ascii_digit).collect();
        match digits.is_empty() {
            true => Err(Misread::Empty),
            false => Ok(Self {
                plus: shown.contains('+'),
                digits,
            }),
        }
    }
}

/// Marks that come along when a number is copied from an address book, and that nobody sees.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Whether `text` is made as a number is: digits, one `+` first, and single signs between groups of digits.
fn judge(text: &str) -> Result<(), Misread> {
    let mut open = false;
    let mut before = None;
    for (at, c) in text.char_indices() {
        match c {
            '0'..='9' => {}
            '+' if matches!(before, None | Some('(')) && !text[..at].contains('+') => {}
            '+' | '\u{ff0b}' => return Err(Misread::Plus),
            '(' if !open => open = true,
            ')' if open => open = false,
            '(' | ')' => return Err(Misread::Brackets),
            '-' | '.' | '/' | '\u{2010}'..='\u{2013}'
                if joins(before, &text[at + c.len_utf8()..]) => {}
            c if c.is_control() => return Err(Misread::Control),
            c if c.is_whitespace() => {}
            _ => return Err(stranger(c, text)),
        }
        before = Some(c);
    }
    match open {
        true => Err(Misread::Brackets),
        false => Ok(()),
    }
}

/// Whether a hyphen or dot parts two groups: not at an end, and not beside another.
fn joins(before: Option<char>, after: &str) -> bool {
    let ends = |c: char| c.is_ascii_digit() || matches!(c, ')' | ' ' | '\u{a0}');
    let begins = |c: char| c.is_ascii_digit() || matches!(c, '(' | ' ' | '\u{a0}');
    before.is_some_and(ends)
        && after.starts_with(begins)
        && after.contains(|c: char| c.is_ascii_digit())
}

/// What a character that no number has makes of a text.
fn stranger(c: char, text: &str) -> Misread {
    let lower = text.to_lowercase();
    let letters: String = lower.chars().filter(char::is_ascii_alphabetic).collect();
    match c {
        _ if text.contains('@') || lower.contains("sip:") || lower.contains("://") => {
            Misread::Address
        }
        _ if matches!(&*letters, "x" | "ext" | "extension" | "extn") => extended(text),
        'e' | 'E' if letters == "e" => Misread::Spreadsheet,
        'p' | 'w' | 'P' | 'W' if matches!(&*letters, "p" | "w") => Misread::Behind,
        ',' | ';' => Misread::Behind,
        '*' | '#' => Misread::Keypad,
        c if c.is_alphabetic() => Misread::Letters,
        c if c.is_numeric() => Misread::OtherDigits,
        _ => Misread::Sign,
    }
}

/// What a text is that has the letters of an extension in it: a whole number stands before them, and digits behind them, or it
/// has none.
fn extended(text: &str) -> Misread {
    let letters = text.find(|c: char| c.is_ascii_alphabetic());
    let (number, rest) = text.split_at(letters.unwrap_or(text.len()));
    let digits = |of: &str| of.chars().filter(char::is_ascii_digit).count();
    match (digits(number), digits(rest)) {
        (1..FEWEST, _) => Misread::Short,
        (0, _) | (_, 0) => Misread::Letters,
        _ => Misread::Extension,
    }
}

/// Reads digits that begin with a country code.
fn abroad(digits: &str) -> Result<PhoneNumber, Misread> {
    if digits.len() < FEWEST {
        return Err(Misread::Short);
    }
    if digits.starts_with('0') {
        return Err(Misread::ZeroFirst);
    }
    understood(&format!("+{digits}"), None)
}

/// Reads digits as they are dialled within `home`; else with the country code first, where such a number exists.
fn within(digits: &str, home: Option<Country>) -> Result<PhoneNumber, Misread> {
    let at_home = home.map(|home| understood(digits, Some(home.0)));
    if let Some(Ok(number)) = &at_home
        && is_valid(number)
    {
        return Ok(number.clone());
    }
    if let Some(number) = abroad(digits).ok().filter(is_valid) {
        return Ok(number);
    }
    match at_home {
        _ if digits.len() < FEWEST => Err(Misread::Short),
        Some(read) => read,
        None => Err(Misread::NoCountry),
    }
}

fn understood(text: &str, home: Option<Region>) -> Result<PhoneNumber, Misread> {
    use rlibphonenumber::{ParseError, ValidationError};
    let parsed = PHONE_NUMBER_UTIL
        .parse(text, home)
        .map_err(|error| match error {
            ParseError::InvalidCountryCode => Misread::NoSuchCountry,
            ParseError::TooLongNsn => Misread::TooMany,
            _ => Misread::TooFew,
        })?;
    let length = PHONE_NUMBER_UTIL.is_possible_number_with_reason(&parsed);
    let dialled = PHONE_NUMBER_UTIL.format(&parsed, PhoneNumberFormat::E164);
    match length {
        Err(ValidationError::InvalidCountryCode) => Err(Misread::NoSuchCountry),
        Err(ValidationError::TooShort) => Err(Misread::TooFew),
        Err(ValidationError::TooLong) => Err(Misread::TooMany),
        Err(ValidationError::InvalidLength) => Err(Misread::Length),
        Ok(_) if dialled.len() > MOST + 1 => Err(Misread::TooMany),
        Ok(_) => Ok(PhoneNumber::new(dialled.as_ref())),
    }
}

/// Whether the plan of its country has such a number.
fn is_valid(number: &PhoneNumber) -> bool {
    let parsed = PHONE_NUMBER_UTIL.parse(number.with_plus(), None);
    parsed.is_ok_and(|parsed| PHONE_NUMBER_UTIL.is_valid_number(&parsed))
}

#[cfg(test)]
mod tests;
