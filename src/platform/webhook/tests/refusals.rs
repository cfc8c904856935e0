//! What is refused, and how that is told.

use super::{action, body, with};
use crate::platform::webhook::{ID_LIMIT, Kind, parse};

/// The paths of the faults that a body is refused for.
fn paths(body: &str, expected: Option<Kind>) -> Vec<String> {
    let refusal = parse(body.as_bytes(), expected).expect_err("a body that is to be refused");
    for fault in &refusal.faults {
        assert!(!fault.message.is_empty() && !fault.help.is_empty());
    }
    refusal.faults.into_iter().map(|fault| fault.path).collect()
}

#[test]
fn all_faults_are_told_at_once() {
    use Kind::{CallAction, CallStatus, NumberUpdate, Recording, SessionSummary};
    let (event, payload) = ("$.eventType", "$.payload");
    let (event_id, session_id) = ("$.payload.eventId", "$.payload.sessionId");
    for (body, expected, faults) in [
        ("", None, &["$"][..]),
        ("hello", Some(CallAction), &["$"]),
        ("{\"payload\":{}", Some(CallAction), &["$"]),
        ("{} {}", Some(CallAction), &["$"]),
        ("[]", Some(CallAction), &["$"]),
        ("null", None, &["$"]),
        ("{}", None, &[event, payload]),
        ("{}", Some(CallAction), &[event, payload]),
        (
            r#"{"payload":{}}"#,
            Some(CallAction),
            &[event, event_id, session_id],
        ),
        (r#"{"payload":{}}"#, Some(CallStatus), &[event, session_id]),
        (
            r#"{"payload":{}}"#,
            Some(SessionSummary),
            &[event, session_id],
        ),
        (r#"{"payload":{}}"#, Some(Recording), &[event, session_id]),
        (r#"{"payload":{}}"#, Some(NumberUpdate), &[event]),
        (r#"{"payload":{}}"#, None, &[event]),
        (
            r#"{"eventType":"CALL_ACTION","payload":[]}"#,
            None,
            &[payload],
        ),
        (
            r#"{"eventType":"CALL_ACTION","payload":{}}"#,
            None,
            &[event_id, session_id],
        ),
        (
            r#"{"eventType":"CALL_ACTION","payload":{"sessionId":"","eventId":true}}"#,
            None,
            &[event_id, session_id],
        ),
        (
            r#"{"eventType":"CALL_STATUS","payload":{"sessionId":"s"}}"#,
            Some(SessionSummary),
            &[event],
        ),
        (
            r#"{"eventType":"NEWS","payload":{"sessionId":"s"}}"#,
            None,
            &[event],
        ),
        (
            r#"{"eventType":"NEWS","payload":{"sessionId":"s"}}"#,
            Some(CallStatus),
            &[event],
        ),
    ] {
        assert_eq!(paths(body, expected), faults, "{body} {expected:?}");
    }
}

#[test]
fn ids_end_at_their_limit() {
    let with_id = |characters: usize| {
        let id = "é".repeat(characters);
        body(Kind::CallStatus, &format!(r#""sessionId":"{id}""#))
    };
    assert!(parse(with_id(ID_LIMIT).as_bytes(), None).is_ok());
    assert_eq!(paths(&with_id(ID_LIMIT + 1), None), ["$.payload.sessionId"]);
    let long = "a".repeat(ID_LIMIT + 1);
    let optional = action(&with(&format!(
        r#""callId":"{long}","subAccountId":"{long}""#
    )));
    assert_eq!((optional.leg.call, optional.sub_account), (None, None));
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let refusal = parse(b"{\"a\":\"\xff\"}", None).expect_err("no UTF-8");
    assert_eq!(refusal.faults[0].message, "is not UTF-8 from byte 6 on");
    let deep = "[".repeat(1_000_000);
    assert_eq!(paths(&deep, None), ["byte 32"]);
}

#[test]
fn a_refusal_repeats_nothing_of_the_body() {
    let body =
        r#"{"eventType":"+6591234567","payload":{"sessionId":{"a":"8675309"},"dtmf":"8675309"}}"#;
    let refusal = parse(body.as_bytes(), Some(Kind::CallAction)).expect_err("faults");
    let told = format!("{refusal} {refusal:?}");
    assert!(
        !told.contains("91234567") && !told.contains("8675309"),
        "{told}"
    );
}
