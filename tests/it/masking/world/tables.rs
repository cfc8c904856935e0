//! What the tables promise, as a model, so that very many worlds can be tried; that the engines keep the same promise is what the other
//! tests ask.

use callwright::masking::{BookingWrite, Leg};

use super::law::Law;
use super::model::World;

impl World {
    /// Keeps a write as the stores do: all of it, or nothing.
    pub(super) fn applied(&self, write: BookingWrite, law: &Law) -> Option<Self> {
        let old = |leg: &Leg| self.legs.get(&(leg.party, leg.vn));
        let may_take = |leg: &Leg| {
            let is_rested = |old: &Leg| write.rested_before.is_some_and(|it| old.rests_from <= it);
            old(leg).is_none_or(|old| {
                old.pair == leg.pair || old.free_from <= write.now || is_rested(old)
            })
        };
        let is_own = |leg: &Leg| old(leg).is_some_and(|old| old.booking == write.booking.number);
        let may = write.takes.iter().all(may_take) && write.changes.iter().all(is_own);
        if law.program.minds_what_is_held && !may {
            return None;
        }
        let mut world = self.clone();
        let mut booking = write.booking;
        if booking.number == 0 {
            world.newest += 1;
            booking.number = world.newest;
            world.bookings.push(booking.clone());
        } else {
            let mut known = world.bookings.iter_mut();
            let known = known.find(|it| it.number == booking.number);
            *known.expect("it was made") = booking.clone();
        }
        for mut leg in write.takes {
            leg.booking = booking.number;
            let shared = self.legs.get(&(leg.party, leg.vn));
            if let Some(old) = shared.filter(|it| it.pair == leg.pair && it.booking != leg.booking)
            {
                leg.rests_from = leg.rests_from.max(old.rests_from);
                leg.free_from = leg.free_from.max(old.free_from);
            }
            world.legs.insert((leg.party, leg.vn), leg);
        }
        for leg in write.changes {
            world.legs.insert((leg.party, leg.vn), leg);
        }
        Some(world)
    }
}
