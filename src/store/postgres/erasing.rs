//! What goes for good: a bite of sessions a statement, with all that is kept of them.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::pool::Statement;
use super::resealing::{columns_of, fenced};
use super::{PostgresStore, clear};
use crate::call::PhoneNumber;
use crate::store::bookings::BookingStore as _;
use crate::store::erasing::{
    Erasing, Erasure, Gone, HANDED_OVER, Subject, bookings_of, cut_off, first_id_at, names,
};
use crate::store::forms::read_time;
use crate::store::vault::{Place, Vault};
use crate::store::{Lease, StoreError, attempts, handoffs};

/// How many sessions go in one statement.
const BITE: i64 = 100;

/// How many calls that we started are looked into at once.
const LOOKED_INTO: i64 = 500;

/// What goes with the sessions that `gone` names.
const WITH_THEM: &str = "traces AS (
         DELETE FROM webhooks WHERE session_id IN (SELECT session_id FROM gone)
     ), told AS (
         DELETE FROM events WHERE session_id IN (SELECT session_id FROM gone) RETURNING number
     ), waiting AS (
         DELETE FROM deliveries WHERE event IN (SELECT number FROM told)
     ), rows AS (
         DELETE FROM sessions WHERE session_id IN (SELECT session_id FROM gone) RETURNING 1
     )";

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
                 DELETE FROM attempts WHERE begun_at < $3 AND state IN ('ACCEPTED', 'REJECTED')
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
        let subject = Subject {
            phone: phone.clone(),
            bookings: None,
        };
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
                .bind(vault.seal(place(id), subject.write().as_bytes()))
        };
        self.write_sealed(&self.desk, statement).await?;
        Ok(())
    }

    async fn go_on_erasing(&self, now: Timestamp) -> Result<(), StoreError> {
        let asked = self.desk.read(|| {
            sqlx::query(
                "SELECT id, subject FROM erasures WHERE done_at IS NULL AND subject IS NOT NULL ORDER BY number",
            )
        });
        for row in asked.await? {
            let id: String = row.try_get("id")?;
            let opened = self
                .vault
                .now()
                .open(place(&id), row.try_get("subject")?)
                .ok();
            let Subject { phone, bookings } = Subject::read(opened)?;
            let party = self.party(&phone);
            let bookings = match bookings {
                Some(bookings) => bookings,
                None => bookings_of(self, party).await?,
            };
            for booking in &bookings {
                cut_off(self, *booking, now).await?;
            }
            let mut gone = self.erase_sessions(&phone).await?;
            let calls = self.erase_calls(&phone).await?;
            gone.attempts = calls.attempts + self.erase_handed_over(&phone).await?;
            self.erase_bookings(&bookings, party, &mut gone).await?;
            gone.is_more |= calls.is_more || !gone.waiting.is_empty();
            let left = Subject {
                phone,
                bookings: Some(gone.waiting.clone()),
            };
            self.note(&id, &gone, &left, now).await?;
        }
        Ok(())
    }

    async fn erasures(&self) -> Result<Vec<Erasure>, StoreError> {
        let rows = self
            .desk
            .read(|| sqlx::query("SELECT * FROM erasures ORDER BY number DESC LIMIT 100"));
        rows.await?.iter().map(erasure).collect()
    }
}

impl PostgresStore {
    /// Erases the sessions of a person that have ended; tells whether there are live ones.
    async fn erase_sessions(&self, phone: &PhoneNumber) -> Result<Gone, StoreError> {
        let vault = self.vault.now();
        let forms = columns_of(&vault, vault.index(phone.digits()));
        let text = format!(
            "WITH gone AS (
                 SELECT session_id FROM sessions
                 WHERE (source_index = ANY ($1) OR destination_index = ANY ($1)) AND status IS NOT NULL LIMIT $2 FOR UPDATE
             ), {WITH_THEM}
             SELECT (SELECT count(*) FROM rows) AS sessions, (SELECT count(*) FROM told) AS events, EXISTS
                 (SELECT 1 FROM sessions WHERE (source_index = ANY ($1) OR destination_index = ANY ($1)) AND status IS NULL) AS is_live"
        );
        let mut gone = Gone::default();
        loop {
            let statement = sqlx::query(sqlx::AssertSqlSafe(text.clone()))
                .bind(forms.clone())
                .bind(BITE);
            let row = self.one_row(statement).await?;
            let sessions = many(&row, "sessions")?;
            gone.sessions += sessions;
            gone.events += many(&row, "events")?;
            gone.is_more = row.try_get("is_live")?;
            if sessions < BITE.unsigned_abs() {
                return Ok(gone);
            }
        }
    }

    /// Erases the calls that we started to a person and that are settled; tells whether there are others.
    async fn erase_calls(&self, phone: &PhoneNumber) -> Result<Gone, StoreError> {
        let (mut gone, mut after) = (Gone::default(), 0_i64);
        loop {
            let rows = self.desk.read(|| {
                sqlx::query(
                    "SELECT number, attempt_id, state, record FROM attempts WHERE number > $1 ORDER BY number LIMIT $2",
                )
                .bind(after)
                .bind(LOOKED_INTO)
            });
            let rows = rows.await?;
            let Some(last) = rows.last() else {
                return Ok(gone);
            };
            after = last.try_get("number")?;
            let mut theirs: Vec<i64> = Vec::new();
            for row in &rows {
                let (id, state): (String, String) =
                    (row.try_get("attempt_id")?, row.try_get("state")?);
                let call = attempts::read(&self.vault.now(), &id, 0, row.try_get("record")?)?;
                if call.request.to != *phone {
                    continue;
                }
                match state.as_str() {
                    "PENDING" | "DIALING" | "UNKNOWN" => gone.is_more = true,
                    _ => theirs.push(row.try_get("number")?),
                }
            }
            gone.attempts += theirs.len() as u64;
            let statement =
                sqlx::query("DELETE FROM attempts WHERE number = ANY ($1)").bind(theirs);
            self.desk.run(statement).await?;
        }
    }

    /// Erases what was handed to the Contact Center with a person's number in it. Returns how many rows.
    async fn erase_handed_over(&self, phone: &PhoneNumber) -> Result<u64, StoreError> {
        let mut gone = 0;
        for (table, id) in HANDED_OVER {
            let text = format!("SELECT {id} AS id, record FROM {table}");
            let rows = self
                .desk
                .read(|| sqlx::query(sqlx::AssertSqlSafe(text.clone())));
            let mut theirs: Vec<String> = Vec::new();
            for row in rows.await? {
                let id: String = row.try_get("id")?;
                let place = handoffs::place(table, id.as_bytes());
                let opened = self.vault.now().open(place, row.try_get("record")?);
                let opened = opened.map_err(|_| StoreError::Unreadable { what: "handoff" })?;
                if names(&opened, phone) {
                    theirs.push(id);
                }
            }
            gone += theirs.len() as u64;
            let text = format!("DELETE FROM {table} WHERE {id} = ANY ($1)");
            let statement = sqlx::query(sqlx::AssertSqlSafe(text)).bind(theirs);
            self.desk.run(statement).await?;
        }
        Ok(gone)
    }

    /// Notes what went; `left` is the person, for as long as something is under way.
    async fn note(
        &self,
        id: &str,
        gone: &Gone,
        left: &Subject,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let text = "UPDATE erasures SET sessions = sessions + $2, events = events + $3, attempts = attempts + $4,
                 done_at = $5, bookings = bookings + $6, subject = CASE WHEN $5::bigint IS NULL THEN $7 END
             WHERE id = $1 AND {fence} RETURNING 1";
        let statement = |vault: &Vault| {
            sqlx::query(sqlx::AssertSqlSafe(fenced(text, vault)))
                .bind(clear(id))
                .bind(gone.sessions as i64)
                .bind(gone.events as i64)
                .bind(gone.attempts as i64)
                .bind((!gone.is_more).then(|| now.as_millisecond()))
                .bind(gone.bookings as i64)
                .bind(vault.seal(place(id), left.write().as_bytes()))
        };
        self.write_sealed(&self.desk, statement).await?;
        Ok(())
    }

    pub(super) async fn one_row(&self, statement: Statement<'_>) -> Result<PgRow, StoreError> {
        let rows = self.desk.run(statement).await?;
        Ok(rows.into_iter().next().ok_or(sqlx::Error::RowNotFound)?)
    }
}

fn place(id: &str) -> Place<'_> {
    Place {
        table: "erasures",
        row: id.as_bytes(),
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
