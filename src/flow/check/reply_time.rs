//! How long look-ups may take together before a reply: CW508. Asked of the flow as it runs, its sub-flows among its steps.

use std::collections::HashMap;

use super::FlowFile;
use super::written::seconds;
use crate::flow::Flow;
use crate::flow::chart::{When, ways};
use crate::flow::diagnostic::Diagnostic;
use crate::flow::model::{Step, StepName};
use crate::flow::need::BUDGET_MS;

pub(super) fn check(file: &FlowFile<'_>, flow: &Flow) {
    let slowest = Slowest::of(flow);
    let worst = slowest
        .times
        .iter()
        .max_by_key(|(name, ms)| (**ms, std::cmp::Reverse(*name)));
    let Some((first, ms)) = worst.filter(|(_, ms)| **ms > BUDGET_MS) else {
        return;
    };
    let last = slowest.end(first);
    let message = format!(
        "lookups on the way from \"{first}\" to \"{last}\" may take {}; those of one reply have 1.2 s together",
        seconds(*ms)
    );
    let own = first.as_str().split('.').next().unwrap_or_default();
    let place = file.step(own).map_or(0..0, |step| step.header.clone());
    file.report(
        Diagnostic::warning("CW508", message)
            .at(place, "from here on the caller hears nothing")
            .help("shorten a timeout, or say something between them: while_waiting = \"One moment, please.\""),
    );
}

/// The longest time that look-ups take from each step on, until a reply is given.
struct Slowest<'f> {
    flow: &'f Flow,
    times: HashMap<&'f StepName, u32>,
    next: HashMap<&'f StepName, &'f StepName>,
}

impl<'f> Slowest<'f> {
    fn of(flow: &'f Flow) -> Self {
        let mut to_of: HashMap<&StepName, Vec<&StepName>> = HashMap::new();
        let mut from_of: HashMap<&StepName, Vec<&StepName>> = HashMap::new();
        for way in ways(flow) {
            // What waits has its reply; a connect that may not be placed fails at once.
            let at_once = match flow.step(way.from) {
                Some(Step::Menu(_) | Step::Ask(_)) => false,
                Some(Step::Connect(_)) => way.when == When::Failed,
                _ => true,
            };
            if let Some(to) = way.to.filter(|_| at_once) {
                to_of.entry(way.from).or_default().push(to);
                from_of.entry(to).or_default().push(way.from);
            }
        }
        let mut slowest = Self {
            flow,
            times: HashMap::new(),
            next: HashMap::new(),
        };
        // From the last steps to the first: nothing goes round for ever by itself.
        let mut open: Vec<_> = flow
            .steps
            .keys()
            .filter(|name| !to_of.contains_key(name))
            .collect();
        let mut left: HashMap<_, _> = to_of.iter().map(|(name, to)| (*name, to.len())).collect();
        while let Some(name) = open.pop() {
            slowest.time(name, to_of.get(name).map_or(&[], Vec::as_slice));
            for before in from_of.get(name).into_iter().flatten() {
                let left = left.entry(before).or_default();
                *left = left.saturating_sub(1);
                if *left == 0 {
                    open.push(before);
                }
            }
        }
        slowest
    }

    /// Sets the time of a step whose next ones have theirs.
    fn time(&mut self, name: &'f StepName, to: &[&'f StepName]) {
        let (own, _) = self.takes(name);
        let after = |next: &&&'f StepName| match self.takes(next) {
            (_, true) => 0, // Its words are the reply.
            _ => self.times.get(*next).copied().unwrap_or_default(),
        };
        let slowest = to.iter().max_by_key(after);
        let then = slowest.as_ref().map_or(0, after);
        if let Some(next) = slowest.filter(|_| then > 0) {
            self.next.insert(name, next);
        }
        self.times.insert(name, own + then);
    }

    /// How long a step's own look-up takes, and whether it speaks meanwhile: then it is waited for as long as any reply may take.
    fn takes(&self, name: &StepName) -> (u32, bool) {
        match self.flow.step(name) {
            Some(Step::Lookup(lookup)) => (
                lookup.timeout_ms.min(BUDGET_MS),
                lookup.while_waiting.is_some(),
            ),
            _ => (0, false),
        }
    }

    /// The last look-up of the slowest way from a step.
    fn end(&self, first: &'f StepName) -> &'f StepName {
        let mut at = first;
        while let Some(next) = self.next.get(at) {
            at = next;
        }
        at
    }
}
