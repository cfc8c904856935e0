//! What the customer's systems are told of calls: signed, in order, again when they did not take it, and nowhere else.

mod command;
pub(crate) mod receiver;
mod schedule;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::app::{CALLER, RESTAURANT, Settings, TestApp};
use crate::cluster;
use receiver::{Got, Receiver, SECRET};

/// A call that books a table and ends.
async fn call(app: &TestApp) -> String {
    let mut caller = app.caller(RESTAURANT);
    caller.dial().await;
    caller.press(Some("1")).await;
    caller.end("COMPLETED").await;
    caller.session.clone()
}

fn holds(secret: &str, got: &Got) -> bool {
    let receiver = Webhook::new(secret).expect("the same secret");
    receiver.verify(got.body.as_bytes(), &got.headers).is_ok()
}

#[tokio::test]
async fn a_call_is_told_signed_and_in_order() {
    let crm = Receiver::kind().await;
    let app = TestApp::start_with(crm.told_by(Settings::default(), "CRM")).await;
    let session = call(&app).await;
    let mut got = crm.wait_for(2).await;
    got.sort_by_key(|got| got.json["sequence"].as_u64());
    for (got, (kind, sequence)) in got
        .iter()
        .zip([("session.started", 1), ("session.ended", 2)])
    {
        assert!(holds(SECRET, got), "{got:?}");
        assert_eq!(
            (got.kind(), &got.json["sequence"]),
            (kind, &json!(sequence))
        );
        assert_eq!(got.json["data"]["session_id"], json!(session));
        assert_eq!(got.json["data"]["source"], "+65••••4567");
        assert_eq!(got.header("content-type"), "application/json");
        assert!(got.id().starts_with("evt_"));
        assert!(!got.body.contains("91234567"));
    }
    assert_eq!(got[1].json["data"]["outcome"], "COMPLETED");
    assert_eq!(got[1].json["data"]["flow"], "restaurant");
    let (_, listed) = app.get("/v1/events").await;
    let items = listed["items"].as_array().expect("a list");
    let ids: Vec<_> = items.iter().map(|item| item["id"].clone()).collect();
    let told: Vec<_> = got.iter().map(|got| json!(got.id())).collect();
    assert_eq!(ids, told);
    assert_eq!(items[1]["data"]["source"], "+65••••4567");
}

#[tokio::test]
async fn each_endpoint_is_told_what_it_asks_for() {
    let (all, ends) = (Receiver::kind().await, Receiver::kind().await);
    let old = "whsec_YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjAx";
    let settings = all.told_by(Settings::default(), "ALL");
    let settings = ends
        .told_by(settings, "ENDS")
        .env("CALLWRIGHT_EVENTS__ENDPOINTS__ENDS__KINDS", "session.ended")
        .env("CALLWRIGHT_EVENTS__ENDPOINTS__ENDS__NUMBERS", "whole")
        .env("CALLWRIGHT_EVENTS__ENDPOINTS__ENDS__OLD_SECRET", old);
    let app = TestApp::start_with(settings).await;
    for _ in 0..3 {
        call(&app).await;
    }
    all.wait_for(6).await;
    let got = ends.wait_for(3).await;
    for got in &got {
        assert_eq!(got.kind(), "session.ended");
        assert_eq!(got.json["data"]["source"], CALLER);
        assert!(holds(SECRET, got) && holds(old, got), "while they rotate");
    }
    let (_, states) = app.get("/v1/events/endpoints").await;
    let names: Vec<_> = states["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| (it["name"].clone(), it["state"].clone()))
        .collect();
    assert_eq!(
        names,
        [
            (json!("all"), json!("active")),
            (json!("ends"), json!("active"))
        ]
    );
    let (_, metrics) = app.get("/metrics").await;
    let metrics = metrics.as_str().unwrap_or_default();
    let line = r#"callwright_events_delivered_total{endpoint="ends"} "#;
    assert!(metrics.contains(line), "{metrics}");
}

#[tokio::test]
async fn a_redirect_leads_nowhere() {
    let trap = Receiver::kind().await;
    let there = format!("http://{}/", trap.address);
    let redirects = Receiver::with(move |_| (302, Some(("location", there.clone())))).await;
    let app = TestApp::start_with(redirects.told_by(Settings::default(), "CRM")).await;
    call(&app).await;
    redirects.wait_for(2).await;
    let endpoint = failed(&app, "crm").await;
    assert_eq!(endpoint["last_failure"], "answered 302");
    assert_eq!(trap.got(), []);
}

/// The state of an endpoint once something has failed there.
async fn failed(app: &TestApp, name: &str) -> Value {
    loop {
        let (_, states) = app.get("/v1/events/endpoints").await;
        let states = states["items"].as_array().expect("a list").clone();
        let found = states.into_iter().find(|it| it["name"] == name);
        if let Some(found) = found.filter(|it| !it["last_failure"].is_null()) {
            return found;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn nothing_is_told_inward_unless_it_is_allowed() {
    let canary = Receiver::kind().await;
    // A name, which is looked up when something is to be told: an address is refused at the start.
    let url = format!("https://localhost:{}/hooks", canary.address.port());
    let settings = Settings::default()
        .env("CALLWRIGHT_EVENTS__ENDPOINTS__CRM__URL", &url)
        .env("CALLWRIGHT_EVENTS__ENDPOINTS__CRM__SECRET", SECRET);
    let app = TestApp::start_with(settings).await;
    call(&app).await;
    let failure = failed(&app, "crm").await["last_failure"].clone();
    let failure = failure.as_str().expect("a sentence").to_owned();
    assert!(failure.contains("not the internet's"), "{failure}");
    assert_eq!(canary.got(), []);
}

#[tokio::test]
async fn any_range_is_sent_again_with_its_ids() {
    let crm = Receiver::kind().await;
    let app = TestApp::start_with(crm.told_by(Settings::default(), "CRM")).await;
    for _ in 0..3 {
        call(&app).await;
    }
    let first = crm.wait_for(6).await;
    let ids =
        |got: &[Got]| -> BTreeSet<String> { got.iter().map(|it| it.id().to_owned()).collect() };
    let replay = async |body: Value| app.post("/v1/events/replay", body.to_string()).await;
    let (status, told) = replay(json!({"after": 0})).await;
    assert_eq!((status, told.as_str()), (202, r#"{"deliveries":6}"#));
    let again = crm.wait_for(12).await;
    assert_eq!(ids(&again[6..]), ids(&first));
    let ends =
        json!({"from": "2020-01-01T00:00:00Z", "types": ["session.ended"], "endpoint": "crm"});
    assert_eq!(replay(ends).await.1, r#"{"deliveries":3}"#);
    let again = crm.wait_for(15).await;
    assert!(again[12..].iter().all(|got| got.kind() == "session.ended"));
    let (_, page) = app.get("/v1/events?limit=2").await;
    let through = &page["items"][1]["number"];
    assert_eq!(page["next_after"], *through);
    let some = json!({"after": 0, "through": through});
    assert_eq!(replay(some).await.1, r#"{"deliveries":2}"#);
    crm.wait_for(17).await;
    for (wrong, status, says) in [
        (json!({}), 422, "`after`"),
        (json!({"from": "yesterday"}), 422, "write a time"),
        (
            json!({"after": 0, "types": ["session.over"]}),
            422,
            "types[0]",
        ),
        (json!({"after": "+6591234567"}), 422, "is not a range"),
        (json!({"after": 0, "endpoint": "nobody"}), 404, "not_found"),
    ] {
        let (answered, told) = replay(wrong.clone()).await;
        assert_eq!(answered, status, "{wrong} {told}");
        assert!(told.contains(says) && !told.contains("91234567"), "{told}");
    }
}

/// Of three endpoints one takes connections and says nothing.
#[tokio::test]
async fn one_dead_endpoint_slows_no_other() {
    let (one, other) = (Receiver::kind().await, Receiver::kind().await);
    let dead = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("http://{}/", dead.local_addr().expect("it is bound"));
    let settings = one.told_by(Settings::default(), "ONE");
    let settings = other
        .told_by(settings, "OTHER")
        .env("CALLWRIGHT_EVENTS__ENDPOINTS__DEAD__URL", &url)
        .env("CALLWRIGHT_EVENTS__ENDPOINTS__DEAD__SECRET", SECRET);
    let app = TestApp::start_with(settings).await;
    for _ in 0..10 {
        call(&app).await;
    }
    for receiver in [one, other] {
        let got = receiver.wait_for(20).await;
        let ids: BTreeSet<_> = got.iter().map(Got::id).collect();
        assert_eq!(ids.len(), 20, "each once");
    }
}

#[tokio::test]
async fn of_two_nodes_one_tells_each_event() {
    let Some(url) = cluster::database() else {
        return;
    };
    let crm = Receiver::kind().await;
    let one = TestApp::start_with(crm.told_by(Settings::node(&url), "CRM")).await;
    let two = TestApp::start_with(crm.told_by(Settings::node(&url), "CRM")).await;
    for _ in 0..10 {
        call(&one).await;
        call(&two).await;
    }
    let got = crm.wait_for(40).await;
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for got in &got {
        *times.entry(got.id().to_owned()).or_default() += 1;
    }
    assert_eq!(times.len(), 40, "{times:?}");
}
