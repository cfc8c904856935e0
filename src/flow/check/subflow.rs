//! A sub-flow as the flow that uses it sees it.

use std::collections::{BTreeMap, BTreeSet};

use super::asked::AskedWith;
use super::context::FlowFile;
use super::uses::HandedDown;
use super::way::Place;
use super::{check_one, short, variables};
use crate::flow::diagnostic::Diagnostic;
use crate::flow::hours::Hours;
use crate::flow::model::{Step, StepName, Target, Within};

/// What of a sub-flow concerns whoever uses it.
#[derive(Debug, Clone)]
pub(super) struct SubFlow {
    /// As people know it: from `shared/` on.
    pub(super) path: String,
    /// Where it begins.
    pub(super) start: Option<StepName>,
    /// Its steps, those of its own sub-flows among them; `None` when it holds an error.
    pub(super) steps: Option<BTreeMap<StepName, Step>>,
    pub(super) hours: BTreeMap<String, Hours>,
    pub(super) needs: Vec<String>,
    pub(super) outcomes: BTreeMap<String, Outcome>,
    /// Of what it gives, what is a secret.
    pub(super) secrets: BTreeSet<String>,
    /// All that it gives.
    pub(super) gives: Vec<String>,
    /// Whether a call can end in it.
    pub(super) ends: bool,
    /// Whether a fault hides a part of it.
    pub(super) torn: bool,
    /// Further files that it is made of, its own among them.
    pub(super) files: BTreeSet<usize>,
    variables: BTreeSet<String>,
    uses: BTreeSet<String>,
}

/// One way for a sub-flow to be over.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    /// Of what it gives, what has a value then for sure.
    pub(super) brings: BTreeSet<String>,
    /// Whether the caller has had the say on every way there.
    pub(super) waits: bool,
}

/// Checks the sub-flow in a source for whoever hands this down; gives what is wrong with it as well.
pub(super) fn check(
    asked: &AskedWith<'_>,
    index: usize,
    handed: HandedDown,
) -> (SubFlow, Vec<Diagnostic>) {
    asked.reached.borrow_mut().insert(index);
    let mut file = FlowFile::new(index, &asked.sources[index], &asked.trees[index], asked);
    file.hand_down(handed);
    check_one(&mut file, &asked.trees[index]);
    let sub = SubFlow::of(&mut file);
    (sub, file.into_faults())
}

impl SubFlow {
    fn of(file: &mut FlowFile<'_>) -> Self {
        let start = file.head.start;
        let certain = start.map(|start| variables::certain(file, start));
        let unattended = start.map(|start| unattended(file, start));
        let gives: Vec<_> = file
            .head
            .gives
            .iter()
            .map(|(name, _)| name.clone())
            .collect();
        let mut outcomes = BTreeMap::new();
        for (index, step) in file
            .steps
            .iter()
            .enumerate()
            .filter(|(_, it)| it.kind == "return")
        {
            let known = certain.as_ref().and_then(|certain| certain[index].clone());
            let brings = known.unwrap_or_default();
            let outcome = Outcome {
                brings: gives
                    .iter()
                    .filter(|it| brings.contains(*it))
                    .cloned()
                    .collect(),
                waits: unattended.as_ref().is_some_and(|reached| !reached[index]),
            };
            outcomes.insert(step.name.as_str().to_owned(), outcome);
        }
        let secrets = variables::secrets_of(file);
        let is_secret = |name: &&String| secrets.iter().any(|secret| secret.as_str() == **name);
        let uses = file.steps.iter().filter(|it| it.kind == "use");
        let mut files: BTreeSet<_> = file
            .subs
            .values()
            .flat_map(|(sub, _)| sub.files.clone())
            .collect();
        files.extend(file.calendars());
        files.insert(file.index);
        let mut sub = Self {
            path: short(file.path),
            start: start.map(|start| file.steps[start].name.clone()),
            steps: None,
            hours: BTreeMap::new(),
            needs: file
                .head
                .needs
                .iter()
                .map(|(name, _)| name.clone())
                .collect(),
            secrets: gives.iter().filter(is_secret).cloned().collect(),
            gives,
            outcomes,
            ends: file.can_end(),
            torn: file.lost || file.steps.iter().any(|step| step.torn),
            files,
            variables: variables::own(file),
            uses: uses.map(|step| step.name.as_str().to_owned()).collect(),
        };
        if !file.has_errors() {
            sub.hours = file.all_hours();
            sub.steps = file.all_steps();
        }
        sub
    }

    /// Its steps and hours as those of the flow that uses it at `user`, where its outcomes lead to `on`.
    pub(super) fn within(
        &self,
        user: &StepName,
        on: &BTreeMap<String, Target>,
    ) -> Option<(BTreeMap<StepName, Step>, BTreeMap<String, Hours>)> {
        let hours = self.hours.keys().cloned().collect();
        let within = Within {
            user,
            variables: &self.variables,
            uses: &self.uses,
            hours: &hours,
            on,
        };
        let steps = self.steps.as_ref()?.iter();
        let steps = steps.map(|(name, step)| (within.step_name(name), within.step(name, step)));
        let hours = self.hours.iter();
        let hours = hours.map(|(name, hours)| (within.hours_name(name), hours.clone()));
        Some((steps.collect(), hours.collect()))
    }
}

/// For each step, whether a call can come there from `start` without its caller having the say.
fn unattended(file: &FlowFile<'_>, start: usize) -> Vec<bool> {
    let mut out = vec![Vec::new(); file.steps.len()];
    for way in file.ways.iter().filter(|way| !way.by.waits_for_caller()) {
        if let Place::Step(to) = way.to {
            out[way.from].push(to);
        }
    }
    let mut reached = vec![false; file.steps.len()];
    let mut open = vec![start];
    while let Some(step) = open.pop() {
        if !std::mem::replace(&mut reached[step], true) {
            open.extend(&out[step]);
        }
    }
    reached
}
