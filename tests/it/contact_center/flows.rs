//! Flows that the Contact Center has a part in, carried by the emulator from the ring to the queue; and what callers hear when
//! it does badly.

use std::sync::Arc;

use callwright::contact_center::schedule::Status;
use callwright::emulator::{
    Account, Arrived, Center, CenterFault, Emulator, Mischief, Pace, Person, Prepared, Queue,
    Setup, sip_id,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::{Duration, Instant};

use super::{ACTION, DATA, TENANT, variables};
use crate::app::{CALLER, Settings, TestApp, client};
use crate::phone::demo::Demo;

/// The restaurant's number.
const FRONT_DESK: &str = "+6561115782";
/// Where the server is reached from outside, as its configuration says.
const PUBLIC: &str = "https://voice.example.com";
/// A token for scripts.
const OURS: &str = "handoff-0123456789abcdef0123456789";

/// An emulator that is the platform and the tenant's Contact Center at once, and a server between them.
struct Stage {
    emulator: Emulator,
    app: TestApp,
    _serving: callwright::emulator::Serving,
}

impl Stage {
    async fn set(sip_id_field: Option<&str>) -> Self {
        let setup = Setup {
            seed: 7,
            pace: Pace::Virtual,
            mischief: Mischief::NONE,
        };
        let emulator = Emulator::new(setup, [], callwright::clock::Clock::system());
        emulator.take_on(Center::new(TENANT, ACTION, DATA));
        let socket = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let serving = emulator.serve(socket).expect("it has an address");
        let mut settings = Settings::default()
            .env("CALLWRIGHT_PUBLIC_URL", PUBLIC)
            .env("CALLWRIGHT_API__TOKENS__SCRIPT__TOKEN", OURS)
            .env("CALLWRIGHT_API__TOKENS__SCRIPT__SCOPES", "handoff,read");
        for (name, value) in variables(&format!("http://{}", serving.address()), ACTION, DATA) {
            settings = settings.env(&name, &value);
        }
        if let Some(field) = sip_id_field {
            settings = settings.env("CALLWRIGHT_CONTACT_CENTER__SIP_ID_FIELD", field);
        }
        let app = TestApp::start_with(settings).await;
        let account =
            Account::new("demo", "a-key", [FRONT_DESK]).with_webhooks(&app.url("/webhooks"), None);
        emulator.employ(account);
        Self {
            emulator,
            app,
            _serving: serving,
        }
    }

    fn center<T>(&self, act: impl FnOnce(&mut Center) -> T) -> T {
        self.emulator.center(act).expect("it has a tenant")
    }

    /// Nobody at queue 102 is free.
    fn all_are_busy(&self) {
        let busy = Queue {
            agents_free: 0,
            agents_busy: 2,
            ..Queue::default()
        };
        self.center(|center| center.queues.insert("102".to_owned(), busy));
    }

    /// Somebody calls, presses these keys, and hears it out; gives what was said, and the call's SIP id.
    async fn call(&self, keys: &[&str]) -> (Vec<String>, String) {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        let person = Person::Prepared(Prepared {
            keys,
            ..Prepared::default()
        });
        let handset = self
            .emulator
            .call(CALLER, FRONT_DESK, person)
            .expect("the number is there");
        let id = sip_id(handset.session_id());
        handset.ended().await;
        let view = handset.view();
        assert_eq!(view.record.faults, [""; 0], "every reply is valid");
        let said = view.signs.iter().filter_map(|sign| match sign {
            callwright::emulator::Sign::Says { text, .. } => Some(text.clone()),
            _ => None,
        });
        (said.collect(), id)
    }

    async fn get(&self, path: &str) -> Value {
        let request = self.app.client.get(self.app.url(path)).bearer_auth(OURS);
        let answer = request.send().await.expect("answers");
        let text = answer.text().await.expect("text");
        serde_json::from_str(&text).expect("JSON")
    }

    async fn listed(&self, path: &str) -> Vec<Value> {
        let list = self.get(path).await;
        list["items"].as_array().expect("a list").clone()
    }
}

#[tokio::test]
async fn a_call_is_carried_from_the_ring_to_the_queue() {
    let stage = Stage::set(Some("sipCallId")).await;
    let (said, id) = stage.call(&[]).await;
    assert_eq!(said, ["Passing you to our reservations team."]);
    while !stage.center(|center| center.handoffs().iter().all(|it| it.in_queue)) {
        tokio::task::yield_now().await;
    }
    let arrived = stage.center(|center| center.handoffs().to_vec());
    let expected = Arrived {
        sip_id: id.clone(),
        queue: "102".to_owned(),
        data: format!("[Caller|{CALLER}]"),
        in_queue: true,
    };
    assert_eq!(
        arrived,
        [expected],
        "what is not known is left out of the data"
    );
    assert_eq!(stage.center(|center| center.queues["102"].waiting), 1);
    let set = stage
        .center(|center| center.variables(&id).cloned())
        .expect("they were set before");
    assert_eq!(set["_calledNumber"]["value"], FRONT_DESK);
    let listed = stage.listed("/v1/handoffs").await;
    assert_eq!(
        (listed.len(), &listed[0]["state"], &listed[0]["by"]),
        (1, &"TAKEN".into(), &"flow".into())
    );
    assert!(listed[0]["session_id"].is_string());
    let asked = stage.center(|center| center.asked().to_vec());
    let (variables, handoff) = (
        asked.iter().position(|it| it.contains("interaction")),
        asked.iter().position(|it| it.contains("externalIvr")),
    );
    assert!(variables < handoff, "{asked:?}");
}

#[tokio::test]
async fn when_nobody_is_free_a_call_back_is_offered() {
    let stage = Stage::set(Some("sipCallId")).await;
    stage.all_are_busy();
    let (said, _) = stage.call(&["1"]).await;
    assert_eq!(
        said.last().map(String::as_str),
        Some("We call you back as soon as somebody is free. Goodbye.")
    );
    let taken = stage.center(|center| center.callbacks().to_vec());
    assert_eq!(
        (
            taken.len(),
            taken[0].phone.as_str(),
            taken[0].target.as_str()
        ),
        (1, &CALLER[1..], "103")
    );
    // A call back that is not taken, and whoever would rather wait, go to the queue.
    stage.center(|center| center.queues.remove("103"));
    let (said, _) = stage.call(&["1"]).await;
    assert_eq!(
        said.last().map(String::as_str),
        Some("Passing you to our reservations team.")
    );
    let (said, _) = stage.call(&["2"]).await;
    assert_eq!(
        said.last().map(String::as_str),
        Some("Passing you to our reservations team.")
    );
    let arrived = stage.center(|center| center.handoffs().to_vec());
    assert!(
        arrived
            .iter()
            .all(|it| it.data.ends_with("[Came from|offer]")),
        "{arrived:?}"
    );
}

#[tokio::test]
async fn what_came_of_a_call_back_is_told_with_the_session_that_asked_for_it() {
    let stage = Stage::set(Some("sipCallId")).await;
    stage.all_are_busy();
    for answered in [true, false] {
        stage.call(&["1"]).await;
        let pending = stage.center(|center| center.callbacks().to_vec());
        let [pending] = pending.as_slice() else {
            panic!("one waits: {pending:?}");
        };
        let now = callwright::clock::Clock::system().now().as_second();
        let at = answered.then_some(now - 60);
        let over = stage.center(|center| center.finish_callback(pending.transaction, at, now));
        let (url, form) = over.expect("somebody wants to be told");
        let path = url
            .strip_prefix(PUBLIC)
            .expect("it is where we can be reached");
        let told = stage.app.client.post(stage.app.url(path)).body(form);
        assert_eq!(told.send().await.expect("answers").status().as_u16(), 200);
        let came = stage.listed("/v1/callbacks").await;
        let [came, ..] = came.as_slice() else {
            panic!("it is listed");
        };
        assert_eq!(
            (&came["answered"], came["ended_at"].is_string()),
            (&answered.into(), answered),
            "{came}"
        );
        assert_eq!(came["interaction"], pending.guid.as_str());
        assert_eq!(
            came["data"],
            json!([{"name": "codes", "value": "$transaction_codes$"}]),
            "what the flow wants back, and no more"
        );
        let session = came["session_id"].as_str().expect("a flow asked for it");
        let path = format!("/v1/sessions/{session}");
        assert_eq!(stage.get(&path).await["flow"], "restaurant_desk");
    }
}

#[tokio::test]
async fn a_closed_schedule_is_told() {
    let stage = Stage::set(Some("sipCallId")).await;
    stage.center(|center| {
        center.schedules.get_mut("122").expect("it is there").now = Status::Closed
    });
    let (said, _) = stage.call(&[]).await;
    assert_eq!(
        said,
        ["Our restaurant is closed at the moment. Please call again during our opening hours."]
    );
}

#[tokio::test]
async fn a_script_tells_whose_call_it_is_and_of_two_none_is_guessed() {
    let stage = Stage::set(None).await;
    let nobody = "Nobody can take your call right now. Please call again later. Goodbye.";
    assert_eq!(stage.call(&[]).await.0, [nobody], "nobody told of it");
    let tell = async |id: &str| {
        let body = json!({"sip_id": id, "caller": CALLER, "called": FRONT_DESK}).to_string();
        let request = stage
            .app
            .client
            .post(stage.app.url("/contact-center/calls"))
            .bearer_auth(OURS)
            .body(body);
        assert_eq!(
            request.send().await.expect("answers").status().as_u16(),
            200
        );
    };
    tell("told-before").await;
    assert_eq!(
        stage.call(&[]).await.0,
        ["Passing you to our reservations team."]
    );
    let arrived = stage.center(|center| center.handoffs().to_vec());
    assert_eq!(
        arrived
            .iter()
            .map(|it| it.sip_id.as_str())
            .collect::<Vec<_>>(),
        ["told-before"]
    );
    tell("another").await;
    assert_eq!(stage.call(&[]).await.0, [nobody], "it is never guessed");
}

/// Whatever the Contact Center does to any of these questions, the caller has a valid reply within 2 s.
#[tokio::test]
async fn no_caller_waits_for_the_contact_center() {
    let faults = [
        CenterFault::Slow(10_000),
        CenterFault::Stuck,
        CenterFault::Silent,
        CenterFault::HalfABody,
        CenterFault::WrongBody,
        CenterFault::Elsewhere,
        CenterFault::Refused(500),
        CenterFault::Refused(503),
        CenterFault::Refused(401),
    ];
    let stage = Arc::new(Stage::set(Some("sipCallId")).await);
    stage.all_are_busy();
    for fault in faults {
        // A call back, and the handoff that it falls back to.
        let mut caller = stage.app.caller(FRONT_DESK);
        caller.dial().await;
        stage.center(|center| center.faults = [fault; 3].into());
        let begun = Instant::now();
        let reply = caller.press(Some("1")).await;
        assert!(
            begun.elapsed() < Duration::from_secs(2) && reply.hangs_up(),
            "{fault:?}: {:?} {}",
            begun.elapsed(),
            reply.text
        );
        stage.center(|center| center.faults.clear());
    }
    stage.center(|center| center.queues.insert("102".to_owned(), Queue::default()));
    for fault in faults {
        // The schedule, the queue, the variables and the handoff: each of them goes wrong, and all of them.
        for healthy in 0..4 {
            let mut script = vec![CenterFault::Slow(0); healthy];
            script.extend([fault; 4]);
            stage.center(|center| center.faults = script.into());
            let mut caller = stage.app.caller(FRONT_DESK);
            let begun = Instant::now();
            let body = caller.body("CALL_RECEIVED", |payload| {
                payload["sipCallId"] = "sip-of-a-call".into()
            });
            let reply = caller.send(&body).await;
            assert!(
                begun.elapsed() < Duration::from_secs(2),
                "{fault:?} after {healthy}: {:?}",
                begun.elapsed()
            );
            assert!(
                reply.json["callflow"].is_array(),
                "{fault:?} after {healthy}: {}",
                reply.text
            );
        }
    }
}

#[tokio::test]
async fn in_the_demo_a_call_goes_to_the_queue_as_well() {
    let demo = Demo::start(None);
    let calls = format!("{}/calls", demo.url());
    let client = client();
    let text = async |request: reqwest::RequestBuilder| {
        request
            .send()
            .await
            .expect("answers")
            .text()
            .await
            .expect("text")
    };
    let body = json!({"flow": "restaurant_desk", "from": CALLER}).to_string();
    let placed: Value =
        serde_json::from_str(&text(client.post(&calls).body(body)).await).expect("JSON");
    let session = placed["session"].as_str().expect("it is called");
    let mut events = client
        .get(format!("{calls}/{session}/events"))
        .send()
        .await
        .expect("it tells");
    let mut told = String::new();
    while !told.contains("Passing you to our reservations team.") {
        let chunk = events
            .chunk()
            .await
            .expect("it goes on")
            .expect("it has not ended");
        told += &String::from_utf8_lossy(&chunk);
        assert!(!told.contains("Nobody can take your call"), "{told}");
    }
    let handoffs = demo.url().replace("/phone", "/v1/handoffs");
    let listed: Value = serde_json::from_str(&text(client.get(handoffs)).await).expect("JSON");
    let handoff = &listed["items"][0];
    assert_eq!(
        (&handoff["state"], &handoff["queue"], &handoff["session_id"]),
        (&"TAKEN".into(), &"102".into(), &session.into())
    );
}
