//! Every form of every webhook that the platform is known to send, and every refusal.

use super::{Kind, Webhook, parse};
use crate::call::event::{CallAction, SessionSummary};

/// A body that the platform documents.
macro_rules! wire {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wire/", $name))
    };
}

mod calls;
mod refusals;
mod updates;

fn read(body: &str, kind: Kind) -> Webhook {
    parse(body.as_bytes(), Some(kind)).expect("a body that is to be accepted")
}

fn action(body: &str) -> CallAction {
    match read(body, Kind::CallAction) {
        Webhook::CallAction(action) => action,
        other => panic!("not a call action: {other:?}"),
    }
}

fn summary(body: &str) -> SessionSummary {
    match read(body, Kind::SessionSummary) {
        Webhook::SessionSummary(summary) => summary,
        other => panic!("not a session summary: {other:?}"),
    }
}

/// A body of that type with just these payload fields.
fn body(kind: Kind, payload: &str) -> String {
    format!(
        r#"{{"namespace":"VOICE","eventType":"{}","payload":{{{payload}}}}}"#,
        kind.event_type()
    )
}

fn with(payload: &str) -> String {
    let ids = r#""eventId":"e-1","sessionId":"s-1""#;
    body(Kind::CallAction, &format!("{ids},{payload}"))
}
