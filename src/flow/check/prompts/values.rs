//! How a typed number is read, CW306, and recordings that may be out of date, CW310.

use std::collections::BTreeSet;

use super::super::written;
use super::super::{Declared, FlowFile, TextAt};
use crate::flow::diagnostic::Diagnostic;
use crate::flow::template::{Format, Part};

pub(super) fn check(file: &FlowFile<'_>) {
    let typed = typed(file);
    for text in file.texts.iter().filter(|text| is_spoken(text)) {
        read_as_one(file, text, &typed);
    }
    for step in &file.steps {
        let play = step.entry("play");
        for (_, entry) in play.into_iter().flat_map(written::per_language) {
            if let Some(url) = entry
                .value
                .as_text()
                .filter(|url| super::super::wire::is_playable(url))
            {
                kept(file, entry, url);
            }
        }
    }
}

/// Whether callers hear it: all but the values that keys set, and what is sent somewhere.
pub(in super::super) fn is_spoken(text: &TextAt<'_>) -> bool {
    let silent = [
        "get",
        "post",
        "put",
        "number",
        "id",
        "guid",
        "pause_recording",
    ];
    let nested = [
        "send.",
        "headers.",
        "with.",
        "data.",
        "user_data.",
        "variables.",
    ];
    !text.key.contains(".set.")
        && !silent.contains(&&*text.key)
        && !nested.iter().any(|before| text.key.starts_with(before))
}

/// The variables that hold nothing but digits that callers typed, none of them secret.
fn typed<'a>(file: &FlowFile<'a>) -> BTreeSet<&'a str> {
    let asked = || file.steps.iter().filter_map(Declared::asked);
    let typed: BTreeSet<_> = asked().map(|asked| asked.save).collect();
    let secret = asked().filter(|asked| asked.secret).map(|asked| asked.save);
    let set = file
        .steps
        .iter()
        .flat_map(Declared::presses)
        .flat_map(|press| press.sets());
    let other: BTreeSet<_> = set.map(|entry| &*entry.key).chain(secret).collect();
    &typed - &other
}

/// CW306.
fn read_as_one(file: &FlowFile<'_>, text: &TextAt<'_>, typed: &BTreeSet<&str>) {
    for part in text.template.parts() {
        if let Part::Place {
            name,
            format: Format::Plain,
            span,
        } = part
            && typed.contains(name.as_str())
        {
            let message = format!(
                "{{{name}}} is a number: say {{{name}:digits}} to have it read digit by digit"
            );
            file.report(
                Diagnostic::warning("CW306", message)
                    .at(file.within(text.value, span.clone()), "read as one number")
                    .help(format!(
                        "write: {{{name}:digits}}, or {{{name}:number}} if it is an amount"
                    )),
            );
        }
    }
}

/// CW310.
fn kept(file: &FlowFile<'_>, entry: &crate::flow::file::Entry, url: &str) {
    let name = url.rsplit('/').next().unwrap_or(url);
    let message = format!(
        "{name} is played from elsewhere: if it changes but keeps its name, 8x8 keeps the old sound for up to 1 hour"
    );
    file.report(
        Diagnostic::warning("CW310", message)
            .at(entry.value.span.clone(), "")
            .help("give a new recording a new name; once you know, add to the step: allow = [\"CW310\"]"),
    );
}

#[cfg(test)]
mod tests {
    use super::super::super::trial::said;

    fn thanks(say: &str) -> Vec<String> {
        said(&format!(
            "[ask.main]\nsay = \"Your number?\"\ndigits = 4\nsave = \"ref\"\ngo = \"thanks\"\n\
             [end.thanks]\nsay = \"{say}\"\n"
        ))
    }

    #[test]
    fn typed_digits_are_read_one_by_one() {
        assert_eq!(
            thanks("Thank you, {ref}."),
            ["CW306: {ref} is a number: say {ref:digits} to have it read digit by digit [{ref}]"]
        );
        assert_eq!(thanks("Thank you, {ref:number}."), [""; 0]);
        assert_eq!(thanks("Thank you, {ref:digits}."), [""; 0]);
    }

    #[test]
    fn recordings_are_kept_for_an_hour() {
        assert_eq!(
            said("[message.main]\nplay = \"https://files.example/a/hi.mp3\"\ngo = \"bye\"\n"),
            [
                "CW310: hi.mp3 is played from elsewhere: if it changes but keeps its name, 8x8 keeps the old sound \
              for up to 1 hour [\"https://files.example/a/hi.mp3\"]"
            ]
        );
    }
}
