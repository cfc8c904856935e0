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

use super::moving::{Sealed, Tells};
use super::pool::{Failure, Pool};
use super::resealing::columns_of;
use super::{clear, numbers, rotation};
use crate::call::SessionId;
use crate::session::{Recall, Recalled};
use crate::store::booking_forms::number_index;
use crate::store::entry::{Entry, mark_of_action};
use crate::store::known::Known;
use crate::store::ring::LiveVault;
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
    vault: LiveVault,
    remembered: Cache<SessionId, Seen>,
    turns: Vec<tokio::sync::Mutex<()>>,
}

/// A session as it was read: what is known, the revision of its row, 0 when there is none, and whether its beginning was told.
#[derive(Debug, Clone, Default)]
struct Seen {
    known: Option<Known>,
    revision: i64,
    is_begun: bool,
}

/// How a session stood before a webhook.
#[derive(Debug, Clone, Copy)]
struct Before {
    is_new: bool,
    is_begun: bool,
    had_ended: bool,
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
    pub(super) fn new(pool: Arc<Pool>, vault: LiveVault) -> Self {
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
        rotation::awake(&self.pool, &self.vault, || self.recall_once(asked)).await
    }

    async fn recall_once(&self, asked: &Recall) -> Result<Recalled, StoreError> {
        let (id, mark) = (clear(asked.session.as_str()), mark_of_action(&asked.event));
        let answers = asked.answers.map(i64::from);
        let rows = self.pool.read(|| {
            sqlx::query(
                "SELECT s.session_id, s.revision, s.state, s.start_is_told, e.sealed_for AS event_for, e.record AS event_record,
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
                None => {
                    match rotation::awake(&self.pool, &self.vault, || self.look(session, &entry))
                        .await?
                    {
                        Some(seen) => seen,
                        None => return Ok(Kept::Overtaken),
                    }
                }
            };
            if entry.is_behind(seen.known.as_ref()) {
                return Ok(Kept::Overtaken);
            }
            match self.write(&entry, seen).await? {
                Written::Done => return Ok(Kept::Stored),
                Written::Repeated => return Ok(Kept::Overtaken),
                // The session has changed, or the key.
                Written::Stale => drop(rotation::learn(&self.pool, &self.vault).await?),
            }
        }
        Err(StoreError::Busy)
    }

    /// The session as it stands; `None` when the event is known or its step was left.
    async fn look(&self, session: &SessionId, entry: &Entry) -> Result<Option<Seen>, StoreError> {
        let (id, mark) = (clear(session.as_str()), entry.mark());
        let rows = self.pool.read(|| {
            sqlx::query(
                "SELECT s.session_id, s.revision, s.state, s.start_is_told,
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
        let before = Before {
            is_new: seen.known.is_none(),
            is_begun: seen.is_begun,
            had_ended: seen.known.as_ref().is_some_and(|it| it.ending.is_some()),
        };
        let Some(known) = entry.fold(seen.known) else {
            return Ok(Written::Repeated);
        };
        let row = Uuid::new_v4();
        let tells = self.told(entry, before, &known).await?;
        let vault = self.vault.now();
        let sealed = Sealed::of(&vault, entry, &known, &row, tells);
        match self
            .pool
            .run(sealed.statement(&vault, entry, &known, revision))
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
        before: Before,
        known: &Known,
    ) -> Result<Tells, StoreError> {
        let begins = !before.is_begun && self.begins(entry, before, known).await?;
        let is_begun = before.is_begun || begins;
        let started = begins.then(|| telling::started(known));
        let then = match entry {
            Entry::Summary(_) if is_begun && !before.had_ended => {
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
        let of_call = match entry {
            Entry::Action(_) => telling::called(entry),
            Entry::Summary(_) => {
                let talked = entry.masked_talk(Some(known));
                talked.and_then(|(_, seconds)| telling::call_ended(known, seconds))
            }
            _ => None,
        };
        Ok(Tells {
            is_begun,
            of_session: started.into_iter().chain(then).collect(),
            of_call,
        })
    }

    /// Whether a webhook tells that its session has begun. One that masking carries is told of by its calls; of what does not know
    /// who carries it, the numbers tell.
    async fn begins(
        &self,
        entry: &Entry,
        before: Before,
        known: &Known,
    ) -> Result<bool, StoreError> {
        match entry {
            Entry::Action(exchange) if exchange.is_masked_alone() => Ok(false),
            Entry::Action(exchange) => Ok(before.is_new || exchange.begins_a_flow()),
            Entry::Status(_) | Entry::Summary(_) if before.is_new => {
                Ok(!self.is_of_a_pool(known).await?)
            }
            _ => Ok(before.is_new),
        }
    }

    async fn is_of_a_pool(&self, known: &Known) -> Result<bool, StoreError> {
        let vault = self.vault.now();
        let numbers = [&known.face.source, &known.face.destination];
        let indexes: Vec<_> = numbers
            .into_iter()
            .flatten()
            .flat_map(|number| columns_of(&vault, number_index(&vault, number)))
            .collect();
        let found = self.pool.read(|| {
            sqlx::query("SELECT 1 FROM pool_numbers WHERE number_index = ANY ($1) LIMIT 1")
                .bind(indexes.clone())
        });
        Ok(!found.await?.is_empty())
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
            record::read(&open_record(&self.vault.now(), place, sealed)?)
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
            known: Some(open_state(&self.vault.now(), id, sealed)?),
            revision: row.try_get("revision")?,
            is_begun: row.try_get("start_is_told")?,
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
        record::read_reply(&open_record(&self.vault.now(), place, sealed)?).map(Some)
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

pub(super) fn session_place(id: &str) -> Place<'_> {
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
