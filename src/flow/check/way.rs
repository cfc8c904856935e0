//! Ways from one step to another, as the checks know them.

use crate::flow::diagnostic::Span;

/// A way from a step to another.
#[derive(Debug, Clone)]
pub struct Way {
    /// The index of the step that it leaves.
    pub from: usize,
    /// Where it leads. `repeat` leads to `from`.
    pub to: Place,
    /// What makes a call take it.
    pub by: By,
    /// Where the way is written; the header of a connect without `after`.
    pub span: Span,
    /// Whether the text says `repeat`.
    pub repeat: bool,
}

/// Where a way leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// To the step with this index.
    Step(usize),
    /// To the end of the call.
    End,
    /// Again to the step that it leaves: in `[defaults]` only.
    Repeat,
    /// To a step that could not be found, which has been reported.
    Unknown,
}

/// What makes a call take a way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The caller presses a key of a menu.
    Press,
    /// A message has been spoken.
    Message,
    /// The caller has given the digits that were asked for.
    Digits,
    /// The caller has used up all tries.
    GiveUp,
    /// The line is busy.
    Busy,
    /// Nobody answers.
    NoAnswer,
    /// The call could not be placed.
    Failed,
    /// They have spoken, and the caller is still there.
    After,
    /// The hours are open.
    Open,
    /// They are closed.
    Closed,
    /// The value is a word that is named.
    Is,
    /// It is another.
    Else,
    /// A look-up was answered.
    Answered,
    /// A sub-flow is over.
    Returned {
        /// Whether the caller has had the say in it, whichever way it took.
        waits: bool,
    },
}

impl By {
    /// Whether the caller had the say, by pressing something or by keeping silent for long enough.
    pub fn waits_for_caller(self) -> bool {
        matches!(
            self,
            Self::Press | Self::Digits | Self::GiveUp | Self::Returned { waits: true }
        )
    }
}
