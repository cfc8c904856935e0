//! The live call, in two round trips: one that recalls, and one statement that keeps a webhook together with what it
//! makes of its session.
//!
//! A node writes over a session only what it has read of it: the row's revision tells. When another node was faster,
//! nothing is written, and the session is read anew.

use std::sync::Arc;

use moka::sync::Cache;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::events::Rows;
use super::pool::{Failure, Pool, Statement};
use super::{clear, numbers};
use crate::call::SessionId;
use crate::events::{Event, Told};
use crate::session::{Recall, Recalled};
use crate::store::booking_forms::side_number;
use crate::store::entry::{Entry, mark_of_action};
use crate::store::known::Known;
use crate::store::vault::{Place, Vault};
use crate::store::{Kept, StoreError, record, state, telling};

/// How many sessions are remembered between recall and keep.
const REMEMBERED: u64 = 10_000;

/// How often a session is read anew because another node was faster.
const READ_ANEW: usize = 16;

/// How many locks the sessions share, so that webhooks of one session do not get into each other's way in this node.
const TURNS: usize = 1024;

/// Keeps webhooks.
#[derive(Debug)]
pub(super) struct Keeper {
    pool: Arc<Pool>,
    vault: Vault,
    remembered: Cache<SessionId, Seen>,
    turns: Vec<tokio::sync::Mutex<()>>,
}

/// A session as it was read: what is known, and the revision of its row, 0 when there is none.
#[derive(Debug, Clone, Default)]
struct Seen {
    known: Option<Known>,
    revision: i64,
}

/// What became of a write.
enum Written {
    Done,
    /// The event is known, or its step was left.
    Repeated,
    /// The session has been changed since it was read.
    Stale,
}

impl Keeper {
    pub(super) fn new(pool: Arc<Pool>, vault: Vault) -> Self {
        let remembered = Cache::builder()
            .max_capacity(REMEMBERED)
            .time_to_live(std::time::Duration::from_secs(5))
            .build();
        let turns = (0..TURNS).map(|_| tokio::sync::Mutex::default()).collect();
        Self {
            pool,
            vault,
            remembered,
            turns,
        }
    }

    /// What is known that bears on a voice call action: one round trip.
    pub(super) async fn recall(&self, asked: &Recall) -> Result<Recalled, StoreError> {
        let (id, mark) = (clear(asked.session.as_str()), mark_of_action(&asked.event));
        let answers = asked.answers.map(i64::from);
        let rows = self.pool.read(|| {
            sqlx::query(
                "SELECT s.session_id, s.revision, s.state, e.sealed_for AS event_for, e.record AS event_record,
                     a.sealed_for AS step_for, a.record AS step_record
                 FROM (SELECT 1) AS one
                 LEFT JOIN sessions AS s ON s.session_id = $1
                 LEFT JOIN webhooks AS e ON e.mark = $2
                 LEFT JOIN webhooks AS a ON a.session_id = $1 AND a.answers = $3",
            )
            .bind(id.as_str())
            .bind(mark.as_slice())
            .bind(answers)
        });
        let rows = rows.await?;
        let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
        let seen = self.seen(&asked.session, row)?;
        let recalled = Recalled {
            same_event: self.reply(row, "event_for", "event_record")?,
            same_step: self.reply(row, "step_for", "step_record")?,
            standing: seen.known.as_ref().map(Known::standing).unwrap_or_default(),
        };
        self.remembered.insert(asked.session.clone(), seen);
        Ok(recalled)
    }

    /// Keeps a webhook with what it makes of its session, or nothing of it.
    pub(super) async fn keep(&self, entry: Entry) -> Result<Kept, StoreError> {
        let Some(session) = entry.session() else {
            numbers::keep(&self.pool, &self.vault, &entry).await?;
            return Ok(Kept::Stored);
        };
        let _turn = self.turns[turn_of(session)].lock().await;
        let mut remembered = self.remembered.remove(session);
        for _ in 0..READ_ANEW {
            let seen = match remembered.take() {
                Some(seen) => seen,
                None => match self.look(session, &entry).await? {
                    Some(seen) => seen,
                    None => return Ok(Kept::Overtaken),
                },
            };
            if entry.is_behind(seen.known.as_ref()) {
                return Ok(Kept::Overtaken);
            }
            match self.write(&entry, seen).await? {
                Written::Done => return Ok(Kept::Stored),
                Written::Repeated => return Ok(Kept::Overtaken),
                Written::Stale => {}
            }
        }
        Err(StoreError::Busy)
    }

    /// The session as it stands; `None` when the event is known or its step was left.
    async fn look(&self, session: &SessionId, entry: &Entry) -> Result<Option<Seen>, StoreError> {
        let (id, mark) = (clear(session.as_str()), entry.mark());
        let rows = self.pool.read(|| {
            sqlx::query(
                "SELECT s.session_id, s.revision, s.state,
                     EXISTS (SELECT 1 FROM webhooks WHERE mark = $2)
                         OR EXISTS (SELECT 1 FROM webhooks WHERE session_id = $1 AND answers = $3) AS repeated
                 FROM (SELECT 1) AS one LEFT JOIN sessions AS s ON s.session_id = $1",
            )
            .bind(id.as_str())
            .bind(mark.as_slice())
            .bind(entry.answers().map(i64::from))
        });
        let rows = rows.await?;
        let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
        match row.try_get("repeated")? {
            true => Ok(None),
            false => self.seen(session, row).map(Some),
        }
    }

    /// Writes the webhook and its session in one statement: both, or neither.
    async fn write(&self, entry: &Entry, seen: Seen) -> Result<Written, StoreError> {
        let revision = seen.revision;
        let (is_new, had_ended) = match &seen.known {
            Some(known) => (false, known.ending.is_some()),
            None => (true, false),
        };
        let Some(known) = entry.fold(seen.known) else {
            return Ok(Written::Repeated);
        };
        let row = Uuid::new_v4();
        let told = self.told(entry, is_new, had_ended, &known).await?;
        let sealed = Sealed::of(&self.vault, entry, &known, &row, told);
        match self
            .pool
            .run(sealed.statement(entry, &known, revision))
            .await
        {
            Ok(rows) if rows.is_empty() => Ok(Written::Stale),
            Ok(_) => Ok(Written::Done),
            Err(Failure::Refused(error)) if is_repeated(&error) => Ok(Written::Repeated),
            Err(Failure::Unknown(error)) => self.find_out(entry, &row, error).await,
            Err(error) => Err(error.into()),
        }
    }

    /// What a webhook has told, which makes its session `known`. If another one comes in between, this one is not written.
    async fn told(
        &self,
        entry: &Entry,
        is_new: bool,
        had_ended: bool,
        known: &Known,
    ) -> Result<Vec<Event>, StoreError> {
        let started = is_new.then(|| telling::started(known));
        let then = match entry {
            Entry::Summary(_) if !had_ended => {
                let turns = "answers IS NOT NULL ORDER BY answers DESC LIMIT 4";
                let turns = self.entries(&known.id, turns).await?;
                let last = turns.into_iter().find_map(telling::variables);
                telling::ended(known, last.unwrap_or_default())
            }
            Entry::Recording(webhook) => {
                let earlier = self.entries(&known.id, "true").await?;
                telling::ready(&webhook.event, &earlier)
            }
            _ => None,
        };
        Ok(started.into_iter().chain(then).collect())
    }

    /// Webhooks of a session.
    async fn entries(&self, session: &SessionId, which: &str) -> Result<Vec<Entry>, StoreError> {
        let id = clear(session.as_str());
        let text =
            format!("SELECT sealed_for, record FROM webhooks WHERE session_id = $1 AND {which}");
        let rows = self
            .pool
            .read(|| sqlx::query(sqlx::AssertSqlSafe(text.clone())).bind(id.as_str()));
        let read = |row: &PgRow| {
            let (place, sealed) = (row.try_get("sealed_for")?, row.try_get("record")?);
            record::read(&open_record(&self.vault, place, sealed)?)
        };
        rows.await?.iter().map(read).collect()
    }

    /// The connection broke in the middle: whether the write was done is asked, never tried again. What is not there
    /// may still come, so that is an error.
    async fn find_out(
        &self,
        entry: &Entry,
        row: &Uuid,
        broke: sqlx::Error,
    ) -> Result<Written, StoreError> {
        let mark = entry.mark();
        let found = self.pool.read(|| {
            sqlx::query("SELECT sealed_for FROM webhooks WHERE mark = $1").bind(mark.as_slice())
        });
        let found = found.await?;
        match found.first() {
            Some(found) if found.try_get::<&[u8], _>(0)? == row.as_bytes() => Ok(Written::Done),
            Some(_) => Ok(Written::Repeated),
            None => Err(broke.into()),
        }
    }

    fn seen(&self, id: &SessionId, row: &PgRow) -> Result<Seen, StoreError> {
        let Some(sealed) = row.try_get::<Option<&[u8]>, _>("state")? else {
            return Ok(Seen::default());
        };
        Ok(Seen {
            known: Some(open_state(&self.vault, id, sealed)?),
            revision: row.try_get("revision")?,
        })
    }

    fn reply(
        &self,
        row: &PgRow,
        place: &str,
        sealed: &str,
    ) -> Result<Option<Arc<str>>, StoreError> {
        let found: (Option<&[u8]>, Option<&[u8]>) = (row.try_get(place)?, row.try_get(sealed)?);
        let (Some(place), Some(sealed)) = found else {
            return Ok(None);
        };
        record::read_reply(&open_record(&self.vault, place, sealed)?).map(Some)
    }
}

/// Moves a session and adds a webhook.
const MOVES: &str = "WITH moved AS (
         INSERT INTO sessions AS s (session_id, revision, source_index, destination_index, flow_id, flow_version,
             status, started_at, last_event_at, state)
         VALUES ($1, $2 + 1, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (session_id) DO UPDATE SET
             revision = excluded.revision, source_index = excluded.source_index,
             destination_index = excluded.destination_index, flow_id = excluded.flow_id,
             flow_version = excluded.flow_version, status = excluded.status,
             last_event_at = excluded.last_event_at, state = excluded.state
         WHERE s.revision = $2
         RETURNING 1
     )
     INSERT INTO webhooks (sealed_for, session_id, mark, answers, received_at, record)
     SELECT $11, $1, $12, $13, $14, $15 FROM moved
     RETURNING 1";

/// The same, and has events told.
const MOVES_AND_TELLS: &str = "WITH moved AS (
         INSERT INTO sessions AS s (session_id, revision, source_index, destination_index, flow_id, flow_version,
             status, started_at, last_event_at, state, events)
         VALUES ($1, $2 + 1, $3, $4, $5, $6, $7, $8, $9, $10, $16)
         ON CONFLICT (session_id) DO UPDATE SET
             revision = excluded.revision, source_index = excluded.source_index,
             destination_index = excluded.destination_index, flow_id = excluded.flow_id,
             flow_version = excluded.flow_version, status = excluded.status,
             last_event_at = excluded.last_event_at, state = excluded.state, events = s.events + $16
         WHERE s.revision = $2
         RETURNING events
     ), told AS (
         INSERT INTO events (sealed_for, kind, session_id, sequence, at, data)
         SELECT t.sealed_for, t.kind, $1, moved.events - $16 + t.place, $14, t.data
         FROM moved, unnest($17::bytea[], $18::text[], $19::bytea[]) WITH ORDINALITY AS t (sealed_for, kind, data, place)
     )
     INSERT INTO webhooks (sealed_for, session_id, mark, answers, received_at, record)
     SELECT $11, $1, $12, $13, $14, $15 FROM moved
     RETURNING 1";

/// A statement that moves a session and counts a call for its booking, or what was talked in it: `text`, which has so many
/// parameters, and four more.
fn counting(text: &str, used: usize) -> String {
    let [booking, side, at, talked] = [1, 2, 3, 4].map(|more| used + more);
    let counts = format!(
        ", counted AS (
             INSERT INTO masked_calls (session_id, booking, side, at)
             SELECT $1, ${booking}, ${side}, ${at} FROM moved WHERE ${booking} IS NOT NULL
             ON CONFLICT (session_id) DO NOTHING
         ), talked AS (
             UPDATE masked_calls SET talk_seconds = ${talked} FROM moved
             WHERE session_id = $1 AND ${talked} IS NOT NULL AND talk_seconds IS NULL
         )
         INSERT INTO webhooks"
    );
    text.replacen("INSERT INTO webhooks", &counts, 1)
}

/// An event that a webhook has told; the statement counts it.
fn told_at(event: Event, entry: &Entry) -> Told {
    let (at, sequence) = (entry.received_at(), None);
    Told {
        event,
        at,
        sequence,
    }
}

/// What a write brings, sealed.
struct Sealed {
    place: [u8; 16],
    mark: [u8; 16],
    record: Vec<u8>,
    session_id: String,
    source: Option<[u8; 16]>,
    destination: Option<[u8; 16]>,
    state: Vec<u8>,
    told: Rows,
}

impl Sealed {
    fn of(vault: &Vault, entry: &Entry, known: &Known, row: &Uuid, told: Vec<Event>) -> Self {
        let index = |number: &Option<crate::call::PhoneNumber>| {
            number.as_ref().map(|number| vault.index(number.digits()))
        };
        let session_id = clear(known.id.as_str());
        let mut kept = entry.clone();
        kept.forget_secrets();
        Self {
            place: *row.as_bytes(),
            mark: entry.mark(),
            record: vault.seal(record_place(row.as_bytes()), &record::write(&kept)),
            source: index(&known.face.source),
            destination: index(&known.face.destination),
            state: vault.seal(session_place(&session_id), &state::write(known)),
            told: Rows::of(vault, told.into_iter().map(|event| told_at(event, entry))),
            session_id,
        }
    }

    /// Moves the session if it still is at `revision` (0: if there is none), and adds the webhook if it moved. One row
    /// when both were done, none when the session has changed; a known event or a step already left is an error that
    /// undoes all of it.
    fn statement(&self, entry: &Entry, known: &Known, revision: i64) -> Statement<'_> {
        let word = |text: &str| clear(text);
        // Most webhooks tell nothing, and their statement is not to pay for it.
        let (text, used) = match self.told.is_empty() {
            true => (MOVES, 15),
            false => (MOVES_AND_TELLS, 19),
        };
        let (call, talk) = (entry.masked_call(), entry.masked_talk(Some(known)));
        let is_masked = call.is_some() || talk.is_some();
        let statement = match is_masked {
            false => sqlx::query(text),
            true => sqlx::query(sqlx::AssertSqlSafe(counting(text, used))),
        };
        let statement = statement
            .bind(self.session_id.as_str())
            .bind(revision)
            .bind(self.source.as_ref().map(|index| index.as_slice()))
            .bind(self.destination.as_ref().map(|index| index.as_slice()))
            .bind(known.flow.as_ref().map(|(id, _)| word(id.as_str())))
            .bind(
                known
                    .flow
                    .as_ref()
                    .map(|(_, version)| word(version.as_str())),
            )
            .bind(known.ending.as_ref().map(|ending| word(&ending.status)))
            .bind(known.started_at.as_millisecond())
            .bind(known.last_event_at.as_millisecond())
            .bind(self.state.as_slice())
            .bind(self.place.as_slice())
            .bind(self.mark.as_slice())
            .bind(entry.answers().map(i64::from))
            .bind(entry.received_at().as_millisecond())
            .bind(self.record.as_slice());
        let statement = match self.told.is_empty() {
            true => statement,
            false => statement
                .bind(self.told.count())
                .bind(&self.told.sealed_for)
                .bind(&self.told.kind)
                .bind(&self.told.data),
        };
        match is_masked {
            false => statement,
            true => statement
                .bind(call.map(|call| call.booking as i64))
                .bind(call.map(|call| side_number(call.side)))
                .bind(call.map(|call| call.at))
                .bind(talk.map(|(_, seconds)| seconds as i64)),
        }
    }
}

/// Opens and reads a session's state.
pub(super) fn open_state(
    vault: &Vault,
    id: &SessionId,
    sealed: &[u8],
) -> Result<Known, StoreError> {
    let opened = vault.open(session_place(&clear(id.as_str())), sealed);
    let opened = opened.map_err(|_| StoreError::Unreadable { what: "session" })?;
    state::read(id.clone(), &opened)
}

/// Opens a webhook's record.
pub(super) fn open_record(vault: &Vault, row: &[u8], sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
    let opened = vault.open(record_place(row), sealed);
    opened.map_err(|_| StoreError::Unreadable { what: "webhook" })
}

pub(super) fn record_place(row: &[u8]) -> Place<'_> {
    Place {
        table: "webhooks",
        row,
    }
}

fn session_place(id: &str) -> Place<'_> {
    Place {
        table: "sessions",
        row: id.as_bytes(),
    }
}

/// 23505: a unique index refused. That of the sessions never does, since a conflict there is an update.
fn is_repeated(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| code == "23505")
}

fn turn_of(session: &SessionId) -> usize {
    use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
    let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(session.as_str());
    usize::try_from(hash % TURNS as u64).expect("it is below the number of turns")
}
