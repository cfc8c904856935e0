//! `/v1/events`: what was told, to whom, and once more.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::find;
use super::query::Parameters;
use crate::events::Kind;
use crate::events::told::{Numbers, shown};
use crate::http::app::App;
use crate::http::auth::Caller;
use crate::http::body::Unread;
use crate::http::problem::{Fault, Problem, ProblemDetails};
use crate::store::EventRecord;
use crate::store::outbox::{EndpointState, EventFilter};

/// The largest body, in bytes.
pub(in crate::http) const BODY_LIMIT: usize = 4096;

/// How many events a page holds when nobody says, and at most.
const PAGE: u32 = 50;
const PAGE_LIMIT: u32 = 200;

/// Events, in their order.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventList {
    items: Vec<EventItem>,
    /// The `after` of the next page; null when there is nothing behind these yet.
    next_after: Option<u64>,
}

/// An event.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventItem {
    /// What it is called wherever it is sent (`webhook-id`).
    #[schema(example = "evt_0f1e2d3c4b5a69788796a5b4c3d2e1f0")]
    id: String,
    /// Its place in the order of all events.
    number: u64,
    /// What happened.
    #[serde(rename = "type")]
    #[schema(example = "session.ended")]
    kind: String,
    #[schema(format = DateTime)]
    timestamp: String,
    /// The how manieth of its session or booking it is, from 1.
    sequence: Option<u32>,
    /// What is told of it.
    #[schema(value_type = Object)]
    data: Value,
    /// The endpoints that it waits for.
    waiting: Vec<WaitingView>,
}

/// An endpoint that has not got an event.
#[derive(Debug, Serialize, ToSchema)]
pub struct WaitingView {
    endpoint: String,
    /// How many tries have failed.
    tries: u32,
    /// When it is tried next; null when it was given up.
    #[schema(format = DateTime)]
    next_try_at: Option<String>,
}

/// The endpoints.
#[derive(Debug, Serialize, ToSchema)]
pub struct EndpointList {
    items: Vec<EndpointView>,
}

/// An endpoint and how it does.
#[derive(Debug, Serialize, ToSchema)]
pub struct EndpointView {
    name: String,
    /// `active`, `quiet` (it asked for a pause), `disabled` (it said that it wants no more), or `unknown`, which the
    /// configuration does not name any more.
    #[schema(example = "active")]
    state: &'static str,
    /// Until when it asked to be left alone.
    #[schema(format = DateTime)]
    quiet_until: Option<String>,
    /// How many events wait for it.
    waiting: u64,
    /// How many were given up.
    given_up: u64,
    /// When the oldest that waits happened.
    #[schema(format = DateTime)]
    oldest_waiting: Option<String>,
    #[schema(format = DateTime)]
    last_delivered_at: Option<String>,
    #[schema(format = DateTime)]
    last_failed_at: Option<String>,
    last_failure: Option<String>,
}

/// Which events are sent again. One of `from` and `after` has to be there.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayRequest {
    /// Only to this endpoint.
    endpoint: Option<String>,
    /// Happened at or after this time (RFC 3339).
    from: Option<String>,
    /// Happened before this time.
    to: Option<String>,
    /// Behind this number.
    after: Option<u64>,
    /// Up to this number.
    through: Option<u64>,
    /// Only of these types.
    types: Option<Vec<String>>,
}

/// What is sent again.
#[derive(Debug, Serialize, ToSchema)]
pub struct Replayed {
    /// How many deliveries.
    deliveries: u64,
}

/// Events, the oldest first.
#[utoipa::path(get, path = "/v1/events", tag = "events",
    params(
        ("after" = Option<u64>, Query, description = "Only those behind this number"),
        ("last" = Option<u32>, Query, minimum = 1, maximum = 200, description = "Only the last so many"),
        ("from" = Option<String>, Query, format = DateTime, description = "Happened at or after this time (RFC 3339)"),
        ("to" = Option<String>, Query, format = DateTime, description = "Happened before this time (RFC 3339)"),
        ("type" = Option<String>, Query, description = "Only of this type"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "How many at most; 50 when left out"),
    ),
    responses(
        (status = 200, description = "A page of events", body = EventList),
        (status = 400, description = "`bad_query`: every parameter that is unknown or wrong", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`", body = ProblemDetails, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn list(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Result<Json<EventList>, Problem> {
    let filter = filter(&uri)?;
    let events = find(&app, app.store.outbox().events(&filter)).await?;
    let numbers = match caller.sees_numbers {
        true => Numbers::Whole,
        false => Numbers::Masked,
    };
    let more = events.len() as u64 == u64::from(filter.limit) && !filter.last;
    Ok(Json(EventList {
        next_after: events.last().filter(|_| more).map(|event| event.number),
        items: events.iter().map(|event| item(event, numbers)).collect(),
    }))
}

/// Sends events again, whether they were delivered or not, each with the id that it had.
#[utoipa::path(post, path = "/v1/events/replay", tag = "events", request_body = ReplayRequest, responses(
    (status = 202, description = "They are on their way", body = Replayed),
    (status = 404, description = "`not_found`: there is no such endpoint", body = ProblemDetails, content_type = "application/problem+json"),
    (status = 422, description = "`bad_replay`", body = ProblemDetails, content_type = "application/problem+json"),
    (status = 503, description = "`store_unavailable`", body = ProblemDetails, content_type = "application/problem+json"),
))]
pub(in crate::http) async fn replay(
    State(app): State<App>,
    body: Unread,
) -> Result<(axum::http::StatusCode, Json<Replayed>), Problem> {
    let body = body.read().await?;
    let (endpoint, filter) = range(&body).map_err(Problem::bad_replay)?;
    let names: Vec<String> = match endpoint {
        Some(name) => vec![name],
        None => app.messenger.names().map(str::to_owned).collect(),
    };
    let mut deliveries = 0;
    for name in names {
        let replayed = app.messenger.replay(&name, &filter).await;
        match replayed {
            Ok(Some(count)) => deliveries += count,
            Ok(None) => return Err(Problem::not_found("endpoint")),
            Err(error) => {
                app.metrics.store_failure("keep");
                tracing::error!(%error, "events could not be sent again: answered 503");
                return Err(Problem::store_unavailable());
            }
        }
    }
    Ok((
        axum::http::StatusCode::ACCEPTED,
        Json(Replayed { deliveries }),
    ))
}

/// The endpoints and how they do.
#[utoipa::path(get, path = "/v1/events/endpoints", tag = "events", responses(
    (status = 200, description = "The endpoints", body = EndpointList),
    (status = 503, description = "`store_unavailable`", body = ProblemDetails, content_type = "application/problem+json"),
))]
pub(in crate::http) async fn endpoints(
    State(app): State<App>,
) -> Result<Json<EndpointList>, Problem> {
    let states = find(&app, app.store.outbox().endpoints()).await?;
    let now = app.clock.now();
    let is_known = |name: &str| app.messenger.names().any(|known| known == name);
    let items = states
        .into_iter()
        .map(|state| view(is_known(&state.name), state, now))
        .collect();
    Ok(Json(EndpointList { items }))
}

/// Has an endpoint be sent to again that said it wants no more.
#[utoipa::path(post, path = "/v1/events/endpoints/{name}/enable", tag = "events",
    params(("name" = String, Path, description = "The endpoint's name")),
    responses(
        (status = 200, description = "The endpoints", body = EndpointList),
        (status = 404, description = "`not_found`", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`", body = ProblemDetails, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn enable(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Json<EndpointList>, Problem> {
    let Path(name) = name.map_err(|_| Problem::not_found("endpoint"))?;
    match find(&app, app.store.outbox().enable_endpoint(&name)).await? {
        true => endpoints(State(app)).await,
        false => Err(Problem::not_found("endpoint")),
    }
}

fn filter(uri: &Uri) -> Result<EventFilter, Problem> {
    let mut given = Parameters::of(uri);
    let time = "write a time as 2026-11-21T08:00:00Z";
    let read_limit = |text: &str| {
        let limit = text.parse().ok();
        limit.filter(|limit| (1..=PAGE_LIMIT).contains(limit))
    };
    let limit = given.read("limit", "write a number from 1 to 200", read_limit);
    let last = given.read("last", "write a number from 1 to 200", read_limit);
    let filter = EventFilter {
        after: given
            .read("after", "write an event's number", |text| text.parse().ok())
            .unwrap_or(0),
        through: None,
        from: given.read("from", time, |text| text.parse().ok()),
        to: given.read("to", time, |text| text.parse().ok()),
        kinds: given
            .read("type", "write a type such as session.ended", kind)
            .into_iter()
            .collect(),
        limit: last.or(limit).unwrap_or(PAGE),
        last: last.is_some(),
    };
    given.end()?;
    Ok(filter)
}

fn kind(word: &str) -> Option<Kind> {
    Kind::ALL.into_iter().find(|kind| kind.as_str() == word)
}

/// Reads which events are to be sent again; every fault at once.
fn range(body: &[u8]) -> Result<(Option<String>, EventFilter), Vec<Fault>> {
    let wants = "send {\"from\": \"2026-11-21T08:00:00Z\"}, or {\"after\": 1200, \"through\": 1300, \"endpoint\": \"crm\"}";
    let asked: ReplayRequest = serde_json::from_slice(body)
        .map_err(|_| vec![fault("", "is not a range of events", wants)])?;
    let mut faults = Vec::new();
    let time = "write a time as 2026-11-21T08:00:00Z";
    let mut read = |name: &str, text: Option<String>| {
        let parsed = text.as_deref().map(str::parse::<Timestamp>);
        if matches!(parsed, Some(Err(_))) {
            faults.push(fault(name, "is no time", time));
        }
        parsed.and_then(Result::ok)
    };
    let (from, to) = (read("from", asked.from.clone()), read("to", asked.to));
    let mut kinds = Vec::new();
    for (index, word) in asked.types.iter().flatten().enumerate() {
        match kind(word) {
            Some(kind) => kinds.push(kind),
            None => faults.push(fault(
                &format!("types[{index}]"),
                "is no type of event",
                "write one such as session.ended",
            )),
        }
    }
    if asked.from.is_none() && asked.after.is_none() {
        faults.push(fault("from", "is missing, and so is `after`", wants));
    }
    match faults.is_empty() {
        true => Ok((
            asked.endpoint,
            EventFilter {
                after: asked.after.unwrap_or(0),
                through: asked.through,
                from,
                to,
                kinds,
                ..EventFilter::default()
            },
        )),
        false => Err(faults),
    }
}

fn fault(path: &str, message: &str, help: &str) -> Fault {
    Fault {
        path: path.to_owned(),
        message: message.to_owned(),
        help: help.to_owned(),
    }
}

fn item(event: &EventRecord, numbers: Numbers) -> EventItem {
    let waiting = event.waiting.iter();
    EventItem {
        id: event.id.clone(),
        number: event.number,
        kind: event.kind.clone(),
        timestamp: time(event.at),
        sequence: event.sequence,
        data: shown(&event.data, numbers),
        waiting: waiting
            .map(|waiting| WaitingView {
                endpoint: waiting.endpoint.clone(),
                tries: waiting.tries,
                next_try_at: waiting.due_at.map(time),
            })
            .collect(),
    }
}

fn view(is_known: bool, state: EndpointState, now: Timestamp) -> EndpointView {
    let is_quiet = state.quiet_until.is_some_and(|until| until > now);
    EndpointView {
        state: match (is_known, state.disabled_at.is_some(), is_quiet) {
            (false, _, _) => "unknown",
            (true, true, _) => "disabled",
            (true, false, true) => "quiet",
            (true, false, false) => "active",
        },
        name: state.name,
        quiet_until: state.quiet_until.filter(|_| is_quiet).map(time),
        waiting: state.waiting,
        given_up: state.given_up,
        oldest_waiting: state.oldest_waiting.map(time),
        last_delivered_at: state.last_delivered_at.map(time),
        last_failed_at: state.last_failed_at.map(time),
        last_failure: state.last_failure,
    }
}

fn time(at: Timestamp) -> String {
    format!("{at:.3}")
}
