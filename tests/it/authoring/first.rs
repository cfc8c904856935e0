//! `callwright new`: what it writes holds together, is tested whole, and is laid out.

use super::Desk;

/// Holds what was written to everything that there is to hold it to.
fn holds(desk: &Desk, flow: &str) {
    for arguments in [
        &["check", "--strict", flow][..],
        &["test", "--coverage", "--strict", "--paths", flow],
        &["fmt", "--check", flow],
    ] {
        let (code, said) = desk.run(arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {said}\n{}", desk.read(flow));
    }
}

#[test]
fn every_first_flow_holds_together_and_is_tested_whole() {
    for (answers, person) in [("+6561115779", "+6568332048"), ("any", "none")] {
        for languages in [&["en"][..], &["zh"], &["en", "zh"], &["zh", "en"]] {
            let desk = Desk::new();
            let mut arguments = vec!["new", "flows/pizza.toml", "--name", "Pizza \"Roma\" {1}"];
            arguments.extend(["--answers", answers, "--person", person]);
            for language in languages {
                arguments.extend(["--language", language]);
            }
            let (code, said) = desk.run(&arguments);
            assert_eq!(code, Some(0), "{said}");
            holds(&desk, "flows/pizza.toml");
        }
    }
}

#[test]
fn three_questions_are_enough() {
    let desk = Desk::new();
    let (code, said) = desk.run_typing(
        &["new", "clinic.toml"],
        "Orchard Clinic\n+65 6111-5779\nnone\n",
    );
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(said.matches('?').count(), 3, "{said}");
    let flow = desk.read("clinic.toml");
    assert!(flow.starts_with("#:schema ./flow.schema.json\n"), "{flow}");
    assert_eq!(
        desk.read("flow.schema.json"),
        callwright::flow::check::schema()
    );
    assert!(flow.contains("answers = [\"+6561115779\"]"), "{flow}");
    assert!(flow.contains("Welcome to Orchard Clinic."), "{flow}");
    holds(&desk, "clinic.toml");
}

#[test]
fn what_cannot_be_written_is_said_and_nothing_is_overwritten() {
    let desk = Desk::new();
    desk.write("a.toml", "mine");
    let all = ["--name", "A", "--answers", "any", "--person", "none"];
    for (file, told) in [
        ("a.toml", "a.toml is there already, and stays as it is"),
        ("a.txt", "end the file's name in .toml"),
        ("a.test.toml", "end the file's name in .toml"),
    ] {
        let (code, said) = desk.run(&[&["new", file][..], &all].concat());
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(told), "{said}");
    }
    assert_eq!(desk.read("a.toml"), "mine");
    let (code, said) = desk.run(&[
        "new",
        "b.toml",
        "--name",
        "B",
        "--answers",
        "61115779",
        "--person",
        "none",
    ]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("write the number as +6561115779, or any"),
        "{said}"
    );
    let (code, said) = desk.run_typing(&["new", "b.toml"], "B\n\n");
    assert_eq!(code, Some(1), "{said}");
    assert!(!desk.path().join("b.toml").exists(), "nothing half done");
}
