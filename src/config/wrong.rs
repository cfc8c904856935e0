//! What is wrong with a value, and how it becomes a fault: the key it is about, what to write instead in a file or a
//! variable, and nothing that could be a secret.

use super::fault::{Fault, Place};
use super::layer::PREFIX;

/// What is wrong with a value: told after the key's name.
pub(super) struct Wrong {
    what: String,
    /// What to write, as TOML.
    example: Option<String>,
    help: Option<String>,
}

impl Wrong {
    /// `what` is wrong: "is not an address with a port".
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            example: None,
            help: None,
        }
    }

    /// With what to write instead, as TOML.
    pub(super) fn write(mut self, example: impl Into<String>) -> Self {
        self.example = Some(example.into());
        self
    }

    /// With a line of help.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// A fault at `path`, or at its section when `missing` names a key that is to be written there.
pub(super) fn fault_of(
    path: &[String],
    place: &Place,
    wrong: Wrong,
    missing: Option<&str>,
) -> Fault {
    let mut target = path.to_vec();
    target.extend(missing.map(str::to_owned));
    let example = wrong.example.map(|example| match place {
        Place::Variable(_) => format!("{}={}", variable(&target), example.trim_matches('"')),
        _ => format!("{} = {example}", target.last().map_or("", String::as_str)),
    });
    let verb = match missing {
        Some(_) => "add",
        None => "write",
    };
    let help = match (wrong.help, example) {
        (Some(help), Some(example)) => Some(format!("{help}: {verb} {example}")),
        (Some(help), None) => Some(help),
        (None, Some(example)) => Some(format!("{verb} {example}")),
        (None, None) => None,
    };
    Fault {
        place: presentable(place.clone()),
        message: format!("`{}` {}", shown_path(path), wrong.what),
        help,
        missing: missing.is_some(),
    }
}

/// Names that a variable can carry: letters first, and no `__`, which parts the names of sections.
pub(super) fn is_plain_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(plain)
        && !name.contains("__")
        && !name.ends_with('_')
}

/// A key as it may be shown: a part that does not look like one could be a number or a secret in the wrong place.
pub(super) fn shown_path(path: &[String]) -> String {
    let shown: Vec<&str> = path.iter().map(|part| presentable_part(part)).collect();
    shown.join(".")
}

fn presentable_part(part: &str) -> &str {
    let like_a_key = part.len() <= 40
        && part.starts_with(|first: char| first.is_ascii_alphabetic())
        && part
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if like_a_key { part } else { "…" }
}

pub(super) fn presentable(place: Place) -> Place {
    let Place::Variable(name) = place else {
        return place;
    };
    let (prefix, rest) = name.split_at(PREFIX.len());
    let parts: Vec<&str> = rest.split("__").map(presentable_part).collect();
    Place::Variable(format!("{prefix}{}", parts.join("__")))
}

/// The variable that sets the key at `path`.
pub(super) fn variable(path: &[String]) -> String {
    format!("{PREFIX}{}", path.join("__").to_uppercase())
}
