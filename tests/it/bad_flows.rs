//! Broken flows beside the messages they must give, and the page that explains every code.
//!
//! Each `tests/flows/bad/NAME.toml`, or folder of files that are checked together, has its messages in `NAME.txt`.
//! `UPDATE_GOLDEN=1` writes them anew: read every one that changed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use callwright::flow::check::{Checked, Options, check_with};
use callwright::flow::diagnostic::{Severity, Source};
use callwright::flow::report::{Look, render};

/// Codes that no file can raise, with the reason.
const NOT_BY_A_FILE: &[(&str, &str)] = &[
    ("701", "it is about test files"),
    ("702", "it is about test files"),
    ("703", "it is about test files"),
    ("704", "it is about test files"),
    ("705", "it is about test files"),
];

/// One broken flow, or several checked together.
struct Case {
    name: String,
    golden: PathBuf,
    sources: Vec<Source>,
}

impl Case {
    fn at(path: &Path) -> Self {
        let name = path
            .file_stem()
            .expect("a listed file has a name")
            .to_string_lossy()
            .into_owned();
        let sources = if path.is_dir() {
            files(path)
        } else {
            vec![path.to_owned()]
        };
        Self {
            golden: path.with_extension("txt"),
            sources: sources.iter().map(|file| source(file)).collect(),
            name,
        }
    }

    fn check(&self) -> Checked {
        // What is known beside the files, in the cases that are about it.
        let voices = || BTreeSet::from(["en-US-BenjaminRUS".to_owned()]);
        let options = Options {
            at: Some(jiff::civil::date(2026, 11, 27)),
            voices: (self.name == "voice_that_the_account_lacks").then(voices),
            environment: (self.name == "secret_that_the_environment_lacks").then(BTreeSet::new),
        };
        check_with(&self.sources, &options)
    }
}

/// What a person is shown, without colour.
fn human(case: &Case) -> String {
    let look = Look {
        all: true,
        ..Look::default()
    };
    render(&case.sources, &case.check().diagnostics, look)
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn bad() -> PathBuf {
    root().join("tests/flows/bad")
}

/// A file as the source that the checks take, known by its path below the folder of broken flows.
fn source(file: &Path) -> Source {
    let path = file
        .strip_prefix(bad())
        .expect("the file was listed from there");
    Source {
        path: path.to_string_lossy().replace('\\', "/"),
        text: String::from_utf8_lossy(&fs::read(file).expect("it was listed")).into_owned(),
    }
}

fn listed(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder of broken flows is in the repository");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("it can be listed").path())
        .collect();
    paths.sort();
    paths
}

/// The files of a case that is a folder, at any depth.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = listed(folder).into_iter();
    let files = entries.flat_map(|path| match path.is_dir() {
        true => files(&path),
        false => vec![path],
    });
    files.collect()
}

fn cases() -> Vec<Case> {
    listed(&bad())
        .iter()
        .filter(|path| {
            path.is_dir()
                || path
                    .extension()
                    .is_some_and(|extension| extension == "toml")
        })
        .map(|path| Case::at(path))
        .collect()
}

fn page() -> String {
    fs::read_to_string(root().join("docs/diagnostics.md"))
        .expect("the page of diagnostics is in the repository")
}

/// The codes that have a section.
fn explained(page: &str) -> BTreeSet<&str> {
    page.lines()
        .filter_map(|line| line.strip_prefix("## CW"))
        .filter_map(|heading| heading.split_once(':'))
        .map(|(number, _)| number)
        .collect()
}

#[test]
fn every_broken_flow_gives_its_messages() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut wrong = Vec::new();
    for case in cases() {
        let shown = human(&case);
        if update {
            fs::write(&case.golden, shown).expect("the golden can be written");
        } else if fs::read_to_string(&case.golden).ok().as_deref() != Some(&*shown) {
            wrong.push(format!("=== {}\n{shown}", case.name));
        }
    }
    assert!(
        wrong.is_empty(),
        "these differ from their .txt:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn a_flow_is_refused_for_errors_alone() {
    for case in cases() {
        let checked = case.check();
        assert!(
            !checked.diagnostics.is_empty(),
            "{} has no fault",
            case.name
        );
        for (index, source) in case.sources.iter().enumerate() {
            let refused = checked
                .diagnostics
                .iter()
                .any(|fault| fault.severity == Severity::Error && fault.place().0 == index);
            let built = checked.flows.iter().any(|(built, _)| *built == index);
            let is_part = source.path.contains("/shared/") || source.path.ends_with(".ics");
            if is_part {
                assert!(!built, "{}", source.path);
                continue;
            }
            let of_its_parts = checked
                .diagnostics
                .iter()
                .any(|fault| fault.severity == Severity::Error);
            if case
                .sources
                .iter()
                .any(|it| it.path.contains("/shared/") || it.path.ends_with(".ics"))
            {
                assert_ne!(of_its_parts, built, "{}", source.path);
                continue;
            }
            assert_ne!(refused, built, "{}", source.path);
        }
    }
}

#[test]
fn every_code_is_explained_and_shown() {
    let page = page();
    let explained = explained(&page);
    let checked: Vec<Checked> = cases().iter().map(Case::check).collect();
    let raised: BTreeSet<&str> = checked
        .iter()
        .flat_map(|checked| &checked.diagnostics)
        .map(|fault| fault.code.trim_start_matches("CW"))
        .chain(NOT_BY_A_FILE.iter().map(|(code, _)| *code))
        .collect();
    let missing: Vec<_> = raised.symmetric_difference(&explained).collect();
    assert!(
        missing.is_empty(),
        "explained or raised, but not both: {missing:?}"
    );
}

#[test]
fn the_page_shows_messages_as_they_are() {
    let goldens: String = cases()
        .iter()
        .map(|case| fs::read_to_string(&case.golden).unwrap_or_default())
        .collect();
    let page = page();
    for block in page.split("```text\n").skip(1) {
        let message = block.split("\n```").next().unwrap_or_default();
        assert!(
            goldens.contains(message),
            "no broken flow gives this:\n{message}"
        );
    }
}
