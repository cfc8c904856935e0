//! The masking view: two phones and a booking beside each other. The booking is made as the API makes it, and calls come to the
//! server as webhooks like all others.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::call::Call;
use super::desk::{Phone, read};
use super::told::What;
use crate::bookings::{Booked, Bookings, Refused};
use crate::emulator::{Manner, Witness};
use crate::http::problem::Problem;
use crate::masking::SideName;
use crate::masking::booking::{BookingId, CloseReason};
use crate::masking::request::{BookingRequest, CloseRequest, SideRequest};

/// The two people of the desk, where nobody says otherwise: numbers that are made up.
const PEOPLE: [&str; 2] = ["+6591234567", "+6581234567"];

/// The booking as the page shows it. The people are made up, so their numbers are whole.
#[derive(Debug, Serialize)]
struct View {
    id: String,
    state: &'static str,
    a: SideView,
    b: SideView,
}

#[derive(Debug, Serialize)]
struct SideView {
    phone: String,
    virtual_number: Option<String>,
}

impl View {
    fn new(booked: &Booked, bookings: &Bookings) -> Self {
        let side = |name| {
            let side = booked.booking.side(name);
            SideView {
                phone: side.primary().number.with_plus(),
                virtual_number: bookings.number(side.vn).map(|it| it.number.with_plus()),
            }
        };
        Self {
            id: booked.booking.id.to_string(),
            state: booked.state.as_str(),
            a: side(SideName::A),
            b: side(SideName::B),
        }
    }
}

/// Makes a booking between the two people of the desk.
pub(super) async fn book(State(phone): State<Phone>) -> Result<Response, Problem> {
    let bookings = phone.bookings();
    let side = |number: &str| SideRequest {
        phones: Some(vec![number.to_owned()]),
        ..SideRequest::default()
    };
    let request = BookingRequest {
        a: Some(side(PEOPLE[0])),
        b: Some(side(PEOPLE[1])),
        ..BookingRequest::default()
    };
    let id = BookingId::new(format!("desk-{}", uuid::Uuid::now_v7().simple()));
    let booked = bookings.put(&id, &request).await.map_err(refusal)?;
    let view = View::new(&booked, bookings);
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// A booking of the desk, by its id.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    id: String,
}

/// How the booking stands.
pub(super) async fn show(State(phone): State<Phone>, body: Body) -> Result<Response, Problem> {
    let Named { id } = read(body, r#"{"id": "desk-…"}"#).await?;
    let found = phone.bookings().get(&BookingId::new(id)).await;
    let booked = found.map_err(|_| Problem::store_unavailable())?;
    let booked = booked.ok_or_else(|| Problem::not_found("booking"))?;
    Ok(Json(View::new(&booked, phone.bookings())).into_response())
}

/// A booking of the desk is over.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Closing {
    id: String,
    reason: String,
}

/// Closes the booking.
pub(super) async fn close(State(phone): State<Phone>, body: Body) -> Result<Response, Problem> {
    let Closing { id, reason } = read(body, r#"{"id": "desk-…", "reason": "completed"}"#).await?;
    let reason = CloseReason::from_word(&reason).ok_or_else(|| Problem::not_found("reason"))?;
    let request = CloseRequest {
        reason,
        block: None,
    };
    let booked = phone.bookings().close(&BookingId::new(id), request).await;
    let booked = booked.map_err(refusal)?;
    Ok(Json(View::new(&booked, phone.bookings())).into_response())
}

/// A call between the people of the desk.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewCall {
    from: String,
    to: String,
}

/// Places a call from one of the phones.
pub(super) async fn call(State(phone): State<Phone>, body: Body) -> Result<Response, Problem> {
    let NewCall { from, to } =
        read(body, r#"{"from": "+6591234567", "to": "+6531110001"}"#).await?;
    let session = phone.place_masked(&from, &to)?;
    Ok((StatusCode::CREATED, Json(json!({"session": session}))).into_response())
}

impl Phone {
    /// Places a call to a number of a pool, and gives its session.
    fn place_masked(&self, from: &str, to: &str) -> Result<String, Problem> {
        let call = Arc::new(Call::masked());
        let at: Timestamp = self.now();
        let witness = |session: &str| {
            call.opens(What::Began {
                session: session.to_owned(),
                flow: String::new(),
                from: from.to_owned(),
                to: to.to_owned(),
                at: at.to_string(),
            });
            let seen = call.clone();
            Witness::new(move |ms, happening| seen.happens(ms, happening))
        };
        let placed = self
            .emulator()
            .call_before(from, to, at, Manner::default(), witness);
        let handset = placed.map_err(|_| Problem::not_found("virtual number of a pool"))?;
        Ok(self.takes(handset, call))
    }
}

fn refusal(why: Refused) -> Problem {
    match why {
        Refused::Wrong(faults) => Problem::wrong_booking(&faults),
        Refused::NotFound => Problem::not_found("booking"),
        Refused::Closed => Problem::booking_closed(),
        Refused::NumbersGone => Problem::numbers_gone(),
        Refused::Exhausted(exhausted) => Problem::pool_exhausted(&exhausted),
        Refused::Store(_) => Problem::store_unavailable(),
    }
}
