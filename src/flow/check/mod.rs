//! Explains every fault of flow files, all at once, or builds the flows.
//!
//! A file goes through these hands, in this order; each takes the file's [`FlowFile`] and reports to it:
//!
//! | | what | codes |
//! |---|---|---|
//! | [`mod@file`] | reads TOML; a line that is none is reported and left out | CW001, 002, 009, 012, 013, 015, 016, 018 |
//! | `form`, `head`, `defaults`, `slips` | tables, keys, `[flow]`, `[languages]`, `[numbers]`, `[defaults]` | CW003 – CW017, 101, 202, 501, 601 |
//! | `steps`, `presses`, `targets` | each step's keys: builds [`Step`](super::model::Step)s, notes [`Way`]s and [`TextAt`]s | the same, CW105, 106, 108, 410 |
//! | `ways` | the graph | CW2xx |
//! | `prompts` | what callers hear | CW3xx |
//! | `variables` | variables and secrets | CW4xx |
//! | `wire` | the platform's limits | CW6xx |
//! | `voices` | the platform's voices, when they are known | CW603 |
//! | `across` | all files together | CW209, 211 |
//!
//! Four rules keep a report short and true:
//!
//! * What stops a step from being built is reported where it is read, by `form` and `steps` (with CW601 for a number that
//!   is none, CW607 for a menu that has `play` and no `say`, CW410 for a template that is none). A later check may
//!   rely on it and says nothing of steps that were not built.
//! * One fault is one report. A value whose fault was reported is [`Kind::Broken`](super::file::Kind::Broken), a way
//!   whose target was reported leads to [`Place::Unknown`], a step that lost a line is [`torn`](Declared::torn): what
//!   they hide is not missed.
//! * A misspelt key, kind or step is read as the one that was meant, once it has been reported.
//! * Warnings are silenced by place: a step's `allow` counts for those whose first label lies in the step.

mod across;
mod context;
mod declared;
mod defaults;
mod form;
mod head;
mod keys_in_prompts;
mod names;
mod presses;
mod prompts;
mod slips;
mod steps;
mod targets;
mod texts;
#[cfg(test)]
mod trial;
mod values;
mod variables;
mod voices;
mod ways;
mod wire;
mod written;

pub use context::{
    By, Declared, Defaults, FlowFile, Head, LanguageAt, Place, SpokenLanguages, TextAt, Way,
};

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::diagnostic::{Diagnostic, Source};
use super::file;
use super::model::{Answers, Flow, FlowVersion, VariableName};

/// What checking files together gave.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Checked {
    /// The flows of the files that hold no error, each beside its index in the sources.
    pub flows: Vec<(usize, Flow)>,
    /// Every fault, by file, then line.
    pub diagnostics: Vec<Diagnostic>,
}

/// Checks files together.
pub fn check(sources: &[Source]) -> Checked {
    check_with_voices(sources, None)
}

/// As [`check()`], and whether the platform has the voices, when the names of those that it has are `known`.
pub fn check_with_voices(sources: &[Source], known: Option<&BTreeSet<String>>) -> Checked {
    let trees: Vec<_> = sources
        .iter()
        .map(|source| file::read(&source.text))
        .collect();
    let mut files: Vec<_> = sources
        .iter()
        .zip(&trees)
        .enumerate()
        .map(|(index, (source, tree))| FlowFile::new(index, source, tree))
        .collect();
    for (file, tree) in files.iter_mut().zip(&trees) {
        check_one(file, tree);
        if let Some(known) = known {
            voices::check(file, known);
        }
    }
    across::check(&files);
    let mut checked = Checked::default();
    for mut file in files {
        if !file.has_errors() {
            checked
                .flows
                .extend(build(&mut file).map(|flow| (file.index, flow)));
        }
        checked.diagnostics.extend(file.into_faults());
    }
    checked
        .diagnostics
        .sort_by(|a, b| (a.place(), a.code).cmp(&(b.place(), b.code)));
    checked
}

/// Takes one file through the hands that look at one file.
fn check_one(file: &mut FlowFile<'_>, tree: &file::Tree) {
    for fault in &tree.faults {
        file.report(fault.clone());
    }
    file.read_form();
    file.build_steps();
    ways::check(file);
    prompts::check(file);
    variables::check(file);
    wire::check(file);
}

/// The flow of a file that holds no error.
fn build(file: &mut FlowFile<'_>) -> Option<Flow> {
    let (id, _) = file.head.id.clone()?;
    let start = file.steps.get(file.head.start?)?.name.clone();
    let languages = file.languages.build(&file.defaults);
    let steps = file
        .steps
        .iter_mut()
        .map(|step| Some((step.name.clone(), step.built.take()?)))
        .collect::<Option<_>>()?;
    let answers = match &file.head.answers_any {
        Some(_) => Answers::Any,
        None => Answers::Numbers(file.head.answers.iter().map(|(n, _)| n.clone()).collect()),
    };
    let needs = file.head.needs.iter();
    let needs = needs.map(|(name, _)| VariableName::new(name.as_str()));
    let needs = needs.collect();
    Some(Flow {
        id,
        version: version(file.text),
        name: file.head.name.clone(),
        start,
        answers,
        needs,
        languages,
        speed: file.defaults.speed,
        steps,
    })
}

/// The first 12 hexadecimal digits of the SHA-256 of a text.
fn version(text: &str) -> FlowVersion {
    let hash = Sha256::digest(text.as_bytes());
    FlowVersion::new(
        hash.iter()
            .take(6)
            .map(|b| format!("{b:02x}"))
            .collect::<String>(),
    )
}

#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod tests;
