//! The steps of a file and the ways between them, found by step.

use super::super::context::FlowFile;
use super::super::way::{Place, Way};

/// The ways of a file, by the step that they leave.
pub(super) struct Graph<'f> {
    out: Vec<Vec<&'f Way>>,
}

impl<'f> Graph<'f> {
    /// The graph of a file's steps.
    pub(super) fn of(file: &'f FlowFile<'_>) -> Self {
        let mut out = vec![Vec::new(); file.steps.len()];
        for way in &file.ways {
            out[way.from].push(way);
        }
        Self { out }
    }

    /// The ways that leave a step.
    pub(super) fn out(&self, step: usize) -> &[&'f Way] {
        &self.out[step]
    }

    /// The steps that a step leads to.
    pub(super) fn next(&self, step: usize) -> impl Iterator<Item = usize> {
        self.out[step].iter().filter_map(|way| match way.to {
            Place::Step(to) => Some(to),
            _ => None,
        })
    }

    /// For each step, whether a call that begins at `start` can come there.
    pub(super) fn reached(&self, file: &FlowFile<'_>, start: usize) -> Vec<bool> {
        let mut reached = vec![false; file.steps.len()];
        let mut open = vec![start];
        reached[start] = true;
        while let Some(step) = open.pop() {
            for next in self.next(step) {
                if !std::mem::replace(&mut reached[next], true) {
                    open.push(next);
                }
            }
        }
        reached
    }

    /// Whether it is not known where a step leads, since a fault hides it.
    pub(super) fn unsure(&self, file: &FlowFile<'_>, step: usize) -> bool {
        let unknown = |way: &&Way| way.to == Place::Unknown;
        file.steps[step].torn
            || file.steps[step].has_strange_key()
            || self.out[step].iter().any(unknown)
    }
}
