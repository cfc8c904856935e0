//! Where calls can go: the graph of a flow's steps.
//!
//! Nothing here recurs over the graph: a file may hold 10,000 steps in one chain.

mod depth;
mod graph;
mod loops;
mod reach;

use super::context::{Declared, FlowFile};
use super::way::Place;
use graph::Graph;

impl FlowFile<'_> {
    /// Whether a call can end here, or in a sub-flow.
    pub(super) fn can_end(&self) -> bool {
        let ends = |step: &Declared<'_>| matches!(step.kind, "end" | "connect");
        self.steps.iter().any(ends)
            || self.ways.iter().any(|way| way.to == Place::End)
            || self.subs.values().any(|(sub, _)| sub.ends)
    }
}

/// Checks the graph of one file.
pub(super) fn check(file: &FlowFile<'_>) {
    let graph = Graph::of(file);
    let reached = file.head.start.map(|start| graph.reached(file, start));
    let loops = loops::endless(file, &graph);
    let stuck = reach::stuck(file, &graph, reached.as_deref(), &loops);
    loops::broken_keypad(file, &graph, &stuck);
    let (Some(start), Some(reached)) = (file.head.start, reached) else {
        return;
    };
    depth::deep(file, &graph, start);
    let ways_are_missing = !loops.is_empty() || stuck.contains(&true);
    if !ways_are_missing {
        reach::unreachable(file, &graph, &reached);
    }
}
