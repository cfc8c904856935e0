//! The `attempts` table: calls that we start. Each write is one transaction on a connection for such, on the disk when it
//! returns, whatever `durability` says: what was sent must be known after a power cut.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::lookups::Lookups;
use super::resealing;
use super::writing::Writing;
use crate::outbound::attempt::Heard;
use crate::session::{OutboundCall, RequestKey};
use crate::store::attempts::{self, AT_ONCE, Columns, ON_THE_LINE, UNSETTLED};
use crate::store::resealing::ATTEMPTS;
use crate::store::ring::LiveVault;
use crate::store::vault::Vault;
use crate::store::{Begun, Kept, StoreError, WhichAttempt};

/// What is read of a row.
const COLUMNS: &str = "attempt_id, revision, record";

/// The table, for those who write it one after another and those who look.
#[derive(Debug, Clone)]
pub(super) struct Attempts {
    db: Writing,
    lookups: Arc<Lookups>,
    vault: LiveVault,
}

impl Attempts {
    pub(super) fn new(db: Writing, lookups: Arc<Lookups>, vault: LiveVault) -> Self {
        Self { db, lookups, vault }
    }

    /// See [`Store::begin_attempt`](crate::store::Store::begin_attempt).
    pub(super) async fn begin(
        &self,
        call: &OutboundCall,
        key: &RequestKey,
    ) -> Result<Begun, StoreError> {
        let (live, call, key) = (self.vault.clone(), call.clone(), key.clone());
        self.db
            .write(move |db| {
                let vault = live.now();
                let columns = Columns::of(&vault, &call);
                let [key, other] = vault.forms(attempts::key(&vault, &key));
                renew(
                    db,
                    &vault,
                    &of_request(),
                    &[&other, &vault.forms(line_of(&vault, &call))[1]],
                )?;
                let known = "request_key = ?1";
                if let Some(known) = one(db, &vault, known, key)? {
                    return Ok(Begun::Known(Box::new(known)));
                }
                let on_the_line = format!("line = ?1 AND {ON_THE_LINE}");
                if let Some(other) = one(db, &vault, &on_the_line, columns.line)? {
                    return Ok(Begun::InFlight(other.id().clone()));
                }
                insert(db, &columns, &key)?;
                Ok(Begun::Stored)
            })
            .await
    }

    /// See [`Store::keep_attempt`](crate::store::Store::keep_attempt).
    pub(super) async fn keep(&self, call: &OutboundCall) -> Result<Kept, StoreError> {
        let (live, call) = (self.vault.clone(), call.clone());
        self.db
            .write(move |db| {
                let vault = live.now();
                let columns = Columns::of(&vault, &call);
                let line = vault.forms(line_of(&vault, &call))[1];
                renew(db, &vault, &of_attempt(), &[&columns.id, &line])?;
                update(db, &columns, call.revision as i64)
            })
            .await
    }

    /// One row.
    pub(super) fn find(&self, which: &WhichAttempt) -> Result<Option<OutboundCall>, StoreError> {
        let vault = self.vault.now();
        self.lookups.with(|db| match which {
            WhichAttempt::Id(id) => one(db, &vault, "attempt_id = ?1", id.as_str()),
            WhichAttempt::Request(key) => {
                let forms = vault.forms(attempts::key(&vault, key));
                let wanted = "request_key IN (?1, ?2)";
                Ok(all(db, &vault, wanted, forms)?.into_iter().next())
            }
            WhichAttempt::Session(id) => one(db, &vault, "session_id = ?1", id.as_str()),
        })
    }

    /// See [`Store::attempts_like`](crate::store::Store::attempts_like).
    pub(super) fn like(&self, heard: &Heard<'_>) -> Result<Vec<OutboundCall>, StoreError> {
        let vault = self.vault.now();
        let [line, other] = vault.forms(attempts::line(&vault, heard.source, heard.destination));
        let wanted =
            format!("session_id = ?1 OR attempt_id = ?2 OR (line IN (?3, ?4) AND {ON_THE_LINE})");
        let of = params![heard.session.as_str(), heard.client_request_id, line, other];
        self.lookups.with(|db| all(db, &vault, &wanted, of))
    }

    /// The rows that are worked on.
    pub(super) fn unsettled(&self) -> Result<Vec<OutboundCall>, StoreError> {
        let wanted = format!("{UNSETTLED} ORDER BY number LIMIT {AT_ONCE}");
        let vault = self.vault.now();
        self.lookups.with(|db| all(db, &vault, &wanted, []))
    }

    /// The rows that were begun at a time (ms) or later.
    pub(super) fn since(&self, since: i64) -> Result<Vec<OutboundCall>, StoreError> {
        let wanted = "begun_at >= ?1 ORDER BY begun_at, number";
        let vault = self.vault.now();
        self.lookups.with(|db| all(db, &vault, wanted, [since]))
    }

    /// Lets go of the connection once its last write has ended.
    pub(super) fn close(&self) {
        self.db.close();
    }
}

/// What a request is held against: that of its key, and what is on its line. An index finds each, since all who write wait meanwhile.
fn of_request() -> String {
    format!("request_key = ?1 OR (line = ?2 AND {ON_THE_LINE})")
}

/// What a change is held against: the attempt itself, and what is on its line.
fn of_attempt() -> String {
    format!("attempt_id = ?1 OR (line = ?2 AND {ON_THE_LINE})")
}

/// Brings rows under the current key before others are held against them.
fn renew(
    db: &Connection,
    vault: &Vault,
    wanted: &str,
    of: &[&dyn rusqlite::ToSql],
) -> Result<(), StoreError> {
    resealing::renew(db, vault, ATTEMPTS, wanted, of)
}

fn line_of(vault: &Vault, call: &OutboundCall) -> [u8; 16] {
    let intent = call.attempt.intent();
    attempts::line(vault, &intent.source, &intent.destination)
}

fn insert(db: &Connection, columns: &Columns, key: &[u8; 16]) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT INTO attempts (attempt_id, request_key, line, state, session_id, flow_id, flow_version, begun_at, revision, record)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, ?9)",
    )?
    .execute(params![
        columns.id,
        key,
        columns.line,
        columns.state,
        columns.session,
        columns.flow,
        columns.version,
        columns.begun_at,
        columns.record,
    ])?;
    Ok(())
}

/// Writes over what was read. Another call that may be on the line makes the index refuse, which changes nothing.
fn update(db: &Connection, columns: &Columns, revision: i64) -> Result<Kept, StoreError> {
    let mut update = db.prepare_cached(
        "UPDATE OR IGNORE attempts SET state = ?3, session_id = ?4, flow_version = ?5, record = ?6, revision = revision + 1
         WHERE attempt_id = ?1 AND revision = ?2",
    )?;
    let changed = update.execute(params![
        columns.id,
        revision,
        columns.state,
        columns.session,
        columns.version,
        columns.record,
    ])?;
    Ok(match changed {
        0 => Kept::Overtaken,
        _ => Kept::Stored,
    })
}

fn one(
    db: &Connection,
    vault: &Vault,
    wanted: &str,
    of: impl rusqlite::ToSql,
) -> Result<Option<OutboundCall>, StoreError> {
    let mut select =
        db.prepare_cached(&format!("SELECT {COLUMNS} FROM attempts WHERE {wanted}"))?;
    let found = select.query_row([of], columns).optional()?;
    found.map(|found| found.read(vault)).transpose()
}

fn all(
    db: &Connection,
    vault: &Vault,
    wanted: &str,
    of: impl rusqlite::Params,
) -> Result<Vec<OutboundCall>, StoreError> {
    let mut select =
        db.prepare_cached(&format!("SELECT {COLUMNS} FROM attempts WHERE {wanted}"))?;
    let found = select.query_map(of, columns)?;
    found.map(|found| found?.read(vault)).collect()
}

/// A row as it is read.
struct Found {
    id: String,
    revision: i64,
    record: Vec<u8>,
}

impl Found {
    fn read(self, vault: &Vault) -> Result<OutboundCall, StoreError> {
        attempts::read(vault, &self.id, self.revision, &self.record)
    }
}

fn columns(row: &Row<'_>) -> Result<Found, rusqlite::Error> {
    Ok(Found {
        id: row.get(0)?,
        revision: row.get(1)?,
        record: row.get(2)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Durability;
    use crate::store::sqlite::open::prepare;
    use crate::store::vault::Keys;

    #[tokio::test]
    async fn what_a_write_is_held_against_is_found_by_indexes() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite://{}/callwright.db", folder.path().display());
        let vault = LiveVault::new(&Keys::generate());
        let at_rest = prepare(&url, &vault, Durability::Full).await;
        let db = at_rest.expect("a fresh database").projector.tables;
        for wanted in [of_request(), of_attempt()] {
            let explain = format!("EXPLAIN QUERY PLAN SELECT record FROM attempts WHERE {wanted}");
            let mut explain = db.prepare(&explain).expect("it is SQL");
            let steps = explain.query_map([b"1", b"2"], |row| row.get("detail"));
            let steps: Result<Vec<String>, _> = steps.expect("it is planned").collect();
            let steps = steps.expect("each is a text");
            let searches = steps.iter().filter(|step| step.starts_with("SEARCH"));
            assert_eq!(searches.count(), 2, "{steps:?}");
            assert!(
                !steps.iter().any(|step| step.starts_with("SCAN")),
                "{steps:?}"
            );
        }
    }
}
