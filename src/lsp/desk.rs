//! The files that an editor has open, checked together with the flows around them as they would be served.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use reqwest::Url;
use serde_json::{Value, json};

use super::{cursor, place};
use crate::flow::check::{Outline, check, outline};
use crate::flow::diagnostic::{Diagnostic, Severity, Source};
use crate::flows_folder;
use crate::rehearsal;

/// What is open, and what was said of it.
#[derive(Debug, Default)]
pub(super) struct Desk {
    /// The texts as they stand in the editor, by path.
    open: BTreeMap<PathBuf, String>,
    /// What is to be published.
    news: Vec<Value>,
    /// The files of which there was something to say.
    told: BTreeSet<PathBuf>,
}

/// Diagnostics as the protocol writes them, by file.
type Told = BTreeMap<PathBuf, Vec<Value>>;

impl Desk {
    /// A file has this text now.
    pub(super) fn lay(&mut self, uri: &str, text: &str) {
        if let Some(path) = path(uri) {
            self.open.insert(path, text.to_owned());
            self.look();
        }
    }

    /// A file is closed: the disk has it.
    pub(super) fn put_away(&mut self, uri: &str) {
        if let Some(path) = path(uri) {
            self.open.remove(&path);
            self.look();
        }
    }

    /// What is to be published, once.
    pub(super) fn news(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.news)
    }

    /// Checks all that is open, with what belongs to it.
    pub(super) fn look(&mut self) {
        let mut told = Told::new();
        let (tests, flows): (Vec<_>, Vec<_>) = self
            .open
            .keys()
            .partition(|path| flows_folder::is_test(path));
        for path in tests {
            let source = self.source(path);
            let faults = rehearsal::read(source.clone()).faults;
            tell(&mut told, &[source], &faults);
        }
        let places = flows.into_iter().filter_map(|path| self.place(path));
        for place in places.collect::<BTreeSet<_>>() {
            let sources = self.sources(&place);
            tell(&mut told, &sources, &check(&sources).diagnostics);
        }
        // What is open is told of also when nothing is wrong, and what was told is taken back.
        for path in self.open.keys().chain(&self.told) {
            told.entry(path.clone()).or_default();
        }
        self.told = told
            .iter()
            .filter(|(_, faults)| !faults.is_empty())
            .map(|(path, _)| path.clone())
            .collect();
        for (path, faults) in told {
            if let Ok(uri) = Url::from_file_path(&path) {
                let published = json!({"uri": uri.as_str(), "diagnostics": faults});
                self.news.push(published);
            }
        }
    }

    /// Where the step stands that is named at a position.
    pub(super) fn step_at(&self, uri: &str, position: &Value) -> Value {
        let found = self.outline(uri).and_then(|(text, outline)| {
            let byte = place::byte(text, position);
            let mut named = outline.named.iter();
            let (_, step) = named.find(|(span, _)| (span.start..=span.end).contains(&byte))?;
            let range = place::range(text, &outline.steps.get(*step)?.span);
            Some(json!({"uri": uri, "range": range}))
        });
        found.unwrap_or(Value::Null)
    }

    /// The names of steps that fit at a position, when one is wanted there.
    pub(super) fn names_at(&self, uri: &str, position: &Value) -> Value {
        let Some((text, outline)) = self.outline(uri) else {
            return json!([]);
        };
        if !cursor::wants_step(text, place::byte(text, position)) {
            return json!([]);
        }
        let steps = outline.steps.iter();
        let steps =
            steps.map(|step| (step.name.as_str(), format!("[{}.{}]", step.kind, step.name)));
        let words = [("end", "hangs up"), ("repeat", "this step again")];
        let words = words.map(|(word, about)| (word, about.to_owned()));
        // 18: a reference.
        let item = |(label, detail)| json!({"label": label, "detail": detail, "kind": 18});
        steps.chain(words).map(item).collect()
    }

    fn outline(&self, uri: &str) -> Option<(&str, Outline)> {
        let path = path(uri)?;
        let text = self.open.get(&path)?;
        let sources = self.sources(&self.place(&path)?);
        let name = path.display().to_string();
        let index = sources.iter().position(|source| source.path == name)?;
        Some((text, outline(&sources, index)))
    }

    /// What is checked with a file: the folder `flows` that it lies in, as a server has it, else what it uses. `None` when it is no flow.
    fn place(&self, file: &Path) -> Option<PathBuf> {
        let mut folders = file.ancestors().skip(1);
        let flows = folders.find(|folder| folder.file_name().is_some_and(|name| name == "flows"));
        if let Some(flows) = flows {
            return Some(flows.to_owned());
        }
        let mut lines = self.open.get(file)?.lines().map(str::trim_start);
        let is_flow =
            lines.any(|line| line.starts_with("[flow]") || line.starts_with("callwright"));
        is_flow.then(|| file.to_owned())
    }

    /// The sources at a place, as the editor has them.
    fn sources(&self, place: &Path) -> Vec<Source> {
        let mut sources = flows_folder::find(&[place.to_owned()]).sources;
        for (path, text) in &self.open {
            let name = path.display().to_string();
            match sources.iter_mut().find(|source| source.path == name) {
                Some(source) => source.text.clone_from(text),
                // It may not be on the disk yet.
                None if path.starts_with(place) && !flows_folder::is_test(path) => {
                    sources.push(self.source(path));
                }
                None => {}
            }
        }
        sources
    }

    fn source(&self, path: &Path) -> Source {
        Source {
            path: path.display().to_string(),
            text: self.open.get(path).cloned().unwrap_or_default(),
        }
    }
}

/// Takes down what is wrong with files.
fn tell(told: &mut Told, sources: &[Source], faults: &[Diagnostic]) {
    for fault in faults {
        let (source, _) = fault.place();
        let path = PathBuf::from(&sources[source].path);
        told.entry(path).or_default().push(shown(sources, fault));
    }
}

fn shown(sources: &[Source], fault: &Diagnostic) -> Value {
    let mut labels = fault
        .labels
        .iter()
        .filter(|label| label.source < sources.len());
    let first = labels.next();
    let range = match first {
        Some(label) => place::range(&sources[label.source].text, &label.span),
        None => place::range("", &(0..0)),
    };
    let mut message = fault.message.clone();
    let beside = first
        .map(|label| label.text.as_str())
        .filter(|text| !text.is_empty());
    let notes = fault.notes.iter().map(|note| format!("note: {note}"));
    let help = fault.help.iter().map(|help| format!("help: {help}"));
    for line in beside
        .map(str::to_owned)
        .into_iter()
        .chain(notes)
        .chain(help)
    {
        message.push('\n');
        message += &line;
    }
    let related = labels.filter_map(|label| {
        let uri = Url::from_file_path(&sources[label.source].path).ok()?;
        let range = place::range(&sources[label.source].text, &label.span);
        Some(json!({"location": {"uri": uri.as_str(), "range": range}, "message": label.text}))
    });
    json!({
        "range": range,
        "severity": match fault.severity {
            Severity::Error => 1,
            Severity::Warning => 2,
            Severity::Info => 3,
        },
        "code": fault.code,
        "source": "callwright",
        "message": message,
        "relatedInformation": related.collect::<Vec<_>>(),
    })
}

fn path(uri: &str) -> Option<PathBuf> {
    Url::parse(uri).ok()?.to_file_path().ok()
}
