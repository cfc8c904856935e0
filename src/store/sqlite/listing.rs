//! What people ask: the listing of sessions, and one session looked into.

use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, SqlitePool};

use super::tables;
use crate::call::SessionId;
use crate::store::entry::Entry;
use crate::store::known::Known;
use crate::store::vault::Vault;
use crate::store::view::{self, LIVE};
use crate::store::{SessionFilter, SessionPage, SessionRecord, StoreError};

/// The sessions that fit `filter`, newest first. One more than asked for is read, to know whether there is more.
pub(super) async fn page(
    pool: &SqlitePool,
    vault: &Vault,
    filter: &SessionFilter,
) -> Result<SessionPage, StoreError> {
    let rows = query(vault, filter).build().fetch_all(pool).await?;
    let sessions: Result<Vec<_>, _> = rows.iter().map(|row| read(row, vault)).collect();
    Ok(view::page(sessions?, filter.limit))
}

/// Reads a row with a session's id and state.
fn read(row: &SqliteRow, vault: &Vault) -> Result<Known, StoreError> {
    let id = SessionId::new(row.try_get::<String, _>("session_id")?);
    tables::read_state(vault, id, row.try_get("state")?)
}

fn query(vault: &Vault, filter: &SessionFilter) -> QueryBuilder<Sqlite> {
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
        let [form, other] = vault.forms(vault.index(number.digits()));
        for (before, column) in [(" AND (", "source_index"), (" OR ", "destination_index")] {
            query.push(before).push(column).push(" IN (");
            query.push_bind(form.to_vec()).push(", ");
            query.push_bind(other.to_vec()).push(")");
        }
        query.push(")");
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
    vault: &Vault,
    id: &SessionId,
) -> Result<Option<SessionRecord>, StoreError> {
    let mut moment = pool.begin().await?;
    let row = sqlx::query("SELECT id, session_id, state FROM sessions WHERE session_id = ?1")
        .bind(id.as_str())
        .fetch_optional(&mut *moment)
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let entries = entries_of(&mut moment, vault, row.try_get("id")?).await?;
    moment.commit().await?;
    let known = read(&row, vault)?;
    Ok(Some(view::record(known, entries)))
}

/// The webhooks of the session in this row, in the order that they came.
async fn entries_of(
    db: &mut SqliteConnection,
    vault: &Vault,
    row: i64,
) -> Result<Vec<Entry>, StoreError> {
    let rows = sqlx::query("SELECT id, record FROM webhooks WHERE session = ?1 ORDER BY id")
        .bind(row)
        .fetch_all(db)
        .await?;
    let open = |row: &SqliteRow| {
        let seq: i64 = row.try_get("id")?;
        tables::open(vault, seq.unsigned_abs(), row.try_get("record")?)
    };
    rows.iter().map(open).collect()
}
