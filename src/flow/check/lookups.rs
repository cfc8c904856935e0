//! `[lookup.X]`: what is asked, how long, and where each answer leads (CW102, CW107, CW412, CW509).

use std::collections::BTreeMap;

use super::context::FlowFile;
use super::steps::key;
use super::values::bad_name;
use super::way::By;
use super::written;
use crate::flow::diagnostic::Diagnostic;
use crate::flow::file::{Entry, Kind, Table};
use crate::flow::model::{Lookup, Method, Sent, Target, VariableName};
use crate::flow::need::BUDGET_MS;
use crate::flow::template::{Part, Template};

/// How long a look-up is waited for that says nothing of it, in milliseconds.
pub(super) const USUAL_TIMEOUT_MS: u32 = 1000;

/// The longest time that a look-up may take while its words are spoken, in milliseconds.
const LONGEST_MEANWHILE_MS: u32 = 10_000;

impl<'a> FlowFile<'a> {
    pub(super) fn lookup(&mut self, step: usize) -> Option<Lookup> {
        let asked = self.address(step);
        let send = self.sent(step);
        let headers = self.headers(step);
        let timeout_ms = self.timeout(step);
        let while_waiting = self.optional(step, "while_waiting", Self::say);
        let save = self.saved(step);
        let require = self.required_fields(step);
        let ok = match self.required(step, "ok", "where does the call go on?", "\"...\"") {
            Some(entry) => self.way(step, By::Answered, "ok", &entry.value),
            None => self.unknown_way(step, By::Answered),
        };
        let status = self.statuses(step);
        let failed = self.failed(step);
        let (method, url) = asked?;
        Some(Lookup {
            method,
            url,
            send: send?,
            headers: headers?,
            timeout_ms: timeout_ms?,
            while_waiting: while_waiting?,
            save: save?,
            require: require?,
            ok: ok?,
            status: status?,
            failed: failed?,
        })
    }

    /// `get`, `post` or `put`, one of them.
    fn address(&mut self, step: usize) -> Option<(Method, Template)> {
        let written: Vec<_> = Method::ALL
            .iter()
            .filter_map(|(key, method)| Some((*key, *method, self.entry(step, key)?)))
            .collect();
        match written.as_slice() {
            [] => {
                let title = self.steps[step].title();
                let message = format!("{title} has no get, post or put: what does it ask?");
                self.missing(step, "CW005", message, "get = \"https://...\"");
                None
            }
            [(name, method, entry)] => {
                let template = self.template(key(step, name), None, &entry.value)?;
                self.sound_address(entry, &template)
                    .then_some((*method, template))
            }
            [(_, _, first), (_, _, second), ..] => {
                let title = self.steps[step].title();
                let message = format!(
                    "{title} has {} and {}: which of them?",
                    first.key, second.key
                );
                self.report(
                    Diagnostic::error("CW017", message)
                        .at(second.key_span.clone(), "here")
                        .also(first.key_span.clone(), "and here")
                        .help("keep one of them; put the other into a lookup of its own"),
                );
                None
            }
        }
    }

    /// CW006 for what is no address; CW412 for one whose host a variable makes.
    fn sound_address(&self, entry: &Entry, address: &Template) -> bool {
        let text = entry.value.as_text().unwrap_or_default();
        let parts = address.parts();
        let begins = match parts.first() {
            Some(Part::Text(words)) => words.as_str(),
            _ => "",
        };
        let scheme = ["https://", "http://"]
            .into_iter()
            .find(|scheme| begins.starts_with(scheme));
        let Some(scheme) = scheme.filter(|_| !text.contains(char::is_whitespace)) else {
            let wants = "a web address that begins with https://";
            self.wrong(
                &entry.key,
                wants,
                "\"https://bookings.example/api\"",
                &entry.value,
            );
            return false;
        };
        let host_ends = begins[scheme.len()..].contains(['/', '?', '#']);
        if let (false, Some(Part::Place { name, span, .. })) = (host_ends, parts.get(1)) {
            let message = format!("{{{name}}} would choose which machine is asked");
            self.report(
                Diagnostic::error("CW412", message)
                    .at(self.within(&entry.value, span.clone()), "part of the host")
                    .help("write the host out; variables may stand behind it, in the path"),
            );
            return false;
        }
        true
    }

    /// `send = { phone = "{caller}", guests = 4 }`.
    fn sent(&mut self, step: usize) -> Option<BTreeMap<String, Sent>> {
        let Some(entry) = self.entry(step, "send") else {
            return Some(BTreeMap::new());
        };
        let Some(table) = entry.value.as_table() else {
            let wants = "names with their values";
            self.wrong("send", wants, "{ phone = \"{caller}\" }", &entry.value);
            return None;
        };
        let read: Vec<_> = table
            .entries()
            .iter()
            .map(|field| {
                let path = format!("send.{}", field.key);
                let value = match &field.value.kind {
                    Kind::Integer(Some(number)) => Sent::Plain(number.to_string()),
                    Kind::Float(number) if number.is_finite() => Sent::Plain(number.to_string()),
                    Kind::Boolean(truth) => Sent::Plain(truth.to_string()),
                    _ => Sent::Text(self.template(key(step, &path), None, &field.value)?),
                };
                Some((field.key.clone(), value))
            })
            .collect();
        read.into_iter().collect()
    }

    fn headers(&mut self, step: usize) -> Option<BTreeMap<String, Template>> {
        let Some(entry) = self.entry(step, "headers") else {
            return Some(BTreeMap::new());
        };
        let Some(table) = entry.value.as_table() else {
            let wants = "names with their values";
            let example = "{ Authorization = \"Bearer {secret.TOKEN}\" }";
            self.wrong("headers", wants, example, &entry.value);
            return None;
        };
        let read: Vec<_> = table
            .entries()
            .iter()
            .map(|field| {
                let path = format!("headers.{}", field.key);
                let is_token =
                    |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
                if field.key.is_empty() || !field.key.bytes().all(is_token) {
                    let span = field.key_span.clone();
                    self.report(bad_name(
                        "a header's name",
                        &field.key,
                        "letters, digits and -",
                        span,
                    ));
                    return None;
                }
                let value = self.template(key(step, &path), None, &field.value)?;
                Some((field.key.clone(), value))
            })
            .collect();
        read.into_iter().collect()
    }

    /// CW509.
    fn timeout(&self, step: usize) -> Option<u32> {
        let own = self.entry(step, "timeout");
        let ms = match own {
            Some(entry) => self.duration_ms("timeout", &entry.value)?,
            None => self.defaults.timeout_ms,
        };
        let meanwhile = self.entry(step, "while_waiting").is_some();
        let most = if meanwhile {
            LONGEST_MEANWHILE_MS
        } else {
            BUDGET_MS
        };
        if ms <= most {
            return Some(ms);
        }
        let Some(entry) = own else {
            // That of [defaults] is told of there.
            return Some(most);
        };
        let written = written::value(self, &entry.value);
        let (why, help) = match meanwhile {
            true => (
                "a look-up may take 10 s while its words are spoken",
                "write at most \"10s\"",
            ),
            false => (
                "the look-ups of one reply have 1.2 s together",
                "write at most \"1.2s\"; with while_waiting it may be up to \"10s\"",
            ),
        };
        self.report(
            Diagnostic::error("CW509", format!("timeout = {written}: {why}"))
                .at(entry.value.span.clone(), "callers wait in silence")
                .help(help),
        );
        None
    }

    /// `save.ref = "reservation.number"`.
    fn saved(&self, step: usize) -> Option<BTreeMap<VariableName, String>> {
        let Some(entry) = self.entry(step, "save") else {
            return Some(BTreeMap::new());
        };
        let Some(table) = entry.value.as_table() else {
            let wants = "a variable, a dot between them";
            self.wrong("save", wants, "save.name = \"name\" instead", &entry.value);
            return None;
        };
        let read: Vec<_> = table
            .entries()
            .iter()
            .map(|field| {
                let name = self.variable_name(&field.key, field.key_span.clone());
                let path = self.text_of(&format!("save.{}", field.key), &field.value)?;
                if path.split('.').any(str::is_empty) {
                    let wants = "the field of the answer, names joined by dots";
                    self.wrong(
                        &format!("save.{}", field.key),
                        wants,
                        "\"reservation.number\"",
                        &field.value,
                    );
                    return None;
                }
                Some((name?, path.to_owned()))
            })
            .collect();
        read.into_iter().collect()
    }

    fn required_fields(&self, step: usize) -> Option<Vec<VariableName>> {
        let Some(entry) = self.entry(step, "require") else {
            return Some(Vec::new());
        };
        let wants = "a list of variables that save names";
        let saved = self
            .entry(step, "save")
            .and_then(|save| save.value.as_table());
        let read: Vec<_> = self
            .list("require", wants, &entry.value)
            .iter()
            .map(|value| {
                let name = self.variable("require", value)?;
                if saved.is_none_or(|saved| saved.get(name.as_str()).is_none()) {
                    self.wrong(
                        "require",
                        wants,
                        "[\"name\"], beside save.name = \"...\"",
                        value,
                    );
                    return None;
                }
                Some(name)
            })
            .collect();
        read.into_iter().collect()
    }

    /// `status.409 = "fully_booked"`: CW107 for one that `ok` covers.
    fn statuses(&mut self, step: usize) -> Option<BTreeMap<u16, Target>> {
        let Some(entry) = self.entry(step, "status") else {
            return Some(BTreeMap::new());
        };
        let Some(table) = entry.value.as_table() else {
            let wants = "a status, a dot between them";
            self.wrong(
                "status",
                wants,
                "status.409 = \"...\" instead",
                &entry.value,
            );
            return None;
        };
        let read: Vec<_> = table
            .entries()
            .iter()
            .map(|entry| {
                let path = format!("status.{}", entry.key);
                let target = self.way(step, By::Answered, &path, &entry.value);
                let status = entry.key.parse::<u16>().ok();
                let Some(status) = status.filter(|status| (200..=599).contains(status)) else {
                    let fault = Diagnostic::error(
                        "CW006",
                        format!(
                            "status must be an HTTP status from 200 to 599, not {}",
                            entry.key
                        ),
                    );
                    self.report(
                        fault
                            .at(entry.key_span.clone(), "")
                            .help("write: status.409 = \"...\""),
                    );
                    return None;
                };
                if (200..=299).contains(&status) {
                    self.covered(step, entry);
                }
                Some((status, target?))
            })
            .collect();
        let statuses: BTreeMap<_, _> = read.into_iter().collect::<Option<_>>()?;
        Some(
            statuses
                .into_iter()
                .filter(|(status, _)| !(200..=299).contains(status))
                .collect(),
        )
    }

    fn covered(&self, step: usize, entry: &Entry) {
        let message = format!(
            "{}: status.{} is never used, because ok already covers 200 to 299",
            self.steps[step].title(),
            entry.key
        );
        self.report(
            Diagnostic::warning("CW107", message)
                .at(entry.key_span.clone(), "")
                .help("take it out, or save a field and decide by its value"),
        );
    }

    /// CW102.
    pub(super) fn failed(&mut self, step: usize) -> Option<Target> {
        if let Some(entry) = self.entry(step, "failed") {
            return self.way(step, By::Failed, "failed", &entry.value);
        }
        let message = format!(
            "{} does not say where to go when it fails",
            self.steps[step].title()
        );
        self.missing(step, "CW102", message, "failed = \"...\"");
        self.unknown_way(step, By::Failed)
    }
}

/// The entries of `save` of a step, with the variables that they name.
pub(super) fn saves(table: &Table) -> &[Entry] {
    let save = table.get("save").and_then(|save| save.value.as_table());
    save.map_or(&[], Table::entries)
}
