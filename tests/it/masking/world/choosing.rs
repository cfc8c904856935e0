//! Which numbers may be chosen. Whatever the program leaves to chance or to the order of rows can go each way here: numbers and legs
//! are looked at in each of their orders.

use std::collections::HashSet;

use callwright::masking::allocate::{Luck, Want, Wanted, allot, allot_one};
use callwright::masking::booking::{Booking, SideName};
use callwright::masking::{Leg, Vn, change};
use callwright::outbound::Country;
use jiff::Timestamp;

use super::forgotten::may_rest;
use super::law::{Law, Wells, nth, vn, who};
use super::model::World;

/// What was chosen: a number for each side, or one for one side; since when those have rested that may be taken for it.
pub(super) type Choice = (Vn, Vn, Option<Timestamp>);

/// Who gets a number.
#[derive(Clone, Copy)]
pub(super) enum For {
    Both,
    One(SideName),
}

/// Numbers are looked for.
pub(super) struct Choosing<'a> {
    pub(super) booking: &'a Booking,
    pub(super) whom: For,
    /// The legs of its parties.
    pub(super) held: &'a [Leg],
    pub(super) refused: &'a HashSet<Vn>,
    pub(super) law: &'a Law,
    pub(super) wells: Wells,
}

fn want(booking: &Booking, side: SideName) -> Want {
    Want {
        parties: booking.side(side).parties().collect(),
        country: Country::parse("SG"),
        digits: String::new(),
        named: None,
    }
}

impl World {
    /// What may be chosen. Where it is forgotten what rests, and which numbers two people had last, it is whatever may be
    /// chosen when any of that is so; looked for once for all worlds in which the same is held.
    pub(super) fn choices(&self, choosing: &Choosing<'_>) -> Vec<Choice> {
        let Choosing {
            booking, held, law, ..
        } = *choosing;
        let mut found = Vec::new();
        if !self.is_forgetful {
            let last = change::last_numbers(booking, &self.of_pair(booking));
            choosing.choose(held, last, self.now, &mut found);
            return found;
        }
        let key = choosing.key();
        if let Some(known) = law.chosen.borrow().get(&key) {
            return known.clone();
        }
        let numbers = || (0..law.size.numbers).map(vn);
        let parties = booking.parties().into_iter();
        let at = parties.flat_map(|party| numbers().map(move |vn| (party, vn)));
        for may_rest in may_rest(at, booking.pair, held, law, self.now) {
            let legs: Vec<_> = held.iter().copied().chain(may_rest).collect();
            choosing.choose(&legs, None, self.now, &mut found);
        }
        for last in numbers().flat_map(|a| numbers().map(move |b| (a, b))) {
            choosing.choose(held, Some(last), self.now, &mut found);
        }
        law.chosen.borrow_mut().insert(key, found.clone());
        found
    }
}

impl Choosing<'_> {
    /// All that is chosen from, but what is tried anyhow: who, what is held, what is refused. Worlds of forms are of one time.
    fn key(&self) -> u128 {
        let whom = match self.whom {
            For::Both => 0,
            For::One(side) => 1 + side as u128,
        };
        let sides = [&self.booking.a, &self.booking.b].map(|side| who(side.primary().party));
        let refused = self.refused.iter().fold(0, |bits, vn| bits | 1 << nth(*vn));
        let mut key = (sides[0] << 2 | sides[1]) as u128;
        key = (key << 2 | whom) << 3 | refused;
        key = key << 8 | u128::from(self.wells.0);
        for leg in self.held {
            let place = 2 * (who(leg.party) * 3 + nth(leg.vn));
            key |= (self.law.odd_one_out(leg.pair) as u128 + 1) << (20 + place);
        }
        key
    }

    /// Adds what is chosen, for each way that the numbers can be and each order in which they can be looked at.
    fn choose(
        &self,
        legs: &[Leg],
        last: Option<(Vn, Vn)>,
        now: Timestamp,
        found: &mut Vec<Choice>,
    ) {
        let law = self.law;
        let (a, b) = (
            want(self.booking, SideName::A),
            want(self.booking, SideName::B),
        );
        for view in law.views.iter().filter(|view| self.wells.has(view.well)) {
            let mut legs = legs.to_vec();
            legs.retain(|_| law.program.minds_what_is_held);
            legs.sort_by_key(|leg| view.order.iter().position(|n| *n == nth(leg.vn)));
            let wanted = Wanted {
                rules: &law.rules,
                stock: &view.stock,
                a: &a,
                b: &b,
                pair: self.booking.pair,
                legs: &legs,
                last,
                refused: self.refused,
                now,
            };
            let luck = &mut Luck {
                draw: &mut |_| 0,
                load: &|_| 0,
            };
            let choice = match self.whom {
                For::Both => allot(&wanted, luck)
                    .map(|it| (it.a, it.b, it.rested_before))
                    .ok(),
                For::One(side) => allot_one(&wanted, side, luck)
                    .map(|(vn, rested)| (vn, vn, rested))
                    .ok(),
            };
            found.extend(choice.filter(|it| !found.contains(it)));
        }
    }
}
