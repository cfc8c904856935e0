//! Secret digits, phone numbers, tokens and secrets never show in the clear.

use crate::app::{CALLER, Form, RESTAURANT, Settings, TestApp};

const PIN_FLOW: &str = r#"
callwright = 1
[flow]
id      = "pin"
start   = "pin"
answers = ["+6561115777"]
[ask.pin]
say     = "Enter your code."
digits  = 6
save    = "pin"
secret  = true
go      = "menu"
give_up = "end"
[menu.menu]
say     = "For more press 1."
press.1 = "end"
give_up = "end"
"#;

const PIN: &str = "918273";

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn secret_digits_are_nowhere() {
    for form in [Form::Payload, Form::EventData, Form::Bare] {
        let app = TestApp::start_with(Settings::default().flow("pin.toml", PIN_FLOW)).await;
        let mut caller = app.caller(RESTAURANT);
        caller.form = form;
        caller.dial().await;
        let body = caller.pressed(Some(PIN));
        caller.send(&body).await;
        caller.resend(&body).await;
        let mut late = caller.pressed(Some(PIN));
        late["payload"]["clientActionId"] = body["payload"]["clientActionId"].clone();
        caller.resend(&late).await;
        let mut status = caller.pressed(Some(PIN));
        status["eventType"] = "CALL_STATUS".into();
        app.post("/webhooks/vcs", status.to_string()).await;
        app.caller(RESTAURANT)
            .resend(&app.caller(RESTAURANT).pressed(Some(PIN)))
            .await;

        let (_, session) = app.get(&format!("/v1/sessions/{}", caller.session)).await;
        let bytes = app.all_bytes();
        assert!(contains(&bytes, &caller.session), "the calls are there");
        for private in [PIN, &CALLER[1..], &CALLER[3..], "DTMF_RECEIVED"] {
            assert!(!contains(&bytes, private), "{form:?}: {private}");
        }
        assert!(!session.to_string().contains(PIN), "{session}");
        assert_eq!(session["trace"][1]["digits"], "••••");
    }
}

#[tokio::test]
async fn digits_that_are_no_secret_stand_in_the_trace() {
    let app = TestApp::start().await;
    let mut caller = app.caller(RESTAURANT);
    caller.dial().await;
    caller.press(Some("1")).await;
    let (_, session) = app.get(&format!("/v1/sessions/{}", caller.session)).await;
    assert_eq!(session["trace"][1]["digits"], "1");
    assert_eq!(session["trace"][1]["step"], "main");
}

#[tokio::test]
async fn numbers_are_masked_unless_the_token_may_see_them() {
    let settings = Settings::default()
        .env(
            "CALLWRIGHT_API__TOKENS__OPS__TOKEN",
            "ops-0123456789abcdef0123456789",
        )
        .env("CALLWRIGHT_API__TOKENS__OPS__SCOPES", "read")
        .env(
            "CALLWRIGHT_API__TOKENS__DESK__TOKEN",
            "desk-0123456789abcdef0123456789",
        )
        .env("CALLWRIGHT_API__TOKENS__DESK__SCOPES", "read,numbers");
    let app = TestApp::start_with(settings).await;
    let mut caller = app.caller(RESTAURANT);
    caller.dial().await;
    caller.press(Some("2")).await;
    caller.press(Some("1")).await;
    for path in [
        "/v1/sessions".to_owned(),
        format!("/v1/sessions/{}", caller.session),
    ] {
        for (token, sees) in [("ops", false), ("desk", true)] {
            let bearer = format!("{token}-0123456789abcdef0123456789");
            let request = app.client.get(app.url(&path)).bearer_auth(bearer);
            let text = request
                .send()
                .await
                .expect("answers")
                .text()
                .await
                .expect("text");
            for number in [&CALLER[3..], &RESTAURANT[3..]] {
                assert_eq!(text.contains(number), sees, "{token} {path} {text}");
            }
        }
    }
}
