//! What must not be in any world: a call that reaches anyone but the other side of a booking that lives or is in grace, and such a
//! booking whose side does not reach the other.

use callwright::call::{Action, PhoneNumber};
use callwright::masking::booking::{Booking, SideName, later};
use callwright::masking::change;
use callwright::masking::leg::Standing;
use callwright::masking::route::{Around, Call, Picture, Stage};
use callwright::masking::{Decision, Health, Leg, PoolNumber};

use super::law::{Law, MOMENT, Numbers, key, nth, who};
use super::model::{World, resting};

/// What must not be, in words.
pub(super) type Wrong = String;

impl World {
    /// Looks for what must not be. How many calls were connected meanwhile.
    ///
    /// Only the number that a call is placed from is asked how it is: with all well and with none, all is seen that there is.
    pub(super) fn judge(&self, law: &Law) -> Result<u64, Wrong> {
        let (all, none) = (law.all_well(), law.none_well());
        self.everybody_is_reached(law, all)?;
        self.nobody_is_reached_by_what_rests(law, all)?;
        self.nobody_is_reached_by_a_leg_alone(law, all)?;
        Ok(self.everybody_calls(law, all)? + self.everybody_calls(law, none)?)
    }

    /// Everybody calls every number: each call that is connected has a booking that allows it.
    fn everybody_calls(&self, law: &Law, numbers: &Numbers) -> Result<u64, Wrong> {
        let mut connected = 0;
        for (caller, number) in everybody(numbers, law) {
            let leg = self.legs.get(&(key(caller), number.vn));
            let decision = self.call(caller, number, leg, numbers, law);
            let Some((source, to)) = placed(&decision) else {
                continue;
            };
            connected += 1;
            let source = numbers.book.find(source);
            let source = source.ok_or("a source that is not ours")?;
            let is_of = |booking: &Booking, side: SideName| {
                let (own, other) = (booking.side(side), booking.side(side.other()));
                own.primary().party == key(caller)
                    && other.primary().number == *to
                    && own.numbers().any(|vn| vn == number.vn)
                    && self.now < booking.connects_until(side)
                    && other.vn == source.vn
            };
            let mut bookings = self.bookings.iter();
            let may = bookings.any(|it| SideName::BOTH.into_iter().any(|side| is_of(it, side)));
            if !may || source.health == Health::Inactive || !decision.code.connects() {
                let number = nth(number.vn);
                return Err(format!("person {caller} on number {number}: {decision:?}"));
            }
        }
        Ok(connected)
    }

    /// A booking connects both ways while it lives and its numbers are well, and the ways that its grace leaves open: nobody is left
    /// without a call either.
    fn everybody_is_reached(&self, law: &Law, numbers: &Numbers) -> Result<(), Wrong> {
        for booking in &self.bookings {
            let connects = |side: &SideName| self.now < booking.connects_until(*side);
            for side in SideName::BOTH.into_iter().filter(connects) {
                let (own, other) = (booking.side(side), booking.side(side.other()));
                let number = numbers.book.get(own.vn);
                let number = number.ok_or("a number that is not ours")?;
                let party = own.primary().party;
                let leg = self.legs.get(&(party, own.vn));
                let decision = self.call(who(party), number, leg, numbers, law);
                let reached = placed(&decision).map(|(_, to)| to);
                if reached != Some(&other.primary().number) {
                    let caller = who(party);
                    return Err(format!("person {caller} is not connected: {decision:?}"));
                }
            }
        }
        Ok(())
    }

    /// On a number that nobody holds a leg may still rest, of either pair and any booking: it connects nobody.
    fn nobody_is_reached_by_what_rests(&self, law: &Law, numbers: &Numbers) -> Result<(), Wrong> {
        for (caller, number) in everybody(numbers, law) {
            if self.legs.contains_key(&(key(caller), number.vn)) {
                continue;
            }
            for booking in self.bookings.iter().map(|it| it.number).chain([0]) {
                for pair in law.pairs_of(caller) {
                    let leg = Leg {
                        booking,
                        ..resting(key(caller), number.vn, pair, self.now, law)
                    };
                    let decision = self.call(caller, number, Some(&leg), numbers, law);
                    if placed(&decision).is_some() {
                        return Err(format!("what rests connects person {caller}: {decision:?}"));
                    }
                }
            }
        }
        Ok(())
    }

    /// A leg of somebody whom its booking does not know, as only a fault elsewhere could leave it, connects nobody.
    fn nobody_is_reached_by_a_leg_alone(&self, law: &Law, numbers: &Numbers) -> Result<(), Wrong> {
        for booking in &self.bookings {
            let stranger = law.odd_one_out(booking.pair);
            let places = numbers.all.iter();
            let places = places.flat_map(|it| SideName::BOTH.map(|side| (it, side)));
            for (number, side) in places {
                let until = later(self.now, MOMENT);
                let leg = Leg {
                    booking: booking.number,
                    side,
                    ..resting(key(stranger), number.vn, booking.pair, until, law)
                };
                let decision = self.call(stranger, number, Some(&leg), numbers, law);
                if placed(&decision).is_some() {
                    return Err(format!(
                        "a leg alone connects person {stranger}: {decision:?}"
                    ));
                }
            }
        }
        Ok(())
    }

    /// What a person who calls a number, and has this leg there, is answered with.
    fn call(
        &self,
        caller: usize,
        number: &PoolNumber,
        leg: Option<&Leg>,
        numbers: &Numbers,
        law: &Law,
    ) -> Decision {
        let call = Call {
            caller: Some((&law.people[caller], key(caller))),
            called: &number.number,
            stage: Stage::Received,
            now: self.now,
        };
        let around = Around {
            rules: &law.rules,
            number,
            numbers: &numbers.book,
            destinations: &law.destinations,
            pins_are_off: false,
        };
        (law.program.route)(&call, &self.picture(leg), around)
    }

    /// What is known of a call by somebody who has this leg, as the stores look it up.
    fn picture(&self, leg: Option<&Leg>) -> Picture {
        let booking = leg
            .filter(|leg| leg.standing(self.now) != Standing::Free)
            .and_then(|leg| {
                let own = self.numbered(leg.booking).cloned();
                let of_pair = self.bookings.iter().rev().filter(|it| it.pair == leg.pair);
                change::meant(own, of_pair.cloned().collect(), leg.party, leg.vn, self.now)
            });
        Picture {
            leg: leg.copied(),
            booking,
            ..Picture::default()
        }
    }
}

/// Everybody, with every number.
fn everybody<'a>(numbers: &'a Numbers, law: &Law) -> impl Iterator<Item = (usize, &'a PoolNumber)> {
    (0..law.people.len()).flat_map(|caller| numbers.all.iter().map(move |number| (caller, number)))
}

/// Which call a decision places: from which number, to whom.
fn placed(decision: &Decision) -> Option<(&PhoneNumber, &PhoneNumber)> {
    decision.actions.iter().find_map(|action| match action {
        Action::MakeCall {
            source,
            destination,
            ..
        } => Some((source, destination)),
        _ => None,
    })
}
