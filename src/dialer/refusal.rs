//! Why a call is not started: what is wrong with what was asked for, or which rule it breaks. No number is repeated.

use crate::outbound::Refused;
use crate::outbound::attempt::AttemptId;
use crate::outbound::rates::TooMany;
use crate::store::StoreError;

/// Why a call is not started. Nothing was sent, and unless it says otherwise nothing was kept.
#[derive(Debug, thiserror::Error)]
pub enum NotStarted {
    /// What was asked for cannot be done so.
    #[error("the call cannot be started as it was asked for")]
    Wrong(Vec<Fault>),
    /// It may not go there.
    #[error("{}", .why.what())]
    Destination {
        /// Which field, or which step of the flow, names the number.
        path: String,
        /// The rule.
        why: Refused,
    },
    /// There were too many.
    #[error(transparent)]
    TooMany(TooMany),
    /// Another call may be on its way between the same numbers.
    #[error("another call from this number to that one may be on its way")]
    InFlight(AttemptId),
    /// The request's key was used for something else.
    #[error("this key was used for another request")]
    KeyReused,
    /// The request was sent before, and what came of it is not known yet.
    #[error("the first request with this key is still on its way")]
    UnderWay(AttemptId),
    /// The store did not take it, or what became of it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A fault of what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The field.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
    /// What would be right.
    pub help: String,
}

impl Fault {
    pub(super) fn new(
        path: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self {
            path: path.into(),
            message: message.into(),
            help: help.into(),
        }
    }
}

impl From<Fault> for NotStarted {
    fn from(fault: Fault) -> Self {
        Self::Wrong(vec![fault])
    }
}
