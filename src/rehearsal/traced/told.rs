//! A session as the API tells it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

use super::NoTest;
use crate::contact_center::queue::State;
use crate::contact_center::schedule::Status;
use crate::flow::model::StepName;
use crate::flow::need::{LookupFailure, MetAt, Response};
use crate::flow::{Label, Met};

#[derive(Deserialize)]
pub(super) struct Session {
    pub(super) session_id: Option<String>,
    pub(super) direction: Option<String>,
    pub(super) source: Option<String>,
    pub(super) version: Option<String>,
    pub(super) status: String,
    pub(super) trace: Vec<Entry>,
}

/// One webhook with its reply.
#[derive(Deserialize)]
pub(super) struct Entry {
    #[serde(deserialize_with = "time")]
    pub(super) received_at: Timestamp,
    pub(super) digits: Option<String>,
    pub(super) step: Option<String>,
    pub(super) path: Vec<String>,
    #[serde(default)]
    pub(super) needs: Vec<NeedEntry>,
    pub(super) sip_code: Option<u16>,
    pub(super) outcome: Option<String>,
    #[serde(default)]
    pub(super) reply: Value,
}

#[derive(Deserialize)]
pub(super) struct NeedEntry {
    pub(super) step: String,
    pub(super) kind: String,
    pub(super) outcome: String,
    pub(super) status: Option<u16>,
    pub(super) fields: Option<BTreeMap<String, String>>,
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(de::Error::custom)
}

pub(super) fn read(session: &Value) -> Result<Session, NoTest> {
    Session::deserialize(session).map_err(|error| NoTest::Strange(error.to_string()))
}

/// The webhooks that moved the call on, the first of which began it.
pub(super) fn turns(session: &Session) -> Result<Vec<&Entry>, NoTest> {
    let outcome = |entry: &&Entry, words: &[&str]| {
        let outcome = entry.outcome.as_deref();
        outcome.is_some_and(|outcome| words.contains(&outcome))
    };
    if session.trace.iter().any(|it| outcome(&it, &["masked"])) {
        return Err(NoTest::Masked);
    }
    if session.direction.as_deref() == Some("OUTBOUND") {
        return Err(NoTest::Placed);
    }
    let faults = ["stuck", "unknown_number", "unknown_flow", "unknown_session"];
    if let Some(entry) = session.trace.iter().find(|it| outcome(it, &faults)) {
        let word = entry.outcome.clone().unwrap_or_default();
        return Err(NoTest::Faulted(word));
    }
    let mut began = false;
    // An incoming call that is told of once more begins nothing.
    let first_start = |it: &&Entry| {
        let starts = outcome(it, &["started"]);
        !(starts && std::mem::replace(&mut began, true))
    };
    let moved = ["started", "went_on", "carried_on"];
    let turns = session.trace.iter().filter(|it| outcome(it, &moved));
    let turns: Vec<_> = turns.filter(first_start).collect();
    match turns.first() {
        Some(first) if outcome(first, &["started"]) => Ok(turns),
        _ => Err(NoTest::NoBeginning),
    }
}

/// The last action of a reply.
pub(super) fn last(reply: &Value) -> &Value {
    let actions = reply["callflow"].as_array();
    actions.and_then(|all| all.last()).unwrap_or(&Value::Null)
}

pub(super) fn label(reply: &Value) -> Option<Label> {
    reply["clientActionId"].as_str().and_then(Label::parse)
}

/// How a need was met, as the API tells it; `None` when it tells something unknown.
pub(super) fn met(need: &NeedEntry) -> Option<MetAt> {
    let taken = match need.outcome.as_str() {
        "taken" => Some(true),
        "failed" => Some(false),
        _ => None,
    };
    let unknown = need.outcome == "unknown";
    let met = match need.kind.as_str() {
        "lookup" => Met::Lookup(match need.status {
            Some(status) => Ok(Response {
                status,
                fields: need.fields.clone(),
            }),
            None => Err(LookupFailure::from_word(&need.outcome)?),
        }),
        "recording" => Met::Recording(need.outcome == "paused"),
        "handoff" => Met::Handoff(taken?),
        "callback" => Met::Callback(taken?),
        "schedule" if unknown => Met::Schedule(None),
        "schedule" => {
            let word = need.outcome.trim_start_matches("choice ");
            Met::Schedule(Some(Status::of_word(word)?))
        }
        "queue" => {
            let mut states = State::ALL.into_iter();
            Met::Queue(states.find(|state| state.as_str() == need.outcome)?)
        }
        _ => return None,
    };
    let step = StepName::new(need.step.clone());
    Some(MetAt { step, met })
}
