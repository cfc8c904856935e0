//! What can be done with bookings, as `bookings` does it: the core says what becomes of them, and the tables keep it. Bookings leave a
//! number that is gone one at a time, at any time after it, as they do.

use std::collections::HashSet;

use callwright::masking::booking::{Booking, CloseReason, SideName, later};
use callwright::masking::change::{self, Around};
use callwright::masking::{Leg, PairKey, PartyKey};
use jiff::Timestamp;

use super::choosing::{Choosing, For};
use super::forgotten::may_rest;
use super::law::{Law, Wells, key, nth};
use super::model::{World, between};

/// A booking as it is to stand, and since when the numbers have rested that it may take from others.
type Way = (Booking, Option<Timestamp>);

impl World {
    pub(super) fn create(&self, a: usize, b: usize, law: &Law, wells: Wells) -> Vec<Self> {
        let booking = between(law, a, b, self.now);
        let held = self.held_by(&booking.parties());
        let choices = self.choices(&Choosing {
            booking: &booking,
            whom: For::Both,
            held: &held,
            refused: &HashSet::new(),
            law,
            wells,
        });
        let made = choices.into_iter().filter_map(|(a, b, rested)| {
            let mut made = booking.clone();
            (made.a.vn, made.b.vn) = (a, b);
            self.kept(&booking, made, rested, law)
        });
        made.collect()
    }

    pub(super) fn change(
        &self,
        known: &Booking,
        side: SideName,
        to: usize,
        law: &Law,
        wells: Wells,
    ) -> Vec<Self> {
        if !known.is_open(self.now) || known.side_of(key(to)).is_some() {
            return Vec::new();
        }
        let mut after = known.clone();
        after.side_mut(side).phones = between(law, to, to, self.now).a.phones;
        let party = |it: SideName| after.side(it).primary().party;
        after.pair = PairKey::of(&after.pool, party(SideName::A), party(SideName::B));
        let mut parties = known.parties();
        parties.push(key(to));
        let (held, others) = (self.held_by(&parties), self.of_pair(known));
        let sides = SideName::BOTH.into_iter().filter(|_| self.is_forgetful);
        let numbers_of = |it| {
            let it = after.side(it);
            it.numbers().map(|vn| (it.primary().party, vn))
        };
        let mut ways: Vec<Way> = Vec::new();
        for may_rest in may_rest(sides.flat_map(numbers_of), after.pair, &held, law, self.now) {
            let with: Vec<_> = held.iter().copied().chain(may_rest).collect();
            let around = Around {
                rules: &law.rules,
                held: &with,
                others: &others,
                now: self.now,
            };
            for way in self.renumbered(known, &after, around, &held, law, wells) {
                if !ways.contains(&way) {
                    ways.push(way);
                }
            }
        }
        let kept = ways.into_iter();
        kept.filter_map(|(after, rested)| self.kept(known, after, rested, law))
            .collect()
    }

    /// A changed booking whose sides keep their numbers where they can, and else have others.
    fn renumbered(
        &self,
        known: &Booking,
        after: &Booking,
        around: Around<'_>,
        held: &[Leg],
        law: &Law,
        wells: Wells,
    ) -> Vec<Way> {
        let mut ways = vec![(after.clone(), None)];
        for side in SideName::BOTH {
            let mut renumbered = Vec::new();
            for (mut after, rested) in ways {
                after.side_mut(side).earlier = around.earlier(known, &after, side);
                let vn = after.side(side).vn;
                if around.may_hold(known, &after, side, vn) {
                    renumbered.push((after, rested));
                    continue;
                }
                let choices = self.choices(&Choosing {
                    booking: &after,
                    whom: For::One(side),
                    held,
                    refused: &HashSet::from([vn]),
                    law,
                    wells,
                });
                renumbered.extend(choices.into_iter().map(|(vn, _, after_rest)| {
                    let mut after = after.clone();
                    let it = after.side_mut(side);
                    it.vn = vn;
                    it.earlier.clear();
                    (after, rested.max(after_rest))
                }));
            }
            ways = renumbered;
        }
        ways
    }

    pub(super) fn leave(
        &self,
        known: &Booking,
        side: SideName,
        law: &Law,
        wells: Wells,
    ) -> Vec<Self> {
        if self.now >= known.rests_from() {
            return Vec::new();
        }
        let choices = self.choices(&Choosing {
            booking: known,
            whom: For::One(side),
            held: &self.held_by(&known.parties()),
            refused: &known.side(side).numbers().collect(),
            law,
            wells: wells.without(nth(known.side(side).vn)),
        });
        let kept = choices.into_iter().filter_map(|(vn, _, rested)| {
            let after = change::moved(known.clone(), side, vn);
            self.kept(known, after, rested, law)
        });
        kept.collect()
    }

    pub(super) fn close(&self, known: &Booking, reason: CloseReason, law: &Law) -> Option<Self> {
        let is_due = match reason {
            CloseReason::Expired => self.is_unclosed(known),
            _ => known.is_open(self.now),
        };
        let after = || change::closed(known.clone(), reason, &law.rules, self.now);
        is_due.then(|| self.kept(known, after(), None, law))?
    }

    pub(super) fn reopen(&self, known: &Booking, law: &Law) -> Option<Self> {
        if known.is_open(self.now) {
            return None;
        }
        let until = later(self.now, law.rules.expires_after);
        let after = change::reopened(known.clone(), until, &law.rules, self.now)?;
        self.kept(known, after, None, law)
    }

    /// The world with a booking as it is to stand, if the tables take it.
    fn kept(
        &self,
        known: &Booking,
        after: Booking,
        rested: Option<Timestamp>,
        law: &Law,
    ) -> Option<Self> {
        let mut parties = known.parties();
        parties.extend(after.parties());
        let (held, others) = (self.held_by(&parties), self.of_pair(known));
        let around = Around {
            rules: &law.rules,
            held: &held,
            others: &others,
            now: self.now,
        };
        let mut write = change::write(after, around);
        write.rested_before = rested;
        self.applied(write, law)
    }

    /// The legs of these parties.
    fn held_by(&self, parties: &[PartyKey]) -> Vec<Leg> {
        let legs = self.legs.values();
        legs.filter(|leg| parties.contains(&leg.party))
            .copied()
            .collect()
    }

    /// The pair's bookings, but this one, newest first.
    pub(super) fn of_pair(&self, booking: &Booking) -> Vec<Booking> {
        let all = self.bookings.iter().rev();
        let others = all.filter(|it| it.pair == booking.pair && it.number != booking.number);
        others.cloned().collect()
    }
}
