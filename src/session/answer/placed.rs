//! The first voice call action of a call that we placed. It carries no label, since its request carries none: the flow goes
//! on from where the request left it.

use super::{Answer, Asked};
use crate::call::PhoneNumber;
use crate::call::event::Direction;
use crate::session::{OutboundCall, Outcome, Session, Stage};

/// The reply that the request itself carried.
const FIRST: u32 = 1;

impl Asked<'_> {
    pub(super) fn take_up(self, call: &OutboundCall) -> Answer {
        let Some(position) = &call.position else {
            return self.hangup();
        };
        let flow = self.flow_of(&call.request.flow, &call.version, &position.step);
        match flow {
            Some(flow) => {
                let session = self.session_of(call);
                self.turn(Outcome::WentOn, flow, position, session, true)
            }
            None => self.apologise(Outcome::UnknownFlow),
        }
    }

    /// The session of a call that we placed, its numbers in the spelling that the platform sends.
    fn session_of(self, call: &OutboundCall) -> Session {
        let (intent, leg) = (call.attempt.intent(), &self.action.leg);
        let spelt = |told: &Option<PhoneNumber>, ours: &PhoneNumber| {
            let told = told.as_ref().filter(|told| *told == ours);
            Some(told.unwrap_or(ours).clone())
        };
        Session {
            id: self.action.session.clone(),
            sub_account: Some(intent.sub_account.clone()),
            direction: Direction::Outbound,
            caller: spelt(&leg.destination, &intent.destination),
            called: spelt(&leg.source, &intent.source),
            caller_country: leg.destination_country.clone(),
            started_at: self.now,
            flow: call.request.flow.clone(),
            version: call.version.clone(),
            stage: Stage::HungUp,
            replies: FIRST,
        }
    }
}
