//! Numbers that fail while bookings are on them, and pools that have too few.

use serde_json::{Value, json};

use super::street::Street;
use super::{DRIVERS, POOL, RIDERS, between, number, put};

#[tokio::test]
async fn of_an_unhealthy_number_long_bookings_get_another_and_both_work() {
    let street = Street::of(&POOL[..1], &[("CALLWRIGHT_MASKING__HEALTH__FLAP", "0s")]).await;
    let long = street.book("long", RIDERS[0], DRIVERS[0]).await;
    let mut body = between(RIDERS[1], DRIVERS[1]);
    body["expires_at"] = json!("2026-11-21T04:05:00Z");
    let (status, short) = put(&street.app, "/v1/bookings/short", &body).await;
    assert_eq!((status, number(&short, "a")), (201, POOL[0]));
    put(
        &street.app,
        &format!("/v1/numbers/{}", POOL[1]),
        &json!({"pool": "default"}),
    )
    .await;
    street.told(POOL[0], "Unhealthy").await;
    let moved = moved(&street, "long", POOL[0]).await;
    assert_eq!(
        (number(&moved, "a"), number(&moved, "b")),
        (POOL[1], POOL[1])
    );
    for called in [number(&long, "a"), POOL[1]] {
        let rider = street.call(RIDERS[0], called).await;
        assert!(rider.connected_to(DRIVERS[0]), "{called} {rider:?}");
        assert_eq!(rider.shown.as_deref(), Some(&POOL[1][7..]));
    }
    let (_, short) = street.app.get("/v1/bookings/short").await;
    assert_eq!(number(&short, "a"), POOL[0], "it ends soon");
    assert!(
        street
            .call(RIDERS[1], POOL[0])
            .await
            .connected_to(DRIVERS[1]),
        "and calls still come on it"
    );
    street.told(POOL[0], "Active").await;
    let (_, stays) = street.app.get("/v1/bookings/long").await;
    assert_eq!(number(&stays, "a"), POOL[1]);
    let new = street.book("new", RIDERS[2], DRIVERS[2]).await;
    assert!(POOL[..2].contains(&number(&new, "a")));
}

/// The booking once it has left this number.
async fn moved(street: &Street, id: &str, number_before: &str) -> Value {
    loop {
        let (_, booking) = street.app.get(&format!("/v1/bookings/{id}")).await;
        if ["a", "b"]
            .iter()
            .all(|side| number(&booking, side) != number_before)
        {
            return booking;
        }
    }
}

#[tokio::test]
async fn nothing_is_done_about_an_unhealthy_number_where_that_is_the_rule() {
    let settings = [
        ("CALLWRIGHT_MASKING__HEALTH__FLAP", "0s"),
        ("CALLWRIGHT_MASKING__HEALTH__UNHEALTHY", "keep"),
    ];
    let street = Street::of(&POOL[..1], &settings).await;
    let trip = street.book("trip-1", RIDERS[0], DRIVERS[0]).await;
    put(
        &street.app,
        &format!("/v1/numbers/{}", POOL[1]),
        &json!({"pool": "default"}),
    )
    .await;
    street.told(POOL[0], "Unhealthy").await;
    let other = street.book("trip-2", RIDERS[1], DRIVERS[1]).await;
    assert_eq!(
        number(&other, "a"),
        POOL[1],
        "new bookings get another all the same"
    );
    let (_, kept) = street.app.get("/v1/bookings/trip-1").await;
    assert_eq!(number(&kept, "a"), number(&trip, "a"));
}

#[tokio::test]
async fn a_callee_whose_number_is_gone_gets_another_before_the_call_is_placed() {
    let street = Street::of(&POOL[..1], &[]).await;
    let trip = street.book("trip-1", RIDERS[0], DRIVERS[0]).await;
    street.told(POOL[0], "Inactive").await;
    let nothing = street.call(RIDERS[0], number(&trip, "a")).await;
    assert!(
        nothing.rang.is_empty() && nothing.said.len() == 1,
        "there is none: {nothing:?}"
    );
    assert_eq!(
        street.decision(Some(RIDERS[0]), number(&trip, "a")).await,
        "no_source"
    );
    put(
        &street.app,
        &format!("/v1/numbers/{}", POOL[1]),
        &json!({"pool": "default"}),
    )
    .await;
    let rider = street.call(RIDERS[0], number(&trip, "a")).await;
    assert!(rider.connected_to(DRIVERS[0]), "{rider:?}");
    assert_eq!(
        rider.shown.as_deref(),
        Some(&POOL[1][7..]),
        "never from the one that is gone"
    );
    let driver = street.call(DRIVERS[0], POOL[1]).await;
    assert!(
        driver.connected_to(RIDERS[0]),
        "and calling back works: {driver:?}"
    );
}

#[tokio::test]
async fn of_an_expiring_number_every_booking_leaves_within_a_day() {
    let street = Street::of(&POOL[..1], &[("CALLWRIGHT_MASKING__HEALTH__FLAP", "0s")]).await;
    let mut body = between(RIDERS[0], DRIVERS[0]);
    body["expires_at"] = json!("2026-12-21T04:00:00Z");
    put(&street.app, "/v1/bookings/trip-1", &body).await;
    put(
        &street.app,
        &format!("/v1/numbers/{}", POOL[1]),
        &json!({"pool": "default"}),
    )
    .await;
    street.told(POOL[0], "Expiring").await;
    street.pass(24 * 60);
    let moved = moved(&street, "trip-1", POOL[0]).await;
    assert_eq!(number(&moved, "a"), POOL[1]);
    assert!(
        street
            .call(RIDERS[0], POOL[0])
            .await
            .connected_to(DRIVERS[0]),
        "the old one works on"
    );
}

#[tokio::test]
async fn an_exhausted_pool_goes_down_the_ladder_before_it_refuses() {
    let street = Street::of(&POOL[..2], &[]).await;
    street.book("trip-1", RIDERS[0], DRIVERS[0]).await;
    let second = street.book("trip-2", RIDERS[1], DRIVERS[0]).await;
    assert_eq!(number(&second, "a"), number(&second, "b"));
    let (status, full) = put(
        &street.app,
        "/v1/bookings/trip-3",
        &between(RIDERS[2], DRIVERS[0]),
    )
    .await;
    assert_eq!(
        (status, &full["code"], &full["live_bookings"]),
        (503, &json!("pool_exhausted"), &json!(2)),
        "{full}"
    );
    street.close("trip-1", "cancelled").await;
    let (status, resting) = put(
        &street.app,
        "/v1/bookings/trip-3",
        &between(RIDERS[2], DRIVERS[0]),
    )
    .await;
    assert_eq!(status, 503, "it rests for less than cooldown_min");
    assert!(
        resting["retry_after"]
            .as_i64()
            .is_some_and(|after| (1..=24 * 3600 + 1).contains(&after)),
        "{resting}"
    );
    street.pass(11);
    let third = street.book("trip-3", RIDERS[2], DRIVERS[0]).await;
    let rider = street.call(RIDERS[2], number(&third, "a")).await;
    assert!(rider.connected_to(DRIVERS[0]), "{rider:?}");
    assert!(
        !street
            .call(RIDERS[0], number(&third, "a"))
            .await
            .rang
            .iter()
            .any(|rang| rang.ends_with(&DRIVERS[0][1..]))
    );
    let (_, metrics) = street.app.get("/metrics").await;
    let metrics = metrics.as_str().unwrap_or_default();
    for line in [
        "callwright_bookings_made_total{rung=\"fresh\"} 2",
        "callwright_bookings_made_total{rung=\"rested\"} 1",
        "callwright_bookings_exhausted_total 2",
    ] {
        assert!(metrics.contains(line), "{line} is not in {metrics}");
    }
}

#[tokio::test]
async fn a_pair_that_shares_no_free_number_gets_one_for_each_side() {
    let street = Street::of(&POOL[..2], &[]).await;
    let first = street.book("trip-1", RIDERS[0], DRIVERS[0]).await;
    let free = POOL[..2]
        .iter()
        .find(|it| **it != number(&first, "a"))
        .expect("two numbers");
    let mut taken = between(RIDERS[1], DRIVERS[1]);
    taken["a"]["virtual_number"] = json!(free);
    taken["b"]["virtual_number"] = json!(free);
    put(&street.app, "/v1/bookings/trip-2", &taken).await;
    let split = street.book("trip-3", RIDERS[1], DRIVERS[0]).await;
    assert_ne!(number(&split, "a"), number(&split, "b"), "{split}");
    assert!(
        street
            .call(RIDERS[1], number(&split, "a"))
            .await
            .connected_to(DRIVERS[0])
    );
    assert!(
        street
            .call(DRIVERS[0], number(&split, "b"))
            .await
            .connected_to(RIDERS[1])
    );
    assert!(
        street.call(RIDERS[1], free).await.connected_to(DRIVERS[1]),
        "the other booking is as it was"
    );
}
