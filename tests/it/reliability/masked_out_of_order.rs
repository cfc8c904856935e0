//! R12, of masked calls: their webhooks come up to five times, in any order, late, or not at all. A call is put through once and to the
//! other side only, a repeated voice call action has its reply again, byte for byte, and what is told is what a small model says.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::by_day_or_night;
use super::random::Random;
use crate::app::{Reply, Settings, TestApp};
use crate::bookings::{book, number};

/// Sessions, by day and by night.
const SESSIONS: (u64, u64) = (100, 10_000);

/// Bookings that they are of.
const BOOKINGS: usize = 8;

/// After how many sessions the server is started anew.
const RESTARTED: u64 = 25;

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
    let (mut models, mut delivered) = (BTreeMap::new(), 0);
    for nth in 0..sessions {
        let booking = usize::try_from(random.between(0, BOOKINGS as u64)).expect("few");
        let call = Call {
            session: format!("masked-{nth}"),
            rider: rider(booking),
            driver: driver(booking),
            vn: vns[booking].clone(),
            seconds: random.between(1, 100),
        };
        let mut model = Model::default();
        for hook in shuffled(&mut random) {
            deliver(&app, &call, hook, &mut model).await;
            delivered += 1;
        }
        if nth % RESTARTED == RESTARTED - 1 {
            app.restart().await;
            if model.reply.is_some() {
                deliver(&app, &call, Hook::Received, &mut model).await;
            }
        }
        models.insert(call.session.clone(), (call, model));
    }
    let told = judge(&app, &models).await;
    let connected = models.values().filter(|(_, model)| model.connected).count();
    println!(
        "R12: {sessions} masked calls, {delivered} webhooks in any order, some up to five times, some never: {connected} put through, each once; {told} events, each once; every reply as the model's"
    );
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
            assert_eq!(app.post("/webhooks/vcs", body.to_string()).await.0, 200);
        }
        Hook::Summary => {
            let body = summary(call);
            assert_eq!(app.post("/webhooks/vss", body.to_string()).await.0, 200);
            if model.connected && !model.over {
                model.talked = Some(call.seconds);
            }
            model.over = true;
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

/// What was told of each session, against the models. How many events.
async fn judge(app: &TestApp, models: &BTreeMap<String, (Call, Model)>) -> usize {
    let told = all_told(app).await;
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
    for (session, (_, model)) in models {
        let mut wanted = Vec::new();
        wanted.extend(model.connected.then(|| ("call.connected".to_owned(), None)));
        wanted.extend(
            model
                .talked
                .map(|seconds| ("call.ended".to_owned(), Some(seconds))),
        );
        let told = of_sessions.get(session).cloned().unwrap_or_default();
        assert_eq!(told, wanted, "{session} {model:?}");
    }
    for (booking, mut sequence) in sequences {
        sequence.sort_unstable();
        let all: Vec<_> = (1..=sequence.len() as u64).collect();
        assert_eq!(sequence, all, "{booking}");
    }
    told.len()
}

async fn all_told(app: &TestApp) -> Vec<Value> {
    let (mut told, mut after) = (Vec::new(), json!(0));
    loop {
        let (_, page) = app
            .get(&format!("/v1/events?limit=100&after={after}"))
            .await;
        told.extend(page["items"].as_array().expect("a list").clone());
        after = page["next_after"].clone();
        if after.is_null() {
            return told;
        }
    }
}
