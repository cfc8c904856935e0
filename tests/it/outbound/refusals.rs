//! Calls that are not started, and what is said then: the field or the rule, what to do, and no number.

use callwright::emulator::{ApiFault, Pace};
use serde_json::{Value, json};

use super::{Desk, SOMEBODY, reminder, settings, start};
use crate::app::{RESTAURANT, TestApp};
use crate::reliability::platform::{Deed, Platform, kind};
use crate::voice_api::scripted::Act;

/// Without anything that may be a number, whole.
fn numberless(told: &Value, of: &str) {
    let digits = of.trim_start_matches('+');
    let text = told.to_string();
    assert!(!text.contains(digits), "{text}");
}

fn first_fault(told: &Value) -> (&str, &str) {
    let fault = &told["errors"][0];
    let text = |value: &'static str| fault[value].as_str().unwrap_or_default();
    (text("path"), text("message"))
}

#[tokio::test]
async fn each_fault_names_its_field_and_each_rule_itself() {
    let desk = Desk::open(Pace::Virtual).await;
    let closed = |to: &str| json!({"flow": "closed", "to": to});
    for (body, path, message) in [
        (
            json!({"flow": "opened", "to": SOMEBODY}),
            "flow",
            "is no flow of this server",
        ),
        (
            json!({"flow": "reminder", "to": SOMEBODY}),
            "variables.day",
            "is missing: the flow needs it",
        ),
        (
            json!({"flow": "closed", "to": SOMEBODY, "variables": {"day": "Friday"}}),
            "variables.day",
            "is not known to the flow",
        ),
        (
            json!({"flow": "closed", "to": SOMEBODY, "from": "+6591112222"}),
            "from",
            "is none of your virtual numbers",
        ),
        (
            json!({"flow": "closed", "to": SOMEBODY, "subaccount": "other"}),
            "subaccount",
            "is not configured",
        ),
        (closed("91234567"), "to", "cannot be read"),
        (closed("+65 8123 4567"), "to", "cannot be read"),
    ] {
        let (status, told) = desk.start("k", &body).await;
        assert_eq!((status, &told["code"]), (422, &json!("bad_call")), "{told}");
        assert_eq!(first_fault(&told), (path, message));
        for given in ["91234567", "8123", "91112222"] {
            numberless(&told, given);
        }
    }
    for (to, rule) in [
        ("+12015550123", "country_closed"),
        ("+19002345678", "premium_rate"),
        ("+611300123456", "shared_cost"),
        ("+870773111632", "international_network"),
        ("+6500000000", "unallocated"),
        (RESTAURANT, "own_number"),
    ] {
        let (status, told) = desk.start("k", &closed(to)).await;
        assert_eq!(
            (status, &told["code"]),
            (422, &json!("destination_refused")),
            "{told}"
        );
        assert_eq!((&told["rule"], first_fault(&told).0), (&json!(rule), "to"));
        numberless(&told, to);
    }
    assert_eq!(desk.emulator.placed(), []);
}

#[tokio::test]
async fn a_request_needs_one_key() {
    let desk = Desk::open(Pace::Virtual).await;
    let asked = desk.app.client.post(desk.app.url("/v1/sessions"));
    let answer = asked.body(reminder().to_string()).send().await;
    let answer = answer.expect("the server answers");
    assert_eq!(answer.status(), 400);
    let told: Value = serde_json::from_str(&answer.text().await.expect("text")).expect("JSON");
    assert_eq!(told["code"], "key_needed");
    let (status, told) = start(&desk.app, &"k".repeat(256), &reminder()).await;
    assert_eq!((status, &told["code"]), (400, &json!("key_needed")));
}

#[tokio::test]
async fn the_platforms_refusal_is_told_with_its_code_and_what_to_do() {
    let desk = Desk::open(Pace::Virtual).await;
    desk.emulator.script(ApiFault::Refused(401));
    let (status, told) = desk.start("k-1", &reminder()).await;
    assert_eq!((status, &told["code"]), (422, &json!("rejected")), "{told}");
    assert_eq!(
        (&told["state"], &told["platform_code"]),
        (&json!("REJECTED"), &json!(-9999))
    );
    let id = told["id"].as_str().expect("it has an id");
    let (_, shown) = desk.app.get(&format!("/v1/sessions/{id}")).await;
    assert_eq!(
        (&shown["state"], &shown["status"]),
        (&json!("REJECTED"), &json!("rejected"))
    );
    assert!(
        shown["reason"]
            .as_str()
            .is_some_and(|why| why.contains("write the key")),
        "{shown}"
    );
    assert_eq!(shown["session_id"], Value::Null);
}

#[tokio::test]
async fn a_line_is_taken_until_it_is_known_what_became_of_its_call() {
    let platform = Platform::with(first_lost()).await;
    let app = TestApp::start_with(settings(&platform.base())).await;
    let (status, told) = start(&app, "k-1", &reminder()).await;
    assert_eq!((status, &told["state"]), (202, &json!("UNKNOWN")), "{told}");
    let id = told["id"].as_str().expect("an id");
    let (status, refused) = start(&app, "k-2", &reminder()).await;
    assert_eq!(
        (status, &refused["code"]),
        (409, &json!("in_flight")),
        "{refused}"
    );
    assert!(
        refused["detail"]
            .as_str()
            .is_some_and(|detail| detail.contains(id))
    );

    let settle = async |verdict: &Value| {
        let path = format!("/v1/sessions/{id}/verdict");
        let (status, text) = app.post(&path, verdict.to_string()).await;
        (status, serde_json::from_str::<Value>(&text).expect("JSON"))
    };
    let (status, told) = settle(&json!({"placed": "yes"})).await;
    assert_eq!((status, &told["code"]), (422, &json!("bad_verdict")));
    let (status, told) = settle(&json!({"placed": false})).await;
    assert_eq!(
        (status, &told["state"]),
        (200, &json!("REJECTED")),
        "{told}"
    );
    let (status, told) = settle(&json!({"placed": true, "session_id": "s-2"})).await;
    assert_eq!(
        (status, &told["code"]),
        (409, &json!("not_unknown")),
        "{told}"
    );
    let (status, _) = start(&app, "k-2", &reminder()).await;
    assert_eq!(status, 201);
}

#[tokio::test]
async fn rates_trip_at_their_count_also_after_a_restart() {
    let platform = Platform::with(kind()).await;
    let of_number = "CALLWRIGHT_OUTBOUND__CALLS_PER_NUMBER_PER_HOUR";
    let limited = settings(&platform.base())
        .env(of_number, "2")
        .env("CALLWRIGHT_OUTBOUND__CALLS_PER_MINUTE", "4");
    let mut app = TestApp::start_with(limited).await;
    let body = |to: &str| json!({"flow": "closed", "to": to});
    for key in ["k-1", "k-2"] {
        assert_eq!(start(&app, key, &body(SOMEBODY)).await.0, 201);
    }
    app.restart().await;
    let (status, told) = start(&app, "k-3", &body(SOMEBODY)).await;
    assert_eq!(
        (status, &told["code"]),
        (429, &json!("too_many_calls")),
        "{told}"
    );
    assert_eq!(told["rule"], "calls_per_number_per_hour");
    numberless(&told, SOMEBODY);
    // What was sent before is answered as before, whatever the rates.
    assert_eq!(start(&app, "k-1", &body(SOMEBODY)).await.0, 201);
    for key in ["k-4", "k-5"] {
        let to = format!("+656833204{}", &key[2..]);
        assert_eq!(start(&app, key, &body(&to)).await.0, 201);
    }
    let (status, told) = start(&app, "k-6", &body("+6568332046")).await;
    assert_eq!(
        (status, &told["rule"]),
        (429, &json!("calls_per_minute")),
        "{told}"
    );
    assert_eq!(
        platform.called(),
        (3, 1),
        "four calls, two of them to one number"
    );
}

#[tokio::test]
async fn a_token_needs_its_scope_and_sees_numbers_only_by_another() {
    let platform = Platform::with(kind()).await;
    let tokens = settings(&platform.base())
        .env("CALLWRIGHT_API__TOKENS__READER__TOKEN", "reader")
        .env("CALLWRIGHT_API__TOKENS__CALLER__TOKEN", "caller")
        .env("CALLWRIGHT_API__TOKENS__CALLER__SCOPES", "call")
        .env("CALLWRIGHT_API__TOKENS__SEER__TOKEN", "seer")
        .env("CALLWRIGHT_API__TOKENS__SEER__SCOPES", "read,numbers");
    let app = TestApp::start_with(tokens).await;
    let asked = async |token: &str| {
        let asked = app.client.post(app.url("/v1/sessions")).bearer_auth(token);
        let asked = asked
            .header("Idempotency-Key", "k-1")
            .body(reminder().to_string());
        let answer = asked.send().await.expect("an answer");
        let status = answer.status().as_u16();
        let text = answer.text().await.expect("text");
        (status, serde_json::from_str::<Value>(&text).expect("JSON"))
    };
    assert_eq!(asked("nobody").await.0, 401);
    assert_eq!(asked("reader").await.0, 403);
    let (status, told) = asked("caller").await;
    assert_eq!(status, 201, "{told}");
    let id = told["id"].as_str().expect("an id");
    for (token, shown) in [("reader", "+65••••2048"), ("seer", SOMEBODY)] {
        let url = app.url(&format!("/v1/sessions/{id}"));
        let answer = app.client.get(url).bearer_auth(token).send().await;
        let text = answer.expect("an answer").text().await.expect("text");
        let seen: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(seen["destination"], shown);
    }
}

#[tokio::test]
async fn numbers_keys_and_variables_are_nowhere_in_the_clear() {
    let platform = Platform::with(first_lost()).await;
    let mut app = TestApp::start_with(settings(&platform.base())).await;
    let day = "a canary of the day";
    let body = json!({"flow": "reminder", "to": SOMEBODY, "variables": {"day": day}});
    let (status, _) = start(&app, "key-6568332048-key", &body).await;
    assert_eq!(status, 202);
    app.stop().await;
    let bytes = app.all_bytes();
    for canary in ["68332048", "61115777", day, "key-65"] {
        let found = bytes
            .windows(canary.len())
            .any(|it| it == canary.as_bytes());
        assert!(!found, "{canary}");
    }
}

/// The answer to the first request for each number is lost.
fn first_lost() -> crate::reliability::platform::Mood {
    std::sync::Arc::new(|_, nth| Deed {
        places: true,
        answer: if nth == 0 { Act::ResetRead } else { Act::Close },
    })
}
