//! What is said of small wrong files, and what is built of good ones.

use super::{Checked, check};
use crate::flow::diagnostic::Source;
use crate::flow::file::{column, line};

/// Checks one text.
fn checked(text: &str) -> Checked {
    check(&[Source {
        path: "test.toml".to_owned(),
        text: text.to_owned(),
    }])
}

/// The faults of a text as `code line:column message`.
fn faults(text: &str) -> Vec<String> {
    let shown = |fault: &crate::flow::diagnostic::Diagnostic| {
        assert!(
            fault.help.is_some() || !fault.notes.is_empty(),
            "{fault:?} has no help"
        );
        let at = fault.place().1;
        let (line, column) = (line(text, at), column(text, at));
        format!("{} {line}:{column} {}", fault.code, fault.message)
    };
    checked(text).diagnostics.iter().map(shown).collect()
}

/// A flow whose first lines are given; what every flow needs follows.
fn with(text: &str) -> String {
    format!("{text}\n[end.bye]\nsay = \"Goodbye\"\n")
}

/// A flow with a head, and a menu "main" whose further lines are given.
fn menu(lines: &str) -> String {
    with(&format!(
        "[flow]\nid = \"t\"\nstart = \"main\"\n[defaults]\ngive_up = \"bye\"\n[menu.main]\nsay = \"Press 1.\"\npress.1 = \"bye\"\n{lines}"
    ))
}

/// A flow that starts at the step "main", which is given with its header.
fn starting(step: &str) -> String {
    with(&format!("[flow]\nid = \"t\"\nstart = \"main\"\n{step}"))
}

/// What a text was told, when it was not told exactly this.
fn differs(text: &str, told: &[String], expected: &str) -> Option<String> {
    (told != [expected]).then(|| format!("{text}\n  expected {expected}\n  told     {told:#?}"))
}

#[test]
fn a_good_flow_has_no_fault() {
    assert_eq!(faults(&menu("")), [""; 0]);
    assert_eq!(checked(&menu("")).flows.len(), 1);
}

#[test]
fn form() {
    let mut wrong = Vec::new();
    for (text, told) in [
        (
            "",
            "CW005 1:1 this file has no [flow]: what is the flow called, and where does a call begin?",
        ),
        (
            "[flow]\nid = \"t\"\nstart = \"a\"\n[manu.a]\nsay = \"x\"",
            "CW004 4:2 there is no step kind \"manu\"; did you mean \"menu\"?",
        ),
    ] {
        assert_eq!(
            faults(text).first().map(String::as_str),
            Some(told),
            "{text}"
        );
    }
    for (lines, told) in [
        (
            "pres.1 = \"bye\"",
            "CW003 9:1 \"pres\" is not a key of a menu; did you mean \"press\"? A menu knows: say, say_again, play, speak, press, no_input, no_match, tries, wait, give_up, allow",
        ),
        (
            "tries = \"three\"",
            "CW006 9:9 tries must be a whole number from 1 to 9, not \"three\"",
        ),
        (
            "tries = 10",
            "CW006 9:9 tries must be a whole number from 1 to 9, not 10",
        ),
        (
            "wait = 6",
            "CW006 9:8 wait must be a time such as \"6s\" or \"500ms\", not 6",
        ),
        (
            "speak = \"all\"",
            "CW006 9:9 speak must be \"every language\", not \"all\"",
        ),
        (
            "say_again = \" \"",
            "CW006 9:13 say_again must be a text to be spoken, not \" \"",
        ),
        (
            "say_again = \"a {b\"",
            "CW410 9:16 a { opens here and no } closes it",
        ),
        (
            "say_again.fr = \"Un\"",
            "CW003 9:11 \"fr\" is not a language of this flow; it speaks en",
        ),
        (
            "press.2 = { say = \"x\" }",
            "CW005 9:11 press.2 has no go: where does the call go on?",
        ),
        (
            "press.2 = { go = \"bye\", language = \"fr\" }",
            "CW006 9:36 language must be one of en, not \"fr\"",
        ),
        (
            "press.2 = { go = \"bye\", set.Day = \"x\" }",
            "CW019 9:28 a variable's name is made of a-z, 0-9 and _, and begins with a letter: \"Day\" is not",
        ),
        (
            "press.one = \"bye\"",
            "CW003 9:7 \"one\" is not a key of a telephone; a menu knows press.0 to press.9, several digits such as press.12, press.star and press.hash",
        ),
        ("press.2 = \"by\"", "CW101 9:11 no step is called \"by\""),
        (
            "press.2 = 4",
            "CW006 9:11 press.2 must be the name of a step in quotes, not 4",
        ),
        (
            "give_up = \"nobody\"",
            "CW101 9:11 no step is called \"nobody\"",
        ),
        (
            "[hours.shop]\nmon = \"closed\"",
            "CW004 9:2 this version does not know [hours] yet; it knows menu, ask, message, connect, end",
        ),
        (
            "[return.done]",
            "CW208 9:2 [return.done] is only for sub-flows; use [end.done] here",
        ),
        (
            "[message.main]\nsay = \"x\"\ngo = \"bye\"",
            "CW007 9:2 two steps are called \"main\": [menu.main] line 6 and [message.main] line 9",
        ),
        (
            "[end.end]\nsay = \"x\"",
            "CW008 9:6 \"end\" is a reserved word and cannot be the name of a step",
        ),
        (
            "[menus]\nsay = \"x\"",
            "CW003 9:2 \"menus\" is not a key of a flow's file; did you mean \"menu\"? A flow's file knows: callwright, flow, languages, numbers, defaults, menu, ask, message, connect, end",
        ),
        (
            "[numbers]\nx = \"6568332048\"",
            "CW601 10:5 a phone number must be in the form +6568332048",
        ),
        (
            "[numbers]\nx = +6568332048",
            "CW012 10:5 a phone number needs quotes (without them TOML drops the +)",
        ),
        (
            "[languages]\nen.voice = \"a\"\nzh.voice = \"b\"",
            "CW005 9:1 [languages] has no default: which language does a call begin in?",
        ),
        (
            "[languages]\ndefault = \"zh\"\nen.voice = \"a\"",
            "CW006 10:11 default must be one of en, not \"zh\"",
        ),
    ] {
        wrong.extend(differs(lines, &faults(&menu(lines)), told));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_head() {
    let mut wrong = Vec::new();
    for (head, told) in [
        (
            "callwright = 2\n[flow]\nid = \"t\"\nstart = \"bye\"",
            "CW010 1:14 this file is written for callwright = 2; this program understands 1",
        ),
        (
            "[flow]\nid = \"T\"\nstart = \"bye\"",
            "CW019 2:6 a flow's id is made of a-z, 0-9, _ and -, and begins with a letter: \"T\" is not",
        ),
        (
            "[flow]\nstart = \"bye\"",
            "CW005 1:1 [flow] has no id: what is the flow called in reports?",
        ),
        (
            "[flow]\nid = \"t\"",
            "CW005 1:1 [flow] has no start: at which step does a call begin?",
        ),
        (
            "[flow]\nid = \"t\"\nstart = \"bey\"",
            "CW202 3:9 flow.start = \"bey\" is not a step; did you mean \"bye\"?",
        ),
        (
            "[flow]\nid = \"t\"\nstart = \"bye\"\ntimezone = \"Asia/Singapor\"",
            "CW501 4:12 \"Asia/Singapor\" is not a time zone; did you mean \"Asia/Singapore\"?",
        ),
        (
            "[flow]\nid = \"t\"\nstart = \"bye\"\nanswers = \"all\"",
            "CW006 4:11 answers must be a list of phone numbers, or \"any\", not \"all\"",
        ),
        (
            "[flow]\nid = \"t\"\nstart = \"bye\"\nneeds = [\"A\"]",
            "CW019 4:10 a variable's name is made of a-z, 0-9 and _, and begins with a letter: \"A\" is not",
        ),
    ] {
        wrong.extend(differs(head, &faults(&with(head)), told));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn steps_that_lack_something() {
    let mut wrong = Vec::new();
    for (step, told) in [
        (
            "[menu.main]\npress.1 = \"bye\"\ngive_up = \"bye\"",
            "CW005 4:2 menu \"main\" has no say: what should the caller hear?",
        ),
        (
            "[menu.main]\nsay = \"x\"\ngive_up = \"bye\"",
            "CW005 4:2 menu \"main\" has no press: which keys can the caller press?",
        ),
        (
            "[menu.main]\nplay = \"https://a.example/x.wav\"\npress.1 = \"bye\"\ngive_up = \"bye\"",
            "CW607 4:2 a recorded menu needs a short text too (8x8 cannot capture keys after a recording alone)",
        ),
        (
            "[menu.main]\nsay = \"x\"\npress.1 = \"bye\"",
            "CW106 4:2 menu \"main\" has no give_up, here or in [defaults]",
        ),
        (
            "[ask.main]\nsay = \"x\"\nsave = \"pin\"\ngo = \"bye\"\ngive_up = \"bye\"",
            "CW005 4:2 ask \"main\" has no digits: how many digits should the caller type?",
        ),
        (
            "[ask.main]\nsay = \"x\"\ndigits = \"8-4\"\nsave = \"pin\"\ngo = \"bye\"\ngive_up = \"bye\"",
            "CW006 6:10 digits must be a whole number from 1 to 25, or a range such as \"4-8\", not \"8-4\"",
        ),
        (
            "[message.main]\ngo = \"bye\"",
            "CW005 4:2 message \"main\" has neither say nor play: what should the caller hear?",
        ),
        (
            "[message.main]\nsay = \"x\"",
            "CW005 4:2 message \"main\" has no go: where does the call go on?",
        ),
        (
            "[message.main]\nsay = \"x\"\nplay = \"y\"\ngo = \"bye\"",
            "CW017 6:1 message \"main\" has say and play: which one should the caller hear?",
        ),
        (
            "[connect.main]\nnumber = \"+6568332048\"\nno_answer = \"bye\"\nfailed = \"bye\"",
            "CW105 4:2 connect \"main\" does not say what happens when the line is busy",
        ),
        (
            "[connect.main]\nnumber = \"+6568332048\"",
            "CW105 4:2 connect \"main\" does not say what happens when the line is busy, or when nobody answers, or when the call cannot be placed",
        ),
        (
            "[connect.main]\nnumber = \"staf\"\nbusy = \"bye\"\nno_answer = \"bye\"\nfailed = \"bye\"\n[numbers]\nstaff = \"+6568332048\"",
            "CW108 5:10 no number is called \"staf\" in [numbers]; did you mean \"staff\"?",
        ),
    ] {
        wrong.extend(differs(step, &faults(&starting(step)), told));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
