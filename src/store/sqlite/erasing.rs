//! What goes for good, by the thread that writes the tables: pages are overwritten as rows go, and so that nothing is found
//! elsewhere the journal goes on in a file that was made anew, the ones before it are dropped, and the log is emptied.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use super::SqliteStore;
use super::projector::Command;
use crate::call::{PhoneNumber, SessionId};
use crate::masking::PartyKey;
use crate::store::bookings::BookingStore as _;
use crate::store::erasing::{
    Erasing, Erasure, Gone, HANDED_OVER, Subject, bookings_of, cut_off, first_id_at, names,
};
use crate::store::forms::read_time;
use crate::store::vault::{Place, Vault};
use crate::store::{Lease, StoreError, attempts, handoffs};

/// How many sessions go in one transaction.
const BITE: i64 = 100;

/// How many calls that we started are looked into at once.
const LOOKED_INTO: i64 = 500;

/// The sessions of a person.
const THEIRS: &str = "(source_index IN (?1, ?2) OR destination_index IN (?1, ?2))";

/// Which sessions go.
#[derive(Debug)]
pub(super) enum Which {
    /// Those of which the last was heard before a time (ms).
    Old(i64),
    /// Those of a person that have ended.
    Of(Person),
}

/// A person who is erased.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) phone: PhoneNumber,
    pub(super) party: PartyKey,
    /// Their bookings.
    pub(super) bookings: Vec<u64>,
}

#[async_trait]
impl Erasing for SqliteStore {
    async fn erase_old(&self, lease: &Lease, before: Timestamp) -> Result<u64, StoreError> {
        self.hold_against(Some(lease))?;
        let which = Which::Old(before.as_millisecond());
        let gone = self.erase(which).await?;
        Ok(gone.sessions + gone.attempts)
    }

    async fn ask_to_erase(
        &self,
        id: &str,
        phone: &PhoneNumber,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let subject = Subject {
            phone: phone.clone(),
            bookings: None,
        };
        let (vault, subject) = (self.vault.clone(), subject.write());
        let (id, at) = (id.to_owned(), at.as_millisecond());
        let ask = move |db: &Connection| {
            let sealed = vault.now().seal(place(&id), subject.as_bytes());
            let sql = "INSERT INTO erasures (id, asked_at, subject) VALUES (?1, ?2, ?3)";
            db.execute(sql, params![id, at, sealed])?;
            Ok(())
        };
        self.deliveries.write(ask).await
    }

    async fn go_on_erasing(&self, now: Timestamp) -> Result<(), StoreError> {
        let asked = self.lookups.with(under_way)?;
        for (id, sealed) in asked {
            let Subject { phone, bookings } =
                Subject::read(self.vault.now().open(place(&id), &sealed).ok())?;
            let party = self.party(&phone);
            let bookings = match bookings {
                Some(bookings) => bookings,
                None => bookings_of(self, party).await?,
            };
            for booking in &bookings {
                cut_off(self, *booking, now).await?;
            }
            self.catch_up().await;
            let person = Person {
                phone: phone.clone(),
                party,
                bookings,
            };
            let gone = self.erase(Which::Of(person)).await?;
            let left = Subject {
                phone,
                bookings: Some(gone.waiting.clone()),
            };
            let vault = self.vault.clone();
            let note = move |db: &Connection| {
                let left = vault.now().seal(place(&id), left.write().as_bytes());
                note(db, &id, &gone, left, now.as_millisecond())
            };
            self.deliveries.write(note).await?;
        }
        Ok(())
    }

    async fn erasures(&self) -> Result<Vec<Erasure>, StoreError> {
        self.lookups.with(list)
    }
}

impl SqliteStore {
    async fn erase(&self, which: Which) -> Result<Gone, StoreError> {
        let queue = self.queue.clone();
        let command = |caller| Command::Erase {
            which,
            queue,
            caller,
        };
        self.progress.command(command).await
    }
}

fn place(id: &str) -> Place<'_> {
    Place {
        table: "erasures",
        row: id.as_bytes(),
    }
}

fn under_way(db: &Connection) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
    let sql = "SELECT id, subject FROM erasures WHERE done_at IS NULL AND subject IS NOT NULL ORDER BY number";
    let mut select = db.prepare_cached(sql)?;
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Notes what went; `left` is the person, sealed, for as long as something is under way.
fn note(db: &Connection, id: &str, gone: &Gone, left: Vec<u8>, now: i64) -> Result<(), StoreError> {
    db.execute_batch("PRAGMA secure_delete = ON")?;
    db.execute(
        "UPDATE erasures SET sessions = sessions + ?2, events = events + ?3, attempts = attempts + ?4,
             bookings = bookings + ?5, done_at = ?6, subject = CASE WHEN ?6 IS NULL THEN ?7 END WHERE id = ?1",
        params![
            id,
            gone.sessions as i64,
            gone.events as i64,
            gone.attempts as i64,
            gone.bookings as i64,
            (!gone.is_more).then_some(now),
            left
        ],
    )?;
    Ok(())
}

fn list(db: &Connection) -> Result<Vec<Erasure>, StoreError> {
    let sql = "SELECT id, asked_at, done_at, sessions, events, attempts, bookings FROM erasures ORDER BY number DESC LIMIT 100";
    let mut select = db.prepare_cached(sql)?;
    let mut rows = select.query([])?;
    let mut erasures = Vec::new();
    while let Some(row) = rows.next()? {
        let many = |column| Ok::<_, rusqlite::Error>(row.get::<_, i64>(column)?.unsigned_abs());
        let done_at: Option<i64> = row.get(2)?;
        erasures.push(Erasure {
            id: row.get(0)?,
            asked_at: read_time(row.get(1)?)?,
            done_at: done_at.map(read_time).transpose()?,
            sessions: many(3)?,
            events: many(4)?,
            attempts: many(5)?,
            bookings: many(6)?,
        });
    }
    Ok(erasures)
}

/// Erases a bite; the sessions that went are named. `is_more` says that another bite may find more.
pub(super) fn bite(
    db: &mut Connection,
    vault: &Vault,
    which: &Which,
) -> Result<(Vec<SessionId>, Gone), StoreError> {
    db.pragma_update(None, "secure_delete", "ON")?;
    let moment = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let rows = match which {
        Which::Old(before) => {
            let sql = "SELECT id, session_id FROM sessions WHERE started_at < ?1 AND last_event_at < ?1 ORDER BY started_at LIMIT ?2";
            sessions(&moment, sql, params![before, BITE])?
        }
        Which::Of(Person { phone, .. }) => {
            let sql = format!(
                "SELECT id, session_id FROM sessions WHERE {THEIRS} AND status IS NOT NULL LIMIT ?3"
            );
            let [form, other] = vault.forms(vault.index(phone.digits()));
            sessions(&moment, &sql, params![form, other, BITE])?
        }
    };
    for (row, _) in &rows {
        let sql = "DELETE FROM webhooks WHERE session = ?1";
        moment.prepare_cached(sql)?.execute([row])?;
        let sql = "DELETE FROM sessions WHERE id = ?1";
        moment.prepare_cached(sql)?.execute([row])?;
    }
    let ids: Vec<_> = rows.into_iter().map(|(_, id)| id).collect();
    let events = match which {
        // Those of old sessions have gone before: they are kept for less long.
        Which::Old(_) => 0,
        Which::Of(_) => events(&moment, &ids)?,
    };
    moment.commit()?;
    let gone = Gone {
        sessions: ids.len() as u64,
        events,
        is_more: ids.len() as i64 == BITE,
        ..Gone::default()
    };
    Ok((ids.into_iter().map(SessionId::new).collect(), gone))
}

fn sessions(
    db: &Connection,
    sql: &str,
    of: impl rusqlite::Params,
) -> Result<Vec<(i64, String)>, rusqlite::Error> {
    let mut select = db.prepare_cached(sql)?;
    let rows = select.query_map(of, |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

pub(super) fn events(db: &Connection, sessions: &[String]) -> Result<u64, rusqlite::Error> {
    if sessions.is_empty() {
        return Ok(0);
    }
    let sessions = serde_json::to_string(sessions).expect("ids are texts");
    let sql = "DELETE FROM deliveries WHERE event IN
         (SELECT number FROM events WHERE session_id IN (SELECT value FROM json_each(?1)))";
    db.execute(sql, [&sessions])?;
    let sql = "DELETE FROM events WHERE session_id IN (SELECT value FROM json_each(?1))";
    Ok(db.execute(sql, [&sessions])? as u64)
}

/// Erases calls that we started: the settled ones of a person, or the old ones. `is_more` says that some are not settled.
pub(super) fn calls(db: &mut Connection, vault: &Vault, which: &Which) -> Result<Gone, StoreError> {
    db.pragma_update(None, "secure_delete", "ON")?;
    let (mut gone, mut after) = (Gone::default(), 0);
    while let Some((last, found)) = page(db, after, which)? {
        after = last;
        let moment = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for (number, id, state, record) in found {
            if let Which::Of(Person { phone, .. }) = which
                && attempts::read(vault, &id, 0, &record)?.request.to != *phone
            {
                continue;
            }
            if matches!(state.as_str(), "PENDING" | "DIALING" | "UNKNOWN") {
                gone.is_more = true;
                continue;
            }
            let sql = "DELETE FROM attempts WHERE number = ?1";
            gone.attempts += moment.prepare_cached(sql)?.execute([number])? as u64;
        }
        moment.commit()?;
    }
    Ok(gone)
}

/// Erases what was handed to the Contact Center: all that has a person's number in it, or what is old. Returns how many
/// rows.
pub(super) fn handed_over(
    db: &mut Connection,
    vault: &Vault,
    which: &Which,
) -> Result<u64, StoreError> {
    let mut gone = 0;
    let moment = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for (table, id) in HANDED_OVER {
        let delete = format!("DELETE FROM {table} WHERE {id}");
        match which {
            Which::Old(before) => {
                gone += moment.execute(&format!("{delete} < ?1"), [first_id_at(*before)])?;
            }
            Which::Of(Person { phone, .. }) => {
                for theirs in naming(&moment, vault, table, id, phone)? {
                    gone += moment.execute(&format!("{delete} = ?1"), [theirs])?;
                }
            }
        }
    }
    moment.commit()?;
    Ok(gone as u64)
}

/// The rows of a table that have a person's number in them.
fn naming(
    db: &Connection,
    vault: &Vault,
    table: &'static str,
    id: &str,
    phone: &PhoneNumber,
) -> Result<Vec<String>, StoreError> {
    let mut select = db.prepare(&format!("SELECT {id}, record FROM {table}"))?;
    let mut rows = select.query([])?;
    let mut theirs = Vec::new();
    while let Some(row) = rows.next()? {
        let (id, sealed): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
        let opened = vault.open(handoffs::place(table, id.as_bytes()), &sealed);
        let opened = opened.map_err(|_| StoreError::Unreadable { what: "handoff" })?;
        if names(&opened, phone) {
            theirs.push(id);
        }
    }
    Ok(theirs)
}

type Call = (i64, String, String, Vec<u8>);

/// The next calls behind number `after`, and the last one's number.
fn page(
    db: &Connection,
    after: i64,
    which: &Which,
) -> Result<Option<(i64, Vec<Call>)>, rusqlite::Error> {
    let before = match which {
        Which::Old(before) => *before,
        Which::Of(_) => i64::MAX,
    };
    let mut select = db.prepare_cached(
        "SELECT number, attempt_id, state, record FROM attempts WHERE number > ?1 AND begun_at < ?2 ORDER BY number LIMIT ?3",
    )?;
    let found = select.query_map(params![after, before, LOOKED_INTO], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    })?;
    let found: Vec<Call> = found.collect::<Result<_, _>>()?;
    Ok(found
        .last()
        .map(|(number, ..)| *number)
        .map(|last| (last, found)))
}

/// Whether a person has a session that is live.
pub(super) fn is_live(
    db: &Connection,
    vault: &Vault,
    phone: &PhoneNumber,
) -> Result<bool, StoreError> {
    let sql = format!("SELECT 1 FROM sessions WHERE {THEIRS} AND status IS NULL");
    let found = db
        .prepare_cached(&sql)?
        .query_row(vault.forms(vault.index(phone.digits())), |_| Ok(()))
        .optional()?;
    Ok(found.is_some())
}
