//! Tells the customer's systems what has happened: gives events their places, sends what is due to each endpoint, and forgets
//! what is old.
//!
//! Each endpoint is served by a task of its own, so that none waits for another. Of the nodes on one database each serves
//! all endpoints, and an event is taken by one of them; one at a time gives places and forgets, under a lease.

mod sending;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret as _;
use sha2::{Digest, Sha256};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::clock::Clock;
use crate::config::{self, Config};
use crate::events::signature::Secret;
use crate::outward::Outward;
use crate::store::outbox::{Delivery, EventFilter, Replayed, Settled, Then, Wants};
use crate::store::{Store, StoreError};

/// The lease under which events get their places and go.
const LEASE: &str = "events";

/// For how long a node counts as doing that after it was last heard of.
const LEASE_LASTS: Duration = Duration::from_secs(10);

/// How often events are looked for.
const EVERY: Duration = Duration::from_millis(if cfg!(feature = "failpoints") {
    20
} else {
    250
});

/// How often old ones are forgotten.
const PRUNE_EVERY: Duration = Duration::from_secs(60);

/// How many requests are on their way to one endpoint at once; one while it fails.
const AT_ONCE: usize = 8;

/// How long an endpoint has to answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);

/// For how long whoever takes an event has it: longer than a request and what is kept of it take.
const TAKEN_FOR: SignedDuration =
    SignedDuration::from_secs(if cfg!(feature = "failpoints") { 2 } else { 60 });

/// How many events are sent again in one step.
const REPLAYED_AT_ONCE: u32 = 500;

/// Tells the endpoints.
#[derive(Debug)]
pub struct Messenger {
    store: Arc<dyn Store>,
    clock: Clock,
    endpoints: BTreeMap<String, Arc<Endpoint>>,
    out: Option<Outward>,
    keep: SignedDuration,
    most: u64,
    node: String,
    /// There is something new to send.
    news: Notify,
    pruned: AtomicU64,
}

/// An endpoint as it is configured, and how it does.
#[derive(Debug)]
struct Endpoint {
    name: String,
    configured: config::Endpoint,
    secrets: Vec<Secret>,
    /// The last request to it failed.
    is_failing: AtomicBool,
    delivered: AtomicU64,
    failed: AtomicU64,
    given_up: AtomicU64,
}

/// What was counted of an endpoint since the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Its name.
    pub endpoint: String,
    /// Events that it took.
    pub delivered: u64,
    /// Requests that failed.
    pub failed: u64,
    /// Events that were given up.
    pub given_up: u64,
}

impl Messenger {
    /// A messenger for the endpoints of `config`. It does nothing until it is told to [watch](Self::watch).
    pub fn new(config: &Config, store: Arc<dyn Store>, clock: Clock) -> Self {
        let endpoints = config.events.endpoints.iter();
        // Whoever has nobody to tell needs no way out: to read a machine's certificates takes longer than a call.
        let out = match config.events.endpoints.is_empty() {
            true => None,
            false => Outward::new(&config.outward_allow, CONNECT)
                .map_err(|error| tracing::error!(%error, "nothing can be told"))
                .ok(),
        };
        Self {
            endpoints: endpoints
                .map(|(name, it)| (name.clone(), Arc::new(Endpoint::new(name, it))))
                .collect(),
            out,
            keep: SignedDuration::from_hours(24 * config.events.keep_days),
            most: config.events.most,
            node: uuid::Uuid::new_v4().to_string(),
            news: Notify::new(),
            pruned: AtomicU64::new(0),
            store,
            clock,
        }
    }

    /// The endpoints' names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.endpoints.keys().map(String::as_str)
    }

    /// Tells, until it is dropped.
    pub async fn watch(self: Arc<Self>) {
        let mut tasks = JoinSet::new();
        for endpoint in self.endpoints.values() {
            tasks.spawn(self.clone().serve(endpoint.clone()));
        }
        tasks.spawn(self.clone().lead());
        while tasks.join_next().await.is_some() {}
    }

    /// Gives events their places and forgets old ones, as long as no other node does.
    async fn lead(self: Arc<Self>) {
        let mut is_declared = false;
        let mut pruned = None;
        let mut failing = Failing::default();
        loop {
            let led = self.lead_once(&mut is_declared, &mut pruned).await;
            if failing.is_over(&led, "events do not get on their way") {
                return;
            }
            sleep(EVERY).await;
        }
    }

    async fn lead_once(
        &self,
        is_declared: &mut bool,
        pruned: &mut Option<Instant>,
    ) -> Result<(), StoreError> {
        let outbox = self.store.outbox();
        if !*is_declared {
            let address = |it: &Endpoint| digest(it.configured.url.as_str());
            let known = self.endpoints.iter();
            let known: Vec<_> = known
                .map(|(name, it)| (name.clone(), address(it)))
                .collect();
            outbox.declare_endpoints(&known).await?;
            *is_declared = true;
        }
        let lease = self
            .store
            .take_lease(LEASE, &self.node, LEASE_LASTS)
            .await?;
        let Some(lease) = lease else {
            return Ok(());
        };
        let wants: Vec<_> = self.endpoints.values().map(|it| it.wants()).collect();
        while outbox
            .spread_events(&lease, &wants, self.clock.now())
            .await?
            > 0
        {
            self.news.notify_waiters();
        }
        if pruned.is_none_or(|at| at.elapsed() >= PRUNE_EVERY) {
            let before = self.clock.now().saturating_sub(self.keep);
            let before = before.unwrap_or(Timestamp::MIN);
            while let gone @ 1.. = outbox.prune_events(&lease, before, self.most).await?.events {
                self.pruned.fetch_add(gone, Ordering::Relaxed);
            }
            *pruned = Some(Instant::now());
        }
        Ok(())
    }

    /// Sends one endpoint what is due.
    async fn serve(self: Arc<Self>, endpoint: Arc<Endpoint>) {
        let mut sending = JoinSet::new();
        let mut failing = Failing::default();
        loop {
            let news = self.news.notified();
            let taken = self.take(&endpoint, sending.len()).await;
            if failing.is_over(&taken, "events cannot be read to be sent") {
                return;
            }
            let taken = taken.unwrap_or_default();
            let is_idle = taken.is_empty();
            for delivery in taken {
                sending.spawn(self.clone().deliver(endpoint.clone(), delivery));
            }
            if is_idle {
                tokio::select! {
                    () = news => {}
                    () = sleep(EVERY) => {}
                    Some(_) = sending.join_next() => {}
                }
            }
        }
    }

    /// Takes as much as there is room for beside what is on its way. A failing endpoint is asked one thing at a time.
    async fn take(
        &self,
        endpoint: &Endpoint,
        under_way: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let most = match endpoint.is_failing.load(Ordering::Relaxed) {
            true => 1,
            false => AT_ONCE,
        };
        let room = most.saturating_sub(under_way);
        if room == 0 {
            return Ok(Vec::new());
        }
        let (now, room) = (self.clock.now(), room as u32);
        let until = now.saturating_add(TAKEN_FOR).unwrap_or(now);
        let outbox = self.store.outbox();
        outbox
            .claim_deliveries(&endpoint.name, room, now, until)
            .await
    }

    /// Sends one event, and keeps what came of it. What cannot be kept is sent again later.
    async fn deliver(self: Arc<Self>, endpoint: Arc<Endpoint>, delivery: Delivery) {
        crate::failpoint!("event.taken", delivery.event.id.as_str());
        let then = self.send(&endpoint, &delivery).await;
        endpoint.count(&then);
        crate::failpoint!("event.sent", delivery.event.id.as_str());
        let settled = Settled {
            endpoint: endpoint.name.clone(),
            event: delivery.event.number,
            claim: delivery.claim,
            at: self.clock.now(),
            then,
        };
        if let Err(error) = self.store.outbox().settle_delivery(&settled).await {
            let event = &delivery.event.id;
            tracing::warn!(%error, endpoint = %endpoint.name, event, "what came of sending an event could not be kept: it is sent again");
        }
    }

    /// Has the events that fit `filter` sent again to one endpoint. `None` when there is no such endpoint.
    ///
    /// # Errors
    ///
    /// The store's; some may be on their way again then.
    pub async fn replay(
        &self,
        endpoint: &str,
        filter: &EventFilter,
    ) -> Result<Option<u64>, StoreError> {
        let Some(endpoint) = self.endpoints.get(endpoint) else {
            return Ok(None);
        };
        let (mut filter, mut count) = (filter.clone(), 0);
        filter.limit = REPLAYED_AT_ONCE;
        loop {
            let replayed = self
                .store
                .outbox()
                .replay_events(&endpoint.wants(), &filter, self.clock.now())
                .await;
            let Replayed { events, last } = replayed?;
            count += events;
            self.news.notify_waiters();
            match last {
                Some(last) if events == u64::from(REPLAYED_AT_ONCE) => filter.after = last,
                _ => return Ok(Some(count)),
            }
        }
    }

    /// What was counted, by endpoint.
    pub fn counted(&self) -> Vec<Counted> {
        self.endpoints.values().map(|it| it.counted()).collect()
    }

    /// How many events were forgotten.
    pub fn pruned(&self) -> u64 {
        self.pruned.load(Ordering::Relaxed)
    }
}

impl Endpoint {
    fn new(name: &str, configured: &config::Endpoint) -> Self {
        let read = |secret: &secrecy::SecretString| {
            Secret::read(secret.expose_secret()).expect("the configuration has read it once")
        };
        Self {
            name: name.to_owned(),
            configured: configured.clone(),
            secrets: configured.secrets.iter().map(read).collect(),
            is_failing: AtomicBool::new(false),
            delivered: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            given_up: AtomicU64::new(0),
        }
    }

    fn wants(&self) -> Wants {
        Wants {
            endpoint: self.name.clone(),
            kinds: self.configured.kinds.clone(),
        }
    }

    fn count(&self, then: &Then) {
        let count = |counter: &AtomicU64| _ = counter.fetch_add(1, Ordering::Relaxed);
        let has_failed = match then {
            Then::Delivered => {
                count(&self.delivered);
                false
            }
            Then::NotDelivered { again_at, why, .. } => {
                count(&self.failed);
                if again_at.is_none() {
                    count(&self.given_up);
                }
                if !self.is_failing.load(Ordering::Relaxed) {
                    tracing::warn!(endpoint = %self.name, reason = %why, "an endpoint does not take events: they are tried again");
                }
                true
            }
        };
        self.is_failing.store(has_failed, Ordering::Relaxed);
    }

    fn counted(&self) -> Counted {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counted {
            endpoint: self.name.clone(),
            delivered: read(&self.delivered),
            failed: read(&self.failed),
            given_up: read(&self.given_up),
        }
    }
}

/// Whether the store fails one after the other: told once.
#[derive(Debug, Default)]
struct Failing(bool);

impl Failing {
    /// Tells of a failure that is new; whether there is nothing left to do.
    fn is_over<T>(&mut self, result: &Result<T, StoreError>, what: &'static str) -> bool {
        match result {
            Ok(_) | Err(StoreError::LeaseLost) => self.0 = false,
            Err(StoreError::Closing) => return true,
            Err(error) => {
                if !self.0 {
                    tracing::error!(%error, what, "tried again until it works");
                }
                self.0 = true;
            }
        }
        false
    }
}

/// The first 16 bytes of the SHA-256 of an address.
fn digest(address: &str) -> [u8; 16] {
    let whole: [u8; 32] = Sha256::digest(address).into();
    *whole.first_chunk().expect("32 bytes begin with 16")
}
