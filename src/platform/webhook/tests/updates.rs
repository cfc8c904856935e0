//! Session summaries, recordings and virtual numbers.

use super::{body, read, summary};
use crate::call::event::Direction;
use crate::platform::webhook::{Kind, Webhook};

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
