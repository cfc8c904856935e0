//! Calls whose lines say what the Contact Center answers: the front desk's, gone wrong in every way.

use std::fs;
use std::path::Path;

use super::{Folder, call, without_rate};

/// A folder with the front desk's flow in it, and these calls to it.
fn desk(calls: &str) -> Folder {
    let folder = Folder::with("");
    for clinic in ["clinic.toml", "clinic.test.toml"] {
        fs::remove_file(folder.path().join(clinic)).expect("it is there");
    }
    let flow = Path::new(env!("CARGO_MANIFEST_DIR")).join("flows/restaurant_desk.toml");
    fs::copy(flow, folder.path().join("desk.toml")).expect("it can be copied");
    folder.write(
        "desk.test.toml",
        &(String::from("flow = \"desk.toml\"\n") + calls),
    );
    folder
}

const BUSY: [&str; 2] = ["schedule opening is open", "queue 102 is waiting"];

#[test]
fn what_the_contact_center_is_asked_and_no_line_answers_is_told_with_the_line_to_write() {
    let (code, said) = desk(&call("x", &["hear Passing you"])).test(&["."]);
    let expected = r#"FAIL ./desk.test.toml:6:3  x
  |
6 |   "hear Passing you",
  |    ^^^^ asks
  = heard:  "Our restaurant is closed at the moment. Please call again during our opening hours."
  = path:   opening -> closed
  = at:     over, after end closed, ./desk.toml:28
  = schedule opening is asked, and no test reaches the network: write "schedule opening is open" (or closed, 1 to 6, unknown) below
"#;
    let shown = without_rate(&said)
        .replace("   |", "  |")
        .replace("   =", "  =");
    assert_eq!(shown, expected, "{said}");
    assert_eq!(code, Some(1));
    for (lines, told) in [
        (
            &BUSY[..1],
            "queue 102 is asked, and no test reaches the network: write \"queue 102 is free\" (or waiting, nobody, unknown) below",
        ),
        (
            &[BUSY[0], BUSY[1], "press 1"],
            "a call back is asked for, and no test reaches the network: write \"callback taken\" or \"callback refused\" below",
        ),
        (
            &[BUSY[0], BUSY[1], "press 1", "callback refused"],
            "the call is handed off to 102, and no test reaches the network: write \"hands off to 102\" or \"handoff fails\" below",
        ),
    ] {
        let (code, said) = desk(&call("x", lines)).test(&["."]);
        assert!(said.contains(told), "{lines:?}: {said}");
        assert_eq!(code, Some(1));
    }
}

#[test]
fn every_line_about_the_contact_center_can_fail_and_says_why() {
    let handed = [BUSY[0], BUSY[1], "press 2", "hands off to 102"];
    let called = [BUSY[0], BUSY[1], "press 1", "callback taken"];
    let with = |lines: [&'static str; 4], last| lines.into_iter().chain([last]).collect::<Vec<_>>();
    let cases = [
        (
            vec![BUSY[0], BUSY[1], "press 2", "hands off to 103"],
            "= the call is handed off to 102",
        ),
        (
            vec![BUSY[0], BUSY[1], "hands off to 102"],
            "= no handoff is asked for here: a key is waited for",
        ),
        (
            vec![BUSY[0], BUSY[1], "handoff fails"],
            "= no handoff is asked for here: a key is waited for",
        ),
        (
            vec![BUSY[0], BUSY[1], "callback taken"],
            "= no call back is asked for here: a key is waited for",
        ),
        (
            with(handed, "handoff sends Came from = main"),
            "= Came from is \"offer\"",
        ),
        (
            with(handed, "handoff sends calledNumber = +6561115777"),
            "= calledNumber is \"+6561115782\"",
        ),
        (
            with(handed, "handoff sends Age = 7"),
            "= the handoff sends no Age",
        ),
        (
            with(handed, "queue 102 is free"),
            "= queue 102 is not asked here: this line stands behind what leads to it",
        ),
        (
            with(called, "callback sends expiration = 60"),
            "= expiration is \"3600\"",
        ),
        (
            with(called, "callback sends preview = 60"),
            "= the call back sends no preview",
        ),
        (
            with(called, "schedule opening is closed"),
            "= schedule opening is not asked here: this line stands behind what leads to it",
        ),
        (
            with(handed, "handoff fails"),
            "= no other handoff is asked for here: the call is over",
        ),
    ];
    let calls: Vec<_> = cases.iter().map(|(lines, _)| call("x", lines)).collect();
    let (code, said) = desk(&calls.concat()).test(&["."]);
    assert_eq!(code, Some(1), "{said}");
    let failures: Vec<_> = said.split("FAIL ").skip(1).collect();
    for ((lines, told), failure) in cases.iter().zip(&failures) {
        assert!(failure.contains(told), "{lines:?}: {failure}");
    }
    assert_eq!(failures.len(), cases.len(), "{said}");
}

#[test]
fn what_a_flow_does_not_ask_is_told_before_anything_is_played() {
    let lines = [
        "schedule opning is open",
        "queue 103 is free",
        "queue 102 is bsy",
        "callback refused 4",
    ];
    let (code, said) = desk(&call("x", &lines[2..])).test(&["."]);
    assert_eq!(code, Some(1), "{said}");
    for told in [
        "error[CW704]: a queue is free, waiting, nobody, unknown, not `bsy`",
        "= help: write `queue ID is STATE`",
        "error[CW704]: `4` is no documented code: they are 1, 2, 3, 7",
    ] {
        assert!(said.contains(told), "{said}");
    }
    let (code, said) = desk(&call("x", &lines[..2])).test(&["."]);
    assert_eq!(code, Some(1), "{said}");
    for told in [
        "error[CW701]: test says \"schedule opning is open\"; the flow asks no such schedule",
        "= help: write: \"schedule opening is open\"",
        "error[CW701]: test says \"queue 103 is free\"; the flow asks no such queue",
        "= help: write: \"queue 102 is free\"",
    ] {
        assert!(said.contains(told), "{said}");
    }
    assert!(!said.contains("FAIL"), "{said}");
}

/// What a schedule says holds until a line says otherwise; a handoff is answered once.
#[test]
fn a_schedule_says_so_until_a_line_says_otherwise() {
    let flow = "callwright = 1\n[flow]\nid = \"a\"\nstart = \"main\"\n[hours.desk]\nschedule = \"5\"\n\
        [menu.main]\nsay = \"Press 1.\"\npress.1 = \"now\"\ntries = 1\ngive_up = \"end\"\n\
        [decide.now]\nhours = \"desk\"\nopen = \"queue\"\nclosed = \"main\"\nchoice.2 = \"main\"\n\
        [handoff.queue]\nqueue = \"7\"\nfailed = \"main\"\n";
    let folder = desk("");
    folder.write("desk.toml", flow);
    folder.write(
        "desk.test.toml",
        &(String::from("flow = \"desk.toml\"\n")
            + &call(
                "x",
                &[
                    "press 1",
                    "schedule desk is 2",
                    "at main",
                    "press 1",
                    "at main",
                    "press 1",
                    "schedule 5 is open",
                    "handoff fails",
                    "at main",
                    "press 1",
                    "hands off to 7",
                    "ended",
                ],
            )),
    );
    let asked = [".", "--paths", "--coverage", "--strict"];
    let (code, said) = folder.test(&asked);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("3 of 3 steps, 1 of 1 keys visited"), "{said}");
}

/// A flow beside an agent's call: the recording is silent while a secret is entered, and the lines say so.
#[test]
fn recordings_are_paused_and_go_on_as_lines_say() {
    let flow = "callwright = 1\n[flow]\nid = \"a\"\nstart = \"main\"\n\
        [menu.main]\nsay = \"Press 1.\"\npress.1 = { set.agent = \"jdoe\", go = \"pin\" }\ntries = 1\ngive_up = \"end\"\n\
        [ask.pin]\nsay = \"Your code?\"\ndigits = 4\nsave = \"pin\"\nsecret = true\npause_recording = \"{agent}\"\n\
        failed = \"main\"\ngo = \"end\"\ntries = 1\ngive_up = \"end\"\n";
    let folder = desk("");
    folder.write("desk.toml", flow);
    let calls = |lines: &[&str]| String::from("flow = \"desk.toml\"\n") + &call("x", lines);
    let good = [
        "press 1",
        "recording of jdoe fails",
        "at main",
        "recording of jdoe resumes",
        "press 1",
        "recording of jdoe pauses",
        "hear Your code",
        "type ****",
        "recording of jdoe resumes",
        "ended",
    ];
    folder.write("desk.test.toml", &calls(&good));
    let (code, said) = folder.test(&[".", "--paths", "--coverage", "--strict"]);
    assert_eq!(code, Some(0), "{said}");
    let hung_up = [
        "press 1",
        "recording of jdoe pauses",
        "hangs up",
        "recording of jdoe resumes",
    ];
    folder.write("desk.test.toml", &calls(&hung_up));
    let (code, said) = folder.test(&["."]);
    assert_eq!(code, Some(0), "{said}");
    for (lines, told) in [
        (
            &["press 1"][..],
            "= the recording of jdoe is to fall silent, and no test reaches the network: write \"recording of jdoe pauses\" or \"recording of jdoe fails\" below",
        ),
        (
            &["press 1", "recording of fred pauses"],
            "= the recording of jdoe is paused",
        ),
        (
            &[
                "press 1",
                "recording of jdoe pauses",
                "recording of jdoe resumes",
            ],
            "= the recording of jdoe does not go on here",
        ),
        (
            &["recording of jdoe fails"],
            "= no pause of a recording is asked for here: a key is waited for",
        ),
    ] {
        folder.write("desk.test.toml", &calls(lines));
        let (code, said) = folder.test(&["."]);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(told), "{lines:?}: {said}");
    }
}
