//! The states of an attempt, each with its own facts. A transition takes the state and a time, so none can be taken twice.

use jiff::{SignedDuration, Timestamp};

use super::placed::{Doubt, NeverLeft, Placed, Refusal};
use super::{Attempt, Intent};
use crate::call::SessionId;

/// The pause before the first try after one that never left; each further one is twice as long.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(1);

/// How often the pause is doubled.
const DOUBLINGS: u32 = 3;

/// Nothing has left, and something may still be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// What it is to do.
    pub intent: Intent,
    /// Not before this time.
    pub not_before: Timestamp,
    /// How often it was tried in vain, and why the last time.
    pub tried: Option<(u32, Obstacle)>,
}

/// A request is on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialing {
    /// What it is to do.
    pub intent: Intent,
    /// Since when.
    pub since: Timestamp,
    /// Who sends it.
    pub owner: Owner,
    /// How often it was tried in vain before.
    pub tries: u32,
}

/// Who dials: a server, in one of its terms of office. A server that comes back with an older epoch is not this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The server's name among the others.
    pub node: String,
    /// Its lease's epoch.
    pub epoch: u64,
}

/// The platform has a session for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// What it was to do.
    pub intent: Intent,
    /// The platform's session.
    pub session: SessionId,
    /// How that is known.
    pub told_by: ToldBy,
    /// Since when.
    pub at: Timestamp,
}

/// How an attempt's session is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToldBy {
    /// By the answer to the request.
    Answer,
    /// By a webhook that gave the attempt's id back.
    Echo,
    /// By a webhook with the attempt's numbers, of which there was no other: the one way that may be mistaken.
    Numbers,
    /// By an operator.
    Operator,
}

/// No call was placed, and none will be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// What it was to do.
    pub intent: Intent,
    /// Why it was not done.
    pub why: Rejection,
    /// Since when.
    pub at: Timestamp,
}

/// Why an attempt came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The platform refused it.
    #[error("the platform refused it ({}): {}; {}", .0.code, .0.message, .0.advice)]
    Platform(Refusal),
    /// Its time passed while it could not be sent.
    #[error("its time passed: {0}; ask for it again, with a longer `valid_for` if need be")]
    Expired(Obstacle),
    /// An operator said that no call was placed.
    #[error("an operator said that no call was placed")]
    Operator,
    /// What was allowed when it was asked for is not any more.
    #[error("it may not be placed any more: {0}")]
    Barred(String),
}

/// What kept a request from being sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// The server had not come to it.
    #[error("the server did not come to it in time")]
    Idle,
    /// The platform was not reached.
    #[error("{0}")]
    NeverLeft(NeverLeft),
    /// The platform had no time.
    #[error("the platform asked to be called less often (429)")]
    TooMany,
}

/// A call may have been placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// What it was to do.
    pub intent: Intent,
    /// Why nobody knows.
    pub why: Doubt,
    /// Since when.
    pub at: Timestamp,
}

/// What an operator knows of an attempt that is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// There is a session.
    Placed(SessionId),
    /// There is none.
    NotPlaced,
}

/// What is to be done with an attempt that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// To be stored, and then sent.
    Dial(Dialing),
    /// To be left until its time comes.
    Wait(Pending),
    /// To be stored: its time passed.
    Expired(Rejected),
}

impl Pending {
    /// An attempt that may be dialled at once.
    pub fn new(intent: Intent) -> Self {
        Self {
            not_before: intent.begun_at,
            intent,
            tried: None,
        }
    }

    /// What is to be done now, by `owner` if it is to be dialled.
    pub fn due(self, owner: Owner, now: Timestamp) -> Next {
        let (tries, obstacle) = self.tried.unwrap_or((0, Obstacle::Idle));
        if now >= self.intent.valid_until {
            return Next::Expired(self.intent.rejected(Rejection::Expired(obstacle), now));
        }
        if now < self.not_before {
            return Next::Wait(self);
        }
        Next::Dial(Dialing {
            intent: self.intent,
            since: now,
            owner,
            tries,
        })
    }

    /// It may not be placed any more, and `why` says what it breaks.
    pub fn barred(self, why: String, now: Timestamp) -> Rejected {
        self.intent.rejected(Rejection::Barred(why), now)
    }
}

impl Dialing {
    /// Takes the answer to its request.
    pub fn answered(self, placed: Placed, now: Timestamp) -> Attempt {
        match placed {
            Placed::Accepted(session) => {
                Attempt::Accepted(self.intent.accepted(session, ToldBy::Answer, now))
            }
            Placed::Rejected(refusal) => {
                Attempt::Rejected(self.intent.rejected(Rejection::Platform(refusal), now))
            }
            Placed::TryLater(later) => {
                let pause = pause_after(self.tries);
                let when = later.map_or(now + pause, |later| later.from(now));
                self.again(Obstacle::TooMany, when, now)
            }
            Placed::NeverLeft(why) => {
                let when = now + pause_after(self.tries);
                self.again(Obstacle::NeverLeft(why), when, now)
            }
            Placed::Unknown(why) => Attempt::Unknown(self.intent.unknown(why, now)),
        }
    }

    /// Nothing has left. Once more at `when`, if its time lasts that long.
    fn again(self, obstacle: Obstacle, when: Timestamp, now: Timestamp) -> Attempt {
        if when >= self.intent.valid_until {
            return Attempt::Rejected(self.intent.rejected(Rejection::Expired(obstacle), now));
        }
        Attempt::Pending(Pending {
            intent: self.intent,
            not_before: when,
            tried: Some((self.tries.saturating_add(1), obstacle)),
        })
    }

    /// Its owner is gone: what it sent, nobody knows.
    pub fn abandoned(self, now: Timestamp) -> Unknown {
        self.intent.unknown(Doubt::OwnerGone, now)
    }
}

impl Unknown {
    /// Takes an answer that came after it was given up. It is not dialled again, whatever that says.
    pub fn answered(self, placed: Placed, now: Timestamp) -> Attempt {
        let why = match placed {
            Placed::Accepted(session) => {
                return Attempt::Accepted(self.intent.accepted(session, ToldBy::Answer, now));
            }
            Placed::Unknown(_) => return Attempt::Unknown(self),
            Placed::Rejected(refusal) => Rejection::Platform(refusal),
            Placed::TryLater(_) => Rejection::Expired(Obstacle::TooMany),
            Placed::NeverLeft(why) => Rejection::Expired(Obstacle::NeverLeft(why)),
        };
        Attempt::Rejected(self.intent.rejected(why, now))
    }

    /// An operator has looked it up at the platform.
    pub fn settled(self, verdict: Verdict, now: Timestamp) -> Attempt {
        match verdict {
            Verdict::Placed(session) => {
                Attempt::Accepted(self.intent.accepted(session, ToldBy::Operator, now))
            }
            Verdict::NotPlaced => Attempt::Rejected(self.intent.rejected(Rejection::Operator, now)),
        }
    }
}

impl Accepted {
    /// Takes an answer that came after its session. One that is certain is believed before a likeness of numbers.
    pub fn answered(self, placed: Placed, now: Timestamp) -> Attempt {
        match placed {
            Placed::Accepted(session) if self.told_by == ToldBy::Numbers => {
                Attempt::Accepted(self.intent.accepted(session, ToldBy::Answer, now))
            }
            Placed::Rejected(refusal) if self.told_by == ToldBy::Numbers => {
                Attempt::Rejected(self.intent.rejected(Rejection::Platform(refusal), now))
            }
            _ => Attempt::Accepted(self),
        }
    }
}

impl Intent {
    pub(super) fn accepted(self, session: SessionId, told_by: ToldBy, at: Timestamp) -> Accepted {
        Accepted {
            intent: self,
            session,
            told_by,
            at,
        }
    }

    fn rejected(self, why: Rejection, at: Timestamp) -> Rejected {
        Rejected {
            intent: self,
            why,
            at,
        }
    }

    fn unknown(self, why: Doubt, at: Timestamp) -> Unknown {
        Unknown {
            intent: self,
            why,
            at,
        }
    }
}

/// The pause after a try that never left, when `tries` were in vain before it.
fn pause_after(tries: u32) -> SignedDuration {
    FIRST_PAUSE * 2_i32.pow(tries.min(DOUBLINGS))
}
