//! The two exits of bookings: what they may be made with, and whom their calls may ring. Numbers mutated at random get past neither (few of
//! them here; a million with `CALLWRIGHT_NIGHTLY`).

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::allocate::Stock;
use super::booking::{Booking, BookingId, Phone, Side, SideName, Terms};
use super::draft::{self, Reader};
use super::request::{BookingRequest, SideRequest};
use super::route::{self, Around, Call, Picture, Stage};
use super::{Leg, NumberBook, PairKey, PartyKey, PoolName, PoolNumber, PoolRules, Vn};
use crate::call::{Action, PhoneNumber};
use crate::outbound::destination::tests::{OURS, cases, is_ordinary, spellings};
use crate::outbound::{Country, Destinations};

const RIDER: &str = "+6591234567";

fn destinations() -> Destinations {
    let open = ["US", "GB", "IT"].map(|code| Country::parse(code).expect("a country"));
    Destinations::new([PhoneNumber::new(OURS)], open)
}

/// Where calls may go from a number of ours in Singapore.
fn may_be_called(digits: &str) -> bool {
    let may = ["SG", "US", "GB", "IT"].map(Country::parse);
    let number = PhoneNumber::new(format!("+{digits}"));
    may.contains(&Country::of(&number)) && is_ordinary(digits)
}

fn ours() -> PoolNumber {
    PoolNumber {
        vn: Vn(1),
        ..PoolNumber::new(
            PhoneNumber::new(OURS),
            PoolName::default(),
            Country::parse("SG"),
            Timestamp::UNIX_EPOCH,
        )
    }
}

/// What a person is found by here: the digits themselves, as far as they go.
fn party(number: &PhoneNumber) -> PartyKey {
    let mut key = [0; 16];
    for (at, byte) in key.iter_mut().zip(number.digits().bytes()) {
        *at = byte;
    }
    PartyKey(key)
}

#[test]
fn no_spelling_gets_into_a_booking() {
    let (rules, book) = (PoolRules::default(), NumberBook::new(vec![ours()]));
    let (stock, pool) = (Stock::of(&[ours()]), PoolName::default());
    let reader = Reader {
        pool: &pool,
        rules: &rules,
        stock: &stock,
        numbers: &book,
        destinations: &destinations(),
        party: &party,
        now: Timestamp::UNIX_EPOCH,
    };
    let side = |phone: &str| {
        Some(SideRequest {
            phones: Some(vec![phone.to_owned()]),
            ..SideRequest::default()
        })
    };
    let mut runner = TestRunner::new(Config::with_cases(cases()));
    let run = runner.run(&spellings(), |text| {
        let request = BookingRequest {
            a: side(RIDER),
            b: side(&text),
            ..BookingRequest::default()
        };
        match draft::read(&BookingId::new("trip"), &request, None, reader) {
            Ok(draft) => {
                let digits = draft.booking.b.primary().number.digits().to_owned();
                prop_assert!(may_be_called(&digits), "{} as {}", text, digits);
            }
            Err(faults) => {
                let told = format!("{faults:?}");
                prop_assert!(!faults.is_empty() && faults.iter().all(|it| !it.says.is_empty()));
                let is_long = text.len() > 7;
                prop_assert!(
                    !is_long || !told.contains(&text),
                    "it is repeated: {}",
                    told
                );
            }
        }
        Ok(())
    });
    run.expect("no spelling gets into a booking");
}

/// A booking as it was kept when other rules held.
fn kept(callee: &str) -> Booking {
    let phone = |text: &str| {
        let number = PhoneNumber::new(text);
        let party = party(&number);
        let mut side = Side::of(vec![Phone { number, party }]);
        side.vn = Vn(1);
        side
    };
    let (a, b) = (phone(RIDER), phone(callee));
    let pool = PoolName::default();
    Booking {
        id: BookingId::new("trip"),
        number: 1,
        revision: 0,
        pair: PairKey::of(&pool, a.primary().party, b.primary().party),
        pool,
        a,
        b,
        created_at: Timestamp::UNIX_EPOCH,
        expires_at: Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1),
        idle_ttl: None,
        closing: None,
        terms: Terms::default(),
    }
}

#[test]
fn no_call_of_a_booking_rings_what_may_not_be_called() {
    let (rules, book, destinations) = (
        PoolRules::default(),
        NumberBook::new(vec![ours()]),
        destinations(),
    );
    let (rider, called, number) = (PhoneNumber::new(RIDER), PhoneNumber::new(OURS), ours());
    let mut runner = TestRunner::new(Config::with_cases(cases()));
    let run = runner.run(&spellings(), |text| {
        let booking = kept(&text);
        let leg = Leg {
            party: party(&rider),
            vn: Vn(1),
            booking: 1,
            side: SideName::A,
            remembered: false,
            pair: booking.pair,
            rests_from: booking.expires_at,
            free_from: booking.expires_at,
        };
        let picture = Picture {
            leg: Some(leg),
            booking: Some(booking),
            ..Picture::default()
        };
        let call = Call {
            caller: Some((&rider, party(&rider))),
            called: &called,
            stage: Stage::Received,
            now: Timestamp::UNIX_EPOCH,
        };
        let around = Around {
            rules: &rules,
            number: &number,
            numbers: &book,
            destinations: &destinations,
            pins_are_off: false,
        };
        for action in route::route(&call, &picture, around).actions {
            if let Action::MakeCall { destination, .. } = action {
                let digits = destination.as_it_came().trim_start_matches('+');
                prop_assert!(may_be_called(digits), "{} as {}", text, digits);
                prop_assert_ne!(digits, &RIDER[1..]);
            }
        }
        Ok(())
    });
    run.expect("no call rings what may not be called");
}
