//! An event as it is kept, and as it is shown.
//!
//! What is kept has every person's number whole, and marks where it stands and where a text may hold one. So whoever sends
//! it on says whether numbers are to be masked, and no kind of event can forget to.

use jiff::Timestamp;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::{Event, Kind, Subject};
use crate::call::{PhoneNumber, mask_numbers};

/// What an object of one member is marked by that stands for a number.
const NUMBER: &str = "$number";

/// What an object of one member is marked by that stands for a text in which numbers may be.
const TEXT: &str = "$text";

/// A person's number in an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number(pub PhoneNumber);

/// A text in an event that came from outside: numbers may be in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Free(pub String);

impl std::fmt::Debug for Free {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", mask_numbers(&self.0))
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        mark(NUMBER, self.0.as_it_came(), serializer)
    }
}

impl Serialize for Free {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        mark(TEXT, &self.0, serializer)
    }
}

/// A time as it is told: RFC 3339 with milliseconds.
pub(super) fn time<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{at:.3}"))
}

/// The same, or null.
pub(super) fn time_if_any<S: Serializer>(
    at: &Option<Timestamp>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => time(at, serializer),
        None => serializer.serialize_none(),
    }
}

fn mark<S: Serializer>(mark: &str, text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(mark, text)?;
    map.end()
}

/// How much of people's numbers is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    /// All of them.
    Whole,
    /// Country code and last four digits.
    Masked,
}

/// An event that is to be told.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// What happened.
    pub event: Event,
    /// When.
    pub at: Timestamp,
    /// The how manieth of its subject it is, from 1; `None` where they are not counted (pools, strangers' calls).
    pub sequence: Option<u32>,
}

impl Told {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        self.event.kind()
    }

    /// What it is about.
    pub fn subject(&self) -> Subject {
        self.event.subject()
    }

    /// What is kept of the event.
    pub fn data(&self) -> String {
        serde_json::to_string(&self.event).expect("its keys are texts")
    }
}

/// The data of an event out of what is [kept](Told::data), its numbers shown as they may be. What cannot be read is null.
pub fn shown(kept: &str, numbers: Numbers) -> Value {
    let mut value = serde_json::from_str(kept).unwrap_or_default();
    show(&mut value, numbers);
    value
}

fn show(value: &mut Value, numbers: Numbers) {
    if let Some(text) = unmarked(value, numbers) {
        *value = Value::String(text);
        return;
    }
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| show(item, numbers)),
        Value::Object(members) => members.values_mut().for_each(|item| show(item, numbers)),
        _ => {}
    }
}

/// The text that a marked object stands for; `None` when it is none.
fn unmarked(value: &Value, numbers: Numbers) -> Option<String> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    let (mark, text) = members.iter().next()?;
    let text = text.as_str()?;
    match (mark.as_str(), numbers) {
        (NUMBER | TEXT, Numbers::Whole) => Some(text.to_owned()),
        (NUMBER, Numbers::Masked) => Some(PhoneNumber::new(text).masked()),
        (TEXT, Numbers::Masked) => Some(mask_numbers(text)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::events::{SessionEnded, SessionStarted};

    fn ended() -> Told {
        let number = |text: &str| Some(Number(PhoneNumber::new(text)));
        Told {
            event: Event::SessionEnded(SessionEnded {
                session: SessionStarted {
                    session_id: "6591234567-0000".to_owned(),
                    sub_account: None,
                    direction: Some("INBOUND"),
                    source: number("6591234567"),
                    destination: None,
                    flow: Some("restaurant".to_owned()),
                    version: None,
                    started_at: Timestamp::UNIX_EPOCH,
                },
                outcome: "COMPLETED".to_owned(),
                error: None,
                ended_at: None,
                variables: BTreeMap::from([
                    ("$number".to_owned(), Free("call +6598765432".to_owned())),
                    ("day".to_owned(), Free("Friday".to_owned())),
                ]),
            }),
            at: Timestamp::UNIX_EPOCH,
            sequence: Some(2),
        }
    }

    #[test]
    fn numbers_are_masked_wherever_they_stand_and_ids_are_not() {
        let masked = shown(&ended().data(), Numbers::Masked);
        assert_eq!(masked["source"], "+65••••4567");
        assert_eq!(masked["variables"]["$number"], "call +65••••5432");
        assert_eq!(masked["variables"]["day"], "Friday");
        assert_eq!(masked["session_id"], "6591234567-0000");
        assert_eq!(masked["destination"], Value::Null);
        assert!(!masked.to_string().contains("98765432"));
    }

    #[test]
    fn whole_numbers_keep_their_spelling() {
        let whole = shown(&ended().data(), Numbers::Whole);
        assert_eq!(whole["source"], "6591234567");
        assert_eq!(
            whole["variables"],
            json!({"$number": "call +6598765432", "day": "Friday"})
        );
    }

    #[test]
    fn nothing_shows_a_number_by_debug() {
        let told = format!("{:?}", ended());
        assert!(!told.contains("98765432"), "{told}");
    }
}
