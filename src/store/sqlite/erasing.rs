//! What is to go for good: asked for, looked for by connections that read, and noted. What is found is erased by the thread that writes the
//! tables ([`erasing_rows`](super::erasing_rows)).

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Row as SqlRow, params};

use super::SqliteStore;
use super::erasing_rows::Which;
use super::projector::Command;
use crate::call::PhoneNumber;
use crate::masking::PartyKey;
use crate::masking::booking::Booking;
use crate::store::booking_forms::{id_index, seal};
use crate::store::erasing::looking::{Erases, Gone, Note, Over, PAGE, Row, Went, go_on};
use crate::store::erasing::people::Asked;
use crate::store::erasing::subject::{At, Subject, Table};
use crate::store::erasing::{Erasing, Erasure};
use crate::store::forms::read_time;
use crate::store::vault::Vault;
use crate::store::{Lease, StoreError};

#[async_trait]
impl Erasing for SqliteStore {
    async fn erase_old(&self, lease: &Lease, before: Timestamp) -> Result<u64, StoreError> {
        self.hold_against(Some(lease))?;
        let which = Which::Old(before.as_millisecond());
        let gone = self.erase(which).await?.gone;
        Ok(gone.sessions + gone.attempts)
    }

    async fn ask_to_erase(
        &self,
        id: &str,
        phone: &PhoneNumber,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let (vault, subject) = (self.vault.clone(), Subject::new(phone));
        let (id, at) = (id.to_owned(), at.as_millisecond());
        let ask = move |db: &Connection| {
            let sealed = subject.seal(&vault.now(), &id);
            let sql = "INSERT INTO erasures (id, asked_at, subject) VALUES (?1, ?2, ?3)";
            db.execute(sql, params![id, at, sealed])?;
            Ok(())
        };
        self.deliveries.write(ask).await
    }

    async fn go_on_erasing(
        &self,
        lease: &Lease,
        now: Timestamp,
    ) -> Result<Option<Duration>, StoreError> {
        self.hold_against(Some(lease))?;
        let (_, rests) = go_on(self, lease, now, Over::at(now)).await?;
        Ok(rests)
    }

    async fn erasures(&self) -> Result<Vec<Erasure>, StoreError> {
        self.lookups.with(list)
    }
}

#[async_trait]
impl Erases for SqliteStore {
    fn keys(&self) -> Vault {
        self.vault.now()
    }

    async fn people(&self) -> Result<Vec<Asked>, StoreError> {
        self.lookups.with(|db| people(db, &self.vault.now()))
    }

    async fn page(&self, table: Table, after: Option<&At>) -> Result<Vec<Row>, StoreError> {
        let (lookups, after) = (self.lookups.clone(), after.cloned());
        let read = move || lookups.with(|db| page(db, table, after));
        let read = tokio::task::spawn_blocking(read).await;
        read.unwrap_or(Err(StoreError::Closing))
    }

    async fn erase_sessions_of(&self, phone: &PhoneNumber, over: Over) -> Result<Went, StoreError> {
        self.erase(Which::SessionsOf(phone.clone(), over)).await
    }

    async fn erase_rows(
        &self,
        table: Table,
        rows: Vec<At>,
        over: Over,
    ) -> Result<Went, StoreError> {
        self.erase(Which::Rows(table, rows, over)).await
    }

    async fn erase_whole(&self, booking: &Booking, over: Over) -> Result<Option<Gone>, StoreError> {
        let went = self.erase(Which::Booking(booking.number, over)).await?;
        Ok(went.left.is_empty().then_some(went.gone))
    }

    async fn erase_party(&self, party: PartyKey) -> Result<(), StoreError> {
        self.erase(Which::Party(party)).await.map(drop)
    }

    async fn keep_words(&self, booking: &Booking) -> Result<bool, StoreError> {
        let (vault, booking) = (self.vault.clone(), booking.clone());
        let keep = move |db: &Connection| {
            let vault = vault.now();
            let index = id_index(&vault, &booking.id);
            // What a row is found by is under the key that its record is sealed with.
            let sql =
                "UPDATE bookings SET id_index = ?3, pair = ?4, record = ?5, revision = revision + 1
                 WHERE number = ?1 AND revision = ?2";
            let changed = db.prepare_cached(sql)?.execute(params![
                booking.number as i64,
                booking.revision as i64,
                vault.form(index),
                vault.form(booking.pair.0),
                seal(&vault, &index, &booking)
            ])?;
            Ok(changed > 0)
        };
        self.bookings.run(keep).await
    }

    async fn leave_nothing_behind(&self) -> Result<(), StoreError> {
        let queue = self.queue.clone();
        let command = |caller| Command::LeaveNothing { queue, caller };
        self.progress.command(command).await
    }

    async fn note(&self, lease: &Lease, notes: Vec<Note>) -> Result<(), StoreError> {
        self.hold_against(Some(lease))?;
        let vault = self.vault.clone();
        let write = move |db: &Connection| {
            db.execute_batch("PRAGMA secure_delete = ON")?;
            notes.iter().try_for_each(|it| note(db, &vault.now(), it))
        };
        self.deliveries.write(write).await
    }
}

impl SqliteStore {
    async fn erase(&self, which: Which) -> Result<Went, StoreError> {
        let command = |caller| Command::Erase { which, caller };
        self.progress.command(command).await
    }
}

fn people(db: &Connection, vault: &Vault) -> Result<Vec<Asked>, StoreError> {
    let sql = "SELECT id, asked_at, subject FROM erasures WHERE done_at IS NULL AND subject IS NOT NULL ORDER BY number";
    let mut select = db.prepare_cached(sql)?;
    let mut rows = select.query([])?;
    let mut people = Vec::new();
    while let Some(row) = rows.next()? {
        let (id, sealed): (String, Vec<u8>) = (row.get(0)?, row.get(2)?);
        people.push(Asked {
            subject: Subject::open(vault, &id, &sealed)?,
            id,
            asked_at: row.get(1)?,
        });
    }
    Ok(people)
}

/// A table's id, what a row's text is sealed for, what goes with a row, and its sealed column.
fn columns(table: Table) -> [&'static str; 4] {
    match table {
        Table::Webhooks => ["id", "id", "session", "record"],
        Table::Sessions => ["id", "session_id", "id", "state"],
        Table::Attempts => ["number", "attempt_id", "number", "record"],
        Table::Events => ["number", "sealed_for", "number", "data"],
        Table::Handoffs => ["handoff_id", "handoff_id", "handoff_id", "record"],
        Table::CallbackResults => ["result_id", "result_id", "result_id", "record"],
    }
}

/// The rows behind `after`. Updates of virtual numbers are not among the webhooks: they tell of nobody's numbers but our own.
fn page(db: &Connection, table: Table, after: Option<At>) -> Result<Vec<Row>, StoreError> {
    let ([id, bound_to, of, sealed], name) = (columns(table), table.name());
    let sql = format!(
        "SELECT {id}, {bound_to}, {of}, {sealed} FROM {name} WHERE {id} > ?1 AND {of} IS NOT NULL ORDER BY {id} LIMIT ?2"
    );
    let after = match after {
        Some(At::Number(number)) => Value::Integer(number),
        Some(At::Text(text)) => Value::Text(text),
        Some(At::Bytes(bytes)) => Value::Blob(bytes),
        // Before all that are of its kind.
        None => match table {
            Table::Handoffs | Table::CallbackResults => Value::Text(String::new()),
            _ => Value::Integer(i64::MIN),
        },
    };
    let mut select = db.prepare_cached(&sql)?;
    let rows = select.query_map(params![after, PAGE as i64], row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn row(row: &SqlRow<'_>) -> Result<Row, rusqlite::Error> {
    let at = |column| {
        Ok::<_, rusqlite::Error>(match row.get(column)? {
            Value::Integer(number) => At::Number(number),
            Value::Text(text) => At::Text(text),
            Value::Blob(bytes) => At::Bytes(bytes),
            _ => At::Bytes(Vec::new()),
        })
    };
    Ok(Row {
        at: at(0)?,
        bound_to: match row.get_ref(1)? {
            ValueRef::Integer(number) => number.to_be_bytes().to_vec(),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.to_vec(),
            _ => Vec::new(),
        },
        of: at(2)?,
        sealed: row.get(3)?,
    })
}

/// Notes what went; the person is there for as long as something is under way.
fn note(db: &Connection, vault: &Vault, note: &Note) -> Result<(), StoreError> {
    let subject = note.subject.as_ref().map(|it| it.seal(vault, &note.id));
    db.prepare_cached(
        "UPDATE erasures SET sessions = sessions + ?2, events = events + ?3, attempts = attempts + ?4,
             bookings = bookings + ?5, done_at = ?6, subject = ?7 WHERE id = ?1",
    )?
    .execute(params![
        note.id,
        note.gone.sessions as i64,
        note.gone.events as i64,
        note.gone.attempts as i64,
        note.gone.bookings as i64,
        note.done_at,
        subject
    ])?;
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
