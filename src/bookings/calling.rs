//! A call to a number of a pool is answered, or only tried: one way for both, so that what is tried is what would happen.

use std::time::Duration;

use jiff::Timestamp;
use moka::sync::Cache;

use super::{Bookings, Refused};
use crate::call::Action;
use crate::call::{Digits, PhoneNumber};
use crate::masking::booking::{Booking, Usage};
use crate::masking::decision::{Awaits, Code, Decision, Task};
use crate::masking::route::{self, Around, Call, Picture, Stage};
use crate::masking::words::{Sentence, Voice};
use crate::masking::{BookingWrite, Leg, PartyKey, PoolNumber, change, spelling};
use crate::store::StoreError;
use crate::store::bookings::MaskedCall;

/// How long what was read of a caller may serve while the store is away.
const SERVES_FOR: Duration = Duration::from_secs(60);

/// Of how many callers that is kept.
const CALLERS: u64 = 50_000;

/// A call to a number of a pool, as far as it has come.
#[derive(Debug, Clone)]
pub struct Incoming<'a> {
    /// The calling number as it came.
    pub source: Option<&'a PhoneNumber>,
    /// The called number as it came.
    pub called: &'a PhoneNumber,
    /// What came of it so far.
    pub step: Step<'a>,
}

/// What came of a call so far.
#[derive(Debug, Clone)]
pub enum Step<'a> {
    /// It came in.
    Received,
    /// A PIN was asked for.
    Pin {
        /// How many were wrong before.
        wrong: u8,
        /// What was pressed.
        digits: Option<&'a Digits>,
    },
    /// Its last words were said.
    Over,
}

/// What was read of callers a moment ago.
#[derive(Debug)]
pub(super) struct Pictures(Cache<(PartyKey, crate::masking::Vn), Picture>);

impl Default for Pictures {
    fn default() -> Self {
        let cache = Cache::builder()
            .max_capacity(CALLERS)
            .time_to_live(SERVES_FOR)
            .build();
        Self(cache)
    }
}

/// What a call would be answered with.
#[derive(Debug, Clone, PartialEq)]
pub struct Simulated {
    /// The decision: its `code` has the word and the rule.
    pub decision: Decision,
    /// The callflow, as JSON; empty when a flow would take the call.
    pub callflow: String,
}

/// Whether deciding may change anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Touch {
    Changes,
    Nothing,
}

impl Bookings {
    /// What a call is answered with; `None` when its number is in no pool. A callee whose number is gone is given another one
    /// first, so that the call can be placed from it.
    ///
    /// # Errors
    ///
    /// The store's: see [`decide_without_store`](Self::decide_without_store).
    pub async fn decide(&self, call: &Incoming<'_>) -> Result<Option<Decision>, StoreError> {
        let Some(number) = self.shelf().book.find(call.called).cloned() else {
            return Ok(None);
        };
        self.decide_at(call, &number, self.now(), Touch::Changes)
            .await
            .map(Some)
    }

    /// What a call from `source` (as it comes: perhaps none) to `called` would be answered with at `at`. Touches nothing. `None`
    /// when the number is in no pool.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn simulate(
        &self,
        source: Option<&PhoneNumber>,
        called: &PhoneNumber,
        at: Timestamp,
    ) -> Result<Option<Simulated>, StoreError> {
        let Some(number) = self.shelf().book.find(called).cloned() else {
            return Ok(None);
        };
        let call = Incoming {
            source,
            called,
            step: Step::Received,
        };
        let decision = self.decide_at(&call, &number, at, Touch::Nothing).await?;
        let callflow = match decision.awaits {
            Awaits::Flow(_) => String::new(),
            _ => callflow(&decision, 1),
        };
        Ok(Some(Simulated { decision, callflow }))
    }

    /// What a call is answered with while the store is away: by what was read of the caller within the last minute, else an
    /// apology. Nobody is connected without a leg that was seen. `None` when its number is in no pool.
    pub fn decide_without_store(&self, call: &Incoming<'_>) -> Option<Decision> {
        let number = self.shelf().book.find(call.called).cloned()?;
        let caller = spelling::caller(call.source, call.called);
        let party = caller.as_ref().map(|caller| self.store.party(caller));
        let seen = party.and_then(|party| self.pictures.0.get(&(party, number.vn)));
        let rules = self.rules(&number.pool);
        let decided = match (&call.step, seen) {
            (Step::Over, _) => Some(self.route(
                call,
                &caller,
                party,
                &number,
                self.now(),
                &Picture::default(),
                None,
            )),
            (Step::Received, Some(picture)) if picture.leg.is_some() => {
                let decided = self.route(call, &caller, party, &number, self.now(), &picture, None);
                let needs_store = !decided.tasks.is_empty() || decided.code == Code::PinAsked;
                Some(decided).filter(|_| !needs_store)
            }
            _ => None,
        };
        Some(decided.unwrap_or_else(|| {
            let say = Voice::of(&rules.speech, []).say(Sentence::Failed);
            Decision {
                code: Code::StoreAway,
                actions: vec![say, Action::Hangup],
                awaits: Awaits::Nothing,
                about: None,
                counts: false,
                tasks: Vec::new(),
            }
        }))
    }

    /// What a caller gets whose pool names a flow that is not there.
    pub fn without_flow(&self, called: &PhoneNumber) -> Decision {
        let shelf = self.shelf();
        let pool = shelf.book.find(called).map(|number| number.pool.clone());
        let rules = self.rules(&pool.unwrap_or_default());
        let voice = Voice::of(&rules.speech, []);
        let say = match &rules.unknown.announce {
            Some(text) => voice.say_text(text),
            None => voice.say(Sentence::Unknown),
        };
        Decision {
            code: Code::FlowGone,
            actions: vec![say, Action::Hangup],
            awaits: Awaits::Nothing,
            about: None,
            counts: false,
            tasks: Vec::new(),
        }
    }

    async fn decide_at(
        &self,
        call: &Incoming<'_>,
        number: &PoolNumber,
        now: Timestamp,
        touch: Touch,
    ) -> Result<Decision, StoreError> {
        let caller = spelling::caller(call.source, call.called);
        let party = caller.as_ref().map(|caller| self.store.party(caller));
        let mut picture = self.picture(call, party, number, now, touch).await?;
        let found = self.found_by_pin(call, number, now).await?;
        let mut found = found
            .as_ref()
            .map(|(booking, side, usage)| (booking.clone(), *side, *usage));
        let decided = self.route(call, &caller, party, number, now, &picture, found.as_ref());
        let gone = decided.tasks.iter().find_map(|task| match task {
            Task::Replace { booking, side } => Some((*booking, *side)),
            _ => None,
        });
        let Some((booking, side)) = gone else {
            return Ok(decided);
        };
        let standing = [
            picture.booking.as_mut(),
            found.as_mut().map(|(booking, _, _)| booking),
        ];
        let elsewhere = picture.elsewhere.iter_mut().map(|(booking, _)| booking);
        let all: Vec<&mut Booking> = standing.into_iter().flatten().chain(elsewhere).collect();
        for it in all.into_iter().filter(|it| it.number == booking) {
            match self.with_another_number(it, side, touch, now).await? {
                Some(other) => *it = other,
                None => return Ok(decided),
            }
        }
        Ok(self.route(call, &caller, party, number, now, &picture, found.as_ref()))
    }

    /// The booking with another number for a side whose own is gone; kept, if anything may be touched. `None` when there is none.
    async fn with_another_number(
        &self,
        booking: &Booking,
        side: crate::masking::SideName,
        touch: Touch,
        now: Timestamp,
    ) -> Result<Option<Booking>, StoreError> {
        let gone = booking.side(side).vn;
        if touch == Touch::Changes {
            return match self.replace(booking.number, side, gone).await {
                Ok(Some(booked)) => Ok(Some(booked.booking)),
                // Another call did it a moment ago.
                Ok(None) => Ok(self
                    .store
                    .by_numbers(&[booking.number])
                    .await?
                    .into_iter()
                    .next()),
                Err(Refused::Store(error)) => Err(error),
                Err(_) => Ok(None),
            };
        }
        let parties = booking.parties();
        let asked = crate::store::bookings::Asked {
            id: &booking.id,
            parties: &parties,
            pair: booking.pair,
        };
        let around = self.store.surroundings(&asked).await?;
        let other = self.other_number(booking, side, &around.legs, now);
        Ok(other
            .ok()
            .map(|(vn, _)| change::moved(booking.clone(), side, vn)))
    }

    async fn picture(
        &self,
        call: &Incoming<'_>,
        party: Option<PartyKey>,
        number: &PoolNumber,
        now: Timestamp,
        touch: Touch,
    ) -> Result<Picture, StoreError> {
        if !matches!(call.step, Step::Received) {
            return Ok(Picture::default());
        }
        let asked = MaskedCall {
            caller: party,
            vn: number.vn,
            now,
        };
        let picture = self.store.masked_call(&asked).await?;
        if let (Some(party), Touch::Changes) = (party, touch) {
            self.pictures.0.insert((party, number.vn), picture.clone());
        }
        Ok(picture)
    }

    /// The booking that a PIN stands for.
    async fn found_by_pin(
        &self,
        call: &Incoming<'_>,
        number: &PoolNumber,
        now: Timestamp,
    ) -> Result<Option<(Booking, crate::masking::SideName, Usage)>, StoreError> {
        let Step::Pin {
            digits: Some(digits),
            ..
        } = &call.step
        else {
            return Ok(None);
        };
        let pin = digits.as_str().trim_end_matches('#');
        let key = self.store.pin_key(number.vn, pin);
        let Some((booking, side)) = self.store.by_pin(number.vn, key).await? else {
            return Ok(None);
        };
        // The row may be older than the booking: only the PIN that the side has now opens anything.
        let is_its_own = booking
            .side(side)
            .pin
            .as_ref()
            .is_some_and(|own| own.0 == pin);
        if !is_its_own || !booking.side(side).numbers().any(|vn| vn == number.vn) {
            return Ok(None);
        }
        let usage = match booking.depends_on_usage() {
            true => self.store.usage(booking.number, now).await?,
            false => Usage::default(),
        };
        Ok(Some((booking, side, usage)))
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "all that bears on a call, read by one who waits and one who does not"
    )]
    fn route(
        &self,
        call: &Incoming<'_>,
        caller: &Option<PhoneNumber>,
        party: Option<PartyKey>,
        number: &PoolNumber,
        now: Timestamp,
        picture: &Picture,
        found: Option<&(Booking, crate::masking::SideName, Usage)>,
    ) -> Decision {
        let shelf = self.shelf();
        let rules = self.rules(&number.pool);
        let stage = match call.step {
            Step::Received => Stage::Received,
            Step::Pin { wrong, .. } => Stage::PinGiven {
                wrong,
                found: found.map(|(booking, side, usage)| (booking, *side, *usage)),
            },
            Step::Over => Stage::Over,
        };
        let asked = Call {
            caller: caller.as_ref().zip(party),
            called: call.called,
            stage,
            now,
        };
        let around = Around {
            rules,
            number,
            numbers: &shelf.book,
            destinations: &self.destinations(),
            pins_are_off: self.tries.are_used_up(party, number.vn, &rules.pin),
        };
        route::route(&asked, picture, around)
    }

    /// Does what a decision asks for besides its answer, once that is kept. What fails is told in the log: the call goes on.
    pub async fn settle(&self, call: &Incoming<'_>, decision: &Decision) {
        let caller = spelling::caller(call.source, call.called);
        let party = caller.as_ref().map(|caller| self.store.party(caller));
        for task in &decision.tasks {
            let done = match task {
                Task::Remember { booking, side, vn } => match party {
                    Some(party) => self.remember(*booking, *side, *vn, party).await,
                    None => Ok(()),
                },
                Task::CalledLast {
                    booking,
                    side,
                    phone,
                } => self.called_last(*booking, *side, *phone).await,
                Task::PinFailed => {
                    self.pin_failed(call, party);
                    Ok(())
                }
                Task::Alarm(seen) => {
                    self.tally.alarm();
                    tracing::error!(
                        code = decision.code.as_str(),
                        seen,
                        "a masked call was refused for what cannot be"
                    );
                    Ok(())
                }
                Task::Replace { .. } => Ok(()),
            };
            if let Err(error) = done {
                tracing::warn!(reason = %error, "what follows from a masked call could not be kept");
            }
        }
    }

    fn pin_failed(&self, call: &Incoming<'_>, party: Option<PartyKey>) {
        let Some(number) = self.shelf().book.find(call.called).cloned() else {
            return;
        };
        self.tries.fail(party, number.vn);
        if self
            .tries
            .are_used_up(party, number.vn, &self.rules(&number.pool).pin)
        {
            tracing::warn!(number = %number.number, "too many PINs were wrong: none is asked for now");
        }
    }

    /// A caller who gave the PIN is known on the number from now on.
    async fn remember(
        &self,
        booking: u64,
        side: crate::masking::SideName,
        vn: crate::masking::Vn,
        party: PartyKey,
    ) -> Result<(), StoreError> {
        let rules = |booking: &Booking| self.rules(&booking.pool).cooldown;
        self.amend(booking, |known, now| {
            if known.terms.hotline || known.side_of(party).is_some() || !known.is_open(now) {
                return None;
            }
            let rests_from = known.rests_from();
            let leg = Leg {
                party,
                vn,
                booking,
                side,
                remembered: true,
                pair: known.pair,
                rests_from,
                free_from: crate::masking::booking::later(rests_from, rules(known)),
            };
            Some((known.clone(), vec![leg]))
        })
        .await
    }

    async fn called_last(
        &self,
        booking: u64,
        side: crate::masking::SideName,
        phone: usize,
    ) -> Result<(), StoreError> {
        self.amend(booking, |known, _| {
            let mut after = known.clone();
            after.side_mut(side).last_called = Some(phone);
            (after != *known).then_some((after, Vec::new()))
        })
        .await
    }

    /// Keeps a small change of a booking, anew when somebody else was faster.
    async fn amend(
        &self,
        booking: u64,
        change: impl Fn(&Booking, Timestamp) -> Option<(Booking, Vec<Leg>)> + Send + Sync,
    ) -> Result<(), StoreError> {
        for _ in 0..super::making::LOOKED_ANEW {
            let found = self.store.by_numbers(&[booking]).await?.into_iter().next();
            let now = self.now();
            let Some((after, takes)) = found.and_then(|known| change(&known, now)) else {
                return Ok(());
            };
            let write = BookingWrite {
                due_at: change::due_at(&after, self.rules(&after.pool), None),
                booking: after,
                takes,
                rested_before: None,
                changes: Vec::new(),
                pins: Vec::new(),
                drops: Vec::new(),
                now,
            };
            match self.store.keep_booking(&write, &[]).await? {
                crate::store::bookings::BookingKept::Overtaken => {}
                _ => return Ok(()),
            }
        }
        Err(StoreError::Busy)
    }
}

/// A decision as the callflow that is sent: reply number `replies` of its session.
pub fn callflow(decision: &Decision, replies: u32) -> String {
    let carried = crate::masking::Carried::after(decision, replies);
    let callflow = crate::call::Callflow {
        client_action_id: Some(carried.mark().to_string()),
        actions: decision.actions.clone(),
    };
    crate::platform::callflow::to_json(&callflow)
}
