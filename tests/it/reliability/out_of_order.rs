//! R12, of calls that we start: their webhooks come twice, late, in any order, before the answer to their request, instead of
//! it, or not at all. The end is the same as a small model says, and a repeated voice call action has its reply again.

use serde_json::{Value, json};

use super::by_day_or_night;
use super::placed::{number, summary};
use super::platform::{Deed, Placed, Platform};
use super::random::Random;
use crate::app::{Reply, TestApp};
use crate::outbound::{ACCOUNT, settings, start};
use crate::voice_api::scripted::Act;

/// Sessions, by day and by night.
const SESSIONS: (u64, u64) = (100, 10_000);

/// Of ten calls the answers to so many are lost.
const LOST: u64 = 5;

/// A webhook of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hook {
    /// The key that was pressed in the first reply.
    Action,
    Status,
    /// With our id, or without.
    Summary(bool),
}

/// What has to be so in the end.
#[derive(Debug, Default)]
struct Model {
    /// The session is known, by the answer or by a webhook.
    known: bool,
    over: bool,
    reply: Option<String>,
}

async fn platform(seed: u64) -> Platform {
    let mood = move |to: &str, _: usize| {
        let number: u64 = to.trim_start_matches('+').parse().unwrap_or(0);
        let lost = Random::of(seed ^ number).between(0, 10) < LOST;
        Deed {
            places: true,
            answer: if lost { Act::ResetRead } else { Act::Close },
        }
    };
    Platform::with(std::sync::Arc::new(mood)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_order_comes_to_the_same_end() {
    let mut random = Random::announced("R12");
    let platform = platform(random.next()).await;
    let mut settings = settings(&platform.base());
    let rate = ("CALLWRIGHT_OUTBOUND__CALLS_PER_MINUTE", "10000");
    settings = settings.env(rate.0, rate.1);
    let mut app = TestApp::start_with(settings).await;
    let sessions = by_day_or_night(SESSIONS.0, SESSIONS.1);
    let (mut delivered, mut closed, mut unknown) = (0, 0, 0);
    for nth in 0..sessions {
        let to = number(nth);
        let body = json!({"flow": "reminder", "to": to, "variables": {"day": "Friday"}});
        let (status, told) = start(&app, &format!("k-{nth}"), &body).await;
        let mut model = Model {
            known: status == 201,
            ..Model::default()
        };
        let was_unknown = !model.known;
        let placed = platform.placed(&to).pop().expect("it was placed");
        let event = uuid::Uuid::new_v4().to_string();
        let hooks = shuffled(&mut random);
        for hook in &hooks {
            deliver(&app, &placed, &event, *hook, &mut model).await;
        }
        if nth % 25 == 24 {
            app.restart().await;
        }
        let id = told["id"].as_str().expect("an id");
        judge(&app, id, &placed, &event, &mut model).await;
        delivered += hooks.len();
        closed += usize::from(was_unknown && model.known);
        unknown += usize::from(!model.known);
    }
    let (called, twice) = platform.called();
    println!(
        "R12: {sessions} calls, {delivered} webhooks in any order, some twice, some never: {closed} UNKNOWN closed by them, {unknown} of which nothing came stay UNKNOWN; {called} called, {twice} twice; every end as the model's"
    );
    assert_eq!(twice, 0);
}

/// A subset of the webhooks of a call, some of them up to five times, in any order.
fn shuffled(random: &mut Random) -> Vec<Hook> {
    let mut hooks = Vec::new();
    for hook in [
        Hook::Action,
        Hook::Status,
        Hook::Summary(true),
        Hook::Summary(false),
    ] {
        let times = if random.between(0, 3) == 0 {
            0
        } else {
            random.between(1, 6)
        };
        hooks.extend((0..times).map(|_| hook));
    }
    for at in (1..hooks.len()).rev() {
        let other = usize::try_from(random.between(0, at as u64 + 1)).unwrap_or(0);
        hooks.swap(at, other);
    }
    hooks
}

async fn deliver(app: &TestApp, placed: &Placed, event: &str, hook: Hook, model: &mut Model) {
    match hook {
        Hook::Action => act(app, placed, event, model).await,
        Hook::Status => {
            let body = webhook("CALL_STATUS", placed, event, "CALL_CONNECTED");
            assert_eq!(app.post("/webhooks/vcs", body.to_string()).await.0, 200);
        }
        Hook::Summary(echoes) => {
            let body = summary(placed, echoes).to_string();
            assert_eq!(app.post("/webhooks/vss", body).await.0, 200);
            model.known = true;
            model.over = true;
        }
    }
}

/// The key 1 is pressed: the flow goes on; after the end it hears a hangup; and the same again has the same reply.
async fn act(app: &TestApp, placed: &Placed, event: &str, model: &mut Model) {
    let mut body = webhook("CALL_ACTION", placed, event, "DTMF_RECEIVED");
    body["payload"]["dtmf"] = json!("1");
    let (status, text) = app.post("/webhooks/vca", body.to_string()).await;
    let reply = Reply::read(status, text.clone());
    match &model.reply {
        Some(before) => assert_eq!(text, *before, "byte for byte"),
        None if model.over => assert_eq!(reply.names(), ["hangup"]),
        None => assert_eq!(reply.heard(), ["Thank you"]),
    }
    model.reply = Some(text);
    model.known = true;
}

async fn judge(app: &TestApp, id: &str, placed: &Placed, event: &str, model: &mut Model) {
    let (status, shown) = app.get(&format!("/v1/sessions/{id}")).await;
    assert_eq!(status, 200, "{shown}");
    match model.known {
        true => {
            assert_eq!(shown["state"], "ACCEPTED", "{shown}");
            assert_eq!(shown["session_id"], json!(placed.session));
        }
        false => assert_eq!(shown["state"], "UNKNOWN", "{shown}"),
    }
    if model.over {
        assert_eq!(shown["status"], "COMPLETED", "{shown}");
    }
    if model.reply.is_some() {
        act(app, placed, event, model).await;
    }
}

fn webhook(kind: &str, placed: &Placed, event: &str, status: &str) -> Value {
    json!({
        "namespace": "VOICE", "eventType": kind,
        "payload": {
            "eventId": event, "sessionId": placed.session, "subAccountId": ACCOUNT, "callStatus": status,
            "callDirection": "OUTBOUND", "source": placed.from, "destination": placed.to, "sipCode": 200
        }
    })
}
