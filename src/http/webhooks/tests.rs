//! Webhooks at the door: who is let in, how large, what is answered when all is well and when it is not.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use serde_json::{Value, json};

use super::{ANSWER_BUDGET, Broken, unbroken};
use crate::http::app::testing::{
    Answered, FakeStore, Mood, ask, config, request, serving, with_sub_accounts,
};
use crate::http::turns::{PATIENCE, Turn, Waiting};
use crate::http::{App, Site};

const PATHS: [(&str, &str); 5] = [
    ("/webhooks/vca", "CALL_ACTION"),
    ("/webhooks/vcs", "CALL_STATUS"),
    ("/webhooks/vss", "SESSION_SUMMARY"),
    ("/webhooks/vru", "CALL_RECORDING_STATUS"),
    ("/webhooks/vnu", "VIRTUAL_NUMBER_UPDATE"),
];

/// A webhook of every type at once: what one does not know it ignores.
fn body(event_type: &str) -> String {
    json!({"namespace": "VOICE", "eventType": event_type, "payload": {
        "eventId": "e-1", "sessionId": "s-1", "subAccountId": "main", "callStatus": "CALL_RECEIVED",
        "callDirection": "INBOUND", "source": "+6591234567", "destination": "+6561115777", "dtmf": "8675309",
        "sessionStatus": "COMPLETED", "recordingId": "r-1", "status": "UPLOAD_COMPLETED",
        "updateEventType": "UPDATES", "virtualNumbers": [],
    }})
    .to_string()
}

/// The same, as long as `length` bytes.
fn body_of(event_type: &str, length: usize) -> String {
    let plain = body(event_type);
    format!("{plain}{}", " ".repeat(length - plain.len()))
}

fn router(store: &Arc<FakeStore>) -> Site {
    serving(config(), store).0
}

async fn post(router: &Site, path: &str, body: impl Into<axum::body::Body>) -> Answered {
    ask(router, request("POST", path, None, body)).await
}

#[tokio::test]
async fn each_type_is_taken_at_its_path_and_at_the_common_one() {
    let store = FakeStore::new(Mood::Works);
    let router = router(&store);
    for (path, event_type) in PATHS {
        for path in [path, "/webhooks"] {
            let answer = post(&router, path, body(event_type)).await;
            assert_eq!(answer.status, 200, "{path} {event_type} {}", answer.body);
            let spoken = answer.body["callflow"].is_array();
            assert_eq!(spoken, event_type == "CALL_ACTION");
            assert!(
                spoken || answer.body == json!({"status": "stored"}),
                "{}",
                answer.body
            );
            assert_eq!(answer.headers["content-type"], "application/json");
        }
    }
    // The voice call action came twice with one event id: once is enough.
    assert_eq!(store.bodies().len(), 9);
    let statuses: Vec<_> = store
        .bodies()
        .into_iter()
        .filter(|body| body.contains("CALL_STATUS"))
        .collect();
    assert!(
        statuses.iter().all(|body| !body.contains("8675309")),
        "digits are stored"
    );
}

#[tokio::test]
async fn a_webhook_at_anothers_path_is_refused_with_all_its_faults() {
    let router = router(&FakeStore::new(Mood::Works));
    for (path, _) in PATHS {
        for (_, event_type) in PATHS.iter().filter(|(other, _)| *other != path) {
            let answer = post(&router, path, body(event_type)).await;
            assert_eq!(
                (answer.status, &answer.body["code"]),
                (400, &json!("bad_webhook"))
            );
            assert_eq!(answer.body["errors"][0]["path"], "$.eventType");
        }
    }
    let answer = post(
        &router,
        "/webhooks/vca",
        r#"{"eventType":"CALL_ACTION","payload":{}}"#,
    )
    .await;
    let paths: Vec<_> = answer.body["errors"]
        .as_array()
        .expect("faults are a list")
        .iter()
        .map(|fault| fault["path"].clone())
        .collect();
    assert_eq!(answer.status, 400);
    assert!(paths.contains(&json!("$.payload.sessionId")), "{paths:?}");
    assert!(paths.contains(&json!("$.payload.eventId")), "{paths:?}");
}

#[tokio::test]
async fn nothing_that_came_is_repeated() {
    let router = router(&FakeStore::new(Mood::Works));
    for body in [
        "+6591234567",
        r#"{"eventType":"+6591234567"}"#,
        r#"{"eventType":"CALL_ACTION","payload":"+6591234567"}"#,
        r#"{"eventType":"CALL_ACTION","payload":{"sessionId":["+6591234567"]}}"#,
    ] {
        let answer = post(&router, "/webhooks/vca", body).await;
        assert_eq!(answer.status, 400);
        assert!(
            !answer.body.to_string().contains("6591234567"),
            "{}",
            answer.body
        );
    }
}

#[tokio::test]
async fn bodies_have_exact_limits() {
    let router = router(&FakeStore::new(Mood::Works));
    let (small, large) = (256 * 1024, 8 * 1024 * 1024);
    for (path, event_type, length, expected) in [
        ("/webhooks/vca", "CALL_ACTION", small, 200),
        ("/webhooks/vca", "CALL_ACTION", small + 1, 413),
        ("/webhooks/vcs", "CALL_STATUS", small + 1, 413),
        ("/webhooks/vss", "SESSION_SUMMARY", small + 1, 413),
        ("/webhooks/vru", "CALL_RECORDING_STATUS", small + 1, 413),
        ("/webhooks/vnu", "VIRTUAL_NUMBER_UPDATE", large, 200),
        ("/webhooks/vnu", "VIRTUAL_NUMBER_UPDATE", large + 1, 413),
        ("/webhooks", "CALL_ACTION", small, 200),
        ("/webhooks", "CALL_ACTION", small + 1, 413),
        ("/webhooks", "VIRTUAL_NUMBER_UPDATE", large, 200),
        ("/webhooks", "VIRTUAL_NUMBER_UPDATE", large + 1, 413),
    ] {
        let answer = post(&router, path, body_of(event_type, length)).await;
        assert_eq!(
            answer.status, expected,
            "{path} {event_type} {length} {}",
            answer.body
        );
    }
}

#[tokio::test]
async fn a_wrong_secret_is_refused_before_the_body_is_read() {
    let config = with_sub_accounts(&[("main", Some("first")), ("masked", Some("second"))]);
    let router = serving(config, &FakeStore::new(Mood::Works)).0;
    let never = || {
        axum::body::Body::from_stream(
            futures_util::stream::pending::<Result<&str, std::io::Error>>(),
        )
    };
    for wrong in [None, Some("third")] {
        let answer = ask(&router, request("POST", "/webhooks/vca", wrong, never())).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (401, &json!("wrong_webhook_secret"))
        );
    }
    let at_main = async |secret| {
        ask(
            &router,
            request("POST", "/webhooks/vca", Some(secret), body("CALL_ACTION")),
        )
        .await
        .status
    };
    assert_eq!(at_main("first").await, 200);
    assert_eq!(at_main("second").await, 401);
}

#[tokio::test]
async fn a_strange_sub_account_is_refused_but_for_recordings() {
    let store = FakeStore::new(Mood::Works);
    let router = serving(with_sub_accounts(&[("other", None)]), &store).0;
    for (path, event_type) in PATHS {
        let answer = post(&router, path, body(event_type)).await;
        let expected = if path == "/webhooks/vru" { 200 } else { 403 };
        assert_eq!(answer.status, expected, "{path}");
    }
    assert_eq!(store.bodies().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_or_hangs_is_told_in_time() {
    for mood in [Mood::Fails, Mood::Hangs] {
        let (router, app) = serving(config(), &FakeStore::new(mood));
        for (path, event_type) in PATHS {
            let began = tokio::time::Instant::now();
            let answer = post(&router, path, body(event_type)).await;
            assert!(
                began.elapsed() <= std::time::Duration::from_millis(410),
                "{path}"
            );
            if path == "/webhooks/vca" {
                assert_eq!(answer.status, 200);
                assert!(answer.body["callflow"].is_array());
            } else {
                assert_eq!(
                    (answer.status, &answer.body["code"]),
                    (503, &json!("store_unavailable"))
                );
                assert_eq!(answer.headers["retry-after"], "1");
            }
        }
        let metrics = app.metrics.render();
        assert!(
            metrics.contains("callwright_vca_unstored_total 1"),
            "{metrics}"
        );
        assert!(metrics.contains(r#"callwright_store_failures_total{operation="keep"} 4"#));
    }
}

#[tokio::test]
async fn a_panic_is_an_apology_to_a_caller_and_a_problem_to_others() {
    let (router, app) = serving(config(), &FakeStore::new(Mood::Panics));
    for (path, event_type) in PATHS {
        let answer = post(&router, path, body(event_type)).await;
        if path == "/webhooks/vca" {
            assert_eq!(answer.status, 200);
            let actions = answer.body["callflow"].as_array().expect("a callflow");
            assert_eq!(actions.last().expect("an action")["action"], "hangup");
        } else {
            let id = answer.headers["x-request-id"].to_str().expect("plain");
            assert_eq!(
                (answer.status, &answer.body["code"]),
                (500, &json!("internal"))
            );
            assert_eq!(
                answer.body["instance"],
                format!("urn:callwright:request:{id}")
            );
            assert!(!answer.body.to_string().contains("6591234567"));
        }
    }
    let metrics = app.metrics.render();
    assert!(metrics.contains("callwright_panics_total 5"), "{metrics}");
    assert!(
        metrics.contains(r#"route="/webhooks/vcs",status="500"} 1"#),
        "{metrics}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_caller_waits_for_nothing_that_breaks_or_hangs() {
    assert_eq!(unbroken(async { 7 }).await, Ok(7));
    assert_eq!(
        unbroken(async { panic!("here") as u8 }).await,
        Err(Broken::Panicked)
    );
    let began = tokio::time::Instant::now();
    assert_eq!(
        unbroken(std::future::pending::<u8>()).await,
        Err(Broken::Late)
    );
    assert_eq!(began.elapsed(), ANSWER_BUDGET);
}

/// Takes every place that is free.
fn take_all(app: &App) -> Vec<Turn> {
    let free = |who| std::iter::from_fn(move || app.turns.take(who).now_or_never().flatten());
    free(Waiting::LiveCall)
        .chain(free(Waiting::Other))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn an_overloaded_server_apologises_to_callers_and_puts_off_the_others_soon() {
    let store = FakeStore::new(Mood::Works);
    let (router, app) = serving(config(), &store);
    let places = take_all(&app);
    let live = body("CALL_ACTION").replace(r#""eventId""#, r#""clientActionId":"x","eventId""#);
    for (path, body) in [
        ("/webhooks/vca", body("CALL_ACTION")),
        ("/webhooks/vca", live),
        ("/webhooks/vcs", body("CALL_STATUS")),
        ("/webhooks/vss", body("SESSION_SUMMARY")),
    ] {
        let began = tokio::time::Instant::now();
        let answer = post(&router, path, body).await;
        assert!(
            began.elapsed() <= PATIENCE + Duration::from_millis(1),
            "{path}"
        );
        if path == "/webhooks/vca" {
            let apology: Value = serde_json::from_str(&app.switchboard.apology()).expect("JSON");
            assert_eq!((answer.status, &answer.body), (200, &apology));
            let actions = answer.body["callflow"].as_array().expect("a callflow");
            let words: Vec<_> = actions.iter().map(|it| &it["action"]).collect();
            assert_eq!(words, ["say", "hangup"]);
        } else {
            let told = (answer.status, &answer.body["code"]);
            assert_eq!(told, (503, &json!("store_unavailable")));
        }
    }
    assert!(store.bodies().is_empty(), "nothing was worked on");
    let metrics = app.metrics.render();
    assert!(
        metrics.contains(r#"callwright_vca_total{outcome="shed"} 2"#),
        "{metrics}"
    );
    drop(places);
    for (path, event_type) in PATHS {
        let answer = post(&router, path, body(event_type)).await;
        assert_eq!(answer.status, 200, "{path}");
    }
    assert_eq!(store.bodies().len(), PATHS.len());
}

/// A body that panics when it is read stands for a mistake of ours before anything is known of the call.
#[tokio::test]
async fn a_panic_before_the_webhook_is_read_is_an_apology_at_the_vcas_path_only() {
    let (router, app) = serving(config(), &FakeStore::new(Mood::Works));
    for (path, expected) in [
        ("/webhooks/vca", 200),
        ("/webhooks/vcs", 500),
        ("/webhooks", 500),
    ] {
        let broken = futures_util::stream::poll_fn(
            |_| -> std::task::Poll<Option<Result<&str, std::io::Error>>> { panic!("here") },
        );
        let answer = post(&router, path, axum::body::Body::from_stream(broken)).await;
        assert_eq!(answer.status, expected, "{path}");
        assert_eq!(
            answer.body["callflow"].is_array(),
            expected == 200,
            "{path}"
        );
    }
    assert!(
        app.metrics
            .render()
            .contains(r#"callwright_vca_total{outcome="panicked"} 1"#)
    );
}
