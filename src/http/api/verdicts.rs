//! `POST /v1/sessions/{session_id}/verdict`: what an operator knows of a call that is UNKNOWN.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use serde::Deserialize;
use utoipa::ToSchema;

use super::call_view::CallView;
use crate::call::SessionId;
use crate::dialer::NotSettled;
use crate::http::app::App;
use crate::http::body::Unread;
use crate::http::problem::{Fault, Problem, ProblemDetails};
use crate::outbound::attempt::{AttemptId, Verdict};

/// The largest body, in bytes.
pub(in crate::http) const BODY_LIMIT: usize = 1024;

/// The longest id of a session.
const LONGEST_ID: usize = 100;

/// What an operator knows.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OperatorsVerdict {
    /// Whether the call was placed.
    placed: bool,
    /// The platform's session, when it was.
    session_id: Option<String>,
}

/// Closes a call that is `UNKNOWN`, by what somebody has found out about it.
#[utoipa::path(post, path = "/v1/sessions/{session_id}/verdict", tag = "sessions", request_body = OperatorsVerdict,
    params(("session_id" = String, Path, description = "Our id of the call")),
    responses(
        (status = 200, description = "It is closed", body = CallView),
        (status = 404, description = "`not_found`", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 409, description = "`not_unknown`", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 422, description = "`bad_verdict`", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`", body = ProblemDetails, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn settle(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    body: Unread,
) -> Result<Json<CallView>, Problem> {
    let Path(id) = id.map_err(|_| Problem::not_found("call"))?;
    let body = body.read().await?;
    let verdict = verdict(&body).ok_or_else(|| {
        Problem::bad_verdict([Fault {
            path: String::new(),
            message: "is no verdict".to_owned(),
            help: "send {\"placed\": true, \"session_id\": \"…\"} or {\"placed\": false}"
                .to_owned(),
        }])
    })?;
    match app.dialer.settle_by(&AttemptId::new(id), verdict).await {
        Ok(call) => Ok(Json(CallView::new(&call))),
        Err(NotSettled::NoSuchCall) => Err(Problem::not_found("call")),
        Err(NotSettled::NotUnknown(call)) => Err(Problem::call_not_unknown(
            call.id().as_str(),
            call.attempt.state(),
        )),
        Err(NotSettled::Store(error)) => {
            app.metrics.store_failure("call");
            tracing::error!(%error, "a verdict could not be kept: answered 503");
            Err(Problem::store_unavailable())
        }
    }
}

fn verdict(body: &[u8]) -> Option<Verdict> {
    let told: OperatorsVerdict = serde_json::from_slice(body).ok()?;
    match (told.placed, told.session_id) {
        (false, None) => Some(Verdict::NotPlaced),
        (true, Some(id)) if (1..=LONGEST_ID).contains(&id.len()) => {
            let plain = !id.contains(|c: char| c.is_control() || c.is_whitespace());
            plain.then(|| Verdict::Placed(SessionId::new(id)))
        }
        _ => None,
    }
}
