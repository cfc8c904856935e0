//! JSON as the platform sends it, read in one pass: texts stay where they stand, numbers keep their spelling, so that 25
//! keys sent as a number stay 25 keys. One odd value never spoils its neighbours: what one pass stumbles over is read
//! again as it is [written](Written), value by value.

mod written;

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

pub(super) use written::Written;

/// An object's members in their order, repeated keys included.
pub(super) type Members<'a> = Vec<(Cow<'a, str>, Value<'a>)>;

/// For how many members there is room at first: few objects have more.
const MEMBERS: usize = 16;

/// One value.
#[derive(Debug, Clone)]
pub(super) enum Value<'a> {
    /// A text, a number, or nothing that anybody asks for.
    Scalar(Scalar<'a>),
    /// A list's items.
    List(Vec<Value<'a>>),
    /// An object's members.
    Object(Members<'a>),
}

impl<'a> Value<'a> {
    /// The value that a text is.
    ///
    /// # Errors
    ///
    /// The text is no JSON.
    pub(super) fn parse(text: &'a str) -> serde_json::Result<Self> {
        serde_json::from_str(text).or_else(|_| Ok(Written::parse(text)?.value()))
    }

    /// An object's members; none when it is no object.
    pub(super) fn members(self) -> Members<'a> {
        self.object().unwrap_or_default()
    }

    /// An object's members, when it is one.
    pub(super) fn object(self) -> Option<Members<'a>> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    /// A list's items; none when it is no list.
    pub(super) fn items(self) -> Vec<Self> {
        match self {
            Self::List(items) => items,
            _ => Vec::new(),
        }
    }

    /// The text or number it is.
    pub(super) fn scalar(self) -> Scalar<'a> {
        match self {
            Self::Scalar(scalar) => scalar,
            _ => Scalar::Absent,
        }
    }
}

/// An object's key.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Value::Scalar(Scalar::Text(text.into())))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Value::Scalar(Scalar::Text(text.to_owned().into())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Value::Scalar(Scalar::Number(number.to_string().into())))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Value::Scalar(Scalar::Number(number.to_string().into())))
    }

    /// Only a fraction: `1e3`, `1.0` and what is longer than an integer here would come back spelt otherwise.
    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        if number.fract() == 0.0 {
            return Err(E::custom("a number whose spelling matters"));
        }
        Ok(Value::Scalar(Scalar::Number(number.to_string().into())))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Value::Scalar(Scalar::Absent))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Value::Scalar(Scalar::Absent))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut members = Members::with_capacity(MEMBERS);
        while let Some((Key(key), value)) = object.next_entry()? {
            members.push((key, value));
        }
        Ok(Value::Object(members))
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
    Number(Cow<'a, str>),
}

impl Scalar<'_> {
    /// The text, or the number's spelling; `""` is absent.
    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Absent => None,
            Self::Text(text) => Some(text.as_ref()).filter(|text| !text.is_empty()),
            Self::Number(written) => Some(written.as_ref()),
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Scalar, Value, Written};

    fn value(json: &str) -> Value<'_> {
        Value::parse(json).expect("JSON")
    }

    fn first(json: &str) -> Scalar<'_> {
        value(json).items().remove(0).scalar()
    }

    fn named<'a>(json: &'a str, name: &str) -> Scalar<'a> {
        let members = value(json).members().into_iter();
        let mut found = members.filter_map(|(key, value)| (key == name).then_some(value));
        found.next().expect("it is there").scalar()
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
            ("[1e3]", Some(1000)),
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
        assert_eq!(value(json).members().len(), 3);
        assert_eq!(
            (named(json, "a").whole(), named(json, "b").whole()),
            (None, Some(2))
        );
    }

    /// JSON whose numbers are spelt in every way.
    fn json() -> impl Strategy<Value = String> {
        let number = "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,4})?([eE][+-]?[0-9]{1,2})?";
        let text = r#""([a-z +é]|\\n|\\u0041|\\ud800|\\"){0,6}""#;
        let scalar = prop_oneof![number, text, "true|null"];
        scalar.prop_recursive(3, 24, 5, move |inner| {
            let member = (text, inner.clone()).prop_map(|(key, value)| format!("{key}: {value}"));
            let joined = |values: Vec<String>| values.join(" , ");
            prop_oneof![
                prop::collection::vec(inner, 0..5)
                    .prop_map(move |items| format!("[{}]", joined(items))),
                prop::collection::vec(member, 0..5)
                    .prop_map(move |members| format!("{{{}}}", joined(members))),
            ]
        })
    }

    /// Whether two values are the same to whoever asks for texts and numbers: a fraction may be spelt otherwise.
    fn same(one: &Value<'_>, other: &Value<'_>) -> bool {
        match (one, other) {
            (Value::List(one), Value::List(other)) => {
                one.len() == other.len()
                    && one.iter().zip(other).all(|(one, other)| same(one, other))
            }
            (Value::Object(one), Value::Object(other)) => {
                let alike = |((a, one), (b, other)): (&(_, _), &(_, _))| a == b && same(one, other);
                one.len() == other.len() && one.iter().zip(other).all(alike)
            }
            (Value::Scalar(one), Value::Scalar(other)) => {
                one.as_str() == other.as_str() || nearly(one.real(), other.real())
            }
            _ => false,
        }
    }

    /// Whether two numbers are one fraction, to the last digit or two: serde_json's own reading is off by so much.
    fn nearly(one: Option<f64>, other: Option<f64>) -> bool {
        one.zip(other).is_some_and(|(one, other)| {
            one.fract() != 0.0 && (one - other).abs() <= one.abs() * 4.0 * f64::EPSILON
        })
    }

    proptest! {
        #[test]
        fn one_pass_reads_what_is_written(json in json()) {
            if let Ok(one_pass) = serde_json::from_str::<Value<'_>>(&json) {
                let written = Written::parse(&json).expect("JSON").value();
                prop_assert!(same(&one_pass, &written), "{one_pass:?} {written:?}");
            }
        }
    }
}
