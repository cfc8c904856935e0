//! Explains every fault of flow files, all at once, or builds the flows.
//!
//! A file goes through these hands, in this order; each takes the file's [`FlowFile`] and reports to it:
//!
//! | | what | codes |
//! |---|---|---|
//! | [`mod@file`] | reads TOML; a line that is none is reported and left out | CW001, 002, 009, 012, 013, 015, 016, 018 |
//! | `form`, `head`, `defaults`, `slips` | tables, keys, `[flow]`, `[languages]`, `[numbers]`, `[defaults]` | CW003 – CW017, 101, 202, 501, 601 |
//! | `steps`, `presses`, `targets` | each step's keys: builds [`Step`]s, notes [`Way`]s and [`TextAt`]s | the same, CW105, 106, 108, 410 |
//! | `ways` | the graph | CW2xx |
//! | `prompts` | what callers hear | CW3xx |
//! | `variables` | variables and secrets | CW4xx |
//! | `wire` | the platform's limits | CW6xx |
//! | `voices` | the platform's voices, when they are known | CW603 |
//! | `across` | all files together | CW209, 211 |
//!
//! `vocabulary` holds the tables of keys that all of them go by, each with the `shape` of its value; `schema` is these tables for editors, `outline` a file's steps
//! for them.
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
mod asked;
mod center;
mod context;
mod decides;
mod declared;
mod defaults;
mod form;
mod head;
mod hours;
mod keys_in_prompts;
mod lookups;
mod names;
mod outline;
mod presses;
mod prompts;
mod recording;
mod reply_time;
mod schema;
mod shape;
mod slips;
mod steps;
mod subflow;
mod targets;
mod texts;
#[cfg(test)]
mod trial;
mod uses;
mod values;
mod variables;
mod vocabulary;
mod voices;
mod way;
mod ways;
mod wire;
mod written;

pub use asked::Options;
pub use context::{Declared, Defaults, FlowFile, Head, LanguageAt, SpokenLanguages, TextAt};
pub use outline::{Outline, StepAt, names_a_step, outline};
pub use schema::schema;
pub use uses::named_files;
pub use way::{By, Place, Way};

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use asked::AskedWith;
use sha2::{Digest, Sha256};
use uses::HandedDown;

use super::diagnostic::{Diagnostic, Source};
use super::file::{self, Table};
use super::hours::Hours;
use super::model::{Answers, Flow, FlowVersion, Step, StepName, VariableName};

/// What checking files together gave.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Checked {
    /// The flows of the files that hold no error, each beside its index in the sources.
    pub flows: Vec<(usize, Flow)>,
    /// Of each of those, by its index, the indices of the further sources that it is made of: sub-flows and calendars.
    pub parts: HashMap<usize, Vec<usize>>,
    /// Every fault, by file, then line.
    pub diagnostics: Vec<Diagnostic>,
}

/// Checks files together.
pub fn check(sources: &[Source]) -> Checked {
    check_with(sources, &Options::default())
}

/// As [`check()`], with what is known beside the files. Sources that end in `.ics` are calendars that flows name.
pub fn check_with(sources: &[Source], options: &Options) -> Checked {
    let trees = trees(sources);
    let asked = AskedWith::new(sources, &trees, options);
    let mut files: Vec<_> = sources
        .iter()
        .zip(&trees)
        .enumerate()
        .filter(|(_, (source, _))| !is_calendar(source) && !is_shared(&source.path))
        .map(|(index, (source, tree))| FlowFile::new(index, source, tree, &asked))
        .collect();
    for file in &mut files {
        check_one(file, &trees[file.index]);
        if let Some(known) = &options.voices {
            voices::check(file, known);
        }
    }
    across::check(&files);
    let mut checked = Checked::default();
    for mut file in files {
        if !file.has_errors()
            && let Some(flow) = build(&mut file)
        {
            reply_time::check(&file, &flow);
            let parts = file.parts();
            checked.parts.insert(file.index, parts);
            checked.flows.push((file.index, flow));
        }
        checked.diagnostics.extend(file.into_faults());
    }
    checked.diagnostics.extend(unused_subflows(&asked));
    tidy(&mut checked.diagnostics);
    checked
}

/// What each source says; nothing for calendars.
fn trees(sources: &[Source]) -> Vec<file::Tree> {
    let read = |source: &Source| match is_calendar(source) {
        true => file::Tree::default(),
        false => file::read(&source.text),
    };
    sources.iter().map(read).collect()
}

/// What is wrong with sub-flows that no flow uses.
fn unused_subflows(asked: &AskedWith<'_>) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    for (index, source) in asked.sources.iter().enumerate() {
        let is_one = !is_calendar(source) && is_shared(&source.path);
        if is_one && !asked.reached.borrow().contains(&index) {
            let handed = HandedDown::nothing(index, &asked.trees[index]);
            faults.extend(subflow::check(asked, index, handed).1);
        }
    }
    faults
}

/// By file, then line, and each once, however many flows use the file that it lies in.
fn tidy(faults: &mut Vec<Diagnostic>) {
    faults.sort_by(|a, b| (a.place(), a.code).cmp(&(b.place(), b.code)));
    let mut cycles = HashSet::new();
    faults.retain(|fault| fault.code != "CW205" || cycles.insert(round(&fault.message)));
    let mut seen: Vec<Diagnostic> = Vec::new();
    faults.retain(|fault| {
        let same_place = seen
            .iter()
            .rev()
            .take_while(|other| other.place() == fault.place());
        let is_new = !same_place.into_iter().any(|other| other == fault);
        if is_new {
            seen.push(fault.clone());
        }
        is_new
    });
}

/// The files of a cycle, whichever of them it was found from.
fn round(message: &str) -> Vec<String> {
    let mut files: Vec<_> = message
        .split([' ', ','])
        .filter(|word| word.ends_with(".toml"))
        .map(str::to_owned)
        .collect();
    files.sort();
    files.dedup();
    files
}

/// Whether a file is a sub-flow: it lies under a folder `shared`.
fn is_shared(path: &str) -> bool {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    folder.split('/').any(|part| part == "shared")
}

/// A sub-flow's path as flows name it: from `shared/` on.
fn short(path: &str) -> String {
    match path.find("shared/").filter(|_| is_shared(path)) {
        Some(at) => path[at..].to_owned(),
        None => path.rsplit('/').next().unwrap_or(path).to_owned(),
    }
}

fn is_calendar(source: &Source) -> bool {
    source.path.to_ascii_lowercase().ends_with(".ics")
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
    let steps = file.all_steps()?;
    let answers = match &file.head.answers_any {
        Some(_) => Answers::Any,
        None => Answers::Numbers(file.head.answers.iter().map(|(n, _)| n.clone()).collect()),
    };
    let needs = file.head.needs.iter();
    let needs = needs.map(|(name, _)| VariableName::new(name.as_str()));
    let needs = needs.collect();
    Some(Flow {
        id,
        version: version(file),
        name: file.head.name.clone(),
        start,
        answers,
        needs,
        languages,
        speed: file.defaults.speed,
        preview: file.head.preview.iter().map(|(n, _)| n.clone()).collect(),
        zone: file.zone(),
        hours: file.all_hours(),
        steps,
    })
}

impl FlowFile<'_> {
    /// The steps of the file and of the sub-flows that it uses; `None` when one was not built.
    fn all_steps(&self) -> Option<BTreeMap<StepName, Step>> {
        let own = self.steps.iter();
        let mut steps = own
            .map(|step| Some((step.name.clone(), step.built.clone()?)))
            .collect::<Option<BTreeMap<_, _>>>()?;
        for (step, (sub, on)) in &self.subs {
            steps.extend(sub.within(&self.steps[*step].name, on)?.0);
        }
        Some(steps)
    }

    fn all_hours(&self) -> BTreeMap<String, Hours> {
        let own = self.hours.iter();
        let own = own.filter_map(|(name, hours)| Some((name.clone(), hours.clone()?)));
        let of_subs = self.subs.iter();
        let of_subs =
            of_subs.filter_map(|(step, (sub, on))| sub.within(&self.steps[*step].name, on));
        own.chain(of_subs.flat_map(|(_, hours)| hours)).collect()
    }

    /// The calendars that it names.
    fn calendars(&self) -> Vec<usize> {
        let tables = self.table("hours").map(Table::entries).unwrap_or_default();
        let files = tables.iter().filter_map(|entry| {
            let file = entry.value.as_table()?.at("holidays.file")?;
            self.asked.find(self.path, file.value.as_text()?)
        });
        files.collect()
    }

    /// The further files that the flow is made of, in the order of their paths.
    fn parts(&self) -> Vec<usize> {
        let subs = self.subs.values().flat_map(|(sub, _)| sub.files.clone());
        let parts: BTreeSet<_> = self.calendars().into_iter().chain(subs).collect();
        let mut parts: Vec<_> = parts.into_iter().collect();
        parts.sort_by_key(|part| &self.asked.sources[*part].path);
        parts
    }
}

/// The first 12 hexadecimal digits of the SHA-256 of a file's text, and of those that it uses.
fn version(file: &FlowFile<'_>) -> FlowVersion {
    let mut hash = Sha256::new_with_prefix(file.text.as_bytes());
    for part in file.parts() {
        hash.update(b"\x1e");
        hash.update(file.asked.sources[part].text.as_bytes());
    }
    let hash = hash.finalize();
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
