//! The one writer. Whatever waits is one group and one transaction; callers are told after its COMMIT.
//!
//! A group is all or nothing on the disk, but one caller's fault is not the others': when a write is refused for what
//! it is (a broken constraint, a text too long), the group is undone and each write is tried once by itself. When the
//! database is at fault (locked, full, damaged), the whole group fails at once.

use jiff::Timestamp;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tokio::sync::{mpsc, oneshot};

use super::lock::Lock;
use super::{exchanges, flows, numbers, webhooks};
use crate::call::event::{CallStatus, NumberUpdate, RecordingUpdate, SessionSummary};
use crate::session::Exchange;
use crate::store::{FlowText, Kept, StoreError, Webhook};

/// How many writes one transaction takes at most, so that the first of a burst does not wait for all of it.
const GROUP: usize = 128;

/// How many writes may wait. At some thousand a second that is a fraction of a second; more would be answered too late.
const QUEUE: usize = 1024;

/// One use case that writes.
#[derive(Debug)]
pub(super) enum Write {
    Exchange(Box<Exchange>),
    Status(Webhook<CallStatus>),
    Summary(Webhook<SessionSummary>),
    Recording(Webhook<RecordingUpdate>),
    Numbers(Webhook<NumberUpdate>),
    Flows { flows: Vec<FlowText>, at: Timestamp },
    Forget { before: Timestamp },
}

/// How much a write changed: 0 or 1 exchanges, the number of events forgotten, 0 where nobody asks.
type Changed = u64;

/// A write and the caller that waits for it.
#[derive(Debug)]
struct Job {
    write: Write,
    caller: oneshot::Sender<Result<Changed, StoreError>>,
}

#[derive(Debug)]
enum Message {
    Job(Box<Job>),
    Close,
}

/// Where writes are handed in.
#[derive(Debug, Clone)]
pub(super) struct Queue(mpsc::Sender<Message>);

impl Queue {
    /// Hands a write in and waits until it is on the disk. Fails at once when too many wait.
    ///
    /// A write that is dropped while it waits is left undone; one that has begun is not.
    pub(super) async fn write(&self, write: Write) -> Result<Changed, StoreError> {
        let (caller, answer) = oneshot::channel();
        self.0
            .try_send(Message::Job(Box::new(Job { write, caller })))
            .map_err(|refused| match refused {
                mpsc::error::TrySendError::Full(_) => StoreError::Busy,
                mpsc::error::TrySendError::Closed(_) => StoreError::Closing,
            })?;
        answer.await.unwrap_or(Err(StoreError::Closing))
    }

    /// Has the writer finish what waits and end. It takes nothing more once it has read this.
    pub(super) async fn close(&self) {
        // A closed channel means that the writer has ended, which is what is asked for.
        _ = self.0.send(Message::Close).await;
    }

    /// Whether the writer is there.
    pub(super) fn is_open(&self) -> bool {
        !self.0.is_closed()
    }
}

/// The task that owns the one connection that writes.
pub(super) struct Writer {
    messages: mpsc::Receiver<Message>,
    connection: Option<SqliteConnection>,
    options: SqliteConnectOptions,
    /// Held until the connection is closed.
    _lock: Lock,
}

impl Writer {
    /// A writer on `connection`, which `options` make again when it has failed.
    pub(super) fn new(
        connection: SqliteConnection,
        options: SqliteConnectOptions,
        lock: Lock,
    ) -> (Self, Queue) {
        let (sender, messages) = mpsc::channel(QUEUE);
        let writer = Self {
            messages,
            connection: Some(connection),
            options,
            _lock: lock,
        };
        (writer, Queue(sender))
    }

    /// Serves the queue until it is closed and empty.
    pub(super) async fn run(mut self) {
        let mut waiting = Vec::with_capacity(GROUP);
        while self.messages.recv_many(&mut waiting, GROUP).await > 0 {
            let group = self.take(&mut waiting);
            self.settle(group).await;
        }
        self.let_go().await;
    }

    /// The group that waits, without those whose callers have gone.
    fn take(&mut self, waiting: &mut Vec<Message>) -> Vec<Job> {
        let mut group = Vec::with_capacity(waiting.len());
        for message in waiting.drain(..) {
            match message {
                Message::Job(job) if job.caller.is_closed() => {}
                Message::Job(job) => group.push(*job),
                Message::Close => self.messages.close(),
            }
        }
        group
    }

    /// Writes a group and tells its callers.
    async fn settle(&mut self, group: Vec<Job>) {
        match self.commit(&group).await {
            Err(error) if group.len() > 1 && is_of_one_write(&error) => {
                for job in group {
                    let alone = std::slice::from_ref(&job);
                    let result = self.commit(alone).await;
                    tell(vec![job], result);
                }
            }
            result => tell(group, result),
        }
    }

    /// Writes a group in one transaction: all of it is on the disk, or none.
    async fn commit(&mut self, group: &[Job]) -> Result<Vec<Changed>, StoreError> {
        if group.is_empty() {
            return Ok(Vec::new());
        }
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.options.connect().await?,
        };
        let result = transaction(&mut connection, group).await;
        match &result {
            // After a fault of the database's own, SQLite may have ended the transaction or not: begin afresh.
            Err(error) if !leaves_connection_sound(error) => _ = connection.close().await,
            _ => self.connection = Some(connection),
        }
        result
    }

    async fn let_go(self) {
        if let Some(connection) = self.connection {
            // What was promised is on the disk already; a close that fails loses nothing.
            _ = connection.close().await;
        }
    }
}

async fn transaction(db: &mut SqliteConnection, group: &[Job]) -> Result<Vec<Changed>, StoreError> {
    // Written out, because sqlx's own transactions count their depth wrong when SQLite has rolled back by itself.
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *db).await?;
    let result = apply_all(db, group).await;
    if result.is_err() {
        // Where SQLite has rolled back by itself there is nothing to roll back; the first error is the one to tell.
        _ = sqlx::query("ROLLBACK").execute(&mut *db).await;
    }
    result
}

async fn apply_all(db: &mut SqliteConnection, group: &[Job]) -> Result<Vec<Changed>, StoreError> {
    let mut changed = Vec::with_capacity(group.len());
    for job in group {
        changed.push(apply(db, &job.write).await?);
    }
    sqlx::query("COMMIT").execute(db).await?;
    Ok(changed)
}

async fn apply(db: &mut SqliteConnection, write: &Write) -> Result<Changed, StoreError> {
    match write {
        Write::Exchange(exchange) => {
            let kept = exchanges::keep(db, exchange).await?;
            return Ok(u64::from(kept == Kept::Stored));
        }
        Write::Forget { before } => return webhooks::forget_some(db, *before).await,
        Write::Status(webhook) => webhooks::keep_status(db, webhook).await?,
        Write::Summary(webhook) => webhooks::keep_summary(db, webhook).await?,
        Write::Recording(webhook) => webhooks::keep_recording(db, webhook).await?,
        Write::Numbers(webhook) => numbers::keep(db, webhook).await?,
        Write::Flows { flows, at } => flows::keep(db, flows, *at).await?,
    }
    Ok(0)
}

/// Whether an error is about what one write is, and would not befall the others.
fn is_of_one_write(error: &StoreError) -> bool {
    const TOO_BIG: i32 = 18;
    const CONSTRAINT: i32 = 19;
    const MISMATCH: i32 = 20;
    match error {
        StoreError::Unreadable { .. } => true,
        StoreError::Database(error) => {
            matches!(super::code(error), Some(TOO_BIG | CONSTRAINT | MISMATCH))
        }
        _ => false,
    }
}

/// Whether nothing but this group has failed: another program's lock is only to be waited for.
fn leaves_connection_sound(error: &StoreError) -> bool {
    const BUSY: i32 = 5;
    match error {
        StoreError::Database(sqlite) if super::code(sqlite) == Some(BUSY) => true,
        error => is_of_one_write(error),
    }
}

/// Tells each caller. One that has gone meanwhile is not there to be told.
fn tell(group: Vec<Job>, result: Result<Vec<Changed>, StoreError>) {
    match result {
        Ok(changed) => {
            for (job, changed) in group.into_iter().zip(changed) {
                _ = job.caller.send(Ok(changed));
            }
        }
        Err(error) => {
            for job in group {
                _ = job.caller.send(Err(error.clone()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::event::Leg;
    use crate::call::{EventId, SessionId};
    use crate::store::sqlite::open;

    type Answer = oneshot::Receiver<Result<Changed, StoreError>>;

    /// A writer that does not run: groups are handed to it by hand.
    struct Bench {
        writer: Writer,
        queue: Queue,
        folder: tempfile::TempDir,
    }

    async fn bench() -> Bench {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite://{}/callwright.db", folder.path().display());
        let opened = open::open(&url).await.expect("a fresh database");
        let (writer, queue) = Writer::new(opened.connection, opened.options, opened.lock);
        Bench {
            writer,
            queue,
            folder,
        }
    }

    impl Bench {
        async fn run(&mut self, statement: &'static str) {
            let db = self.writer.connection.as_mut().expect("it is open");
            sqlx::query(statement).execute(db).await.expect("it runs");
        }

        async fn stored(&self) -> i64 {
            let path = self.folder.path().join("callwright.db");
            let options = SqliteConnectOptions::new().filename(path);
            let mut db = options.connect().await.expect("it opens");
            let count = sqlx::query_scalar("SELECT count(*) FROM webhooks");
            count.fetch_one(&mut db).await.expect("it counts")
        }
    }

    fn job(event: &str) -> (Job, Answer) {
        let status = CallStatus {
            event: Some(EventId::new(event)),
            session: SessionId::new("s"),
            sub_account: None,
            status: "CALL_CONNECTED".to_owned(),
            leg: Leg::default(),
            at: None,
        };
        let write = Write::Status(Webhook {
            event: status,
            body: "x".repeat(20_000),
            received_at: Timestamp::UNIX_EPOCH,
        });
        let (caller, answer) = oneshot::channel();
        (Job { write, caller }, answer)
    }

    fn jobs(events: &[&str]) -> (Vec<Job>, Vec<Answer>) {
        events.iter().map(|event| job(event)).unzip()
    }

    fn told(answers: Vec<Answer>) -> Vec<Result<Changed, StoreError>> {
        let told = |mut answer: Answer| answer.try_recv().expect("it was told");
        answers.into_iter().map(told).collect()
    }

    #[tokio::test]
    async fn one_write_s_fault_is_not_the_others() {
        let mut bench = bench().await;
        bench
            .run(
                "CREATE TEMP TRIGGER poison BEFORE INSERT ON webhooks WHEN NEW.event_key = 'poison'
                 BEGIN SELECT RAISE(ABORT, 'poison'); END",
            )
            .await;
        let (group, answers) = jobs(&["a", "poison", "b"]);
        bench.writer.settle(group).await;
        let kept: Vec<_> = told(answers).iter().map(Result::is_ok).collect();
        assert_eq!(kept, [true, false, true]);
        assert_eq!(bench.stored().await, 2);
    }

    #[tokio::test]
    async fn a_full_disk_fails_the_group_and_is_got_over() {
        let mut bench = bench().await;
        bench.run("PRAGMA max_page_count = 30").await;
        let (group, answers) = jobs(&["a", "b", "c", "d", "e", "f", "g", "h"]);
        bench.writer.settle(group).await;
        assert!(told(answers).iter().all(Result::is_err));
        assert_eq!(bench.stored().await, 0);

        // The connection is made again, and with it the bound is gone: there is room again.
        let (group, answers) = jobs(&["a", "b"]);
        bench.writer.settle(group).await;
        assert!(told(answers).iter().all(Result::is_ok));
        assert_eq!(bench.stored().await, 2);
    }

    #[tokio::test]
    async fn another_program_s_lock_fails_the_group_and_is_got_over() {
        let mut bench = bench().await;
        bench.run("PRAGMA busy_timeout = 0").await;
        let mut other = bench.writer.options.connect().await.expect("it opens");
        let lock = sqlx::query("BEGIN EXCLUSIVE").execute(&mut other).await;
        lock.expect("nobody holds it");
        let (group, answers) = jobs(&["a", "b"]);
        bench.writer.settle(group).await;
        assert!(told(answers).iter().all(Result::is_err));

        other.close().await.expect("it closes");
        let (group, answers) = jobs(&["a", "b"]);
        bench.writer.settle(group).await;
        assert!(told(answers).iter().all(Result::is_ok));
    }

    #[tokio::test]
    async fn who_has_gone_is_not_written_for() {
        let mut bench = bench().await;
        let (gone, answer) = job("gone");
        drop(answer);
        let (stays, _answer) = job("stays");
        let mut waiting: Vec<_> = [gone, stays].map(|job| Message::Job(Box::new(job))).into();
        let group = bench.writer.take(&mut waiting);
        assert_eq!(group.len(), 1);
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once() {
        let bench = bench().await;
        let mut answers = Vec::new();
        for _ in 0..QUEUE {
            let (job, answer) = job("waits");
            bench
                .queue
                .0
                .try_send(Message::Job(Box::new(job)))
                .expect("room");
            answers.push(answer);
        }
        let before = Timestamp::UNIX_EPOCH;
        let refused = bench.queue.write(Write::Forget { before }).await;
        assert!(matches!(refused, Err(StoreError::Busy)), "{refused:?}");
    }
}
