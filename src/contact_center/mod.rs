//! The Contact Center in the core's words: what is asked of it, what it may be asked, and what it means by its answers.
//!
//! * [`pairs`] `[name|value][name|value]…`, the form in which data travel to an agent
//! * [`handoff`] a call that a queue takes over; [`asked`] one that is asked for by the documented parameters; [`matching`] whose
//!   SIP call id a call of ours is
//! * [`schedule`] whether a schedule is open; [`queue`] how a queue does, in a word
//! * [`callback`] a call back that a caller asked for, and what each of the service's error codes means; [`given_back`] what it tells when
//!   one is over
//! * [`interaction`] variables that are set on an interaction; [`recording`] whose recording falls silent; [`reading`] what can be read in lists, of which days

pub mod asked;
pub mod callback;
pub mod given_back;
pub mod handoff;
pub mod interaction;
pub mod matching;
pub mod pairs;
pub mod queue;
pub mod reading;
pub mod recording;
pub mod schedule;

/// One fault of what was asked: where, what is wrong, what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The parameter's name.
    pub path: String,
    /// What is wrong, as in "is missing".
    pub message: String,
    /// What to write instead: a sentence without a full stop.
    pub help: String,
}

impl Fault {
    /// A fault of the parameter `path`.
    pub fn new(path: &str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            message: message.into(),
            help: help.into(),
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` {}: {}", self.path, self.message, self.help)
    }
}
