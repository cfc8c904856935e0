//! A JSON tree that can hold what serde_json's cannot, keys that come twice, numbers beyond any range and half surrogate
//! pairs, with the ways to spoil it and the judgement of what is left.

use std::fmt;

use callwright::platform::limits::{DEPTH, ITEMS, TEXT_BYTES};
use callwright::platform::webhook::{ID_LIMIT, Kind};
use serde_json::Value;

/// A JSON value. Words, numbers, texts and keys are as they are written.
#[derive(Debug, Clone)]
pub(super) enum Json {
    /// `null`, `true`, a number, or a text with its quotes.
    Plain(String),
    /// An object, or a list, whose keys count for nothing.
    Many(Bracket, Vec<(String, Json)>),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Bracket {
    Object,
    List,
}

/// One way to spoil a tree.
pub(super) struct Mutation {
    pub(super) operation: u8,
    /// Picks the object or list, and the member in it.
    pub(super) place: usize,
    /// Picks the key or value that is put there.
    pub(super) material: u8,
}

/// The ids that a payload must have.
pub(super) fn required_ids(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::CallAction => &["eventId", "sessionId"],
        Kind::NumberUpdate => &[],
        _ => &["sessionId"],
    }
}

impl Json {
    pub(super) fn read(text: &str) -> Self {
        Self::from(&serde_json::from_str::<Value>(text).expect("a documented body"))
    }

    /// Spoils the tree somewhere. Nothing happens where there is nothing to spoil.
    pub(super) fn mutate(&mut self, mutation: Mutation) {
        let mut manies = Vec::new();
        self.count_manies(&mut Vec::new(), &mut manies);
        let Some(path) = manies.get(mutation.place % manies.len().max(1)) else {
            return;
        };
        let members = self.many_at(path);
        let at = mutation.place / manies.len().max(1) % members.len().max(1);
        let put = (key(mutation.material), value(mutation.material));
        if members.is_empty() {
            return members.push(put);
        }
        match mutation.operation % 10 {
            0 => drop(members.remove(at)),
            1 => members[at].0 = put.0,
            2 => members[at].1 = put.1,
            3 => members.push(put),
            4 => members.insert(at, put),
            5 => members.push((members[at].0.clone(), put.1)),
            6 => members.insert(0, (members[at].0.clone(), put.1)),
            7 => members.rotate_left(at),
            8 => nest(&mut members[at].1, put.0),
            _ => swap_values(members, at, usize::from(mutation.material)),
        }
    }

    /// The paths of all objects and lists.
    fn count_manies(&self, path: &mut Vec<usize>, paths: &mut Vec<Vec<usize>>) {
        let Self::Many(_, members) = self else { return };
        paths.push(path.clone());
        for (index, (_, value)) in members.iter().enumerate() {
            path.push(index);
            value.count_manies(path, paths);
            path.pop();
        }
    }

    fn many_at(&mut self, path: &[usize]) -> &mut Vec<(String, Json)> {
        let Self::Many(_, members) = self else {
            panic!("the path was one of an object or list");
        };
        match path.split_first() {
            None => members,
            Some((first, rest)) => members[*first].1.many_at(rest),
        }
    }

    /// Whether it is within what the server reads.
    pub(super) fn is_within_limits(&self, numbers_unlimited: bool) -> bool {
        self.fits(0, "", numbers_unlimited)
    }

    fn fits(&self, open: usize, key: &str, numbers_unlimited: bool) -> bool {
        match self {
            Self::Plain(written) => !written.starts_with('"') || written.len() - 2 <= TEXT_BYTES,
            Self::Many(bracket, members) => {
                let numbers = numbers_unlimited && open == 2 && key == "virtualNumbers";
                let short = *bracket == Bracket::Object || numbers || members.len() <= ITEMS;
                short
                    && open < DEPTH
                    && members.iter().all(|(key, value)| {
                        let key = if *bracket == Bracket::Object { key } else { "" };
                        key.len() <= TEXT_BYTES && value.fits(open + 1, key, numbers_unlimited)
                    })
            }
        }
    }

    /// Whether all is there that a webhook of that type must have, the last of a repeated key counting.
    pub(super) fn is_whole(&self, kind: Kind) -> bool {
        let right_type =
            self.last("eventType").and_then(Self::text).as_deref() == Some(kind.event_type());
        let Some(payload @ Self::Many(Bracket::Object, _)) = self.last("payload") else {
            return false;
        };
        let ids = required_ids(kind);
        right_type
            && ids
                .iter()
                .all(|id| payload.last(id).is_some_and(Self::is_id))
    }

    fn last(&self, name: &str) -> Option<&Self> {
        let Self::Many(Bracket::Object, members) = self else {
            return None;
        };
        let mut named = members.iter().rev();
        let quoted = |key: &str| Self::Plain(format!("\"{key}\"")).text();
        let found = named.find(|(key, _)| quoted(key).as_deref() == Some(name))?;
        Some(&found.1)
    }

    fn text(&self) -> Option<String> {
        let Self::Plain(written) = self else {
            return None;
        };
        serde_json::from_str(written).ok()
    }

    fn is_id(&self) -> bool {
        let Self::Plain(written) = self else {
            return false;
        };
        let number = written.starts_with(|first: char| first == '-' || first.is_ascii_digit());
        let fits = |id: String| (1..=ID_LIMIT).contains(&id.chars().count());
        number || self.text().is_some_and(fits)
    }
}

impl From<&Value> for Json {
    fn from(value: &Value) -> Self {
        match value {
            Value::Array(items) => {
                let items = items.iter().map(|item| (String::new(), item.into()));
                Self::Many(Bracket::List, items.collect())
            }
            Value::Object(members) => {
                let members = members
                    .iter()
                    .map(|(key, value)| (key.clone(), value.into()));
                Self::Many(Bracket::Object, members.collect())
            }
            plain => Self::Plain(plain.to_string()),
        }
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bracket, members) = match self {
            Self::Plain(written) => return f.write_str(written),
            Self::Many(bracket, members) => (*bracket, members),
        };
        f.write_str(if bracket == Bracket::Object { "{" } else { "[" })?;
        for (index, (key, value)) in members.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            if bracket == Bracket::Object {
                write!(f, "\"{key}\":")?;
            }
            write!(f, "{value}")?;
        }
        f.write_str(if bracket == Bracket::Object { "}" } else { "]" })
    }
}

fn nest(value: &mut Json, key: String) {
    let inner = std::mem::replace(value, Json::Plain("null".to_owned()));
    let bracket = if key.len().is_multiple_of(2) {
        Bracket::Object
    } else {
        Bracket::List
    };
    *value = Json::Many(bracket, vec![(key, inner)]);
}

fn swap_values(members: &mut [(String, Json)], one: usize, other: usize) {
    let other = other % members.len();
    let value = members[one].1.clone();
    members[one].1 = std::mem::replace(&mut members[other].1, value);
}

/// A key that means something to somebody, or nothing.
fn key(material: u8) -> String {
    const KEYS: [&str; 26] = [
        "payload",
        "eventType",
        "sessionId",
        "eventId",
        "subAccountId",
        "callStatus",
        "source",
        "dtmf",
        "eventData",
        "clientActionId",
        "timestamp",
        "details",
        "callA",
        "CallA",
        "callC",
        "errorDetails",
        "virtualNumbers",
        "msisdn",
        "status",
        "",
        "something",
        "d\\u0074mf",
        "session\\u0049d",
        "\\u0000",
        "\\ud83d",
        "é\u{2028}",
    ];
    KEYS[usize::from(material) % KEYS.len()].to_owned()
}

/// A value that some handler has stumbled over.
fn value(material: u8) -> Json {
    const PLAIN: [&str; 32] = [
        "null",
        "true",
        "false",
        "0",
        "-1",
        "12.5",
        "1e999",
        "-0",
        "8675309",
        "1234567890123456789012345",
        "\"\"",
        "\"8675309\"",
        "\"+6591234567\"",
        "\"6591234567\"",
        "\"NO ANSWER\"",
        "\"CANCELLED\"",
        "\"CALL_ACTION\"",
        "\"CALL_STATUS\"",
        "\"SESSION_SUMMARY\"",
        "\"CALL_RECORDING_STATUS\"",
        "\"VIRTUAL_NUMBER_UPDATE\"",
        "\"CALL_RECEIVED\"",
        "\"2019-10-16T08:12:01\"",
        "\"2019-13-99T99:99:99Z\"",
        "\"\\r\\n\\u001b[31m\u{2028}\\u0000\"",
        "\"\\ud800\"",
        "\"\\\"}{][\\\\\"",
        "\"••••\"",
        "\"\\ud83d\\ude00\"",
        "\"'; DROP TABLE sessions; --\"",
        "\" \"",
        "\"{{digits}}\"",
    ];
    let many = |bracket, members: &[(&str, &str)]| {
        let plain =
            |(key, value): &(&str, &str)| ((*key).to_owned(), Json::Plain((*value).to_owned()));
        Json::Many(bracket, members.iter().map(plain).collect())
    };
    let text = |letter: &str, count: usize| Json::Plain(format!("\"{}\"", letter.repeat(count)));
    match usize::from(material) % (PLAIN.len() + 11) {
        plain if plain < PLAIN.len() => Json::Plain(PLAIN[plain].to_owned()),
        32 => many(Bracket::Object, &[]),
        33 => many(Bracket::List, &[]),
        34 => many(Bracket::Object, &[("dtmf", "\"8675309\"")]),
        35 => many(Bracket::List, &[("", "\"8675309\"")]),
        36 => text("é", ID_LIMIT),
        37 => text("a", ID_LIMIT + 1),
        38 => text("7", TEXT_BYTES),
        39 => text("7", TEXT_BYTES + 1),
        40 => many(Bracket::List, &vec![("", "0"); ITEMS]),
        41 => many(Bracket::List, &vec![("", "0"); ITEMS + 1]),
        _ => (0..DEPTH - 2).fold(many(Bracket::List, &[]), |mut value, _| {
            nest(&mut value, String::new());
            value
        }),
    }
}
