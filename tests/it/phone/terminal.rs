//! `callwright phone`: what is typed in the transcripts of `tests/transcripts` is typed here, and what is printed compared.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{clinic, restaurant, text};

/// What stands before what is typed.
const PROMPTS: [&str; 3] = [" key? ", " answers? ", " again? "];

/// Types `lines` in `folder`, and gives what is printed.
fn phone(flow: &Path, folder: &Path, lines: &str) -> String {
    let mut process = Command::new(env!("CARGO_BIN_EXE_callwright"))
        .arg("phone")
        .arg(flow)
        .args(["--at", "2026-11-20 12:30"])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the test build's own program starts");
    let mut input = process.stdin.take().expect("it is piped");
    input.write_all(lines.as_bytes()).expect("it reads");
    drop(input);
    let done = process.wait_with_output().expect("it ends");
    String::from_utf8(done.stdout).expect("it prints text")
}

/// What was typed in a transcript. A secret stands there as dots: it is typed as `secret`.
fn typed(transcript: &str, secret: &str) -> String {
    let line = |line: &str| {
        let typed = PROMPTS
            .iter()
            .find_map(|prompt| line.strip_prefix(prompt))?;
        match typed.starts_with('•') {
            true => Some(secret.to_owned()),
            false => Some(typed.to_owned()),
        }
    };
    transcript
        .lines()
        .filter_map(line)
        .map(|line| line + "\n")
        .collect()
}

#[test]
fn calls_read_as_in_the_transcripts() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    for (flow, name) in [(restaurant(), "restaurant"), (clinic(), "clinic")] {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/transcripts/{name}.txt"));
        let transcript = text(&path);
        let printed = phone(&flow, folder.path(), &typed(&transcript, "9876"));
        assert_eq!(printed, transcript, "{name}");
    }
    let left = std::fs::read_dir(folder.path()).expect("it can be listed");
    assert_eq!(left.count(), 0, "no database, no file");
}

#[test]
fn a_call_is_saved_as_a_test_without_its_secret() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let flow = folder.path().join("clinic.toml");
    std::fs::copy(clinic(), &flow).expect("it can be copied");
    let keys = "2\n123456\n9876#\n:save clinic.test.toml\n2\nb\n:save clinic.test.toml\n";
    let printed = phone(&flow, folder.path(), keys);
    assert_eq!(
        printed.matches("(saved in clinic.test.toml)").count(),
        2,
        "{printed}"
    );
    let saved = text(&folder.path().join("clinic.test.toml"));
    assert!(
        !saved.contains("9876") && !printed.contains("9876"),
        "{saved}{printed}"
    );
    let saved: toml::Table = saved.parse().expect("it is TOML");
    assert_eq!(saved["flow"].as_str(), Some("clinic.toml"));
    let calls = saved["call"].as_array().expect("calls");
    let steps = |call: usize| -> Vec<&str> {
        let steps = calls[call]["steps"].as_array().expect("steps");
        steps.iter().filter_map(toml::Value::as_str).collect()
    };
    let done = ["press 2", "type 123456", "type ****"];
    assert!(
        done.iter().all(|line| steps(0).contains(line)),
        "{:?}",
        steps(0)
    );
    assert!(
        steps(1).ends_with(&["dials +6568332048", "busy", "hear 再见。", "ended"]),
        "{:?}",
        steps(1)
    );
}

#[test]
fn a_secret_is_not_typed_ahead() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let printed = phone(&clinic(), folder.path(), "2\n123456987\n:vars\n");
    assert!(
        printed.contains("a secret is typed at its own prompt"),
        "{printed}"
    );
    assert!(!printed.contains("pin ="), "{printed}");
}

#[test]
fn a_flow_with_errors_takes_no_call() {
    let bad = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/flows/bad/menu_without_say.toml");
    let done = Command::new(env!("CARGO_BIN_EXE_callwright"))
        .arg("phone")
        .arg(bad)
        .output()
        .expect("the test build's own program starts");
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(1), "{said}");
    assert!(said.contains("error[CW005]"), "{said}");
}

/// A flow that asks somebody's system.
const ASKING: &str = r#"callwright = 1
[flow]
id = "asking"
start = "main"
answers = ["+6561115796"]
[menu.main]
say = "To ask press 1."
press.1 = "find"
give_up = "lost"
[lookup.find]
get = "https://desk.example/find"
save.name = "customer.name"
ok = "found"
failed = "lost"
[end.found]
say = "Hello {name}."
[end.lost]
say = "We cannot look now."
"#;

#[test]
fn what_look_ups_brought_is_saved_with_the_call() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let flow = folder.path().join("asking.toml");
    std::fs::write(&flow, ASKING).expect("it can be written");
    let keys = "1\n:save asking.test.toml\n\n:lookups 200 {\"customer\": {\"name\": \"Ada\"}}\n1\n:save asking.test.toml\n\n:lookups 200 no JSON\n1\n:save asking.test.toml\n";
    phone(&flow, folder.path(), keys);
    let saved = text(&folder.path().join("asking.test.toml"));
    for line in [
        "lookup find times out",
        "lookup find answers 200 { customer = { name = \\\"Ada\\\" } }",
    ] {
        assert!(
            saved.contains(line) || saved.contains(&line.replace('\\', "")),
            "{line}: {saved}"
        );
    }
    assert_eq!(saved.matches("[[call]]").count(), 3);
    assert_eq!(
        saved.matches("times out").count(),
        2,
        "no JSON is no answer"
    );
    let tested = Command::new(env!("CARGO_BIN_EXE_callwright"))
        .args(["test", "asking.test.toml"])
        .current_dir(folder.path())
        .output()
        .expect("the test build's own program starts");
    let said = String::from_utf8_lossy(&tested.stdout).into_owned();
    assert!(
        tested.status.success() && said.starts_with("3 calls passed"),
        "{said}"
    );
}
