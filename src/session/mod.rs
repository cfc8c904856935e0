//! CORE: one session from its first webhook to its summary, whoever carries it (a flow now).
//!
//! [`mod@answer`] decides what a voice call action is answered with, from what the store remembers; [`exchange`] is what is
//! to be kept of it before the answer is sent; [`ending`] what is still to be done when it is over; [`outbound`] is a call that we start, until its session is heard of.

pub mod answer;
pub mod ending;
pub mod exchange;
pub mod outbound;

use std::sync::Arc;

use jiff::Timestamp;

use crate::call::event::{CallAction, CallActionStatus, Direction};
use crate::call::{PhoneNumber, SessionId, SubAccountId};
use crate::flow::model::{FlowId, FlowVersion};
use crate::flow::{Label, Position};
use crate::masking::Carried;
use crate::masking::carried::Mark;

pub use answer::{Answer, Apology, Asked, Decision, Pending, Reply, answer};
pub use ending::after_end;
pub use exchange::{Exchange, Outcome};
pub use outbound::{CallRequest, NotOpened, OutboundCall, RequestKey};

/// How long a webhook's event id and the reply it was given are remembered.
pub const EVENT_MEMORY_DAYS: i64 = 30;

/// A session that a flow carries.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub sub_account: Option<SubAccountId>,
    /// Which way the call was placed.
    pub direction: Direction,
    /// The person's number, whichever way the call was placed.
    pub caller: Option<PhoneNumber>,
    /// Our virtual number, whichever way the call was placed.
    pub called: Option<PhoneNumber>,
    /// The person's country, ISO 3166-1 alpha-2.
    pub caller_country: Option<String>,
    /// When its first webhook came.
    pub started_at: Timestamp,
    /// The flow it is on.
    pub flow: FlowId,
    /// The version it began on, and ends on.
    pub version: FlowVersion,
    /// Where it stands.
    pub stage: Stage,
    /// How many replies it has been given.
    pub replies: u32,
}

/// Where a session stands after our last reply.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    /// A step waits for keys or for the end of a bridged call.
    Waiting(Position),
    /// Our last reply hung up.
    HungUp,
}

/// What the store remembers that bears on a voice call action.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recalled {
    /// The reply that this very event was given.
    pub same_event: Option<Arc<str>>,
    /// The reply that the same step of the session was left with: the one given to the voice call action that brought
    /// back the same reply number.
    pub same_step: Option<Arc<str>>,
    /// What is known of the session.
    pub standing: Standing,
}

/// What is known of a session.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Standing {
    /// Nothing, or nothing but statuses.
    #[default]
    Unknown,
    /// Nothing, but it is that of a call that we placed.
    Placed(Box<OutboundCall>),
    /// A flow carries it.
    Live(Box<Session>),
    /// Masking carries it.
    Masked(Carried),
    /// Its summary has come.
    Ended,
}

/// What is asked of the store about a voice call action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recall {
    /// The event.
    pub event: crate::call::EventId,
    /// Its session.
    pub session: SessionId,
    /// The number of the reply that it answers, when its `clientActionId` is a label of ours; 0 for `CALL_RECEIVED`.
    pub answers: Option<u32>,
}

impl Recall {
    /// What is known of a session, whatever came of it.
    pub fn of_session(session: &SessionId) -> Self {
        Self {
            event: crate::call::EventId::new(""),
            session: session.clone(),
            answers: None,
        }
    }

    /// What to ask for `action`, which brought back `label`.
    pub fn of(action: &CallAction, label: Option<&Label>) -> Self {
        let received = action.status == CallActionStatus::Received;
        let mark = action.client_action_id.as_deref().and_then(Mark::parse);
        let label = label.map(|label| label.replies);
        Self {
            event: action.event.clone(),
            session: action.session.clone(),
            answers: label
                .or(mark.map(|mark| mark.replies))
                .or(received.then_some(0)),
        }
    }
}

/// The label that a voice call action brought back, when it is one of ours.
pub fn label(action: &CallAction) -> Option<Label> {
    action.client_action_id.as_deref().and_then(Label::parse)
}
