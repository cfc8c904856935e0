//! What the papers promise is there: links lead somewhere, commands exist, printed flows hold, migrations are numbered.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{File, files, no_faults, read, root};

#[test]
fn links_lead_somewhere() {
    let mut faults = Vec::new();
    for paper in files("", "md") {
        for (line, target) in links(&paper.text) {
            if let Err(why) = resolve(&paper.path, &target) {
                faults.push(format!("{}:{line}: the link to {target} {why}", paper.path));
            }
        }
    }
    no_faults(&faults);
}

#[test]
fn commands_in_papers_exist() {
    let mut faults = Vec::new();
    for paper in files("", "md") {
        for (line, command) in commands(&paper.text) {
            let answer = Command::new(env!("CARGO_BIN_EXE_callwright"))
                .args([&command, "--help"])
                .output()
                .expect("the test build's own program starts");
            if !answer.status.success() {
                faults.push(format!(
                    "{}:{line}: there is no `callwright {command}`",
                    paper.path
                ));
            }
        }
    }
    no_faults(&faults);
}

#[test]
fn flows_printed_in_papers_hold() {
    let mut faults = Vec::new();
    for paper in files("", "md") {
        for (line, flow) in printed_flows(&paper.text) {
            let folder = tempfile::tempdir().expect("a scratch folder can be made");
            let file = folder.path().join("printed.toml");
            fs::write(&file, flow).expect("a scratch folder can be written");
            let answer = Command::new(env!("CARGO_BIN_EXE_callwright"))
                .args(["check", "--strict"])
                .arg(&file)
                .output()
                .expect("the test build's own program starts");
            if !answer.status.success() {
                let said = String::from_utf8_lossy(&answer.stdout).into_owned()
                    + &String::from_utf8_lossy(&answer.stderr);
                faults.push(format!(
                    "{}:{line}: the flow printed here does not hold:\n{said}",
                    paper.path
                ));
            }
        }
    }
    no_faults(&faults);
}

#[test]
fn every_dependency_is_explained() {
    let manifest: toml::Table = read(&root().join("Cargo.toml"))
        .text
        .parse()
        .expect("Cargo has read it");
    let dependencies = manifest["dependencies"].as_table().expect("a table");
    let paper = read(&root().join("ARCHITECTURE.md")).text;
    let explained: Vec<_> = paper
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    let faults: Vec<_> = dependencies
        .keys()
        .filter(|name| {
            !explained
                .iter()
                .any(|line| line.contains(&format!("`{name}`")))
        })
        .map(|name| format!("Cargo.toml: say in ARCHITECTURE.md what `{name}` is here for"))
        .collect();
    no_faults(&faults);
}

/// What the page is built with comes from whichever registry is used, and no address of one is written down.
#[test]
fn the_pages_lock_names_no_registry() {
    let lock = read(&root().join("web/package-lock.json")).text;
    let strange = |line: &&str| {
        line.contains("\"resolved\"") && !line.contains("https://registry.npmjs.org/")
    };
    let strange: Vec<_> = lock.lines().filter(strange).collect();
    assert!(strange.is_empty(), "{strange:?}");
    assert!(lock.contains("\"integrity\""));
}

#[test]
fn migrations_are_numbered_without_gaps() {
    let names: Vec<String> = files("migrations/sqlite", "sql")
        .into_iter()
        .map(|file| file.path)
        .collect();
    assert!(!names.is_empty(), "the migrations have moved away");
    for (index, path) in names.iter().enumerate() {
        let name = path.rsplit('/').next().unwrap_or_default();
        let number = format!("{:04}_", index + 1);
        assert!(
            name.starts_with(&number),
            "{path}: this place in the order is {number}…, since migrations are only appended"
        );
    }
}

/// The lines of a paper outside its code blocks, with their numbers.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut in_code = false;
    (1..).zip(text.lines()).filter(move |(_, line)| {
        let fence = line.trim_start().starts_with("```");
        in_code ^= fence;
        !in_code && !fence
    })
}

/// The targets of a paper's links, `[text](target)` and `[text]: target`.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        for (at, _) in line.match_indices("](") {
            let rest = &line[at + 2..];
            let end = rest.find([')', ' ']).unwrap_or(rest.len());
            found.push((number, rest[..end].to_owned()));
        }
        if let Some((_, target)) = line.split_once("]: ").filter(|_| line.starts_with('[')) {
            found.push((number, target.trim().to_owned()));
        }
    }
    found
}

/// Follows a link that stays in the project; the others are taken on trust, since tests have no network.
fn resolve(paper: &str, target: &str) -> Result<(), String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return Ok(());
    }
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let from = root().join(paper);
    let file = match path {
        "" => from,
        _ => from.parent().expect("a file lies in a folder").join(path),
    };
    if !file.exists() {
        return Err("leads to no file".to_owned());
    }
    if anchor.is_empty() || has_heading(&file, anchor) {
        return Ok(());
    }
    Err(format!("leads to no heading #{anchor}"))
}

fn has_heading(file: &Path, anchor: &str) -> bool {
    let text = fs::read_to_string(file).unwrap_or_default();
    prose(&text)
        .filter(|(_, line)| line.starts_with('#'))
        .any(|(_, line)| slug(line.trim_start_matches('#').trim()) == anchor)
}

/// A heading's anchor, as the usual renderers make it.
fn slug(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

/// The sub-commands that a paper tells its reader to type, in code blocks and in running text.
fn commands(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        for lead in [
            "`callwright ",
            "$ callwright ",
            "cargo run --release -- ",
            "cargo run -- ",
        ] {
            let calls = line
                .match_indices(lead)
                .map(|(at, _)| &line[at + lead.len()..]);
            found.extend(calls.filter_map(|rest| Some((number, sub_command(rest)?))));
        }
        if let Some(rest) = line.strip_prefix("callwright ") {
            found.extend(sub_command(rest).map(|command| (number, command)));
        }
    }
    found
}

fn sub_command(rest: &str) -> Option<String> {
    let word: String = rest
        .chars()
        .take_while(|c| c.is_ascii_lowercase() || *c == '-')
        .collect();
    let is_word = word.starts_with(|c: char| c.is_ascii_lowercase());
    is_word.then_some(word)
}

/// The whole flow files that a paper prints: TOML blocks that name the language's version and hold a `[flow]`.
fn printed_flows(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut lines = (1..).zip(text.lines());
    while let Some((number, line)) = lines.next() {
        if line.trim() != "```toml" {
            continue;
        }
        let block: Vec<&str> = lines
            .by_ref()
            .map(|(_, line)| line)
            .take_while(|line| line.trim() != "```")
            .collect();
        let holds = |start: &str| block.iter().any(|line| line.starts_with(start));
        if holds("callwright =") && holds("[flow]") {
            found.push((number, block.join("\n") + "\n"));
        }
    }
    found
}

#[test]
fn papers_are_read_right() {
    let paper = "# A `b` C\n[x](y.md#z) [p]( q)\n```toml\ncallwright = 1\n[flow]\n[no](no)\n```\n```toml\ncallwright = 1\n```\n`callwright check --strict`\n";
    assert_eq!(links(paper), [(2, "y.md#z".to_owned()), (2, String::new())]);
    assert_eq!(commands(paper), [(11, "check".to_owned())]);
    assert_eq!(
        printed_flows(paper),
        [(3, "callwright = 1\n[flow]\n[no](no)\n".to_owned())]
    );
    assert_eq!(slug("A `b` C, d-e"), "a-b-c-d-e");
    let nowhere = File {
        path: "README.md".to_owned(),
        text: String::new(),
    };
    assert!(resolve(&nowhere.path, "no/such/file.md").is_err());
    assert!(resolve(&nowhere.path, "https://example.com/x").is_ok());
}
