//! How the server does: alive, ready, its metrics, and the description of its API.

use std::sync::LazyLock;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use super::app::App;
use super::routes::DESCRIPTION;

/// How long the store may take to show that it is there.
const PING_TIMEOUT: Duration = Duration::from_millis(250);

/// How the server does.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// Always `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// Whether to send work to the server.
#[derive(Debug, Serialize, ToSchema)]
pub struct Readiness {
    /// `ready`; `degraded` while calls are answered without the store or by the flows of before; `starting` or `draining` while none are.
    #[schema(example = "ready")]
    status: &'static str,
    /// `ok` or `down`.
    #[schema(example = "ok")]
    store: &'static str,
    /// For how many seconds the oldest webhook that was kept has been waiting to be seen in lists and traces.
    #[schema(example = 0.0)]
    lag_seconds: f64,
    /// `current`; `last_good` while the files hold errors and the flows served are those of before.
    #[schema(example = "current")]
    flows: &'static str,
    /// When the files were found to hold errors; `null` while they are `current`.
    flows_refused_at: Option<String>,
    /// How many faults were found then. `GET /v1/flows` tells which.
    #[schema(example = 0)]
    flow_faults: usize,
    /// How many flows calls are answered with.
    flow_count: usize,
    /// The server's version.
    #[schema(example = "0.1.0")]
    version: &'static str,
}

/// Whether the process is alive.
#[utoipa::path(get, path = "/healthz", tag = "operation", responses(
    (status = 200, description = "It is", body = Health),
))]
pub(super) async fn healthz() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Whether voice call actions are answered.
#[utoipa::path(get, path = "/readyz", tag = "operation", responses(
    (status = 200, description = "They are: `ready`, or `degraded`", body = Readiness),
    (status = 503, description = "They are not: `starting`, or `draining`", body = Readiness),
))]
pub(super) async fn readyz(State(app): State<App>) -> Response {
    let store_answers = matches!(timeout(PING_TIMEOUT, app.store.ping()).await, Ok(Ok(())));
    let serving = app.phase.is_serving();
    let refusal = app.shelf.refusal();
    let readiness = Readiness {
        status: match (serving, store_answers && refusal.is_none()) {
            (false, _) => app.phase.word(),
            (true, true) => "ready",
            (true, false) => "degraded",
        },
        store: if store_answers { "ok" } else { "down" },
        lag_seconds: app.store.lag().age.as_secs_f64(),
        flows: match refusal {
            None => "current",
            Some(_) => "last_good",
        },
        flows_refused_at: refusal.as_ref().map(|it| it.at.to_string()),
        flow_faults: refusal.map_or(0, |it| it.faults.len()),
        flow_count: app.shelf.library().all().len(),
        version: env!("CARGO_PKG_VERSION"),
    };
    let status = if serving {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(readiness)).into_response()
}

/// What the server has counted, for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "operation", responses(
    (status = 200, description = "The counters", body = String, content_type = "text/plain"),
))]
pub(super) async fn metrics(State(app): State<App>) -> Response {
    let lag = app.store.lag();
    let live = timeout(PING_TIMEOUT, app.store.live_sessions()).await;
    app.metrics.store(live.ok().and_then(Result::ok));
    app.metrics.lag(lag);
    app.metrics.bookings(&app.numbers.bookings().counted());
    app.metrics
        .events(&app.messenger.counted(), app.messenger.pruned());
    if let Ok(Ok(endpoints)) = timeout(PING_TIMEOUT, app.store.outbox().endpoints()).await {
        app.metrics.waiting(&endpoints, app.clock.now());
    }
    if let Ok(Ok(keys)) = timeout(PING_TIMEOUT, app.store.key_ring().keys()).await {
        let waiting = keys.iter().filter_map(|key| key.rewriting);
        app.metrics
            .key_rows_waiting(waiting.map(|it| it.waiting).sum());
    }
    let media_type = (
        header::CONTENT_TYPE,
        "text/plain; version=0.0.4; charset=utf-8",
    );
    ([media_type], app.metrics.render()).into_response()
}

/// This description.
#[utoipa::path(get, path = "/openapi.json", tag = "operation", responses(
    (status = 200, description = "OpenAPI 3.1", body = Object, content_type = "application/json"),
))]
pub(super) async fn openapi() -> Response {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        DESCRIPTION
            .to_pretty_json()
            .expect("a description is plain data")
    });
    ([(header::CONTENT_TYPE, "application/json")], TEXT.as_str()).into_response()
}

#[cfg(test)]
mod tests;
