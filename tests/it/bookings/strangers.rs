//! Calls of those whom no booking knows, or who hide their number: none of them is connected to anybody, or learns anything.

use callwright::emulator::Fate;
use serde_json::json;

use super::street::Street;
use super::{DRIVERS, POOL, RIDERS, between, number, post, put};

const STRANGER: &str = "+6590000001";
const SUPPORT: &str = "+6562345678";
const CAPTURE: (&str, &str) = ("CALLWRIGHT_POOLS__DEFAULT__CAPTURE", "true");

#[tokio::test]
async fn an_unknown_caller_is_told_nothing_of_bookings() {
    let street = Street::with(&[]).await;
    let trip = street.book("trip-1", RIDERS[0], DRIVERS[0]).await;
    let stranger = street.call(STRANGER, number(&trip, "a")).await;
    assert!(
        stranger.was_told("Please call from the number that you registered"),
        "{stranger:?}"
    );
    let nowhere = POOL
        .iter()
        .find(|it| **it != number(&trip, "a"))
        .expect("three numbers");
    let elsewhere = street.call(STRANGER, nowhere).await;
    assert_eq!(
        elsewhere.said, stranger.said,
        "whether there is a booking is not to be heard"
    );
}

#[tokio::test]
async fn an_unknown_caller_hears_the_owners_words_or_reaches_support() {
    let words = ("CALLWRIGHT_MASKING__UNKNOWN__ANNOUNCE", "Nobody knows you.");
    let street = Street::with(&[words]).await;
    assert!(
        street
            .call(STRANGER, POOL[0])
            .await
            .was_told("Nobody knows you.")
    );
    let street = Street::with(&[words, ("CALLWRIGHT_MASKING__UNKNOWN__SUPPORT", SUPPORT)]).await;
    let stranger = street.call(STRANGER, POOL[0]).await;
    assert_eq!(stranger.rang.len(), 1, "{stranger:?}");
    assert!(stranger.rang[0].ends_with(&SUPPORT[1..]));
    assert_eq!(
        stranger.shown.as_deref(),
        Some(&POOL[0][7..]),
        "from the number that was called"
    );
}

#[tokio::test]
async fn an_unknown_caller_may_be_taken_by_a_flow() {
    let street = Street::with(&[("CALLWRIGHT_MASKING__UNKNOWN__FLOW", "restaurant")]).await;
    let trip = street.book("trip-1", RIDERS[0], DRIVERS[0]).await;
    let stranger = street.call(STRANGER, number(&trip, "a")).await;
    assert!(
        !stranger.said.is_empty() && stranger.said[0].len() > 20,
        "{stranger:?}"
    );
    assert_eq!(
        street.decision(Some(STRANGER), number(&trip, "a")).await,
        "unknown_to_flow"
    );
    assert!(
        street
            .call(RIDERS[0], number(&trip, "a"))
            .await
            .connected_to(DRIVERS[0])
    );
}

#[tokio::test]
async fn a_blocked_caller_is_hung_up_on() {
    let street = Street::with(&[("CALLWRIGHT_MASKING__UNKNOWN__SUPPORT", SUPPORT)]).await;
    let trip = street.book("trip-1", RIDERS[0], DRIVERS[0]).await;
    let abuse = json!({"reason": "abuse", "block": "a"});
    let (status, closed) = post(&street.app, "/v1/bookings/trip-1/close", &abuse).await;
    assert_eq!(
        (status, &closed["state"]),
        (200, &json!("cooling")),
        "{closed}"
    );
    let rider = street.call(RIDERS[0], number(&trip, "a")).await;
    assert!(rider.rang.is_empty() && rider.said.is_empty(), "{rider:?}");
    assert_eq!(
        street.decision(Some(RIDERS[0]), number(&trip, "a")).await,
        "blocked"
    );
    let other = POOL
        .iter()
        .find(|it| **it != number(&trip, "a"))
        .expect("three numbers");
    assert_eq!(
        street.decision(Some(RIDERS[0]), other).await,
        "blocked",
        "on every number"
    );
}

#[tokio::test]
async fn a_caller_with_an_old_number_is_not_put_through_to_todays_booking() {
    for (rule, connects) in [("refuse", false), ("route_single", true)] {
        let street = Street::with(&[("CALLWRIGHT_MASKING__UNKNOWN__STALE_NUMBER", rule)]).await;
        let trip = street.book("trip-1", RIDERS[0], DRIVERS[0]).await;
        let old = POOL
            .iter()
            .find(|it| **it != number(&trip, "a"))
            .expect("three numbers");
        let rider = street.call(RIDERS[0], old).await;
        match connects {
            false => assert!(
                rider.was_told("Please use the number that is shown in your app"),
                "{rider:?}"
            ),
            true => {
                assert!(
                    rider.said[0].contains("You called an old number"),
                    "{rider:?}"
                );
                assert!(rider.rang[0].ends_with(&DRIVERS[0][1..]), "{rider:?}");
            }
        }
    }
}

/// What networks send for a number that is hidden.
const HIDDEN: [&str; 14] = [
    "",
    "anonymous",
    "Anonymous",
    "unknown",
    "private",
    "restricted",
    "unavailable",
    "12345",
    "266696687",
    "7378742833",
    "2562533",
    "8656696",
    "86282452253",
    "7748283",
];

#[tokio::test]
async fn a_caller_who_hides_the_number_is_never_looked_up() {
    for (rule, code) in [
        ("announce", "withheld"),
        ("support", "withheld_to_support"),
        ("hangup", "withheld_hung_up"),
        ("pin", "withheld"),
    ] {
        let settings = [
            ("CALLWRIGHT_MASKING__WITHHELD", rule),
            ("CALLWRIGHT_MASKING__UNKNOWN__SUPPORT", SUPPORT),
        ];
        let street = Street::with(&settings).await;
        let trip = street.book("trip-1", RIDERS[0], DRIVERS[0]).await;
        let vn = number(&trip, "a");
        for hidden in HIDDEN {
            assert_eq!(
                street
                    .decision(Some(hidden).filter(|it| !it.is_empty()), vn)
                    .await,
                code,
                "{rule} {hidden}"
            );
        }
        assert_eq!(
            street.decision(Some(vn), vn).await,
            code,
            "the called number itself"
        );
        let heard = street.call("anonymous", vn).await;
        assert!(
            !heard
                .rang
                .iter()
                .any(|rang| rang.ends_with(&DRIVERS[0][1..])),
            "{heard:?}"
        );
        match rule {
            "support" => assert_eq!(heard.rang.len(), 1, "{heard:?}"),
            "hangup" => assert!(heard.said.is_empty() && heard.rang.is_empty(), "{heard:?}"),
            _ => assert!(
                heard.was_told("Please call again with your number shown"),
                "{heard:?}"
            ),
        }
    }
}

#[tokio::test]
async fn a_pin_tells_who_calls_where_the_number_takes_keys() {
    let street = Street::with(&[CAPTURE]).await;
    let mut body = between(RIDERS[0], DRIVERS[0]);
    body["force_pin"] = json!(true);
    let (status, trip) = put(&street.app, "/v1/bookings/trip-1", &body).await;
    assert_eq!(status, 201, "{trip}");
    let pin = |side: &str| {
        trip[side]["pin"]
            .as_str()
            .expect("a side has a PIN")
            .to_owned()
    };
    assert_ne!(pin("a"), pin("b"));
    let vn = number(&trip, "a");
    let keys = format!("{}#", pin("a"));
    let right = street
        .call_as(
            STRANGER,
            vn,
            &[&keys],
            Fate::Answers {
                talks_ms: Some(1_000),
            },
        )
        .await;
    assert!(right.said[0].contains("enter your PIN"), "{right:?}");
    assert!(
        right
            .rang
            .iter()
            .any(|rang| rang.ends_with(&DRIVERS[0][1..])),
        "{right:?}"
    );
    let second = street
        .call_as("anonymous", vn, &["0#", &keys], Fate::Busy)
        .await;
    assert!(
        second
            .rang
            .iter()
            .any(|rang| rang.ends_with(&DRIVERS[0][1..])),
        "{second:?}"
    );
    let wrong = street
        .call_as(STRANGER, vn, &["1#", "2#", "3#", &keys], Fate::Busy)
        .await;
    assert!(wrong.rang.is_empty(), "three tries: {wrong:?}");
    for kept in street.app.all_bytes().windows(pin("a").len()) {
        assert_ne!(kept, pin("a").as_bytes(), "a PIN stands in a file");
    }
}
