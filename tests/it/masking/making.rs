//! A booking is asked for: new, again, another way, wrongly.

use callwright::bookings::Refused;
use callwright::masking::PoolRules;
use callwright::masking::booking::{BookingId, CloseReason, State};
use callwright::masking::request::BookingRequest;
use callwright::masking::rules::Numbers;

use super::{DRIVER, Desk, Place, RIDER, STRANGER, between, hours, minutes, on_all, person, side};

on_all! {
    a_booking_is_taken_in_once
    a_pair_shares_its_number_and_gets_it_again
    a_number_rests_for_its_parties
    split_gives_each_its_own
    a_full_pool_goes_down_the_ladder
    two_that_are_full_elsewhere_get_a_number_each
    all_faults_are_told_at_once_and_no_number_with_them
    a_closed_booking_is_not_changed
    many_ask_for_one_booking_at_once
}

async fn a_booking_is_taken_in_once(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 3).await;
    let first = desk.book("trip", RIDER, DRIVER).await;
    assert!(first.is_new);
    assert_eq!(first.state, State::Active);
    assert_eq!(first.booking.a.vn, first.booking.b.vn);
    assert_eq!(first.booking.expires_at, desk.now() + hours(24));
    desk.pass(minutes(5));
    let again = desk.book("trip", "9123 4567", "006598765432").await;
    assert!(!again.is_new);
    assert_eq!(again.booking, first.booking);
    let id = BookingId::new("trip");
    let found = desk.bookings.get(&id).await.expect("the store answers");
    assert_eq!(found.map(|it| it.booking), Some(first.booking.clone()));
    let longer = BookingRequest {
        expires_at: Some(desk.now() + hours(48)),
        ..BookingRequest::default()
    };
    let longer = desk
        .bookings
        .put(&id, &longer)
        .await
        .expect("it is changed");
    assert_eq!(longer.booking.a, first.booking.a);
    assert_eq!(longer.booking.expires_at, desk.now() + hours(48));
    desk.pass(hours(40));
    let heard = desk.call(RIDER, &desk.digits(longer.booking.a.vn)).await;
    assert_eq!(
        heard.code, "connected",
        "the leg lasts as long as the booking"
    );
}

async fn a_pair_shares_its_number_and_gets_it_again(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 5).await;
    let first = desk.book("one", RIDER, DRIVER).await.booking;
    let second = desk.book("two", DRIVER, RIDER).await.booking;
    assert_eq!((second.a.vn, second.b.vn), (first.b.vn, first.a.vn));
    // The number stays while the other booking lives.
    desk.close("two", CloseReason::Cancelled).await;
    let vn = desk.digits(first.a.vn);
    assert_eq!(desk.call(RIDER, &vn).await.code, "connected");
    desk.close("one", CloseReason::Cancelled).await;
    assert_eq!(desk.call(RIDER, &vn).await.code, "closed");
    // It rests for everybody but this pair.
    let third = desk.book("three", RIDER, DRIVER).await.booking;
    assert_eq!(third.a.vn, first.a.vn);
    assert_eq!(
        desk.call(DRIVER, &vn).await.connects().map(|it| it.0),
        Some(RIDER.to_owned())
    );
}

async fn a_number_rests_for_its_parties(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 2).await;
    let first = desk.book("one", RIDER, DRIVER).await.booking;
    desk.close("one", CloseReason::Cancelled).await;
    let second = desk.book("two", RIDER, STRANGER).await.booking;
    assert_ne!(second.a.vn, first.a.vn, "the first one rests");
    desk.close("two", CloseReason::Cancelled).await;
    desk.pass(hours(25));
    let third = desk.book("three", RIDER, &person(7)).await.booking;
    assert!(third.a.vn == first.a.vn || third.a.vn == second.a.vn);
}

async fn split_gives_each_its_own(place: Place) {
    let rules = PoolRules {
        numbers: Numbers::Split,
        ..PoolRules::default()
    };
    let desk = Desk::open(place, rules, 20).await;
    let mut differ = 0;
    for n in 0..10 {
        let booking = desk
            .book(&format!("b{n}"), &person(n), &person(100 + n))
            .await
            .booking;
        differ += usize::from(booking.a.vn != booking.b.vn);
        let heard = desk.call(&person(n), &desk.digits(booking.a.vn)).await;
        let source = desk.digits(booking.b.vn).with_plus();
        assert_eq!(heard.connects(), Some((person(100 + n), source)));
    }
    assert!(differ > 0);
}

async fn a_full_pool_goes_down_the_ladder(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 2).await;
    desk.book("one", RIDER, &person(1)).await;
    desk.book("two", RIDER, &person(2)).await;
    // The rider has both numbers, and the driver none.
    let Err(Refused::Exhausted(exhausted)) = desk.put("three", RIDER, DRIVER).await else {
        panic!("there is no number");
    };
    assert_eq!(
        (exhausted.live, exhausted.usable, exhausted.shortfall),
        (2, 2, 1)
    );
    assert_eq!(exhausted.side.as_str(), "a");
    assert_eq!(exhausted.retry_after, Some(hours(24) + minutes(10)));
    let id = BookingId::new("three");
    assert_eq!(
        desk.bookings.get(&id).await.expect("the store answers"),
        None
    );
    // A number that has rested for its least time serves when there is no other.
    desk.close("one", CloseReason::Cancelled).await;
    assert!(matches!(
        desk.put("three", RIDER, DRIVER).await,
        Err(Refused::Exhausted(_))
    ));
    desk.pass(minutes(10));
    desk.book("three", RIDER, DRIVER).await;
}

async fn two_that_are_full_elsewhere_get_a_number_each(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 2).await;
    let numbers = [0, 1].map(|n| desk.numbers[n].clone());
    for (n, who) in [(0, RIDER), (1, DRIVER)] {
        let mut request = between(who, &person(n));
        if let Some(a) = &mut request.a {
            a.virtual_number = Some(numbers[n].number.with_plus());
        }
        let id = BookingId::new(format!("named {n}"));
        let named = desk
            .bookings
            .put(&id, &request)
            .await
            .expect("it is taken in");
        assert_eq!(named.booking.b.vn, numbers[n].vn);
    }
    let split = desk.book("split", RIDER, DRIVER).await.booking;
    assert_eq!((split.a.vn, split.b.vn), (numbers[1].vn, numbers[0].vn));
}

async fn all_faults_are_told_at_once_and_no_number_with_them(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 2).await;
    let own = desk.numbers[0].number.with_plus();
    let request = BookingRequest {
        a: Some(side(&[RIDER, "12", "hello", &own])),
        b: Some(side(&["+19002345678", "9123 4567", "+441632960961"])),
        expires_at: Some(desk.now()),
        ..BookingRequest::default()
    };
    let Err(Refused::Wrong(faults)) = desk.bookings.put(&BookingId::new("x"), &request).await
    else {
        panic!("it is wrong");
    };
    let told: Vec<_> = faults.iter().map(|it| (it.code, it.at.as_str())).collect();
    assert_eq!(
        told,
        [
            ("unroutable", "/a/phones/1"),
            ("malformed_number", "/a/phones/2"),
            ("party_is_virtual_number", "/a/phones/3"),
            ("unroutable", "/b/phones/0"),
            ("unroutable", "/b/phones/2"),
            ("same_party", "/b/phones/1"),
            ("past_expiry", "/expires_at"),
        ]
    );
    for fault in &faults {
        assert!(
            !fault.says.contains("1234567") && !fault.says.contains("2345678"),
            "{fault:?}"
        );
    }
    let request = BookingRequest {
        pool: Some(callwright::masking::PoolName::new("nowhere")),
        ..between(RIDER, DRIVER)
    };
    let refused = desk.bookings.put(&BookingId::new("x"), &request).await;
    assert!(matches!(refused, Err(Refused::Wrong(faults)) if faults[0].code == "unknown_pool"));
}

async fn a_closed_booking_is_not_changed(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 2).await;
    let booking = desk.book("one", RIDER, DRIVER).await.booking;
    desk.close("one", CloseReason::Completed).await;
    assert!(matches!(
        desk.put("one", RIDER, DRIVER).await,
        Err(Refused::Closed)
    ));
    let id = BookingId::new("one");
    let open = desk
        .bookings
        .reopen(&id, None)
        .await
        .expect("its numbers are its own");
    assert_eq!(
        (open.booking.a.vn, open.state),
        (booking.a.vn, State::Active)
    );
    desk.pass(hours(24));
    assert!(
        matches!(desk.put("one", RIDER, DRIVER).await, Err(Refused::Closed)),
        "its time is over"
    );
    desk.pass(hours(24));
    assert!(matches!(
        desk.bookings.reopen(&id, None).await,
        Err(Refused::NumbersGone)
    ));
    assert!(matches!(
        desk.bookings.reopen(&BookingId::new("y"), None).await,
        Err(Refused::NotFound)
    ));
}

async fn many_ask_for_one_booking_at_once(place: Place) {
    let desk = std::sync::Arc::new(Desk::open(place, PoolRules::default(), 10).await);
    let asking = (0..20).map(|_| {
        let desk = desk.clone();
        tokio::spawn(async move { desk.book("one", RIDER, DRIVER).await })
    });
    let mut booked = Vec::new();
    for asked in asking.collect::<Vec<_>>() {
        booked.push(asked.await.expect("it ends"));
    }
    assert_eq!(booked.iter().filter(|it| it.is_new).count(), 1);
    assert!(booked.iter().all(|it| it.booking == booked[0].booking));
}
