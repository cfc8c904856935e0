//! The engine: a pure function of flow, position and event. The live call, the tests and the phone run this one.

use std::collections::BTreeMap;

use crate::call::{Action, Digits, PhoneNumber};

use super::Flow;
use super::model::{Language, StepName, VariableName};

/// Where a call waits in a flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The step that waits: a menu, an ask or a connect.
    pub step: StepName,
    /// How many wrong tries the caller has made at it.
    pub wrong_tries: u8,
    /// The language spoken.
    pub language: Language,
    /// What has been saved and set.
    pub variables: BTreeMap<VariableName, Value>,
    /// The last menu the caller chose a way out of.
    pub last_menu: Option<StepName>,
}

/// A variable's value.
#[derive(Clone, PartialEq, Eq)]
pub struct Value {
    /// The value.
    pub text: String,
    /// Whether it must never be shown, spoken or stored in the clear.
    pub secret: bool,
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.secret {
            f.write_str("Value(••••)")
        } else {
            write!(f, "Value({:?})", self.text)
        }
    }
}

/// What the flow may know of the call it carries.
#[derive(Debug, Clone, Default)]
pub struct Call {
    /// The session's id.
    pub id: String,
    /// The person's number.
    pub caller: Option<PhoneNumber>,
    /// Our virtual number, in the spelling that the platform sent.
    pub called: Option<PhoneNumber>,
    /// The person's country, ISO 3166-1 alpha-2.
    pub caller_country: Option<String>,
}

/// What has happened at the step that waits.
#[derive(Debug, Clone, Default)]
pub struct Event {
    /// The keys pressed; `None` is silence.
    pub digits: Option<Digits>,
    /// How a bridged call ended: the final SIP status.
    pub sip_code: Option<u16>,
}

/// What a call does next.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// The actions, never empty.
    pub actions: Vec<Action>,
    /// Where the call waits then; `None` when the last action hangs up.
    pub next: Option<Position>,
    /// The steps passed, the last one waiting or ending the call.
    pub path: Vec<StepName>,
}

/// Why a flow cannot go on. A flow that was checked gets here only when its session's variables were lost.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stuck {
    /// The position names a step that does not exist or never waits.
    #[error("step {0:?} does not wait for anything")]
    NoSuchStep(String),
    /// A last text lacks a variable.
    #[error("step {step:?} needs {{{variable}}}, which has no value")]
    Unset {
        /// The step.
        step: String,
        /// The variable.
        variable: String,
    },
    /// The flow passed 1,000 steps without coming to rest.
    #[error("the flow passed {0} steps without coming to rest")]
    Endless(usize),
}

/// Begins a call at the flow's first step.
pub fn start(flow: &Flow, call: &Call) -> Result<Turn, Stuck> {
    let _ = (flow, call);
    Err(Stuck::Endless(0))
}

/// Moves a call that waits at `position` on by `event`.
pub fn step(flow: &Flow, call: &Call, position: &Position, event: &Event) -> Result<Turn, Stuck> {
    let _ = (flow, call, position, event);
    Err(Stuck::Endless(0))
}
