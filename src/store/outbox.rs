//! What is promised of events: they are kept in the transaction of what they tell, stand in one order, wait for each
//! endpoint until it has them or the schedule ends, and go when their time is over.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Lease, StoreError};
use crate::events::Kind;

/// What is kept of events.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Has events that are new take their places in the order and wait for the endpoints that want their kinds; a few
    /// hundred at most. Returns how many they were: as long as that is not 0, there may be more.
    ///
    /// It is done under `lease`: [`StoreError::LeaseLost`] once another has taken that over.
    async fn spread_events(
        &self,
        lease: &Lease,
        endpoints: &[Wants],
        now: Timestamp,
    ) -> Result<u64, StoreError>;

    /// Takes up to `most` events that are due at an endpoint, the longest due first, and puts them off until `until`: whoever
    /// takes them has sent and [settled](Self::settle_delivery) them by then, or another may. Nothing while the endpoint is
    /// disabled or wants to be left alone.
    async fn claim_deliveries(
        &self,
        endpoint: &str,
        most: u32,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Delivery>, StoreError>;

    /// Keeps what came of sending one. Returns whether it was still the sender's: when another has taken it meanwhile, only
    /// what is known of the endpoint changes.
    async fn settle_delivery(&self, settled: &Settled) -> Result<bool, StoreError>;

    /// Events that fit `filter`, in their order.
    async fn events(&self, filter: &EventFilter) -> Result<Vec<EventRecord>, StoreError>;

    /// Has the events that fit `filter` wait for `endpoint` (again), whether it had them or not, but for those after number
    /// `filter.limit` of them. Returns how many, and the last one's number.
    async fn replay_events(
        &self,
        endpoint: &Wants,
        filter: &EventFilter,
        now: Timestamp,
    ) -> Result<Replayed, StoreError>;

    /// Forgets events that happened before `before` or that are not among the newest `most`, delivered or not; a bite of
    /// them. Returns what went.
    ///
    /// It is done under `lease`: [`StoreError::LeaseLost`] once another has taken that over.
    async fn prune_events(
        &self,
        lease: &Lease,
        before: Timestamp,
        most: u64,
    ) -> Result<Pruned, StoreError>;

    /// Says which endpoints there are, with a digest of their addresses. One that was disabled at another address is not any
    /// more.
    async fn declare_endpoints(&self, endpoints: &[(String, [u8; 16])]) -> Result<(), StoreError>;

    /// Has a disabled endpoint be sent to again. `false` when it is not known.
    async fn enable_endpoint(&self, name: &str) -> Result<bool, StoreError>;

    /// What is known of the endpoints, by their names.
    async fn endpoints(&self) -> Result<Vec<EndpointState>, StoreError>;
}

/// An endpoint and the kinds of events that it wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wants {
    /// Its name.
    pub endpoint: String,
    /// The kinds.
    pub kinds: Vec<Kind>,
}

/// An event as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRecord {
    /// Its id, which it carries wherever and however often it is sent.
    pub id: String,
    /// Its place in the order.
    pub number: u64,
    /// The word for its kind.
    pub kind: String,
    /// The how manieth of its subject it is.
    pub sequence: Option<u32>,
    /// When it happened.
    pub at: Timestamp,
    /// What is told, to be [shown](crate::events::told::shown).
    pub data: String,
    /// The endpoints that it waits for, and those that it was given up for.
    pub waiting: Vec<Waiting>,
}

/// An endpoint that has not got an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its name.
    pub endpoint: String,
    /// How many tries have failed.
    pub tries: u32,
    /// When it is tried next; `None` once it is given up.
    pub due_at: Option<Timestamp>,
}

/// An event on its way to an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The event; nothing of where else it waits.
    pub event: EventRecord,
    /// How many tries have failed.
    pub tries: u32,
    /// Which taking of it this is.
    pub claim: i64,
}

/// What came of sending an event to an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// The endpoint.
    pub endpoint: String,
    /// The event's number.
    pub event: u64,
    /// Which taking of it this was.
    pub claim: i64,
    /// When it was.
    pub at: Timestamp,
    /// What becomes of the event there.
    pub then: Then,
}

/// What becomes of an event at an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Then {
    /// It has it.
    Delivered,
    /// It is tried again, or given up. `why` says what went wrong, in our words.
    NotDelivered {
        /// When; `None` when it is given up.
        again_at: Option<Timestamp>,
        /// Until when nothing is sent to the endpoint.
        quiet_until: Option<Timestamp>,
        /// Whether the endpoint wants no more of anything.
        disables: bool,
        /// What went wrong.
        why: String,
    },
}

/// Which events are asked for. All of what is set must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventFilter {
    /// Only those behind this number.
    pub after: u64,
    /// Only those up to this number.
    pub through: Option<u64>,
    /// Happened at or after.
    pub from: Option<Timestamp>,
    /// Happened before.
    pub to: Option<Timestamp>,
    /// Only of these kinds; all when there is none.
    pub kinds: Vec<Kind>,
    /// How many at most: the first ones, or the last.
    pub limit: u32,
    /// The last ones of those that fit, not the first.
    pub last: bool,
}

/// What is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Replayed {
    /// How many events.
    pub events: u64,
    /// The number of the last one; `None` when there was none.
    pub last: Option<u64>,
}

/// What was forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    /// Events.
    pub events: u64,
    /// How many times one of them waited for an endpoint still.
    pub undelivered: u64,
}

/// What is known of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointState {
    /// Its name.
    pub name: String,
    /// When it said that it wants no more.
    pub disabled_at: Option<Timestamp>,
    /// Until when it wants to be left alone.
    pub quiet_until: Option<Timestamp>,
    /// When it last took an event.
    pub last_delivered_at: Option<Timestamp>,
    /// When one last failed.
    pub last_failed_at: Option<Timestamp>,
    /// Why.
    pub last_failure: Option<String>,
    /// How many events wait for it.
    pub waiting: u64,
    /// How many were given up.
    pub given_up: u64,
    /// When the oldest that waits happened.
    pub oldest_waiting: Option<Timestamp>,
}
