//! For the tests of the checks: a small flow, and what is said of it.

use super::check;
use crate::flow::diagnostic::{Diagnostic, Source};

/// The head of a flow that has a menu called main, and an end called bye to give up to.
const HEAD: &str = r#"callwright = 1
[flow]
id = "trial"
start = "main"
answers = ["+6561115777"]
[end.bye]
say = "Goodbye."
[defaults]
tries = 1
give_up = "bye"
"#;

/// What is said of a flow with these tables, the first lines still belonging to `[defaults]`.
pub(super) fn faults(tables: &str) -> Vec<Diagnostic> {
    let source = Source {
        path: "trial.toml".to_owned(),
        text: format!("{HEAD}{tables}"),
    };
    check(&[source]).diagnostics
}

/// The same as lines: code, message, and the words that the labels underline.
pub(super) fn said(tables: &str) -> Vec<String> {
    let text = format!("{HEAD}{tables}");
    let line = |fault: &Diagnostic| {
        let words = fault.labels.iter().map(|label| &text[label.span.clone()]);
        let words: Vec<&str> = words.collect();
        format!("{}: {} [{}]", fault.code, fault.message, words.join(" | "))
    };
    faults(tables).iter().map(line).collect()
}

/// The same as codes alone.
pub(super) fn codes(tables: &str) -> Vec<&'static str> {
    faults(tables).iter().map(|fault| fault.code).collect()
}
