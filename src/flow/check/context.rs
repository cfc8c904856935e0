//! What the checks of one file share: the tree with its places, the steps as far as they could be built, and the list
//! of faults found.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use jiff::tz::TimeZone;

use super::asked::AskedWith;
use super::lookups::USUAL_TIMEOUT_MS;
use super::subflow::SubFlow;
use super::uses::HandedDown;
use super::way::{Place, Way};
use crate::call::PhoneNumber;
use crate::contact_center::queue::Thresholds;
use crate::flow::diagnostic::{Diagnostic, Severity, Source, Span};
use crate::flow::file::{self, Entry, Table, Tree, Value};
use crate::flow::hours::Hours;
use crate::flow::model::{FlowId, Language, Languages, PerLanguage, Step, StepName, Target};
use crate::flow::template::Template;
use crate::text::{line, nearest};

/// One file while it is checked.
#[derive(Debug)]
pub struct FlowFile<'a> {
    /// The file's place among the sources.
    pub index: usize,
    /// The path that people know the file by.
    pub path: &'a str,
    /// The whole text.
    pub text: &'a str,
    /// Everything the file says.
    pub root: &'a Table,
    /// Steps whose whole header stood before, which has been reported.
    pub(super) again: &'a [Table],
    /// Whether a fault of form hides a part of the file: then what seems to be missing may be there.
    pub lost: bool,
    /// `[flow]`.
    pub head: Head,
    /// `[languages]`.
    pub languages: SpokenLanguages,
    /// `[defaults]`.
    pub defaults: Defaults,
    /// `[numbers]`, by name.
    pub numbers: BTreeMap<String, Option<PhoneNumber>>,
    /// `[hours]`, by name.
    pub hours: BTreeMap<String, Option<Hours>>,
    /// Hours that a schedule of the Contact Center says, by name: its id.
    pub(super) schedules: BTreeMap<String, String>,
    /// `[queues]`, by id.
    pub(super) queues: BTreeMap<String, Thresholds>,
    /// What the flow that uses it hands down, when it is a sub-flow.
    pub(super) handed_down: Option<HandedDown>,
    /// The sub-flows that it uses, by the step that does, with where their outcomes lead.
    pub(super) subs: BTreeMap<usize, (SubFlow, BTreeMap<String, Target>)>,
    /// What is known beside this file.
    pub(super) asked: &'a AskedWith<'a>,
    /// Every step that the file declares, in its order; also those with faults.
    pub steps: Vec<Declared<'a>>,
    /// Steps whose name an earlier one has: nothing leads to them, and only what they say themselves is checked.
    pub(super) namesakes: Vec<Declared<'a>>,
    /// Every text that callers may hear, and every value of `set`, that parsed.
    pub texts: Vec<TextAt<'a>>,
    /// Every way from a step to another, also from steps that could not be built.
    pub ways: Vec<Way>,
    pub(super) by_name: HashMap<String, usize>,
    /// Languages that texts are in and the flow does not speak: each is told once.
    pub(super) strange_languages: BTreeSet<String>,
    /// How many more times a misspelt step is looked for among all names.
    suggestions: Cell<u32>,
    faults: RefCell<Vec<Diagnostic>>,
    /// What is wrong in other files because of this one.
    elsewhere: RefCell<Vec<Diagnostic>>,
}

/// How many misspelt steps of a file get a "did you mean": enough for people, few enough for a file of 10,000 steps.
const MOST_SUGGESTIONS: u32 = 100;

/// `[flow]`, as far as it could be read.
#[derive(Debug, Default)]
pub struct Head {
    /// The flow's id, with its place.
    pub id: Option<(FlowId, Span)>,
    /// What people call it.
    pub name: Option<String>,
    /// The index of the step that a call begins at.
    pub start: Option<usize>,
    /// The time zone that it is at home in.
    pub zone: Option<TimeZone>,
    /// The numbers it answers, with their places.
    pub answers: Vec<(PhoneNumber, Span)>,
    /// Where it says that it answers any number.
    pub answers_any: Option<Span>,
    /// Variables that a start request hands in.
    pub needs: Vec<(String, Span)>,
    /// Variables that may be read back.
    pub gives: Vec<(String, Span)>,
    /// Callers who get a draft.
    pub preview: Vec<(PhoneNumber, Span)>,
}

/// The languages of a flow, as far as they could be read.
#[derive(Debug, Clone)]
pub struct SpokenLanguages {
    /// Whether the file has `[languages]`; without it there is one language, `en`.
    pub declared: bool,
    /// The one that a call begins in.
    pub default: Language,
    /// Every language; never empty.
    pub codes: BTreeMap<Language, LanguageAt>,
}

/// One language.
#[derive(Debug, Default, Clone)]
pub struct LanguageAt {
    /// Where `[languages]` names it; an empty place when it doesn't.
    pub place: Span,
    /// Its own voice and where that stands; `[defaults]` may have one for all.
    pub voice: Option<(String, Span)>,
}

/// `[defaults]`, as far as it could be read.
#[derive(Debug, Clone)]
pub struct Defaults {
    /// The voice of languages that name none.
    pub voice: Option<(String, Span)>,
    /// How fast is spoken.
    pub speed: f32,
    /// How many tries.
    pub tries: u8,
    /// How long the first key is waited for, in milliseconds.
    pub wait_ms: u32,
    /// How long a look-up is waited for, in milliseconds.
    pub timeout_ms: u32,
    /// What is said after silence.
    pub no_input: Option<PerLanguage<Vec<Template>>>,
    /// What is said after a wrong key.
    pub no_match: Option<PerLanguage<Vec<Template>>>,
    /// Where the last wrong try leads, and where that stands.
    pub give_up: Option<(Place, Span)>,
}

/// A step as the file declares it.
#[derive(Debug)]
pub struct Declared<'a> {
    /// Its name.
    pub name: StepName,
    /// `menu`, `ask` …
    pub kind: &'static str,
    /// Where its name stands in the header.
    pub name_span: Span,
    /// Where the header stands, without its brackets: `menu.main`.
    pub header: Span,
    /// Its keys.
    pub table: &'a Table,
    /// Whether a fault of form hides a part of it: then what seems to be missing may be there.
    pub torn: bool,
    /// The codes that its `allow` silences.
    pub allow: BTreeSet<String>,
    /// The step, when it could be built.
    pub built: Option<Step>,
}

/// A text that parsed.
#[derive(Debug)]
pub struct TextAt<'a> {
    /// The index of the step that says it; `None` in `[defaults]`.
    pub step: Option<usize>,
    /// The keys that lead to it from its step or from `[defaults]`, without the language: `say`, `press.1.say`,
    /// `no_input`, `press.1.set.day`.
    pub key: String,
    /// The language it is in; `None` when it serves all.
    pub language: Option<Language>,
    /// The text.
    pub template: Template,
    /// Where it stands; for a stretch of it see [`FlowFile::within`].
    pub value: &'a Value,
}

impl<'a> FlowFile<'a> {
    /// Begins to check a file: nothing is read yet.
    pub(super) fn new(
        index: usize,
        source: &'a Source,
        tree: &'a Tree,
        asked: &'a AskedWith<'a>,
    ) -> Self {
        Self {
            index,
            path: &source.path,
            text: &source.text,
            root: &tree.root,
            again: &tree.again,
            lost: tree.lost,
            head: Head::default(),
            languages: SpokenLanguages::only(),
            defaults: Defaults::default(),
            numbers: BTreeMap::new(),
            hours: BTreeMap::new(),
            schedules: BTreeMap::new(),
            queues: BTreeMap::new(),
            handed_down: None,
            subs: BTreeMap::new(),
            asked,
            steps: Vec::new(),
            namesakes: Vec::new(),
            texts: Vec::new(),
            ways: Vec::new(),
            by_name: HashMap::new(),
            strange_languages: BTreeSet::new(),
            suggestions: Cell::new(MOST_SUGGESTIONS),
            faults: RefCell::default(),
            elsewhere: RefCell::default(),
        }
    }

    /// Takes what the flow that uses this one hands down.
    pub(super) fn hand_down(&mut self, handed: HandedDown) {
        self.languages = handed.languages.clone();
        self.defaults = handed.defaults.clone();
        self.handed_down = Some(handed);
    }

    /// Takes a fault of this file; its places need no source index.
    pub fn report(&self, diagnostic: Diagnostic) {
        self.faults
            .borrow_mut()
            .push(diagnostic.in_source(self.index));
    }

    /// Takes a fault of this file whose places name their sources.
    pub fn report_as_placed(&self, diagnostic: Diagnostic) {
        self.faults.borrow_mut().push(diagnostic);
    }

    /// Takes a fault that lies in another file.
    pub(super) fn report_elsewhere(&self, diagnostic: Diagnostic) {
        self.elsewhere.borrow_mut().push(diagnostic);
    }

    /// The entry that a path of keys leads to: `menu.main.say.en`, `defaults.no_input`.
    pub fn at(&self, path: &str) -> Option<&'a Entry> {
        self.root.at(path)
    }

    /// The step called `name`, when the file declares one.
    pub fn step(&self, name: &str) -> Option<&Declared<'a>> {
        self.by_name.get(name).map(|index| &self.steps[*index])
    }

    /// The index of the step that a misspelt name most likely meant.
    pub(super) fn meant(&self, name: &str) -> Option<usize> {
        let left = self.suggestions.get().checked_sub(1)?;
        self.suggestions.set(left);
        let names = self.steps.iter().map(|step| step.name.as_str());
        self.by_name.get(nearest(name, names)?).copied()
    }

    /// Where a stretch of a decoded text stands in the file, escapes and line ends accounted for.
    pub fn within(&self, value: &Value, stretch: Range<usize>) -> Span {
        file::within(self.text, &value.span, stretch)
    }

    /// The line, from 1, that a byte stands on.
    pub fn line(&self, byte: usize) -> usize {
        line(self.text, byte)
    }

    /// Whether an error has been reported.
    pub fn has_errors(&self) -> bool {
        let is_error = |fault: &Diagnostic| fault.severity == Severity::Error;
        self.faults.borrow().iter().any(is_error) || self.elsewhere.borrow().iter().any(is_error)
    }

    /// Ends the check of the file: its faults, without those that a step allows.
    pub(super) fn into_faults(self) -> Vec<Diagnostic> {
        let of_hours = self.hours_allowing();
        let extents: Vec<_> = self
            .steps
            .iter()
            .chain(&self.namesakes)
            .filter(|step| !step.allow.is_empty())
            .map(|step| (file::extent(step.table, &step.header), &step.allow))
            .chain(
                of_hours
                    .iter()
                    .map(|(extent, allow)| (extent.clone(), allow)),
            )
            .collect();
        let allowed = |fault: &Diagnostic| {
            fault.severity != Severity::Error
                && extents.iter().any(|(extent, allow)| {
                    allow.contains(fault.code)
                        && extent.contains(&fault.place().1)
                        && fault.place().0 == self.index
                })
        };
        let mut faults = self.faults.into_inner();
        faults.retain(|fault| !allowed(fault));
        faults.append(&mut self.elsewhere.into_inner());
        faults
    }
}

impl Declared<'_> {
    /// The step as people read it: `menu "main"`.
    pub fn title(&self) -> String {
        format!("{} \"{}\"", self.kind, self.name)
    }
}

impl SpokenLanguages {
    /// What a file without `[languages]` speaks.
    pub(super) fn only() -> Self {
        let default = Language::new(crate::flow::model::ONLY_LANGUAGE);
        Self {
            declared: false,
            codes: BTreeMap::from([(default.clone(), LanguageAt::default())]),
            default,
        }
    }

    /// The languages of the model: each with its own voice, else that of `[defaults]`, else the guides'.
    pub(super) fn build(&self, defaults: &Defaults) -> Languages {
        let voice = |at: &LanguageAt| {
            at.voice
                .as_ref()
                .or(defaults.voice.as_ref())
                .map_or(crate::flow::model::GUIDE_VOICE, |(voice, _)| voice)
                .to_owned()
        };
        Languages {
            default: self.default.clone(),
            voices: self
                .codes
                .iter()
                .map(|(code, at)| (code.clone(), voice(at)))
                .collect(),
        }
    }
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            voice: None,
            speed: 1.0,
            tries: 3,
            wait_ms: 6000,
            timeout_ms: USUAL_TIMEOUT_MS,
            no_input: None,
            no_match: None,
            give_up: None,
        }
    }
}
