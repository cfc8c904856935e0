//! What time brings.

use callwright::masking::booking::{BookingId, CloseReason};
use callwright::masking::request::BookingRequest;
use callwright::masking::{Health, PoolNumber, PoolRules};
use callwright::store::bookings::BookingFilter;

use super::{DRIVER, Desk, Place, RIDER, STRANGER, between, hours, minutes, on_all, person};

on_all! {
    what_has_ended_is_closed_swept_and_erased
    a_late_sweeper_closes_what_lost_its_number
    a_booking_lies_idle
    bookings_leave_a_sick_number_and_both_work
    a_side_in_grace_leaves_for_a_number_that_rests_under_a_newer_booking
    a_sick_number_is_given_to_nobody
    bookings_are_listed
    all_of_it_survives_a_restart
}

async fn what_has_ended_is_closed_swept_and_erased(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 3).await;
    let booking = desk.book("one", RIDER, DRIVER).await.booking;
    let lease = desk.lease().await;
    assert_eq!(desk.bookings.sweep(&lease).await.expect("it sweeps"), 0);
    desk.pass(hours(25));
    assert_eq!(desk.bookings.sweep(&lease).await.expect("it sweeps"), 1);
    let id = BookingId::new("one");
    let closed = desk
        .bookings
        .get(&id)
        .await
        .expect("the store answers")
        .expect("it is there")
        .booking;
    let closing = closed.closing.expect("it is closed");
    assert_eq!(
        (closing.reason, closing.at),
        (CloseReason::Expired, booking.expires_at)
    );
    assert_eq!(
        desk.call(RIDER, &desk.digits(booking.a.vn)).await.code,
        "closed"
    );
    desk.pass(hours(24));
    desk.bookings.sweep(&lease).await.expect("it sweeps");
    assert_eq!(
        desk.call(RIDER, &desk.digits(booking.a.vn)).await.code,
        "unknown"
    );
    assert!(
        desk.kept
            .loads(desk.now())
            .await
            .expect("it counts")
            .is_empty()
    );
    desk.pass(hours(30 * 24));
    assert_eq!(desk.bookings.sweep(&lease).await.expect("it sweeps"), 1);
    assert_eq!(
        desk.bookings.get(&id).await.expect("the store answers"),
        None
    );
    assert!(
        desk.book("one", RIDER, DRIVER).await.is_new,
        "its id is free again"
    );
}

/// A booking whose number had rested and was given anew before the sweeper came.
async fn a_late_sweeper_closes_what_lost_its_number(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 1).await;
    let one = desk.book("one", RIDER, DRIVER).await.booking;
    desk.pass(hours(49));
    let two = desk.book("two", RIDER, STRANGER).await.booking;
    assert_eq!(one.a.vn, two.a.vn);
    let lease = desk.lease().await;
    assert_eq!(desk.bookings.sweep(&lease).await.expect("it sweeps"), 1);
    let found = desk.bookings.get(&BookingId::new("one")).await;
    let known = found.expect("the store answers").expect("it is there");
    let closing = known.booking.closing.expect("it is closed");
    assert_eq!(
        (closing.reason, closing.at),
        (CloseReason::Expired, one.expires_at)
    );
    for (caller, code) in [
        (RIDER, "connected"),
        (STRANGER, "connected"),
        (DRIVER, "unknown"),
    ] {
        assert_eq!(desk.call(caller, &desk.digits(two.a.vn)).await.code, code);
    }
}

async fn a_booking_lies_idle(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 3).await;
    let request = BookingRequest {
        idle_ttl: Some(minutes(60)),
        ..between(RIDER, DRIVER)
    };
    let id = BookingId::new("one");
    let booking = desk
        .bookings
        .put(&id, &request)
        .await
        .expect("it is taken in")
        .booking;
    let lease = desk.lease().await;
    desk.pass(minutes(50));
    desk.call(RIDER, &desk.digits(booking.a.vn)).await;
    desk.pass(minutes(20));
    desk.bookings.sweep(&lease).await.expect("it sweeps");
    let reason = async || {
        let found = desk
            .bookings
            .get(&id)
            .await
            .expect("the store answers")
            .expect("it is there");
        found.booking.closing.map(|closing| closing.reason)
    };
    assert_eq!(reason().await, None, "somebody called");
    desk.pass(minutes(40));
    desk.bookings.sweep(&lease).await.expect("it sweeps");
    assert_eq!(reason().await, Some(CloseReason::Idle));
}

async fn bookings_leave_a_sick_number_and_both_work(place: Place) {
    let mut rules = PoolRules::default();
    rules.health.migrations_per_second = 1_000_000_000;
    let desk = Desk::open(place, rules, 2).await;
    let before = desk.book("one", RIDER, DRIVER).await.booking;
    let short = BookingRequest {
        expires_at: Some(desk.now() + minutes(5)),
        ..between(&person(1), &person(2))
    };
    let short = desk
        .bookings
        .put(&BookingId::new("short"), &short)
        .await
        .expect("it is taken in")
        .booking;
    for number in desk.numbers.clone() {
        let sick = before.a.vn == number.vn;
        let health = if sick {
            Health::Unhealthy
        } else {
            Health::Active
        };
        desk.bookings
            .keep_number(PoolNumber { health, ..number })
            .await
            .expect("it is kept");
    }
    let lease = desk.lease().await;
    assert_eq!(desk.bookings.migrate(&lease).await.expect("it migrates"), 1);
    assert_eq!(desk.bookings.migrate(&lease).await.expect("it migrates"), 0);
    let get = async |id: &str| {
        let found = desk
            .bookings
            .get(&BookingId::new(id))
            .await
            .expect("the store answers");
        found.expect("it is there").booking
    };
    let after = get("one").await;
    assert_ne!(after.a.vn, before.a.vn);
    assert_ne!(after.b.vn, before.b.vn);
    assert_eq!(
        get("short").await,
        short,
        "it ends too soon to be moved, or is elsewhere"
    );
    let (old, new) = (desk.digits(before.a.vn), desk.digits(after.a.vn));
    for called in [&old, &new] {
        let heard = desk.call(RIDER, called).await;
        let source = desk.digits(after.b.vn).with_plus();
        assert_eq!(heard.connects(), Some((DRIVER.to_owned(), source)));
        assert_eq!(desk.call(DRIVER, called).await.code, "connected");
    }
    desk.close("one", CloseReason::Cancelled).await;
    for called in [&old, &new] {
        assert_eq!(desk.call(RIDER, called).await.code, "closed");
    }
}

async fn a_side_in_grace_leaves_for_a_number_that_rests_under_a_newer_booking(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 2).await;
    let older = desk.book("older", RIDER, DRIVER).await.booking;
    desk.close("older", CloseReason::Completed).await;
    let numbers = desk.numbers.iter();
    let gone = numbers
        .filter(|it| it.vn == older.a.vn)
        .map(|it| PoolNumber {
            health: Health::Inactive,
            ..it.clone()
        });
    for number in gone {
        desk.bookings.keep_number(number).await.expect("it is kept");
    }
    let newer = desk.book("newer", RIDER, DRIVER).await.booking;
    assert_ne!(newer.a.vn, older.a.vn);
    desk.close("newer", CloseReason::Cancelled).await;
    let lease = desk.lease().await;
    assert_eq!(desk.bookings.migrate(&lease).await.expect("it migrates"), 1);
    let left = desk.digits(newer.a.vn);
    for (caller, callee) in [(RIDER, DRIVER), (DRIVER, RIDER)] {
        let heard = desk.call(caller, &left).await;
        let connects = Some((callee.to_owned(), left.with_plus()));
        let expected = ("connected_in_grace", connects);
        assert_eq!((heard.code, heard.connects()), expected);
    }
}

async fn a_sick_number_is_given_to_nobody(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 4).await;
    let numbers = desk.numbers.clone();
    let sick = [
        PoolNumber {
            health: Health::Unhealthy,
            ..numbers[0].clone()
        },
        PoolNumber {
            draining: true,
            ..numbers[1].clone()
        },
        PoolNumber {
            health: Health::Inactive,
            ..numbers[2].clone()
        },
    ];
    for number in sick {
        desk.bookings.keep_number(number).await.expect("it is kept");
    }
    for n in 0..10 {
        let booking = desk
            .book(&format!("b{n}"), &person(n), &person(100 + n))
            .await
            .booking;
        assert_eq!((booking.a.vn, booking.b.vn), (numbers[3].vn, numbers[3].vn));
    }
    assert!(
        desk.put("more", &person(0), STRANGER).await.is_err(),
        "its number is the last one"
    );
}

async fn bookings_are_listed(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 9).await;
    for n in 0..5 {
        desk.book(&format!("b{n}"), RIDER, &person(n)).await;
    }
    desk.close("b1", CloseReason::Completed).await;
    let list = async |filter: BookingFilter| {
        let page = desk.bookings.list(&filter).await.expect("it lists");
        let ids: Vec<_> = page
            .bookings
            .iter()
            .map(|it| it.id.as_str().to_owned())
            .collect();
        (ids, page.next)
    };
    let limit = BookingFilter {
        limit: 2,
        ..BookingFilter::default()
    };
    let (ids, next) = list(limit.clone()).await;
    assert_eq!(ids, ["b4", "b3"]);
    let (ids, next) = list(BookingFilter {
        before: next,
        ..limit.clone()
    })
    .await;
    assert_eq!(ids, ["b2", "b1"]);
    let (ids, next) = list(BookingFilter {
        before: next,
        ..limit.clone()
    })
    .await;
    assert_eq!((ids, next), (vec!["b0".to_owned()], None));
    let many = BookingFilter {
        limit: 10,
        ..BookingFilter::default()
    };
    let (ids, _) = list(BookingFilter {
        open: Some(false),
        ..many.clone()
    })
    .await;
    assert_eq!(ids, ["b1"]);
    let party = desk
        .bookings
        .party(&callwright::masking::PoolName::default(), &person(3));
    let (ids, _) = list(BookingFilter {
        party,
        ..many.clone()
    })
    .await;
    assert_eq!(ids, ["b3"]);
    let nobody = desk
        .bookings
        .party(&callwright::masking::PoolName::default(), STRANGER);
    assert_eq!(
        list(BookingFilter {
            party: nobody,
            ..many
        })
        .await
        .0,
        Vec::<String>::new()
    );
}

async fn all_of_it_survives_a_restart(place: Place) {
    let mut rules = PoolRules::default();
    rules.limits.max_calls = Some(2);
    let desk = Desk::open(place, rules.clone(), 3).await;
    let booking = desk.book("one", RIDER, DRIVER).await.booking;
    let vn = desk.digits(booking.a.vn);
    let heard = desk.call_in("s", "e1", RIDER, &vn).await;
    desk.hang_up(&heard, 30).await;
    desk.store.close().await;
    let Desk { place, .. } = desk;
    let desk = Desk::without_numbers(place, rules)
        .await
        .with_numbers([])
        .await;
    let found = desk
        .bookings
        .get(&BookingId::new("one"))
        .await
        .expect("the store answers");
    assert_eq!(found.map(|it| it.booking), Some(booking.clone()));
    let usage = desk
        .bookings
        .usage(&booking)
        .await
        .expect("the store answers");
    assert_eq!((usage.calls, usage.talk_seconds), (1, 30));
    let again = desk.call_in("s", "e1", RIDER, &vn).await;
    assert_eq!((again.code, again.reply), ("same_event", heard.reply));
    assert_eq!(desk.call_in("t", "e1", RIDER, &vn).await.code, "connected");
    assert_eq!(desk.call_in("u", "e1", RIDER, &vn).await.code, "max_calls");
}
