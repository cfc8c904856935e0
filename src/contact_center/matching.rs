//! Whose SIP call id a call of ours is: the tenant's script told of it a moment before; caller and number say whose it is. It
//! is never guessed.

use jiff::{SignedDuration, Timestamp};

use super::handoff::SipId;
use crate::call::PhoneNumber;

/// How long before our call begins a script may tell of it, and how long after.
pub const WINDOW: Window = Window {
    before: SignedDuration::from_secs(60),
    after: SignedDuration::from_secs(10),
};

/// A stretch of time around the moment that a call came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// So long before.
    pub before: SignedDuration,
    /// So long after.
    pub after: SignedDuration,
}

/// A call that a script told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SipCall {
    /// Its id.
    pub sip_id: SipId,
    /// Who calls.
    pub caller: PhoneNumber,
    /// Which number of ours.
    pub called: PhoneNumber,
    /// When it was told.
    pub told_at: Timestamp,
}

/// Whose id a call has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// This one.
    One(SipId),
    /// Nobody told of it.
    Nobody,
    /// More than one fits, so none is taken.
    Several,
}

/// The id of the call from `caller` to `called` that came in at `began`, of those that scripts told of. Told twice it is one.
pub fn matched(
    told: &[SipCall],
    caller: &PhoneNumber,
    called: &PhoneNumber,
    began: Timestamp,
) -> Match {
    let mut found = Match::Nobody;
    for call in told {
        let after = began.duration_since(call.told_at);
        let in_time = after <= WINDOW.before && -after <= WINDOW.after;
        if !in_time || call.caller != *caller || call.called != *called {
            continue;
        }
        found = match found {
            Match::Nobody => Match::One(call.sip_id.clone()),
            Match::One(id) if id == call.sip_id => Match::One(id),
            Match::One(_) | Match::Several => Match::Several,
        };
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(digits: &str) -> PhoneNumber {
        PhoneNumber::new(digits)
    }

    fn told(id: &str, caller: &str, second: i64) -> SipCall {
        SipCall {
            sip_id: SipId::parse(id).expect("an id"),
            caller: number(caller),
            called: number("+6561115777"),
            told_at: Timestamp::from_second(second).expect("a time"),
        }
    }

    #[test]
    fn one_that_fits_is_taken_and_of_two_none() {
        let one = Match::One(SipId::parse("a").expect("an id"));
        let (ours, other) = ("+6591234567", "+6591234568");
        for (calls, expected) in [
            (vec![], Match::Nobody),
            (vec![told("a", ours, 940)], one.clone()),
            (vec![told("a", ours, 939)], Match::Nobody),
            (vec![told("a", ours, 1_010)], one.clone()),
            (vec![told("a", ours, 1_011)], Match::Nobody),
            (vec![told("a", other, 990)], Match::Nobody),
            (
                vec![told("a", ours, 990), told("b", other, 990)],
                one.clone(),
            ),
            (vec![told("a", ours, 990), told("a", ours, 995)], one),
            (
                vec![told("a", ours, 990), told("b", ours, 995)],
                Match::Several,
            ),
            (
                vec![
                    told("a", ours, 990),
                    told("b", ours, 995),
                    told("b", ours, 996),
                ],
                Match::Several,
            ),
        ] {
            let began = Timestamp::from_second(1_000).expect("a time");
            let found = matched(&calls, &number("6591234567"), &number("6561115777"), began);
            assert_eq!(found, expected, "{calls:?}");
        }
    }
}
