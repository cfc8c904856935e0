//! What is promised of forgetting people: rows go when their time is over, and whatever is kept of a person goes when that
//! is asked for, in small bites between which others write.
//!
//! * [`looking`] how a person is looked for and erased, [`bookings`] in bookings
//! * [`named`] whom a text names
//! * [`copy`] the same in a copy that nobody serves
//! * [`people`] who is being erased, and [`subject`] how far that went, as it is kept

pub(super) mod bookings;
pub(super) mod copy;
pub(super) mod looking;
pub(super) mod named;
pub(super) mod people;
pub(super) mod subject;

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Lease, StoreError};
use crate::call::PhoneNumber;
pub use looking::Gone;

/// What is erased.
#[async_trait]
pub trait Erasing: Send + Sync {
    /// Erases sessions of which the last was heard before `before` and calls that we started then, with all that is kept of
    /// them; a bite of them. A session without a summary goes as well: nothing more comes of it. Returns how many went.
    ///
    /// It is done under `lease`: [`StoreError::LeaseLost`] once another has taken that over.
    async fn erase_old(&self, lease: &Lease, before: Timestamp) -> Result<u64, StoreError>;

    /// Keeps that a person is to be erased, under a new `id`. It is done by [`go_on_erasing`](Self::go_on_erasing).
    async fn ask_to_erase(
        &self,
        id: &str,
        phone: &PhoneNumber,
        at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Erases what is kept of the people that are to be erased, a bite of it: sessions that they called or were called in, or that name
    /// them anywhere, with traces and events; calls to them that we started, or whose variables name them; what was handed to the
    /// Contact Center and events with their number in it; bookings that a phone of theirs is in, or whose id names them, with the calls
    /// that these had. An open booking of theirs is closed at once; a label of another's that names them goes. What is still under way
    /// (a live session, a booking with one, another's booking that is not over, a call of which nobody knows what became) goes once it is
    /// over, a session also when a day has passed since anything was heard of it; until then the person's number is kept, sealed, with what was asked. What begins after that was asked is kept as anything is.
    ///
    /// Returns after how long to go on, so that others have their turn; `None` when there is nothing to do but to wait. It is done
    /// under `lease`: [`StoreError::LeaseLost`] once another has taken that over.
    async fn go_on_erasing(
        &self,
        lease: &Lease,
        now: Timestamp,
    ) -> Result<Option<Duration>, StoreError>;

    /// What was asked to be erased, the newest first; a hundred at most. Nothing tells whom it was about.
    async fn erasures(&self) -> Result<Vec<Erasure>, StoreError>;
}

/// One person that was to be erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// Its id.
    pub id: String,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// When all of it was done; `None` while something is under way.
    pub done_at: Option<Timestamp>,
    /// How many bookings went.
    pub bookings: u64,
    /// How many sessions went.
    pub sessions: u64,
    /// How many events.
    pub events: u64,
    /// How many calls that we started, and handoffs.
    pub attempts: u64,
}

/// The tables of what was handed to the Contact Center, each with its ids, which are UUIDs of version 7.
pub(super) const HANDED_OVER: [(&str, &str); 2] = [
    ("handoffs", "handoff_id"),
    ("callback_results", "result_id"),
];

/// The first id that a row may have that was made at a time (ms) or later.
pub(super) fn first_id_at(ms: i64) -> String {
    let ms = ms.max(0).unsigned_abs();
    format!(
        "{:08x}-{:04x}-7000-8000-000000000000",
        ms >> 16,
        ms & 0xffff
    )
}
