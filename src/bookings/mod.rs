//! Bookings: takes them in, gives them numbers, keeps them, and answers the calls of their parties.
//!
//! The core decides ([`crate::masking`]), the store keeps ([`crate::store::bookings`]); here are the numbers in memory, chance,
//! and how often something is tried.
//!
//! * [`making`](self) a booking is asked for, or changed
//! * [`calling`] a call to a number of a pool is answered, or only tried
//! * [`numbers`] the numbers of pools: what the configuration, the API and the platform say of them
//! * [`keeping`](self) what has ended is closed, swept and erased; bookings leave sick numbers

pub mod calling;
mod chance;
mod changing;
mod keeping;
mod making;
pub mod numbers;
mod shelf;
mod tally;
mod telling;
mod tries;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use crate::call::PhoneNumber;
use crate::clock::Clock;
use crate::masking::booking::{Booking, BookingId, SideName, State};
use crate::masking::draft;
use crate::masking::request::Fault;
use crate::masking::rules::{PoolName, PoolRules};
use crate::masking::{PartyKey, PoolNumber, Vn};
use crate::outbound::{Destinations, spelling};
use crate::store::StoreError;
use crate::store::bookings::{Block, BookingFilter, BookingPage, BookingStore};
use calling::Pictures;
use keeping::Moves;
use shelf::Shelf;
pub use tally::Counted;
use tally::Tally;
use telling::Pressures;
use tries::Tries;

/// All bookings of a server.
#[derive(Debug)]
pub struct Bookings {
    store: Arc<dyn BookingStore>,
    pools: BTreeMap<PoolName, PoolRules>,
    usual: PoolRules,
    shelf: RwLock<Arc<Shelf>>,
    destinations: RwLock<Arc<Destinations>>,
    pictures: Pictures,
    tries: Tries,
    pressures: Pressures,
    tally: Tally,
    moves: Moves,
    clock: Clock,
}

/// What became of a booking that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Booked {
    /// The booking as it stands.
    pub booking: Booking,
    /// Its state now.
    pub state: State,
    /// Whether it is new.
    pub is_new: bool,
    /// Which sides have to be told another number than before.
    pub renumbered: Vec<SideName>,
}

/// Why a booking was not taken in.
#[derive(Debug, Clone)]
pub enum Refused {
    /// What is asked for is wrong: 422.
    Wrong(Vec<Fault>),
    /// There is none of this id: 404.
    NotFound,
    /// It is closed: 409.
    Closed,
    /// Its numbers are no longer its own, so that it cannot be opened again: 409.
    NumbersGone,
    /// No number can serve it: 503.
    Exhausted(Exhausted),
    /// The store is away or full: 503.
    Store(StoreError),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// No number can serve a booking.
#[derive(Debug, Clone, PartialEq)]
pub struct Exhausted {
    /// The pool.
    pub pool: PoolName,
    /// Which side finds none.
    pub side: SideName,
    /// How many numbers that side's parties hold or rest, one for each live booking at most.
    pub live: usize,
    /// How many numbers of the pool could be given at all.
    pub usable: usize,
    /// How many numbers more would do.
    pub shortfall: usize,
    /// After how long the first of its numbers has rested.
    pub retry_after: Option<SignedDuration>,
}

impl Bookings {
    /// `pools` are the rules by pool. Numbers are the store's: [`refresh`](Self::refresh) reads them, and has to come first.
    pub fn new(
        store: Arc<dyn BookingStore>,
        pools: BTreeMap<PoolName, PoolRules>,
        destinations: Destinations,
        clock: Clock,
    ) -> Self {
        Self {
            store,
            pools,
            usual: PoolRules::default(),
            shelf: RwLock::default(),
            destinations: RwLock::new(Arc::new(destinations)),
            pictures: Pictures::default(),
            tries: Tries::default(),
            pressures: Pressures::default(),
            tally: Tally::default(),
            moves: Moves::new(Instant::now()),
            clock,
        }
    }

    /// Reads the pools' numbers anew. What they carry is kept: [`weigh`](Self::weigh) reads that.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        let numbers = self.store.pool_numbers().await?;
        self.learn(numbers.iter().map(|it| it.number.clone()).collect());
        let shelf = self.shelf().renewed(numbers);
        *self.shelf.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(shelf);
        Ok(())
    }

    /// Reads what each number carries. It is counted along anyway; with several servers, each counts its own.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn weigh(&self) -> Result<(), StoreError> {
        let loads = self.store.loads(self.now()).await?;
        self.shelf().weighed(&loads);
        Ok(())
    }

    /// Takes virtual numbers of ours that the platform told of: nobody is called there.
    pub fn learn(&self, own: Vec<PhoneNumber>) {
        if self.destinations().knows(&own) {
            return;
        }
        let destinations = self.destinations.write();
        let mut destinations = destinations.unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(&mut destinations).learn(own);
    }

    /// The pools' rules.
    pub fn pools(&self) -> &BTreeMap<PoolName, PoolRules> {
        &self.pools
    }

    /// The rules of a pool; the usual ones of a pool that is only in the store.
    pub fn rules(&self, pool: &PoolName) -> &PoolRules {
        self.pools.get(pool).unwrap_or(&self.usual)
    }

    /// The numbers of all pools, as of the last look.
    pub fn numbers(&self) -> Vec<PoolNumber> {
        self.shelf().book.all().into_iter().cloned().collect()
    }

    /// How many live legs a number carries, about.
    pub fn load(&self, vn: Vn) -> u64 {
        self.shelf().load(vn)
    }

    /// Keeps a number of a pool, and knows it from then on. Bookings on one that is sick are given others by
    /// [`migrate`](Self::migrate).
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn keep_number(&self, number: PoolNumber) -> Result<PoolNumber, StoreError> {
        let kept = self.store.keep_pool_number(&number).await?;
        self.refresh().await?;
        Ok(kept)
    }

    /// Whether calls to this number are masked.
    pub fn masks(&self, number: &PhoneNumber) -> bool {
        self.shelf().book.find(number).is_some()
    }

    /// A virtual number by the store's number of it.
    pub fn number(&self, vn: Vn) -> Option<PoolNumber> {
        self.shelf().book.get(vn).cloned()
    }

    /// `GET /v1/bookings/{id}`.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn get(&self, id: &BookingId) -> Result<Option<Booked>, StoreError> {
        let found = self.store.booking(id).await?;
        Ok(found.map(|booking| self.booked(booking, false, Vec::new())))
    }

    /// `GET /v1/bookings`.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn list(&self, filter: &BookingFilter) -> Result<BookingPage, StoreError> {
        self.store.bookings(filter).await
    }

    /// What calls a booking had.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn usage(
        &self,
        booking: &Booking,
    ) -> Result<crate::masking::booking::Usage, StoreError> {
        self.store.usage(booking.number, self.now()).await
    }

    /// The person with this number, as people write it in the pool's country; `None` when it cannot be read.
    pub fn party(&self, pool: &PoolName, written: &str) -> Option<PartyKey> {
        let shelf = self.shelf();
        let home = draft::home(self.rules(pool), shelf.stock(pool));
        let number = spelling::read(written, home).ok()?;
        Some(self.store.party(&number))
    }

    /// Puts a party on the company's block-list, or takes it off.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn block(&self, party: PartyKey, block: Block) -> Result<(), StoreError> {
        self.store.block(party, block).await
    }

    /// Where a booking stands now.
    pub fn state(&self, booking: &Booking) -> State {
        booking.state(self.now(), self.rules(&booking.pool).cooldown)
    }

    fn booked(&self, booking: Booking, is_new: bool, renumbered: Vec<SideName>) -> Booked {
        Booked {
            state: self.state(&booking),
            booking,
            is_new,
            renumbered,
        }
    }

    fn shelf(&self) -> Arc<Shelf> {
        let shelf = self.shelf.read();
        shelf.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn destinations(&self) -> Arc<Destinations> {
        let destinations = self.destinations.read();
        destinations.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The time, as finely as it is kept.
    fn now(&self) -> Timestamp {
        let now = self.clock.now();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
}
