//! How long a prompt can grow: CW304.

use std::collections::{BTreeSet, HashMap};

use super::super::declared::texts_by_step;
use super::super::written;
use super::super::{Declared, FlowFile, TextAt};
use crate::call::callflow::TEXT_LIMIT;
use crate::flow::diagnostic::Diagnostic;
use crate::flow::model::Language;
use crate::flow::template::{Format, Part, Template};

/// The most characters that a value of unknown origin is thought to have.
const UNKNOWN: usize = 100;

/// How deep values that are set from other values are followed.
const DEPTH: usize = 4;

pub(super) fn check(file: &FlowFile<'_>) {
    let bounds = Bounds::of(file);
    let texts = texts_by_step(file);
    let mut reported = BTreeSet::new();
    for text in &file.texts {
        let Some(index) = text.step else { continue };
        let step = &file.steps[index];
        if text.key == "say"
            || text.key == "say_again"
            || text.key == "while_waiting"
            || text.key.ends_with(".say")
        {
            let lists = [Some(index), None].map(|owner| texts.get(&owner));
            let before = before(
                file,
                step,
                text,
                lists.into_iter().flatten().flatten().copied(),
            );
            let longest = before
                .iter()
                .map(|text| bounds.text(&text.template, DEPTH) + " ".len())
                .max();
            let length = bounds.text(&text.template, DEPTH) + longest.unwrap_or(0);
            if length > TEXT_LIMIT && reported.insert((index, &text.key)) {
                report(file, step, text, length, longest.is_some());
            }
        }
    }
}

/// The texts of wrong tries that a text can stand behind, in one prompt with it.
fn before<'a>(
    file: &FlowFile<'_>,
    step: &Declared<'_>,
    text: &TextAt<'_>,
    texts: impl Iterator<Item = &'a TextAt<'a>>,
) -> Vec<&'a TextAt<'a>> {
    let repeated = if step.entry("say_again").is_some() {
        "say_again"
    } else {
        "say"
    };
    if !step.retries() || text.key != repeated || step.tries(file).is_none_or(|tries| tries < 2) {
        return Vec::new();
    }
    texts
        .filter(|list| list.key == "no_input" || list.key == "no_match")
        .filter(|list| list.step.is_some() || step.entry(&list.key).is_none())
        .filter(|list| heard_together(list.language.as_ref(), text.language.as_ref()))
        .collect()
}

/// Whether one call can hear both: texts of one language, or one for all.
fn heard_together(one: Option<&Language>, other: Option<&Language>) -> bool {
    one.is_none() || other.is_none() || one == other
}

/// The most characters that each variable of a flow can have.
struct Bounds<'a> {
    /// Those that callers type: how many digits.
    typed: HashMap<&'a str, usize>,
    /// Those that keys set: to what.
    set: HashMap<&'a str, Vec<&'a Template>>,
}

impl<'a> Bounds<'a> {
    fn of(file: &'a FlowFile<'_>) -> Self {
        let mut typed = HashMap::new();
        for asked in file.steps.iter().filter_map(Declared::asked) {
            let most = typed.entry(asked.save).or_default();
            *most = asked.most.unwrap_or(UNKNOWN).max(*most);
        }
        let mut set: HashMap<_, Vec<_>> = HashMap::new();
        for text in &file.texts {
            if let Some((_, name)) = text.key.split_once(".set.") {
                set.entry(name).or_default().push(&text.template);
            }
        }
        Self { typed, set }
    }

    /// The most characters of a text.
    fn text(&self, text: &Template, depth: usize) -> usize {
        text.parts()
            .iter()
            .map(|part| match part {
                Part::Text(words) => words.chars().count(),
                Part::Place { name, format, .. } => {
                    let value = self.value(name.as_str(), depth);
                    // Digit by digit puts a space between each two.
                    let spaced = *format == Format::Digits;
                    value + if spaced { value.saturating_sub(1) } else { 0 }
                }
            })
            .sum()
    }

    fn value(&self, name: &str, depth: usize) -> usize {
        if depth == 0 {
            return UNKNOWN;
        }
        let typed = self.typed.get(name).copied();
        let set = self
            .set
            .get(name)
            .into_iter()
            .flatten()
            .map(|text| self.text(text, depth - 1));
        typed.into_iter().chain(set).max().unwrap_or(UNKNOWN)
    }
}

fn report(
    file: &FlowFile<'_>,
    step: &Declared<'_>,
    text: &TextAt<'_>,
    length: usize,
    joined: bool,
) {
    let message = format!(
        "this prompt can grow to {} characters; 8x8 stops at {}",
        written::thousands(length),
        written::thousands(TEXT_LIMIT)
    );
    let language = text
        .language
        .as_ref()
        .map(|language| format!(".{language}"));
    let path = format!("{}{}", text.key, language.unwrap_or_default());
    let fault = Diagnostic::error("CW304", message)
        .at(written::key_or_header(file, step, &path), "")
        .help("shorten it, or say a part of it in a message of its own before");
    file.report(match joined {
        true => fault.note("counted with the longest text of a wrong try in front of it"),
        false => fault,
    });
}

#[cfg(test)]
mod tests {
    use super::super::super::trial::said;

    /// What is said of an ask with a prompt of so many characters and this behind it.
    fn ask(characters: usize, more: &str) -> Vec<String> {
        let words = "字".repeat(characters);
        said(&format!(
            "[ask.main]\nsay = \"{words}{more}\"\ndigits = 4\nsave = \"ref\"\ngo = \"thanks\"\n\
             [end.thanks]\nsay = \"{{ref:digits}}\"\n"
        ))
    }

    fn too_long(length: &str) -> [String; 1] {
        [format!(
            "CW304: this prompt can grow to {length} characters; 8x8 stops at 3,000 [say]"
        )]
    }

    #[test]
    fn characters_are_counted_and_not_bytes() {
        assert_eq!(ask(3000, ""), [""; 0]);
        assert_eq!(ask(3001, ""), too_long("3,001"));
    }

    #[test]
    fn variables_count_as_long_as_they_can_be() {
        assert_eq!(ask(2900, "{caller}"), [""; 0]);
        assert_eq!(ask(2901, "{caller}"), too_long("3,001"));
    }

    #[test]
    fn digits_are_as_many_as_were_asked_for_and_spaced_when_read_one_by_one() {
        let after = |words: usize| {
            let words = "x".repeat(words);
            said(&format!(
                "[ask.main]\nsay = \"?\"\ndigits = 4\nsave = \"ref\"\ngo = \"thanks\"\n\
                 [end.thanks]\nsay = \"{words}{{ref:digits}}\"\n"
            ))
        };
        assert_eq!(after(2993), [""; 0]);
        assert_eq!(after(2994), too_long("3,001"));
    }

    #[test]
    fn set_values_count_by_their_longest_even_in_a_circle() {
        let flow = |words: usize| {
            let words = "x".repeat(words);
            said(&format!(
                "[menu.main]\nsay = \"Choose.\"\n\
                 press.1 = {{ set.day = \"today\", go = \"thanks\" }}\n\
                 press.2 = {{ set.day = \"tomorrow\", go = \"thanks\" }}\n\
                 [end.thanks]\nsay = \"{words}{{day}}\"\n"
            ))
        };
        assert_eq!(flow(2992), [""; 0]);
        assert_eq!(flow(2993), too_long("3,001"));
        let circle = said(
            "[menu.main]\nsay = \"{day}\"\npress.1 = { set.day = \"{day} and {day}\", go = \"main\" }\n",
        );
        assert!(
            circle.iter().all(|line| !line.starts_with("CW304")),
            "{circle:?}"
        );
    }

    #[test]
    fn the_text_of_a_wrong_try_stands_in_front() {
        let flow = |words: usize, more: &str| {
            let words = "x".repeat(words);
            said(&format!(
                "no_input = \"12345\"\nno_match = \"1234567890\"\n\
                 [menu.main]\nsay = \"{words}\"\n{more}press.1 = \"bye\"\n"
            ))
        };
        assert_eq!(flow(3000, "tries = 1\n"), [""; 0]);
        assert_eq!(flow(2989, "tries = 2\n"), [""; 0]);
        assert_eq!(flow(2990, "tries = 2\n"), too_long("3,001"));
        assert_eq!(flow(2990, "tries = 2\nsay_again = \"Choose.\"\n"), [""; 0]);
    }
}
