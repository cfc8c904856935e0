//! A booking is asked for: new, again, or another way.

use std::collections::HashSet;

use jiff::Timestamp;

use super::{Booked, Bookings, Exhausted, Refused, chance};
use crate::masking::allocate::{Allotted, Luck, Rung, Short, Want, Wanted, allot, allot_one};
use crate::masking::booking::{Booking, BookingId, SideName, later};
use crate::masking::change::{self, Around};
use crate::masking::draft::{self, Draft, Reader};
use crate::masking::request::{BookingRequest, Fault, SideRequest};
use crate::masking::rules::{PoolName, PoolRules};
use crate::masking::{BookingWrite, Leg, PinWrite, pin};
use crate::outbound::Country;
use crate::store::StoreError;
use crate::store::bookings::{Asked, BookingKept, Surroundings};

/// How often something is looked at anew because somebody else was faster. Each time somebody else has got what he wanted.
pub(super) const LOOKED_ANEW: usize = 64;

/// For how many PINs on a number a PIN is long enough at least, whatever is counted of them.
const PINS_AT_LEAST: u64 = 2000;

impl Bookings {
    /// `PUT /v1/bookings/{id}`: the booking is new, or what is asked for is laid over it.
    ///
    /// # Errors
    ///
    /// Why it was not taken in; then nothing of it was.
    pub async fn put(&self, id: &BookingId, request: &BookingRequest) -> Result<Booked, Refused> {
        for _ in 0..LOOKED_ANEW {
            if let Some(booked) = self.try_put(id, request).await? {
                return Ok(booked);
            }
        }
        Err(Refused::Store(StoreError::Busy))
    }

    /// `PUT /v1/bookings/{id}/sides/{a|b}`: what is asked for is laid over one side.
    ///
    /// # Errors
    ///
    /// Why it was not taken in; then nothing of it was.
    pub async fn put_side(
        &self,
        id: &BookingId,
        side: SideName,
        request: &SideRequest,
    ) -> Result<Booked, Refused> {
        let mut whole = BookingRequest::default();
        match side {
            SideName::A => whole.a = Some(request.clone()),
            SideName::B => whole.b = Some(request.clone()),
        }
        for _ in 0..LOOKED_ANEW {
            let known = self.store.booking(id).await?.ok_or(Refused::NotFound)?;
            if let Some(booked) = self.update(id, &whole, known).await? {
                return Ok(booked);
            }
        }
        Err(Refused::Store(StoreError::Busy))
    }

    /// `None` when somebody else was faster: look again.
    async fn try_put(
        &self,
        id: &BookingId,
        request: &BookingRequest,
    ) -> Result<Option<Booked>, Refused> {
        let draft = match self.draft(id, request, None) {
            Ok(draft) => draft,
            Err(faults) => {
                return match self.store.booking(id).await? {
                    Some(known) => self.update(id, request, known).await,
                    None => Err(Refused::Wrong(faults)),
                };
            }
        };
        let parties = draft.booking.parties();
        let asked = Asked {
            id,
            parties: &parties,
            pair: draft.booking.pair,
        };
        let around = self.store.surroundings(&asked).await?;
        match around.known {
            Some(known) => self.update(id, request, known).await,
            None => self.make(draft, around).await,
        }
    }

    fn draft(
        &self,
        id: &BookingId,
        request: &BookingRequest,
        known: Option<&Booking>,
    ) -> Result<Draft, Vec<Fault>> {
        let pool = known.map(|known| known.pool.clone());
        let pool = pool.or(request.pool.clone()).unwrap_or_default();
        let shelf = self.shelf();
        let stock = shelf.stock(&pool);
        if !self.pools.contains_key(&pool) && stock.is_empty() {
            return Err(vec![self.unknown_pool()]);
        }
        let reader = Reader {
            pool: &pool,
            rules: self.rules(&pool),
            stock,
            numbers: &shelf.book,
            destinations: &self.destinations(),
            party: &|number| self.store.party(number),
            now: self.now(),
        };
        draft::read(id, request, known, reader)
    }

    fn unknown_pool(&self) -> Fault {
        let names: Vec<_> = self.pools.keys().map(PoolName::as_str).collect();
        Fault {
            code: "unknown_pool",
            at: "/pool".to_owned(),
            says: format!("there is no such pool: there are {}", names.join(", ")),
        }
    }

    /// A new booking.
    async fn make(&self, draft: Draft, around: Surroundings) -> Result<Option<Booked>, Refused> {
        let Draft { mut booking, named } = draft;
        let (now, shelf) = (self.now(), self.shelf());
        let rules = self.rules(&booking.pool);
        let allotted = self.allot(&booking, named, &around, now)?;
        (booking.a.vn, booking.b.vn) = (allotted.a, allotted.b);
        booking.terms.hotline = allotted.rung == Rung::Hotline;
        self.pin(&mut booking, rules);
        let mut write = change::write(
            booking,
            Around {
                rules,
                held: &around.legs,
                others: &around.of_pair,
                now,
            },
        );
        write.rested_before = allotted.rested_before;
        self.pins(&mut write, None, rules);
        let mut tells = vec![self.created(&write.booking)];
        tells.extend(self.pressed(&write.booking, &around.legs, now));
        match self.store.keep_booking(&write, &tells).await? {
            BookingKept::Stored(booking) => {
                shelf.takes(&booking);
                self.pressures.note(&tells);
                self.tally.made(allotted.rung);
                Ok(Some(self.booked(*booking, true, SideName::BOTH.to_vec())))
            }
            BookingKept::Overtaken | BookingKept::Taken | BookingKept::PinTaken => Ok(None),
        }
    }

    /// Chooses the numbers of a new booking.
    fn allot(
        &self,
        booking: &Booking,
        named: [Option<crate::masking::Vn>; 2],
        around: &Surroundings,
        now: Timestamp,
    ) -> Result<Allotted, Refused> {
        let (rules, shelf) = (self.rules(&booking.pool), self.shelf());
        let (a, b) = (
            want(booking, SideName::A, named[0]),
            want(booking, SideName::B, named[1]),
        );
        let last = change::last_numbers(booking, &around.of_pair);
        let refused = HashSet::new();
        let wanted = Wanted {
            rules,
            stock: shelf.stock(&booking.pool),
            a: &a,
            b: &b,
            pair: booking.pair,
            legs: &around.legs,
            last,
            refused: &refused,
            now,
        };
        let luck = &mut Luck {
            draw: &mut chance::below,
            load: &|vn| shelf.load(vn),
        };
        allot(&wanted, luck).map_err(|short| self.short(&booking.pool, &short, now))
    }

    /// What is asked for is laid over a booking.
    async fn update(
        &self,
        id: &BookingId,
        request: &BookingRequest,
        known: Booking,
    ) -> Result<Option<Booked>, Refused> {
        if !known.is_open(self.now()) {
            return Err(Refused::Closed);
        }
        let draft = self
            .draft(id, request, Some(&known))
            .map_err(Refused::Wrong)?;
        let wishes = draft.named[0].is_some_and(|vn| vn != known.a.vn)
            || draft.named[1].is_some_and(|vn| vn != known.b.vn);
        if draft.booking == known && !wishes {
            return Ok(Some(self.booked(known, false, Vec::new())));
        }
        let mut parties = known.parties();
        parties.extend(draft.booking.parties());
        parties.sort_unstable();
        parties.dedup();
        let asked = Asked {
            id,
            parties: &parties,
            pair: known.pair,
        };
        let around = self.store.surroundings(&asked).await?;
        if around.known.as_ref() != Some(&known) {
            return Ok(None);
        }
        let others = around
            .of_pair
            .into_iter()
            .filter(|it| it.number != known.number)
            .collect();
        let mut changing = Changing {
            known,
            after: draft.booking,
            named: draft.named,
            legs: around.legs,
            others,
            rested_before: None,
            why: "phone_changed",
            now: self.now(),
        };
        for side in SideName::BOTH {
            self.renumber(&mut changing, side)?;
        }
        self.keep_change(changing).await
    }

    /// Gives a side another number if it cannot keep the one it has: its new phones are taken there, or another booking of the
    /// pair that it leaves needs the leg.
    fn renumber(&self, changing: &mut Changing, side: SideName) -> Result<(), Refused> {
        let pool = changing.after.pool.clone();
        let (rules, shelf) = (self.rules(&pool), self.shelf());
        let named = match side {
            SideName::A => changing.named[0],
            SideName::B => changing.named[1],
        };
        let named = named.filter(|vn| *vn != changing.after.side(side).vn);
        let around = changing.around(rules);
        let earlier = around.earlier(&changing.known, &changing.after, side);
        changing.after.side_mut(side).earlier = earlier;
        if changing.after.terms.hotline || (changing.keeps(side, rules) && named.is_none()) {
            return Ok(());
        }
        let a = want(
            &changing.after,
            SideName::A,
            named.filter(|_| side == SideName::A),
        );
        let b = want(
            &changing.after,
            SideName::B,
            named.filter(|_| side == SideName::B),
        );
        let refused = HashSet::from([changing.after.side(side).vn]);
        let wanted = Wanted {
            rules,
            stock: shelf.stock(&pool),
            a: &a,
            b: &b,
            pair: changing.after.pair,
            legs: &changing.legs,
            last: None,
            refused: &refused,
            now: changing.now,
        };
        let luck = &mut Luck {
            draw: &mut chance::below,
            load: &|vn| shelf.load(vn),
        };
        let found = allot_one(&wanted, side, luck);
        let (vn, rested) = found.map_err(|short| self.short(&pool, &short, changing.now))?;
        changing.rested_before = changing.rested_before.max(rested);
        match changing.keeps(side, rules) {
            true => changing.after = change::moved(changing.after.clone(), side, vn),
            false => {
                let side = changing.after.side_mut(side);
                side.vn = vn;
                side.earlier.clear();
            }
        }
        Ok(())
    }

    /// Keeps a changed booking.
    pub(super) async fn keep_change(
        &self,
        mut changing: Changing,
    ) -> Result<Option<Booked>, Refused> {
        let rules = self.rules(&changing.after.pool);
        for side in SideName::BOTH {
            let (was, is) = (changing.known.side(side), changing.after.side_mut(side));
            if is.primary().party != was.primary().party {
                // Whoever had the phone before may know the PIN.
                is.pin = None;
            }
        }
        self.pin(&mut changing.after, rules);
        let mut write = change::write(changing.after.clone(), changing.around(rules));
        let Changing {
            known,
            rested_before,
            why,
            now,
            ..
        } = changing;
        write.rested_before = rested_before;
        self.pins(&mut write, Some(&known), rules);
        let renumbered = SideName::BOTH.into_iter();
        let renumbered = renumbered
            .filter(|side| write.booking.side(*side).vn != known.side(*side).vn)
            .collect();
        let tells = self.changed(&known, &write.booking, why);
        match self.store.keep_booking(&write, &tells).await? {
            BookingKept::Stored(booking) => {
                let shelf = self.shelf();
                shelf.gives_back(&known);
                if booking.is_open(now) {
                    shelf.takes(&booking);
                }
                Ok(Some(self.booked(*booking, false, renumbered)))
            }
            BookingKept::Overtaken | BookingKept::Taken | BookingKept::PinTaken => Ok(None),
        }
    }

    /// Draws PINs for the sides that need one and have none.
    fn pin(&self, booking: &mut Booking, rules: &PoolRules) {
        let shelf = self.shelf();
        let is_forced = booking.terms.force_pin || booking.terms.hotline || rules.pin.force;
        for side in SideName::BOTH {
            let vn = booking.side(side).vn;
            let captures = shelf.book.get(vn).is_some_and(|number| number.capture);
            let wants = captures && (is_forced || rules.unknown.pin);
            if wants && booking.side(side).pin.is_none() {
                let live = shelf.pins(vn).max(PINS_AT_LEAST).saturating_add(1);
                let digits = pin::digits(live, rules.pin.tries);
                booking.side_mut(side).pin = Some(pin::draw(digits, &mut chance::below));
            }
        }
    }

    /// Writes the PINs of a booking, on each of its sides' numbers, and takes back those that it no longer has.
    fn pins(&self, write: &mut BookingWrite, known: Option<&Booking>, rules: &PoolRules) {
        let free_from = later(write.booking.rests_from(), rules.cooldown);
        let of = |booking: &Booking| {
            let mut pins = Vec::new();
            for side in SideName::BOTH {
                let it = booking.side(side);
                if let Some(pin) = &it.pin {
                    pins.extend(
                        it.numbers()
                            .map(|vn| (vn, self.store.pin_key(vn, &pin.0), side)),
                    );
                }
            }
            pins
        };
        let new = of(&write.booking);
        let old = known.map(of).unwrap_or_default();
        write.drops = old
            .into_iter()
            .map(|(vn, key, _)| (vn, key))
            .filter(|it| !new.iter().any(|(vn, key, _)| (*vn, *key) == *it))
            .collect();
        write.pins = new
            .into_iter()
            .map(|(vn, key, side)| PinWrite {
                vn,
                key,
                side,
                free_from,
            })
            .collect();
    }

    /// No number is there for a booking.
    pub(super) fn exhausted(&self, booking: &Booking, short: &Short, now: Timestamp) -> Refused {
        self.short(&booking.pool, short, now)
    }

    fn short(&self, pool: &PoolName, short: &Short, now: Timestamp) -> Refused {
        if short.named {
            let says = "this side cannot have that number: another booking of one of its phones has it, or it is not well; leave it out, or name another";
            return Refused::Wrong(vec![Fault {
                code: "number_taken",
                at: format!("/{}/virtual_number", short.side.as_str()),
                says: says.to_owned(),
            }]);
        }
        self.tally.exhausted();
        tracing::warn!(
            pool = pool.as_str(),
            side = short.side.as_str(),
            shortfall = short.shortfall,
            "a pool is exhausted: a booking found no number"
        );
        Refused::Exhausted(Exhausted {
            pool: pool.clone(),
            side: short.side,
            live: short.blocked,
            usable: self.shelf().stock(pool).len(),
            shortfall: short.shortfall,
            retry_after: short.free_at.map(|at| at.duration_since(now)),
        })
    }
}

/// A booking that is about to be changed.
#[derive(Debug)]
pub(super) struct Changing {
    pub(super) known: Booking,
    pub(super) after: Booking,
    pub(super) named: [Option<crate::masking::Vn>; 2],
    pub(super) legs: Vec<Leg>,
    /// The other bookings of the pair that it was in.
    pub(super) others: Vec<Booking>,
    pub(super) rested_before: Option<Timestamp>,
    /// Why a side would get another number.
    pub(super) why: &'static str,
    pub(super) now: Timestamp,
}

impl Changing {
    /// What bears on it.
    fn around<'a>(&'a self, rules: &'a PoolRules) -> Around<'a> {
        Around {
            rules,
            held: &self.legs,
            others: &self.others,
            now: self.now,
        }
    }

    /// Whether a side's phones can have its number.
    fn keeps(&self, side: SideName, rules: &PoolRules) -> bool {
        let vn = self.after.side(side).vn;
        self.around(rules)
            .may_hold(&self.known, &self.after, side, vn)
    }
}

/// What a side of a booking needs.
pub(super) fn want(booking: &Booking, side: SideName, named: Option<crate::masking::Vn>) -> Want {
    let side = booking.side(side);
    let primary = &side.primary().number;
    Want {
        parties: side.parties().collect(),
        country: Country::of(primary),
        digits: primary.digits().to_owned(),
        named,
    }
}
