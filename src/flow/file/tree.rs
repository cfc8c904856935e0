//! What a flow's text says, before anything is asked of it: tables, keys and values, each with the place where it stands.

use std::collections::HashMap;

use crate::flow::diagnostic::Span;

/// A table: its entries in the order of the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    entries: Vec<Entry>,
    by_key: HashMap<String, usize>,
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
        Self { entries, by_key }
    }

    /// The entries in the order of the file.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry of `key`.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.by_key.get(key).map(|index| &self.entries[*index])
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
