//! The `attempts` table: calls that we start. Whether a request is new, its line free and the lease its holder's is asked and
//! written in one statement, so that of many nodes one dials.

use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::clear;
use super::pool::{Failure, Pool};
use super::resealing::{columns_of, fenced, is_to_be_made_anew, renew};
use crate::outbound::attempt::Heard;
use crate::session::{OutboundCall, RequestKey};
use crate::store::attempts::{self, AT_ONCE, Columns, ON_THE_LINE, UNSETTLED};
use crate::store::resealing::ATTEMPTS;
use crate::store::ring::LiveVault;
use crate::store::vault::Vault;
use crate::store::{Begun, Kept, Lease, StoreError, WhichAttempt};

/// See [`Store::begin_attempt`](crate::store::Store::begin_attempt).
pub(super) async fn begin(
    pool: &Pool,
    live: &LiveVault,
    call: &OutboundCall,
    key: &RequestKey,
    lease: &Lease,
) -> Result<Begun, StoreError> {
    let vault = &live.now();
    let columns = Columns::of(vault, call);
    let request = attempts::key(vault, key);
    let others = (columns_of(vault, request), lines_of(vault, call));
    let wanted = format!("t.request_key = ANY ($1) OR (t.line = ANY ($2) AND t.{ON_THE_LINE})");
    renew(pool, vault, ATTEMPTS, &wanted, |query| {
        query.bind(others.0.clone()).bind(others.1.clone())
    })
    .await?;
    match insert(pool, vault, &columns, &vault.form(request), lease).await {
        Ok(Inserted::Done) => return Ok(Begun::Stored),
        Ok(Inserted::Fenced) => return Err(StoreError::LeaseLost),
        Ok(Inserted::Refused) if is_to_be_made_anew(pool, live, vault).await? => {
            return Box::pin(begin(pool, live, call, key, lease)).await;
        }
        Ok(Inserted::Refused) => {}
        // Whether it was done is asked, never tried again.
        Err(Failure::Unknown(error)) => {
            return match one(pool, vault, &WhichAttempt::Id(call.id().clone())).await? {
                Some(_) => Ok(Begun::Stored),
                None => Err(error.into()),
            };
        }
        Err(error) => return Err(error.into()),
    }
    let known = one(pool, vault, &WhichAttempt::Request(key.clone())).await?;
    if let Some(known) = known {
        return Ok(Begun::Known(Box::new(known)));
    }
    let line = columns.line.as_slice();
    let wanted = format!("line = $1 AND {ON_THE_LINE}");
    let others = select(pool, vault, &wanted, |query| query.bind(line)).await?;
    match others.first() {
        Some(other) => Ok(Begun::InFlight(other.id().clone())),
        // It has come free this moment.
        None => Err(StoreError::Busy),
    }
}

/// What became of a new row.
enum Inserted {
    Done,
    /// Another row has its key, or its line.
    Refused,
    /// The lease is another's.
    Fenced,
}

async fn insert(
    pool: &Pool,
    vault: &Vault,
    columns: &Columns,
    key: &[u8; 16],
    lease: &Lease,
) -> Result<Inserted, Failure> {
    let sql = fenced(
        "WITH fence AS (
             SELECT 1 FROM leases WHERE name = $1 AND epoch = $2 FOR SHARE
         ), added AS (
             INSERT INTO attempts
                 (attempt_id, request_key, line, state, session_id, flow_id, flow_version, begun_at, revision, record)
             SELECT $3, $4, $5, $6, $7, $8, $9, $10, 0, $11 FROM fence WHERE {fence}
             ON CONFLICT DO NOTHING RETURNING 1
         )
         SELECT EXISTS (SELECT 1 FROM fence) AS is_ours, EXISTS (SELECT 1 FROM added) AS is_done",
        vault,
    );
    let statement = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(&lease.name)
        .bind(lease.epoch)
        .bind(&columns.id)
        .bind(key.as_slice())
        .bind(columns.line.as_slice())
        .bind(columns.state)
        .bind(columns.session.as_deref().map(clear))
        .bind(clear(&columns.flow))
        .bind(&columns.version)
        .bind(columns.begun_at)
        .bind(columns.record.as_slice());
    let rows = pool.run(statement).await?;
    let said = |name| {
        rows.first()
            .is_some_and(|row| row.try_get(name).unwrap_or(false))
    };
    Ok(match (said("is_ours"), said("is_done")) {
        (_, true) => Inserted::Done,
        (true, false) => Inserted::Refused,
        (false, false) => Inserted::Fenced,
    })
}

/// See [`Store::keep_attempt`](crate::store::Store::keep_attempt).
pub(super) async fn keep(
    pool: &Pool,
    live: &LiveVault,
    call: &OutboundCall,
    lease: Option<&Lease>,
) -> Result<Kept, StoreError> {
    let vault = &live.now();
    let columns = Columns::of(vault, call);
    let lines = lines_of(vault, call);
    let wanted = format!("t.attempt_id = $1 OR (t.line = ANY ($2) AND t.{ON_THE_LINE})");
    renew(pool, vault, ATTEMPTS, &wanted, |query| {
        query.bind(columns.id.clone()).bind(lines.clone())
    })
    .await?;
    let sql = fenced(
        "WITH fence AS (
             SELECT 1 FROM leases WHERE name = $1 AND epoch = $2 FOR SHARE
         ), changed AS (
             UPDATE attempts SET state = $5, session_id = $6, flow_version = $7, record = $8, revision = revision + 1
             WHERE attempt_id = $3 AND revision = $4 AND ($1 IS NULL OR EXISTS (SELECT 1 FROM fence)) AND {fence}
             RETURNING 1
         )
         SELECT $1 IS NULL OR EXISTS (SELECT 1 FROM fence) AS is_ours, EXISTS (SELECT 1 FROM changed) AS is_done",
        vault,
    );
    let statement = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(lease.map(|lease| lease.name.as_str()))
        .bind(lease.map(|lease| lease.epoch))
        .bind(&columns.id)
        .bind(call.revision as i64)
        .bind(columns.state)
        .bind(columns.session.as_deref().map(clear))
        .bind(&columns.version)
        .bind(columns.record.as_slice());
    let rows = match pool.run(statement).await {
        Ok(rows) => rows,
        Err(Failure::Refused(error)) if is_taken(&error) => return Ok(Kept::Overtaken),
        Err(Failure::Unknown(error)) => return find_out(pool, vault, call, error).await,
        Err(error) => return Err(error.into()),
    };
    let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    match (row.try_get("is_ours")?, row.try_get("is_done")?) {
        (_, true) => Ok(Kept::Stored),
        (true, false) if is_to_be_made_anew(pool, live, vault).await? => {
            Box::pin(keep(pool, live, call, lease)).await
        }
        (true, false) => Ok(Kept::Overtaken),
        (false, false) => Err(StoreError::LeaseLost),
    }
}

/// The ways in which the line of a call may stand in its column.
fn lines_of(vault: &Vault, call: &OutboundCall) -> Vec<Vec<u8>> {
    let intent = call.attempt.intent();
    let line = attempts::line(vault, &intent.source, &intent.destination);
    columns_of(vault, line)
}

/// The connection broke in the middle: whether it was written is seen by what stands there.
async fn find_out(
    pool: &Pool,
    vault: &Vault,
    call: &OutboundCall,
    broke: sqlx::Error,
) -> Result<Kept, StoreError> {
    let found = one(pool, vault, &WhichAttempt::Id(call.id().clone())).await?;
    match found {
        Some(found) if found.revision == call.revision => Err(broke.into()),
        Some(found) if found.revision == call.revision + 1 && found.attempt == call.attempt => {
            Ok(Kept::Stored)
        }
        _ => Ok(Kept::Overtaken),
    }
}

/// 23505: the index of the lines refused.
fn is_taken(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| code == "23505")
}

/// One row.
pub(super) async fn one(
    pool: &Pool,
    vault: &Vault,
    which: &WhichAttempt,
) -> Result<Option<OutboundCall>, StoreError> {
    let found = match which {
        WhichAttempt::Id(id) => {
            let id = clear(id.as_str());
            select(pool, vault, "attempt_id = $1", |query| {
                query.bind(id.clone())
            })
            .await
        }
        WhichAttempt::Request(key) => {
            let key = columns_of(vault, attempts::key(vault, key));
            select(pool, vault, "request_key = ANY ($1)", |query| {
                query.bind(key.clone())
            })
            .await
        }
        WhichAttempt::Session(id) => {
            let id = clear(id.as_str());
            select(pool, vault, "session_id = $1", |query| {
                query.bind(id.clone())
            })
            .await
        }
    };
    Ok(found?.into_iter().next())
}

/// See [`Store::attempts_like`](crate::store::Store::attempts_like).
pub(super) async fn like(
    pool: &Pool,
    vault: &Vault,
    heard: &Heard<'_>,
) -> Result<Vec<OutboundCall>, StoreError> {
    let line = attempts::line(vault, heard.source, heard.destination);
    let lines = columns_of(vault, line);
    let session = clear(heard.session.as_str());
    let echo = heard.client_request_id.map(clear);
    let wanted =
        format!("session_id = $1 OR attempt_id = $2 OR (line = ANY ($3) AND {ON_THE_LINE})");
    select(pool, vault, &wanted, |query| {
        query
            .bind(session.clone())
            .bind(echo.clone())
            .bind(lines.clone())
    })
    .await
}

/// The rows that are worked on.
pub(super) async fn unsettled(pool: &Pool, vault: &Vault) -> Result<Vec<OutboundCall>, StoreError> {
    let wanted = format!("{UNSETTLED} ORDER BY number LIMIT {AT_ONCE}");
    select(pool, vault, &wanted, |query| query).await
}

/// The rows that were begun at a time (ms) or later.
pub(super) async fn since(
    pool: &Pool,
    vault: &Vault,
    since: i64,
) -> Result<Vec<OutboundCall>, StoreError> {
    let wanted = "begun_at >= $1 ORDER BY begun_at, number";
    select(pool, vault, wanted, |query| query.bind(since)).await
}

async fn select<'q>(
    pool: &Pool,
    vault: &Vault,
    wanted: &str,
    bind: impl Fn(super::pool::Statement<'q>) -> super::pool::Statement<'q> + Send + Sync,
) -> Result<Vec<OutboundCall>, StoreError> {
    let text = format!("SELECT attempt_id, revision, record FROM attempts WHERE {wanted}");
    let rows = pool
        .read(|| bind(sqlx::query(sqlx::AssertSqlSafe(text.clone()))))
        .await?;
    rows.iter().map(|row| read(row, vault)).collect()
}

fn read(row: &PgRow, vault: &Vault) -> Result<OutboundCall, StoreError> {
    let id: String = row.try_get("attempt_id")?;
    attempts::read(vault, &id, row.try_get("revision")?, row.try_get("record")?)
}
