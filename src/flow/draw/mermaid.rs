//! A flow as a Mermaid flowchart.

use std::fmt::Write as _;

use super::{opening, reason};
use crate::flow::Flow;
use crate::flow::chart::ways;
use crate::flow::model::Step;

/// `flow` in Mermaid's words.
pub fn mermaid(flow: &Flow) -> String {
    let mut text = String::from("flowchart TD\n");
    // Writing to a text does not fail: here and below.
    let _ = writeln!(
        text,
        "  begin(({})) --> {}",
        quoted(flow.id.as_str()),
        id(flow.start.as_str())
    );
    for (name, step) in &flow.steps {
        let words = opening(flow, step).map_or(String::new(), |words| format!("<br/>{words}"));
        let label = quoted(&format!("{} {name}{words}", step.kind()));
        let shape = match step {
            Step::Menu(_) => format!("{{{{{label}}}}}"),
            Step::Ask(_) => format!("[/{label}/]"),
            Step::Connect(_) => format!("[[{label}]]"),
            Step::End(_) => format!("([{label}])"),
            _ => format!("[{label}]"),
        };
        let _ = writeln!(text, "  {}{shape}", id(name.as_str()));
    }
    let ways = ways(flow);
    for way in &ways {
        let to = way.to.map_or("hang_up".to_owned(), |to| id(to.as_str()));
        let from = id(way.from.as_str());
        let _ = match reason(way.when).as_str() {
            "" => writeln!(text, "  {from} --> {to}"),
            reason => writeln!(text, "  {from} -->|{}| {to}", quoted(reason)),
        };
    }
    if ways.iter().any(|way| way.to.is_none()) {
        text.push_str("  hang_up((\"hang up\"))\n");
    }
    text
}

/// A step's name as an id: some names are words of Mermaid's own.
fn id(name: &str) -> String {
    format!("s_{name}")
}

/// A text in quotes, where Mermaid takes everything but a quote, and reads `#` as the beginning of a sign.
fn quoted(text: &str) -> String {
    let text = text.replace('#', "#35;").replace('"', "#quot;");
    format!("\"{text}\"")
}
