//! The store that many nodes share: PostgreSQL 15 or newer. Any node may take any webhook of any session.
//!
//! Every use case is one statement, so that nothing is half done when a node or a connection dies, and no lock is held
//! while a node thinks. The live call has connections of its own, with short times ([`pool`]); what people ask and what
//! is done in the background has others.
//!
//! A write that was given up may be done after all, when a server that hung goes on. It changes its session only if that
//! still is as it was read, and then says what the caller was told; so a later delivery gets the same reply whether it was
//! done or not. The one exception is a call that came in, which heard the apology and may be delivered again: it begins
//! its flow either way.

mod attempts;
mod booking_writes;
mod bookings;
mod erasing;
mod erasing_bookings;
mod erasing_rows;
mod events;
mod flows;
mod handoffs;
mod keep;
mod leases;
mod listing;
mod moving;
mod numbers;
mod open;
mod outbox;
mod pool;
mod pool_numbers;
mod resealing;
mod rotation;
mod row_key;
mod schema;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::entry::Entry;
use super::leases::Lease;
use super::ring::LiveVault;
use super::vault::Keys;
use super::{
    Begun, Erasing, FlowText, Handoffs, Kept, KeyRing, Outbox, SessionFilter, SessionPage,
    SessionRecord, Store, StoreError, Webhook, WhichAttempt,
};
use crate::call::SessionId;
use crate::call::event::{
    CallStatus, NumberUpdate, RecordingUpdate, SessionSummary, VirtualNumber,
};
use crate::outbound::attempt::Heard;
use crate::session::{Exchange, OutboundCall, Recall, Recalled, RequestKey};
pub use erasing::erase_from_restored;
use keep::Keeper;
use pool::{Plans, Pool, Times};
use rotation::Rotation;

/// How many connections carry calls. Each holds a statement for about a millisecond.
const CALLS: u32 = 16;

/// How many connections serve people and the background.
const DESK: u32 = 4;

/// How many connections keep bookings.
const BOOKINGS: u32 = 16;

/// How long those wait who make a booking.
const BOOKING_TIMES: Times = Times {
    turn: Duration::from_secs(1),
    answer: Duration::from_secs(1),
};

/// How long calls wait. A voice call action is given up after 400 ms.
const CALL_TIMES: Times = Times {
    turn: Duration::from_millis(300),
    answer: Duration::from_millis(500),
};

/// How long people and the background wait.
const DESK_TIMES: Times = Times {
    turn: Duration::from_secs(5),
    answer: Duration::from_secs(5),
};

/// A database on a server, open.
#[derive(Debug)]
pub struct PostgresStore {
    calls: Arc<Pool>,
    desk: Pool,
    bookings: Pool,
    keeper: Keeper,
    vault: LiveVault,
    rotation: Rotation,
}

impl PostgresStore {
    /// Opens the database that `url` names (`postgres://USER:PASSWORD@HOST/DATABASE`), and brings it to this program's
    /// schema. The database itself is not made.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unusable`] for whatever keeps the database from being opened and trusted: a sentence that says
    /// what to do, and no password.
    pub async fn open(url: &str, keys: &Keys) -> Result<Self, StoreError> {
        let vault = LiveVault::new(keys);
        let options = open::open(url, &vault).await?;
        let pool = |most, times, plans| Pool::new(options.clone(), most, times, plans);
        let calls = Arc::new(pool(CALLS, CALL_TIMES, Plans::ByKey));
        Ok(Self {
            desk: pool(DESK, DESK_TIMES, Plans::Freely),
            bookings: pool(BOOKINGS, BOOKING_TIMES, Plans::ByKey),
            keeper: Keeper::new(calls.clone(), vault.clone()),
            calls,
            vault,
            rotation: Rotation::default(),
        })
    }

    /// Whether the database that `url` names holds nothing of ours yet.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub async fn is_new(url: &str) -> Result<bool, StoreError> {
        open::is_new(url).await
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn recall(&self, recall: &Recall) -> Result<Recalled, StoreError> {
        self.keeper.recall(recall).await
    }

    async fn keep_exchange(&self, exchange: Arc<Exchange>) -> Result<Kept, StoreError> {
        self.keeper.keep(Entry::Action(exchange)).await
    }

    async fn keep_status(&self, webhook: Webhook<CallStatus>) -> Result<(), StoreError> {
        self.keeper.keep(Entry::Status(webhook)).await?;
        Ok(())
    }

    async fn keep_summary(&self, webhook: Webhook<SessionSummary>) -> Result<(), StoreError> {
        self.keeper.keep(Entry::Summary(webhook)).await?;
        Ok(())
    }

    async fn keep_recording(&self, webhook: Webhook<RecordingUpdate>) -> Result<(), StoreError> {
        self.keeper.keep(Entry::Recording(webhook)).await?;
        Ok(())
    }

    async fn keep_numbers(&self, webhook: Webhook<NumberUpdate>) -> Result<(), StoreError> {
        let entry = Entry::Numbers(webhook);
        numbers::keep(&self.desk, &self.vault, &entry).await
    }

    async fn numbers(&self) -> Result<Vec<VirtualNumber>, StoreError> {
        numbers::all(&self.desk, &self.vault.now()).await
    }

    async fn keep_flows(&self, flows: &[FlowText], at: Timestamp) -> Result<(), StoreError> {
        flows::keep(&self.desk, flows, at).await
    }

    async fn last_good_flows(&self) -> Result<Vec<FlowText>, StoreError> {
        flows::last_good(&self.desk).await
    }

    async fn flows_in_use(&self) -> Result<Vec<FlowText>, StoreError> {
        flows::in_use(&self.desk).await
    }

    async fn sessions(&self, filter: &SessionFilter) -> Result<SessionPage, StoreError> {
        listing::page(&self.desk, &self.vault.now(), filter).await
    }

    async fn session(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        listing::one(&self.desk, &self.vault.now(), id).await
    }

    async fn live_sessions(&self) -> Result<u64, StoreError> {
        listing::live(&self.desk).await
    }

    async fn take_lease(
        &self,
        name: &str,
        holder: &str,
        lasts: Duration,
    ) -> Result<Option<Lease>, StoreError> {
        leases::take(&self.desk, name, holder, lasts).await
    }

    async fn forget_events(&self, lease: &Lease, before: Timestamp) -> Result<u64, StoreError> {
        leases::forget(&self.desk, lease, before).await
    }

    async fn begin_attempt(
        &self,
        call: &OutboundCall,
        key: &RequestKey,
        lease: &Lease,
    ) -> Result<Begun, StoreError> {
        attempts::begin(&self.desk, &self.vault, call, key, lease).await
    }

    async fn keep_attempt(
        &self,
        call: &OutboundCall,
        lease: Option<&Lease>,
    ) -> Result<Kept, StoreError> {
        attempts::keep(&self.desk, &self.vault, call, lease).await
    }

    async fn attempt(&self, which: &WhichAttempt) -> Result<Option<OutboundCall>, StoreError> {
        attempts::one(&self.desk, &self.vault.now(), which).await
    }

    async fn attempts_like(&self, heard: &Heard<'_>) -> Result<Vec<OutboundCall>, StoreError> {
        attempts::like(&self.calls, &self.vault.now(), heard).await
    }

    async fn unsettled_attempts(&self) -> Result<Vec<OutboundCall>, StoreError> {
        attempts::unsettled(&self.desk, &self.vault.now()).await
    }

    async fn attempts_since(&self, since: Timestamp) -> Result<Vec<OutboundCall>, StoreError> {
        attempts::since(&self.desk, &self.vault.now(), since.as_millisecond()).await
    }

    fn outbox(&self) -> &dyn Outbox {
        self
    }

    fn handoffs(&self) -> &dyn Handoffs {
        self
    }

    fn erasing(&self) -> &dyn Erasing {
        self
    }

    fn key_ring(&self) -> &dyn KeyRing {
        self
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.calls.read(|| sqlx::query("SELECT 1")).await?;
        Ok(())
    }

    async fn close(&self) {
        self.calls.close().await;
        self.desk.close().await;
        self.bookings.close().await;
    }
}

/// A text as PostgreSQL stores it in the clear: it takes no NUL, which no id or word of the platform's has, but a
/// stranger's could.
fn clear(text: &str) -> String {
    text.replace('\0', "\u{2400}")
}
