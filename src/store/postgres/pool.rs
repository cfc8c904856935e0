//! Connections that never hold a caller up: every statement has a time, and a connection that broke, or whose caller
//! went away in the middle, is cut off on the spot instead of being asked how it is.
//!
//! That is why this is not sqlx's own pool: it asks each connection when it comes back, and waits for the answer, which
//! a server that hangs never gives.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgArguments, PgConnectOptions, PgRow};
use sqlx::query::Query;
use sqlx::{ConnectOptions as _, Executor as _, PgConnection, Postgres};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::store::StoreError;

/// How long the making of a new connection may take.
const CONNECT: Duration = Duration::from_millis(300);

/// How much longer than the server's own limit an answer is waited for.
const GRACE: Duration = Duration::from_millis(100);

/// How long a connection may lie idle before it is made anew: proxies and firewalls forget what is silent.
const IDLE: Duration = Duration::from_secs(240);

/// How old a connection may become, so that servers behind one name are found again.
const AGE: Duration = Duration::from_secs(1800);

/// How long a statement may go unanswered until its connection counts as broken when the caller stops waiting. A host
/// that vanished closes nothing: this is how it is noticed.
const UNANSWERED: Duration = Duration::from_millis(250);

/// A statement with its arguments.
pub(super) type Statement<'q> = Query<'q, Postgres, PgArguments>;

/// A pool whose statements are all bounded in time. Connects when it has to.
#[derive(Debug)]
pub(super) struct Pool {
    options: PgConnectOptions,
    times: Times,
    plans: Plans,
    idle: Mutex<Vec<Idle>>,
    permits: Semaphore,
    most: u32,
    /// Counts the times that a connection broke. Older connections are not trusted any more, since what broke one (a
    /// restart) broke them all.
    generation: AtomicU64,
    closing: AtomicBool,
}

/// How long a pool's callers wait.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// For a free connection.
    pub(super) turn: Duration,
    /// For an answer; then the server ends the statement.
    pub(super) answer: Duration,
}

/// How the server plans a pool's statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plans {
    /// Each once a connection, and by indexes, whatever the tables hold: all of them find a few rows by their keys.
    ByKey,
    /// As the server sees fit each time: people ask for many things.
    Freely,
}

#[derive(Debug)]
struct Idle {
    connection: PgConnection,
    generation: u64,
    made: Instant,
    since: Instant,
}

/// Why a statement has no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// Not sent: no connection was to be had.
    Unsent(StoreError),
    /// Sent, and the connection broke: whether it was done is not known.
    Unknown(sqlx::Error),
    /// Refused by the server, and undone.
    Refused(sqlx::Error),
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unsent(error) => error,
            Failure::Unknown(error) | Failure::Refused(error) => error.into(),
        }
    }
}

impl Pool {
    /// A pool of `most` connections.
    pub(super) fn new(options: PgConnectOptions, most: u32, times: Times, plans: Plans) -> Self {
        Self {
            options,
            times,
            plans,
            idle: Mutex::default(),
            permits: Semaphore::new(most as usize),
            most,
            generation: AtomicU64::new(0),
            closing: AtomicBool::new(false),
        }
    }

    /// The rows of a statement that only reads. When its connection turns out to be broken, it is read once more on a
    /// new one.
    pub(super) async fn read<'q>(
        &self,
        statement: impl Fn() -> Statement<'q> + Send + Sync,
    ) -> Result<Vec<PgRow>, StoreError> {
        match self.run(statement()).await {
            Err(Failure::Unknown(error)) if !is_late(&error) => Ok(self.run(statement()).await?),
            result => Ok(result?),
        }
    }

    /// The rows of a statement, run once.
    pub(super) async fn run(&self, statement: Statement<'_>) -> Result<Vec<PgRow>, Failure> {
        let mut held = self.acquire().await.map_err(Failure::Unsent)?;
        let answer = timeout(
            self.times.answer + GRACE,
            held.connection().fetch_all(statement),
        );
        match answer.await.unwrap_or_else(|_| Err(late())) {
            Ok(rows) => {
                held.give_back();
                Ok(rows)
            }
            Err(error) if is_broken(&error) => {
                held.is_broken = true;
                Err(Failure::Unknown(error))
            }
            Err(error) => {
                held.give_back();
                Err(Failure::Refused(error))
            }
        }
    }

    /// Several statements of which no rows are wanted: one transaction, if they make it one. After a failure the connection is cut.
    pub(super) async fn script(&self, text: String) -> Result<(), StoreError> {
        let mut held = self.acquire().await?;
        let script = sqlx::raw_sql(sqlx::AssertSqlSafe(text));
        let done = timeout(self.times.answer + GRACE, held.connection().execute(script));
        done.await.unwrap_or_else(|_| Err(late()))?;
        held.give_back();
        Ok(())
    }

    async fn acquire(&self) -> Result<Held<'_>, StoreError> {
        let permit = timeout(self.times.turn, self.permits.acquire()).await;
        let permit = permit
            .map_err(|_| StoreError::Busy)?
            .map_err(|_| StoreError::Closing)?;
        if self.closing.load(Ordering::Relaxed) {
            return Err(StoreError::Closing);
        }
        let idle = match self.take_idle() {
            Some(idle) => idle,
            None => self.connect().await?,
        };
        Ok(Held {
            pool: self,
            idle: Some(idle),
            since: Instant::now(),
            is_broken: false,
            _permit: permit,
        })
    }

    /// Trusts no connection any more that was made when `broken` was.
    fn distrust(&self, broken: &Idle) {
        let (seen, next) = (broken.generation, broken.generation + 1);
        // When it has moved on already, what broke then is known, and newer connections are not to blame.
        _ = self
            .generation
            .compare_exchange(seen, next, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The connection that was used last, if it can be trusted.
    fn take_idle(&self) -> Option<Idle> {
        let generation = self.generation.load(Ordering::Relaxed);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|it| {
            it.generation == generation && it.since.elapsed() < IDLE && it.made.elapsed() < AGE
        });
        idle.pop()
    }

    async fn connect(&self) -> Result<Idle, StoreError> {
        let generation = self.generation.load(Ordering::Relaxed);
        let made = timeout(CONNECT, async {
            let mut connection = self.options.connect().await?;
            bound(&mut connection, self.times.answer).await?;
            if self.plans == Plans::ByKey {
                plan_by_key(&mut connection).await?;
            }
            Ok(connection)
        });
        let connection = made.await.unwrap_or_else(|_| Err(late()))?;
        let now = Instant::now();
        Ok(Idle {
            connection,
            generation,
            made: now,
            since: now,
        })
    }

    /// Takes no more statements, lets those that run end, and cuts the connections.
    pub(super) async fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
        // A server that does not answer must not keep this one from ending: each statement has its time.
        _ = self.permits.acquire_many(self.most).await;
        self.permits.close();
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for it in idle {
            // Only the server's log would miss the farewell.
            _ = timeout(GRACE, sqlx::Connection::close(it.connection)).await;
        }
    }
}

/// A connection that is in use. Unless it is given back it is cut off when it is dropped.
struct Held<'a> {
    pool: &'a Pool,
    idle: Option<Idle>,
    since: Instant,
    is_broken: bool,
    _permit: SemaphorePermit<'a>,
}

impl Held<'_> {
    fn connection(&mut self) -> &mut PgConnection {
        let idle = self.idle.as_mut();
        &mut idle.expect("it is there until it is given back").connection
    }

    fn give_back(mut self) {
        if let Some(mut idle) = self.idle.take() {
            idle.since = Instant::now();
            let pool = self.pool.idle.lock();
            pool.unwrap_or_else(PoisonError::into_inner).push(idle);
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Some(cut_off) = &self.idle
            && (self.is_broken || self.since.elapsed() > UNANSWERED)
        {
            self.pool.distrust(cut_off);
        }
    }
}

/// Has the server end what takes too long, also when we are gone, and have a reply on its disk before it is given.
async fn bound(connection: &mut PgConnection, limit: Duration) -> Result<(), sqlx::Error> {
    let limit = limit.as_millis();
    let set = format!(
        "SET statement_timeout = {limit}; SET lock_timeout = {limit}; \
         SET idle_in_transaction_session_timeout = 5000; \
         SET default_transaction_isolation = 'read committed'; SET synchronous_commit = on"
    );
    connection
        .execute(sqlx::raw_sql(sqlx::AssertSqlSafe(set)))
        .await?;
    Ok(())
}

/// Has the server plan each statement once, and by indexes. It would plan some anew each time, which takes it longer than to run them;
/// and while it thinks that a table is empty, it would keep plans that read it whole. What has to be read whole all the same then
/// counts as very dear, and is not worth being compiled. An engine that knows none of this plans as it does.
async fn plan_by_key(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let set = "SELECT set_config(name, value, false)
         FROM (VALUES ('plan_cache_mode', 'force_generic_plan'), ('enable_seqscan', 'off'), ('enable_hashjoin', 'off'),
             ('enable_mergejoin', 'off'), ('jit', 'off')) AS wanted (name, value)
         WHERE current_setting(name, true) IS NOT NULL";
    match connection.execute(sqlx::raw_sql(set)).await {
        Err(error) if is_broken(&error) => Err(error),
        _ => Ok(()),
    }
}

fn late() -> sqlx::Error {
    sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())
}

fn is_late(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut)
}

/// Whether the connection is at fault, not the statement: then nothing is known of what it was asked.
fn is_broken(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => true,
        // Class 57P: the server is being shut down or has crashed; class 08: the connection failed.
        sqlx::Error::Database(error) => error
            .code()
            .is_some_and(|code| code.starts_with("57P") || code.starts_with("08")),
        _ => false,
    }
}
