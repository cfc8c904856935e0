//! Whether a variable has a value on every way to where it is used: CW402.
//!
//! Nothing ever empties a variable, so what is certain at a step is what all the ways into it bring along. A step begins
//! with what the first way brings, and each further one takes away, until nothing changes.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use super::super::declared::{Pressed, texts_by_step};
use super::super::lookups;
use super::super::prompts::is_spoken;
use super::super::{By, Declared, FlowFile, Place, TextAt, Way, written};
use crate::flow::diagnostic::{Diagnostic, Span};
use crate::flow::file::Table;
use crate::flow::model::VariableName;
use crate::flow::template::Part;

/// Set by the first key of a menu that is pressed.
const LAST_MENU: &str = "call.last_menu";

/// Reports variables that may be empty; a secret is not to be there at all, which has been said.
pub(super) fn check(file: &FlowFile<'_>, secrets: &BTreeSet<VariableName>) {
    let Some(start) = file.head.start else { return };
    let ways = ways(file);
    let certain = certain(file, start, &ways);
    let texts = texts_by_step(file);
    let mut reported = HashSet::new();
    for (index, certain) in certain.iter().enumerate() {
        let Some(certain) = certain else { continue };
        for text in said_at(file, index, &texts) {
            for (name, span) in uncertain(text, &with_own(file, text, certain)) {
                let told = secrets.contains(&VariableName::new(name)) && is_spoken(text);
                if !told
                    && makes(file, &ways, name)
                    && reported.insert((text.step, &text.key, name))
                {
                    let place = file.within(text.value, span);
                    report(file, name, place, &route(start, index, &ways, name));
                }
            }
        }
    }
}

/// A way from step to step, with what it sets.
pub(super) struct SettingWay {
    from: usize,
    to: usize,
    /// What the caller does, as the path names it: `3`, `gives up`.
    by: String,
    sets: BTreeSet<String>,
}

/// The ways out of each step.
pub(super) type Ways = Vec<Vec<SettingWay>>;

pub(super) fn ways(file: &FlowFile<'_>) -> Ways {
    let setting = |way: &Way| {
        let Place::Step(to) = way.to else { return None };
        let step = &file.steps[way.from];
        let (by, sets) = match way.by {
            By::Press => pressing(step, &way.span),
            By::Digits => (
                "digits".to_owned(),
                step.asked()
                    .map(|asked| asked.save.to_owned())
                    .into_iter()
                    .collect(),
            ),
            By::Answered => {
                let saves = lookups::saves(step.table).iter();
                (
                    words(By::Answered).to_owned(),
                    saves.map(|entry| entry.key.clone()).collect(),
                )
            }
            By::Returned { .. } => returning(file, way),
            other => (words(other).to_owned(), BTreeSet::new()),
        };
        Some(SettingWay {
            from: way.from,
            to,
            by,
            sets,
        })
    };
    let mut ways: Ways = file.steps.iter().map(|_| Vec::new()).collect();
    for way in file.ways.iter().filter_map(setting) {
        ways[way.from].push(way);
    }
    ways
}

/// The key that a way is written at, and what it sets.
fn pressing(step: &Declared<'_>, span: &Span) -> (String, BTreeSet<String>) {
    let presses = step.presses();
    let leads_there = |press: &&Pressed<'_>| {
        let value = &press.entry.value;
        let go = value.as_table().and_then(|table| table.get("go"));
        go.map_or(&value.span, |go| &go.value.span) == span
    };
    let pressed = presses.iter().find(leads_there);
    let key = pressed.map_or("a key".to_owned(), |press| written::press(&press.keys));
    let sets = pressed.into_iter().flat_map(|press| press.sets());
    (
        key,
        sets.map(|entry| entry.key.clone())
            .chain([LAST_MENU.to_owned()])
            .collect(),
    )
}

/// The outcome of a sub-flow that a way is written at, and what it brings.
fn returning(file: &FlowFile<'_>, way: &Way) -> (String, BTreeSet<String>) {
    let step = &file.steps[way.from];
    let on = step.entry("on").and_then(|on| on.value.as_table());
    let mut outcomes = on.into_iter().flat_map(Table::entries);
    let Some(outcome) = outcomes.find(|entry| entry.value.span == way.span) else {
        return (String::new(), BTreeSet::new());
    };
    let sub = file.subs.get(&way.from);
    let brings = sub.and_then(|(sub, _)| sub.outcomes.get(&outcome.key));
    let brings = brings.into_iter().flat_map(|outcome| &outcome.brings);
    let names = brings.map(|name| format!("{}.{name}", step.name));
    (outcome.key.clone(), names.collect())
}

fn words(by: By) -> &'static str {
    match by {
        By::Press => "a key",
        By::Message => "",
        By::Digits => "digits",
        By::GiveUp => "gives up",
        By::Busy => "busy",
        By::NoAnswer => "no answer",
        By::Failed => "failed",
        By::After => "after",
        By::Open => "open",
        By::Closed => "closed",
        By::Is => "is",
        By::Else => "else",
        By::Answered => "answered",
        By::Returned { .. } => "returned",
    }
}

/// What has a value for sure when a call comes to each step; `None` for steps that no call comes to.
pub(super) fn certain(
    file: &FlowFile<'_>,
    start: usize,
    ways: &Ways,
) -> Vec<Option<BTreeSet<String>>> {
    let mut certain: Vec<Option<BTreeSet<String>>> = vec![None; file.steps.len()];
    certain[start] = Some(
        file.head
            .needs
            .iter()
            .map(|(name, _)| name.clone())
            .collect(),
    );
    let mut changed = VecDeque::from([start]);
    while let Some(step) = changed.pop_front() {
        for way in &ways[step] {
            let mut brought = certain[step].clone().unwrap_or_default();
            brought.extend(way.sets.iter().cloned());
            let kept = match &certain[way.to] {
                Some(before) => before & &brought,
                None => brought,
            };
            if certain[way.to].as_ref() != Some(&kept) {
                certain[way.to] = Some(kept);
                changed.push_back(way.to);
            }
        }
    }
    certain
}

/// The texts that may be spoken at a step: its own, and those of `[defaults]` that it does not replace.
fn said_at<'f>(
    file: &FlowFile<'_>,
    index: usize,
    texts: &HashMap<Option<usize>, Vec<&'f TextAt<'f>>>,
) -> Vec<&'f TextAt<'f>> {
    let step = &file.steps[index];
    let of = |owner| texts.get(&owner).into_iter().flatten().copied();
    let defaults = of(None).filter(|text| step.retries() && step.entry(&text.key).is_none());
    // What the Contact Center would be told and is not known is left out.
    let told = ["data.", "user_data.", "variables."];
    let kept = |text: &&TextAt<'_>| !told.iter().any(|key| text.key.starts_with(key));
    of(Some(index)).filter(kept).chain(defaults).collect()
}

/// What has a value when a text is spoken: behind a key, also what the key sets.
fn with_own(
    file: &FlowFile<'_>,
    text: &TextAt<'_>,
    certain: &BTreeSet<String>,
) -> BTreeSet<String> {
    let mut certain = certain.clone();
    let keys = text
        .key
        .strip_prefix("press.")
        .and_then(|rest| rest.strip_suffix(".say"));
    if let (Some(step), Some(keys)) = (text.step, keys) {
        let presses = file.steps[step].presses();
        let pressed = presses.iter().filter(|press| press.entry.key == keys);
        let set = pressed.flat_map(|press| press.sets());
        certain.extend(
            set.map(|entry| entry.key.clone())
                .chain([LAST_MENU.to_owned()]),
        );
    }
    certain
}

/// The variables of a text that may be empty, with their places in it.
fn uncertain<'a>(text: &'a TextAt<'_>, certain: &BTreeSet<String>) -> Vec<(&'a str, Span)> {
    text.template
        .parts()
        .iter()
        .filter_map(|part| match part {
            Part::Place { name, span, .. } => Some((name.as_str(), span.clone())),
            Part::Text(_) => None,
        })
        .filter(|(name, _)| !certain.contains(*name))
        .collect()
}

/// Whether some way sets the variable: one that none sets is unknown, or built in.
fn makes(file: &FlowFile<'_>, ways: &Ways, name: &str) -> bool {
    let of_sub = || {
        let mut subs = file.subs.iter();
        name.split_once('.').is_some_and(|(user, given)| {
            subs.any(|(step, (sub, _))| {
                file.steps[*step].name.as_str() == user && sub.gives.iter().any(|it| it == given)
            })
        })
    };
    name == LAST_MENU || of_sub() || ways.iter().flatten().any(|way| way.sets.contains(name))
}

/// The ways of a shortest route from the start to a step on which `name` is never set.
fn route<'w>(start: usize, goal: usize, ways: &'w Ways, name: &str) -> Vec<&'w SettingWay> {
    let mut came_by: HashMap<usize, &SettingWay> = HashMap::new();
    let mut next = VecDeque::from([start]);
    while let Some(step) = next.pop_front().filter(|step| *step != goal) {
        for way in ways[step].iter().filter(|way| !way.sets.contains(name)) {
            if way.to != start && !came_by.contains_key(&way.to) {
                came_by.insert(way.to, way);
                next.push_back(way.to);
            }
        }
    }
    let mut route = Vec::new();
    let mut at = goal;
    while let Some(way) = came_by.get(&at) {
        route.push(*way);
        at = way.from;
    }
    route.reverse();
    route
}

fn report(file: &FlowFile<'_>, name: &str, place: Span, route: &[&SettingWay]) {
    let step = |index: usize| &file.steps[index].name;
    let fault = match route.last() {
        None => Diagnostic::error(
            "CW402",
            format!(
                "{{{name}}} may be empty here: calls begin at this step, and nothing has set it"
            ),
        ),
        Some(last) => {
            let from = step(last.from);
            let mut path = step(route[0].from).to_string();
            for way in route {
                let by = if way.by.is_empty() {
                    "->".to_owned()
                } else {
                    format!("-{}->", way.by)
                };
                path.push_str(&format!(" {by} {}", step(way.to)));
            }
            Diagnostic::error(
                "CW402",
                format!(
                    "{{{name}}} may be empty here: callers who come from \"{from}\" never set it"
                ),
            )
            .note(format!("one such way: {path}"))
        }
    };
    file.report(fault.at(place, "empty for these callers").help(format!(
        "set {name} on every way here, or leave {{{name}}} out of this text"
    )));
}

#[cfg(test)]
mod tests {
    use super::super::super::trial::{codes, faults};

    const MENU: &str =
        "[menu.main]\nsay = \"Choose.\"\npress.1 = { set.day = \"today\", go = \"booked\" }\n";
    const BOOKED: &str = "[end.booked]\nsay = \"For {day}.\"\n";

    #[test]
    fn a_variable_set_on_every_way_is_fine() {
        let flow =
            format!("{MENU}press.2 = {{ set.day = \"tomorrow\", go = \"booked\" }}\n{BOOKED}");
        assert_eq!(codes(&flow), [""; 0]);
    }

    #[test]
    fn a_way_that_sets_nothing_is_shown() {
        let flow = format!(
            "{MENU}press.2 = \"change\"\n{BOOKED}[message.change]\nsay = \"Right.\"\ngo = \"booked\"\n"
        );
        let faults = faults(&flow);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!(
            faults[0].message,
            "{day} may be empty here: callers who come from \"change\" never set it"
        );
        assert_eq!(
            faults[0].notes,
            ["one such way: main -2-> change -> booked"]
        );
    }

    #[test]
    fn what_is_set_later_is_not_set_at_first() {
        let flow = "[menu.main]\nsay = \"It was {day}.\"\npress.1 = { set.day = \"today\", go = \"repeat\" }\n";
        let faults = faults(flow);
        assert_eq!(
            faults
                .iter()
                .map(|fault| &*fault.message)
                .collect::<Vec<_>>(),
            ["{day} may be empty here: calls begin at this step, and nothing has set it"]
        );
    }

    #[test]
    fn a_key_speaks_of_what_it_sets() {
        let flow = "[menu.main]\nsay = \"Choose.\"\n\
            press.1 = { set.day = \"today\", say = \"For {day}, from {call.last_menu}.\", go = \"bye\" }\n";
        assert_eq!(codes(flow), [""; 0]);
    }

    #[test]
    fn the_last_menu_is_empty_before_the_first() {
        assert_eq!(
            codes("[message.main]\nsay = \"{call.last_menu}\"\ngo = \"bye\"\n"),
            ["CW402"]
        );
    }

    #[test]
    fn long_flows_need_no_deep_stack() {
        let steps: String = (0..3000)
            .map(|n| {
                format!(
                    "[message.s{n}]\nsay = \"{{caller}}\"\ngo = \"s{}\"\n",
                    n + 1
                )
            })
            .collect();
        let flow = format!(
            "[message.main]\nsay = \"Hi.\"\ngo = \"s0\"\n{steps}[end.s3000]\nsay = \"Bye.\"\n"
        );
        assert!(!codes(&flow).contains(&"CW402"));
    }
}
