//! The small world: its states, and what can happen in each. The store here is a model of what the tables promise, so that thousands
//! of worlds a second can be tried; that the engines keep the same promise is what the other tests ask.

use std::collections::{BTreeMap, HashSet};

use callwright::call::PhoneNumber;
use callwright::masking::allocate::{Luck, Stock, Want, Wanted, allot, allot_one};
use callwright::masking::booking::{
    Booking, BookingId, CloseReason, Phone, Side, SideName, Terms, later,
};
use callwright::masking::change::{self, Around};
use callwright::masking::{
    BookingWrite, Health, Leg, PairKey, PartyKey, PoolName, PoolNumber, PoolRules, Vn,
};
use callwright::outbound::{Country, Destinations};
use jiff::{SignedDuration, Timestamp};

use crate::masking::{BEGIN, number, person};

pub(super) const PEOPLE: usize = 3;
const NUMBERS: usize = 3;
const BOOKINGS: usize = 4;

/// One state of the world.
#[derive(Clone)]
pub(super) struct World {
    pub(super) now: Timestamp,
    pub(super) bookings: Vec<Booking>,
    pub(super) legs: BTreeMap<(PartyKey, Vn), Leg>,
    health: [Health; NUMBERS],
}

/// What can happen.
#[derive(Debug, Clone, Copy)]
pub(super) enum Event {
    /// Two people get a booking; the number that chance points at is tried first.
    Create { a: usize, b: usize, draw: u64 },
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
    /// A number gets sick or well, and bookings leave it.
    Sicken { number: usize, health: Health },
}

pub(super) fn key(n: usize) -> PartyKey {
    PartyKey([u8::try_from(n).expect("few") + 1; 16])
}

fn phone(n: usize) -> Phone {
    Phone {
        number: PhoneNumber::new(person(n)),
        party: key(n),
    }
}

pub(super) struct Law {
    pub(super) rules: PoolRules,
    pub(super) destinations: Destinations,
}

impl Law {
    pub(super) fn new() -> Self {
        let mut rules = PoolRules {
            cooldown: SignedDuration::from_hours(5),
            cooldown_min: SignedDuration::from_hours(2),
            expires_after: SignedDuration::from_hours(7),
            ..PoolRules::default()
        };
        rules.grace.completed = SignedDuration::from_hours(4);
        rules.grace.b_to_a = false;
        let singapore = Country::parse("SG").expect("a country");
        Self {
            rules,
            destinations: Destinations::new([], [singapore]),
        }
    }
}

impl World {
    pub(super) fn begin() -> Self {
        Self {
            now: BEGIN.parse().expect("a time"),
            bookings: Vec::new(),
            legs: BTreeMap::new(),
            health: [Health::Active; NUMBERS],
        }
    }

    pub(super) fn numbers(&self) -> Vec<PoolNumber> {
        let all = self.health.iter().enumerate();
        all.map(|(n, health)| PoolNumber {
            vn: Vn(u32::try_from(n).expect("few") + 1),
            health: *health,
            ..number(n)
        })
        .collect()
    }

    /// What is the same for all that can happen from here on.
    pub(super) fn print(&self) -> String {
        let since = |at: Timestamp| at.duration_since(self.now).as_hours().max(-20);
        let bookings: Vec<_> = self
            .bookings
            .iter()
            .map(|it| {
                let side = |side: &Side| (side.primary().party, side.vn, side.earlier.clone());
                let closing = it
                    .closing
                    .map(|it| (since(it.a_to_b_until), since(it.b_to_a_until)));
                (side(&it.a), side(&it.b), since(it.expires_at), closing)
            })
            .collect();
        let legs: Vec<_> = self
            .legs
            .values()
            .map(|it| {
                (
                    it.party,
                    it.vn,
                    it.booking,
                    it.side,
                    since(it.rests_from),
                    since(it.free_from),
                )
            })
            .collect();
        format!("{bookings:?} {legs:?} {:?}", self.health)
    }

    pub(super) fn events(&self) -> Vec<Event> {
        let mut events = vec![Event::Wait];
        if self.bookings.len() < BOOKINGS {
            for (a, b) in [(0, 1), (1, 0), (0, 2), (1, 2)] {
                events.extend((0..NUMBERS as u64).map(|draw| Event::Create { a, b, draw }));
            }
        }
        for booking in 0..self.bookings.len() {
            for reason in [CloseReason::Completed, CloseReason::Cancelled] {
                events.push(Event::Close { booking, reason });
            }
            events.push(Event::Reopen { booking });
            for side in SideName::BOTH {
                events.extend((0..PEOPLE).map(|to| Event::Change { booking, side, to }));
            }
        }
        for number in 0..NUMBERS {
            let health = match self.health[number] {
                Health::Active => Health::Inactive,
                _ => Health::Active,
            };
            events.push(Event::Sicken { number, health });
        }
        events
    }

    /// The world after an event; `None` when it cannot happen here.
    pub(super) fn after(&self, event: Event, law: &Law) -> Option<Self> {
        let mut world = self.clone();
        match event {
            Event::Create { a, b, draw } => world.create(a, b, draw, law)?,
            Event::Close { booking, reason } => {
                let known = self.bookings[booking].clone();
                if !known.is_open(self.now) {
                    return None;
                }
                let after = change::closed(known.clone(), reason, &law.rules, self.now);
                world.keep(&known, after, None, law)?;
            }
            Event::Reopen { booking } => {
                let known = self.bookings[booking].clone();
                if known.is_open(self.now) {
                    return None;
                }
                let until = later(self.now, law.rules.expires_after);
                let after = change::reopened(known.clone(), until, &law.rules, self.now)?;
                world.keep(&known, after, None, law)?;
            }
            Event::Change { booking, side, to } => world.change(booking, side, to, law)?,
            Event::Wait => world.now = later(self.now, SignedDuration::from_hours(3)),
            Event::Sicken { number, health } => {
                world.health[number] = health;
                world.leave(law);
            }
        }
        Some(world)
    }

    fn want(&self, booking: &Booking, side: SideName) -> Want {
        Want {
            parties: booking.side(side).parties().collect(),
            country: Country::parse("SG"),
            digits: String::new(),
            named: None,
        }
    }

    fn held_by(&self, parties: &[PartyKey]) -> Vec<Leg> {
        let legs = self.legs.values();
        legs.filter(|leg| parties.contains(&leg.party))
            .copied()
            .collect()
    }

    fn create(&mut self, a: usize, b: usize, draw: u64, law: &Law) -> Option<()> {
        let pool = PoolName::default();
        let mut booking = Booking {
            id: BookingId::new(format!("b{}", self.bookings.len())),
            number: 0,
            revision: 0,
            pair: PairKey::of(&pool, key(a), key(b)),
            pool,
            a: Side::of(vec![phone(a)]),
            b: Side::of(vec![phone(b)]),
            created_at: self.now,
            expires_at: later(self.now, law.rules.expires_after),
            idle_ttl: None,
            closing: None,
            terms: Terms::default(),
        };
        let legs = self.held_by(&booking.parties());
        let (want_a, want_b) = (
            self.want(&booking, SideName::A),
            self.want(&booking, SideName::B),
        );
        let of_pair: Vec<_> = self
            .bookings
            .iter()
            .rev()
            .filter(|it| it.pair == booking.pair)
            .cloned()
            .collect();
        let last = of_pair.first().and_then(|it| {
            let was = it.side_of(key(a))?;
            Some((it.side(was).vn, it.side(was.other()).vn))
        });
        let stock = Stock::of(&self.numbers());
        let wanted = Wanted {
            rules: &law.rules,
            stock: &stock,
            a: &want_a,
            b: &want_b,
            pair: booking.pair,
            legs: &legs,
            last,
            refused: &HashSet::new(),
            now: self.now,
        };
        let luck = &mut Luck {
            draw: &mut |below| draw % below,
            load: &|_| 0,
        };
        let given = allot(&wanted, luck).ok()?;
        (booking.a.vn, booking.b.vn) = (given.a, given.b);
        let around = Around {
            rules: &law.rules,
            held: &legs,
            others: &of_pair,
            now: self.now,
        };
        let mut write = change::write(booking, around);
        write.rested_before = given.rested_before;
        self.apply(write)
    }

    fn change(&mut self, booking: usize, side: SideName, to: usize, law: &Law) -> Option<()> {
        let known = self.bookings[booking].clone();
        let is_free = known.parties().iter().all(|party| *party != key(to));
        if !known.is_open(self.now) || !is_free {
            return None;
        }
        let mut after = known.clone();
        let it = after.side_mut(side);
        it.phones = vec![phone(to)];
        it.earlier.clear();
        after.pair = PairKey::of(
            &after.pool,
            after.a.primary().party,
            after.b.primary().party,
        );
        let mut parties = known.parties();
        parties.push(key(to));
        let legs = self.held_by(&parties);
        let others: Vec<_> = self.others(&known);
        let mut rested = None;
        for side in SideName::BOTH {
            let vn = after.side(side).vn;
            let party = after.side(side).primary().party;
            let is_needed = others
                .iter()
                .any(|other| change::serves(other, party, vn, self.now));
            let mut there = legs.iter().filter(|leg| leg.party == party && leg.vn == vn);
            let keeps = !is_needed
                && there
                    .all(|leg| leg.booking == known.number || !leg.blocks(after.pair, self.now));
            if keeps {
                let may_hold = |vn: &Vn| {
                    !others
                        .iter()
                        .any(|other| change::serves(other, party, *vn, self.now))
                };
                after.side_mut(side).earlier.retain(may_hold);
                continue;
            }
            let (want_a, want_b) = (
                self.want(&after, SideName::A),
                self.want(&after, SideName::B),
            );
            let stock = Stock::of(&self.numbers());
            let refused = HashSet::from([vn]);
            let wanted = Wanted {
                rules: &law.rules,
                stock: &stock,
                a: &want_a,
                b: &want_b,
                pair: after.pair,
                legs: &legs,
                last: None,
                refused: &refused,
                now: self.now,
            };
            let luck = &mut Luck {
                draw: &mut |_| 0,
                load: &|_| 0,
            };
            let (vn, after_rest) = allot_one(&wanted, side, luck).ok()?;
            rested = rested.max(after_rest);
            let it = after.side_mut(side);
            it.vn = vn;
            it.earlier.clear();
        }
        self.keep(&known, after, rested, law)
    }

    fn others(&self, known: &Booking) -> Vec<Booking> {
        let all = self.bookings.iter().rev();
        all.filter(|it| it.pair == known.pair && it.number != known.number)
            .cloned()
            .collect()
    }

    fn keep(
        &mut self,
        known: &Booking,
        after: Booking,
        rested: Option<Timestamp>,
        law: &Law,
    ) -> Option<()> {
        let mut parties = known.parties();
        parties.extend(after.parties());
        let (legs, others) = (self.held_by(&parties), self.others(known));
        let around = Around {
            rules: &law.rules,
            held: &legs,
            others: &others,
            now: self.now,
        };
        let mut write = change::write(after, around);
        write.rested_before = rested;
        self.apply(write)
    }

    /// Bookings leave numbers that are gone.
    fn leave(&mut self, law: &Law) {
        for at in 0..self.bookings.len() {
            for side in SideName::BOTH {
                let known = self.bookings[at].clone();
                let vn = known.side(side).vn;
                let is_sick = self.health[vn.0 as usize - 1] == Health::Inactive;
                if !is_sick || self.now >= known.rests_from() {
                    continue;
                }
                let legs = self.held_by(&known.parties());
                let (want_a, want_b) = (
                    self.want(&known, SideName::A),
                    self.want(&known, SideName::B),
                );
                let stock = Stock::of(&self.numbers());
                let refused = known.side(side).numbers().collect();
                let wanted = Wanted {
                    rules: &law.rules,
                    stock: &stock,
                    a: &want_a,
                    b: &want_b,
                    pair: known.pair,
                    legs: &legs,
                    last: None,
                    refused: &refused,
                    now: self.now,
                };
                let luck = &mut Luck {
                    draw: &mut |_| 0,
                    load: &|_| 0,
                };
                if let Ok((vn, rested)) = allot_one(&wanted, side, luck) {
                    let after = change::moved(known.clone(), side, vn);
                    // When the write is refused, the booking stays where it is.
                    _ = self.keep(&known, after, rested, law);
                }
            }
        }
    }

    /// Keeps a write as the stores do: all of it, or nothing.
    fn apply(&mut self, write: BookingWrite) -> Option<()> {
        let mut booking = write.booking;
        let rested = write.rested_before;
        let may_take = |leg: &Leg| {
            let old = self.legs.get(&(leg.party, leg.vn));
            old.is_none_or(|old| {
                old.pair == leg.pair
                    || old.free_from <= write.now
                    || rested.is_some_and(|before| old.rests_from <= before)
            })
        };
        let is_own = |leg: &Leg| {
            let old = self.legs.get(&(leg.party, leg.vn));
            old.is_some_and(|old| old.booking == booking.number)
        };
        if !write.takes.iter().all(may_take) || !write.changes.iter().all(is_own) {
            return None;
        }
        match booking.number {
            0 => {
                booking.number = self.bookings.len() as u64 + 1;
                self.bookings.push(booking.clone());
            }
            number => self.bookings[usize::try_from(number).expect("few") - 1] = booking.clone(),
        }
        for leg in write.takes {
            let mut leg = Leg {
                booking: booking.number,
                ..leg
            };
            if let Some(old) = self.legs.get(&(leg.party, leg.vn))
                && old.pair == leg.pair
                && old.booking != leg.booking
            {
                leg.rests_from = leg.rests_from.max(old.rests_from);
                leg.free_from = leg.free_from.max(old.free_from);
            }
            self.legs.insert((leg.party, leg.vn), leg);
        }
        for leg in write.changes {
            self.legs.insert((leg.party, leg.vn), leg);
        }
        Some(())
    }
}
