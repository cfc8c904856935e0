//! One line and one count per request.
//!
//! A line holds the route's template and never a path or query; no number, digit, body or token.

use std::time::Instant;

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method};
use axum::response::Response;
use uuid::Uuid;

use super::app::App;
use crate::call::SessionId;
use crate::text::plain;

/// Ties a request to its log line; a caller may bring its own.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What stands in for the template where no route matches.
pub const UNMATCHED: &str = "unmatched";

/// The template of the route that answered. A response carries it to the log.
#[derive(Debug, Clone, Copy)]
pub struct Template(pub &'static str);

/// What a webhook's log line says beyond other lines. A response carries it to the log.
#[derive(Debug, Clone, Default)]
pub struct About {
    /// The session's id as it came.
    pub session: Option<SessionId>,
    /// Why a voice call action was given its reply.
    pub outcome: Option<&'static str>,
}

/// The id of a request, as the answer's header gives it.
#[derive(Debug, Clone)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The id that `request` brought when it is a sane one, else a new one.
    fn of(request: &Request) -> Self {
        let brought = request.headers().get(&REQUEST_ID);
        let sane = |id: &&HeaderValue| id.to_str().is_ok_and(|id| plain(id).is_some());
        Self(brought.filter(sane).cloned().unwrap_or_else(|| {
            let mut text = Uuid::encode_buffer();
            let text = Uuid::now_v7().hyphenated().encode_lower(&mut text);
            HeaderValue::from_str(text).expect("a UUID holds digits, letters and hyphens only")
        }))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        self.0
            .to_str()
            .expect("an id holds letters, digits and -._ only")
    }
}

/// Answers `request` by `answer` and writes its line.
pub async fn observe<A: Future<Output = Response>>(
    app: &App,
    mut request: Request,
    answer: impl FnOnce(Request) -> A,
) -> Response {
    let began = Instant::now();
    let id = RequestId::of(&request);
    let method = known_method(request.method());
    request.extensions_mut().insert(id.clone());
    let mut response = answer(request).await;
    let route = response
        .extensions()
        .get::<Template>()
        .map_or(UNMATCHED, |template| template.0);
    let status = response.status().as_u16();
    app.metrics.request(method, route, status);
    let about = response
        .extensions_mut()
        .remove::<About>()
        .unwrap_or_default();
    let took_ms = began.elapsed().as_secs_f64() * 1000.0;
    tracing::info!(
        method,
        route,
        status,
        took_ms = (took_ms * 1000.0).round() / 1000.0,
        request_id = id.as_str(),
        session_id = about.session.as_ref().and_then(|id| plain(id.as_str())),
        outcome = about.outcome,
        "request"
    );
    response.headers_mut().insert(REQUEST_ID, id.0);
    response
}

/// The method, or `OTHER` for one that a stranger made up.
fn known_method(method: &Method) -> &'static str {
    let known = ["GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"];
    let word = known.into_iter().find(|word| *word == method.as_str());
    word.unwrap_or("OTHER")
}

#[cfg(test)]
mod tests;
