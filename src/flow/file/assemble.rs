//! Puts the tree together: reads each statement alone, and hangs what it says where the last header points.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::statements::{Statement, Statements, cut};
use super::tree::{Entry, Kind, MadeBy, Table, Value};
use super::{Tree, pair, syntax};
use crate::flow::diagnostic::{Diagnostic, Span};
use crate::text::line;

/// A part of a dotted key, with its place.
type Part = (String, Span);

/// Reads all statements of a text.
pub(super) fn assemble(text: &str) -> Tree {
    let statements = cut(text);
    let mut assembly = Assembly {
        text,
        statements: &statements,
        tree: Tree::default(),
        header: Some(Vec::new()),
        again: false,
    };
    let mut at = 0;
    while let Some(statement) = statements.list.get(at) {
        at += if statement.is_header {
            assembly.header(statement);
            1
        } else {
            assembly.pair(at)
        };
    }
    let comments = statements.comments.iter();
    let mut tree = assembly.tree;
    tree.faults
        .extend(comments.filter_map(|comment| syntax::comment_for_key(text, comment)));
    tree
}

struct Assembly<'a> {
    text: &'a str,
    statements: &'a Statements,
    tree: Tree,
    /// Where pairs go; `None` when the header could not be used.
    header: Option<Vec<Part>>,
    /// Whether the header is that of a step that stood before.
    again: bool,
}

impl Assembly<'_> {
    fn header(&mut self, statement: &Statement) {
        let fault = syntax::header(self.text, statement);
        let bad = fault.is_some();
        self.tree.faults.extend(fault);
        self.header = None;
        self.again = false;
        if statement.path.is_empty() || statement.too_deep {
            self.tree.lost = true;
            return;
        }
        match open(&mut self.tree.root, statement) {
            Ok(table) => {
                table.torn |= bad;
                self.header = Some(statement.path.clone());
            }
            Err(Taken { first }) => {
                let fault = syntax::header_twice(self.text, statement, first);
                self.tree.faults.push(fault);
                self.step_again(statement, bad);
            }
        }
    }

    /// Keeps what stands under a step's header that stood before beside the root, so that it is checked too.
    fn step_again(&mut self, statement: &Statement, bad: bool) {
        let mut beside = Table::default();
        if statement.path.len() == 2
            && let Ok(table) = open(&mut beside, statement)
        {
            table.torn |= bad;
            self.tree.again.push(beside);
            self.header = Some(statement.path.clone());
            self.again = true;
        }
    }

    /// Takes a `key = value`, and gives how many statements that used up.
    fn pair(&mut self, at: usize) -> usize {
        let statement = &self.statements.list[at];
        if statement.too_deep {
            self.tree.faults.push(syntax::too_deep(statement));
            self.tear(&[]);
            return 1;
        }
        let (table, errors) = DeTable::parse_recoverable(&self.text[statement.span.clone()]);
        if errors.is_empty() {
            self.keep(convert(table.get_ref(), statement.span.start));
            return 1;
        }
        let told = pair::explain(self.text, self.statements, at, &errors);
        self.tree.faults.push(told.fault);
        self.tree.lost |= told.lost;
        if told.readable {
            self.keep(convert(table.get_ref(), statement.span.start));
        } else {
            self.tear(&statement.path);
        }
        told.statements
    }

    /// Hangs a statement's keys under the header.
    fn keep(&mut self, table: Table) {
        let Some(header) = &self.header else {
            return;
        };
        let target = descend(self.tree.written(self.again), header, MadeBy::Parent);
        let Ok(target) = target else {
            return;
        };
        let mut taken = Vec::new();
        merge(target, table, &mut Vec::new(), &mut taken);
        for (path, key_span, first) in taken {
            let on = line(self.text, first.start);
            self.tree
                .faults
                .push(syntax::key_twice(&path, key_span, first, on));
        }
    }

    /// Remembers that a statement which could not be read stood here.
    fn tear(&mut self, path: &[Part]) {
        let Some(header) = &self.header else {
            return;
        };
        let Ok(target) = descend(self.tree.written(self.again), header, MadeBy::Parent) else {
            return;
        };
        target.torn = true;
        let Some((last, parents)) = path.split_last() else {
            return;
        };
        if let Ok(parent) = descend(target, parents, MadeBy::Dots)
            && parent.get(&last.0).is_none()
        {
            parent.push(Entry {
                key: last.0.clone(),
                key_span: last.1.clone(),
                value: Value {
                    span: last.1.clone(),
                    kind: Kind::Broken,
                },
            });
        }
    }
}

/// A key that is there already.
struct Taken {
    first: Span,
}

impl Tree {
    /// Where statements go: to the last of the steps that stood before, or to the root.
    fn written(&mut self, again: bool) -> &mut Table {
        match self.again.last_mut() {
            Some(beside) if again => beside,
            _ => &mut self.root,
        }
    }
}

/// Makes the table that a header names.
fn open<'t>(root: &'t mut Table, statement: &Statement) -> Result<&'t mut Table, Taken> {
    let Some((last, parents)) = statement.path.split_last() else {
        return Ok(root);
    };
    let parent = descend(root, parents, MadeBy::Parent)?;
    let entry = parent.entry(&last.0, &last.1, MadeBy::Parent);
    let first = entry.key_span.clone();
    match &mut entry.value.kind {
        Kind::Table(table) if table.made_by == MadeBy::Parent => {
            table.made_by = MadeBy::Header;
            entry.key_span = last.1.clone();
            entry.value.span = statement.span.clone();
            Ok(table)
        }
        _ => Err(Taken { first }),
    }
}

/// Goes down a path, making tables where there are none.
fn descend<'t>(
    root: &'t mut Table,
    path: &[Part],
    made_by: MadeBy,
) -> Result<&'t mut Table, Taken> {
    let mut table = root;
    for (key, span) in path {
        let entry = table.entry(key, span, made_by);
        let first = entry.key_span.clone();
        table = match &mut entry.value.kind {
            Kind::Table(table) if table.made_by != MadeBy::Braces => table,
            _ => return Err(Taken { first }),
        };
    }
    Ok(table)
}

/// Puts the entries of `from` into `into`; those that are there already go to `taken` with path, place and first place.
fn merge(
    into: &mut Table,
    from: Table,
    path: &mut Vec<String>,
    taken: &mut Vec<(String, Span, Span)>,
) {
    for entry in from.into_entries() {
        path.push(entry.key.clone());
        match into.get_mut(&entry.key) {
            None => into.push(entry),
            Some(present) if present.value.is_broken() => present.value = entry.value,
            Some(present) => match (&mut present.value.kind, entry.value.kind) {
                (Kind::Table(old), Kind::Table(new))
                    if old.made_by != MadeBy::Braces && new.made_by == MadeBy::Dots =>
                {
                    merge(old, new, path, taken);
                }
                _ => taken.push((path.join("."), entry.key_span, present.key_span.clone())),
            },
        }
        path.pop();
    }
}

/// What toml read, as a tree of our own; `offset` is where its text stands in the file.
fn convert(table: &DeTable<'_>, offset: usize) -> Table {
    let entries = table.iter().map(|(key, value)| Entry {
        key: key.get_ref().to_string(),
        key_span: shifted(key.span(), offset),
        value: convert_value(value, offset, key.span() == value.span()),
    });
    Table::new(entries.collect())
}

fn convert_value(value: &Spanned<DeValue<'_>>, offset: usize, dotted: bool) -> Value {
    let kind = match value.get_ref() {
        DeValue::String(text) => Kind::Text(text.to_string()),
        DeValue::Integer(number) => {
            Kind::Integer(i64::from_str_radix(number.as_str(), number.radix()).ok())
        }
        DeValue::Float(number) => Kind::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(on) => Kind::Boolean(*on),
        DeValue::Datetime(_) => Kind::Datetime,
        DeValue::Array(values) => Kind::List(
            values
                .iter()
                .map(|value| convert_value(value, offset, false))
                .collect(),
        ),
        DeValue::Table(table) => {
            let mut table = convert(table, offset);
            table.made_by = if dotted { MadeBy::Dots } else { MadeBy::Braces };
            Kind::Table(table)
        }
    };
    Value {
        span: shifted(value.span(), offset),
        kind,
    }
}

fn shifted(span: Span, offset: usize) -> Span {
    span.start + offset..span.end + offset
}

/// What a bad statement came to.
pub(super) struct Told {
    /// What is said of it.
    pub(super) fault: Diagnostic,
    /// Whether what toml made of it can be trusted.
    pub(super) readable: bool,
    /// Whether it hides what follows.
    pub(super) lost: bool,
    /// How many statements the fault covers.
    pub(super) statements: usize,
}
