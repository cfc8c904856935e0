//! The Contact Center's side of the port: whatever is asked of the tenant, with what is scripted to go wrong; updates that
//! stream; and what people set there (`/emulator/contact-center/…`).

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures_util::{StreamExt as _, stream};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Duration, sleep};

use super::super::call;
use super::super::center::{Asked, Center, CenterFault, NotSubscribed, Queue, Reply};
use super::super::exchange::Emulator;
use super::desk::{Answered, done, read, refused};
use super::{Refusal, Silence};
use crate::contact_center::schedule::Status;

/// The largest request that is read, in bytes.
const LARGEST: usize = 1024 * 1024;

/// How often somebody who listens is looked after, whatever happens.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The segment before a subscription's path.
const SUBSCRIBE: &str = "/api/streaming/v1/clientconnect/subscribe/";

/// Answers for the tenant, when there is one.
pub(super) async fn answer(State(emulator): State<Emulator>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let asked = asked(head.method.as_str(), &head.uri, &head.headers, body);
    if head.uri.path().starts_with(SUBSCRIBE) {
        return subscribe(emulator, &asked);
    }
    let fault = emulator
        .center(|center| center.faults.pop_front())
        .flatten();
    let done_as_asked = !matches!(
        fault,
        Some(
            CenterFault::Refused(_)
                | CenterFault::Stuck
                | CenterFault::WrongBody
                | CenterFault::Elsewhere
        )
    );
    let reply = done_as_asked.then(|| emulator.center(|center| center.answer(&asked)));
    match (fault, reply.flatten()) {
        (Some(fault), reply) => gone_wrong(fault, reply).await,
        (None, Some(reply)) => response(reply),
        (None, None) => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn gone_wrong(fault: CenterFault, reply: Option<Reply>) -> Response {
    let broken_off = || {
        let mut response = StatusCode::OK.into_response();
        response.extensions_mut().insert(Silence);
        response
    };
    match (fault, reply) {
        (CenterFault::Refused(status), _) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            status.into_response()
        }
        (CenterFault::Slow(ms), Some(reply)) => {
            sleep(Duration::from_millis(ms)).await;
            response(reply)
        }
        (CenterFault::Stuck, _) => {
            sleep(Duration::from_secs(600)).await;
            broken_off()
        }
        (CenterFault::HalfABody, Some(reply)) => {
            let half = reply.body.len() / 2;
            let first = Bytes::from(reply.body.as_bytes()[..half].to_vec());
            let broken = stream::iter([
                Ok(first),
                Err(std::io::Error::other("broken off, as scripted")),
            ]);
            let length = [(header::CONTENT_LENGTH, (reply.body.len() + 10).to_string())];
            (length, Body::from_stream(broken)).into_response()
        }
        (CenterFault::WrongBody, _) => "<html>Sorry</html>".into_response(),
        (CenterFault::Elsewhere, _) => (
            StatusCode::FOUND,
            [(header::LOCATION, "http://127.0.0.1:1/")],
        )
            .into_response(),
        _ => broken_off(),
    }
}

fn response(reply: Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, [(header::CONTENT_TYPE, reply.media)], reply.body).into_response();
    if let Some(location) = reply.location.and_then(|it| it.parse().ok()) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

fn asked(method: &str, uri: &Uri, headers: &HeaderMap, body: Bytes) -> Asked {
    let decoded = |segment: &str| {
        // A `+` is no blank in a path.
        let pair = segment.replace('+', "%2B");
        let mut pairs = form_urlencoded::parse(pair.as_bytes());
        pairs
            .next()
            .map_or_else(String::new, |(name, _)| name.into_owned())
    };
    let owned = |pairs: form_urlencoded::Parse<'_>| pairs.into_owned().collect::<Vec<_>>();
    let mut parameters = owned(form_urlencoded::parse(uri.query().unwrap_or("").as_bytes()));
    let is_form = headers.get(header::CONTENT_TYPE).is_some_and(|it| {
        it.as_bytes()
            .starts_with(b"application/x-www-form-urlencoded")
    });
    if is_form {
        parameters.extend(owned(form_urlencoded::parse(&body)));
    }
    Asked {
        method: method.to_owned(),
        path: uri
            .path()
            .trim_start_matches('/')
            .split('/')
            .map(decoded)
            .collect(),
        parameters,
        basic: basic(headers),
        body: body.to_vec(),
    }
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Basic ")?;
    let text = String::from_utf8(BASE64_STANDARD.decode(value).ok()?).ok()?;
    let (tenant, token) = text.split_once(':')?;
    Some((tenant.to_owned(), token.to_owned()))
}

/// Somebody who listens; leaves when the connection goes.
struct Listener {
    emulator: Emulator,
    id: String,
    /// Whether anything was sent yet.
    begun: bool,
}

impl Listener {
    fn now(&self) -> i64 {
        self.emulator.clock().now().as_second()
    }

    /// The next lines; `None` when the hour is over.
    async fn next(&mut self) -> Option<String> {
        if !std::mem::replace(&mut self.begun, true) {
            // The real service begins with padding.
            return Some(" ".repeat(64) + "\n");
        }
        loop {
            let changed = self.emulator.center_changed().notified();
            let now = self.now();
            let updates = self
                .emulator
                .listen(|center| center.updates(&self.id, now))??;
            if !updates.is_empty() {
                return Some(updates.iter().map(|it| format!("{it}\n")).collect());
            }
            tokio::select! {
                () = changed => {}
                () = sleep(LOOK_EVERY) => {}
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let now = self.now();
        self.emulator.listen(|center| center.leave(&self.id, now));
    }
}

fn subscribe(emulator: Emulator, asked: &Asked) -> Response {
    let id = asked.parameters.iter().find(|(name, _)| name == "subsId");
    let id = id.map_or_else(String::new, |(_, id)| id.clone());
    let now = emulator.clock().now().as_second();
    match emulator.listen(|center| center.listen(asked, &id, now)) {
        Some(Ok(())) => {}
        Some(Err(NotSubscribed::Token)) => return StatusCode::UNAUTHORIZED.into_response(),
        Some(Err(NotSubscribed::Full)) => {
            return (StatusCode::SERVICE_UNAVAILABLE, "too many clients").into_response();
        }
        None => return StatusCode::NOT_FOUND.into_response(),
    }
    let listener = Listener {
        emulator,
        id,
        begun: false,
    };
    let lines = stream::unfold(listener, async |mut listener| {
        let lines = listener.next().await?;
        Some((Ok::<_, std::io::Error>(lines), listener))
    });
    Body::from_stream(lines.boxed()).into_response()
}

pub(super) fn routes() -> Router<Emulator> {
    Router::new()
        .route("/", get(look))
        .route("/queues/{id}", post(set_queue))
        .route("/schedules/{id}", post(set_schedule))
        .route("/callbacks/{transaction}", post(end_callback))
        .route("/faults", post(script))
        .route("/updates", post(happens))
}

fn with_center<T>(emulator: &Emulator, act: impl FnOnce(&mut Center) -> T) -> Result<T, Refusal> {
    let acted = emulator.center(act);
    acted.ok_or_else(|| {
        refused(
            StatusCode::NOT_FOUND,
            "this emulator has no Contact Center: start it with --tenant",
        )
    })
}

async fn look(State(emulator): State<Emulator>) -> Answered {
    let seen = with_center(&emulator, |center| {
        json!({
            "queues": center.queues,
            "handoffs": center.handoffs(),
            "callbacks": center.callbacks(),
            "recordings_paused": center.agents,
            "listeners": center.listeners(),
            "asked": center.asked(),
        })
    })?;
    Ok(Json(seen))
}

async fn set_queue(
    State(emulator): State<Emulator>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answered {
    let queue: Queue = read(
        &body,
        r#"{"agents_free": 0, "agents_busy": 2, "waiting": 4, "longest_wait": 90}"#,
    )?;
    with_center(&emulator, |center| center.queues.insert(id, queue))?;
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Says {
    status: String,
}

async fn set_schedule(
    State(emulator): State<Emulator>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answered {
    let wanted = r#"{"status": "open"}, or "closed", or a choice from "1" to "6""#;
    let Says { status } = read(&body, wanted)?;
    let status =
        Status::of_word(&status).ok_or_else(|| refused(StatusCode::BAD_REQUEST, wanted))?;
    let found = with_center(&emulator, |center| {
        center
            .schedules
            .get_mut(&id)
            .map(|schedule| schedule.now = status)
            .is_some()
    })?;
    match found {
        true => done(),
        false => Err(refused(StatusCode::NOT_FOUND, "there is no such schedule")),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CallbackEnds {
    answered: bool,
}

async fn end_callback(
    State(emulator): State<Emulator>,
    Path(transaction): Path<u64>,
    body: Bytes,
) -> Answered {
    let CallbackEnds { answered } = read(&body, r#"{"answered": true}"#)?;
    match emulator.end_callback(transaction, answered).await {
        Some(call::Answer::Said { status, .. }) => Ok(Json(json!({"answered": status}))),
        Some(_) => Ok(Json(json!({"answered": "nobody"}))),
        None => Err(refused(
            StatusCode::NOT_FOUND,
            "there is no such call back, or nobody wants to be told of it",
        )),
    }
}

async fn script(State(emulator): State<Emulator>, body: Bytes) -> Answered {
    let wanted = r#"a list of {"refused": 503}, {"slow": 900}, "silent", "stuck", "half_a_body", "wrong_body", "elsewhere""#;
    let faults: Vec<CenterFault> = read(&body, wanted)?;
    with_center(&emulator, |center| center.faults.extend(faults))?;
    done()
}

async fn happens(State(emulator): State<Emulator>, body: Bytes) -> Answered {
    let told: Value = read(
        &body,
        r#"{"AgentStatusChange": {"agentId": "jdoe", "newState": 2}}"#,
    )?;
    let told = told.as_object().cloned().unwrap_or_default();
    with_center(&emulator, |center| {
        told.iter()
            .for_each(|(kind, told)| center.happens(kind, told))
    })?;
    done()
}
