//! One line and one count per request.
//!
//! A line holds the route's template and never a path or query; no number, digit, body or token.

use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use uuid::Uuid;

use super::app::App;
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
    pub session: Option<String>,
    /// Why a voice call action was given its reply.
    pub outcome: Option<&'static str>,
}

/// The id of a request.
#[derive(Debug, Clone)]
pub struct RequestId(String);

impl RequestId {
    /// The id that `request` brought when it is a sane one, else a new one.
    fn of(request: &Request) -> Self {
        let brought = request
            .headers()
            .get(&REQUEST_ID)
            .and_then(|id| id.to_str().ok());
        Self(match brought {
            Some(id) if plain(id).is_some() => id.to_owned(),
            _ => Uuid::now_v7().to_string(),
        })
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn header(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).expect("an id holds letters, digits and -._ only")
    }
}

/// Answers `request` and writes its line.
pub async fn observe(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = RequestId::of(&request);
    let method = known_method(request.method());
    request.extensions_mut().insert(id.clone());
    let mut response = next.run(request).await;
    let route = response
        .extensions()
        .get::<Template>()
        .map_or(UNMATCHED, |template| template.0);
    let status = response.status().as_u16();
    app.metrics.request(method, route, status);
    let about = response
        .extensions()
        .get::<About>()
        .cloned()
        .unwrap_or_default();
    let took_ms = began.elapsed().as_secs_f64() * 1000.0;
    tracing::info!(
        method,
        route,
        status,
        took_ms = (took_ms * 1000.0).round() / 1000.0,
        request_id = id.as_str(),
        session_id = about.session.as_deref().and_then(plain),
        outcome = about.outcome,
        "request"
    );
    response.headers_mut().insert(REQUEST_ID, id.header());
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
