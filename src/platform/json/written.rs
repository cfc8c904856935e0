//! JSON as it is written: each object and list is read by itself, and each value knows its place in the text.

use std::borrow::Cow;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Scalar, Value};

/// One value, as it is written.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(transparent)]
pub(in crate::platform) struct Written<'a>(#[serde(borrow)] &'a RawValue);

/// An object's members in their order, repeated keys included.
type Members<'a> = Vec<(Cow<'a, str>, Written<'a>)>;

impl<'a> Written<'a> {
    /// The value that a text is.
    ///
    /// # Errors
    ///
    /// The text is no JSON.
    pub(in crate::platform) fn parse(text: &'a str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    /// What it means.
    pub(super) fn value(self) -> Value<'a> {
        match self.as_written().as_bytes().first() {
            Some(b'{') => {
                let members = self.members().into_iter();
                Value::Object(members.map(|(key, value)| (key, value.value())).collect())
            }
            Some(b'[') => Value::List(self.items().into_iter().map(Self::value).collect()),
            _ => Value::Scalar(self.scalar()),
        }
    }

    /// The value as it is written.
    pub(in crate::platform) fn as_written(self) -> &'a str {
        self.0.get()
    }

    /// Where it stands, in bytes, in the text that it was parsed from.
    pub(in crate::platform) fn span_in(self, text: &str) -> Range<usize> {
        let start = self.as_written().as_ptr().addr() - text.as_ptr().addr();
        start..start + self.as_written().len()
    }

    /// Whether it is an object.
    pub(in crate::platform) fn is_object(self) -> bool {
        self.as_written().starts_with('{')
    }

    /// An object's members; none when it is no object.
    pub(in crate::platform) fn members(self) -> Members<'a> {
        let members = serde_json::from_str(self.as_written());
        members.map_or_else(|_| Members::new(), |WrittenMembers(members)| members)
    }

    /// The values of an object's members of that name.
    pub(in crate::platform) fn named(self, name: &str) -> impl Iterator<Item = Written<'a>> {
        let members = self.members().into_iter();
        members.filter_map(move |(key, value)| (key == name).then_some(value))
    }

    /// A list's items; none when it is no list.
    fn items(self) -> Vec<Written<'a>> {
        serde_json::from_str(self.as_written()).unwrap_or_default()
    }

    fn scalar(self) -> Scalar<'a> {
        let written = self.as_written();
        match written.as_bytes().first() {
            Some(b'"') => text_of(written).map_or(Scalar::Absent, Scalar::Text),
            Some(b'-' | b'0'..=b'9') => Scalar::Number(written.into()),
            _ => Scalar::Absent,
        }
    }
}

/// An object's members, each value as it is written.
struct WrittenMembers<'a>(Members<'a>);

impl<'de> Deserialize<'de> for WrittenMembers<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AnyObject)
    }
}

struct AnyObject;

impl<'de> Visitor<'de> for AnyObject {
    type Value = WrittenMembers<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    /// A key that is no Unicode text is nobody's key: as it is written it equals none that is asked for.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Members::new();
        while let Some((key, value)) = map.next_entry::<Written<'de>, Written<'de>>()? {
            let key = key.as_written();
            members.push((text_of(key).unwrap_or(Cow::Borrowed(key)), value));
        }
        Ok(WrittenMembers(members))
    }
}

/// The text that a string literal stands for; `None` when it is no Unicode text (half a surrogate pair).
fn text_of(literal: &str) -> Option<Cow<'_, str>> {
    if literal.contains('\\') {
        return serde_json::from_str(literal).ok().map(Cow::Owned);
    }
    let text = literal.strip_prefix('"')?.strip_suffix('"')?;
    Some(Cow::Borrowed(text))
}

#[cfg(test)]
mod tests {
    use super::Written;

    fn written(json: &str) -> Written<'_> {
        Written::parse(json).expect("JSON")
    }

    #[test]
    fn walks_objects_and_lists_whatever_the_spacing() {
        let json = " { \"a\" : [ 1 ,{\"}\":\"]\\\"\"} , [] ],\"\\u0062\":null ,\"c\":-1.5e3,\"a\":\"x\"}\n";
        let seen: Vec<_> = written(json)
            .members()
            .into_iter()
            .map(|(key, value)| (key.into_owned(), value.as_written()))
            .collect();
        let a = "[ 1 ,{\"}\":\"]\\\"\"} , [] ]";
        let expected = [("a", a), ("b", "null"), ("c", "-1.5e3"), ("a", "\"x\"")];
        assert_eq!(seen, expected.map(|(k, v)| (k.to_owned(), v)));
        let items: Vec<_> = written(a)
            .items()
            .into_iter()
            .map(Written::as_written)
            .collect();
        assert_eq!(items, ["1", "{\"}\":\"]\\\"\"}", "[]"]);
        assert_eq!(written("3").members().len(), 0);
        assert_eq!(written("{}").members().len(), 0);
        assert_eq!(written("[ ]").items().len(), 0);
    }

    #[test]
    fn values_know_where_they_stand() {
        let json = r#" {"a": {"b" : [1, "x"]} }"#;
        let named = |within: Written<'_>, name| {
            within
                .named(name)
                .next()
                .expect("it is there")
                .span_in(json)
        };
        let a = written(json).named("a").next().expect("a");
        assert_eq!(&json[named(a, "b")], r#"[1, "x"]"#);
    }
}
