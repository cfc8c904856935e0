//! R14: the clock jumps while calls are started, wait and are carried: nobody is called twice, pauses stay as they are, and
//! every voice call action is answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use callwright::clock::Clock;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::by_day_or_night;
use super::placed::{number, summary};
use super::platform::{Deed, Platform};
use crate::app::{Reply, TestApp};
use crate::outbound::{ACCOUNT, settings, start};
use crate::voice_api::scripted::Act;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// By how many seconds it jumps: a second, an hour, a day, to and fro, and ten years back.
const JUMPS: [i64; 8] = [1, -1, HOUR, -HOUR, DAY, -DAY, -3653 * DAY, 3653 * DAY];

/// Rounds over all jumps, by day and by night.
const ROUNDS: (u64, u64) = (1, 20);

/// A clock that can be set.
#[derive(Clone, Default)]
struct Jumping(Arc<AtomicI64>);

impl Jumping {
    fn clock(&self) -> Clock {
        let (system, ahead) = (Clock::system(), self.0.clone());
        Clock::from_fn(move || {
            let ahead = SignedDuration::from_secs(ahead.load(Ordering::Relaxed));
            system.now() + ahead
        })
    }

    fn jump(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

/// The first request of each call is put off for a second.
async fn platform() -> Platform {
    let mood = |_: &str, nth: usize| match nth {
        0 => Deed {
            places: false,
            answer: Act::Answer(429, "Retry-After: 1\r\n", String::new()),
        },
        _ => Deed {
            places: true,
            answer: Act::Close,
        },
    };
    Platform::with(Arc::new(mood)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_jumps_calls_nobody_twice() {
    let (platform, jumping) = (platform().await, Jumping::default());
    let settings = settings(&platform.base())
        .env("CALLWRIGHT_OUTBOUND__CALLS_PER_MINUTE", "10000")
        .clock(jumping.clock());
    let app = TestApp::start_with(settings).await;
    let rounds = by_day_or_night(ROUNDS.0, ROUNDS.1);
    let jumps = (0..rounds).flat_map(|_| JUMPS);
    let mut waited = Vec::new();
    for (nth, jump) in (0..).zip(jumps) {
        let to = number(nth);
        let body = json!({"flow": "reminder", "to": to, "valid_for": "30s", "variables": {"day": "Friday"}});
        let (status, told) = start(&app, &format!("k-{nth}"), &body).await;
        assert_eq!((status, &told["state"]), (202, &json!("PENDING")), "{told}");
        jumping.jump(jump);
        let id = told["id"].as_str().expect("an id");
        let accepted = until_accepted(&app, id).await;
        let asked = platform.asked(&to);
        waited.push((asked[1] - asked[0]).as_millis());
        assert_eq!(
            (asked.len(), platform.placed(&to).len()),
            (2, 1),
            "after {jump} s"
        );
        jumping.jump(-2 * jump);
        carry(&app, &platform, &to, &accepted).await;
        let again = start(&app, &format!("k-{nth}"), &body).await;
        assert_eq!(again, (status, told));
        jumping.jump(jump);
    }
    let (called, twice) = platform.called();
    let most = waited.iter().max().copied().unwrap_or_default();
    let least = waited.iter().min().copied().unwrap_or_default();
    println!(
        "R14: {} jumps of ±1 s to ±10 years while a call waited, 2 more while it was carried: {called} called, {twice} twice; a pause of 1 s took {least} to {most} ms; every voice call action answered",
        waited.len()
    );
    assert_eq!(twice, 0);
    assert!(least >= 990 && most < 2_500, "{waited:?}");
    let (_, metrics) = app.get("/metrics").await;
    let calm = metrics
        .as_str()
        .is_some_and(|text| text.contains("callwright_panics_total 0"));
    assert!(calm, "{metrics}");
}

async fn until_accepted(app: &TestApp, id: &str) -> Value {
    loop {
        let (_, shown) = app.get(&format!("/v1/sessions/{id}")).await;
        match shown["state"].as_str() {
            Some("ACCEPTED") => return shown,
            Some("PENDING" | "DIALING") => tokio::time::sleep(Duration::from_millis(20)).await,
            _ => panic!("{shown}"),
        }
    }
}

/// The call's own webhooks: its first voice call action, the next, its summary.
async fn carry(app: &TestApp, platform: &Platform, to: &str, accepted: &Value) {
    let placed = platform.placed(to).pop().expect("it was placed");
    assert_eq!(accepted["session_id"], json!(placed.session));
    let action = json!({
        "namespace": "VOICE", "eventType": "CALL_ACTION",
        "payload": {
            "eventId": uuid::Uuid::new_v4().to_string(), "sessionId": placed.session, "subAccountId": ACCOUNT,
            "callStatus": "DTMF_RECEIVED", "callDirection": "OUTBOUND", "source": placed.from,
            "destination": placed.to, "dtmf": "1", "sipCode": 200
        }
    });
    let (status, text) = app.post("/webhooks/vca", action.to_string()).await;
    assert_eq!(Reply::read(status, text).heard(), ["Thank you"]);
    let (status, _) = app
        .post("/webhooks/vss", summary(&placed, true).to_string())
        .await;
    assert_eq!(status, 200);
}
