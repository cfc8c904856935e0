//! Misspelt keys (CW003). A key that is nearly another is reported, and then read as the one that was meant, so that
//! what it holds is checked and nothing is said to be missing.

use super::context::FlowFile;
use crate::flow::diagnostic::Diagnostic;
use crate::flow::file::{Entry, Table};
use crate::text::nearest;

/// Words that people write for a key.
const SYNONYMS: [(&str, &str); 18] = [
    ("fail", "failed"),
    ("error", "failed"),
    ("body", "send"),
    ("data", "send"),
    ("url", "get"),
    ("otherwise", "else"),
    ("file", "flow"),
    ("goto", "go"),
    ("go_to", "go"),
    ("next", "go"),
    ("then", "go"),
    ("text", "say"),
    ("prompt", "say"),
    ("key", "press"),
    ("keys", "press"),
    ("phone", "number"),
    ("timeout", "wait"),
    ("retries", "tries"),
];

/// The key that a person most likely meant.
fn meant<'k>(key: &str, known: &[&'k str]) -> Option<&'k str> {
    let synonym = SYNONYMS.iter().find(|(word, _)| *word == key);
    let synonym = synonym.and_then(|(_, meant)| known.iter().find(|known| *known == meant));
    synonym
        .copied()
        .or_else(|| nearest(key, known.iter().copied()))
}

/// The entry of a key, or one that is misspelt and most likely means it.
pub(super) fn find<'a>(table: &'a Table, key: &str, known: &[&str]) -> Option<&'a Entry> {
    table.get(key).or_else(|| {
        let mut entries = table.entries().iter();
        entries.find(|entry| {
            let strange = !known.contains(&entry.key.as_str());
            strange && meant(&entry.key, known) == Some(key)
        })
    })
}

/// The entry of a key, and those that are misspelt and most likely mean it: `press.1` beside `pres.2`.
pub(super) fn find_all<'a>(
    table: &'a Table,
    key: &'a str,
    known: &'a [&'a str],
) -> impl Iterator<Item = &'a Entry> {
    table.entries().iter().filter(move |entry| {
        let strange = !known.contains(&entry.key.as_str());
        entry.key == key || (strange && meant(&entry.key, known) == Some(key))
    })
}

/// Whether a table holds a key that is read as no other: what it was meant to say is not known.
pub(super) fn has_unread(table: &Table, known: &[&str]) -> bool {
    table.entries().iter().any(|entry| {
        let strange = !known.contains(&entry.key.as_str());
        strange
            && meant(&entry.key, known)
                .is_none_or(|meant| meant != "press" && table.get(meant).is_some())
    })
}

impl FlowFile<'_> {
    /// Says that a key is not known here.
    pub(super) fn strange_key(&self, entry: &Entry, owner: &str, known: &[&str]) {
        if entry.value.is_broken() {
            return;
        }
        let key = &entry.key;
        let list = known.join(", ");
        let capital = owner[..1].to_uppercase() + &owner[1..];
        let (did_you, help) = match meant(key, known) {
            Some(meant) => (
                format!("; did you mean \"{meant}\"?"),
                format!("write {meant} instead of {key}"),
            ),
            None => (
                ".".to_owned(),
                format!("take {key} out, or use one of: {list}"),
            ),
        };
        let message = format!("\"{key}\" is not a key of {owner}{did_you} {capital} knows: {list}");
        self.report(
            Diagnostic::error("CW003", message)
                .at(entry.key_span.clone(), "")
                .help(help),
        );
    }

    /// Says so for each key of a table that is not known there.
    pub(super) fn strange_keys(&self, table: &Table, owner: &str, known: &[&str]) {
        for entry in table.entries() {
            if !known.contains(&entry.key.as_str()) {
                self.strange_key(entry, owner, known);
            }
        }
    }
}
