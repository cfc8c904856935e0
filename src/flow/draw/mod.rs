//! A flow as a drawing: [`mod@mermaid`] and [`mod@dot`] for programs that draw, [`mod@svg`] drawn here.

mod arrange;
mod dot;
mod mermaid;
mod svg;

pub use dot::dot;
pub use mermaid::mermaid;
pub use svg::svg;

use super::Flow;
use super::chart::{When, words};
use super::model::Step;

/// How much of a step's words is shown.
const SHOWN: usize = 40;

/// What stands beside a way.
fn reason(when: When<'_>) -> String {
    match when {
        When::Pressed(keys, None) => keys.to_string(),
        When::Pressed(keys, Some(language)) => format!("{keys} ({language})"),
        When::Entered => "entered".to_owned(),
        When::GaveUp => "gives up".to_owned(),
        When::Then => String::new(),
        When::Busy => "busy".to_owned(),
        When::NoAnswer => "no answer".to_owned(),
        When::Failed => "fails".to_owned(),
        When::Spoke => "has spoken".to_owned(),
        When::Open => "open".to_owned(),
        When::Closed => "closed".to_owned(),
        When::Is(word) => format!("is {word}"),
        When::Otherwise => "else".to_owned(),
        When::Answered => "ok".to_owned(),
        When::Status(status) => status.to_string(),
        When::Begins => "begins".to_owned(),
        When::Returns => "returns".to_owned(),
    }
}

/// The beginning of what callers hear at a step, to a word's end.
fn opening(flow: &Flow, step: &Step) -> Option<String> {
    let words = words(flow, step)?;
    let words: Vec<_> = words.split_whitespace().collect();
    let words = words.join(" ");
    if words.chars().count() <= SHOWN {
        return Some(words);
    }
    let cut: String = words.chars().take(SHOWN).collect();
    let end = cut.rfind(' ').unwrap_or(cut.len());
    Some(format!("{} …", &cut[..end]))
}

#[cfg(test)]
mod tests;
