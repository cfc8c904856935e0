//! Number masking over HTTP: bookings, pools, numbers, and every call that a booking can meet.

mod calls;
mod command;
mod making;
mod numbers;
mod refusals;
mod sick;
mod strangers;
pub(crate) mod street;

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Settings, TestApp};

/// The virtual numbers of the pool.
pub(crate) const POOL: [&str; 3] = ["+6531234561", "+6531234562", "+6531234563"];
/// Who ride.
pub(crate) const RIDERS: [&str; 3] = ["+6591234501", "+6591234502", "+6591234503"];
/// Who drive.
pub(crate) const DRIVERS: [&str; 3] = ["+6581234501", "+6581234502", "+6581234503"];

/// A server with a pool.
pub(crate) async fn with_pool() -> TestApp {
    TestApp::start_with(pool()).await
}

/// The configuration of a server with a pool of all three numbers.
pub(crate) fn pool() -> Settings {
    Settings::default().env("CALLWRIGHT_POOLS__DEFAULT__NUMBERS", &POOL.join(","))
}

/// Asks for something with a JSON body; gives status and JSON.
pub(crate) async fn ask(app: &TestApp, method: Method, path: &str, body: &Value) -> (u16, Value) {
    let request = app
        .client
        .request(method, app.url(path))
        .body(body.to_string());
    let answer = request.send().await.expect("the server answers");
    let status = answer.status().as_u16();
    let text = answer.text().await.expect("the answer is text");
    (
        status,
        serde_json::from_str(&text).unwrap_or(Value::String(text)),
    )
}

pub(crate) async fn put(app: &TestApp, path: &str, body: &Value) -> (u16, Value) {
    ask(app, Method::PUT, path, body).await
}

pub(crate) async fn post(app: &TestApp, path: &str, body: &Value) -> (u16, Value) {
    ask(app, Method::POST, path, body).await
}

/// The body of a booking between two people.
pub(crate) fn between(a: &str, b: &str) -> Value {
    json!({"a": {"phones": [a], "label": "rider"}, "b": {"phones": [b], "label": "driver"}})
}

/// Makes a booking between two people; gives it.
pub(crate) async fn book(app: &TestApp, id: &str, a: &str, b: &str) -> Value {
    let (status, booking) = put(app, &format!("/v1/bookings/{id}"), &between(a, b)).await;
    assert!(matches!(status, 200 | 201), "{status} {booking}");
    booking
}

/// The number that a side of a booking calls.
pub(crate) fn number<'a>(booking: &'a Value, side: &str) -> &'a str {
    booking[side]["virtual_number"]
        .as_str()
        .expect("a side has a number")
}
