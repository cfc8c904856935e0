//! What a flow needs of the Contact Center.

use jiff::Timestamp;

use crate::call::{PhoneNumber, SessionId};
use crate::contact_center::callback::Callback;
use crate::contact_center::handoff::{QueueId, SipId};
use crate::contact_center::interaction::Variable;
use crate::contact_center::pairs::Pairs;
use crate::contact_center::queue::Thresholds;
use crate::contact_center::recording::{Agent, Control};
use crate::flow::model::StepName;

/// That a queue takes the call over. `Debug` of its parts shows numbers masked and no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handing {
    /// The step that has the need.
    pub step: StepName,
    /// What the need is known by.
    pub key: String,
    /// The call.
    pub session: SessionId,
    /// Who calls.
    pub caller: Option<PhoneNumber>,
    /// Which number of ours.
    pub called: Option<PhoneNumber>,
    /// When it came in.
    pub began: Timestamp,
    /// Its id in SIP, where the webhook told it.
    pub sip_id: Option<SipId>,
    /// The queue.
    pub queue: QueueId,
    /// What the agent sees.
    pub data: Pairs,
    /// What is set on the interaction first.
    pub variables: Vec<Variable>,
    /// The interaction's own id, when its SIP id is not what it is known by there.
    pub guid: Option<String>,
}

/// That somebody is called back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallingBack {
    /// The step that has the need.
    pub step: StepName,
    /// What the need is known by.
    pub key: String,
    /// The call that asks for it.
    pub session: SessionId,
    /// The call back.
    pub callback: Callback,
}

/// That the recording of an agent's call falls silent, or goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Controlling {
    /// The step that has the need.
    pub step: StepName,
    /// What the need is known by.
    pub key: String,
    /// Whose recording.
    pub agent: Agent,
    /// What it is to do.
    pub control: Control,
}

/// What a schedule or a queue says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asking<T> {
    /// The step that has the need.
    pub step: StepName,
    /// What the need is known by.
    pub key: String,
    /// What is asked about.
    pub about: T,
}

/// A queue, and from where on it is not free.
pub type AskedQueue = (QueueId, Thresholds);
