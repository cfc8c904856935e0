//! Reading values out of a text that is known to be JSON: serde_json has judged the grammar before (see
//! [`super::webhook`]), so nothing here refuses anything.
//!
//! Why not serde's visitors: a value keeps its place in the body, so that digits can be blanked there; numbers keep
//! their spelling, so that 25 keys sent as a number stay 25 keys; and one odd value never spoils its neighbours. What
//! is not asked for is skipped, not kept. On a text that is no JSON the answers are worthless, but they end.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// One value, with its place in the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value<'a> {
    text: &'a str,
    start: usize,
    end: usize,
}

impl<'a> Value<'a> {
    /// The text's outermost value.
    pub(super) fn root(text: &'a str) -> Self {
        let start = skip_space(text.as_bytes(), 0);
        Self::at(text, start)
    }

    fn at(text: &'a str, start: usize) -> Self {
        let end = end_of_value(text.as_bytes(), start);
        Self { text, start, end }
    }

    /// Where it stands in the text, in bytes.
    pub(super) fn span(self) -> std::ops::Range<usize> {
        self.start..self.end
    }

    /// The value as it is written.
    pub(super) fn as_written(self) -> &'a str {
        self.text.get(self.span()).unwrap_or_default()
    }

    /// Whether it is an object.
    pub(super) fn is_object(self) -> bool {
        self.as_written().starts_with('{')
    }

    /// An object's members in their order, repeated keys included; none when it is no object.
    pub(super) fn members(self) -> Members<'a> {
        Members(self.inside(b'{'))
    }

    /// The values of an object's members of that name.
    pub(super) fn named(self, name: &str) -> impl Iterator<Item = Value<'a>> {
        self.members()
            .filter_map(move |(key, value)| (key == name).then_some(value))
    }

    /// A list's items; none when it is no list.
    pub(super) fn items(self) -> Items<'a> {
        Items(self.inside(b'['))
    }

    fn inside(self, bracket: u8) -> Rest<'a> {
        let opens = self.text.as_bytes().get(self.start) == Some(&bracket);
        let at = if opens { self.start + 1 } else { self.end };
        let (text, end) = (self.text, self.end);
        Rest { text, at, end }
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

/// What is left of an object or list.
#[derive(Debug)]
struct Rest<'a> {
    text: &'a str,
    at: usize,
    end: usize,
}

impl<'a> Rest<'a> {
    /// The value that follows the given separator, if any does.
    fn next_after(&mut self, separator: u8) -> Option<Value<'a>> {
        let bytes = self.text.as_bytes();
        let mut start = skip_space(bytes, self.at);
        if bytes.get(start) == Some(&separator) {
            start = skip_space(bytes, start + 1);
        }
        let closed = matches!(bytes.get(start), None | Some(b'}' | b']'));
        if closed || start >= self.end {
            return None;
        }
        let value = Value::at(self.text, start);
        // A value that takes no room cannot be in JSON; without this, reading something else might never end.
        self.at = value.end.max(start + 1);
        Some(value)
    }
}

/// See [`Value::members`].
#[derive(Debug)]
pub(super) struct Members<'a>(Rest<'a>);

impl<'a> Iterator for Members<'a> {
    type Item = (Cow<'a, str>, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let written = self.0.next_after(b',')?.as_written();
        // A key that is no Unicode text is nobody's key: as it is written it equals none that is asked for.
        let key = text_of(written).unwrap_or(Cow::Borrowed(written));
        Some((key, self.0.next_after(b':')?))
    }
}

/// See [`Value::items`].
#[derive(Debug)]
pub(super) struct Items<'a>(Rest<'a>);

impl<'a> Iterator for Items<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next_after(b',')
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

/// The place behind the value that starts at `start`.
fn end_of_value(bytes: &[u8], start: usize) -> usize {
    match bytes.get(start) {
        Some(b'"') => end_of_string(bytes, start),
        Some(b'{' | b'[') => end_of_brackets(bytes, start),
        _ => end_of_word(bytes, start),
    }
}

/// The place behind the string literal whose quote stands at `start`; the text's end when it is never closed.
pub(super) fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        at += match byte {
            b'"' => return at + 1,
            b'\\' => 2,
            _ => 1,
        };
    }
    bytes.len()
}

/// The place behind the bracket that closes the one at `start`.
fn end_of_brackets(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    let mut open = 0_usize;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = end_of_string(bytes, at);
                continue;
            }
            b'{' | b'[' => open += 1,
            b'}' | b']' => open -= 1,
            _ => {}
        }
        at += 1;
        if open == 0 {
            return at;
        }
    }
    bytes.len()
}

/// The place behind the number or word that starts at `start`.
fn end_of_word(bytes: &[u8], start: usize) -> usize {
    let ends = |byte: &u8| {
        matches!(
            byte,
            b',' | b':' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r'
        )
    };
    let word = bytes.get(start..).unwrap_or_default();
    start + word.iter().position(ends).unwrap_or(word.len())
}

fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::{Scalar, Value};

    fn first(json: &str) -> Scalar<'_> {
        Value::root(json).items().next().expect("an item").scalar()
    }

    #[test]
    fn walks_objects_and_lists_whatever_the_spacing() {
        let json = " { \"a\" : [ 1 ,{\"}\":\"]\\\"\"} , [] ],\"\\u0062\":null ,\"c\":-1.5e3,\"a\":\"x\"}\n";
        let seen: Vec<_> = Value::root(json)
            .members()
            .map(|(key, value)| (key.into_owned(), value.as_written()))
            .collect();
        let a = "[ 1 ,{\"}\":\"]\\\"\"} , [] ]";
        let expected = [("a", a), ("b", "null"), ("c", "-1.5e3"), ("a", "\"x\"")];
        assert_eq!(seen, expected.map(|(k, v)| (k.to_owned(), v)));
        let items: Vec<_> = Value::root(a).items().map(Value::as_written).collect();
        assert_eq!(items, ["1", "{\"}\":\"]\\\"\"}", "[]"]);
        assert_eq!(Value::root("3").members().count(), 0);
        assert_eq!(Value::root("{}").members().count(), 0);
        assert_eq!(Value::root("[ ]").items().count(), 0);
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
    fn ends_on_what_is_no_json() {
        for text in [
            "", "{", "[", "\"", "{\"a", "{\"a\"", "{\"a\":", "[,,,]", "[::]", "{]}", "\\", "[\"\\",
            "}",
        ] {
            let root = Value::root(text);
            let members: Vec<_> = root
                .members()
                .flat_map(|(_, value)| value.members())
                .collect();
            let items: Vec<_> = root.items().flat_map(|value| value.items()).collect();
            assert!(members.len() + items.len() <= text.len());
            let _ = root.scalar();
        }
    }
}
