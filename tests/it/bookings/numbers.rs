//! Pools and their numbers over HTTP, and what the platform says of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use callwright::clock::Clock;
use callwright::config::Config;
use callwright::server;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{DRIVERS, POOL, RIDERS, book, number, pool, post, put, with_pool};
use crate::app::{RESTAURANT, Settings, TestApp};

async fn status_of(app: &TestApp, number: &str) -> Value {
    let (_, list) = app.get("/v1/numbers").await;
    let items = list["items"]
        .as_array()
        .expect("numbers are listed")
        .clone();
    let found = items.into_iter().find(|item| item["number"] == number);
    found.unwrap_or_else(|| panic!("{number} is not listed"))
}

#[tokio::test]
async fn pools_and_numbers_are_shown() {
    let app = TestApp::start_with(pool().env("CALLWRIGHT_POOLS__DEFAULT__RESERVED", POOL[2])).await;
    let (status, pools) = app.get("/v1/pools").await;
    assert_eq!(status, 200);
    let usual = &pools["items"][0];
    assert_eq!(
        (
            &usual["pool"],
            &usual["size"],
            &usual["given_out"],
            &usual["reserved"]
        ),
        (&json!("default"), &json!(3), &json!(2), &json!(1))
    );
    let shown = status_of(&app, POOL[0]).await;
    assert_eq!(
        (&shown["country"], &shown["status"], &shown["configured"]),
        (&json!("SG"), &json!("Active"), &json!(true))
    );
    let (_, none) = app.get("/v1/numbers?pool=elsewhere").await;
    assert_eq!(none["items"], json!([]));
    assert_eq!(app.get("/v1/pools/elsewhere/plan").await.0, 404);
}

#[tokio::test]
async fn a_reserved_number_is_given_to_who_asks_for_it() {
    let app = TestApp::start_with(pool().env("CALLWRIGHT_POOLS__DEFAULT__RESERVED", POOL[2])).await;
    for trip in 0..2 {
        let made = book(&app, &format!("trip-{trip}"), RIDERS[trip], DRIVERS[trip]).await;
        assert_ne!(number(&made, "a"), POOL[2]);
    }
    let body = json!({"a": {"phones": [RIDERS[2]], "virtual_number": POOL[2]}, "b": {"phones": [DRIVERS[2]], "virtual_number": POOL[2]}});
    let (status, made) = put(&app, "/v1/bookings/trip-9", &body).await;
    assert_eq!((status, number(&made, "a")), (201, POOL[2]), "{made}");
}

#[tokio::test]
async fn numbers_are_put_into_pools_and_taken_out() {
    let app = with_pool().await;
    let (status, made) = put(
        &app,
        "/v1/numbers/6531239999",
        &json!({"pool": "default", "region": "+65312"}),
    )
    .await;
    assert_eq!(
        (status, &made["number"], &made["region"]),
        (201, &json!("+6531239999"), &json!("65312")),
        "{made}"
    );
    let (status, changed) = put(&app, "/v1/numbers/+6531239999", &json!({"capture": true})).await;
    assert_eq!(
        (status, &changed["capture"], &changed["pool"]),
        (200, &json!(true), &json!("default"))
    );
    let (_, unknown) = put(&app, "/v1/numbers/+6531239999", &json!({"pool": "nowhere"})).await;
    let fault = &unknown["errors"][0];
    assert_eq!(
        (&fault["path"], &fault["message"], &fault["help"]),
        (
            &json!("pool"),
            &json!("names no pool"),
            &json!("use one of default, or add [pools.NAME] to the configuration")
        ),
        "{unknown}"
    );
    let (status, out) = put(&app, "/v1/numbers/%2B6531239999", &json!({"pool": null})).await;
    assert_eq!(
        (status, &out["pool"], &out["given_out"]),
        (200, &Value::Null, &json!(false))
    );
    for (number, body, status, code) in [
        ("+6531239999", json!({"pool": "nowhere"}), 422, "bad_number"),
        ("+6531239999", json!({"pool": 7}), 422, "bad_number"),
        ("+6531238888", json!({"capture": true}), 422, "bad_number"),
        ("+6531238888", json!({"pol": "default"}), 422, "bad_number"),
        ("12", json!({"pool": "default"}), 422, "bad_number"),
        (
            "+6531238888",
            json!({"pool": "default", "region": "north"}),
            422,
            "bad_number",
        ),
        (
            RESTAURANT,
            json!({"pool": "default"}),
            409,
            "answers_a_flow",
        ),
        (POOL[0], json!({"reserved": true}), 409, "configured"),
    ] {
        let (given, problem) = put(&app, &format!("/v1/numbers/{number}"), &body).await;
        assert_eq!(
            (given, problem["code"].as_str()),
            (status, Some(code)),
            "{number} {body} {problem}"
        );
        assert!(!problem.to_string().contains("31239999"), "{problem}");
    }
}

#[tokio::test]
async fn a_drained_number_is_given_to_nobody() {
    let app = with_pool().await;
    for number in &POOL[..2] {
        let (status, drained) =
            post(&app, &format!("/v1/numbers/{number}/drain"), &json!({})).await;
        assert_eq!(
            (status, &drained["draining"], &drained["given_out"]),
            (200, &json!(true), &json!(false))
        );
    }
    for trip in 0..3 {
        let made = book(&app, &format!("trip-{trip}"), RIDERS[trip], DRIVERS[trip]).await;
        assert_eq!(number(&made, "a"), POOL[2]);
    }
    let (status, back) = put(
        &app,
        &format!("/v1/numbers/{}", POOL[0]),
        &json!({"draining": false}),
    )
    .await;
    assert_eq!((status, &back["given_out"]), (200, &json!(true)), "{back}");
    assert_eq!(
        post(&app, "/v1/numbers/+6531230000/drain", &json!({}))
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn numbers_of_the_api_are_there_after_a_restart() {
    let mut app = with_pool().await;
    put(&app, "/v1/numbers/6531239999", &json!({"pool": "default"})).await;
    app.restart().await;
    assert_eq!(status_of(&app, "+6531239999").await["pool"], "default");
}

/// A virtual number update.
fn update(kind: &str, total: usize, numbers: &[(&str, &str)]) -> Value {
    let numbers: Vec<_> = numbers
        .iter()
        .map(|(number, status)| json!({"msisdn": number, "operationalStatus": status, "countryCode": "SG", "updateStatus": "UPDATED"}))
        .collect();
    json!({"namespace": "VOICE", "eventType": "VIRTUAL_NUMBER_UPDATE", "description": "",
        "payload": {"subAccountId": "masked", "totalNumbers": total, "updateEventType": kind, "virtualNumbers": numbers}})
}

/// A clock that a test sets forward.
fn clock() -> (Clock, Arc<AtomicI64>) {
    let began = Clock::system().now();
    let minutes = Arc::new(AtomicI64::new(0));
    let read = minutes.clone();
    (
        Clock::from_fn(move || began + SignedDuration::from_mins(read.load(Ordering::SeqCst))),
        minutes,
    )
}

#[tokio::test]
async fn a_word_of_the_platform_is_believed_once_it_has_held() {
    let (clock, minutes) = clock();
    let app = TestApp::start_with(pool().clock(clock)).await;
    let unwell = update("UPDATES", 1, &[(POOL[0], "Unhealthy")]).to_string();
    assert_eq!(app.post("/webhooks/vnu", unwell.clone()).await.0, 200);
    let shown = status_of(&app, POOL[0]).await;
    assert_eq!(
        (&shown["status"], &shown["heard"]["status"]),
        (&json!("Active"), &json!("Unhealthy")),
        "{shown}"
    );
    minutes.store(5, Ordering::SeqCst);
    let well = update("UPDATES", 1, &[(POOL[0], "Active")]).to_string();
    app.post("/webhooks/vnu", well).await;
    assert_eq!(
        status_of(&app, POOL[0]).await["heard"],
        Value::Null,
        "it flapped"
    );
    app.post("/webhooks/vnu", unwell.clone()).await;
    minutes.store(16, Ordering::SeqCst);
    app.post("/webhooks/vnu", unwell).await;
    let shown = status_of(&app, POOL[0]).await;
    assert_eq!(
        (&shown["status"], &shown["given_out"]),
        (&json!("Unhealthy"), &json!(false))
    );
}

#[tokio::test]
async fn a_number_that_a_whole_list_lacks_is_gone_at_once() {
    let settings = pool()
        .env("CALLWRIGHT_SUBACCOUNTS__MASKED__ID", "masked")
        .env("CALLWRIGHT_SUBACCOUNTS__MASKED__PRODUCT", "masking")
        .env("CALLWRIGHT_SUBACCOUNTS__MASKED__NUMBERS", &POOL.join(","));
    let app = TestApp::start_with(settings).await;
    let part = update("SNAPSHOT", 3, &[(POOL[0], "Active"), (POOL[1], "Active")]);
    app.post("/webhooks/vnu", part.to_string()).await;
    assert_eq!(
        status_of(&app, POOL[2]).await["status"],
        "Active",
        "the list was not whole"
    );
    let whole = update("SNAPSHOT", 2, &[(POOL[0], "Active"), (POOL[1], "Active")]);
    app.post("/webhooks/vnu", whole.to_string()).await;
    assert_eq!(status_of(&app, POOL[2]).await["status"], "Inactive");
    assert_eq!(status_of(&app, POOL[1]).await["status"], "Active");
    let (status, problem) = put(
        &app,
        &format!("/v1/numbers/{}", "6531239999"),
        &json!({"pool": "default", "capture": true}),
    )
    .await;
    assert_eq!(status, 201, "its sub-account is not known: {problem}");
}

#[tokio::test]
async fn bookings_leave_a_number_that_is_gone_and_both_numbers_work() {
    let settings = Settings::default().env("CALLWRIGHT_POOLS__DEFAULT__NUMBERS", POOL[0]);
    let app = TestApp::start_with(settings).await;
    let made = book(&app, "trip-1", RIDERS[0], DRIVERS[0]).await;
    assert_eq!(number(&made, "a"), POOL[0]);
    put(
        &app,
        &format!("/v1/numbers/{}", POOL[1]),
        &json!({"pool": "default"}),
    )
    .await;
    app.post(
        "/webhooks/vnu",
        update("UPDATES", 1, &[(POOL[0], "Inactive")]).to_string(),
    )
    .await;
    let mut moved = made;
    while number(&moved, "a") == POOL[0] || number(&moved, "b") == POOL[0] {
        moved = app.get("/v1/bookings/trip-1").await.1;
    }
    assert_eq!(
        (number(&moved, "a"), &moved["a"]["earlier_numbers"]),
        (POOL[1], &json!([POOL[0]]))
    );
    for called in [POOL[0], POOL[1]] {
        let call = json!({"caller": RIDERS[0], "virtual_number": called});
        let (_, decided) = post(&app, "/v1/masking/simulate", &call).await;
        assert_eq!(decided["decision"], "connected", "{called} {decided}");
        assert_eq!(
            decided["callflow"]["callflow"][0]["params"]["source"], "+65••••4562",
            "never from the one that is gone"
        );
    }
}

/// What keeps a server with these variables from starting.
async fn refusal(variables: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let database = format!("sqlite://{}", folder.path().join("callwright.db").display());
    let keys = folder.path().join("callwright.keys").display().to_string();
    let flows = concat!(env!("CARGO_MANIFEST_DIR"), "/flows");
    let fixed = [
        ("CALLWRIGHT_LISTEN", "127.0.0.1:0"),
        ("CALLWRIGHT_DATABASE_URL", &database),
        ("CALLWRIGHT_KEYS__FILE", &keys),
        ("CALLWRIGHT_FLOWS", flows),
    ];
    let all = fixed
        .iter()
        .chain(variables)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let config = Config::load(None, all).expect("the configuration alone is sound");
    let refused = server::start(config, Clock::system()).await.err();
    refused.expect("it does not start").to_string()
}

#[tokio::test]
async fn a_server_whose_pools_contradict_its_flows_does_not_start() {
    let numbers = format!("{RESTAURANT},{}", POOL[0]);
    let told = refusal(&[
        ("CALLWRIGHT_POOLS__DEFAULT__NUMBERS", &numbers),
        ("CALLWRIGHT_MASKING__UNKNOWN__FLOW", "nowhere"),
    ])
    .await;
    assert!(
        told.contains("+65••••5777 is in [pools.default] and answers the flow `restaurant`"),
        "{told}"
    );
    assert!(
        told.contains("`flow` of [masking.unknown] names no flow"),
        "{told}"
    );
    assert!(!told.contains("61115777"), "{told}");
}

/// A flow that answers `number`.
fn desk(id: &str, number: &str) -> String {
    format!(
        "callwright = 1\n[flow]\nid = \"{id}\"\nstart = \"bye\"\nanswers = [\"{number}\"]\n[end.bye]\nsay = \"Goodbye.\"\n"
    )
}

#[tokio::test]
async fn flows_that_contradict_a_pool_are_not_taken_while_serving() {
    let settings = pool()
        .env("CALLWRIGHT_MASKING__UNKNOWN__FLOW", "lost")
        .flow("desk.toml", &desk("desk", RESTAURANT))
        .flow("lost.toml", &desk("lost", "+6561115779"));
    let app = TestApp::start_with(settings).await;
    put(&app, "/v1/numbers/+6531239999", &json!({"pool": "default"})).await;
    let reload = async || post(&app, "/v1/flows/reload", &json!({})).await;
    for (file, text, said) in [
        (
            "desk.toml",
            Some(desk("desk", "+6531239999")),
            "+65••••9999 is in the pool `default` and answers the flow `desk`: take it out of one of them",
        ),
        (
            "lost.toml",
            None,
            "the pool `default` hands callers whom it cannot place to the flow `lost`, which is not there",
        ),
    ] {
        let path = app.flows().join(file);
        let before = std::fs::read_to_string(&path).expect("it is there");
        match &text {
            Some(text) => std::fs::write(&path, text).expect("it is written"),
            None => std::fs::remove_file(&path).expect("it is there"),
        }
        let (status, problem) = reload().await;
        assert_eq!(
            (status, &problem["code"]),
            (422, &json!("flows_refused")),
            "{problem}"
        );
        let told = problem["errors"][0]["message"].as_str().unwrap_or_default();
        assert!(told.contains(said), "{problem}");
        let (_, flows) = app.get("/v1/flows").await;
        assert_eq!(flows["items"].as_array().map(Vec::len), Some(2), "{flows}");
        let call = app.caller(RESTAURANT).dial().await;
        assert_eq!(call.heard(), ["Goodbye"], "what was served before is");
        std::fs::write(&path, before).expect("it is written");
        assert_eq!(reload().await.0, 200);
    }
    // Once the number has left the pool, the flow may have it.
    put(&app, "/v1/numbers/+6531239999", &json!({"pool": null})).await;
    std::fs::write(app.flows().join("desk.toml"), desk("desk", "+6531239999")).expect("written");
    assert_eq!(reload().await.0, 200);
}

#[tokio::test]
async fn people_get_a_number_of_their_region_first() {
    let app = with_pool().await;
    let numbers = [("+6531239991", "+6591"), ("+6531239992", "+6592")];
    for (number, region) in numbers {
        let body = json!({"pool": "default", "region": region});
        let (status, made) = put(&app, &format!("/v1/numbers/{number}"), &body).await;
        assert_eq!(status, 201, "{made}");
    }
    for (trip, (rider, expected)) in [("+6591230001", numbers[0].0), ("+6592230001", numbers[1].0)]
        .into_iter()
        .enumerate()
    {
        let made = book(&app, &format!("trip-{trip}"), rider, DRIVERS[trip]).await;
        assert_eq!(number(&made, "a"), expected);
    }
}
