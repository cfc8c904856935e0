//! `[defaults]`, and how wrong tries are met, which a step takes from there unless it says otherwise (CW106).

use super::context::FlowFile;
use super::slips;
use super::texts::Key;
use super::vocabulary::{DEFAULTS, TRIES, names};
use super::way::By;
use super::written;
use crate::flow::diagnostic::Diagnostic;
use crate::flow::file::Entry;
use crate::flow::model::{PerLanguage, Retry, Target};
use crate::flow::need::BUDGET_MS;

/// The names of the keys of `[defaults]`.
pub(super) const KEYS: [&str; 9] = names(&DEFAULTS);

impl<'a> FlowFile<'a> {
    /// Reads `[defaults]`.
    pub(super) fn read_defaults(&mut self) {
        let Some(table) = self.table("defaults") else {
            return;
        };
        self.strange_keys(table, "[defaults]", &KEYS);
        let get = |key| slips::find(table, key, &KEYS);
        if let Some(entry) = get("voice") {
            let voice = self.text_of("voice", &entry.value);
            self.defaults.voice = voice.map(|v| (v.to_owned(), entry.value.span.clone()));
        }
        if let Some(speed) = get("speed").and_then(|e| self.speed(&e.value)) {
            self.defaults.speed = speed;
        }
        if let Some(entry) = get("timeout") {
            self.default_timeout(entry);
        }
        self.defaults.tries = self.tries(get("tries"));
        self.defaults.wait_ms = self.wait_ms(get("wait"));
        let key = |path| Key { step: None, path };
        if let Some(entry) = get("no_input") {
            self.defaults.no_input = self.say_list(key("no_input"), &entry.value);
        }
        if let Some(entry) = get("no_match") {
            self.defaults.no_match = self.say_list(key("no_match"), &entry.value);
        }
        if let Some(entry) = get("give_up") {
            let place = self.place("give_up", &entry.value, "callers who give up get nowhere");
            self.defaults.give_up = Some((place, entry.value.span.clone()));
        }
    }

    /// CW509 for all look-ups that say nothing of their own.
    fn default_timeout(&mut self, entry: &Entry) {
        let Some(ms) = self.duration_ms("timeout", &entry.value) else {
            return;
        };
        if ms > BUDGET_MS {
            let written = written::value(self, &entry.value);
            let message =
                format!("timeout = {written}: the look-ups of one reply have 1.2 s together");
            self.report(
                Diagnostic::error("CW509", message)
                    .at(entry.value.span.clone(), "callers wait in silence")
                    .help("write at most \"1.2s\"; a lookup with while_waiting may have a longer one of its own"),
            );
        }
        self.defaults.timeout_ms = ms.min(BUDGET_MS);
    }

    fn tries(&self, entry: Option<&Entry>) -> u8 {
        entry
            .and_then(|entry| self.whole("tries", &entry.value, TRIES))
            .unwrap_or(self.defaults.tries)
    }

    fn wait_ms(&self, entry: Option<&Entry>) -> u32 {
        entry
            .and_then(|entry| self.duration_ms("wait", &entry.value))
            .unwrap_or(self.defaults.wait_ms)
    }

    /// Reads how a step meets wrong tries, and notes the way out.
    pub(super) fn retry(&mut self, step: usize) -> Option<Retry> {
        let texts = |file: &mut Self, path, default: Option<PerLanguage<_>>| {
            let key = Key {
                step: Some(step),
                path,
            };
            match file.entry(step, path) {
                Some(entry) => file.say_list(key, &entry.value),
                None => Some(default.unwrap_or(PerLanguage::All(Vec::new()))),
            }
        };
        let no_input = texts(self, "no_input", self.defaults.no_input.clone());
        let no_match = texts(self, "no_match", self.defaults.no_match.clone());
        let give_up = self.give_up(step);
        Some(Retry {
            tries: self.tries(self.entry(step, "tries")),
            wait_ms: self.wait_ms(self.entry(step, "wait")),
            no_input: no_input?,
            no_match: no_match?,
            give_up: give_up?,
        })
    }

    fn give_up(&mut self, step: usize) -> Option<Target> {
        if let Some(entry) = self.entry(step, "give_up") {
            return self.way(step, By::GiveUp, "give_up", &entry.value);
        }
        let Some((place, span)) = self.defaults.give_up.clone() else {
            self.no_give_up(step);
            return self.unknown_way(step, By::GiveUp);
        };
        self.note_way(step, By::GiveUp, place, span)
    }

    fn no_give_up(&self, step: usize) {
        let step = &self.steps[step];
        let defaults_torn = self.table("defaults").is_some_and(|table| table.torn);
        if step.torn || defaults_torn || self.lost {
            return;
        }
        let message = format!("{} has no give_up, here or in [defaults]", step.title());
        self.report(
            Diagnostic::error("CW106", message)
                .at(
                    step.header.clone(),
                    "where does a caller go after the last wrong try?",
                )
                .help("add under [defaults] or here: give_up = \"end\", or the name of a step"),
        );
    }
}
