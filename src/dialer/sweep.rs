//! What nobody works on any more. A server holds a lease of its own as long as it lives; whoever finds a call that is being
//! dialled by another takes that one's lease over if it has passed, and then nobody can know what came of the call. What
//! waits is dialled by whoever comes to it.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::time::sleep;

use super::Dialer;
use super::placing::{InHand, Moment};
use crate::outbound::attempt::{Attempt, Dialing, NeverLeft, Owner, Placed};
use crate::session::OutboundCall;
use crate::store::StoreError;

/// For how long a server counts as alive after it was last heard of.
pub(super) const LEASE: Duration = Duration::from_secs(30);

/// How often it is heard of, and looks for what others left.
const EVERY: Duration = Duration::from_secs(2);

impl Dialer {
    /// Keeps the lease, and takes up what was left by others: until it is dropped.
    pub async fn watch(self: Arc<Self>) {
        let mut failing = false;
        loop {
            match self.look_around().await {
                Ok(()) => failing = false,
                Err(StoreError::Closing) => return,
                Err(error) => {
                    if !failing {
                        tracing::error!(%error, "calls that others left cannot be looked after: tried again until they can");
                    }
                    failing = true;
                }
            }
            sleep(EVERY).await;
        }
    }

    /// Renews the lease, and takes up what is left.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn look_around(self: &Arc<Self>) -> Result<(), StoreError> {
        let name = lease_of(&self.node);
        let mine = self.store.take_lease(&name, &self.node, LEASE).await?;
        let is_mine = mine.is_some();
        *self.lease.lock().unwrap_or_else(PoisonError::into_inner) = mine;
        if !is_mine {
            // Others take this server for dead, and it must not dial until that has passed.
            return Ok(());
        }
        self.count_others().await?;
        for call in self.store.unsettled_attempts().await? {
            if let Some(held) = self.hold(call.id()) {
                self.take_up(held, call).await?;
            }
        }
        Ok(())
    }

    async fn take_up(&self, held: InHand, call: OutboundCall) -> Result<(), StoreError> {
        match call.attempt.clone() {
            Attempt::Pending(_) => self.dial_if_due(held, call).await,
            Attempt::Dialing(dialing) => self.give_up(call, dialing).await,
            Attempt::Accepted(_) | Attempt::Rejected(_) | Attempt::Unknown(_) => Ok(()),
        }
    }

    async fn dial_if_due(&self, held: InHand, call: OutboundCall) -> Result<(), StoreError> {
        let now = self.clock.now();
        let waits = matches!(&call.attempt, Attempt::Pending(it) if now < it.not_before && now < it.intent.valid_until);
        if !waits && let Some(placing) = self.dial_again(call, Moment::at(now)).await? {
            Self::spawn(held, placing);
        }
        Ok(())
    }

    /// A call that is being dialled by nobody: by this server, which broke off before it came to send it, or behind that;
    /// or by another one that has gone.
    async fn give_up(&self, mut call: OutboundCall, dialing: Dialing) -> Result<(), StoreError> {
        let now = self.clock.now();
        let is_mine = dialing.owner.node == self.node;
        let was_sent = !is_mine || self.sent().contains(call.id());
        if !is_mine && !self.is_gone(&dialing.owner).await? {
            return Ok(());
        }
        let id = call.id().clone();
        call.attempt = match was_sent {
            true => Attempt::Unknown(dialing.abandoned(now)),
            false => dialing.answered(Placed::NeverLeft(NeverLeft::NotSent), now),
        };
        if self.keep(call).await?.is_some() {
            self.sent().remove(&id);
        }
        Ok(())
    }

    /// Whether a server has gone: its lease has passed. It is taken over, so that the server cannot dial under it any more,
    /// and left at once, so that it may come back.
    async fn is_gone(&self, owner: &Owner) -> Result<bool, StoreError> {
        let name = lease_of(&owner.node);
        let taken = self
            .store
            .take_lease(&name, &self.node, Duration::ZERO)
            .await?;
        Ok(taken.is_some())
    }
}

fn lease_of(node: &str) -> String {
    format!("dialing {node}")
}
