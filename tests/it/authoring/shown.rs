//! `callwright fmt`, `diff` and `graph` on real files.

use std::fs;
use std::process::Command;

use callwright::flow::check::check;
use callwright::flow::diagnostic::Source;
use callwright::flow::file::laid_out;

use super::{Desk, shipped};

#[test]
fn the_shipped_flows_are_laid_out() {
    let (code, said) = Desk::new().run(&["fmt", "--check", &shipped()]);
    assert_eq!((code, said.as_str()), (Some(0), ""));
}

/// What a text says, whatever its layout: the flow, or what is wrong with it.
fn meaning(text: &str) -> (Vec<String>, Vec<String>) {
    let source = Source {
        path: "a.toml".to_owned(),
        text: text.to_owned(),
    };
    let checked = check(&[source]);
    let flows = checked.flows.into_iter().map(|(_, mut flow)| {
        flow.version = callwright::flow::model::FlowVersion::new("");
        // Where a variable stands in its text is no part of what it says.
        let shown = format!("{flow:?}");
        shown
            .split("span: ")
            .map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.'))
            .collect()
    });
    let faults = checked
        .diagnostics
        .into_iter()
        .map(|fault| format!("{} {}", fault.code, fault.message));
    (
        flows.collect(),
        faults.filter(|fault| !fault.contains("line ")).collect(),
    )
}

#[test]
fn layout_changes_nothing_that_a_file_says_and_keeps_every_comment() {
    let mut looked = 0;
    for folder in ["flows", "tests/flows/bad", "tests/flows/phone"] {
        let folder = format!("{}/{folder}", env!("CARGO_MANIFEST_DIR"));
        for entry in fs::read_dir(folder).expect("it is in the repository") {
            let path = entry.expect("it can be listed").path();
            let is_flow = path.extension().is_some_and(|it| it == "toml");
            let Ok(text) = fs::read_to_string(&path) else {
                continue;
            };
            let Some(laid) = laid_out(&text).ok().filter(|_| is_flow) else {
                continue;
            };
            assert_eq!(
                laid_out(&laid).as_deref(),
                Ok(laid.as_str()),
                "{}",
                path.display()
            );
            assert_eq!(meaning(&laid), meaning(&text), "{}", path.display());
            let comments = |text: &str| {
                text.lines()
                    .filter_map(|line| Some(line.split_once("# ")?.1.trim().to_owned()))
                    .collect::<Vec<_>>()
            };
            assert_eq!(comments(&laid), comments(&text), "{}", path.display());
            looked += 1;
        }
    }
    assert!(looked > 50, "only {looked} files");
}

#[test]
fn a_file_that_is_no_toml_is_explained_and_left_alone() {
    let desk = Desk::new();
    desk.write("a.toml", "[menu.main]\nsay = hello\n");
    let (code, said) = desk.run(&["fmt", "a.toml"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("error[CW001]"), "{said}");
    assert_eq!(desk.read("a.toml"), "[menu.main]\nsay = hello\n");
}

#[test]
fn a_file_is_compared_with_another_and_with_what_git_has() {
    let desk = Desk::new();
    let before = fs::read_to_string(format!("{}/restaurant.toml", shipped())).expect("it is there");
    let after = before
        .replace("press.3 = \"hours\"", "press.3 = \"invalid\"")
        .replace("# level", "# Level");
    desk.write("a.toml", &before);
    desk.write("b.toml", &after);
    let told = "menu main\n  key 3 leads to invalid, no longer to hours\n";
    assert_eq!(
        desk.run(&["diff", "a.toml", "b.toml"]),
        (Some(1), told.to_owned())
    );
    assert_eq!(
        desk.run(&["diff", "a.toml", "a.toml"]),
        (Some(0), String::new())
    );
    let git = |arguments: &[&str]| {
        let done = Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
            .args(arguments)
            .current_dir(desk.path())
            .output()
            .expect("git is there");
        assert!(done.status.success(), "{done:?}");
    };
    git(&["init", "--quiet"]);
    git(&["add", "a.toml"]);
    git(&["commit", "--quiet", "--message", "first"]);
    assert_eq!(desk.run(&["diff", "a.toml"]), (Some(0), String::new()));
    desk.write("a.toml", &after);
    assert_eq!(desk.run(&["diff", "a.toml"]), (Some(1), told.to_owned()));
    let (code, said) = desk.run(&["diff", "b.toml"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("git does not have b.toml in HEAD"), "{said}");
}

#[test]
fn a_flow_is_drawn_in_three_ways() {
    let desk = Desk::new();
    let flow = format!("{}/restaurant.toml", shipped());
    let (code, mermaid) = desk.run(&["graph", &flow]);
    assert_eq!(code, Some(0), "{mermaid}");
    assert!(
        mermaid.contains("s_main -->|\"1\"| s_reservations"),
        "{mermaid}"
    );
    let (code, dot) = desk.run(&["graph", &flow, "--format", "dot"]);
    assert_eq!(code, Some(0), "{dot}");
    assert!(
        dot.contains("\"main\" -> \"reservations\" [label=\"1\"];"),
        "{dot}"
    );
    let (code, said) = desk.run(&["graph", &flow, "--svg", "out.svg"]);
    assert_eq!((code, said.as_str()), (Some(0), "drawn in out.svg\n"));
    assert_eq!(desk.read("out.svg").matches("<rect").count(), 14);
    let (code, said) = desk.run(&["graph", "nowhere.toml"]);
    assert_eq!(code, Some(2), "{said}");
}
