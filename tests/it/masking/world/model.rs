//! The small world: its states, and what can happen in each.

use std::collections::BTreeMap;

use callwright::call::PhoneNumber;
use callwright::masking::booking::{
    Booking, BookingId, CloseReason, Phone, Side, SideName, Terms, later,
};
use callwright::masking::{Leg, PairKey, PartyKey, PoolName, Vn};
use jiff::Timestamp;

use super::law::{Law, MOMENT, PEOPLE, Wells, key};
use crate::masking::{BEGIN, person};

/// One state of the world.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) now: Timestamp,
    /// In the order of their numbers.
    pub(super) bookings: Vec<Booking>,
    pub(super) legs: BTreeMap<(PartyKey, Vn), Leg>,
    /// The number of the newest booking.
    pub(super) newest: u64,
    /// Whether it is one of a form (see [`form`](super::form)): of what is over nothing is kept, and whatever it may have been is
    /// tried.
    pub(super) is_forgetful: bool,
}

/// What can happen. A booking is named by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// Two people get a booking.
    Create { a: usize, b: usize },
    /// A booking is closed.
    Close { booking: usize, reason: CloseReason },
    /// A side becomes somebody else.
    Change {
        booking: usize,
        side: SideName,
        to: usize,
    },
    /// It is opened again.
    Reopen { booking: usize },
    /// Time passes: bookings expire, graces end, numbers have rested.
    Wait,
    /// A side that has a number that is gone gets another, behind the scenes or in a call.
    Leave { booking: usize, side: SideName },
    /// A booking that is over is erased.
    Erase { booking: usize },
    /// What is nobody's is deleted.
    Sweep,
}

/// Why bookings are closed here; the last by the sweeper.
const REASONS: [CloseReason; 3] = [
    CloseReason::Completed,
    CloseReason::Cancelled,
    CloseReason::Expired,
];

pub(super) fn begin() -> Timestamp {
    BEGIN.parse().expect("a time")
}

/// A booking of two people, without numbers.
pub(super) fn between(law: &Law, a: usize, b: usize, now: Timestamp) -> Booking {
    let pool = PoolName::default();
    let side = |n: usize| {
        Side::of(vec![Phone {
            number: PhoneNumber::new(person(n)),
            party: key(n),
        }])
    };
    Booking {
        id: BookingId::new("b"),
        number: 0,
        revision: 0,
        pair: PairKey::of(&pool, key(a), key(b)),
        pool,
        a: side(a),
        b: side(b),
        created_at: now,
        expires_at: later(now, law.rules.expires_after),
        idle_ttl: None,
        closing: None,
        terms: Terms::default(),
    }
}

/// A number that rests for somebody from then on.
pub(super) fn resting(party: PartyKey, vn: Vn, pair: PairKey, from: Timestamp, law: &Law) -> Leg {
    Leg {
        party,
        vn,
        booking: 0,
        side: SideName::A,
        remembered: false,
        pair,
        rests_from: from,
        free_from: later(from, law.rules.cooldown),
    }
}

/// What can happen to a booking.
fn events_of(booking: usize) -> impl Iterator<Item = Event> {
    let closes = REASONS.map(|reason| Event::Close { booking, reason });
    let of_side = move |side| {
        let changes = (0..PEOPLE).map(move |to| Event::Change { booking, side, to });
        changes.chain([Event::Leave { booking, side }])
    };
    let of_sides = SideName::BOTH.into_iter().flat_map(of_side);
    closes
        .into_iter()
        .chain([Event::Reopen { booking }])
        .chain(of_sides)
}

impl World {
    pub(super) fn begin(is_forgetful: bool) -> Self {
        Self {
            now: begin(),
            bookings: Vec::new(),
            legs: BTreeMap::new(),
            newest: 0,
            is_forgetful,
        }
    }

    pub(super) fn numbered(&self, number: u64) -> Option<&Booking> {
        self.bookings.iter().find(|it| it.number == number)
    }

    /// All worlds that can be next while the numbers are in one of these ways.
    pub(super) fn next(&self, law: &Law, wells: Wells) -> Vec<(Event, Self)> {
        let mut next = Vec::new();
        let mut happens = |world: &Self, event: Event| {
            let after = world.after(event, law, wells).into_iter();
            next.extend(after.map(|world| (event, world)));
        };
        for event in self.events(law) {
            happens(self, event);
        }
        if self.is_forgetful {
            for (world, booking) in self.turned() {
                events_of(booking).for_each(|event| happens(&world, event));
            }
            for (world, booking) in self.with_one_that_was(law) {
                happens(&world, Event::Reopen { booking });
            }
        }
        next
    }

    /// What may happen next, and some that cannot.
    pub(super) fn events(&self, law: &Law) -> Vec<Event> {
        let mut events = vec![Event::Wait];
        if self.has_room(law) {
            for a in 0..PEOPLE {
                let others = (0..PEOPLE).filter(|b| *b != a);
                events.extend(others.map(|b| Event::Create { a, b }));
            }
        }
        events.extend((0..self.bookings.len()).flat_map(events_of));
        if !self.is_forgetful {
            events.push(Event::Sweep);
            events.extend((0..self.bookings.len()).map(|booking| Event::Erase { booking }));
        }
        events
    }

    /// The worlds that may be after an event; none when it cannot happen here, or there would be more at a time than may be.
    pub(super) fn after(&self, event: Event, law: &Law, wells: Wells) -> Vec<Self> {
        let it = |booking: usize| &self.bookings[booking];
        let mut worlds = match event {
            Event::Create { a, b } => self.create(a, b, law, wells),
            Event::Change { booking, side, to } => self.change(it(booking), side, to, law, wells),
            Event::Leave { booking, side } => self.leave(it(booking), side, law, wells),
            Event::Close { booking, reason } => {
                self.close(it(booking), reason, law).into_iter().collect()
            }
            Event::Reopen { booking } => self.reopen(it(booking), law).into_iter().collect(),
            Event::Erase { booking } => self.erase(booking, law).into_iter().collect(),
            Event::Wait => self.later(law),
            Event::Sweep => vec![self.swept()],
        };
        worlds.retain(|world| world.fits(law));
        worlds
    }

    /// Whether there is no more at a time than there may be.
    fn fits(&self, law: &Law) -> bool {
        let bear: Vec<_> = self
            .bookings
            .iter()
            .filter(|it| self.bears(it, law))
            .collect();
        let unsettled = bear.iter().map(|it| {
            let earlier = it.a.earlier.len() + it.b.earlier.len();
            earlier + usize::from(self.is_unclosed(it))
        });
        bear.len() <= law.size.bookings && unsettled.sum::<usize>() <= law.size.unsettled
    }

    /// Whether there may be another booking: those that last would stay beside it.
    pub(super) fn has_room(&self, law: &Law) -> bool {
        let last = self.bookings.iter().filter(|it| self.lasts(it, law));
        last.count() < law.size.bookings
    }

    /// Whether a booking bears on what can happen: its numbers are not free again, or a leg still tells of it.
    pub(super) fn bears(&self, booking: &Booking, law: &Law) -> bool {
        let tells = |leg: &Leg| leg.booking == booking.number && leg.rests_from > self.now;
        self.lasts(booking, law) || self.legs.values().any(tells)
    }

    /// Whether it connects somebody, or the sweeper has yet to close it before its numbers are free.
    fn lasts(&self, booking: &Booking, law: &Law) -> bool {
        let free_from = later(booking.expires_at, law.rules.cooldown);
        self.now < booking.rests_from() || self.is_unclosed(booking) && self.now < free_from
    }

    /// Whether its time is over and the sweeper has not come yet.
    pub(super) fn is_unclosed(&self, booking: &Booking) -> bool {
        booking.closing.is_none() && self.now >= booking.expires_at
    }

    /// The worlds a moment later: the sweeper may be late for any of the bookings that are over.
    fn later(&self, law: &Law) -> Vec<Self> {
        let now = later(self.now, MOMENT);
        let later = Self {
            now,
            ..self.clone()
        };
        let due = later.bookings.iter().filter(|it| later.is_unclosed(it));
        let due: Vec<_> = due.map(|it| it.number).collect();
        let mut worlds = vec![later];
        for number in due {
            let closed = |world: &Self| {
                let closed = world.close(world.numbered(number)?, CloseReason::Expired, law);
                Some(closed.expect("what is over can be closed"))
            };
            let closed: Vec<_> = worlds.iter().filter_map(closed).collect();
            worlds.extend(closed);
        }
        worlds
    }

    fn swept(&self) -> Self {
        let mut world = self.clone();
        world.legs.retain(|_, leg| leg.free_from > self.now);
        world
    }

    fn erase(&self, booking: usize, law: &Law) -> Option<Self> {
        let mut world = self.clone();
        let it = world.bookings.remove(booking);
        if it.closing.is_none() || self.now < later(it.rests_from(), law.rules.cooldown) {
            return None;
        }
        let parties = it.parties();
        let goes = |leg: &Leg| leg.booking == it.number && parties.contains(&leg.party);
        world.legs.retain(|_, leg| !goes(leg));
        Some(world)
    }
}
