//! What a flow's text says, before anything is asked of it: tables, keys and values, each with the place where it stands.

use std::collections::HashMap;

use crate::flow::diagnostic::Span;

/// A table: its entries in the order of the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    entries: Vec<Entry>,
    by_key: HashMap<String, usize>,
    pub(super) made_by: MadeBy,
    /// Whether a statement that could not be read stood in it.
    pub torn: bool,
}

/// How a table came to be. What one way made, another may not add to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum MadeBy {
    /// A header names a table within it: `[menu.main]` makes `menu`.
    #[default]
    Parent,
    /// Its own header.
    Header,
    /// A dotted key: `say.en = "…"` makes `say`.
    Dots,
    /// Braces: `{ go = "main" }`.
    Braces,
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key, one part of a dotted one.
    pub key: String,
    /// Where the key stands.
    pub key_span: Span,
    /// Its value.
    pub value: Value,
}

/// A value. A table written as `[menu.main]` spans its header; one that only dotted keys make spans its key.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// Where the value stands, quotes and brackets included.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// A text, decoded.
    Text(String),
    /// A whole number; `None` when it is too large.
    Integer(Option<i64>),
    /// A number with a point.
    Float(f64),
    /// `true` or `false`.
    Boolean(bool),
    /// A date or a time without quotes.
    Datetime,
    /// A list.
    List(Vec<Value>),
    /// A table.
    Table(Table),
    /// A value whose fault has been reported: nothing further is to be said of it.
    Broken,
}

impl Table {
    /// Makes a table of entries, sorted by their place.
    pub(super) fn new(mut entries: Vec<Entry>) -> Self {
        entries.sort_by_key(|entry| entry.key_span.start);
        let by_key = entries
            .iter()
            .enumerate()
            .map(|(index, entry)| (entry.key.clone(), index))
            .collect();
        Self {
            entries,
            by_key,
            ..Self::default()
        }
    }

    /// Adds an entry whose key is not there yet.
    pub(super) fn push(&mut self, entry: Entry) {
        self.by_key.insert(entry.key.clone(), self.entries.len());
        self.entries.push(entry);
    }

    /// The entry of `key`, to be changed.
    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut Entry> {
        self.by_key.get(key).map(|index| &mut self.entries[*index])
    }

    /// The entry of `key`, or a new one that holds an empty table.
    pub(super) fn entry(&mut self, key: &str, span: &Span, made_by: MadeBy) -> &mut Entry {
        let index = self.by_key.get(key).copied().unwrap_or_else(|| {
            let table = Self {
                made_by,
                ..Self::default()
            };
            self.push(Entry {
                key: key.to_owned(),
                key_span: span.clone(),
                value: Value {
                    span: span.clone(),
                    kind: Kind::Table(table),
                },
            });
            self.entries.len() - 1
        });
        &mut self.entries[index]
    }

    /// The entries, to keep.
    pub(super) fn into_entries(self) -> Vec<Entry> {
        self.entries
    }

    /// The entries in the order of the file.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry of `key`.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.by_key.get(key).map(|index| &self.entries[*index])
    }

    /// Whether it has a header of its own: `[flow]`.
    pub fn has_header(&self) -> bool {
        self.made_by == MadeBy::Header
    }

    /// The entry that a path such as `menu.main.say.en` leads to. No part of a flow's keys holds a dot.
    pub fn at(&self, path: &str) -> Option<&Entry> {
        let (head, rest) = path.split_once('.').unwrap_or((path, ""));
        let entry = self.get(head)?;
        if rest.is_empty() {
            return Some(entry);
        }
        entry.value.as_table()?.at(rest)
    }
}

impl Entry {
    /// Key and value together, for the whole of `press.3 = "hours"` from its last key part on.
    pub fn span(&self) -> Span {
        self.key_span.start..self.value.span.end.max(self.key_span.end)
    }
}

impl Value {
    /// The text, when it is one.
    pub fn as_text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The table, when it is one.
    pub fn as_table(&self) -> Option<&Table> {
        match &self.kind {
            Kind::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The list, when it is one.
    pub fn as_list(&self) -> Option<&[Value]> {
        match &self.kind {
            Kind::List(list) => Some(list),
            _ => None,
        }
    }

    /// Whether its fault has been reported.
    pub fn is_broken(&self) -> bool {
        self.kind == Kind::Broken
    }
}
