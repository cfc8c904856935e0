//! Keys replaced while many nodes serve. A new key is in the database before anybody writes with it, so that every node has it by then,
//! and one that slept learns it when it meets it. That it becomes the current one waits for the writes of what has to be kept apart, and
//! those that come later wait for it: none is made with the key before. What a webhook keeps waits for nothing, and is refused in its own
//! statement when its key is not the current one.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};
use tokio::sync::Mutex;

use super::PostgresStore;
use super::pool::{Pool, Statement};
use super::resealing::{end_of_bite, renew_bite, shapes};
use super::row_key::At;
use crate::store::forms::read_time;
use crate::store::rekeying::{
    BITE, KeyRecord, KeyRing, LEARNT_WITHIN, LOOKED_AT_EVERY, Pass, Rewriting, rest_after,
};
use crate::store::ring::{KeptKey, LiveVault, State};
use crate::store::vault::KeyNumber;
use crate::store::{Store as _, StoreError};

const UNREADABLE: StoreError = StoreError::Unreadable { what: "key" };

/// How long the work is one node's.
const LEASED: Duration = Duration::from_secs(30);

/// After how long no statement is under way any more that began before a key was the current one, whatever can be seen of it: the
/// server ends them after 5 s (see `DESK_TIMES`).
const ENDED_WITHIN: Duration = Duration::from_secs(6);

/// The tables whose rows are kept apart by what they are found by.
const KEPT_APART: &str =
    "bookings, legs, pins, blocked_parties, pool_numbers, attempts, virtual_numbers";

/// What is being done by this node.
#[derive(Debug, Default)]
pub(super) struct Rotation(Mutex<Work>);

#[derive(Debug, Default)]
enum Work {
    #[default]
    None,
    /// A key is there since then, as far as this node knows.
    Learning(KeyNumber, Instant),
    /// The rows of a key are rewritten.
    Rewriting {
        of: KeyNumber,
        since: Instant,
        /// By the database's clock.
        began_at: String,
        under_way: Option<UnderWay>,
    },
}

/// A walk through the tables, each in the order of its key.
#[derive(Debug)]
struct UnderWay {
    pass: Pass<At>,
    /// How many rows of each table were there when the first walk began, and are not looked at yet.
    rows: Vec<u64>,
}

#[async_trait]
impl KeyRing for PostgresStore {
    async fn keys(&self) -> Result<Vec<KeyRecord>, StoreError> {
        let rows = self.desk.read(|| {
            sqlx::query(
                "SELECT number, state, made_at, current_since, rewritten_since, rows_total, rows_waiting
                 FROM key_ring ORDER BY made_at, number",
            )
        });
        rows.await?.iter().map(record).collect()
    }

    async fn add_key(&self, at: Timestamp) -> Result<Option<KeyNumber>, StoreError> {
        let ring = read(&self.desk).await?;
        let Some(key) = self.vault.next(&ring).map_err(|_| UNREADABLE)? else {
            return Ok(None);
        };
        // Of two nodes that do this at once, one is refused by the table's keys.
        let added = self.desk.run(insert(&key, at.as_millisecond())).await?;
        learn(&self.desk, &self.vault).await?;
        Ok((!added.is_empty()).then_some(key.number))
    }

    async fn tend(&self, node: &str, now: Timestamp) -> Result<Duration, StoreError> {
        let ring = read(&self.desk).await?;
        self.vault.learn(&ring).map_err(|_| UNREADABLE)?;
        if ring.len() < 2 || self.take_lease("keys", node, LEASED).await?.is_none() {
            *self.rotation.0.lock().await = Work::None;
            return Ok(LOOKED_AT_EVERY);
        }
        let in_state = |state| ring.iter().find(|key| key.state == state);
        let mut work = self.rotation.0.lock().await;
        if let Some(coming) = in_state(State::Coming) {
            let since = match *work {
                Work::Learning(number, since) if number == coming.number => since,
                _ => Instant::now(),
            };
            *work = Work::Learning(coming.number, since);
            if since.elapsed() >= LEARNT_WITHIN {
                self.make_current(coming.number, now).await?;
            }
        } else if let Some(going) = in_state(State::Going) {
            return self.rewrite(going.number, &mut work, now).await;
        }
        Ok(LOOKED_AT_EVERY)
    }
}

impl PostgresStore {
    /// Makes a key the current one while nothing is written that has to be kept apart.
    async fn make_current(&self, number: KeyNumber, now: Timestamp) -> Result<(), StoreError> {
        let now = now.as_millisecond();
        let text = format!(
            "BEGIN;
             SET LOCAL lock_timeout = '300ms';
             LOCK TABLE {KEPT_APART} IN SHARE ROW EXCLUSIVE MODE;
             UPDATE key_ring SET state = 'GOING' WHERE state = 'CURRENT'
                 AND EXISTS (SELECT 1 FROM key_ring WHERE number = {number} AND state = 'COMING');
             UPDATE key_ring SET state = 'CURRENT', current_since = {now} WHERE number = {number} AND state = 'COMING';
             COMMIT"
        );
        self.desk.script(text).await?;
        learn(&self.desk, &self.vault).await?;
        Ok(())
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
                since: Instant::now(),
                began_at: self.value("SELECT clock_timestamp()::text").await?,
                under_way: None,
            };
        }
        let Work::Rewriting {
            since,
            began_at,
            under_way,
            ..
        } = work
        else {
            return Ok(LOOKED_AT_EVERY);
        };
        let is_over = under_way.is_some() || since.elapsed() > ENDED_WITHIN;
        if !is_over && self.is_anything_older(began_at).await? {
            return Ok(LOOKED_AT_EVERY);
        }
        let walk = match under_way {
            Some(walk) => walk,
            None => under_way.insert(self.begin(of, now).await?),
        };
        let Some(shape) = shapes().nth(walk.pass.table) else {
            if walk.pass.rewritten > 0 {
                walk.pass = walk.pass.again();
                return Ok(Duration::ZERO);
            }
            self.give_up(of).await?;
            *work = Work::None;
            return Ok(LOOKED_AT_EVERY);
        };
        let began = Instant::now();
        let vault = self.vault.now();
        let after = walk.pass.after.as_ref();
        let through = end_of_bite(&self.desk, shape, after, BITE).await?;
        let rewritten = renew_bite(&self.desk, &vault, shape, after, through.as_ref()).await?;
        let looked_at = walk.rows.get_mut(walk.pass.table).map_or(0, |left| {
            let looked_at = through.as_ref().map_or(*left, |_| BITE.min(*left));
            *left -= looked_at;
            looked_at
        });
        walk.pass.go_on(looked_at, rewritten, through);
        self.tell_waiting(of, walk.pass.waiting()).await?;
        Ok(rest_after(began.elapsed()))
    }

    /// Whether a transaction is under way that began before a time, or one of which this user is not told when it began.
    async fn is_anything_older(&self, than: &str) -> Result<bool, StoreError> {
        let rows = self.desk.read(|| {
            sqlx::query(
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
                     AND backend_type = 'client backend' AND (xact_start < CAST($1::text AS timestamptz)
                         OR (xact_start IS NULL AND usename <> current_user AND state IS NULL)) LIMIT 1",
            )
            .bind(than.to_owned())
        });
        Ok(!rows.await?.is_empty())
    }

    async fn begin(&self, of: KeyNumber, now: Timestamp) -> Result<UnderWay, StoreError> {
        let mut rows = Vec::new();
        for shape in shapes() {
            let text = format!("SELECT count(*) FROM {}", shape.table);
            rows.push(self.value::<i64>(&text).await?.unsigned_abs());
        }
        let total: u64 = rows.iter().sum();
        let note = sqlx::query(
            "UPDATE key_ring SET rewritten_since = $2, rows_total = $3, rows_waiting = $3 WHERE number = $1",
        );
        let note = note.bind(i16::from(of)).bind(now.as_millisecond());
        self.desk.run(note.bind(total as i64)).await?;
        Ok(UnderWay {
            pass: Pass::first(total),
            rows,
        })
    }

    /// What a statement without parameters gives.
    async fn value<T>(&self, text: &str) -> Result<T, StoreError>
    where
        T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
    {
        let rows = self
            .desk
            .read(|| sqlx::query(sqlx::AssertSqlSafe(text.to_owned())));
        let rows = rows.await?;
        Ok(rows.first().ok_or(sqlx::Error::RowNotFound)?.try_get(0)?)
    }

    async fn tell_waiting(&self, of: KeyNumber, waiting: u64) -> Result<(), StoreError> {
        let note = sqlx::query("UPDATE key_ring SET rows_waiting = $2 WHERE number = $1");
        let note = note.bind(i16::from(of)).bind(waiting as i64);
        self.desk.run(note).await?;
        Ok(())
    }

    /// Nothing is under the key any more: it goes for good.
    async fn give_up(&self, of: KeyNumber) -> Result<(), StoreError> {
        let delete = sqlx::query("DELETE FROM key_ring WHERE number = $1 AND state = 'GOING'");
        self.desk.run(delete.bind(i16::from(of))).await?;
        learn(&self.desk, &self.vault).await?;
        tracing::info!(key = of, "nothing is under this key any more: it is gone");
        Ok(())
    }
}

const RING: &str = "SELECT number, state, sealed FROM key_ring ORDER BY made_at, number";

/// Reads the ring and works with it from now on. Returns whether it is another one than before.
pub(super) async fn learn(pool: &Pool, live: &LiveVault) -> Result<bool, StoreError> {
    let ring = read(pool).await?;
    live.learn(&ring).map_err(|_| UNREADABLE)
}

/// Reads by `read`; once more when what it met was under a key that this node has not learnt of yet, as after a sleep.
pub(super) async fn awake<T, F>(
    pool: &Pool,
    live: &LiveVault,
    read: impl Fn() -> F + Send + Sync,
) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>> + Send,
{
    let before = live.now();
    match read().await {
        Err(StoreError::Unreadable { what }) => {
            learn(pool, live).await?;
            match live.is_moment(&before) {
                true => Err(StoreError::Unreadable { what }),
                false => read().await,
            }
        }
        done => done,
    }
}

async fn read(pool: &Pool) -> Result<Vec<KeptKey>, StoreError> {
    let rows = pool.read(|| sqlx::query(RING)).await?;
    rows.iter().map(kept).collect()
}

fn kept(row: &PgRow) -> Result<KeptKey, StoreError> {
    Ok(KeptKey {
        number: number(row)?,
        state: state(row)?,
        sealed: row.try_get("sealed")?,
    })
}

fn number(row: &PgRow) -> Result<KeyNumber, StoreError> {
    let number: i16 = row.try_get("number")?;
    KeyNumber::try_from(number).map_err(|_| UNREADABLE)
}

fn state(row: &PgRow) -> Result<State, StoreError> {
    State::from_word(row.try_get("state")?).ok_or(UNREADABLE)
}

fn record(row: &PgRow) -> Result<KeyRecord, StoreError> {
    let since: Option<i64> = row.try_get("current_since")?;
    let found = (
        row.try_get::<Option<i64>, _>("rewritten_since")?,
        row.try_get::<Option<i64>, _>("rows_total")?,
        row.try_get::<Option<i64>, _>("rows_waiting")?,
    );
    let rewriting = match found {
        (Some(since), Some(total), Some(waiting)) => Some(Rewriting {
            since: read_time(since)?,
            total: total.unsigned_abs(),
            waiting: waiting.unsigned_abs(),
        }),
        _ => None,
    };
    Ok(KeyRecord {
        number: number(row)?,
        state: state(row)?,
        made_at: read_time(row.try_get("made_at")?)?,
        current_since: since.map(read_time).transpose()?,
        rewriting,
    })
}

fn insert(key: &KeptKey, at: i64) -> Statement<'static> {
    let since = (key.state == State::Current).then_some(at);
    sqlx::query(
        "INSERT INTO key_ring (number, state, made_at, current_since, sealed) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT DO NOTHING RETURNING 1",
    )
    .bind(i16::from(key.number))
    .bind(key.state.as_str())
    .bind(at)
    .bind(since)
    .bind(key.sealed.clone())
}

/// Reads the ring as the start finds it, and gives a database that has none its first key.
pub(super) async fn ring_at_start(
    db: &mut PgConnection,
    live: &LiveVault,
    first: &KeptKey,
) -> Result<(), StoreError> {
    let now: i64 = sqlx::query_scalar("SELECT (extract(epoch FROM now()) * 1000)::bigint")
        .fetch_one(&mut *db)
        .await?;
    let is_new: bool = sqlx::query_scalar("SELECT NOT EXISTS (SELECT 1 FROM key_ring)")
        .fetch_one(&mut *db)
        .await?;
    if is_new {
        // Of two nodes that start at once, the second finds the first one's: it is the same key.
        insert(first, now).execute(&mut *db).await?;
    }
    let rows = sqlx::query(RING).fetch_all(&mut *db).await?;
    let ring: Vec<_> = rows.iter().map(kept).collect::<Result<_, _>>()?;
    for key in live.sealed_anew(&ring).map_err(|_| UNREADABLE)? {
        let sql = "UPDATE key_ring SET sealed = $2 WHERE number = $1";
        let update = sqlx::query(sql).bind(i16::from(key.number));
        update.bind(key.sealed).execute(&mut *db).await?;
    }
    live.learn(&ring).map_err(|_| UNREADABLE)?;
    Ok(())
}
