//! `[decide.X]`: by hours or by a value (CW103, CW109).

use std::collections::BTreeMap;

use super::center::queue_asked;
use super::context::FlowFile;
use super::way::By;
use crate::flow::diagnostic::Diagnostic;
use crate::flow::file::{Entry, Table};
use crate::flow::model::{Decide, Target, VariableName};
use crate::flow::template::is_variable_name;
use crate::text::nearest;

impl<'a> FlowFile<'a> {
    pub(super) fn decide(&mut self, step: usize) -> Option<Decide> {
        let (hours, value) = (self.entry(step, "hours"), self.entry(step, "value"));
        match (hours, value) {
            (Some(hours), None) => self.by_hours(step, hours),
            (None, Some(value)) => self.by_value(step, value),
            (Some(hours), Some(value)) => {
                let message = format!(
                    "{} asks hours and a value: which of the two?",
                    self.steps[step].title()
                );
                self.report(
                    Diagnostic::error("CW017", message)
                        .at(value.key_span.clone(), "a value")
                        .also(hours.key_span.clone(), "and hours")
                        .help("keep one of the two; put the other into a decide of its own"),
                );
                self.by_nothing(step);
                None
            }
            (None, None) => {
                let message = format!(
                    "{} has neither hours nor value: what does it go by?",
                    self.steps[step].title()
                );
                self.missing(
                    step,
                    "CW005",
                    message,
                    "hours = \"...\", or value = \"...\"",
                );
                self.by_nothing(step);
                None
            }
        }
    }

    /// Notes the ways of a decide that goes by nothing, so that what they lead to is not called unreachable.
    fn by_nothing(&mut self, step: usize) {
        for (by, key) in [
            (By::Open, "open"),
            (By::Closed, "closed"),
            (By::Else, "else"),
        ] {
            if let Some(entry) = self.entry(step, key) {
                self.way(step, by, key, &entry.value);
            }
        }
        if self.entry(step, "is").is_some() {
            self.words(step);
        }
        self.unknown_way(step, By::Else);
    }

    fn by_hours(&mut self, step: usize, entry: &'a Entry) -> Option<Decide> {
        let hours = self.hours_called(entry);
        let open = self.decided(
            step,
            By::Open,
            "open",
            "where does the call go while they are open?",
        );
        let closed = self.decided(
            step,
            By::Closed,
            "closed",
            "where does the call go while they are closed?",
        );
        if let Some(name) = &hours
            && let Some(decide) = self.by_schedule(step, name, open.clone(), closed.clone())
        {
            return decide;
        }
        Some(Decide::Hours {
            hours: hours?,
            open: open?,
            closed: closed?,
        })
    }

    /// CW109.
    fn hours_called(&self, entry: &'a Entry) -> Option<String> {
        let name = self.text_of("hours", &entry.value)?;
        if self.hours.contains_key(name) || self.schedules.contains_key(name) {
            return Some(name.to_owned());
        }
        let meant = nearest(name, self.hours.keys().map(String::as_str));
        let (did_you, help) = match meant {
            Some(meant) => (
                format!("; did you mean \"{meant}\"?"),
                format!("write: hours = \"{meant}\""),
            ),
            None => (
                String::new(),
                format!("add: [hours.{name}], then mon-fri = \"09:00-18:00\""),
            ),
        };
        if !self.lost {
            let message = format!("no hours are called \"{name}\"{did_you}");
            let fault = Diagnostic::error("CW109", message);
            self.report(
                fault
                    .at(entry.value.span.clone(), "no such hours")
                    .help(help),
            );
        }
        None
    }

    fn by_value(&mut self, step: usize, entry: &'a Entry) -> Option<Decide> {
        let of_queue = entry
            .value
            .as_text()
            .is_some_and(|value| queue_asked(value).is_some());
        let variable = match of_queue {
            true => None,
            false => self.decided_by(entry),
        };
        let is = self.words(step);
        let otherwise = match self.entry(step, "else") {
            Some(entry) => self.way(step, By::Else, "else", &entry.value),
            None => {
                self.no_else(step);
                self.unknown_way(step, By::Else)
            }
        };
        if of_queue {
            return self.by_queue(step, entry, is, otherwise).flatten();
        }
        Some(Decide::Value {
            variable: variable?,
            is: is?,
            otherwise: otherwise?,
        })
    }

    fn decided_by(&self, entry: &'a Entry) -> Option<VariableName> {
        let name = self.text_of("value", &entry.value)?;
        let bare = name.trim_start_matches('{').trim_end_matches('}');
        if name != bare || !is_variable_name(name) {
            let wants = "the name of a variable, without braces";
            self.wrong("value", wants, &format!("\"{bare}\""), &entry.value);
            return None;
        }
        Some(VariableName::new(name))
    }

    /// `is.gold = "vip"`.
    fn words(&mut self, step: usize) -> Option<BTreeMap<String, Target>> {
        let question = "for which word does the call go where?";
        let entry = self.required(step, "is", question, "...")?;
        let Some(words) = entry.value.as_table() else {
            let wants = "a word, a dot between them";
            self.wrong("is", wants, "is.gold = \"...\" instead", &entry.value);
            return None;
        };
        let read: Vec<_> = words
            .entries()
            .iter()
            .map(|word| {
                let path = format!("is.{}", word.key);
                let target = self.way(step, By::Is, &path, &word.value)?;
                Some((word.key.clone(), target))
            })
            .collect();
        read.into_iter().collect()
    }

    /// CW103.
    fn no_else(&self, step: usize) {
        let words = self.entry(step, "is").and_then(|is| is.value.as_table());
        let words: Vec<_> = words
            .map(Table::entries)
            .unwrap_or_default()
            .iter()
            .map(|word| format!("\"{}\"", word.key))
            .collect();
        let words = match words.is_empty() {
            true => "the ones it names".to_owned(),
            false => words.join(" or "),
        };
        let message = format!(
            "{} has no else: a value other than {words} would strand the caller",
            self.steps[step].title()
        );
        self.missing(step, "CW103", message, "else = \"...\"");
    }

    fn decided(&mut self, step: usize, by: By, key: &str, question: &str) -> Option<Target> {
        match self.required(step, key, question, "\"...\"") {
            Some(entry) => self.way(step, by, key, &entry.value),
            None => self.unknown_way(step, by),
        }
    }
}
