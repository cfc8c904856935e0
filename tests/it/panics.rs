//! A panic at any named point: a live call gets the apology, anybody else a problem with an id, and the process lives.

use callwright::failpoint::arm;
use serde_json::Value;

use crate::app::{RESTAURANT, TestApp};
use crate::reliability::failpoints::POINTS;

/// The points on the way of a voice call action, in order. At the last two the exchange is on the disk.
const ON_A_CALLS_WAY: [&str; 5] = [
    "vca.recalled",
    "vca.decided",
    "vca.keep",
    "vca.told",
    "vca.kept",
];

/// The points on the way of any other webhook.
const ON_ANOTHERS_WAY: [&str; 2] = ["webhook.admitted", "webhook.stored"];

#[tokio::test]
async fn a_live_call_gets_the_apology_and_the_next_one_goes_on() {
    let app = TestApp::start().await;
    for (panics, point) in ON_A_CALLS_WAY.into_iter().enumerate() {
        let mut caller = app.caller(RESTAURANT);
        caller.dial().await;
        let pressed = caller.pressed(Some("1"));
        arm(point, &caller.session);
        assert!(caller.resend(&pressed).await.is_apology(), "{point}");
        let again = caller.send(&pressed).await;
        assert!(
            again.heard()[0].starts_with("Press 1 to make"),
            "{point}: {again:?}"
        );
        assert_eq!(
            counted(&app, "callwright_panics_total").await,
            panics + 1,
            "{point}"
        );
    }
    assert_eq!(app.get("/healthz").await.0, 200);
}

#[tokio::test]
async fn another_webhook_gets_a_problem_with_an_id_and_can_be_sent_again() {
    let app = TestApp::start().await;
    for point in ON_ANOTHERS_WAY {
        let mut caller = app.caller(RESTAURANT);
        caller.dial().await;
        arm(point, &caller.session);
        let summary = caller.summary("COMPLETED").to_string();
        let (status, text) = app.post("/webhooks/vss", summary.clone()).await;
        let problem: Value = serde_json::from_str(&text).expect("a problem is JSON");
        assert_eq!((status, &problem["status"]), (500, &Value::from(500)));
        let id = problem["instance"].as_str().unwrap_or_default();
        assert!(id.starts_with("urn:callwright:request:"), "{problem}");
        assert_eq!(app.post("/webhooks/vss", summary).await.0, 200);
    }
}

/// Every point that the source names is tried here.
#[test]
fn no_point_is_forgotten() {
    let to_the_platform = crate::reliability::placed::POINTS;
    let tried = ON_A_CALLS_WAY.into_iter().chain(ON_ANOTHERS_WAY);
    let of_events = crate::reliability::told::POINTS;
    let of_bookings = crate::reliability::bookings::POINTS;
    let tried = tried.chain(to_the_platform).chain(of_events);
    let tried = tried.chain(of_bookings);
    let tried: std::collections::BTreeSet<_> = tried.map(str::to_owned).collect();
    let broken = POINTS.into_iter().chain(to_the_platform).chain(of_events);
    let broken = broken.chain(of_bookings);
    let broken: std::collections::BTreeSet<_> = broken.map(str::to_owned).collect();
    assert_eq!(named_in_source(), tried);
    assert_eq!(named_in_source(), broken, "in reliability/failpoints.rs");
}

fn named_in_source() -> std::collections::BTreeSet<String> {
    let mut named = std::collections::BTreeSet::new();
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the source can be listed") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|name| name != "failpoint.rs") {
                let text = std::fs::read_to_string(&path).expect("the source can be read");
                let names = text
                    .split("failpoint!(")
                    .skip(1)
                    .filter_map(|rest| rest.split('"').nth(1));
                named.extend(names.map(str::to_owned));
            }
        }
    }
    named
}

/// The value of a counter without labels.
async fn counted(app: &TestApp, counter: &str) -> usize {
    let (_, metrics) = app.get("/metrics").await;
    let text = metrics.as_str().unwrap_or_default().to_owned();
    let line = text
        .lines()
        .find(|line| line.starts_with(counter) && !line.starts_with('#'));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok())
        .unwrap_or_default()
}
