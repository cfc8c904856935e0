//! JSON whose values keep their place and their spelling, so that digits can be blanked in the body and 25 keys sent as
//! a number stay 25 keys. Each object and list is read by itself, so that one odd value never spoils its neighbours.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// An object's members in their order, repeated keys included.
pub(super) type Members<'a> = Vec<(Cow<'a, str>, Value<'a>)>;

/// One value, as it is written.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(transparent)]
pub(super) struct Value<'a>(#[serde(borrow)] &'a RawValue);

impl<'a> Value<'a> {
    /// The value that a text is.
    ///
    /// # Errors
    ///
    /// The text is no JSON.
    pub(super) fn parse(text: &'a str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    /// The value as it is written.
    pub(super) fn as_written(self) -> &'a str {
        self.0.get()
    }

    /// Where it stands, in bytes, in the text that it was parsed from.
    pub(super) fn span_in(self, text: &str) -> Range<usize> {
        let start = self.as_written().as_ptr().addr() - text.as_ptr().addr();
        start..start + self.as_written().len()
    }

    /// Whether it is an object.
    pub(super) fn is_object(self) -> bool {
        self.as_written().starts_with('{')
    }

    /// An object's members; none when it is no object.
    pub(super) fn members(self) -> Members<'a> {
        match serde_json::from_str(self.as_written()) {
            Ok(IfObject(Some(members))) => members,
            _ => Members::new(),
        }
    }

    /// The values of an object's members of that name.
    pub(super) fn named(self, name: &str) -> impl Iterator<Item = Value<'a>> {
        let members = self.members().into_iter();
        members.filter_map(move |(key, value)| (key == name).then_some(value))
    }

    /// A list's items; none when it is no list.
    pub(super) fn items(self) -> Vec<Value<'a>> {
        serde_json::from_str(self.as_written()).unwrap_or_default()
    }

    /// The text or number it is.
    pub(super) fn scalar(self) -> Scalar<'a> {
        let written = self.as_written();
        match written.as_bytes().first() {
            Some(b'"') => text_of(written).map_or(Scalar::Absent, Scalar::Text),
            Some(b'-' | b'0'..=b'9') => Scalar::Number(written),
            _ => Scalar::Absent,
        }
    }
}

/// What is read out of an object, member by member.
pub(super) trait Object<'de>: Sized {
    /// Reads it.
    fn read<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error>;
}

impl<'de> Object<'de> for Members<'de> {
    fn read<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let mut members = Self::with_capacity(MEMBERS);
        while let Some(key) = next_key(&mut map)? {
            members.push((key, map.next_value()?));
        }
        Ok(members)
    }
}

/// About how many members a payload has.
const MEMBERS: usize = 24;

/// An object's next key. One that is no Unicode text is nobody's key: as it is written it equals none that is asked for.
pub(super) fn next_key<'de, A: MapAccess<'de>>(
    map: &mut A,
) -> Result<Option<Cow<'de, str>>, A::Error> {
    let key = map.next_key::<Value<'de>>()?.map(Value::as_written);
    Ok(key.map(|key| text_of(key).unwrap_or(Cow::Borrowed(key))))
}

/// An object's reading, in the one pass over the text that holds it; `None` for a value of another type.
pub(super) struct IfObject<T>(pub(super) Option<T>);

impl<'de, T: Object<'de>> Deserialize<'de> for IfObject<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue(PhantomData))
    }
}

struct AnyValue<T>(PhantomData<T>);

impl<'de, T: Object<'de>> Visitor<'de> for AnyValue<T> {
    type Value = IfObject<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::read(map).map(|read| IfObject(Some(read)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(IfObject(None))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(IfObject(None))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(IfObject(None))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(IfObject(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(IfObject(None))
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(IfObject(None))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(IfObject(None))
    }
}

/// A text or number. The platform sends some numbers as texts and may send some texts as numbers, so that either can
/// be read as the other; whatever cannot be read as asked counts as absent, as do `null` and `""`.
#[derive(Debug, Clone, Default)]
pub(super) enum Scalar<'a> {
    /// Not there, or `null`, or a value of another type.
    #[default]
    Absent,
    /// A text, its escapes undone.
    Text(Cow<'a, str>),
    /// A number as it is written.
    Number(&'a str),
}

impl Scalar<'_> {
    /// The text, or the number's spelling; `""` is absent.
    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Absent => None,
            Self::Text(text) => Some(text.as_ref()).filter(|text| !text.is_empty()),
            Self::Number(written) => Some(written),
        }
    }

    /// The same, owned.
    pub(super) fn text(&self) -> Option<String> {
        self.as_str().map(str::to_owned)
    }

    /// A finite number.
    pub(super) fn real(&self) -> Option<f64> {
        let number: f64 = self.as_str()?.trim().parse().ok()?;
        number.is_finite().then_some(number)
    }

    /// A whole number; a fraction is cut off.
    pub(super) fn whole(&self) -> Option<i64> {
        let exact = self.as_str()?.trim().parse().ok();
        exact.or_else(|| self.real().map(|real| real as i64))
    }

    /// A whole number that is not negative.
    pub(super) fn count(&self) -> Option<u64> {
        u64::try_from(self.whole()?).ok()
    }

    /// An instant (RFC 3339, with or without a fraction); one without a zone is taken as UTC.
    pub(super) fn instant(&self) -> Option<Timestamp> {
        let text = self.as_str()?.trim();
        text.parse().ok().or_else(|| {
            let civil: DateTime = text.parse().ok()?;
            Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
        })
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
    use super::{Scalar, Value};

    fn value(json: &str) -> Value<'_> {
        Value::parse(json).expect("JSON")
    }

    fn first(json: &str) -> Scalar<'_> {
        value(json).items().first().expect("an item").scalar()
    }

    #[test]
    fn walks_objects_and_lists_whatever_the_spacing() {
        let json = " { \"a\" : [ 1 ,{\"}\":\"]\\\"\"} , [] ],\"\\u0062\":null ,\"c\":-1.5e3,\"a\":\"x\"}\n";
        let seen: Vec<_> = value(json)
            .members()
            .into_iter()
            .map(|(key, value)| (key.into_owned(), value.as_written()))
            .collect();
        let a = "[ 1 ,{\"}\":\"]\\\"\"} , [] ]";
        let expected = [("a", a), ("b", "null"), ("c", "-1.5e3"), ("a", "\"x\"")];
        assert_eq!(seen, expected.map(|(k, v)| (k.to_owned(), v)));
        let items: Vec<_> = value(a)
            .items()
            .into_iter()
            .map(Value::as_written)
            .collect();
        assert_eq!(items, ["1", "{\"}\":\"]\\\"\"}", "[]"]);
        assert_eq!(value("3").members().len(), 0);
        assert_eq!(value("{}").members().len(), 0);
        assert_eq!(value("[ ]").items().len(), 0);
    }

    #[test]
    fn reads_numbers_as_texts_and_texts_as_numbers() {
        assert_eq!(first("[6561115777]").text().as_deref(), Some("6561115777"));
        let long = "1234567890123456789012345";
        assert_eq!(first(&format!("[{long}]")).text().as_deref(), Some(long));
        for (json, whole) in [
            ("[12]", Some(12)),
            ("[\" 12 \"]", Some(12)),
            ("[12.9]", Some(12)),
            ("[\"-2003\"]", Some(-2003)),
            ("[1e999]", None),
            ("[\"inf\"]", None),
            ("[\"twelve\"]", None),
            ("[true]", None),
            ("[null]", None),
            ("[[12]]", None),
        ] {
            assert_eq!(first(json).whole(), whole, "{json}");
        }
        assert_eq!(first("[-1]").count(), None);
    }

    #[test]
    fn reads_texts_with_escapes_and_without() {
        for (json, text) in [
            ("[\"a\\u0041\\n\\ud83d\\ude00\"]", Some("aA\n😀")),
            ("[\"é\"]", Some("é")),
            ("[\"\"]", None),
            ("[\"\\ud800\"]", None),
        ] {
            assert_eq!(first(json).text().as_deref(), text, "{json}");
        }
    }

    #[test]
    fn reads_instants() {
        for (json, instant) in [
            ("[\"2019-10-16T08:12:01Z\"]", Some("2019-10-16T08:12:01Z")),
            (
                "[\"2023-12-14T05:23:08.406Z\"]",
                Some("2023-12-14T05:23:08.406Z"),
            ),
            (
                "[\"2023-12-14T13:23:08+08:00\"]",
                Some("2023-12-14T05:23:08Z"),
            ),
            ("[\"2023-12-14T05:23:08\"]", Some("2023-12-14T05:23:08Z")),
            ("[\"yesterday\"]", None),
            ("[1702531388]", None),
        ] {
            let read = first(json).instant().map(|instant| instant.to_string());
            assert_eq!(read.as_deref(), instant, "{json}");
        }
    }

    #[test]
    fn half_a_letter_spoils_its_own_member_only() {
        let json = r#"{"\ud800":1,"a":"\ud800","b":2}"#;
        let whole = |name| {
            value(json)
                .named(name)
                .next()
                .expect("it is there")
                .scalar()
                .whole()
        };
        assert_eq!(value(json).members().len(), 3);
        assert_eq!((whole("a"), whole("b")), (None, Some(2)));
    }

    #[test]
    fn values_know_where_they_stand() {
        let json = r#" {"a": {"b" : [1, "x"]} }"#;
        let b = value(json)
            .named("a")
            .next()
            .expect("a")
            .named("b")
            .next()
            .expect("b");
        assert_eq!(&json[b.items()[1].span_in(json)], "\"x\"");
    }
}
