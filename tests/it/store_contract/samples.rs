//! Webhooks and exchanges to try a store with. Times are seconds after a moment in 2026.

use std::collections::BTreeMap;
use std::sync::Arc;

use callwright::call::event::{
    CallAction, CallActionStatus, CallStatus, Direction, Leg, RecordingUpdate, SessionSummary,
    SummaryLeg,
};
use callwright::call::{CallId, Digits, EventId, PhoneNumber, SessionId, SubAccountId};
use callwright::flow::model::{FlowId, FlowVersion, Language, StepName, VariableName};
use callwright::flow::need::{MetAt, Response};
use callwright::flow::step::Value;
use callwright::flow::{Met, Position};
use callwright::session::{Exchange, Outcome, Recall, Session, Stage};
use callwright::store::{SessionRecord, Store, Webhook};
use jiff::Timestamp;

pub(crate) const CALLER: &str = "+6591234567";
pub(crate) const CALLED: &str = "6561115777";

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).expect("a time in 2026")
}

pub(crate) fn id(session: &str) -> SessionId {
    SessionId::new(session)
}

pub(crate) fn value(text: &str, secret: bool) -> Value {
    Value {
        text: text.to_owned(),
        secret,
    }
}

pub(crate) fn leg(call: &str) -> Leg {
    Leg {
        call: Some(CallId::new(call)),
        direction: Some(Direction::Inbound),
        call_type: Some("PSTN".to_owned()),
        source: Some(PhoneNumber::new(CALLER)),
        destination: Some(PhoneNumber::new(CALLED)),
        source_country: Some("SG".to_owned()),
        destination_country: Some("SG".to_owned()),
        duration_seconds: None,
        sip_code: None,
    }
}

/// A session that waits at the main menu after `replies` replies.
pub(crate) fn session(name: &str, replies: u32) -> Session {
    Session {
        id: id(name),
        sub_account: Some(SubAccountId::new("ivr_1")),
        direction: Direction::Inbound,
        caller: Some(PhoneNumber::new(CALLER)),
        called: Some(PhoneNumber::new(CALLED)),
        caller_country: Some("SG".to_owned()),
        started_at: at(0),
        flow: FlowId::new("restaurant"),
        version: FlowVersion::new("7f3c9a000000"),
        stage: Stage::Waiting(Position {
            step: StepName::new("main"),
            wrong_tries: 1,
            language: Language::new("en"),
            variables: BTreeMap::from([(VariableName::new("day"), value("Friday", false))]),
            last_menu: Some(StepName::new("welcome")),
        }),
        replies,
    }
}

/// What a look-up of `step` brought.
pub(crate) fn looked_up(step: &str) -> MetAt {
    let fields = BTreeMap::from([("guests".to_owned(), "4".to_owned())]);
    MetAt {
        step: StepName::new(step),
        met: Met::Lookup(Ok(Response {
            status: 200,
            fields: Some(fields),
        })),
    }
}

/// The voice call action `event` of session `name`, which answers reply number `answers` and moves the session on.
pub(crate) fn exchange(name: &str, event: &str, answers: u32) -> Exchange {
    let second = i64::from(answers);
    Exchange {
        action: Arc::new(CallAction {
            event: EventId::new(event),
            session: id(name),
            sub_account: Some(SubAccountId::new("ivr_1")),
            status: match answers {
                0 => CallActionStatus::Received,
                _ => CallActionStatus::Completed("ACTION_COMPLETED".to_owned()),
            },
            leg: leg("leg-a"),
            digits: (answers > 0).then(|| Digits::new("2")),
            client_action_id: None,
            at: Some(at(second)),
        }),
        body: format!(r#"{{"eventId":"{event}"}}"#),
        secret_digits: false,
        received_at: at(second),
        answers,
        step: (answers > 0).then(|| StepName::new("main")),
        path: vec![StepName::new("welcome"), StepName::new("main")],
        met: match answers {
            0 => Vec::new(),
            _ => vec![looked_up("find")],
        },
        outcome: match answers {
            0 => Outcome::Started,
            _ => Outcome::WentOn,
        },
        reply: format!("reply to {event}").into(),
        session: Some(session(name, answers + 1)),
        masked: None,
        saved: BTreeMap::new(),
    }
}

/// A voice call action that is answered with an apology and carried by no flow.
pub(crate) fn apology(name: &str, event: &str) -> Exchange {
    Exchange {
        outcome: Outcome::UnknownSession,
        session: None,
        ..exchange(name, event, 0)
    }
}

pub(crate) fn recall(name: &str, event: &str, answers: Option<u32>) -> Recall {
    Recall {
        event: EventId::new(event),
        session: id(name),
        answers,
    }
}

pub(crate) fn webhook<E>(event: E, body: &str, second: i64) -> Webhook<E> {
    Webhook {
        event,
        body: body.to_owned(),
        received_at: at(second),
    }
}

/// The status `word` of leg `call`, with an event id of its own.
pub(crate) fn status(name: &str, call: &str, word: &str, second: i64) -> Webhook<CallStatus> {
    let event = format!("{name} {call} {word} {second}");
    let status = CallStatus {
        event: Some(EventId::new(event.as_str())),
        session: id(name),
        sub_account: Some(SubAccountId::new("ivr_1")),
        status: word.to_owned(),
        leg: leg(call),
        at: Some(at(second)),
    };
    webhook(status, &event, second)
}

/// A summary of one leg, which lasted from second 0 to second 60.
pub(crate) fn summary(name: &str, word: &str, second: i64) -> Webhook<SessionSummary> {
    let summary = SessionSummary {
        session: id(name),
        sub_account: Some(SubAccountId::new("ivr_1")),
        status: word.to_owned(),
        started_at: Some(at(0)),
        ended_at: Some(at(60)),
        last_action: Some("hangup".to_owned()),
        call_count: Some(1),
        client_request_id: None,
        error: None,
        legs: vec![SummaryLeg {
            name: "callA".to_owned(),
            leg: Leg {
                duration_seconds: Some(60),
                ..leg("leg-a")
            },
            status: Some("COMPLETED".to_owned()),
            initiated_at: Some(at(0)),
            connected_at: Some(at(1)),
            disconnected_at: Some(at(60)),
            mos: Some(4.2),
            packet_loss_rate: Some(0.0),
            jitter: Some(0.5),
        }],
    };
    webhook(summary, &format!("{name} {word} summary"), second)
}

pub(crate) fn recording(
    name: &str,
    recording: &str,
    word: &str,
    second: i64,
) -> Webhook<RecordingUpdate> {
    let update = RecordingUpdate {
        session: id(name),
        recording: recording.to_owned(),
        duration_seconds: Some(12),
        file_path: Some("2026/11/a.mp3".to_owned()),
        status: word.to_owned(),
    };
    webhook(update, &format!("{name} {recording} {word}"), second)
}

/// Session `name` as the store shows it.
pub(crate) async fn shown(store: &dyn Store, name: &str) -> SessionRecord {
    let record = store.session(&id(name)).await.expect("a store that reads");
    record.expect("a session that was kept")
}
