//! Which worlds are alike: what can happen from one on can happen from the other, but for the names of people and numbers, which the
//! rules never look at. One of each such class is enough to be looked at.
//!
//! What is left out cannot bear on anything: times that are over for as long as a number rests (a leg that is free is asked for nothing
//! but that), and bookings that are over for as long, but for the newest of two people, whose numbers they get again.
//! That a free leg is as good as none is not only said: the search tries each world with and without them.

use callwright::masking::booking::{Booking, SideName, State};
use callwright::masking::{PairKey, PoolName, Vn};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::model::{Law, PEOPLE, World, at, key};

/// A class of worlds: 16 bytes of a hash, so that of some millions no two meet by chance.
pub(super) type Likeness = [u8; 16];

/// Names for people and numbers in the order in which they are met.
struct Names {
    people: [Option<u8>; PEOPLE],
    numbers: Vec<Option<u8>>,
    met: (u8, u8),
}

impl Names {
    fn person(&mut self, n: usize) -> u8 {
        let next = &mut self.met.0;
        *self.people[n].get_or_insert_with(|| {
            *next += 1;
            *next
        })
    }

    fn number(&mut self, vn: Vn) -> u8 {
        let next = &mut self.met.1;
        *self.numbers[at(vn.0.into())].get_or_insert_with(|| {
            *next += 1;
            *next
        })
    }
}

fn person_of(booking: &Booking, side: SideName) -> usize {
    usize::from(booking.side(side).primary().party.0[0]) - 1
}

impl World {
    /// The class that it is of.
    pub(super) fn likeness(&self, law: &Law) -> Likeness {
        let mut names = Names {
            people: [None; PEOPLE],
            numbers: vec![None; law.size.numbers],
            met: (0, 0),
        };
        let bears = self.what_bears(law);
        let left = self.left;
        let mut said = vec![
            u8::try_from(self.bookings.len()).expect("few"),
            left.changes,
            left.reopenings,
            left.sickenings,
        ];
        for place in &bears {
            self.say_booking(&self.bookings[*place], law, &mut names, &mut said);
        }
        for n in 0..PEOPLE {
            names.person(n);
        }
        // Numbers that no booking has are told apart by what else there is to them, and are alike when that is.
        let mut others: Vec<_> = (0..law.size.numbers)
            .map(|n| (names.numbers[n], self.number(n, &bears, law, &names)))
            .collect();
        others.sort();
        said.extend(others.into_iter().flat_map(|(_, said)| said));
        let hash: [u8; 32] = Sha256::digest(&said).into();
        *hash.first_chunk().expect("32 bytes begin with 16")
    }

    /// The places of the bookings that bear on what can happen, oldest first.
    fn what_bears(&self, law: &Law) -> Vec<usize> {
        let is_held = |number: u64| {
            let mut legs = self.legs.values();
            legs.any(|leg| leg.booking == number && leg.free_from > self.now)
        };
        let bears = |place: &usize| {
            let it = &self.bookings[*place];
            let is_newest = || {
                self.bookings[place + 1..]
                    .iter()
                    .all(|next| next.pair != it.pair)
            };
            it.state(self.now, law.rules.cooldown) != State::Free
                || is_held(it.number)
                || is_newest()
        };
        (0..self.bookings.len()).filter(bears).collect()
    }

    fn say_booking(&self, it: &Booking, law: &Law, names: &mut Names, said: &mut Vec<u8>) {
        for side in SideName::BOTH {
            said.push(names.person(person_of(it, side)));
            said.extend(it.side(side).numbers().map(|vn| names.number(vn)));
            said.push(0xff);
        }
        match &it.closing {
            None => said.extend([0, self.since(it.expires_at, law)]),
            Some(closing) => {
                let times = [closing.at, closing.a_to_b_until, closing.b_to_a_until];
                said.push(1);
                said.extend(times.map(|at| self.since(at, law)));
            }
        }
    }

    /// A time from now, in moments; all that is over for as long as a number rests is one.
    fn since(&self, time: Timestamp, law: &Law) -> u8 {
        let rest = law.rules.cooldown.as_hours();
        let since = time.duration_since(self.now).as_hours().max(-rest);
        u8::try_from(since + rest).expect("some moments")
    }

    /// What there is to a number: whether it is gone, and who holds it.
    fn number(&self, n: usize, bears: &[usize], law: &Law, names: &Names) -> Vec<u8> {
        let vn = Vn(u32::try_from(n).expect("few") + 1);
        let mut said = vec![u8::from(self.gone & (1 << n) != 0)];
        let mut legs: Vec<_> = (0..PEOPLE)
            .filter_map(|n| {
                let leg = self.legs.get(&(key(n), vn))?;
                let booking = bears.iter().position(|place| *place == at(leg.booking));
                (leg.free_from > self.now).then(|| {
                    [
                        names.people[n].expect("all have names by now"),
                        u8::try_from(booking.expect("it bears on this leg")).expect("few"),
                        // Who rests is of no side any more.
                        leg.side as u8 * u8::from(leg.rests_from > self.now),
                        names.people[odd_one_out(leg.pair)].expect("all have names by now"),
                        self.since(leg.rests_from, law),
                        self.since(leg.free_from, law),
                    ]
                })
            })
            .collect();
        legs.sort_unstable();
        said.extend(legs.into_iter().flatten());
        said.push(0xff);
        said
    }
}

/// Who of the three is not of a pair.
fn odd_one_out(pair: PairKey) -> usize {
    let is_pair = |out: &usize| {
        let (one, other) = ((out + 1) % PEOPLE, (out + 2) % PEOPLE);
        PairKey::of(&PoolName::default(), key(one), key(other)) == pair
    };
    (0..PEOPLE).find(is_pair).expect("a pair of the three")
}
