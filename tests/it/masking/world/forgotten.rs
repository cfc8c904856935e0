//! What a world of a form may have been: of what is over nothing is kept there, so whatever may be left of it is tried.

use callwright::masking::booking::{Booking, SideName};
use callwright::masking::{Leg, PairKey, PartyKey, Vn};
use jiff::Timestamp;

use super::law::{Law, vn, who};
use super::model::{World, between, resting};

impl World {
    /// The worlds in which the sides of a booking are the other way round, and its place: which is which is forgotten until it is closed.
    pub(super) fn turned(&self) -> impl Iterator<Item = (Self, usize)> {
        let places = (0..self.bookings.len()).filter(|it| self.bookings[*it].closing.is_none());
        places.map(|place| {
            let mut world = self.clone();
            let it = &mut world.bookings[place];
            std::mem::swap(&mut it.a, &mut it.b);
            let number = it.number;
            let legs = world.legs.values_mut().filter(|leg| leg.booking == number);
            legs.for_each(|leg| leg.side = leg.side.other());
            (world, place)
        })
    }

    /// The worlds with one more booking that may be over since a moment ago, and its place; where it may be opened again.
    pub(super) fn with_one_that_was(&self, law: &Law) -> Vec<(Self, usize)> {
        let mut worlds = Vec::new();
        if !self.has_room(law) {
            return worlds;
        }
        for was in ones_that_were(law, self.now) {
            for place in 0..=self.bookings.len() {
                let before = place.checked_sub(1).map(|before| &self.bookings[before]);
                let number = before.map_or(0, |it| it.number) + 1;
                let mut world = self.clone();
                let was = Booking {
                    number,
                    ..was.clone()
                };
                world.bookings.insert(place, was);
                worlds.push((world, place));
            }
        }
        worlds
    }
}

/// Every booking that may be over since a moment ago.
fn ones_that_were(law: &Law, now: Timestamp) -> Vec<Booking> {
    let numbers = || (0..law.size.numbers).map(vn);
    let mut were = Vec::new();
    for (a, b) in [(0, 1), (0, 2), (1, 2)] {
        let mut was = between(law, a, b, now);
        was.expires_at = now;
        for (a, b) in numbers().flat_map(|a| numbers().map(move |b| (a, b))) {
            (was.a.vn, was.b.vn) = (a, b);
            were.push(was.clone());
            let sides = SideName::BOTH.into_iter();
            for side in sides.filter(|_| law.size.unsettled > 0) {
                for earlier in numbers().filter(|it| *it != was.side(side).vn) {
                    let mut was = was.clone();
                    was.side_mut(side).earlier.push(earlier);
                    were.push(was);
                }
            }
        }
    }
    were
}

/// Every way in which numbers may rest for somebody of another pair, there where nobody holds them.
pub(super) fn may_rest(
    at: impl Iterator<Item = (PartyKey, Vn)>,
    pair: PairKey,
    held: &[Leg],
    law: &Law,
    now: Timestamp,
) -> Vec<Vec<Leg>> {
    let mut all = vec![Vec::new()];
    for (party, vn) in at {
        let is_held = held.iter().any(|leg| leg.party == party && leg.vn == vn);
        let mut others = law.pairs_of(who(party)).filter(|it| *it != pair);
        if let Some(other) = others.next().filter(|_| !is_held) {
            let rests = resting(party, vn, other, now, law);
            let with: Vec<_> = all
                .iter()
                .map(|legs: &Vec<Leg>| legs.iter().copied().chain([rests]).collect())
                .collect();
            all.extend(with);
        }
    }
    all
}
