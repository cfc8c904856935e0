//! "Did you mean": unknown keys, and the known ones that they are slips of.

use super::fault::{Fault, Place};
use super::layer::KeyPath;
use super::wrong::{presentable, shown_path, variable};
use crate::text::nearest;

/// An unknown key, and the keys that are known where it stands.
pub(super) struct Stranger {
    pub(super) path: KeyPath,
    pub(super) place: Place,
    pub(super) siblings: Vec<&'static str>,
}

impl Stranger {
    /// The fault that it is, with what was likely meant, of all `known` keys.
    pub(super) fn told(self, known: &[KeyPath]) -> Fault {
        let (message, help) = match &self.place {
            Place::Variable(name) => {
                let variables: Vec<String> = known.iter().map(|path| variable(path)).collect();
                let meant = nearest(&name.to_uppercase(), variables.iter().map(String::as_str));
                let message = "unknown variable".to_owned();
                (message, meant.map(|meant| format!("did you mean {meant}?")))
            }
            _ => (
                format!("unknown key `{}`", shown_path(&self.path)),
                self.meant(known),
            ),
        };
        Fault {
            place: presentable(self.place),
            message,
            help: help.or_else(|| Some("`callwright config` prints every key".to_owned())),
            missing: false,
        }
    }

    /// What was meant by an unknown key of a file: a key of its section, or of another.
    fn meant(&self, known: &[KeyPath]) -> Option<String> {
        let name = self.path.last()?;
        if let Some(meant) = nearest(&name.to_lowercase(), self.siblings.iter().copied()) {
            return Some(format!("did you mean `{meant}`?"));
        }
        let elsewhere = known.iter().find(|path| path.last() == Some(name))?;
        Some(match &elsewhere[..elsewhere.len() - 1] {
            [] => format!("`{name}` belongs above the first [section]"),
            section => format!("`{name}` belongs in [{}]", shown_path(section)),
        })
    }
}
