//! What became of a request to place a call, in the words that the next step rests on.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};

use crate::call::SessionId;

/// What became of a request to place a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placed {
    /// There is a session.
    Accepted(SessionId),
    /// There is none: the platform said why.
    Rejected(Refusal),
    /// There is none: the platform has no time now (429).
    TryLater(Option<Later>),
    /// There is none: the platform cannot have seen a byte of the request.
    NeverLeft(NeverLeft),
    /// Nobody here can know.
    Unknown(Doubt),
}

/// A refusal of the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its status code: one of its own (below 0), else the HTTP status.
    pub code: i64,
    /// Its words, phone numbers masked.
    pub message: String,
    /// What to do about it: one sentence.
    pub advice: Cow<'static, str>,
}

/// When the platform wants to be asked again (`Retry-After`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Later {
    /// After this time.
    In(SignedDuration),
    /// At this time.
    At(Timestamp),
}

impl Later {
    /// The time, when it is `now`.
    pub fn from(self, now: Timestamp) -> Timestamp {
        match self {
            Self::In(time) => now.checked_add(time).unwrap_or(Timestamp::MAX),
            Self::At(time) => time,
        }
    }
}

/// Why it is certain that no byte of a request left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NeverLeft {
    /// The host's name has no address.
    #[error("the platform's name could not be looked up")]
    NoAddress,
    /// Nobody took the connection.
    #[error("the platform could not be connected to")]
    NoConnection,
    /// The connection could not be made secret.
    #[error("the platform's certificate or encryption was not accepted")]
    NoTls,
    /// It was kept, and then not sent: the server was held up, or its store did not answer.
    #[error("the server did not come to send it")]
    NotSent,
}

/// Why it cannot be known whether a call was placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// No answer came in time.
    #[error("the platform did not answer in time")]
    TimedOut,
    /// The connection ended before the answer was whole.
    #[error("the connection to the platform broke before its answer was whole")]
    Broken,
    /// The platform, or something before it, failed.
    #[error("the platform answered with a failure of its own ({status})")]
    Failed {
        /// The HTTP status.
        status: u16,
    },
    /// The answer says nothing that could be understood.
    #[error("the platform's answer ({status}) could not be understood")]
    Unreadable {
        /// The HTTP status.
        status: u16,
    },
    /// Who had sent it is gone: its process ended, or its lease passed.
    #[error("the server ended while the request was on its way")]
    OwnerGone,
}
