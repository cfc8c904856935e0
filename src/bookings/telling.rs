//! What the customer's systems are told of a booking and of the pool that its numbers are from: made beside the change that it
//! tells, and kept with it.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use moka::sync::Cache;

use super::Bookings;
use crate::events::{
    BookingClosed, BookingCreated, BookingExpired, Event, NumberChanged, PoolPressure, Side,
    VirtualNumbers,
};
use crate::masking::booking::{Booking, CloseReason, SideName};
use crate::masking::leg::Standing;
use crate::masking::{Health, Leg, PartyKey, PoolName, PoolNumber, Vn};

/// How much of a pool one person has taken when that is told, in percent, the most first.
const MARKS: [u8; 2] = [95, 80];

/// For how long a pool's mark that was told is not told again: many people may pass it on one evening.
const TOLD_FOR: Duration = Duration::from_secs(3600);

/// How many pools' marks are remembered.
const POOLS: u64 = 10_000;

/// Which marks of pools were told of late, by this server.
#[derive(Debug)]
pub(super) struct Pressures(Cache<(PoolName, u8), ()>);

impl Default for Pressures {
    fn default() -> Self {
        let cache = Cache::builder().max_capacity(POOLS).time_to_live(TOLD_FOR);
        Self(cache.build())
    }
}

impl Pressures {
    /// What was to be told is kept.
    pub(super) fn note(&self, told: &[Event]) {
        for event in told {
            if let Event::PoolPressure(it) = event {
                let pool = PoolName::new(it.pool.as_str());
                self.0.insert((pool, it.percent), ());
            }
        }
    }
}

impl Bookings {
    /// A booking was made.
    pub(super) fn created(&self, booking: &Booking) -> Event {
        Event::BookingCreated(BookingCreated {
            booking_id: booking.id.to_string(),
            pool: booking.pool.to_string(),
            virtual_numbers: VirtualNumbers {
                a: self.written(booking.a.vn),
                b: self.written(booking.b.vn),
            },
            expires_at: booking.expires_at,
        })
    }

    /// What changed from `known` to `after` that somebody has to know; sides got other numbers for the reason `why`.
    pub(super) fn changed(&self, known: &Booking, after: &Booking, why: &str) -> Vec<Event> {
        let mut events = Vec::new();
        for side in SideName::BOTH {
            let (old, new) = (known.side(side).vn, after.side(side).vn);
            if old == new {
                continue;
            }
            let still_works = after.side(side).earlier.contains(&old);
            events.push(Event::NumberChanged(NumberChanged {
                booking_id: after.id.to_string(),
                side: told(side),
                old: self.written(old),
                new: self.written(new),
                reason: why.to_owned(),
                old_works_until: still_works.then(|| after.rests_from()),
            }));
        }
        if let (None, Some(closing)) = (&known.closing, &after.closing) {
            events.push(match closing.reason {
                CloseReason::Expired | CloseReason::Idle => Event::BookingExpired(BookingExpired {
                    booking_id: after.id.to_string(),
                    expired_at: closing.at,
                }),
                reason => Event::BookingClosed(BookingClosed {
                    booking_id: after.id.to_string(),
                    reason: reason.as_str().to_owned(),
                    grace_until: Some(after.rests_from()).filter(|until| *until > closing.at),
                }),
            });
        }
        events
    }

    /// That a new booking takes a person past a mark of its pool: what one person holds or rests on, of all that can be given, is
    /// how near the pool is to its end. `legs` are those of its parties before.
    pub(super) fn pressed(&self, booking: &Booking, legs: &[Leg], now: Timestamp) -> Option<Event> {
        let shelf = self.shelf();
        let usable = shelf.stock(&booking.pool).len();
        // Most bookings are of people who are far from any mark.
        if booking.terms.hotline || !is_past(legs.len() + 1, usable, MARKS[1]) {
            return None;
        }
        let is_given = |vn: Vn| {
            let number = shelf.book.get(vn);
            number.is_some_and(|it| it.pool == booking.pool && it.is_free_to_give())
        };
        let taken_by = |party: PartyKey| -> HashSet<Vn> {
            let theirs = legs.iter().filter(|leg| leg.party == party);
            let taken =
                theirs.filter(|leg| leg.standing(now) != Standing::Free && is_given(leg.vn));
            taken.map(|leg| leg.vn).collect()
        };
        let sides = SideName::BOTH.map(|name| booking.side(name));
        let parties = sides
            .iter()
            .flat_map(|side| side.parties().map(|it| (it, side.vn)));
        let steps = parties.map(|(party, vn)| {
            let mut taken = taken_by(party);
            let before = taken.len();
            taken.extend(Some(vn).filter(|vn| is_given(*vn)));
            (before, taken.len())
        });
        let (before, taken) = steps.max_by_key(|(_, after)| *after)?;
        let passed = |mark: &u8| is_past(taken, usable, *mark) && !is_past(before, usable, *mark);
        let percent = MARKS.into_iter().find(passed)?;
        let was_told = self
            .pressures
            .0
            .contains_key(&(booking.pool.clone(), percent));
        (!was_told).then(|| {
            Event::PoolPressure(PoolPressure {
                pool: booking.pool.to_string(),
                percent,
                numbers: usable as u64,
                taken: taken as u64,
            })
        })
    }

    fn written(&self, vn: Vn) -> String {
        let number = self.number(vn);
        number
            .map(|number| number.number.with_plus())
            .unwrap_or_default()
    }
}

fn is_past(taken: usize, usable: usize, percent: u8) -> bool {
    usable > 0 && taken * 100 >= usable * usize::from(percent)
}

/// Why bookings leave a number.
pub(super) fn why(number: Option<&PoolNumber>) -> &'static str {
    match number {
        Some(number) if number.draining => "drained",
        Some(number) => match number.health {
            Health::Active => "phone_changed",
            Health::Unhealthy => "unhealthy",
            Health::Expiring => "expiring",
            Health::Inactive => "inactive",
        },
        None => "removed",
    }
}

fn told(side: SideName) -> Side {
    match side {
        SideName::A => Side::A,
        SideName::B => Side::B,
    }
}
