//! A store that tells the phone what is kept of its calls, and is otherwise the store behind it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::call::SessionId;
use crate::call::event::{
    CallStatus, NumberUpdate, RecordingUpdate, SessionSummary, VirtualNumber,
};
use crate::outbound::attempt::Heard;
use crate::session::{Exchange, OutboundCall, Recall, Recalled, RequestKey};
use crate::store::rekeying::KeyRing;
use crate::store::{
    Begun, Erasing, FlowText, Handoffs, Kept, Lag, Lease, Outbox, SessionFilter, SessionPage,
    SessionRecord, Store, StoreError, Webhook, WhichAttempt,
};

/// Who is told of a session's exchanges.
type Listener = Box<dyn Fn(&Exchange) + Send>;

/// A store with somebody listening.
pub struct Overheard {
    store: Arc<dyn Store>,
    listeners: Mutex<HashMap<String, Listener>>,
}

impl fmt::Debug for Overheard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.store.fmt(f)
    }
}

impl Overheard {
    /// Nobody listens to `store` yet.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            listeners: Mutex::default(),
        }
    }

    /// Tells `listener` of each exchange of `session` that is kept, before its reply is given.
    pub(super) fn listen(&self, session: &str, listener: impl Fn(&Exchange) + Send + 'static) {
        self.listeners()
            .insert(session.to_owned(), Box::new(listener));
    }

    /// Tells nobody of `session` any more.
    pub(super) fn forget(&self, session: &str) {
        self.listeners().remove(session);
    }

    fn listeners(&self) -> MutexGuard<'_, HashMap<String, Listener>> {
        let listeners = self.listeners.lock();
        listeners.unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, exchange: &Exchange) {
        if let Some(listener) = self.listeners().get(exchange.action.session.as_str()) {
            listener(exchange);
        }
    }
}

#[async_trait]
impl Store for Overheard {
    async fn recall(&self, recall: &Recall) -> Result<Recalled, StoreError> {
        self.store.recall(recall).await
    }

    async fn keep_exchange(&self, exchange: Arc<Exchange>) -> Result<Kept, StoreError> {
        let kept = self.store.keep_exchange(exchange.clone()).await?;
        if kept == Kept::Stored {
            self.tell(&exchange);
        }
        Ok(kept)
    }

    fn recalls_while_away(&self) -> bool {
        self.store.recalls_while_away()
    }

    async fn keep_status(&self, webhook: Webhook<CallStatus>) -> Result<(), StoreError> {
        self.store.keep_status(webhook).await
    }

    async fn keep_summary(&self, webhook: Webhook<SessionSummary>) -> Result<(), StoreError> {
        self.store.keep_summary(webhook).await
    }

    async fn keep_recording(&self, webhook: Webhook<RecordingUpdate>) -> Result<(), StoreError> {
        self.store.keep_recording(webhook).await
    }

    async fn keep_numbers(&self, webhook: Webhook<NumberUpdate>) -> Result<(), StoreError> {
        self.store.keep_numbers(webhook).await
    }

    async fn numbers(&self) -> Result<Vec<VirtualNumber>, StoreError> {
        self.store.numbers().await
    }

    async fn keep_flows(&self, flows: &[FlowText], at: Timestamp) -> Result<(), StoreError> {
        self.store.keep_flows(flows, at).await
    }

    async fn last_good_flows(&self) -> Result<Vec<FlowText>, StoreError> {
        self.store.last_good_flows().await
    }

    async fn flows_in_use(&self) -> Result<Vec<FlowText>, StoreError> {
        self.store.flows_in_use().await
    }

    async fn sessions(&self, filter: &SessionFilter) -> Result<SessionPage, StoreError> {
        self.store.sessions(filter).await
    }

    async fn session(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        self.store.session(id).await
    }

    async fn live_sessions(&self) -> Result<u64, StoreError> {
        self.store.live_sessions().await
    }

    async fn take_lease(
        &self,
        name: &str,
        holder: &str,
        lasts: Duration,
    ) -> Result<Option<Lease>, StoreError> {
        self.store.take_lease(name, holder, lasts).await
    }

    async fn forget_events(&self, lease: &Lease, before: Timestamp) -> Result<u64, StoreError> {
        self.store.forget_events(lease, before).await
    }

    async fn begin_attempt(
        &self,
        call: &OutboundCall,
        key: &RequestKey,
        lease: &Lease,
    ) -> Result<Begun, StoreError> {
        self.store.begin_attempt(call, key, lease).await
    }

    async fn keep_attempt(
        &self,
        call: &OutboundCall,
        lease: Option<&Lease>,
    ) -> Result<Kept, StoreError> {
        self.store.keep_attempt(call, lease).await
    }

    async fn attempt(&self, which: &WhichAttempt) -> Result<Option<OutboundCall>, StoreError> {
        self.store.attempt(which).await
    }

    async fn attempts_like(&self, heard: &Heard<'_>) -> Result<Vec<OutboundCall>, StoreError> {
        self.store.attempts_like(heard).await
    }

    async fn unsettled_attempts(&self) -> Result<Vec<OutboundCall>, StoreError> {
        self.store.unsettled_attempts().await
    }

    async fn attempts_since(&self, since: Timestamp) -> Result<Vec<OutboundCall>, StoreError> {
        self.store.attempts_since(since).await
    }

    fn outbox(&self) -> &dyn Outbox {
        self.store.outbox()
    }

    fn handoffs(&self) -> &dyn Handoffs {
        self.store.handoffs()
    }

    fn erasing(&self) -> &dyn Erasing {
        self.store.erasing()
    }

    fn key_ring(&self) -> &dyn KeyRing {
        self.store.key_ring()
    }

    fn lag(&self) -> Lag {
        self.store.lag()
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.store.ping().await
    }

    async fn close(&self) {
        self.store.close().await;
    }
}
