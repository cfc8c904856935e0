//! What is sent to PostgreSQL is plain SQL, so that other engines which speak its protocol can serve.

use super::{File, files, no_faults};

/// Words that PostgreSQL alone knows, or that a pool between it and us does not carry.
const ITS_OWN: [&str; 4] = ["ctid", "advisory_lock", "LISTEN ", "NOTIFY "];

/// The lines that are sent, with their numbers.
fn sent(file: &File) -> impl Iterator<Item = (usize, &str)> {
    let lines = file.text.lines().enumerate();
    lines
        .map(|(nth, line)| (nth + 1, line))
        .filter(|(_, line)| {
            let begins = line.trim_start();
            !begins.starts_with("//") && !begins.starts_with("--")
        })
}

fn faults(all: &[File]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in all {
        for (line, text) in sent(file) {
            let named = ITS_OWN.iter().filter(|word| text.contains(**word));
            faults.extend(
                named.map(|word| format!("{}:{line}: `{word}` is not plain SQL", file.path)),
            );
        }
    }
    faults
}

#[test]
fn what_is_sent_to_postgresql_is_plain() {
    let mut all = files("src/store/postgres", "rs");
    all.extend(files("migrations/postgres", "sql"));
    assert!(all.len() > 10, "there are files to look at");
    no_faults(&faults(&all));
}

#[test]
fn what_is_not_plain_is_found() {
    let text = "// no ctid\n\"SELECT ctid FROM legs\"\n-- ctid\n".to_owned();
    let path = "a.rs".to_owned();
    let found = faults(&[File { path, text }]);
    assert_eq!(found, ["a.rs:2: `ctid` is not plain SQL"]);
}
