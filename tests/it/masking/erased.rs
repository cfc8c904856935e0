//! People who are erased have no bookings any more, and nobody else has less for it.

use callwright::call::PhoneNumber;
use callwright::masking::booking::{BookingId, CloseReason};
use callwright::masking::request::{BookingRequest, SideRequest};
use callwright::masking::{PoolName, PoolRules};
use callwright::store::SessionFilter;
use callwright::store::bookings::{Block, BookingFilter};
use callwright::store::erasing::Erasure;
use callwright::store::outbox::EventFilter;

use super::{
    DRIVER, Desk, Place, RIDER, STRANGER, between, hours, is_nightly, on_both, person, side,
};

on_both! {
    a_person_has_no_bookings_any_more
    a_booking_with_a_live_call_goes_once_that_is_over
    another_booking_of_the_two_others_goes_on
    a_booking_whose_numbers_are_free_goes_too
    a_label_that_names_a_person_goes_and_its_booking_stays
    a_booking_of_others_whose_id_names_a_person_goes_once_it_is_over
    of_many_people_that_are_erased_nothing_is_left
}

async fn erase(desk: &Desk, id: &str, phone: &str) -> Erasure {
    ask(desk, id, phone).await;
    go_on(desk, id).await
}

async fn ask(desk: &Desk, id: &str, phone: &str) {
    let phone = PhoneNumber::new(phone);
    let asked = desk.store.erasing().ask_to_erase(id, &phone, desk.now());
    asked.await.expect("write");
}

async fn erase_all(desk: &Desk) {
    let lasts = std::time::Duration::from_secs(60);
    let lease = desk.store.take_lease("erasing", "test", lasts).await;
    let lease = lease.expect("the store answers").expect("nobody holds it");
    let erasing = desk.store.erasing();
    while let Some(_rests) = erasing
        .go_on_erasing(&lease, desk.now())
        .await
        .expect("write")
    {}
}

async fn go_on(desk: &Desk, id: &str) -> Erasure {
    erase_all(desk).await;
    let erasures = desk.store.erasing().erasures().await.expect("read");
    let found = erasures.into_iter().find(|erasure| erasure.id == id);
    found.expect("it was asked for")
}

async fn is_there(desk: &Desk, id: &str) -> bool {
    let found = desk.bookings.get(&BookingId::new(id)).await;
    found.expect("the store answers").is_some()
}

async fn sessions(desk: &Desk) -> Vec<String> {
    let filter = SessionFilter {
        limit: 100,
        ..SessionFilter::default()
    };
    let page = desk.store.sessions(&filter).await.expect("read");
    let mut ids: Vec<_> = page.items.iter().map(|row| row.id.to_string()).collect();
    ids.sort();
    ids
}

/// The kinds of what is still told of a booking.
async fn told(desk: &Desk, booking: &str) -> Vec<(String, String)> {
    let lease = desk.lease().await;
    let spread = desk.outbox.spread_events(&lease, &[], desk.now()).await;
    spread.expect("they are numbered");
    let filter = EventFilter {
        limit: 1000,
        ..EventFilter::default()
    };
    let events = desk.outbox.events(&filter).await.expect("it lists");
    let named = events.into_iter().filter_map(|event| {
        let data: serde_json::Value = serde_json::from_str(&event.data).expect("it is JSON");
        let reason = data["reason"].as_str().unwrap_or_default().to_owned();
        (data["booking_id"] == booking).then_some((event.kind, reason))
    });
    named.collect()
}

async fn a_person_has_no_bookings_any_more(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 4).await;
    let theirs = desk.book("open", RIDER, DRIVER).await.booking;
    desk.book("closed", &person(1), RIDER).await;
    desk.close("closed", CloseReason::Completed).await;
    let others = desk.book("others", &person(2), DRIVER).await.booking;
    let (vn, other_vn) = (desk.digits(theirs.b.vn), desk.digits(others.b.vn));
    // The driver's calls have the rider's number in their replies.
    let heard = desk.call_in("to-them", "e1", DRIVER, &vn).await;
    desk.hang_up(&heard, 9).await;
    let heard = desk.call_in("by-them", "e1", RIDER, &vn).await;
    desk.hang_up(&heard, 9).await;
    let heard = desk.call_in("others", "e1", DRIVER, &other_vn).await;
    desk.hang_up(&heard, 9).await;
    let party = desk
        .bookings
        .party(&PoolName::default(), RIDER)
        .expect("a number");
    desk.bookings
        .block(party, Block::ForGood)
        .await
        .expect("write");

    let erased = erase(&desk, "e-1", RIDER).await;
    assert_eq!((erased.bookings, erased.sessions), (2, 2), "{erased:?}");
    assert_eq!(erased.done_at, Some(desk.now()));
    assert!(!is_there(&desk, "open").await && !is_there(&desk, "closed").await);
    assert_eq!(sessions(&desk).await, ["others"]);
    assert_eq!(
        told(&desk, "open").await,
        [("booking.closed".to_owned(), "erased".to_owned())],
        "its owner learns that it is over"
    );
    assert_eq!(told(&desk, "closed").await, []);
    assert_eq!(told(&desk, "others").await.len(), 3);

    assert_eq!(
        desk.call(DRIVER, &vn).await.code,
        "closed",
        "the number rests"
    );
    assert_eq!(desk.call(RIDER, &vn).await.code, "unknown");
    assert_eq!(desk.call(DRIVER, &other_vn).await.code, "connected");
    let next = desk.book("next", STRANGER, DRIVER).await.booking;
    assert_ne!(desk.digits(next.b.vn), vn, "no stranger answers there yet");
    desk.pass(hours(49));
    assert_eq!(desk.call(DRIVER, &vn).await.code, "unknown");
    assert!(desk.book("open", RIDER, DRIVER).await.is_new);
}

async fn a_booking_with_a_live_call_goes_once_that_is_over(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 3).await;
    let booking = desk.book("one", RIDER, DRIVER).await.booking;
    let vn = desk.digits(booking.b.vn);
    let live = desk.call_in("live", "e1", DRIVER, &vn).await;
    let erased = erase(&desk, "e-1", RIDER).await;
    assert_eq!((erased.bookings, erased.done_at), (0, None));
    assert_eq!(desk.call(DRIVER, &vn).await.code, "closed", "no new call");
    let again = desk.call_in("live", "e1", DRIVER, &vn).await;
    assert_eq!(again.reply, live.reply, "the live one has its answer");
    desk.hang_up(&live, 30).await;
    let erased = go_on(&desk, "e-1").await;
    assert_eq!((erased.bookings, erased.done_at), (1, Some(desk.now())));
    assert!(!is_there(&desk, "one").await);
    assert!(!sessions(&desk).await.contains(&"live".to_owned()));
}

/// A second phone of one side is erased: the pair's other booking keeps its number.
async fn another_booking_of_the_two_others_goes_on(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 3).await;
    let first = desk.book("first", RIDER, DRIVER).await.booking;
    let both = BookingRequest {
        a: Some(side(&[RIDER, STRANGER])),
        ..between(RIDER, DRIVER)
    };
    let second = desk.bookings.put(&BookingId::new("second"), &both).await;
    let second = second.expect("it is taken in").booking;
    assert_eq!(first.b.vn, second.b.vn, "the same two share it");
    let erased = erase(&desk, "e-1", STRANGER).await;
    assert_eq!(erased.bookings, 1);
    let vn = desk.digits(first.b.vn);
    for caller in [RIDER, DRIVER] {
        assert_eq!(desk.call(caller, &vn).await.code, "connected", "{caller}");
    }
    assert_eq!(desk.call(STRANGER, &vn).await.code, "unknown");
}

async fn a_booking_whose_numbers_are_free_goes_too(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 3).await;
    desk.book("old", RIDER, DRIVER).await;
    desk.close("old", CloseReason::Cancelled).await;
    desk.pass(hours(48));
    let lease = desk.lease().await;
    desk.bookings.sweep(&lease).await.expect("it sweeps");
    assert!(is_there(&desk, "old").await, "it is kept for a month");
    let erased = erase(&desk, "e-1", RIDER).await;
    assert_eq!((erased.bookings, erased.done_at), (1, Some(desk.now())));
    assert!(!is_there(&desk, "old").await);
}

/// Who rides was called by their number in a label of others.
async fn a_label_that_names_a_person_goes_and_its_booking_stays(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 3).await;
    let labelled = |a: &str, b: &str| BookingRequest {
        a: Some(SideRequest {
            label: Some(a.to_owned()),
            ..side(&[&person(1)])
        }),
        b: Some(SideRequest {
            label: Some(b.to_owned()),
            ..side(&[DRIVER])
        }),
        ..BookingRequest::default()
    };
    let request = labelled("for +65 9123 4567", "16591234567");
    let id = BookingId::new("others");
    let before = desk.bookings.put(&id, &request).await;
    let before = before.expect("it is taken in").booking;
    let erased = erase(&desk, "e-1", RIDER).await;
    assert_eq!((erased.bookings, erased.done_at), (0, Some(desk.now())));
    let after = desk.bookings.get(&id).await.expect("it answers");
    let after = after.expect("it is there").booking;
    assert_eq!(
        (after.a.label.as_deref(), after.b.label.as_deref()),
        (None, Some("16591234567"))
    );
    assert_eq!(
        after.revision,
        before.revision + 1,
        "nobody writes over it unseen"
    );
    let vn = desk.digits(after.b.vn);
    assert_eq!(desk.call(DRIVER, &vn).await.code, "connected");
    let again = desk.bookings.put(&id, &labelled("rider", "driver")).await;
    let again = again.expect("it is changed").booking;
    assert_eq!(again.a.label.as_deref(), Some("rider"));
}

async fn a_booking_of_others_whose_id_names_a_person_goes_once_it_is_over(place: Place) {
    let desk = Desk::open(place, PoolRules::default(), 3).await;
    let id = "trip-6591234567";
    let booking = desk.book(id, &person(1), DRIVER).await.booking;
    desk.book("trip-65912345678", &person(2), DRIVER).await;
    let vn = desk.digits(booking.b.vn);
    let erased = erase(&desk, "e-1", RIDER).await;
    assert_eq!((erased.bookings, erased.done_at), (0, None));
    assert_eq!(
        desk.call(DRIVER, &vn).await.code,
        "connected",
        "it is others'"
    );
    desk.close(id, CloseReason::Cancelled).await;
    for session in sessions(&desk).await {
        let heard = desk.call_in(&session, "e1", DRIVER, &vn).await;
        desk.hang_up(&heard, 5).await;
    }
    let erased = go_on(&desk, "e-1").await;
    assert_eq!((erased.bookings, erased.done_at), (1, Some(desk.now())));
    assert!(!is_there(&desk, id).await);
    assert!(is_there(&desk, "trip-65912345678").await);
}

async fn of_many_people_that_are_erased_nothing_is_left(place: Place) {
    let people = if is_nightly() { 1_000 } else { 15 };
    let desk = Desk::open(place, PoolRules::default(), 4).await;
    for n in 0..people {
        let booking = desk
            .book(&format!("b{n}"), &person(n), &person(100_000 + n))
            .await
            .booking;
        let vn = desk.digits(booking.b.vn);
        let heard = desk
            .call_in(&format!("s{n}"), "e1", &person(100_000 + n), &vn)
            .await;
        desk.hang_up(&heard, 5).await;
    }
    let began = std::time::Instant::now();
    for n in 0..people {
        ask(&desk, &format!("e-{n}"), &person(n)).await;
    }
    erase_all(&desk).await;
    // The newest hundred are listed.
    for erased in desk.store.erasing().erasures().await.expect("read") {
        assert_eq!((erased.bookings, erased.sessions), (1, 1), "{erased:?}");
        assert_eq!(erased.done_at, Some(desk.now()));
    }
    println!(
        "S9: {people} people erased, each with a booking and a call, within {:?}",
        began.elapsed()
    );
    assert_eq!(sessions(&desk).await, Vec::<String>::new());
    let left = desk
        .bookings
        .list(&BookingFilter {
            limit: 1,
            ..BookingFilter::default()
        })
        .await;
    assert_eq!(left.expect("it lists").bookings, []);
}
