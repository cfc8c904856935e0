//! `[use.X]` and `[return.X]`: sub-flows, each checked once for every flow that uses it, with what that hands down (CW104, CW110,
//! CW205, CW208, CW210, CW409, CW414).

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;

use super::context::{Defaults, FlowFile, LanguageAt, SpokenLanguages};
use super::slips;
use super::steps::key;
use super::subflow::SubFlow;
use super::variables;
use super::way::{By, Place};
use crate::flow::diagnostic::{Diagnostic, Span};
use crate::flow::file::{Entry, Table, Tree};
use crate::flow::model::{Language, PerLanguage, Return, StepName, Target, Use, VariableName};
use crate::flow::template::Template;
use crate::text::nearest;

/// What a sub-flow is handed down by the flow that uses it.
#[derive(Debug, Clone)]
pub(super) struct HandedDown {
    pub(super) languages: SpokenLanguages,
    /// The languages that callers may have chosen before.
    pub(super) chosen: BTreeSet<Language>,
    pub(super) defaults: Defaults,
    /// The clock that opening hours go by.
    pub(super) zone: TimeZone,
    /// Of what it needs, what is a secret.
    pub(super) secrets: BTreeSet<String>,
    /// Its own file and all that use it, the first of all first.
    pub(super) chain: Vec<usize>,
}

impl HandedDown {
    /// What a sub-flow has that no flow uses: its own languages, else those that its texts are in.
    pub(super) fn nothing(index: usize, tree: &Tree) -> Self {
        let mut languages = SpokenLanguages::only();
        let codes = spoken_in(&tree.root);
        if let Some(first) = codes.iter().next() {
            let default = codes.get(languages.default.as_str()).unwrap_or(first);
            languages.default = Language::new(default.as_str());
            let codes = codes
                .iter()
                .map(|code| (Language::new(code.as_str()), LanguageAt::default()));
            languages.codes = codes.collect();
        }
        Self {
            chosen: BTreeSet::new(),
            languages,
            defaults: Defaults {
                // Whoever will use it has texts for wrong tries.
                no_input: Some(PerLanguage::All(Vec::new())),
                ..Defaults::default()
            },
            zone: TimeZone::UTC,
            secrets: BTreeSet::new(),
            chain: vec![index],
        }
    }
}

/// The languages of the texts of a file.
fn spoken_in(root: &Table) -> BTreeSet<String> {
    let kinds = root
        .entries()
        .iter()
        .filter_map(|kind| kind.value.as_table());
    let steps = kinds
        .flat_map(Table::entries)
        .filter_map(|step| step.value.as_table());
    let texts = steps.flat_map(|step| ["say", "say_again"].map(|key| step.get(key)));
    let tables = texts.flatten().filter_map(|text| text.value.as_table());
    tables
        .flat_map(Table::entries)
        .map(|text| text.key.clone())
        .collect()
}

impl<'a> FlowFile<'a> {
    /// A sub-flow's step, or rather the first of its steps. Its ways are those of its outcomes.
    pub(super) fn used(&mut self, step: usize) -> Option<Use> {
        let question = "which file holds the sub-flow?";
        let file = self.required(step, "flow", question, "\"shared/verify.toml\"");
        let with = self.with(step);
        if let Some(on) = self
            .entry(step, "on")
            .filter(|on| on.value.as_table().is_none())
        {
            let wants = "an outcome, a dot between them";
            self.wrong("on", wants, "on.verified = \"...\" instead", &on.value);
            self.unknown_outcomes(step);
            return None;
        }
        let Some(sub) = file.and_then(|file| self.sub_flow(step, file)) else {
            self.unknown_outcomes(step);
            return None;
        };
        self.handed_in(step, &sub);
        let on = self.outcomes(step, &sub);
        let name = self.steps[step].name.clone();
        let go = sub.start.clone().map(|start| format!("{name}.{start}"));
        let of_sub = |variable: &VariableName| VariableName::new(format!("{name}.{variable}"));
        let with = with.map(|with| {
            let with = with.into_iter();
            with.map(|(variable, text)| (of_sub(&variable), text))
                .collect()
        });
        self.subs
            .insert(step, (sub, on.clone().unwrap_or_default()));
        on?;
        Some(Use {
            with: with?,
            go: Target::Step(StepName::new(go?)),
        })
    }

    /// `[return.X]`: CW208 where nothing can be returned to.
    pub(super) fn returned(&mut self, step: usize) -> Option<Return> {
        if self.handed_down.is_some() {
            return Some(Return { go: Target::End });
        }
        let step = &self.steps[step];
        let name = &step.name;
        let message = format!("[return.{name}] is only for sub-flows; use [end.{name}] here");
        self.report(
            Diagnostic::error("CW208", message)
                .at(step.header.clone(), "nothing calls this flow")
                .help(format!(
                    "write: [end.{name}]; a sub-flow lies under shared/"
                )),
        );
        None
    }

    /// CW210, CW213, CW205; else the sub-flow, checked for this one.
    fn sub_flow(&mut self, step: usize, entry: &'a Entry) -> Option<SubFlow> {
        let name = self.text_of("flow", &entry.value)?;
        let place = entry.value.span.clone();
        let user = format!("\"{}\"", self.steps[step].name);
        let Some(index) = self.asked.find(self.path, name) else {
            self.report(self.asked.no_file(name, "toml", place, &user));
            return None;
        };
        if !super::is_shared(&self.asked.sources[index].path) {
            let message = format!("{name} lies outside shared/, so it is a flow of its own");
            self.report(
                Diagnostic::error("CW213", message)
                    .at(place, "no sub-flow")
                    .help("move it into the folder shared/, and end it in [return.x]"),
            );
            return None;
        }
        let mut chain = match &self.handed_down {
            Some(handed) => handed.chain.clone(),
            None => vec![self.index],
        };
        if let Some(at) = chain.iter().position(|file| *file == index) {
            self.cycle(&chain[at..], place);
            return None;
        }
        chain.push(index);
        let handed = HandedDown {
            languages: self.languages.clone(),
            chosen: self.may_be_chosen(),
            defaults: self.defaults.handed_down(),
            zone: self.zone(),
            secrets: self.secrets_handed_in(step),
            chain,
        };
        let (sub, faults) = super::subflow::check(self.asked, index, handed);
        for fault in faults {
            self.report_elsewhere(fault);
        }
        Some(sub)
    }

    fn may_be_chosen(&self) -> BTreeSet<Language> {
        let before = self.handed_down.iter().flat_map(|handed| &handed.chosen);
        let here = super::prompts::chosen(self).into_keys();
        let first = [self.languages.default.clone()];
        before.cloned().chain(here).chain(first).collect()
    }

    /// CW205.
    fn cycle(&self, chain: &[usize], place: Span) {
        let path = |index: &usize| super::short(&self.asked.sources[*index].path);
        let names: Vec<_> = chain.iter().map(path).collect();
        let message = match names.as_slice() {
            [one] => format!("{one} uses itself"),
            [first, rest @ ..] => {
                let further = rest.join(", which uses ");
                format!("{first} uses {further}, which uses {first} again")
            }
            [] => return,
        };
        self.report(
            Diagnostic::error("CW205", message)
                .at(place, "here it goes round")
                .help("take one of these uses out: a flow cannot hold itself"),
        );
    }

    /// `with.amount = "..."`.
    fn with(&mut self, step: usize) -> Option<BTreeMap<VariableName, Template>> {
        let Some(entry) = self.entry(step, "with") else {
            return Some(BTreeMap::new());
        };
        let Some(table) = entry.value.as_table() else {
            let wants = "a variable, a dot between them";
            self.wrong("with", wants, "with.amount = \"...\" instead", &entry.value);
            return None;
        };
        let read: Vec<_> = table
            .entries()
            .iter()
            .map(|entry| {
                let name = self.variable_name(&entry.key, entry.key_span.clone());
                let path = format!("with.{}", entry.key);
                let text = self.template(key(step, &path), None, &entry.value);
                Some((name?, text?))
            })
            .collect();
        read.into_iter().collect()
    }

    /// CW409 and CW414.
    fn handed_in(&self, step: usize, sub: &SubFlow) {
        let given = self.written(step, "with");
        for name in &sub.needs {
            if !given.iter().any(|entry| entry.key == *name) {
                let message = format!("{} needs \"{name}\"; add with.{name} = \"...\"", sub.path);
                self.missing(step, "CW409", message, &format!("with.{name} = \"...\""));
            }
        }
        for entry in given.iter().filter(|entry| !sub.needs.contains(&entry.key)) {
            let name = &entry.key;
            let meant = nearest(name, sub.needs.iter().map(String::as_str));
            let message = format!("{} needs no \"{name}\"", sub.path);
            self.report(
                Diagnostic::error("CW414", message)
                    .at(entry.key_span.clone(), "handed in for nothing")
                    .help(match meant {
                        Some(meant) => format!("did you mean with.{meant}?"),
                        None => format!("take it out, or name it there: needs = [\"{name}\"]"),
                    }),
            );
        }
    }

    /// `on.verified = "..."` for every outcome: CW104, CW110.
    fn outcomes(&mut self, step: usize, sub: &SubFlow) -> Option<BTreeMap<String, Target>> {
        let written = self.written(step, "on");
        let mut on = BTreeMap::new();
        let mut sound = true;
        for entry in written {
            let path = format!("on.{}", entry.key);
            let outcome = sub.outcomes.get(&entry.key);
            let waits = outcome.is_some_and(|outcome| outcome.waits);
            let target = self.way(step, By::Returned { waits }, &path, &entry.value);
            match outcome {
                Some(_) => sound &= target.map(|it| on.insert(entry.key.clone(), it)).is_some(),
                None => {
                    sound = false;
                    self.no_outcome(entry, sub);
                }
            }
        }
        let misspelt = written.len() > on.len();
        for outcome in sub
            .outcomes
            .keys()
            .filter(|outcome| !on.contains_key(*outcome))
        {
            let is_there = written.iter().any(|entry| entry.key == *outcome);
            sound = false;
            if !is_there && !misspelt {
                let message = format!(
                    "{} does not handle the outcome \"{outcome}\" of {}",
                    self.steps[step].title(),
                    sub.path
                );
                self.missing(step, "CW104", message, &format!("on.{outcome} = \"...\""));
                self.unknown_way(step, By::Returned { waits: true });
            }
        }
        sound.then_some(on)
    }

    fn no_outcome(&self, entry: &Entry, sub: &SubFlow) {
        if sub.torn {
            return;
        }
        let known: Vec<_> = sub.outcomes.keys().map(String::as_str).collect();
        let message = format!("{} has no outcome \"{}\"", sub.path, entry.key);
        let help = match (nearest(&entry.key, known.iter().copied()), known.as_slice()) {
            (Some(meant), _) => format!("did you mean on.{meant}?"),
            (None, []) => "it returns nothing: add [return.x] there".to_owned(),
            (None, known) => format!("it has: {}", known.join(", ")),
        };
        self.report(
            Diagnostic::error("CW110", message)
                .at(entry.key_span.clone(), "no [return.x] of this name")
                .help(help),
        );
    }

    /// The ways of a use whose sub-flow is not known.
    fn unknown_outcomes(&mut self, step: usize) {
        for entry in self.written(step, "on") {
            let path = format!("on.{}", entry.key);
            self.way(step, By::Returned { waits: true }, &path, &entry.value);
        }
        let header = self.steps[step].header.clone();
        self.note_way(step, By::Returned { waits: true }, Place::Unknown, header);
    }

    fn written(&self, step: usize, key: &str) -> &'a [Entry] {
        let table = self
            .entry(step, key)
            .and_then(|entry| entry.value.as_table());
        table.map_or(&[], Table::entries)
    }

    /// Of what a step hands in, what is made of secrets.
    fn secrets_handed_in(&self, step: usize) -> BTreeSet<String> {
        let secrets = variables::secrets_of(self);
        let texts = self.texts.iter().filter(|text| text.step == Some(step));
        texts
            .filter(|text| text.template.names().any(|name| secrets.contains(name)))
            .filter_map(|text| Some(text.key.strip_prefix("with.")?.to_owned()))
            .collect()
    }
}

impl Defaults {
    /// What a sub-flow takes over: all but a way to a step that it cannot know.
    fn handed_down(&self) -> Self {
        let ends = |(place, _): &(Place, Span)| *place == Place::End;
        Self {
            give_up: self.give_up.clone().filter(ends),
            ..self.clone()
        }
    }
}

/// The files that a flow's text names: sub-flows and calendars.
pub fn named_files(text: &str) -> Vec<String> {
    let tree = crate::flow::file::read(text);
    let tables = |key: &str| {
        let entry = tree.root.get(key).and_then(|entry| entry.value.as_table());
        let entries = entry.map_or(&[][..], Table::entries);
        entries.iter().filter_map(|entry| entry.value.as_table())
    };
    let flows = tables("use")
        .filter_map(|table| slips::find(table, "flow", super::vocabulary::keys_of("use")));
    let calendars = tables("hours").filter_map(|table| table.at("holidays.file"));
    let named = flows.chain(calendars);
    named
        .filter_map(|entry| entry.value.as_text().map(str::to_owned))
        .collect()
}
