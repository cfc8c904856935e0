//! The keys of a menu: `press.1 = "step"`, or `{ go =, say =, set.VAR =, language = }`.

use std::collections::BTreeMap;

use super::context::FlowFile;
use super::declared;
use super::steps::key;
use super::vocabulary::{PRESS, names};
use super::way::{By, Place};
use crate::flow::diagnostic::Diagnostic;
use crate::flow::file::{Entry, Table};
use crate::flow::model::{Keys, Language, Press, Target, VariableName};
use crate::flow::template::Template;
use crate::text::nearest;

/// The most keys that one choice can have: more are never captured.
const MOST_KEYS: usize = 25;

impl<'a> FlowFile<'a> {
    /// Reads the ways out of a menu.
    pub(super) fn presses(&mut self, step: usize) -> Option<BTreeMap<Keys, Press>> {
        let question = "which keys can the caller press?";
        let Some(entry) = self.entry(step, "press") else {
            let message = format!("{} has no press: {question}", self.steps[step].title());
            self.missing(step, "CW005", message, "press.1 = \"...\"");
            return None;
        };
        if entry.value.as_table().is_none() {
            let wants = "a key of the telephone, a dot between them";
            self.wrong("press", wants, "press.1 = \"...\" instead", &entry.value);
            return None;
        }
        let entries = self.steps[step].press_entries();
        if entries.is_empty() {
            let message = format!("{} has no press: {question}", self.steps[step].title());
            self.missing(step, "CW005", message, "press.1 = \"...\"");
        }
        let read: Vec<_> = entries
            .iter()
            .map(|entry| {
                let keys = self.keys(entry);
                let press = self.press(step, entry);
                Some((keys?, press?))
            })
            .collect();
        self.pressed_twice(&entries, &read);
        let presses: BTreeMap<_, _> = read.into_iter().collect::<Option<_>>()?;
        (!presses.is_empty()).then_some(presses)
    }

    /// Says so when a key of the telephone is there in two spellings, such as `star` and `*`.
    fn pressed_twice(&self, entries: &[&Entry], read: &[Option<(Keys, Press)>]) {
        let mut seen: BTreeMap<&Keys, &Entry> = BTreeMap::new();
        for (entry, read) in entries.iter().zip(read) {
            let Some((keys, _)) = read else { continue };
            if let Some(first) = seen.insert(keys, entry) {
                let on = self.line(first.key_span.start);
                let message = format!(
                    "press.{} is set twice; the first one is on line {on}",
                    entry.key
                );
                self.report(
                    Diagnostic::error("CW002", message)
                        .at(entry.key_span.clone(), "the second")
                        .also(first.key_span.clone(), "the first")
                        .help("keep one of the two"),
                );
            }
        }
    }

    fn keys(&self, entry: &Entry) -> Option<Keys> {
        match declared::keys(&entry.key).filter(|keys| keys.len() <= MOST_KEYS) {
            Some(keys) => Some(Keys::new(keys)),
            None => {
                let text = &entry.key;
                let message = format!(
                    "\"{text}\" is not a key of a telephone; a menu knows press.0 to press.9, several digits such as press.12, press.star and press.hash"
                );
                let meant = nearest(text, ["star", "hash"]).unwrap_or("1");
                self.report(
                    Diagnostic::error("CW003", message)
                        .at(entry.key_span.clone(), "")
                        .help(format!("write: press.{meant}")),
                );
                None
            }
        }
    }

    /// `"step"` or `{ go =, say =, set.VAR =, language = }`.
    fn press(&mut self, step: usize, entry: &'a Entry) -> Option<Press> {
        let path = format!("press.{}", entry.key);
        let Some(table) = entry.value.as_table() else {
            let go = self.way(step, By::Press, &path, &entry.value)?;
            return Some(Press {
                go,
                say: None,
                set: BTreeMap::new(),
                language: None,
            });
        };
        self.strange_keys(table, "a press", &names(&PRESS));
        let go = self.press_go(step, &path, entry, table);
        let say_path = format!("{path}.say");
        let say = match table.get("say") {
            None => Some(None),
            Some(entry) => self.say(key(step, &say_path), &entry.value).map(Some),
        };
        let set = self.set(step, &path, table);
        let language = self.press_language(table);
        Some(Press {
            go: go?,
            say: say?,
            set: set?,
            language: language?,
        })
    }

    fn press_go(
        &mut self,
        step: usize,
        path: &str,
        entry: &Entry,
        table: &'a Table,
    ) -> Option<Target> {
        if let Some(go) = table.get("go") {
            return self.way(step, By::Press, &format!("{path}.go"), &go.value);
        }
        if !table.torn {
            let message = format!("{path} has no go: where does the call go on?");
            self.report(
                Diagnostic::error("CW005", message)
                    .at(entry.value.span.clone(), "")
                    .help("write in the braces: go = \"...\""),
            );
        }
        self.note_way(step, By::Press, Place::Unknown, entry.value.span.clone())
    }

    fn set(
        &mut self,
        step: usize,
        path: &str,
        table: &'a Table,
    ) -> Option<BTreeMap<VariableName, Template>> {
        let Some(entry) = table.get("set") else {
            return Some(BTreeMap::new());
        };
        let Some(variables) = entry.value.as_table() else {
            let wants = "a variable with its value";
            self.wrong("set", wants, "set.day = \"today\" instead", &entry.value);
            return None;
        };
        let read: Vec<_> = variables
            .entries()
            .iter()
            .map(|entry| {
                let name = self.variable_name(&entry.key, entry.key_span.clone());
                let path = format!("{path}.set.{}", entry.key);
                let value = self.template(key(step, &path), None, &entry.value);
                Some((name?, value?))
            })
            .collect();
        read.into_iter().collect()
    }

    #[expect(clippy::option_option, reason = "left out and faulty are two things")]
    fn press_language(&self, table: &'a Table) -> Option<Option<Language>> {
        let Some(entry) = table.get("language") else {
            return Some(None);
        };
        let code = self.text_of("language", &entry.value)?;
        let language = Language::new(code);
        Some(Some(language)) // CW311 tells of one that nobody speaks.
    }
}
