//! What a check is asked with beside one file: all sources, the day, what is known of the platform and the environment.

use std::cell::RefCell;
use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::flow::diagnostic::{Diagnostic, Source, Span};
use crate::flow::file::Tree;
use crate::text::nearest;

/// What is known beside the files.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The names of the platform's voices, when they are known.
    pub voices: Option<BTreeSet<String>>,
    /// The day that calendars are asked about; without one nothing is said of the past or of what ends soon.
    pub at: Option<Date>,
    /// The names that the environment has, when it is to be asked.
    pub environment: Option<BTreeSet<String>>,
}

/// All that a file is checked with.
#[derive(Debug)]
pub(super) struct AskedWith<'a> {
    /// Every source.
    pub(super) sources: &'a [Source],
    /// What each says; nothing for calendars.
    pub(super) trees: &'a [Tree],
    /// The sub-flows that some flow uses.
    pub(super) reached: RefCell<BTreeSet<usize>>,
    pub(super) at: Option<Date>,
    pub(super) environment: Option<&'a BTreeSet<String>>,
}

impl<'a> AskedWith<'a> {
    pub(super) fn new(sources: &'a [Source], trees: &'a [Tree], options: &'a Options) -> Self {
        Self {
            sources,
            trees,
            reached: RefCell::default(),
            at: options.at,
            environment: options.environment.as_ref(),
        }
    }

    /// The source that a file at `from` means by `name`: the one beside it, else the nearest above whose path ends so.
    pub(super) fn find(&self, from: &str, name: &str) -> Option<usize> {
        let name = name.trim_start_matches("./");
        let mut folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
        loop {
            let wanted = match folder {
                "" => name.to_owned(),
                folder => format!("{folder}/{name}"),
            };
            let found = self.sources.iter().position(|source| source.path == wanted);
            if found.is_some() || folder.is_empty() {
                return found;
            }
            folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
        }
    }

    /// CW210.
    pub(super) fn no_file(&self, name: &str, ends: &str, place: Span, user: &str) -> Diagnostic {
        let file = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        let there = self.sources.iter().map(|source| source.path.as_str());
        let there = there.filter(|path| path.ends_with(&format!(".{ends}")));
        let names: Vec<_> = there.map(|path| (file(path), path)).collect();
        let near = nearest(&file(name), names.iter().map(|(name, _)| name.as_str()));
        let near = near.and_then(|near| names.iter().find(|(name, _)| name == near));
        let near =
            near.map(
                |(near, path)| match name.contains("shared/") && path.contains("shared/") {
                    true => format!("shared/{near}"),
                    false => near.clone(),
                },
            );
        let (did_you, help) = match near {
            Some(near) => (
                format!("; did you mean {near}?"),
                format!("write: \"{near}\""),
            ),
            None => (
                String::new(),
                "name it as it lies beside this file, or in a folder above".to_owned(),
            ),
        };
        let message = format!("there is no file {name} (used by {user}){did_you}");
        Diagnostic::error("CW210", message).at(place, "").help(help)
    }
}
