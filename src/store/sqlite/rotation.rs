//! Keys replaced while the database is served. A key becomes the current one in a transaction, and what is held against other rows is
//! written in one too, with the key of that moment: so no two rows of one thing stand under two keys unnoticed.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, params};
use tokio::sync::Mutex;

use super::resealing::{next, shapes};
use super::writing::Writing;
use super::{SqliteStore, resealing};
use crate::store::StoreError;
use crate::store::forms::read_time;
use crate::store::rekeying::{
    BITE, KeyRecord, KeyRing, LEARNT_WITHIN, LOOKED_AT_EVERY, Pass, Rewriting, rest_after,
};
use crate::store::ring::{KeptKey, LiveVault, State};
use crate::store::vault::KeyNumber;

const UNREADABLE: StoreError = StoreError::Unreadable { what: "key" };

/// What is being done.
#[derive(Debug)]
pub(super) struct Rotation {
    /// Where rows are rewritten: what a power cut takes of it is rewritten again.
    rewriting: Writing,
    /// Where the ring is changed: on the disk at once.
    at_once: Writing,
    work: Mutex<Work>,
}

#[derive(Debug, Default)]
enum Work {
    #[default]
    None,
    /// A key is there since then.
    Learning(KeyNumber, Instant),
    /// The rows of a key are rewritten once the tables reach up to a record: it is the last that may be under it.
    Rewriting {
        of: KeyNumber,
        projected: Option<u64>,
        pass: Option<Pass<Vec<Value>>>,
    },
}

impl Rotation {
    pub(super) fn new(rewriting: Writing, at_once: Writing) -> Self {
        Self {
            rewriting,
            at_once,
            work: Mutex::default(),
        }
    }

    /// The connection that is its own.
    pub(super) fn writing(&self) -> Writing {
        self.rewriting.clone()
    }
}

#[async_trait]
impl KeyRing for SqliteStore {
    async fn keys(&self) -> Result<Vec<KeyRecord>, StoreError> {
        self.lookups.with(records)
    }

    async fn add_key(&self, at: Timestamp) -> Result<Option<KeyNumber>, StoreError> {
        let live = self.vault.clone();
        let add = move |db: &Connection| {
            let made = live.next(&ring(db)?).map_err(|_| UNREADABLE)?;
            if let Some(key) = &made {
                insert(db, key, at.as_millisecond())?;
            }
            Ok(made.map(|key| key.number))
        };
        let made = self.rotation.at_once.write(add).await?;
        self.learn()?;
        Ok(made)
    }

    async fn tend(&self, _node: &str, now: Timestamp) -> Result<Duration, StoreError> {
        let ring = self.learn()?;
        let in_state = |state| ring.iter().find(|key| key.state == state);
        let mut work = self.rotation.work.lock().await;
        if let Some(coming) = in_state(State::Coming) {
            let since = match *work {
                Work::Learning(number, since) if number == coming.number => since,
                _ => Instant::now(),
            };
            *work = Work::Learning(coming.number, since);
            if since.elapsed() < LEARNT_WITHIN || !self.vault.is_settled() {
                return Ok(LOOKED_AT_EVERY);
            }
            self.make_current(now).await?;
        } else if let Some(going) = in_state(State::Going) {
            return self.rewrite(going.number, &mut work, now).await;
        }
        Ok(LOOKED_AT_EVERY)
    }
}

impl SqliteStore {
    /// Reads the ring and works with it from now on.
    fn learn(&self) -> Result<Vec<KeptKey>, StoreError> {
        let ring = self.lookups.with(ring)?;
        self.vault.learn(&ring).map_err(|_| UNREADABLE)?;
        Ok(ring)
    }

    async fn make_current(&self, now: Timestamp) -> Result<(), StoreError> {
        let live = self.vault.clone();
        let change = move |db: &Connection| {
            let going = "UPDATE key_ring SET state = 'GOING' WHERE state = 'CURRENT'";
            db.execute(going, [])?;
            let current =
                "UPDATE key_ring SET state = 'CURRENT', current_since = ?1 WHERE state = 'COMING'";
            db.execute(current, [now.as_millisecond()])?;
            // Should the commit fail, the next look at the ring takes it back; until then rows are found under either key.
            live.learn(&ring(db)?).map_err(|_| UNREADABLE)?;
            Ok(())
        };
        self.rotation.at_once.write(change).await
    }

    /// Rewrites some rows of the key `of`, or gives it up once none is left.
    async fn rewrite(
        &self,
        of: KeyNumber,
        work: &mut Work,
        now: Timestamp,
    ) -> Result<Duration, StoreError> {
        if !matches!(work, Work::Rewriting { of: known, .. } if *known == of) {
            *work = Work::Rewriting {
                of,
                projected: None,
                pass: None,
            };
        }
        let Work::Rewriting {
            projected, pass, ..
        } = work
        else {
            return Ok(LOOKED_AT_EVERY);
        };
        if projected.is_none() && self.vault.is_settled() {
            *projected = Some(self.progress.committed());
        }
        if !projected.is_some_and(|last| self.progress.reaches(last)) {
            return Ok(LOOKED_AT_EVERY);
        }
        let under_way = match pass {
            Some(pass) => pass,
            None => pass.insert(self.begin(of, now).await?),
        };
        let Some(shape) = shapes().nth(under_way.table) else {
            if under_way.rewritten > 0 {
                *under_way = under_way.again();
                return Ok(Duration::ZERO);
            }
            self.give_up(of).await?;
            *work = Work::None;
            return Ok(LOOKED_AT_EVERY);
        };
        let began = Instant::now();
        let (live, after) = (self.vault.clone(), under_way.after.clone());
        let waiting = under_way.waiting() as i64;
        let bite = move |db: &Connection| {
            let bite = next(db, &live.now(), shape, &after, BITE)?;
            let sql = "UPDATE key_ring SET rows_waiting = ?2 WHERE number = ?1";
            db.prepare_cached(sql)?.execute(params![of, waiting])?;
            Ok(bite)
        };
        let bite: resealing::Bite = self.rotation.rewriting.write(bite).await?;
        under_way.go_on(bite.looked_at, bite.rewritten, bite.last);
        Ok(rest_after(began.elapsed()))
    }

    async fn begin(&self, of: KeyNumber, now: Timestamp) -> Result<Pass<Vec<Value>>, StoreError> {
        let mut total: i64 = 0;
        for shape in shapes() {
            let sql = format!("SELECT count(*) FROM {}", shape.table);
            let count: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
                .fetch_one(&self.readers)
                .await?;
            total += count;
        }
        let note = move |db: &Connection| {
            let sql = "UPDATE key_ring SET rewritten_since = ?2, rows_total = ?3, rows_waiting = ?3 WHERE number = ?1";
            db.execute(sql, params![of, now.as_millisecond(), total])?;
            Ok(())
        };
        self.rotation.rewriting.write(note).await?;
        Ok(Pass::first(total.unsigned_abs()))
    }

    /// Nothing is under the key any more: it goes for good.
    async fn give_up(&self, of: KeyNumber) -> Result<(), StoreError> {
        let delete = move |db: &Connection| {
            db.execute_batch("PRAGMA secure_delete = ON")?;
            let sql = "DELETE FROM key_ring WHERE number = ?1 AND state = 'GOING'";
            db.execute(sql, [of])?;
            Ok(())
        };
        self.rotation.at_once.write(delete).await?;
        self.learn()?;
        tracing::info!(key = of, "nothing is under this key any more: it is gone");
        Ok(())
    }
}

/// Reads the ring as the start finds it, and gives a database that has none its first key.
pub(super) fn ring_at_start(
    db: &Connection,
    live: &LiveVault,
    first: impl FnOnce() -> KeptKey,
) -> Result<(), StoreError> {
    if ring(db)?.is_empty() {
        let now = "SELECT CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER)";
        insert(db, &first(), db.query_row(now, [], |row| row.get(0))?)?;
    }
    for key in live.sealed_anew(&ring(db)?).map_err(|_| UNREADABLE)? {
        let sql = "UPDATE key_ring SET sealed = ?2 WHERE number = ?1";
        db.execute(sql, params![key.number, key.sealed])?;
    }
    live.learn(&ring(db)?).map_err(|_| UNREADABLE)?;
    Ok(())
}

fn ring(db: &Connection) -> Result<Vec<KeptKey>, StoreError> {
    let sql = "SELECT number, state, sealed FROM key_ring ORDER BY made_at, number";
    let mut select = db.prepare_cached(sql)?;
    let mut rows = select.query([])?;
    let mut ring = Vec::new();
    while let Some(row) = rows.next()? {
        let state: String = row.get(1)?;
        ring.push(KeptKey {
            number: row.get(0)?,
            state: State::from_word(&state).ok_or(UNREADABLE)?,
            sealed: row.get(2)?,
        });
    }
    Ok(ring)
}

fn insert(db: &Connection, key: &KeptKey, at: i64) -> Result<(), rusqlite::Error> {
    let since = (key.state == State::Current).then_some(at);
    let sql = "INSERT INTO key_ring (number, state, made_at, current_since, sealed) VALUES (?1, ?2, ?3, ?4, ?5)";
    db.execute(
        sql,
        params![key.number, key.state.as_str(), at, since, key.sealed],
    )?;
    Ok(())
}

fn records(db: &Connection) -> Result<Vec<KeyRecord>, StoreError> {
    let mut select = db.prepare_cached(
        "SELECT number, state, made_at, current_since, rewritten_since, rows_total, rows_waiting
         FROM key_ring ORDER BY made_at, number",
    )?;
    let mut rows = select.query([])?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        let state: String = row.get(1)?;
        let since: Option<i64> = row.get(3)?;
        let rewriting = match (row.get(4)?, row.get(5)?, row.get(6)?) {
            (Some(since), Some(total), Some(waiting)) => Some(Rewriting {
                since: read_time(since)?,
                total: i64::unsigned_abs(total),
                waiting: i64::unsigned_abs(waiting),
            }),
            _ => None,
        };
        records.push(KeyRecord {
            number: row.get(0)?,
            state: State::from_word(&state).ok_or(UNREADABLE)?,
            made_at: read_time(row.get(2)?)?,
            current_since: since.map(read_time).transpose()?,
            rewriting,
        });
    }
    Ok(records)
}
