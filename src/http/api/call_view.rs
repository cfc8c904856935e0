//! A call that we started, as the API shows it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::outbound::attempt::Attempt;
use crate::session::OutboundCall;

/// A call that we started.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallView {
    /// Ours of it.
    id: String,
    /// `PENDING`, `DIALING`, `ACCEPTED`, `REJECTED` or `UNKNOWN`.
    #[schema(example = "ACCEPTED")]
    state: &'static str,
    /// Why it is not known, waits, or was not placed; null when it was.
    reason: Option<String>,
    /// When it was asked for.
    #[schema(format = DateTime)]
    asked_at: String,
    /// Until when it may begin.
    #[schema(format = DateTime)]
    valid_until: String,
}

impl CallView {
    pub(super) fn new(call: &OutboundCall) -> Self {
        let intent = call.attempt.intent();
        Self {
            id: intent.id.to_string(),
            state: call.attempt.state(),
            reason: reason(&call.attempt),
            asked_at: intent.begun_at.to_string(),
            valid_until: intent.valid_until.to_string(),
        }
    }
}

/// Why a call stands as it does, where that is not plain.
pub(super) fn reason(attempt: &Attempt) -> Option<String> {
    match attempt {
        Attempt::Pending(it) => {
            let (_, obstacle) = it.tried?;
            Some(format!("{obstacle}: it is tried again"))
        }
        Attempt::Unknown(it) => Some(format!(
            "{}: the call may have been placed and is not dialled again; its session's webhooks will tell",
            it.why
        )),
        Attempt::Rejected(it) => Some(it.why.to_string()),
        Attempt::Dialing(_) | Attempt::Accepted(_) => None,
    }
}
