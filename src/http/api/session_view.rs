//! Sessions as the API shows them.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::call_view::CallView;
use super::need_view::NeedView;
use super::shown::Shown;
use crate::call::event::{Direction, RecordingUpdate, SummaryError, SummaryLeg};
use crate::outbound::attempt::Attempt;
use crate::session::OutboundCall;
use crate::store::SessionRecord;
use crate::store::records::{SessionRow, TraceEntry};

/// What stands in the place of digits that are a secret.
const SECRET: &str = "••••";

/// A page of sessions.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionList {
    /// The sessions, newest first.
    pub(super) items: Vec<SessionItem>,
    /// The `cursor` of the next page; null on the last one.
    pub(super) next_cursor: Option<String>,
}

/// A session as it is listed.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionItem {
    /// The platform's id. Null for a call that we started while nothing is known of its session.
    session_id: Option<String>,
    /// `INBOUND` or `OUTBOUND`.
    direction: Option<&'static str>,
    /// The calling number.
    #[schema(example = "+65••••4567")]
    source: Option<String>,
    /// The called number.
    #[schema(example = "+65••••5777")]
    destination: Option<String>,
    /// The flow that carries it.
    flow: Option<String>,
    /// The version of the flow that it began on.
    version: Option<String>,
    /// `live`, or the summary's word; of a call that we started and that has no session yet its state in small letters.
    #[schema(example = "live")]
    status: String,
    #[schema(format = DateTime)]
    started_at: String,
    #[schema(format = DateTime)]
    ended_at: Option<String>,
}

/// A session with all that is known of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionDetail {
    #[serde(flatten)]
    session: SessionItem,
    /// Only of a call that we started.
    #[serde(flatten)]
    started: Option<CallView>,
    /// The platform's id of the sub-account.
    sub_account: Option<String>,
    /// What the summary says went wrong.
    error: Option<ErrorView>,
    /// The legs, by the summary; by the statuses while there is none.
    legs: Vec<LegView>,
    /// What came and what was answered, in the order that it came.
    trace: Vec<TraceView>,
    recordings: Vec<RecordingView>,
}

/// What a summary says went wrong.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorView {
    /// The platform's code.
    code: Option<i64>,
    /// The platform's sentence.
    message: Option<String>,
}

/// One leg of a session.
#[derive(Debug, Serialize, ToSchema)]
pub struct LegView {
    /// `callA`, `callB` …
    name: String,
    call_id: Option<String>,
    /// `INBOUND` or `OUTBOUND`.
    direction: Option<&'static str>,
    /// `PSTN` or `VOIP`.
    call_type: Option<String>,
    source: Option<String>,
    destination: Option<String>,
    source_country: Option<String>,
    destination_country: Option<String>,
    status: Option<String>,
    duration_seconds: Option<u64>,
    sip_code: Option<u16>,
    #[schema(format = DateTime)]
    initiated_at: Option<String>,
    #[schema(format = DateTime)]
    connected_at: Option<String>,
    #[schema(format = DateTime)]
    disconnected_at: Option<String>,
    /// Mean opinion score, 1 to 5.
    mos: Option<f64>,
    packet_loss_rate: Option<f64>,
    jitter: Option<f64>,
}

/// One webhook of a session and what it was answered with.
#[derive(Debug, Serialize, ToSchema)]
pub struct TraceView {
    #[schema(format = DateTime)]
    received_at: String,
    /// `VCA`, `VCS`, `VSS` or `VRU`.
    kind: String,
    /// What it says has happened, in the platform's word.
    status: String,
    /// The keys that came with it; `••••` when they are a secret.
    digits: Option<String>,
    /// The step that waited for it.
    step: Option<String>,
    /// The steps passed on the way to the reply.
    path: Vec<String>,
    /// What the flow needed of the world on the way, in order.
    needs: Vec<NeedView>,
    /// How a connected leg ended: the final SIP status.
    sip_code: Option<u16>,
    /// Why this reply.
    outcome: Option<String>,
    /// The reply.
    #[schema(value_type = Object)]
    reply: Option<Value>,
}

/// A recording as its newest update says.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordingView {
    recording_id: String,
    status: String,
    duration_seconds: Option<u64>,
    file_path: Option<String>,
}

impl SessionItem {
    pub(super) fn new(row: &SessionRow, shown: Shown) -> Self {
        let number = |number: &Option<_>| number.as_ref().map(|number| shown.number(number));
        let (flow, version) = row.flow.clone().unzip();
        Self {
            session_id: Some(row.id.to_string()),
            direction: row.direction.map(Direction::as_str),
            source: number(&row.source),
            destination: number(&row.destination),
            flow: flow.map(|flow| flow.to_string()),
            version: version.map(|version| version.to_string()),
            status: row.status.clone(),
            started_at: row.started_at.to_string(),
            ended_at: row.ended_at.map(|at| at.to_string()),
        }
    }
}

impl SessionDetail {
    /// A session that is known, which came of `call` if we started it.
    pub(super) fn new(record: &SessionRecord, call: Option<&OutboundCall>, shown: Shown) -> Self {
        let SessionRecord {
            row,
            error,
            legs,
            trace,
            recordings,
        } = record;
        let mut session = SessionItem::new(row, shown);
        // A voice message has no voice call action that would tell.
        if let (None, Some(call)) = (&session.flow, call) {
            session.flow = Some(call.request.flow.to_string());
            session.version = Some(call.version.to_string());
        }
        Self {
            session,
            started: call.map(CallView::new),
            sub_account: row.sub_account.as_ref().map(ToString::to_string),
            error: error.as_ref().map(|error| ErrorView::new(error, shown)),
            legs: legs.iter().map(|leg| LegView::new(leg, shown)).collect(),
            trace: trace
                .iter()
                .map(|entry| TraceView::new(entry, shown))
                .collect(),
            recordings: recordings
                .iter()
                .map(|update| RecordingView::new(update, shown))
                .collect(),
        }
    }
}

impl SessionDetail {
    /// A call that we started, before its session was heard of.
    pub(super) fn not_heard_of(call: &OutboundCall, shown: Shown) -> Self {
        let intent = call.attempt.intent();
        let session_id = match &call.attempt {
            Attempt::Accepted(accepted) => Some(accepted.session.to_string()),
            _ => None,
        };
        let status = match session_id {
            Some(_) => "live".to_owned(),
            None => call.attempt.state().to_lowercase(),
        };
        let session = SessionItem {
            session_id,
            direction: Some(Direction::Outbound.as_str()),
            source: Some(shown.number(&intent.source)),
            destination: Some(shown.number(&intent.destination)),
            flow: Some(call.request.flow.to_string()),
            version: Some(call.version.to_string()),
            status,
            started_at: intent.begun_at.to_string(),
            ended_at: None,
        };
        Self {
            session,
            started: Some(CallView::new(call)),
            sub_account: Some(intent.sub_account.to_string()),
            error: None,
            legs: Vec::new(),
            trace: Vec::new(),
            recordings: Vec::new(),
        }
    }
}

impl ErrorView {
    fn new(error: &SummaryError, shown: Shown) -> Self {
        let message = error.message.as_deref().map(|message| shown.text(message));
        Self {
            code: error.code,
            message,
        }
    }
}

impl LegView {
    fn new(summary: &SummaryLeg, shown: Shown) -> Self {
        let leg = &summary.leg;
        let time = |at: Option<jiff::Timestamp>| at.map(|at| at.to_string());
        Self {
            name: summary.name.clone(),
            call_id: leg.call.as_ref().map(ToString::to_string),
            direction: leg.direction.map(Direction::as_str),
            call_type: leg.call_type.clone(),
            source: leg.source.as_ref().map(|number| shown.number(number)),
            destination: leg.destination.as_ref().map(|number| shown.number(number)),
            source_country: leg.source_country.clone(),
            destination_country: leg.destination_country.clone(),
            status: summary.status.clone(),
            duration_seconds: leg.duration_seconds,
            sip_code: leg.sip_code,
            initiated_at: time(summary.initiated_at),
            connected_at: time(summary.connected_at),
            disconnected_at: time(summary.disconnected_at),
            mos: summary.mos,
            packet_loss_rate: summary.packet_loss_rate,
            jitter: summary.jitter,
        }
    }
}

impl TraceView {
    fn new(entry: &TraceEntry, shown: Shown) -> Self {
        let digits = entry.digits.as_deref().map(|digits| shown.text(digits));
        Self {
            received_at: entry.received_at.to_string(),
            kind: entry.kind.clone(),
            status: entry.status.clone(),
            digits: if entry.secret_digits {
                Some(SECRET.to_owned())
            } else {
                digits
            },
            step: entry.step.clone(),
            path: entry.path.clone(),
            needs: entry
                .met
                .iter()
                .map(|met| NeedView::new(met, shown))
                .collect(),
            sip_code: entry.sip_code,
            outcome: entry.outcome.clone(),
            reply: entry.reply.as_deref().map(|reply| shown.reply(reply)),
        }
    }
}

impl RecordingView {
    fn new(update: &RecordingUpdate, shown: Shown) -> Self {
        Self {
            recording_id: update.recording.clone(),
            status: update.status.clone(),
            duration_seconds: update.duration_seconds,
            file_path: update.file_path.as_deref().map(|path| shown.text(path)),
        }
    }
}
