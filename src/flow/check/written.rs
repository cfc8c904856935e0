//! Where things stand that several checks point at, and how they are written in the file.

use super::{Declared, FlowFile};
use crate::flow::diagnostic::Span;
use crate::flow::file::{Entry, Value};
use crate::flow::model::Language;

/// The whole of a dotted key, `press.3`, of which an entry knows the last part.
pub(super) fn key(file: &FlowFile<'_>, entry: &Entry) -> Span {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let before = file.text.get(..entry.key_span.start).unwrap_or_default();
    let start = before.trim_end_matches(part).len();
    start..entry.key_span.end
}

/// The key of a step's `path`, or the step's header when it is not written there.
pub(super) fn key_or_header(file: &FlowFile<'_>, step: &Declared<'_>, path: &str) -> Span {
    step.table
        .at(path)
        .map_or_else(|| step.header.clone(), |entry| key(file, entry))
}

/// A menu's key as the file writes it: `1`, `star`, `hash`.
pub(super) fn press(keys: &str) -> String {
    keys.replace('*', "star").replace('#', "hash")
}

/// A text, or each text of a table of languages, with its entry and language.
pub(super) fn per_language(entry: &Entry) -> Vec<(Option<Language>, &Entry)> {
    match entry.value.as_table() {
        None => vec![(None, entry)],
        Some(table) => table
            .entries()
            .iter()
            .map(|each| (Some(Language::new(&*each.key)), each))
            .collect(),
    }
}

/// A value as it stands in the file, quotes included.
pub(super) fn value<'a>(file: &FlowFile<'a>, value: &Value) -> &'a str {
    file.text.get(value.span.clone()).unwrap_or_default()
}

/// Milliseconds in seconds, as short as can be: `6 s`, `1.5 s`.
pub(super) fn seconds(milliseconds: u32) -> String {
    format!("{} s", f64::from(milliseconds) / 1000.0)
}

/// A number with its thousands parted: `3,240`.
pub(super) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut parted = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            parted.push(',');
        }
        parted.push(digit);
    }
    parted
}

#[cfg(test)]
mod tests {
    use super::{press, seconds, thousands};

    #[test]
    fn numbers_are_short_and_parted() {
        assert_eq!(
            [thousands(999), thousands(3240), thousands(1_000_000)],
            ["999", "3,240", "1,000,000"]
        );
        assert_eq!([seconds(6000), seconds(1500)], ["6 s", "1.5 s"]);
        assert_eq!(
            [press("12"), press("*"), press("#")],
            ["12", "star", "hash"]
        );
    }
}
