//! One call, step by step, as a phone drives it; and prepared people, against the shipped flows.

use callwright::emulator::{
    Ending, Fate, Handset, Kind, Mischief, Pace, Person, Prepared, Setup, Sign, View,
};
use serde_json::{Value, json};

use super::{ACCOUNT, emulator, serve, setup};
use crate::app::{CALLER, RESTAURANT, TECH_SUPPORT, TestApp};

fn prepared(keys: &[&str], fates: &[Fate]) -> Person {
    Person::Prepared(Prepared {
        keys: keys.iter().map(|keys| (*keys).to_owned()).collect(),
        fates: fates.iter().copied().collect(),
        leaves_ms: None,
    })
}

fn spoken(view: &View) -> Vec<String> {
    let texts = view.signs.iter().filter_map(|sign| match sign {
        Sign::Says { text, .. } => Some(text.clone()),
        _ => None,
    });
    texts.collect()
}

#[tokio::test]
async fn a_prepared_caller_hears_the_restaurants_hours() {
    let app = TestApp::start().await;
    let emulator = emulator(&app, setup(3, Mischief::NONE), &[]);
    let call = emulator
        .call(CALLER, RESTAURANT, prepared(&["3"], &[]))
        .expect("a number");
    let record = call.ended().await;
    assert_eq!(record.faults, [""; 0]);
    assert_eq!(record.ending, Some(Ending::Completed));
    let said = spoken(&call.view());
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[1].starts_with("Our restaurant hours"), "{said:?}");
    let expected = [
        Kind::Status,
        Kind::Action,
        Kind::Status,
        Kind::Status,
        Kind::Action,
        Kind::Status,
        Kind::Summary,
    ];
    assert_eq!(record.webhooks, expected);
}

#[tokio::test]
async fn a_transfer_ends_as_its_leg_does() {
    let app = TestApp::start().await;
    let emulator = emulator(&app, setup(4, Mischief::NONE), &[]);
    let answers = Fate::Answers {
        talks_ms: Some(20_000),
    };
    for (fate, ending, seconds) in [
        (answers, Ending::Completed, 20),
        (Fate::Busy, Ending::Busy, 0),
        (Fate::NoAnswer, Ending::NoAnswer, 0),
        (Fate::Fails, Ending::Failed, 0),
    ] {
        let call = emulator
            .call(CALLER, TECH_SUPPORT, prepared(&["2"], &[fate]))
            .expect("a number");
        let record = call.ended().await;
        assert_eq!(
            (record.ending, record.legs[1].seconds),
            (Some(ending), seconds),
            "{record:?}"
        );
        let sorry = spoken(&call.view())
            .iter()
            .any(|text| text.contains("all our agents are busy"));
        assert_eq!(sorry, fate != answers, "{fate:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_away_ends_the_call_in_error() {
    let mut app = TestApp::start().await;
    let emulator = emulator(&app, setup(5, Mischief::NONE), &[]);
    app.stop().await;
    let call = emulator
        .call(CALLER, RESTAURANT, prepared(&[], &[]))
        .expect("a number");
    let record = call.ended().await;
    assert_eq!(
        (record.ending, record.webhooks),
        (Some(Ending::Error), vec![])
    );
}

/// Waits until the call has said so much and listens.
async fn listening(call: &Handset, prompts: usize) -> View {
    call.until(|view| view.done || spoken(view).len() >= prompts)
        .await
}

#[tokio::test]
async fn a_phone_drives_a_call_by_hand_in_real_time() {
    let app = TestApp::start().await;
    let pace = Setup {
        pace: Pace::Real,
        ..setup(6, Mischief::NONE)
    };
    let emulator = emulator(&app, pace, &[]);
    let call = emulator
        .call(CALLER, TECH_SUPPORT, Person::ByHand)
        .expect("a number");
    listening(&call, 1).await;
    call.press("2");
    call.until(|view| {
        view.signs
            .iter()
            .any(|sign| matches!(sign, Sign::Rings { leg: 1, .. }))
    })
    .await;
    call.meet(Fate::Answers { talks_ms: None });
    call.until(|view| view.signs.contains(&Sign::Connected { leg: 1 }))
        .await;
    call.hang_up(1);
    let record = call.ended().await;
    assert_eq!(
        (record.ending, record.faults.len()),
        (Some(Ending::Completed), 0),
        "{record:?}"
    );
}

#[tokio::test]
async fn the_desk_places_and_steers_calls_over_http() {
    let app = TestApp::start().await;
    let pace = Setup {
        pace: Pace::Real,
        ..setup(8, Mischief::NONE)
    };
    let emulator = emulator(&app, pace, &[]);
    let serving = serve(&emulator).await;
    let desk = async |path: &str, body: Value| -> Value {
        let url = format!("http://{}/emulator/{path}", serving.address());
        let answer = app
            .client
            .post(url)
            .body(body.to_string())
            .send()
            .await
            .expect("an answer");
        serde_json::from_str(&answer.text().await.expect("text")).expect("JSON")
    };
    let begun = desk("calls", json!({"from": CALLER, "to": RESTAURANT})).await;
    let session = begun["session_id"].as_str().expect("an id");
    let (_, call) = emulator.handset(session).expect("it is carried");
    listening(&call, 1).await;
    desk(&format!("calls/{session}/keys"), json!({"keys": "1"})).await;
    listening(&call, 2).await;
    desk(&format!("calls/{session}/hangup"), json!({})).await;
    call.ended().await;
    let url = format!("http://{}/emulator/calls/{session}", serving.address());
    let seen = app
        .client
        .get(url)
        .send()
        .await
        .expect("an answer")
        .text()
        .await
        .expect("text");
    let seen: Value = serde_json::from_str(&seen).expect("JSON");
    assert_eq!(
        (&seen["status"], &seen["faults"]),
        (&json!("COMPLETED"), &json!([])),
        "{seen}"
    );
    assert!(desk("calls", json!({"from": CALLER})).await["error"].is_string());
    assert_eq!(
        desk("numbers", json!({"subaccount": ACCOUNT})).await["answered"],
        200
    );
}
