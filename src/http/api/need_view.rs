//! What a flow needed of the world, and how that was met, as a session's trace shows it.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::shown::Shown;
use crate::flow::Met;
use crate::flow::need::MetAt;

/// A need of the flow, and how it was met.
#[derive(Debug, Serialize, ToSchema)]
pub struct NeedView {
    /// The step that had it.
    step: String,
    /// `lookup`, `handoff`, `callback`, `schedule`, `queue` or `recording`.
    kind: &'static str,
    /// Of a look-up `answered`, or why no answer came: `too_late`, `broken` …; of a handoff and a callback `taken` or `failed`; of a recording `paused` or `failed`; of a schedule `open`,
    /// `closed`, `choice 1` …; of a queue `free`, `waiting`, `nobody`; `unknown` where nobody knew.
    outcome: String,
    /// The HTTP status of a look-up's answer.
    status: Option<u16>,
    /// The fields of the answer that the look-up saves; null when it was no JSON.
    fields: Option<BTreeMap<String, String>>,
}

impl NeedView {
    pub(super) fn new(it: &MetAt, shown: Shown) -> Self {
        let taken = |taken: bool| if taken { "taken" } else { "failed" }.to_owned();
        let (kind, outcome) = match &it.met {
            Met::Lookup(Ok(_)) => ("lookup", "answered".to_owned()),
            Met::Lookup(Err(why)) => ("lookup", why.as_str().to_owned()),
            Met::Handoff(it) => ("handoff", taken(*it)),
            Met::Callback(it) => ("callback", taken(*it)),
            Met::Schedule(Some(status)) => ("schedule", status.to_string()),
            Met::Schedule(None) => ("schedule", "unknown".to_owned()),
            Met::Queue(state) => ("queue", state.as_str().to_owned()),
            Met::Recording(true) => ("recording", "paused".to_owned()),
            Met::Recording(false) => ("recording", "failed".to_owned()),
        };
        let response = match &it.met {
            Met::Lookup(Ok(response)) => Some(response),
            _ => None,
        };
        let fields = response.and_then(|response| response.fields.as_ref());
        let field = |(path, value): (&String, &String)| (path.clone(), shown.value(value));
        Self {
            step: it.step.to_string(),
            kind,
            outcome,
            status: response.map(|response| response.status),
            fields: fields.map(|fields| fields.iter().map(field).collect()),
        }
    }
}
