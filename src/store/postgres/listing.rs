//! What people ask: the listing of sessions, and one session looked into.

use sqlx::postgres::PgRow;
use sqlx::{Postgres, QueryBuilder, Row as _};

use super::clear;
use super::keep::{open_record, open_state};
use super::pool::Pool;
use super::resealing::columns_of;
use crate::call::SessionId;
use crate::store::entry::Entry;
use crate::store::known::Known;
use crate::store::vault::Vault;
use crate::store::view::{self, LIVE};
use crate::store::{SessionFilter, SessionPage, SessionRecord, StoreError, record};

/// The sessions that fit `filter`, newest first. One more than asked for is read, to know whether there is more.
pub(super) async fn page(
    pool: &Pool,
    vault: &Vault,
    filter: &SessionFilter,
) -> Result<SessionPage, StoreError> {
    let mut query = query(vault, filter);
    let rows = pool.run(query.build()).await?;
    let sessions = rows.iter().map(|row| read(row, vault));
    Ok(view::page(
        sessions.collect::<Result<_, _>>()?,
        filter.limit,
    ))
}

fn read(row: &PgRow, vault: &Vault) -> Result<Known, StoreError> {
    let id = SessionId::new(row.try_get::<String, _>("session_id")?);
    open_state(vault, &id, row.try_get("state")?)
}

fn query(vault: &Vault, filter: &SessionFilter) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new("SELECT session_id, state FROM sessions WHERE true");
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
        let forms = columns_of(vault, vault.index(number.digits()));
        query
            .push(" AND (source_index = ANY (")
            .push_bind(forms.clone());
        query
            .push(") OR destination_index = ANY (")
            .push_bind(forms)
            .push("))");
    }
    if let Some(flow) = &filter.flow {
        query
            .push(" AND flow_id = ")
            .push_bind(clear(flow.as_str()));
    }
    match filter.status.as_deref() {
        Some(LIVE) => _ = query.push(" AND status IS NULL"),
        Some(word) => _ = query.push(" AND status = ").push_bind(clear(word)),
        None => {}
    }
    if let Some(place) = &filter.after {
        query
            .push(" AND (started_at, session_id) < (")
            .push_bind(place.started_at.as_millisecond());
        query
            .push(", ")
            .push_bind(clear(place.id.as_str()))
            .push(")");
    }
    query
        .push(" ORDER BY started_at DESC, session_id DESC LIMIT ")
        .push_bind(i64::from(filter.limit) + 1);
    query
}

/// How many sessions are live.
pub(super) async fn live(pool: &Pool) -> Result<u64, StoreError> {
    let count = || sqlx::query("SELECT count(*) FROM sessions WHERE status IS NULL");
    let rows = pool.read(count).await?;
    let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    Ok(row.try_get::<i64, _>(0)?.unsigned_abs())
}

/// One session with all that is known of it, read in one statement.
pub(super) async fn one(
    pool: &Pool,
    vault: &Vault,
    id: &SessionId,
) -> Result<Option<SessionRecord>, StoreError> {
    let rows = pool.read(|| {
        sqlx::query(
            "SELECT s.state, w.sealed_for, w.record
             FROM sessions AS s LEFT JOIN webhooks AS w ON w.session_id = s.session_id
             WHERE s.session_id = $1 ORDER BY w.id",
        )
        .bind(clear(id.as_str()))
    });
    let rows = rows.await?;
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let known = open_state(vault, id, first.try_get("state")?)?;
    let entries = rows.iter().filter_map(|row| entry(row, vault).transpose());
    Ok(Some(view::record(
        known,
        entries.collect::<Result<_, _>>()?,
    )))
}

fn entry(row: &PgRow, vault: &Vault) -> Result<Option<Entry>, StoreError> {
    let found: (Option<&[u8]>, Option<&[u8]>) =
        (row.try_get("sealed_for")?, row.try_get("record")?);
    let (Some(place), Some(sealed)) = found else {
        return Ok(None);
    };
    record::read(&open_record(vault, place, sealed)?).map(Some)
}
