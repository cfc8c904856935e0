//! What the store gives back to people: sessions as they are listed and looked into.

use jiff::Timestamp;

use crate::call::event::{Direction, RecordingUpdate, SummaryLeg};
use crate::call::{PhoneNumber, SessionId, SubAccountId};
use crate::flow::model::{FlowId, FlowVersion};
use crate::flow::need::MetAt;

/// Which sessions are asked for. All of what is set must hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SessionFilter {
    /// Begun at or after.
    pub from: Option<Timestamp>,
    /// Begun before.
    pub to: Option<Timestamp>,
    /// The caller's or our number, in any spelling.
    pub number: Option<PhoneNumber>,
    /// The flow it is on.
    pub flow: Option<FlowId>,
    /// [`SessionRow::status`], exactly.
    pub status: Option<String>,
    /// Only those that come after this place in the listing.
    pub after: Option<Place>,
    /// How many at most.
    pub limit: u32,
}

/// A place in the listing of sessions: newest first, the id deciding between sessions of one millisecond.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// When the session there began.
    pub started_at: Timestamp,
    /// Its id.
    pub id: SessionId,
}

/// A page of sessions.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionPage {
    /// The sessions, newest first.
    pub items: Vec<SessionRow>,
    /// Where the next page begins, when there is one.
    pub next: Option<Place>,
}

/// A session as it is listed.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionRow {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub sub_account: Option<SubAccountId>,
    /// Which way the call was placed, when it is known.
    pub direction: Option<Direction>,
    /// The calling number.
    pub source: Option<PhoneNumber>,
    /// The called number.
    pub destination: Option<PhoneNumber>,
    /// The flow and version it is on, when a flow carries it.
    pub flow: Option<(FlowId, FlowVersion)>,
    /// `live`, or the summary's word.
    pub status: String,
    /// When its first webhook came; when that was its summary, the start that the summary gives. Never changes, because
    /// the listing's pages are cut by it.
    pub started_at: Timestamp,
    /// When it ended, by its summary.
    pub ended_at: Option<Timestamp>,
}

/// A session with all that is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionRecord {
    /// What a listing shows.
    pub row: SessionRow,
    /// The platform's error, from the summary; one with neither code nor message is none.
    pub error: Option<crate::call::event::SummaryError>,
    /// The legs, from the summary; while there is none, those that the statuses name, as their latest ones say.
    pub legs: Vec<SummaryLeg>,
    /// What came and what was answered, in the order that it came.
    pub trace: Vec<TraceEntry>,
    /// The recordings, each as its newest update says, in the order in which they were first heard of.
    pub recordings: Vec<RecordingUpdate>,
}

/// One webhook of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceEntry {
    /// `VCA`, `VCS`, `VSS` or `VRU`.
    pub kind: String,
    /// When it came.
    pub received_at: Timestamp,
    /// What it says has happened, in the platform's word.
    pub status: String,
    /// The keys that came with it, when they are no secret.
    pub digits: Option<String>,
    /// Whether keys came with it that are a secret.
    pub secret_digits: bool,
    /// The step that waited for it.
    pub step: Option<String>,
    /// The steps passed on the way to the reply.
    pub path: Vec<String>,
    /// What the flow needed of the world on the way, and how that was met.
    pub met: Vec<MetAt>,
    /// How a connected leg ended: the final SIP status.
    pub sip_code: Option<u16>,
    /// Why this reply ([`Outcome::as_str`](crate::session::Outcome::as_str)).
    pub outcome: Option<String>,
    /// The reply, byte for byte.
    pub reply: Option<String>,
}
