//! Callers that are not known, and give a PIN.

use callwright::masking::booking::CloseReason;
use callwright::masking::rules::PinRules;
use callwright::masking::{PoolNumber, PoolRules};

use super::{DRIVER, Desk, Place, RIDER, STRANGER, number, on_all, person};

on_all! {
    a_pin_opens_one_booking
    guesses_are_ended
}

/// A number that takes digits.
pub(crate) fn capturing(n: usize) -> PoolNumber {
    PoolNumber {
        capture: true,
        ..number(n)
    }
}

async fn a_pin_opens_one_booking(place: Place) {
    let rules = PoolRules {
        pin: PinRules {
            remember: true,
            ..PinRules::default()
        },
        ..PoolRules::default()
    };
    let desk = Desk::without_numbers(place, rules)
        .await
        .with_numbers([capturing(0)])
        .await;
    let vn = desk.numbers[0].number.clone();
    let booking = desk.book("one", RIDER, DRIVER).await.booking;
    let other = desk.book("two", &person(1), &person(2)).await.booking;
    let pin = |side: &callwright::masking::Side| side.pin.clone().expect("it has a PIN").0;
    let pins = [
        pin(&booking.a),
        pin(&booking.b),
        pin(&other.a),
        pin(&other.b),
    ];
    assert!(pins.iter().all(|it| it.len() >= 8));
    let asked = desk.call(STRANGER, &vn).await;
    assert_eq!(
        (asked.code, asked.actions()),
        ("pin_asked", vec!["sayAndCapture".to_owned()])
    );
    let wrong = desk.go_on(&asked, "e2", STRANGER, &vn, "00000000").await;
    assert_eq!(wrong.code, "pin_wrong");
    let opened = desk
        .go_on(&wrong, "e3", STRANGER, &vn, &format!("{}#", pins[0]))
        .await;
    assert_eq!(opened.code, "connected_by_pin");
    assert_eq!(
        opened.connects().map(|it| it.0),
        Some(DRIVER.to_owned()),
        "side a's PIN reaches side b"
    );
    let hidden = desk.call("anonymous", &vn).await;
    let opened = desk.go_on(&hidden, "e2", "anonymous", &vn, &pins[3]).await;
    assert_eq!(opened.connects().map(|it| it.0), Some(person(1)));
    let known = desk.call(STRANGER, &vn).await;
    assert_eq!(
        (known.code, known.connects().map(|it| it.0)),
        ("connected", Some(DRIVER.to_owned()))
    );
    desk.close("one", CloseReason::Cancelled).await;
    assert_eq!(
        desk.call(STRANGER, &vn).await.code,
        "closed",
        "known until the booking ends"
    );
    let asked = desk.call(&person(9), &vn).await;
    let over = desk.go_on(&asked, "e2", &person(9), &vn, &pins[0]).await;
    assert_eq!(
        (over.code, over.connects()),
        ("pin_wrong", None),
        "its booking is over"
    );
}

async fn guesses_are_ended(place: Place) {
    let rules = PoolRules {
        pin: PinRules {
            calls_per_caller: 2,
            calls_per_number: 3,
            ..PinRules::default()
        },
        ..PoolRules::default()
    };
    let desk = Desk::without_numbers(place, rules)
        .await
        .with_numbers([capturing(0)])
        .await;
    let vn = desk.numbers[0].number.clone();
    let pin = desk
        .book("one", RIDER, DRIVER)
        .await
        .booking
        .a
        .pin
        .expect("it has a PIN")
        .0;
    let guess = async |from: &str| {
        let mut heard = desk.call(from, &vn).await;
        for event in ["e2", "e3", "e4"] {
            heard = desk.go_on(&heard, event, from, &vn, "123").await;
        }
        heard.code
    };
    assert_eq!(guess(STRANGER).await, "pin_refused");
    assert_eq!(guess(STRANGER).await, "pin_refused");
    assert_eq!(desk.call(STRANGER, &vn).await.code, "pins_off");
    let open = desk.call(&person(1), &vn).await;
    assert_eq!(open.code, "pin_asked", "somebody else may still try");
    assert_eq!(guess(&person(2)).await, "pin_refused");
    let off = desk.go_on(&open, "e2", &person(1), &vn, &pin).await;
    assert_eq!(
        (off.code, off.connects()),
        ("pins_off", None),
        "now nobody may"
    );
    assert_eq!(
        desk.call(RIDER, &vn).await.code,
        "connected",
        "whoever is known needs none"
    );
}
