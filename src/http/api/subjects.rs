//! `POST /v1/subjects/erase` and `GET /v1/erasures`: forgetting a person.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::find;
use crate::call::PhoneNumber;
use crate::http::app::App;
use crate::http::body::Unread;
use crate::http::problem::{Fault, Problem, ProblemDetails};
use crate::store::erasing::Erasure;

/// The largest body, in bytes.
pub(in crate::http) const BODY_LIMIT: usize = 1024;

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
    /// When nothing was left; null while something is under way, such as a live call.
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
    (status = 202, description = "Something is under way, and goes when it is over", body = ErasureView),
    (status = 422, description = "`bad_subject`", body = ProblemDetails, content_type = "application/problem+json"),
    (status = 503, description = "`store_unavailable`", body = ProblemDetails, content_type = "application/problem+json"),
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
    let id = uuid::Uuid::now_v7().to_string();
    let (erasing, now) = (app.store.erasing(), app.clock.now());
    find(&app, erasing.ask_to_erase(&id, &phone, now)).await?;
    tracing::info!(erasure = %id, "a person is to be erased");
    // What takes longer is gone on with behind this request.
    find(&app, erasing.go_on_erasing(now)).await?;
    let erasures = find(&app, erasing.erasures()).await?;
    let erasure = erasures.into_iter().find(|erasure| erasure.id == id);
    let erasure = erasure.ok_or_else(Problem::internal)?;
    let status = match erasure.done_at {
        Some(_) => StatusCode::OK,
        None => StatusCode::ACCEPTED,
    };
    Ok((status, Json(view(erasure))))
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
