//! What time brings: bookings end, rest, are erased; numbers get sick, and bookings leave them.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::making::{Changing, LOOKED_ANEW, want};
use super::telling::why;
use super::{Booked, Bookings, Refused, chance};
use crate::masking::allocate::{Luck, Wanted, allot_one};
use crate::masking::booking::{Booking, CloseReason, SideName, later};
use crate::masking::rules::Unhealthy;
use crate::masking::{BookingWrite, Health, PoolNumber, Vn, change};
use crate::store::bookings::{AT_ONCE, Asked};
use crate::store::{Lease, StoreError};

/// Over how long the bookings of a number that leaves are spread.
const LEAVING: SignedDuration = SignedDuration::from_hours(24);

/// Which bookings were given other numbers, and when last.
#[derive(Debug)]
pub(super) struct Moves(Mutex<State>);

#[derive(Debug)]
struct State {
    last: Instant,
    /// By number: the bookings that were looked at since it became what it is.
    done: BTreeMap<Vn, (Timestamp, HashSet<u64>)>,
}

impl Moves {
    pub(super) fn new(now: Instant) -> Self {
        Self(Mutex::new(State {
            last: now,
            done: BTreeMap::new(),
        }))
    }

    /// How long it is since the last time.
    fn passed(&self) -> std::time::Duration {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, last) = (Instant::now(), state.last);
        state.last = now;
        now - last
    }

    fn is_done(&self, number: &PoolNumber, booking: u64) -> bool {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let done = state.done.get(&number.vn);
        done.is_some_and(|(since, done)| *since == number.changed_at && done.contains(&booking))
    }

    fn add(&self, number: &PoolNumber, booking: u64) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let done = state
            .done
            .entry(number.vn)
            .or_insert_with(|| (number.changed_at, HashSet::new()));
        if done.0 != number.changed_at {
            *done = (number.changed_at, HashSet::new());
        }
        done.1.insert(booking);
    }
}

impl Bookings {
    /// Closes what has expired or lain idle, frees what has rested, erases what is old. How many bookings were dealt with.
    ///
    /// # Errors
    ///
    /// The store's; [`StoreError::LeaseLost`] once another server sweeps.
    pub async fn sweep(&self, lease: &Lease) -> Result<usize, StoreError> {
        let mut swept = 0;
        loop {
            let now = self.now();
            let due = self.store.due_bookings(now).await?;
            let count = due.len();
            for booking in due {
                self.attend(lease, booking, now).await?;
            }
            swept += count;
            if count < AT_ONCE {
                break;
            }
        }
        self.store.sweep_legs(lease, self.now()).await?;
        Ok(swept)
    }

    /// Does what is due for a booking.
    async fn attend(
        &self,
        lease: &Lease,
        booking: Booking,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if booking.closing.is_some() {
            return self.store.erase_booking(lease, &booking).await;
        }
        if now >= booking.expires_at {
            return settled(self.close_for(booking, CloseReason::Expired).await);
        }
        let usage = self.store.usage(booking.number, now).await?;
        match booking.idles_out_at(usage.last_call_at) {
            Some(at) if at <= now => settled(self.close_for(booking, CloseReason::Idle).await),
            _ => {
                // Somebody called since: it is looked at again when that is long ago.
                let rules = self.rules(&booking.pool);
                let write = BookingWrite {
                    due_at: change::due_at(&booking, rules, usage.last_call_at)
                        .max(later(now, SignedDuration::from_secs(1))),
                    booking,
                    takes: Vec::new(),
                    rested_before: None,
                    changes: Vec::new(),
                    pins: Vec::new(),
                    drops: Vec::new(),
                    now,
                };
                self.store.keep_booking(&write, &[]).await?;
                Ok(())
            }
        }
    }

    /// Gives bookings on sick numbers others, as fast as the pools' rules let it. How many.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn migrate(&self, _lease: &Lease) -> Result<usize, StoreError> {
        let (now, passed) = (self.now(), self.moves.passed());
        let mut moved = 0;
        for number in self.numbers() {
            let rules = self.rules(&number.pool).health;
            let standing = number.standing();
            let leaves = match standing {
                Health::Active => false,
                Health::Unhealthy => rules.unhealthy == Unhealthy::Migrate,
                Health::Expiring | Health::Inactive => true,
            };
            if !leaves {
                continue;
            }
            let mut on = self.store.bookings_on(number.vn, now).await?;
            on.retain(|it| !self.moves.is_done(&number, it.booking));
            match standing {
                // Those that were made first have waited longest; the store numbers them in that order.
                Health::Expiring => on.sort_by_key(|it| it.booking),
                _ => on.sort_by_key(|it| std::cmp::Reverse(it.ends_at)),
            }
            if standing == Health::Unhealthy {
                on.retain(|it| it.ends_at.duration_since(now) > rules.migrate_if_left);
            }
            let allowed = (f64::from(rules.migrations_per_second) * passed.as_secs_f64()).ceil();
            let most = match standing {
                Health::Expiring => {
                    let left = later(number.changed_at, LEAVING)
                        .duration_since(now)
                        .as_secs_f64()
                        .max(1.0);
                    allowed.min((on.len() as f64 * passed.as_secs_f64() / left).ceil())
                }
                _ => allowed,
            };
            on.truncate(most as usize);
            for it in on {
                self.moves.add(&number, it.booking);
                moved += usize::from(self.leave(it.booking, number.vn).await?);
            }
        }
        Ok(moved)
    }

    /// Gives the sides of a booking that have this number another one. Whether one got it.
    async fn leave(&self, booking: u64, vn: Vn) -> Result<bool, StoreError> {
        let mut has_moved = false;
        for side in SideName::BOTH {
            match self.replace(booking, side, vn).await {
                Ok(moved) => has_moved |= moved.is_some(),
                Err(Refused::Store(error)) => return Err(error),
                Err(Refused::Exhausted(_)) => {
                    tracing::warn!(
                        side = side.as_str(),
                        "a booking stays on a sick number: there is no other"
                    );
                }
                Err(_) => {}
            }
        }
        Ok(has_moved)
    }

    /// Gives a side that has the number `vn` another one; the old one goes on working until the booking ends. `None` when it has
    /// another already, or the booking is over.
    ///
    /// # Errors
    ///
    /// [`Refused::Exhausted`], or the store's.
    pub(super) async fn replace(
        &self,
        booking: u64,
        side: SideName,
        vn: Vn,
    ) -> Result<Option<Booked>, Refused> {
        for _ in 0..LOOKED_ANEW {
            let found = self.store.by_numbers(&[booking]).await?.into_iter().next();
            let Some(known) = found else {
                return Ok(None);
            };
            let now = self.now();
            if known.side(side).vn != vn || now >= known.rests_from() || known.terms.hotline {
                return Ok(None);
            }
            let parties = known.parties();
            let asked = Asked {
                id: &known.id,
                parties: &parties,
                pair: known.pair,
            };
            let around = self.store.surroundings(&asked).await?;
            if around.known.as_ref() != Some(&known) {
                continue;
            }
            let found = self.other_number(&known, side, &around.legs, now);
            let (other, rested_before) =
                found.map_err(|short| self.exhausted(&known, &short, now))?;
            let others = around
                .of_pair
                .into_iter()
                .filter(|it| it.number != known.number)
                .collect();
            let changing = Changing {
                after: change::moved(known.clone(), side, other),
                known,
                named: [None, None],
                legs: around.legs,
                others,
                rested_before,
                why: why(self.number(vn).as_ref()),
                now,
            };
            if let Some(booked) = self.keep_change(changing).await? {
                return Ok(Some(booked));
            }
        }
        Err(Refused::Store(StoreError::Busy))
    }

    /// Another number for one side.
    pub(super) fn other_number(
        &self,
        known: &Booking,
        side: SideName,
        legs: &[crate::masking::Leg],
        now: Timestamp,
    ) -> Result<(Vn, Option<Timestamp>), crate::masking::allocate::Short> {
        let (shelf, rules) = (self.shelf(), self.rules(&known.pool));
        let (a, b) = (
            want(known, SideName::A, None),
            want(known, SideName::B, None),
        );
        let refused = known.side(side).numbers().collect();
        let wanted = Wanted {
            rules,
            stock: shelf.stock(&known.pool),
            a: &a,
            b: &b,
            pair: known.pair,
            legs,
            last: None,
            refused: &refused,
            now,
        };
        let luck = &mut Luck {
            draw: &mut chance::below,
            load: &|vn| shelf.load(vn),
        };
        allot_one(&wanted, side, luck)
    }
}

/// What the sweeper makes of a booking that it closed: one that changed meanwhile is looked at the next time.
fn settled(closed: Result<Booked, Refused>) -> Result<(), StoreError> {
    match closed {
        Err(Refused::Store(error)) => Err(error),
        _ => Ok(()),
    }
}
