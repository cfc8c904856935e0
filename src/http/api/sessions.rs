//! `GET /v1/sessions` and `GET /v1/sessions/{session_id}`: calls, live and past.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::{Extension, Json};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;

use super::find;
use super::query::Parameters;
use super::session_view::{SessionDetail, SessionItem, SessionList};
use super::shown::Shown;
use crate::call::{PhoneNumber, SessionId};
use crate::flow::model::FlowId;
use crate::http::app::App;
use crate::http::auth::Caller;
use crate::http::problem::{Problem, ProblemDetails};
use crate::outbound::attempt::{Attempt, AttemptId};
use crate::platform::webhook::ending;
use crate::session::OutboundCall;
use crate::store::records::Place;
use crate::store::{SessionFilter, StoreError, WhichAttempt};

/// How many sessions a page holds when nobody says.
const PAGE: u32 = 50;

/// How many sessions a page holds at most.
const PAGE_LIMIT: u32 = 200;

/// The longest text that a status or flow is looked for by.
const WORD_LENGTH: usize = 64;

/// Sessions, newest first.
#[utoipa::path(get, path = "/v1/sessions", tag = "sessions",
    params(
        ("from" = Option<String>, Query, format = DateTime, description = "Begun at or after this time (RFC 3339)"),
        ("to" = Option<String>, Query, format = DateTime, description = "Begun before this time (RFC 3339)"),
        ("number" = Option<String>, Query, description = "The caller's or our number, in any spelling"),
        ("flow" = Option<String>, Query, description = "The flow's id"),
        ("status" = Option<String>, Query, description = "`live`, or the summary's word: `COMPLETED`, `NO_ANSWER` …"),
        ("cursor" = Option<String>, Query, description = "The `next_cursor` of the page before"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "How many at most; 50 when left out"),
    ),
    responses(
        (status = 200, description = "A page of sessions", body = SessionList),
        (status = 400, description = "`bad_query`: every parameter that is unknown or wrong", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`", body = ProblemDetails, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn list(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Result<Json<SessionList>, Problem> {
    let filter = filter(&uri)?;
    let page = find(&app, app.store.sessions(&filter)).await?;
    let shown = Shown::to(caller);
    Ok(Json(SessionList {
        items: page
            .items
            .iter()
            .map(|row| SessionItem::new(row, shown))
            .collect(),
        next_cursor: page.next.as_ref().map(cursor),
    }))
}

/// One session with all that is known of it.
#[utoipa::path(get, path = "/v1/sessions/{session_id}", tag = "sessions",
    params(("session_id" = String, Path, description = "The platform's id of the session, or ours of a call that was started")),
    responses(
        (status = 200, description = "The session", body = SessionDetail),
        (status = 404, description = "`not_found`", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`", body = ProblemDetails, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn show(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<SessionDetail>, Problem> {
    let Path(id) = id.map_err(|_| Problem::not_found("session"))?;
    let shown = Shown::to(caller);
    let call = find(&app, started(&app, &id)).await?;
    let session = match call.as_ref().map(|call| &call.attempt) {
        Some(Attempt::Accepted(accepted)) => accepted.session.clone(),
        _ => SessionId::new(id),
    };
    let record = find(&app, app.store.session(&session)).await?;
    let detail = match (record, call) {
        (Some(record), call) => SessionDetail::new(&record, call.as_ref(), shown),
        (None, Some(call)) => SessionDetail::not_heard_of(&call, shown),
        (None, None) => return Err(Problem::not_found("session")),
    };
    Ok(Json(detail))
}

/// The call that we started by this id, or that this session came of.
async fn started(app: &App, id: &str) -> Result<Option<OutboundCall>, StoreError> {
    let by_ours = WhichAttempt::Id(AttemptId::new(id));
    if let Some(call) = app.store.attempt(&by_ours).await? {
        return Ok(Some(call));
    }
    let by_session = WhichAttempt::Session(SessionId::new(id));
    app.store.attempt(&by_session).await
}

/// Which sessions are asked for.
fn filter(uri: &Uri) -> Result<SessionFilter, Problem> {
    let mut given = Parameters::of(uri);
    let time = "write a time as 2026-11-21T08:00:00Z";
    let filter = SessionFilter {
        from: given.read("from", time, read_time),
        to: given.read("to", time, read_time),
        number: given.read(
            "number",
            "write a phone number of 3 to 20 digits",
            read_number,
        ),
        flow: given.read("flow", "write a flow's id", |text| {
            read_word(text).map(FlowId::new)
        }),
        status: given.read(
            "status",
            "write live, or a word such as COMPLETED",
            read_status,
        ),
        after: given.read(
            "cursor",
            "take next_cursor of the page before as it is",
            read_cursor,
        ),
        limit: given
            .read("limit", "write a number from 1 to 200", read_limit)
            .unwrap_or(PAGE),
    };
    given.end()?;
    Ok(filter)
}

/// A time; a `+` of its offset that a query's rules have made a space is taken as one.
fn read_time(text: &str) -> Option<Timestamp> {
    text.replace(' ', "+").parse().ok()
}

/// A number in any spelling: with or without `+`, with spaces, hyphens, dots or brackets.
fn read_number(text: &str) -> Option<PhoneNumber> {
    let digits: String = text.chars().filter(|c| !" -.()+".contains(*c)).collect();
    let well_formed =
        (3..=20).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    well_formed.then(|| PhoneNumber::new(digits))
}

fn read_word(text: &str) -> Option<String> {
    let fits = (1..=WORD_LENGTH).contains(&text.len()) && !text.contains(char::is_control);
    fits.then(|| text.to_owned())
}

/// A status; `live` in any case, else the word as it is kept: `NO ANSWER` is `NO_ANSWER`.
fn read_status(text: &str) -> Option<String> {
    let word = read_word(text)?;
    Some(if word.eq_ignore_ascii_case("live") {
        "live".to_owned()
    } else {
        ending(&word)
    })
}

fn read_limit(text: &str) -> Option<u32> {
    text.parse()
        .ok()
        .filter(|limit| (1..=PAGE_LIMIT).contains(limit))
}

/// A place as a text that means nothing to anyone else.
fn cursor(place: &Place) -> String {
    let Place { started_at, id } = place;
    URL_SAFE_NO_PAD.encode(format!("{}:{id}", started_at.as_nanosecond()))
}

fn read_cursor(text: &str) -> Option<Place> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (nanosecond, id) = std::str::from_utf8(&bytes).ok()?.split_once(':')?;
    let started_at = Timestamp::from_nanosecond(nanosecond.parse().ok()?).ok()?;
    Some(Place {
        started_at,
        id: SessionId::new(id),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Result<SessionFilter, Problem> {
        filter(
            &format!("/v1/sessions?{query}")
                .parse()
                .expect("a test's address is valid"),
        )
    }

    #[test]
    fn filters_are_read_in_every_spelling() {
        let nine = "2026-11-21T09:00:00Z".parse().ok();
        for from in [
            "2026-11-21T09:00:00Z",
            "2026-11-21T17:00:00%2B08:00",
            "2026-11-21T17:00:00+08:00",
        ] {
            assert_eq!(
                asked(&format!("from={from}")).expect("a time").from,
                nine,
                "{from}"
            );
        }
        let number = Some(PhoneNumber::new("6591234567"));
        for spelt in [
            "6591234567",
            "+6591234567",
            "%2B6591234567",
            "%2B65%209123-4567",
            "(65)91234567",
        ] {
            assert_eq!(
                asked(&format!("number={spelt}")).expect("a number").number,
                number,
                "{spelt}"
            );
        }
        for (spelt, kept) in [
            ("LIVE", "live"),
            ("NO%20ANSWER", "NO_ANSWER"),
            ("NO+ANSWER", "NO_ANSWER"),
            ("CANCELLED", "CANCELED"),
            ("completed", "COMPLETED"),
            ("Lost", "Lost"),
        ] {
            let status = asked(&format!("status={spelt}")).expect("a status").status;
            assert_eq!(status.as_deref(), Some(kept), "{spelt}");
        }
        assert_eq!(asked("").expect("nothing").limit, 50);
        assert_eq!(asked("limit=200").expect("a limit").limit, 200);
    }

    #[test]
    fn wrong_filters_are_refused() {
        for query in [
            "limit=0",
            "limit=201",
            "limit=-1",
            "from=yesterday",
            "to=2026-13-01T00:00:00Z",
            "number=anonymous",
            "number=",
            "flow=",
            "cursor=zzz",
            "cursor=!",
            "page=2",
            "status=a%0Ab",
        ] {
            let refused = asked(query).expect_err(query);
            assert_eq!(refused.status(), 400, "{query}");
        }
    }

    #[test]
    fn a_cursor_comes_back_as_its_place() {
        let place = Place {
            started_at: "2026-11-21T09:00:00.123456Z".parse().expect("a time"),
            id: SessionId::new("odd:id/ü"),
        };
        assert_eq!(read_cursor(&cursor(&place)), Some(place));
    }
}
