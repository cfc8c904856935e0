//! What is said after a wrong try: CW307, CW309.

use super::super::declared::{default_entry, defaults_hidden};
use super::super::written;
use super::super::{Declared, FlowFile};
use crate::flow::diagnostic::Diagnostic;
use crate::flow::file::Entry;

/// The two lists of texts.
const LISTS: [&str; 2] = ["no_input", "no_match"];

pub(super) fn check(file: &FlowFile<'_>) {
    for list in LISTS {
        repeats(file, list);
    }
    silent(file);
}

/// CW307 for the lists of the steps, and for the list of `[defaults]` with the most tries of those who use it.
fn repeats(file: &FlowFile<'_>, list: &str) {
    let mut tries_with_defaults = 0;
    for step in file.steps.iter().filter(|step| step.retries()) {
        let Some(tries) = step.tries(file) else {
            continue;
        };
        match step.entry(list) {
            Some(entry) => too_short(file, list, entry, tries),
            None => tries_with_defaults = tries_with_defaults.max(tries),
        }
    }
    if let Some(entry) = default_entry(file, list) {
        too_short(file, list, entry, tries_with_defaults);
    }
}

fn too_short(file: &FlowFile<'_>, list: &str, entry: &Entry, tries: usize) {
    for (language, entry) in written::per_language(entry) {
        let count = entry.value.as_list().map_or(1, <[_]>::len);
        let heard = tries.saturating_sub(1);
        if entry.value.is_broken() || count == 0 || count >= heard {
            continue;
        }
        let key = language.map_or(list.to_owned(), |language| format!("{list}.{language}"));
        let texts = if count == 1 { "text" } else { "texts" };
        let again = if count == 1 { "it" } else { "the last" };
        let message = format!(
            "{key} has {count} {texts} but tries = {tries}: the {} wrong try repeats {again}",
            ordinal(count + 1)
        );
        file.report(
            Diagnostic::info("CW307", message)
                .at(written::key(file, entry), "")
                .help("add a text that helps more, or leave it so"),
        );
    }
}

fn ordinal(number: usize) -> &'static str {
    const ORDINALS: [&str; 9] = [
        "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
    ];
    ORDINALS.get(number - 1).copied().unwrap_or("next")
}

/// CW309: once a file, at the first step that says nothing after silence.
fn silent(file: &FlowFile<'_>) {
    if defaults_hidden(file) {
        return;
    }
    let handed_down = file
        .handed_down
        .as_ref()
        .is_some_and(|handed| handed.defaults.no_input.is_some());
    let silent = |step: &&Declared<'_>| {
        let no_input = step
            .entry("no_input")
            .or_else(|| default_entry(file, "no_input"));
        step.retries()
            && step.tries(file).is_some_and(|tries| tries > 1)
            && no_input.map_or(!handed_down, is_empty)
            && !step.torn
            && !step.allow.contains("CW309")
    };
    let mut steps = file.steps.iter().filter(silent);
    let Some(first) = steps.next() else { return };
    let others: Vec<_> = steps.map(Declared::title).collect();
    let mut fault = Diagnostic::warning(
        "CW309",
        "no_input is empty: after silence callers hear the same again and do not know why",
    )
    .at(written::key_or_header(file, first, "no_input"), "")
    .help("add, here or in [defaults]: no_input = [\"I did not hear a key.\"]");
    if !others.is_empty() {
        fault = fault.note(format!("the same holds for {}", others.join(", ")));
    }
    file.report(fault);
}

fn is_empty(texts: &Entry) -> bool {
    written::per_language(texts)
        .iter()
        .any(|(_, entry)| entry.value.as_list().is_some_and(<[_]>::is_empty))
}

#[cfg(test)]
mod tests {
    use super::super::super::trial::said;

    fn menu(keys: &str) -> Vec<String> {
        said(&format!(
            "[menu.main]\nsay = \"Choose.\"\npress.1 = \"bye\"\n{keys}"
        ))
    }

    #[test]
    fn one_try_needs_no_texts() {
        assert_eq!(menu("tries = 1\n"), [""; 0]);
    }

    #[test]
    fn a_second_try_needs_a_text_for_silence() {
        assert_eq!(
            menu("tries = 2\nno_input = []\n"),
            [
                "CW309: no_input is empty: after silence callers hear the same again and do not know why [no_input]"
            ]
        );
        assert_eq!(menu("tries = 2\n").len(), 1);
        assert_eq!(menu("tries = 2\nno_input = \"Nothing.\"\n"), [""; 0]);
    }

    #[test]
    fn texts_that_repeat_are_told_of() {
        assert_eq!(
            menu("tries = 3\nno_input = \"Nothing.\"\n"),
            [
                "CW307: no_input has 1 text but tries = 3: the second wrong try repeats it [no_input]"
            ]
        );
        assert_eq!(
            menu("tries = 5\nno_input = [\"a\", \"b\"]\n"),
            [
                "CW307: no_input has 2 texts but tries = 5: the third wrong try repeats the last [no_input]"
            ]
        );
        assert_eq!(menu("tries = 3\nno_input = [\"a\", \"b\"]\n"), [""; 0]);
        assert_eq!(
            said(
                "no_match = [\"a\"]\nno_input = [\"a\"]\n[menu.main]\nsay = \"Choose.\"\npress.1 = \"bye\"\n"
            ),
            [""; 0]
        );
    }
}
