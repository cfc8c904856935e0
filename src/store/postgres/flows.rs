//! The texts of flows: the last good set, and the versions that calls in progress are on.

use jiff::{SignedDuration, Timestamp};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::clear;
use super::pool::Pool;
use crate::flow::model::{FlowId, FlowVersion};
use crate::store::{FlowText, StoreError};

/// How long a version outlives the set it left: an exchange that began on it may still be on its way to the store.
const GRACE: SignedDuration = SignedDuration::from_hours(24);

/// How long a live session that says nothing holds its version: its summary was lost.
const SILENCE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Keeps `flows` as the last good set, in one statement; then forgets the versions that nothing needs any more.
pub(super) async fn keep(pool: &Pool, flows: &[FlowText], at: Timestamp) -> Result<(), StoreError> {
    let column =
        |of: fn(&FlowText) -> &str| flows.iter().map(|it| clear(of(it))).collect::<Vec<_>>();
    let statement = sqlx::query(
        "WITH new AS (
             SELECT * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) AS new (flow_id, version, path, text)
         ), gone AS (
             UPDATE flow_versions AS old SET left_at = $1
             WHERE left_at IS NULL AND NOT EXISTS (
                 SELECT 1 FROM new WHERE new.flow_id = old.flow_id AND new.version = old.version)
         )
         INSERT INTO flow_versions (flow_id, version, path, text, left_at)
         SELECT flow_id, version, path, text, NULL FROM new ORDER BY flow_id, version
         ON CONFLICT (flow_id, version) DO UPDATE SET
             path = excluded.path, text = excluded.text, left_at = NULL",
    )
    .bind(at.as_millisecond())
    .bind(column(|it| it.id.as_str()))
    .bind(column(|it| it.version.as_str()))
    .bind(column(|it| &it.path))
    .bind(column(|it| &it.text));
    pool.run(statement).await?;
    forget(pool, at).await
}

async fn forget(pool: &Pool, at: Timestamp) -> Result<(), StoreError> {
    let statement = sqlx::query(
        "DELETE FROM flow_versions AS old WHERE left_at <= $1 AND NOT EXISTS (
             SELECT 1 FROM sessions AS live
             WHERE live.status IS NULL AND live.last_event_at > $2
                 AND live.flow_id = old.flow_id AND live.flow_version = old.version)
             AND NOT EXISTS (
             SELECT 1 FROM attempts AS begun
             WHERE begun.state <> 'REJECTED' AND begun.begun_at > $2
                 AND begun.flow_id = old.flow_id AND begun.flow_version = old.version
                 AND NOT EXISTS (SELECT 1 FROM sessions AS heard WHERE heard.session_id = begun.session_id))",
    )
    .bind(at.as_millisecond().saturating_sub(milliseconds(GRACE)))
    .bind(at.as_millisecond().saturating_sub(milliseconds(SILENCE)));
    pool.run(statement).await?;
    Ok(())
}

/// The last good set, by id.
pub(super) async fn last_good(pool: &Pool) -> Result<Vec<FlowText>, StoreError> {
    texts(
        pool,
        "SELECT * FROM flow_versions WHERE left_at IS NULL ORDER BY flow_id",
    )
    .await
}

/// The versions that live sessions are on, and calls that were started and not heard of yet, by id and version.
pub(super) async fn in_use(pool: &Pool) -> Result<Vec<FlowText>, StoreError> {
    texts(
        pool,
        "SELECT * FROM flow_versions AS held WHERE EXISTS (
             SELECT 1 FROM sessions AS live
             WHERE live.status IS NULL AND live.flow_id = held.flow_id AND live.flow_version = held.version)
         OR EXISTS (
             SELECT 1 FROM attempts AS begun
             WHERE begun.state <> 'REJECTED'
                 AND begun.flow_id = held.flow_id AND begun.flow_version = held.version
                 AND NOT EXISTS (SELECT 1 FROM sessions AS heard WHERE heard.session_id = begun.session_id))
         ORDER BY flow_id, version",
    )
    .await
}

async fn texts(pool: &Pool, query: &'static str) -> Result<Vec<FlowText>, StoreError> {
    let rows = pool.read(|| sqlx::query(query)).await?;
    rows.iter().map(read).collect()
}

fn read(row: &PgRow) -> Result<FlowText, StoreError> {
    Ok(FlowText {
        id: FlowId::new(row.try_get::<String, _>("flow_id")?),
        version: FlowVersion::new(row.try_get::<String, _>("version")?),
        path: row.try_get("path")?,
        text: row.try_get("text")?,
    })
}

fn milliseconds(duration: SignedDuration) -> i64 {
    duration.as_secs() * 1000
}
