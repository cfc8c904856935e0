//! One voice call action and the reply it is given: what is kept, in one transaction, before the reply is sent.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::Session;
use crate::call::event::CallAction;
use crate::flow::model::{StepName, VariableName};
use crate::flow::need::MetAt;
use crate::flow::step::Value;
use crate::masking::Carried;

/// A voice call action with its reply.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// What came. Its digits are gone when they are a secret.
    pub action: Arc<CallAction>,
    /// The body as it came, the digits blanked when they are a secret.
    pub body: String,
    /// Whether digits came and were taken out as a secret.
    pub secret_digits: bool,
    /// When it came.
    pub received_at: Timestamp,
    /// The number of the reply that it answers; 0 for the session's first.
    pub answers: u32,
    /// The step that waited for it, when one did.
    pub step: Option<StepName>,
    /// The steps passed on the way to the reply, the last one waiting or ending the call.
    pub path: Vec<StepName>,
    /// What the flow needed of the world on the way, and how that was met.
    pub met: Vec<MetAt>,
    /// Why this reply.
    pub outcome: Outcome,
    /// The reply, byte for byte.
    pub reply: Arc<str>,
    /// The session afterwards; `None` when no flow carries it.
    pub session: Option<Session>,
    /// What masking made of the call; `None` when its number is in no pool.
    pub masked: Option<Carried>,
    /// What the flow had saved and set when this reply hung up, without what is secret.
    pub saved: BTreeMap<VariableName, Value>,
}

impl Exchange {
    /// Whether it moves its session on: only then is its reply a step's.
    pub fn moves_on(&self) -> bool {
        self.session.is_some() || self.masked.is_some()
    }

    /// Whether masking answered it, and no flow.
    pub fn is_masked_alone(&self) -> bool {
        self.masked.is_some() && self.session.is_none()
    }

    /// Whether a flow begins its session with it.
    pub fn begins_a_flow(&self) -> bool {
        self.session.is_some() && self.answers == 0
    }

    /// How many replies the session has been given once this is kept, when it moves it on.
    pub fn replies(&self) -> Option<u32> {
        let of_flow = self.session.as_ref().map(|session| session.replies);
        of_flow.or(self.masked.as_ref().map(|carried| carried.replies))
    }
}

/// Why a voice call action was given its reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A call came in and its flow began.
    Started,
    /// The flow went on.
    WentOn,
    /// The session was not known, or not as far as its label says: the label carried on from its step.
    CarriedOn,
    /// The step had been left already: the reply it was left with.
    StepLeft,
    /// Apology: no flow answers the number.
    UnknownNumber,
    /// Apology: the flow or the version it began on is not to be found.
    UnknownFlow,
    /// Apology: no session and no label of ours.
    UnknownSession,
    /// Apology: the flow could not go on (a text lacked its variable, or it would not come to rest).
    Stuck,
    /// Hangup: the session had ended.
    AfterEnd,
    /// The number is in a pool: masking's decision.
    Masked,
}

impl Outcome {
    /// All, in the order of their declaration.
    const ALL: [Self; 10] = [
        Self::Started,
        Self::WentOn,
        Self::CarriedOn,
        Self::StepLeft,
        Self::UnknownNumber,
        Self::UnknownFlow,
        Self::UnknownSession,
        Self::Stuck,
        Self::AfterEnd,
        Self::Masked,
    ];

    /// The outcome that [`as_str`](Self::as_str) names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|outcome| outcome.as_str() == word)
    }

    /// The word that traces, logs and metrics use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::WentOn => "went_on",
            Self::CarriedOn => "carried_on",
            Self::StepLeft => "step_left",
            Self::UnknownNumber => "unknown_number",
            Self::UnknownFlow => "unknown_flow",
            Self::UnknownSession => "unknown_session",
            Self::Stuck => "stuck",
            Self::AfterEnd => "after_end",
            Self::Masked => "masked",
        }
    }
}
