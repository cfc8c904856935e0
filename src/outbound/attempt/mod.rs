//! One request to call somebody. The platform knows no idempotency key: a request of which any byte may have left is never
//! sent again, and when nobody can know whether a call was placed, the attempt says so and does not dial.
//!
//! ```text
//! PENDING → DIALING → ACCEPTED | REJECTED | UNKNOWN
//!    ↑_________|  certain that no byte left, or 429
//! UNKNOWN → ACCEPTED | REJECTED  by the session's webhooks, a late answer, an operator
//! ```
//!
//! * `states` the states and what moves one to the next
//! * [`placed`] what became of a request
//! * [`mod@join`] which attempt a strange session belongs to, and whether a line is taken

pub mod join;
pub mod placed;
mod states;
#[cfg(test)]
mod tests;

pub use join::{Heard, Joined, in_flight, join};
pub use placed::{Doubt, Later, NeverLeft, Placed, Refusal};
pub use states::{
    Accepted, Dialing, Next, Obstacle, Owner, Pending, Rejected, Rejection, ToldBy, Unknown,
    Verdict,
};

use jiff::{SignedDuration, Timestamp};

use crate::call::{PhoneNumber, SessionId, SubAccountId};
use crate::text::name;

/// For how long a request may be acted on unless it says otherwise.
pub const USUAL_VALIDITY: SignedDuration = SignedDuration::from_secs(30);

name! {
    /// An attempt. It goes along with the request (`clientRequestId`, at most 50 characters), and the platform gives it
    /// back in the session's summary.
    AttemptId
}

/// What an attempt is to do. Stored before anything is sent, and the same ever after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// Which attempt this is.
    pub id: AttemptId,
    /// The sub-account whose call it is.
    pub sub_account: SubAccountId,
    /// Our virtual number.
    pub source: PhoneNumber,
    /// Who is called.
    pub destination: PhoneNumber,
    /// When it was asked for.
    pub begun_at: Timestamp,
    /// Until when it may be acted on, here and at the platform (`validUntil`).
    pub valid_until: Timestamp,
}

/// An attempt, in one of its states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// Nothing has left, and something may still be sent.
    Pending(Pending),
    /// A request is on its way.
    Dialing(Dialing),
    /// The platform has a session for it.
    Accepted(Accepted),
    /// No call was placed, and none will be.
    Rejected(Rejected),
    /// A call may have been placed.
    Unknown(Unknown),
}

impl Attempt {
    /// What it is to do.
    pub fn intent(&self) -> &Intent {
        match self {
            Self::Pending(state) => &state.intent,
            Self::Dialing(state) => &state.intent,
            Self::Accepted(state) => &state.intent,
            Self::Rejected(state) => &state.intent,
            Self::Unknown(state) => &state.intent,
        }
    }

    /// The state's word.
    pub fn state(&self) -> &'static str {
        match self {
            Self::Pending(_) => "PENDING",
            Self::Dialing(_) => "DIALING",
            Self::Accepted(_) => "ACCEPTED",
            Self::Rejected(_) => "REJECTED",
            Self::Unknown(_) => "UNKNOWN",
        }
    }

    /// Whether a call of it may be on its way: nobody else is to ring there meanwhile.
    pub fn holds_the_line(&self) -> bool {
        matches!(self, Self::Dialing(_) | Self::Unknown(_))
    }

    /// Takes the answer to its request, whenever that comes: also when webhooks, a sweep or an operator were faster.
    pub fn answered(self, placed: Placed, now: Timestamp) -> Self {
        match self {
            Self::Dialing(state) => state.answered(placed, now),
            Self::Unknown(state) => state.answered(placed, now),
            Self::Accepted(state) => state.answered(placed, now),
            // Nothing was asked yet, or it was decided that nothing came of it.
            Self::Pending(_) | Self::Rejected(_) => self,
        }
    }

    /// Takes a session of the platform for its own, as [`join()`] told. One that gives the attempt's id back is believed
    /// whatever was thought before; the most that it costs is a word that has to be taken back.
    pub fn heard(self, session: SessionId, told_by: ToldBy, now: Timestamp) -> Self {
        match self {
            Self::Accepted(_) => self,
            Self::Pending(_) | Self::Rejected(_) if told_by != ToldBy::Echo => self,
            Self::Pending(Pending { intent, .. })
            | Self::Dialing(Dialing { intent, .. })
            | Self::Rejected(Rejected { intent, .. })
            | Self::Unknown(Unknown { intent, .. }) => {
                Self::Accepted(intent.accepted(session, told_by, now))
            }
        }
    }
}
