//! `POST /v1/subjects/erase` and `GET /v1/erasures`: forgetting a person.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use utoipa::ToSchema;

use super::find;
use crate::call::PhoneNumber;
use crate::http::app::App;
use crate::http::body::Unread;
use crate::http::problem::{Fault, Problem, ProblemDetails};
use crate::store::erasing::Erasure;

/// The largest body, in bytes.
pub(in crate::http) const BODY_LIMIT: usize = 1024;

/// How long a request waits for what it asked to be done.
const ANSWERED_WITHIN: Duration = Duration::from_secs(3);

/// Who is to be forgotten.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it is described here and read by `phone`")]
pub struct Subject {
    /// Their phone number.
    #[schema(example = "+6591234567")]
    phone: String,
}

/// People that were to be erased; nothing tells who.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErasureList {
    /// The newest first, a hundred at most.
    items: Vec<ErasureView>,
}

/// A person that was to be erased; nothing tells who.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErasureView {
    id: String,
    #[schema(format = DateTime)]
    asked_at: String,
    /// When nothing was left; null while it is under way or something is waited for, such as the end of a live call.
    #[schema(format = DateTime)]
    done_at: Option<String>,
    /// How many bookings went, with the calls that they had.
    bookings: u64,
    /// How many sessions went, with their traces.
    sessions: u64,
    /// How many events.
    events: u64,
    /// How many calls that were started, and handoffs to the Contact Center.
    calls: u64,
}

/// Erases all that is kept of a person.
#[utoipa::path(post, path = "/v1/subjects/erase", tag = "privacy", request_body = Subject, responses(
    (status = 200, description = "It is done", body = ErasureView),
    (status = 202, description = "It is kept, and goes on behind the answer: `GET /v1/erasures` tells when it is done", body = ErasureView),
    (status = 422, description = "`bad_subject`", body = ProblemDetails, content_type = "application/problem+json"),
    (status = 503, description = "`store_unavailable`: the wish could not be kept", body = ProblemDetails, content_type = "application/problem+json"),
))]
pub(in crate::http) async fn erase(
    State(app): State<App>,
    body: Unread,
) -> Result<(StatusCode, Json<ErasureView>), Problem> {
    let body = body.read().await?;
    let phone = phone(&body).ok_or_else(|| {
        Problem::bad_subject([Fault {
            path: "phone".to_owned(),
            message: "is no phone number".to_owned(),
            help: "send {\"phone\": \"+6591234567\"}".to_owned(),
        }])
    })?;
    let asked = find(&app, app.eraser.ask(&phone)).await?;
    let erasure = timeout(ANSWERED_WITHIN, done(&app, &asked.id)).await;
    // It is kept: what takes longer, or fails now, is gone on with behind this request.
    let erasure = erasure.ok().flatten().unwrap_or(asked);
    let status = match erasure.done_at {
        Some(_) => StatusCode::OK,
        None => StatusCode::ACCEPTED,
    };
    Ok((status, Json(view(erasure))))
}

/// How a wish that is kept stands once it was gone on with; `None` when that is not known.
async fn done(app: &App, id: &str) -> Option<Erasure> {
    let eraser = app.eraser.clone();
    // On a task of its own, which outlives the request.
    let round = tokio::spawn(async move { eraser.round().await });
    if let Ok(Err(error)) = round.await {
        tracing::warn!(%error, "a person is not erased yet: tried again");
    }
    let erasures = app.store.erasing().erasures().await.ok()?;
    erasures.into_iter().find(|erasure| erasure.id == id)
}

/// The people that were to be erased.
#[utoipa::path(get, path = "/v1/erasures", tag = "privacy", responses(
    (status = 200, description = "What went, and when", body = ErasureList),
    (status = 503, description = "`store_unavailable`", body = ProblemDetails, content_type = "application/problem+json"),
))]
pub(in crate::http) async fn list(State(app): State<App>) -> Result<Json<ErasureList>, Problem> {
    let erasures = find(&app, app.store.erasing().erasures()).await?;
    let items = erasures.into_iter().map(view).collect();
    Ok(Json(ErasureList { items }))
}

fn phone(body: &[u8]) -> Option<PhoneNumber> {
    let value: serde_json::Value = serde_json::from_slice(body).ok()?;
    let members = value.as_object().filter(|members| members.len() == 1)?;
    let text = members.get("phone")?.as_str()?.trim();
    PhoneNumber::parse_e164(text).or_else(|| PhoneNumber::parse_e164(&format!("+{text}")))
}

fn view(erasure: Erasure) -> ErasureView {
    ErasureView {
        id: erasure.id,
        asked_at: format!("{:.3}", erasure.asked_at),
        done_at: erasure.done_at.map(|at| format!("{at:.3}")),
        bookings: erasure.bookings,
        sessions: erasure.sessions,
        events: erasure.events,
        calls: erasure.attempts,
    }
}
