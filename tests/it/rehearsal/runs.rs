//! Runs that pass, and what else they tell: coverage, shortest calls, replies, a build server's report.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{Folder, call};

/// Calls that visit all of the clinic.
fn whole() -> String {
    String::from("flow = \"clinic.toml\"\n")
        + &call(
            "a nurse is called, and nothing of the code is kept",
            &[
                "hear For English, press 1",
                "hear 中文请按2",
                "press 1",
                "language en",
                "hear welcome TO the clinic",
                "type 123456",
                "var number is 123456",
                "type 9876#",
                "never_logged 9876",
                "at main",
                "press 1",
                "at main",
                "press 2",
                "dials +6568332048",
                "answers",
                "ended",
            ],
        )
        + &call(
            "in Chinese, and the line is busy",
            &[
                "press 2",
                "language zh",
                "type 123456",
                "type ****#",
                "press 2",
                "busy",
                "hear 再见",
                "ended",
            ],
        )
}

#[test]
fn calls_that_go_as_written_pass() {
    let folder = Folder::with(&whole());
    for paths in [".", "clinic.test.toml", "clinic.toml"] {
        let (code, said) = folder.test(&[paths, "--coverage", "--strict", "--paths"]);
        assert_eq!(code, Some(0), "{paths:?}: {said}");
        assert!(said.contains("7 of 7 steps, 4 of 4 keys visited"), "{said}");
        assert!(said.contains(" calls passed, in "), "{said}");
        assert!(said.contains(" calls a second)"), "{said}");
    }
    let left = fs::read_dir(folder.path())
        .expect("it can be listed")
        .count();
    assert_eq!(left, 2, "no database, no file");
}

#[test]
fn what_no_test_visits_is_listed_where_it_stands() {
    let calls = String::from("flow = \"clinic.toml\"\n")
        + &call(
            "x",
            &[
                "press 1",
                "type 123456",
                "type 9876",
                "silence",
                "silence",
                "silence",
                "ended",
            ],
        );
    let folder = Folder::with(&calls);
    let (code, said) = folder.test(&[".", "--coverage"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("warning[CW702]: key 2 of menu \"language\" is pressed by no test"),
        "{said}"
    );
    assert!(
        said.contains("warning[CW702]: step \"nurse\" is visited by no test"),
        "{said}"
    );
    assert!(said.contains("6 of 7 steps, 1 of 4 keys visited"), "{said}");
    assert_eq!(folder.test(&[".", "--coverage", "--strict"]).0, Some(1));
}

#[test]
fn replies_are_compared_with_those_that_were_stored() {
    let folder = Folder::with(&whole());
    let (code, said) = folder.test(&[".", "--wire"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("replies stored in ./clinic.wire.json"),
        "{said}"
    );
    let stored = fs::read_to_string(folder.path().join("clinic.wire.json")).expect("it is there");
    assert!(
        stored.contains("\"clientActionId\": \"clinic@VERSION:language:1:en:1\""),
        "{stored}"
    );
    assert!(!stored.contains("9876"), "{stored}");
    assert_eq!(folder.test(&[".", "--wire"]).0, Some(0));
    let flow = fs::read_to_string(folder.path().join("clinic.toml")).expect("it is there");
    folder.write(
        "clinic.toml",
        &flow.replace("Welcome to the clinic.", "Welcome to the clinic!"),
    );
    let (code, said) = folder.test(&[".", "--wire"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains(
            "WIRE ./clinic.wire.json: a nurse is called, and nothing of the code is kept: reply 2\n"
        ),
        "{said}"
    );
    let (code, _) = folder.test(&[".", "--wire", "--accept"]);
    assert_eq!((code, folder.test(&[".", "--wire"]).0), (Some(0), Some(0)));
}

#[test]
fn a_build_server_gets_its_report() {
    let folder = Folder::with(&(whole() + &call("goes wrong", &["hear <&>"])));
    let (code, said) = folder.test(&[".", "--junit", "out.xml"]);
    assert_eq!(code, Some(1), "{said}");
    let report = fs::read_to_string(folder.path().join("out.xml")).expect("it is there");
    assert!(
        report.contains("<testsuite name=\"./clinic.test.toml\" tests=\"3\" failures=\"1\">"),
        "{report}"
    );
    assert!(report.contains("hear &lt;&amp;&gt;"), "{report}");
}

#[test]
fn the_shortest_calls_of_every_shipped_flow_that_has_tests_go_well() {
    let flows = Path::new(env!("CARGO_MANIFEST_DIR")).join("flows");
    let files = fs::read_dir(flows).expect("the folder can be listed");
    let paths = files.map(|file| file.expect("an entry").path().display().to_string());
    let tests: Vec<_> = paths.filter(|path| path.ends_with(".test.toml")).collect();
    assert_eq!(tests.len(), 4);
    let asked = ["--paths", "--coverage", "--strict"];
    let asked: Vec<_> = tests.iter().map(String::as_str).chain(asked).collect();
    let (code, said) = Folder::with(&whole()).test(&asked);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn what_the_phone_saves_runs() {
    let folder = Folder::with("");
    fs::remove_file(folder.path().join("clinic.test.toml")).expect("it is there");
    let mut phone = Command::new(env!("CARGO_BIN_EXE_callwright"))
        .args(["phone", "clinic.toml", "--at", "2026-11-20 12:30"])
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("the test build's own program starts");
    let typed = "2\n12\n\n123456\n98\n98*6\n9876#\n1\n\n9\n2\nb\n:save clinic.test.toml\n\n1\n123456\n9876\n2\na\n:save clinic.test.toml\n";
    let mut input = phone.stdin.take().expect("it is piped");
    input.write_all(typed.as_bytes()).expect("it reads");
    drop(input);
    phone.wait().expect("it ends");
    let saved = fs::read_to_string(folder.path().join("clinic.test.toml")).expect("it is saved");
    assert!(saved.contains("\"type **star*\""), "{saved}");
    let (code, said) = folder.test(&["clinic.test.toml"]);
    assert_eq!(code, Some(0), "{saved}{said}");
    assert!(said.starts_with("2 calls passed"), "{said}");
}

#[test]
fn every_change_is_played_while_watching() {
    use std::io::{BufRead as _, BufReader};
    let folder = Folder::with(&whole());
    let mut watching = Command::new(env!("CARGO_BIN_EXE_callwright"))
        .args(["test", ".", "--watch"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the test build's own program starts");
    let out = watching.stdout.take().expect("it is piped");
    let mut lines = BufReader::new(out).lines().map_while(Result::ok);
    let mut until = |wanted: &str| {
        let found = lines.by_ref().find(|line| line.contains(wanted));
        assert!(found.is_some(), "{wanted} is never said");
    };
    until("2 calls passed, in");
    until("waiting for a change");
    folder.write(
        "clinic.test.toml",
        &(whole() + &call("goes wrong", &["hear nonsense"])),
    );
    until("FAIL ./clinic.test.toml");
    until("waiting for a change");
    folder.write("clinic.test.toml", &whole());
    until("2 calls passed, in");
    watching.kill().expect("it runs");
    watching.wait().expect("it ends");
}
