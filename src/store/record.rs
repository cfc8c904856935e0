//! A kept webhook as the bytes of one journal record, before they are sealed: a version, then three parts, each behind
//! its length: the meaning as CBOR, the reply, the body. Reply and body are bytes as they are, so that writing and
//! reading them costs a copy.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use minicbor::{Decode, Encode};

use crate::call::event::{
    CallAction, CallActionStatus, CallStatus, Direction, NumberUpdate, RecordingUpdate,
    SessionSummary, SummaryError, VirtualNumber,
};
use crate::call::{Digits, EventId, PhoneNumber, SessionId, SubAccountId};
use crate::flow::model::{FlowId, FlowVersion, StepName, VariableName};
use crate::flow::step::Value;
use crate::session::{Exchange, Outcome, Session, Stage};
use crate::store::entry::Entry;
use crate::store::forms::{
    CarriedForm, LegForm, PositionForm, SummaryLegForm, Text, number, read_time, text,
};
use crate::store::met::{MetForm, met_forms, read_met};
use crate::store::{StoreError, Webhook};

/// The first byte: how the rest is to be read.
const VERSION: u8 = 1;

/// Writes an entry.
pub(super) fn write(entry: &Entry) -> Vec<u8> {
    let (reply, body) = (entry.reply(), entry.body());
    let mut bytes = Vec::with_capacity(1024 + reply.len() + body.len());
    bytes.extend_from_slice(&[VERSION, 0, 0, 0, 0]);
    minicbor::encode(Meaning::from(entry), &mut bytes).expect("memory takes all");
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
    let meaning: Meaning<'_> = minicbor::decode(parts.meaning).map_err(|_| UNREADABLE)?;
    let utf8 = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| UNREADABLE);
    meaning.entry(utf8(parts.reply)?, utf8(parts.body)?)
}

/// Reads the reply alone.
pub(super) fn read_reply(bytes: &[u8]) -> Result<Arc<str>, StoreError> {
    let parts = Parts::of(bytes).ok_or(UNREADABLE)?;
    let reply = std::str::from_utf8(parts.reply).map_err(|_| UNREADABLE)?;
    Ok(reply.into())
}

/// The parts of what [`write()`] wrote: the meaning as CBOR, the reply, the body.
pub(super) fn parts(bytes: &[u8]) -> Option<[&[u8]; 3]> {
    let Parts {
        meaning,
        reply,
        body,
    } = Parts::of(bytes)?;
    Some([meaning, reply, body])
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
#[derive(Encode, Decode)]
enum Meaning<'a> {
    #[n(0)]
    Action(#[b(0)] Box<ActionForm<'a>>),
    #[n(1)]
    Status(#[b(0)] StatusForm<'a>),
    #[n(2)]
    Summary(#[b(0)] SummaryForm<'a>),
    #[n(3)]
    Recording(#[b(0)] RecordingForm<'a>),
    #[n(4)]
    Numbers(#[b(0)] NumbersForm<'a>),
}

#[derive(Encode, Decode)]
struct ActionForm<'a> {
    #[b(0)]
    event: Text<'a>,
    #[b(1)]
    session: Text<'a>,
    #[b(2)]
    sub_account: Option<Text<'a>>,
    #[b(3)]
    status: Text<'a>,
    #[b(4)]
    leg: LegForm<'a>,
    #[b(5)]
    digits: Option<Text<'a>>,
    #[n(6)]
    secret_digits: bool,
    #[b(7)]
    label: Option<Text<'a>>,
    #[n(8)]
    at: Option<i64>,
    #[n(9)]
    received_at: i64,
    #[n(10)]
    answers: u32,
    #[b(11)]
    step: Option<Text<'a>>,
    #[b(12)]
    path: Vec<Text<'a>>,
    #[b(13)]
    outcome: Text<'a>,
    #[b(14)]
    after: Option<SessionForm<'a>>,
    /// What was saved and set when the reply hung up; none of it is secret.
    #[b(15)]
    saved: Option<BTreeMap<Text<'a>, Text<'a>>>,
    #[b(16)]
    masked: Option<CarriedForm<'a>>,
    #[b(17)]
    met: Option<Vec<MetForm<'a>>>,
}

/// A session as an exchange leaves it; its id is the action's.
#[derive(Encode, Decode)]
struct SessionForm<'a> {
    #[b(0)]
    sub_account: Option<Text<'a>>,
    #[n(1)]
    outbound: bool,
    #[b(2)]
    caller: Option<Text<'a>>,
    #[b(3)]
    called: Option<Text<'a>>,
    #[b(4)]
    country: Option<Text<'a>>,
    #[n(5)]
    started_at: i64,
    #[b(6)]
    flow: Text<'a>,
    #[b(7)]
    version: Text<'a>,
    #[b(8)]
    position: Option<PositionForm<'a>>,
    #[n(9)]
    replies: u32,
}

#[derive(Encode, Decode)]
struct StatusForm<'a> {
    #[b(0)]
    event: Option<Text<'a>>,
    #[b(1)]
    session: Text<'a>,
    #[b(2)]
    sub_account: Option<Text<'a>>,
    #[b(3)]
    status: Text<'a>,
    #[b(4)]
    leg: LegForm<'a>,
    #[n(5)]
    at: Option<i64>,
    #[n(6)]
    received_at: i64,
}

#[derive(Encode, Decode)]
struct SummaryForm<'a> {
    #[b(0)]
    session: Text<'a>,
    #[b(1)]
    sub_account: Option<Text<'a>>,
    #[b(2)]
    status: Text<'a>,
    #[n(3)]
    started_at: Option<i64>,
    #[n(4)]
    ended_at: Option<i64>,
    #[b(5)]
    last_action: Option<Text<'a>>,
    #[n(6)]
    call_count: Option<u64>,
    #[b(7)]
    client_request_id: Option<Text<'a>>,
    #[b(8)]
    error: Option<ErrorForm<'a>>,
    #[b(9)]
    legs: Vec<SummaryLegForm<'a>>,
    #[n(10)]
    received_at: i64,
}

#[derive(Encode, Decode)]
struct ErrorForm<'a> {
    #[n(0)]
    code: Option<i64>,
    #[b(1)]
    message: Option<Text<'a>>,
}

#[derive(Encode, Decode)]
struct RecordingForm<'a> {
    #[b(0)]
    session: Text<'a>,
    #[b(1)]
    recording: Text<'a>,
    #[n(2)]
    duration_seconds: Option<u64>,
    #[b(3)]
    file_path: Option<Text<'a>>,
    #[b(4)]
    status: Text<'a>,
    #[n(5)]
    received_at: i64,
}

#[derive(Encode, Decode)]
struct NumbersForm<'a> {
    #[b(0)]
    sub_account: Option<Text<'a>>,
    #[b(1)]
    kind: Text<'a>,
    #[n(2)]
    total: Option<u64>,
    #[b(3)]
    numbers: Vec<NumberForm<'a>>,
    #[n(4)]
    received_at: i64,
}

#[derive(Encode, Decode)]
struct NumberForm<'a> {
    #[b(0)]
    number: Text<'a>,
    #[b(1)]
    status: Option<Text<'a>>,
    #[b(2)]
    country: Option<Text<'a>>,
    #[b(3)]
    reference: Option<Text<'a>>,
    #[n(4)]
    updated_at: Option<i64>,
}

impl<'a> From<&'a Entry> for Meaning<'a> {
    fn from(entry: &'a Entry) -> Self {
        let received_at = entry.received_at().as_millisecond();
        match entry {
            Entry::Action(exchange) => Self::Action(Box::new(ActionForm::from(&**exchange))),
            Entry::Status(webhook) => Self::Status(status_form(&webhook.event, received_at)),
            Entry::Summary(webhook) => Self::Summary(summary_form(&webhook.event, received_at)),
            Entry::Recording(webhook) => {
                let update = &webhook.event;
                Self::Recording(RecordingForm {
                    session: update.session.as_str().into(),
                    recording: update.recording.as_str().into(),
                    duration_seconds: update.duration_seconds,
                    file_path: text(&update.file_path),
                    status: update.status.as_str().into(),
                    received_at,
                })
            }
            Entry::Numbers(webhook) => Self::Numbers(numbers_form(&webhook.event, received_at)),
        }
    }
}

impl Meaning<'_> {
    fn entry(self, reply: String, body: String) -> Result<Entry, StoreError> {
        Ok(match self {
            Self::Action(form) => Entry::Action(Arc::new(form.exchange(reply, body)?)),
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

impl<'a> From<&'a Exchange> for ActionForm<'a> {
    fn from(exchange: &'a Exchange) -> Self {
        let action = &exchange.action;
        let digits = action.digits.as_ref().filter(|_| !exchange.secret_digits);
        Self {
            event: action.event.as_str().into(),
            session: action.session.as_str().into(),
            sub_account: text(&action.sub_account),
            status: action.status.as_str().into(),
            leg: LegForm::from(&action.leg),
            digits: digits.map(|digits| digits.as_str().into()),
            secret_digits: exchange.secret_digits,
            label: text(&action.client_action_id),
            at: milliseconds(action.at),
            received_at: exchange.received_at.as_millisecond(),
            answers: exchange.answers,
            step: text(&exchange.step),
            path: exchange
                .path
                .iter()
                .map(|step| step.as_str().into())
                .collect(),
            outcome: exchange.outcome.as_str().into(),
            after: exchange.session.as_ref().map(SessionForm::from),
            masked: exchange.masked.as_ref().map(CarriedForm::from),
            saved: saved_form(exchange),
            met: met_forms(&exchange.met),
        }
    }
}

fn saved_form(exchange: &Exchange) -> Option<BTreeMap<Text<'_>, Text<'_>>> {
    let shown = exchange.saved.iter().filter(|(_, value)| !value.secret);
    let saved: BTreeMap<_, _> = shown
        .map(|(name, value)| (name.as_str().into(), value.text.as_str().into()))
        .collect();
    (!saved.is_empty()).then_some(saved)
}

fn open_value(text: Text<'_>) -> Value {
    let (text, secret) = (text.into_owned(), false);
    Value { text, secret }
}

impl ActionForm<'_> {
    fn exchange(self, reply: String, body: String) -> Result<Exchange, StoreError> {
        let session = SessionId::new(self.session);
        let status = match self.status.as_ref() {
            "CALL_RECEIVED" => CallActionStatus::Received,
            word => CallActionStatus::Completed(word.to_owned()),
        };
        Ok(Exchange {
            session: self
                .after
                .map(|after| after.session(session.clone()))
                .transpose()?,
            masked: self.masked.map(CarriedForm::carried).transpose()?,
            action: Arc::new(CallAction {
                event: EventId::new(self.event),
                session,
                sub_account: self.sub_account.map(SubAccountId::new),
                status,
                leg: self.leg.into(),
                digits: self.digits.map(Digits::new),
                client_action_id: self.label.map(Cow::into_owned),
                at: time(self.at)?,
            }),
            body,
            secret_digits: self.secret_digits,
            received_at: read_time(self.received_at)?,
            answers: self.answers,
            step: self.step.map(StepName::new),
            path: self.path.into_iter().map(StepName::new).collect(),
            met: read_met(self.met)?,
            outcome: Outcome::from_word(&self.outcome).ok_or(UNREADABLE)?,
            reply: reply.into(),
            saved: self
                .saved
                .into_iter()
                .flatten()
                .map(|(name, text)| (VariableName::new(name), open_value(text)))
                .collect(),
        })
    }
}

impl<'a> From<&'a Session> for SessionForm<'a> {
    fn from(session: &'a Session) -> Self {
        let position = match &session.stage {
            Stage::Waiting(position) => Some(PositionForm::from(position)),
            Stage::HungUp => None,
        };
        Self {
            sub_account: text(&session.sub_account),
            outbound: session.direction == Direction::Outbound,
            caller: number(&session.caller),
            called: number(&session.called),
            country: text(&session.caller_country),
            started_at: session.started_at.as_millisecond(),
            flow: session.flow.as_str().into(),
            version: session.version.as_str().into(),
            position,
            replies: session.replies,
        }
    }
}

impl SessionForm<'_> {
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
            caller_country: self.country.map(Cow::into_owned),
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

fn status_form(event: &CallStatus, received_at: i64) -> StatusForm<'_> {
    StatusForm {
        event: text(&event.event),
        session: event.session.as_str().into(),
        sub_account: text(&event.sub_account),
        status: event.status.as_str().into(),
        leg: LegForm::from(&event.leg),
        at: milliseconds(event.at),
        received_at,
    }
}

impl StatusForm<'_> {
    fn event(self) -> Result<CallStatus, StoreError> {
        Ok(CallStatus {
            event: self.event.map(EventId::new),
            session: SessionId::new(self.session),
            sub_account: self.sub_account.map(SubAccountId::new),
            status: self.status.into_owned(),
            leg: self.leg.into(),
            at: time(self.at)?,
        })
    }
}

fn summary_form(event: &SessionSummary, received_at: i64) -> SummaryForm<'_> {
    SummaryForm {
        session: event.session.as_str().into(),
        sub_account: text(&event.sub_account),
        status: event.status.as_str().into(),
        started_at: milliseconds(event.started_at),
        ended_at: milliseconds(event.ended_at),
        last_action: text(&event.last_action),
        call_count: event.call_count,
        client_request_id: text(&event.client_request_id),
        error: event.error.as_ref().map(|error| ErrorForm {
            code: error.code,
            message: text(&error.message),
        }),
        legs: event.legs.iter().map(SummaryLegForm::from).collect(),
        received_at,
    }
}

impl SummaryForm<'_> {
    fn event(self) -> Result<SessionSummary, StoreError> {
        Ok(SessionSummary {
            session: SessionId::new(self.session),
            sub_account: self.sub_account.map(SubAccountId::new),
            status: self.status.into_owned(),
            started_at: time(self.started_at)?,
            ended_at: time(self.ended_at)?,
            last_action: self.last_action.map(Cow::into_owned),
            call_count: self.call_count,
            client_request_id: self.client_request_id.map(Cow::into_owned),
            error: self.error.map(|error| SummaryError {
                code: error.code,
                message: error.message.map(Cow::into_owned),
            }),
            legs: self.legs.into_iter().map(Into::into).collect(),
        })
    }
}

impl RecordingForm<'_> {
    fn event(self) -> RecordingUpdate {
        RecordingUpdate {
            session: SessionId::new(self.session),
            recording: self.recording.into_owned(),
            duration_seconds: self.duration_seconds,
            file_path: self.file_path.map(Cow::into_owned),
            status: self.status.into_owned(),
        }
    }
}

fn numbers_form(update: &NumberUpdate, received_at: i64) -> NumbersForm<'_> {
    NumbersForm {
        sub_account: text(&update.sub_account),
        kind: update.kind.as_str().into(),
        total: update.total,
        numbers: update.numbers.iter().map(NumberForm::from).collect(),
        received_at,
    }
}

impl<'a> From<&'a VirtualNumber> for NumberForm<'a> {
    fn from(number: &'a VirtualNumber) -> Self {
        Self {
            number: number.number.as_it_came().into(),
            status: text(&number.status),
            country: text(&number.country),
            reference: text(&number.reference),
            updated_at: milliseconds(number.updated_at),
        }
    }
}

impl NumbersForm<'_> {
    fn event(self) -> Result<NumberUpdate, StoreError> {
        let one = |form: NumberForm<'_>| {
            Ok(VirtualNumber {
                number: PhoneNumber::new(form.number),
                status: form.status.map(Cow::into_owned),
                country: form.country.map(Cow::into_owned),
                reference: form.reference.map(Cow::into_owned),
                updated_at: time(form.updated_at)?,
            })
        };
        Ok(NumberUpdate {
            sub_account: self.sub_account.map(SubAccountId::new),
            kind: self.kind.into_owned(),
            total: self.total,
            numbers: self
                .numbers
                .into_iter()
                .map(one)
                .collect::<Result<_, StoreError>>()?,
        })
    }
}

fn milliseconds(at: Option<Timestamp>) -> Option<i64> {
    at.map(Timestamp::as_millisecond)
}

fn time(milliseconds: Option<i64>) -> Result<Option<Timestamp>, StoreError> {
    milliseconds.map(read_time).transpose()
}
