//! Our requests against the platform's own OpenAPI description, when its folder is named by `CALLWRIGHT_OPENAPI` (the file is
//! `voice_v1_api.json` in it). The description has two faults, which are mended before it is used: the `required` of
//! `sayAndCapture` stands beside its `params`, and `speed` is no integer.

use std::path::PathBuf;

use callwright::call::callflow::{Action, Capture};
use callwright::outbound::attempt::AttemptId;
use callwright::platform::client::VoiceApi;
use callwright::platform::client::account::PushTo;
use callwright::platform::client::exports::Wanted;
use callwright::platform::webhook::Kind;
use serde_json::{Value, json};

use super::scripted::{Act, Scripted, Seen};
use super::{PATIENCE, call, client};

/// Fields that the description does not list yet: the platform takes this one since September 2026.
const NEWER: [&str; 1] = ["clientRequestId"];

#[tokio::test]
async fn requests_are_as_the_platform_describes_them() {
    let Some(folder) = std::env::var_os("CALLWRIGHT_OPENAPI") else {
        println!("skipped: CALLWRIGHT_OPENAPI names no folder with voice_v1_api.json");
        return;
    };
    let file = PathBuf::from(folder).join("voice_v1_api.json");
    let text = std::fs::read_to_string(&file).expect("the description can be read");
    let description = Description(mended(serde_json::from_str(&text).expect("it is JSON")));
    let platform = Scripted::acting([Act::Answer(200, "", "{}".to_owned())]).await;
    let api = client(&format!("http://{}", platform.address), PATIENCE);
    ask_for_everything(&api).await;
    let seen = platform.seen();
    let faults: Vec<_> = seen
        .iter()
        .flat_map(|seen| description.faults(seen))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
    let asked = seen
        .iter()
        .filter_map(|seen| description.operation(seen))
        .count();
    assert_eq!(
        (asked, seen.len()),
        (17, 17),
        "every request has an operation"
    );
    println!("{asked} requests held against {}", file.display());
}

async fn ask_for_everything(api: &VoiceApi) {
    let until = jiff::Timestamp::from_second(1_900_000_000).expect("a time");
    api.start(&AttemptId::new("a-1"), &call(), until).await;
    api.start(&AttemptId::new("a-2"), &every_action(), until)
        .await;
    let _ = api.voices().await;
    let _ = api.numbers().await;
    let _ = api.webhooks().await;
    let secret = secrecy::SecretString::from("Bearer secret");
    for kind in [Kind::CallAction, Kind::NumberUpdate] {
        let _ = api
            .register_webhook(kind, "https://voice.example.com/webhooks", Some(&secret))
            .await;
    }
    let _ = api
        .register_webhook(
            Kind::SessionSummary,
            "https://voice.example.com/webhooks",
            None,
        )
        .await;
    let _ = api.delete_webhook(Kind::CallAction).await;
    let _ = api.recording_push().await;
    let to = PushTo {
        protocol: "S3".to_owned(),
        host: "ap-southeast-2".to_owned(),
        port: Some(443),
        username: "acme".to_owned(),
        password: secrecy::SecretString::from("hunter2"),
        path: "/recordings/".to_owned(),
    };
    let _ = api.set_recording_push(&to).await;
    let _ = api.delete_recording_push().await;
    let _ = api.recordings("6a7ab1d3-2fb1-11ec-9a3c-0d8b6c7a9c11").await;
    let wanted = Wanted {
        from: Some("2026-11-01"),
        to: Some("2026-11-02T13:00:00Z"),
        limit: Some(0),
    };
    let _ = api.start_export(&wanted).await;
    let _ = api.start_export(&Wanted::default()).await;
    let _ = api.export("j-1").await;
    let _ = api.cancel_export("j-1").await;
}

fn every_action() -> Vec<Action> {
    let [call, hangup] = call();
    let voice = "en-GB-Emma".to_owned();
    let say = Action::Say {
        text: "Good day.".to_owned(),
        voice: voice.clone(),
        repetition: 1,
        speed: 1.2,
    };
    let capture = Action::SayAndCapture(Capture {
        prompt: "Press 1.".to_owned(),
        voice,
        speed: 1.0,
        min_digits: 1,
        max_digits: 1,
        complete_on_hash: false,
        digit_timeout_ms: 5_999,
        overall_timeout_ms: 6_000,
    });
    let play = Action::PlayFile {
        url: "https://files.example/a.mp3".to_owned(),
        repetition: 2,
    };
    vec![call, say, play, capture, hangup]
}

/// The description with its known faults mended.
fn mended(mut description: Value) -> Value {
    let actions = description
        .pointer_mut(
            "/paths/~1api~1v1~1subaccounts~1{subAccountId}~1callflows/post/requestBody/content/application~1json/schema/anyOf/0\
             /properties/callflow/items/anyOf",
        )
        .and_then(Value::as_array_mut)
        .expect("the description has its actions there");
    for action in actions {
        let required = action.as_object_mut().and_then(|it| it.remove("required"));
        let params = &mut action["properties"]["params"];
        if let Some(required) = required {
            params["required"] = required;
        }
        if !params["properties"]["speed"].is_null() {
            params["properties"]["speed"]["type"] = json!("number");
        }
    }
    description
}

/// The platform's description of its API.
struct Description(Value);

impl Description {
    /// The operation that a request is for.
    fn operation(&self, seen: &Seen) -> Option<&Value> {
        let paths = self.0["paths"].as_object()?;
        let (_, path) = paths
            .iter()
            .find(|(template, _)| is_like(template, &seen.path))?;
        path.get(seen.method.to_lowercase())
    }

    fn faults(&self, seen: &Seen) -> Vec<String> {
        let at = format!("{} {}", seen.method, seen.path);
        let Some(operation) = self.operation(seen) else {
            return vec![format!("{at}: there is no such operation")];
        };
        let mut faults = Vec::new();
        if !seen.head.contains("\r\nauthorization: bearer ") {
            faults.push(format!("{at}: no bearer key"));
        }
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        match (schema.is_null(), seen.body.is_null()) {
            (true, true) => {}
            (true, false) => faults.push(format!("{at}: takes no body")),
            (false, _) => self.hold(schema, &seen.body, &at, &mut faults),
        }
        faults
    }

    /// Holds a value against a schema, as far as this description uses the language of schemas.
    fn hold(&self, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        if let Some(target) = schema["$ref"].as_str() {
            let pointer = target
                .trim_start_matches('#')
                .replace("%7B", "{")
                .replace("%7D", "}");
            let schema = self
                .0
                .pointer(&pointer)
                .expect("a reference leads somewhere");
            return self.hold(schema, value, at, faults);
        }
        if let Some(choices) = schema["anyOf"].as_array() {
            return self.hold_any(choices, value, at, faults);
        }
        let is_right = match schema["type"].as_str() {
            Some("object") => value.is_object(),
            Some("array") => value.is_array(),
            Some("string") => value.is_string(),
            Some("boolean") => value.is_boolean(),
            Some("integer") => value.is_i64() || value.is_u64(),
            Some("number") => value.is_number(),
            _ => true,
        };
        if !is_right {
            faults.push(format!("{at}: {value} is no {}", schema["type"]));
        }
        if let Some(words) = schema["enum"]
            .as_array()
            .filter(|words| !words.contains(value))
        {
            faults.push(format!("{at}: {value} is none of {words:?}"));
        }
        let least = schema["minimum"].as_f64();
        if least
            .zip(value.as_f64())
            .is_some_and(|(least, value)| value < least)
        {
            faults.push(format!("{at}: {value} is too little"));
        }
        for (index, item) in value.as_array().into_iter().flatten().enumerate() {
            self.hold(&schema["items"], item, &format!("{at}[{index}]"), faults);
        }
        self.hold_members(schema, value, at, faults);
    }

    fn hold_members(&self, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        let Some(members) = value.as_object() else {
            return;
        };
        for name in schema["required"].as_array().into_iter().flatten() {
            if !name.as_str().is_some_and(|name| members.contains_key(name)) {
                faults.push(format!("{at}: lacks {name}"));
            }
        }
        let most = schema["maxProperties"].as_u64();
        if most.is_some_and(|most| members.len() as u64 > most) {
            faults.push(format!("{at}: has more than {most:?} members"));
        }
        for (name, member) in members {
            match schema["properties"].get(name) {
                Some(schema) => self.hold(schema, member, &format!("{at}.{name}"), faults),
                None if NEWER.contains(&name.as_str()) => {}
                None => faults.push(format!("{at}: there is no {name}")),
            }
        }
    }

    /// One of several must hold. What is told is of the one that comes closest.
    fn hold_any(&self, choices: &[Value], value: &Value, at: &str, faults: &mut Vec<String>) {
        let tried = choices.iter().map(|choice| {
            let mut faults = Vec::new();
            self.hold(choice, value, at, &mut faults);
            faults
        });
        faults.extend(tried.min_by_key(Vec::len).unwrap_or_default());
    }
}

/// Whether a path is one of a template: `/a/{id}` and `/a/b`.
fn is_like(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) =
        (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template
            .iter()
            .zip(&path)
            .all(|(part, segment)| part.starts_with('{') || part == segment)
}
