//! What the API shows of a session and a flow, and to whom.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use axum::body::Body;
use axum::http::Request;

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;

use crate::call::event::{Direction, Leg, RecordingUpdate, SummaryError, SummaryLeg};
use crate::call::{PhoneNumber, SessionId, SubAccountId};
use crate::config::Scope;
use crate::flow::Met;
use crate::flow::model::{FlowId, FlowVersion, StepName};
use crate::flow::need::{MetAt, Response};
use crate::http::Site;
use crate::http::app::testing::{FakeStore, Mood, ask, config, request, serving, with_tokens};
use crate::store::SessionRecord;
use crate::store::records::{SessionRow, TraceEntry};

const CALLER: &str = "6591234567";

fn time(text: &str) -> Timestamp {
    text.parse().expect("a test's time is valid")
}

fn leg() -> SummaryLeg {
    SummaryLeg {
        name: "callA".to_owned(),
        leg: Leg {
            source: Some(PhoneNumber::new(format!("+{CALLER}"))),
            sip_code: Some(200),
            ..Leg::default()
        },
        status: Some("COMPLETED".to_owned()),
        initiated_at: Some(time("2026-11-20T04:30:00Z")),
        connected_at: None,
        disconnected_at: None,
        mos: Some(4.1),
        packet_loss_rate: None,
        jitter: None,
    }
}

fn trace() -> Vec<TraceEntry> {
    let entry = TraceEntry {
        kind: "VCA".to_owned(),
        received_at: time("2026-11-20T04:30:01Z"),
        status: "DTMF_RECEIVED".to_owned(),
        digits: Some("1".to_owned()),
        secret_digits: false,
        step: Some("main".to_owned()),
        path: vec!["person".to_owned()],
        met: vec![MetAt {
            step: StepName::new("find"),
            met: Met::Lookup(Ok(Response {
                status: 200,
                fields: Some(BTreeMap::from([
                    ("phone".to_owned(), CALLER.to_owned()),
                    ("when".to_owned(), "2026-11-21T19:00:00".to_owned()),
                ])),
            })),
        }],
        sip_code: None,
        outcome: Some("went_on".to_owned()),
        reply: Some(format!(
            r#"{{"callflow":[{{"action":"say","params":{{"text":"You are {CALLER}"}}}},{{"action":"hangup"}}]}}"#
        )),
    };
    let secret = TraceEntry {
        digits: None,
        secret_digits: true,
        reply: None,
        ..entry.clone()
    };
    vec![entry, secret]
}

/// A session in which the caller's number stands wherever one can.
fn session() -> Arc<FakeStore> {
    FakeStore::showing(SessionRecord {
        row: SessionRow {
            id: SessionId::new("s-1"),
            sub_account: Some(SubAccountId::new("main")),
            direction: Some(Direction::Inbound),
            source: Some(PhoneNumber::new(format!("+{CALLER}"))),
            destination: Some(PhoneNumber::new("+6561115777")),
            flow: Some((FlowId::new("shop"), FlowVersion::new("0123456789ab"))),
            status: "COMPLETED".to_owned(),
            started_at: time("2026-11-20T04:30:00.125Z"),
            ended_at: Some(time("2026-11-20T04:31:00Z")),
        },
        error: Some(SummaryError {
            code: Some(-2008),
            message: Some(format!("caller id {CALLER} is not allowed")),
        }),
        legs: vec![leg()],
        trace: trace(),
        recordings: vec![RecordingUpdate {
            session: SessionId::new("s-1"),
            recording: "r-1".to_owned(),
            duration_seconds: Some(7),
            file_path: Some(format!("/records/{CALLER}/a.wav")),
            status: "UPLOAD_COMPLETED".to_owned(),
        }],
    })
}

#[tokio::test]
async fn a_session_is_listed_with_its_numbers_masked() {
    let router = serving(config(), &session()).0;
    let answer = ask(
        &router,
        request("GET", "/v1/sessions?status=COMPLETED", None, ""),
    )
    .await;
    let expected = json!({"items": [{
        "session_id": "s-1", "direction": "INBOUND", "source": "+65••••4567", "destination": "+65••••5777",
        "flow": "shop", "version": "0123456789ab", "status": "COMPLETED",
        "started_at": "2026-11-20T04:30:00.125Z", "ended_at": "2026-11-20T04:31:00Z",
    }], "next_cursor": null});
    assert_eq!((answer.status, answer.body), (200, expected));
}

#[tokio::test]
async fn a_session_is_shown_whole_without_a_number_in_it() {
    let router = serving(config(), &session()).0;
    let answer = ask(&router, request("GET", "/v1/sessions/s-1", None, "")).await;
    let shown = &answer.body;
    assert_eq!(
        (answer.status, &shown["sub_account"]),
        (200, &json!("main"))
    );
    assert!(!shown.to_string().contains(CALLER), "{shown}");
    assert_eq!(shown["session_id"], "s-1");
    assert_eq!(
        shown["error"]["message"],
        "caller id +65••••4567 is not allowed"
    );
    assert_eq!(shown["legs"][0]["source"], "+65••••4567");
    assert_eq!(shown["trace"][0]["digits"], "1");
    assert_eq!(
        shown["trace"][0]["reply"]["callflow"][0]["params"]["text"],
        "You are +65••••4567"
    );
    assert_eq!(
        shown["trace"][0]["needs"],
        json!([{"step": "find", "kind": "lookup", "outcome": "answered", "status": 200,
            "fields": {"phone": "+65••••4567", "when": "2026-11-21T19:00:00"}}])
    );
    assert_eq!(shown["trace"][1]["digits"], "••••");
    assert_eq!(shown["recordings"][0]["recording_id"], "r-1");
}

#[tokio::test]
async fn the_scope_numbers_shows_them_whole() {
    let tokens: [(&str, &[Scope]); 2] = [
        ("reader", &[Scope::Read]),
        ("seer", &[Scope::Read, Scope::Numbers]),
    ];
    let router = serving(with_tokens(config(), "127.0.0.1:0", &tokens), &session()).0;
    for (token, whole) in [("Bearer reader", false), ("Bearer seer", true)] {
        for path in ["/v1/sessions", "/v1/sessions/s-1"] {
            let answer = ask(&router, request("GET", path, Some(token), "")).await;
            assert_eq!(
                answer.body.to_string().contains(CALLER),
                whole,
                "{token} {path}"
            );
        }
        let flows = ask(&router, request("GET", "/v1/flows", Some(token), ""))
            .await
            .body;
        let answers = if whole {
            "+6561115777"
        } else {
            "+65••••5777"
        };
        assert_eq!(flows["items"][0]["answers"], json!([answers]));
    }
}

#[tokio::test]
async fn flows_are_shown_with_where_they_lead() {
    let router = serving(config(), &FakeStore::new(Mood::Works)).0;
    let listed = ask(&router, request("GET", "/v1/flows", None, ""))
        .await
        .body;
    assert_eq!(
        listed,
        json!({"items": [{"id": "shop", "name": "The shop", "version": "0123456789ab", "answers": ["+65••••5777"],
            "start": "main", "languages": ["en"], "step_count": 2}],
            "refused": null, "served_since": "1970-01-01T00:00:00Z"})
    );
    let shown = ask(&router, request("GET", "/v1/flows/shop", None, ""))
        .await
        .body;
    assert_eq!(
        shown["steps"][0],
        json!({"name": "main", "kind": "menu", "leads_to": [{"on": "1", "to": "person"}, {"on": "give_up", "to": "end"}]})
    );
    assert_eq!(
        shown["steps"][1]["leads_to"][3],
        json!({"on": "after", "to": "main"})
    );
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let router = serving(config(), &FakeStore::new(Mood::Works)).0;
    for path in [
        "/v1/sessions/s-2",
        "/v1/flows/none",
        "/v1/sessions/%ff",
        "/v1/flows/%ff",
    ] {
        let answer = ask(&router, request("GET", path, None, "")).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (404, &json!("not_found")),
            "{path}"
        );
    }
    let answer = ask(
        &router,
        request("GET", "/v1/sessions?limit=0&x=1", None, ""),
    )
    .await;
    assert_eq!(
        (
            answer.status,
            answer.body["errors"].as_array().map(Vec::len)
        ),
        (400, Some(2))
    );
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_or_hangs_is_a_problem() {
    for mood in [Mood::Fails, Mood::Hangs] {
        let router = serving(config(), &FakeStore::new(mood)).0;
        for path in ["/v1/sessions", "/v1/sessions/s-1"] {
            let answer = ask(&router, request("GET", path, None, "")).await;
            assert_eq!(
                (answer.status, &answer.body["code"]),
                (503, &json!("store_unavailable"))
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_person_is_to_be_erased_once_that_is_kept() {
    for (mood, status) in [
        (Mood::Works, 202),
        (Mood::Lags, 202),
        (Mood::Fails, 503),
        (Mood::Hangs, 503),
    ] {
        let router = serving(config(), &FakeStore::new(mood)).0;
        let body = r#"{"phone": "+6591234567"}"#;
        let answer = ask(&router, request("POST", "/v1/subjects/erase", None, body)).await;
        assert_eq!(answer.status, status, "{mood:?}: {}", answer.body);
        let is_shown = answer.body["id"].is_string() && answer.body["done_at"].is_null();
        assert_eq!(is_shown, status == 202, "{mood:?}: {}", answer.body);
    }
}

/// A path that a stranger may ask for.
fn path() -> impl Strategy<Value = String> {
    let query = prop_oneof![
        "(from|to|number|flow|status|cursor|limit|x)=[!$-.0-~]{0,40}",
        "[!$-~]{0,60}",
        "(%[0-9a-f]{2}){0,20}",
    ];
    let known = prop_oneof![
        Just("/v1/sessions".to_owned()),
        Just("/v1/flows".to_owned()),
        "/v1/sessions/[!$-.0->@-~]{1,60}",
        "/v1/flows/(%[0-9a-f]{2}){1,20}",
        "/[!$-.0->@-~]{0,40}",
    ];
    (known, prop::collection::vec(query, 0..6))
        .prop_map(|(path, query)| format!("{path}?{}", query.join("&")))
}

/// A header that a stranger may send.
fn header() -> impl Strategy<Value = (&'static str, Vec<u8>)> {
    let name = prop_oneof![
        Just("authorization"),
        Just("x-request-id"),
        Just("content-type"),
        Just("accept"),
        Just("expect"),
    ];
    let byte = prop_oneof![32..127_u8, 128..=255_u8];
    (name, prop::collection::vec(byte, 0..80))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_a_stranger_asks_is_our_mistake(
        path in path(),
        method in prop_oneof![Just("GET"), Just("HEAD"), Just("POST"), Just("BREW")],
        headers in prop::collection::vec(header(), 0..4),
    ) {
        static SERVER: LazyLock<(tokio::runtime::Runtime, Site)> = LazyLock::new(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
            (runtime.expect("a runtime"), serving(config(), &session()).0)
        });
        let (runtime, router) = &*SERVER;
        let asked = headers.into_iter().fold(Request::builder().method(method).uri(path), |asked, (name, value)| {
            asked.header(name, value)
        });
        // What hyper itself would refuse never gets here.
        let Ok(asked) = asked.body(Body::empty()) else { return Ok(()) };
        let answer = runtime.block_on(ask(router, asked));
        prop_assert!(answer.status < 500, "{}", answer.status);
        if answer.status >= 400 && method != "HEAD" {
            prop_assert!(answer.body["code"].is_string(), "{}", answer.body);
        }
    }
}
