//! What the platform tells us, by its meaning. The JSON it comes in is `platform`'s; here a field that the platform
//! may leave out is an `Option`, and a word that it may add to later is kept as it came.

use std::fmt;

use jiff::Timestamp;

use super::{CallId, EventId, PhoneNumber, SessionId, SubAccountId};

/// The keys a caller pressed. Never shown by `Debug`, since they may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Digits(String);

impl Digits {
    /// Takes the keys as they came: `0`-`9`, `*` and `#`.
    pub fn new(keys: impl Into<String>) -> Self {
        Self(keys.into())
    }

    /// The keys, for the engine and for a trace of a step that is not secret.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digits(••••)")
    }
}

/// Which way a leg or session was placed, seen from the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Somebody called one of our virtual numbers.
    Inbound,
    /// We called somebody.
    Outbound,
}

impl Direction {
    /// The platform's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "INBOUND",
            Self::Outbound => "OUTBOUND",
        }
    }

    /// Reads the platform's word, in any case.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Inbound, Self::Outbound]
            .into_iter()
            .find(|direction| word.eq_ignore_ascii_case(direction.as_str()))
    }
}

/// The call leg that a voice call action or status speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Leg {
    /// The leg's id.
    pub call: Option<CallId>,
    /// Which way it was placed.
    pub direction: Option<Direction>,
    /// `PSTN` or `VOIP`, as it came.
    pub call_type: Option<String>,
    /// The calling number.
    pub source: Option<PhoneNumber>,
    /// The called number.
    pub destination: Option<PhoneNumber>,
    /// ISO 3166-1 alpha-2, as it came.
    pub source_country: Option<String>,
    /// ISO 3166-1 alpha-2, as it came.
    pub destination_country: Option<String>,
    /// Seconds.
    pub duration_seconds: Option<u64>,
    /// The final SIP status (RFC 3261).
    pub sip_code: Option<u16>,
}

/// A voice call action (VCA, `CALL_ACTION`): the call waits for our callflow.
#[derive(Debug, Clone, PartialEq)]
pub struct CallAction {
    /// Repeated when the platform delivers the webhook again.
    pub event: EventId,
    /// The session that waits.
    pub session: SessionId,
    /// Whose session it is.
    pub sub_account: Option<SubAccountId>,
    /// What happened.
    pub status: CallActionStatus,
    /// The leg.
    pub leg: Leg,
    /// What the caller pressed; `None` when nothing.
    pub digits: Option<Digits>,
    /// What our last reply carried.
    pub client_action_id: Option<String>,
    /// When the platform says it happened.
    pub at: Option<Timestamp>,
}

/// What a voice call action says has happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallActionStatus {
    /// A call came in to a virtual number: the session's first event.
    Received,
    /// A callflow of ours ran to its end (`ACTION_COMPLETED`, `DTMF_RECEIVED`), or a status that we do not know,
    /// which is treated alike and kept as it came.
    Completed(String),
}

impl CallActionStatus {
    /// The platform's word, as it came.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Received => "CALL_RECEIVED",
            Self::Completed(word) => word,
        }
    }
}

/// A voice call status (VCS, `CALL_STATUS`): telemetry, unordered, never the final truth.
#[derive(Debug, Clone, PartialEq)]
pub struct CallStatus {
    /// Repeated when the platform delivers the webhook again; absent on some.
    pub event: Option<EventId>,
    /// The session.
    pub session: SessionId,
    /// Whose session it is.
    pub sub_account: Option<SubAccountId>,
    /// The platform's word, as it came: `CALL_INITIATED`, `CALL_CONNECTED`, `CALL_DISCONNECTED` …
    pub status: String,
    /// The leg.
    pub leg: Leg,
    /// When the platform says it happened.
    pub at: Option<Timestamp>,
}

/// A voice session summary (VSS, `SESSION_SUMMARY`): the session is over.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionSummary {
    /// The session.
    pub session: SessionId,
    /// Whose session it is.
    pub sub_account: Option<SubAccountId>,
    /// How it ended, in the platform's documented spelling (`NO_ANSWER`, `CANCELED`) where it is known, else as it came.
    pub status: String,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The last action that ran, as it came.
    pub last_action: Option<String>,
    /// How many legs it had.
    pub call_count: Option<u64>,
    /// What a Callflows request of ours carried.
    pub client_request_id: Option<String>,
    /// What went wrong, with the platform's code.
    pub error: Option<SummaryError>,
    /// The legs by the platform's names (`callA`, `callB` …), in that order.
    pub legs: Vec<SummaryLeg>,
}

/// What a session summary says went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryError {
    /// The platform's code, −2001 to −9999.
    pub code: Option<i64>,
    /// The platform's sentence.
    pub message: Option<String>,
}

/// One leg of a session summary.
#[derive(Debug, Clone, PartialEq)]
pub struct SummaryLeg {
    /// `callA`, `callB` …: lower-case first letter, whatever came.
    pub name: String,
    /// The leg's numbers, type and duration.
    pub leg: Leg,
    /// How the leg ended, in the platform's documented spelling where it is known.
    pub status: Option<String>,
    /// When it was placed.
    pub initiated_at: Option<Timestamp>,
    /// When it was answered.
    pub connected_at: Option<Timestamp>,
    /// When it was over.
    pub disconnected_at: Option<Timestamp>,
    /// Mean opinion score, 1 to 5.
    pub mos: Option<f64>,
    /// Lost packets, as the platform gives the rate.
    pub packet_loss_rate: Option<f64>,
    /// Jitter, as the platform gives it.
    pub jitter: Option<f64>,
}

/// A voice recording update (VRU, `CALL_RECORDING_STATUS`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingUpdate {
    /// The session.
    pub session: SessionId,
    /// The recording's id.
    pub recording: String,
    /// Seconds.
    pub duration_seconds: Option<u64>,
    /// Where the platform put the file, as it came.
    pub file_path: Option<String>,
    /// `UPLOAD_COMPLETED`, `UPLOAD_FAILED` …, as it came.
    pub status: String,
}

/// A virtual number update (VNU, `VIRTUAL_NUMBER_UPDATE`).
#[derive(Debug, Clone, PartialEq)]
pub struct NumberUpdate {
    /// Whose numbers.
    pub sub_account: Option<SubAccountId>,
    /// Whether this is the whole list (`SNAPSHOT`) or what changed (`UPDATES`), as it came.
    pub kind: String,
    /// How many numbers the platform says there are.
    pub total: Option<u64>,
    /// The numbers.
    pub numbers: Vec<VirtualNumber>,
}

/// One virtual number of an update.
#[derive(Debug, Clone, PartialEq)]
pub struct VirtualNumber {
    /// The number.
    pub number: PhoneNumber,
    /// `Active`, `Unhealthy`, `Expiring` or `Inactive`, as it came.
    pub status: Option<String>,
    /// ISO 3166-1 alpha-2, as it came.
    pub country: Option<String>,
    /// The platform's reference of its range.
    pub reference: Option<String>,
    /// When the platform last changed it.
    pub updated_at: Option<Timestamp>,
}
