//! One call without I/O: driven by hand in virtual time, with this test as the server.

use callwright::emulator::{
    Answer, Call, Chance, Ending, Fate, Input, Kind, Manner, Mischief, Order, Output, Person, Post,
    Sign,
};
use serde_json::{Value, json};

use super::ACCOUNT;
use crate::app::{CALLER, RESTAURANT};

fn order(records: bool, masking: bool) -> Order {
    Order {
        sub_account: ACCOUNT.to_owned(),
        source: CALLER.to_owned(),
        destination: RESTAURANT.to_owned(),
        client_request_id: Some("attempt-1".to_owned()),
        begin: "2026-11-20T04:30:00Z".parse().expect("a time"),
        chance: Chance::new(1),
        person: Person::ByHand,
        mischief: Mischief::NONE,
        manner: Manner::default(),
        records,
        masking,
        sip_ids: false,
    }
}

/// Answers what comes out with `replies`, one for each action, until nothing comes; gives the webhooks, parsed.
fn settle(call: &mut Call, now: u64, replies: &mut Vec<Value>) -> Vec<(Kind, Value)> {
    let mut told = Vec::new();
    call.tick(now);
    while let Some(output) = call.poll() {
        if let Output::Post(post) = output {
            told.push((post.kind, serde_json::from_str(&post.body).expect("JSON")));
            let answer = answer(&post, replies);
            call.answered(&post, answer, now);
            call.tick(now);
        }
    }
    told
}

fn answer(post: &Post, replies: &mut Vec<Value>) -> Answer {
    let body = match post.kind {
        Kind::Action => replies.remove(0).to_string(),
        _ => String::new(),
    };
    Answer::Said { status: 200, body }
}

fn dial(to: &str) -> Value {
    json!({"action": "makeCall", "params": {"source": RESTAURANT, "destination": to}})
}

fn hangup() -> Value {
    json!({"callflow": [{"action": "hangup"}]})
}

#[test]
fn two_calls_of_a_request_are_bridged_and_then_a_callflow_is_asked_for() {
    let request = json!({"callflow": [dial("+6591234567"), dial("+6591234568")]});
    let mut call = Call::place(order(false, false), &request);
    let mut replies = vec![hangup()];
    settle(&mut call, 0, &mut replies);
    let answers = Fate::Answers { talks_ms: None };
    call.input(Input::Meet(answers), 5_000);
    settle(&mut call, 5_000, &mut replies);
    call.input(Input::Meet(answers), 9_000);
    settle(&mut call, 9_000, &mut replies);
    call.input(Input::HangUp(1), 39_000);
    let told = settle(&mut call, 39_000, &mut replies);
    let action = told
        .iter()
        .find(|(kind, _)| *kind == Kind::Action)
        .expect("an action");
    assert_eq!(action.1["payload"]["clientActionId"], Value::Null);
    assert_eq!(action.1["payload"]["callDirection"], "OUTBOUND");
    let summary = &told.last().expect("a summary").1["payload"];
    assert_eq!(summary["clientRequestId"], "attempt-1");
    assert_eq!(summary["details"]["callA"]["callDuration"], 34);
    assert_eq!(summary["details"]["callB"]["callDuration"], 30);
    assert_eq!(call.record().ending, Some(Ending::Completed));
    assert_eq!(call.due(), None);
}

#[test]
fn a_recorded_conversation_is_told_after_the_end() {
    let mut call = Call::receive(order(true, false));
    let mut connect = dial("+6591234568");
    connect["params"]["callRecording"] = json!(true);
    let mut replies = vec![json!({"clientActionId": "here", "callflow": [connect]})];
    settle(&mut call, 0, &mut replies);
    call.input(Input::Meet(Fate::Answers { talks_ms: None }), 4_000);
    call.input(Input::HangUp(0), 14_000);
    settle(&mut call, 14_000, &mut replies);
    let at = call.due().expect("the upload");
    let told = settle(&mut call, at, &mut replies);
    assert_eq!(told[0].0, Kind::Recording);
    assert_eq!(told[0].1["payload"]["durationSeconds"], 10);
}

#[test]
fn a_caller_who_gives_up_while_it_rings_cancels_both_legs() {
    let mut call = Call::receive(order(false, true));
    let mut replies = vec![json!({"callflow": [dial("+6591234568")]})];
    settle(&mut call, 0, &mut replies);
    call.input(Input::HangUp(0), 3_000);
    settle(&mut call, 3_000, &mut replies);
    let record = call.record();
    let endings: Vec<_> = record.legs.iter().filter_map(|leg| leg.ending).collect();
    assert_eq!(
        (record.ending, endings),
        (Some(Ending::Canceled), vec![Ending::Canceled; 2])
    );
}

#[test]
fn what_is_no_callflow_ends_the_session_in_error() {
    let capture = json!({"callflow": [{"action": "sayAndCapture", "params": {
        "promptMessage": "Press 1.", "voiceProfile": "en-US-BenjaminRUS",
    }}]});
    for (reply, masking, faults) in [(json!({"callflow": []}), false, 1), (capture, true, 0)] {
        let mut call = Call::receive(order(false, masking));
        let told = settle(&mut call, 0, &mut vec![reply]);
        let summary = &told.last().expect("a summary").1["payload"];
        assert_eq!(summary["errorDetails"]["errorCode"], -2003, "{summary}");
        let record = call.record();
        assert_eq!(
            (record.ending, record.faults.len()),
            (Some(Ending::Error), faults)
        );
    }
}

/// A menu that listens for five seconds.
fn menu() -> Value {
    json!({"clientActionId": "here", "callflow": [{"action": "sayAndCapture", "params": {
        "promptMessage": "Press 1.", "voiceProfile": "en-US-BenjaminRUS", "minDigits": 1, "maxDigits": 1,
        "completeOnHash": false, "digitTimeout": 4000, "overallTimeout": 5000, "noOfTries": 1,
    }}]})
}

#[test]
fn a_listener_is_waited_for_until_the_prompt_was_heard() {
    let mut call = Call::receive(Order {
        person: Person::Listening,
        ..order(false, false)
    });
    let mut replies = vec![menu(), hangup()];
    settle(&mut call, 0, &mut replies);
    // Anybody else would have had their five seconds by now; a word about something else changes nothing.
    call.input(Input::Heard(2), 20_000);
    assert_eq!(settle(&mut call, 20_000, &mut replies), []);
    call.input(Input::Heard(1), 21_000);
    assert_eq!(call.poll(), Some(Output::Sign(Sign::Waits { ms: 5_000 })));
    assert_eq!(call.due(), Some(26_000));
    call.input(Input::Heard(1), 22_000);
    assert_eq!(settle(&mut call, 22_000, &mut replies), []);
    settle(&mut call, 26_000, &mut replies);
    assert_eq!(call.record().ending, Some(Ending::Completed));
}

#[test]
fn webhooks_are_delivered_in_the_manner_that_somebody_chose() {
    let manner = |twice, late| Manner { twice, late };
    let mut call = Call::receive(Order {
        manner: manner(false, true),
        ..order(false, false)
    });
    let mut replies = vec![menu(); 5];
    assert_eq!(settle(&mut call, 2_999, &mut replies), []);
    let late = settle(&mut call, 3_000, &mut replies);
    assert_eq!(late.len(), 2, "a status and the action: {late:?}");
    call.input(Input::Deliver(manner(true, false)), 7_000);
    call.input(Input::Press('1'), 7_000);
    let action = |told: &[(Kind, Value)]| -> Vec<Value> {
        let actions = told.iter().filter(|(kind, _)| *kind == Kind::Action);
        actions.map(|(_, body)| body.clone()).collect()
    };
    let first = action(&settle(&mut call, 7_000, &mut replies));
    let second = action(&settle(&mut call, 7_500, &mut replies));
    assert_eq!((first.len(), &first), (1, &second));
    call.input(Input::Deliver(manner(false, false)), 8_000);
    call.input(Input::Again(1), 8_000);
    assert_eq!(action(&settle(&mut call, 8_000, &mut replies)).len(), 1);
}
