//! The small world: its states, and what can happen in each. The store here is a model of what the tables promise, so that
//! millions of worlds can be tried; that the engines keep the same promise is what the other tests ask.
//!
//! Whatever the program leaves to chance or to the order of rows can go each way here: numbers are looked at in each of their six
//! orders. Bookings leave a number that is gone one at a time, at any time after it, as they do.

use std::collections::{BTreeMap, HashSet};

use callwright::call::PhoneNumber;
use callwright::masking::allocate::{Allotted, Luck, Rung, Stock, Want, Wanted, allot, allot_one};
use callwright::masking::booking::{
    Booking, BookingId, CloseReason, Phone, Side, SideName, Terms, later,
};
use callwright::masking::change::{self, Around};
use callwright::masking::{
    BookingWrite, Health, Leg, NumberBook, PairKey, PartyKey, PoolName, PoolNumber, PoolRules, Vn,
};
use callwright::outbound::{Country, Destinations};
use jiff::{SignedDuration, Timestamp};

use crate::masking::{BEGIN, number, person};

pub(super) const PEOPLE: usize = 3;

/// The orders in which numbers may be looked at: in the first three each is the first once, which is all that a choice of one needs.
const ORDERS: [[usize; 3]; 6] = [
    [0, 1, 2],
    [1, 2, 0],
    [2, 0, 1],
    [0, 2, 1],
    [1, 0, 2],
    [2, 1, 0],
];
const OF_ONE: usize = 3;

/// The moments of a time line are this long, and all that lasts lasts some of them.
const MOMENT: SignedDuration = SignedDuration::from_hours(1);

/// One state of the world.
#[derive(Clone)]
pub(super) struct World {
    pub(super) now: Timestamp,
    pub(super) bookings: Vec<Booking>,
    pub(super) legs: BTreeMap<(PartyKey, Vn), Leg>,
    /// Which numbers are gone, a bit each.
    pub(super) gone: usize,
    /// How often more a side may become somebody else, a booking be opened again, a number go or come back.
    pub(super) left: Left,
}

/// How often things may happen that may happen for ever.
#[derive(Debug, Clone, Copy)]
pub(super) struct Left {
    pub(super) changes: u8,
    pub(super) reopenings: u8,
    pub(super) sickenings: u8,
}

/// What can happen.
#[derive(Debug, Clone, Copy)]
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
    /// A number is gone, or back.
    Sicken { number: usize },
    /// A side that has a number that is gone gets another, behind the scenes or in a call.
    Leave { booking: usize, side: SideName },
    /// What is nobody's is deleted.
    Sweep,
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

/// How the numbers are, made once for each way that they can be.
pub(super) struct Numbers {
    pub(super) all: Vec<PoolNumber>,
    pub(super) book: NumberBook,
    /// What may be given of them, in each order.
    stocks: Vec<Stock>,
}

pub(super) struct Law {
    pub(super) rules: PoolRules,
    pub(super) destinations: Destinations,
    numbers: Vec<Numbers>,
    /// How many bookings there may ever be, and how many numbers there are.
    pub(super) size: Size,
    pub(super) people: Vec<PhoneNumber>,
}

/// How large a world is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) bookings: usize,
    pub(super) numbers: usize,
    pub(super) left: Left,
}

impl Law {
    pub(super) fn new(size: Size) -> Self {
        // A number rests for less long than a booking lasts, so that one lives while another's number rests and is given anew; and
        // where there is no other, it is given at once.
        let mut rules = PoolRules {
            cooldown: MOMENT,
            cooldown_min: SignedDuration::ZERO,
            expires_after: MOMENT * 2,
            ..PoolRules::default()
        };
        rules.grace.completed = MOMENT;
        rules.grace.b_to_a = false;
        let singapore = Country::parse("SG").expect("a country");
        Self {
            rules,
            destinations: Destinations::new([], [singapore]),
            numbers: (0..1 << size.numbers)
                .map(|gone| numbers(gone, size.numbers))
                .collect(),
            size,
            people: (0..PEOPLE).map(|n| PhoneNumber::new(person(n))).collect(),
        }
    }

    pub(super) fn numbers(&self, world: &World) -> &Numbers {
        &self.numbers[world.gone]
    }
}

fn numbers(gone: usize, count: usize) -> Numbers {
    let all: Vec<_> = (0..count)
        .map(|n| PoolNumber {
            vn: Vn(u32::try_from(n).expect("few") + 1),
            health: match gone & (1 << n) {
                0 => Health::Active,
                _ => Health::Inactive,
            },
            ..number(n)
        })
        .collect();
    let stock = |order: [usize; 3]| Stock::of(order.iter().filter_map(|n| all.get(*n)));
    Numbers {
        book: NumberBook::new(all.clone()),
        stocks: ORDERS.into_iter().map(stock).collect(),
        all,
    }
}

/// A place in memory by a number, and back.
pub(super) fn at(number: u64) -> usize {
    usize::try_from(number).expect("few") - 1
}

impl World {
    pub(super) fn begin(law: &Law) -> Self {
        Self {
            now: BEGIN.parse().expect("a time"),
            bookings: Vec::new(),
            legs: BTreeMap::new(),
            gone: 0,
            left: law.size.left,
        }
    }

    /// All that can happen next, but the sweeper's coming; what changes nothing is left out.
    pub(super) fn next(&self, law: &Law) -> Vec<(Event, Self)> {
        let mut next = Vec::new();
        let mut may = |event: Event| {
            let worlds = self.after(event, law).into_iter();
            next.extend(worlds.map(|world| (event, world)));
        };
        may(Event::Wait);
        for number in 0..law.size.numbers {
            may(Event::Sicken { number });
        }
        for a in 0..PEOPLE {
            for b in (0..PEOPLE).filter(|b| *b != a) {
                may(Event::Create { a, b });
            }
        }
        for booking in 0..self.bookings.len() {
            for reason in [CloseReason::Completed, CloseReason::Cancelled] {
                may(Event::Close { booking, reason });
            }
            may(Event::Reopen { booking });
            for side in SideName::BOTH {
                may(Event::Leave { booking, side });
                for to in 0..PEOPLE {
                    may(Event::Change { booking, side, to });
                }
            }
        }
        next
    }

    /// The worlds that may be after an event; none when it cannot happen here.
    pub(super) fn after(&self, event: Event, law: &Law) -> Vec<Self> {
        let (mut world, mut any) = (self.clone(), 1);
        let left = match event {
            Event::Change { .. } => &mut world.left.changes,
            Event::Reopen { .. } => &mut world.left.reopenings,
            Event::Sicken { .. } => &mut world.left.sickenings,
            _ => &mut any,
        };
        match left.checked_sub(1) {
            Some(less) => *left = less,
            None => return Vec::new(),
        }
        world.happens(event, law)
    }

    fn happens(mut self, event: Event, law: &Law) -> Vec<Self> {
        match event {
            Event::Create { a, b } if self.bookings.len() < law.size.bookings => {
                return self.create(a, b, law);
            }
            Event::Create { .. } => return Vec::new(),
            Event::Change { booking, side, to } => return self.change(booking, side, to, law),
            Event::Leave { booking, side } => return self.leave(booking, side, law),
            Event::Close { booking, reason } => {
                let known = &self.bookings[booking];
                if !known.is_open(self.now) {
                    return Vec::new();
                }
                let after = change::closed(known.clone(), reason, &law.rules, self.now);
                return self.kept(known, after, None, law).into_iter().collect();
            }
            Event::Reopen { booking } => {
                let known = &self.bookings[booking];
                if known.is_open(self.now) {
                    return Vec::new();
                }
                let until = later(self.now, law.rules.expires_after);
                let after = change::reopened(known.clone(), until, &law.rules, self.now);
                let kept = after.and_then(|after| self.kept(known, after, None, law));
                return kept.into_iter().collect();
            }
            Event::Wait => self.now = later(self.now, MOMENT),
            Event::Sicken { number } => self.gone ^= 1 << number,
            Event::Sweep => {
                let now = self.now;
                self.legs.retain(|_, leg| leg.free_from > now);
            }
        }
        vec![self]
    }

    fn want(booking: &Booking, side: SideName) -> Want {
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

    /// What `choose` may give, over all orders in which numbers and legs can be looked at. Whether it gives anything is the same in all of
    /// them, and where it gives `one` number the first orders give all.
    fn choices<T: PartialEq>(
        &self,
        booking: &Booking,
        legs: &[Leg],
        refused: &HashSet<Vn>,
        law: &Law,
        choose: impl Fn(&Wanted<'_>, &mut Luck<'_>) -> Option<T>,
        is_one: impl Fn(&T) -> bool,
    ) -> Vec<T> {
        let (a, b) = (
            Self::want(booking, SideName::A),
            Self::want(booking, SideName::B),
        );
        let of_pair = self.of_pair(booking);
        let last = of_pair.first().and_then(|it| {
            let was = it.side_of(booking.a.primary().party)?;
            Some((it.side(was).vn, it.side(was.other()).vn))
        });
        let mut found: Vec<T> = Vec::new();
        for (nth, (stock, order)) in law.numbers(self).stocks.iter().zip(ORDERS).enumerate() {
            if nth == OF_ONE && found.iter().all(&is_one) {
                break;
            }
            let mut legs = legs.to_vec();
            legs.sort_by_key(|leg| order[at(leg.vn.0.into())]);
            let wanted = Wanted {
                rules: &law.rules,
                stock,
                a: &a,
                b: &b,
                pair: booking.pair,
                legs: &legs,
                last: last.filter(|_| booking.number == 0),
                refused,
                now: self.now,
            };
            let luck = &mut Luck {
                draw: &mut |_| 0,
                load: &|_| 0,
            };
            let Some(choice) = choose(&wanted, luck) else {
                break;
            };
            if !found.contains(&choice) {
                found.push(choice);
            }
        }
        found
    }

    /// The pair's bookings, but this one, newest first.
    fn of_pair(&self, booking: &Booking) -> Vec<Booking> {
        let all = self.bookings.iter().rev();
        all.filter(|it| it.pair == booking.pair && it.number != booking.number)
            .cloned()
            .collect()
    }

    fn create(&self, a: usize, b: usize, law: &Law) -> Vec<Self> {
        let pool = PoolName::default();
        let booking = Booking {
            id: BookingId::new("b"),
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
        let (legs, others) = (self.held_by(&booking.parties()), self.of_pair(&booking));
        let choose = |wanted: &Wanted<'_>, luck: &mut Luck<'_>| allot(wanted, luck).ok();
        let is_one = |given: &Allotted| given.a == given.b && given.rung != Rung::Known;
        let given = self.choices(&booking, &legs, &HashSet::new(), law, choose, is_one);
        let made = given.into_iter().filter_map(|given| {
            let mut booking = booking.clone();
            (booking.a.vn, booking.b.vn) = (given.a, given.b);
            let around = Around {
                rules: &law.rules,
                held: &legs,
                others: &others,
                now: self.now,
            };
            let mut write = change::write(booking, around);
            write.rested_before = given.rested_before;
            self.applied(write)
        });
        made.collect()
    }

    fn change(&self, booking: usize, side: SideName, to: usize, law: &Law) -> Vec<Self> {
        let known = &self.bookings[booking];
        let is_free = known.parties().iter().all(|party| *party != key(to));
        if !known.is_open(self.now) || !is_free {
            return Vec::new();
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
        let others = self.of_pair(known);
        let mut ways = vec![(after, None)];
        for side in SideName::BOTH {
            let renumbered = ways
                .into_iter()
                .flat_map(|(after, rested)| {
                    self.renumbered(known, after, rested, side, &legs, &others, law)
                })
                .collect();
            ways = renumbered;
        }
        let kept = ways
            .into_iter()
            .filter_map(|(after, rested)| self.kept(known, after, rested, law));
        kept.collect()
    }

    /// A changed booking whose `side` keeps its number if it can, else has another.
    #[expect(
        clippy::too_many_arguments,
        reason = "all that bears on one side of a change"
    )]
    fn renumbered(
        &self,
        known: &Booking,
        mut after: Booking,
        rested: Option<Timestamp>,
        side: SideName,
        legs: &[Leg],
        others: &[Booking],
        law: &Law,
    ) -> Vec<(Booking, Option<Timestamp>)> {
        let (vn, party) = (after.side(side).vn, after.side(side).primary().party);
        let is_needed = |vn: Vn| {
            let mut others = others.iter();
            others.any(|other| change::serves(other, party, vn, self.now))
        };
        let mut there = legs.iter().filter(|leg| leg.party == party && leg.vn == vn);
        let is_free =
            there.all(|leg| leg.booking == known.number || !leg.blocks(after.pair, self.now));
        if is_free && !is_needed(vn) {
            after.side_mut(side).earlier.retain(|vn| !is_needed(*vn));
            return vec![(after, rested)];
        }
        let choose = |wanted: &Wanted<'_>, luck: &mut Luck<'_>| allot_one(wanted, side, luck).ok();
        let found = self.choices(&after, legs, &HashSet::from([vn]), law, choose, |_| true);
        let ways = found.into_iter().map(|(vn, after_rest)| {
            let mut after = after.clone();
            let it = after.side_mut(side);
            it.vn = vn;
            it.earlier.clear();
            (after, rested.max(after_rest))
        });
        ways.collect()
    }

    fn leave(&self, booking: usize, side: SideName, law: &Law) -> Vec<Self> {
        let known = &self.bookings[booking];
        let vn = known.side(side).vn;
        let is_gone = self.gone & (1 << at(vn.0.into())) != 0;
        if !is_gone || self.now >= known.rests_from() {
            return Vec::new();
        }
        let legs = self.held_by(&known.parties());
        let refused = known.side(side).numbers().collect();
        let choose = |wanted: &Wanted<'_>, luck: &mut Luck<'_>| allot_one(wanted, side, luck).ok();
        let found = self.choices(known, &legs, &refused, law, choose, |_| true);
        let kept = found.into_iter().filter_map(|(vn, rested)| {
            let after = change::moved(known.clone(), side, vn);
            self.kept(known, after, rested, law)
        });
        kept.collect()
    }

    fn kept(
        &self,
        known: &Booking,
        after: Booking,
        rested: Option<Timestamp>,
        law: &Law,
    ) -> Option<Self> {
        let mut parties = known.parties();
        parties.extend(after.parties());
        let (legs, others) = (self.held_by(&parties), self.of_pair(known));
        let around = Around {
            rules: &law.rules,
            held: &legs,
            others: &others,
            now: self.now,
        };
        let mut write = change::write(after, around);
        write.rested_before = rested;
        self.applied(write)
    }

    /// Keeps a write as the stores do: all of it, or nothing.
    fn applied(&self, write: BookingWrite) -> Option<Self> {
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
        let mut world = self.clone();
        match booking.number {
            0 => {
                booking.number = world.bookings.len() as u64 + 1;
                world.bookings.push(booking.clone());
            }
            number => world.bookings[at(number)] = booking.clone(),
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
            world.legs.insert((leg.party, leg.vn), leg);
        }
        for leg in write.changes {
            world.legs.insert((leg.party, leg.vn), leg);
        }
        Some(world)
    }
}
