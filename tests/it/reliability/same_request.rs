//! R11: one request sent again and again: at once, after a restart, a month later, to another node, with another body.

use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};

use callwright::clock::Clock;

use super::by_day_or_night;
use super::placed::number;
use super::platform::{Deed, Platform};
use crate::app::{Settings, TestApp};
use crate::cluster;
use crate::outbound::{settings, start};
use crate::voice_api::scripted::Act;

/// Requests, by day and by night, and how often each is sent at once.
const REQUESTS: (u64, u64) = (8, 100);
const AT_ONCE: usize = 50;

fn body(to: &str) -> Value {
    json!({"flow": "closed", "to": to})
}

/// Each third call cannot be known of, and each third is refused.
async fn platform() -> Platform {
    let mood = |to: &str, _: usize| {
        let last = to.bytes().last().unwrap_or_default();
        let (places, answer) = match last % 3 {
            0 => (true, Act::Close),
            1 => (true, Act::ResetRead),
            _ => (false, crate::voice_api::scripted::refused(422, -1014)),
        };
        Deed { places, answer }
    };
    Platform::with(std::sync::Arc::new(mood)).await
}

/// Sends one request to each of `apps` in turn, all at once; gives the one answer.
async fn at_once(apps: &[&TestApp], key: &str, body: &Value) -> (u16, Value) {
    let asked = (0..AT_ONCE).map(|nth| start(apps[nth % apps.len()], key, body));
    let mut answers = join_all(asked).await;
    let first = answers.pop().expect("some were sent");
    assert!(matches!(first.0, 201 | 202 | 422), "{first:?}");
    assert!(
        answers.iter().all(|answer| *answer == first),
        "{first:?}: {answers:?}"
    );
    first
}

fn keyed(nth: u64) -> (String, String) {
    (format!("k-{nth}"), number(nth))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_request_is_one_call_and_one_answer() {
    let platform = platform().await;
    let mut app = TestApp::start_with(settings(&platform.base())).await;
    let requests = by_day_or_night(REQUESTS.0, REQUESTS.1);
    let mut answers = Vec::new();
    for nth in 0..requests {
        let (key, to) = keyed(nth);
        answers.push(at_once(&[&app], &key, &body(&to)).await);
        let (status, other) = start(&app, &key, &body(&number(9_000 + nth))).await;
        assert_eq!(
            (status, &other["code"]),
            (422, &json!("key_reused")),
            "{other}"
        );
        assert!(!other.to_string().contains(&to[3..]), "{other}");
    }
    app.restart().await;
    hold(&app, &answers).await;
    let in_a_month = Clock::system();
    let days = SignedDuration::from_hours(31 * 24);
    app.set_clock(Clock::from_fn(move || in_a_month.now() + days));
    app.restart().await;
    hold(&app, &answers).await;
    judge(&platform, requests, "a restart, a month");
}

/// Sends all of it again.
async fn hold(app: &TestApp, answers: &[(u16, Value)]) {
    for (nth, before) in (0..).zip(answers) {
        let (key, to) = keyed(nth);
        assert_eq!(start(app, &key, &body(&to)).await, *before);
    }
}

fn judge(platform: &Platform, requests: u64, over: &str) {
    let sent = (0..requests).map(|nth| platform.asked(&number(nth)).len());
    let sent: Vec<_> = sent.collect();
    println!(
        "R11: {requests} requests, each {AT_ONCE} times at once, over {over}: {} sent to the platform, each answer the same",
        sent.iter().sum::<usize>()
    );
    assert!(sent.iter().all(|times| *times == 1), "{sent:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_place_one_call_for_one_request() {
    let Some(url) = cluster::database() else {
        return;
    };
    let platform = platform().await;
    let node = || {
        let mut settings = settings(&platform.base());
        settings.env.extend(Settings::node(&url).env);
        TestApp::start_with(settings)
    };
    let (one, mut other) = (node().await, node().await);
    let requests = by_day_or_night(REQUESTS.0, REQUESTS.1);
    let mut answers = Vec::new();
    for nth in 0..requests {
        let (key, to) = keyed(nth);
        answers.push(at_once(&[&one, &other], &key, &body(&to)).await);
    }
    other.restart().await;
    hold(&other, &answers).await;
    judge(&platform, requests, "two nodes");
}
