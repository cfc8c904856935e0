//! A flow in Graphviz's language.

use std::fmt::Write as _;

use super::{opening, reason};
use crate::flow::Flow;
use crate::flow::chart::{When, ways};
use crate::flow::model::Step;

/// `flow` as a digraph.
pub fn dot(flow: &Flow) -> String {
    let mut text = String::new();
    // Writing to a text does not fail: here and below.
    let _ = writeln!(text, "digraph {} {{", quoted(flow.id.as_str()));
    text.push_str("  node [fontname=\"sans-serif\" fontsize=11];\n  edge [fontname=\"sans-serif\" fontsize=10];\n");
    let start = quoted(flow.start.as_str());
    let _ = writeln!(
        text,
        "  \"(begin)\" [shape=point];\n  \"(begin)\" -> {start};"
    );
    for (name, step) in &flow.steps {
        let words = opening(flow, step).map_or(String::new(), |words| format!("\n{words}"));
        let label = quoted(&format!("{} {name}{words}", step.kind()));
        let shape = match step {
            Step::Menu(_) => "hexagon",
            Step::Ask(_) => "parallelogram",
            Step::Connect(_) => "box3d",
            Step::End(_) => "oval",
            _ => "box",
        };
        let _ = writeln!(
            text,
            "  {} [label={label} shape={shape}];",
            quoted(name.as_str())
        );
    }
    for way in ways(flow) {
        let from = quoted(way.from.as_str());
        let to = way
            .to
            .map_or("\"(hang up)\"".to_owned(), |to| quoted(to.as_str()));
        let style = match way.when {
            When::GaveUp => " style=dashed",
            _ => "",
        };
        let _ = writeln!(
            text,
            "  {from} -> {to} [label={}{style}];",
            quoted(&reason(way.when))
        );
    }
    text.push_str("}\n");
    text
}

/// A text in quotes.
fn quoted(text: &str) -> String {
    let text = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("\"{text}\"")
}
