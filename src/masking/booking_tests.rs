//! The time line, at its edges.

use jiff::{SignedDuration, Timestamp};

use super::{Booking, BookingId, CloseReason, Phone, Side, SideName, State, Terms};
use crate::call::PhoneNumber;
use crate::masking::change::closed;
use crate::masking::{PairKey, PartyKey, PoolName, PoolRules};

fn at(hours: i64) -> Timestamp {
    Timestamp::from_second(hours * 3600).expect("a time")
}

fn booking() -> Booking {
    let side = |digit: u8| {
        Side::of(vec![Phone {
            number: PhoneNumber::new(format!("+659000000{digit}")),
            party: PartyKey([digit; 16]),
        }])
    };
    Booking {
        id: BookingId::new("one"),
        number: 1,
        revision: 0,
        pool: PoolName::default(),
        pair: PairKey([0; 16]),
        a: side(1),
        b: side(2),
        created_at: at(0),
        expires_at: at(10),
        idle_ttl: None,
        closing: None,
        terms: Terms::default(),
    }
}

#[test]
fn an_end_is_the_end_to_the_millisecond() {
    let cooldown = SignedDuration::from_hours(2);
    let moment = SignedDuration::from_millis(1);
    let booking = booking();
    for (when, state) in [
        (at(0), State::Active),
        (at(10) - moment, State::Active),
        (at(10), State::Cooling),
        (at(12) - moment, State::Cooling),
        (at(12), State::Free),
    ] {
        assert_eq!(booking.state(when, cooldown), state, "{when}");
    }
}

#[test]
fn grace_is_by_reason_and_direction() {
    let mut rules = PoolRules::default();
    rules.grace.completed = SignedDuration::from_hours(3);
    rules.grace.b_to_a = false;
    let completed = closed(booking(), CloseReason::Completed, &rules, at(5));
    assert_eq!(completed.connects_until(SideName::A), at(8));
    assert_eq!(completed.connects_until(SideName::B), at(5));
    assert_eq!(completed.state(at(7), rules.cooldown), State::Grace);
    for reason in [
        CloseReason::Cancelled,
        CloseReason::Abuse,
        CloseReason::Idle,
    ] {
        let over = closed(booking(), reason, &rules, at(5));
        assert_eq!(over.rests_from(), at(5), "{reason:?}");
        assert_eq!(over.state(at(5), rules.cooldown), State::Cooling);
    }
    let expired = closed(booking(), CloseReason::Expired, &rules, at(13));
    assert_eq!(
        expired.rests_from(),
        at(10),
        "a late sweeper lengthens nothing"
    );
}

#[test]
fn a_booking_lies_idle_from_its_last_call_on() {
    let mut booking = booking();
    assert_eq!(booking.idles_out_at(None), None);
    booking.idle_ttl = Some(SignedDuration::from_hours(1));
    assert_eq!(booking.idles_out_at(None), Some(at(1)));
    assert_eq!(booking.idles_out_at(Some(at(4))), Some(at(5)));
}
