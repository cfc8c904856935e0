//! What a person is told of a file's form: of headers, of what is there twice, of what is no text. What is wrong with a
//! `key = value` is told by `pair`.

use super::statements::Statement;
use crate::flow::diagnostic::{Diagnostic, Span};
use crate::text::line;

/// Says so when a text was not UTF-8: whoever read the file has put U+FFFD in place of what is none.
pub(super) fn not_text(text: &str) -> Option<Diagnostic> {
    let at = text.find('\u{fffd}')?;
    Some(
        Diagnostic::error("CW018", "this file is not saved as UTF-8 text")
            .at(
                at..at + '\u{fffd}'.len_utf8(),
                "these bytes are no letter of UTF-8",
            )
            .help("in your editor choose \"Save with encoding\", then UTF-8"),
    )
}

/// Says so when a comment looks like a hash key.
pub(super) fn comment_for_key(text: &str, comment: &Span) -> Option<Diagnostic> {
    let words = &text[comment.clone()];
    let value = words.strip_prefix('#')?.trim_start().strip_prefix('=')?;
    Some(
        Diagnostic::warning(
            "CW013",
            "this line is a comment, because # starts one; for the hash key write press.hash",
        )
        .at(comment.clone(), "not read")
        .help(format!("write: press.hash ={value}")),
    )
}

/// What is wrong with a header, if anything is.
pub(super) fn header(text: &str, statement: &Statement) -> Option<Diagnostic> {
    let raw = &text[statement.span.clone()];
    let keys: Vec<_> = statement.path.iter().map(|(key, _)| key.as_str()).collect();
    let meant = if keys.is_empty() {
        "[menu.main]".to_owned()
    } else {
        format!("[{}]", keys.join("."))
    };
    if statement.too_deep {
        return Some(too_deep(statement));
    }
    let told = if raw.starts_with("[[") {
        "a header has one bracket on each side"
    } else {
        let errors = toml::de::DeTable::parse_recoverable(raw).1;
        match errors.first()?.message() {
            message if message.starts_with("unclosed") && !raw.ends_with(']') => {
                "this header is not closed by ]"
            }
            _ => "a header is a kind and a name of plain letters, a dot between them",
        }
    };
    Some(
        Diagnostic::error("CW016", told)
            .at(statement.span.clone(), "")
            .help(format!("write: {meant}")),
    )
}

/// A header that stood before.
pub(super) fn header_twice(text: &str, statement: &Statement, first: Span) -> Diagnostic {
    let keys: Vec<_> = statement.path.iter().map(|(key, _)| key.as_str()).collect();
    let on = line(text, first.start);
    let again = line(text, statement.span.start);
    let header = format!("[{}]", keys.join("."));
    let fault = if let [_, name] = keys[..] {
        let message = format!(
            "two steps are called \"{name}\": {header} line {on} and {header} line {again}"
        );
        Diagnostic::error("CW007", message).help(format!(
            "give the second one another name, such as {}_2]",
            header.trim_end_matches(']')
        ))
    } else {
        let message = format!("{header} is there twice; the first one is on line {on}");
        Diagnostic::error("CW002", message)
            .help(format!("put its keys under {header} on line {on}"))
    };
    fault
        .at(statement.span.clone(), "the second")
        .also(first, "the first")
}

/// A key that was set before.
pub(super) fn key_twice(path: &str, key: Span, first: Span, on: usize) -> Diagnostic {
    let message = format!("{path} is set twice; the first one is on line {on}");
    Diagnostic::error("CW002", message)
        .at(key, "the second")
        .also(first, "the first")
        .help("keep one of the two")
}

/// A statement of more nested keys or brackets than anything in the language.
pub(super) fn too_deep(statement: &Statement) -> Diagnostic {
    Diagnostic::error(
        "CW016",
        "these keys or brackets lie too deep in one another",
    )
    .at(
        statement.span.start..statement.span.start + 1,
        "from here on",
    )
    .help("no key of a flow has more than five parts; see docs/flows.md")
}
