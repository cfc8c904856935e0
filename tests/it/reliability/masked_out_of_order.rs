//! R12, of masked calls: their webhooks come up to five times, in any order, late, or not at all. A call is put through once and to the
//! other side only, a repeated voice call action has its reply again, byte for byte, and what is told is what a small model says.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use super::by_day_or_night;
use super::random::Random;
use crate::app::{Reply, Settings, TestApp};
use crate::bookings::{book, number};

/// Sessions, by day and by night.
const SESSIONS: (u64, u64) = (100, 1_000_000);

/// Bookings that they are of.
const BOOKINGS: usize = 8;

/// How many are carried until the server is started anew and all of them are judged, by day and by night.
const RESTARTED: (u64, u64) = (25, 5_000);

/// How many are carried at once.
const AT_ONCE: usize = 8;

/// A webhook of a masked call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hook {
    Received,
    /// The call comes back behind its last words.
    After,
    Status,
    Summary,
}

/// What has to be so in the end.
#[derive(Debug, Default)]
struct Model {
    reply: Option<String>,
    after: Option<String>,
    connected: bool,
    over: bool,
    /// The seconds that were talked, once they count.
    talked: Option<u64>,
}

/// A session, and the people of its booking.
struct Call {
    session: String,
    rider: String,
    driver: String,
    vn: String,
    seconds: u64,
}

fn rider(n: usize) -> String {
    format!("+659123450{n}")
}

fn driver(n: usize) -> String {
    format!("+658123450{n}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_order_of_a_masked_call_comes_to_the_same_end() {
    let mut random = Random::announced("R12 of masked calls");
    let settings = Settings::default().env(
        "CALLWRIGHT_POOLS__DEFAULT__NUMBERS",
        "+6531234561,+6531234562",
    );
    let mut app = TestApp::start_with(settings).await;
    let mut vns = Vec::new();
    for n in 0..BOOKINGS {
        let made = book(&app, &format!("trip-{n}"), &rider(n), &driver(n)).await;
        vns.push(number(&made, "a").to_owned());
    }
    let sessions = by_day_or_night(SESSIONS.0, SESSIONS.1);
    let at_a_time = by_day_or_night(RESTARTED.0, RESTARTED.1);
    let (mut delivered, mut connected) = (0, 0);
    let mut judge = Judge::default();
    for first in (0..sessions).step_by(usize::try_from(at_a_time).expect("few")) {
        let calls: Vec<_> = (first..first + at_a_time)
            .map(|nth| {
                (
                    Call::by_chance(nth, &mut random, &vns),
                    shuffled(&mut random),
                )
            })
            .collect();
        delivered += calls.iter().map(|(_, hooks)| hooks.len()).sum::<usize>();
        let carried = stream::iter(calls).map(|(call, hooks)| carry(&app, call, hooks));
        let mut carried: Vec<_> = carried.buffer_unordered(AT_ONCE).collect().await;
        app.restart().await;
        for (call, model) in carried.iter_mut().take(AT_ONCE) {
            if model.reply.is_some() {
                deliver(&app, call, Hook::Received, model).await;
            }
        }
        judge.hold(&app, &carried).await;
        connected += carried.iter().filter(|(_, model)| model.connected).count();
    }
    println!(
        "R12: {sessions} masked calls, {delivered} webhooks in any order, some up to five times, some never: {connected} put through, each once; {} events, each once; every reply as the model's",
        judge.told
    );
}

impl Call {
    /// The `nth` call, of one of the bookings.
    fn by_chance(nth: u64, random: &mut Random, vns: &[String]) -> Self {
        let booking = usize::try_from(random.between(0, BOOKINGS as u64)).expect("few");
        Self {
            session: format!("masked-{nth}"),
            rider: rider(booking),
            driver: driver(booking),
            vn: vns[booking].clone(),
            seconds: random.between(1, 100),
        }
    }
}

async fn carry(app: &TestApp, call: Call, hooks: Vec<Hook>) -> (Call, Model) {
    let mut model = Model::default();
    for hook in hooks {
        deliver(app, &call, hook, &mut model).await;
    }
    (call, model)
}

/// A subset of the webhooks of a call, each up to five times, in any order.
fn shuffled(random: &mut Random) -> Vec<Hook> {
    let mut hooks = Vec::new();
    for hook in [Hook::Received, Hook::After, Hook::Status, Hook::Summary] {
        let times = match random.between(0, 4) {
            0 => 0,
            _ => random.between(1, 6),
        };
        hooks.extend((0..times).map(|_| hook));
    }
    for at in (1..hooks.len()).rev() {
        let other = usize::try_from(random.between(0, at as u64 + 1)).expect("few");
        hooks.swap(at, other);
    }
    hooks
}

async fn deliver(app: &TestApp, call: &Call, hook: Hook, model: &mut Model) {
    match hook {
        Hook::Received => {
            let (reply, text) = act(app, call, "CALL_RECEIVED", None).await;
            match &model.reply {
                Some(before) => assert_eq!(text, *before, "byte for byte"),
                None if model.over => assert_eq!(reply.names(), ["hangup"]),
                None => {
                    assert_eq!(reply.dials(), Some(&call.driver[..]), "{text}");
                    model.connected = true;
                }
            }
            model.reply = Some(text);
        }
        Hook::After => {
            let Some(label) = model.reply.as_deref().and_then(label) else {
                return;
            };
            let (reply, text) = act(app, call, "ACTION_COMPLETED", Some(&label)).await;
            match &model.after {
                Some(before) => assert_eq!(text, *before, "byte for byte"),
                None => assert_eq!(reply.names(), ["hangup"]),
            }
            model.after = Some(text);
        }
        Hook::Status => {
            let body = webhook("CALL_STATUS", call, "CALL_CONNECTED");
            acknowledged(app, "/webhooks/vcs", body).await;
        }
        Hook::Summary => {
            let body = summary(call);
            acknowledged(app, "/webhooks/vss", body).await;
            if model.connected && !model.over {
                model.talked = Some(call.seconds);
            }
            model.over = true;
        }
    }
}

/// Delivers a webhook as the platform does: what is put off comes again. A million sessions meet a slow moment of the disk.
async fn acknowledged(app: &TestApp, path: &str, body: Value) {
    loop {
        match app.post(path, body.to_string()).await {
            (200, _) => return,
            (status, text) => assert_eq!(status, 503, "{text}"),
        }
    }
}

fn label(reply: &str) -> Option<String> {
    let json: Value = serde_json::from_str(reply).ok()?;
    json["clientActionId"].as_str().map(str::to_owned)
}

async fn act(app: &TestApp, call: &Call, status: &str, label: Option<&str>) -> (Reply, String) {
    let mut body = webhook("CALL_ACTION", call, status);
    if let Some(label) = label {
        body["payload"]["clientActionId"] = json!(label);
    }
    let (code, text) = app.post("/webhooks/vca", body.to_string()).await;
    (Reply::read(code, text.clone()), text)
}

fn webhook(kind: &str, call: &Call, status: &str) -> Value {
    json!({
        "namespace": "VOICE", "eventType": kind,
        "payload": {
            "eventId": format!("{}-{kind}-{status}", call.session), "sessionId": call.session, "subAccountId": "masked",
            "callStatus": status, "callDirection": "INBOUND", "source": call.rider, "destination": call.vn, "sipCode": 200
        }
    })
}

fn summary(call: &Call) -> Value {
    let leg = |seconds: u64| json!({"callDuration": seconds, "callStatus": "COMPLETED", "source": call.rider, "destination": call.vn});
    json!({
        "namespace": "VOICE", "eventType": "SESSION_SUMMARY", "description": "",
        "payload": {
            "sessionId": call.session, "subAccountId": "masked", "sessionStatus": "COMPLETED",
            "details": {"callA": leg(call.seconds + 5), "callB": leg(call.seconds)}
        }
    })
}

/// Holds what is told against the models.
#[derive(Debug, Default)]
struct Judge {
    /// Up to which event it has read.
    after: u64,
    /// How many events there were.
    told: usize,
    /// How many of each booking.
    sequences: BTreeMap<String, u64>,
}

impl Judge {
    /// What was told since of each of these sessions, and of no other.
    async fn hold(&mut self, app: &TestApp, carried: &[(Call, Model)]) {
        let told = self.news(app).await;
        let mut sequences: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        let mut of_sessions: BTreeMap<String, Vec<(String, Option<u64>)>> = BTreeMap::new();
        for event in &told {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let sequence = event["sequence"].as_u64().expect("it is a booking's");
            let of_it = sequences.entry(text(&event["data"]["booking_id"]));
            of_it.or_default().push(sequence);
            if !event["data"]["session_id"].is_null() {
                let of_it = of_sessions.entry(text(&event["data"]["session_id"]));
                let talked = event["data"]["talk_seconds"].as_u64();
                of_it.or_default().push((text(&event["type"]), talked));
            }
        }
        for (Call { session, .. }, model) in carried {
            let connected = model.connected.then(|| ("call.connected".to_owned(), None));
            let ended = model.talked.map(|it| ("call.ended".to_owned(), Some(it)));
            let wanted: Vec<_> = connected.into_iter().chain(ended).collect();
            let told = of_sessions.remove(session).unwrap_or_default();
            assert_eq!(told, wanted, "{session} {model:?}");
        }
        assert!(of_sessions.is_empty(), "{of_sessions:?}");
        for (booking, mut sequence) in sequences {
            sequence.sort_unstable();
            let before = self.sequences.entry(booking).or_default();
            let through = *before + sequence.len() as u64;
            let all: Vec<_> = (*before + 1..=through).collect();
            assert_eq!(sequence, all);
            *before = through;
        }
        self.told += told.len();
    }

    /// The events that it has not read yet.
    async fn news(&mut self, app: &TestApp) -> Vec<Value> {
        let mut told = Vec::new();
        loop {
            let path = format!("/v1/events?limit=200&after={}", self.after);
            let (_, page) = app.get(&path).await;
            let items = page["items"].as_array().expect("a list");
            told.extend(items.clone());
            if let Some(last) = items.last() {
                self.after = last["number"].as_u64().expect("a number");
            }
            if page["next_after"].is_null() {
                return told;
            }
        }
    }
}
