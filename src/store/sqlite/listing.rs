//! What people ask: the listing of sessions, and one session looked into.

use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, QueryBuilder, Sqlite, SqliteConnection, SqlitePool};

use super::sessions;
use crate::call::SessionId;
use crate::call::event::{RecordingUpdate, SummaryLeg};
use crate::store::derived::{LegStatus, legs_by_status, newest_updates};
use crate::store::forms::{read_leg, read_legs, read_path, read_recording, read_time};
use crate::store::known::Known;
use crate::store::records::{Place, SessionRow, TraceEntry};
use crate::store::{SessionFilter, SessionPage, SessionRecord, StoreError};

/// What the status of a session is called that has not ended.
const LIVE: &str = "live";

/// The sessions that fit `filter`, newest first. One more than asked for is read, to know whether there is more.
pub(super) async fn page(
    pool: &SqlitePool,
    filter: &SessionFilter,
) -> Result<SessionPage, StoreError> {
    let rows = query(filter).build().fetch_all(pool).await?;
    let limit = filter.limit as usize;
    let mut items = rows
        .iter()
        .map(|row| sessions::read(row).map(row_of))
        .collect::<Result<Vec<_>, _>>()?;
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(place_of);
    Ok(SessionPage { items, next })
}

fn query(filter: &SessionFilter) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new("SELECT * FROM sessions WHERE true");
    if let Some(from) = filter.from {
        query
            .push(" AND started_at >= ")
            .push_bind(from.as_millisecond());
    }
    if let Some(to) = filter.to {
        query
            .push(" AND started_at < ")
            .push_bind(to.as_millisecond());
    }
    if let Some(number) = &filter.number {
        let digits = number.digits().to_owned();
        query
            .push(" AND (source_digits = ")
            .push_bind(digits.clone());
        query
            .push(" OR destination_digits = ")
            .push_bind(digits)
            .push(")");
    }
    if let Some(flow) = &filter.flow {
        query
            .push(" AND flow_id = ")
            .push_bind(flow.as_str().to_owned());
    }
    match filter.status.as_deref() {
        Some(LIVE) => _ = query.push(" AND status IS NULL"),
        Some(word) => _ = query.push(" AND status = ").push_bind(word.to_owned()),
        None => {}
    }
    if let Some(place) = &filter.after {
        query
            .push(" AND (started_at, session_id) < (")
            .push_bind(place.started_at.as_millisecond());
        query
            .push(", ")
            .push_bind(place.id.as_str().to_owned())
            .push(")");
    }
    query
        .push(" ORDER BY started_at DESC, session_id DESC LIMIT ")
        .push_bind(i64::from(filter.limit) + 1);
    query
}

/// How many sessions are live.
pub(super) async fn live(pool: &SqlitePool) -> Result<u64, StoreError> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM sessions WHERE status IS NULL")
        .fetch_one(pool)
        .await?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// One session with all that is known of it, read at one moment.
pub(super) async fn one(
    pool: &SqlitePool,
    id: &SessionId,
) -> Result<Option<SessionRecord>, StoreError> {
    let mut moment = pool.begin().await?;
    let Some(known) = sessions::load(&mut moment, id).await? else {
        return Ok(None);
    };
    let webhooks = webhooks_of(&mut moment, id).await?;
    moment.commit().await?;
    Ok(Some(SessionRecord {
        error: known
            .ending
            .as_ref()
            .and_then(|ending| ending.error.clone()),
        legs: legs(&webhooks)?,
        recordings: recordings(id, &webhooks)?,
        trace: webhooks
            .into_iter()
            .map(trace_entry)
            .collect::<Result<_, _>>()?,
        row: row_of(known),
    }))
}

/// A webhook as a trace shows it.
#[derive(FromRow)]
struct Came {
    kind: String,
    received_at: i64,
    happened_at: Option<i64>,
    status: String,
    digits: Option<String>,
    secret_digits: bool,
    step: Option<String>,
    path: Option<String>,
    outcome: Option<String>,
    reply: Option<String>,
    detail: Option<String>,
}

async fn webhooks_of(db: &mut SqliteConnection, id: &SessionId) -> Result<Vec<Came>, StoreError> {
    let rows: Vec<SqliteRow> = sqlx::query(
        "SELECT kind, received_at, happened_at, status, digits, secret_digits, step, path, outcome, reply, detail
         FROM webhooks WHERE session_id = ?1 ORDER BY id",
    )
    .bind(id.as_str())
    .fetch_all(db)
    .await?;
    Ok(rows.iter().map(Came::from_row).collect::<Result<_, _>>()?)
}

/// The legs of the summary that ended the session; while there is none, those that the statuses speak of.
fn legs(webhooks: &[Came]) -> Result<Vec<SummaryLeg>, StoreError> {
    if let Some(legs) = details(webhooks, "VSS").next() {
        return read_legs(legs.1);
    }
    let statuses = details(webhooks, "VCS").map(|(came, leg)| {
        Ok(LegStatus {
            leg: read_leg(leg)?,
            status: came.status.clone(),
            at: read_time(came.happened_at.unwrap_or(came.received_at))?,
        })
    });
    Ok(legs_by_status(statuses.collect::<Result<_, StoreError>>()?))
}

fn recordings(id: &SessionId, webhooks: &[Came]) -> Result<Vec<RecordingUpdate>, StoreError> {
    let updates = details(webhooks, "VRU")
        .map(|(came, recording)| read_recording(id, &came.status, recording))
        .collect::<Result<_, _>>()?;
    Ok(newest_updates(updates))
}

/// The details of the webhooks of one kind, in the order that they came.
fn details<'a>(
    webhooks: &'a [Came],
    kind: &'static str,
) -> impl Iterator<Item = (&'a Came, &'a str)> {
    webhooks
        .iter()
        .filter(move |came| came.kind == kind)
        .filter_map(|came| Some((came, came.detail.as_deref()?)))
}

fn trace_entry(came: Came) -> Result<TraceEntry, StoreError> {
    Ok(TraceEntry {
        kind: came.kind,
        received_at: read_time(came.received_at)?,
        status: came.status,
        digits: came.digits,
        secret_digits: came.secret_digits,
        step: came.step,
        path: came
            .path
            .as_deref()
            .map(read_path)
            .transpose()?
            .unwrap_or_default(),
        outcome: came.outcome,
        reply: came.reply,
    })
}

fn row_of(known: Known) -> SessionRow {
    let (status, ended_at) = match known.ending {
        Some(ending) => (ending.status, ending.ended_at),
        None => (LIVE.to_owned(), None),
    };
    SessionRow {
        id: known.id,
        sub_account: known.sub_account,
        direction: known.face.direction,
        source: known.face.source,
        destination: known.face.destination,
        flow: known.flow,
        status,
        started_at: known.started_at,
        ended_at,
    }
}

fn place_of(row: &SessionRow) -> Place {
    Place {
        started_at: row.started_at,
        id: row.id.clone(),
    }
}
