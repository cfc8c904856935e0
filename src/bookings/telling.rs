//! What the customer's systems are told of a booking: made beside the change that it tells, and kept with it.

use super::Bookings;
use crate::events::{
    BookingClosed, BookingCreated, BookingExpired, Event, NumberChanged, Side, VirtualNumbers,
};
use crate::masking::booking::{Booking, CloseReason, SideName};
use crate::masking::{Health, PoolNumber, Vn};

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

    fn written(&self, vn: Vn) -> String {
        let number = self.number(vn);
        number
            .map(|number| number.number.with_plus())
            .unwrap_or_default()
    }
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
