//! What 8x8 takes and what it does not, and what is not asked of it: CW602, CW604 – CW606, CW608 – CW610. The form of phone numbers, CW601, and the
//! text of a recorded menu, CW607, are asked where they are read.

use super::declared::default_entry;
use super::values::parse_duration_ms;
use super::written;
use super::{Declared, FlowFile};
use crate::call::callflow::DIGITS_LIMIT;
use crate::flow::diagnostic::Diagnostic;
use crate::flow::file::Entry;
use crate::flow::model::{Connect, Step};
use crate::outbound::Destinations;

/// The shortest wait for a key, in milliseconds: the gap that 8x8 is given between two digits must be shorter.
const SHORTEST_WAIT_MS: u32 = 1000;

pub(super) fn check(file: &FlowFile<'_>) {
    for step in file.steps.iter().chain(&file.namesakes) {
        recordings(file, step);
        wait(file, step.entry("wait").filter(|_| step.retries()));
        digits(file, step);
        star(file, step);
        last_language(file, step);
        if let Some(Step::Connect(connect)) = &step.built {
            busy(file, step, connect);
            destination(file, step, connect);
        }
    }
    wait(file, default_entry(file, "wait"));
}

/// CW602.
fn digits(file: &FlowFile<'_>, step: &Declared<'_>) {
    let most = step.most_digits().filter(|_| step.kind == "ask");
    if let Some(most) = most.filter(|most| *most > DIGITS_LIMIT.into()) {
        let place = written::key_or_header(file, step, "digits");
        let message = format!("digits = {most}; 8x8 captures at most {DIGITS_LIMIT}");
        file.report(
            Diagnostic::error("CW602", message)
                .at(place, "")
                .help("ask for the rest in a second step"),
        );
    }
}

/// CW604.
fn wait(file: &FlowFile<'_>, entry: Option<&Entry>) {
    let Some(entry) = entry else { return };
    let wait = entry.value.as_text().and_then(parse_duration_ms);
    if wait.is_some_and(|wait| wait < SHORTEST_WAIT_MS) {
        too_short(file, entry);
    }
}

fn too_short(file: &FlowFile<'_>, entry: &Entry) {
    let wait = written::value(file, &entry.value);
    file.report(
        Diagnostic::error(
            "CW604",
            format!("wait = {wait} is shorter than the gap between digits"),
        )
        .at(
            entry.value.span.clone(),
            "callers need time to find the key",
        )
        .help("write at least \"1s\"; most menus use wait = \"6s\""),
    );
}

/// CW605.
fn recordings(file: &FlowFile<'_>, step: &Declared<'_>) {
    let play = step.entry("play");
    for (_, entry) in play.into_iter().flat_map(written::per_language) {
        if entry.value.as_text().is_some_and(|url| !is_playable(url)) {
            file.report(
                Diagnostic::error(
                    "CW605",
                    "recordings must be .mp3 or .wav at an http(s) address, under 5 MB",
                )
                .at(entry.value.span.clone(), "8x8 cannot fetch and play this")
                .help("put it on a web server, and write: play = \"https://.../name.mp3\""),
            );
        }
    }
}

/// Whether 8x8 may be able to play what lies at this address.
pub(super) fn is_playable(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else {
        return false;
    };
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    let Some((host, name)) = path.split_once('/') else {
        return false;
    };
    let name = name.to_ascii_lowercase();
    matches!(&*scheme.to_ascii_lowercase(), "http" | "https")
        && !host.is_empty()
        && (name.ends_with(".mp3") || name.ends_with(".wav"))
        && !url.contains(char::is_whitespace)
}

/// CW606.
fn star(file: &FlowFile<'_>, step: &Declared<'_>) {
    for press in step.presses().iter().filter(|press| press.keys == "*") {
        file.report(
            Diagnostic::warning(
                "CW606",
                "press.star: 8x8 does not document that * is delivered; try it with a real call",
            )
            .at(written::key(file, press.entry), "")
            .help("use a digit; or, once it works, add to the step: allow = [\"CW606\"]"),
        );
    }
}

/// CW609.
fn last_language(file: &FlowFile<'_>, step: &Declared<'_>) {
    let speak = step.entry("speak").filter(|_| step.kind == "menu");
    if speak.is_some() && file.languages.codes.len() > 1 {
        file.report(
            Diagnostic::warning("CW609", "keys are heard only in the last language spoken")
                .at(
                    written::key_or_header(file, step, "speak"),
                    "callers who press earlier are not heard",
                )
                .help("keep the texts short; once you know, add to the step: allow = [\"CW609\"]"),
        );
    }
}

/// CW610: what is known without the configuration.
fn destination(file: &FlowFile<'_>, step: &Declared<'_>, connect: &Connect) {
    let ours = file.head.answers.iter().map(|(number, _)| number.clone());
    let Err(why) = Destinations::new(ours, []).ever(&connect.number) else {
        return;
    };
    let message = format!("{} calls nobody: {}", step.title(), why.what());
    file.report(
        Diagnostic::warning("CW610", message)
            .at(
                written::key_or_header(file, step, "number"),
                "the call goes on at `failed`",
            )
            .help(why.remedy()),
    );
}

/// CW608, unless all ways of a call to end lead to one place.
fn busy(file: &FlowFile<'_>, step: &Declared<'_>, connect: &Connect) {
    let Connect {
        busy,
        no_answer,
        failed,
        after,
        ..
    } = connect;
    if [no_answer, failed, after]
        .iter()
        .all(|other| *other == busy)
    {
        return;
    }
    let message = format!(
        "{} relies on 8x8 telling us that the line was busy",
        step.title()
    );
    file.report(
        Diagnostic::info("CW608", message)
            .at(
                written::key_or_header(file, step, "busy"),
                "8x8 does not document it",
            )
            .help(
                "try it with a real call to a busy line, then add to the step: allow = [\"CW608\"]",
            ),
    );
}

#[cfg(test)]
mod tests {
    use super::super::trial::said;
    use super::is_playable;

    #[test]
    fn waits_are_longer_than_the_gap_between_digits() {
        let menu = |wait: &str| {
            said(&format!(
                "[menu.main]\nsay = \"Choose.\"\npress.1 = \"bye\"\nwait = \"{wait}\"\n"
            ))
        };
        assert_eq!(
            menu("0.5s"),
            ["CW604: wait = \"0.5s\" is shorter than the gap between digits [\"0.5s\"]"]
        );
        assert_eq!(menu("1s"), [""; 0]);
    }

    #[test]
    fn at_most_25_digits() {
        let ask = |digits: &str| {
            said(&format!(
                "[ask.main]\nsay = \"?\"\ndigits = {digits}\nsave = \"ref\"\ngo = \"thanks\"\n\
                 [end.thanks]\nsay = \"{{ref:digits}}\"\n"
            ))
        };
        assert_eq!(ask("25"), [""; 0]);
        for digits in ["26", "99"] {
            let said = ask(digits);
            let message = format!("CW602: digits = {digits}; 8x8 captures at most 25 ");
            assert!(said.len() == 1 && said[0].starts_with(&message), "{said:?}");
        }
    }

    #[test]
    fn a_busy_line_is_only_relied_on_when_it_matters() {
        let connect = |after: &str| {
            said(&format!(
                "[connect.main]\nnumber = \"+6568332048\"\nbusy = \"bye\"\nno_answer = \"bye\"\nfailed = \"bye\"\n{after}"
            ))
        };
        assert_eq!(
            connect(""),
            ["CW608: connect \"main\" relies on 8x8 telling us that the line was busy [busy]"]
        );
        assert_eq!(connect("after = \"bye\"\n"), [""; 0]);
    }

    #[test]
    fn some_numbers_are_never_called() {
        let connect = |number: &str| {
            said(&format!(
                "[connect.main]\nnumber = \"{number}\"\nbusy = \"bye\"\nno_answer = \"bye\"\nfailed = \"bye\"\nafter = \"bye\"\n"
            ))
        };
        for number in ["+6568332048", "+18002345678", "+447797712345"] {
            assert_eq!(connect(number), [""; 0], "{number}");
        }
        for (number, what) in [
            ("+19002345678", "premium-rate numbers are not called"),
            (
                "+870773111632",
                "satellite and international network numbers",
            ),
            ("+6500000000", "no country has such a number"),
            (
                "+4407400123456",
                "the number is not written as it is dialled from abroad",
            ),
        ] {
            let said = connect(number);
            let begins = format!("CW610: connect \"main\" calls nobody: {what}");
            assert!(said.len() == 1 && said[0].starts_with(&begins), "{said:?}");
        }
    }

    #[test]
    fn stars_and_recorded_menus() {
        assert_eq!(
            said("[menu.main]\nsay = \"Press star.\"\npress.star = \"bye\"\n"),
            [
                "CW606: press.star: 8x8 does not document that * is delivered; try it with a real call [press.star]"
            ]
        );
        assert_eq!(
            said(
                "[menu.main]\nplay = \"https://files.example/a.wav\"\nsay = \" \"\npress.1 = \"bye\"\nallow = [\"CW310\"]\n"
            ),
            [
                "CW607: a recorded menu needs a short text too (8x8 cannot capture keys after a recording alone) [menu.main]"
            ]
        );
    }

    #[test]
    fn recordings_lie_on_the_web_and_are_mp3_or_wav() {
        for (url, expected) in [
            ("https://files.example/hours.wav", true),
            ("http://files.example/a/b/HOURS.MP3", true),
            ("https://files.example/hours.wav?v=2", true),
            ("https://files.example/hours.ogg", false),
            ("https://files.example/", false),
            ("https:///hours.wav", false),
            ("ftp://files.example/hours.wav", false),
            ("hours.wav", false),
            ("C:\\Sounds\\hours.wav", false),
            ("https://files.example/my hours.wav", false),
            ("", false),
        ] {
            assert_eq!(is_playable(url), expected, "{url}");
        }
    }
}
