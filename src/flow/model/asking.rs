//! The steps that say nothing themselves: they find out where a call goes on.

use std::collections::BTreeMap;

use super::{PerLanguage, Target, VariableName};
use crate::contact_center::handoff::QueueId;
use crate::contact_center::queue::Thresholds;
use crate::flow::template::Template;

/// `[decide.X]`.
#[derive(Debug, Clone, PartialEq)]
pub enum Decide {
    /// By opening hours.
    Hours {
        /// Which, by name.
        hours: String,
        /// Where the call goes on while they are open.
        open: Target,
        /// … and while they are not.
        closed: Target,
    },
    /// By what a variable is worth.
    Value {
        /// Which.
        variable: VariableName,
        /// Where the call goes on for each word.
        is: BTreeMap<String, Target>,
        /// … and for any other.
        otherwise: Target,
    },
    /// By what a schedule of the Contact Center says.
    Schedule {
        /// The hours that go by it, by name.
        hours: String,
        /// Its id.
        schedule: String,
        /// Where the call goes on while it is open.
        open: Target,
        /// … while it is closed, while nobody knows, and at a choice that is not named.
        closed: Target,
        /// … at each of its choices.
        choices: BTreeMap<u8, Target>,
    },
    /// By how a queue of the Contact Center does.
    Queue {
        /// Which.
        queue: QueueId,
        /// From where on it is not free.
        thresholds: Thresholds,
        /// Where the call goes on for each word.
        is: BTreeMap<String, Target>,
        /// … and for any other.
        otherwise: Target,
    },
}

/// `[lookup.X]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Lookup {
    /// How.
    pub method: Method,
    /// Where to. Values are percent-encoded; the host holds none.
    pub url: Template,
    /// What is sent, by name: JSON, or the query of a `get`.
    pub send: BTreeMap<String, Sent>,
    /// Headers, by name.
    pub headers: BTreeMap<String, Template>,
    /// How long its answer is waited for, in milliseconds.
    pub timeout_ms: u32,
    /// What callers hear meanwhile: then the reply is that alone.
    pub while_waiting: Option<PerLanguage<Template>>,
    /// Which field of the answer each variable takes: names and indices, joined by dots.
    pub save: BTreeMap<VariableName, String>,
    /// The variables among them without which the answer is of no use.
    pub require: Vec<VariableName>,
    /// Where the call goes on after 200 to 299.
    pub ok: Target,
    /// … after other statuses.
    pub status: BTreeMap<u16, Target>,
    /// … after anything else: no answer, one that is no JSON, one that lacks what is required.
    pub failed: Target,
}

/// How a look-up asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Writes.
    Post,
    /// Writes.
    Put,
}

impl Method {
    /// All, by the key that a file writes.
    pub const ALL: [(&str, Self); 3] =
        [("get", Self::Get), ("post", Self::Post), ("put", Self::Put)];

    /// Whether it changes something.
    pub fn writes(self) -> bool {
        self != Self::Get
    }
}

/// A value that is sent.
#[derive(Debug, Clone, PartialEq)]
pub enum Sent {
    /// A text, with variables.
    Text(Template),
    /// A number, `true` or `false`, as JSON writes it.
    Plain(String),
}

/// `[use.X]`: a sub-flow, whose steps and variables are in the flow under `X.`.
#[derive(Debug, Clone, PartialEq)]
pub struct Use {
    /// What is handed in.
    pub with: BTreeMap<VariableName, Template>,
    /// Where the sub-flow begins.
    pub go: Target,
}

/// `[return.X]`: the end of a sub-flow.
#[derive(Debug, Clone, PartialEq)]
pub struct Return {
    /// Where whoever uses it goes on.
    pub go: Target,
}
