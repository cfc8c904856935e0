//! What every webhook shares: a JSON object with `eventType` and `payload`, and identifiers in the payload.

use super::{Fault, ID_LIMIT, Kind};
use crate::platform::json::{Members, Scalar, Value};
use crate::platform::limits;

/// The body's outer object.
#[derive(Default)]
pub(super) struct Outer<'a> {
    event_type: Scalar<'a>,
    payload: Option<Members<'a>>,
}

impl<'a> Outer<'a> {
    fn parse(text: &'a str) -> serde_json::Result<Option<Self>> {
        Ok(Value::parse(text)?.object().map(Self::read))
    }

    fn read(members: Members<'a>) -> Self {
        let mut outer = Self::default();
        for (key, value) in members {
            match key.as_ref() {
                "eventType" => outer.event_type = value.scalar(),
                "payload" => outer.payload = value.object(),
                _ => {}
            }
        }
        outer
    }
}

/// The body as JSON within the limits, or why it is none; `None` when it is no object.
pub(super) fn checked_json(
    body: &[u8],
    expected: Option<Kind>,
) -> Result<Option<Outer<'_>>, Vec<Fault>> {
    let faults = limits::check(body, expected);
    if !faults.is_empty() {
        return Err(faults);
    }
    let text = std::str::from_utf8(body).map_err(|error| {
        let message = format!("is not UTF-8 from byte {} on", error.valid_up_to());
        vec![fault("$", message, "send the body as JSON in UTF-8")]
    })?;
    Outer::parse(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let message = format!("is not JSON from line {line}, column {column} on");
        vec![fault(
            "$",
            message,
            "send the webhook's JSON as the platform wrote it",
        )]
    })
}

/// A webhook's type, and the members of its payload.
pub(super) struct Envelope<'a> {
    pub(super) kind: Kind,
    pub(super) payload: Members<'a>,
}

impl<'a> Envelope<'a> {
    /// Reads the outer object. `None`, with the faults, when it cannot be told what is in it.
    pub(super) fn read(
        outer: Option<Outer<'a>>,
        expected: Option<Kind>,
        faults: &mut Vec<Fault>,
    ) -> Option<Self> {
        let Some(outer) = outer else {
            faults.push(fault(
                "$",
                "is not a JSON object",
                "send an object with `eventType` and `payload`",
            ));
            return None;
        };
        let kind = kind(&outer.event_type, expected, faults);
        if outer.payload.is_none() {
            faults.push(fault(
                "$.payload",
                "is missing or not an object",
                "send the platform's body whole",
            ));
        }
        let (kind, payload) = (kind?, outer.payload?);
        Some(Self { kind, payload })
    }
}

/// The type to read the payload as: the one that the path takes, even when `eventType` is another one (a fault), so that
/// the payload's faults are told along with it.
fn kind(event_type: &Scalar<'_>, expected: Option<Kind>, faults: &mut Vec<Fault>) -> Option<Kind> {
    let told = event_type.as_str().map(Kind::from_event_type);
    let (message, help) = match (told, expected) {
        (Some(Some(kind)), None) => return Some(kind),
        (Some(Some(kind)), Some(expected)) if kind == expected => return Some(kind),
        (Some(Some(kind)), Some(expected)) => not_this_path(kind, expected),
        (Some(None), Some(expected)) => {
            let message = format!("is not `{}`", expected.event_type());
            (message, takes(expected))
        }
        (Some(None), None) => ("is none that we know".to_owned(), takes_all()),
        (None, Some(expected)) => (is_missing(), takes(expected)),
        (None, None) => (is_missing(), takes_all()),
    };
    faults.push(fault("$.eventType", message, help));
    expected
}

fn is_missing() -> String {
    "is missing, empty or not a text".to_owned()
}

fn takes(expected: Kind) -> String {
    format!("this address takes `{}` only", expected.event_type())
}

fn takes_all() -> String {
    let all = Kind::ALL.map(|kind| format!("`{}`", kind.event_type()));
    format!("send one of {}", all.join(", "))
}

fn not_this_path(kind: Kind, expected: Kind) -> (String, String) {
    let (kind_word, expected_word) = (kind.event_type(), expected.event_type());
    (
        format!("is `{kind_word}`, not `{expected_word}`"),
        format!(
            "register another address with the platform for {}",
            kind.short()
        ),
    )
}

/// An identifier without which nothing can be done; its absence is a fault.
pub(super) fn required_id(
    name: &str,
    value: &Scalar<'_>,
    faults: &mut Vec<Fault>,
) -> Option<String> {
    let message = match value.as_str() {
        Some(id) if fits(id) => return Some(id.to_owned()),
        Some(_) => format!("is longer than {ID_LIMIT} characters"),
        None => is_missing(),
    };
    let path = format!("$.payload.{name}");
    faults.push(fault(path, message, "send the id that the platform gave"));
    None
}

/// An identifier that may be missing, or too long to be one.
pub(super) fn optional_id(value: &Scalar<'_>) -> Option<String> {
    value.as_str().filter(|id| fits(id)).map(str::to_owned)
}

fn fits(id: &str) -> bool {
    id.len() <= ID_LIMIT || id.chars().count() <= ID_LIMIT
}

fn fault(path: impl Into<String>, message: impl Into<String>, help: impl Into<String>) -> Fault {
    Fault {
        path: path.into(),
        message: message.into(),
        help: help.into(),
    }
}
