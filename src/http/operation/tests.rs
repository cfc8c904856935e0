//! Health, readiness and metrics while all is well and while it is not.

use serde_json::json;

use crate::http::app::testing::{FakeStore, Mood, ask, config, request, serving};

#[tokio::test(start_paused = true)]
async fn readiness_follows_the_phase_and_the_store() {
    for (mood, status, store) in [
        (Mood::Works, "ready", "ok"),
        (Mood::Fails, "degraded", "down"),
        (Mood::Hangs, "degraded", "down"),
    ] {
        let (router, app) = serving(config(), &FakeStore::new(mood));
        let answer = ask(&router, request("GET", "/readyz", None, "")).await;
        assert_eq!(answer.status, 200);
        let version = env!("CARGO_PKG_VERSION");
        let expected = json!({"status": status, "store": store, "lag_seconds": 0.0, "flows": "current", "flows_refused_at": null, "flow_faults": 0, "flow_count": 1, "version": version});
        assert_eq!(answer.body, expected);
        app.phase.drain();
        let answer = ask(&router, request("GET", "/readyz", None, "")).await;
        assert_eq!(
            (answer.status, &answer.body["status"]),
            (503, &json!("draining"))
        );
        assert_eq!(
            ask(&router, request("GET", "/healthz", None, ""))
                .await
                .status,
            200
        );
    }
}

#[tokio::test(start_paused = true)]
async fn metrics_are_given_while_the_store_is_away() {
    for (mood, up, live) in [(Mood::Works, 1, true), (Mood::Hangs, 0, false)] {
        let router = serving(config(), &FakeStore::new(mood)).0;
        let answer = ask(&router, request("GET", "/metrics", None, "")).await;
        assert_eq!(answer.status, 200);
        let text = answer.body.as_str().expect("a text");
        assert!(
            text.contains(&format!("callwright_store_up {up}")),
            "{text}"
        );
        assert_eq!(text.contains("callwright_live_sessions 3"), live, "{text}");
    }
}

#[tokio::test]
async fn the_description_is_given() {
    let router = serving(config(), &FakeStore::new(Mood::Works)).0;
    let answer = ask(&router, request("GET", "/openapi.json", None, "")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["info"]["title"], "Callwright");
    assert!(answer.body["components"]["securitySchemes"]["token"].is_object());
    assert!(answer.body["components"]["schemas"]["SessionDetail"].is_object());
}
