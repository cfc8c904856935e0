//! Builds the steps from their keys, and notes the ways between them.

use std::collections::BTreeMap;

use super::context::{By, FlowFile, Place};
use super::form::keys_of;
use super::texts::Key;
use crate::call::PhoneNumber;
use crate::flow::diagnostic::Diagnostic;
use crate::flow::file::{Entry, Table, Value};
use crate::flow::model::{
    Ask, Connect, End, Keys, Language, Menu, Message, Press, Step, Target, Utterance,
};
use crate::flow::near::nearest;

/// The most keys that one choice can have: more are never captured.
const MOST_KEYS: usize = 25;

impl<'a> FlowFile<'a> {
    /// Builds every step that can be built.
    pub(super) fn build_steps(&mut self) {
        for step in 0..self.steps.len() {
            let kind = self.steps[step].kind;
            let owner = match kind {
                "ask" | "end" => format!("an {kind}"),
                _ => format!("a {kind}"),
            };
            let built = match kind {
                "menu" => self.menu(step).map(Step::Menu),
                "ask" => self.ask(step).map(Step::Ask),
                "message" => self.message(step).map(Step::Message),
                "connect" => self.connect(step).map(Step::Connect),
                "end" => self.end(step).map(Step::End),
                _ => continue,
            };
            self.strange_keys(self.steps[step].table, &owner, keys_of(kind));
            self.steps[step].built = built;
        }
    }

    fn entry(&self, step: usize, key: &str) -> Option<&'a Entry> {
        self.steps[step].table.get(key)
    }

    /// A key that a step must have; says so when it lacks it.
    fn required(&self, step: usize, key: &str, question: &str, example: &str) -> Option<&'a Entry> {
        let entry = self.entry(step, key);
        if entry.is_none() {
            let message = format!("{} has no {key}: {question}", self.steps[step].title());
            self.missing(step, "CW005", message, &format!("{key} = {example}"));
        }
        entry
    }

    fn missing(&self, step: usize, code: &'static str, message: String, add: &str) {
        let step = &self.steps[step];
        if !step.torn {
            let header = &self.text[step.header.clone()];
            self.report(
                Diagnostic::error(code, message)
                    .at(step.header.clone(), "")
                    .help(format!("add under [{header}]: {add}")),
            );
        }
    }

    fn menu(&mut self, step: usize) -> Option<Menu> {
        let say = self.menu_say(step);
        let say_again = self.optional(step, "say_again", Self::say);
        let play = self.optional(step, "play", Self::play);
        let every_language = self.speak(step);
        let press = self.presses(step);
        let retry = self.retry(step);
        Some(Menu {
            say: say?,
            say_again: say_again?,
            play: play?,
            every_language: every_language?,
            press: press?,
            retry: retry?,
        })
    }

    fn menu_say(
        &mut self,
        step: usize,
    ) -> Option<crate::flow::model::PerLanguage<crate::flow::template::Template>> {
        if self.entry(step, "say").is_none() && self.entry(step, "play").is_some() {
            let message = "a recorded menu needs a short text too (8x8 cannot capture keys after a recording alone)";
            self.missing(
                step,
                "CW607",
                message.to_owned(),
                "say = \"Please choose.\"",
            );
            return None;
        }
        self.required_say(step)
    }

    fn required_say(
        &mut self,
        step: usize,
    ) -> Option<crate::flow::model::PerLanguage<crate::flow::template::Template>> {
        let entry = self.required(step, "say", "what should the caller hear?", "\"...\"")?;
        self.say(key(step, "say"), &entry.value)
    }

    /// A key that may be left out: `Some(None)` then, `None` when it holds a fault.
    #[expect(clippy::option_option, reason = "left out and faulty are two things")]
    fn optional<T>(
        &mut self,
        step: usize,
        path: &str,
        read: fn(&mut Self, Key<'_>, &'a Value) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.entry(step, path) {
            None => Some(None),
            Some(entry) => read(self, key(step, path), &entry.value).map(Some),
        }
    }

    fn speak(&self, step: usize) -> Option<bool> {
        let Some(entry) = self.entry(step, "speak") else {
            return Some(false);
        };
        if entry.value.as_text() == Some("every language") {
            return Some(true);
        }
        let only = "\"every language\"";
        self.wrong("speak", only, only, &entry.value);
        None
    }

    fn presses(&mut self, step: usize) -> Option<BTreeMap<Keys, Press>> {
        let question = "which keys can the caller press?";
        let entry = self.required(step, "press", question, "{ 1 = \"...\" }")?;
        let Some(table) = entry.value.as_table() else {
            let wants = "a key of the telephone, a dot between them";
            self.wrong("press", wants, "press.1 = \"...\" instead", &entry.value);
            return None;
        };
        if table.entries().is_empty() {
            let message = format!("{} has no press: {question}", self.steps[step].title());
            self.missing(step, "CW005", message, "press.1 = \"...\"");
        }
        let read: Vec<_> = table
            .entries()
            .iter()
            .map(|entry| {
                let keys = self.keys(entry);
                let press = self.press(step, entry);
                Some((keys?, press?))
            })
            .collect();
        let presses: BTreeMap<_, _> = read.into_iter().collect::<Option<_>>()?;
        (!presses.is_empty()).then_some(presses)
    }

    fn keys(&self, entry: &Entry) -> Option<Keys> {
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        match entry.key.as_str() {
            "star" | "*" => Some(Keys::new("*")),
            "hash" | "#" => Some(Keys::new("#")),
            text if !text.is_empty() && text.len() <= MOST_KEYS && digits(text) => {
                Some(Keys::new(text))
            }
            text => {
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
        let known = ["go", "say", "set", "language"];
        self.strange_keys(table, "a press", &known);
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
    ) -> Option<BTreeMap<crate::flow::model::VariableName, crate::flow::template::Template>> {
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
        if self.languages.codes.contains_key(&language) {
            return Some(Some(language));
        }
        let known: Vec<_> = self.languages.codes.keys().map(Language::as_str).collect();
        let meant = nearest(code, known.iter().copied()).unwrap_or(known[0]);
        let wants = format!("one of {}", known.join(", "));
        self.wrong("language", &wants, &format!("\"{meant}\""), &entry.value);
        None
    }

    fn ask(&mut self, step: usize) -> Option<Ask> {
        let say = self.required_say(step);
        let say_again = self.optional(step, "say_again", Self::say);
        let digits = self
            .required(
                step,
                "digits",
                "how many digits should the caller type?",
                "6",
            )
            .and_then(|entry| self.digit_range(&entry.value));
        let save = self
            .required(
                step,
                "save",
                "which variable takes the digits?",
                "\"number\"",
            )
            .and_then(|entry| self.variable("save", &entry.value));
        let secret = match self.entry(step, "secret") {
            Some(entry) => self.flag("secret", &entry.value),
            None => Some(false),
        };
        let hash_ends = self.end_key(step);
        let go = self.go(step, By::Digits);
        let retry = self.retry(step);
        let (min_digits, max_digits) = digits?;
        Some(Ask {
            say: say?,
            say_again: say_again?,
            min_digits,
            max_digits,
            hash_ends: hash_ends?,
            save: save?,
            secret: secret?,
            go: go?,
            retry: retry?,
        })
    }

    fn end_key(&self, step: usize) -> Option<bool> {
        let entry = self.entry(step, "end_key");
        match entry.map(|entry| entry.value.as_text()) {
            None | Some(Some("none")) => Some(false),
            Some(Some("hash")) => Some(true),
            Some(_) => {
                let entry = entry?;
                self.wrong("end_key", "\"hash\" or \"none\"", "\"hash\"", &entry.value);
                None
            }
        }
    }

    fn message(&mut self, step: usize) -> Option<Message> {
        let utterance = self.utterance(step);
        if utterance == Some(None) {
            let message = format!(
                "{} has neither say nor play: what should the caller hear?",
                self.steps[step].title()
            );
            self.missing(step, "CW005", message, "say = \"...\"");
        }
        let repeat = match self.entry(step, "repeat") {
            Some(entry) => self.whole("repeat", &entry.value, 1, 3),
            None => Some(1),
        };
        let go = self.go(step, By::Message);
        Some(Message {
            utterance: utterance??,
            repeat: repeat?,
            go: go?,
        })
    }

    fn end(&mut self, step: usize) -> Option<End> {
        let utterance = self.utterance(step)?;
        Some(End { utterance })
    }

    /// `say` or `play`, not both.
    #[expect(clippy::option_option, reason = "left out and faulty are two things")]
    fn utterance(&mut self, step: usize) -> Option<Option<Utterance>> {
        if let (Some(say), Some(play)) = (self.entry(step, "say"), self.entry(step, "play")) {
            let title = self.steps[step].title();
            let message = format!("{title} has say and play: which one should the caller hear?");
            self.report(
                Diagnostic::error("CW017", message)
                    .at(play.key_span.clone(), "a recording")
                    .also(say.key_span.clone(), "and a text")
                    .help("keep one of the two; put the other into a message of its own"),
            );
            return None;
        }
        let say = self.optional(step, "say", Self::say)?;
        let play = self.optional(step, "play", Self::play)?;
        Some(say.map(Utterance::Say).or(play.map(Utterance::Play)))
    }

    fn connect(&mut self, step: usize) -> Option<Connect> {
        let number = self
            .required(step, "number", "who should be called?", "\"+6568332048\"")
            .and_then(|entry| self.number(&entry.value));
        let say = self.optional(step, "say", Self::say);
        let record = match self.entry(step, "record") {
            Some(entry) => self.flag("record", &entry.value),
            None => Some(false),
        };
        self.bad_ends(step);
        let mut way = |by, path| match self.entry(step, path) {
            Some(entry) => self.way(step, by, path, &entry.value),
            None => self.unknown_way(step, by),
        };
        let busy = way(By::Busy, "busy");
        let no_answer = way(By::NoAnswer, "no_answer");
        let failed = way(By::Failed, "failed");
        let after = match self.entry(step, "after") {
            Some(entry) => self.way(step, By::After, "after", &entry.value),
            None => {
                let header = self.steps[step].header.clone();
                self.note_way(step, By::After, Place::End, header)
            }
        };
        Some(Connect {
            number: number?,
            say: say?,
            record: record?,
            busy: busy?,
            no_answer: no_answer?,
            failed: failed?,
            after: after?,
        })
    }

    /// Says which bad ends of a connect are not provided for.
    fn bad_ends(&self, step: usize) {
        let ends = [
            ("busy", "the line is busy"),
            ("no_answer", "nobody answers"),
            ("failed", "the call cannot be placed"),
        ];
        let missing: Vec<_> = ends
            .into_iter()
            .filter(|(key, _)| self.entry(step, key).is_none())
            .collect();
        if missing.is_empty() {
            return;
        }
        let when: Vec<_> = missing.iter().map(|(_, when)| *when).collect();
        let add: Vec<_> = missing
            .iter()
            .map(|(key, _)| format!("{key} = \"...\""))
            .collect();
        let message = format!(
            "{} does not say what happens when {}",
            self.steps[step].title(),
            when.join(", or when ")
        );
        self.missing(step, "CW105", message, &add.join(", "));
    }

    /// A number by name, or in full.
    fn number(&self, value: &'a Value) -> Option<PhoneNumber> {
        let is_name = |text: &&str| text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let Some(name) = value.as_text().filter(is_name) else {
            return self.phone("number", value);
        };
        if let Some(number) = self.numbers.get(name) {
            return number.clone();
        }
        let meant = nearest(name, self.numbers.keys().map(String::as_str));
        let did_you = meant.map_or(String::new(), |meant| {
            format!("; did you mean \"{meant}\"?")
        });
        let help = match meant {
            Some(meant) => format!("write: number = \"{meant}\""),
            None => format!("add under [numbers]: {name} = \"+...\""),
        };
        let message = format!("no number is called \"{name}\" in [numbers]{did_you}");
        let fault = Diagnostic::error("CW108", message);
        self.report(fault.at(value.span.clone(), "").help(help));
        None
    }

    fn go(&mut self, step: usize, by: By) -> Option<Target> {
        let entry = self.required(step, "go", "where does the call go on?", "\"...\"");
        let Some(entry) = entry else {
            return self.unknown_way(step, by);
        };
        self.way(step, by, "go", &entry.value)
    }

    /// Notes that a step has a way whose end is not known.
    pub(super) fn unknown_way(&mut self, step: usize, by: By) -> Option<Target> {
        let header = self.steps[step].header.clone();
        self.note_way(step, by, Place::Unknown, header)
    }

    /// Reads where a key leads, and notes the way.
    pub(super) fn way(
        &mut self,
        step: usize,
        by: By,
        path: &str,
        value: &'a Value,
    ) -> Option<Target> {
        let label = match (by, path.strip_prefix("press.")) {
            (By::Press, Some(keys)) => {
                format!("pressing {} leads nowhere", keys.trim_end_matches(".go"))
            }
            _ => "leads nowhere".to_owned(),
        };
        let place = self.place(path, value, &label);
        let target = self.note_way(step, by, place, value.span.clone());
        match place {
            Place::Step(index) if value.as_text() != Some(self.steps[index].name.as_str()) => None,
            _ => target,
        }
    }

    /// Where a step's name leads. A misspelt one is reported, and taken for the one that was meant.
    pub(super) fn place(&self, path: &str, value: &'a Value, label: &str) -> Place {
        if value.is_broken() {
            return Place::Unknown;
        }
        let Some(name) = value.as_text() else {
            let wants = "the name of a step in quotes";
            self.wrong(path, wants, "\"...\"", value);
            return Place::Unknown;
        };
        match name {
            "end" => return Place::End,
            "repeat" => return Place::Repeat,
            _ => {}
        }
        if let Some(index) = self.by_name.get(name) {
            return Place::Step(*index);
        }
        let meant = self.meant(name);
        if !self.lost {
            self.report(self.no_step(path, name, value, label, meant));
        }
        meant.map_or(Place::Unknown, Place::Step)
    }

    fn no_step(
        &self,
        path: &str,
        name: &str,
        value: &Value,
        label: &str,
        meant: Option<usize>,
    ) -> Diagnostic {
        let message = format!("no step is called \"{name}\"");
        let fault = Diagnostic::error("CW101", message).at(value.span.clone(), label);
        let key = path.strip_suffix(".go").map_or(path, |_| "go");
        match meant.map(|index| &self.steps[index]) {
            Some(step) => fault
                .also(step.name_span.clone(), "did you mean this one?")
                .help(format!("write: {key} = \"{}\"", step.name)),
            None => fault.help(self.names_help()),
        }
    }
}

fn key(step: usize, path: &str) -> Key<'_> {
    Key {
        step: Some(step),
        path,
    }
}
