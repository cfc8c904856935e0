//! A store that remembers one call, in memory, for as long as it is played.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::unasked::Unasked;
use crate::call::SessionId;
use crate::call::event::{
    CallStatus, NumberUpdate, RecordingUpdate, SessionSummary, VirtualNumber,
};
use crate::flow::Position;
use crate::outbound::attempt::Heard;
use crate::session::{
    Exchange, OutboundCall, Recall, Recalled, RequestKey, Session, Stage, Standing,
};
use crate::store::erasing::Erasing;
use crate::store::outbox::Outbox;
use crate::store::rekeying::KeyRing;
use crate::store::{
    Begun, FlowText, Handoffs, Kept, Lease, SessionFilter, SessionPage, SessionRecord, Store,
    StoreError, Webhook, WhichAttempt,
};

/// What is remembered of the call.
#[derive(Debug, Default)]
pub(super) struct Notebook(Mutex<Page>);

#[derive(Debug, Default)]
struct Page {
    exchanges: Vec<Arc<Exchange>>,
    session: Option<Session>,
    ended: bool,
    /// The bodies of all other webhooks.
    bodies: Vec<String>,
}

impl Notebook {
    /// Begins a new page, for the next call.
    pub(super) fn turn(&self) {
        *self.page() = Page::default();
    }

    /// The exchanges from the `first` on.
    pub(super) fn exchanges(&self, first: usize) -> Vec<Arc<Exchange>> {
        self.page()
            .exchanges
            .get(first..)
            .unwrap_or_default()
            .to_vec()
    }

    /// Where the call waits.
    pub(super) fn position(&self) -> Option<Position> {
        match &self.page().session.as_ref()?.stage {
            Stage::Waiting(position) => Some(position.clone()),
            Stage::HungUp => None,
        }
    }

    /// Everything that a real store would put on the disk in the clear or show again: bodies, replies, digits, variables that
    /// are no secret.
    pub(super) fn kept(&self) -> String {
        let page = self.page();
        let mut text = page.bodies.join("\n");
        for exchange in &page.exchanges {
            let digits = exchange.action.digits.as_ref();
            for part in [
                exchange.body.as_str(),
                &exchange.reply,
                digits.map_or("", |digits| digits.as_str()),
            ] {
                text.push('\n');
                text.push_str(part);
            }
            let stage = exchange.session.as_ref().map(|session| &session.stage);
            if let Some(Stage::Waiting(position)) = stage {
                for value in position.variables.values().filter(|value| !value.secret) {
                    text.push('\n');
                    text.push_str(&value.text);
                }
            }
        }
        text
    }

    fn page(&self) -> MutexGuard<'_, Page> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for Notebook {
    fn outbox(&self) -> &dyn Outbox {
        &Unasked
    }

    fn erasing(&self) -> &dyn Erasing {
        &Unasked
    }

    fn key_ring(&self) -> &dyn KeyRing {
        &Unasked
    }

    fn handoffs(&self) -> &dyn Handoffs {
        &Unasked
    }

    async fn recall(&self, recall: &Recall) -> Result<Recalled, StoreError> {
        let page = self.page();
        let mut moved_on = page.exchanges.iter().filter(|it| it.session.is_some());
        let mut all = page.exchanges.iter();
        Ok(Recalled {
            same_event: all
                .find(|it| it.action.event == recall.event)
                .map(|it| it.reply.clone()),
            same_step: moved_on
                .find(|it| Some(it.answers) == recall.answers)
                .map(|it| it.reply.clone()),
            standing: match &page.session {
                _ if page.ended => Standing::Ended,
                Some(session) => Standing::Live(Box::new(session.clone())),
                None => Standing::Unknown,
            },
        })
    }

    async fn keep_exchange(&self, exchange: Arc<Exchange>) -> Result<Kept, StoreError> {
        let mut page = self.page();
        if let Some(session) = exchange.session.as_ref().filter(|_| !page.ended) {
            page.session = Some(session.clone());
        }
        page.exchanges.push(exchange);
        Ok(Kept::Stored)
    }

    async fn keep_status(&self, webhook: Webhook<CallStatus>) -> Result<(), StoreError> {
        self.page().bodies.push(webhook.body);
        Ok(())
    }

    async fn keep_summary(&self, webhook: Webhook<SessionSummary>) -> Result<(), StoreError> {
        let mut page = self.page();
        page.bodies.push(webhook.body);
        page.ended = true;
        Ok(())
    }

    async fn keep_recording(&self, webhook: Webhook<RecordingUpdate>) -> Result<(), StoreError> {
        self.page().bodies.push(webhook.body);
        Ok(())
    }

    async fn keep_numbers(&self, webhook: Webhook<NumberUpdate>) -> Result<(), StoreError> {
        self.page().bodies.push(webhook.body);
        Ok(())
    }

    async fn numbers(&self) -> Result<Vec<VirtualNumber>, StoreError> {
        Ok(Vec::new())
    }

    async fn keep_flows(&self, _: &[FlowText], _: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }

    async fn last_good_flows(&self) -> Result<Vec<FlowText>, StoreError> {
        Ok(Vec::new())
    }

    async fn flows_in_use(&self) -> Result<Vec<FlowText>, StoreError> {
        Ok(Vec::new())
    }

    async fn sessions(&self, _: &SessionFilter) -> Result<SessionPage, StoreError> {
        let (items, next) = (Vec::new(), None);
        Ok(SessionPage { items, next })
    }

    async fn session(&self, _: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        Ok(None)
    }

    async fn live_sessions(&self) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn take_lease(&self, _: &str, _: &str, _: Duration) -> Result<Option<Lease>, StoreError> {
        Ok(None)
    }

    async fn forget_events(&self, _: &Lease, _: Timestamp) -> Result<u64, StoreError> {
        Ok(0)
    }

    /// Nobody dials in a rehearsal: whoever would is told that it is over.
    async fn begin_attempt(
        &self,
        _: &OutboundCall,
        _: &RequestKey,
        _: &Lease,
    ) -> Result<Begun, StoreError> {
        Err(StoreError::Closing)
    }

    async fn keep_attempt(&self, _: &OutboundCall, _: Option<&Lease>) -> Result<Kept, StoreError> {
        Err(StoreError::Closing)
    }

    async fn attempt(&self, _: &WhichAttempt) -> Result<Option<OutboundCall>, StoreError> {
        Ok(None)
    }

    async fn attempts_like(&self, _: &Heard<'_>) -> Result<Vec<OutboundCall>, StoreError> {
        Ok(Vec::new())
    }

    async fn unsettled_attempts(&self) -> Result<Vec<OutboundCall>, StoreError> {
        Ok(Vec::new())
    }

    async fn attempts_since(&self, _: Timestamp) -> Result<Vec<OutboundCall>, StoreError> {
        Ok(Vec::new())
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn close(&self) {}
}
