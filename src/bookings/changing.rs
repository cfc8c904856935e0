//! A booking is closed, or opened again.

use jiff::Timestamp;

use super::making::{Changing, LOOKED_ANEW};
use super::{Booked, Bookings, Refused};
use crate::masking::booking::{Booking, BookingId, CloseReason, later};
use crate::masking::change;
use crate::masking::request::CloseRequest;
use crate::store::StoreError;
use crate::store::bookings::{Asked, Block};

impl Bookings {
    /// `POST /v1/bookings/{id}/close`. One that is over already stays as it is.
    ///
    /// # Errors
    ///
    /// [`Refused::NotFound`], or the store's.
    pub async fn close(&self, id: &BookingId, request: CloseRequest) -> Result<Booked, Refused> {
        let known = self.store.booking(id).await?.ok_or(Refused::NotFound)?;
        if let (CloseReason::Abuse, Some(side)) = (request.reason, request.block) {
            for party in known.side(side).parties() {
                self.store.block(party, Block::ForGood).await?;
            }
        }
        self.close_for(known, request.reason).await
    }

    /// Closes a booking that was read a moment ago.
    pub(super) async fn close_for(
        &self,
        mut known: Booking,
        reason: CloseReason,
    ) -> Result<Booked, Refused> {
        let id = known.id.clone();
        for _ in 0..LOOKED_ANEW {
            let now = self.now();
            if known.closing.is_some() || (!known.is_open(now) && reason != CloseReason::Expired) {
                return Ok(self.booked(known, false, Vec::new()));
            }
            let rules = self.rules(&known.pool);
            let after = change::closed(known.clone(), reason, rules, now);
            if let Some(booked) = self.change(known, after, now).await? {
                return Ok(booked);
            }
            known = self.store.booking(&id).await?.ok_or(Refused::NotFound)?;
        }
        Err(Refused::Store(StoreError::Busy))
    }

    /// `POST /v1/bookings/{id}/reopen`, until then or for the pool's usual time. One that is open stays as it is.
    ///
    /// # Errors
    ///
    /// [`Refused::NotFound`]; [`Refused::NumbersGone`] once its numbers are free; a time that is over; the store's.
    pub async fn reopen(
        &self,
        id: &BookingId,
        expires_at: Option<Timestamp>,
    ) -> Result<Booked, Refused> {
        for _ in 0..LOOKED_ANEW {
            let now = self.now();
            let known = self.store.booking(id).await?.ok_or(Refused::NotFound)?;
            if known.is_open(now) {
                return Ok(self.booked(known, false, Vec::new()));
            }
            if expires_at.is_some_and(|at| at <= now) {
                let says = "the time is over already: give one that is to come, or leave it out";
                return Err(Refused::Wrong(vec![crate::masking::request::Fault {
                    code: "past_expiry",
                    at: "/expires_at".to_owned(),
                    says: says.to_owned(),
                }]));
            }
            let rules = self.rules(&known.pool);
            let until = expires_at.unwrap_or_else(|| later(now, rules.expires_after));
            let after =
                change::reopened(known.clone(), until, rules, now).ok_or(Refused::NumbersGone)?;
            if let Some(booked) = self.change(known, after, now).await? {
                return Ok(booked);
            }
        }
        // Somebody has had its numbers each time: they are another booking's.
        Err(Refused::NumbersGone)
    }

    /// Keeps a booking as it is to stand. `None` when somebody else was faster.
    pub(super) async fn change(
        &self,
        known: Booking,
        after: Booking,
        now: Timestamp,
    ) -> Result<Option<Booked>, Refused> {
        let parties = known.parties();
        let asked = Asked {
            id: &known.id,
            parties: &parties,
            pair: known.pair,
        };
        let around = self.store.surroundings(&asked).await?;
        if around.known.as_ref() != Some(&known) {
            return Ok(None);
        }
        let others = around.of_pair.into_iter();
        let changing = Changing {
            others: others.filter(|it| it.number != known.number).collect(),
            known,
            after,
            named: [None, None],
            legs: around.legs,
            rested_before: None,
            why: "reopened",
            now,
        };
        self.keep_change(changing).await
    }
}
