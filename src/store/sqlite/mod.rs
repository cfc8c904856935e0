//! One machine's store: SQLite, with what was kept surviving a power cut.
//!
//! * The **journal** ([`journal`], [`segment`]) takes each webhook as one sealed record, in the order that it came. Whatever
//!   waits is one transaction of the one [`writer`], and the reply is sent after its COMMIT.
//! * **Memory** ([`memory`]) holds the sessions that are spoken of, so that the next webhook of one is answered without a
//!   look at the disk; and all that is not yet projected, so that nothing is missed.
//! * The **tables** are what people query. The [`projector`] writes them behind the replies, in batches, each with the mark
//!   of how far they reach: over a crash, each record is in them exactly once. Then the journal's file is deleted. Some
//!   tables are written on the spot instead: the calls that we start ([`attempts`]), handoffs ([`handoffs`]).
//!
//! What memory holds can always be had from tables and journal; a start folds the journal's tail ([`open`]). One process
//! at a time has the files open.

mod attempts;
mod backup;
mod booking_writes;
mod bookings;
mod calls;
mod erasing;
mod erasing_backup;
mod erasing_bookings;
mod erasing_rows;
mod events;
mod files;
mod filling;
mod flows;
mod forgetting;
mod group;
mod handoffs;
mod journal;
mod listing;
mod lock;
mod lookups;
mod memory;
mod numbers;
mod open;
mod outbox;
mod place;
mod progress;
mod projector;
mod resealing;
mod rotation;
mod segment;
mod soundness;
mod tables;
mod tail;
mod writer;
mod writing;

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::SqlitePool;
use tokio::sync::Mutex;

use super::entry::Entry;
use super::leases::{Lease, LocalLeases};
use super::ring::LiveVault;
use super::vault::{Keys, Place};
use super::{
    Begun, Erasing, FlowText, Handoffs, Kept, KeyRing, Lag, Outbox, SessionFilter, SessionPage,
    SessionRecord, Store, StoreError, Webhook, WhichAttempt,
};
use super::{record, state};
use crate::call::SessionId;
use crate::call::event::{
    CallStatus, NumberUpdate, RecordingUpdate, SessionSummary, VirtualNumber,
};
use crate::config::Durability;
use crate::outbound::attempt::Heard;
use crate::session::{Exchange, OutboundCall, Recall, Recalled, RequestKey};
use attempts::Attempts;
pub use backup::{BackedUp, back_up, restore};
use booking_writes::BookingQueue;
pub use erasing_backup::erase_from_backup;
use handoffs::HandoffTables;
use journal::Journal;
use lookups::Lookups;
use memory::{Memory, Reply};
use progress::Progress;
use projector::Command;
use rotation::Rotation;
use writer::Queue;
use writing::Writing;

/// How long those who query wait for the tables to hold what was kept before they asked.
const PATIENCE: Duration = Duration::from_secs(1);

/// How many records are projected in no time.
const SOON: u64 = 1000;

/// A database and its journal, open.
#[derive(Debug)]
pub struct SqliteStore {
    readers: SqlitePool,
    vault: LiveVault,
    queue: Queue,
    memory: Arc<Memory>,
    lookups: Arc<Lookups>,
    journal: Arc<Journal>,
    progress: Arc<Progress>,
    leases: LocalLeases,
    attempts: Attempts,
    bookings: BookingQueue,
    /// Where deliveries of events are written.
    deliveries: Writing,
    handoffs: HandoffTables,
    rotation: Rotation,
    /// The writer's and the projector's; taken by whoever closes the store.
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl SqliteStore {
    /// Opens the database that `url` names (`sqlite://callwright.db`, relative to the working directory; the text is
    /// taken as it stands, without `%` escapes or options), sealed with `keys`, and its journal beside it. A file that is
    /// not there is made, readable by its owner only; its folder is not made.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unusable`] for whatever keeps the files from being opened and trusted: a sentence that names the
    /// file and says what to do. A file that is there is never taken for an empty one.
    pub async fn open(url: &str, keys: &Keys) -> Result<Self, StoreError> {
        Self::open_with(url, keys, Durability::Full).await
    }

    /// Opens as [`open`](Self::open) does, with the durability that is asked for.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open)'s.
    pub async fn open_with(
        url: &str,
        keys: &Keys,
        durability: Durability,
    ) -> Result<Self, StoreError> {
        open::open(url, &LiveVault::new(keys), durability).await
    }

    /// Whether `url` names a file that is not there yet, nor a journal beside it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unusable`] when it names no file.
    pub fn is_new(url: &str) -> Result<bool, StoreError> {
        let path = place::place(url).map_err(StoreError::Unusable)?;
        Ok(!path.exists() && !segment::path(&path, 1).exists())
    }

    /// Hands an entry in, its session in memory so that the writer need not look for it.
    async fn keep(&self, entry: Entry) -> Result<Kept, StoreError> {
        if let Some(session) = entry.session()
            && !self.memory.holds(session)
        {
            writer::take_in(&self.memory, &self.lookups, session)?;
        }
        self.queue.write(entry).await
    }

    fn find(&self, reply: Reply) -> Result<Option<Arc<str>>, StoreError> {
        let seq = match reply {
            Reply::Here(reply) => return Ok(Some(reply)),
            Reply::In(seq) => seq,
        };
        if let Some(reply) = self.lookups.reply(seq)? {
            return Ok(Some(reply));
        }
        match self.journal.record(seq)? {
            Some(sealed) => self.lookups.open_reply(seq, &sealed).map(Some),
            // Projected, and its file deleted, since the tables were asked.
            None => self.lookups.reply(seq),
        }
    }

    /// Refuses what is done under a lease that another has taken over.
    fn hold_against(&self, lease: Option<&Lease>) -> Result<(), StoreError> {
        match lease.is_none_or(|lease| self.leases.is_newest(lease)) {
            true => Ok(()),
            false => Err(StoreError::LeaseLost),
        }
    }

    /// Waits for the tables, within bounds.
    async fn catch_up(&self) {
        self.progress.catch_up(PATIENCE).await;
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn recall(&self, recall: &Recall) -> Result<Recalled, StoreError> {
        if !self.queue.is_open() {
            return Err(StoreError::Closing);
        }
        loop {
            let Some(found) = self.memory.recall(recall) else {
                writer::take_in(&self.memory, &self.lookups, &recall.session)?;
                continue;
            };
            let find = |reply: Option<Reply>| reply.map(|reply| self.find(reply)).transpose();
            return Ok(Recalled {
                same_event: find(found.same_event)?.flatten(),
                same_step: find(found.same_step)?.flatten(),
                standing: found.standing,
            });
        }
    }

    async fn keep_exchange(&self, exchange: Arc<Exchange>) -> Result<Kept, StoreError> {
        self.keep(Entry::Action(exchange)).await
    }

    fn recalls_while_away(&self) -> bool {
        // Live sessions are in memory.
        true
    }

    async fn keep_status(&self, webhook: Webhook<CallStatus>) -> Result<(), StoreError> {
        self.keep(Entry::Status(webhook)).await.map(drop)
    }

    async fn keep_summary(&self, webhook: Webhook<SessionSummary>) -> Result<(), StoreError> {
        self.keep(Entry::Summary(webhook)).await.map(drop)
    }

    async fn keep_recording(&self, webhook: Webhook<RecordingUpdate>) -> Result<(), StoreError> {
        self.keep(Entry::Recording(webhook)).await.map(drop)
    }

    async fn keep_numbers(&self, webhook: Webhook<NumberUpdate>) -> Result<(), StoreError> {
        self.keep(Entry::Numbers(webhook)).await.map(drop)
    }

    async fn numbers(&self) -> Result<Vec<VirtualNumber>, StoreError> {
        self.catch_up().await;
        numbers::all(&self.readers, &self.vault.now()).await
    }

    async fn keep_flows(&self, flows: &[FlowText], at: Timestamp) -> Result<(), StoreError> {
        let flows = flows.to_vec();
        // Flows that were mended under load are served at once; what nothing needs any more is forgotten another time.
        let is_behind = self.progress.lag().records > SOON;
        let command = |caller| Command::Flows {
            flows,
            at,
            forgets: !is_behind,
            caller,
        };
        match is_behind {
            true => self.progress.command_now(command).await,
            false => self.progress.command(command).await,
        }
    }

    async fn last_good_flows(&self) -> Result<Vec<FlowText>, StoreError> {
        flows::last_good(&self.readers).await
    }

    async fn flows_in_use(&self) -> Result<Vec<FlowText>, StoreError> {
        // Tables that are far behind do not know what the newest sessions are on, as after a crash in a burst.
        if self.progress.lag().records > SOON {
            return flows::held(&self.readers).await;
        }
        self.catch_up().await;
        flows::in_use(&self.readers).await
    }

    async fn sessions(&self, filter: &SessionFilter) -> Result<SessionPage, StoreError> {
        self.catch_up().await;
        listing::page(&self.readers, &self.vault.now(), filter).await
    }

    async fn session(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        self.catch_up().await;
        listing::one(&self.readers, &self.vault.now(), id).await
    }

    async fn live_sessions(&self) -> Result<u64, StoreError> {
        // It is counted for a metric as well, which is not to wait for a projection that is far behind.
        if self.progress.lag().records < SOON {
            self.catch_up().await;
        }
        listing::live(&self.readers).await
    }

    async fn take_lease(
        &self,
        name: &str,
        holder: &str,
        lasts: Duration,
    ) -> Result<Option<Lease>, StoreError> {
        match self.queue.is_open() {
            true => Ok(self.leases.take(name, holder, lasts)),
            false => Err(StoreError::Closing),
        }
    }

    async fn forget_events(&self, lease: &Lease, before: Timestamp) -> Result<u64, StoreError> {
        self.hold_against(Some(lease))?;
        let command = |caller| Command::Forget { before, caller };
        self.progress.command(command).await
    }

    async fn begin_attempt(
        &self,
        call: &OutboundCall,
        key: &RequestKey,
        lease: &Lease,
    ) -> Result<Begun, StoreError> {
        self.hold_against(Some(lease))?;
        self.attempts.begin(call, key).await
    }

    async fn keep_attempt(
        &self,
        call: &OutboundCall,
        lease: Option<&Lease>,
    ) -> Result<Kept, StoreError> {
        self.hold_against(lease)?;
        self.attempts.keep(call).await
    }

    async fn attempt(&self, which: &WhichAttempt) -> Result<Option<OutboundCall>, StoreError> {
        self.attempts.find(which)
    }

    async fn attempts_like(&self, heard: &Heard<'_>) -> Result<Vec<OutboundCall>, StoreError> {
        self.attempts.like(heard)
    }

    async fn unsettled_attempts(&self) -> Result<Vec<OutboundCall>, StoreError> {
        self.attempts.unsettled()
    }

    async fn attempts_since(&self, since: Timestamp) -> Result<Vec<OutboundCall>, StoreError> {
        self.attempts.since(since.as_millisecond())
    }

    fn outbox(&self) -> &dyn Outbox {
        self
    }

    fn handoffs(&self) -> &dyn Handoffs {
        &self.handoffs
    }

    fn erasing(&self) -> &dyn Erasing {
        self
    }

    fn key_ring(&self) -> &dyn KeyRing {
        self
    }

    fn lag(&self) -> Lag {
        self.progress.lag()
    }

    async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(&self.readers).await?;
        if !self.queue.is_open() {
            return Err(StoreError::Closing);
        }
        self.queue.failure().map_or(Ok(()), Err)
    }

    async fn close(&self) {
        let mut threads = self.threads.lock().await;
        let mut threads = std::mem::take(&mut *threads).into_iter();
        self.queue.close();
        join(threads.next()).await;
        self.bookings.close();
        join(threads.next()).await;
        let (attempts, deliveries) = (self.attempts.clone(), self.deliveries.clone());
        let resealing = self.rotation.writing();
        let closing = move || (attempts.close(), deliveries.close(), resealing.close());
        _ = tokio::task::spawn_blocking(closing).await;
        self.readers.close().await;
        self.lookups.close();
        // The projection has the last connection: it leaves one sound file, without a log.
        self.progress.close();
        join(threads.next()).await;
    }
}

/// Waits for a thread to end. A panic of its has been told already.
async fn join(thread: Option<JoinHandle<()>>) {
    if let Some(thread) = thread {
        _ = tokio::task::spawn_blocking(|| thread.join()).await;
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        // The threads have no other way to learn that nobody is left.
        self.queue.close();
        self.bookings.close();
        self.progress.close();
    }
}

/// Where a record is sealed: in the journal and, as it stands, in the tables.
struct RecordPlace([u8; 8]);

impl RecordPlace {
    fn new(seq: u64) -> Self {
        Self(seq.to_be_bytes())
    }

    fn place(&self) -> Place<'_> {
        Place {
            table: "webhooks",
            row: &self.0,
        }
    }
}

/// SQLite's primary result code (sqlite.org/rescode.html), when SQLite gave one.
fn code(error: &sqlx::Error) -> Option<i32> {
    let extended: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(extended & 0xff)
}
