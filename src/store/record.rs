//! A kept webhook as the bytes of one journal record, before they are sealed: a version, then three parts, each behind
//! its length: the meaning as JSON, the reply, the body. Reply and body are bytes as they are, so that writing and
//! reading them costs a copy.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::call::event::{
    CallAction, CallActionStatus, CallStatus, Direction, NumberUpdate, RecordingUpdate,
    SessionSummary, SummaryError, VirtualNumber,
};
use crate::call::{Digits, EventId, PhoneNumber, SessionId, SubAccountId};
use crate::flow::model::{FlowId, FlowVersion, StepName};
use crate::session::{Exchange, Outcome, Session, Stage};
use crate::store::entry::Entry;
use crate::store::forms::{LegForm, PositionForm, SummaryLegForm, read_time};
use crate::store::{StoreError, Webhook};

/// The first byte: how the rest is to be read.
const VERSION: u8 = 1;

/// Writes an entry.
pub(super) fn write(entry: &Entry) -> Vec<u8> {
    let (reply, body) = (entry.reply(), entry.body());
    let mut bytes = Vec::with_capacity(1024 + reply.len() + body.len());
    bytes.extend_from_slice(&[VERSION, 0, 0, 0, 0]);
    serde_json::to_writer(&mut bytes, &Meaning::from(entry))
        .expect("these forms have text keys only, and memory takes all");
    let meaning = bytes.len() - 5;
    bytes[1..5].copy_from_slice(&length(meaning));
    bytes.extend_from_slice(&length(reply.len()));
    bytes.extend_from_slice(reply.as_bytes());
    bytes.extend_from_slice(body.as_bytes());
    bytes
}

/// Reads what [`write()`] wrote.
pub(super) fn read(bytes: &[u8]) -> Result<Entry, StoreError> {
    let parts = Parts::of(bytes).ok_or(UNREADABLE)?;
    let meaning: Meaning = serde_json::from_slice(parts.meaning).map_err(|_| UNREADABLE)?;
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| UNREADABLE);
    meaning.entry(text(parts.reply)?, text(parts.body)?)
}

/// Reads the reply alone.
pub(super) fn read_reply(bytes: &[u8]) -> Result<String, StoreError> {
    let parts = Parts::of(bytes).ok_or(UNREADABLE)?;
    String::from_utf8(parts.reply.to_vec()).map_err(|_| UNREADABLE)
}

const UNREADABLE: StoreError = StoreError::Unreadable { what: "webhook" };

fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes)
        .expect("a body is limited to some megabytes")
        .to_le_bytes()
}

struct Parts<'a> {
    meaning: &'a [u8],
    reply: &'a [u8],
    body: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let (&version, rest) = bytes.split_first()?;
        let (meaning, rest) = part(rest)?;
        let (reply, body) = part(rest)?;
        (version == VERSION).then_some(Self {
            meaning,
            reply,
            body,
        })
    }
}

fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}

/// What a webhook means, by its kind.
#[derive(Serialize, Deserialize)]
enum Meaning {
    #[serde(rename = "VCA")]
    Action(Box<ActionForm>),
    #[serde(rename = "VCS")]
    Status(StatusForm),
    #[serde(rename = "VSS")]
    Summary(SummaryForm),
    #[serde(rename = "VRU")]
    Recording(RecordingForm),
    #[serde(rename = "VNU")]
    Numbers(NumbersForm),
}

#[derive(Serialize, Deserialize)]
struct ActionForm {
    event: String,
    session: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_account: Option<String>,
    status: String,
    leg: LegForm,
    #[serde(skip_serializing_if = "Option::is_none")]
    digits: Option<String>,
    secret_digits: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<i64>,
    received_at: i64,
    answers: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<String>,
    path: Vec<String>,
    outcome: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<SessionForm>,
}

/// A session as an exchange leaves it; its id is the action's.
#[derive(Serialize, Deserialize)]
struct SessionForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_account: Option<String>,
    outbound: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    called: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    started_at: i64,
    flow: String,
    version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<PositionForm>,
    replies: u32,
}

#[derive(Serialize, Deserialize)]
struct StatusForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<String>,
    session: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_account: Option<String>,
    status: String,
    leg: LegForm,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<i64>,
    received_at: i64,
}

#[derive(Serialize, Deserialize)]
struct SummaryForm {
    session: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_account: Option<String>,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_action: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_request_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorForm>,
    legs: Vec<SummaryLegForm>,
    received_at: i64,
}

#[derive(Serialize, Deserialize)]
struct ErrorForm {
    code: Option<i64>,
    message: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct RecordingForm {
    session: String,
    recording: String,
    duration_seconds: Option<u64>,
    file_path: Option<String>,
    status: String,
    received_at: i64,
}

#[derive(Serialize, Deserialize)]
struct NumbersForm {
    sub_account: Option<String>,
    kind: String,
    total: Option<u64>,
    numbers: Vec<NumberForm>,
    received_at: i64,
}

#[derive(Serialize, Deserialize)]
struct NumberForm {
    number: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<i64>,
}

impl From<&Entry> for Meaning {
    fn from(entry: &Entry) -> Self {
        let received_at = entry.received_at().as_millisecond();
        match entry {
            Entry::Action(exchange) => Self::Action(Box::new(ActionForm::from(&**exchange))),
            Entry::Status(webhook) => Self::Status(status_form(&webhook.event, received_at)),
            Entry::Summary(webhook) => Self::Summary(summary_form(&webhook.event, received_at)),
            Entry::Recording(webhook) => {
                let update = webhook.event.clone();
                Self::Recording(RecordingForm {
                    session: update.session.to_string(),
                    recording: update.recording,
                    duration_seconds: update.duration_seconds,
                    file_path: update.file_path,
                    status: update.status,
                    received_at,
                })
            }
            Entry::Numbers(webhook) => Self::Numbers(numbers_form(&webhook.event, received_at)),
        }
    }
}

impl Meaning {
    fn entry(self, reply: String, body: String) -> Result<Entry, StoreError> {
        Ok(match self {
            Self::Action(form) => Entry::Action(Box::new(form.exchange(reply, body)?)),
            Self::Status(form) => Entry::Status(kept(form.received_at, body, form.event()?)?),
            Self::Summary(form) => Entry::Summary(kept(form.received_at, body, form.event()?)?),
            Self::Recording(form) => Entry::Recording(kept(form.received_at, body, form.event())?),
            Self::Numbers(form) => Entry::Numbers(kept(form.received_at, body, form.event()?)?),
        })
    }
}

fn kept<E>(received_at: i64, body: String, event: E) -> Result<Webhook<E>, StoreError> {
    Ok(Webhook {
        event,
        body,
        received_at: read_time(received_at)?,
    })
}

impl From<&Exchange> for ActionForm {
    fn from(exchange: &Exchange) -> Self {
        let action = &exchange.action;
        let digits = action.digits.as_ref().filter(|_| !exchange.secret_digits);
        Self {
            event: action.event.to_string(),
            session: action.session.to_string(),
            sub_account: text(&action.sub_account),
            status: action.status.as_str().to_owned(),
            leg: LegForm::from(&action.leg),
            digits: digits.map(|digits| digits.as_str().to_owned()),
            secret_digits: exchange.secret_digits,
            label: action.client_action_id.clone(),
            at: milliseconds(action.at),
            received_at: exchange.received_at.as_millisecond(),
            answers: exchange.answers,
            step: text(&exchange.step),
            path: exchange.path.iter().map(StepName::to_string).collect(),
            outcome: exchange.outcome.as_str().to_owned(),
            after: exchange.session.as_ref().map(SessionForm::from),
        }
    }
}

impl ActionForm {
    fn exchange(self, reply: String, body: String) -> Result<Exchange, StoreError> {
        let session = SessionId::new(self.session);
        let status = match self.status.as_str() {
            "CALL_RECEIVED" => CallActionStatus::Received,
            _ => CallActionStatus::Completed(self.status),
        };
        Ok(Exchange {
            session: self
                .after
                .map(|after| after.session(session.clone()))
                .transpose()?,
            action: CallAction {
                event: EventId::new(self.event),
                session,
                sub_account: self.sub_account.map(SubAccountId::new),
                status,
                leg: self.leg.into(),
                digits: self.digits.map(Digits::new),
                client_action_id: self.label,
                at: time(self.at)?,
            },
            body,
            secret_digits: self.secret_digits,
            received_at: read_time(self.received_at)?,
            answers: self.answers,
            step: self.step.map(StepName::new),
            path: self.path.into_iter().map(StepName::new).collect(),
            outcome: Outcome::from_word(&self.outcome).ok_or(UNREADABLE)?,
            reply,
        })
    }
}

impl From<&Session> for SessionForm {
    fn from(session: &Session) -> Self {
        let position = match &session.stage {
            Stage::Waiting(position) => Some(PositionForm::from(position)),
            Stage::HungUp => None,
        };
        Self {
            sub_account: text(&session.sub_account),
            outbound: session.direction == Direction::Outbound,
            caller: number(&session.caller),
            called: number(&session.called),
            country: session.caller_country.clone(),
            started_at: session.started_at.as_millisecond(),
            flow: session.flow.to_string(),
            version: session.version.to_string(),
            position,
            replies: session.replies,
        }
    }
}

impl SessionForm {
    fn session(self, id: SessionId) -> Result<Session, StoreError> {
        Ok(Session {
            id,
            sub_account: self.sub_account.map(SubAccountId::new),
            direction: match self.outbound {
                true => Direction::Outbound,
                false => Direction::Inbound,
            },
            caller: self.caller.map(PhoneNumber::new),
            called: self.called.map(PhoneNumber::new),
            caller_country: self.country,
            started_at: read_time(self.started_at)?,
            flow: FlowId::new(self.flow),
            version: FlowVersion::new(self.version),
            stage: self
                .position
                .map_or(Stage::HungUp, |form| Stage::Waiting(form.into())),
            replies: self.replies,
        })
    }
}

fn status_form(event: &CallStatus, received_at: i64) -> StatusForm {
    StatusForm {
        event: text(&event.event),
        session: event.session.to_string(),
        sub_account: text(&event.sub_account),
        status: event.status.clone(),
        leg: LegForm::from(&event.leg),
        at: milliseconds(event.at),
        received_at,
    }
}

impl StatusForm {
    fn event(self) -> Result<CallStatus, StoreError> {
        Ok(CallStatus {
            event: self.event.map(EventId::new),
            session: SessionId::new(self.session),
            sub_account: self.sub_account.map(SubAccountId::new),
            status: self.status,
            leg: self.leg.into(),
            at: time(self.at)?,
        })
    }
}

fn summary_form(event: &SessionSummary, received_at: i64) -> SummaryForm {
    SummaryForm {
        session: event.session.to_string(),
        sub_account: text(&event.sub_account),
        status: event.status.clone(),
        started_at: milliseconds(event.started_at),
        ended_at: milliseconds(event.ended_at),
        last_action: event.last_action.clone(),
        call_count: event.call_count,
        client_request_id: event.client_request_id.clone(),
        error: event.error.as_ref().map(|error| ErrorForm {
            code: error.code,
            message: error.message.clone(),
        }),
        legs: event.legs.iter().map(SummaryLegForm::from).collect(),
        received_at,
    }
}

impl SummaryForm {
    fn event(self) -> Result<SessionSummary, StoreError> {
        Ok(SessionSummary {
            session: SessionId::new(self.session),
            sub_account: self.sub_account.map(SubAccountId::new),
            status: self.status,
            started_at: time(self.started_at)?,
            ended_at: time(self.ended_at)?,
            last_action: self.last_action,
            call_count: self.call_count,
            client_request_id: self.client_request_id,
            error: self.error.map(|error| SummaryError {
                code: error.code,
                message: error.message,
            }),
            legs: self.legs.into_iter().map(Into::into).collect(),
        })
    }
}

impl RecordingForm {
    fn event(self) -> RecordingUpdate {
        RecordingUpdate {
            session: SessionId::new(self.session),
            recording: self.recording,
            duration_seconds: self.duration_seconds,
            file_path: self.file_path,
            status: self.status,
        }
    }
}

fn numbers_form(update: &NumberUpdate, received_at: i64) -> NumbersForm {
    let one = |number: &VirtualNumber| NumberForm {
        number: number.number.as_it_came().to_owned(),
        status: number.status.clone(),
        country: number.country.clone(),
        reference: number.reference.clone(),
        updated_at: milliseconds(number.updated_at),
    };
    NumbersForm {
        sub_account: text(&update.sub_account),
        kind: update.kind.clone(),
        total: update.total,
        numbers: update.numbers.iter().map(one).collect(),
        received_at,
    }
}

impl NumbersForm {
    fn event(self) -> Result<NumberUpdate, StoreError> {
        let one = |form: NumberForm| {
            Ok(VirtualNumber {
                number: PhoneNumber::new(form.number),
                status: form.status,
                country: form.country,
                reference: form.reference,
                updated_at: time(form.updated_at)?,
            })
        };
        Ok(NumberUpdate {
            sub_account: self.sub_account.map(SubAccountId::new),
            kind: self.kind,
            total: self.total,
            numbers: self
                .numbers
                .into_iter()
                .map(one)
                .collect::<Result<_, StoreError>>()?,
        })
    }
}

fn text(id: &Option<impl ToString>) -> Option<String> {
    id.as_ref().map(ToString::to_string)
}

fn number(number: &Option<PhoneNumber>) -> Option<String> {
    number.as_ref().map(|number| number.as_it_came().to_owned())
}

fn milliseconds(at: Option<Timestamp>) -> Option<i64> {
    at.map(Timestamp::as_millisecond)
}

fn time(milliseconds: Option<i64>) -> Result<Option<Timestamp>, StoreError> {
    milliseconds.map(read_time).transpose()
}
