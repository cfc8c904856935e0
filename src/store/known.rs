//! What the webhooks of a session add up to, in whatever order they come and however often.
//!
//! Rules, chosen so that the order does not matter: the summary ends a session and nothing revives it; the first
//! summary stays; direction and numbers come from the best source there is ([`Source`]), and of several alike from the
//! earliest by the platform's clock. Only `started_at` depends on what came first, because a listing's cursor stands
//! on it and it must not move.

use jiff::Timestamp;

use crate::call::event::{Direction, Leg, SessionSummary, SummaryError};
use crate::call::{PhoneNumber, SessionId, SubAccountId};
use crate::flow::Position;
use crate::flow::model::{FlowId, FlowVersion};
use crate::masking::Carried;
use crate::session::{Session, Stage, Standing};

/// A session as its webhooks so far describe it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Known {
    pub(super) id: SessionId,
    pub(super) sub_account: Option<SubAccountId>,
    pub(super) face: Face,
    pub(super) caller_country: Option<String>,
    pub(super) flow: Option<(FlowId, FlowVersion)>,
    /// Where the flow waits; `None` when it hung up, when there is no flow, and when the session has ended.
    pub(super) position: Option<Position>,
    pub(super) replies: u32,
    /// What masking made of it; `None` when its number is in no pool.
    pub(super) masked: Option<Carried>,
    /// What the summary said; `None` while the session is live.
    pub(super) ending: Option<Ending>,
    pub(super) started_at: Timestamp,
    pub(super) last_event_at: Timestamp,
}

/// Direction and numbers, and where they are from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Face {
    pub(super) direction: Option<Direction>,
    pub(super) source: Option<PhoneNumber>,
    pub(super) destination: Option<PhoneNumber>,
    pub(super) from: Source,
    pub(super) at: Timestamp,
}

/// Where direction and numbers are from, the worst first. A status or action may speak of any leg; the flow knows its
/// session; the summary's first leg is the platform's last word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    /// Nothing has told.
    Nobody,
    /// A call status.
    Status,
    /// A voice call action that no flow carries.
    Action,
    /// The session that a flow carries.
    Flow,
    /// The summary's first leg.
    Summary,
}

/// How a session ended.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ending {
    pub(super) status: String,
    pub(super) error: Option<SummaryError>,
    pub(super) ended_at: Option<Timestamp>,
}

impl Source {
    /// All, by their number in the database.
    pub(super) const ALL: [Self; 5] = [
        Self::Nobody,
        Self::Status,
        Self::Action,
        Self::Flow,
        Self::Summary,
    ];
}

impl Face {
    /// What a leg tells.
    pub(super) fn of_leg(leg: &Leg, from: Source, at: Timestamp) -> Self {
        Self {
            direction: leg.direction,
            source: leg.source.clone(),
            destination: leg.destination.clone(),
            from,
            at,
        }
    }

    fn of_session(session: &Session, at: Timestamp) -> Self {
        let (source, destination) = match session.direction {
            Direction::Inbound => (&session.caller, &session.called),
            Direction::Outbound => (&session.called, &session.caller),
        };
        Self {
            direction: Some(session.direction),
            source: source.clone(),
            destination: destination.clone(),
            from: Source::Flow,
            at,
        }
    }

    fn nobody(at: Timestamp) -> Self {
        Self::of_leg(&Leg::default(), Source::Nobody, at)
    }

    /// The better of two, its gaps filled from the other.
    fn with(self, other: Self) -> Self {
        let (better, worse) = if other.is_better_than(&self) {
            (other, self)
        } else {
            (self, other)
        };
        Self {
            direction: better.direction.or(worse.direction),
            source: better.source.or(worse.source),
            destination: better.destination.or(worse.destination),
            ..better
        }
    }

    fn digits(&self) -> Option<&str> {
        self.source.as_ref().map(PhoneNumber::digits)
    }

    fn is_better_than(&self, other: &Self) -> bool {
        self.from > other.from
            || self.from == other.from && (self.at, self.digits()) < (other.at, other.digits())
    }
}

impl Known {
    /// A session of which one webhook has come, at `at`.
    pub(super) fn first_seen(id: SessionId, at: Timestamp) -> Self {
        Self {
            id,
            sub_account: None,
            face: Face::nobody(at),
            caller_country: None,
            flow: None,
            position: None,
            replies: 0,
            masked: None,
            ending: None,
            started_at: at,
            last_event_at: at,
        }
    }

    /// A webhook of it came at `at`.
    pub(super) fn heard(self, sub_account: Option<&SubAccountId>, at: Timestamp) -> Self {
        Self {
            sub_account: self.sub_account.or_else(|| sub_account.cloned()),
            last_event_at: self.last_event_at.max(at),
            ..self
        }
    }

    /// A webhook told direction and numbers.
    pub(super) fn seen_as(self, face: Face) -> Self {
        Self {
            face: self.face.with(face),
            ..self
        }
    }

    /// A flow carries it, and it stands as `session` says; one that has ended stays ended.
    pub(super) fn carried(self, session: Session, at: Timestamp) -> Self {
        let face = Face::of_session(&session, at);
        let position = match session.stage {
            Stage::Waiting(position) if self.ending.is_none() => Some(position),
            Stage::Waiting(_) | Stage::HungUp => None,
        };
        Self {
            caller_country: session.caller_country.or(self.caller_country),
            flow: Some((session.flow, session.version)),
            position,
            replies: session.replies,
            face: self.face.with(face),
            ..self
        }
    }

    /// Masking carries it, or handed it to a flow.
    pub(super) fn masked_as(self, carried: Carried) -> Self {
        // What follows a call's last words is no longer about anybody; the session still is.
        let about = carried
            .about
            .or(self.masked.and_then(|before| before.about));
        Self {
            replies: carried.replies,
            masked: Some(Carried { about, ..carried }),
            ..self
        }
    }

    /// Its summary came, at `at`. The first one stays.
    pub(super) fn summarised(self, summary: &SessionSummary, at: Timestamp) -> Self {
        if self.ending.is_some() {
            return self;
        }
        let first_leg = summary.legs.first().map(|leg| &leg.leg);
        let numbered = first_leg.filter(|leg| leg.source.is_some() || leg.destination.is_some());
        let known = Self {
            position: None,
            ending: Some(Ending {
                status: summary.status.clone(),
                error: summary.error.clone(),
                ended_at: summary.ended_at,
            }),
            ..self
        };
        match numbered {
            Some(leg) => known.seen_as(Face::of_leg(leg, Source::Summary, at)),
            None => known,
        }
    }

    /// Whether nothing has changed since `before` that a session is found by.
    pub(super) fn is_found_as(&self, before: &Self) -> bool {
        self.face.source == before.face.source
            && self.face.destination == before.face.destination
            && self.flow == before.flow
            && self.ending.is_some() == before.ending.is_some()
    }

    /// What bears on the session's next voice call action.
    pub(super) fn standing(&self) -> Standing {
        if self.ending.is_some() {
            return Standing::Ended;
        }
        let (Some((flow, version)), Some(direction)) = (&self.flow, self.face.direction) else {
            let masked = self.masked.clone();
            return masked.map_or(Standing::Unknown, Standing::Masked);
        };
        let (caller, called) = match direction {
            Direction::Inbound => (&self.face.source, &self.face.destination),
            Direction::Outbound => (&self.face.destination, &self.face.source),
        };
        let position = self.position.clone();
        Standing::Live(Box::new(Session {
            id: self.id.clone(),
            sub_account: self.sub_account.clone(),
            direction,
            caller: caller.clone(),
            called: called.clone(),
            caller_country: self.caller_country.clone(),
            started_at: self.started_at,
            flow: flow.clone(),
            version: version.clone(),
            stage: position.map_or(Stage::HungUp, Stage::Waiting),
            replies: self.replies,
        }))
    }
}

/// When a session began of which the summary is the first that is heard: when it says, as far as that is believable.
pub(super) fn start_by_summary(summary: &SessionSummary, received_at: Timestamp) -> Timestamp {
    summary
        .started_at
        .map_or(received_at, |start| start.min(received_at))
}
