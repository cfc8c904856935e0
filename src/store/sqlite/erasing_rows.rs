//! What goes for good, by the thread that writes the tables: pages are overwritten as rows go, in transactions between which others
//! write.

use rusqlite::{Connection, TransactionBehavior, params};

use crate::call::{PhoneNumber, SessionId};
use crate::masking::PartyKey;
use crate::store::StoreError;
use crate::store::attempts::SETTLED;
use crate::store::erasing::looking::{Gone, Over, Went};
use crate::store::erasing::subject::{At, Table};
use crate::store::erasing::{HANDED_OVER, first_id_at};
use crate::store::vault::Vault;

/// How many sessions go in one transaction.
pub(super) const BITE: usize = 100;

/// How many calls that we started go in one transaction.
const CALLS: i64 = 500;

/// The sessions of a person.
const THEIRS: &str = "(source_index IN (?1, ?2) OR destination_index IN (?1, ?2))";

/// What goes.
#[derive(Debug)]
pub(super) enum Which {
    /// Sessions of which the last was heard before a time (ms), and what is as old.
    Old(i64),
    /// The sessions of a person that are over.
    SessionsOf(PhoneNumber, Over),
    /// What rows of a table tell of, as far as it is over.
    Rows(Table, Vec<At>, Over),
    /// A booking with the calls that it had, when they are over.
    Booking(u64, Over),
    /// What a person holds by themselves.
    Party(PartyKey),
}

/// A bite of sessions that went.
#[derive(Debug)]
pub(super) struct Bite {
    pub(super) ids: Vec<SessionId>,
    pub(super) gone: Gone,
}

impl Bite {
    /// Whether another one may find more.
    pub(super) fn is_full(&self) -> bool {
        self.ids.len() == BITE
    }
}

/// Erases old sessions. Their events have gone before: they are kept for less long.
pub(super) fn old_sessions(db: &mut Connection, before: i64) -> Result<Bite, StoreError> {
    let sql = "SELECT id, session_id FROM sessions WHERE started_at < ?1 AND last_event_at < ?1 ORDER BY started_at LIMIT ?2";
    bite(db, sql, params![before, BITE as i64], |_, _| Ok(0))
}

/// Erases sessions of a person that are over.
pub(super) fn sessions_of(
    db: &mut Connection,
    vault: &Vault,
    phone: &PhoneNumber,
    over: Over,
) -> Result<Bite, StoreError> {
    let sql = format!(
        "SELECT id, session_id FROM sessions
         WHERE {THEIRS} AND (status IS NOT NULL OR last_event_at < ?3) LIMIT ?4"
    );
    let [form, other] = vault.forms(vault.index(phone.digits()));
    let of = params![form, other, over.quiet_since, BITE as i64];
    bite(db, &sql, of, events_of)
}

/// Erases sessions that are over, of those in these rows.
pub(super) fn sessions_in(
    db: &mut Connection,
    rows: &[At],
    over: Over,
) -> Result<Bite, StoreError> {
    let sql = "SELECT id, session_id FROM sessions
         WHERE id IN (SELECT value FROM json_each(?1)) AND (status IS NOT NULL OR last_event_at < ?2)";
    bite(db, sql, params![json(rows), over.quiet_since], events_of)
}

/// The sessions of a person that are live.
pub(super) fn live_of(
    db: &Connection,
    vault: &Vault,
    phone: &PhoneNumber,
) -> Result<Vec<(At, i64)>, StoreError> {
    let sql = format!("SELECT id, started_at FROM sessions WHERE {THEIRS} AND status IS NULL");
    left(db, &sql, vault.forms(vault.index(phone.digits())))
}

/// The sessions that are live, of those in these rows.
pub(super) fn live_in(db: &Connection, rows: &[At]) -> Result<Vec<(At, i64)>, StoreError> {
    let sql = "SELECT id, started_at FROM sessions WHERE id IN (SELECT value FROM json_each(?1)) AND status IS NULL";
    left(db, sql, [json(rows)])
}

fn left(
    db: &Connection,
    sql: &str,
    of: impl rusqlite::Params,
) -> Result<Vec<(At, i64)>, StoreError> {
    let mut select = db.prepare_cached(sql)?;
    let rows = select.query_map(of, |row| Ok((At::Number(row.get(0)?), row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn bite(
    db: &mut Connection,
    sql: &str,
    of: impl rusqlite::Params,
    events: impl FnOnce(&Connection, &[String]) -> Result<u64, rusqlite::Error>,
) -> Result<Bite, StoreError> {
    db.pragma_update(None, "secure_delete", "ON")?;
    let moment = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut select = moment.prepare_cached(sql)?;
    let rows = select.query_map(of, |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
    })?;
    let rows: Vec<_> = rows.collect::<Result<_, _>>()?;
    drop(select);
    let ids = session_rows(&moment, rows)?;
    let gone = Gone {
        sessions: ids.len() as u64,
        events: events(&moment, &ids)?,
        ..Gone::default()
    };
    moment.commit()?;
    let ids = ids.into_iter().map(SessionId::new).collect();
    Ok(Bite { ids, gone })
}

/// Erases sessions with their webhooks. Returns their ids.
pub(super) fn session_rows(
    db: &Connection,
    rows: Vec<(i64, String)>,
) -> Result<Vec<String>, rusqlite::Error> {
    for (row, _) in &rows {
        for sql in [
            "DELETE FROM webhooks WHERE session = ?1",
            "DELETE FROM sessions WHERE id = ?1",
        ] {
            db.prepare_cached(sql)?.execute([row])?;
        }
    }
    Ok(rows.into_iter().map(|(_, id)| id).collect())
}

/// Erases what was told of sessions. How many events.
pub(super) fn events_of(db: &Connection, sessions: &[String]) -> Result<u64, rusqlite::Error> {
    if sessions.is_empty() {
        return Ok(0);
    }
    let sessions = serde_json::Value::from(sessions).to_string();
    events_where(
        db,
        "session_id IN (SELECT value FROM json_each(?1))",
        [sessions],
    )
}

/// Erases events, which are looked for once: all are looked through where no index finds them. One by sessions and bookings would
/// cost each event that is told more than it is worth to the few who are erased.
pub(super) fn events_where(
    db: &Connection,
    which: &str,
    of: impl rusqlite::Params,
) -> Result<u64, rusqlite::Error> {
    let mut select = db.prepare_cached(&format!("SELECT number FROM events WHERE {which}"))?;
    let numbers = select.query_map(of, |row| row.get(0).map(At::Number))?;
    let numbers = json(&numbers.collect::<Result<Vec<_>, _>>()?);
    let these = "IN (SELECT value FROM json_each(?1))";
    let sql = format!("DELETE FROM deliveries WHERE event {these}");
    db.prepare_cached(&sql)?.execute([&numbers])?;
    let sql = format!("DELETE FROM events WHERE number {these}");
    Ok(db.prepare_cached(&sql)?.execute([&numbers])? as u64)
}

/// Erases rows of a table that is no session's.
pub(super) fn rows(
    db: &mut Connection,
    table: Table,
    rows: &[At],
    over: Over,
) -> Result<Went, StoreError> {
    db.pragma_update(None, "secure_delete", "ON")?;
    let moment = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut went = Went::default();
    let these = |id: &str| format!("{id} IN (SELECT value FROM json_each(?1))");
    let delete = |id: &str| {
        let (name, these) = (table.name(), these(id));
        let sql = format!("DELETE FROM {name} WHERE {these}");
        moment.execute(&sql, [json(rows)]).map(|gone| gone as u64)
    };
    match table {
        Table::Attempts => {
            let these = these("number");
            let sql =
                format!("DELETE FROM attempts WHERE {these} AND ({SETTLED} OR begun_at < ?2)");
            let gone = moment.execute(&sql, params![json(rows), over.begun_before])?;
            went.gone.attempts = gone as u64;
            let sql = format!("SELECT number, begun_at FROM attempts WHERE {these}");
            went.left = left(&moment, &sql, [json(rows)])?;
        }
        Table::Events => went.gone.events = events_where(&moment, &these("number"), [json(rows)])?,
        Table::Handoffs => went.gone.attempts = delete("handoff_id")?,
        Table::CallbackResults => went.gone.attempts = delete("result_id")?,
        // They go with their sessions.
        Table::Webhooks | Table::Sessions => {}
    }
    moment.commit()?;
    Ok(went)
}

/// What tells rows, as JSON: numbers and texts.
fn json(rows: &[At]) -> String {
    let rows = rows.iter().map(|at| match at {
        At::Number(number) => serde_json::Value::from(*number),
        At::Text(text) => serde_json::Value::from(text.as_str()),
        At::Bytes(_) => serde_json::Value::Null,
    });
    serde_json::Value::from_iter(rows).to_string()
}

/// Erases old calls that we started, and what was handed to the Contact Center then. How many rows.
pub(super) fn old_calls(db: &mut Connection, before: i64) -> Result<u64, StoreError> {
    db.pragma_update(None, "secure_delete", "ON")?;
    let mut gone = 0;
    loop {
        let sql = format!(
            "DELETE FROM attempts WHERE number IN
                 (SELECT number FROM attempts WHERE begun_at < ?1 AND {SETTLED} LIMIT ?2)"
        );
        let bite = db.prepare_cached(&sql)?.execute(params![before, CALLS])?;
        gone += bite as u64;
        if bite < CALLS as usize {
            break;
        }
    }
    for (table, id) in HANDED_OVER {
        let sql = format!("DELETE FROM {table} WHERE {id} < ?1");
        gone += db.execute(&sql, [first_id_at(before)])? as u64;
    }
    Ok(gone)
}
