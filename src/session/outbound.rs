//! A call that we start: what was asked for, how it opens, and what is known of it. Its request carries a `makeCall` and
//! the flow's first reply; the session's voice call actions go on from where that left the flow.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;

use crate::call::{Action, PhoneNumber};
use crate::flow::model::{FlowId, FlowVersion, StepName, VariableName};
use crate::flow::step::{Call, Paused, Progress, Stuck, Value, start};
use crate::flow::{Flow, Met, Need, Position};
use crate::outbound::attempt::{Attempt, AttemptId, Intent};
use crate::outbound::{Country, Destinations, Refused};
use crate::text::name;

name! {
    /// What a client calls one request by (`Idempotency-Key`), however often it is sent.
    RequestKey
}

/// What somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRequest {
    /// The flow that is to carry the call.
    pub flow: FlowId,
    /// Who is called.
    pub to: PhoneNumber,
    /// Our virtual number, when it matters which.
    pub from: Option<PhoneNumber>,
    /// What is handed in to the flow.
    pub variables: BTreeMap<VariableName, String>,
    /// For how long it may be acted on.
    pub valid_for: SignedDuration,
    /// The sub-account, by our name of it, when it matters which.
    pub sub_account: Option<String>,
}

/// A call that we start, from its intent on.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboundCall {
    /// What is known of it.
    pub attempt: Attempt,
    /// What was asked for.
    pub request: CallRequest,
    /// The version of the flow that it opens with.
    pub version: FlowVersion,
    /// Where the flow waits behind what the request carries; `None` when that hangs up.
    pub position: Option<Position>,
    /// What whoever asked for it was told, once they were: they are told the same again.
    pub told: Option<Attempt>,
    /// How often what is kept of it was changed.
    pub revision: u64,
}

/// What the request of a call carries.
#[derive(Debug, Clone, PartialEq)]
pub struct Opening {
    /// What the platform does: first of all, it calls somebody.
    pub actions: Vec<Action>,
    /// Where the flow waits then; `None` when the last action hangs up.
    pub position: Option<Position>,
}

/// How far the opening of a call came.
#[derive(Debug, Clone, PartialEq)]
pub enum Opened {
    /// It is what the request carries.
    Whole(Opening),
    /// The flow needs something first.
    Needs(Box<Opener>),
}

/// An opening that waits for a need to be met.
#[derive(Debug, Clone, PartialEq)]
pub struct Opener {
    paused: Paused,
    dial: Action,
}

impl Opener {
    /// What is needed.
    pub fn need(&self) -> &Need {
        &self.paused.need
    }

    /// Goes on from how the need was met, with what [`open`] was given.
    ///
    /// # Errors
    ///
    /// Why the call must not open, or cannot.
    pub fn resume(
        self,
        flow: &Flow,
        intent: &Intent,
        destinations: &Arc<Destinations>,
        met: &Met,
    ) -> Result<Opened, NotOpened> {
        let call = call_of(intent, allowed(intent, destinations)?, destinations.clone());
        opened(self.dial, self.paused.resume(flow, &call, met))
    }
}

/// Why a call cannot open. Never repeats a number or a variable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotOpened {
    /// Its number may not be called.
    #[error("{0}")]
    Destination(Refused),
    /// The flow would begin by connecting to a number that may not be called.
    #[error("step \"{0}\" of the flow connects to a number that may not be called: {1}")]
    Connect(StepName, Refused),
    /// The flow needs variables that were not handed in.
    #[error("the flow needs variables that are missing: {}", names(.0))]
    Missing(Vec<VariableName>),
    /// The flow does not know variables that were handed in.
    #[error("the flow needs no such variables: {}", names(.0))]
    Unneeded(Vec<VariableName>),
    /// The flow cannot begin.
    #[error("the flow cannot begin: {0}")]
    Stuck(Stuck),
}

fn names(variables: &[VariableName]) -> String {
    let names: Vec<_> = variables.iter().map(VariableName::as_str).collect();
    names.join(", ")
}

impl OutboundCall {
    /// Which attempt it is.
    pub fn id(&self) -> &AttemptId {
        &self.attempt.intent().id
    }

    /// What whoever asked for it is told: what they were told before, if they were.
    pub fn answer(&self) -> &Attempt {
        self.told.as_ref().unwrap_or(&self.attempt)
    }
}

/// How a call of `intent` opens on `flow`.
///
/// # Errors
///
/// Why it must not, or cannot.
pub fn open(
    flow: &Flow,
    intent: &Intent,
    variables: &BTreeMap<VariableName, String>,
    destinations: &Arc<Destinations>,
) -> Result<Opened, NotOpened> {
    hold_against(flow, variables)?;
    let country = allowed(intent, destinations)?;
    let call = call_of(intent, country, destinations.clone());
    let handed_in = variables.iter().map(|(name, text)| {
        let (text, secret) = (text.clone(), false);
        (name.clone(), Value { text, secret })
    });
    let dial = Action::MakeCall {
        source: intent.source.clone(),
        destination: intent.destination.clone(),
        record: false,
    };
    opened(dial, start(flow, &call, handed_in.collect()))
}

fn allowed(intent: &Intent, destinations: &Destinations) -> Result<Country, NotOpened> {
    let allowed = destinations.allow(&intent.destination, &intent.source);
    allowed.map_err(NotOpened::Destination)
}

fn opened(dial: Action, progress: Result<Progress, Stuck>) -> Result<Opened, NotOpened> {
    let turn = match progress.map_err(NotOpened::Stuck)? {
        Progress::Needs(paused) => {
            let paused = *paused;
            return Ok(Opened::Needs(Box::new(Opener { paused, dial })));
        }
        Progress::Turn(turn) => turn,
    };
    if let Some((step, why)) = turn.refused.into_iter().next() {
        return Err(NotOpened::Connect(step, why));
    }
    Ok(Opened::Whole(Opening {
        actions: [dial].into_iter().chain(turn.actions).collect(),
        position: turn.next,
    }))
}

fn hold_against(flow: &Flow, variables: &BTreeMap<VariableName, String>) -> Result<(), NotOpened> {
    let missing = flow.needs.iter().filter(|it| !variables.contains_key(*it));
    let missing: Vec<_> = missing.cloned().collect();
    if !missing.is_empty() {
        return Err(NotOpened::Missing(missing));
    }
    let unneeded = variables.keys().filter(|it| !flow.needs.contains(*it));
    let unneeded: Vec<_> = unneeded.cloned().collect();
    match unneeded.is_empty() {
        true => Ok(()),
        false => Err(NotOpened::Unneeded(unneeded)),
    }
}

/// What the flow may know of a call that has no session yet: its id is the attempt's.
fn call_of(intent: &Intent, country: Country, destinations: Arc<Destinations>) -> Call {
    Call {
        id: intent.id.as_str().to_owned(),
        caller: Some(intent.destination.clone()),
        called: Some(intent.source.clone()),
        caller_country: Some(country.code()),
        destinations,
        now: intent.begun_at,
        replies: 0,
        began: intent.begun_at,
    }
}

#[cfg(test)]
mod tests;
