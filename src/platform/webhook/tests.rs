//! Every form of every webhook that the platform is known to send, and every refusal.

use super::{ID_LIMIT, Kind, Webhook, parse};
use crate::call::event::{CallAction, CallActionStatus, Direction, SessionSummary};

/// A body that the platform documents.
macro_rules! wire {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wire/", $name))
    };
}

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

#[test]
fn kinds_are_told_by_their_event_type() {
    for kind in Kind::ALL {
        assert_eq!(Kind::from_event_type(kind.event_type()), Some(kind));
        let body = body(kind, r#""eventId":"e-1","sessionId":"s-1""#);
        let webhook = parse(body.as_bytes(), None).expect("every type is taken");
        assert_eq!(webhook.kind(), kind);
    }
    assert_eq!(Kind::NumberUpdate.body_limit(), 8_388_608);
    assert_eq!(Kind::CallAction.body_limit(), 262_144);
}

#[test]
fn an_incoming_call_is_read_whole() {
    let action = action(wire!("vca_call_received.json"));
    assert_eq!(
        action.event.as_str(),
        "eb0fc709-9693-11ea-454d-1705dde98182"
    );
    assert_eq!(
        action.session.as_str(),
        "a1d6a5e2-efec-11e9-b999-efc71013a78f"
    );
    assert_eq!(action.status, CallActionStatus::Received);
    assert_eq!(action.digits, None);
    assert_eq!(action.client_action_id, None);
    assert_eq!(
        action.at.map(|at| at.to_string()).as_deref(),
        Some("2019-10-16T08:12:01Z")
    );
    let leg = action.leg;
    let source = leg.source.as_ref().map(|number| number.as_it_came());
    assert_eq!(source, Some("+65123456789"));
    assert_eq!(leg.direction, Some(Direction::Inbound));
    assert_eq!(leg.source_country.as_deref(), Some("SG"));
    assert_eq!((leg.duration_seconds, leg.sip_code), (Some(0), Some(200)));
    let account = action.sub_account.expect("the sample has one");
    assert_eq!(account.as_str(), "your_subaccount_id");
}

#[test]
fn digits_are_found_in_every_place() {
    for (body, digits) in [
        (wire!("vca_dtmf_payload.json"), Some("3")),
        (wire!("vca_dtmf_event_data.json"), Some("1")),
        (wire!("vca_event_data_string.json"), Some("1")),
        (wire!("vca_no_digits.json"), None),
    ] {
        let action = action(body);
        assert_eq!(action.digits.as_ref().map(|digits| digits.as_str()), digits);
    }
    for (payload, digits) in [
        (r#""dtmf":"12*#""#, Some("12*#")),
        (r#""dtmf":5"#, Some("5")),
        (
            r#""dtmf":1234567890123456789012345"#,
            Some("1234567890123456789012345"),
        ),
        (r#""dtmf":"007""#, Some("007")),
        (r#""eventData":7"#, Some("7")),
        (r#""eventData":{"dtmf":7}"#, Some("7")),
        (r#""eventData":{"other":"9","dtmf":"7"}"#, Some("7")),
        (r#""dtmf":null,"eventData":"7""#, Some("7")),
        (r#""dtmf":"","eventData":{"dtmf":"7"}"#, Some("7")),
        (r#""dtmf":"1","dtmf":"2""#, Some("2")),
        (r#""dtmf":"1","dtmf":null"#, None),
        (r#""eventData":{"dtmf":"1"},"eventData":"2""#, Some("2")),
        (r#""eventData":{"dtmf":"1","dtmf":"2"}"#, Some("2")),
        (r#""dtmf":"""#, None),
        (r#""eventData":"""#, None),
        (r#""eventData":null"#, None),
        (r#""eventData":{}"#, None),
        (r#""eventData":["7"]"#, None),
        (r#""dtmf":{"dtmf":"7"}"#, None),
        (r#""dtmf":true"#, None),
    ] {
        let action = action(&with(payload));
        let read = action.digits.as_ref().map(|digits| digits.as_str());
        assert_eq!(read, digits, "{payload}");
    }
}

#[test]
fn statuses_of_call_actions_are_known_or_kept() {
    for (word, status) in [
        (r#""CALL_RECEIVED""#, CallActionStatus::Received),
        (r#""call received""#, CallActionStatus::Received),
        (
            r#""ACTION_COMPLETED""#,
            CallActionStatus::Completed("ACTION_COMPLETED".to_owned()),
        ),
        (
            r#""Something New""#,
            CallActionStatus::Completed("Something New".to_owned()),
        ),
        ("null", CallActionStatus::Completed("UNKNOWN".to_owned())),
        ("{}", CallActionStatus::Completed("UNKNOWN".to_owned())),
    ] {
        let action = action(&with(&format!(r#""callStatus":{word}"#)));
        assert_eq!(action.status, status);
    }
}

#[test]
fn optional_fields_may_be_of_any_type_or_missing() {
    let odd = with(
        r#""callId":["x"],"subAccountId":{},"callDirection":7,"source":6591234567,"destination":false,
        "callDuration":"12","sipCode":"486","timestamp":12,"clientActionId":77,"new":{"deep":[1,{"a":null}]}"#,
    );
    let action = action(&odd);
    let source = action.leg.source.as_ref().map(|number| number.as_it_came());
    assert_eq!(source, Some("6591234567"));
    assert_eq!(action.leg.destination, None);
    assert_eq!(action.leg.call, None);
    assert_eq!(action.leg.direction, None);
    assert_eq!(action.leg.duration_seconds, Some(12));
    assert_eq!(action.leg.sip_code, Some(486));
    assert_eq!(action.sub_account, None);
    assert_eq!(action.at, None);
    assert_eq!(action.client_action_id.as_deref(), Some("77"));
}

#[test]
fn the_last_of_a_repeated_key_counts() {
    let body = r#"{"payload":3,"eventType":"VOICE","payload":{"sessionId":"a","sessionId":"b","eventId":"e",
        "source":"+6591234567","source":"+6590000000"},"eventType":"CALL_ACTION"}"#;
    let action = action(body);
    assert_eq!(action.session.as_str(), "b");
    let source = action.leg.source.as_ref().map(|number| number.as_it_came());
    assert_eq!(source, Some("+6590000000"));
    let gone =
        r#"{"eventType":"CALL_ACTION","payload":{"sessionId":"a","eventId":"e"},"payload":null}"#;
    assert!(parse(gone.as_bytes(), None).is_err());
}

#[test]
fn what_is_no_unicode_spoils_nothing_but_itself() {
    let action = action(&with(
        r#""source":"\ud800","\udc00":1,"clientActionId":"\u0000\u2028\r\n\u001b","callDuration":1e999"#,
    ));
    assert_eq!(action.leg.source, None);
    assert_eq!(action.leg.duration_seconds, None);
    assert_eq!(
        action.client_action_id.as_deref(),
        Some("\0\u{2028}\r\n\u{1b}")
    );
}

#[test]
fn a_call_status_is_read() {
    let Webhook::CallStatus(status) = read(wire!("vcs.json"), Kind::CallStatus) else {
        panic!("not a call status");
    };
    assert_eq!(status.status, "CALL_RECEIVED");
    let event = status.event.expect("the sample has one");
    assert_eq!(event.as_str(), "e2078079-eae8-11f0-ae64-a500004e488e");
    assert_eq!(status.leg.destination_country.as_deref(), Some("LK"));
    let bare = body(Kind::CallStatus, r#""sessionId":"s-1""#);
    assert!(parse(bare.as_bytes(), None).is_ok());
}

#[test]
fn a_summary_of_a_masked_call_is_read_whole() {
    let summary = summary(wire!("vss_masking.json"));
    assert_eq!(summary.status, "COMPLETED");
    assert_eq!(summary.call_count, Some(2));
    assert_eq!(summary.last_action.as_deref(), Some("makeCall"));
    assert_eq!(summary.error, None);
    let [a, b] = summary.legs.as_slice() else {
        panic!("not two legs");
    };
    assert_eq!((a.name.as_str(), b.name.as_str()), ("callA", "callB"));
    assert_eq!(
        (a.mos, a.packet_loss_rate, a.jitter),
        (Some(4.41), Some(0.2), Some(3.1))
    );
    assert_eq!((b.mos, b.leg.duration_seconds), (None, Some(54)));
    assert_eq!(b.leg.direction, Some(Direction::Outbound));
    assert!(a.initiated_at < a.connected_at && a.connected_at < a.disconnected_at);
}

#[test]
fn a_summary_in_its_other_spellings_is_read() {
    let summary = summary(wire!("vss_no_answer.json"));
    assert_eq!(summary.status, "NO_ANSWER");
    let legs: Vec<_> = summary
        .legs
        .iter()
        .map(|leg| (leg.name.as_str(), leg.status.as_deref()))
        .collect();
    assert_eq!(
        legs,
        [("callA", Some("COMPLETED")), ("callB", Some("NO_ANSWER"))]
    );
    assert_eq!(summary.legs[1].connected_at, None);
}

#[test]
fn a_summary_says_what_went_wrong() {
    let failed = summary(wire!("vss_error.json"));
    assert_eq!(failed.status, "ERROR");
    let error = failed.error.expect("the sample has one");
    assert_eq!(error.code, Some(-2003));
    assert_eq!(error.message.as_deref(), Some("Invalid callflow"));
    assert_eq!(failed.last_action, None);
    for (details, code) in [
        (r#"{"errorCode":-2004}"#, Some(-2004)),
        (r#"{"errorCode":"-9999","errorMsg":null}"#, Some(-9999)),
        (r#"{}"#, None),
        ("null", None),
        (r#""boom""#, None),
    ] {
        let payload = format!(r#""sessionId":"s-1","errorDetails":{details}"#);
        let summary = summary(&body(Kind::SessionSummary, &payload));
        assert_eq!(
            summary.error.and_then(|error| error.code),
            code,
            "{details}"
        );
    }
}

#[test]
fn legs_come_in_order_and_once() {
    let details = r#"{"callC":{},"CallB":{},"callA":{"callStatus":"BUSY"},"CallA":{"callStatus":"CANCELLED"},
        "callB":3,"callCount":{},"callé":{},"other":{}}"#;
    let payload = format!(r#""sessionId":"s-1","details":{details}"#);
    let summary = summary(&body(Kind::SessionSummary, &payload));
    let names: Vec<_> = summary.legs.iter().map(|leg| leg.name.as_str()).collect();
    assert_eq!(names, ["callA", "callC"]);
    assert_eq!(summary.legs[0].status.as_deref(), Some("CANCELED"));
}

#[test]
fn endings_are_known_or_kept() {
    let optout = summary(wire!("vss_optout.json"));
    assert_eq!(optout.status, "COMPLETED_UNSUBSCRIBED");
    assert_eq!(
        optout.client_request_id.as_deref(),
        Some("campaign-7-recipient-12")
    );
    for (came, kept) in [
        ("BUSY", "BUSY"),
        ("CANCELLED", "CANCELED"),
        ("Gone Fishing", "Gone Fishing"),
    ] {
        let payload = format!(r#""sessionId":"s-1","sessionStatus":"{came}""#);
        assert_eq!(summary(&body(Kind::SessionSummary, &payload)).status, kept);
    }
}

#[test]
fn a_recording_update_is_read() {
    let Webhook::Recording(update) = read(wire!("vru.json"), Kind::Recording) else {
        panic!("not a recording update");
    };
    assert_eq!(update.recording, "eef54fc2-065a-11ec-bce9-ed1000154345");
    assert_eq!(update.duration_seconds, Some(25));
    assert_eq!(update.status, "UPLOAD_COMPLETED");
    assert!(update.file_path.is_some_and(|path| path.ends_with(".mp3")));
}

#[test]
fn number_updates_are_read() {
    let Webhook::Numbers(all) = read(wire!("vnu_snapshot.json"), Kind::NumberUpdate) else {
        panic!("not a number update");
    };
    assert_eq!(
        (all.kind.as_str(), all.total, all.numbers.len()),
        ("SNAPSHOT", Some(2), 2)
    );
    assert_eq!(all.numbers[1].status.as_deref(), Some("Unhealthy"));
    let Webhook::Numbers(changed) = read(wire!("vnu_updates.json"), Kind::NumberUpdate) else {
        panic!("not a number update");
    };
    assert_eq!((changed.kind.as_str(), changed.total), ("UPDATES", Some(1)));
    assert_eq!(changed.numbers[0].number.as_it_came(), "6561115778");
    assert_eq!(changed.numbers[0].reference, None);
}

#[test]
fn a_long_number_update_is_read_and_odd_items_are_left_out() {
    let numbers: Vec<_> = (0..20_000)
        .map(|n| format!(r#"{{"msisdn":"65{n:08}"}}"#))
        .collect();
    let payload = format!(r#""virtualNumbers":[3,{{}},null,{}]"#, numbers.join(","));
    let Webhook::Numbers(update) = read(&body(Kind::NumberUpdate, &payload), Kind::NumberUpdate)
    else {
        panic!("not a number update");
    };
    assert_eq!(update.numbers.len(), 20_000);
}

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
