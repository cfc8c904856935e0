//! Sessions as the API tells them, and what is made of them. That what is made passes is shown with the real server (`tests/it/rehearsal/saved.rs`).

use serde_json::{Value, json};

use super::{NoTest, Unlike, around_numbers, may_be_tested, somebody, traced};
use crate::flow::Flow;
use crate::flow::check::check;
use crate::flow::diagnostic::Source;
use crate::flow::model::StepName;

const FLOW: &str = r#"callwright = 1
[flow]
id = "desk"
start = "pin"
[ask.pin]
say = "Your code."
digits = "1-6"
save = "pin"
secret = true
tries = 2
go = "find"
give_up = "bye"
[lookup.find]
post = "https://desk.example/find"
send = { pin = "{pin}" }
ok = "agents"
failed = "bye"
[handoff.agents]
queue = "102"
failed = "bye"
[end.bye]
say = "Goodbye."
"#;

fn flow() -> Flow {
    let source = Source {
        path: "desk.toml".to_owned(),
        text: FLOW.to_owned(),
    };
    let mut checked = check(&[source]);
    assert_eq!(checked.flows.len(), 1, "{:#?}", checked.diagnostics);
    checked.flows.remove(0).1
}

/// A session of these webhooks.
fn session(trace: Value) -> Value {
    json!({
        "session_id": "s-1", "direction": "INBOUND", "source": "+65••••4567", "version": flow().version.as_str(), "status": "COMPLETED", "trace": trace,
    })
}

fn asks(attempt: u8) -> Value {
    json!({
        "clientActionId": format!("desk@{}:pin:{attempt}:en:{attempt}", flow().version),
        "callflow": [{"action": "sayAndCapture", "params": {"promptMessage": "Your code.", "minDigits": 1, "maxDigits": 6}}],
    })
}

fn ends() -> Value {
    json!({"callflow": [{"action": "say", "params": {"text": "Goodbye."}}, {"action": "hangup"}]})
}

fn turn(outcome: &str, path: &[&str], reply: &Value, needs: Value) -> Value {
    json!({
        "received_at": "2026-11-20T04:30:00.406Z", "kind": "VCA", "outcome": outcome, "step": "pin", "digits": "••••", "path": path, "needs": needs,
        "sip_code": null, "reply": reply,
    })
}

fn started() -> Value {
    turn("started", &["pin"], &asks(1), json!([]))
}

fn lines(session: &Value) -> Vec<String> {
    let table = traced(session, &flow())
        .expect("it is a test")
        .script
        .table();
    let table: toml::Table = table.parse().expect("TOML");
    let steps = table["call"][0]["steps"].as_array().expect("steps").iter();
    steps
        .map(|step| step.as_str().expect("a text").to_owned())
        .collect()
}

#[test]
fn a_secret_that_was_wrong_is_made_up_wrong() {
    let again = turn("went_on", &["pin"], &asks(2), json!([]));
    let gave_up = turn("went_on", &["bye"], &ends(), json!([]));
    let same = json!({"received_at": "2026-11-20T04:30:00Z", "kind": "VCA", "outcome": "step_left", "digits": "1", "path": [], "reply": ends()});
    let statuses =
        json!({"received_at": "2026-11-20T04:30:00Z", "kind": "VCS", "digits": null, "path": []});
    assert_eq!(
        lines(&session(json!([started(), statuses, again, same, gave_up]))),
        [
            "hear Your code.",
            "type star",
            "hear Your code.",
            "type star",
            "hear Goodbye.",
            "ended",
        ]
    );
    let need = json!([{"step": "find", "kind": "lookup", "outcome": "too_late", "status": null, "fields": null}]);
    let taken = turn("went_on", &["find", "bye"], &ends(), need);
    assert_eq!(
        lines(&session(json!([started(), taken]))),
        [
            "hear Your code.",
            "type *",
            "lookup find times out",
            "hear Goodbye.",
            "ended",
        ]
    );
}

#[test]
fn what_is_no_test_says_why() {
    let flow = flow();
    let refused = |session: &Value| traced(session, &flow).expect_err("it is no test");
    let mut placed = session(json!([started()]));
    placed["direction"] = "OUTBOUND".into();
    assert_eq!(refused(&placed), NoTest::Placed);
    let masked = turn("masked", &[], &ends(), json!([]));
    assert_eq!(refused(&session(json!([masked]))), NoTest::Masked);
    let stuck = turn("stuck", &[], &ends(), json!([]));
    let stuck = session(json!([started(), stuck]));
    assert_eq!(refused(&stuck), NoTest::Faulted("stuck".to_owned()));
    let middle = turn("carried_on", &["bye"], &ends(), json!([]));
    assert_eq!(refused(&session(json!([middle]))), NoTest::NoBeginning);
    assert_eq!(refused(&session(json!([]))), NoTest::NoBeginning);
    assert!(matches!(refused(&json!([])), NoTest::Strange(_)));
    assert_eq!(may_be_tested(&placed), Err(NoTest::Placed));
    assert_eq!(may_be_tested(&session(json!([started()]))), Ok(()));
    let unkept = turn("went_on", &["find", "bye"], &ends(), json!([]));
    let unkept = session(json!([started(), unkept]));
    assert_eq!(refused(&unkept), NoTest::Unkept(StepName::new("find")));
    let needs = json!([
        {"step": "find", "kind": "lookup", "outcome": "answered", "status": 200, "fields": {}},
        {"step": "agents", "kind": "handoff", "outcome": "taken", "status": null, "fields": null},
    ]);
    let handed = turn("went_on", &["find", "agents"], &ends(), needs);
    let handed = session(json!([started(), handed]));
    assert!(lines(&handed).contains(&"hands off to 102".to_owned()));
    let unsayable = json!([{"step": "pin", "kind": "recording", "outcome": "paused"}]);
    let unsayable = turn("went_on", &["bye"], &ends(), unsayable);
    let unsayable = session(json!([started(), unsayable]));
    assert_eq!(refused(&unsayable), NoTest::Unsayable(StepName::new("pin")));
    let strange = json!([{"step": "x", "kind": "dance", "outcome": "taken"}]);
    let strange = turn("went_on", &["bye"], &ends(), strange);
    assert!(matches!(
        refused(&session(json!([started(), strange]))),
        NoTest::Strange(_)
    ));
}

#[test]
fn what_was_unlike_a_test_is_known() {
    let unlike = |session: &Value| traced(session, &flow()).expect("a test").unlike;
    let carried = turn("carried_on", &["bye"], &ends(), json!([]));
    let mut session = session(json!([started(), carried]));
    assert_eq!(unlike(&session), Unlike::Lost);
    session["version"] = "0123456789ab".into();
    assert_eq!(unlike(&session), Unlike::Version);
}

#[test]
fn somebody_of_the_same_country_calls() {
    for (source, stands_in) in [
        ("+65••••4567", "+6591234567"),
        ("+6587654321", "+6591234567"),
        ("+44••••4567", "+44700900123"),
        ("+1••••4567", "+12015550123"),
        ("••••", "+6591234567"),
        ("", "+6591234567"),
        ("anonymous", "anonymous"),
    ] {
        assert_eq!(somebody(source), stands_in, "{source}");
    }
}

#[test]
fn the_words_around_numbers_stay() {
    for (masked, parts) in [
        ("Press 1 or 2.", vec!["Press 1 or 2."]),
        (
            "From +65••••4567 to +44••••1234, at 9.",
            vec!["From", "to", ", at 9."],
        ),
        ("••••", vec![]),
        ("+65••••4567.", vec![]),
        ("Code 12 +65••••4567", vec!["Code 12"]),
    ] {
        assert_eq!(around_numbers(masked), parts, "{masked}");
    }
}
