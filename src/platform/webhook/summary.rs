//! Voice session summaries (VSS).

use super::Fault;
use super::call::RawLeg;
use super::envelope::{optional_id, required_id};
use super::status::{UNKNOWN, ending};
use crate::call::event::{SessionSummary, SummaryError, SummaryLeg};
use crate::call::{SessionId, SubAccountId};
use crate::platform::json::{Members, Scalar, Value};

/// The payload's fields as they came.
#[derive(Default)]
struct RawSummary<'a> {
    session: Scalar<'a>,
    sub_account: Scalar<'a>,
    status: Scalar<'a>,
    start: Scalar<'a>,
    end: Scalar<'a>,
    last_action: Scalar<'a>,
    call_count: Scalar<'a>,
    client_request_id: Scalar<'a>,
    error: Option<Value<'a>>,
    details: Option<Value<'a>>,
}

impl<'a> RawSummary<'a> {
    fn read(payload: Members<'a>) -> Self {
        let mut raw = Self::default();
        for (key, value) in payload {
            match key.as_ref() {
                "sessionId" => raw.session = value.scalar(),
                "subAccountId" => raw.sub_account = value.scalar(),
                "sessionStatus" => raw.status = value.scalar(),
                "startTime" => raw.start = value.scalar(),
                "endTime" => raw.end = value.scalar(),
                "lastAction" => raw.last_action = value.scalar(),
                "callCount" => raw.call_count = value.scalar(),
                "clientRequestId" => raw.client_request_id = value.scalar(),
                "errorDetails" => raw.error = Some(value),
                "details" => raw.details = Some(value),
                _ => {}
            }
        }
        raw
    }
}

/// Reads a session summary's payload.
pub(super) fn read(payload: Members<'_>, faults: &mut Vec<Fault>) -> Option<SessionSummary> {
    let raw = RawSummary::read(payload);
    let session = required_id("sessionId", &raw.session, faults)?;
    Some(SessionSummary {
        session: SessionId::new(session),
        sub_account: optional_id(&raw.sub_account).map(SubAccountId::new),
        status: ending(raw.status.as_str().unwrap_or(UNKNOWN)),
        started_at: raw.start.instant(),
        ended_at: raw.end.instant(),
        last_action: raw.last_action.text(),
        call_count: raw.call_count.count(),
        client_request_id: raw.client_request_id.text(),
        error: raw.error.and_then(error),
        legs: raw.details.map(legs).unwrap_or_default(),
    })
}

/// What went wrong; `None` when neither a code nor a sentence is given.
fn error(details: Value<'_>) -> Option<SummaryError> {
    let (mut code, mut message) = (Scalar::Absent, Scalar::Absent);
    for (key, value) in details.members() {
        match key.as_ref() {
            "errorCode" => code = value.scalar(),
            "errorMsg" => message = value.scalar(),
            _ => {}
        }
    }
    let (code, message) = (code.whole(), message.text());
    (code.is_some() || message.is_some()).then_some(SummaryError { code, message })
}

/// The legs by name. A name that comes twice, also as `callA` and `CallA`, is one leg: the last.
fn legs(details: Value<'_>) -> Vec<SummaryLeg> {
    let mut legs: Vec<SummaryLeg> = Vec::new();
    for (key, value) in details.members() {
        let Some(name) = leg_name(&key) else { continue };
        legs.retain(|leg| leg.name != name);
        if let Some(members) = value.object() {
            legs.push(leg(name, members));
        }
    }
    legs.sort_by(|one, other| one.name.cmp(&other.name));
    legs
}

/// `callA` of `callA` or `CallA`: `call` and one letter or digit.
fn leg_name(key: &str) -> Option<String> {
    let rest = key
        .strip_prefix("call")
        .or_else(|| key.strip_prefix("Call"))?;
    let one = rest.len() == 1 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
    one.then(|| format!("call{rest}"))
}

fn leg(name: String, members: Members<'_>) -> SummaryLeg {
    let mut raw = RawLeg::default();
    let (mut status, mut quality) = (Scalar::Absent, Quality::default());
    let (mut initiated, mut connected, mut disconnected) = Default::default();
    for (key, value) in members {
        match key.as_ref() {
            "callStatus" => status = value.scalar(),
            "initiatedTimestamp" => initiated = value.scalar().instant(),
            "connectedTimestamp" => connected = value.scalar().instant(),
            "disconnectedTimestamp" => disconnected = value.scalar().instant(),
            "callQuality" => quality = Quality::read(value),
            key => raw.take(key, value),
        }
    }
    SummaryLeg {
        name,
        leg: raw.meaning(),
        status: status.as_str().map(ending),
        initiated_at: initiated,
        connected_at: connected,
        disconnected_at: disconnected,
        mos: quality.mos,
        packet_loss_rate: quality.packet_loss_rate,
        jitter: quality.jitter,
    }
}

/// How well a leg was heard.
#[derive(Default)]
struct Quality {
    mos: Option<f64>,
    packet_loss_rate: Option<f64>,
    jitter: Option<f64>,
}

impl Quality {
    fn read(value: Value<'_>) -> Self {
        let mut quality = Self::default();
        for (key, value) in value.members() {
            match key.as_ref() {
                "mos" => quality.mos = value.scalar().real(),
                "packetLossRate" => quality.packet_loss_rate = value.scalar().real(),
                "jitter" => quality.jitter = value.scalar().real(),
                _ => {}
            }
        }
        quality
    }
}
