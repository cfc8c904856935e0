//! `POST /v1/masking/simulate`: what a call would be answered with, and why. It touches nothing.

use axum::extract::State;
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::booking_description::NewCallToSimulate;
use super::find;
use super::form::{Form, fault, text, time};
use super::shown::Shown;
use crate::call::PhoneNumber;
use crate::http::app::App;
use crate::http::auth::Caller;
use crate::http::body::Unread;
use crate::http::problem::{Fault, Problem, ProblemDetails};
use crate::masking;
use crate::outbound::spelling;

/// The largest body, in bytes.
pub(in crate::http) const BODY_LIMIT: usize = 4 * 1024;

/// What a call would be answered with.
#[derive(Debug, Serialize, ToSchema)]
pub struct SimulatedView {
    /// The decision's code.
    #[schema(example = "connected")]
    decision: &'static str,
    /// The rule that led to it, as a sentence.
    rule: &'static str,
    /// The side that calls, `a` or `b`, when the call is about a booking.
    #[serde(skip_serializing_if = "Option::is_none")]
    side: Option<&'static str>,
    /// The reply that the platform would get. Numbers are masked unless the token may see them.
    #[schema(value_type = Object)]
    callflow: Value,
}

/// What a call would be answered with, and by which rule: the very code that answers calls.
#[utoipa::path(post, path = "/v1/masking/simulate", tag = "bookings", request_body = NewCallToSimulate,
    responses(
        (status = 200, description = "The decision", body = SimulatedView),
        (status = 404, description = "`not_found`: the number is in no pool", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 422, description = "`bad_booking`", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`", body = ProblemDetails, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn simulate(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    body: Unread,
) -> Result<Json<SimulatedView>, Problem> {
    let asked = asked(&body.read().await?).map_err(Problem::bad_booking)?;
    let at = asked.at.unwrap_or_else(|| app.clock.now());
    let caller_number = asked
        .caller
        .map(|written| spelt(&app, &written, &asked.number));
    let simulating = app
        .bookings
        .simulate(caller_number.as_ref(), &asked.number, at);
    let simulated = find(&app, simulating).await?;
    let simulated = simulated.ok_or_else(|| Problem::not_found("number of a pool"))?;
    Ok(Json(SimulatedView {
        decision: simulated.decision.code.as_str(),
        rule: simulated.decision.code.rule(),
        side: simulated.decision.about.map(|whom| whom.side.as_str()),
        callflow: Shown::to(caller).reply(&simulated.callflow),
    }))
}

/// A caller's number: as a network sends it, which may be a word or stand for a hidden one, or as people spell it in the
/// pool's country.
fn spelt(app: &App, written: &str, number: &PhoneNumber) -> PhoneNumber {
    if is_hidden(written, number) {
        return PhoneNumber::new(written);
    }
    let numbers = app.bookings.numbers();
    let pool = numbers
        .iter()
        .find(|it| it.number == *number)
        .map(|it| &it.pool);
    let home = pool.and_then(|pool| app.bookings.pools().get(pool)?.home);
    spelling::read(written, home).unwrap_or_else(|_| PhoneNumber::new(written))
}

/// Whether networks send this for a number that is hidden.
fn is_hidden(written: &str, called: &PhoneNumber) -> bool {
    let is_plain = written.bytes().all(|byte| byte.is_ascii_digit());
    is_plain && masking::spelling::caller(Some(&PhoneNumber::new(written)), called).is_none()
}

/// A call to look at.
struct Asked {
    caller: Option<String>,
    number: PhoneNumber,
    at: Option<Timestamp>,
}

fn asked(body: &[u8]) -> Result<Asked, Vec<Fault>> {
    let mut form = Form::of(
        body,
        "{\"caller\": \"+6591234567\", \"virtual_number\": \"+6531234567\"}",
    )?;
    let caller = form.field(
        "caller",
        "a phone number, or nothing for a caller who hides it",
        text(64),
    );
    let number = form.needed(
        "virtual_number",
        "a virtual number as \"+6531234567\"",
        |value| {
            let text = value.as_str()?;
            PhoneNumber::parse_e164(&format!("+{}", text.strip_prefix('+').unwrap_or(text)))
        },
    );
    let at = form.field("at", "a time as \"2026-11-21T08:00:00Z\"", time);
    form.end()?;
    let number = number.ok_or_else(|| {
        vec![fault(
            "virtual_number",
            "is missing",
            "give a virtual number",
        )]
    })?;
    Ok(Asked { caller, number, at })
}
