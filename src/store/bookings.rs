//! What is kept of bookings, of who holds which number, and of pools: a promise of its own, which both stores keep.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Lease, StoreError};
use crate::call::PhoneNumber;
use crate::events::Event;
use crate::masking::booking::{Booking, BookingId, SideName, Usage};
use crate::masking::{BookingWrite, Leg, PairKey, PartyKey, Picture, PoolName, PoolNumber, Vn};

/// What the server keeps and finds again of bookings.
#[async_trait]
pub trait BookingStore: Send + Sync + std::fmt::Debug {
    /// What the person with this number is found by. The digits have the country code first.
    fn party(&self, number: &PhoneNumber) -> PartyKey;

    /// What a PIN is found by on a number.
    fn pin_key(&self, vn: Vn, pin: &str) -> [u8; 16];

    /// A booking, as it was kept last.
    async fn booking(&self, id: &BookingId) -> Result<Option<Booking>, StoreError>;

    /// The bookings that fit, newest first.
    async fn bookings(&self, filter: &BookingFilter) -> Result<BookingPage, StoreError>;

    /// What bears on a booking that is to be made or changed: one look.
    async fn surroundings(&self, asked: &Asked<'_>) -> Result<Surroundings, StoreError>;

    /// Keeps a booking with all that it takes and gives back, in one transaction: all of it is on the disk when it returns
    /// [`BookingKept::Stored`], else nothing is. So is what is told of it: `tells`, at `write.now`, what is about the booking first.
    async fn keep_booking(
        &self,
        write: &BookingWrite,
        tells: &[Event],
    ) -> Result<BookingKept, StoreError>;

    /// All that bears on a call to a number of a pool: one look by (party, number), and one at the booking. What is rare is
    /// looked for only when there is no leg.
    async fn masked_call(&self, asked: &MaskedCall) -> Result<Picture, StoreError>;

    /// The booking that a PIN stands for on a number.
    async fn by_pin(
        &self,
        vn: Vn,
        key: [u8; 16],
    ) -> Result<Option<(Booking, SideName)>, StoreError>;

    /// What calls a booking had, all that were kept before this was asked.
    async fn usage(&self, booking: u64, now: Timestamp) -> Result<Usage, StoreError>;

    /// Bookings for which something is due at `now` (the end of their time, being erased), the earliest first, [`AT_ONCE`] at most.
    async fn due_bookings(&self, now: Timestamp) -> Result<Vec<Booking>, StoreError>;

    /// Deletes legs and PINs that have been free since before `now`, in small bites, under `lease`. How many.
    async fn sweep_legs(&self, lease: &Lease, now: Timestamp) -> Result<u64, StoreError>;

    /// Erases a booking, the calls that it had, and what is left of its legs and PINs.
    async fn erase_booking(&self, lease: &Lease, booking: &Booking) -> Result<(), StoreError>;

    /// The bookings whose sides hold this number now, by the store's numbers, with when each ends and when it was made.
    async fn bookings_on(&self, vn: Vn, now: Timestamp) -> Result<Vec<OnNumber>, StoreError>;

    /// The bookings with these numbers of the store's, as far as they are there.
    async fn by_numbers(&self, numbers: &[u64]) -> Result<Vec<Booking>, StoreError>;

    /// How many legs each number has at `now` on which calls may connect, and how many PINs.
    async fn loads(&self, now: Timestamp) -> Result<Vec<Load>, StoreError>;

    /// How many numbers the busiest parties of a pool hold at `now`, as sides a and as sides b, most first; some thousand at
    /// most. What a pool's size is planned from.
    async fn degrees(&self, pool: &PoolName, now: Timestamp) -> Result<Degrees, StoreError>;

    /// All numbers of pools, removed ones as long as a booking may hold them.
    async fn pool_numbers(&self) -> Result<Vec<PoolNumber>, StoreError>;

    /// Keeps a number of a pool, new by its digits or over what is known of it. Returns it with its [`Vn`].
    async fn keep_pool_number(&self, number: &PoolNumber) -> Result<PoolNumber, StoreError>;

    /// Puts a party on the company's block-list, until then or for good, or takes it off.
    async fn block(&self, party: PartyKey, block: Block) -> Result<(), StoreError>;
}

/// What is asked for a booking that is to be made or changed.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Its id.
    pub id: &'a BookingId,
    /// The parties whose legs matter.
    pub parties: &'a [PartyKey],
    /// The pair whose bookings matter.
    pub pair: PairKey,
}

/// What bears on a booking that is to be made or changed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Surroundings {
    /// The booking of this id, as it was kept last.
    pub known: Option<Booking>,
    /// The parties' legs, free ones with them as long as nobody has swept them.
    pub legs: Vec<Leg>,
    /// The newest bookings of the pair, newest first, [`OF_PAIR`] at most.
    pub of_pair: Vec<Booking>,
}

/// How many bookings of a pair are looked at.
pub const OF_PAIR: i64 = 8;

/// What became of a booking that was to be kept.
#[derive(Debug, Clone, PartialEq)]
pub enum BookingKept {
    /// It is on the disk, as it stands here.
    Stored(Box<Booking>),
    /// One of this id is there, or it was changed since it was read: look again.
    Overtaken,
    /// A leg that it would take is another booking's.
    Taken,
    /// A PIN that it would take is another booking's.
    PinTaken,
}

/// A call to a number of a pool.
#[derive(Debug, Clone, PartialEq)]
pub struct MaskedCall {
    /// Who calls; `None` for one that hides the number.
    pub caller: Option<PartyKey>,
    /// Which number is called.
    pub vn: Vn,
    /// When.
    pub now: Timestamp,
}

/// What becomes of a party on the company's block-list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Block {
    /// It is on it until then.
    Until(Timestamp),
    /// It is on it for good.
    ForGood,
    /// It is not.
    Lifted,
}

/// What a number carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// The number.
    pub vn: Vn,
    /// Legs on which calls may connect.
    pub legs: u64,
    /// PINs.
    pub pins: u64,
}

/// A booking that holds a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnNumber {
    /// The booking, by the store's number.
    pub booking: u64,
    /// When it ends.
    pub ends_at: Timestamp,
}

/// How many numbers the busiest parties hold, each side's most first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Degrees {
    /// Of parties that are sides a.
    pub a: Vec<u32>,
    /// Of parties that are sides b.
    pub b: Vec<u32>,
}

/// Which bookings are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BookingFilter {
    /// Of this pool only.
    pub pool: Option<PoolName>,
    /// Of this party only.
    pub party: Option<PartyKey>,
    /// Those that are open (`true`) or closed and over (`false`).
    pub open: Option<bool>,
    /// Made before this one: the last of the page before.
    pub before: Option<u64>,
    /// How many at most.
    pub limit: u32,
}

/// How many bookings or calls are looked at at once in the background.
pub const AT_ONCE: usize = 500;

/// A page of bookings.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BookingPage {
    /// Newest first.
    pub bookings: Vec<Booking>,
    /// What the next page begins before; `None` on the last.
    pub next: Option<u64>,
}

impl BookingPage {
    /// A page of `limit`, cut from bookings that may be one more.
    pub(super) fn cut(mut bookings: Vec<Booking>, limit: u32) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = bookings.len() > limit;
        bookings.truncate(limit);
        let next = bookings.last().map(|last| last.number).filter(|_| has_more);
        Self { bookings, next }
    }
}
