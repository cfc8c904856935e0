//! `POST /v1/sessions`: starts a call.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::call_body;
use super::call_view::reason;
use crate::dialer::NotStarted;
use crate::http::app::App;
use crate::http::body::Unread;
use crate::http::problem::{Fault, Problem, ProblemDetails};
use crate::outbound::attempt::{Attempt, Rejection};
use crate::session::{OutboundCall, RequestKey};

/// The largest body, in bytes.
pub(in crate::http) const BODY_LIMIT: usize = 64 * 1024;

/// The header that a request is known again by.
const KEY: &str = "idempotency-key";

/// The longest key, in characters.
const LONGEST_KEY: usize = 255;

/// What is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "it is described here and read by `call_body`")]
pub struct NewCall {
    /// The id of the flow that carries the call.
    #[schema(example = "reminder")]
    flow: String,
    /// Who is called.
    #[schema(example = "+6568332048")]
    to: String,
    /// Our virtual number; the flow's first, else the sub-account's first, when it is left out.
    #[schema(example = "+6561115777")]
    from: Option<String>,
    /// The variables that the flow `needs`, each a text.
    #[schema(value_type = Option<Object>)]
    variables: Option<serde_json::Value>,
    /// For how long the call may begin: `5s` to `24h`; `30s` when it is left out.
    #[schema(example = "30s")]
    valid_for: Option<String>,
    /// The sub-account by its name in the configuration, where the number does not tell.
    subaccount: Option<String>,
}

/// A call that was started.
#[derive(Debug, Serialize, ToSchema)]
pub struct StartedCall {
    /// Ours; `GET /v1/sessions/{session_id}` takes it as well.
    id: String,
    /// `ACCEPTED`, `UNKNOWN` or `PENDING`.
    #[schema(example = "ACCEPTED")]
    state: &'static str,
    /// The platform's, once there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<String>,
    /// Why it is not known, or waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Starts a call. Sent again with the same `Idempotency-Key` and body it starts none, and is answered the same.
#[utoipa::path(post, path = "/v1/sessions", tag = "sessions", request_body = NewCall,
    params(("Idempotency-Key" = String, Header, description = "1 to 255 characters, one for each call that is meant")),
    responses(
        (status = 201, description = "The platform has a session for it", body = StartedCall),
        (status = 202, description = "`UNKNOWN`: it may have been placed, and is not dialled again; `PENDING`: it waits", body = StartedCall),
        (status = 400, description = "`key_needed`", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 409, description = "`in_flight`: another call may be on its way between the same numbers; `under_way`: this one is", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 422, description = "`bad_call`, `destination_refused`, `key_reused`; `rejected`: the call was not placed, and will not be", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_calls`", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`: nothing was sent", body = ProblemDetails, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn start(
    State(app): State<App>,
    headers: HeaderMap,
    body: Unread,
) -> Result<Response, Problem> {
    let key = key(&headers)?;
    let body = body.read().await?;
    let request = call_body::read(&body).map_err(Problem::bad_call)?;
    match app.dialer.start(request, key).await {
        Ok(call) => Ok(answer(&call)?),
        Err(why) => Err(refusal(&app, why)),
    }
}

fn key(headers: &HeaderMap) -> Result<RequestKey, Problem> {
    let mut keys = headers.get_all(KEY).iter();
    let key = keys.next().and_then(|key| key.to_str().ok()).map(str::trim);
    key.filter(|key| (1..=LONGEST_KEY).contains(&key.len()) && keys.next().is_none())
        .map(RequestKey::new)
        .ok_or_else(Problem::key_needed)
}

/// What became of a call, as it is told.
fn answer(call: &OutboundCall) -> Result<Response, Problem> {
    let (id, told) = (call.id().to_string(), call.answer());
    let (status, session_id) = match told {
        Attempt::Accepted(it) => (StatusCode::CREATED, Some(it.session.to_string())),
        Attempt::Unknown(_) | Attempt::Pending(_) => (StatusCode::ACCEPTED, None),
        Attempt::Dialing(_) => return Err(Problem::call_under_way(&id)),
        Attempt::Rejected(it) => return Err(rejected(&id, &it.why)),
    };
    let location = HeaderValue::from_str(&format!("/v1/sessions/{id}"));
    let location = location.expect("an id of ours is letters, digits and hyphens");
    let view = StartedCall {
        state: told.state(),
        reason: reason(told),
        id,
        session_id,
    };
    Ok((status, [(header::LOCATION, location)], Json(view)).into_response())
}

/// A call that was not placed, and will not be.
fn rejected(id: &str, why: &Rejection) -> Problem {
    let problem = Problem::call_rejected(id, why.to_string());
    match why {
        Rejection::Platform(refusal) => problem.with_platform_code(refusal.code),
        Rejection::Expired(_) | Rejection::Operator | Rejection::Barred(_) => problem,
    }
}

fn refusal(app: &App, why: NotStarted) -> Problem {
    match why {
        NotStarted::Wrong(faults) => Problem::bad_call(faults.into_iter().map(|fault| Fault {
            path: fault.path,
            message: fault.message,
            help: fault.help,
        })),
        NotStarted::Destination { path, why } => {
            Problem::destination_refused(why.rule(), &why.what()).with_faults([Fault {
                path,
                message: why.what().into_owned(),
                help: why.remedy().into_owned(),
            }])
        }
        NotStarted::TooMany(why) => {
            let seconds = why.until().duration_since(app.clock.now()).as_secs().max(0) + 1;
            Problem::too_many_calls(why.rule(), why.to_string(), seconds)
        }
        NotStarted::InFlight(other) => Problem::call_in_flight(other.as_str()),
        NotStarted::KeyReused => Problem::key_reused(),
        NotStarted::UnderWay(id) => Problem::call_under_way(id.as_str()),
        NotStarted::Store(error) => {
            app.metrics.store_failure("call");
            tracing::error!(%error, "a call could not be kept: it was not started");
            Problem::store_unavailable()
        }
    }
}
