//! The prompt of a menu beside its keys: CW301, CW302, CW305, CW308.

use std::collections::BTreeSet;

use super::super::declared::{Pressed, texts_by_step};
use super::super::keys_in_prompts::{Mention, keys_in, may_name};
use super::super::values::parse_duration_ms;
use super::super::written;
use super::super::{Declared, FlowFile, TextAt};
use super::languages::name_of;
use crate::flow::diagnostic::Diagnostic;

/// As many choices as callers remember from one hearing.
const MEMORABLE: usize = 5;

pub(super) fn check(file: &FlowFile<'_>) {
    let texts = texts_by_step(file);
    for (index, step) in file.steps.iter().enumerate() {
        if step.kind == "menu" {
            let prompts = Prompts::of(
                file,
                step,
                texts.get(&Some(index)).map_or(&[], Vec::as_slice),
            );
            if !prompts.disagree(file) {
                prompts.differ(file);
            }
            choices(file, step);
            start_alike(file, step);
        }
    }
}

/// What a menu says, and the keys that it speaks of.
struct Prompts<'a, 'f> {
    step: &'a Declared<'f>,
    keys: Vec<Pressed<'f>>,
    say: Vec<Prompt<'a>>,
    say_again: Vec<Prompt<'a>>,
    /// Whether a part of the menu may be hidden by a fault that has been reported.
    hidden: bool,
}

/// One text with the keys that it speaks of.
struct Prompt<'a> {
    at: &'a TextAt<'a>,
    text: &'a str,
    mentions: Vec<Mention>,
}

impl<'a> Prompt<'a> {
    fn all(texts: &[&'a TextAt<'a>], key: &str) -> Vec<Self> {
        texts
            .iter()
            .filter(|text| text.key == key)
            .filter_map(|at| {
                let text = at.value.as_text()?;
                let mentions = keys_in(text);
                Some(Self { at, text, mentions })
            })
            .collect()
    }

    fn tells(&self, key: &str) -> bool {
        self.mentions.iter().any(|mention| mention.key == key) || may_name(self.text, key)
    }

    fn keys(&self) -> BTreeSet<&str> {
        self.mentions.iter().map(|mention| &*mention.key).collect()
    }
}

/// A key that a prompt speaks of and that does not exist.
struct Wrong<'p, 'a> {
    prompt: &'p Prompt<'a>,
    mention: &'p Mention,
}

impl Wrong<'_, '_> {
    fn said(&self) -> &str {
        &self.prompt.text[self.mention.span.clone()]
    }

    /// The same words with another key, when the key stands in them as it is written.
    fn said_with(&self, key: &str) -> String {
        let said = self.said();
        if said.contains(&self.mention.key) {
            format!("\"{}\"", said.replacen(&self.mention.key, key, 1))
        } else {
            format!("key {}", written::press(key))
        }
    }
}

impl<'a, 'f> Prompts<'a, 'f> {
    fn of(file: &FlowFile<'f>, step: &'a Declared<'f>, texts: &[&'a TextAt<'a>]) -> Self {
        let say = Prompt::all(texts, "say");
        let written = step
            .entry("say")
            .map_or(0, |entry| written::per_language(entry).len());
        Self {
            hidden: step.torn || file.lost || step.has_strange_key() || say.len() < written,
            keys: step.presses(),
            say_again: Prompt::all(texts, "say_again"),
            step,
            say,
        }
    }

    /// CW301. Gives whether it was reported.
    fn disagree(&self, file: &FlowFile<'_>) -> bool {
        let wrong = self.wrong();
        let untold = self.untold();
        if wrong.is_empty() && untold.is_empty() {
            return false;
        }
        let title = self.step.title();
        let mut fault = Diagnostic::error(
            "CW301",
            format!("the prompt and the keys of {title} do not agree"),
        );
        for wrong in &wrong {
            let place = file.within(wrong.prompt.at.value, wrong.mention.span.clone());
            let (said, key) = (wrong.said(), written::press(&wrong.mention.key));
            fault = fault.at(
                place,
                format!("says \"{said}\", but there is no press.{key}"),
            );
        }
        for press in &untold {
            let told = format!("callers are never told about key {}", press.keys);
            fault = fault.also(written::key(file, press.entry), told);
        }
        file.report(fault.help(help(&wrong, &untold)));
        true
    }

    /// What the prompts speak of and no key answers.
    fn wrong(&self) -> Vec<Wrong<'_, 'a>> {
        if self.hidden || self.keys.is_empty() {
            return Vec::new();
        }
        let exists = |key: &str| self.keys.iter().any(|press| press.keys == key);
        self.say
            .iter()
            .chain(&self.say_again)
            .flat_map(|prompt| {
                let mentions = prompt.mentions.iter();
                mentions.map(move |mention| Wrong { prompt, mention })
            })
            .filter(|wrong| !exists(&wrong.mention.key))
            .collect()
    }

    /// The keys that no prompt speaks of, when the prompts speak of keys at all and no recording may do it for them.
    fn untold(&self) -> Vec<&Pressed<'f>> {
        let speaks_of_keys = self.say.iter().any(|prompt| !prompt.mentions.is_empty());
        if !speaks_of_keys || self.hidden || self.has("play") {
            return Vec::new();
        }
        let told = |press: &&Pressed<'_>| self.say.iter().any(|prompt| prompt.tells(&press.keys));
        self.keys.iter().filter(|press| !told(press)).collect()
    }

    fn has(&self, key: &str) -> bool {
        self.step.entry(key).is_some()
    }

    /// CW302: each language beside the first.
    fn differ(&self, file: &FlowFile<'_>) {
        if self.hidden || self.has("speak") || self.has("play") {
            return;
        }
        let mut speaking = self.say.iter().filter(|prompt| !prompt.mentions.is_empty());
        let Some(first) = speaking.next() else { return };
        for other in speaking {
            let missing =
                |from: &Prompt<'_>, to: &Prompt<'_>| from.keys().iter().any(|key| !to.tells(key));
            if missing(first, other) || missing(other, first) {
                report_difference(file, first, other);
            }
        }
    }
}

fn report_difference(file: &FlowFile<'_>, first: &Prompt<'_>, other: &Prompt<'_>) {
    let keys = |prompt: &Prompt<'_>| Vec::from_iter(prompt.keys()).join(", ");
    let name = |prompt: &Prompt<'_>| {
        prompt
            .at
            .language
            .as_ref()
            .map_or("general".to_owned(), name_of)
    };
    let message = format!(
        "the {} prompt names {} {}, the {} one {}",
        name(first),
        if first.keys().len() == 1 {
            "key"
        } else {
            "keys"
        },
        keys(first),
        name(other),
        keys(other)
    );
    let place = |prompt: &Prompt<'_>| prompt.at.value.span.clone();
    let label = |prompt: &Prompt<'_>| format!("names {}", keys(prompt));
    file.report(
        Diagnostic::warning("CW302", message)
            .at(place(other), label(other))
            .also(place(first), label(first))
            .help(what_to_add(first, other, &name)),
    );
}

/// Which keys which prompt of two has to name too.
fn what_to_add(
    first: &Prompt<'_>,
    other: &Prompt<'_>,
    name: &dyn Fn(&Prompt<'_>) -> String,
) -> String {
    let lacking = |from: &Prompt<'_>, to: &Prompt<'_>| {
        let keys: Vec<_> = from
            .keys()
            .into_iter()
            .filter(|key| !to.tells(key))
            .map(str::to_owned)
            .collect();
        let keys = keys.join(", ");
        (!keys.is_empty()).then(|| format!("say in the {} prompt what key {keys} is for", name(to)))
    };
    let both = [lacking(first, other), lacking(other, first)];
    both.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// One sentence on what to type.
fn help(wrong: &[Wrong<'_, '_>], untold: &[&Pressed<'_>]) -> String {
    match (wrong, untold) {
        ([one], [press]) => format!(
            "change the prompt to {}, or the key to press.{}",
            one.said_with(&press.keys),
            written::press(&one.mention.key)
        ),
        ([], [press]) => format!(
            "say in the prompt what key {} is for, or take press.{} out",
            press.keys,
            written::press(&press.keys)
        ),
        ([], _) => "say in the prompt what these keys are for, or take them out".to_owned(),
        ([one, ..], []) => {
            let key = written::press(&one.mention.key);
            format!("change the prompt, or add: press.{key} = \"the step it leads to\"")
        }
        _ => "change the prompt, or the keys, until both name the same".to_owned(),
    }
}

/// CW305, for files that ask for it.
fn choices(file: &FlowFile<'_>, step: &Declared<'_>) {
    let count = step.presses().len();
    let wanted = file
        .at("defaults.warn")
        .and_then(|entry| entry.value.as_list())
        .is_some_and(|codes| codes.iter().any(|code| code.as_text() == Some("CW305")));
    if count > MEMORABLE && wanted {
        let message = format!("{count} choices in one prompt; callers remember about {MEMORABLE}");
        file.report(
            Diagnostic::warning("CW305", message)
                .at(step.header.clone(), "")
                .help("put the rarer choices into a second menu"),
        );
    }
}

/// CW308: each key beside the first longer one that begins with it.
fn start_alike(file: &FlowFile<'_>, step: &Declared<'_>) {
    let presses = step.presses();
    for short in &presses {
        let longer =
            |long: &&Pressed<'_>| long.keys != short.keys && long.keys.starts_with(&short.keys);
        if let Some(long) = presses.iter().find(longer) {
            report_alike(file, step, short, long);
        }
    }
}

fn report_alike(file: &FlowFile<'_>, step: &Declared<'_>, short: &Pressed<'_>, long: &Pressed<'_>) {
    let own = step.entry("wait").and_then(|entry| entry.value.as_text());
    let wait = own
        .and_then(parse_duration_ms)
        .unwrap_or(file.defaults.wait_ms);
    let message = format!(
        "press.{} and press.{} start alike: after {} the caller would have to wait {}",
        written::press(&short.keys),
        written::press(&long.keys),
        short.keys,
        written::seconds(wait)
    );
    file.report(
        Diagnostic::error("CW308", message)
            .at(
                written::key(file, long.entry),
                format!("begins with {}", short.keys),
            )
            .also(written::key(file, short.entry), "the shorter one")
            .help("give both the same number of digits"),
    );
}

#[cfg(test)]
mod tests {
    use super::super::super::trial::{codes, said};

    const TWO: &str = "press.1 = \"bye\"\npress.2 = \"bye\"\n";

    fn menu(say: &str) -> Vec<String> {
        said(&format!("[menu.main]\n{say}\n{TWO}"))
    }

    #[test]
    fn prompt_and_keys_that_agree_are_not_spoken_of() {
        for say in [
            "say = \"Press 1 or 2.\"",
            "say = \"Press 1 for a table, 2 for our hours.\"",
            "say = \"Press one, or press two.\"",
            "say = \"Yes or no?\"",
            "say = \"订位请按1,营业时间请按2。\"",
            "say = \"Your choice, {caller}?\"",
        ] {
            assert_eq!(menu(say), [""; 0], "{say}");
        }
    }

    #[test]
    fn wrong_keys_are_underlined_behind_escapes_too() {
        assert_eq!(
            menu("say = \"\\u0041 table: press 1.\\nHours: press 4.\""),
            ["CW301: the prompt and the keys of menu \"main\" do not agree [press 4 | press.2]"]
        );
    }

    #[test]
    fn every_language_counts_together() {
        let languages = "[languages]\nen.voice = \"a\"\nzh.voice = \"b\"\n";
        let menu = |zh: &str| {
            said(&format!(
                "{languages}[menu.main]\nspeak = \"every language\"\nallow = [\"CW609\"]\nsay.en = \"Press 1.\"\nsay.zh = \"{zh}\"\n{TWO}"
            ))
        };
        assert_eq!(menu("中文请按2"), [""; 0]);
        assert_eq!(
            menu("中文请按3"),
            ["CW301: the prompt and the keys of menu \"main\" do not agree [按3 | press.2]"]
        );
    }

    #[test]
    fn languages_that_differ_are_a_warning() {
        let differ = "[languages]\nen.voice = \"a\"\nzh.voice = \"b\"\n[menu.main]\n\
            say.en = \"Press 1 or 2.\"\nsay.zh = \"请按1。\"\n";
        assert_eq!(
            said(&format!("{differ}{TWO}")),
            [
                "CW302: the English prompt names keys 1, 2, the Chinese one 1 [\"请按1。\" | \"Press 1 or 2.\"]"
            ]
        );
        assert_eq!(
            codes(&format!("{differ}allow = [\"CW302\"]\n{TWO}")),
            [""; 0]
        );
    }

    #[test]
    fn a_recording_may_tell_the_rest() {
        let play = "[menu.main]\nallow = [\"CW310\"]\nplay = \"https://files.example/a.wav\"\n";
        assert_eq!(
            codes(&format!("{play}say = \"Press 1 now.\"\n{TWO}")),
            [""; 0]
        );
        assert_eq!(
            codes(&format!("{play}say = \"Press 3 now.\"\n{TWO}")),
            ["CW301"]
        );
    }

    #[test]
    fn keys_that_start_alike_and_many_choices() {
        let alike =
            "[menu.main]\nsay = \"Press 1 or 12.\"\npress.1 = \"bye\"\npress.12 = \"bye\"\n";
        assert_eq!(
            said(alike),
            [
                "CW308: press.1 and press.12 start alike: after 1 the caller would have to wait 6 s [press.12 | press.1]"
            ]
        );
        let many: String = (1..=6)
            .map(|key| format!("press.{key} = \"bye\"\n"))
            .collect();
        let many = format!("[menu.main]\nsay = \"Choose.\"\n{many}");
        assert_eq!(codes(&many), [""; 0]);
        assert_eq!(codes(&format!("warn = [\"CW305\"]\n{many}")), ["CW305"]);
    }
}
