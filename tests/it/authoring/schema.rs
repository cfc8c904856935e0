//! The JSON Schema against the program that reads flows: what the one refuses for its form, the other refuses.

use std::fs;
use std::path::{Path, PathBuf};

use callwright::flow::check::{check, schema};
use callwright::flow::diagnostic::Source;
use serde_json::Value;

use super::conforms::refusals;
use super::{Desk, shipped};

/// What is wrong with one table or one value, whatever else the file says.
const OF_FORM: [&str; 17] = [
    "CW003", "CW004", "CW005", "CW006", "CW008", "CW010", "CW012", "CW014", "CW017", "CW019",
    "CW102", "CW103", "CW105", "CW506", "CW601", "CW602", "CW607",
];

/// Of those that also tell what only the whole file shows, what they say then.
const OF_THE_WHOLE: [&str; 6] = [
    "has no timezone",
    "has no default",
    "is not a language of this flow",
    "default must be one of",
    "require must be",
    "names no day of the week",
];

/// The broken flow whose fault no pattern tells: which of two numbers is the larger.
const BEYOND_PATTERNS: &str = "digits_run_backwards.toml";

fn parsed(schema: &str) -> Value {
    serde_json::from_str(schema).expect("it is JSON")
}

/// A file as editors hold it against a schema; `None` when it is no TOML.
fn as_json(text: &str) -> Option<Value> {
    fn plain(value: &toml::Value) -> Value {
        match value {
            toml::Value::String(text) => Value::from(text.as_str()),
            toml::Value::Integer(number) => Value::from(*number),
            toml::Value::Float(number) => Value::from(*number),
            toml::Value::Boolean(truth) => Value::from(*truth),
            toml::Value::Datetime(at) => Value::from(at.to_string()),
            toml::Value::Array(items) => items.iter().map(plain).collect(),
            toml::Value::Table(table) => table
                .iter()
                .map(|(key, value)| (key.clone(), plain(value)))
                .collect(),
        }
    }
    text.parse::<toml::Table>()
        .ok()
        .map(|table| plain(&table.into()))
}

/// All files below a folder of the repository whose names end so.
fn files(folder: &str, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).expect("it is in the repository") {
            let path = entry.expect("it can be listed").path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().ends_with(end) {
                found.push(path);
            }
        }
    }
    found
}

/// Whether `check` finds fault with the form of a file, by itself.
fn is_malformed(text: &str) -> bool {
    let path = "shared/a.toml".to_owned();
    let path = if text.contains("[return.") {
        path
    } else {
        "a.toml".to_owned()
    };
    let sources = [Source {
        path,
        text: text.to_owned(),
    }];
    check(&sources).diagnostics.iter().any(|fault| {
        OF_FORM.contains(&fault.code)
            && !OF_THE_WHOLE
                .iter()
                .any(|words| fault.message.contains(words))
    })
}

#[test]
fn shipped_flows_and_tests_conform() {
    let (flow, test) = (parsed(&schema()), parsed(&callwright::rehearsal::schema()));
    let mut looked = 0;
    for path in files("flows", ".toml") {
        let text = fs::read_to_string(&path).expect("it can be read");
        let schema = if path.to_string_lossy().ends_with(".test.toml") {
            &test
        } else {
            &flow
        };
        let value = as_json(&text).expect("it is TOML");
        assert_eq!(refusals(schema, &value), [""; 0], "{}", path.display());
        looked += 1;
    }
    assert!(looked >= 8, "only {looked} files");
}

#[test]
fn a_misspelt_key_does_not_conform() {
    let schema = parsed(&schema());
    let text = fs::read_to_string(format!("{}/restaurant.toml", shipped())).expect("it is there");
    for (right, slip, told) in [
        ("press.3 ", "pres.3 ", ".menu.main.pres: not a key"),
        ("give_up ", "giveup ", ".defaults.giveup: not a key"),
        (
            "[connect.representative]",
            "[conect.representative]",
            ".conect: not a key",
        ),
        ("start   = \"main\"", "strat = \"main\"", ".flow: required"),
        ("tries   = 1", "tries = 0", ".defaults.tries: minimum"),
        (
            "answers = [\"+6561115777\"]",
            "answers = [\"6561115777\"]",
            ".flow.answers: anyOf",
        ),
    ] {
        assert!(text.contains(right), "{right}");
        let value = as_json(&text.replacen(right, slip, 1)).expect("it is TOML");
        let refused = refusals(&schema, &value);
        assert!(refused.iter().any(|it| it == told), "{slip}: {refused:?}");
    }
}

#[test]
fn broken_flows_are_refused_by_both_or_by_neither() {
    let schema = parsed(&schema());
    let (mut refused, mut sound) = (0, 0);
    for path in files("tests/flows/bad", ".toml") {
        if path.ends_with(BEYOND_PATTERNS) {
            continue;
        }
        let Some(text) = fs::read_to_string(&path)
            .ok()
            .filter(|text| as_json(text).is_some())
        else {
            continue;
        };
        let found = refusals(&schema, &as_json(&text).expect("it is TOML"));
        let wrong = is_malformed(&text);
        assert_eq!(!found.is_empty(), wrong, "{}: {found:?}", path.display());
        *(if wrong { &mut refused } else { &mut sound }) += 1;
    }
    assert!(
        refused > 50 && sound > 100,
        "{refused} refused, {sound} not"
    );
}

/// Every value of a file with its path, and the file without it or with another in its place.
fn changed(root: &toml::Table) -> Vec<(String, toml::Table)> {
    let others = || {
        let word = toml::Value::String("zzz".to_owned());
        [
            None,
            Some(word.clone()),
            Some(toml::Value::Integer(7)),
            Some(toml::Value::Boolean(true)),
            Some(toml::Value::Array(vec![word])),
            Some(toml::Value::Table(toml::Table::new())),
        ]
    };
    let mut paths = Vec::new();
    fn walk(table: &toml::Table, path: &[String], paths: &mut Vec<Vec<String>>) {
        for (key, value) in table {
            let path = [path, std::slice::from_ref(key)].concat();
            if let toml::Value::Table(inner) = value {
                walk(inner, &path, paths);
            }
            paths.push(path);
        }
    }
    walk(root, &[], &mut paths);
    let mut files = Vec::new();
    for path in paths {
        for other in others() {
            let mut changed = root.clone();
            let (last, before) = path.split_last().expect("a path has a key");
            let table = before.iter().fold(&mut changed, |table, key| {
                table[key]
                    .as_table_mut()
                    .expect("what holds a key is a table")
            });
            let told = format!("{} = {other:?}", path.join("."));
            match other {
                None => table.remove(last),
                Some(value) => table.insert(last.clone(), value),
            };
            files.push((told, changed));
        }
    }
    files
}

#[test]
fn every_value_is_refused_by_both_or_by_neither() {
    let schema = parsed(&schema());
    let mut wrong = Vec::new();
    let mut looked = 0;
    for name in [
        "restaurant-full",
        "restaurant_desk",
        "tech_support",
        "shared/verify-booking",
    ] {
        let text = fs::read_to_string(format!("{}/{name}.toml", shipped())).expect("it is there");
        // Six changes of each value: 31 has no part in common with that, so that all sorts of them come.
        let every = match std::env::var_os("CALLWRIGHT_NIGHTLY") {
            Some(_) => 1,
            None => 31,
        };
        let changed = changed(&text.parse().expect("it is TOML"));
        for (told, file) in changed.into_iter().step_by(every) {
            let text = toml::to_string(&file).expect("it can be written");
            let found = refusals(&schema, &as_json(&text).expect("it is TOML"));
            if found.is_empty() == is_malformed(&text) {
                wrong.push(format!("{name}: {told}: {found:?}"));
            }
            looked += 1;
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {looked} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(looked > 50, "only {looked} changes");
}

#[test]
fn the_command_prints_what_is_shipped() {
    let desk = Desk::new();
    for (arguments, file) in [
        (&["schema"][..], "flow.schema.json"),
        (&["schema", "--tests"], "test.schema.json"),
    ] {
        let (code, printed) = desk.run(arguments);
        let shipped = fs::read_to_string(format!("{}/{file}", shipped())).expect("it is shipped");
        assert_eq!((code, printed), (Some(0), shipped));
    }
}
