//! The exact replies of calls, against those that were stored beside the test file.
//!
//! A reply's label names the version of its flow, which changes with every letter of the file; it is compared as `@VERSION`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde_json::Value;

use super::Outcome;

/// The replies of each call of a test file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wire {
    calls: BTreeMap<String, Vec<Value>>,
}

/// Why stored replies cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WireFault {
    /// The file cannot be read or written.
    #[error("{} cannot be used: {cause}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// The system's word.
        cause: io::Error,
    },
    /// The file is none of these.
    #[error("{} holds no replies: delete it, and run again with --accept", .0.display())]
    NotReplies(PathBuf),
}

/// A reply as it is compared.
pub(super) fn comparable(reply: &str) -> String {
    let Ok(mut reply) = serde_json::from_str::<Value>(reply) else {
        return reply.to_owned();
    };
    let label = reply["clientActionId"].as_str().and_then(|label| {
        let (flow, rest) = label.split_once('@')?;
        let (_, rest) = rest.split_once(':')?;
        Some(format!("{flow}@VERSION:{rest}"))
    });
    if let Some(label) = label {
        reply["clientActionId"] = Value::String(label);
    }
    reply.to_string()
}

impl Wire {
    /// Where the replies of a test file's calls are stored.
    pub fn beside(test: &Path) -> PathBuf {
        let name = test.file_name().unwrap_or_default().to_string_lossy();
        let stem = name.strip_suffix(".test.toml").unwrap_or(&name);
        test.with_file_name(format!("{stem}.wire.json"))
    }

    /// The replies of these calls.
    pub fn of<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) -> Self {
        let mut wire = Self::default();
        for outcome in outcomes {
            wire.add(&outcome.name, &outcome.replies);
        }
        wire
    }

    /// The replies stored at `path`; `None` when there are none yet.
    ///
    /// # Errors
    ///
    /// When the file is none of these.
    pub fn stored(path: &Path) -> Result<Option<Self>, WireFault> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(file_fault(path, cause)),
        };
        let calls = serde_json::from_str(&text);
        let calls = calls.map_err(|_| WireFault::NotReplies(path.to_owned()))?;
        Ok(Some(Self { calls }))
    }

    /// Takes in the replies of a call.
    fn add(&mut self, name: &str, replies: &[String]) {
        let names = (1..).map(|nth| match nth {
            1 => name.to_owned(),
            nth => format!("{name} ({nth})"),
        });
        let free = names
            .into_iter()
            .find(|name| !self.calls.contains_key(name));
        let replies = replies
            .iter()
            .filter_map(|it| serde_json::from_str(it).ok());
        self.calls
            .insert(free.unwrap_or_default(), replies.collect());
    }

    /// Stores the replies at `path`.
    ///
    /// # Errors
    ///
    /// When that cannot be written.
    pub fn store(&self, path: &Path) -> Result<(), WireFault> {
        let text = serde_json::to_string_pretty(&self.calls).expect("JSON is JSON") + "\n";
        fs::write(path, text).map_err(|cause| file_fault(path, cause))
    }

    /// What differs from what was `stored`, call by call, a line each.
    pub fn differences(&self, stored: &Self) -> Vec<String> {
        let mut told = Vec::new();
        for (name, replies) in &self.calls {
            match stored.calls.get(name) {
                None => told.push(format!("{name}: not stored yet")),
                Some(before) => told.extend(first_difference(name, before, replies)),
            }
        }
        let gone = stored
            .calls
            .keys()
            .filter(|name| !self.calls.contains_key(*name));
        told.extend(gone.map(|name| format!("{name}: stored, but there is no such call")));
        told
    }
}

/// The first place where two calls' replies differ.
fn first_difference(name: &str, before: &[Value], now: &[Value]) -> Option<String> {
    let nth = (0..before.len().max(now.len())).find(|nth| before.get(*nth) != now.get(*nth))?;
    let shown = |reply: Option<&Value>| reply.map_or("nothing".to_owned(), Value::to_string);
    Some(format!(
        "{name}: reply {}\n     stored: {}\n     now:    {}",
        nth + 1,
        shown(before.get(nth)),
        shown(now.get(nth))
    ))
}

fn file_fault(path: &Path, cause: io::Error) -> WireFault {
    WireFault::File {
        path: path.to_owned(),
        cause,
    }
}
