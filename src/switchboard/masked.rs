//! Calls to numbers of pools: which of a session's voice call actions are masking's, and what is kept of them.

use std::sync::Arc;

use tokio::time::{Instant, timeout_at};

use super::{Incoming, Needs, Settled, Switchboard, Unstored};
use crate::bookings::calling::{self, Step};
use crate::bookings::{Bookings, calling::Incoming as MaskedCall};
use crate::call::PhoneNumber;
use crate::call::event::CallActionStatus;
use crate::flow::model::FlowId;
use crate::masking::Carried;
use crate::masking::carried::Mark;
use crate::masking::decision::{Awaits, Code, Decision};
use crate::session::{Exchange, Outcome, Recalled, Standing};

/// What masking makes of a voice call action.
pub(super) enum Masked<'a> {
    /// Nothing: masking leaves it to its flow.
    No,
    /// This is to be kept, and then sent.
    Yes(Box<ToKeep<'a>>),
}

/// An exchange of a masked call, and what follows from it once it is kept.
pub(super) struct ToKeep<'a> {
    pub(super) exchange: Arc<Exchange>,
    call: MaskedCall<'a>,
    decision: Decision,
}

/// A masked call, and the number of the reply that its action answers.
pub(super) struct Found<'a> {
    call: MaskedCall<'a>,
    answers: u32,
}

impl Switchboard {
    /// Has calls to the numbers of pools answered by these bookings. Once, before the first call.
    pub fn mask_by(&self, bookings: Arc<Bookings>) {
        if self.bookings.set(bookings).is_err() {
            tracing::warn!("calls are masked by other bookings already");
        }
    }

    /// The masked call that an action is of; `None` when it is of none, or what it is answered with is known.
    pub(super) fn find_masked<'a>(
        &self,
        incoming: &'a Incoming<'_>,
        recalled: &Recalled,
    ) -> Option<Found<'a>> {
        let bookings = self.bookings.get()?;
        match &recalled.same_event {
            Some(_) => None,
            None => found(bookings, incoming, recalled),
        }
    }

    /// What masking makes of an action of a masked call.
    pub(super) async fn masked<'a>(
        &self,
        Found { call, answers }: Found<'a>,
        incoming: &'a Incoming<'_>,
        recalled: &Recalled,
        deadline: Instant,
        needs: &mut Needs<'_>,
    ) -> Result<Masked<'a>, Unstored> {
        let Some(bookings) = self.bookings.get() else {
            return Ok(Masked::No);
        };
        if let Some(reply) = &recalled.same_step {
            // Another event of a step that was left: nothing is decided anew, and nothing counted.
            let mut exchange = self.bare(incoming, answers, reply.clone());
            exchange.outcome = Outcome::StepLeft;
            let decision = settled(Code::AfterCall);
            return Ok(yes(exchange, call, decision));
        }
        let decided = timeout_at(deadline, bookings.decide(&call)).await??;
        let Some(decision) = decided else {
            return Ok(Masked::No);
        };
        let masked = self.masked_exchange(bookings, incoming, &call, answers, decision, needs);
        let (decision, exchange) = masked.await;
        Ok(yes(exchange, call, decision))
    }

    /// Does what else follows from a decision that is kept.
    pub(super) async fn settle(&self, kept: &ToKeep<'_>) {
        if let Some(bookings) = self.bookings.get()
            && !kept.decision.tasks.is_empty()
        {
            bookings.settle(&kept.call, &kept.decision).await;
        }
    }

    /// What a masked call is answered with while the store is away; `None` when it is none.
    pub(super) async fn masked_without_store(
        &self,
        incoming: &Incoming<'_>,
        needs: &mut Needs<'_>,
    ) -> Option<Exchange> {
        let bookings = self.bookings.get()?;
        let Found { call, answers } = found(bookings, incoming, &Recalled::default())?;
        let decision = bookings.decide_without_store(&call)?;
        let masked = self.masked_exchange(bookings, incoming, &call, answers, decision, needs);
        Some(masked.await.1)
    }

    async fn masked_exchange(
        &self,
        bookings: &Bookings,
        incoming: &Incoming<'_>,
        call: &MaskedCall<'_>,
        answers: u32,
        mut decision: Decision,
        needs: &mut Needs<'_>,
    ) -> (Decision, Exchange) {
        if let Awaits::Flow(flow) = &decision.awaits {
            match self.by_flow(incoming, flow, needs).await {
                Some(mut exchange) => {
                    let mut carried = Carried::after(&decision, answers + 1);
                    carried.replies = exchange.replies().unwrap_or(answers + 1);
                    exchange.masked = Some(carried);
                    return (decision, exchange);
                }
                None => decision = bookings.without_flow(call.called),
            }
        }
        let reply = calling::callflow(&decision, answers + 1).into();
        let mut exchange = self.bare(incoming, answers, reply);
        exchange.masked = Some(Carried::after(&decision, answers + 1));
        (decision, exchange)
    }

    /// The beginning of a flow, which takes a caller that no booking knows; `None` when it is not there.
    async fn by_flow(
        &self,
        incoming: &Incoming<'_>,
        flow: &FlowId,
        needs: &mut Needs<'_>,
    ) -> Option<Exchange> {
        incoming.library.current(flow)?;
        let recalled = Recalled::default();
        match self.decide(incoming, &recalled, needs, Some(flow)).await {
            Settled::New(decision) => Some(self.exchange(incoming, *decision)),
            Settled::SameEvent(_) => None,
        }
    }

    /// An exchange that moves nothing on. What was pressed is a PIN, or may be one: it is not kept.
    fn bare(&self, incoming: &Incoming<'_>, answers: u32, reply: Arc<str>) -> Exchange {
        let mut action = incoming.action.clone();
        let has_digits = action.digits.is_some();
        let body = match has_digits {
            true => crate::platform::webhook::blank_digits(incoming.body),
            false => incoming.body.to_owned(),
        };
        if has_digits {
            Arc::make_mut(&mut action).digits = None;
        }
        Exchange {
            action,
            body,
            secret_digits: has_digits,
            received_at: self.clock.now(),
            answers,
            step: None,
            path: Vec::new(),
            met: Vec::new(),
            outcome: Outcome::Masked,
            reply,
            session: None,
            masked: None,
            saved: std::collections::BTreeMap::new(),
        }
    }
}

fn yes(exchange: Exchange, call: MaskedCall<'_>, decision: Decision) -> Masked<'_> {
    Masked::Yes(Box::new(ToKeep {
        exchange: Arc::new(exchange),
        call,
        decision,
    }))
}

fn settled(code: Code) -> Decision {
    Decision {
        code,
        actions: Vec::new(),
        awaits: Awaits::Nothing,
        about: None,
        counts: false,
        tasks: Vec::new(),
    }
}

/// The masked call that an action is of, if it is of one.
fn found<'a>(
    bookings: &Bookings,
    incoming: &'a Incoming<'_>,
    recalled: &Recalled,
) -> Option<Found<'a>> {
    let action = &incoming.action;
    let called: &PhoneNumber = action.leg.destination.as_ref()?;
    let mark = action.client_action_id.as_deref().and_then(Mark::parse);
    let is_first = action.status == CallActionStatus::Received && mark.is_none();
    let step = |wrong_pins: Option<u8>| match wrong_pins {
        Some(wrong) => Step::Pin {
            wrong,
            digits: action.digits.as_ref(),
        },
        None => Step::Over,
    };
    let (step, answers) = match (&recalled.standing, mark) {
        (Standing::Ended | Standing::Live(_), _) => return None,
        (_, None) if is_first && bookings.masks(called) => (Step::Received, 0),
        (_, Some(mark)) => (step(mark.wrong_pins), mark.replies),
        (Standing::Masked(carried), None) => (step(carried.wrong_pins), carried.replies),
        _ => return None,
    };
    let call = MaskedCall {
        source: action.leg.source.as_ref(),
        called,
        step,
    };
    Some(Found { call, answers })
}
