//! What is to be kept when a booking is made, changed, closed, opened again or moved to other numbers: pure functions from how it
//! stood to a [`BookingWrite`].

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::booking::{Booking, CloseReason, Closing, SideName, State, later};
use super::leg::{Leg, Standing};
use super::number::Vn;
use super::party::{PairKey, PartyKey};
use super::rules::PoolRules;
use super::write::BookingWrite;

/// What bears on a change.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// The pool's rules.
    pub rules: &'a PoolRules,
    /// The legs of all parties of the booking, as it stood and as it is to stand.
    pub held: &'a [Leg],
    /// The other bookings of the pair that it stood in.
    pub others: &'a [Booking],
    /// When.
    pub now: Timestamp,
}

/// The legs that a booking is to hold: each phone on each number of its side. None for one that shares its number by PIN.
pub fn legs(booking: &Booking, cooldown: SignedDuration) -> Vec<Leg> {
    if booking.terms.hotline {
        return Vec::new();
    }
    let rests_from = booking.rests_from();
    let mut legs = Vec::new();
    for side in SideName::BOTH {
        let it = booking.side(side);
        for party in it.parties() {
            legs.extend(it.numbers().map(|vn| Leg {
                party,
                vn,
                booking: booking.number,
                side,
                remembered: false,
                pair: booking.pair,
                rests_from,
                free_from: later(rests_from, cooldown),
            }));
        }
    }
    legs
}

/// What is to be kept so that a booking stands as `after`: numbers that it has no more begin to rest, unless another booking of
/// the pair still needs them.
pub fn write(after: Booking, around: Around<'_>) -> BookingWrite {
    let cooldown = around.rules.cooldown;
    let wanted: BTreeMap<_, _> = legs(&after, cooldown)
        .into_iter()
        .map(|leg| (key(&leg), leg))
        .collect();
    let held: BTreeMap<_, _> = around.held.iter().map(|leg| (key(leg), *leg)).collect();
    let is_own = |leg: &Leg| leg.booking == after.number && after.number != 0;
    let (mut takes, mut changes) = (Vec::new(), Vec::new());
    for (at, leg) in &wanted {
        match held.get(at) {
            Some(old) if is_own(old) => {
                let new = around.with_others(*leg);
                changes.extend((new != *old).then_some(new));
            }
            // A newer booking of the pair has it: it stays there, and lasts as long as the longer of the two.
            Some(old) if is_held_by_newer(old, &after, around.now) && after.closing.is_some() => {}
            // It is over, and its number may be somebody else's by now.
            _ if leg.rests_from <= around.now => {}
            _ => takes.push(*leg),
        }
    }
    for (at, old) in &held {
        let is_left =
            is_own(old) && !wanted.contains_key(at) && old.standing(around.now) == Standing::Held;
        if is_left {
            let gone = Leg {
                rests_from: around.now,
                free_from: later(around.now, cooldown),
                ..*old
            };
            // Somebody who gave the PIN stays known for as long as the booking lasts.
            let kept = old.remembered && after.is_open(around.now);
            changes.extend((!kept).then(|| around.with_others(gone)));
        }
    }
    let due_at = due_at(&after, around.rules, None);
    BookingWrite {
        booking: after,
        takes,
        rested_before: None,
        changes,
        pins: Vec::new(),
        drops: Vec::new(),
        due_at,
        now: around.now,
    }
}

fn key(leg: &Leg) -> (PartyKey, Vn) {
    (leg.party, leg.vn)
}

fn is_held_by_newer(leg: &Leg, booking: &Booking, now: Timestamp) -> bool {
    leg.pair == booking.pair && leg.booking > booking.number && leg.standing(now) == Standing::Held
}

impl Around<'_> {
    /// `leg`, or that of another booking of the pair which needs the number for longer.
    fn with_others(&self, leg: Leg) -> Leg {
        let others = self.others.iter().filter(|it| it.number != leg.booking);
        let longest = others
            .flat_map(|other| legs(other, self.rules.cooldown))
            .filter(|other| key(other) == key(&leg) && other.standing(self.now) == Standing::Held)
            .max_by_key(|other| other.rests_from);
        match longest {
            Some(other) if other.rests_from > leg.rests_from => other,
            _ => leg,
        }
    }

    /// Whether the phones of a side of a booking, which stood as `known` and is to stand as `after`, can have the number `vn`: no
    /// leg there is another booking's, and none is needed by one of the pair that is left.
    pub fn may_hold(&self, known: &Booking, after: &Booking, side: SideName, vn: Vn) -> bool {
        let parties: Vec<_> = after.side(side).parties().collect();
        let is_needed_by = |other: &Booking| {
            let mut parties = parties.iter();
            parties.any(|party| serves(other, *party, vn, self.now))
        };
        let is_needed = after.pair != known.pair && self.others.iter().any(is_needed_by);
        let is_there = |leg: &&Leg| parties.contains(&leg.party) && leg.vn == vn;
        let mut legs = self.held.iter().filter(is_there);
        !is_needed
            && legs.all(|leg| leg.booking == known.number || !leg.blocks(after.pair, self.now))
    }

    /// Of the numbers that a side of `after` had before, those that it keeps: what its phones can still hold; new phones never
    /// knew them.
    pub fn earlier(&self, known: &Booking, after: &Booking, side: SideName) -> Vec<Vn> {
        let (was, is) = (known.side(side), after.side(side));
        if !was.parties().eq(is.parties()) {
            return Vec::new();
        }
        let may_keep = |vn: &Vn| after.pair == known.pair || self.may_hold(known, after, side, *vn);
        is.earlier.iter().copied().filter(may_keep).collect()
    }
}

/// The numbers that the two of a booking had last, a's first, whichever side they were then. `of_pair` are the pair's, newest
/// first.
pub fn last_numbers(booking: &Booking, of_pair: &[Booking]) -> Option<(Vn, Vn)> {
    let party = |side: SideName| booking.side(side).primary().party;
    let usable = |it: &&Booking| {
        !it.terms.hotline
            && PairKey::of(&it.pool, party(SideName::A), party(SideName::B)) == it.pair
    };
    let last = of_pair.iter().find(usable)?;
    let a_was = last.side_of(party(SideName::A))?;
    Some((last.side(a_was).vn, last.side(a_was.other()).vn))
}

/// When something is due for a booking next: the end of its time, or being erased.
pub fn due_at(booking: &Booking, rules: &PoolRules, last_call_at: Option<Timestamp>) -> Timestamp {
    match booking.closing {
        Some(_) => later(booking.rests_from(), rules.cooldown.max(rules.erase_after)),
        None => match booking.idles_out_at(last_call_at) {
            Some(idle) => idle.min(booking.expires_at),
            None => booking.expires_at,
        },
    }
}

/// The booking, closed at `now`.
pub fn closed(
    mut booking: Booking,
    reason: CloseReason,
    rules: &PoolRules,
    now: Timestamp,
) -> Booking {
    let at = match reason {
        CloseReason::Expired => booking.expires_at.min(now),
        _ => now,
    };
    let grace = match reason {
        CloseReason::Completed => rules.grace.completed,
        CloseReason::Cancelled => rules.grace.cancelled,
        CloseReason::Abuse | CloseReason::Expired | CloseReason::Idle | CloseReason::Erased => {
            SignedDuration::ZERO
        }
    };
    let until = |is_given: bool| match is_given {
        true => later(at, grace),
        false => at,
    };
    booking.closing = Some(Closing {
        at,
        reason,
        a_to_b_until: until(rules.grace.a_to_b),
        b_to_a_until: until(rules.grace.b_to_a),
    });
    booking
}

/// The booking, open again until then; `None` once its numbers are free.
pub fn reopened(
    mut booking: Booking,
    until: Timestamp,
    rules: &PoolRules,
    now: Timestamp,
) -> Option<Booking> {
    if booking.state(now, rules.cooldown) == State::Free {
        return None;
    }
    booking.closing = None;
    booking.expires_at = until;
    Some(booking)
}

/// The booking with another number for one side. The old one goes on working until the booking ends.
pub fn moved(mut booking: Booking, side: SideName, vn: Vn) -> Booking {
    let side = booking.side_mut(side);
    if side.vn != vn {
        let old = std::mem::replace(&mut side.vn, vn);
        side.earlier.retain(|earlier| *earlier != vn);
        side.earlier.push(old);
    }
    booking
}

/// Which booking a call from this party to this number is about: the leg's own while it is open; else another of the pair that still
/// connects the caller, open ones first, newest first; else the leg's own, which is over.
pub fn meant(
    own: Option<Booking>,
    others: Vec<Booking>,
    party: PartyKey,
    vn: Vn,
    now: Timestamp,
) -> Option<Booking> {
    let connects = |it: &Booking| {
        let side = it.side_of(party);
        side.is_some_and(|side| now < it.connects_until(side)) && serves(it, party, vn, now)
    };
    if own.as_ref().is_some_and(|own| own.is_open(now)) {
        return own;
    }
    let mut others: Vec<_> = others.into_iter().filter(connects).collect();
    if let Some(open) = others.iter().position(|it| it.is_open(now)) {
        return Some(others.swap_remove(open));
    }
    match own {
        Some(own) if connects(&own) => Some(own),
        own => others.into_iter().next().or(own),
    }
}

/// Whether a call from this party to this number is about the booking, and may still connect.
pub fn serves(booking: &Booking, party: PartyKey, vn: Vn, now: Timestamp) -> bool {
    let has = |side: SideName| booking.side(side).numbers().any(|it| it == vn);
    now < booking.rests_from() && booking.side_of(party).is_some_and(has)
}
