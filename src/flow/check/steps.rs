//! Builds the steps from their keys, and notes the ways between them.

use super::context::FlowFile;
use super::slips;
use super::texts::Key;
use super::vocabulary::{REPEAT, keys_of};
use super::way::{By, Place};
use crate::call::PhoneNumber;
use crate::flow::diagnostic::Diagnostic;
use crate::flow::file::{Entry, Value};
use crate::flow::model::{Ask, Connect, End, Menu, Message, PerLanguage, Step, Target, Utterance};
use crate::flow::template::Template;
use crate::text::nearest;

impl<'a> FlowFile<'a> {
    /// Builds every step that can be built.
    pub(super) fn build_steps(&mut self) {
        // Those that use others come last: they hand down what the others say.
        for uses in [false, true] {
            for step in 0..self.steps.len() {
                if (self.steps[step].kind == "use") == uses {
                    self.build_step(step);
                }
            }
        }
        self.build_namesakes();
    }

    /// Builds the steps whose name an earlier one has, for their faults alone: their ways and texts are forgotten.
    fn build_namesakes(&mut self) {
        let (index, texts, ways) = (self.steps.len(), self.texts.len(), self.ways.len());
        for namesake in std::mem::take(&mut self.namesakes) {
            self.steps.push(namesake);
            self.build_step(index);
            self.namesakes.extend(self.steps.pop());
        }
        self.texts.truncate(texts);
        self.ways.truncate(ways);
    }

    fn build_step(&mut self, step: usize) {
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
            "decide" => self.decide(step).map(Step::Decide),
            "lookup" => self.lookup(step).map(|it| Step::Lookup(Box::new(it))),
            "handoff" => self.handoff(step).map(|it| Step::Handoff(Box::new(it))),
            "callback" => self.callback(step).map(|it| Step::Callback(Box::new(it))),
            "use" => self.used(step).map(Step::Use),
            "return" => self.returned(step).map(Step::Return),
            "end" => self.end(step).map(Step::End),
            _ => return,
        };
        self.strange_keys(self.steps[step].table, &owner, keys_of(kind));
        self.steps[step].built = built;
    }

    /// The entry of a step's key, or one that is misspelt.
    pub(super) fn entry(&self, step: usize, key: &str) -> Option<&'a Entry> {
        let step = &self.steps[step];
        slips::find(step.table, key, keys_of(step.kind))
    }

    /// A key that a step must have; says so when it lacks it.
    pub(super) fn required(
        &self,
        step: usize,
        key: &str,
        question: &str,
        example: &str,
    ) -> Option<&'a Entry> {
        let entry = self.entry(step, key);
        if entry.is_none() {
            let message = format!("{} has no {key}: {question}", self.steps[step].title());
            self.missing(step, "CW005", message, &format!("{key} = {example}"));
        }
        entry
    }

    /// Says that a step lacks a key, unless a fault of form may hide it.
    pub(super) fn missing(&self, step: usize, code: &'static str, message: String, add: &str) {
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

    fn menu_say(&mut self, step: usize) -> Option<PerLanguage<Template>> {
        let say = self.entry(step, "say").map(|entry| &entry.value);
        let blank = |value: &Value| value.as_text().is_some_and(|text| text.trim().is_empty());
        if say.is_none_or(blank) && self.entry(step, "play").is_some() {
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

    fn required_say(&mut self, step: usize) -> Option<PerLanguage<Template>> {
        let entry = self.required(step, "say", "what should the caller hear?", "\"...\"")?;
        self.say(key(step, "say"), &entry.value)
    }

    /// A key that may be left out: `Some(None)` then, `None` when it holds a fault.
    #[expect(clippy::option_option, reason = "left out and faulty are two things")]
    pub(super) fn optional<T>(
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
        let pause = self.pause_recording(step, secret);
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
            pause: pause?,
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
            Some(entry) => self.whole("repeat", &entry.value, REPEAT),
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
        let texts = self.optional(step, "say", Self::say);
        let recordings = self.optional(step, "play", Self::play);
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
        let (say, play) = (texts?, recordings?);
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
}

/// A key of a step.
pub(super) fn key(step: usize, path: &str) -> Key<'_> {
    Key {
        step: Some(step),
        path,
    }
}
