//! Writes a call down as it goes: what is noticed on the phone in, the lines of a test out. Both phones use it.

use jiff::civil::DateTime;

use crate::emulator::{Ending, Fate, Sign};
use crate::flow::model::{Step, StepName};
use crate::flow::need::MetAt;
use crate::flow::{Flow, Position};
use crate::rehearsal::{Script, Verb};

/// A call that is being written down.
#[derive(Debug)]
pub(super) struct Recorder {
    script: Script,
    /// The keys of the entry in progress.
    entry: String,
    /// Whether keys were waited for since the last entry.
    waited: bool,
    takes: Takes,
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
        }
    }

    /// The call has passed `way` of `flow`, and waits at `position`.
    pub(super) fn comes_to(&mut self, flow: &Flow, way: &[StepName], position: Option<&Position>) {
        if let Some(step) = way.last() {
            self.script.comes_to(step);
        }
        let step = position.and_then(|position| flow.step(&position.step));
        self.takes = match step {
            Some(Step::Ask(ask)) if ask.secret => Takes::Secret,
            Some(Step::Ask(_)) => Takes::Digits,
            _ => Takes::Choice,
        };
    }

    /// What `flow` needed of the world was met.
    pub(super) fn meets<'a>(&mut self, flow: &Flow, met: impl IntoIterator<Item = &'a MetAt>) {
        met.into_iter().for_each(|met| self.script.meets(flow, met));
    }

    /// Somebody on the phone notices `sign`.
    pub(super) fn noticed(&mut self, sign: &Sign) {
        match sign {
            Sign::Says { text, .. } if text.trim().is_empty() => {}
            Sign::Says { text, .. } => self.script.adds(Verb::Hear(text.clone())),
            Sign::Key(key) => self.entry.push(*key),
            Sign::Waits { .. } => self.waited = true,
            Sign::Asks => self.entered(),
            Sign::Rings {
                leg: 1..,
                destination,
            } => self.script.adds(Verb::Dials(destination.clone())),
            Sign::Connected { leg: 1.. } => self.comes(Fate::Answers { talks_ms: None }),
            Sign::Gone { leg: 1.., how } => self.parted(*how),
            Sign::Over { .. } => self.script.adds(Verb::Ended),
            Sign::Plays { .. }
            | Sign::Rings { .. }
            | Sign::Connected { .. }
            | Sign::Gone { .. } => {}
        }
    }

    /// The caller hangs up.
    pub(super) fn hangs_up(&mut self) {
        self.script.adds(Verb::HangsUp);
    }

    /// The call as a table of a test file.
    pub(super) fn table(&self) -> String {
        self.script.table()
    }

    /// The prompt that took keys is over.
    fn entered(&mut self) {
        let entry = std::mem::take(&mut self.entry);
        let waited = std::mem::take(&mut self.waited);
        match (entry.as_str(), self.takes) {
            ("", _) if waited => self.script.adds(Verb::Silence),
            ("", _) => {}
            (keys, Takes::Choice) => self.script.adds(Verb::Press(keys.to_owned())),
            (digits, Takes::Digits) => self.script.adds(Verb::Type(digits.to_owned())),
            (digits, Takes::Secret) => self.script.types_secret(digits),
        }
    }

    /// What becomes of the leg that rings.
    fn comes(&mut self, fate: Fate) {
        self.script.adds(Verb::Meets(fate));
    }

    fn parted(&mut self, how: Ending) {
        match how {
            Ending::Busy => self.comes(Fate::Busy),
            Ending::NoAnswer => self.comes(Fate::NoAnswer),
            Ending::Failed => self.comes(Fate::Fails),
            Ending::Completed | Ending::Canceled | Ending::Error => {}
        }
    }
}
