//! The tables, written by the projection: one batch of the journal's records as they are sealed, and what memory knows of
//! their sessions, in one transaction with the mark of how far it reaches, so that each record is in them exactly once.

use rusqlite::{Connection, params};

use super::calls::{News, What};
use super::events::Written;
use super::memory::{Due, DueSession, Mark};
use super::{RecordPlace, events, numbers, record, state};
use crate::call::{PhoneNumber, SessionId};
use crate::store::StoreError;
use crate::store::booking_forms::side_number;
use crate::store::entry::{Entry, EventMark};
use crate::store::known::Known;
use crate::store::ring::LiveVault;
use crate::store::vault::{Place, Vault};

/// Where a session's state is sealed.
pub(super) fn session_place(id: &SessionId) -> Place<'_> {
    Place {
        table: "sessions",
        row: id.as_str().as_bytes(),
    }
}

/// Takes `records` in, which `due` tells of, and that the tables reach up to the last of them; they come from the journal's
/// file `file`.
pub(super) fn write(
    db: &mut Connection,
    live: &LiveVault,
    file: u64,
    due: &Due,
    records: Vec<(u64, Vec<u8>)>,
) -> Result<(), StoreError> {
    let ends = (
        records.first().map(|(seq, _)| *seq as i64),
        records.last().map(|(seq, _)| *seq as i64),
    );
    let moment = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let vault = &live.now();
    let mut begins = vec![false; due.sessions.len()];
    let mut sessions: Vec<_> = due.sessions.iter().enumerate().collect();
    sessions.sort_unstable_by_key(|(_, session)| session.row);
    for (place, session) in sessions {
        begins[place] = session.is_new && events::is_begun_by(&moment, vault, session)?;
        save(&moment, vault, session, begins[place])?;
        let_others_work();
    }
    let mut calls = due.calls.iter().peekable();
    for ((seq, record), due_record) in records.into_iter().zip(&due.records) {
        let row = match due_record {
            Some((place, mark)) => of_session(vault, due.sessions[*place].row, mark, record)?,
            None => of_numbers(&moment, vault, seq, record)?,
        };
        insert(&moment, &row)?;
        let news = calls.next_if(|news| news.seq == seq);
        if let Some((place, mark)) = due_record {
            let session = &due.sessions[*place];
            let counted = match news {
                Some(news) => count(&moment, session.row, news)?.then_some(news.what),
                None => None,
            };
            let begins = begins[*place];
            events::project(&moment, vault, session, mark, Written { begins, counted })?;
        }
        let_others_work();
    }
    moment
        .prepare_cached(
            "UPDATE journal_files SET first_seq = coalesce(first_seq, ?2) WHERE number = ?1",
        )?
        .execute(params![file as i64, ends.0])?;
    moment
        .prepare_cached("UPDATE projection SET projected = ?1")?
        .execute([ends.1])?;
    Ok(moment.commit()?)
}

/// Lets a thread that answers calls have the processor, if one waits for it. Linux takes it from a thread that works only at
/// the end of its slice, some milliseconds long; a row takes some microseconds.
fn let_others_work() {
    std::thread::yield_now();
}

/// A webhook's row.
struct Row {
    seq: u64,
    session: Option<i64>,
    mark: EventMark,
    answers: Option<u32>,
    received_at: i64,
    record: Vec<u8>,
}

/// The row of a webhook of the session in row `session`. Its record stays as it is sealed, but for secret variables.
fn of_session(
    vault: &Vault,
    session: i64,
    mark: &Mark,
    sealed: Vec<u8>,
) -> Result<Row, StoreError> {
    let record = match mark.is_secret {
        false => sealed,
        true => {
            let mut entry = open(vault, mark.seq, &sealed)?;
            entry.forget_secrets();
            vault.seal(RecordPlace::new(mark.seq).place(), &record::write(&entry))
        }
    };
    Ok(Row {
        seq: mark.seq,
        session: Some(session),
        mark: mark.event,
        answers: mark.answers,
        received_at: mark.received_at,
        record,
    })
}

/// The row of a virtual number update, whose numbers are taken in.
fn of_numbers(
    db: &Connection,
    vault: &Vault,
    seq: u64,
    record: Vec<u8>,
) -> Result<Row, StoreError> {
    let entry = open(vault, seq, &record)?;
    numbers::project(db, vault, &entry)?;
    Ok(Row {
        seq,
        session: None,
        mark: entry.mark(),
        answers: None,
        received_at: entry.received_at().as_millisecond(),
        record,
    })
}

fn insert(db: &Connection, row: &Row) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT INTO webhooks (id, session, mark, answers, received_at, record)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        row.seq as i64,
        row.session,
        row.mark,
        row.answers,
        row.received_at,
        row.record
    ])?;
    Ok(())
}

/// Counts a call for its booking, or what was talked in it. Whether it had not been counted before.
fn count(db: &Connection, session: i64, news: &News) -> Result<bool, StoreError> {
    let seq = news.seq as i64;
    let counted = match news.what {
        What::Called { side, at } => db
            .prepare_cached(
                "INSERT INTO masked_calls (seq, session, booking, side, at) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (session) DO NOTHING",
            )?
            .execute(params![seq, session, news.booking as i64, side_number(side), at])?,
        What::Talked { seconds } => db
            .prepare_cached(
                "UPDATE masked_calls SET talk_seconds = ?2, talk_seq = ?3 WHERE session = ?1 AND talk_seconds IS NULL",
            )?
            .execute(params![session, seconds as i64, seq])?,
    };
    Ok(counted > 0)
}

/// Opens and reads a sealed record.
pub(super) fn open(vault: &Vault, seq: u64, sealed: &[u8]) -> Result<Entry, StoreError> {
    let place = RecordPlace::new(seq);
    let bytes = vault.open(place.place(), sealed);
    record::read(&bytes.map_err(|_| StoreError::Unreadable { what: "webhook" })?)
}

/// Opens and reads a session's sealed state.
pub(super) fn read_state(vault: &Vault, id: SessionId, sealed: &[u8]) -> Result<Known, StoreError> {
    let state = vault.open(session_place(&id), sealed);
    state::read(
        id,
        &state.map_err(|_| StoreError::Unreadable { what: "session" })?,
    )
}

/// Writes a session; a new one's row says whether its beginning is told. Most batches change its state alone; its indexes are left alone then.
fn save(
    db: &Connection,
    vault: &Vault,
    session: &DueSession,
    begins: bool,
) -> Result<(), StoreError> {
    let (known, row) = (&session.known, session.row);
    let state = vault.seal(session_place(&known.id), &state::write(known));
    if session.is_new {
        return add(db, vault, row, known, &state, begins);
    }
    // What a row is found by is under the key that its state is sealed with.
    if session.is_found_anew || vault.is_rotating() {
        update_indexes(db, vault, row, known)?;
    }
    db.prepare_cached("UPDATE sessions SET state = ?2, last_event_at = ?3 WHERE id = ?1")?
        .execute(params![row, state, known.last_event_at.as_millisecond()])?;
    Ok(())
}

fn add(
    db: &Connection,
    vault: &Vault,
    row: i64,
    known: &Known,
    state: &[u8],
    begins: bool,
) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT INTO sessions (id, session_id, source_index, destination_index, flow_id, flow_version,
             status, started_at, last_event_at, state, events, start_is_told)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11)",
    )?
    .execute(params![
        row,
        known.id.as_str(),
        index(vault, &known.face.source),
        index(vault, &known.face.destination),
        known.flow.as_ref().map(|(id, _)| id.as_str()),
        known.flow.as_ref().map(|(_, version)| version.as_str()),
        known.ending.as_ref().map(|ending| &ending.status),
        known.started_at.as_millisecond(),
        known.last_event_at.as_millisecond(),
        state,
        begins,
    ])?;
    Ok(())
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
    let index = |number: &PhoneNumber| vault.form(vault.index(number.digits()));
    number.as_ref().map(index)
}
