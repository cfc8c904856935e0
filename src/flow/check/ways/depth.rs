//! How many keys it takes to get somewhere (CW207).

use std::collections::VecDeque;

use super::super::context::FlowFile;
use super::super::way::{By, Place};
use super::graph::Graph;
use crate::flow::diagnostic::Diagnostic;

/// As many key presses as callers put up with.
const MOST_PRESSES: usize = 5;

/// How far a step is from the start on the way with the fewest key presses.
#[derive(Clone, Copy)]
struct Distance {
    presses: usize,
    steps: usize,
}

/// Warns when even the shortest way to the farthest step takes many key presses.
pub(super) fn deep(file: &FlowFile<'_>, graph: &Graph<'_>, start: usize) {
    let distances = distances(file, graph, start);
    let farthest = distances
        .iter()
        .enumerate()
        .filter_map(|(step, distance)| distance.map(|distance| (step, distance)))
        .rev()
        .max_by_key(|(_, distance)| distance.presses);
    let Some((step, distance)) = farthest.filter(|(_, far)| far.presses > MOST_PRESSES) else {
        return;
    };
    let step = &file.steps[step];
    let message = format!(
        "{} steps deep: the shortest way to \"{}\" needs {} key presses",
        distance.steps, step.name, distance.presses
    );
    file.report(
        Diagnostic::warning("CW207", message)
            .at(step.header.clone(), "the farthest step")
            .help(format!(
                "lead a key of an earlier menu to it: press.9 = \"{}\"",
                step.name
            )),
    );
}

/// The distance of each step that keys lead to. Giving up is no way that callers choose, and does not count.
fn distances(file: &FlowFile<'_>, graph: &Graph<'_>, start: usize) -> Vec<Option<Distance>> {
    let mut distances: Vec<Option<Distance>> = vec![None; file.steps.len()];
    let mut settled = vec![false; file.steps.len()];
    distances[start] = Some(Distance {
        presses: 0,
        steps: 1,
    });
    let mut open = VecDeque::from([start]);
    while let Some(step) = open.pop_front() {
        let Some(here) = distances[step].filter(|_| !std::mem::replace(&mut settled[step], true))
        else {
            continue;
        };
        for way in graph.out(step).iter().filter(|way| way.by != By::GiveUp) {
            let Place::Step(to) = way.to else { continue };
            let pressed = usize::from(way.by.waits_for_caller());
            let there = Distance {
                presses: here.presses + pressed,
                steps: here.steps + 1,
            };
            if distances[to].is_none_or(|known| there.presses < known.presses) {
                distances[to] = Some(there);
                if pressed == 0 {
                    open.push_front(to);
                } else {
                    open.push_back(to);
                }
            }
        }
    }
    distances
}
