//! R10: what befalls requests for calls, at the platform and in the server. Nobody is called twice for one request, and
//! what became of each is told as far as anybody can know.

use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::platform::{Placed, Platform, kind, nasty};
use super::process::{Home, Server};
use super::random::Random;
use super::{by_day_or_night, quantile};
use crate::app::{RESTAURANT, client};
use crate::outbound::{ACCOUNT, MESSAGE, platform_settings};

/// Requests, by day and by night, how many at once, and of how many one server dies.
const REQUESTS: (u64, u64) = (200, 5_000);
const AT_ONCE: usize = 100;
const TO_A_CRASH: u64 = 60;

/// Requests while the platform is away.
const WHILE_AWAY: u64 = 20;

/// How long one request may take until all is known of it, over all the kills that it meets.
const PATIENCE: Duration = Duration::from_secs(120);
const PATIENCE_AT_NIGHT: Duration = Duration::from_secs(900);

/// How soon a client asks again.
const AGAIN_AFTER: Duration = Duration::from_millis(50);

/// A home whose platform is at `base`, with the flow that says a message.
pub(super) fn home(base: &str, mut home: Home) -> Home {
    let flows = home.path().join("flows");
    std::fs::create_dir(&flows).expect("a folder can be made");
    std::fs::write(flows.join("closed.toml"), MESSAGE).expect("a flow can be written");
    home.environment.extend(platform_settings(base));
    let flows = flows.display().to_string();
    home.env("CALLWRIGHT_FLOWS", &flows)
        .env("CALLWRIGHT_OUTBOUND__CALLS_PER_MINUTE", "10000")
}

/// The `nth` number: each is called by one request.
pub(super) fn number(nth: u64) -> String {
    format!("+656{:07}", 2_000_000 + nth)
}

/// What a client knows of one request.
struct Told {
    to: String,
    /// What it was answered, and what it was answered when it was sent once more.
    answers: [(u16, Value); 2],
    /// The state in the end.
    state: String,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_called_twice_whatever_breaks() {
    let mut random = Random::announced("R10");
    let platform = Platform::with(nasty(random.next())).await;
    let home = home(&platform.base(), Home::new());
    let requests = by_day_or_night(REQUESTS.0, REQUESTS.1);
    let lives = stream::iter(0..requests)
        .map(|nth| live(&home, nth))
        .buffer_unordered(AT_ONCE);
    let lives = lives.collect::<Vec<_>>();
    let mut server = home.start();
    let mut crashes = 0;
    let mut lives = std::pin::pin!(lives);
    let told = loop {
        let crash = random.millis(300, 900);
        tokio::select! {
            told = &mut lives => break told,
            () = tokio::time::sleep(crash), if crashes < requests / TO_A_CRASH => {
                crashes += 1;
                server.kill();
                server = home.start();
            }
        }
    };
    let closed = judge(&home, &platform, &told).await;
    let of = |state: &str| told.iter().filter(|it| it.state == state).count();
    let (called, twice) = platform.called();
    println!(
        "R10: {requests} requests, {crashes} kills: {called} called, {twice} twice; {} ACCEPTED, {} REJECTED, {} UNKNOWN of which {} had been placed and were closed by their summary, p99 {} ms",
        of("ACCEPTED"),
        of("REJECTED"),
        of("UNKNOWN"),
        closed.len(),
        quantile(&mut closed.clone(), 0.99).as_millis(),
    );
    assert_eq!(twice, 0);
    drop(server);
}

/// Holds what was told against what the platform did, and closes what is unknown. How long that took each time.
async fn judge(home: &Home, platform: &Platform, told: &[Told]) -> Vec<Duration> {
    let mut closed = Vec::new();
    for it in told {
        let placed = platform.placed(&it.to);
        assert_eq!(it.answers[0], it.answers[1], "the same again");
        match (it.state.as_str(), placed.as_slice()) {
            ("ACCEPTED", [_]) | ("REJECTED", []) | ("UNKNOWN", []) => {}
            ("UNKNOWN", [placed]) => closed.push(close(home, it, placed).await),
            (state, placed) => panic!("{state}, placed {} times", placed.len()),
        }
    }
    closed
}

/// The summary of a call that is unknown, and how long until it is known.
async fn close(home: &Home, told: &Told, placed: &Placed) -> Duration {
    let began = Instant::now();
    let url = format!("http://{}/webhooks/vss", home.address);
    // By its numbers a call is known for two minutes, which the night's form takes longer than.
    let echoes = super::nightly() || placed.to.ends_with(['0', '2', '4', '6', '8']);
    let body = summary(placed, echoes);
    let answer = client().post(url).body(body.to_string()).send().await;
    assert_eq!(answer.expect("it answers").status(), 200);
    let id = told.answers[0].1["id"].as_str().expect("it has an id");
    let (_, shown) = get(home, id).await;
    assert_eq!(
        (&shown["state"], &shown["session_id"]),
        (&json!("ACCEPTED"), &json!(placed.session)),
        "{shown}"
    );
    began.elapsed()
}

/// A summary that gives our id back, or not.
pub(super) fn summary(placed: &Placed, echoes: bool) -> Value {
    let mut body = json!({
        "namespace": "VOICE",
        "eventType": "SESSION_SUMMARY",
        "payload": {
            "sessionId": placed.session,
            "subAccountId": ACCOUNT,
            "sessionStatus": "COMPLETED",
            "details": { "callA": {
                "callDirection": "OUTBOUND", "source": placed.from, "destination": placed.to, "callStatus": "COMPLETED"
            }}
        }
    });
    if echoes {
        body["payload"]["clientRequestId"] = json!(placed.id);
    }
    body
}

/// One request, sent until it is answered, and looked at until all is known of it.
async fn live(home: &Home, nth: u64) -> Told {
    let to = number(nth);
    let living = async {
        let first = answered(home, nth, &to).await;
        let id = first.1["id"]
            .as_str()
            .unwrap_or_else(|| panic!("{first:?}"));
        let state = loop {
            let (status, shown) = get(home, id).await;
            match shown["state"].as_str() {
                Some("PENDING" | "DIALING") | None => {}
                Some(state) if status == 200 => break state.to_owned(),
                Some(_) => {}
            }
            tokio::time::sleep(AGAIN_AFTER).await;
        };
        let again = answered(home, nth, &to).await;
        Told {
            to: to.clone(),
            answers: [first, again],
            state,
        }
    };
    let patience = by_day_or_night(PATIENCE, PATIENCE_AT_NIGHT);
    let lived = tokio::time::timeout(patience, living).await;
    lived.unwrap_or_else(|_| panic!("request {nth} comes to no end"))
}

/// Sends a request until what became of it is told.
async fn answered(home: &Home, nth: u64, to: &str) -> (u16, Value) {
    loop {
        match post(home, &format!("k-{nth}"), to).await {
            Some((status @ (201 | 202 | 422), told)) => return (status, told),
            Some((409 | 503, _)) | None => tokio::time::sleep(AGAIN_AFTER).await,
            Some(other) => panic!("{other:?}"),
        }
    }
}

/// Sends a request once; `None` when it broke off.
pub(super) async fn post(home: &Home, key: &str, to: &str) -> Option<(u16, Value)> {
    let url = format!("http://{}/v1/sessions", home.address);
    let body = json!({"flow": "closed", "to": to, "from": RESTAURANT, "valid_for": "1m"});
    let asked = client().post(url).header("Idempotency-Key", key);
    let answer = asked.body(body.to_string()).send().await.ok()?;
    let status = answer.status().as_u16();
    Some((
        status,
        serde_json::from_str(&answer.text().await.ok()?).ok()?,
    ))
}

/// Looks a call up; nothing while the server is away.
pub(super) async fn get(home: &Home, id: &str) -> (u16, Value) {
    let url = format!("http://{}/v1/sessions/{id}", home.address);
    let Ok(answer) = client().get(url).send().await else {
        return (0, Value::Null);
    };
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap_or_default();
    (status, serde_json::from_str(&text).unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_never_left_is_placed_once_the_platform_is_back() {
    let away = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    let address = away.local_addr().expect("it is bound");
    drop(away);
    let home = home(&format!("http://{address}"), Home::new());
    let mut server: Server = home.start();
    let mut ids = Vec::new();
    for nth in 0..WHILE_AWAY {
        let (status, told) = answered(&home, nth, &number(nth)).await;
        assert_eq!((status, &told["state"]), (202, &json!("PENDING")), "{told}");
        ids.push(told["id"].as_str().expect("an id").to_owned());
    }
    server.kill();
    server = home.start();
    let back = TcpListener::bind(address).await.expect("its port is free");
    let platform = Platform::at(back, kind());
    let began = Instant::now();
    for id in &ids {
        while get(&home, id).await.1["state"] != "ACCEPTED" {
            assert!(began.elapsed() < PATIENCE, "{id} is not placed");
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    }
    let (called, twice) = platform.called();
    println!(
        "R10: {WHILE_AWAY} requests while the platform was away, a kill: {called} called when it was back, {twice} twice"
    );
    assert_eq!((called, twice), (ids.len(), 0));
    drop(server);
}

#[tokio::test]
async fn a_platform_that_has_no_time_is_asked_when_it_says() {
    use super::platform::Deed;
    use crate::voice_api::scripted::Act;
    let mood = |_: &str, nth: usize| match nth {
        0 => Deed {
            places: false,
            answer: Act::Answer(429, "Retry-After: 2\r\n", String::new()),
        },
        _ => Deed {
            places: true,
            answer: Act::Close,
        },
    };
    let platform = Platform::with(std::sync::Arc::new(mood)).await;
    let home = home(&platform.base(), Home::new());
    let server = home.start();
    let to = number(0);
    let (status, told) = answered(&home, 0, &to).await;
    assert_eq!((status, &told["state"]), (202, &json!("PENDING")), "{told}");
    let id = told["id"].as_str().expect("an id");
    while get(&home, id).await.1["state"] != "ACCEPTED" {
        tokio::time::sleep(AGAIN_AFTER).await;
    }
    let asked = platform.asked(&to);
    let waited = asked[1] - asked[0];
    println!(
        "R10: Retry-After 2 s: asked again after {} ms",
        waited.as_millis()
    );
    assert_eq!(asked.len(), 2);
    assert!(waited >= Duration::from_millis(1_950), "{waited:?}");
    drop(server);
}

#[tokio::test]
async fn the_log_of_a_call_holds_no_number_and_no_variable() {
    let platform = Platform::with(nasty(3)).await;
    let home = home(&platform.base(), Home::new()).env("CALLWRIGHT_LOG__LEVEL", "trace");
    let server = home.start();
    for nth in 0..20 {
        post(&home, "key-6568332048", &number(nth)).await;
        let told = post(&home, &format!("k-{nth}"), &number(nth)).await;
        let told = told.expect("it answers").1.to_string();
        assert!(!told.contains(&number(nth)[1..]), "{told}");
    }
    server.kill();
    let log = home.read_log();
    assert!(log.contains("attempt_id"), "calls are told of");
    let numbers: Vec<_> = (0..20).map(number).collect();
    let numbers = numbers.iter().map(|number| &number[1..]);
    for private in numbers.chain([&RESTAURANT[1..], "key-65"]) {
        let found = log.lines().find(|line| line.contains(private));
        assert_eq!(found, None, "{private}");
    }
}

/// The named points on a call's way to the platform.
pub(crate) const POINTS: [&str; 4] = ["call.planned", "call.begun", "call.placed", "call.settled"];

/// What happens there.
const DEEDS: [&str; 4] = ["abort", "panic", "sleep", "error"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_break_at_any_point_calls_nobody_twice() {
    let (mut breaks, mut called, mut unknown) = (0, 0, 0);
    for point in POINTS {
        for deed in DEEDS {
            let platform = Platform::kind().await;
            let home = home(&platform.base(), Home::new());
            let order = format!("{point}={deed}@2");
            let mut server = home.start_with(home.command().env("FAILPOINT", order));
            for nth in 0..3 {
                let to = number(nth);
                let id = loop {
                    match post(&home, &format!("k-{nth}"), &to).await {
                        Some((201 | 202, told)) => break told["id"].clone(),
                        _ if server.ended().is_some() => server = home.start(),
                        _ => tokio::time::sleep(AGAIN_AFTER).await,
                    }
                };
                let state = loop {
                    let (_, shown) = get(&home, id.as_str().expect("an id")).await;
                    match shown["state"].as_str() {
                        Some("ACCEPTED" | "UNKNOWN") => break shown["state"].clone(),
                        _ if server.ended().is_some() => server = home.start(),
                        _ => tokio::time::sleep(AGAIN_AFTER).await,
                    }
                };
                let placed = platform.placed(&to).len();
                assert!(placed <= 1, "{point} {deed}: {placed} times");
                assert!(placed == 1 || state == "UNKNOWN", "{point} {deed}: {state}");
                unknown += usize::from(state == "UNKNOWN");
                called += placed;
            }
            breaks += 1;
        }
    }
    println!(
        "R2: {} points of calls × {} deeds, {breaks} breaks: {called} called, 0 twice, {unknown} UNKNOWN",
        POINTS.len(),
        DEEDS.len()
    );
}
