//! A small world, searched to its end: three people, three numbers, two bookings at a time and as many after each other as there may be,
//! and every order in which they can be made, changed, closed, opened again, expire, rest, and numbers go and come back. In none does
//! a call reach anyone but the other side of a booking that lives or is in grace, and in each such a booking reaches its
//! other side. Of four bookings at a time the nearest worlds are searched, and long ways taken by chance.
//!
//! * [`law`] what holds in it all the time, and the program that is asked
//! * [`model`] its states, and what can happen in each; [`steps`] what can be done with bookings, [`choosing`] which numbers they may
//!   get, [`tables`] what is kept of it
//! * [`form`] which worlds are alike, as one is enough of each; [`forgotten`] what such a one may have been
//! * [`judge`] what must not be
//! * [`search`] the search

mod choosing;
mod forgotten;
mod form;
mod judge;
mod law;
mod model;
mod search;
mod steps;
mod tables;

use std::collections::HashSet;

use callwright::masking::Decision;
use callwright::masking::booking::{CloseReason, later};
use callwright::masking::route::{self, Call, Picture};
use form::Bare;
use jiff::Timestamp;
use law::{Law, MOMENT, Program, REAL, Size, Wells};
use model::{Event, World};
use search::{Seen, search};

use super::is_nightly;
use super::pools::Random;

/// What ends within a moment.
const BY_DAY: Size = Size {
    numbers: 2,
    bookings: 2,
    unsettled: 0,
};

/// What takes some seconds where it is built to be fast.
const BY_NIGHT: Size = Size {
    numbers: 3,
    bookings: 2,
    unsettled: 1,
};

/// Four bookings at a time have no end that could be waited for.
const CROWDED: Size = Size {
    numbers: 3,
    bookings: 4,
    unsettled: 8,
};

/// Whether it is the night, and built to be fast (`./check --nightly` does that for these tests).
fn is_long() -> bool {
    is_nightly() && !cfg!(debug_assertions)
}

/// The whole of a world of this size.
fn whole(law: &Law) -> Seen {
    let seen = search(law, usize::MAX).unwrap_or_else(|found| panic!("{found:?}"));
    assert!(seen.is_all);
    seen
}

#[test]
fn nobody_is_ever_connected_to_a_stranger() {
    let size = if is_long() { BY_NIGHT } else { BY_DAY };
    let seen = whole(&Law::new(size, REAL));
    println!("small world of 3 people, {size}: {seen}");
    let worlds = u64::try_from(seen.forms.len()).expect("some");
    assert!(seen.calls > worlds / 2, "most have somebody to call");
}

#[test]
fn nobody_is_connected_to_a_stranger_in_a_crowd() {
    let most = if is_long() { 5_000 } else { 8 };
    let seen = search(&Law::new(CROWDED, REAL), most).unwrap_or_else(|found| panic!("{found:?}"));
    println!("small world of 3 people, {CROWDED}: {seen}");
    assert_eq!((seen.forms.len(), seen.is_all), (most, false));
}

/// Takes so many ways of so many events by chance, from the beginning, with nothing forgotten, and hands over each world.
fn long_ways(law: &Law, ways: usize, length: usize, seen: &mut dyn FnMut(&World, &[Event])) {
    let mut random = Random(3);
    let mut below = |bound: usize| {
        let drawn = random.below(u64::try_from(bound).expect("few"));
        usize::try_from(drawn).expect("few")
    };
    for _ in 0..ways {
        let (mut world, mut way) = (World::begin(false), Vec::new());
        while way.len() < length {
            let wells = Wells::only(below(1 << law.size.numbers));
            let events = world.events(law);
            let event = events[below(events.len())];
            let mut after = world.after(event, law, wells);
            if after.is_empty() {
                continue;
            }
            world = after.swap_remove(below(after.len()));
            way.push(event);
            seen(&world, &way);
        }
    }
}

#[test]
fn nobody_is_connected_to_a_stranger_on_long_ways() {
    let law = Law::new(CROWDED, REAL);
    let ways = if is_nightly() { 20_000 } else { 40 };
    let mut most = 0;
    long_ways(&law, ways, 30, &mut |world, way| {
        let judged = world.judge(&law);
        judged.unwrap_or_else(|wrong| panic!("{wrong} by {way:?}"));
        let bear = world.bookings.iter().filter(|it| world.bears(it, &law));
        most = most.max(bear.count());
    });
    assert_eq!(most, CROWDED.bookings, "at a time");
}

/// A program that does not know when grace is over, nor that a number rests: the search has to find it out.
#[test]
fn a_program_that_forgets_when_grace_ends_is_found_out() {
    fn forgetful(call: &Call<'_>, picture: &Picture, around: route::Around<'_>) -> Decision {
        let mut picture = picture.clone();
        if let Some(closing) = picture.booking.as_mut().and_then(|it| it.closing.as_mut()) {
            (closing.a_to_b_until, closing.b_to_a_until) = (Timestamp::MAX, Timestamp::MAX);
        }
        route::route(call, &picture, around)
    }
    let program = Program {
        route: forgetful,
        ..REAL
    };
    let found = search(&Law::new(BY_DAY, program), usize::MAX).expect_err("somebody is reached");
    let is_completed = |event: &Event| matches!(event, Event::Close { reason, .. } if *reason == CloseReason::Completed);
    assert!(found.way.iter().any(is_completed), "{found:?}");
}

/// One that does not look who holds a number: somebody who has it for one booking gets it for another.
#[test]
fn a_program_that_gives_numbers_twice_is_found_out() {
    let program = Program {
        minds_what_is_held: false,
        ..REAL
    };
    let found = search(&Law::new(BY_DAY, program), usize::MAX).expect_err("it is given twice");
    assert!(found.wrong.contains("is not connected"), "{found:?}");
    assert_eq!(found.way.len(), 2, "two bookings are enough: {found:?}");
}

/// Where nothing is forgotten, each world is of a form that the search looks at. (It looks at more: at what may come of any booking that
/// may have been.)
#[test]
fn no_world_is_left_out_on_long_ways() {
    let (size, ways) = match is_long() {
        true => (BY_NIGHT, 20_000),
        false => (BY_DAY, 40),
    };
    let law = Law::new(size, REAL);
    let known: HashSet<_> = whole(&law).forms.into_iter().collect();
    let mut met = HashSet::new();
    long_ways(&law, ways, 50, &mut |world, way| {
        let form = world.form(&law);
        assert!(known.contains(&form), "{world:?} by {way:?}");
        met.insert(form);
    });
    println!(
        "small world: {} of {} forms met by chance",
        met.len(),
        known.len()
    );
    assert!(
        met.len() > known.len() / 10,
        "{} of {}",
        met.len(),
        known.len()
    );
}

/// The same for every way of so many bookings, one at a time, and so many moments.
#[test]
fn no_world_is_left_out_on_short_ways() {
    let all = [(1, 1, 2), (1, 2, 2), (2, 1, 2)];
    for (numbers, made, moments) in if is_long() { &all[..] } else { &all[..1] } {
        let size = Size {
            numbers: *numbers,
            bookings: 1,
            unsettled: 0,
        };
        let law = Law::new(size, REAL);
        let known: HashSet<_> = whole(&law).forms.into_iter().collect();
        let begin = World::begin(false);
        let end = later(begin.now, MOMENT * *moments);
        let mut met = HashSet::new();
        let mut seen = HashSet::from([format!("{begin:?}")]);
        let mut queue = vec![begin];
        while let Some(world) = queue.pop() {
            let form = world.form(&law);
            assert!(known.contains(&form), "{world:?}");
            met.insert(form);
            for well in 0..1 << numbers {
                for (_, next) in world.next(&law, Wells::only(well)) {
                    let is_within = next.newest <= *made && next.now <= end;
                    if is_within && seen.insert(format!("{next:?}")) {
                        queue.push(next);
                    }
                }
            }
        }
        println!(
            "small world: {} of {} forms in {} worlds",
            met.len(),
            known.len(),
            seen.len()
        );
        assert!(
            2 * met.len() > known.len(),
            "most of what is looked at can be"
        );
    }
}

/// Worlds that differ in names are of one form, and a form is that of the world which is made from it.
#[test]
fn renamed_worlds_are_of_one_form() {
    let law = Law::new(BY_DAY, REAL);
    for form in whole(&law).forms {
        let world = World::of(form, &law);
        assert_eq!(world.form(&law), form);
        let bare = Bare::of(&world, &law);
        for people in &law.renamings[0] {
            for numbers in &law.renamings[1] {
                let renamed = bare.renamed(people, numbers).world(&law);
                assert_eq!(renamed.form(&law), form, "{world:?}");
            }
        }
    }
}
