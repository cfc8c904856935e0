//! The tables that are about the whole flow: `[flow]`, `[languages]`, `[numbers]`.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::context::{FlowFile, LanguageAt, SpokenLanguages};
use super::slips;
use super::values::bad_name;
use super::vocabulary::{FLOW, LANGUAGE_KEYS, names};
use crate::call::PhoneNumber;
use crate::flow::diagnostic::{Diagnostic, Span};
use crate::flow::file::{Entry, Table, Value};
use crate::flow::model::{FlowId, Language, ONLY_LANGUAGE};
use crate::text::nearest;

const KEYS: [&str; 8] = names(&FLOW);

impl<'a> FlowFile<'a> {
    /// Reads `[languages]`.
    pub(super) fn read_languages(&mut self) {
        if self.handed_down.is_some() {
            return; // A sub-flow speaks those of the flow that uses it.
        }
        let Some(table) = self.table("languages") else {
            return;
        };
        let mut codes = BTreeMap::new();
        for entry in table
            .entries()
            .iter()
            .filter(|entry| entry.key != "default")
        {
            if entry.value.is_broken() {
                continue;
            }
            let voice = self.language_voice(entry);
            let place = entry.key_span.clone();
            codes.insert(
                Language::new(entry.key.as_str()),
                LanguageAt { place, voice },
            );
        }
        let Some(default) = self.default_language(table, &codes) else {
            return;
        };
        codes.entry(default.clone()).or_default();
        self.languages = SpokenLanguages {
            declared: true,
            default,
            codes,
        };
    }

    fn language_voice(&self, entry: &'a Entry) -> Option<(String, Span)> {
        let code = entry.key.as_str();
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if code.is_empty() || !code.bytes().all(plain) {
            let fault = bad_name(
                "a language's code",
                code,
                "a-z and -",
                entry.key_span.clone(),
            );
            self.report(fault);
        }
        let Some(table) = entry.value.as_table() else {
            let example = format!("{code}.voice = \"...\" instead");
            self.wrong(code, "a table with a voice", &example, &entry.value);
            return None;
        };
        self.strange_keys(table, "a language", &names(&LANGUAGE_KEYS));
        let voice = table.get("voice")?;
        let name = self.text_of(&format!("{code}.voice"), &voice.value)?;
        Some((name.to_owned(), voice.value.span.clone()))
    }

    /// The language that a call begins in.
    fn default_language(
        &self,
        table: &'a Table,
        codes: &BTreeMap<Language, LanguageAt>,
    ) -> Option<Language> {
        let known: Vec<_> = codes.keys().map(Language::as_str).collect();
        let Some(entry) = table.get("default") else {
            let english = Language::new(ONLY_LANGUAGE);
            if codes.contains_key(&english) {
                return Some(english);
            }
            if codes.len() > 1 && !table.torn {
                let place = self.root.get("languages")?.value.span.clone();
                let message = "[languages] has no default: which language does a call begin in?";
                self.report(
                    Diagnostic::error("CW005", message)
                        .at(place, "")
                        .help(format!("add under [languages]: default = \"{}\"", known[0])),
                );
            }
            return codes.keys().next().cloned();
        };
        let Some(default) = self.text_of("default", &entry.value) else {
            return codes.keys().next().cloned();
        };
        let language = Language::new(default);
        if !codes.is_empty() && !codes.contains_key(&language) {
            let meant = nearest(default, known.iter().copied()).unwrap_or(known[0]);
            let wants = format!("one of {}", known.join(", "));
            self.wrong("default", &wants, &format!("\"{meant}\""), &entry.value);
            return Some(Language::new(meant));
        }
        Some(language)
    }

    /// Reads `[numbers]`.
    pub(super) fn read_numbers(&mut self) {
        let entries = self
            .table("numbers")
            .map(Table::entries)
            .unwrap_or_default();
        for entry in entries {
            let number = self.phone(&entry.key, &entry.value);
            self.numbers.insert(entry.key.clone(), number);
        }
    }

    /// Reads `[flow]`.
    pub(super) fn read_head(&mut self) {
        let Some(table) = self.table("flow") else {
            let broken = self.root.get("flow").is_some();
            if !self.lost && !broken {
                self.report(
                    Diagnostic::error("CW005", "this file has no [flow]: what is the flow called, and where does a call begin?")
                        .at(0..0, "")
                        .help("write at the top: [flow], then id = \"...\" and start = \"...\""),
                );
            }
            return;
        };
        self.strange_keys(table, "[flow]", &KEYS);
        self.head.id = self.flow_id(table);
        self.head.start = self.start(table);
        self.head.name = slips::find(table, "name", &KEYS)
            .and_then(|entry| self.text_of("name", &entry.value))
            .map(str::to_owned);
        self.head.zone = self.timezone(table);
        self.read_answers(table);
        self.head.needs = self.variables(table, "needs");
        self.head.gives = self.variables(table, "gives");
        self.head.preview = self.phones(table, "preview");
        self.answers_nobody();
    }

    /// CW212.
    fn answers_nobody(&self) {
        let head = &self.head;
        let answers = head.answers.first().map(|(_, place)| place);
        let Some(place) = answers.or(head.answers_any.as_ref()) else {
            return;
        };
        if self.handed_down.is_some() {
            self.report(
                Diagnostic::error("CW212", "a sub-flow answers no number: other flows use it")
                    .at(place.clone(), "nobody would be answered")
                    .help("take answers out, or move the file out of shared/"),
            );
        }
    }

    /// Says that `[flow]` lacks a key that it must have.
    fn missing_in_flow(&self, table: &Table, message: &str, add: &str) {
        if !table.torn {
            let place = self
                .root
                .get("flow")
                .map_or(0..0, |flow| flow.value.span.clone());
            let fault = Diagnostic::error("CW005", message).at(place, "");
            self.report(fault.help(format!("add under [flow]: {add}")));
        }
    }

    fn flow_id(&self, table: &'a Table) -> Option<(FlowId, Span)> {
        let Some(entry) = slips::find(table, "id", &KEYS) else {
            let message = "[flow] has no id: what is the flow called in reports?";
            self.missing_in_flow(table, message, "id = \"abc-restaurant\"");
            return None;
        };
        let id = self.text_of("id", &entry.value)?;
        let span = entry.value.span.clone();
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b);
        if id.is_empty() || !id.bytes().all(plain) {
            self.report(bad_name("a flow's id", id, "a-z, 0-9, _ and -", span));
            return None;
        }
        Some((FlowId::new(id), span))
    }

    fn start(&self, table: &'a Table) -> Option<usize> {
        let Some(entry) = slips::find(table, "start", &KEYS) else {
            let message = "[flow] has no start: at which step does a call begin?";
            let first = self.steps.first().map_or("main", |step| step.name.as_str());
            self.missing_in_flow(table, message, &format!("start = \"{first}\""));
            return None;
        };
        let name = self.text_of("start", &entry.value)?;
        if let Some(index) = self.by_name.get(name) {
            return Some(*index);
        }
        let meant = self.meant(name);
        if !self.lost {
            self.report(self.no_start(name, entry.value.span.clone(), meant));
        }
        meant
    }

    fn no_start(&self, name: &str, span: Span, meant: Option<usize>) -> Diagnostic {
        let meant = meant.map(|index| &self.steps[index]);
        let (did_you, help) = match meant {
            Some(step) => (
                format!("; did you mean \"{}\"?", step.name),
                format!("write: start = \"{}\"", step.name),
            ),
            None => (String::new(), self.names_help()),
        };
        let message = format!("flow.start = \"{name}\" is not a step{did_you}");
        let fault = Diagnostic::error("CW202", message).at(span, "no such step");
        match meant {
            Some(step) => fault.also(step.name_span.clone(), "this one?").help(help),
            None => fault.help(help),
        }
    }

    /// A line of help that names the steps there are.
    pub(super) fn names_help(&self) -> String {
        let names: Vec<_> = self
            .steps
            .iter()
            .take(8)
            .map(|step| step.name.as_str())
            .collect();
        match names.len() {
            0 => "write a step first, such as [menu.main]".to_owned(),
            8 if self.steps.len() > 8 => format!("write one of: {}, ...", names.join(", ")),
            _ => format!("write one of: {}", names.join(", ")),
        }
    }

    fn timezone(&self, table: &'a Table) -> Option<TimeZone> {
        let entry = slips::find(table, "timezone", &KEYS)?;
        let name = self.text_of("timezone", &entry.value)?;
        let zones = jiff::tz::TimeZoneDatabase::bundled();
        if let Ok(zone) = zones.get(name) {
            return Some(zone);
        }
        let known: Vec<_> = zones.available().map(|zone| zone.to_string()).collect();
        let meant = nearest(name, known.iter().map(String::as_str));
        let did_you = meant.map_or(String::new(), |zone| format!("; did you mean \"{zone}\"?"));
        let fault = Diagnostic::error("CW501", format!("\"{name}\" is not a time zone{did_you}"));
        let help = format!(
            "write: timezone = \"{}\"",
            meant.unwrap_or("Asia/Singapore")
        );
        self.report(fault.at(entry.value.span.clone(), "").help(help));
        None
    }

    fn read_answers(&mut self, table: &'a Table) {
        let Some(entry) = slips::find(table, "answers", &KEYS) else {
            return;
        };
        if entry.value.as_text() == Some("any") {
            self.head.answers_any = Some(entry.value.span.clone());
        } else {
            self.head.answers = self.phones(table, "answers");
        }
    }

    fn phones(&self, table: &'a Table, key: &str) -> Vec<(PhoneNumber, Span)> {
        let Some(entry) = slips::find(table, key, &KEYS) else {
            return Vec::new();
        };
        let wants = match key {
            "answers" => "a list of phone numbers, or \"any\"",
            _ => "a list of phone numbers",
        };
        if entry.value.as_list().is_none() {
            self.wrong(key, wants, "[\"+6561115777\"]", &entry.value);
        }
        let numbers: &[Value] = entry.value.as_list().unwrap_or_default();
        let with_place = |value| Some((self.phone(key, value)?, value.span.clone()));
        numbers.iter().filter_map(with_place).collect()
    }

    fn variables(&self, table: &'a Table, key: &str) -> Vec<(String, Span)> {
        let Some(entry) = slips::find(table, key, &KEYS) else {
            return Vec::new();
        };
        let names = self.list(key, "a list of variables", &entry.value);
        let with_place = |value| {
            let name = self.variable(key, value)?;
            Some((name.as_str().to_owned(), value.span.clone()))
        };
        names.iter().filter_map(with_place).collect()
    }
}
