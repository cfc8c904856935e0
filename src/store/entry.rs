//! One webhook that is to be kept: what tells it from others, and what it does to its session. Pure.

use std::sync::Arc;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::Webhook;
use super::known::{Face, Known, Source, start_by_summary};
use crate::call::event::{CallStatus, NumberUpdate, RecordingUpdate, SessionSummary};
use crate::call::{EventId, SessionId, SubAccountId};
use crate::masking::SideName;
use crate::session::{Exchange, Stage};

/// A webhook as it is kept: its meaning, its body, and what it was answered with.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Entry {
    Action(Arc<Exchange>),
    Status(Webhook<CallStatus>),
    Summary(Webhook<SessionSummary>),
    Recording(Webhook<RecordingUpdate>),
    Numbers(Webhook<NumberUpdate>),
}

/// What a second delivery of a webhook has in common with the first: 16 bytes of the SHA-256 of its kind and its event
/// id, or of its body where the platform gives no id.
pub(super) type EventMark = [u8; 16];

impl Entry {
    /// `VCA`, `VCS`, `VSS`, `VRU` or `VNU`.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Action(_) => "VCA",
            Self::Status(_) => "VCS",
            Self::Summary(_) => "VSS",
            Self::Recording(_) => "VRU",
            Self::Numbers(_) => "VNU",
        }
    }

    /// Its session; none for virtual number updates.
    pub(super) fn session(&self) -> Option<&SessionId> {
        match self {
            Self::Action(exchange) => Some(&exchange.action.session),
            Self::Status(webhook) => Some(&webhook.event.session),
            Self::Summary(webhook) => Some(&webhook.event.session),
            Self::Recording(webhook) => Some(&webhook.event.session),
            Self::Numbers(_) => None,
        }
    }

    /// What makes a second delivery known.
    pub(super) fn mark(&self) -> EventMark {
        let event = match self {
            Self::Action(exchange) => Some(&exchange.action.event),
            Self::Status(webhook) => webhook.event.event.as_ref(),
            _ => None,
        };
        match event {
            Some(event) => mark_of(self.kind(), event),
            None => mark(self.kind(), "body", self.body()),
        }
    }

    /// When it came.
    pub(super) fn received_at(&self) -> Timestamp {
        match self {
            Self::Action(exchange) => exchange.received_at,
            Self::Status(webhook) => webhook.received_at,
            Self::Summary(webhook) => webhook.received_at,
            Self::Recording(webhook) => webhook.received_at,
            Self::Numbers(webhook) => webhook.received_at,
        }
    }

    /// The body as it came, secret digits blanked.
    pub(super) fn body(&self) -> &str {
        match self {
            Self::Action(exchange) => &exchange.body,
            Self::Status(webhook) => &webhook.body,
            Self::Summary(webhook) => &webhook.body,
            Self::Recording(webhook) => &webhook.body,
            Self::Numbers(webhook) => &webhook.body,
        }
    }

    /// The reply, byte for byte; empty for what is answered with nothing.
    pub(super) fn reply(&self) -> &str {
        match self {
            Self::Action(exchange) => &exchange.reply,
            _ => "",
        }
    }

    /// The number of the reply that it answers, when it moved its session on: an apology is no step's reply.
    pub(super) fn answers(&self) -> Option<u32> {
        match self {
            Self::Action(exchange) => exchange.moves_on().then_some(exchange.answers),
            _ => None,
        }
    }

    /// Whether the session has been given as many replies already. One that has been given fewer is moved on, because
    /// turns that the store could not take are no reason to lose the call.
    pub(super) fn is_behind(&self, known: Option<&Known>) -> bool {
        match (self, known) {
            (Self::Action(exchange), Some(known)) => exchange
                .replies()
                .is_some_and(|replies| known.replies >= replies),
            _ => false,
        }
    }

    /// What is known of the session once this is kept; nothing for a virtual number update.
    pub(super) fn fold(&self, known: Option<Known>) -> Option<Known> {
        let session = self.session()?;
        let known = known.unwrap_or_else(|| Known::first_seen(session.clone(), self.begun()));
        let known = known.heard(self.sub_account(), self.received_at());
        Some(match self {
            Self::Action(exchange) => acted(known, exchange),
            Self::Status(webhook) => {
                let event = &webhook.event;
                let happened_at = event.at.unwrap_or(webhook.received_at);
                known.seen_as(Face::of_leg(&event.leg, Source::Status, happened_at))
            }
            Self::Summary(webhook) => {
                let event = &webhook.event;
                known.summarised(event, event.started_at.unwrap_or(webhook.received_at))
            }
            Self::Recording(_) | Self::Numbers(_) => known,
        })
    }

    /// The call of a booking that it counts as, if it does: which booking, which side calls, when.
    pub(super) fn masked_call(&self) -> Option<MaskedCall> {
        let Self::Action(exchange) = self else {
            return None;
        };
        let carried = exchange.masked.as_ref().filter(|it| it.counts)?;
        let whom = carried.about.as_ref()?;
        Some(MaskedCall {
            booking: whom.booking,
            side: whom.side,
            at: exchange.received_at.as_millisecond(),
        })
    }

    /// The booking whose call is over, and how many seconds were talked: `known` is its session.
    pub(super) fn masked_talk(&self, known: Option<&Known>) -> Option<(u64, u64)> {
        let (Self::Summary(webhook), Some(known)) = (self, known) else {
            return None;
        };
        let whom = known.masked.as_ref()?.about.as_ref()?;
        Some((whom.booking, talked(&webhook.event)))
    }

    /// Whether its session has secret variables afterwards.
    pub(super) fn has_secrets(&self) -> bool {
        let Self::Action(exchange) = self else {
            return false;
        };
        match exchange.session.as_ref().map(|session| &session.stage) {
            Some(Stage::Waiting(position)) => position.variables.values().any(|value| value.secret),
            _ => false,
        }
    }

    /// Takes secret variables out, whose place is the session while it lasts. `false` when there are none.
    pub(super) fn forget_secrets(&mut self) -> bool {
        if !self.has_secrets() {
            return false;
        }
        if let Self::Action(exchange) = self
            && let Some(session) = &mut Arc::make_mut(exchange).session
            && let Stage::Waiting(position) = &mut session.stage
        {
            position.variables.retain(|_, value| !value.secret);
        }
        true
    }

    /// When the session began, if this is the first that is heard of it.
    fn begun(&self) -> Timestamp {
        match self {
            Self::Action(exchange) => exchange
                .session
                .as_ref()
                .map_or(exchange.received_at, |session| session.started_at),
            Self::Summary(webhook) => start_by_summary(&webhook.event, webhook.received_at),
            other => other.received_at(),
        }
    }

    fn sub_account(&self) -> Option<&SubAccountId> {
        match self {
            Self::Action(exchange) => exchange.action.sub_account.as_ref(),
            Self::Status(webhook) => webhook.event.sub_account.as_ref(),
            Self::Summary(webhook) => webhook.event.sub_account.as_ref(),
            Self::Recording(_) | Self::Numbers(_) => None,
        }
    }
}

/// A call that counts for a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MaskedCall {
    pub(super) booking: u64,
    pub(super) side: SideName,
    /// When it came (ms).
    pub(super) at: i64,
}

/// How many seconds two people talked: as long as the second leg lasted.
fn talked(summary: &SessionSummary) -> u64 {
    let second = summary.legs.get(1);
    second.and_then(|leg| leg.leg.duration_seconds).unwrap_or(0)
}

fn acted(known: Known, exchange: &Exchange) -> Known {
    let action = &exchange.action;
    let happened_at = action.at.unwrap_or(exchange.received_at);
    let known = match &exchange.masked {
        Some(carried) => known.masked_as(carried.clone()),
        None => known,
    };
    match &exchange.session {
        Some(session) => known.carried(session.clone(), happened_at),
        None => known.seen_as(Face::of_leg(&action.leg, Source::Action, happened_at)),
    }
}

/// The mark of the voice call action `event`.
pub(super) fn mark_of_action(event: &EventId) -> EventMark {
    mark_of("VCA", event)
}

fn mark_of(kind: &str, event: &EventId) -> EventMark {
    mark(kind, "id", event.as_str())
}

fn mark(kind: &str, of: &str, text: &str) -> EventMark {
    let hash = Sha256::new()
        .chain_update(kind)
        .chain_update(of)
        .chain_update(text)
        .finalize();
    let whole: [u8; 32] = hash.into();
    *whole.first_chunk().expect("32 bytes begin with 16")
}
