//! What the customer's systems are told of bookings, of their calls and of pools: each once, in its order.

use callwright::call::PhoneNumber;
use callwright::masking::booking::CloseReason;
use callwright::masking::{Health, PoolNumber, PoolRules};
use callwright::store::outbox::EventFilter;
use serde_json::{Value, json};

use super::{DRIVER, Desk, Heard, Place, RIDER, STRANGER, on_both, person};

on_both! {
    what_becomes_of_a_booking_is_told_in_its_order
    what_becomes_of_a_call_is_told_once_and_in_the_order_of_its_booking
    a_call_that_is_not_put_through_is_told_with_its_decision
    a_masked_session_is_told_of_by_its_calls_alone
    calls_are_told_over_a_restart
    a_pool_that_runs_out_tells_of_it
}

/// Something that was told.
#[derive(Debug, PartialEq)]
struct Told {
    kind: String,
    sequence: Option<u32>,
    data: Value,
}

/// What was told so far, the oldest first.
async fn told(desk: &Desk) -> Vec<Told> {
    // Who asks for sessions waits until all that came is in the tables.
    desk.store.live_sessions().await.expect("read");
    let lease = desk.lease().await;
    let spread = desk.outbox.spread_events(&lease, &[], desk.now()).await;
    spread.expect("they are numbered");
    let filter = EventFilter {
        limit: 1000,
        ..EventFilter::default()
    };
    let events = desk.outbox.events(&filter).await.expect("it lists");
    let told = events.into_iter().map(|event| Told {
        data: serde_json::from_str(&event.data).expect("it is JSON"),
        kind: event.kind,
        sequence: event.sequence,
    });
    told.collect()
}

/// The kinds and places of what was told of a booking.
fn of<'a>(told: &'a [Told], booking: &str) -> Vec<(&'a str, Option<u32>)> {
    let of_it = told.iter().filter(|it| it.data["booking_id"] == booking);
    of_it.map(|it| (it.kind.as_str(), it.sequence)).collect()
}

fn first<'a>(told: &'a [Told], kind: &str) -> &'a Told {
    let found = told.iter().find(|it| it.kind == kind);
    found.unwrap_or_else(|| panic!("no {kind} in {told:?}"))
}

async fn what_becomes_of_a_booking_is_told_in_its_order(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 3).await;
    let booking = desk.book("one", RIDER, DRIVER).await.booking;
    desk.book("one", RIDER, DRIVER).await;
    desk.book("other", STRANGER, &person(1)).await;
    let sick = PoolNumber {
        health: Health::Inactive,
        ..desk
            .bookings
            .number(booking.a.vn)
            .expect("a number of the pool")
    };
    desk.bookings.keep_number(sick).await.expect("it is kept");
    desk.call(RIDER, &desk.digits(booking.a.vn)).await;
    desk.close("one", CloseReason::Completed).await;
    let told = told(&desk).await;
    let of_one: Vec<_> = told
        .iter()
        .filter(|it| it.data["booking_id"] == "one" && it.kind.starts_with("booking."))
        .collect();
    let kinds: Vec<_> = of_one.iter().map(|it| it.kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "booking.created",
            "booking.number_changed",
            "booking.closed",
        ]
    );
    let mut places: Vec<_> = of(&told, "one")
        .into_iter()
        .map(|(_, place)| place)
        .collect();
    places.sort_unstable();
    assert_eq!(places, [Some(1), Some(2), Some(3), Some(4)], "the call too");
    let old = desk.digits(booking.b.vn).with_plus();
    assert_eq!(of_one[0].data["virtual_numbers"]["b"], old.as_str());
    let moved = &of_one[1].data;
    assert_eq!(
        (&moved["side"], &moved["old"], &moved["reason"]),
        (&"b".into(), &old.into(), &"inactive".into())
    );
    assert_eq!(of_one[2].data["reason"], "completed");
    assert_eq!(of(&told, "other"), [("booking.created", Some(1))]);
}

async fn what_becomes_of_a_call_is_told_once_and_in_the_order_of_its_booking(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 3).await;
    let booking = desk.book("one", RIDER, DRIVER).await.booking;
    let vn = desk.digits(booking.a.vn);
    let heard = desk.call_in("s", "e1", RIDER, &vn).await;
    let again = desk.call_in("s", "e1", RIDER, &vn).await;
    assert_eq!(again.reply, heard.reply);
    desk.go_on(&heard, "e2", RIDER, &vn, "").await;
    desk.hang_up(&heard, 73).await;
    desk.hang_up(&heard, 99).await;
    let back = desk.call_in("t", "e1", DRIVER, &vn).await;
    assert_eq!(back.code, "connected");
    let told = told(&desk).await;
    let order = [
        ("booking.created", Some(1)),
        ("call.connected", Some(2)),
        ("call.ended", Some(3)),
        ("call.connected", Some(4)),
    ];
    assert_eq!(of(&told, "one"), order);
    assert_eq!(told.len(), 4, "{told:?}");
    assert_eq!(
        first(&told, "call.connected").data,
        json!({"booking_id": "one", "session_id": "s", "from": "a", "virtual_number": vn.with_plus()})
    );
    assert_eq!(
        first(&told, "call.ended").data,
        json!({"booking_id": "one", "session_id": "s", "from": "a", "outcome": "COMPLETED", "talk_seconds": 73})
    );
    assert_eq!(told[3].data["from"], "b");
}

async fn a_call_that_is_not_put_through_is_told_with_its_decision(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 3).await;
    let booking = desk.book("one", RIDER, DRIVER).await.booking;
    let vn = desk.digits(booking.a.vn);
    let stranger = desk.call_in("s", "e1", STRANGER, &vn).await;
    desk.hang_up(&stranger, 0).await;
    desk.call_in("h", "e1", "anonymous", &vn).await;
    desk.close("one", CloseReason::Cancelled).await;
    let late = desk.call_in("t", "e1", RIDER, &vn).await;
    assert_eq!(late.code, "closed");
    desk.hang_up(&late, 0).await;
    let told = told(&desk).await;
    let mut refused: Vec<_> = told.iter().filter(|it| it.kind == "call.refused").collect();
    // What is about different things at one moment has no order.
    refused.sort_by_key(|it| it.data["session_id"].as_str());
    let caller = |number: &str| json!({"$number": number});
    let virtual_number = vn.with_plus();
    assert_eq!(
        refused,
        [
            &Told {
                kind: "call.refused".to_owned(),
                sequence: None,
                data: json!({"booking_id": null, "session_id": "h", "from": null, "caller": null,
                    "virtual_number": virtual_number, "decision": "withheld"}),
            },
            &Told {
                kind: "call.refused".to_owned(),
                sequence: None,
                data: json!({"booking_id": null, "session_id": "s", "from": null, "caller": caller(STRANGER),
                    "virtual_number": virtual_number, "decision": "unknown"}),
            },
            &Told {
                kind: "call.refused".to_owned(),
                sequence: Some(3),
                data: json!({"booking_id": "one", "session_id": "t", "from": "a", "caller": caller(RIDER),
                    "virtual_number": virtual_number, "decision": "closed"}),
            },
        ]
    );
    assert_eq!(told.len(), 5, "made, closed, and three calls: {told:?}");
}

async fn a_masked_session_is_told_of_by_its_calls_alone(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 3).await;
    let booking = desk.book("one", RIDER, DRIVER).await.booking;
    let vn = desk.digits(booking.a.vn);
    desk.status("s", "CALL_INITIATED", RIDER, &vn).await;
    let heard = desk.call_in("s", "e1", RIDER, &vn).await;
    desk.status("s", "CALL_CONNECTED", RIDER, &vn).await;
    desk.hang_up(&heard, 5).await;
    let never_answered = Heard {
        session: "gone".to_owned(),
        ..heard
    };
    desk.status("gone", "CALL_INITIATED", RIDER, &vn).await;
    desk.hang_up(&never_answered, 0).await;
    let others = PhoneNumber::new("+6561999999");
    desk.status("other", "CALL_INITIATED", RIDER, &others).await;
    let told = told(&desk).await;
    let order = ["booking.created", "call.connected", "call.ended"];
    let kinds: Vec<_> = of(&told, "one").into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, order);
    assert_eq!(told.len(), 4, "{told:?}");
    let started = first(&told, "session.started");
    assert_eq!(started.data["session_id"], "other");
}

async fn calls_are_told_over_a_restart(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 3).await;
    let booking = desk.book("one", RIDER, DRIVER).await.booking;
    let vn = desk.digits(booking.a.vn);
    let heard = desk.call_in("s", "e1", RIDER, &vn).await;
    desk.store.close().await;
    let Desk { place, .. } = desk;
    let desk = Desk::without_numbers(place, PoolRules::default())
        .await
        .with_numbers([])
        .await;
    let again = desk.call_in("s", "e1", RIDER, &vn).await;
    assert_eq!(again.reply, heard.reply);
    desk.hang_up(&heard, 7).await;
    let told = told(&desk).await;
    let order = [
        ("booking.created", Some(1)),
        ("call.connected", Some(2)),
        ("call.ended", Some(3)),
    ];
    assert_eq!(of(&told, "one"), order);
    assert_eq!(told[2].data["talk_seconds"], 7);
}

async fn a_pool_that_runs_out_tells_of_it(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 20).await;
    for n in 0..20 {
        desk.book(&format!("b{n}"), &person(n), DRIVER).await;
    }
    // Another driver is as busy: that is known by now.
    for n in 0..20 {
        desk.book(&format!("c{n}"), &person(n), RIDER).await;
    }
    let told = told(&desk).await;
    let mut pressed: Vec<_> = told
        .iter()
        .filter(|it| it.kind == "pool.pressure")
        .collect();
    // What happens at one moment and is not counted has no order.
    pressed.sort_by_key(|it| it.data["percent"].as_u64());
    let numbers: Vec<_> = pressed
        .iter()
        .map(|it| (it.sequence, it.data.clone()))
        .collect();
    let pressure = |percent: u8, taken: u64| {
        let data = json!({"pool": "default", "percent": percent, "numbers": 20, "taken": taken});
        (None, data)
    };
    assert_eq!(numbers, [pressure(80, 16), pressure(95, 19)]);
    assert_eq!(of(&told, "b15"), [("booking.created", Some(1))]);
}
