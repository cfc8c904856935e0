//! Voice call actions (VCA) and voice call statuses (VCS): the same payload, read for what each is for.

use super::Fault;
use super::envelope::{optional_id, required_id};
use super::status::{UNKNOWN, spelling};
use crate::call::event::{CallAction, CallActionStatus, CallStatus, Digits, Direction, Leg};
use crate::call::{CallId, EventId, PhoneNumber, SessionId, SubAccountId};
use crate::platform::json::{Members, Scalar, Value};

/// The payload's fields as they came.
#[derive(Default)]
struct RawCall<'a> {
    event: Scalar<'a>,
    session: Scalar<'a>,
    sub_account: Scalar<'a>,
    status: Scalar<'a>,
    client_action_id: Scalar<'a>,
    timestamp: Scalar<'a>,
    dtmf: Scalar<'a>,
    event_data: Scalar<'a>,
    leg: RawLeg<'a>,
}

impl<'a> RawCall<'a> {
    fn read(payload: Members<'a>) -> Self {
        let mut raw = Self::default();
        for (key, value) in payload {
            match key.as_ref() {
                "eventId" => raw.event = value.scalar(),
                "sessionId" => raw.session = value.scalar(),
                "subAccountId" => raw.sub_account = value.scalar(),
                "callStatus" => raw.status = value.scalar(),
                "clientActionId" => raw.client_action_id = value.scalar(),
                "timestamp" => raw.timestamp = value.scalar(),
                "dtmf" => raw.dtmf = value.scalar(),
                "eventData" => raw.event_data = event_data(value),
                key => raw.leg.take(key, value),
            }
        }
        raw
    }

    /// What the caller pressed, from whichever place it came in.
    fn digits(&self) -> Option<Digits> {
        let keys = self.dtmf.text().or_else(|| self.event_data.text())?;
        Some(Digits::new(keys))
    }
}

/// The digits of `eventData`: those of its `dtmf`, or itself when it is bare.
fn event_data(value: Value<'_>) -> Scalar<'_> {
    match value {
        Value::Object(members) => {
            let dtmf = members.into_iter().rfind(|(key, _)| key == "dtmf");
            dtmf.map_or(Scalar::Absent, |(_, value)| value.scalar())
        }
        bare => bare.scalar(),
    }
}

/// A leg's fields as they came, in a call's payload or in a session summary.
#[derive(Default)]
pub(super) struct RawLeg<'a> {
    call: Scalar<'a>,
    direction: Scalar<'a>,
    call_type: Scalar<'a>,
    source: Scalar<'a>,
    destination: Scalar<'a>,
    source_country: Scalar<'a>,
    destination_country: Scalar<'a>,
    duration: Scalar<'a>,
    sip_code: Scalar<'a>,
}

impl<'a> RawLeg<'a> {
    /// Takes a field that is a leg's, and lets others go.
    pub(super) fn take(&mut self, key: &str, value: Value<'a>) {
        let field = match key {
            "callId" => &mut self.call,
            "callDirection" => &mut self.direction,
            "callType" => &mut self.call_type,
            "source" => &mut self.source,
            "destination" => &mut self.destination,
            "sourceCountryCode" => &mut self.source_country,
            "destinationCountryCode" => &mut self.destination_country,
            "callDuration" => &mut self.duration,
            "sipCode" => &mut self.sip_code,
            _ => return,
        };
        *field = value.scalar();
    }

    pub(super) fn meaning(&self) -> Leg {
        Leg {
            call: optional_id(&self.call).map(CallId::new),
            direction: self.direction.as_str().and_then(Direction::from_word),
            call_type: self.call_type.text(),
            source: self.source.text().map(PhoneNumber::new),
            destination: self.destination.text().map(PhoneNumber::new),
            source_country: self.source_country.text(),
            destination_country: self.destination_country.text(),
            duration_seconds: self.duration.count(),
            sip_code: self
                .sip_code
                .count()
                .and_then(|code| u16::try_from(code).ok()),
        }
    }
}

/// Reads a voice call action's payload.
pub(super) fn action(payload: Members<'_>, faults: &mut Vec<Fault>) -> Option<CallAction> {
    let raw = RawCall::read(payload);
    let event = required_id("eventId", &raw.event, faults);
    let session = required_id("sessionId", &raw.session, faults);
    Some(CallAction {
        event: EventId::new(event?),
        session: SessionId::new(session?),
        sub_account: optional_id(&raw.sub_account).map(SubAccountId::new),
        status: action_status(raw.status.as_str().unwrap_or(UNKNOWN)),
        leg: raw.leg.meaning(),
        digits: raw.digits(),
        client_action_id: raw.client_action_id.text(),
        at: raw.timestamp.instant(),
    })
}

fn action_status(word: &str) -> CallActionStatus {
    if spelling(word) == CallActionStatus::Received.as_str() {
        CallActionStatus::Received
    } else {
        CallActionStatus::Completed(word.to_owned())
    }
}

/// Reads a voice call status's payload.
pub(super) fn status(payload: Members<'_>, faults: &mut Vec<Fault>) -> Option<CallStatus> {
    let raw = RawCall::read(payload);
    let session = required_id("sessionId", &raw.session, faults)?;
    Some(CallStatus {
        event: optional_id(&raw.event).map(EventId::new),
        session: SessionId::new(session),
        sub_account: optional_id(&raw.sub_account).map(SubAccountId::new),
        status: raw.status.as_str().unwrap_or(UNKNOWN).to_owned(),
        leg: raw.leg.meaning(),
        at: raw.timestamp.instant(),
    })
}
