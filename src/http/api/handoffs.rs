//! `GET /v1/handoffs`: the calls that were handed to the Contact Center, and what came of each.

use axum::extract::State;
use axum::http::Uri;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;

use super::find;
use super::query::Parameters;
use super::shown::Shown;
use crate::contact_center::handoff::{By, Handoff};
use crate::http::app::App;
use crate::http::auth::Caller;
use crate::http::problem::{Problem, ProblemDetails};

/// How many a page holds when nobody says.
const PAGE: u32 = 50;

/// How many a page holds at most.
const PAGE_LIMIT: u32 = 200;

/// A page of handoffs.
#[derive(Debug, Serialize, ToSchema)]
pub struct HandoffList {
    /// Newest first.
    items: Vec<HandoffItem>,
    /// Where the next page begins; null when this is the last.
    next_cursor: Option<String>,
}

/// A handoff.
#[derive(Debug, Serialize, ToSchema)]
pub struct HandoffItem {
    /// Ours.
    id: String,
    /// `TAKEN`, `REFUSED`, `NOT_SENT`, `UNKNOWN`; `UNDER_WAY` while it is sent, and for good when the server died then.
    #[schema(example = "TAKEN")]
    state: &'static str,
    /// Why the call is not taken over, or may not be.
    reason: Option<String>,
    /// The queue.
    #[schema(example = "102")]
    queue: String,
    /// The call's Call-ID in SIP.
    sip_id: String,
    /// `script`, or `flow`.
    #[schema(example = "flow")]
    by: &'static str,
    /// The flow's session.
    session_id: Option<String>,
    /// When it was asked for.
    #[schema(format = DateTime)]
    asked_at: String,
    /// What the agent sees.
    data: Vec<DataItem>,
}

/// A name and its value.
#[derive(Debug, Serialize, ToSchema)]
pub struct DataItem {
    #[schema(example = "First Name")]
    name: String,
    #[schema(example = "John")]
    value: String,
}

/// Handoffs to the Contact Center, newest first.
#[utoipa::path(get, path = "/v1/handoffs", tag = "contact center",
    params(
        ("cursor" = Option<String>, Query, description = "The `next_cursor` of the page before"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "How many at most; 50 when left out"),
    ),
    responses(
        (status = 200, description = "A page of handoffs", body = HandoffList),
        (status = 400, description = "`bad_query`", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`", body = ProblemDetails, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn list(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Result<Json<HandoffList>, Problem> {
    let (after, limit) = asked(&uri)?;
    // One more than is shown says whether there is another page.
    let read = app.store.handoffs().handoffs(after.as_deref(), limit + 1);
    let (found, next_cursor) = page(find(&app, read).await?, limit, |it| &it.id);
    let shown = Shown::to(caller);
    let items = found.iter().map(|it| HandoffItem::new(it, shown)).collect();
    Ok(Json(HandoffList { items, next_cursor }))
}

/// The records of a page of which one more was read than it may hold, and where the next begins.
pub(super) fn page<T>(
    mut read: Vec<T>,
    limit: u32,
    id: impl Fn(&T) -> &str,
) -> (Vec<T>, Option<String>) {
    let more = read.len() > limit as usize;
    read.truncate(limit as usize);
    let last = read.last().filter(|_| more);
    let next = last.map(|last| id(last).to_owned());
    (read, next)
}

/// Which page is asked for: after which id, how many.
pub(super) fn asked(uri: &Uri) -> Result<(Option<String>, u32), Problem> {
    let mut given = Parameters::of(uri);
    let cursor = given.read("cursor", "the next_cursor of the page before", |text| {
        let of_id = |c: char| c.is_ascii_hexdigit() || c == '-';
        (text.len() == 36 && text.chars().all(of_id)).then(|| text.to_owned())
    });
    let limit = given.read("limit", "a whole number from 1 to 200", |text| {
        text.parse()
            .ok()
            .filter(|limit| (1..=PAGE_LIMIT).contains(limit))
    });
    given.end()?;
    Ok((cursor, limit.unwrap_or(PAGE)))
}

impl DataItem {
    /// All names and values, as they may be shown.
    pub(super) fn all<'d>(
        data: impl Iterator<Item = (&'d str, &'d str)>,
        shown: Shown,
    ) -> Vec<Self> {
        let one = |(name, value)| Self {
            name: shown.text(name),
            value: shown.text(value),
        };
        data.map(one).collect()
    }
}

impl HandoffItem {
    fn new(handoff: &Handoff, shown: Shown) -> Self {
        let (by, session_id) = match &handoff.by {
            By::Script => ("script", None),
            By::Flow(session) => ("flow", Some(session.to_string())),
        };
        Self {
            id: handoff.id.clone(),
            state: handoff.outcome.state(),
            reason: handoff.outcome.reason(),
            queue: handoff.request.queue.to_string(),
            sip_id: handoff.request.sip_id.as_str().to_owned(),
            by,
            session_id,
            asked_at: handoff.asked_at.to_string(),
            data: DataItem::all(handoff.request.data.iter(), shown),
        }
    }
}
