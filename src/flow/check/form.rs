//! The tables of a file, and those that are no steps: `[flow]`, `[languages]`, `[numbers]`, `[hours]`, `[defaults]`.

use std::collections::BTreeSet;

use super::context::{Declared, FlowFile};
use super::slips;
use super::values::bad_name;
use super::vocabulary::{KINDS, RESERVED, TABLES, keys_of, kind_called, names, top_level_keys};
use crate::flow::diagnostic::{Diagnostic, Span};
use crate::flow::file::{Entry, Kind, Table};
use crate::flow::model::StepName;
use crate::text::nearest;

/// The version of the file format that this program understands.
pub(super) const FORMAT: i64 = 1;

impl<'a> FlowFile<'a> {
    /// Reads all but the steps' own keys: afterwards every step is declared.
    pub(super) fn read_form(&mut self) {
        self.check_format();
        for entry in self.root.entries() {
            self.top_level(entry);
        }
        self.declare_again();
        self.check_names();
        self.read_languages();
        self.read_numbers();
        self.read_defaults();
        self.read_head();
        self.read_hours();
        self.read_queues();
    }

    /// The table of a key at the top, when it is one.
    pub(super) fn table(&self, key: &str) -> Option<&'a Table> {
        slips::find(self.root, key, &top_level_keys())?
            .value
            .as_table()
    }

    fn check_format(&self) {
        let Some(entry) = self.root.get("callwright") else {
            return;
        };
        if entry.value.is_broken() || entry.value.kind == Kind::Integer(Some(FORMAT)) {
            return;
        }
        let written = self.text.get(entry.value.span.clone()).unwrap_or_default();
        let message = format!(
            "this file is written for callwright = {written}; this program understands {FORMAT}"
        );
        self.report(
            Diagnostic::error("CW010", message)
                .at(entry.value.span.clone(), "")
                .help(format!("write: callwright = {FORMAT}")),
        );
    }

    fn top_level(&mut self, entry: &'a Entry) {
        let key = entry.key.as_str();
        if key == "callwright" || entry.value.is_broken() {
            return;
        }
        if let Some(kind) = kind_called(key) {
            self.declare_kind(kind.name, entry);
        } else if names(&TABLES).contains(&key) {
            if entry.value.as_table().is_none() {
                let example = format!("[{key}] on a line of its own");
                self.wrong(key, "a table", &example, &entry.value);
            }
        } else {
            self.strange_top_level(entry);
        }
    }

    /// `[menu.main]`, `[menu.book]` … .
    fn declare_kind(&mut self, kind: &'static str, entry: &'a Entry) {
        let Some(steps) = entry.value.as_table() else {
            let example = format!("[{kind}.main] on a line of its own");
            self.wrong(kind, "a table", &example, &entry.value);
            return;
        };
        let keys = keys_of(kind);
        let mut nameless = false;
        for step in steps.entries() {
            match step.value.as_table() {
                Some(table) if table.has_header() || !keys.contains(&step.key.as_str()) => {
                    self.declare(kind, step, table);
                }
                _ => nameless = true,
            }
        }
        if nameless || (steps.has_header() && steps.entries().is_empty()) {
            let fault = Diagnostic::error("CW005", format!("this {kind} has no name"));
            self.report(
                fault
                    .at(entry.value.span.clone(), "a kind without a name")
                    .help(format!("write: [{kind}.main]")),
            );
        }
    }

    fn declare(&mut self, kind: &'static str, entry: &'a Entry, table: &'a Table) {
        let name = entry.key.as_str();
        let span = entry.key_span.clone();
        if RESERVED.contains(&name) {
            let message = format!("\"{name}\" is a reserved word and cannot be the name of a step");
            self.report(
                Diagnostic::error("CW008", message)
                    .at(span, "")
                    .help(format!(
                        "write another name, such as [{kind}.{name}_of_call]"
                    )),
            );
            return;
        }
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if name.is_empty() || !name.bytes().all(plain) {
            let fault = bad_name("a step's name", name, "a-z, 0-9 and _", span.clone());
            self.report(fault);
        }
        let declared = self.declared(kind, entry, table);
        if let Some(first) = self.step(name) {
            self.report(self.called_twice(first, kind, entry));
            self.namesakes.push(declared);
            return;
        }
        self.by_name.insert(name.to_owned(), self.steps.len());
        self.steps.push(declared);
    }

    /// Declares the steps whose whole header stood before.
    fn declare_again(&mut self) {
        for entry in self.again.iter().flat_map(Table::entries) {
            let kind = kind_called(&entry.key);
            let steps = entry.value.as_table().map(Table::entries);
            for step in steps.unwrap_or_default() {
                if let (Some(kind), Some(table)) = (kind, step.value.as_table()) {
                    let namesake = self.declared(kind.name, step, table);
                    self.namesakes.push(namesake);
                }
            }
        }
    }

    fn declared(&self, kind: &'static str, entry: &'a Entry, table: &'a Table) -> Declared<'a> {
        Declared {
            name: StepName::new(entry.key.as_str()),
            kind,
            header: header(entry),
            name_span: entry.key_span.clone(),
            table,
            torn: table.torn || self.torn_within(table),
            allow: self.allowed(table),
            built: None,
        }
    }

    fn torn_within(&self, table: &Table) -> bool {
        let mut tables = table
            .entries()
            .iter()
            .filter_map(|entry| entry.value.as_table());
        tables.any(|table| table.torn || self.torn_within(table))
    }

    fn called_twice(&self, first: &Declared<'_>, kind: &str, second: &Entry) -> Diagnostic {
        let name = &second.key;
        let message = format!(
            "two steps are called \"{name}\": [{}.{name}] line {} and [{kind}.{name}] line {}",
            first.kind,
            self.line(first.name_span.start),
            self.line(second.key_span.start),
        );
        Diagnostic::error("CW007", message)
            .at(header(second), "the second")
            .also(first.header.clone(), "the first")
            .help(format!(
                "give the second one another name, such as [{kind}.{name}_2]"
            ))
    }

    pub(super) fn allowed(&self, table: &'a Table) -> BTreeSet<String> {
        let Some(entry) = table.get("allow") else {
            return BTreeSet::new();
        };
        let wants = "a list of codes such as [\"CW302\"]";
        let codes = self.list("allow", wants, &entry.value);
        codes
            .iter()
            .filter_map(|code| {
                let text = self.text_of("allow", code)?;
                let digits = text.strip_prefix("CW").unwrap_or_default();
                if digits.len() != 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
                    self.wrong("allow", wants, "[\"CW302\"]", code);
                }
                Some(text.to_owned())
            })
            .collect()
    }

    /// Declares the steps of a kind that is not known, so that the ways to them are not called wrong too.
    fn declare_unread(&mut self, kind: &'static str, entry: &'a Entry) {
        let steps = entry
            .value
            .as_table()
            .map(Table::entries)
            .unwrap_or_default();
        for step in steps {
            let Some(table) = step.value.as_table() else {
                continue;
            };
            if self.step(&step.key).is_none() {
                self.by_name.insert(step.key.clone(), self.steps.len());
                self.steps.push(Declared {
                    name: StepName::new(step.key.as_str()),
                    kind,
                    header: header(step),
                    name_span: step.key_span.clone(),
                    table,
                    torn: true,
                    allow: BTreeSet::new(),
                    built: None,
                });
            }
        }
    }

    fn strange_top_level(&mut self, entry: &'a Entry) {
        let key = &entry.key;
        let kinds = KINDS.iter().map(|kind| kind.name);
        let holds_tables = entry.value.as_table().is_some_and(|table| {
            let mut entries = table.entries().iter();
            !table.has_header() && entries.any(|entry| entry.value.as_table().is_some())
        });
        if holds_tables {
            let known: Vec<_> = kinds.clone().collect();
            let (message, help) = match nearest(key, kinds) {
                Some(meant) => (
                    format!("there is no step kind \"{key}\"; did you mean \"{meant}\"?"),
                    format!("write {meant} instead of {key}"),
                ),
                None => (
                    format!("there is no step kind \"{key}\""),
                    format!("use one of: {}", known.join(", ")),
                ),
            };
            let fault = Diagnostic::error("CW004", message);
            self.report(fault.at(first_header(entry), "").help(help));
            match KINDS
                .iter()
                .find(|kind| nearest(key, [kind.name]).is_some())
            {
                Some(kind) => self.declare_kind(kind.name, entry),
                None => self.declare_unread("step", entry),
            }
        } else {
            self.strange_key(entry, "a flow's file", &top_level_keys());
        }
    }
}

/// Where a step's header stands, without its brackets.
fn header(entry: &Entry) -> Span {
    let span = &entry.value.span;
    let bracketed = span.end >= span.start + 2 && entry.key_span.start > span.start;
    if bracketed {
        // Up to its name's end: a header that was never closed has no bracket to leave out.
        span.start + 1..entry.key_span.end
    } else {
        entry.key_span.clone()
    }
}

/// Where the first header of a kind stands.
fn first_header(entry: &Entry) -> Span {
    let steps = entry
        .value
        .as_table()
        .map(Table::entries)
        .unwrap_or_default();
    let first = steps.iter().find(|step| step.value.as_table().is_some());
    first.map_or_else(|| entry.key_span.clone(), header)
}
