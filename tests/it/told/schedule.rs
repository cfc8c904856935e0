//! Endpoints that do not take what they are told, over days of a clock that the test turns.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use callwright::clock::Clock;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::receiver::Receiver;
use crate::app::{RESTAURANT, Settings, TestApp};

/// A clock that the test turns.
#[derive(Clone)]
struct Hands(Arc<AtomicI64>);

impl Hands {
    fn new() -> Self {
        Self(Arc::new(AtomicI64::new(1_790_000_000_000)))
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::SeqCst)).expect("a time of ours")
    }

    fn clock(&self) -> Clock {
        let this = self.clone();
        Clock::from_fn(move || this.now())
    }

    fn turn_to(&self, at: Timestamp) {
        self.0.store(at.as_millisecond(), Ordering::SeqCst);
    }
}

/// Something heard of the session, and so one event.
async fn one_event(app: &TestApp) {
    let mut caller = app.caller(RESTAURANT);
    caller.dial().await;
}

/// The one event once it waits for its next try, its `try`th having failed.
async fn waiting(app: &TestApp, tries: u64) -> Value {
    loop {
        let (_, page) = app.get("/v1/events").await;
        let waiting = &page["items"][0]["waiting"][0];
        if waiting["tries"] == tries {
            return waiting.clone();
        }
        tokio::task::yield_now().await;
    }
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

#[tokio::test]
async fn an_endpoint_that_is_down_for_seventy_hours_is_told_all_the_same() {
    let hands = Hands::new();
    let began = hands.now();
    let back = began + SignedDuration::from_hours(70);
    let clock = hands.clone();
    let crm = Receiver::with(move |_| match clock.now() < back {
        true => (500, None),
        false => (200, None),
    })
    .await;
    let settings = Settings::default().clock(hands.clock());
    let app = TestApp::start_with(crm.told_by(settings, "CRM")).await;
    one_event(&app).await;
    let mut tries = 1;
    while hands.now() < back {
        let waits = waiting(&app, tries).await;
        hands.turn_to(time(&waits["next_try_at"]).expect("it is not given up"));
        tries += 1;
    }
    let got = crm.wait_for(usize::try_from(tries).expect("few")).await;
    let (first, last) = (&got[0], &got[got.len() - 1]);
    for again in &got {
        assert_eq!((again.id(), &again.body), (first.id(), &first.body));
    }
    assert_ne!(
        first.header("webhook-timestamp"),
        last.header("webhook-timestamp")
    );
    assert_ne!(
        first.header("webhook-signature"),
        last.header("webhook-signature")
    );
    let took = hands.now().duration_since(began);
    assert!(took.as_hours() < 110, "{took}");
}

/// An endpoint that speaks no TLS, or not ours, is told once it does.
#[tokio::test]
async fn an_endpoint_whose_tls_fails_is_told_once_it_does_not() {
    let hands = Hands::new();
    let crm = Receiver::kind().await;
    let url = format!("https://{}/hooks", crm.address);
    let settings = Settings::default()
        .clock(hands.clock())
        .env("CALLWRIGHT_OUTWARD__ALLOW", "127.0.0.0/8")
        .env(
            "CALLWRIGHT_EVENTS__ENDPOINTS__CRM__SECRET",
            super::receiver::SECRET,
        )
        .env("CALLWRIGHT_EVENTS__ENDPOINTS__CRM__URL", &url);
    let mut app = TestApp::start_with(settings).await;
    one_event(&app).await;
    let waits = waiting(&app, 1).await;
    let next = time(&waits["next_try_at"]).expect("it is not given up");
    let (_, states) = app.get("/v1/events/endpoints").await;
    let failure = states["items"][0]["last_failure"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(
        !failure.is_empty() && !failure.contains("127.0.0.1"),
        "{failure}"
    );
    assert_eq!(crm.got(), [], "nothing is said in the clear instead");
    let url = format!("http://{}/hooks", crm.address);
    app.set_env("CALLWRIGHT_EVENTS__ENDPOINTS__CRM__URL", &url);
    hands.turn_to(next);
    app.restart().await;
    crm.wait_for(1).await;
}

#[tokio::test]
async fn what_nobody_takes_is_given_up_after_three_days_and_sent_again_when_asked_for() {
    let hands = Hands::new();
    let began = hands.now();
    let takes = Arc::new(AtomicUsize::new(500));
    let status = takes.clone();
    let answer = move |_: &super::Got| {
        (
            u16::try_from(status.load(Ordering::SeqCst)).expect("a status"),
            None,
        )
    };
    let crm = Receiver::with(answer).await;
    let settings = Settings::default().clock(hands.clock());
    let app = TestApp::start_with(crm.told_by(settings, "CRM")).await;
    one_event(&app).await;
    let mut tries = 1;
    while let Some(next) = time(&waiting(&app, tries).await["next_try_at"]) {
        hands.turn_to(next);
        tries += 1;
    }
    assert!(hands.now().duration_since(began).as_hours() >= 72);
    assert_eq!(crm.got().len(), 12);
    let (_, states) = app.get("/v1/events/endpoints").await;
    assert_eq!(states["items"][0]["given_up"], 1);
    takes.store(200, Ordering::SeqCst);
    let (status, _) = app.post("/v1/events/replay", r#"{"after": 0}"#).await;
    assert_eq!(status, 202);
    let got = crm.wait_for(13).await;
    assert_eq!(got[12].id(), got[0].id());
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_left_alone_until_it_is_enabled() {
    let crm = Receiver::with(|_| (410, None)).await;
    let mut app = TestApp::start_with(crm.told_by(Settings::default(), "CRM")).await;
    one_event(&app).await;
    let state = async |app: &TestApp, wanted: &str| loop {
        let (_, states) = app.get("/v1/events/endpoints").await;
        if states["items"][0]["state"] == wanted {
            return states["items"][0].clone();
        }
        tokio::task::yield_now().await;
    };
    let disabled = state(&app, "disabled").await;
    assert_eq!(disabled["last_failure"], "answered 410");
    app.restart().await;
    state(&app, "disabled").await;
    for _ in 0..3 {
        one_event(&app).await;
    }
    let (_, page) = app.get("/v1/events").await;
    assert_eq!(page["items"].as_array().map(Vec::len), Some(4));
    let (status, _) = app.post("/v1/events/endpoints/crm/enable", "").await;
    assert_eq!(status, 200);
    let (status, _) = app.post("/v1/events/endpoints/nobody/enable", "").await;
    assert_eq!(status, 404);
    let (status, _) = app.post("/v1/events/replay", r#"{"after": 0}"#).await;
    assert_eq!(status, 202);
    crm.wait_for(2).await;
    state(&app, "disabled").await;
}

#[tokio::test]
async fn a_pause_that_an_endpoint_asks_for_is_kept() {
    let hands = Hands::new();
    let began = hands.now();
    let until = began + SignedDuration::from_secs(3_600);
    let clock = hands.clone();
    let crm = Receiver::with(move |_| match clock.now() < until {
        true => (429, Some(("retry-after", "3600".to_owned()))),
        false => (200, None),
    })
    .await;
    let settings = Settings::default().clock(hands.clock());
    let app = TestApp::start_with(crm.told_by(settings, "CRM")).await;
    one_event(&app).await;
    let waits = waiting(&app, 1).await;
    assert_eq!(time(&waits["next_try_at"]), Some(until));
    let (_, states) = app.get("/v1/events/endpoints").await;
    assert_eq!(states["items"][0]["state"], "quiet");
    hands.turn_to(until);
    crm.wait_for(2).await;
}
