//! Steps that no caller can reach (CW201), and steps that no caller can leave (CW203).

use super::super::context::FlowFile;
use super::super::vocabulary::keys_of;
use super::super::way::Place;
use super::graph::Graph;
use crate::flow::diagnostic::Diagnostic;

/// How many names a note lists.
const MOST_NAMES: usize = 5;

/// Warns of steps that no caller can reach: of those that nothing leads to, with those that are reached from there alone.
pub(super) fn unreachable(file: &FlowFile<'_>, graph: &Graph<'_>, reached: &[bool]) {
    let mut steps = 0..file.steps.len();
    if file.lost || steps.any(|step| reached[step] && graph.unsure(file, step)) {
        return;
    }
    let mut led_to = vec![false; file.steps.len()];
    for way in file.ways.iter().filter(|way| !reached[way.from]) {
        if let Place::Step(to) = way.to {
            led_to[to] |= to != way.from;
        }
    }
    let mut told = reached.to_vec();
    let roots = (0..told.len()).filter(|step| !led_to[*step]);
    for step in roots.chain(0..told.len()) {
        if !told[step] {
            unreachable_from(file, graph, &mut told, step);
        }
    }
}

fn unreachable_from(file: &FlowFile<'_>, graph: &Graph<'_>, told: &mut [bool], root: usize) {
    let mut further = Vec::new();
    let mut open = vec![root];
    told[root] = true;
    while let Some(step) = open.pop() {
        for next in graph.next(step) {
            if !std::mem::replace(&mut told[next], true) {
                further.push(next);
                open.push(next);
            }
        }
    }
    let step = &file.steps[root];
    let is_misplaced = step.kind == "return" && file.handed_down.is_none();
    if keys_of(step.kind).is_empty() || is_misplaced {
        return;
    }
    let mut fault = Diagnostic::warning("CW201", format!("no caller can reach {}", step.title()))
        .at(step.header.clone(), "nothing leads here");
    if !further.is_empty() {
        further.sort_unstable();
        let steps = if further.len() == 1 {
            "step is"
        } else {
            "steps are"
        };
        let names = names(file, &further);
        let count = further.len();
        fault = fault.note(format!(
            "{count} further {steps} reached only from here: {names}"
        ));
    }
    file.report(fault.help(format!(
        "lead a key to it, such as press.1 = \"{}\", or take it out",
        step.name
    )));
}

fn names(file: &FlowFile<'_>, steps: &[usize]) -> String {
    let shown = steps.iter().take(MOST_NAMES);
    let names: Vec<_> = shown
        .map(|step| format!("\"{}\"", file.steps[*step].name))
        .collect();
    let more = if steps.len() > MOST_NAMES {
        ", ..."
    } else {
        ""
    };
    format!("{}{more}", names.join(", "))
}

/// Tells of steps that callers can never leave, and gives for each step whether it is one. Steps on an endless loop have
/// been told of already.
pub(super) fn stuck(
    file: &FlowFile<'_>,
    graph: &Graph<'_>,
    reached: Option<&[bool]>,
    loops: &[usize],
) -> Vec<bool> {
    let leaves = leaving(file, graph);
    let stuck: Vec<_> = (0..leaves.len())
        .map(|step| !leaves[step] && reached.is_none_or(|reached| reached[step]))
        .collect();
    let mut all = (0..stuck.len()).filter(|step| stuck[*step]);
    if file.lost || loops.iter().any(|step| stuck[*step]) {
        return stuck;
    }
    if let Some(first) = all.next() {
        let others: Vec<_> = all.collect();
        report_stuck(file, first, &others);
    }
    stuck
}

/// For each step, whether a call can end, or be connected, from there on.
fn leaving(file: &FlowFile<'_>, graph: &Graph<'_>) -> Vec<bool> {
    let mut comes_from = vec![Vec::new(); file.steps.len()];
    for way in &file.ways {
        if let Place::Step(to) = way.to {
            comes_from[to].push(way.from);
        }
    }
    let ends = |step: usize| {
        matches!(file.steps[step].kind, "end" | "connect" | "return")
            || file.subs.get(&step).is_some_and(|(sub, _)| sub.ends)
            || graph.unsure(file, step)
            || graph.out(step).iter().any(|way| way.to == Place::End)
    };
    let mut open: Vec<_> = (0..file.steps.len()).filter(|step| ends(*step)).collect();
    let mut leaves = vec![false; file.steps.len()];
    for step in &open {
        leaves[*step] = true;
    }
    while let Some(step) = open.pop() {
        for from in &comes_from[step] {
            if !std::mem::replace(&mut leaves[*from], true) {
                open.push(*from);
            }
        }
    }
    leaves
}

fn report_stuck(file: &FlowFile<'_>, first: usize, others: &[usize]) {
    let step = &file.steps[first];
    let message = format!(
        "callers who reach \"{}\" can never leave: no way from here ends or connects the call",
        step.name
    );
    let mut fault =
        Diagnostic::error("CW203", message).at(step.header.clone(), "no way out from here on");
    if !others.is_empty() {
        fault = fault.note(format!("the same holds for {}", names(file, others)));
    }
    file.report(fault.help("lead a key or give_up to an [end.x], or to \"end\""));
}
