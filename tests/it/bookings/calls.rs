//! What can happen to the calls of a booking, over HTTP with the emulator's platform. In each, nobody is connected to anybody
//! but the other side. Strangers are in `strangers`, numbers that fail in `sick`.

use callwright::emulator::Fate;
use serde_json::{Value, json};

use super::street::Street;
use super::{DRIVERS, RIDERS, between, number, put};

const SUPPORT: &str = "+6562345678";

#[tokio::test]
async fn two_sides_reach_each_other_and_see_the_virtual_number() {
    let street = Street::with(&[]).await;
    let trip = street.book("trip-1", RIDERS[0], DRIVERS[0]).await;
    let shown = &number(&trip, "b")[7..];
    let rider = street.call(RIDERS[0], number(&trip, "a")).await;
    assert!(rider.connected_to(DRIVERS[0]), "{rider:?}");
    assert_eq!(rider.shown.as_deref(), Some(shown));
    let driver = street.call(DRIVERS[0], number(&trip, "b")).await;
    assert!(driver.connected_to(RIDERS[0]), "{driver:?}");
    let without_plus = street.call(&RIDERS[0][1..], number(&trip, "a")).await;
    assert!(without_plus.connected_to(DRIVERS[0]), "{without_plus:?}");
    let (_, session) = street
        .app
        .get(&format!("/v1/sessions/{}", rider.session))
        .await;
    assert!(session.to_string().contains("\"masked\""), "{session}");
}

#[tokio::test]
async fn each_side_may_have_a_number_of_its_own() {
    let street = Street::with(&[("CALLWRIGHT_MASKING__NUMBERS", "split")]).await;
    let trip = street.book("trip-1", RIDERS[0], DRIVERS[0]).await;
    assert_ne!(number(&trip, "a"), number(&trip, "b"));
    let rider = street.call(RIDERS[0], number(&trip, "a")).await;
    assert!(rider.connected_to(DRIVERS[0]));
    assert_eq!(
        rider.shown.as_deref(),
        Some(&number(&trip, "b")[7..]),
        "so that calling back works"
    );
    assert!(
        !street
            .call(RIDERS[0], number(&trip, "b"))
            .await
            .connected_to(DRIVERS[0])
    );
}

#[tokio::test]
async fn a_closed_booking_connects_in_grace_and_then_says_that_it_is_over() {
    let street = Street::with(&[("CALLWRIGHT_MASKING__COOLDOWN", "2h")]).await;
    let trip = street.book("trip-1", RIDERS[0], DRIVERS[0]).await;
    let vn = number(&trip, "a");
    street.close("trip-1", "completed").await;
    street.pass(23 * 60);
    assert_eq!(
        street.decision(Some(RIDERS[0]), vn).await,
        "connected_in_grace"
    );
    assert!(street.call(RIDERS[0], vn).await.connected_to(DRIVERS[0]));
    street.pass(61);
    let over = street.call(RIDERS[0], vn).await;
    assert!(over.was_told("no longer active for you"), "{over:?}");
    assert_eq!(street.decision(Some(RIDERS[0]), vn).await, "closed");
    street.pass(2 * 60);
    assert_eq!(
        street.decision(Some(RIDERS[0]), vn).await,
        "unknown",
        "as if it had never been"
    );
}

#[tokio::test]
async fn a_cancelled_booking_connects_nobody() {
    for (settings, code) in [
        (&[][..], "closed"),
        (
            &[("CALLWRIGHT_MASKING__UNKNOWN__SUPPORT", SUPPORT)][..],
            "closed_to_support",
        ),
    ] {
        let street = Street::with(settings).await;
        let trip = street.book("trip-1", RIDERS[0], DRIVERS[0]).await;
        street.close("trip-1", "cancelled").await;
        assert_eq!(
            street.decision(Some(DRIVERS[0]), number(&trip, "b")).await,
            code
        );
        let driver = street.call(DRIVERS[0], number(&trip, "b")).await;
        assert!(
            !driver
                .rang
                .iter()
                .any(|rang| rang.ends_with(&RIDERS[0][1..])),
            "{driver:?}"
        );
    }
}

#[tokio::test]
async fn grace_may_be_one_way() {
    let street = Street::with(&[("CALLWRIGHT_MASKING__GRACE__B_TO_A", "false")]).await;
    let trip = street.book("trip-1", RIDERS[0], DRIVERS[0]).await;
    street.close("trip-1", "completed").await;
    assert_eq!(
        street.decision(Some(RIDERS[0]), number(&trip, "a")).await,
        "connected_in_grace",
        "who left a bag"
    );
    assert_eq!(
        street.decision(Some(DRIVERS[0]), number(&trip, "b")).await,
        "closed"
    );
}

#[tokio::test]
async fn a_booking_that_has_expired_connects_nobody_however_late_the_sweeper_is() {
    let street = Street::with(&[]).await;
    let trip = street.book("trip-1", RIDERS[0], DRIVERS[0]).await;
    street.pass(24 * 60 - 1);
    assert_eq!(
        street.decision(Some(RIDERS[0]), number(&trip, "a")).await,
        "connected"
    );
    street.pass(1);
    assert_eq!(
        street.decision(Some(RIDERS[0]), number(&trip, "a")).await,
        "closed"
    );
}

#[tokio::test]
async fn a_booking_ends_when_nobody_calls_for_long() {
    let street = Street::with(&[]).await;
    let mut body = between(RIDERS[0], DRIVERS[0]);
    body["idle_ttl"] = json!("1h");
    let (_, trip) = put(&street.app, "/v1/bookings/trip-1", &body).await;
    street.pass(50);
    assert!(
        street
            .call(RIDERS[0], number(&trip, "a"))
            .await
            .connected_to(DRIVERS[0])
    );
    street.pass(50);
    assert_eq!(
        street.decision(Some(RIDERS[0]), number(&trip, "a")).await,
        "connected",
        "somebody called since"
    );
    street.pass(11);
    assert_ne!(
        street.decision(Some(RIDERS[0]), number(&trip, "a")).await,
        "connected"
    );
}

#[tokio::test]
async fn a_call_is_not_cut_when_its_booking_closes() {
    let street = Street::with(&[]).await;
    let trip = street.book("trip-1", RIDERS[0], DRIVERS[0]).await;
    let calling = street.call_as(
        RIDERS[0],
        number(&trip, "a"),
        &[],
        Fate::Answers {
            talks_ms: Some(60_000),
        },
    );
    let (heard, ()) = tokio::join!(calling, street.close("trip-1", "cancelled"));
    assert!(
        heard.rang.is_empty() || heard.ending == "COMPLETED",
        "{heard:?}"
    );
}

#[tokio::test]
async fn a_changed_phone_keeps_the_number_or_only_that_side_gets_another() {
    let street = Street::with(&[]).await;
    let trip = street.book("trip-1", RIDERS[0], DRIVERS[0]).await;
    let vn = number(&trip, "a").to_owned();
    let mut taken = between(RIDERS[1], DRIVERS[1]);
    taken["a"]["virtual_number"] = json!(vn);
    taken["b"]["virtual_number"] = json!(vn);
    let (status, other) = put(&street.app, "/v1/bookings/trip-2", &taken).await;
    assert_eq!(status, 201, "{other}");
    let (status, changed) = put(
        &street.app,
        "/v1/bookings/trip-1/sides/b",
        &json!({"phones": [DRIVERS[1]]}),
    )
    .await;
    assert_eq!(
        (status, &changed["renumbered"]),
        (200, &json!(["b"])),
        "{changed}"
    );
    assert_eq!(number(&changed, "a"), vn, "the rider notices nothing");
    assert_ne!(number(&changed, "b"), vn);
    let rider = street.call(RIDERS[0], &vn).await;
    assert!(rider.connected_to(DRIVERS[1]), "{rider:?}");
    assert_eq!(rider.shown.as_deref(), Some(&number(&changed, "b")[7..]));
    assert!(
        street
            .call(DRIVERS[1], number(&changed, "b"))
            .await
            .connected_to(RIDERS[0])
    );
    assert!(
        street.call(DRIVERS[1], &vn).await.connected_to(RIDERS[1]),
        "the number tells the booking"
    );
    assert_eq!(
        street.decision(Some(DRIVERS[0]), &vn).await,
        "closed",
        "who left is told so"
    );
}

#[tokio::test]
async fn a_driver_in_two_bookings_reaches_the_one_whose_number_was_called() {
    let street = Street::with(&[]).await;
    let first = street.book("trip-1", RIDERS[0], DRIVERS[0]).await;
    let second = street.book("trip-2", RIDERS[1], DRIVERS[0]).await;
    assert_ne!(number(&first, "b"), number(&second, "b"));
    assert!(
        street
            .call(DRIVERS[0], number(&first, "b"))
            .await
            .connected_to(RIDERS[0])
    );
    assert!(
        street
            .call(DRIVERS[0], number(&second, "b"))
            .await
            .connected_to(RIDERS[1])
    );
    let again = street.book("trip-3", RIDERS[0], DRIVERS[0]).await;
    assert_eq!(
        number(&again, "b"),
        number(&first, "b"),
        "the same pair has the same number"
    );
    street.close("trip-1", "cancelled").await;
    assert!(
        street
            .call(DRIVERS[0], number(&first, "b"))
            .await
            .connected_to(RIDERS[0]),
        "the newer one lives"
    );
}

#[tokio::test]
async fn a_pair_that_meets_again_gets_its_number_again_though_it_rests() {
    let street = Street::with(&[]).await;
    let first = street.book("trip-1", RIDERS[0], DRIVERS[0]).await;
    street.close("trip-1", "cancelled").await;
    let second = street.book("trip-2", RIDERS[1], DRIVERS[0]).await;
    assert_ne!(
        number(&second, "b"),
        number(&first, "b"),
        "it rests for others"
    );
    let again = street.book("trip-3", RIDERS[0], DRIVERS[0]).await;
    assert_eq!(number(&again, "a"), number(&first, "a"));
}

#[tokio::test]
async fn busy_and_no_answer_end_the_call_and_calling_back_works() {
    let street = Street::with(&[]).await;
    let trip = street.book("trip-1", RIDERS[0], DRIVERS[0]).await;
    for (fate, ending) in [(Fate::Busy, "BUSY"), (Fate::NoAnswer, "NO_ANSWER")] {
        let heard = street
            .call_as(RIDERS[0], number(&trip, "a"), &[], fate)
            .await;
        assert_eq!(heard.rang.len(), 1, "{heard:?}");
        let back = street.call(DRIVERS[0], number(&trip, "b")).await;
        assert!(back.connected_to(RIDERS[0]), "after {ending}: {back:?}");
        let ended = told_of(&street, &heard.session, "call.ended").await;
        assert_eq!(
            (&ended["outcome"], &ended["talk_seconds"], &ended["from"]),
            (&json!(ending), &json!(0), &json!("a"))
        );
        let ended = told_of(&street, &back.session, "call.ended").await;
        assert_eq!(
            (&ended["outcome"], &ended["talk_seconds"]),
            (&json!("COMPLETED"), &json!(60))
        );
    }
}

/// What was told of a session, once it was.
async fn told_of(street: &Street, session: &str, kind: &str) -> Value {
    loop {
        let path = format!("/v1/events?limit=100&type={kind}");
        let (_, page) = street.app.get(&path).await;
        let events = page["items"].as_array().cloned().unwrap_or_default();
        let mut of_it = events
            .into_iter()
            .filter(|it| it["data"]["session_id"] == session);
        if let Some(event) = of_it.next() {
            return event["data"].clone();
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_call_that_a_flow_takes_is_told_as_a_session_and_others_are_not() {
    let street = Street::with(&[("CALLWRIGHT_MASKING__UNKNOWN__FLOW", "restaurant")]).await;
    let trip = street.book("trip-1", RIDERS[0], DRIVERS[0]).await;
    let rider = street.call(RIDERS[0], number(&trip, "a")).await;
    told_of(&street, &rider.session, "call.ended").await;
    let stranger = street.call("+6590000001", number(&trip, "a")).await;
    let ended = told_of(&street, &stranger.session, "session.ended").await;
    assert_eq!(ended["flow"], "restaurant");
    let (_, page) = street.app.get("/v1/events?limit=100").await;
    let of = |session: &str| -> Vec<_> {
        let events = page["items"].as_array().cloned().unwrap_or_default();
        let of_it = events
            .into_iter()
            .filter(|it| it["data"]["session_id"] == session);
        of_it.map(|it| it["type"].clone()).collect()
    };
    assert_eq!(of(&rider.session), ["call.connected", "call.ended"]);
    assert_eq!(of(&stranger.session), ["session.started", "session.ended"]);
}

#[tokio::test]
async fn both_may_ring_each_other_at_once() {
    let street = Street::with(&[]).await;
    let trip = street.book("trip-1", RIDERS[0], DRIVERS[0]).await;
    let (rider, driver) = tokio::join!(
        street.call(RIDERS[0], number(&trip, "a")),
        street.call_as(DRIVERS[0], number(&trip, "b"), &[], Fate::Busy)
    );
    assert!(rider.connected_to(DRIVERS[0]), "{rider:?}");
    assert!(
        driver
            .rang
            .iter()
            .all(|rang| rang.ends_with(&RIDERS[0][1..]))
            && driver.rang.len() == 1,
        "{driver:?}"
    );
}

#[tokio::test]
async fn bounds_of_a_booking_stop_the_next_call() {
    let street = Street::with(&[]).await;
    for (trip, limits, code) in [
        (0, json!({"max_calls": 1}), "max_calls"),
        (1, json!({"max_calls_per_hour": 1}), "max_calls_per_hour"),
        (2, json!({"max_talk_minutes": 1}), "max_talk_minutes"),
    ] {
        let mut body = between(RIDERS[trip], DRIVERS[trip]);
        body["limits"] = limits;
        let (_, booking) = put(&street.app, &format!("/v1/bookings/trip-{trip}"), &body).await;
        let vn = number(&booking, "a");
        assert!(
            street
                .call_as(
                    RIDERS[trip],
                    vn,
                    &[],
                    Fate::Answers {
                        talks_ms: Some(61_000)
                    }
                )
                .await
                .connected_to(DRIVERS[trip]),
            "{code}"
        );
        let next = street.call(RIDERS[trip], vn).await;
        assert!(
            next.was_told("You have used all calls for now"),
            "{code}: {next:?}"
        );
        assert_eq!(street.decision(Some(RIDERS[trip]), vn).await, code);
    }
}

#[tokio::test]
async fn direction_hours_and_muting_refuse_with_a_sentence_that_names_nobody() {
    let street = Street::with(&[]).await;
    for (field, value, code) in [
        ("direction", json!("b_to_a"), "direction"),
        (
            "hours",
            json!({"from": "14:00", "to": "15:00", "zone": "Asia/Singapore"}),
            "hours",
        ),
    ] {
        let mut body = between(RIDERS[0], DRIVERS[0]);
        body[field] = value;
        let (status, trip) = put(&street.app, &format!("/v1/bookings/{field}"), &body).await;
        assert_eq!(status, 201, "{trip}");
        let heard = street.call(RIDERS[0], number(&trip, "a")).await;
        assert!(
            heard.rang.is_empty() && heard.said.len() == 1,
            "{field} {heard:?}"
        );
        assert_eq!(
            street.decision(Some(RIDERS[0]), number(&trip, "a")).await,
            code
        );
        street.close(field, "cancelled").await;
    }
    let trip = street.book("muted", RIDERS[1], DRIVERS[1]).await;
    put(
        &street.app,
        "/v1/bookings/muted/sides/b",
        &json!({"muted": true}),
    )
    .await;
    assert_eq!(
        street.decision(Some(RIDERS[1]), number(&trip, "a")).await,
        "muted"
    );
    put(
        &street.app,
        "/v1/bookings/muted/sides/b",
        &json!({"muted": false}),
    )
    .await;
    assert_eq!(
        street.decision(Some(RIDERS[1]), number(&trip, "a")).await,
        "connected"
    );
}

#[tokio::test]
async fn several_phones_of_a_side_may_call_and_one_is_called() {
    let street = Street::with(&[]).await;
    let body = json!({"a": {"phones": [RIDERS[0], RIDERS[1]]}, "b": {"phones": [DRIVERS[0]]}, "callback": "last"});
    let (_, trip) = put(&street.app, "/v1/bookings/trip-1", &body).await;
    assert!(
        street
            .call(DRIVERS[0], number(&trip, "b"))
            .await
            .connected_to(RIDERS[0]),
        "nobody has called yet"
    );
    assert!(
        street
            .call(RIDERS[1], number(&trip, "a"))
            .await
            .connected_to(DRIVERS[0])
    );
    let back = street.call(DRIVERS[0], number(&trip, "b")).await;
    assert!(
        back.connected_to(RIDERS[1]),
        "the one that called last: {back:?}"
    );
}

#[tokio::test]
async fn a_number_that_may_no_longer_be_called_is_not_called() {
    let settings = [
        ("CALLWRIGHT_OUTBOUND__COUNTRIES", "MY"),
        ("CALLWRIGHT_MASKING__COUNTRY", "any"),
    ];
    let mut street = Street::of(&["+6531234561"], &settings).await;
    let trip = street.book("trip-1", RIDERS[0], "+60123456789").await;
    let vn = number(&trip, "a").to_owned();
    let rider = street.call(RIDERS[0], &vn).await;
    assert!(rider.connected_to("+60123456789"), "{rider:?}");
    street.app.set_env("CALLWRIGHT_OUTBOUND__COUNTRIES", "TH");
    street.app.restart().await;
    let decision = street.decision(Some(RIDERS[0]), &vn).await;
    assert_eq!(decision, "not_allowed", "asked again when it is dialled");
}

/// The value of a counter without labels.
async fn counted(street: &Street, counter: &str) -> u64 {
    let (_, metrics) = street.app.get("/metrics").await;
    let text = metrics.as_str().unwrap_or_default().to_owned();
    let mut lines = text.lines().filter(|line| line.starts_with(counter));
    let value = lines
        .next()
        .and_then(|line| line.rsplit(' ').next()?.parse().ok());
    value.unwrap_or_default()
}

/// What cannot be is refused with a sentence, and people are told.
#[tokio::test]
async fn who_is_meant_is_not_guessed_when_a_row_was_edited_by_hand() {
    let street = Street::with(&[]).await;
    let trip = street.book("trip-1", RIDERS[0], DRIVERS[0]).await;
    let vn = number(&trip, "a");
    let edited = rusqlite::Connection::open(street.app.database())
        .and_then(|db| db.execute("UPDATE legs SET side = 1 - side", []));
    assert_eq!(edited.expect("they are there"), 2);
    assert_eq!(street.decision(Some(RIDERS[0]), vn).await, "ambiguous");
    for caller in [RIDERS[0], DRIVERS[0]] {
        let heard = street.call(caller, vn).await;
        assert!(heard.rang.is_empty() && heard.said.len() == 1, "{heard:?}");
        let refused = told_of(&street, &heard.session, "call.refused").await;
        assert_eq!(refused["decision"], "ambiguous");
    }
    assert_eq!(counted(&street, "callwright_masking_alarms_total").await, 2);
}

/// A phone that has become a virtual number of ours would be called from another one, and so on for ever.
#[tokio::test]
async fn a_call_that_would_come_back_to_a_number_of_ours_is_refused() {
    let street = Street::with(&[]).await;
    let trip = street.book("trip-1", RIDERS[0], DRIVERS[0]).await;
    let vn = number(&trip, "a");
    let ours = format!("/v1/numbers/{}", DRIVERS[0]);
    let (status, taken) = put(&street.app, &ours, &json!({"pool": "default"})).await;
    assert_eq!(status, 201, "{taken}");
    assert_eq!(street.decision(Some(RIDERS[0]), vn).await, "would_loop");
    let heard = street.call(RIDERS[0], vn).await;
    assert!(heard.rang.is_empty() && heard.said.len() == 1, "{heard:?}");
    assert_eq!(counted(&street, "callwright_masking_alarms_total").await, 1);
}
