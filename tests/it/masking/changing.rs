//! A booking is changed while it lives; the other side notices nothing.

use callwright::bookings::Refused;
use callwright::masking::booking::{BookingId, CloseReason, SideName};
use callwright::masking::rules::Sticky;
use callwright::masking::{Health, PoolNumber, PoolRules};

use super::{DRIVER, Desk, Place, RIDER, STRANGER, between, hours, number, on_all, person, side};

on_all! {
    a_new_phone_takes_the_number_over
    a_new_phone_that_is_taken_there_gets_another_number
    a_new_phone_does_not_get_the_numbers_from_before
    a_side_that_leaves_a_pair_leaves_the_pairs_other_booking_alone
    a_new_person_gets_a_new_pin
    a_closed_booking_opens_again_on_its_numbers
    several_phones_call_in
    a_reserved_number_is_given_by_name_only
}

async fn a_new_phone_takes_the_number_over(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 3).await;
    let before = desk.book("one", RIDER, DRIVER).await.booking;
    let id = BookingId::new("one");
    let changed = desk
        .bookings
        .put_side(&id, SideName::B, &side(&[STRANGER]))
        .await
        .expect("it is changed");
    assert_eq!(changed.booking.a, before.a);
    assert_eq!(changed.booking.b.vn, before.b.vn);
    assert_eq!(changed.renumbered, []);
    let vn = desk.digits(before.a.vn);
    let to = |heard: super::Heard| heard.connects().map(|it| it.0);
    assert_eq!(to(desk.call(RIDER, &vn).await).as_deref(), Some(STRANGER));
    assert_eq!(to(desk.call(STRANGER, &vn).await).as_deref(), Some(RIDER));
    let gone = desk.call(DRIVER, &vn).await;
    assert_eq!(
        (gone.code, gone.connects()),
        ("closed", None),
        "the old phone is out"
    );
    let spelt = desk
        .bookings
        .put_side(&id, SideName::B, &side(&["9000 0001"]))
        .await
        .expect("it is the same");
    assert_eq!(
        spelt.booking, changed.booking,
        "another spelling changes nothing"
    );
    let refused = desk
        .bookings
        .put_side(&id, SideName::B, &side(&[RIDER]))
        .await;
    assert!(matches!(refused, Err(Refused::Wrong(faults)) if faults[0].code == "same_party"));
}

async fn a_new_phone_that_is_taken_there_gets_another_number(place: Place) {
    let rules = PoolRules {
        sticky: Sticky::None,
        ..PoolRules::default()
    };
    let desk = Desk::open(place, rules, 1).await;
    let first = desk.book("one", RIDER, DRIVER).await.booking;
    desk.book("two", STRANGER, &person(1)).await;
    let id = BookingId::new("one");
    let refused = desk
        .bookings
        .put_side(&id, SideName::B, &side(&[STRANGER]))
        .await;
    assert!(
        matches!(refused, Err(Refused::Exhausted(_))),
        "there is one number, and it is taken"
    );
    let desk = desk.with_numbers([number(1)]).await;
    let changed = desk
        .bookings
        .put_side(&id, SideName::B, &side(&[STRANGER]))
        .await
        .expect("it is changed");
    assert_eq!(
        changed.booking.a.vn, first.a.vn,
        "the other side keeps its number"
    );
    assert_eq!(changed.renumbered, [SideName::B]);
    let (a, b) = (
        desk.digits(changed.booking.a.vn),
        desk.digits(changed.booking.b.vn),
    );
    assert_ne!(a, b);
    assert_eq!(
        desk.call(RIDER, &a).await.connects(),
        Some((STRANGER.to_owned(), b.with_plus()))
    );
    assert_eq!(
        desk.call(STRANGER, &b).await.connects(),
        Some((RIDER.to_owned(), a.with_plus()))
    );
    assert_eq!(
        desk.call(STRANGER, &a).await.connects(),
        Some((person(1), a.with_plus()))
    );
}

/// Nobody has ever told them to the new phone.
async fn a_new_phone_does_not_get_the_numbers_from_before(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 2).await;
    let first = desk.book("one", RIDER, DRIVER).await.booking;
    let sick = desk.numbers.iter().find(|it| it.vn == first.a.vn);
    let sick = PoolNumber {
        health: Health::Unhealthy,
        ..sick.expect("it is of the pool").clone()
    };
    desk.bookings.keep_number(sick).await.expect("it is kept");
    let lease = desk.lease().await;
    assert_eq!(desk.bookings.migrate(&lease).await.expect("it migrates"), 1);
    let id = BookingId::new("one");
    let stranger = side(&[STRANGER]);
    let changed = desk.bookings.put_side(&id, SideName::B, &stranger).await;
    let changed = changed.expect("it is changed").booking;
    assert_eq!(changed.a.earlier, [first.a.vn]);
    assert_eq!(changed.b.earlier, []);
    let (old, new) = (desk.digits(first.a.vn), desk.digits(changed.b.vn));
    let to = |heard: super::Heard| heard.connects().map(|it| it.0);
    assert_eq!(to(desk.call(RIDER, &old).await).as_deref(), Some(STRANGER));
    assert_eq!(to(desk.call(STRANGER, &new).await).as_deref(), Some(RIDER));
    assert_eq!(desk.call(STRANGER, &old).await.code, "stale_number");
}

async fn a_side_that_leaves_a_pair_leaves_the_pairs_other_booking_alone(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 4).await;
    let older = desk.book("older", RIDER, DRIVER).await.booking;
    desk.book("newer", RIDER, DRIVER).await;
    let id = BookingId::new("newer");
    let changed = desk
        .bookings
        .put_side(&id, SideName::B, &side(&[STRANGER]))
        .await
        .expect("it is changed");
    let old = desk.digits(older.a.vn);
    let to = |heard: super::Heard| heard.connects().map(|it| it.0);
    assert_eq!(
        to(desk.call(RIDER, &old).await).as_deref(),
        Some(DRIVER),
        "the older one is as it was"
    );
    assert_eq!(to(desk.call(DRIVER, &old).await).as_deref(), Some(RIDER));
    let new = desk.digits(changed.booking.a.vn);
    assert_ne!(new, old);
    assert_eq!(to(desk.call(RIDER, &new).await).as_deref(), Some(STRANGER));
    assert!(changed.renumbered.contains(&SideName::A));
}

async fn a_new_person_gets_a_new_pin(place: Place) {
    let capturing = PoolNumber {
        capture: true,
        ..number(0)
    };
    let desk = Desk::without_numbers(place, PoolRules::default())
        .await
        .with_numbers([capturing])
        .await;
    let before = desk.book("one", RIDER, DRIVER).await.booking;
    let id = BookingId::new("one");
    let after = desk
        .bookings
        .put_side(&id, SideName::B, &side(&[STRANGER]))
        .await
        .expect("it is changed")
        .booking;
    assert_eq!(after.a.pin, before.a.pin);
    assert_ne!(after.b.pin, before.b.pin);
    let vn = desk.numbers[0].number.clone();
    let try_pin = async |pin: &callwright::masking::booking::Pin| {
        let asked = desk.call(&person(9), &vn).await;
        desk.go_on(&asked, "e2", &person(9), &vn, &pin.0).await.code
    };
    assert_eq!(
        try_pin(&before.b.pin.expect("it had one")).await,
        "pin_wrong"
    );
    assert_eq!(
        try_pin(&after.b.pin.expect("it has one")).await,
        "connected_by_pin"
    );
}

async fn a_closed_booking_opens_again_on_its_numbers(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 3).await;
    let before = desk.book("one", RIDER, DRIVER).await.booking;
    desk.close("one", CloseReason::Cancelled).await;
    desk.pass(hours(20));
    let id = BookingId::new("one");
    let open = desk
        .bookings
        .reopen(&id, Some(desk.now() + hours(2)))
        .await
        .expect("its numbers rest");
    assert_eq!(
        (open.booking.a.vn, open.booking.b.vn),
        (before.a.vn, before.b.vn)
    );
    let vn = desk.digits(before.a.vn);
    assert_eq!(desk.call(RIDER, &vn).await.code, "connected");
    desk.pass(hours(2));
    assert_eq!(desk.call(RIDER, &vn).await.code, "closed");
    let again = desk.bookings.reopen(&id, Some(desk.now())).await;
    assert!(matches!(again, Err(Refused::Wrong(_))));
}

async fn several_phones_call_in(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 3).await;
    let mut request = between(RIDER, DRIVER);
    request.b = Some(side(&[DRIVER, &person(1), &person(2), "+65 9876 5432"]));
    let booking = desk
        .bookings
        .put(&BookingId::new("one"), &request)
        .await
        .expect("it is taken in")
        .booking;
    assert_eq!(
        booking.b.phones.len(),
        3,
        "a phone that is written twice is one"
    );
    let vn = desk.digits(booking.a.vn);
    let to = |heard: super::Heard| heard.connects().map(|it| it.0);
    assert_eq!(to(desk.call(RIDER, &vn).await).as_deref(), Some(DRIVER));
    for phone in [DRIVER.to_owned(), person(1), person(2)] {
        assert_eq!(to(desk.call(&phone, &vn).await).as_deref(), Some(RIDER));
    }
}

async fn a_reserved_number_is_given_by_name_only(place: Place) {
    let reserved = PoolNumber {
        reserved: true,
        ..number(1)
    };
    let desk = Desk::open(place, PoolRules::default(), 1)
        .await
        .with_numbers([reserved])
        .await;
    let (usual, special) = (desk.numbers[0].clone(), desk.numbers[1].clone());
    for n in 0..8 {
        let booking = desk
            .book(&format!("b{n}"), &person(n), &person(100 + n))
            .await
            .booking;
        assert_eq!(booking.a.vn, usual.vn);
    }
    let mut request = between(RIDER, DRIVER);
    if let Some(a) = &mut request.a {
        a.virtual_number = Some(special.number.with_plus());
    }
    let booking = desk
        .bookings
        .put(&BookingId::new("named"), &request)
        .await
        .expect("it is taken in")
        .booking;
    assert_eq!((booking.a.vn, booking.b.vn), (special.vn, special.vn));
    let mut request = between(RIDER, STRANGER);
    if let Some(a) = &mut request.a {
        a.virtual_number = Some(special.number.with_plus());
    }
    let refused = desk.bookings.put(&BookingId::new("other"), &request).await;
    assert!(matches!(refused, Err(Refused::Wrong(faults)) if faults[0].code == "number_taken"));
}
