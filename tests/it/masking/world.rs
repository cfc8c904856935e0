//! A small world, searched whole: three people, three numbers, four bookings, and every order of what can happen to them, as far
//! as the search goes. In none does a call reach anyone but the other side of a booking that lives or is in grace.

mod model;

use std::collections::{HashSet, VecDeque};

use callwright::call::{Action, PhoneNumber};
use callwright::masking::booking::SideName;
use callwright::masking::change;
use callwright::masking::leg::Standing;
use callwright::masking::route::{self, Call, Picture, Stage};
use callwright::masking::{Code, Health, NumberBook, PartyKey, PoolNumber, Vn};
use model::{Event, Law, PEOPLE, World, key};

use super::{is_nightly, person};

impl World {
    /// What a call meets, as the stores look it up.
    fn picture(&self, caller: PartyKey, vn: Vn) -> Picture {
        let mut picture = Picture {
            leg: self.legs.get(&(caller, vn)).copied(),
            ..Picture::default()
        };
        if let Some(leg) = picture
            .leg
            .filter(|leg| leg.standing(self.now) != Standing::Free)
        {
            let own = self
                .bookings
                .get(usize::try_from(leg.booking).expect("few") - 1)
                .cloned();
            let others = self
                .bookings
                .iter()
                .rev()
                .filter(|it| it.pair == leg.pair)
                .cloned();
            picture.booking = change::meant(own, others.collect(), caller, vn, self.now);
        }
        picture
    }

    /// Everybody calls every number. How many calls were connected.
    fn everybody_calls(&self, law: &Law, way: &[Event]) -> usize {
        let numbers = self.numbers();
        let book = NumberBook::new(numbers.clone());
        let mut connected = 0;
        for caller in 0..PEOPLE {
            for number in &numbers {
                let picture = self.picture(key(caller), number.vn);
                let from = PhoneNumber::new(person(caller));
                let call = Call {
                    caller: Some((&from, key(caller))),
                    called: &number.number,
                    stage: Stage::Received,
                    now: self.now,
                };
                let around = route::Around {
                    rules: &law.rules,
                    number,
                    numbers: &book,
                    destinations: &law.destinations,
                    pins_are_off: false,
                };
                let decision = route::route(&call, &picture, around);
                let to = decision.actions.iter().find_map(|action| match action {
                    Action::MakeCall {
                        source,
                        destination,
                        ..
                    } => Some((source, destination)),
                    _ => None,
                });
                let Some((source, to)) = to else {
                    continue;
                };
                connected += 1;
                assert!(decision.code.connects(), "{decision:?}");
                let may = self.bookings.iter().any(|booking| {
                    SideName::BOTH.into_iter().any(|side| {
                        let (own, other) = (booking.side(side), booking.side(side.other()));
                        own.primary().party == key(caller)
                            && other.primary().number == *to
                            && own.numbers().any(|vn| vn == number.vn)
                            && self.now < booking.connects_until(side)
                            && book.get(other.vn).is_some_and(|vn| vn.number == *source)
                    })
                });
                assert!(
                    may,
                    "person {caller} on {:?} reached {to} by {way:?}",
                    number.vn
                );
                let source = book.find(source).expect("a number of ours");
                assert_ne!(source.health, Health::Inactive, "{way:?}");
            }
        }
        connected
    }

    /// A live booking whose numbers are well connects both ways: nobody is left without a call either.
    fn everybody_is_reached(&self, law: &Law, way: &[Event]) {
        let book = NumberBook::new(self.numbers());
        for booking in self.bookings.iter().filter(|it| it.is_open(self.now)) {
            for side in SideName::BOTH {
                let own = booking.side(side);
                let party = own.primary().party;
                let number = book.get(own.vn).expect("a number of ours");
                let picture = self.picture(party, own.vn);
                let call = Call {
                    caller: Some((&own.primary().number, party)),
                    called: &number.number,
                    stage: Stage::Received,
                    now: self.now,
                };
                let around = route::Around {
                    rules: &law.rules,
                    number,
                    numbers: &book,
                    destinations: &law.destinations,
                    pins_are_off: false,
                };
                let decision = route::route(&call, &picture, around);
                let is_well = book
                    .get(booking.side(side.other()).vn)
                    .is_some_and(PoolNumber::may_be_source);
                // Two bookings of a pair may have different numbers; a source that is gone is replaced in the call.
                let is_replaced = decision.code == Code::NoSource;
                assert!(
                    decision.code.connects() || is_replaced || !is_well,
                    "{decision:?} by {way:?}"
                );
            }
        }
    }
}

#[test]
fn nobody_is_ever_connected_to_a_stranger() {
    let law = Law::new();
    let most = if is_nightly() { 1_000_000 } else { 2_000 };
    let mut seen = HashSet::new();
    let mut queue = VecDeque::from([(World::begin(), Vec::new())]);
    let (mut calls, mut deepest) = (0, 0);
    while let Some((world, way)) = queue.pop_front() {
        calls += world.everybody_calls(&law, &way);
        world.everybody_is_reached(&law, &way);
        deepest = deepest.max(way.len());
        for event in world.events() {
            let Some(next) = world.after(event, &law) else {
                continue;
            };
            if seen.len() < most && seen.insert(next.print()) {
                let mut way = way.clone();
                way.push(event);
                queue.push_back((next, way));
            }
        }
    }
    println!(
        "small world: {} states, {calls} calls connected, ways of up to {deepest} events",
        seen.len()
    );
    assert!(calls > seen.len() / 2, "most worlds have somebody to call");
}

/// The same world along long ways, by chance.
#[test]
fn nobody_is_connected_to_a_stranger_on_long_ways() {
    let law = Law::new();
    let ways = if is_nightly() { 50_000 } else { 60 };
    let mut random = super::pools::Random(3);
    for _ in 0..ways {
        let (mut world, mut way) = (World::begin(), Vec::new());
        for _ in 0..30 {
            let events = world.events();
            let at = usize::try_from(random.below(events.len() as u64)).expect("few");
            if let Some(next) = world.after(events[at], &law) {
                world = next;
                way.push(events[at]);
                world.everybody_calls(&law, &way);
                world.everybody_is_reached(&law, &way);
            }
        }
    }
}
