//! The live call: recalls what is known of a voice call action, asks the core for the answer, sees to what that needs of the
//! world ([`World`]), keeps it, and only then gives it. Whatever breaks, the caller gets a valid callflow in time.
//!
//! When the store cannot take an exchange within its budget, a call in progress goes on from what is in memory or from
//! its label, and anything else gets the apology. Both are marked `stored: false` and are no acknowledgement.

mod claim;
mod masked;
mod remembered;
mod world;

use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use moka::sync::Cache;
use tokio::time::{Instant, timeout, timeout_at};

use crate::bookings::Bookings;
use crate::call::event::{CallAction, CallActionStatus, Direction};
use crate::call::{PhoneNumber, SessionId};
use crate::clock::Clock;
use crate::contact_center::handoff::SipId;
use crate::flow::model::FlowId;
use crate::flow::{Label, Library, Need};
use crate::outbound::Destinations;
use crate::outbound::attempt::Heard;
use crate::platform::{callflow, webhook};
use crate::session::{
    Answer, Apology, Asked, Decision, Exchange, Outcome, Recall, Recalled, Reply, Standing,
    after_end, answer, label,
};
use crate::shelf::Shelf;
use crate::store::{Kept, Store, StoreError};
use crate::text::plain;
pub use claim::claim;
use masked::Masked;
use remembered::Remembered;
pub use world::{Needs, World};

/// How long the store may take for all that one voice call action needs of it.
pub const STORE_BUDGET: Duration = Duration::from_millis(400);

/// How many sessions are remembered for the time that the store is away.
const SESSIONS_REMEMBERED: u64 = 100_000;

/// How long a silent session is remembered.
const REMEMBERED_FOR: Duration = Duration::from_secs(2 * 60 * 60);

/// How often an exchange that another one overtook is answered anew.
const ANSWERED_ANEW: usize = 3;

/// Answers voice call actions.
#[derive(Debug)]
pub struct Switchboard {
    store: Arc<dyn Store>,
    shelf: Arc<Shelf>,
    apology: Apology,
    /// The same as a reply.
    apology_reply: Arc<str>,
    /// Replaced as a whole, so that an answer sees one of them.
    destinations: RwLock<Arc<Destinations>>,
    world: Arc<dyn World>,
    /// The field of a webhook that holds the call's id in SIP.
    sip_id_field: Option<String>,
    clock: Clock,
    remembered: Cache<SessionId, Arc<Remembered>>,
    bookings: OnceLock<Arc<Bookings>>,
}

/// A voice call action on its way to its answer.
struct Incoming<'a> {
    action: Arc<CallAction>,
    label: Option<Label>,
    recall: Recall,
    body: &'a str,
    /// The flows of the moment that it came: all of its answer is by them.
    library: Arc<Library>,
}

/// What a voice call action is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The callflow, as JSON.
    pub reply: Arc<str>,
    /// Why this reply: [`Outcome::as_str`], or `same_event`.
    pub outcome: &'static str,
    /// Whether it is on the disk. When it is not, the caller was answered, and nothing was acknowledged.
    pub stored: bool,
}

impl Switchboard {
    /// A switchboard that answers by the flows on `shelf` and keeps in `store`.
    pub fn new(
        store: Arc<dyn Store>,
        shelf: Arc<Shelf>,
        apology: Apology,
        destinations: Destinations,
        world: Arc<dyn World>,
        clock: Clock,
    ) -> Self {
        let remembered = Cache::builder()
            .max_capacity(SESSIONS_REMEMBERED)
            .time_to_idle(REMEMBERED_FOR)
            .build();
        Self {
            store,
            shelf,
            apology_reply: callflow::to_json(&apology.callflow()).into(),
            apology,
            destinations: RwLock::new(Arc::new(destinations)),
            world,
            sip_id_field: None,
            clock,
            remembered,
            bookings: OnceLock::new(),
        }
    }

    /// Takes a call's id in SIP from this field of its webhooks.
    pub fn with_sip_ids(mut self, field: Option<String>) -> Self {
        self.sip_id_field = field;
        self
    }

    /// Who sees to what flows need.
    pub fn world(&self) -> &Arc<dyn World> {
        &self.world
    }

    /// Where calls may go now.
    pub fn destinations(&self) -> Arc<Destinations> {
        let destinations = self.destinations.read();
        destinations.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes virtual numbers of ours that the platform told of: they are not called, and their countries are open.
    pub fn learn(&self, own: Vec<PhoneNumber>) {
        if self.destinations().knows(&own) {
            return;
        }
        let destinations = self.destinations.write();
        let mut destinations = destinations.unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(&mut destinations).learn(own);
    }

    /// Takes what `library` tells of our numbers, and says which of its connects call nobody.
    pub fn prepare(&self, library: &Library) {
        self.learn(library.own_numbers());
        let destinations = self.destinations();
        for flow in library.all() {
            for (step, why) in flow.refused(&destinations) {
                tracing::warn!(flow = %flow.id, %step, rule = why.rule(), reason = %why, "refused: this connect will take its `failed`");
            }
        }
    }

    /// The apology as a reply, for what goes wrong outside the switchboard.
    pub fn apology(&self) -> Arc<str> {
        self.apology_reply.clone()
    }

    /// Answers `action`, which came as `body`.
    pub async fn answer(&self, action: CallAction, body: &str) -> Given {
        let mut deadline = Instant::now() + STORE_BUDGET;
        let mut needs = Needs::new(self.world.as_ref());
        let incoming = Incoming::new(action, body, self.shelf.library());
        for _ in 0..ANSWERED_ANEW {
            let recalled = match self.recall(&incoming, deadline).await {
                Ok(recalled) => recalled,
                Err(reason) => return self.unstored(&incoming, reason, &mut needs).await,
            };
            crate::failpoint!("vca.recalled", incoming.action.session.as_str());
            if let Some(found) = self.find_masked(&incoming, &recalled) {
                // On the heap: every other answer would pay for the size of this one's future.
                let masked = self.masked(found, &incoming, &recalled, deadline, &mut needs);
                match Box::pin(masked).await {
                    Err(reason) => return self.unstored(&incoming, reason, &mut needs).await,
                    Ok(Masked::No) => {}
                    Ok(Masked::Yes(masked)) => match self.keep(&masked.exchange, deadline).await {
                        Ok(Kept::Stored) => {
                            Box::pin(self.settle(&masked)).await;
                            return self.give(&masked.exchange, true);
                        }
                        Ok(Kept::Overtaken) => continue,
                        Err(reason) => return self.give_unstored(&masked.exchange, reason),
                    },
                }
            }
            let asked_at = Instant::now();
            let decision = match self.decide(&incoming, &recalled, &mut needs, None).await {
                Settled::SameEvent(reply) => {
                    return Given {
                        reply,
                        outcome: "same_event",
                        stored: true,
                    };
                }
                Settled::New(decision) => *decision,
            };
            // What the world took is not the store's.
            deadline += asked_at.elapsed();
            let begins = decision.begins.clone();
            let exchange = Arc::new(self.exchange(&incoming, decision));
            crate::failpoint!("vca.decided", incoming.action.session.as_str());
            let kept = self.keep(&exchange, deadline).await;
            // Where the store's word gets lost on the way back, what was kept stays kept.
            crate::failpoint!(
                "vca.told",
                incoming.action.session.as_str(),
                self.give_unstored(&exchange, StoreError::Busy.into())
            );
            match kept {
                Ok(Kept::Stored) => {
                    begins.into_iter().for_each(|need| self.world.begin(need));
                    return self.give(&exchange, true);
                }
                Ok(Kept::Overtaken) => {}
                Err(reason) => {
                    self.let_recordings_go(begins);
                    return self.give_unstored(&exchange, reason);
                }
            }
        }
        self.unstored(&incoming, Unstored::Overtaken, &mut needs)
            .await
    }

    /// A session is over: begins what is still to be done for it.
    pub async fn ended(&self, session: &SessionId) {
        let library = self.shelf.library();
        if library.pauses_recordings() {
            // On the heap: it is rare, and every other summary would pay for it.
            Box::pin(self.let_go(session, &library)).await;
        }
    }

    async fn let_go(&self, session: &SessionId, library: &Library) {
        let recall = Recall::of_session(session);
        let recalled = timeout(STORE_BUDGET, self.store.recall(&recall)).await;
        // A store that is away does not take the summary either, which will come again.
        let stored = recalled.ok().and_then(Result::ok).map(|it| it.standing);
        let remembered = self.remembered.get(session);
        let remembered = remembered.map(|it| it.recall(&recall).standing);
        let needs = stored.iter().chain(&remembered);
        let needs = needs.filter_map(|standing| after_end(session, standing, library));
        needs.for_each(|need| self.world.begin(need));
    }

    /// Begins that recordings go on, whether or not the store has the reply: nobody would ask for it again.
    fn let_recordings_go(&self, begins: Vec<Need>) {
        let recordings = begins
            .into_iter()
            .filter(|need| matches!(need, Need::Recording(_)));
        recordings.for_each(|need| self.world.begin(need));
    }

    /// Asks the core, and sees to what it needs on the way.
    async fn decide(
        &self,
        incoming: &Incoming<'_>,
        recalled: &Recalled,
        needs: &mut Needs<'_>,
        begins: Option<&FlowId>,
    ) -> Settled {
        let destinations = self.destinations();
        let asked = Asked {
            action: &incoming.action,
            label: incoming.label.as_ref(),
            recalled,
            library: &incoming.library,
            apology: &self.apology,
            begins,
            destinations: &destinations,
            now: self.clock.now(),
        };
        let mut answered = answer(asked);
        loop {
            answered = match answered {
                Answer::SameEvent(reply) => return Settled::SameEvent(reply),
                Answer::New(decision) => return Settled::New(decision),
                Answer::Needs(pending) => {
                    let met = match self.known_here(pending.need(), incoming) {
                        Some(need) => needs.meet(&need).await,
                        None => needs.meet(pending.need()).await,
                    };
                    pending.resume(asked, &met)
                }
            }
        }
    }

    /// A need with what the webhook itself knows of it: the call's id in SIP, where it has a field for that.
    fn known_here(&self, need: &Need, incoming: &Incoming<'_>) -> Option<Need> {
        let (Need::Handoff(handing), Some(field)) = (need, &self.sip_id_field) else {
            return None;
        };
        let told = webhook::text_of_payload(incoming.body, field)?;
        let mut handing = handing.clone();
        handing.sip_id = SipId::parse(&told);
        Some(Need::Handoff(handing))
    }

    /// What the store knows, or what is in memory when that is further on: a turn that could not be stored.
    async fn recall(
        &self,
        incoming: &Incoming<'_>,
        deadline: Instant,
    ) -> Result<Recalled, Unstored> {
        let asked = &incoming.recall;
        let mut recalled = timeout_at(deadline, self.store.recall(asked)).await??;
        if incoming.may_be_placed() && matches!(recalled.standing, Standing::Unknown) {
            let claiming = self.claim(&incoming.action);
            recalled.standing = timeout_at(deadline, claiming).await??;
        }
        let Some(remembered) = self.remembered.get(&asked.session) else {
            return Ok(recalled);
        };
        let stored = match &recalled.standing {
            Standing::Unknown | Standing::Placed(_) => 0,
            Standing::Live(session) => session.replies,
            Standing::Masked(carried) => carried.replies,
            Standing::Ended => u32::MAX,
        };
        if remembered.session.replies > stored {
            let known = remembered.recall(asked);
            recalled.same_event = recalled.same_event.or(known.same_event);
            recalled.same_step = recalled.same_step.or(known.same_step);
            recalled.standing = known.standing;
        }
        Ok(recalled)
    }

    /// Whether the session is that of a call which we placed.
    async fn claim(&self, action: &CallAction) -> Result<Standing, StoreError> {
        let leg = &action.leg;
        let (Some(source), Some(destination)) = (&leg.source, &leg.destination) else {
            return Ok(Standing::Unknown);
        };
        let Some(sub_account) = &action.sub_account else {
            return Ok(Standing::Unknown);
        };
        let now = self.clock.now();
        let heard = Heard {
            session: &action.session,
            client_request_id: None,
            sub_account,
            source,
            destination,
            at: now,
        };
        let call = claim(self.store.as_ref(), &heard, now).await?;
        Ok(call.map_or(Standing::Unknown, |call| Standing::Placed(Box::new(call))))
    }

    async fn keep(&self, exchange: &Arc<Exchange>, deadline: Instant) -> Result<Kept, Unstored> {
        crate::failpoint!(
            "vca.keep",
            exchange.action.session.as_str(),
            Err(StoreError::Busy.into())
        );
        let keeping = self.store.keep_exchange(exchange.clone());
        Ok(timeout_at(deadline, keeping).await??)
    }

    /// Answers without the store: from memory, from the label, or with the apology.
    async fn unstored(
        &self,
        incoming: &Incoming<'_>,
        reason: Unstored,
        needs: &mut Needs<'_>,
    ) -> Given {
        if let Some(exchange) = self.masked_without_store(incoming, needs).await {
            return self.give_unstored(&exchange, reason);
        }
        let remembered = self.remembered.get(&incoming.action.session);
        let recalled = remembered
            .map(|it| it.recall(&incoming.recall))
            .unwrap_or_default();
        match self.decide(incoming, &recalled, needs, None).await {
            Settled::SameEvent(reply) => Given {
                reply,
                outcome: "same_event",
                stored: false,
            },
            Settled::New(decision) => {
                self.let_recordings_go(decision.begins.clone());
                self.give_unstored(&self.exchange(incoming, *decision), reason)
            }
        }
    }

    /// Gives a reply that could not be stored. A call that has only just come in gets the apology: nothing would know
    /// of it.
    fn give_unstored(&self, exchange: &Exchange, reason: Unstored) -> Given {
        let session = exchange.action.session.as_str();
        tracing::error!(session_id = plain(session), reason = %reason, "unstored: answered without the store");
        if exchange.outcome == Outcome::Started {
            return Given {
                reply: self.apology(),
                outcome: "unstored",
                stored: false,
            };
        }
        self.give(exchange, false)
    }

    /// Gives the reply. Remembers the session as it stands now, where the store would not while its database is away, or
    /// never heard of this turn.
    fn give(&self, exchange: &Exchange, stored: bool) -> Given {
        crate::failpoint!("vca.kept", exchange.action.session.as_str());
        if let Some(session) = &exchange.session
            && !(stored && self.store.recalls_while_away())
        {
            let remembered = Remembered {
                event: exchange.action.event.clone(),
                answers: exchange.answers,
                reply: exchange.reply.clone(),
                session: session.clone(),
            };
            self.remembered
                .insert(session.id.clone(), Arc::new(remembered));
        }
        Given {
            reply: exchange.reply.clone(),
            outcome: outcome(exchange),
            stored,
        }
    }

    /// What is to be kept of a decision.
    fn exchange(&self, incoming: &Incoming<'_>, decision: Decision) -> Exchange {
        let Decision {
            outcome,
            reply,
            answers,
            step,
            path,
            met,
            session,
            saved,
            stuck,
            refused,
            secret_digits,
            begins: _,
        } = decision;
        let mut action = incoming.action.clone();
        if let Some(reason) = stuck {
            tracing::error!(session_id = plain(action.session.as_str()), %reason, "a flow cannot go on: apologised");
        }
        for (step, why) in refused {
            let (session_id, rule) = (plain(action.session.as_str()), why.rule());
            tracing::warn!(session_id, %step, rule, reason = %why, "refused: a connect was not placed, its `failed` was taken");
        }
        let body = match secret_digits {
            true => webhook::blank_digits(incoming.body),
            false => incoming.body.to_owned(),
        };
        if secret_digits {
            Arc::make_mut(&mut action).digits = None;
        }
        let reply = match reply {
            Reply::Fresh(callflow) => callflow::to_json(&callflow).into(),
            Reply::Stored(json) => json,
        };
        Exchange {
            action,
            body,
            secret_digits,
            received_at: self.clock.now(),
            answers,
            step,
            path,
            met,
            outcome,
            reply,
            session,
            masked: None,
            saved,
        }
    }
}

impl<'a> Incoming<'a> {
    fn new(action: CallAction, body: &'a str, library: Arc<Library>) -> Self {
        let label = label(&action);
        Self {
            recall: Recall::of(&action, label.as_ref()),
            action: Arc::new(action),
            label,
            body,
            library,
        }
    }

    /// Whether it may be the first of a call that we placed: those carry no label, and nobody has called in.
    fn may_be_placed(&self) -> bool {
        self.action.client_action_id.is_none()
            && self.action.status != CallActionStatus::Received
            && self.action.leg.direction != Some(Direction::Inbound)
    }
}

/// An answer that needs nothing more.
enum Settled {
    SameEvent(Arc<str>),
    New(Box<Decision>),
}

/// The word that logs and metrics use: masking's own code for what masking decided.
fn outcome(exchange: &Exchange) -> &'static str {
    match (exchange.outcome, &exchange.masked) {
        (Outcome::Masked, Some(carried)) => carried.code.as_str(),
        (outcome, _) => outcome.as_str(),
    }
}

/// Why an exchange was not stored.
#[derive(Debug, thiserror::Error)]
enum Unstored {
    #[error("the store did not answer within {} ms", STORE_BUDGET.as_millis())]
    Late(#[from] tokio::time::error::Elapsed),
    #[error(transparent)]
    Failed(#[from] StoreError),
    #[error("other webhooks of the session kept overtaking this one")]
    Overtaken,
}
