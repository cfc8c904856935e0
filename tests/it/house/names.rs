//! Names and sizes: what a reader meets first.

use super::rust_text::{code, line_of};
use super::{File, files, no_faults};

/// More than this and a file has two reasons to exist.
const MOST_LINES: usize = 600;

/// The same for a file of the page in `web/`, whose formatter makes more lines of the same.
const PAGE_LINES: usize = 400;

/// They say nothing of what is inside.
const EMPTY_WORDS: [&str; 7] = [
    "utils", "util", "helpers", "helper", "common", "misc", "manager",
];

fn rust_files() -> Vec<File> {
    let mut all = files("src", "rs");
    all.extend(files("tests", "rs"));
    all
}

#[test]
fn no_file_is_too_long_to_read() {
    let faults: Vec<_> = rust_files()
        .iter()
        .map(|file| (file, file.text.lines().count()))
        .filter(|(_, lines)| *lines > MOST_LINES)
        .map(|(file, lines)| {
            format!(
                "{}: {lines} lines; at most {MOST_LINES}, so split it by its reasons",
                file.path
            )
        })
        .collect();
    no_faults(&faults);
}

#[test]
fn no_file_of_the_page_is_too_long_or_says_nothing() {
    let mut faults = Vec::new();
    for extension in ["ts", "tsx", "css"] {
        for file in files("web/src", extension) {
            let lines = file.text.lines().count();
            if lines > PAGE_LINES {
                faults.push(format!(
                    "{}: {lines} lines; at most {PAGE_LINES}",
                    file.path
                ));
            }
            let says = ["// ", "/* ", "declare "];
            if !says.iter().any(|begins| file.text.starts_with(begins)) {
                faults.push(format!("{}:1: begin with what the file is for", file.path));
            }
        }
    }
    no_faults(&faults);
}

#[test]
fn every_file_says_what_it_is_for() {
    let faults: Vec<_> = rust_files()
        .iter()
        .filter(|file| !file.text.starts_with("//! "))
        .map(|file| format!("{}:1: begin with `//!` and what the file is for", file.path))
        .collect();
    no_faults(&faults);
}

#[test]
fn names_say_something() {
    let mut faults = Vec::new();
    for file in rust_files() {
        for part in file
            .path
            .trim_end_matches(".rs")
            .split('/')
            .filter(|part| is_empty_word(part))
        {
            faults.push(format!(
                "{}: `{part}` says nothing of what is inside",
                file.path
            ));
        }
        for (line, name) in declared(&code(&file.text)) {
            if is_empty_word(&name) {
                faults.push(format!(
                    "{}:{line}: `{name}` says nothing of what it does",
                    file.path
                ));
            }
        }
    }
    no_faults(&faults);
}

/// The modules and types that `code` declares, with their lines.
fn declared(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for keyword in ["mod ", "struct ", "enum ", "trait ", "type "] {
        for (at, _) in code.match_indices(keyword) {
            if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let rest = &code[at + keyword.len()..];
            let end = rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            found.push((line_of(code, at), rest[..end].to_owned()));
        }
    }
    found
}

/// Whether a name is one of the empty words, or a type's name ends in one.
fn is_empty_word(name: &str) -> bool {
    EMPTY_WORDS.contains(&name.to_ascii_lowercase().as_str())
        || ["Manager", "Helper", "Helpers", "Util", "Utils"]
            .iter()
            .any(|word| name.ends_with(word))
}

#[test]
fn empty_words_are_known() {
    assert!(is_empty_word("utils") && is_empty_word("SessionManager"));
    assert!(!is_empty_word("Management") && !is_empty_word("session"));
    let code = "pub mod a;\nstruct FooManager<T>(T);\nlet structure = 1;";
    assert_eq!(
        declared(code),
        [(1, "a".to_owned()), (2, "FooManager".to_owned())]
    );
}
