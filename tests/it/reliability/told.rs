//! R2 and R21, of what is told: the server broken at each point on an event's way, and killed at any moment. What was
//! acknowledged is told at least once, always by the same id, and each session in its order.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use super::process::{Home, Server};
use super::random::Random;
use super::{by_day_or_night, quantile};
use crate::told::receiver::{Receiver, SECRET};

/// The named points on an event's way.
pub(crate) const POINTS: [&str; 2] = ["event.taken", "event.sent"];

/// What happens there.
const DEEDS: [&str; 4] = ["abort", "panic", "sleep", "error"];

/// Kills, by day and by night.
const KILLS: (u64, u64) = (8, 300);

const PATIENCE: Duration = Duration::from_secs(60);

fn home(receivers: &[(&str, String)]) -> Home {
    let home = Home::new().env("CALLWRIGHT_OUTWARD__ALLOW", "127.0.0.0/8");
    receivers.iter().fold(home, |home, (name, url)| {
        home.env(&format!("CALLWRIGHT_EVENTS__ENDPOINTS__{name}__URL"), url)
            .env(
                &format!("CALLWRIGHT_EVENTS__ENDPOINTS__{name}__SECRET"),
                SECRET,
            )
    })
}

fn hooks(receiver: &Receiver) -> String {
    format!("http://{}/", receiver.address)
}

/// Sends a summary, and tells whether it was acknowledged.
async fn end(home: &Home, session: &str) -> bool {
    let body = json!({
        "namespace": "VOICE", "eventType": "SESSION_SUMMARY", "description": "",
        "payload": {"sessionId": session, "subAccountId": "a", "sessionStatus": "COMPLETED"}
    });
    let url = format!("http://{}/webhooks/vss", home.address);
    let answer = crate::app::client()
        .post(url)
        .body(body.to_string())
        .send()
        .await;
    answer.is_ok_and(|answer| answer.status() == 200)
}

/// Waits until each of `sessions` was told of twice (its start, its end), and holds what came against what is promised.
async fn all_are_told(receiver: &Receiver, sessions: &BTreeSet<String>) -> usize {
    let began = tokio::time::Instant::now();
    loop {
        let got = receiver.got();
        let mut told: BTreeMap<(String, String), (String, Value)> = BTreeMap::new();
        for it in &got {
            let session = it.json["data"]["session_id"].as_str().expect("a session");
            let (key, value) = (
                (session.to_owned(), it.kind().to_owned()),
                (it.id().to_owned(), it.json["sequence"].clone()),
            );
            let known = told.entry(key).or_insert_with(|| value.clone());
            assert_eq!(*known, value, "one event, one id, one place");
        }
        let whole = |session: &String| {
            let of = |kind: &str| {
                told.get(&(session.clone(), kind.to_owned()))
                    .map(|(_, place)| place)
            };
            of("session.started") == Some(&json!(1)) && of("session.ended") == Some(&json!(2))
        };
        if sessions.iter().all(whole) {
            return got.len();
        }
        assert!(
            began.elapsed() < PATIENCE,
            "{} of {} sessions",
            told.len(),
            sessions.len()
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[cfg(feature = "failpoints")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_break_at_any_point_leaves_nothing_untold() {
    let (mut breaks, mut told) = (0, 0);
    for point in POINTS {
        for deed in DEEDS {
            let receiver = Receiver::kind().await;
            let home = home(&[("CRM", hooks(&receiver))]);
            let order = format!("{point}={deed}@3");
            let mut server = home.start_with(home.command().env("FAILPOINT", order));
            let mut sessions = BTreeSet::new();
            for nth in 0..4 {
                let session = format!("s-{nth}");
                while !end(&home, &session).await {
                    if server.ended().is_some() {
                        server = home.start();
                    }
                }
                sessions.insert(session);
            }
            let began = tokio::time::Instant::now();
            while deed == "abort" && server.ended().is_none() && began.elapsed() < PATIENCE {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            if server.ended().is_some() {
                server = home.start();
            }
            told += all_are_told(&receiver, &sessions).await;
            breaks += 1;
            drop::<Server>(server);
        }
    }
    println!(
        "R2: {} points of events × {} deeds, {breaks} breaks, {told} requests, nothing untold",
        POINTS.len(),
        DEEDS.len()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_was_acknowledged_goes_untold_over_kills() {
    let mut random = Random::announced("R21");
    let receiver = Receiver::kind().await;
    let home = home(&[("CRM", hooks(&receiver))]);
    let (mut sessions, kills) = (BTreeSet::new(), by_day_or_night(KILLS.0, KILLS.1));
    for kill in 0..kills {
        let server = home.start();
        let pause = tokio::time::sleep(Duration::from_millis(random.between(5, 200)));
        let mut pause = std::pin::pin!(pause);
        for nth in 0.. {
            let session = format!("s-{kill}-{nth}");
            tokio::select! {
                () = &mut pause => break,
                acknowledged = end(&home, &session) => {
                    if acknowledged {
                        sessions.insert(session);
                    }
                }
            }
        }
        server.kill();
    }
    let _server = home.start();
    let requests = all_are_told(&receiver, &sessions).await;
    println!(
        "R21: {kills} kills, {} sessions acknowledged, 0 untold, {requests} requests for {} events",
        sessions.len(),
        2 * sessions.len()
    );
}

/// How many endpoints there are, of which one is poisoned.
const ENDPOINTS: usize = 50;

/// The ends of sessions that are timed, by day and by night.
const ENDS: (usize, usize) = (20, 1_500);

/// By how much the 99th of a hundred may be later beside a poisoned endpoint.
const LATER: f64 = 1.10;

/// A server with fifty endpoints, one of which is timed.
struct Fifty {
    home: Home,
    _server: Server,
    timed: Receiver,
    _crowd: Receiver,
    took: Vec<Duration>,
}

impl Fifty {
    async fn start(last: impl FnOnce(&Receiver) -> String) -> Self {
        let (timed, crowd) = (Receiver::kind().await, Receiver::kind().await);
        let names: Vec<_> = (0..ENDPOINTS - 2).map(|n| format!("E{n}")).collect();
        let mut endpoints = vec![("TIMED", hooks(&timed))];
        endpoints.extend(names.iter().map(|name| (&name[..], hooks(&crowd))));
        endpoints.push(("LAST", last(&crowd)));
        let home = home(&endpoints);
        Self {
            _server: home.start(),
            home,
            timed,
            _crowd: crowd,
            took: Vec::new(),
        }
    }

    /// The `nth` session ends, and the timed endpoint is told of it.
    async fn end(&mut self, nth: usize) {
        let began = std::time::Instant::now();
        assert!(end(&self.home, &format!("s-{nth}")).await);
        self.timed.wait_for(2 * (nth + 1)).await;
        self.took.push(began.elapsed());
    }
}

/// How long the events of a healthy endpoint take, beside one of fifty that is poisoned and without it, in turns, so that what else the
/// machine does is in both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poisoned_endpoint_costs_a_healthy_one_nothing() {
    let ends = by_day_or_night(ENDS.0, ENDS.1);
    let dead = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let silent = format!("http://{}/", dead.local_addr().expect("bound"));
    let mut quiet = Fifty::start(hooks).await;
    let mut beside = Fifty::start(|_| silent).await;
    for nth in 0..ends {
        quiet.end(nth).await;
        beside.end(nth).await;
    }
    let [quiet, beside] =
        [quiet, beside].map(|mut it| [quantile(&mut it.took, 0.5), quantile(&mut it.took, 0.99)]);
    println!(
        "R21: {ENDPOINTS} endpoints, {ends} ends, told within p50 {:?}, p99 {:?}; with one of them silent p50 {:?}, p99 {:?}",
        quiet[0], quiet[1], beside[0], beside[1]
    );
    assert!(
        beside[0] <= quiet[0] * 2,
        "a dead endpoint slows a healthy one"
    );
    if super::nightly() {
        let later = beside[1].as_secs_f64() / quiet[1].as_secs_f64();
        assert!(
            later <= LATER,
            "the 99th of a hundred is {later:.2} times as late"
        );
    }
}
