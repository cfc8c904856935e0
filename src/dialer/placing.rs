//! One call on its way: sent once, what came of it kept, and sent again only when it is certain that nothing left. It goes
//! on also when whoever asked for it has gone.

use std::collections::HashSet;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep};

use super::Dialer;
use super::sweep::LEASE;
use crate::call::Action;
use crate::outbound::attempt::{
    Attempt, AttemptId, Dialing, NeverLeft, Next, Obstacle, Pending, Placed,
};
use crate::session::OutboundCall;
use crate::store::{Kept, StoreError, WhichAttempt};

/// How long between two tries to keep what became of a call while the store does not take it.
const KEPT_AGAIN_AFTER: Duration = Duration::from_millis(250);

/// How long a call waits when too many are sent again.
const ASKED_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// A call that is kept as being dialled, and what is to be sent for it.
#[derive(Debug)]
pub(super) struct Placing {
    pub(super) call: OutboundCall,
    pub(super) actions: Vec<Action>,
    pub(super) moment: Moment,
    /// Before it was kept so.
    pub(super) since: Instant,
}

/// A time of day that goes on evenly from when it was read, whatever is done to the clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    read: Timestamp,
    since: Instant,
}

impl Moment {
    pub(super) fn at(now: Timestamp) -> Self {
        Self {
            read: now,
            since: Instant::now(),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        let passed = SignedDuration::try_from(self.since.elapsed()).unwrap_or(SignedDuration::MAX);
        self.read.checked_add(passed).unwrap_or(Timestamp::MAX)
    }
}

/// A call that this server works on, until this is dropped, however that comes about.
#[derive(Debug)]
pub(super) struct InHand {
    dialer: Arc<Dialer>,
    id: AttemptId,
}

impl Drop for InHand {
    fn drop(&mut self) {
        self.dialer.held().remove(&self.id);
        self.dialer.settled.send_replace(());
    }
}

impl Dialer {
    /// Has a call placed that this server holds, however long that takes.
    pub(super) fn spawn(held: InHand, placing: Placing) {
        tokio::spawn(async move {
            if let Err(error) = held.dialer.place(placing).await {
                tracing::error!(attempt_id = %held.id, %error, "what became of a call is not kept: it is looked at again");
            }
        });
    }

    /// Holds a call: nobody else here takes it up meanwhile. `None` when somebody does already.
    pub(super) fn hold(self: &Arc<Self>, id: &AttemptId) -> Option<InHand> {
        self.held().insert(id.clone()).then(|| InHand {
            dialer: self.clone(),
            id: id.clone(),
        })
    }

    pub(super) fn sent(&self) -> MutexGuard<'_, HashSet<AttemptId>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn held(&self) -> MutexGuard<'_, HashSet<AttemptId>> {
        self.in_hand.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn place(&self, mut placing: Placing) -> Result<(), StoreError> {
        loop {
            let placed = self.send(&placing).await;
            crate::failpoint!("call.placed", placing.call.request.flow.as_str(), Ok(()));
            let call = self.settle(placing.call, placed, placing.moment).await?;
            self.sent().remove(call.id());
            crate::failpoint!("call.settled", call.request.flow.as_str());
            let Attempt::Pending(pending) = &call.attempt else {
                return Ok(());
            };
            let pause = pending.not_before.duration_since(placing.moment.now());
            let mut stopping = self.stopping.subscribe();
            tokio::select! {
                () = self.until_sent_again(pause, pending, placing.moment) => {}
                _ = stopping.wait_for(|stopping| *stopping) => return Ok(()),
            }
            match self.dial_again(call, placing.moment).await? {
                Some(again) => placing = again,
                None => return Ok(()),
            }
        }
    }

    /// Waits for `pause`; and where the platform had no time, until it may be asked once more, or the call's time has passed.
    async fn until_sent_again(&self, pause: SignedDuration, pending: &Pending, moment: Moment) {
        sleep(Duration::try_from(pause).unwrap_or_default()).await;
        if !matches!(pending.tried, Some((_, Obstacle::TooMany))) {
            return;
        }
        while moment.now() < pending.intent.valid_until && !self.retries().again(self.clock.now()) {
            sleep(ASKED_AGAIN_AFTER).await;
        }
    }

    /// Sends the request. Not when it was kept too long ago: the lease may have passed, and somebody may have found it.
    async fn send(&self, placing: &Placing) -> Placed {
        let intent = placing.call.attempt.intent();
        let Some(client) = self.accounts.client(&intent.sub_account) else {
            return Placed::NeverLeft(NeverLeft::NotSent);
        };
        if placing.since.elapsed() > LEASE / 2 || placing.moment.now() >= intent.valid_until {
            return Placed::NeverLeft(NeverLeft::NotSent);
        }
        self.sent().insert(intent.id.clone());
        client
            .start(&intent.id, &placing.actions, intent.valid_until)
            .await
    }

    /// Keeps what came of a request, as long as it takes.
    async fn settle(
        &self,
        sent: OutboundCall,
        placed: Placed,
        moment: Moment,
    ) -> Result<OutboundCall, StoreError> {
        let mut call = sent.clone();
        while is_meant(&placed, &sent, &call) {
            let mut changed = call.clone();
            changed.attempt = changed.attempt.answered(placed.clone(), moment.now());
            changed.told.get_or_insert_with(|| changed.attempt.clone());
            match self.keep(changed).await {
                Ok(Some(kept)) => return Ok(kept),
                Ok(None) => call = self.look(&call).await.unwrap_or(call),
                Err(StoreError::Closing) => return Err(StoreError::Closing),
                Err(error) => {
                    tracing::error!(attempt_id = %call.id(), %error, "what became of a call could not be kept, and is tried again");
                    sleep(KEPT_AGAIN_AFTER).await;
                    call = self.look(&call).await.unwrap_or(call);
                }
            }
        }
        Ok(call)
    }

    /// Keeps a change; `None` when the call has been changed meanwhile.
    pub(super) async fn keep(
        &self,
        mut call: OutboundCall,
    ) -> Result<Option<OutboundCall>, StoreError> {
        let lease = match &call.attempt {
            Attempt::Dialing(_) => Some(self.lease().ok_or(StoreError::LeaseLost)?),
            _ => None,
        };
        if self.store.keep_attempt(&call, lease.as_ref()).await? == Kept::Overtaken {
            return Ok(None);
        }
        call.revision += 1;
        tell(&call);
        self.settled.send_replace(());
        Ok(Some(call))
    }

    async fn look(&self, call: &OutboundCall) -> Result<OutboundCall, StoreError> {
        let which = WhichAttempt::Id(call.id().clone());
        let found = self.store.attempt(&which).await?;
        found.ok_or(StoreError::Unreadable { what: "attempt" })
    }

    /// A call that waits, to be dialled at last, if it still may be. `None` when that is not so, or not for this server.
    pub(super) async fn dial_again(
        &self,
        mut call: OutboundCall,
        moment: Moment,
    ) -> Result<Option<Placing>, StoreError> {
        let Attempt::Pending(pending) = call.attempt.clone() else {
            return Ok(None);
        };
        let now = moment.now().max(pending.not_before);
        let (flow, opening) = match self.open_again(&call).await {
            Ok(opened) => opened,
            Err(why) => {
                call.attempt = Attempt::Rejected(pending.barred(why, now));
                self.keep(call).await?;
                return Ok(None);
            }
        };
        let lease = self.lease().ok_or(StoreError::LeaseLost)?;
        let dialing: Dialing = match pending.due(self.owner(&lease), now) {
            Next::Dial(dialing) => dialing,
            Next::Wait(_) => return Ok(None),
            Next::Expired(expired) => {
                call.attempt = Attempt::Rejected(expired);
                self.keep(call).await?;
                return Ok(None);
            }
        };
        call.attempt = Attempt::Dialing(dialing);
        call.version = flow.version.clone();
        call.position = opening.position;
        let since = Instant::now();
        let kept = self.keep(call).await?;
        Ok(kept.map(|call| Placing {
            call,
            actions: opening.actions,
            moment,
            since,
        }))
    }
}

/// Whether an answer to the request that was `sent` is about the call as it stands `now`. Where nothing had left, that may
/// have been kept although nobody said so, and another server may be dialling by now: what it sent is not to be undone.
fn is_meant(placed: &Placed, sent: &OutboundCall, now: &OutboundCall) -> bool {
    match (&sent.attempt, &now.attempt, placed) {
        (Attempt::Dialing(sent), Attempt::Dialing(now), _) => {
            // As exactly as it is kept.
            let [before, after] = [sent.since, now.since].map(Timestamp::as_millisecond);
            sent.owner == now.owner && before == after
        }
        (_, Attempt::Unknown(_), Placed::TryLater(_) | Placed::NeverLeft(_)) => {
            now.revision == sent.revision + 1
        }
        (_, Attempt::Pending(_), _) => false,
        _ => true,
    }
}

/// One line for each step of a call, without its numbers.
fn tell(call: &OutboundCall) {
    let (attempt_id, state) = (call.id(), call.attempt.state());
    let flow = &call.request.flow;
    match &call.attempt {
        Attempt::Accepted(it) => {
            let session = crate::text::plain(it.session.as_str());
            tracing::info!(%attempt_id, state, %flow, session_id = session, "a call was placed");
        }
        Attempt::Rejected(it) => {
            tracing::warn!(%attempt_id, state, %flow, reason = %it.why, "a call was not placed");
        }
        Attempt::Unknown(it) => {
            tracing::error!(%attempt_id, state, %flow, reason = %it.why, "a call may have been placed");
        }
        Attempt::Pending(it) => {
            let reason = it.tried.map(|(_, obstacle)| obstacle.to_string());
            tracing::warn!(%attempt_id, state, %flow, reason, "a call waits to be placed");
        }
        Attempt::Dialing(_) => tracing::debug!(%attempt_id, state, %flow, "a call is dialled"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::call::{PhoneNumber, SessionId, SubAccountId};
    use crate::flow::model::{FlowId, FlowVersion};
    use crate::outbound::attempt::{Doubt, Intent, Owner, USUAL_VALIDITY};
    use crate::session::CallRequest;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).expect("within the calendar")
    }

    /// A call that `node` began to dial at `second`, changed so often before.
    fn dialled(node: &str, second: i64, revision: u64) -> OutboundCall {
        let intent = Intent {
            id: AttemptId::new("a"),
            sub_account: SubAccountId::new("acme"),
            source: PhoneNumber::new("+6561115777"),
            destination: PhoneNumber::new("+6568332048"),
            begun_at: at(0),
            valid_until: at(0) + USUAL_VALIDITY,
        };
        let owner = Owner {
            node: node.to_owned(),
            epoch: 1,
        };
        let Next::Dial(dialing) = Pending::new(intent).due(owner, at(second)) else {
            unreachable!("it is due")
        };
        OutboundCall {
            attempt: Attempt::Dialing(dialing),
            request: CallRequest {
                flow: FlowId::new("closed"),
                to: PhoneNumber::new("+6568332048"),
                from: None,
                variables: BTreeMap::new(),
                valid_for: USUAL_VALIDITY,
                sub_account: None,
            },
            version: FlowVersion::new("0123456789ab"),
            position: None,
            told: None,
            revision,
        }
    }

    #[test]
    fn an_answer_undoes_nothing_of_what_another_sent() {
        let sent = dialled("one", 0, 0);
        let become_of = |call: &OutboundCall, placed: Placed| OutboundCall {
            attempt: call.attempt.clone().answered(placed, at(2)),
            revision: call.revision + 1,
            ..call.clone()
        };
        let doubt = || Placed::Unknown(Doubt::OwnerGone);
        let theirs = dialled("two", 3, 2);
        let later = Placed::TryLater(None);
        for (now, placed, meant) in [
            (sent.clone(), later.clone(), true),
            (become_of(&sent, doubt()), later.clone(), true),
            (become_of(&sent, later.clone()), later.clone(), false),
            (theirs.clone(), later.clone(), false),
            (dialled("one", 3, 2), later.clone(), false),
            (become_of(&theirs, doubt()), later.clone(), false),
            (
                become_of(&theirs, doubt()),
                Placed::Accepted(SessionId::new("s")),
                true,
            ),
        ] {
            assert_eq!(is_meant(&placed, &sent, &now), meant, "{placed:?}: {now:?}");
        }
    }
}
