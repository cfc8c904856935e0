//! What calls are answered with.

use callwright::call::PhoneNumber;
use callwright::masking::booking::{BookingId, CloseReason};
use callwright::masking::request::{BookingRequest, SideRequest};
use callwright::masking::rules::{Callback, Direction, Hours, StaleNumber, Unknown, Withheld};
use callwright::masking::{Health, PoolNumber, PoolRules};
use callwright::store::bookings::Block;
use jiff::SignedDuration;
use jiff::civil::Time;

use super::{DRIVER, Desk, Place, RIDER, STRANGER, between, hours, minutes, on_all, person, side};

on_all! {
    each_side_reaches_the_other
    a_repeated_call_gets_the_same_bytes_and_counts_once
    a_closed_booking_connects_in_its_grace_and_its_direction_only
    nobody_is_connected_after_the_end_however_late_the_sweeper
    strangers_and_hidden_callers_reach_nobody
    a_caller_with_a_booking_elsewhere_is_told_or_connected
    limits_hold
    hours_directions_and_mutes_hold
    a_number_that_is_gone_is_no_source
    a_call_is_recorded_only_when_the_callee_agreed
    the_phone_that_called_last_is_called
    whoever_is_blocked_is_hung_up
}

async fn each_side_reaches_the_other(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 3).await;
    let booking = desk.book("one", RIDER, DRIVER).await.booking;
    let vn = desk.digits(booking.a.vn);
    let there = desk.call(RIDER, &vn).await;
    assert_eq!(there.code, "connected");
    assert_eq!(there.connects(), Some((DRIVER.to_owned(), vn.with_plus())));
    let back = desk
        .call("6598765432", &PhoneNumber::new(vn.digits()))
        .await;
    assert_eq!(
        back.connects(),
        Some((RIDER.to_owned(), vn.digits().to_owned())),
        "in the platform's spelling"
    );
    let over = desk.go_on(&there, "e2", RIDER, &vn, "").await;
    assert_eq!(
        (over.code, over.actions()),
        ("after_call", vec!["hangup".to_owned()])
    );
    desk.hang_up(&there, 61).await;
    let late = desk.go_on(&there, "e3", RIDER, &vn, "").await;
    assert_eq!(late.code, "after_end");
    let found = desk
        .bookings
        .usage(&booking)
        .await
        .expect("the store answers");
    assert_eq!((found.calls, found.talk_seconds), (2, 61));
}

async fn a_repeated_call_gets_the_same_bytes_and_counts_once(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 3).await;
    let booking = desk.book("one", RIDER, DRIVER).await.booking;
    let vn = desk.digits(booking.a.vn);
    let first = desk.call_in("s", "e1", RIDER, &vn).await;
    desk.close("one", CloseReason::Cancelled).await;
    desk.pass(minutes(1));
    let again = desk.call_in("s", "e1", RIDER, &vn).await;
    assert_eq!(
        (again.code, again.reply),
        ("same_event", first.reply.clone())
    );
    let other_event = desk.call_in("s", "e2", RIDER, &vn).await;
    assert_eq!(
        (other_event.code, other_event.reply),
        ("step_left", first.reply)
    );
    let usage = desk
        .bookings
        .usage(&booking)
        .await
        .expect("the store answers");
    assert_eq!(usage.calls, 1);
}

async fn a_closed_booking_connects_in_its_grace_and_its_direction_only(place: Place) {
    let mut rules = PoolRules::default();
    rules.grace.b_to_a = false;
    rules.unknown.support = Some(PhoneNumber::new("+6562345678"));
    let desk = Desk::open(place, rules, 3).await;
    let booking = desk.book("one", RIDER, DRIVER).await.booking;
    let vn = desk.digits(booking.a.vn);
    desk.close("one", CloseReason::Completed).await;
    assert_eq!(desk.call(RIDER, &vn).await.code, "connected_in_grace");
    let back = desk.call(DRIVER, &vn).await;
    assert_eq!((back.code, back.connects()), ("closed", None));
    desk.pass(hours(24));
    let over = desk.call(RIDER, &vn).await;
    assert_eq!(over.code, "closed_to_support");
    assert_eq!(
        over.connects().map(|it| it.0),
        Some("+6562345678".to_owned())
    );
    desk.pass(hours(24));
    assert_eq!(desk.call(RIDER, &vn).await.code, "unknown_to_support");
}

async fn nobody_is_connected_after_the_end_however_late_the_sweeper(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 3).await;
    let booking = desk.book("one", RIDER, DRIVER).await.booking;
    let vn = desk.digits(booking.a.vn);
    desk.pass(hours(24) - SignedDuration::from_millis(1));
    assert_eq!(desk.call(RIDER, &vn).await.code, "connected");
    desk.pass(SignedDuration::from_millis(1));
    let over = desk.call(RIDER, &vn).await;
    assert_eq!((over.code, over.connects()), ("closed", None));
    let idle = BookingRequest {
        idle_ttl: Some(minutes(30)),
        ..between(RIDER, STRANGER)
    };
    let idle = desk
        .bookings
        .put(&BookingId::new("idle"), &idle)
        .await
        .expect("it is taken in");
    let vn = desk.digits(idle.booking.a.vn);
    desk.pass(minutes(29));
    assert_eq!(desk.call(RIDER, &vn).await.code, "connected");
    desk.pass(minutes(29));
    assert_eq!(
        desk.call(RIDER, &vn).await.code,
        "connected",
        "the call before keeps it"
    );
    desk.pass(minutes(30));
    assert_eq!(desk.call(RIDER, &vn).await.code, "closed");
}

async fn strangers_and_hidden_callers_reach_nobody(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 3).await;
    let booking = desk.book("one", RIDER, DRIVER).await.booking;
    let vn = desk.digits(booking.a.vn);
    let own = vn.with_plus();
    let unknown = desk.call(STRANGER, &vn).await;
    assert_eq!((unknown.code, unknown.connects()), ("unknown", None));
    for hidden in [
        "",
        "anonymous",
        "Unknown",
        "266696687",
        "+2562533",
        "12345",
        "sip:x@y",
        own.as_str(),
    ] {
        let heard = desk.call(hidden, &vn).await;
        assert_eq!(
            (heard.code, heard.connects()),
            ("withheld", None),
            "{hidden}"
        );
        assert!(heard.says().contains("number shown"), "{hidden}");
    }
    let free = desk
        .numbers
        .iter()
        .find(|it| it.vn != booking.a.vn)
        .expect("another number");
    let free = free.number.clone();
    assert_eq!(
        desk.call(STRANGER, &free).await.says(),
        unknown.says(),
        "nothing tells whether a booking is there"
    );
    let rules = PoolRules {
        withheld: Withheld::Hangup,
        ..PoolRules::default()
    };
    let desk = Desk::open(Place::sqlite(), rules, 1).await;
    let heard = desk
        .call("anonymous", &desk.numbers[0].number.clone())
        .await;
    assert_eq!(
        (heard.code, heard.actions()),
        ("withheld_hung_up", vec!["hangup".to_owned()])
    );
}

async fn a_caller_with_a_booking_elsewhere_is_told_or_connected(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 3).await;
    let booking = desk.book("one", RIDER, DRIVER).await.booking;
    let other = desk
        .numbers
        .iter()
        .find(|it| it.vn != booking.a.vn)
        .expect("another")
        .number
        .clone();
    let told = desk.call(RIDER, &other).await;
    assert_eq!((told.code, told.connects()), ("stale_number", None));
    let rules = PoolRules {
        unknown: Unknown {
            stale_number: StaleNumber::RouteSingle,
            ..Unknown::default()
        },
        ..PoolRules::default()
    };
    let desk = Desk::open(Place::sqlite(), rules, 4).await;
    let booking = desk.book("one", RIDER, DRIVER).await.booking;
    let other = desk
        .numbers
        .iter()
        .find(|it| it.vn != booking.a.vn)
        .expect("another")
        .number
        .clone();
    let heard = desk.call(RIDER, &other).await;
    assert_eq!(heard.code, "connected_from_stale");
    assert_eq!(heard.actions(), ["say", "makeCall"]);
    let source = desk.digits(booking.b.vn).with_plus();
    assert_eq!(heard.connects(), Some((DRIVER.to_owned(), source)));
    desk.book("two", RIDER, STRANGER).await;
    let third = desk
        .numbers
        .iter()
        .find(|it| it.number == other)
        .expect("it is there")
        .number
        .clone();
    let heard = desk.call(RIDER, &third).await;
    assert!(
        heard
            .connects()
            .is_none_or(|it| it.0 == STRANGER && heard.code == "connected"),
        "{heard:?}"
    );
}

async fn limits_hold(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 3).await;
    let request = BookingRequest {
        max_calls: Some(3),
        max_calls_per_hour: Some(2),
        ..between(RIDER, DRIVER)
    };
    let booking = desk
        .bookings
        .put(&BookingId::new("one"), &request)
        .await
        .expect("it is taken in")
        .booking;
    let vn = desk.digits(booking.a.vn);
    for expected in ["connected", "connected", "max_calls_per_hour"] {
        assert_eq!(desk.call(RIDER, &vn).await.code, expected);
    }
    desk.pass(minutes(61));
    for expected in ["connected", "max_calls"] {
        assert_eq!(desk.call(DRIVER, &vn).await.code, expected);
    }
    let request = BookingRequest {
        max_talk_minutes: Some(2),
        ..between(RIDER, STRANGER)
    };
    let booking = desk
        .bookings
        .put(&BookingId::new("talk"), &request)
        .await
        .expect("it is taken in")
        .booking;
    let vn = desk.digits(booking.a.vn);
    for (seconds, expected) in [
        (100, "connected"),
        (20, "connected"),
        (0, "max_talk_minutes"),
    ] {
        let heard = desk.call(RIDER, &vn).await;
        assert_eq!(heard.code, expected);
        desk.hang_up(&heard, seconds).await;
        desk.hang_up(&heard, seconds).await;
    }
}

async fn hours_directions_and_mutes_hold(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 5).await;
    let put = async |id: &str, request: BookingRequest| {
        let booked = desk.bookings.put(&BookingId::new(id), &request).await;
        desk.digits(booked.expect("it is taken in").booking.a.vn)
    };
    let one_way = BookingRequest {
        direction: Some(Direction::AToB),
        ..between(RIDER, DRIVER)
    };
    let vn = put("way", one_way).await;
    assert_eq!(desk.call(RIDER, &vn).await.code, "connected");
    let back = desk.call(DRIVER, &vn).await;
    assert_eq!((back.code, back.connects()), ("direction", None));

    // It is 17:00 in Singapore and 10:00 in Berlin.
    let request = BookingRequest {
        hours: Some(Hours {
            from: Time::constant(9, 0, 0, 0),
            to: Time::constant(17, 0, 0, 0),
            days: Vec::new(),
            zone: "Asia/Singapore".to_owned(),
        }),
        a: Some(SideRequest {
            zone: Some("Europe/Berlin".to_owned()),
            ..side(&[RIDER])
        }),
        b: Some(side(&[&person(1)])),
        ..BookingRequest::default()
    };
    let vn = put("hours", request).await;
    assert_eq!(
        desk.call(RIDER, &vn).await.code,
        "hours",
        "the callee is in Singapore"
    );
    assert_eq!(
        desk.call(&person(1), &vn).await.code,
        "connected",
        "the callee is in Berlin"
    );

    let request = BookingRequest {
        a: Some(side(&[RIDER])),
        b: Some(SideRequest {
            muted: Some(true),
            ..side(&[&person(2)])
        }),
        ..BookingRequest::default()
    };
    let vn = put("muted", request).await;
    assert_eq!(desk.call(RIDER, &vn).await.code, "muted");
    assert_eq!(desk.call(&person(2), &vn).await.code, "muted");
}

async fn a_number_that_is_gone_is_no_source(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 2).await;
    let booking = desk.book("one", RIDER, DRIVER).await.booking;
    let vn = booking.a.vn;
    let gone = PoolNumber {
        health: Health::Inactive,
        ..desk.bookings.number(vn).expect("it is there")
    };
    desk.bookings.keep_number(gone).await.expect("it is kept");
    let called = desk.digits(vn);
    let tried = desk
        .bookings
        .simulate(Some(&PhoneNumber::new(RIDER)), &called, desk.now())
        .await;
    let tried = tried
        .expect("the store answers")
        .expect("a number of a pool");
    assert_eq!(tried.decision.code.as_str(), "connected");
    let now = desk
        .bookings
        .get(&BookingId::new("one"))
        .await
        .expect("it answers")
        .expect("it is there");
    assert_eq!(now.booking, booking, "trying touches nothing");
    let heard = desk.call(RIDER, &called).await;
    let other = desk
        .numbers
        .iter()
        .find(|it| it.vn != vn)
        .expect("the other number")
        .number
        .clone();
    assert_eq!(
        heard.connects(),
        Some((DRIVER.to_owned(), other.with_plus()))
    );
    assert_eq!(
        desk.call(DRIVER, &other).await.code,
        "connected",
        "calling back works"
    );
    desk.book("two", STRANGER, &person(1)).await;
    let last = PoolNumber {
        health: Health::Inactive,
        ..desk
            .bookings
            .number(desk.numbers[0].vn)
            .expect("it is there")
    };
    desk.bookings.keep_number(last).await.expect("it is kept");
    let last = PoolNumber {
        health: Health::Inactive,
        ..desk
            .bookings
            .number(desk.numbers[1].vn)
            .expect("it is there")
    };
    desk.bookings.keep_number(last).await.expect("it is kept");
    let heard = desk.call(STRANGER, &other).await;
    assert_eq!((heard.code, heard.connects()), ("no_source", None));
}

async fn a_call_is_recorded_only_when_the_callee_agreed(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 3).await;
    let request = BookingRequest {
        record: Some(true),
        a: Some(side(&[RIDER])),
        b: Some(SideRequest {
            consents: Some(true),
            ..side(&[DRIVER])
        }),
        ..BookingRequest::default()
    };
    let booked = desk
        .bookings
        .put(&BookingId::new("one"), &request)
        .await
        .expect("it is taken in");
    let vn = desk.digits(booked.booking.a.vn);
    let recorded = desk.call(RIDER, &vn).await;
    assert_eq!(recorded.actions(), ["say", "makeCall"]);
    assert!(recorded.says().contains("recorded"));
    assert!(
        recorded.reply.contains(r#""callRecording":true"#),
        "{}",
        recorded.reply
    );
    let not = desk.call(DRIVER, &vn).await;
    assert_eq!(not.actions(), ["makeCall"]);
    assert!(!not.reply.contains("callRecording"), "{}", not.reply);
}

async fn the_phone_that_called_last_is_called(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 3).await;
    let request = BookingRequest {
        callback: Some(Callback::Last),
        a: Some(side(&[RIDER, &person(1)])),
        b: Some(side(&[DRIVER])),
        ..BookingRequest::default()
    };
    let booked = desk
        .bookings
        .put(&BookingId::new("one"), &request)
        .await
        .expect("it is taken in");
    let vn = desk.digits(booked.booking.a.vn);
    let to = |heard: super::Heard| heard.connects().map(|it| it.0);
    assert_eq!(to(desk.call(DRIVER, &vn).await).as_deref(), Some(RIDER));
    assert_eq!(
        to(desk.call(&person(1), &vn).await).as_deref(),
        Some(DRIVER)
    );
    assert_eq!(to(desk.call(DRIVER, &vn).await), Some(person(1)));
    assert_eq!(to(desk.call(RIDER, &vn).await).as_deref(), Some(DRIVER));
    assert_eq!(to(desk.call(DRIVER, &vn).await).as_deref(), Some(RIDER));
}

async fn whoever_is_blocked_is_hung_up(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 3).await;
    let booking = desk.book("one", RIDER, DRIVER).await.booking;
    let vn = desk.digits(booking.a.vn);
    let party = booking.a.primary().party;
    desk.bookings
        .block(party, Block::Until(desk.now() + hours(1)))
        .await
        .expect("it is kept");
    let heard = desk.call(RIDER, &vn).await;
    assert_eq!(
        (heard.code, heard.actions()),
        ("blocked", vec!["hangup".to_owned()])
    );
    desk.pass(hours(1));
    assert_eq!(desk.call(RIDER, &vn).await.code, "connected");
    desk.bookings
        .block(party, Block::ForGood)
        .await
        .expect("it is kept");
    assert_eq!(desk.call(RIDER, &vn).await.code, "blocked");
    desk.bookings
        .block(party, Block::Lifted)
        .await
        .expect("it is kept");
    assert_eq!(desk.call(RIDER, &vn).await.code, "connected");
}
