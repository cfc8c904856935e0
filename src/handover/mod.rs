//! Calls handed to the Contact Center, and what is asked of it for them: kept, sent once, kept with what came of it. Nobody on
//! the telephone waits for the store or for the Contact Center longer than they are given.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::call::{PhoneNumber, SessionId};
use crate::clock::Clock;
use crate::config::Config;
use crate::contact_center::callback::Callback;
use crate::contact_center::handoff::{By, Handoff, Outcome, Request};
use crate::contact_center::matching::{Match, SipCall, WINDOW, matched};
use crate::platform::client::NoClient;
use crate::platform::contact_center::ContactCenter;
use crate::platform::contact_center::callback::{NotTaken, results_url};
use crate::platform::contact_center::known::Known;
use crate::store::{Store, StoreError};

/// How long the store may take each time. With the Contact Center's deadline it stays below the 2 s that a caller waits.
const STORE: Duration = Duration::from_millis(200);

/// For how long a call that a script told of is kept.
const TOLD_CALLS: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// The tenant's Contact Center as calls use it.
#[derive(Debug)]
pub struct Handover {
    center: Arc<ContactCenter>,
    known: Known,
    /// Where the Contact Center gives back what came of call backs, when we can be reached from outside.
    results_url: Option<String>,
    store: Arc<dyn Store>,
    clock: Clock,
}

impl Handover {
    /// For the tenant of `config`, when there is one.
    ///
    /// # Errors
    ///
    /// This machine cannot encrypt.
    pub fn new(
        config: &Config,
        store: Arc<dyn Store>,
        clock: Clock,
    ) -> Result<Option<Self>, NoClient> {
        let Some(tenant) = &config.contact_center else {
            return Ok(None);
        };
        let center = Arc::new(ContactCenter::for_calls(tenant)?);
        Ok(Some(Self {
            known: Known::new(center.clone(), clock.clone()),
            results_url: config
                .public_url
                .as_ref()
                .and_then(|base| results_url(tenant, base)),
            center,
            store,
            clock,
        }))
    }

    /// What is known of the tenant's schedules and queues.
    pub fn known(&self) -> &Known {
        &self.known
    }

    /// Has somebody called back, as `session` asked for it. What comes of it is given back to us, if we can be reached.
    ///
    /// # Errors
    ///
    /// Why the service does not.
    pub async fn call_back(&self, session: &SessionId, callback: Callback) -> Result<(), NotTaken> {
        let callback = match &self.results_url {
            Some(url) => callback.given_back_to(url, session),
            None => callback,
        };
        self.center.call_back(&callback).await
    }

    /// The client for calls.
    pub fn center(&self) -> &ContactCenter {
        &self.center
    }

    /// Hands a call over. It is kept before and after; a store that is away does not keep the caller from the queue.
    pub async fn hand_off(&self, request: Request, by: By) -> Handoff {
        let mut handoff = Handoff {
            id: uuid::Uuid::now_v7().to_string(),
            request,
            by,
            asked_at: self.clock.now(),
            outcome: Outcome::UnderWay,
        };
        self.keep(&handoff).await;
        handoff.outcome = self.center.hand_off(&handoff.request).await;
        if let Some(reason) = handoff.outcome.reason() {
            tracing::warn!(id = %handoff.id, state = handoff.outcome.state(), %reason, "a call was not handed over");
        }
        self.keep(&handoff).await;
        handoff
    }

    async fn keep(&self, handoff: &Handoff) {
        let kept = timeout(STORE, self.store.handoffs().keep_handoff(handoff)).await;
        match kept {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::error!(id = %handoff.id, %error, "a handoff could not be kept")
            }
            Err(_) => tracing::error!(id = %handoff.id, "a handoff could not be kept in time"),
        }
    }

    /// Keeps a call that a script told of.
    ///
    /// # Errors
    ///
    /// The store does not keep it.
    pub async fn tell(&self, call: &SipCall) -> Result<(), StoreError> {
        let forget = call.told_at - TOLD_CALLS;
        self.store.handoffs().keep_sip_call(call, forget).await
    }

    /// The SIP id of a call that came in at `began`, if a script told of it.
    pub async fn sip_id(
        &self,
        caller: &PhoneNumber,
        called: &PhoneNumber,
        began: jiff::Timestamp,
    ) -> Match {
        let told = self
            .store
            .handoffs()
            .sip_calls(caller, called, began - WINDOW.before);
        match timeout(STORE, told).await {
            Ok(Ok(calls)) => matched(&calls, caller, called, began),
            Ok(Err(error)) => {
                tracing::error!(%error, "the calls that scripts told of cannot be read");
                Match::Nobody
            }
            Err(_) => Match::Nobody,
        }
    }
}
