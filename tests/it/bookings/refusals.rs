//! Bookings that may not be, each with its sentence: bodies, spellings of numbers, and numbers that are not called.

use serde_json::{Value, json};

use super::{DRIVERS, POOL, RIDERS, between, pool, put, with_pool};
use crate::app::TestApp;

/// Bodies of bookings that may not be, the code that each is refused with, and the place and the words of the fault.
fn wrong_bookings() -> Vec<(Value, &'static str, &'static str, &'static str)> {
    let with = |field: &str, value: Value| {
        let mut body = between(RIDERS[0], DRIVERS[0]);
        body[field] = value;
        body
    };
    vec![
        (
            between(RIDERS[0], RIDERS[0]),
            "same_party",
            "b.phones[0]",
            "this phone is on side a as well",
        ),
        (
            between(RIDERS[0], "0065 9123 4501"),
            "same_party",
            "b.phones[0]",
            "this phone is on side a as well",
        ),
        (
            between(RIDERS[0], POOL[0]),
            "party_is_virtual_number",
            "b.phones[0]",
            "this is a virtual number of a pool",
        ),
        (
            between(RIDERS[0], "999"),
            "unroutable",
            "b.phones[0]",
            "short",
        ),
        (
            between(RIDERS[0], "+19002345678"),
            "unroutable",
            "b.phones[0]",
            "premium-rate",
        ),
        (
            between(RIDERS[0], "+870773111632"),
            "unroutable",
            "b.phones[0]",
            "satellite",
        ),
        (
            between(RIDERS[0], "+12015550123"),
            "unroutable",
            "b.phones[0]",
            "US is not open",
        ),
        (
            json!({"b": {"phones": [DRIVERS[0]]}}),
            "bad_booking",
            "a",
            "a booking has two sides",
        ),
        (
            with("pool", json!("nowhere")),
            "bad_booking",
            "pool",
            "there is no such pool",
        ),
        (
            with("expires_at", json!("2020-01-01T00:00:00Z")),
            "bad_booking",
            "expires_at",
            "the time is over already",
        ),
        (
            with("expires_at", json!("tomorrow")),
            "bad_booking",
            "expires_at",
            "cannot be read",
        ),
        (
            with("idle_ttl", json!("5s")),
            "bad_booking",
            "idle_ttl",
            "cannot be read",
        ),
        (
            with("direction", json!("up")),
            "bad_booking",
            "direction",
            "cannot be read",
        ),
        (
            with("limits", json!({"max_call": 1})),
            "bad_booking",
            "limits.max_call",
            "is not known here",
        ),
        (
            with("limits", json!({"max_calls": 0})),
            "bad_booking",
            "limits.max_calls",
            "cannot be read",
        ),
        (
            with("hours", json!({"from": "8"})),
            "bad_booking",
            "hours.from",
            "cannot be read",
        ),
        (
            with("recording", json!("yes")),
            "bad_booking",
            "recording",
            "cannot be read",
        ),
        (
            with("colour", json!("red")),
            "bad_booking",
            "colour",
            "is not known here",
        ),
        (
            with("a", json!({"phones": []})),
            "bad_booking",
            "a.phones",
            "cannot be read",
        ),
        (
            with("a", json!({"phones": [6591234501_u64]})),
            "bad_booking",
            "a.phones",
            "cannot be read",
        ),
        (
            with("a", json!({"phones": RIDERS[0]})),
            "bad_booking",
            "a.phones",
            "cannot be read",
        ),
        (
            with("a", json!("rider")),
            "bad_booking",
            "a",
            "cannot be read",
        ),
        (
            with(
                "a",
                json!({"phones": [RIDERS[0]], "virtual_number": "+6531111111"}),
            ),
            "bad_booking",
            "a.virtual_number",
            "the pool has no such number",
        ),
        (json!([]), "bad_booking", "", "is no JSON object"),
    ]
}

#[tokio::test]
async fn wrong_bookings_are_refused_each_with_its_sentence() {
    let app = with_pool().await;
    for (body, code, path, words) in wrong_bookings() {
        let (status, problem) = put(&app, "/v1/bookings/trip-1", &body).await;
        assert_eq!(
            (status, problem["code"].as_str()),
            (422, Some(code)),
            "{body} {problem}"
        );
        let faults = problem["errors"].as_array().expect("faults are named");
        let told = |fault: &&Value| {
            fault["path"] == path
                && fault["message"]
                    .as_str()
                    .is_some_and(|it| it.contains(words))
        };
        assert!(
            faults.iter().any(|fault| told(&fault)),
            "{path} {words}: {problem}"
        );
        assert!(
            faults
                .iter()
                .all(|fault| fault["help"].as_str().is_some_and(|help| !help.is_empty())),
            "{problem}"
        );
        for digits in [
            "91234501",
            "81234501",
            "9002345678",
            "773111632",
            "2015550123",
        ] {
            assert!(!problem.to_string().contains(digits), "{problem}");
        }
    }
    let (status, _) = app.get("/v1/bookings/trip-1").await;
    assert_eq!(status, 404, "nothing was kept");
    for id in ["a%20b", "%2e%2e", &"x".repeat(129), "a%2Fb"] {
        let (status, problem) = put(
            &app,
            &format!("/v1/bookings/{id}"),
            &between(RIDERS[0], DRIVERS[0]),
        )
        .await;
        assert!(matches!(status, 404 | 422), "{id} {status} {problem}");
    }
}

/// Spellings that are no phone number, and the words that each is refused with.
const MALFORMED: [(&str, &str); 42] = [
    ("", "has no digits"),
    ("   ", "has no digits"),
    ("+", "has no digits"),
    ("( )", "has no digits"),
    ("tel:", "has no digits"),
    ("\u{202a}\u{202c}", "has no digits"),
    ("9123\n4567", "control character"),
    ("91234567\t91234568", "control character"),
    ("sip:+6591234567@example.com", "address of another kind"),
    ("rider@example.com", "address of another kind"),
    ("https://wa.me/6591234567", "address of another kind"),
    ("anonymous", "has letters"),
    ("+1800FLOWERS", "has letters"),
    ("null", "has letters"),
    ("+65 9123 456O", "has letters"),
    ("no. 9123 4567", "has letters"),
    ("callto:+6591234567", "has letters"),
    ("6.59123E+09", "spreadsheet"),
    ("6.59123e09", "spreadsheet"),
    ("+65 6123 4567 ext. 12", "extension"),
    ("61234567x12", "extension"),
    ("+6561234567;ext=12", "extension"),
    ("+6561234567,,12", "behind the number"),
    ("+6561234567p12", "behind the number"),
    ("tel:91234567;5", "behind the number"),
    ("*31#91234567", "only a keypad dials"),
    ("91234567#", "only a keypad dials"),
    ("+\u{ff16}\u{ff15}91234567", "digits that are not 0 to 9"),
    ("++6591234567", "has a +"),
    ("65+91234567", "has a +"),
    ("+6591234567 / +6591234568", "has a +"),
    ("(65 91234567", "bracket"),
    ("65) 91234567", "bracket"),
    ("-91234567", "has a sign"),
    ("9123--4567", "has a sign"),
    ("9123_4567", "has a sign"),
    ("=91234567", "has a sign"),
    ("+0591234567", "has a 0 where its country code begins"),
    ("+99912345678", "the code of no country"),
    ("+6591234", "fewer digits"),
    ("+659123456789012", "more digits"),
    ("000", "short"),
];

#[tokio::test]
async fn malformed_numbers_are_refused_each_with_its_sentence() {
    let app = with_pool().await;
    for (written, words) in MALFORMED {
        let (status, problem) =
            put(&app, "/v1/bookings/trip-1", &between(written, DRIVERS[0])).await;
        assert_eq!(status, 422, "{written}: {problem}");
        let fault = &problem["errors"][0];
        assert_eq!(fault["path"], "a.phones[0]", "{written}: {problem}");
        let message = fault["message"].as_str().unwrap_or_default();
        assert!(message.contains(words), "{written:?}: {message}");
        assert!(
            !message.contains("9123") && !problem.to_string().contains("61234567"),
            "{problem}"
        );
    }
}

#[tokio::test]
async fn the_exits_of_bookings_are_looked_at_by_the_one_rule() {
    let open = pool().env("CALLWRIGHT_OUTBOUND__COUNTRIES", "US");
    let app = TestApp::start_with(open).await;
    let (status, _) = put(
        &app,
        "/v1/bookings/trip-1",
        &between("+12015550123", DRIVERS[0]),
    )
    .await;
    assert!(
        matches!(status, 201 | 503),
        "open for calls, though no number may be there for it"
    );
    let app = with_pool().await;
    for closed in [
        "+12015550123",
        "+19002345678",
        "+870773111632",
        "+80012345678",
        "+6519001234567",
        "+447012345678",
        "+6512345",
    ] {
        let (status, problem) = put(&app, "/v1/bookings/trip-2", &between(RIDERS[0], closed)).await;
        assert_eq!(status, 422, "{closed}: {problem}");
    }
}
