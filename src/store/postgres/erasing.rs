//! What goes for good: looked for a page at a time, erased a bite a statement, with all that is kept of it.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::erasing_rows::{BITE, WITH_THEM};
use super::pool::Statement;
use super::resealing::fenced;
use super::{PostgresStore, clear};
use crate::call::PhoneNumber;
use crate::masking::PartyKey;
use crate::masking::booking::Booking;
use crate::store::attempts::SETTLED;
use crate::store::booking_forms::{id_index, seal};
use crate::store::erasing::copy::erase_from_copy;
use crate::store::erasing::looking::{Erases, Gone, Note, Over, Row, Went, go_on};
use crate::store::erasing::people::Asked;
use crate::store::erasing::subject::{At, Subject, Table};
use crate::store::erasing::{Erasing, Erasure, HANDED_OVER, first_id_at};
use crate::store::forms::read_time;
use crate::store::vault::{Keys, Vault};
use crate::store::{Lease, Store as _, StoreError};

#[async_trait]
impl Erasing for PostgresStore {
    async fn erase_old(&self, lease: &Lease, before: Timestamp) -> Result<u64, StoreError> {
        let text = format!(
            "WITH fence AS (
                 SELECT 1 FROM leases WHERE name = $1 AND epoch = $2 FOR SHARE
             ), gone AS (
                 SELECT session_id FROM sessions
                 WHERE started_at < $3 AND last_event_at < $3 AND EXISTS (SELECT 1 FROM fence)
                 ORDER BY started_at LIMIT $4 FOR UPDATE SKIP LOCKED
             ), {WITH_THEM}, calls AS (
                 DELETE FROM attempts WHERE begun_at < $3 AND {SETTLED}
                     AND EXISTS (SELECT 1 FROM fence) RETURNING 1
             )
             SELECT EXISTS (SELECT 1 FROM fence) AS is_ours,
                 (SELECT count(*) FROM rows) + (SELECT count(*) FROM calls) AS many"
        );
        let statement = sqlx::query(sqlx::AssertSqlSafe(text))
            .bind(&lease.name)
            .bind(lease.epoch)
            .bind(before.as_millisecond())
            .bind(BITE);
        let row = self.one_row(statement).await?;
        if !row.try_get("is_ours")? {
            return Err(StoreError::LeaseLost);
        }
        for (table, id) in HANDED_OVER {
            let text = format!("DELETE FROM {table} WHERE {id} < $1");
            let statement = sqlx::query(sqlx::AssertSqlSafe(text));
            let first = first_id_at(before.as_millisecond());
            self.desk.run(statement.bind(first)).await?;
        }
        many(&row, "many")
    }

    async fn ask_to_erase(
        &self,
        id: &str,
        phone: &PhoneNumber,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let subject = Subject::new(phone);
        let sql = |vault: &Vault| {
            fenced(
                "INSERT INTO erasures (id, asked_at, subject) SELECT $1, $2, $3 WHERE {fence} RETURNING 1",
                vault,
            )
        };
        let statement = |vault: &Vault| {
            sqlx::query(sqlx::AssertSqlSafe(sql(vault)))
                .bind(clear(id))
                .bind(at.as_millisecond())
                .bind(subject.seal(vault, id))
        };
        self.write_sealed(&self.desk, statement).await?;
        Ok(())
    }

    async fn go_on_erasing(
        &self,
        lease: &Lease,
        now: Timestamp,
    ) -> Result<Option<Duration>, StoreError> {
        let (_, rests) = go_on(self, lease, now, Over::at(now)).await?;
        Ok(rests)
    }

    async fn erasures(&self) -> Result<Vec<Erasure>, StoreError> {
        let rows = self
            .desk
            .read(|| sqlx::query("SELECT * FROM erasures ORDER BY number DESC LIMIT 100"));
        rows.await?.iter().map(erasure).collect()
    }
}

#[async_trait]
impl Erases for PostgresStore {
    fn keys(&self) -> Vault {
        self.vault.now()
    }

    async fn people(&self) -> Result<Vec<Asked>, StoreError> {
        let asked = self.desk.read(|| {
            sqlx::query(
                "SELECT id, asked_at, subject FROM erasures WHERE done_at IS NULL AND subject IS NOT NULL ORDER BY number",
            )
        });
        let vault = self.vault.now();
        let read = |row: &PgRow| {
            let id: String = row.try_get("id")?;
            Ok(Asked {
                subject: Subject::open(&vault, &id, row.try_get("subject")?)?,
                asked_at: row.try_get("asked_at")?,
                id,
            })
        };
        asked.await?.iter().map(read).collect()
    }

    async fn page(&self, table: Table, after: Option<&At>) -> Result<Vec<Row>, StoreError> {
        self.rows_behind(table, after).await
    }

    async fn erase_sessions_of(&self, phone: &PhoneNumber, over: Over) -> Result<Went, StoreError> {
        self.erase_theirs(phone, over).await
    }

    async fn erase_rows(
        &self,
        table: Table,
        rows: Vec<At>,
        over: Over,
    ) -> Result<Went, StoreError> {
        self.erase_these(table, rows, over).await
    }

    async fn erase_whole(&self, booking: &Booking, over: Over) -> Result<Option<Gone>, StoreError> {
        self.erase_one(booking, over).await
    }

    async fn erase_party(&self, party: PartyKey) -> Result<(), StoreError> {
        self.erase_what_is_held(party).await
    }

    async fn keep_words(&self, booking: &Booking) -> Result<bool, StoreError> {
        // What a row is found by is under the key that its record is sealed with.
        let text = "WITH changed AS (
                 UPDATE bookings SET id_index = $3, pair = $4, record = $5, revision = revision + 1
                 WHERE number = $1 AND revision = $2 AND {fence} RETURNING 1
             )
             SELECT EXISTS (SELECT 1 FROM changed) AS is_kept WHERE {fence}";
        let statement = |vault: &Vault| {
            let index = id_index(vault, &booking.id);
            sqlx::query(sqlx::AssertSqlSafe(fenced(text, vault)))
                .bind(booking.number as i64)
                .bind(booking.revision as i64)
                .bind(vault.form(index).to_vec())
                .bind(vault.form(booking.pair.0).to_vec())
                .bind(seal(vault, &index, booking))
        };
        let rows = self.write_sealed(&self.desk, statement).await?;
        let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
        Ok(row.try_get("is_kept")?)
    }

    async fn leave_nothing_behind(&self) -> Result<(), StoreError> {
        // There are the rows alone; what they leave in the server's files goes by its own ways.
        Ok(())
    }

    async fn note(&self, lease: &Lease, notes: Vec<Note>) -> Result<(), StoreError> {
        let text = "WITH held AS (
                 SELECT 1 FROM leases WHERE name = $8 AND epoch = $9 FOR SHARE
             ), noted AS (
                 UPDATE erasures AS e SET subject = w.subject, done_at = w.done_at, sessions = e.sessions + w.sessions,
                     events = e.events + w.events, attempts = e.attempts + w.attempts, bookings = e.bookings + w.bookings
                 FROM unnest($1::text[], $2::bytea[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[])
                     AS w (id, subject, done_at, sessions, events, attempts, bookings)
                 WHERE e.id = w.id AND EXISTS (SELECT 1 FROM held) AND {fence}
             )
             SELECT EXISTS (SELECT 1 FROM held) AS is_ours WHERE {fence}";
        let statement = |vault: &Vault| {
            let mut columns = Columns::default();
            notes.iter().for_each(|note| columns.add(vault, note));
            columns
                .bind(sqlx::query(sqlx::AssertSqlSafe(fenced(text, vault))))
                .bind(lease.name.clone())
                .bind(lease.epoch)
        };
        let rows = self.write_sealed(&self.desk, statement).await?;
        let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
        match row.try_get("is_ours")? {
            true => Ok(()),
            false => Err(StoreError::LeaseLost),
        }
    }
}

/// Notes, column by column.
#[derive(Default)]
struct Columns {
    id: Vec<String>,
    subject: Vec<Option<Vec<u8>>>,
    done_at: Vec<Option<i64>>,
    gone: [Vec<i64>; 4],
}

impl Columns {
    fn add(&mut self, vault: &Vault, note: &Note) {
        self.id.push(clear(&note.id));
        let subject = note.subject.as_ref();
        self.subject
            .push(subject.map(|it| it.seal(vault, &note.id)));
        self.done_at.push(note.done_at);
        let Gone {
            bookings,
            sessions,
            events,
            attempts,
        } = note.gone;
        let counts = [sessions, events, attempts, bookings];
        for (column, count) in self.gone.iter_mut().zip(counts) {
            column.push(count as i64);
        }
    }

    fn bind<'q>(self, statement: Statement<'q>) -> Statement<'q> {
        let statement = statement
            .bind(self.id)
            .bind(self.subject)
            .bind(self.done_at);
        self.gone
            .into_iter()
            .fold(statement, |it, column| it.bind(column))
    }
}

/// Erases all that a restored dump has of people, as a server does; but nothing is waited for, since nothing goes on in a copy. `url`
/// names a database that no node serves, `now` is when that was asked. Returns how much went.
///
/// # Errors
///
/// As of [`PostgresStore::open`], also when nothing is restored there; and why it stopped: whoever asks again has it gone on.
pub async fn erase_from_restored(
    url: &str,
    keys: &Keys,
    people: &[PhoneNumber],
    now: Timestamp,
) -> Result<Gone, StoreError> {
    if PostgresStore::is_new(url).await? {
        let trouble =
            "the database that is named has nothing of ours: restore the dump into it first";
        return Err(StoreError::Unusable(trouble.to_owned()));
    }
    let store = PostgresStore::open(url, keys).await?;
    let erased = erase_from_copy(&store, people, now).await;
    store.close().await;
    erased
}

impl PostgresStore {
    pub(super) async fn one_row(&self, statement: Statement<'_>) -> Result<PgRow, StoreError> {
        let rows = self.desk.run(statement).await?;
        Ok(rows.into_iter().next().ok_or(sqlx::Error::RowNotFound)?)
    }
}

pub(super) fn many(row: &PgRow, column: &str) -> Result<u64, StoreError> {
    Ok(row.try_get::<i64, _>(column)?.unsigned_abs())
}

fn erasure(row: &PgRow) -> Result<Erasure, StoreError> {
    let done_at: Option<i64> = row.try_get("done_at")?;
    Ok(Erasure {
        id: row.try_get("id")?,
        asked_at: read_time(row.try_get("asked_at")?)?,
        done_at: done_at.map(read_time).transpose()?,
        sessions: many(row, "sessions")?,
        events: many(row, "events")?,
        attempts: many(row, "attempts")?,
        bookings: many(row, "bookings")?,
    })
}
