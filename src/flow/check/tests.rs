//! What is said of small wrong files, and what is built of good ones.

use super::{Checked, check};
use crate::flow::diagnostic::{Severity, Source};
use crate::text::Lines;

/// Checks one text.
fn checked(text: &str) -> Checked {
    check(&[Source {
        path: "test.toml".to_owned(),
        text: text.to_owned(),
    }])
}

/// Whether a code is raised by what is tested here; prompts, variables and limits have tests of their own.
fn of_form(code: &str) -> bool {
    let elsewhere = ["CW3", "CW4", "CW6"]
        .iter()
        .any(|family| code.starts_with(family));
    !elsewhere || ["CW410", "CW601", "CW607"].contains(&code)
}

/// The faults of a text as `code line:column message`.
fn faults(text: &str) -> Vec<String> {
    let shown = |fault: &crate::flow::diagnostic::Diagnostic| {
        assert!(
            fault.help.is_some() || !fault.notes.is_empty(),
            "{fault:?} has no help"
        );
        let (line, column) = Lines::of(text).place(fault.place().1);
        format!("{} {line}:{column} {}", fault.code, fault.message)
    };
    let diagnostics = checked(text).diagnostics;
    diagnostics
        .iter()
        .filter(|fault| of_form(fault.code))
        .map(shown)
        .collect()
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
            "pres.2 = \"bye\"",
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
            "press.2 = { go = \"bye\", set.Day = \"x\" }",
            "CW019 9:29 a variable's name is made of a-z, 0-9 and _, and begins with a letter: \"Day\" is not",
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
            "press.2 = \"desk\"\n[handoff.desk]\nqueue = \"102\"",
            "CW102 10:2 handoff \"desk\" does not say where to go when it fails",
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
            "CW003 9:2 \"menus\" is not a key of a flow's file; did you mean \"menu\"? A flow's file knows: callwright, flow, languages, numbers, hours, queues, defaults, menu, ask, message, connect, decide, lookup, handoff, callback, use, return, end",
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
            "[languages]\nms.voice = \"a\"\nzh.voice = \"b\"",
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
            "CW019 2:6 a flow's id is made of a-z, 0-9, _ and -: \"T\" is not",
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
            "[flow]\nid = \"t\"\nstart = \"bye\"\nanswers = \"+6561115777\"",
            "CW006 4:11 answers must be a list of phone numbers, or \"any\", not this",
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

#[test]
fn what_was_meant_is_read() {
    for (text, told) in [
        (
            "[flow]\nid = \"t\"\nstrat = \"main\"\n[menu.main]\nsay = \"x\"\npress.1 = \"bye\"\ngive_up = \"bye\"",
            "CW003 3:1",
        ),
        (
            "[flow]\nid = \"t\"\nstart = \"main\"\n[menu.main]\nsays = \"x\"\npres.1 = \"bye\"\ngiveup = \"bye\"",
            "CW003 5:1,CW003 6:1,CW003 7:1",
        ),
        (
            "[flow]\nid = \"t\"\nstart = \"main\"\n[mesage.main]\ntext = \"x\"\ngoto = \"bye\"",
            "CW004 4:2,CW003 5:1,CW003 6:1",
        ),
        (
            "[flow]\nid = \"t\"\nstart = \"main\"\n[default]\ngive_up = \"bye\"\n[menu.main]\nsay = \"x\"\npress.1 = \"bye\"",
            "CW003 4:2",
        ),
        (
            "[flow]\nid = \"t\"\nstart = \"main\"\n[menu.main]\nsay = \"x\"\npress.star = \"bye\"\npress.\"*\" = \"bye\"\ngive_up = \"bye\"",
            "CW002 7:7",
        ),
    ] {
        let told_here: Vec<_> = faults(&with(text))
            .iter()
            .map(|f| f[..9].to_owned())
            .collect();
        assert_eq!(told_here.join(","), told, "{text}");
    }
}

/// A menu that leads to "bye" and gives up there, as one line after its header.
fn plain_menu(name: &str, further: &str) -> String {
    format!("[menu.{name}]\nsay = \"x\"\npress.1 = \"bye\"\ngive_up = \"bye\"\n{further}")
}

#[test]
fn ways() {
    let mut wrong = Vec::new();
    let message = |name: &str, go: &str| format!("[message.{name}]\nsay = \"x\"\ngo = \"{go}\"\n");
    let chain = |count: usize| -> String {
        (0..count)
            .map(|n| {
                let name = if n == 0 {
                    "main".to_owned()
                } else {
                    format!("m{n}")
                };
                plain_menu(&name, &format!("press.2 = \"m{}\"\n", n + 1))
            })
            .collect()
    };
    for (steps, told) in [
        (plain_menu("main", "") + &message("lost", "lost_too") + &message("lost_too", "bye"), "CW201 8:2 no caller can reach message \"lost\""),
        (plain_menu("main", "") + &message("round", "about") + &message("about", "bye"), "CW201 8:2 no caller can reach message \"round\""),
        (message("main", "again") + &message("again", "main"), "CW204 6:6 the call would go round for ever without the caller pressing anything"),
        (message("main", "repeat"), "CW204 6:6 the call would go round for ever without the caller pressing anything"),
        ("[connect.main]\nnumber = \"+6568332048\"\nbusy = \"repeat\"\nno_answer = \"bye\"\nfailed = \"bye\"".to_owned(), "CW204 6:8 the call would go round for ever without the caller pressing anything"),
        ("[menu.main]\nsay = \"x\"\npress.1 = \"repeat\"\npress.2 = \"bye\"\ngive_up = \"repeat\"".to_owned(), "CW206 8:11 give_up of \"main\" leads back to \"main\": a caller with a broken keypad never gets out"),
        (chain(7) + &message("m7", "bye"), "CW207 39:2 8 steps deep: the shortest way to \"m7\" needs 7 key presses"),
    ] {
        wrong.extend(differs(&steps, &faults(&starting(&steps)), told));
    }
    let trap = "[flow]\nid = \"t\"\nstart = \"main\"\n[menu.main]\nsay = \"x\"\npress.1 = \"repeat\"\ngive_up = \"repeat\"\n";
    let told = "CW203 4:2 callers who reach \"main\" can never leave: no way from here ends or connects the call";
    wrong.extend(differs(trap, &faults(trap), told));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn one_fault_does_not_bring_others() {
    for (steps, told) in [
        // the step that was meant is not called unreachable
        (
            "[menu.main]\nsay = \"x\"\npress.1 = \"reservation\"\ngive_up = \"bye\"\n[message.reservations]\nsay = \"x\"\ngo = \"bye\"",
            "CW101 6:11",
        ),
        // nor a step whose way in was not readable
        (
            "[menu.main]\nsay = \"x\"\npress.1 \"other\"\ngive_up = \"bye\"\n[message.other]\nsay = \"x\"\ngo = \"bye\"",
            "CW016 6:9",
        ),
        // a step with a fault of its own is still a step
        (
            "[menu.main]\nsay = 5\npress.1 = \"other\"\ngive_up = \"bye\"\n[message.other]\nsay = \"x\"\ngo = \"bye\"",
            "CW006 5:7",
        ),
        // as is one of a kind that there is not
        (
            "[menu.main]\nsay = \"x\"\npress.1 = \"desk\"\ngive_up = \"bye\"\n[hands.desk]\nqueue = \"102\"\nfailed = \"bye\"",
            "CW004 8:2",
        ),
        // or one whose header is not closed
        (
            "[menu.main]\nsay = \"x\"\npress.1 = \"other\"\ngive_up = \"bye\"\n[message.other\nsay = \"x\"\ngo = \"bye\"",
            "CW016 8:1",
        ),
        // a value without quotes is taken for what it says
        (
            "[menu.main]\nsay = Press 1.\npress.1 = bye\ngive_up = \"bye\"",
            "CW001 5:7",
        ),
    ] {
        let faults = faults(&starting(steps));
        assert!(faults[0].starts_with(told), "{steps}\n{faults:#?}");
        let alike = faults.iter().all(|fault| fault[..5] == told[..5]);
        assert!(alike, "{steps}\n{faults:#?}");
    }
}

#[test]
fn similar_names_and_allow() {
    let twins = |allow: &str| {
        menu(&format!(
            "press.2 = \"staff_busy\"\npress.3 = \"staf_busy\"\n[message.staff_busy]\nsay = \"x\"\ngo = \"bye\"\n[message.staf_busy]\nsay = \"x\"\ngo = \"bye\"\n{allow}"
        ))
    };
    assert_eq!(
        faults(&twins("")),
        ["CW011 14:10 \"staff_busy\" and \"staf_busy\" are both steps; is one a slip?"]
    );
    assert_eq!(faults(&twins("allow = [\"CW011\"]")), [""; 0]);
}

#[test]
fn a_header_that_is_never_closed_is_quoted_up_to_its_name() {
    for open in ["[message.staf_busy ─", "[message.staf_busy"] {
        let fault = checked(&menu(&format!("[end.staff_busy]\n{open}\n")))
            .diagnostics
            .into_iter()
            .find(|fault| fault.code == "CW011");
        let help = fault.and_then(|fault| fault.help);
        assert_eq!(
            help.as_deref(),
            Some("if both are meant, add under [message.staf_busy]: allow = [\"CW011\"]"),
            "{open}"
        );
    }
}

#[test]
fn two_flows_do_not_share_a_number_or_an_id() {
    let flow = |id: &str, answers: &str| Source {
        path: format!("{id}.toml"),
        text: with(&format!(
            "[flow]\nid = \"{id}\"\nstart = \"bye\"\nanswers = {answers}"
        )),
    };
    let told = |sources: &[Source]| -> Vec<String> {
        let checked = check(sources);
        assert_eq!(checked.flows.len(), 1);
        checked
            .diagnostics
            .iter()
            .map(|fault| format!("{} {}", fault.code, fault.message))
            .collect()
    };
    let number = "[\"+6561115777\"]";
    assert_eq!(
        told(&[flow("a", number), flow("b", number)]),
        ["CW209 +65••••5777 is answered by two flows: a.toml line 4 and b.toml line 4"]
    );
    assert_eq!(
        told(&[flow("a", "\"any\""), flow("b", "\"any\"")]),
        ["CW209 any number is answered by two flows: a.toml line 4 and b.toml line 4"]
    );
    assert_eq!(
        told(&[flow("a", "[]"), flow("a", "[]")]),
        ["CW211 two flows have the id \"a\": a.toml line 2 and a.toml line 2"]
    );
}

#[test]
fn large_files_are_checked_in_good_time() {
    let mut text = starting(&plain_menu("main", "press.2 = \"s0\"\n"));
    for n in 0..10_000 {
        let go = if n == 9_999 {
            "bye".to_owned()
        } else {
            format!("s{}", n + 1)
        };
        text.push_str(&format!("[message.s{n}]\nsay = \"x\"\ngo = \"{go}\"\n"));
    }
    assert_eq!(faults(&text), [""; 0]);
    let misspelt = text.replace("go = \"s", "go = \"z");
    assert!(checked(&misspelt).diagnostics.len() >= 9_999);
}

#[test]
fn a_misspelt_press_is_a_key_like_the_others() {
    let checked = checked(&menu("pres.2 = \"by\"\n"));
    let told: Vec<_> = checked
        .diagnostics
        .iter()
        .filter(|fault| fault.severity == Severity::Error)
        .map(|fault| (fault.code, fault.message.split(';').next()))
        .collect();
    assert_eq!(
        told,
        [
            ("CW003", Some("\"pres\" is not a key of a menu")),
            (
                "CW301",
                Some("the prompt and the keys of menu \"main\" do not agree")
            ),
            ("CW101", Some("no step is called \"by\"")),
        ]
    );
}

#[test]
fn the_second_step_of_a_name_is_checked_by_itself() {
    let twice =
        "CW007 13:2 two steps are called \"hours\": [menu.hours] line 10 and [end.hours] line 13";
    let told = |second: &str| {
        faults(&menu(&format!(
            "press.2 = \"hours\"\n[menu.hours]\nsay = \"Press 1.\"\npress.1 = \"bye\"\n{second}"
        )))
    };
    assert_eq!(told("[end.hours]\nsay = \"We are closed.\"\n"), [twice]);
    assert_eq!(
        told("[end.hours]\nsay = \"Bye {nam\"\nplya = \"x\"\n"),
        [
            twice,
            "CW410 14:12 a { opens here and no } closes it",
            "CW003 15:1 \"plya\" is not a key of an end; did you mean \"play\"? An end knows: say, play, allow",
            "CW017 15:1 end \"hours\" has say and play: which one should the caller hear?",
        ]
    );
}

#[test]
fn the_second_step_of_a_name_takes_no_part_in_the_graph() {
    let second = "[message.main]\nsay = \"x\"\ngo = \"lost\"\n[end.lost]\nsay = \"x\"\n";
    let told: Vec<_> = faults(&menu(second));
    let codes: Vec<_> = told.iter().map(|fault| &fault[..5]).collect();
    assert_eq!(codes, ["CW007", "CW201"], "{told:#?}");
    let broken = "[message.main]\nsay = \"x\"\ngo = \"nowhere\"\n";
    let told = faults(&menu(broken));
    assert_eq!(told.len(), 2, "{told:#?}");
    assert_eq!(told[1], "CW101 11:6 no step is called \"nowhere\"");
}

#[test]
fn a_step_whose_header_stands_twice_is_checked_both_times() {
    let lines = "[end.x]\nsay = \"{a\"\n[end.x]\nsay = \"{b\"\nplya = \"x\"\n[end.x]\nsay \"y\"\nnoise = 1\n";
    let told = faults(&menu(lines));
    let places: Vec<_> = told.iter().filter_map(|fault| fault.get(..10)).collect();
    assert_eq!(
        places,
        [
            "CW201 9:2 ",
            "CW410 10:8",
            "CW007 11:1",
            "CW410 12:8",
            "CW003 13:1",
            "CW017 13:1",
            "CW007 14:1",
            "CW016 15:5",
            "CW003 16:1"
        ],
        "{told:#?}"
    );
}
