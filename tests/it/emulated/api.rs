//! The emulator's Voice API from outside: every refusal, the settings, the listings, and what can be scripted to go wrong.

use callwright::emulator::{ApiFault, Emulator, Mischief, Serving};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{ACCOUNT, KEY, emulator, serve, setup};
use crate::app::{RESTAURANT, TestApp};

/// An emulator, and somebody who asks it.
struct Desk {
    app: TestApp,
    emulator: Emulator,
    serving: Serving,
}

impl Desk {
    async fn open() -> Self {
        let app = TestApp::start().await;
        let emulator = emulator(&app, setup(1, Mischief::NONE), &[]);
        let serving = serve(&emulator).await;
        Self {
            app,
            emulator,
            serving,
        }
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!(
            "http://{}/api/v1/subaccounts/{ACCOUNT}/{path}",
            self.serving.address()
        );
        self.app.client.request(method, url).bearer_auth(KEY)
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        read(request).await
    }

    async fn send(&self, callflow: &Value) -> (u16, Value) {
        self.ask(Method::POST, "callflows", Some(callflow)).await
    }
}

async fn read(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.expect("the emulator answers");
    let status = answer.status().as_u16();
    let text = answer.text().await.expect("text");
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

fn dial() -> Value {
    json!({"action": "makeCall", "params": {"source": RESTAURANT, "destination": "+6591234567"}})
}

fn say() -> Value {
    json!({"action": "say", "params": {"text": "Hello.", "voiceProfile": "en-US-BenjaminRUS"}})
}

fn capture(params: &Value) -> Value {
    let mut whole = json!({"promptMessage": "Press 1.", "voiceProfile": "en-US-BenjaminRUS"});
    for (name, value) in params.as_object().into_iter().flatten() {
        whole[name] = value.clone();
    }
    json!({"callflow": [dial(), {"action": "sayAndCapture", "params": whole}]})
}

#[tokio::test]
async fn every_refusal_has_its_code() {
    let desk = Desk::open().await;
    let hangup = || json!({"action": "hangup"});
    let dialling = |name: &str, value: &str| {
        let mut dial = dial();
        dial["params"][name] = json!(value);
        json!({ "callflow": [dial] })
    };
    let said = |name: &str, value: &str| {
        let mut say = say();
        say["params"][name] = json!(value);
        json!({ "callflow": [dial(), say] })
    };
    for (code, status, request) in [
        (-1001, 422, json!([])),
        (-1002, 422, said("voiceProfile", "nobody")),
        (-1003, 422, capture(&json!({"minDigits": 1}))),
        (-1005, 422, capture(&json!({"digitTimeout": 1}))),
        (
            -1006,
            422,
            capture(&json!({"digitTimeout": 2, "overallTimeout": 1})),
        ),
        (
            -1007,
            400,
            json!({"callflow": [dial(), {"action": "sing"}]}),
        ),
        (-1008, 422, capture(&json!({"completeOnHash": false}))),
        (
            -1009,
            422,
            json!({"callflow": [dial(), {"action": "say", "params": {"voiceProfile": "en-US-A"}}]}),
        ),
        (-1010, 422, json!({"callflow": [dial(), dial(), dial()]})),
        (
            -1011,
            422,
            dialling("destination", "+6591234567,+6591234568"),
        ),
        (-1012, 422, json!({"callflow": [dial(), hangup(), say()]})),
        (-1013, 422, json!({"callflow": [say()]})),
        (-1014, 422, dialling("source", "+6599999999")),
        (
            -1015,
            422,
            json!({"validUntil": "2020-01-01T00:00:00Z", "callflow": [dial()]}),
        ),
        (-1016, 422, said("text", "\u{7}")),
        (-1017, 422, dialling("destination", "0123")),
    ] {
        let (told, answer) = desk.send(&request).await;
        assert_eq!(
            (told, &answer["statusCode"]),
            (status, &json!(code)),
            "{answer}"
        );
        assert_eq!(answer["sessionStatus"], "NOT_CREATED");
    }
    assert_eq!(desk.emulator.placed(), []);
}

#[tokio::test]
async fn a_request_needs_the_key_of_its_sub_account() {
    let desk = Desk::open().await;
    for path in ["callflows", "webhooks", "messages/exports"] {
        let url = format!(
            "http://{}/api/v1/subaccounts/{ACCOUNT}/{path}",
            desk.serving.address()
        );
        let (status, answer) = read(desk.app.client.post(url).bearer_auth("nobody")).await;
        assert_eq!(status, 401, "{path}: {answer}");
    }
    let other = format!(
        "http://{}/api/v1/subaccounts/other/callflows",
        desk.serving.address()
    );
    let (status, answer) = read(desk.app.client.post(other).bearer_auth(KEY).body("{}")).await;
    assert_eq!(
        (status, &answer["statusMessage"]),
        (404, &json!("SubAccount not found by Id : other"))
    );
}

#[tokio::test]
async fn a_call_is_placed_and_carried() {
    let desk = Desk::open().await;
    let request =
        json!({"clientRequestId": "attempt-1", "callflow": [dial(), say(), {"action": "hangup"}]});
    let (status, answer) = desk.send(&request).await;
    assert_eq!(
        (status, &answer["statusCode"]),
        (200, &json!(1)),
        "{answer}"
    );
    let placed = desk.emulator.placed();
    assert_eq!(placed[0].client_request_id.as_deref(), Some("attempt-1"));
    assert_eq!(answer["sessionId"], placed[0].session_id.as_str());
    let (_, handset) = desk
        .emulator
        .handset(&placed[0].session_id)
        .expect("it is carried");
    let record = handset.ended().await;
    let (_, session) = desk
        .app
        .get(&format!("/v1/sessions/{}", record.session_id))
        .await;
    assert_eq!(
        session["status"],
        record.ending.expect("it has ended").as_str()
    );
}

#[tokio::test]
async fn scripted_faults_come_in_order_and_place_what_they_say() {
    let desk = Desk::open().await;
    for fault in [
        ApiFault::TooMany(Some(7)),
        ApiFault::Refused(500),
        ApiFault::NotCreated,
        ApiFault::SilentBeforePlacing,
        ApiFault::HalfABody,
        ApiFault::SilentAfterPlacing,
        ApiFault::WrongBody,
    ] {
        desk.emulator.script(fault);
    }
    let request = json!({"callflow": [dial(), {"action": "hangup"}]}).to_string();
    let send = || {
        desk.request(Method::POST, "callflows")
            .body(request.clone())
            .send()
    };
    let placed = || desk.emulator.placed().len();
    let answer = send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.headers()["retry-after"], "7");
    assert_eq!(
        send().await.expect("an answer").status(),
        StatusCode::INTERNAL_SERVER_ERROR
    );
    let not_created = send().await.expect("an answer").text().await.expect("text");
    assert!(not_created.contains("NOT_CREATED"), "{not_created}");
    send().await.expect_err("no answer");
    assert_eq!(placed(), 0);
    let half = send().await.expect("a head");
    assert_eq!(half.status(), StatusCode::OK);
    half.bytes().await.expect_err("half a body");
    assert_eq!(placed(), 1);
    send().await.expect_err("no answer");
    assert_eq!(placed(), 2);
    let wrong = send().await.expect("an answer").text().await.expect("text");
    assert!(serde_json::from_str::<Value>(&wrong).is_err());
    assert_eq!(placed(), 3);
    assert_eq!(send().await.expect("an answer").status(), StatusCode::OK);
}

#[tokio::test]
async fn settings_are_kept_listed_and_deleted() {
    let desk = Desk::open().await;
    let hook =
        json!({"type": "VCA", "url": "https://example.com/hook", "httpAuthHeader": "a secret"});
    let (status, answer) = desk.ask(Method::POST, "webhooks", Some(&hook)).await;
    assert_eq!((status, &answer["count"]), (200, &json!(5)), "{answer}");
    let (_, listed) = desk.ask(Method::GET, "webhooks", None).await;
    let first = json!({
        "type": "VCA", "url": "https://example.com/hook", "enabled": true, "httpAuthHeaderAvailable": true,
    });
    assert_eq!(listed["webhooks"][0], first, "{listed}");
    assert_eq!(
        desk.ask(Method::POST, "webhooks", Some(&json!({"type": "VCX"})))
            .await
            .0,
        422
    );
    assert_eq!(
        desk.ask(Method::DELETE, "webhooks/VCA", None).await.1["statusMessage"],
        "deleted"
    );
    assert_eq!(desk.ask(Method::DELETE, "webhooks/VCA", None).await.0, 404);

    let push = json!({"protocol": "S3", "host": "ap-southeast-2", "username": "me", "password": "p", "path": "/r"});
    assert_eq!(
        desk.ask(Method::POST, "recording-push-config", Some(&push))
            .await
            .1["passwordSet"],
        true
    );
    assert_eq!(
        desk.ask(Method::GET, "recording-push-config", None).await.1["host"],
        "ap-southeast-2"
    );
    assert_eq!(
        desk.ask(Method::DELETE, "recording-push-config", None)
            .await
            .1["delete"],
        true
    );
    assert_eq!(
        desk.ask(Method::GET, "recording-push-config", None).await.0,
        404
    );
}

#[tokio::test]
async fn listings_have_the_documented_shape() {
    let desk = Desk::open().await;
    let (_, voices) = desk.ask(Method::GET, "speech-profiles", None).await;
    assert_eq!(
        voices["speechProfiles"][0]["speechProfileCode"],
        "en-US-BenjaminRUS"
    );
    let (_, numbers) = desk.ask(Method::GET, "numbers", None).await;
    assert_eq!(numbers["totalNumbers"], 2, "{numbers}");
    let (_, one) = desk.ask(Method::GET, "numbers/6561115777", None).await;
    assert_eq!(one["payload"]["countryCode"], "SG", "{one}");
    assert_eq!(
        desk.ask(Method::GET, "numbers/6599999999", None).await.0,
        404
    );

    let (status, job) = desk
        .ask(Method::POST, "messages/exports", Some(&json!({})))
        .await;
    assert_eq!(status, 202);
    let path = format!("messages/exports/{}", job["jobId"].as_str().expect("an id"));
    let mut states = Vec::new();
    for _ in 0..3 {
        states.push(desk.ask(Method::GET, &path, None).await.1["status"].clone());
    }
    assert_eq!(states, ["queued", "running", "succeeded"]);
    assert_eq!(desk.ask(Method::DELETE, &path, None).await.0, 204);
    assert_eq!(
        desk.ask(Method::GET, &path, None).await.1["status"],
        "cancelled"
    );
    assert_eq!(
        desk.ask(Method::GET, "messages/exports/none", None).await.0,
        404
    );
}

#[tokio::test]
async fn a_numbers_state_is_told_and_an_inactive_one_takes_no_call() {
    let desk = Desk::open().await;
    let told = desk
        .emulator
        .set_number(ACCOUNT, RESTAURANT, "Inactive")
        .await;
    assert!(format!("{told:?}").contains("status: 200"), "{told:?}");
    let called = desk
        .emulator
        .call("+6591234567", RESTAURANT, desk.emulator.somebody(1));
    called.expect_err("an inactive number takes no call");
}
