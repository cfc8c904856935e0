//! A handoff: when our side of a call ends, the Contact Center has one of its queues take it over.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use super::pairs::{MOST_CHARACTERS, Pairs};
use crate::call::SessionId;
use crate::outbound::attempt::{Doubt, NeverLeft};

/// The one routing action that the service takes.
pub const FORWARD_TO_QUEUE: &str = "wForwardACD";

/// The routing action that the service documents as not yet available.
pub const FORWARD_TO_AGENT: &str = "wForwardAgent";

/// The most digits of a queue's id.
const MOST_DIGITS: usize = 10;

/// The call's id in SIP (its `Call-ID` header), by which the Contact Center knows the call.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SipId(Arc<str>);

impl SipId {
    /// Takes 1 to 500 visible characters of ASCII.
    pub fn parse(text: &str) -> Option<Self> {
        let visible = text.bytes().all(|b| b.is_ascii_graphic());
        let fits = (1..=MOST_CHARACTERS).contains(&text.len());
        (visible && fits).then(|| Self(text.into()))
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A queue's id: the number in the Configuration Manager's list of queues.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QueueId(Arc<str>);

impl QueueId {
    /// Takes 1 to 10 digits.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        let fits = (1..=MOST_DIGITS).contains(&text.len());
        (digits && fits).then(|| Self(text.into()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for QueueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is asked of the Contact Center: the call of this SIP id to that queue, the agent seeing these data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The call.
    pub sip_id: SipId,
    /// The queue.
    pub queue: QueueId,
    /// What the agent sees; at most [`MOST_CHARACTERS`] of it are sent.
    pub data: Pairs,
}

/// A handoff that was asked for, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handoff {
    /// Ours.
    pub id: String,
    /// What was asked.
    pub request: Request,
    /// By whom.
    pub by: By,
    /// When.
    pub asked_at: Timestamp,
    /// What became of it.
    pub outcome: Outcome,
}

/// Who asked for a handoff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// A script outside, over the companion endpoint.
    Script,
    /// A flow, in this session.
    Flow(SessionId),
}

/// What became of a handoff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is on its way, or whoever sent it died meanwhile: nobody here knows.
    UnderWay,
    /// The Contact Center routes the call to the queue as soon as our side ends.
    Taken,
    /// The Contact Center does not: its HTTP status, and its words, numbers masked.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The service's words.
        words: String,
    },
    /// Nothing of it left.
    NeverLeft(NeverLeft),
    /// It may have arrived.
    Unknown(Doubt),
}

impl Outcome {
    /// The word for it.
    pub fn state(&self) -> &'static str {
        match self {
            Self::UnderWay => "UNDER_WAY",
            Self::Taken => "TAKEN",
            Self::Refused { .. } => "REFUSED",
            Self::NeverLeft(_) => "NOT_SENT",
            Self::Unknown(_) => "UNKNOWN",
        }
    }

    /// Why the call is not taken over, or may not be.
    pub fn reason(&self) -> Option<String> {
        match self {
            Self::UnderWay | Self::Taken => None,
            Self::Refused { status, words } => {
                Some(format!("the Contact Center refused ({status}): {words}"))
            }
            Self::NeverLeft(why) => Some(why.to_string()),
            Self::Unknown(why) => Some(why.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_what_the_guide_shows() {
        for good in [
            "MDc5ZGI5ZDgyYjY2NGRiNjNjMjQ3ZjkyMGQyMzljMzY",
            "6a4e7e2-1f1bee-4b433660@192",
        ] {
            assert!(SipId::parse(good).is_some(), "{good}");
        }
        for wrong in ["", "a b", "a\n", "ü", &"a".repeat(501)] {
            assert!(SipId::parse(wrong).is_none(), "{wrong}");
        }
        assert!(QueueId::parse("102").is_some());
        for wrong in ["", "sales", "-1", "12345678901", "1 2"] {
            assert!(QueueId::parse(wrong).is_none(), "{wrong}");
        }
    }
}
