//! What there is to rehearse at some paths: test files, the flows that they test, and every fault of either.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::script::{Scripted, TestFile, read};
use crate::flow::Flow;
use crate::flow::check::check;
use crate::flow::diagnostic::{Diagnostic, Severity, Source};
use crate::flows_folder::{self, FolderError, Found};
use crate::text::nearest;

/// The flows and test files at some paths.
#[derive(Debug, Default)]
pub struct Repertoire {
    /// The flows' files.
    pub sources: Vec<Source>,
    /// The flows that hold no error, each with its file's index.
    pub flows: Vec<(usize, Flow)>,
    /// The flows that were asked for, as indices into `flows`: those under test, and those named by their own file or folder.
    pub wanted: BTreeSet<usize>,
    /// What is wrong with the files of flows under test.
    pub flow_faults: Vec<Diagnostic>,
    /// The test files.
    pub tests: Vec<Tested>,
    /// What could not be read.
    pub unread: Vec<FolderError>,
}

/// A test file and its flow.
#[derive(Debug)]
pub struct Tested {
    /// The file.
    pub file: TestFile,
    /// Its flow, as an index into [`Repertoire::flows`]; `None` when there is none without errors.
    pub flow: Option<usize>,
}

impl Repertoire {
    /// What there is at `paths`: folders, test files, flow files with the tests beside them.
    pub fn at(paths: &[PathBuf]) -> Self {
        let (tests, mut unread) = read_tests(paths);
        let folders = folders(paths, &tests);
        let Found { sources, errors } = flows_folder::find(&folders);
        unread.extend(errors);
        let checked = check(&sources);
        let mut repertoire = Self {
            flows: checked.flows,
            sources,
            unread,
            ..Self::default()
        };
        for mut file in tests {
            let flow = repertoire.take(&mut file, &checked.diagnostics);
            if flow.is_some_and(|flow| !repertoire.is_asked_for(paths, &file, flow)) {
                continue;
            }
            repertoire.wanted.extend(flow);
            repertoire.tests.push(Tested { file, flow });
        }
        repertoire.want(paths);
        repertoire
    }

    /// Finds the flow of a test file, and notes what is wrong with either.
    fn take(&mut self, file: &mut TestFile, faults: &[Diagnostic]) -> Option<usize> {
        if file.flow.is_empty() {
            return None;
        }
        let Some(source) = self.source_of(file) else {
            file.faults.push(self.no_such_flow(file));
            return None;
        };
        let flow = self.flows.iter().position(|(index, _)| *index == source);
        let Some(flow) = flow else {
            let of_it = |fault: &&Diagnostic| {
                fault.severity == Severity::Error && fault.place().0 == source
            };
            for fault in faults.iter().filter(of_it) {
                if !self.flow_faults.contains(fault) {
                    self.flow_faults.push(fault.clone());
                }
            }
            return None;
        };
        let strange = file.unknown_to(&self.flows[flow].1);
        file.faults.extend(strange);
        Some(flow)
    }

    /// Whether a test file was named, or its folder, or the flow that it tests.
    fn is_asked_for(&self, paths: &[PathBuf], file: &TestFile, flow: usize) -> bool {
        let source = &self.sources[self.flows[flow].0];
        let (test, flow) = (real(&file.source.path), real(&source.path));
        paths
            .iter()
            .map(real)
            .any(|path| test.starts_with(&path) || flow == path)
    }

    /// Notes the flows that were named by their own file or folder.
    fn want(&mut self, paths: &[PathBuf]) {
        let paths: Vec<_> = paths.iter().map(real).collect();
        for (nth, (index, _)) in self.flows.iter().enumerate() {
            let path = real(&self.sources[*index].path);
            if paths.iter().any(|wanted| path.starts_with(wanted)) {
                self.wanted.insert(nth);
            }
        }
    }

    fn source_of(&self, file: &TestFile) -> Option<usize> {
        let wanted = real(flow_path(file));
        self.sources
            .iter()
            .position(|source| real(&source.path) == wanted)
    }

    fn no_such_flow(&self, file: &TestFile) -> Diagnostic {
        let message = format!("there is no flow {}", file.flow);
        let fault = Diagnostic::error("CW705", message).at(file.flow_span.clone(), "");
        let names = self.sources.iter().filter_map(|source| {
            let name = Path::new(&source.path).file_name()?;
            name.to_str()
        });
        match nearest(&file.flow, names) {
            Some(meant) => fault.help(format!("write: flow = \"{meant}\"")),
            None => fault.help("name the flow's file as it lies from the folder of this one"),
        }
    }
}

impl Tested {
    /// Its calls, when the file holds no fault.
    pub fn calls(&self) -> &[Scripted] {
        match self.file.faults.is_empty() {
            true => &self.file.calls,
            false => &[],
        }
    }
}

/// The test files at `paths`: those named, those of a named folder, those beside a named flow.
fn read_tests(paths: &[PathBuf]) -> (Vec<TestFile>, Vec<FolderError>) {
    let places: Vec<_> = paths
        .iter()
        .map(
            |path| match path.is_file() && !flows_folder::is_test(path) {
                true => parent(path),
                false => path.clone(),
            },
        )
        .collect();
    let Found { sources, errors } = flows_folder::find_tests(&places);
    (sources.into_iter().map(read).collect(), errors)
}

/// The folders whose flows are read together: what a flow uses lies below one of them.
fn folders(paths: &[PathBuf], tests: &[TestFile]) -> Vec<PathBuf> {
    let named = paths.iter().map(|path| match path.is_file() {
        true => parent(path),
        false => path.clone(),
    });
    let tested = tests.iter().map(|test| parent(&flow_path(test)));
    let mut folders: Vec<PathBuf> = Vec::new();
    for folder in named.chain(tested).filter(|folder| folder.is_dir()) {
        let within = |known: &PathBuf| real(&folder).starts_with(real(known));
        if !folders.iter().any(within) {
            folders.push(folder);
        }
    }
    folders
}

/// Where a test file says that its flow is.
fn flow_path(file: &TestFile) -> PathBuf {
    parent(Path::new(&file.source.path)).join(&file.flow)
}

fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn real(path: impl AsRef<Path>) -> PathBuf {
    fs::canonicalize(&path).unwrap_or_else(|_| path.as_ref().to_owned())
}
