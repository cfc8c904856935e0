//! The `events` table: what is told, written in the transaction of what it tells. That of a session's webhooks is their
//! projection's, so that nothing is told twice or not at all over a crash, and no reply waits for it.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::booking_writes::tell_all;
use super::calls::What;
use super::memory::{DueSession, Mark, Tells};
use super::tables;
use crate::events::{Event, Told};
use crate::store::StoreError;
use crate::store::booking_forms::number_index;
use crate::store::entry::Entry;
use crate::store::forms::read_time;
use crate::store::known::Known;
use crate::store::telling::{self, Found, OfCall, TURNS_BACK, Variables};
use crate::store::vault::Vault;

/// Has an event told; `db` is in the transaction of what it tells.
pub(super) fn tell(db: &Connection, vault: &Vault, told: &Told) -> Result<(), StoreError> {
    let row = telling::Row::of(vault, told);
    db.prepare_cached(
        "INSERT INTO events (sealed_for, kind, session_id, booking_id, sequence, at, data)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        row.sealed_for,
        row.kind,
        row.session,
        row.booking,
        row.sequence,
        row.at,
        row.data,
    ])?;
    Ok(())
}

/// Whether the first that is heard of a session tells that it has begun. One that masking carries is told of by its calls; of what
/// does not know who carries it, the numbers tell.
pub(super) fn is_begun_by(
    db: &Connection,
    vault: &Vault,
    session: &DueSession,
) -> Result<bool, StoreError> {
    match session.first {
        Tells::Call => Ok(false),
        Tells::Nothing | Tells::Begin | Tells::Recording => Ok(true),
        Tells::Hearsay | Tells::End => Ok(!is_of_a_pool(db, vault, &session.known)?),
    }
}

fn is_of_a_pool(db: &Connection, vault: &Vault, known: &Known) -> Result<bool, StoreError> {
    let mut select =
        db.prepare_cached("SELECT 1 FROM pool_numbers WHERE number_index IN (?1, ?2)")?;
    for number in [&known.face.source, &known.face.destination]
        .into_iter()
        .flatten()
    {
        if select.exists(vault.forms(number_index(vault, number)))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What was written of a webhook before it is told of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written {
    /// Its session's new row says that its beginning was told.
    pub(super) begins: bool,
    /// What it counts as for a booking, if it was counted.
    pub(super) counted: Option<What>,
}

/// Has told what a webhook of `session` tells, whose row was written this moment.
pub(super) fn project(
    db: &Connection,
    vault: &Vault,
    session: &DueSession,
    mark: &Mark,
    written: Written,
) -> Result<(), StoreError> {
    let at = read_time(mark.received_at)?;
    if written.begins && session.row == mark.seq as i64 {
        tell_of(db, vault, telling::started(&session.known), at, 1)?;
    }
    match mark.tells {
        Tells::Nothing | Tells::Hearsay => Ok(()),
        Tells::Begin if written.begins => Ok(()),
        Tells::Begin => begin(db, vault, session, at),
        Tells::Call => call(db, vault, session, mark, written.counted.is_some()),
        Tells::End => {
            end(db, vault, session, at)?;
            match written.counted {
                Some(What::Talked { seconds }) => {
                    let ended = telling::call_ended(&session.known, seconds);
                    ended.map_or(Ok(()), |call| tell_of_call(db, vault, call, at))
                }
                Some(What::Called { .. }) | None => Ok(()),
            }
        }
        Tells::Recording => recording(db, vault, session, mark, at),
    }
}

/// A flow begins in a session: that is told, unless the first that was heard of the session has told it.
fn begin(
    db: &Connection,
    vault: &Vault,
    session: &DueSession,
    at: Timestamp,
) -> Result<(), StoreError> {
    let counted = db
        .prepare_cached(
            "UPDATE sessions SET events = events + 1, start_is_told = 1 WHERE id = ?1 AND start_is_told = 0 RETURNING events",
        )?
        .query_row([session.row], |row| row.get(0))
        .optional()?;
    match counted {
        Some(sequence) => tell_of(db, vault, telling::started(&session.known), at, sequence),
        None => Ok(()),
    }
}

/// What became of a masked call. That it was connected is told when it was counted: once.
fn call(
    db: &Connection,
    vault: &Vault,
    session: &DueSession,
    mark: &Mark,
    counted: bool,
) -> Result<(), StoreError> {
    let sql = "SELECT id, record FROM webhooks WHERE session = ?1 AND id = ?2";
    let entry = entries(db, vault, sql, [session.row, mark.seq as i64])?.pop();
    let called = entry.as_ref().and_then(telling::called);
    match called.filter(|called| counted || !called.is_connected()) {
        Some(called) => tell_of_call(db, vault, called, read_time(mark.received_at)?),
        None => Ok(()),
    }
}

fn tell_of_call(
    db: &Connection,
    vault: &Vault,
    call: OfCall,
    at: Timestamp,
) -> Result<(), StoreError> {
    tell_all(
        db,
        vault,
        call.booking.unwrap_or_default(),
        at,
        [call.event],
    )
}

fn tell_of(
    db: &Connection,
    vault: &Vault,
    event: Event,
    at: Timestamp,
    sequence: u32,
) -> Result<(), StoreError> {
    let sequence = Some(sequence);
    tell(
        db,
        vault,
        &Told {
            event,
            at,
            sequence,
        },
    )
}

/// A summary: the first of its session is told, if its beginning was.
fn end(
    db: &Connection,
    vault: &Vault,
    session: &DueSession,
    at: Timestamp,
) -> Result<(), StoreError> {
    let counted = db
        .prepare_cached(
            "UPDATE sessions SET events = events + 1, end_is_told = 1 WHERE id = ?1 AND start_is_told = 1 AND end_is_told = 0 RETURNING events",
        )?
        .query_row([session.row], |row| row.get(0))
        .optional()?;
    let Some(sequence) = counted else {
        return Ok(());
    };
    let variables = variables(db, vault, session.row)?;
    match telling::ended(&session.known, variables) {
        Some(event) => tell_of(db, vault, event, at, sequence),
        None => Ok(()),
    }
}

/// What the flow of a session had saved and set last.
fn variables(db: &Connection, vault: &Vault, session: i64) -> Result<Variables, StoreError> {
    // SQLite plans a statement anew each time when how many rows it gives is a parameter.
    let sql = "SELECT id, record FROM webhooks WHERE session = ?1 AND answers IS NOT NULL ORDER BY id DESC";
    let mut select = db.prepare_cached(sql)?;
    let mut rows = select.query([session])?;
    for _ in 0..TURNS_BACK {
        let Some(row) = rows.next()? else {
            break;
        };
        if let Some(variables) = telling::variables(entry(vault, row)?) {
            return Ok(variables);
        }
    }
    Ok(Variables::default())
}

fn recording(
    db: &Connection,
    vault: &Vault,
    session: &DueSession,
    mark: &Mark,
    at: Timestamp,
) -> Result<(), StoreError> {
    let sql = "SELECT id, record FROM webhooks WHERE session = ?1 AND id <= ?2 ORDER BY id";
    let mut earlier = entries(db, vault, sql, [session.row, mark.seq as i64])?;
    let Some(Entry::Recording(update)) = earlier.pop() else {
        return Ok(());
    };
    let Some(event) = telling::ready(&update.event, &earlier) else {
        return Ok(());
    };
    let sequence = db
        .prepare_cached("UPDATE sessions SET events = events + 1 WHERE id = ?1 RETURNING events")?
        .query_row([session.row], |row| row.get(0))?;
    tell_of(db, vault, event, at, sequence)
}

fn entries(
    db: &Connection,
    vault: &Vault,
    sql: &str,
    of: [i64; 2],
) -> Result<Vec<Entry>, StoreError> {
    let mut select = db.prepare_cached(sql)?;
    let mut rows = select.query(of)?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(entry(vault, row)?);
    }
    Ok(entries)
}

/// Opens the row (id, record) of a webhook.
fn entry(vault: &Vault, row: &Row<'_>) -> Result<Entry, StoreError> {
    let seq = row.get::<_, i64>(0)?.unsigned_abs();
    let sealed = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
    tables::open(vault, seq, sealed)
}

/// What [`read`] reads of an event's row.
pub(super) const COLUMNS: &str = "e.number, e.sealed_for, e.kind, e.sequence, e.at, e.data";

/// Reads an event's row.
pub(super) fn read(row: &Row<'_>) -> Result<Found, rusqlite::Error> {
    Ok(Found {
        number: row.get(0)?,
        sealed_for: row.get(1)?,
        kind: row.get(2)?,
        sequence: row.get(3)?,
        at: row.get(4)?,
        data: row.get(5)?,
    })
}
