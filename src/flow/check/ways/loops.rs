//! Ways that go round: without the caller pressing anything (CW204), and for a caller who cannot press (CW206).

use std::collections::VecDeque;

use super::super::context::FlowFile;
use super::super::way::{By, Place, Way};
use super::graph::Graph;
use crate::flow::diagnostic::Diagnostic;

/// How many ways of a loop are underlined.
const MOST_LABELS: usize = 8;

/// Tells of each loop that needs no caller, and gives the steps on them.
pub(super) fn endless(file: &FlowFile<'_>, graph: &Graph<'_>) -> Vec<usize> {
    let mut found = Vec::new();
    let groups = groups(file.steps.len(), |step| {
        unattended(graph, step).map(|(_, to)| to).collect()
    });
    for group in groups {
        if let Some(ways) = shortest_loop(graph, &group) {
            report_loop(file, &ways);
            found.extend(group);
        }
    }
    found
}

/// The ways of a step that a call takes by itself.
fn unattended<'g>(
    graph: &'g Graph<'_>,
    step: usize,
) -> impl Iterator<Item = (&'g Way, usize)> + use<'g> {
    let ways = graph.out(step).iter();
    ways.filter(|way| !way.by.waits_for_caller())
        .filter_map(|way| match way.to {
            Place::Step(to) => Some((*way, to)),
            _ => None,
        })
}

/// The strongly connected groups of a graph of `count` nodes, each sorted (Tarjan, without recursion).
fn groups(count: usize, next: impl Fn(usize) -> Vec<usize>) -> Vec<Vec<usize>> {
    const UNSEEN: usize = usize::MAX;
    let mut order = vec![UNSEEN; count];
    let mut lowest = vec![0; count];
    let mut on_path = vec![false; count];
    let (mut path, mut groups, mut seen) = (Vec::new(), Vec::new(), 0);
    for root in 0..count {
        let mut work = Vec::new();
        if order[root] == UNSEEN {
            work.push((root, None::<std::vec::IntoIter<usize>>));
        }
        while let Some((node, ways)) = work.last_mut() {
            let node = *node;
            let ways = ways.get_or_insert_with(|| {
                (order[node], lowest[node], on_path[node]) = (seen, seen, true);
                seen += 1;
                path.push(node);
                next(node).into_iter()
            });
            match ways.next() {
                Some(to) if order[to] == UNSEEN => work.push((to, None)),
                Some(to) if on_path[to] => lowest[node] = lowest[node].min(order[to]),
                Some(_) => {}
                None => {
                    work.pop();
                    if let Some((parent, _)) = work.last() {
                        lowest[*parent] = lowest[*parent].min(lowest[node]);
                    }
                    if lowest[node] == order[node] {
                        let start = path.iter().rposition(|n| *n == node).unwrap_or(0);
                        let mut group = path.split_off(start);
                        group.iter().for_each(|node| on_path[*node] = false);
                        group.sort_unstable();
                        groups.push(group);
                    }
                }
            }
        }
    }
    groups.sort_unstable();
    groups
}

/// The shortest loop from a group's first step back to it.
fn shortest_loop<'g>(graph: &'g Graph<'_>, group: &[usize]) -> Option<Vec<&'g Way>> {
    let first = *group.first()?;
    let mut came_by: std::collections::HashMap<usize, &Way> = std::collections::HashMap::new();
    let mut open = VecDeque::from([first]);
    while let Some(step) = open.pop_front() {
        for (way, to) in unattended(graph, step) {
            if to == first {
                let mut ways = vec![way];
                let mut at = step;
                while at != first {
                    let way = came_by[&at];
                    ways.push(way);
                    at = way.from;
                }
                ways.reverse();
                return Some(ways);
            }
            if group.binary_search(&to).is_ok() && !came_by.contains_key(&to) {
                came_by.insert(to, way);
                open.push_back(to);
            }
        }
    }
    None
}

fn report_loop(file: &FlowFile<'_>, ways: &[&Way]) {
    let message = "the call would go round for ever without the caller pressing anything";
    let mut fault = Diagnostic::error("CW204", message);
    for (nth, way) in ways.iter().enumerate().take(MOST_LABELS) {
        let from = &file.steps[way.from].name;
        let Place::Step(to) = way.to else { continue };
        let to_name = &file.steps[to].name;
        let text = match (ways.len(), nth + 1 == ways.len()) {
            (1, _) => format!("{from} goes back to itself"),
            (_, true) => format!("{}. {from} goes back to {to_name}", nth + 1),
            _ => format!("{}. {from} goes to {to_name}", nth + 1),
        };
        fault = fault.at(way.span.clone(), text);
    }
    let asks = ways.iter().any(|way| file.steps[way.from].kind == "lookup");
    let dials = ways
        .iter()
        .any(|way| file.steps[way.from].kind == "connect");
    let note = if dials {
        "8x8 would dial again and again until the caller hangs up"
    } else if asks {
        "the same would be asked again and again, and the caller would hear nothing"
    } else {
        "8x8 would play these messages until the caller hangs up"
    };
    let help = "lead one of these steps to a menu, or to \"end\"";
    file.report(fault.note(note).help(help));
}

/// Warns when giving up leads back to the step that was given up, whatever the clock and other systems say.
pub(super) fn broken_keypad(file: &FlowFile<'_>, graph: &Graph<'_>, stuck: &[bool]) {
    let let_go = let_go(file, graph);
    let groups = groups(file.steps.len(), |step| {
        let next = silent(file, graph, step).filter_map(target);
        next.filter(|to| !let_go[*to]).collect()
    });
    for group in groups {
        let kept = group.iter().filter(|step| !let_go[**step]);
        let given_up = kept.flat_map(|step| graph.out(*step)).find(|way| {
            let back = target(way).is_some_and(|to| group.binary_search(&to).is_ok());
            way.by == By::GiveUp && back
        });
        if let Some(way) = given_up.filter(|way| !stuck[way.from]) {
            report_give_up(file, way);
        }
    }
}

/// The ways of a step that a call takes when the caller presses nothing; a connect or a queue leads to somebody who can help.
fn silent<'g>(
    file: &FlowFile<'_>,
    graph: &'g Graph<'_>,
    step: usize,
) -> impl Iterator<Item = &'g Way> {
    let helped = matches!(file.steps[step].kind, "connect" | "handoff");
    let ways = graph.out(step).iter().copied();
    ways.filter(move |way| !helped && !matches!(way.by, By::Press | By::Digits))
}

fn target(way: &Way) -> Option<usize> {
    match way.to {
        Place::Step(to) => Some(to),
        _ => None,
    }
}

/// For each step, whether a caller who presses nothing may get out from there.
fn let_go(file: &FlowFile<'_>, graph: &Graph<'_>) -> Vec<bool> {
    let mut before = vec![Vec::new(); file.steps.len()];
    let mut let_go = vec![false; file.steps.len()];
    let mut open = Vec::new();
    for (step, free) in let_go.iter_mut().enumerate() {
        let ends = file.subs.get(&step).is_some_and(|(sub, _)| sub.ends);
        let mut leads_on = false;
        let mut out = ends;
        for way in silent(file, graph, step) {
            leads_on = true;
            match target(way) {
                Some(to) => before[to].push(step),
                None => out = true,
            }
        }
        if out || !leads_on {
            *free = true;
            open.push(step);
        }
    }
    while let Some(step) = open.pop() {
        for from in &before[step] {
            if !std::mem::replace(&mut let_go[*from], true) {
                open.push(*from);
            }
        }
    }
    let_go
}

fn report_give_up(file: &FlowFile<'_>, way: &Way) {
    let step = &file.steps[way.from];
    let message = format!(
        "give_up of \"{0}\" leads back to \"{0}\": a caller with a broken keypad never gets out",
        step.name
    );
    file.report(
        Diagnostic::warning("CW206", message)
            .at(way.span.clone(), "after the last wrong try")
            .help("write: give_up = \"end\", or a step that ends or connects the call"),
    );
}
