//! What of a world bears on what can happen from it on, as one number that is the same for all worlds which are alike. A search
//! looks at one world of each form; [`World::of`] makes it from the form.
//!
//! What is left out, and why that may be:
//!
//! * **Names.** The rules compare people and numbers, and never ask which one it is: a world in which they are renamed goes on in the
//!   same ways, renamed. The form is the least of all renamings.
//! * **The clock.** Times are compared with now and with each other: what counts is how many moments are left. What has been
//!   over for as long as a number rests is asked for nothing but that.
//! * **What rests.** A leg that rests connects nobody, and only keeps numbers from being chosen: whatever may rest is tried, when numbers
//!   are. That calls to numbers that rest connect nobody is asked in each world, for each number that nobody holds.
//! * **Bookings that are over**, once the sweeper has closed them. They are asked for the numbers that two people get again, and to be
//!   opened again: whatever there may have been is tried, in each world.
//! * **How numbers are.** They go and come back at any moment, so from each world any way that they can be is no more than some
//!   moments without time away: every event is tried in all of them.
//! * **Which side is which**, until a booking is closed: grace has a direction. Until then sides are equal, so each event is tried
//!   both ways.
//!
//! Each leaves more ways than there are, never fewer. That this is so is tried: all short ways of the smallest worlds and long ones by
//! chance are gone with nothing left out, and each world there has to be of a form that is found here.

use std::collections::BTreeMap;

use callwright::masking::booking::{Booking, CloseReason, Closing, SideName, later};
use callwright::masking::{Leg, Vn};
use jiff::Timestamp;

use super::law::{Law, MOMENT, PEOPLE, key, nth, vn, who};
use super::model::{World, begin, between};

/// A form: 16 bits for each of four bookings, 7 for each of nine legs.
pub(super) type Form = u128;

const NUMBERS: usize = 3;
const BOOKINGS: usize = 4;
/// No booking: there is no such pair.
const NONE: Form = 0xffff;

/// A booking; its sides are in places 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Short {
    who: [usize; 2],
    number: [usize; 2],
    /// The numbers that a side had before, a bit each.
    earlier: [u8; 2],
    /// It was closed: it connects one way only, if any.
    is_closed: bool,
    /// For how many moments it still connects anybody; -1 when its numbers are free.
    left: i8,
}

/// A leg of a person on a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Held {
    /// Who is not of its pair.
    pair: usize,
    /// The place of its booking.
    booking: usize,
    /// Whether it names the side that its booking has the person on. One that rests is of no side any more.
    agrees: bool,
    /// For how many moments it is held.
    left: i8,
}

/// A world without what is left out, with names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bare {
    bookings: [Option<Short>; BOOKINGS],
    legs: [[Option<Held>; NUMBERS]; PEOPLE],
}

impl World {
    /// Its form.
    pub(super) fn form(&self, law: &Law) -> Form {
        Bare::of(self, law).form(law)
    }

    /// A world of this form.
    pub(super) fn of(form: Form, law: &Law) -> Self {
        Bare::read(form).world(law)
    }
}

/// How many moments are left until then; -1 for all that has been over for one.
fn left(until: Timestamp, now: Timestamp) -> i8 {
    let moments = until.duration_since(now).as_hours() / MOMENT.as_hours();
    i8::try_from(moments.max(-1)).expect("few moments")
}

fn bits(numbers: &[Vn]) -> u8 {
    numbers.iter().fold(0, |bits, vn| bits | 1 << nth(*vn))
}

impl Bare {
    pub(super) fn of(world: &World, law: &Law) -> Self {
        let mut bear: Vec<_> = world.bookings.iter().collect();
        bear.retain(|it| world.bears(it, law));
        let place = |number: u64| bear.iter().position(|it| it.number == number);
        let mut legs = [[None; NUMBERS]; PEOPLE];
        let held = world.legs.values().filter(|leg| leg.rests_from > world.now);
        for leg in held {
            let left = left(leg.rests_from, world.now);
            let booking = place(leg.booking).expect("the booking of a leg bears");
            let agrees = bear[booking].side_of(leg.party) == Some(leg.side);
            legs[who(leg.party)][nth(leg.vn)] = Some(Held {
                pair: law.odd_one_out(leg.pair),
                booking,
                agrees,
                left,
            });
        }
        let short = |place: usize| bear.get(place).map(|it| Short::of(it, world.now));
        Self {
            bookings: std::array::from_fn(short),
            legs,
        }
    }

    pub(super) fn world(&self, law: &Law) -> World {
        let now = begin();
        let mut bookings: Vec<_> = self
            .bookings
            .iter()
            .flatten()
            .map(|it| it.booking(law))
            .collect();
        for (place, booking) in (1..).zip(&mut bookings) {
            // Between two of them another may have been.
            booking.number = place * 10;
        }
        let mut legs = BTreeMap::new();
        for (person, on) in self.legs.iter().enumerate() {
            for (number, held) in on.iter().enumerate() {
                let Some(held) = held else { continue };
                let is_of = bookings[held.booking].side_of(key(person));
                let side = is_of.map(|side| if held.agrees { side } else { side.other() });
                let rests_from = later(now, MOMENT * held.left.into());
                let leg = Leg {
                    party: key(person),
                    vn: vn(number),
                    booking: bookings[held.booking].number,
                    side: side.unwrap_or(SideName::A),
                    remembered: false,
                    pair: law.pairs[held.pair],
                    rests_from,
                    free_from: later(rests_from, law.rules.cooldown),
                };
                legs.insert((leg.party, leg.vn), leg);
            }
        }
        World {
            now,
            newest: bookings.len() as u64 * 10,
            bookings,
            legs,
            is_forgetful: true,
        }
    }

    fn form(&self, law: &Law) -> Form {
        let [people, numbers] = &law.renamings;
        let renamed = people
            .iter()
            .flat_map(|people| numbers.iter().map(move |numbers| (people, numbers)));
        let written = renamed.map(|(people, numbers)| self.renamed(people, numbers).write());
        written.min().expect("there is a renaming")
    }

    /// The same world with other names.
    pub(super) fn renamed(&self, people: &[usize], numbers: &[usize]) -> Self {
        let bookings = self
            .bookings
            .map(|it| it.map(|it| it.renamed(people, numbers)));
        let mut legs = [[None; NUMBERS]; PEOPLE];
        for (person, on) in self.legs.iter().enumerate() {
            for (number, held) in on.iter().enumerate() {
                let Some(held) = held else { continue };
                legs[people[person]][numbers[number]] = Some(Held {
                    pair: people[held.pair],
                    ..*held
                });
            }
        }
        Self { bookings, legs }
    }

    fn write(&self) -> Form {
        let mut form = 0;
        for booking in self.bookings {
            form = form << 16 | booking.map_or(NONE, |it| it.write());
        }
        for held in self.legs.iter().flatten() {
            form = form << 7 | held.map_or(0, |it| it.write());
        }
        form
    }

    fn read(mut form: Form) -> Self {
        let mut legs = [[None; NUMBERS]; PEOPLE];
        for held in legs.iter_mut().flatten().rev() {
            *held = Held::read(form & 0x7f);
            form >>= 7;
        }
        let mut bookings = [None; BOOKINGS];
        for booking in bookings.iter_mut().rev() {
            *booking = Short::read(form & NONE);
            form >>= 16;
        }
        Self { bookings, legs }
    }
}

impl Short {
    fn of(booking: &Booking, now: Timestamp) -> Self {
        let sides = SideName::BOTH.map(|side| booking.side(side));
        let is_closed = booking.closing.is_some();
        let is_one_way = !is_closed || booking.connects_until(SideName::B) <= now;
        assert!(is_one_way, "grace lets a reach b");
        Self {
            who: sides.map(|side| who(side.primary().party)),
            number: sides.map(|side| nth(side.vn)),
            earlier: sides.map(|side| bits(&side.earlier)),
            is_closed,
            left: left(booking.rests_from(), now),
        }
    }

    fn booking(&self, law: &Law) -> Booking {
        let now = begin();
        let until = later(now, MOMENT * self.left.into());
        let mut booking = between(law, self.who[0], self.who[1], now);
        booking.expires_at = until;
        booking.closing = self.is_closed.then_some(Closing {
            at: until.min(now),
            reason: CloseReason::Completed,
            a_to_b_until: until,
            b_to_a_until: until.min(now),
        });
        for (n, side) in SideName::BOTH.into_iter().enumerate() {
            let side = booking.side_mut(side);
            side.vn = vn(self.number[n]);
            let had = (0..NUMBERS).filter(|number| self.earlier[n] & 1 << number != 0);
            side.earlier = had.map(vn).collect();
        }
        booking
    }

    /// Who is not of it.
    fn pair(&self) -> usize {
        3 - self.who[0] - self.who[1]
    }

    fn renamed(&self, people: &[usize], numbers: &[usize]) -> Self {
        let bits = |old: u8| {
            let had = (0..numbers.len()).filter(|n| old & 1 << n != 0);
            had.fold(0, |bits, n| bits | 1 << numbers[n])
        };
        let it = Self {
            who: self.who.map(|n| people[n]),
            number: self.number.map(|n| numbers[n]),
            earlier: self.earlier.map(bits),
            ..*self
        };
        match it.is_closed || it.who[0] < it.who[1] {
            true => it,
            false => it.turned(),
        }
    }

    fn turned(&self) -> Self {
        let turn = |[one, other]: [usize; 2]| [other, one];
        Self {
            who: turn(self.who),
            number: turn(self.number),
            earlier: [self.earlier[1], self.earlier[0]],
            ..*self
        }
    }

    fn write(&self) -> u128 {
        let mut bits = self.pair() as u128;
        bits = bits << 1 | u128::from(self.who[0] > self.who[1]);
        bits = bits << 1 | u128::from(self.is_closed);
        bits = bits << 2 | u128::try_from(self.left + 1).expect("at least -1");
        for side in 0..2 {
            bits = bits << 2 | self.number[side] as u128;
            bits = bits << 3 | u128::from(self.earlier[side]);
        }
        bits
    }

    fn read(bits: u128) -> Option<Self> {
        if bits == NONE {
            return None;
        }
        let of = |from: u8, width: u8| usize::try_from(bits >> from & ((1 << width) - 1));
        let of = |from, width| of(from, width).expect("a few bits");
        let byte = |from| u8::try_from(of(from, 3)).expect("three bits");
        let mut who = match of(14, 2) {
            0 => [1, 2],
            1 => [0, 2],
            _ => [0, 1],
        };
        if of(13, 1) == 1 {
            who.reverse();
        }
        Some(Self {
            who,
            is_closed: of(12, 1) == 1,
            left: i8::try_from(of(10, 2)).expect("two bits") - 1,
            number: [of(8, 2), of(3, 2)],
            earlier: [byte(5), byte(0)],
        })
    }
}

impl Held {
    fn write(&self) -> u128 {
        let bits = (self.pair << 2 | self.booking) << 1 | usize::from(self.agrees);
        (bits << 2) as u128 | u128::try_from(self.left + 1).expect("it is not free")
    }

    fn read(bits: u128) -> Option<Self> {
        let bits = usize::try_from(bits).expect("seven bits");
        let left = i8::try_from(bits & 3).expect("two bits") - 1;
        (left >= 0).then_some(Self {
            pair: bits >> 5,
            booking: bits >> 3 & 3,
            agrees: bits >> 2 & 1 == 1,
            left,
        })
    }
}
