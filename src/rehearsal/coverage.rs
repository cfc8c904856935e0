//! Which steps and keys of a flow calls have visited, and which none has (CW702).

use std::collections::BTreeSet;

use crate::flow::diagnostic::{Diagnostic, Source};
use crate::flow::model::{Keys, Step, StepName};
use crate::flow::{Flow, file};

/// What calls have visited of a flow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Visited {
    /// The steps.
    pub steps: BTreeSet<StepName>,
    /// The keys, each with its menu.
    pub keys: BTreeSet<(StepName, Keys)>,
}

impl Visited {
    /// Takes in what another call has visited.
    pub fn join(&mut self, other: &Self) {
        self.steps.extend(other.steps.iter().cloned());
        self.keys.extend(other.keys.iter().cloned());
    }

    /// All that there is to visit.
    pub fn everything(flow: &Flow) -> Self {
        // What lies in a sub-flow is its own file's.
        let own = || {
            flow.steps
                .iter()
                .filter(|(name, _)| !name.as_str().contains('.'))
        };
        let keys = own().flat_map(|(name, step)| {
            let press = match step {
                Step::Menu(menu) => Some(&menu.press),
                _ => None,
            };
            let keys = press.into_iter().flat_map(|press| press.keys());
            keys.map(|keys| (name.clone(), keys.clone()))
        });
        Self {
            steps: own().map(|(name, _)| name.clone()).collect(),
            keys: keys.collect(),
        }
    }
}

/// The steps and keys of `flow`, whose file is `source`, that were not visited: each a warning where it stands. A key of a step that was not
/// visited is not told beside its step.
pub fn unvisited(flow: &Flow, source: &Source, visited: &Visited) -> Vec<Diagnostic> {
    let everything = Visited::everything(flow);
    let tree = file::read(&source.text);
    let mut missing = Vec::new();
    for step in everything.steps.difference(&visited.steps) {
        let kind = flow.step(step).map_or("step", Step::kind);
        let entry = tree.root.at(&format!("{kind}.{step}"));
        let span = entry.map_or(0..0, |entry| entry.key_span.clone());
        let message = format!("step \"{step}\" is visited by no test");
        let fault = Diagnostic::warning("CW702", message).at(span, "");
        missing.push(fault.help(format!(
            "write a call that comes to it, and ends with \"at {step}\""
        )));
    }
    for (step, keys) in everything.keys.difference(&visited.keys) {
        if !visited.steps.contains(step) {
            continue;
        }
        let written = written(keys.as_str());
        let entry = tree.root.at(&format!("menu.{step}.press.{written}"));
        let span = entry.map_or(0..0, |entry| entry.key_span.clone());
        let message = format!("key {keys} of menu \"{step}\" is pressed by no test");
        let fault = Diagnostic::warning("CW702", message).at(span, "");
        missing.push(fault.help(format!("write a call with \"press {keys}\" there")));
    }
    missing.sort_by_key(Diagnostic::place);
    missing
}

/// Keys as a file writes them.
fn written(keys: &str) -> &str {
    match keys {
        "*" => "star",
        "#" => "hash",
        digits => digits,
    }
}
