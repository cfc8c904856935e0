//! What the handlers share.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use super::auth::{ApiKeys, TenantKeys, WebhookKeys};
use super::metrics::Metrics;
use super::turns::Turns;
use crate::bookings::Bookings;
use crate::bookings::numbers::PoolNumbers;
use crate::clock::Clock;
use crate::config::Config;
use crate::dialer::Dialer;
use crate::eraser::Eraser;
use crate::handover::Handover;
use crate::messenger::Messenger;
use crate::shelf::{Reload, Shelf};
use crate::store::Store;
use crate::switchboard::Switchboard;

/// What the handlers share. A clone is the same app, and costs one count: every layer of the router makes one for each
/// request.
#[derive(Debug, Clone)]
pub struct App(Arc<Parts>);

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// What an [`App`] has.
#[derive(Debug)]
pub struct Parts {
    /// What was configured.
    pub config: Arc<Config>,
    /// What is kept.
    pub store: Arc<dyn Store>,
    /// The flows.
    pub shelf: Arc<Shelf>,
    /// Who answers voice call actions.
    pub switchboard: Arc<Switchboard>,
    /// Who starts calls.
    pub dialer: Arc<Dialer>,
    /// The bookings of number masking.
    pub bookings: Arc<Bookings>,
    /// The virtual numbers that they get.
    pub numbers: Arc<PoolNumbers>,
    /// Who hands calls to the Contact Center, when there is one.
    pub handover: Option<Arc<Handover>>,
    /// Who tells the customer's systems.
    pub messenger: Arc<Messenger>,
    /// Who erases people.
    pub eraser: Arc<Eraser>,
    /// What time it is.
    pub clock: Clock,
    /// What is counted. Each app counts for itself.
    pub metrics: Arc<Metrics>,
    /// Whether the server starts, serves or drains.
    pub phase: Arc<Phase>,
    /// Who is worked for at once.
    pub turns: Turns,
    /// Whose webhooks are taken.
    pub webhook_keys: Arc<WebhookKeys>,
    /// Whose API requests are taken.
    pub api_keys: Arc<ApiKeys>,
    /// Whose scripts' requests are taken.
    pub tenant_keys: Arc<TenantKeys>,
}

/// Who works for the handlers.
#[derive(Debug)]
pub struct Staff {
    /// Who answers voice call actions.
    pub switchboard: Arc<Switchboard>,
    /// The virtual numbers of pools, and the bookings that get them.
    pub numbers: Arc<PoolNumbers>,
    /// Who hands calls to the Contact Center, when there is one.
    pub handover: Option<Arc<Handover>>,
}

impl App {
    /// An app that is starting: [`Phase::serve`] says when it answers.
    pub fn new(
        config: Arc<Config>,
        store: Arc<dyn Store>,
        shelf: Arc<Shelf>,
        staff: Staff,
        clock: Clock,
    ) -> Self {
        let Staff {
            switchboard,
            numbers,
            handover,
        } = staff;
        let dialer = Dialer::new(
            &config,
            store.clone(),
            shelf.clone(),
            switchboard.clone(),
            clock.clone(),
        );
        let messenger = Messenger::new(&config, store.clone(), clock.clone());
        Self(Arc::new(Parts {
            messenger: Arc::new(messenger),
            eraser: Arc::new(Eraser::new(store.clone(), clock.clone())),
            webhook_keys: Arc::new(WebhookKeys::new(&config)),
            api_keys: Arc::new(ApiKeys::new(&config)),
            tenant_keys: Arc::new(TenantKeys::new(&config)),
            metrics: Arc::new(Metrics::new()),
            phase: Arc::new(Phase::starting()),
            turns: Turns::new(),
            config,
            store,
            shelf,
            switchboard,
            dialer: Arc::new(dialer),
            bookings: numbers.bookings().clone(),
            numbers,
            handover,
            clock,
        }))
    }
}

impl App {
    /// Reads the flow files again, and answers new calls by them if all of them are good and agree with the pools.
    pub async fn reload_flows(&self) -> Reload {
        let contradicted = |library: &_| self.numbers.contradictions(library);
        let prepare = |library: &_| self.switchboard.prepare(library);
        let store = self.store.as_ref();
        let reload = self.shelf.reload(store, &self.clock, contradicted, prepare);
        reload.await
    }
}

/// How far the server is, for those who decide whether to send it work.
#[derive(Debug)]
pub struct Phase(AtomicU8);

/// The word for each phase, by its number.
const PHASES: [&str; 3] = ["starting", "serving", "draining"];

impl Phase {
    fn starting() -> Self {
        Self(AtomicU8::new(0))
    }

    /// From now on voice call actions are answered.
    pub fn serve(&self) {
        self.0.store(1, Ordering::Release);
    }

    /// From now on requests in progress end and no new ones are wanted.
    pub fn drain(&self) {
        self.0.store(2, Ordering::Release);
    }

    /// `starting`, `serving` or `draining`.
    pub fn word(&self) -> &'static str {
        PHASES[usize::from(self.0.load(Ordering::Acquire))]
    }

    /// Whether voice call actions are answered.
    pub fn is_serving(&self) -> bool {
        self.word() == "serving"
    }
}

#[cfg(test)]
pub(crate) mod testing;
