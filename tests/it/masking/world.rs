//! A small world, searched from its beginning outwards: three people, three numbers, four bookings, and every order in which they can be made, changed,
//! closed, opened again, expire, rest, and numbers go and come back. In none does a call reach anyone but the other side of a
//! booking that lives or is in grace, and in each a booking that lives reaches its other side.

mod likeness;
mod model;

use std::collections::{HashSet, VecDeque};

use callwright::call::Action;
use callwright::masking::booking::SideName;
use callwright::masking::change;
use callwright::masking::leg::Standing;
use callwright::masking::route::{self, Call, Picture, Stage};
use callwright::masking::{Code, Health, PartyKey, PoolNumber, Vn};
use model::{Event, Law, Left, Size, World, key};

use super::is_nightly;

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
    fn everybody_calls(&self, law: &Law, way: &dyn Fn() -> Vec<Event>) -> usize {
        let numbers = law.numbers(self);
        let book = &numbers.book;
        let mut connected = 0;
        for (caller, from) in law.people.iter().enumerate() {
            for number in &numbers.all {
                let picture = self.picture(key(caller), number.vn);
                let call = Call {
                    caller: Some((from, key(caller))),
                    called: &number.number,
                    stage: Stage::Received,
                    now: self.now,
                };
                let around = route::Around {
                    rules: &law.rules,
                    number,
                    numbers: book,
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
                    "person {caller} on {:?} reached {to} by {:?}",
                    number.vn,
                    way()
                );
                let source = book.find(source).expect("a number of ours");
                assert_ne!(source.health, Health::Inactive, "{:?}", way());
            }
        }
        connected
    }

    /// A live booking whose numbers are well connects both ways: nobody is left without a call either.
    fn everybody_is_reached(&self, law: &Law, way: &dyn Fn() -> Vec<Event>) {
        let book = &law.numbers(self).book;
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
                    numbers: book,
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
                    "{decision:?} by {:?}",
                    way()
                );
            }
        }
    }
}

/// How many worlds are looked at by day, and by night, where they have to fit into memory.
const BY_DAY: usize = 1_500;
const BY_NIGHT: usize = 300_000;

/// What a search has seen.
#[derive(Default)]
struct Seen {
    worlds: usize,
    steps: usize,
    calls: usize,
    /// How many events the farthest is away.
    farthest: usize,
}

/// Looks at every world that can come of the first one with so many bookings, one of each likeness, the nearest first; at
/// so many at most.
fn search(size: Size, most: usize) -> Seen {
    let law = Law::new(size);
    let begin = World::begin(&law);
    let mut known = HashSet::from([begin.likeness(&law)]);
    // Of each world what it came of, and by what; how far it is from the first.
    let mut came = vec![(0, Event::Wait, 0)];
    let mut queue = VecDeque::from([(0, begin)]);
    let mut seen = Seen::default();
    while let Some((place, world)) = queue.pop_front() {
        let way = || way_to(&came, place);
        seen.worlds += 1;
        seen.farthest = came[place].2;
        seen.calls += world.everybody_calls(&law, &way);
        world.everybody_is_reached(&law, &way);
        let next = world.next(&law);
        let swept = &world.after(Event::Sweep, &law)[0];
        if swept.legs.len() < world.legs.len() {
            let kinds = |next: &[(Event, World)]| -> HashSet<_> {
                next.iter().map(|(_, next)| next.likeness(&law)).collect()
            };
            assert_eq!(kinds(&next), kinds(&swept.next(&law)), "{:?}", way());
        }
        seen.steps += next.len();
        for (event, next) in next {
            if known.len() < most && known.insert(next.likeness(&law)) {
                queue.push_back((came.len(), next));
                came.push((place, event, came[place].2 + 1));
            }
        }
    }
    seen
}

/// What happened on the way to a world.
fn way_to(came: &[(usize, Event, usize)], mut place: usize) -> Vec<Event> {
    let mut way = Vec::new();
    while place != 0 {
        way.push(came[place].1);
        place = came[place].0;
    }
    way.reverse();
    way
}

/// The nearest of its worlds: by day as many as take a moment, by night, where the search is built to be fast (`./check`), many more, or all if there are fewer.
#[test]
fn nobody_is_ever_connected_to_a_stranger() {
    let size = Size {
        bookings: 4,
        numbers: 3,
        left: Left {
            changes: 1,
            reopenings: 1,
            sickenings: 1,
        },
    };
    let most = match is_nightly() && !cfg!(debug_assertions) {
        true => BY_NIGHT,
        false => BY_DAY,
    };
    let seen = search(size, most);
    let all = if seen.worlds < most {
        "all"
    } else {
        "the nearest"
    };
    println!(
        "small world: 3 people, 3 numbers, 4 bookings: {all} {} worlds, {} steps between them, the farthest {} events away, {} calls connected, 0 to strangers",
        seen.worlds, seen.steps, seen.farthest, seen.calls
    );
    assert!(
        seen.calls > seen.worlds / 2,
        "most worlds have somebody to call"
    );
}

/// The same world with all its bookings along long ways, by chance, the sweeper coming at any time.
#[test]
fn nobody_is_connected_to_a_stranger_on_long_ways() {
    let law = Law::new(Size {
        bookings: 4,
        numbers: 3,
        left: Left {
            changes: 30,
            reopenings: 30,
            sickenings: 30,
        },
    });
    let ways = if is_nightly() { 20_000 } else { 40 };
    let mut random = super::pools::Random(3);
    for _ in 0..ways {
        let (mut world, mut way) = (World::begin(&law), Vec::new());
        for _ in 0..30 {
            let mut next = world.next(&law);
            next.push((Event::Sweep, world.after(Event::Sweep, &law).remove(0)));
            let at = usize::try_from(random.below(next.len() as u64)).expect("few");
            let (event, taken) = next.swap_remove(at);
            world = taken;
            way.push(event);
            let told = || way.clone();
            world.everybody_calls(&law, &told);
            world.everybody_is_reached(&law, &told);
        }
    }
}
