//! Bookings over HTTP: what is answered, and what is refused with which sentence.

use serde_json::{Value, json};

use super::{DRIVERS, POOL, RIDERS, between, book, number, post, put, with_pool};
use crate::app::TestApp;

#[tokio::test]
async fn a_booking_is_made_once_changed_and_shown() {
    let app = with_pool().await;
    let body = between(RIDERS[0], DRIVERS[0]);
    let (status, made) = put(&app, "/v1/bookings/trip-1", &body).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!(made["state"], "active");
    assert_eq!(number(&made, "a"), number(&made, "b"), "shared");
    assert!(POOL.contains(&number(&made, "a")));
    assert_eq!(made["a"]["phones"], json!(["+65••••4501"]), "masked");
    let (status, again) = put(&app, "/v1/bookings/trip-1", &body).await;
    assert_eq!((status, number(&again, "a")), (200, number(&made, "a")));
    assert_eq!(again["renumbered"], json!([]));
    let later = json!({"expires_at": "2999-01-01T00:00:00Z", "limits": {"max_calls": 3}});
    let (status, changed) = put(&app, "/v1/bookings/trip-1", &later).await;
    assert_eq!(
        (status, &changed["expires_at"]),
        (200, &json!("2999-01-01T00:00:00Z"))
    );
    assert_eq!(changed["a"]["label"], "rider", "what was left out stays");
    let (status, shown) = app.get("/v1/bookings/trip-1").await;
    assert_eq!((status, &shown["limits"]), (200, &json!({"max_calls": 3})));
    assert_eq!(app.get("/v1/bookings/trip-2").await.0, 404);
}

#[tokio::test]
async fn bookings_are_listed_page_by_page() {
    let app = with_pool().await;
    for trip in 0..3 {
        book(&app, &format!("trip-{trip}"), RIDERS[trip], DRIVERS[trip]).await;
    }
    let (status, page) = app.get("/v1/bookings?limit=2").await;
    assert_eq!(status, 200, "{page}");
    let ids = |page: &Value| {
        let items = page["items"].as_array().cloned().unwrap_or_default();
        items
            .iter()
            .map(|item| item["id"].as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&page), ["trip-2", "trip-1"]);
    let cursor = page["next_cursor"].as_str().expect("there are more");
    let (_, rest) = app
        .get(&format!("/v1/bookings?limit=2&cursor={cursor}"))
        .await;
    assert_eq!(
        (ids(&rest), &rest["next_cursor"]),
        (vec!["trip-0".to_owned()], &Value::Null)
    );
    post(
        &app,
        "/v1/bookings/trip-1/close",
        &json!({"reason": "completed"}),
    )
    .await;
    let (_, open) = app.get("/v1/bookings?open=true").await;
    assert_eq!(ids(&open), ["trip-2", "trip-0"]);
    let (status, wrong) = app.get("/v1/bookings?open=yes&phone=%2B6591234501").await;
    assert_eq!((status, &wrong["code"]), (400, &json!("bad_query")));
    assert_eq!(wrong["errors"].as_array().map(Vec::len), Some(2), "{wrong}");
}

#[tokio::test]
async fn a_closed_booking_is_changed_only_after_it_is_opened_again() {
    let app = with_pool().await;
    let made = book(&app, "trip-1", RIDERS[0], DRIVERS[0]).await;
    let (status, closed) = post(
        &app,
        "/v1/bookings/trip-1/close",
        &json!({"reason": "completed"}),
    )
    .await;
    assert_eq!(
        (status, &closed["state"], &closed["closed"]["reason"]),
        (200, &json!("grace"), &json!("completed"))
    );
    let (status, again) = post(
        &app,
        "/v1/bookings/trip-1/close",
        &json!({"reason": "completed"}),
    )
    .await;
    assert_eq!(
        (status, &again["closed"]),
        (200, &closed["closed"]),
        "closed once"
    );
    let (status, refused) = put(&app, "/v1/bookings/trip-1", &between(RIDERS[0], DRIVERS[0])).await;
    assert_eq!((status, &refused["code"]), (409, &json!("closed")));
    let (status, opened) = post(&app, "/v1/bookings/trip-1/reopen", &json!({})).await;
    assert_eq!(
        (status, &opened["state"]),
        (200, &json!("active")),
        "{opened}"
    );
    assert_eq!(number(&opened, "a"), number(&made, "a"), "the same numbers");
    let (_, cancelled) = post(
        &app,
        "/v1/bookings/trip-1/close",
        &json!({"reason": "cancelled"}),
    )
    .await;
    assert_eq!(cancelled["state"], "cooling");
    for path in ["close", "reopen"] {
        let (status, _) = post(
            &app,
            &format!("/v1/bookings/nowhere/{path}"),
            &json!({"reason": "completed"}),
        )
        .await;
        assert!(matches!(status, 404 | 422), "{path} {status}");
    }
}

#[tokio::test]
async fn a_side_is_changed_and_the_other_undisturbed() {
    let app = with_pool().await;
    let made = book(&app, "trip-1", RIDERS[0], DRIVERS[0]).await;
    let side = json!({"phones": [DRIVERS[1]], "label": "another driver"});
    let (status, changed) = put(&app, "/v1/bookings/trip-1/sides/b", &side).await;
    assert_eq!(status, 200, "{changed}");
    assert_eq!(number(&changed, "a"), number(&made, "a"));
    assert_eq!(
        number(&changed, "b"),
        number(&made, "b"),
        "free on the same number"
    );
    assert_eq!(changed["b"]["label"], "another driver");
    let (status, same) = put(
        &app,
        "/v1/bookings/trip-1/sides/b",
        &json!({"phones": ["8123 4502"]}),
    )
    .await;
    assert_eq!(
        (status, &same["renumbered"]),
        (200, &json!([])),
        "another spelling of the same phone"
    );
    let (status, refused) = put(
        &app,
        "/v1/bookings/trip-1/sides/b",
        &json!({"phones": [RIDERS[0]]}),
    )
    .await;
    assert_eq!((status, &refused["code"]), (422, &json!("same_party")));
    assert_eq!(put(&app, "/v1/bookings/trip-1/sides/c", &side).await.0, 404);
    assert_eq!(put(&app, "/v1/bookings/trip-9/sides/b", &side).await.0, 404);
}

#[tokio::test]
async fn people_are_known_in_every_spelling() {
    let app = with_pool().await;
    let made = book(&app, "trip-1", RIDERS[0], DRIVERS[0]).await;
    for written in [
        "9123 4501",
        "006591234501",
        "tel:+65-9123-4501",
        "(65) 9123 4501",
        "6591234501",
        "+65 9123.4501",
    ] {
        let (status, same) = put(&app, "/v1/bookings/trip-1", &between(written, DRIVERS[0])).await;
        assert_eq!(
            (status, number(&same, "a"), &same["renumbered"]),
            (200, number(&made, "a"), &json!([])),
            "{written}"
        );
    }
}

#[tokio::test]
async fn an_exhausted_pool_says_who_is_short_of_what() {
    let settings = crate::app::Settings::default()
        .env("CALLWRIGHT_POOLS__DEFAULT__NUMBERS", POOL[0])
        .env("CALLWRIGHT_MASKING__STRICT", "true");
    let app = TestApp::start_with(settings).await;
    book(&app, "trip-1", RIDERS[0], DRIVERS[0]).await;
    let (status, problem) = put(&app, "/v1/bookings/trip-2", &between(RIDERS[1], DRIVERS[0])).await;
    assert_eq!(
        (status, &problem["code"]),
        (503, &json!("pool_exhausted")),
        "{problem}"
    );
    assert_eq!(
        (
            &problem["pool"],
            &problem["side"],
            &problem["usable_numbers"]
        ),
        (&json!("default"), &json!("b"), &json!(1))
    );
    assert_eq!(
        (&problem["live_bookings"], &problem["shortfall"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        app.get("/v1/bookings/trip-2").await.0,
        404,
        "nothing was kept"
    );
    let (status, plan) = app.get("/v1/pools/default/plan").await;
    assert_eq!(
        (status, &plan["usable"], &plan["needed"]),
        (200, &json!(1), &json!(1)),
        "{plan}"
    );
}

#[tokio::test]
async fn a_batch_does_each_booking_alone() {
    let app = with_pool().await;
    let item = |id: &str, a: &str, b: &str| {
        let mut item = between(a, b);
        item["id"] = json!(id);
        item
    };
    let body = json!({"bookings": [
        item("trip-1", RIDERS[0], DRIVERS[0]),
        item("trip-2", RIDERS[1], RIDERS[1]),
        item("a b", RIDERS[2], DRIVERS[2]),
        item("trip-1", RIDERS[0], DRIVERS[0]),
    ]});
    let (status, answer) = post(&app, "/v1/bookings:batch", &body).await;
    assert_eq!(status, 200, "{answer}");
    let statuses: Vec<_> = (0..4)
        .map(|at| answer["items"][at]["status"].as_u64())
        .collect();
    assert_eq!(statuses[1..3], [Some(422), Some(422)], "{answer}");
    let mut same = [statuses[0], statuses[3]];
    same.sort();
    assert_eq!(
        same,
        [Some(200), Some(201)],
        "the same booking twice is one"
    );
    assert_eq!(answer["items"][1]["problem"]["code"], "same_party");
    assert_eq!(
        answer["items"][2]["problem"]["errors"][0]["path"],
        "bookings[2].id"
    );
    for wrong in [
        json!({}),
        json!({"bookings": []}),
        json!({"bookings": [1]}),
        json!({"bookings": vec![json!({}); 501]}),
    ] {
        let (status, problem) = post(&app, "/v1/bookings:batch", &wrong).await;
        assert_eq!(
            (status, &problem["code"]),
            (422, &json!("bad_booking")),
            "{problem}"
        );
    }
}

#[tokio::test]
async fn many_bookings_of_one_driver_at_once_all_succeed() {
    let numbers: Vec<_> = (0..20).map(|at| format!("+65312346{at:02}")).collect();
    let settings = crate::app::Settings::default()
        .env("CALLWRIGHT_POOLS__DEFAULT__NUMBERS", &numbers.join(","));
    let app = TestApp::start_with(settings).await;
    let items: Vec<_> = (0..20)
        .map(|at| {
            let mut item = between(&format!("+65912346{at:02}"), DRIVERS[0]);
            item["id"] = json!(format!("trip-{at}"));
            item
        })
        .collect();
    let (_, answer) = post(&app, "/v1/bookings:batch", &json!({"bookings": items})).await;
    let items = answer["items"].as_array().expect("all are answered");
    let mut given: Vec<_> = items
        .iter()
        .map(|item| number(&item["booking"], "b").to_owned())
        .collect();
    given.sort();
    given.dedup();
    assert_eq!(given.len(), 20, "each has a number of its own: {answer}");
}

#[tokio::test]
async fn a_simulated_call_is_decided_and_touches_nothing() {
    let app = with_pool().await;
    let made = book(&app, "trip-1", RIDERS[0], DRIVERS[0]).await;
    let call = |caller: &str| json!({"caller": caller, "virtual_number": number(&made, "a")});
    let (status, decided) = post(&app, "/v1/masking/simulate", &call(RIDERS[0])).await;
    assert_eq!(
        (status, &decided["decision"], &decided["side"]),
        (200, &json!("connected"), &json!("a")),
        "{decided}"
    );
    let dialled = &decided["callflow"]["callflow"][0];
    assert_eq!(
        (&dialled["action"], &dialled["params"]["destination"]),
        (&json!("makeCall"), &json!("+65••••4501"))
    );
    let (_, stranger) = post(&app, "/v1/masking/simulate", &call("9123 9999")).await;
    assert_eq!(stranger["decision"], "unknown");
    let (_, hidden) = post(
        &app,
        "/v1/masking/simulate",
        &json!({"virtual_number": number(&made, "a")}),
    )
    .await;
    assert_eq!(hidden["decision"], "withheld");
    let far = json!({"caller": RIDERS[0], "virtual_number": number(&made, "a"), "at": "2999-01-01T00:00:00Z"});
    let (_, late) = post(&app, "/v1/masking/simulate", &far).await;
    assert_ne!(late["decision"], "connected", "{late}");
    let (status, _) = post(
        &app,
        "/v1/masking/simulate",
        &json!({"caller": RIDERS[0], "virtual_number": "+6531111111"}),
    )
    .await;
    assert_eq!(status, 404);
    let (status, wrong) = post(
        &app,
        "/v1/masking/simulate",
        &json!({"caller": RIDERS[0], "number": "x"}),
    )
    .await;
    assert_eq!(
        (status, wrong["errors"].as_array().map(Vec::len)),
        (422, Some(2)),
        "{wrong}"
    );
}
