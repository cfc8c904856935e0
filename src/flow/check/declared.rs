//! What steps say as they are written, also those that could not be built: a fault in one line hides no other.

use std::collections::HashMap;

use super::{Declared, FlowFile, TextAt, slips};
use crate::flow::diagnostic::Span;
use crate::flow::file::{Entry, Kind, Table};

/// A key of a menu.
pub(super) struct Pressed<'a> {
    /// The keys: `1`, `12`, `*`, `#`.
    pub(super) keys: String,
    /// Where it is written.
    pub(super) entry: &'a Entry,
}

impl<'a> Pressed<'a> {
    /// The variables that it sets, with their entries.
    pub(super) fn sets(&self) -> &'a [Entry] {
        let set = self
            .entry
            .value
            .as_table()
            .and_then(|press| press.get("set"));
        set.and_then(|set| set.value.as_table())
            .map_or(&[], Table::entries)
    }
}

/// The digits that an ask takes.
pub(super) struct Asked<'a> {
    /// The variable that takes them.
    pub(super) save: &'a str,
    /// Where that is written.
    pub(super) place: Span,
    /// The most digits.
    pub(super) most: Option<usize>,
    /// Whether they are a secret.
    pub(super) secret: bool,
}

impl<'a> Declared<'a> {
    /// The keys of a menu, as far as they are keys.
    pub(super) fn presses(&self) -> Vec<Pressed<'a>> {
        self.press_entries()
            .into_iter()
            .filter(|_| self.kind == "menu")
            .filter_map(|entry| {
                Some(Pressed {
                    keys: keys(&entry.key)?,
                    entry,
                })
            })
            .collect()
    }

    /// The entries of `press`, and of what is misspelt and most likely means it.
    pub(super) fn press_entries(&self) -> Vec<&'a Entry> {
        slips::find_all(self.table, "press", super::vocabulary::keys_of(self.kind))
            .filter_map(|entry| entry.value.as_table())
            .flat_map(Table::entries)
            .collect()
    }

    /// What an ask takes, when it says so.
    pub(super) fn asked(&self) -> Option<Asked<'a>> {
        let save = self.entry("save").filter(|_| self.kind == "ask")?;
        let secret = self.entry("secret");
        Some(Asked {
            save: save.value.as_text()?,
            place: save.value.span.clone(),
            most: self.most_digits(),
            secret: secret.is_some_and(|entry| entry.value.kind == Kind::Boolean(true)),
        })
    }

    /// The most digits that an ask takes.
    pub(super) fn most_digits(&self) -> Option<usize> {
        match &self.entry("digits")?.value.kind {
            Kind::Integer(Some(digits)) => usize::try_from(*digits).ok(),
            Kind::Text(range) => range.rsplit('-').next()?.trim().parse().ok(),
            _ => None,
        }
    }

    /// Whether wrong keys and silence can meet it.
    pub(super) fn retries(&self) -> bool {
        matches!(self.kind, "menu" | "ask")
    }

    /// How many tries it gives; `None` when that cannot be read.
    pub(super) fn tries(&self, file: &FlowFile<'_>) -> Option<usize> {
        let own = self
            .table
            .get("tries")
            .or_else(|| default_entry(file, "tries"));
        match own.map(|entry| &entry.value.kind) {
            None => Some(file.defaults.tries.into()),
            Some(Kind::Integer(Some(tries))) => usize::try_from(*tries).ok(),
            Some(_) => None,
        }
    }

    /// The entry of a key, or one that is misspelt and most likely means it.
    pub(super) fn entry(&self, key: &str) -> Option<&'a Entry> {
        slips::find(self.table, key, super::vocabulary::keys_of(self.kind))
    }

    /// Whether it has a line that is none of its kind's, and that cannot be read as one.
    pub(super) fn has_strange_key(&self) -> bool {
        slips::has_unread(self.table, super::vocabulary::keys_of(self.kind))
    }
}

/// The entry of a key of `[defaults]`.
pub(super) fn default_entry<'a>(file: &FlowFile<'a>, key: &str) -> Option<&'a Entry> {
    slips::find(file.table("defaults")?, key, &super::defaults::KEYS)
}

/// Whether `[defaults]` may hold more than could be read.
pub(super) fn defaults_hidden(file: &FlowFile<'_>) -> bool {
    file.lost || file.table("defaults").is_some_and(|table| table.torn)
}

/// The texts of each step; those of `[defaults]` under `None`.
pub(super) fn texts_by_step<'f>(
    file: &'f FlowFile<'_>,
) -> HashMap<Option<usize>, Vec<&'f TextAt<'f>>> {
    let mut by_step: HashMap<_, Vec<_>> = HashMap::new();
    for text in &file.texts {
        by_step.entry(text.step).or_default().push(text);
    }
    by_step
}

/// A menu's keys, read from the part behind `press.`.
pub(super) fn keys(written: &str) -> Option<String> {
    match written {
        "star" | "*" => Some("*".to_owned()),
        "hash" | "#" => Some("#".to_owned()),
        digits if digits.bytes().all(|b| b.is_ascii_digit()) && !digits.is_empty() => {
            Some(digits.to_owned())
        }
        _ => None,
    }
}
