//! Writing a callflow. What is written and in which order is the platform's documents' (guide "IVR Call Action
//! Handling"); a parameter is left out only where the documents leave the meaning of its absence in no doubt.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::call::callflow::{Action, Callflow, Capture};

/// The callflow as the body of a reply to a voice call action.
pub fn to_json(callflow: &Callflow) -> String {
    let reply = Reply {
        client_action_id: callflow.client_action_id.as_deref(),
        callflow: callflow.actions.iter().map(written).collect(),
    };
    serde_json::to_string(&reply).expect("texts, numbers and booleans in structs are always JSON")
}

/// A request to place a call ("Send Callflow"): what is to happen, until when it may begin, and our own id of it.
///
/// `callRecording` is left out: the platform takes it in replies only.
pub fn request_to_json(actions: &[Action], valid_until: Timestamp, id: &str) -> String {
    let callflow = actions.iter().map(|action| match written(action) {
        Written::MakeCall {
            source,
            destination,
            ..
        } => Written::MakeCall {
            source,
            destination,
            call_recording: false,
        },
        other => other,
    });
    let request = Request {
        valid_until: valid_until.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
        client_request_id: id,
        callflow: callflow.collect(),
    };
    serde_json::to_string(&request).expect("texts, numbers and booleans in structs are always JSON")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    valid_until: String,
    client_request_id: &'a str,
    callflow: Vec<Written<'a>>,
}

#[derive(Serialize)]
struct Reply<'a> {
    #[serde(rename = "clientActionId", skip_serializing_if = "Option::is_none")]
    client_action_id: Option<&'a str>,
    callflow: Vec<Written<'a>>,
}

#[derive(Serialize)]
#[serde(tag = "action", content = "params", rename_all = "camelCase")]
enum Written<'a> {
    #[serde(rename_all = "camelCase")]
    MakeCall {
        source: &'a str,
        destination: &'a str,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        call_recording: bool,
    },
    #[serde(rename_all = "camelCase")]
    Say {
        text: &'a str,
        voice_profile: &'a str,
        repetition: u8,
        speed: Speed,
    },
    #[serde(rename_all = "camelCase")]
    SayAndCapture {
        prompt_message: &'a str,
        voice_profile: &'a str,
        speed: Speed,
        min_digits: u8,
        max_digits: u8,
        complete_on_hash: bool,
        digit_timeout: u32,
        overall_timeout: u32,
        no_of_tries: u8,
    },
    #[serde(rename_all = "camelCase")]
    PlayFile {
        file_url: &'a str,
        repetition: u8,
    },
    Hangup,
}

/// A speed, whole ones without a fraction: the platform's OpenAPI file calls it an integer, its guides send `1`.
struct Speed(f32);

impl Serialize for Speed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(speed) = *self;
        if speed.fract() == 0.0 {
            serializer.serialize_u8(speed as u8)
        } else {
            serializer.serialize_f32(speed)
        }
    }
}

fn written(action: &Action) -> Written<'_> {
    match action {
        Action::MakeCall {
            source,
            destination,
            record,
        } => Written::MakeCall {
            source: source.as_it_came(),
            destination: destination.as_it_came(),
            call_recording: *record,
        },
        Action::Say {
            text,
            voice,
            repetition,
            speed,
        } => Written::Say {
            text,
            voice_profile: voice,
            repetition: *repetition,
            speed: Speed(*speed),
        },
        Action::SayAndCapture(capture) => captured(capture),
        Action::PlayFile { url, repetition } => Written::PlayFile {
            file_url: url,
            repetition: *repetition,
        },
        Action::Hangup => Written::Hangup,
    }
}

fn captured(capture: &Capture) -> Written<'_> {
    Written::SayAndCapture {
        prompt_message: &capture.prompt,
        voice_profile: &capture.voice,
        speed: Speed(capture.speed),
        min_digits: capture.min_digits,
        max_digits: capture.max_digits,
        complete_on_hash: capture.complete_on_hash,
        digit_timeout: capture.digit_timeout_ms,
        overall_timeout: capture.overall_timeout_ms,
        // The flow counts tries itself, so that each is a webhook and a step of the trace.
        no_of_tries: 1,
    }
}

#[cfg(test)]
mod tests {
    use super::{request_to_json, to_json};
    use crate::call::PhoneNumber;
    use crate::call::callflow::{Action, Callflow, Capture};
    use crate::platform::callflow::{SentAs, check};

    fn number(text: &str) -> PhoneNumber {
        PhoneNumber::new(text)
    }

    fn say(speed: f32) -> Action {
        Action::Say {
            text: "Goodbye.".to_owned(),
            voice: "en-US-BenjaminRUS".to_owned(),
            repetition: 1,
            speed,
        }
    }

    #[test]
    fn every_action_has_the_platforms_shape() {
        let capture = Action::SayAndCapture(Capture {
            prompt: "Press \"1\"\n— now".to_owned(),
            voice: "en-US-BenjaminRUS".to_owned(),
            speed: 1.0,
            min_digits: 1,
            max_digits: 1,
            complete_on_hash: false,
            digit_timeout_ms: 9_999,
            overall_timeout_ms: 10_000,
        });
        let call = |record| Action::MakeCall {
            source: number("+6561115777"),
            destination: number("6568332048"),
            record,
        };
        let play = Action::PlayFile {
            url: "https://example.com/hold.mp3".to_owned(),
            repetition: 2,
        };
        for (action, json) in [
            (
                call(false),
                r#"{"action":"makeCall","params":{"source":"+6561115777","destination":"6568332048"}}"#,
            ),
            (
                call(true),
                r#"{"action":"makeCall","params":{"source":"+6561115777","destination":"6568332048","callRecording":true}}"#,
            ),
            (
                say(1.0),
                r#"{"action":"say","params":{"text":"Goodbye.","voiceProfile":"en-US-BenjaminRUS","repetition":1,"speed":1}}"#,
            ),
            (
                say(1.2),
                r#"{"action":"say","params":{"text":"Goodbye.","voiceProfile":"en-US-BenjaminRUS","repetition":1,"speed":1.2}}"#,
            ),
            (
                capture,
                r#"{"action":"sayAndCapture","params":{"promptMessage":"Press \"1\"\n— now","voiceProfile":"en-US-BenjaminRUS","speed":1,"minDigits":1,"maxDigits":1,"completeOnHash":false,"digitTimeout":9999,"overallTimeout":10000,"noOfTries":1}}"#,
            ),
            (
                play,
                r#"{"action":"playFile","params":{"fileUrl":"https://example.com/hold.mp3","repetition":2}}"#,
            ),
            (Action::Hangup, r#"{"action":"hangup"}"#),
        ] {
            let callflow = Callflow {
                client_action_id: None,
                actions: vec![action],
            };
            let written = to_json(&callflow);
            assert_eq!(written, format!(r#"{{"callflow":[{json}]}}"#));
            let value = serde_json::from_str(&written).expect("JSON");
            assert_eq!(check(&value, SentAs::Reply), Ok(()));
        }
    }

    #[test]
    fn the_label_comes_first_and_actions_in_order() {
        let callflow = Callflow {
            client_action_id: Some("restaurant@1:main:1:en:2".to_owned()),
            actions: vec![say(0.5), Action::Hangup],
        };
        assert_eq!(
            to_json(&callflow),
            r#"{"clientActionId":"restaurant@1:main:1:en:2","callflow":[{"action":"say","params":{"text":"Goodbye.","voiceProfile":"en-US-BenjaminRUS","repetition":1,"speed":0.5}},{"action":"hangup"}]}"#
        );
    }

    #[test]
    fn a_request_says_until_when_and_which_and_records_nothing() {
        let call = Action::MakeCall {
            source: number("+6561115777"),
            destination: number("+6568332048"),
            record: true,
        };
        let until = jiff::Timestamp::from_millisecond(1_800_000_000_050).expect("a time");
        let written = request_to_json(&[call, say(1.0)], until, "a-1");
        let begins = r#"{"validUntil":"2027-01-15T08:00:00.050Z","clientRequestId":"a-1","callflow":[{"action":"makeCall","params":{"source":"+6561115777","destination":"+6568332048"}},{"action":"say""#;
        assert!(written.starts_with(begins), "{written}");
        let value = serde_json::from_str(&written).expect("JSON");
        assert_eq!(check(&value, SentAs::Request), Ok(()));
    }
}
