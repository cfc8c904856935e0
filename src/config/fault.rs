//! What is wrong with a configuration, and how it is told: where, what, and what to write instead. Values are never
//! repeated, since any of them may be a secret or a phone number that was put in the wrong place.

use std::fmt;

/// Everything that is wrong with a configuration, by place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFaults(Vec<Fault>);

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Where it is.
    pub place: Place,
    /// What is wrong, without a full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Whether something is not there (that may only have been missed because the file could not be read whole).
    pub missing: bool,
}

/// Where a value comes from. Ordered as faults are told: files by line, then variables by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The defaults.
    BuiltIn,
    /// A file as a whole.
    File(String),
    /// A place in a file.
    At {
        /// The file as it was named.
        file: String,
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
    },
    /// An environment variable.
    Variable(String),
}

impl ConfigFaults {
    /// Takes the faults, at least one, and puts them in the order in which they are told.
    pub(super) fn new(mut faults: Vec<Fault>) -> Self {
        faults.sort();
        faults.dedup();
        Self(faults)
    }

    /// The faults, by place.
    pub fn as_slice(&self) -> &[Fault] {
        &self.0
    }
}

impl std::error::Error for ConfigFaults {}

impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => write!(f, "the configuration has a fault")?,
            n => write!(f, "the configuration has {n} faults")?,
        }
        for fault in &self.0 {
            write!(f, "\n\n{fault}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)?;
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => write!(f, "built-in"),
            Self::File(file) => write!(f, "{file}"),
            Self::At { file, line, column } => write!(f, "{file}:{line}:{column}"),
            Self::Variable(name) => write!(f, "{name}"),
        }
    }
}
