//! Who is named in a text: many people are looked for at once, by the digits of their numbers, however these are spelt.

use std::collections::{BTreeSet, HashMap};

use minicbor::Decoder;
use minicbor::data::Type;

use crate::call::PhoneNumber;

/// How many digits a number has at most (E.164).
const LONGEST: usize = 15;

/// How many signs may stand between the digits of one number: `(65) 9123`.
const BETWEEN: usize = 2;

/// Who is looked for, each known by their place among those who were given.
pub(in crate::store) struct Sought {
    places: HashMap<Vec<u8>, Vec<usize>>,
}

impl Sought {
    /// Looks for the people with these numbers.
    pub(in crate::store) fn new<'a>(phones: impl IntoIterator<Item = &'a PhoneNumber>) -> Self {
        let mut places: HashMap<_, Vec<_>> = HashMap::new();
        for (place, phone) in phones.into_iter().enumerate() {
            let digits = phone.digits().as_bytes().to_vec();
            places.entry(digits).or_default().push(place);
        }
        Self { places }
    }

    /// Whom a text names: their digits stand in it as a whole number, not within a longer one.
    pub(in crate::store) fn in_text(&self, text: &[u8]) -> BTreeSet<usize> {
        let mut reading = Reading::of(self);
        reading.text(text);
        reading.named
    }

    /// Whom the texts of a CBOR item name.
    pub(in crate::store) fn in_cbor(&self, item: &[u8]) -> BTreeSet<usize> {
        let mut reading = Reading::of(self);
        let read = texts(&mut Decoder::new(item), &mut |text| {
            reading.text(text.as_bytes());
        });
        if read.is_err() {
            reading.text(item);
        }
        reading.named
    }
}

/// Hands out each text of the next item.
fn texts(
    item: &mut Decoder<'_>,
    read: &mut dyn FnMut(&str),
) -> Result<(), minicbor::decode::Error> {
    let inner = match item.datatype()? {
        Type::String => {
            read(item.str()?);
            0
        }
        Type::Array => item.array()?.unwrap_or_default(),
        Type::Map => 2 * item.map()?.unwrap_or_default(),
        _ => {
            item.skip()?;
            0
        }
    };
    for _ in 0..inner {
        texts(item, read)?;
    }
    Ok(())
}

/// Digits that stand near enough to each other to be of one number, group by group: `+65 9123-4567` has three.
struct Reading<'s> {
    sought: &'s Sought,
    named: BTreeSet<usize>,
    digits: Vec<u8>,
    /// Where in `digits` a number may begin.
    begins: Vec<usize>,
    /// A `+` stands before them: there one number begins, and no other within it.
    is_international: bool,
}

impl<'s> Reading<'s> {
    fn of(sought: &'s Sought) -> Self {
        Self {
            sought,
            named: BTreeSet::new(),
            digits: Vec::new(),
            begins: Vec::new(),
            is_international: false,
        }
    }

    fn text(&mut self, text: &[u8]) {
        let (mut group, mut between, mut has_plus) = (None, BETWEEN + 1, false);
        for byte in text.iter().copied().chain([b'\n']) {
            if byte.is_ascii_digit() {
                if group.is_none() {
                    if has_plus || between > BETWEEN {
                        self.digits.clear();
                        self.begins.clear();
                        self.is_international = false;
                    }
                    group = Some(self.digits.len());
                }
                self.digits.push(byte);
                continue;
            }
            if let Some(begin) = group.take() {
                self.end(begin, has_plus);
                (between, has_plus) = (0, false);
            }
            match byte {
                b'+' => has_plus = true,
                b' ' | b'-' | b'.' | b'(' | b')' | b'/' => between += 1,
                _ => (between, has_plus) = (BETWEEN + 1, false),
            }
        }
    }

    /// A group of digits has ended, which began at `begin`.
    fn end(&mut self, begin: usize, has_plus: bool) {
        let end = self.digits.len();
        let first = self.begins.first().copied();
        let goes_on = self.is_international && first.is_some_and(|it| end - it <= LONGEST);
        if self.is_international && !goes_on {
            self.begins.clear();
        }
        if !goes_on {
            self.begins.push(begin);
            self.is_international = has_plus;
        }
        // Two more, for those that begin with 00 instead of +.
        self.begins.retain(|begin| end - begin <= LONGEST + 2);
        for begin in &self.begins {
            let number = &self.digits[*begin..];
            for number in [Some(number), number.strip_prefix(b"00")] {
                let places = number.and_then(|number| self.sought.places.get(number));
                self.named.extend(places.into_iter().flatten());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> bool {
        let phones = ["+6598765432", "+6591234567"].map(PhoneNumber::new);
        Sought::new(&phones).in_text(text.as_bytes()).contains(&1)
    }

    #[test]
    fn a_number_is_found_however_it_is_spelt() {
        for text in [
            "+6591234567",
            "6591234567",
            r#"{"destination":"+6591234567","n":1}"#,
            r#"{"to":6591234567}"#,
            "006591234567",
            "+65 9123 4567",
            "+65-9123-4567",
            "(65) 9123.4567",
            "call 4 6591234567 back",
            "+6598765432 6591234567",
            "+6598765432,+6591234567",
            "trip-6591234567-b",
            "tel:+6591234567",
            "%2B6591234567",
        ] {
            assert!(names(text), "{text}");
        }
    }

    #[test]
    fn digits_of_another_number_are_not_theirs() {
        for text in [
            "",
            "16591234567",
            "65912345678",
            "+1 659 123 4567",
            "+1-659-123-4567",
            "6591234568",
            "91234567",
            "65, 9123, 4567",
            "1790006591234567",
            "65   91234567",
            "+65912345670 11",
        ] {
            assert!(!names(text), "{text}");
        }
    }

    #[test]
    fn texts_of_cbor_are_read_one_by_one() {
        let phones = [PhoneNumber::new("6591234567")];
        let sought = Sought::new(&phones);
        // The length of a text that long is a digit in ASCII.
        let long = format!("6591234567{}", " and more".repeat(5));
        assert_eq!(long.len(), 55);
        for text in ["+6591234567", &long] {
            let item = minicbor::to_vec((1_u8, [("number", Some(text))])).expect("memory");
            assert_eq!(sought.in_cbor(&item), BTreeSet::from([0]), "{text}");
        }
        let item = minicbor::to_vec(("65", "91234567", 6_591_234_567_u64)).expect("memory");
        assert_eq!(sought.in_cbor(&item), BTreeSet::new());
    }

    #[test]
    fn one_reading_finds_all() {
        let phones = ["+6591234567", "+6598765432", "6591234567"].map(PhoneNumber::new);
        let found = Sought::new(&phones).in_text(b"from 6598765432 to +6591234567");
        assert_eq!(found, BTreeSet::from([0, 1, 2]));
    }
}
