//! What the platform POSTs to us: parsed at the door, held against the sub-account's secret, answered.
//!
//! A voice call action is answered 200 with a callflow whatever breaks behind the door, a panic included. Every other
//! webhook is answered 200 once it is on the disk, also when it is repeated, and 503 when it could not be put there.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use axum::Extension;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use super::app::App;
use super::auth::Presented;
use super::body::Unread;
use super::log::About;
use super::problem::{Fault, Problem, ProblemDetails};
use super::turns::Waiting;
use super::webhook_schema::{Callflow, Vca, Vcs, Vnu, Vru, Vss};
use crate::call::SessionId;
use crate::call::event::CallAction;
use crate::platform::webhook::{self, Kind, Webhook, blank_digits};
use crate::store;
use crate::switchboard::Given;
use crate::text::plain;

/// How long the store may take for a webhook that nobody waits for on the telephone.
const STORE_BUDGET: Duration = Duration::from_millis(400);

/// How long the answer to a voice call action may take in all; the platform is promised one within two seconds.
const ANSWER_BUDGET: Duration = Duration::from_millis(1_500);

/// Bodies larger than this are parsed where they hold nobody up.
const PARSED_IN_PLACE: usize = 256 * 1024;

/// A webhook is stored.
#[derive(Debug, Serialize, ToSchema)]
pub struct Stored {
    /// Always `stored`.
    #[schema(example = "stored")]
    status: &'static str,
}

/// A voice call action (VCA, `CALL_ACTION`): the call waits for the callflow that this answers with.
#[utoipa::path(post, path = "/webhooks/vca", tag = "webhooks", request_body = Vca, responses(
    (status = 200, description = "What the platform does next", body = Callflow),
))]
pub(super) async fn vca(State(app): State<App>, door: Door) -> Response {
    let began = Instant::now();
    let taking = AssertUnwindSafe(take(&app, door, Some(Kind::CallAction))).catch_unwind();
    taking.await.unwrap_or_else(|_| {
        let given = apologize(&app, None, Broken::Panicked);
        spoken(&app, given, None, began)
    })
}

/// A voice call status (VCS, `CALL_STATUS`).
#[utoipa::path(post, path = "/webhooks/vcs", tag = "webhooks", request_body = Vcs, responses(
    (status = 200, description = "It is on the disk", body = Stored),
    (status = 503, description = "It is not: send it again", body = ProblemDetails, content_type = "application/problem+json"),
))]
pub(super) async fn vcs(State(app): State<App>, door: Door) -> Response {
    take(&app, door, Some(Kind::CallStatus)).await
}

/// A voice session summary (VSS, `SESSION_SUMMARY`).
#[utoipa::path(post, path = "/webhooks/vss", tag = "webhooks", request_body = Vss, responses(
    (status = 200, description = "It is on the disk", body = Stored),
    (status = 503, description = "It is not: send it again", body = ProblemDetails, content_type = "application/problem+json"),
))]
pub(super) async fn vss(State(app): State<App>, door: Door) -> Response {
    take(&app, door, Some(Kind::SessionSummary)).await
}

/// A voice recording update (VRU, `CALL_RECORDING_STATUS`).
#[utoipa::path(post, path = "/webhooks/vru", tag = "webhooks", request_body = Vru, responses(
    (status = 200, description = "It is on the disk", body = Stored),
    (status = 503, description = "It is not: send it again", body = ProblemDetails, content_type = "application/problem+json"),
))]
pub(super) async fn vru(State(app): State<App>, door: Door) -> Response {
    take(&app, door, Some(Kind::Recording)).await
}

/// A virtual number update (VNU, `VIRTUAL_NUMBER_UPDATE`).
#[utoipa::path(post, path = "/webhooks/vnu", tag = "webhooks", request_body = Vnu, responses(
    (status = 200, description = "It is on the disk", body = Stored),
    (status = 503, description = "It is not: send it again", body = ProblemDetails, content_type = "application/problem+json"),
))]
pub(super) async fn vnu(State(app): State<App>, door: Door) -> Response {
    take(&app, door, Some(Kind::NumberUpdate)).await
}

/// A webhook of any type, told by its `eventType`.
#[utoipa::path(post, path = "/webhooks", tag = "webhooks", request_body = Vca, responses(
    (status = 200, description = "A callflow for a voice call action, else that it is on the disk", body = Callflow),
    (status = 503, description = "It is not on the disk: send it again", body = ProblemDetails, content_type = "application/problem+json"),
))]
pub(super) async fn any(State(app): State<App>, door: Door) -> Response {
    take(&app, door, None).await
}

/// What a webhook's head has shown, whose secret came, and its body.
pub(super) type Door = (Extension<Presented>, Unread);

/// Reads, judges and answers a webhook; `expected` is the type that the path takes.
async fn take(app: &App, door: Door, expected: Option<Kind>) -> Response {
    let (Extension(presented), unread) = door;
    let began = Instant::now();
    let body = match unread.read().await {
        Ok(body) => body,
        Err(problem) => return problem.into_response(),
    };
    match admit(app, &presented, expected, &body).await {
        Ok(webhook) => answer(app, webhook, &body, began).await,
        Err(problem) => problem.into_response(),
    }
}

/// What a body means, when it is a webhook of this path and of one of our sub-accounts.
async fn admit(
    app: &App,
    presented: &Presented,
    expected: Option<Kind>,
    body: &Bytes,
) -> Result<Webhook, Problem> {
    let webhook = parse(body.clone(), expected).await?;
    let limit = webhook.kind().body_limit();
    if body.len() > limit {
        return Err(Problem::body_too_large(limit));
    }
    // The platform names no sub-account in a VRU: its session's own webhooks do.
    if webhook.kind() != Kind::Recording {
        app.webhook_keys
            .of_sub_account(presented, webhook.sub_account())?;
    }
    Ok(webhook)
}

async fn parse(body: Bytes, expected: Option<Kind>) -> Result<Webhook, Problem> {
    let parsed = if body.len() <= PARSED_IN_PLACE {
        webhook::parse(&body, expected)
    } else {
        aside(move || webhook::parse(&body, expected)).await?
    };
    parsed.map_err(|refusal| {
        Problem::bad_webhook(refusal.faults.into_iter().map(|fault| Fault {
            path: fault.path,
            message: fault.message,
            help: fault.help,
        }))
    })
}

/// Does long `work` where it holds nobody up. Its panic is the handler's.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(done),
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => Err(Problem::internal()),
    }
}

/// Answers a webhook that was let in, and tells the log whose session it is about.
async fn answer(app: &App, webhook: Webhook, body: &Bytes, began: Instant) -> Response {
    let session = webhook.session().cloned();
    let Some(_turn) = app.turns.take(waiting(&webhook)).await else {
        return send_away(app, &webhook, session, began);
    };
    // It is UTF-8, or it had not been let in.
    let body = std::str::from_utf8(body).unwrap_or_default();
    match webhook {
        Webhook::CallAction(action) => {
            let given = speak(app, action, body).await;
            spoken(app, given, session, began)
        }
        other => {
            let mut response = keep(app, other, body).await;
            crate::failpoint!(
                "webhook.stored",
                session.as_ref().map_or("", |id| id.as_str()),
                unstored(app, &store::StoreError::Busy)
            );
            let outcome = None;
            response.extensions_mut().insert(About { session, outcome });
            response
        }
    }
}

fn waiting(webhook: &Webhook) -> Waiting {
    match webhook {
        Webhook::CallAction(action) if action.client_action_id.is_some() => Waiting::LiveCall,
        Webhook::CallAction(_) => Waiting::NewCall,
        _ => Waiting::Other,
    }
}

/// Answers a webhook that there was no time for.
fn send_away(app: &App, webhook: &Webhook, session: Option<SessionId>, began: Instant) -> Response {
    app.turns.say_so();
    if !matches!(webhook, Webhook::CallAction(_)) {
        return Problem::store_unavailable().into_response();
    }
    let given = Given {
        reply: app.switchboard.apology(),
        outcome: "shed",
        stored: false,
    };
    spoken(app, given, session, began)
}

/// A callflow on its way, counted, with what its log line says.
fn spoken(app: &App, given: Given, session: Option<SessionId>, began: Instant) -> Response {
    app.metrics
        .vca(given.outcome, given.stored, began.elapsed());
    let media_type = (header::CONTENT_TYPE, "application/json");
    let mut response = ([media_type], String::from(&*given.reply)).into_response();
    let outcome = Some(given.outcome);
    response.extensions_mut().insert(About { session, outcome });
    response
}

/// What a caller hears next: whatever breaks on the way, something valid in time.
async fn speak(app: &App, action: CallAction, body: &str) -> Given {
    let session = action.session.clone();
    unbroken(app.switchboard.answer(action, body))
        .await
        .unwrap_or_else(|broken| apologize(app, Some(session.as_str()), broken))
}

/// The apology, counted and logged.
fn apologize(app: &App, session: Option<&str>, broken: Broken) -> Given {
    if broken == Broken::Panicked {
        app.metrics.panic();
    }
    let session_id = session.and_then(plain);
    tracing::error!(session_id, %broken, "a caller heard the apology");
    Given {
        reply: app.switchboard.apology(),
        outcome: broken.word(),
        stored: false,
    }
}

/// Why a voice call action got no answer of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Broken {
    #[error("the answer panicked")]
    Panicked,
    #[error("the answer was not there within {} ms", ANSWER_BUDGET.as_millis())]
    Late,
}

impl Broken {
    fn word(self) -> &'static str {
        match self {
            Self::Panicked => "panicked",
            Self::Late => "late",
        }
    }
}

/// What `answering` gives, unless it panics or takes longer than a caller can wait. No `async fn`, which would hold the
/// future twice: every request pays for the size of its own.
fn unbroken<T>(answering: impl Future<Output = T>) -> impl Future<Output = Result<T, Broken>> {
    let answering = AssertUnwindSafe(answering).catch_unwind();
    timeout(ANSWER_BUDGET, answering).map(|answered| match answered {
        Ok(Ok(given)) => Ok(given),
        Ok(Err(_)) => Err(Broken::Panicked),
        Err(_) => Err(Broken::Late),
    })
}

/// Puts a webhook on the disk within the budget.
async fn keep(app: &App, webhook: Webhook, body: &str) -> Response {
    match timeout(STORE_BUDGET, put(app, webhook, body)).await {
        Ok(Ok(())) => Json(Stored { status: "stored" }).into_response(),
        Ok(Err(error)) => unstored(app, &error),
        Err(late) => unstored(app, &late),
    }
}

/// A webhook's digits are blanked whatever the step: a status does not say which step they were keyed at.
async fn put(app: &App, webhook: Webhook, body: &str) -> Result<(), store::StoreError> {
    crate::failpoint!(
        "webhook.admitted",
        webhook.session().map_or("", |id| id.as_str()),
        Err(store::StoreError::Busy)
    );
    let body = blank_digits(body);
    let received_at = app.clock.now();
    match webhook {
        Webhook::CallAction(_) => Ok(()),
        Webhook::CallStatus(event) => {
            app.store
                .keep_status(store::Webhook::new(event, body, received_at))
                .await
        }
        Webhook::SessionSummary(event) => {
            app.switchboard.ended(&event.session).await;
            app.dialer.hear(&event, received_at).await?;
            app.store
                .keep_summary(store::Webhook::new(event, body, received_at))
                .await
        }
        Webhook::Recording(event) => {
            app.store
                .keep_recording(store::Webhook::new(event, body, received_at))
                .await
        }
        Webhook::Numbers(event) => {
            let own: Vec<_> = event
                .numbers
                .iter()
                .map(|told| told.number.clone())
                .collect();
            let webhook = store::Webhook::new(event.clone(), body, received_at);
            app.store.keep_numbers(webhook).await?;
            app.switchboard.learn(own);
            // On the heap: it is rare and large, and every other webhook would pay for it.
            Box::pin(app.numbers.hear_update(&event)).await
        }
    }
}

fn unstored(app: &App, error: &dyn std::fmt::Display) -> Response {
    app.metrics.store_failure("keep");
    tracing::error!(%error, "a webhook could not be stored: answered 503");
    Problem::store_unavailable().into_response()
}

#[cfg(test)]
mod tests;
