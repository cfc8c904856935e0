//! Variables that a start request hands in, which callers cannot: CW411.

use super::super::FlowFile;
use crate::flow::diagnostic::Diagnostic;

pub(super) fn check(file: &FlowFile<'_>) {
    let head = &file.head;
    let answers = head.answers.first().map(|(_, place)| place);
    let (Some((name, place)), Some(answers)) =
        (head.needs.first(), answers.or(head.answers_any.as_ref()))
    else {
        return;
    };
    let message =
        format!("the flow needs \"{name}\" and answers numbers, but callers hand nothing in");
    file.report(
        Diagnostic::error("CW411", message)
            .at(place.clone(), "only a call that we start brings it")
            .also(answers.clone(), "these calls would lack it")
            .help("take `answers` out of this flow, and make another one for callers"),
    );
}

#[cfg(test)]
mod tests {
    use super::super::super::check;
    use crate::flow::diagnostic::Source;

    #[test]
    fn a_flow_answers_callers_or_needs_something() {
        for (head, told) in [
            ("needs = [\"day\"]", 0),
            ("answers = [\"+6561115777\"]", 0),
            ("needs = [\"day\"]\nanswers = [\"+6561115777\"]", 1),
            ("needs = [\"day\"]\nanswers = \"any\"", 1),
        ] {
            let text = format!(
                "callwright = 1\n[flow]\nid = \"t\"\nstart = \"main\"\n{head}\n[end.main]\nsay = \"Bye.\"\n"
            );
            let path = "t.toml".to_owned();
            let faults = check(&[Source { path, text }]).diagnostics;
            let told_of = faults.iter().filter(|fault| fault.code == "CW411").count();
            assert_eq!(told_of, told, "{head}");
        }
    }
}
