//! Writes a call down as it goes: what is noticed on the phone in, the lines of a test out. Both phones use it.

use jiff::civil::DateTime;

use super::script::Script;
use crate::emulator::{Ending, Sign};
use crate::flow::model::{Step, StepName};
use crate::flow::{Flow, Position};

/// A call that is being written down.
#[derive(Debug)]
pub(super) struct Recorder {
    script: Script,
    /// The keys of the entry in progress.
    entry: String,
    /// Whether keys were waited for since the last entry.
    waited: bool,
    takes: Takes,
    /// The step that the call came to last.
    step: Option<StepName>,
}

/// What the keys are that are pressed now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    Choice,
    Digits,
    Secret,
}

impl Recorder {
    /// A call from `from` that begins at `at`, on the flow's clock.
    pub(super) fn new(at: DateTime, from: &str) -> Self {
        Self {
            script: Script::new(at, from),
            entry: String::new(),
            waited: false,
            takes: Takes::Choice,
            step: None,
        }
    }

    /// The call has passed `way` of `flow`, and waits at `position`.
    pub(super) fn comes_to(&mut self, flow: &Flow, way: &[StepName], position: Option<&Position>) {
        self.step = way.last().cloned().or(self.step.take());
        let step = position.and_then(|position| flow.step(&position.step));
        self.takes = match step {
            Some(Step::Ask(ask)) if ask.secret => Takes::Secret,
            Some(Step::Ask(_)) => Takes::Digits,
            _ => Takes::Choice,
        };
    }

    /// Somebody on the phone notices `sign`.
    pub(super) fn noticed(&mut self, sign: &Sign) {
        match sign {
            Sign::Says { text, .. } => self.script.hears(text),
            Sign::Key(key) => self.entry.push(*key),
            Sign::Waits { .. } => self.waited = true,
            Sign::Asks => self.entered(),
            Sign::Rings {
                leg: 1..,
                destination,
            } => self.script.dials(destination),
            Sign::Connected { leg: 1.. } => self.script.meets("answers"),
            Sign::Gone { leg: 1.., how } => self.parted(*how),
            Sign::Over { .. } => self.script.ends(),
            Sign::Plays { .. }
            | Sign::Rings { .. }
            | Sign::Connected { .. }
            | Sign::Gone { .. } => {}
        }
    }

    /// The caller hangs up.
    pub(super) fn hangs_up(&mut self) {
        self.script.hangs_up();
    }

    /// The call as a table of a test file.
    pub(super) fn table(&self) -> String {
        let step = self.step.as_ref();
        self.script.table(step.map_or("nowhere", StepName::as_str))
    }

    /// The prompt that took keys is over.
    fn entered(&mut self) {
        let entry = std::mem::take(&mut self.entry);
        let waited = std::mem::take(&mut self.waited);
        match (entry.as_str(), self.takes) {
            ("", _) if waited => self.script.stays_silent(),
            ("", _) => {}
            (keys, Takes::Choice) => self.script.presses(keys),
            (digits, Takes::Digits) => self.script.types(digits),
            (digits, Takes::Secret) => self.script.types_secret(digits),
        }
    }

    fn parted(&mut self, how: Ending) {
        match how {
            Ending::Busy => self.script.meets("busy"),
            Ending::NoAnswer => self.script.meets("no answer"),
            Ending::Failed => self.script.meets("fails"),
            Ending::Completed | Ending::Canceled | Ending::Error => {}
        }
    }
}
