//! The body of a request: a JSON object that is read field by field, all of its faults told at once. No value is repeated.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::http::problem::Fault;
use crate::text::spans;

/// The longest name of a field that is looked at.
const LONGEST_NAME: usize = 64;

/// An object whose fields have not been read yet, and what is wrong with those that have.
pub(super) struct Form {
    /// Where it stands: empty at the root, else with a dot at its end.
    place: String,
    members: Vec<(String, Json)>,
    known: Vec<&'static str>,
    faults: Vec<Fault>,
}

impl Form {
    /// Reads a body. `example` is one that would be right.
    ///
    /// # Errors
    ///
    /// It is no JSON object.
    pub(super) fn of(body: &[u8], example: &str) -> Result<Self, Vec<Fault>> {
        match serde_json::from_slice(body) {
            Ok(Json::Object(members)) => Ok(Self::at(String::new(), members)),
            _ => Err(vec![fault(
                "",
                "is no JSON object",
                &format!("send {example}"),
            )]),
        }
    }

    /// As [`of`](Self::of), where nothing at all is an empty object.
    ///
    /// # Errors
    ///
    /// It is something else than a JSON object.
    pub(super) fn of_any(body: &[u8], example: &str) -> Result<Self, Vec<Fault>> {
        match body.trim_ascii().is_empty() {
            true => Ok(Self::at(String::new(), Vec::new())),
            false => Self::of(body, example),
        }
    }

    fn at(place: String, members: Vec<(String, Json)>) -> Self {
        Self {
            place,
            members,
            known: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// Reads a field, when it is there and not null. `wants` says what it should be.
    pub(super) fn field<T>(
        &mut self,
        name: &'static str,
        wants: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<T> {
        self.known.push(name);
        let json = self.take(name)?;
        let value = json.value();
        if value.is_null() {
            return None;
        }
        let read = read(&value);
        if read.is_none() {
            self.wrong(name, "cannot be read", &format!("give {wants}"));
        }
        read
    }

    /// As [`field`](Self::field), for one that may be null: that is a value as well.
    pub(super) fn nullable<T>(
        &mut self,
        name: &'static str,
        wants: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<Option<T>> {
        let is_null = |(key, json): &(String, Json)| key == name && json.value().is_null();
        match self.members.iter().any(is_null) {
            true => {
                self.field(name, wants, |_| None::<()>);
                Some(None)
            }
            false => self.field(name, wants, read).map(Some),
        }
    }

    /// As [`field`](Self::field), for one that must be there.
    pub(super) fn needed<T>(
        &mut self,
        name: &'static str,
        wants: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<T> {
        let before = self.faults.len();
        let read = self.field(name, wants, read);
        if read.is_none() && self.faults.len() == before {
            self.wrong(name, "is missing", &format!("give {wants}"));
        }
        read
    }

    /// Reads a field that is an object itself, by `read`.
    pub(super) fn object<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Form) -> T,
    ) -> Option<T> {
        self.known.push(name);
        match self.take(name)? {
            Json::Plain(Value::Null) => None,
            Json::Object(members) => {
                let mut inner = Self::at(format!("{}{name}.", self.place), members);
                let value = read(&mut inner);
                self.faults.extend(inner.strangers());
                Some(value)
            }
            _ => {
                self.wrong(name, "cannot be read", "give an object, in { and }");
                None
            }
        }
    }

    /// Reads a field that is a list of objects, `1..=most` of them, each by `read`; with the faults of each.
    pub(super) fn objects<T>(
        &mut self,
        name: &'static str,
        most: usize,
        read: impl Fn(&mut Form) -> T,
    ) -> Vec<(T, Vec<Fault>)> {
        self.known.push(name);
        let wants = format!("give a list of 1 to {most} objects");
        let members = |json| match json {
            Json::Object(members) => Some(members),
            _ => None,
        };
        let objects: Option<Vec<_>> = match self.take(name) {
            None => {
                self.wrong(name, "is missing", &wants);
                return Vec::new();
            }
            Some(Json::List(items)) if (1..=most).contains(&items.len()) => {
                items.into_iter().map(members).collect()
            }
            Some(_) => None,
        };
        let Some(objects) = objects else {
            self.wrong(name, "cannot be read", &wants);
            return Vec::new();
        };
        let read = |(at, members)| {
            let mut inner = Self::at(format!("{}{name}[{at}].", self.place), members);
            let value = read(&mut inner);
            (value, inner.strangers())
        };
        objects.into_iter().enumerate().map(read).collect()
    }

    /// Tells that the field `name` is wrong.
    pub(super) fn wrong(&mut self, name: &str, message: &str, help: &str) {
        let path = format!("{}{name}", self.place);
        self.faults.push(fault(&path, message, help));
    }

    /// Ends the reading: what was not read is unknown.
    ///
    /// # Errors
    ///
    /// Everything that is wrong.
    pub(super) fn end(self) -> Result<(), Vec<Fault>> {
        let faults = self.strangers();
        match faults.is_empty() {
            true => Ok(()),
            false => Err(faults),
        }
    }

    fn strangers(mut self) -> Vec<Fault> {
        let help = format!("leave it out, or use one of {}", self.known.join(", "));
        for (name, _) in std::mem::take(&mut self.members) {
            // A strange name may be a number.
            let shown = if is_name(&name) && !name.contains(|c: char| c.is_ascii_digit()) {
                name
            } else {
                "…".to_owned()
            };
            self.wrong(&shown, "is not known here", &help);
        }
        self.faults
    }

    fn take(&mut self, name: &str) -> Option<Json> {
        let at = self.members.iter().position(|(key, _)| key == name)?;
        let (_, value) = self.members.remove(at);
        if self.members.iter().any(|(key, _)| key == name) {
            self.members.retain(|(key, _)| key != name);
            self.wrong(name, "is given more than once", "give it once");
        }
        if value.repeats() {
            self.wrong(name, "has a member more than once", "give each once");
        }
        Some(value)
    }
}

/// A fault at `path`.
pub(super) fn fault(path: &str, message: &str, help: &str) -> Fault {
    Fault {
        path: path.to_owned(),
        message: message.to_owned(),
        help: help.to_owned(),
    }
}

/// A text of 1 to `most` characters, none of them a control character.
pub(super) fn text(most: usize) -> impl Fn(&Value) -> Option<String> {
    move |value| {
        let text = value.as_str()?;
        let fits = (1..=most).contains(&text.chars().count());
        (fits && !text.contains(char::is_control)).then(|| text.to_owned())
    }
}

/// A whole number in `range`.
pub(super) fn count(range: std::ops::RangeInclusive<u32>) -> impl Fn(&Value) -> Option<u32> {
    move |value| {
        let count = value.as_u64().and_then(|count| u32::try_from(count).ok());
        count.filter(|count| range.contains(count))
    }
}

/// One of `words`.
pub(super) fn word<T: Copy>(words: &'static [(&'static str, T)]) -> impl Fn(&Value) -> Option<T> {
    move |value| {
        let text = value.as_str()?;
        let found = words.iter().find(|(word, _)| *word == text);
        found.map(|(_, meaning)| *meaning)
    }
}

/// A point in time, as RFC 3339 writes it.
pub(super) fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

/// A span of time in `range`, as `90s`, `5m`, `24h`, `7d`.
pub(super) fn span(
    range: std::ops::RangeInclusive<SignedDuration>,
) -> impl Fn(&Value) -> Option<SignedDuration> {
    move |value| spans::read(value.as_str()?).filter(|span| range.contains(span))
}

/// Names as fields have them.
fn is_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_.".contains(&b);
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(plain)
}

/// JSON whose objects keep repeated members.
enum Json {
    Plain(Value),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    fn value(&self) -> Value {
        match self {
            Self::Plain(value) => value.clone(),
            Self::List(items) => items.iter().map(Self::value).collect(),
            Self::Object(members) => {
                let members = members
                    .iter()
                    .map(|(name, json)| (name.clone(), json.value()));
                Value::Object(members.collect())
            }
        }
    }

    /// Whether an object in it has a member twice.
    fn repeats(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::List(items) => items.iter().any(Self::repeats),
            Self::Object(members) => {
                let mut names: Vec<_> = members.iter().map(|(name, _)| name).collect();
                names.sort();
                let twice = names.windows(2).any(|pair| pair[0] == pair[1]);
                twice || members.iter().any(|(_, json)| json.repeats())
            }
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyJson)
    }
}

struct AnyJson;

impl<'de> Visitor<'de> for AnyJson {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Json, E> {
        Ok(Json::Plain(Value::Null))
    }

    fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Json, E> {
        Ok(Json::Plain(truth.into()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Json, E> {
        Ok(Json::Plain(number.into()))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Plain(number.into()))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Json, E> {
        Ok(Json::Plain(number.into()))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Plain(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Json::Object(members))
    }
}
