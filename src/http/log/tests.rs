//! What stands in a log line, and what never does.

use std::io;
use std::sync::{Arc, LazyLock, Mutex};

use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use super::*;
use crate::http::app::testing::{FakeStore, Mood, ask, config, request, serving};

/// Log lines in memory.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no test panics here").extend(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Lines {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("no test panics here")).into_owned()
    }

    /// The fields of the request's line, each line being one JSON object.
    fn request(&self) -> Value {
        let text = self.text();
        let lines = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect(line));
        let fields: Vec<_> = lines.map(|line| line["fields"].clone()).collect();
        let mut requests = fields.iter().filter(|line| line["message"] == "request");
        let request = requests.next().expect("a request has a line").clone();
        assert!(requests.next().is_none(), "a request has one line: {text}");
        request
    }
}

/// While there is only one subscriber in the process, tracing asks the current thread alone whether a line is wanted, and
/// remembers the answer for all: a test beside this one, without a subscriber, would silence it. So there is always a second.
static SECOND: LazyLock<tracing::Dispatch> =
    LazyLock::new(|| tracing::Dispatch::new(tracing_subscriber::registry()));

/// What is logged, as JSON, while `store` answers one request.
async fn logged(mood: Mood, request: axum::extract::Request) -> Lines {
    LazyLock::force(&SECOND);
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(lines.clone())
        .finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    ask(&serving(config(), &FakeStore::new(mood)).0, request).await;
    lines
}

fn call(session: &str) -> String {
    json!({"eventType": "CALL_ACTION", "payload": {
        "eventId": "e-1", "sessionId": session, "callStatus": "CALL_RECEIVED", "callDirection": "INBOUND",
        "source": "+6591234567", "destination": "+6561115777", "eventData": {"dtmf": "8675309"}}})
    .to_string()
}

#[tokio::test]
async fn a_line_holds_the_template_and_not_the_path() {
    let path = "/v1/sessions/6591234567?number=%2B6591234567";
    let lines = logged(
        Mood::Works,
        request("GET", path, Some("Bearer 6591234567"), ""),
    )
    .await;
    let line = lines.request();
    assert_eq!(line["route"], "/v1/sessions/{session_id}");
    assert_eq!(
        (&line["method"], &line["status"]),
        (&json!("GET"), &json!(404))
    );
    assert!(line["took_ms"].is_number() && line["request_id"].is_string());
    assert!(line.get("session_id").is_none() && line.get("outcome").is_none());
    assert!(!lines.text().contains("6591234567"), "{}", lines.text());
}

#[tokio::test]
async fn a_voice_call_actions_line_says_why_it_was_answered_so() {
    let lines = logged(
        Mood::Works,
        request("POST", "/webhooks/vca", None, call("s-1")),
    )
    .await;
    let line = lines.request();
    assert_eq!(
        (&line["session_id"], &line["outcome"]),
        (&json!("s-1"), &json!("started"))
    );
}

#[tokio::test]
async fn neither_number_nor_digits_are_logged_whatever_breaks() {
    for mood in [Mood::Works, Mood::Fails, Mood::Panics] {
        for path in ["/webhooks/vca", "/webhooks/vcs", "/webhooks"] {
            let lines = logged(mood, request("POST", path, None, call("s-1"))).await;
            for secret in ["91234567", "61115777", "8675309"] {
                assert!(!lines.text().contains(secret), "{mood:?} {}", lines.text());
            }
        }
    }
}

#[tokio::test]
async fn hostile_ids_make_neither_lines_nor_fields() {
    for hostile in [
        "a\nb",
        "a\r\n{\"x\":1}",
        "\u{1b}[31m",
        "a\u{2028}b",
        "\"",
        "6591234567",
        &"x".repeat(200),
    ] {
        for mood in [Mood::Works, Mood::Panics] {
            let lines = logged(mood, request("POST", "/webhooks/vca", None, call(hostile))).await;
            assert!(
                lines.request().get("session_id").is_none(),
                "{}",
                lines.text()
            );
            assert!(!lines.text().contains('\u{1b}') && !lines.text().contains('\u{2028}'));
        }
    }
}

#[test]
fn ids_are_taken_over_when_they_are_sane() {
    for (id, taken) in [
        ("0190a1b2-7c3d-7e4f-8a9b-0c1d2e3f4a5b", true),
        ("trace_1.a", true),
        ("", false),
        ("6591234567", false),
        ("+6591234567", false),
        ("a b", false),
        ("a\nb", false),
        ("a\u{2028}b", false),
        (&"a".repeat(64), true),
        (&"a".repeat(65), false),
    ] {
        assert_eq!(plain(id).is_some(), taken, "{id:?}");
    }
}

#[test]
fn made_up_methods_are_one() {
    let method = Method::from_bytes(b"BREW").expect("a token is a method");
    assert_eq!(known_method(&method), "OTHER");
    assert_eq!(known_method(&Method::HEAD), "HEAD");
}
