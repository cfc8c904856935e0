//! What is said of a call that does not go as it is written, word for word.

use super::{Folder, call, without_rate};

#[test]
fn a_failure_shows_the_line_what_was_heard_the_way_and_the_place() {
    let calls = String::from("flow = \"clinic.toml\"\n")
        + &call(
            "wrong key, silence, wrong key",
            &[
                "press 1",
                "type 123456",
                "type ****",
                "press 9",
                "hear  That is not one of the choices",
                "silence",
                "hear  I still did not hear a key",
            ],
        );
    let (code, said) = Folder::with(&calls).test(&["."]);
    let expected = r#"FAIL ./clinic.test.toml:12:3  wrong key, silence, wrong key
   |
12 |   "hear  I still did not hear a key",
   |    ^^^^ expected
   = heard:  "Still no key. Patient 1 2 3 4 5 6. To hear this again press 1, for a nurse press 2."
   = path:   language -1-> hello -> number -123456-> pin -****-> main -9-> main(2) -silence-> main(3)
   = at:     menu main, ./clinic.toml:42
"#;
    assert_eq!(without_rate(&said), expected, "{said}");
    assert_eq!(code, Some(1));
}

#[test]
fn every_expectation_can_fail_and_says_why() {
    let entered = ["press 1", "type 123456", "type 9876#"];
    let cases = [
        (&["not_hear For English"][..], "^^^^^^^^ was heard"),
        (&["at main"], "= the call is at language"),
        (&["language zh"], "= the language is en"),
        (&["ended"], "= the call goes on: a key is waited for"),
        (&["busy"], "= nobody is dialled: a key is waited for"),
        (
            &["dials +6568332048"],
            "= nobody is dialled: a key is waited for",
        ),
        (
            &["hangs up", "press 1"],
            "= no key is waited for: the call is over",
        ),
        (&["hangs up", "hangs up"], "= the call is over already"),
        (&["press 11"], "= the entry was over before its last key"),
        (&["var number is 1"], "= number is not set"),
        (
            &[entered[0], entered[1], "var number is 1"],
            "= number is \"123456\"",
        ),
        (
            &[entered[0], entered[1], "never_logged 123456"],
            "^^^^^^^^^^^^ is kept or logged in the clear",
        ),
        (
            &[entered[0], entered[1], entered[2], "var pin is 1"],
            "= pin is a secret, which no test may tell",
        ),
        (
            &[entered[0], entered[1], entered[2], "hear 98 76"],
            "are expected here: no test tells a secret",
        ),
        (
            &[entered[0], entered[1], entered[2], "press 2", "ended"],
            "= the call goes on: +6568332048 rings; say what becomes of it: busy, no answer, answers, fails",
        ),
        (
            &[
                entered[0],
                entered[1],
                entered[2],
                "press 2",
                "dials +6568332049",
            ],
            "= +6568332048 is dialled",
        ),
    ];
    let calls: Vec<_> = cases.iter().map(|(lines, _)| call("x", lines)).collect();
    let calls = String::from("flow = \"clinic.toml\"\n") + &calls.concat();
    let (code, said) = Folder::with(&calls).test(&["."]);
    assert_eq!(code, Some(1), "{said}");
    let failures: Vec<_> = said.split("FAIL ").skip(1).collect();
    assert_eq!(failures.len(), cases.len(), "{said}");
    for ((lines, told), failure) in cases.iter().zip(failures) {
        assert!(failure.contains(told), "{lines:?}: {failure}");
    }
}

#[test]
fn faults_of_a_test_file_are_told_at_once_and_nothing_is_played() {
    let calls = "flow = \"clinic.toml\"\n\n[[call]]\nname = \"x\"\nsteps = [\"at mian\", \"pres 1\", \"at nurse\"]\nwhen = 1\n";
    let folder = Folder::with(calls);
    let (code, said) = folder.test(&["."]);
    assert_eq!(code, Some(1), "{said}");
    for told in [
        "error[CW704]: a call has no line `pres 1`",
        "= help: write `press KEYS`",
        "error[CW705]: \"when\" is not a key of a call",
    ] {
        assert!(said.contains(told), "{said}");
    }
    folder.write(
        "clinic.test.toml",
        "flow = \"clinic.toml\"\n\n[[call]]\nname = \"x\"\nsteps = [\"at mian\"]\n",
    );
    let (code, said) = folder.test(&["."]);
    let expected = r#"error[CW701]: test says "at mian"; no such step
 --> ./clinic.test.toml:5:10
  |
5 | steps = ["at mian"]
  |          ^^^^^^^^^
  |
  = help: write: "at main"
"#;
    assert!(said.starts_with(expected), "{said}");
    assert_eq!(code, Some(1));
    folder.write(
        "clinic.test.toml",
        "flow = \"clinc.toml\"\n\n[[call]]\nname = \"x\"\nsteps = []\n",
    );
    let (code, said) = folder.test(&["."]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("error[CW705]: there is no flow clinc.toml"),
        "{said}"
    );
    assert!(
        said.contains("= help: write: flow = \"clinic.toml\""),
        "{said}"
    );
}

#[test]
fn a_flow_with_errors_is_explained_and_not_played() {
    let folder = Folder::with(&(String::from("flow = \"clinic.toml\"\n") + &call("x", &["ended"])));
    let flow = std::fs::read_to_string(folder.path().join("clinic.toml")).expect("it is there");
    folder.write("clinic.toml", &flow.replace("go = \"pin\"", "go = \"pni\""));
    let (code, said) = folder.test(&["."]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("error[CW101]: no step is called \"pni\""),
        "{said}"
    );
    assert!(!said.contains("FAIL"), "{said}");
}

#[test]
fn what_cannot_be_read_is_said() {
    let folder = Folder::with("flow = \"clinic.toml\"\n");
    let (code, said) = folder.test(&["nowhere.test.toml"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("there is no file or folder nowhere.test.toml"),
        "{said}"
    );
}
