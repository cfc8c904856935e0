//! The tables, written by the projection: one batch of the journal's records, folded, in one transaction with the mark
//! of how far it reaches, so that each record is in them exactly once.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::{RecordPlace, numbers, record, state};
use crate::call::{PhoneNumber, SessionId};
use crate::store::StoreError;
use crate::store::entry::Entry;
use crate::store::known::Known;
use crate::store::vault::{Place, Vault};

/// Where a session's state is sealed.
pub(super) fn session_place(id: &SessionId) -> Place<'_> {
    Place {
        table: "sessions",
        row: id.as_str().as_bytes(),
    }
}

/// Records, read and folded.
#[derive(Debug, Default)]
pub(super) struct Batch {
    sessions: HashMap<SessionId, Touched>,
    rows: Vec<Row>,
    numbers: Vec<Entry>,
    through: u64,
}

/// A session that a batch is about.
#[derive(Debug)]
struct Touched {
    row: i64,
    before: Option<Known>,
    after: Option<Known>,
}

/// A webhook's row.
#[derive(Debug)]
struct Row {
    seq: u64,
    session: Option<i64>,
    mark: [u8; 16],
    answers: Option<u32>,
    received_at: i64,
    record: Vec<u8>,
}

impl Batch {
    /// Adds the next record. Its session is read from the tables when it is the first of it.
    pub(super) fn add(
        &mut self,
        db: &Connection,
        vault: &Vault,
        seq: u64,
        mut sealed: Vec<u8>,
    ) -> Result<(), StoreError> {
        let mut entry = open(vault, seq, &sealed)?;
        let session = match entry.session() {
            Some(id) => Some(self.touch(db, vault, id.clone(), &entry, seq)?),
            None => None,
        };
        if entry.forget_secrets() {
            sealed = vault.seal(RecordPlace::new(seq).place(), &record::write(&entry));
        }
        self.rows.push(Row {
            seq,
            session,
            mark: entry.mark(),
            answers: entry.answers(),
            received_at: entry.received_at().as_millisecond(),
            record: sealed,
        });
        self.through = seq;
        if session.is_none() {
            self.numbers.push(entry);
        }
        Ok(())
    }

    fn touch(
        &mut self,
        db: &Connection,
        vault: &Vault,
        id: SessionId,
        entry: &Entry,
        seq: u64,
    ) -> Result<i64, StoreError> {
        if !self.sessions.contains_key(&id) {
            let touched = load(db, vault, &id)?.unwrap_or(Touched {
                row: seq as i64,
                before: None,
                after: None,
            });
            self.sessions.insert(id.clone(), touched);
        }
        let touched = self.sessions.get_mut(&id).expect("it was put in");
        touched.after = entry.fold(touched.after.take());
        Ok(touched.row)
    }

    /// The number of the newest record.
    pub(super) fn through(&self) -> u64 {
        self.through
    }

    /// Writes the batch, and that the tables reach up to its end.
    pub(super) fn commit(
        &self,
        db: &mut Connection,
        vault: &Vault,
        file: u64,
    ) -> Result<(), StoreError> {
        let moment = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let mut sessions: Vec<_> = self.sessions.values().collect();
        sessions.sort_unstable_by_key(|touched| touched.row);
        for touched in sessions {
            touched.save(&moment, vault)?;
        }
        self.add_webhooks(&moment)?;
        for entry in &self.numbers {
            numbers::project(&moment, vault, entry)?;
        }
        let first = self.rows.first().map(|row| row.seq as i64);
        moment
            .prepare_cached(
                "UPDATE journal_files SET first_seq = coalesce(first_seq, ?2) WHERE number = ?1",
            )?
            .execute(params![file as i64, first])?;
        moment
            .prepare_cached("UPDATE projection SET projected = ?1")?
            .execute([self.through as i64])?;
        Ok(moment.commit()?)
    }

    fn add_webhooks(&self, db: &Connection) -> Result<(), StoreError> {
        let mut insert = db.prepare_cached(
            "INSERT INTO webhooks (id, session, mark, answers, received_at, record)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        for row in &self.rows {
            insert.execute(params![
                row.seq as i64,
                row.session,
                row.mark,
                row.answers,
                row.received_at,
                row.record
            ])?;
        }
        Ok(())
    }

    /// The sessions that it is about.
    pub(super) fn into_sessions(self) -> impl Iterator<Item = SessionId> {
        self.sessions.into_keys()
    }
}

/// Opens and reads a sealed record.
pub(super) fn open(vault: &Vault, seq: u64, sealed: &[u8]) -> Result<Entry, StoreError> {
    let place = RecordPlace::new(seq);
    let bytes = vault.open(place.place(), sealed);
    record::read(&bytes.map_err(|_| StoreError::Unreadable { what: "webhook" })?)
}

fn load(db: &Connection, vault: &Vault, id: &SessionId) -> Result<Option<Touched>, StoreError> {
    let mut select = db.prepare_cached("SELECT id, state FROM sessions WHERE session_id = ?1")?;
    let found: Option<(i64, Vec<u8>)> = select
        .query_row([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((row, sealed)) = found else {
        return Ok(None);
    };
    let known = read_state(vault, id.clone(), &sealed)?;
    Ok(Some(Touched {
        row,
        before: Some(known.clone()),
        after: Some(known),
    }))
}

/// Opens and reads a session's sealed state.
pub(super) fn read_state(vault: &Vault, id: SessionId, sealed: &[u8]) -> Result<Known, StoreError> {
    let state = vault.open(session_place(&id), sealed);
    state::read(
        id,
        &state.map_err(|_| StoreError::Unreadable { what: "session" })?,
    )
}

impl Touched {
    /// Writes the session. Most batches change its state alone; its indexes are left alone then.
    fn save(&self, db: &Connection, vault: &Vault) -> Result<(), StoreError> {
        let Some(after) = &self.after else {
            return Ok(());
        };
        let state = vault.seal(session_place(&after.id), &state::write(after));
        let last_event_at = after.last_event_at.as_millisecond();
        match &self.before {
            None => return self.insert(db, vault, after, &state),
            Some(before) if !is_found_alike(before, after) => {
                update_indexes(db, vault, self.row, after)?;
            }
            Some(_) => {}
        }
        db.prepare_cached("UPDATE sessions SET state = ?2, last_event_at = ?3 WHERE id = ?1")?
            .execute(params![self.row, state, last_event_at])?;
        Ok(())
    }

    fn insert(
        &self,
        db: &Connection,
        vault: &Vault,
        known: &Known,
        state: &[u8],
    ) -> Result<(), StoreError> {
        db.prepare_cached(
            "INSERT INTO sessions (id, session_id, source_index, destination_index, flow_id, flow_version,
                 status, started_at, last_event_at, state)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            self.row,
            known.id.as_str(),
            index(vault, &known.face.source),
            index(vault, &known.face.destination),
            known.flow.as_ref().map(|(id, _)| id.as_str()),
            known.flow.as_ref().map(|(_, version)| version.as_str()),
            known.ending.as_ref().map(|ending| &ending.status),
            known.started_at.as_millisecond(),
            known.last_event_at.as_millisecond(),
            state,
        ])?;
        Ok(())
    }
}

/// Whether nothing has changed that a session is found by.
fn is_found_alike(before: &Known, after: &Known) -> bool {
    before.face.source == after.face.source
        && before.face.destination == after.face.destination
        && before.flow == after.flow
        && before.ending.is_some() == after.ending.is_some()
}

fn update_indexes(
    db: &Connection,
    vault: &Vault,
    row: i64,
    known: &Known,
) -> Result<(), StoreError> {
    db.prepare_cached(
        "UPDATE sessions SET source_index = ?2, destination_index = ?3, flow_id = ?4, flow_version = ?5, status = ?6
         WHERE id = ?1",
    )?
    .execute(params![
        row,
        index(vault, &known.face.source),
        index(vault, &known.face.destination),
        known.flow.as_ref().map(|(id, _)| id.as_str()),
        known.flow.as_ref().map(|(_, version)| version.as_str()),
        known.ending.as_ref().map(|ending| &ending.status),
    ])?;
    Ok(())
}

fn index(vault: &Vault, number: &Option<PhoneNumber>) -> Option<[u8; 16]> {
    number.as_ref().map(|number| vault.index(number.digits()))
}
