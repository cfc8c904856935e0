//! Call actions and call statuses.

use super::{action, body, read, with};
use crate::call::event::{CallActionStatus, Direction};
use crate::platform::webhook::{Kind, Webhook, parse};

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
