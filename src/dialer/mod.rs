//! Starts calls: keeps the intent, sends it once, keeps what came of it. A request of which any byte may have left is never
//! sent again, whatever breaks; when nobody can know, the call is UNKNOWN until its session is heard of.
//!
//! * this file: what somebody asks for, from the question to the answer
//! * `plan` what is to be sent, and which rules it must keep
//! * `accounts` the sub-accounts that calls are placed by
//! * `placing` one call on its way: sent, kept, tried again when it cannot have left
//! * `hearing` what the platform tells of the sessions that come of them
//! * `verdict` what an operator knows of one
//! * `numbers` our own numbers, as the platform lists them
//! * `counted` which calls count in the rates
//! * `sweep` what nobody works on any more: left by a server that ended, or by a write that was lost
//! * `refusal` why a call is not started

mod accounts;
mod counted;
mod hearing;
mod numbers;
mod placing;
mod plan;
mod refusal;
mod sweep;
mod verdict;

use std::collections::HashSet;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::clock::Clock;
use crate::config::Config;
use crate::outbound::attempt::{Attempt, AttemptId, Owner};
use crate::outbound::rates::Rates;
use crate::outbound::retries::Retries;
use crate::platform::client::Patience;
use crate::session::{CallRequest, OutboundCall, RequestKey};
use crate::shelf::Shelf;
use crate::store::{Begun, Kept, Lease, Store, StoreError, WhichAttempt};
use crate::switchboard::Switchboard;
use accounts::Accounts;
use counted::Counted;
use placing::Placing;
pub use refusal::{Fault, NotStarted};
pub use verdict::NotSettled;

/// How many locks the requests share, so that those with one key come one after another.
const TURNS: usize = 64;

/// How long what became of a call is waited for beyond the platform's own time.
const GRACE: Duration = Duration::from_secs(5);

/// How long until a call that another server dials is looked at again.
const LOOKED_AGAIN: Duration = Duration::from_millis(200);

/// Starts calls.
#[derive(Debug)]
pub struct Dialer {
    store: Arc<dyn Store>,
    shelf: Arc<Shelf>,
    /// Knows where calls may go.
    switchboard: Arc<Switchboard>,
    accounts: Accounts,
    rates: Mutex<Rates>,
    retries: Mutex<Retries>,
    counted: Mutex<Counted>,
    clock: Clock,
    patience: Patience,
    /// This server's name among the others.
    node: String,
    /// The right to dial, as long as nobody has taken it over.
    lease: Mutex<Option<Lease>>,
    turns: Vec<tokio::sync::Mutex<()>>,
    /// The calls that this server works on.
    in_hand: Mutex<HashSet<AttemptId>>,
    /// Those whose request may have left, until what came of it is kept.
    sent: Mutex<HashSet<AttemptId>>,
    /// Changes whenever something is known of a call.
    settled: watch::Sender<()>,
    stopping: watch::Sender<bool>,
}

impl Dialer {
    /// A dialer for the sub-accounts of `config`. It dials once it has its lease: [`Dialer::watch`].
    pub fn new(
        config: &Config,
        store: Arc<dyn Store>,
        shelf: Arc<Shelf>,
        switchboard: Arc<Switchboard>,
        clock: Clock,
    ) -> Self {
        let patience = Patience::default();
        Self {
            store,
            shelf,
            switchboard,
            accounts: Accounts::new(config, patience),
            rates: Mutex::new(Rates::new(config.outbound.limits)),
            retries: Mutex::default(),
            counted: Mutex::default(),
            clock,
            patience,
            node: uuid::Uuid::new_v4().to_string(),
            lease: Mutex::default(),
            turns: (0..TURNS).map(|_| tokio::sync::Mutex::default()).collect(),
            in_hand: Mutex::default(),
            sent: Mutex::default(),
            settled: watch::Sender::new(()),
            stopping: watch::Sender::new(false),
        }
    }

    /// Starts a call, or tells what became of it when its request was sent before. Gives it once something is known of it.
    ///
    /// # Errors
    ///
    /// Why it is not started.
    pub async fn start(
        self: &Arc<Self>,
        request: CallRequest,
        key: RequestKey,
    ) -> Result<OutboundCall, NotStarted> {
        // On a task of its own: whoever asked may go at any moment, and what was kept must be sent.
        let beginning = tokio::spawn(self.clone().begin(request.clone(), key));
        let begun = match beginning.await {
            Ok(begun) => begun?,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => return Err(StoreError::Closing.into()),
        };
        if begun.request != request {
            return Err(NotStarted::KeyReused);
        }
        self.told(begun).await
    }

    /// The call that a request began: now, or when it was first sent.
    async fn begin(
        self: Arc<Self>,
        request: CallRequest,
        key: RequestKey,
    ) -> Result<OutboundCall, NotStarted> {
        let _turn = self.turns[turn_of(&key)].lock().await;
        let which = WhichAttempt::Request(key.clone());
        if let Some(known) = self.store.attempt(&which).await? {
            return Ok(known);
        }
        let lease = self.lease().ok_or(StoreError::LeaseLost)?;
        let placing = self.plan(&request, self.owner(&lease)).await?;
        let now = self.clock.now();
        let counted = self.rates().start(&request.to, now);
        counted.map_err(NotStarted::TooMany)?;
        crate::failpoint!("call.planned", key.as_str());
        let planned = placing.call.id().clone();
        let begun = self.keep_intent(&key, placing, &lease).await;
        // One that another server has begun is counted as another's.
        if !begun.as_ref().is_ok_and(|call| *call.id() == planned) {
            self.rates().take_back(&request.to);
        }
        begun
    }

    /// Keeps a call before anything of it is sent, and has it sent.
    async fn keep_intent(
        self: &Arc<Self>,
        key: &RequestKey,
        placing: Placing,
        lease: &Lease,
    ) -> Result<OutboundCall, NotStarted> {
        let call = placing.call.clone();
        let held = self.hold(call.id()).ok_or(StoreError::Busy)?;
        let begun = self.store.begin_attempt(&call, key, lease).await?;
        crate::failpoint!("call.begun", key.as_str());
        match begun {
            Begun::Stored => {
                self.counted().add(call.id().clone());
                self.retries().first(self.clock.now());
                Self::spawn(held, placing);
                Ok(call)
            }
            // Another server was asked the same at this moment.
            Begun::Known(known) => Ok(*known),
            Begun::InFlight(other) => Err(NotStarted::InFlight(other)),
        }
    }

    /// Waits until something is known of a call, and has that told ever after.
    async fn told(&self, begun: OutboundCall) -> Result<OutboundCall, NotStarted> {
        let patience = self.patience.connect + self.patience.answer + GRACE;
        let id = begun.id().clone();
        let told = timeout(patience, self.until_told(begun)).await;
        told.unwrap_or(Err(NotStarted::UnderWay(id)))
    }

    async fn until_told(&self, mut call: OutboundCall) -> Result<OutboundCall, NotStarted> {
        let mut settled = self.settled.subscribe();
        loop {
            if call.told.is_some() {
                return Ok(call);
            }
            if !matches!(call.attempt, Attempt::Dialing(_)) && self.keep_told(&mut call).await? {
                return Ok(call);
            }
            tokio::select! {
                _ = settled.changed() => {}
                () = sleep(LOOKED_AGAIN) => {}
            }
            let which = WhichAttempt::Id(call.id().clone());
            let lost = StoreError::Unreadable { what: "attempt" };
            call = self.store.attempt(&which).await?.ok_or(lost)?;
        }
    }

    /// Keeps that whoever asked was told how the call stands; not when it has moved on.
    async fn keep_told(&self, call: &mut OutboundCall) -> Result<bool, StoreError> {
        call.told = Some(call.attempt.clone());
        let kept = self.store.keep_attempt(call, None).await?;
        Ok(kept == Kept::Stored)
    }

    fn rates(&self) -> MutexGuard<'_, Rates> {
        self.rates.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn retries(&self) -> MutexGuard<'_, Retries> {
        self.retries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lease(&self) -> Option<Lease> {
        let lease = self.lease.lock();
        lease.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn owner(&self, lease: &Lease) -> Owner {
        Owner {
            node: self.node.clone(),
            epoch: lease.epoch.unsigned_abs(),
        }
    }
}

fn turn_of(key: &RequestKey) -> usize {
    let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(key.as_str());
    usize::try_from(hash % TURNS as u64).expect("it is below the number of turns")
}
