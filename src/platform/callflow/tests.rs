//! Every rule of the platform for callflows, kept and broken.

use serde_json::{Value, json};

use super::SentAs::{Reply, Request};
use super::{SentAs, check};

/// The codes and paths that a callflow of these actions is refused with.
fn breaches(actions: &Value, sent_as: SentAs) -> Vec<(i32, String)> {
    body_breaches(&json!({ "callflow": actions }), sent_as)
}

fn body_breaches(body: &Value, sent_as: SentAs) -> Vec<(i32, String)> {
    let faults = check(body, sent_as).err().unwrap_or_default();
    let pairs = faults.into_iter().map(|fault| (fault.status, fault.path));
    pairs.collect()
}

fn capture(changes: Value) -> Value {
    let mut params = json!({
        "promptMessage": "Press one",
        "voiceProfile": "en-US-BenjaminRUS",
    });
    if let (Value::Object(params), Value::Object(changes)) = (&mut params, changes) {
        params.extend(changes);
    }
    json!([{ "action": "sayAndCapture", "params": params }])
}

#[test]
fn what_the_guides_send_passes() {
    let call = json!({"action": "makeCall", "params": {"source": "6561115777", "destination": "6512345678"}});
    let ask = json!({"action": "sayAndCapture", "params": {
        "promptMessage": "Press one", "voiceProfile": "en-US-BenjaminRUS", "repetition": 1, "speed": 1,
        "minDigits": 1, "maxDigits": 1, "digitTimeout": 10000, "overallTimeout": 10000, "completeOnHash": false,
        "noOfTries": 2, "successMessage": null, "failureMessage": "Invalid input, please try again"}});
    let say = json!({"action": "say", "params": {"text": "Hello", "voiceProfile": "en-US-ZiraRUS", "speed": 1.0}});
    let hangup = json!({"action": "hangup"});
    let play = json!({"action": "playFile", "params": {
        "fileUrl": "https://sample-videos.com/audio/mp3/wave.mp3", "repetition": 1}});
    for (actions, sent_as) in [
        (json!([call, ask]), Request),
        (json!([call, say, call]), Request),
        (json!([ask]), Reply),
        (json!([say, hangup]), Reply),
        (json!([play, say, call]), Reply),
        (json!([{"action": "hangup", "params": {}}]), Reply),
    ] {
        assert_eq!(breaches(&actions, sent_as), [], "{actions}");
    }
}

#[test]
fn a_body_has_known_fields_of_the_right_types() {
    let hangup = json!([{"action": "hangup"}]);
    for (body, code, path) in [
        (json!([]), -1001, "$"),
        (json!({}), -1009, "$.callflow"),
        (json!({"callflow": {}}), -1009, "$.callflow"),
        (json!({"callflow": []}), -1010, "$.callflow"),
        (
            json!({"callflow": hangup, "clientActionId": 7}),
            -1009,
            "$.clientActionId",
        ),
        (
            json!({"callflow": hangup, "clientRequestId": "a"}),
            -1009,
            "$.clientRequestId",
        ),
        (json!({"callflow": [7]}), -1009, "$.callflow[0]"),
        (json!({"callflow": [{}]}), -1009, "$.callflow[0].action"),
        (
            json!({"callflow": [{"action": "dance"}]}),
            -1007,
            "$.callflow[0].action",
        ),
        (
            json!({"callflow": [{"action": "hangup", "x": 1}]}),
            -1009,
            "$.callflow[0].x",
        ),
        (
            json!({"callflow": [{"action": "hangup", "params": {"x": 1}}]}),
            -1009,
            "$.callflow[0].params.x",
        ),
        (
            json!({"callflow": [{"action": "say"}]}),
            -1009,
            "$.callflow[0].params",
        ),
    ] {
        assert_eq!(
            body_breaches(&body, Reply),
            [(code, path.to_owned())],
            "{body}"
        );
    }
}

#[test]
fn a_request_has_fields_of_its_own() {
    let call = json!([{"action": "makeCall", "params": {"source": "6561115777", "destination": "6512345678"}}]);
    let request = |field: &str, value: Value| json!({"callflow": call, field: value});
    for (body, path) in [
        (request("clientRequestId", json!("a".repeat(50))), None),
        (
            request("clientRequestId", json!("a".repeat(51))),
            Some("$.clientRequestId"),
        ),
        (
            request("validUntil", json!("2026-11-01T00:00:00.000Z")),
            None,
        ),
        (
            request("validUntil", json!("tomorrow")),
            Some("$.validUntil"),
        ),
        (
            request("clientActionId", json!("x")),
            Some("$.clientActionId"),
        ),
    ] {
        let expected: Vec<_> = path
            .map(|path| (-1009, path.to_owned()))
            .into_iter()
            .collect();
        assert_eq!(body_breaches(&body, Request), expected, "{body}");
    }
}

#[test]
fn the_parameters_of_every_action_are_held_to_their_ranges() {
    let of = |action: &str, params: Value| json!([{"action": action, "params": params}]);
    let say = |name: &str, value: Value| {
        let mut params = json!({"text": "Hello", "voiceProfile": "en-US-ZiraRUS"});
        params[name] = value;
        of("say", params)
    };
    let call = |source: &str, destination: Value| {
        of(
            "makeCall",
            json!({"source": source, "destination": destination}),
        )
    };
    let play = |url: &str| of("playFile", json!({ "fileUrl": url }));
    let number = json!("+6568332048");
    for (actions, code) in [
        (say("text", json!("a".repeat(3000))), None),
        (say("text", json!("a".repeat(3001))), Some(-1009)),
        (say("text", json!("")), Some(-1009)),
        (say("text", json!("a\u{1b}[0m")), Some(-1016)),
        (say("text", Value::Null), Some(-1009)),
        (say("voiceProfile", json!("")), Some(-1002)),
        (say("voiceProfile", json!("Zira RUS")), Some(-1002)),
        (say("repetition", json!(3)), None),
        (say("repetition", json!(4)), Some(-1009)),
        (say("repetition", json!(0)), Some(-1009)),
        (say("repetition", json!("1")), Some(-1009)),
        (say("speed", json!(0.5)), None),
        (say("speed", json!(0.49)), Some(-1009)),
        (say("speed", json!(2.01)), Some(-1009)),
        (say("promptMessage", json!("x")), Some(-1009)),
        (call("6561115777", number.clone()), None),
        (call("Restaurant", number.clone()), Some(-1014)),
        (call("6561115777", json!("call me")), Some(-1017)),
        (call("6561115777", json!("06568332048")), Some(-1017)),
        (
            call("6561115777", json!("6568332048,6568332049")),
            Some(-1011),
        ),
        (call("6561115777", json!(["6568332048"])), Some(-1011)),
        (play("http://example.com/a/b.WAV?x=1"), None),
        (play("ftp://example.com/a.wav"), Some(-1009)),
        (play("https:///a.wav"), Some(-1009)),
        (play("https://example.com/a.ogg"), Some(-1009)),
        (play("https://example.com/a b.wav"), Some(-1009)),
    ] {
        let codes: Vec<_> = breaches(&actions, Reply)
            .into_iter()
            .map(|(code, _)| code)
            .collect();
        assert_eq!(codes, code.into_iter().collect::<Vec<_>>(), "{actions}");
    }
}

#[test]
fn captures_name_what_they_need() {
    for (changes, codes) in [
        (json!({}), &[][..]),
        (json!({"minDigits": 2, "maxDigits": 2}), &[]),
        (json!({"minDigits": 2}), &[-1003]),
        (json!({"minDigits": 2, "maxDigits": null}), &[-1003]),
        (json!({"minDigits": 3, "maxDigits": 2}), &[-1003]),
        (json!({"maxDigits": 25, "completeOnHash": false}), &[]),
        (json!({"maxDigits": 26}), &[-1009]),
        (
            json!({"maxDigits": 26, "completeOnHash": false}),
            &[-1009, -1008],
        ),
        (json!({"completeOnHash": false}), &[-1008]),
        (json!({"completeOnHash": "no"}), &[-1009]),
        (json!({"digitTimeout": 5000, "overallTimeout": 10000}), &[]),
        (json!({"digitTimeout": 10000, "overallTimeout": 10000}), &[]),
        (
            json!({"digitTimeout": 10001, "overallTimeout": 10000}),
            &[-1006],
        ),
        (json!({"digitTimeout": 5000}), &[-1005]),
        (json!({"noOfTries": 0}), &[-1009]),
        (json!({"promptMessage": null}), &[-1009]),
    ] {
        let found: Vec<_> = breaches(&capture(changes.clone()), Reply)
            .into_iter()
            .map(|(code, _)| code)
            .collect();
        assert_eq!(found, codes, "{changes}");
    }
}

#[test]
fn the_order_and_number_of_actions_are_held() {
    let call = json!({"action": "makeCall", "params": {"source": "6561115777", "destination": "6512345678"}});
    let say =
        json!({"action": "say", "params": {"text": "Hello", "voiceProfile": "en-US-ZiraRUS"}});
    let ask = capture(json!({}))[0].clone();
    let hangup = json!({"action": "hangup"});
    let recorded = json!({"action": "makeCall", "params": {
        "source": "6561115777", "destination": "6512345678", "callRecording": true}});
    for (actions, sent_as, expected) in [
        (json!([call, call]), Reply, vec![(-1010, "$.callflow[1]")]),
        (
            json!([call, call, call]),
            Request,
            vec![(-1010, "$.callflow[2]")],
        ),
        (json!([hangup, say]), Reply, vec![(-1012, "$.callflow[0]")]),
        (json!([ask, hangup]), Reply, vec![(-1012, "$.callflow[1]")]),
        (json!([ask, say, hangup]), Reply, vec![]),
        (
            json!([say, call]),
            Request,
            vec![(-1013, "$.callflow[0].action")],
        ),
        (json!([recorded]), Reply, vec![]),
        (
            json!([recorded]),
            Request,
            vec![(-1009, "$.callflow[0].params.callRecording")],
        ),
    ] {
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(code, path)| (code, path.to_owned()))
            .collect();
        assert_eq!(breaches(&actions, sent_as), expected, "{actions}");
    }
}
