//! A database full of bookings, as the server would have written them.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use callwright::call::PhoneNumber;
use callwright::clock::Clock;
use callwright::config;
use callwright::masking::booking::{BookingId, Terms, later};
use callwright::masking::change::{Around, write};
use callwright::masking::{
    Booking, BookingWrite, PairKey, Phone, PoolName, PoolNumber, PoolRules, Side, Vn,
};
use callwright::outbound::Country;
use callwright::store::bookings::BookingStore;
use callwright::store::sqlite::SqliteStore;
use callwright::store::{Store as _, keys};
use jiff::Timestamp;

use crate::Options;
use crate::booked::{NUMBERS, driver, number, place, rider};
use crate::load::Plan;
use crate::process::{Measured, Server, measure};
use crate::sections::{Drain, drain, scratch};

/// A folder with a database in it; removed when it is dropped.
#[derive(Debug)]
pub(crate) struct Filled {
    folder: PathBuf,
    pub(crate) bookings: u64,
    /// How long it took to fill.
    pub(crate) took: Duration,
    /// What the database takes of the disk, in MiB.
    pub(crate) size: f64,
}

impl Drop for Filled {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Filled {
    /// A database with the first `bookings` bookings, all of them active for a day.
    pub(crate) fn with(options: &Options, bookings: u64) -> io::Result<Self> {
        let mut filled = Self {
            folder: scratch(options, &format!("booked-{bookings}"))?,
            bookings,
            took: Duration::ZERO,
            size: 0.0,
        };
        let began = Instant::now();
        tokio::runtime::Runtime::new()?
            .block_on(filled.fill())
            .map_err(io::Error::other)?;
        filled.took = began.elapsed();
        let size = fs::metadata(filled.folder.join("callwright.db"))?.len();
        filled.size = size as f64 / f64::from(1 << 20);
        Ok(filled)
    }

    async fn fill(&self) -> Result<(), callwright::store::StoreError> {
        let url = format!("sqlite://{}/callwright.db", self.folder.display());
        let file = config::Keys {
            given: None,
            file: self.folder.join("callwright.keys"),
        };
        let keys = keys::find(&file, async { SqliteStore::is_new(&url) }).await?;
        let store = SqliteStore::open(&url, &keys).await?;
        let mut numbers = Vec::new();
        for place in 0..NUMBERS {
            numbers.push(store.keep_pool_number(&pool_number(place)).await?.vn);
        }
        let (rules, now) = (PoolRules::default(), Clock::system().now());
        let bookings =
            (0..self.bookings).map(|at| new(&store, at, numbers[place(at)], &rules, now));
        store.fill(bookings).await?;
        store.close().await;
        Ok(())
    }

    /// Puts a load of this database's masked calls, or of others, on a server that has begun with it and has come to rest. Also how
    /// much processor time it took until then, in seconds.
    pub(crate) fn measure(&self, plan: &Plan) -> io::Result<(Measured, Drain, f64)> {
        let server = Server::callwright(&self.folder, &[])?;
        let began_with = server.rests();
        let plan = Plan {
            bookings: self.bookings,
            ..plan.clone()
        };
        let measured = measure(&server, &plan)?;
        let drained = drain(&server)?;
        server.stop()?;
        Ok((measured, drained, began_with))
    }
}

/// What is to be kept of a new booking.
fn new(
    store: &SqliteStore,
    booking: u64,
    vn: Vn,
    rules: &PoolRules,
    now: Timestamp,
) -> BookingWrite {
    let side = |number: String| {
        let number = PhoneNumber::new(number);
        let party = store.party(&number);
        let mut side = Side::of(vec![Phone { number, party }]);
        side.vn = vn;
        side
    };
    let (a, b) = (side(rider(booking)), side(driver(booking)));
    let pool = PoolName::default();
    let booking = Booking {
        id: BookingId::new(format!("order-{booking}")),
        number: 0,
        revision: 0,
        pair: PairKey::of(&pool, a.primary().party, b.primary().party),
        pool,
        a,
        b,
        created_at: now,
        expires_at: later(now, rules.expires_after),
        idle_ttl: None,
        closing: None,
        terms: Terms::default(),
    };
    let around = Around {
        rules,
        held: &[],
        others: &[],
        now,
    };
    write(booking, around)
}

/// A number of the pool, healthy and free to give.
pub(crate) fn pool_number(place: usize) -> PoolNumber {
    PoolNumber::new(
        PhoneNumber::new(number(place)),
        PoolName::default(),
        Country::parse("SG"),
        Timestamp::UNIX_EPOCH,
    )
}
