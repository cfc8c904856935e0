//! The steps that the Contact Center has a part in: it takes a call over, calls somebody back, or silences a recording.

use std::collections::BTreeMap;

use super::{PerLanguage, Target};
use crate::contact_center::handoff::QueueId;
use crate::flow::template::Template;

/// `[handoff.X]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Handoff {
    /// The queue that takes the call over.
    pub queue: QueueId,
    /// What callers hear before.
    pub say: Option<PerLanguage<Template>>,
    /// What the agent sees: names and values, in the file's order.
    pub data: Vec<(String, Template)>,
    /// Variables that are set on the interaction first, by name.
    pub variables: BTreeMap<String, Template>,
    /// The interaction's own id, when that is how it is known.
    pub guid: Option<Template>,
    /// Where the call goes on when the Contact Center does not take it.
    pub failed: Target,
}

/// `[callback.X]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Callback {
    /// Who is called back; the caller when it is left out.
    pub number: Option<Template>,
    /// When.
    pub when: CallbackWhen,
    /// What the agent sees.
    pub data: Vec<(String, Template)>,
    /// What is given back when it is over.
    pub user_data: Vec<(String, Template)>,
    /// Which number the person sees: a channel's, `anonymous`, or `agent`.
    pub caller_id: Option<String>,
    /// The dial plan.
    pub dial_plan: Option<u32>,
    /// An id to delete it by.
    pub id: Option<Template>,
    /// Where the call goes on when it is taken.
    pub ok: Target,
    /// … and when it is not.
    pub failed: Target,
}

/// `pause_recording` of `[ask.X]`.
#[derive(Debug, Clone, PartialEq)]
pub struct PauseRecording {
    /// The agent beside whose call the flow runs: an id or a mail address.
    pub agent: Template,
    /// Where the call goes on when the recording cannot be paused: then nothing secret is asked for.
    pub failed: Target,
}

/// When somebody is called back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallbackWhen {
    /// Now, or so many seconds later; then the script of this channel runs.
    Now {
        /// Its number, digits only.
        channel: String,
        /// So many seconds later.
        delay_s: Option<u32>,
    },
    /// When an agent of this queue is free.
    AgentFree {
        /// The queue.
        queue: QueueId,
        /// Until so many seconds later.
        expires_s: Option<u32>,
        /// How many seconds an agent is offered it.
        preview_s: Option<u32>,
    },
}
