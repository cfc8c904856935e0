//! Duplicated, late and stray webhooks: known before new, also after a restart.

use serde_json::{Value, json};

use crate::app::{Caller, RESTAURANT, Settings, TestApp};

/// Runs the list on both engines.
macro_rules! on_both_engines {
    ($($test:ident)*) => {
        mod sqlite {
            $(
                #[tokio::test]
                async fn $test() {
                    super::$test(super::Settings::default()).await;
                }
            )*
        }
        mod postgres {
            $(
                #[tokio::test]
                async fn $test() {
                    if let Some(url) = crate::cluster::database() {
                        super::$test(super::Settings::node(&url)).await;
                    }
                }
            )*
        }
    };
}

on_both_engines! {
    a_known_event_gets_its_reply_byte_for_byte_also_after_a_restart_and_the_summary
    a_step_already_left_gets_the_reply_it_was_left_with
    after_the_summary_there_is_only_a_hangup
    a_summary_that_comes_first_ends_the_session_before_it_began
    a_lost_session_is_carried_on_by_its_label
    what_nobody_knows_gets_the_apology
    two_at_once_are_answered_alike
    a_call_finishes_on_the_version_that_it_began
    webhooks_of_a_session_are_joined_in_any_order
}

async fn a_known_event_gets_its_reply_byte_for_byte_also_after_a_restart_and_the_summary(
    settings: Settings,
) {
    let mut app = TestApp::start_with(settings).await;
    let mut caller = app.caller(RESTAURANT);
    caller.dial().await;
    let pressed = caller.pressed(Some("1"));
    let first = caller.send(&pressed).await;
    caller.press(Some("2")).await;
    caller.end("COMPLETED").await;
    assert_eq!(caller.resend(&pressed).await.text, first.text);

    let session = caller.session.clone();
    app.restart().await;
    let caller = Caller::new(&app, &session, RESTAURANT);
    assert_eq!(caller.resend(&pressed).await.text, first.text);
    assert_eq!(
        trace_length(&app, &session).await,
        4,
        "a repeated event leaves no second trace"
    );
}

async fn a_step_already_left_gets_the_reply_it_was_left_with(settings: Settings) {
    let app = TestApp::start_with(settings).await;
    let mut caller = app.caller(RESTAURANT);
    let dialled = caller.dial().await;
    let late = caller.pressed(Some("2"));
    let reservations = caller.press(Some("1")).await;
    let book = caller.press(Some("1")).await;

    assert_eq!(
        caller.resend(&late).await.text,
        reservations.text,
        "another key changes nothing"
    );
    let again = caller.body("CALL_RECEIVED", |payload| {
        payload
            .as_object_mut()
            .expect("an object")
            .remove("clientActionId");
    });
    assert_eq!(caller.resend(&again).await.text, dialled.text);
    assert_eq!(book.heard().len(), 1);
    assert!(
        caller.press(Some("2")).await.heard()[0].contains("tomorrow"),
        "the call stands where it stood"
    );
}

async fn after_the_summary_there_is_only_a_hangup(settings: Settings) {
    let app = TestApp::start_with(settings).await;
    let mut caller = app.caller(RESTAURANT);
    caller.dial().await;
    caller.end("CANCELED").await;
    assert_eq!(caller.press(Some("1")).await.names(), ["hangup"]);
    let (_, session) = app.get(&format!("/v1/sessions/{}", caller.session)).await;
    assert_eq!(
        session["status"], "CANCELED",
        "a late action does not revive a session"
    );
}

async fn a_summary_that_comes_first_ends_the_session_before_it_began(settings: Settings) {
    let app = TestApp::start_with(settings).await;
    let mut caller = app.caller(RESTAURANT);
    caller.end("COMPLETED").await;
    assert_eq!(caller.dial().await.names(), ["hangup"]);
}

async fn a_lost_session_is_carried_on_by_its_label(settings: Settings) {
    let app = TestApp::start_with(settings).await;
    let mut caller = app.caller(RESTAURANT);
    caller.dial().await;
    caller.press(Some("1")).await;
    let mut lost = app.caller(RESTAURANT);
    lost.label = caller.label.clone();
    let reply = lost.press(Some("1")).await;
    assert!(
        reply.heard()[0].starts_with("Reserving a Table"),
        "{reply:?}"
    );
    assert!(
        lost.press(Some("1")).await.heard()[0].contains("today"),
        "and goes on from there"
    );
}

async fn what_nobody_knows_gets_the_apology(settings: Settings) {
    let app = TestApp::start_with(settings).await;
    let stray = app.caller(RESTAURANT).press(Some("1")).await;
    assert!(stray.is_apology(), "{stray:?}");
    assert!(app.caller("+6560000000").dial().await.is_apology());
    for label in [
        "main_menu",
        "abc@1:2:3:4:5",
        "no-flow@000000000000:main:1:en:1",
    ] {
        let mut caller = app.caller(RESTAURANT);
        caller.label = Some(label.to_owned());
        assert!(caller.press(Some("1")).await.is_apology(), "{label}");
    }
}

async fn two_at_once_are_answered_alike(settings: Settings) {
    let app = TestApp::start_with(settings).await;
    let mut caller = app.caller(RESTAURANT);
    caller.dial().await;
    let (one, other) = (caller.pressed(Some("1")), caller.pressed(Some("1")));
    let repeated = one.clone();
    let replies = tokio::join!(
        caller.resend(&one),
        caller.resend(&other),
        caller.resend(&repeated)
    );
    assert_eq!(replies.0.text, replies.1.text);
    assert_eq!(replies.0.text, replies.2.text);
}

async fn a_call_finishes_on_the_version_that_it_began(settings: Settings) {
    let menu = |text: &str| {
        format!(
            "callwright = 1\n[flow]\nid = \"shop\"\nstart = \"main\"\nanswers = [\"{RESTAURANT}\"]\n\
             [menu.main]\nsay = \"Welcome. For more press 1.\"\npress.1 = \"more\"\ngive_up = \"end\"\n\
             [end.more]\nsay = \"{text}\"\n"
        )
    };
    let settings = settings.flow("shop.toml", &menu("This is the old text."));
    let mut app = TestApp::start_with(settings).await;
    let mut caller = app.caller(RESTAURANT);
    caller.dial().await;
    let (session, label) = (caller.session.clone(), caller.label.clone());

    app.write_flow("shop.toml", &menu("This is the new text."));
    app.restart().await;
    let mut caller = Caller::new(&app, &session, RESTAURANT);
    caller.label = label;
    assert_eq!(
        caller.press(Some("1")).await.heard(),
        ["This is the old text"]
    );
    let mut newcomer = app.caller(RESTAURANT);
    newcomer.dial().await;
    assert_eq!(
        newcomer.press(Some("1")).await.heard(),
        ["This is the new text"]
    );
}

async fn webhooks_of_a_session_are_joined_in_any_order(settings: Settings) {
    let app = TestApp::start_with(settings).await;
    let mut caller = app.caller(RESTAURANT);
    let recording = json!({
        "namespace": "VOICE",
        "eventType": "CALL_RECORDING_STATUS",
        "description": "Call recording status updated",
        "payload": {
            "sessionId": caller.session,
            "recordingId": "eef54fc2-065a-11ec-bce9-ed1000154345",
            "durationSeconds": 25,
            "filePath": "recordings/one.mp3",
            "status": "UPLOAD_COMPLETED"
        }
    });
    let mut status = caller.body("CALL_CONNECTED", |_| {});
    status["eventType"] = json!("CALL_STATUS");
    assert_eq!(app.post("/webhooks", recording.to_string()).await.0, 200);
    assert_eq!(app.post("/webhooks", status.to_string()).await.0, 200);
    caller.dial().await;
    caller.end("NO ANSWER").await;

    let (code, session) = app.get(&format!("/v1/sessions/{}", caller.session)).await;
    assert_eq!(code, 200);
    assert_eq!(session["status"], "NO_ANSWER");
    assert_eq!(session["flow"], "restaurant");
    assert_eq!(session["source"], "+65••••4567");
    assert_eq!(session["recordings"][0]["status"], "UPLOAD_COMPLETED");
    assert_eq!(session["legs"].as_array().map(Vec::len), Some(1));
    let kinds: Vec<_> = trace(&session)
        .iter()
        .filter_map(|entry| entry["kind"].as_str())
        .collect();
    assert_eq!(kinds, ["VRU", "VCS", "VCA", "VSS"]);
}

fn trace(session: &Value) -> &[Value] {
    session["trace"].as_array().map_or(&[], Vec::as_slice)
}

async fn trace_length(app: &TestApp, session: &str) -> usize {
    let (_, session) = app.get(&format!("/v1/sessions/{session}")).await;
    trace(&session).len()
}
