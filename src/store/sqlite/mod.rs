//! One machine's store: SQLite in WAL mode with `synchronous=FULL`, so that what was kept survives a power cut.
//!
//! All writes go through one task ([`writer`]) that owns the only connection that writes; reads go through a few
//! connections that cannot. One process at a time has the file open.

mod exchanges;
mod flows;
mod listing;
mod lock;
mod numbers;
mod open;
mod sessions;
mod webhooks;
mod writer;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::SqlitePool;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use super::{
    FlowText, Kept, SessionFilter, SessionPage, SessionRecord, Store, StoreError, Webhook,
};
use crate::call::SessionId;
use crate::call::event::{
    CallStatus, NumberUpdate, RecordingUpdate, SessionSummary, VirtualNumber,
};
use crate::session::{Exchange, Recall, Recalled};
use writer::{Queue, Write};

/// A database file, open.
#[derive(Debug)]
pub struct SqliteStore {
    readers: SqlitePool,
    queue: Queue,
    /// Ends when the writer has let go of the file; taken by whoever closes the store.
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl SqliteStore {
    /// Opens the database that `url` names (`sqlite://callwright.db`, relative to the working directory; the text is
    /// taken as it stands, without `%` escapes or options). A file that is not there is made, readable by its owner
    /// only; its folder is not made. Must be called within a tokio runtime, on which the writer then runs.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unusable`] for whatever keeps the file from being opened and trusted: a sentence that names it
    /// and says what to do. A file that is there is never taken for an empty one.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let opened = open::open(url).await?;
        let (writer, queue) = writer::Writer::new(opened.connection, opened.options, opened.lock);
        Ok(Self {
            readers: opened.readers,
            queue,
            writer: Mutex::new(Some(tokio::spawn(writer.run()))),
        })
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn recall(&self, recall: &Recall) -> Result<Recalled, StoreError> {
        exchanges::recall(&self.readers, recall).await
    }

    async fn keep_exchange(&self, exchange: Exchange) -> Result<Kept, StoreError> {
        match self
            .queue
            .write(Write::Exchange(Box::new(exchange)))
            .await?
        {
            0 => Ok(Kept::Overtaken),
            _ => Ok(Kept::Stored),
        }
    }

    async fn keep_status(&self, webhook: Webhook<CallStatus>) -> Result<(), StoreError> {
        self.queue.write(Write::Status(webhook)).await?;
        Ok(())
    }

    async fn keep_summary(&self, webhook: Webhook<SessionSummary>) -> Result<(), StoreError> {
        self.queue.write(Write::Summary(webhook)).await?;
        Ok(())
    }

    async fn keep_recording(&self, webhook: Webhook<RecordingUpdate>) -> Result<(), StoreError> {
        self.queue.write(Write::Recording(webhook)).await?;
        Ok(())
    }

    async fn keep_numbers(&self, webhook: Webhook<NumberUpdate>) -> Result<(), StoreError> {
        self.queue.write(Write::Numbers(webhook)).await?;
        Ok(())
    }

    async fn numbers(&self) -> Result<Vec<VirtualNumber>, StoreError> {
        numbers::all(&self.readers).await
    }

    async fn keep_flows(&self, flows: &[FlowText], at: Timestamp) -> Result<(), StoreError> {
        let flows = flows.to_vec();
        self.queue.write(Write::Flows { flows, at }).await?;
        Ok(())
    }

    async fn last_good_flows(&self) -> Result<Vec<FlowText>, StoreError> {
        flows::last_good(&self.readers).await
    }

    async fn flows_in_use(&self) -> Result<Vec<FlowText>, StoreError> {
        flows::in_use(&self.readers).await
    }

    async fn sessions(&self, filter: &SessionFilter) -> Result<SessionPage, StoreError> {
        listing::page(&self.readers, filter).await
    }

    async fn session(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        listing::one(&self.readers, id).await
    }

    async fn live_sessions(&self) -> Result<u64, StoreError> {
        listing::live(&self.readers).await
    }

    async fn forget_events(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        loop {
            match self.queue.write(Write::Forget { before }).await? {
                0 => return Ok(forgotten),
                some => forgotten += some,
            }
        }
    }

    async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(&self.readers).await?;
        match self.queue.is_open() {
            true => Ok(()),
            false => Err(StoreError::Closing),
        }
    }

    async fn close(&self) {
        self.queue.close().await;
        self.readers.close().await;
        if let Some(writer) = self.writer.lock().await.take() {
            // The writer is never cancelled; a panic of its has been told already.
            _ = writer.await;
        }
    }
}

/// SQLite's primary result code (sqlite.org/rescode.html), when SQLite gave one.
fn code(error: &sqlx::Error) -> Option<i32> {
    let extended: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(extended & 0xff)
}
