//! Bookings at the store, with encryption and events: how many a second are made while many are active, and what an active one
//! costs in memory. In this process, since HTTP is not what is measured; then once more over HTTP.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use callwright::bookings::Bookings;
use callwright::clock::Clock;
use callwright::masking::booking::BookingId;
use callwright::masking::request::{BookingRequest, SideRequest};
use callwright::masking::{PoolName, PoolRules};
use callwright::outbound::{Country, Destinations};
use callwright::store::bookings::BookingStore;
use callwright::store::postgres::PostgresStore;
use callwright::store::sqlite::SqliteStore;
use callwright::store::vault::Keys;
use tokio::runtime::Runtime;

use crate::call::Shape;
use crate::filled::Filled;
use crate::load::Plan;
use crate::postgres::Database;
use crate::{Options, booked, filled, print, sections};

/// How many writers fill a database.
const FILLERS: usize = 256;

/// On SQLite: measures, and prints.
pub(crate) fn on_sqlite(options: &Options) -> io::Result<()> {
    head("Bookings at the store");
    let folder = sections::scratch(options, "bookings")?;
    let url = format!("sqlite://{}/callwright.db", folder.display());
    let active = active(options);
    runtime()?.block_on(async {
        let store = SqliteStore::open(&url, &Keys::generate())
            .await
            .expect("the store opens");
        let desk = Desk::open("SQLite", Arc::new(store)).await;
        let cost = desk.fill(active).await;
        desk.measure(options, 64, active, cost, Who::Anybody).await;
        desk.measure(options, 16, active, cost, Who::TwentyDrivers)
            .await;
    });
    over_http(options, active)?;
    std::fs::remove_dir_all(&folder)
}

/// On PostgreSQL: measures, and prints.
pub(crate) fn on_postgres(options: &Options) -> io::Result<()> {
    head("Bookings at the store on PostgreSQL");
    let Some(database) = Database::fresh("bookings")? else {
        println!("{}", Database::how_to());
        return Ok(());
    };
    let active = active(options);
    runtime()?.block_on(async {
        let store = PostgresStore::open(database.url(), &Keys::generate())
            .await
            .expect("the store opens");
        let desk = Desk::open("PostgreSQL", Arc::new(store)).await;
        let cost = desk.fill(active).await;
        database.look_after().await?;
        desk.measure(options, 16, active, cost, Who::Anybody).await;
        desk.measure(options, 16, active, cost, Who::TwentyDrivers)
            .await;
        Ok(())
    })
}

fn head(heading: &str) {
    print::heading(heading);
    println!(
        "| store | writers | active before | made/s | p50 ms | p99 ms | failed | bytes of memory a booking |"
    );
    println!("|---|---|---|---|---|---|---|---|");
}

fn active(options: &Options) -> u64 {
    if options.quick { 20_000 } else { 1_000_000 }
}

fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
}

/// Each by a request of its own to a server; the load is on the other core.
fn over_http(options: &Options, active: u64) -> io::Result<()> {
    let filled = Filled::with(options, active)?;
    for connections in [64, 16] {
        let plan = Plan {
            shape: Shape::Bookings,
            ..sections::closed(options, connections).warmed()
        };
        let (measured, ..) = filled.measure(&plan)?;
        let found = measured.outcome;
        println!(
            "| SQLite, over HTTP | {connections} | {active} | {:.0} | {:.2} | {:.2} | {} | - |",
            found.throughput(),
            found.p50,
            found.p99,
            found.refused_others + found.broken
        );
    }
    Ok(())
}

/// Whom bookings are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    /// A new rider, and one of a million drivers.
    Anybody,
    /// A new rider, and one of twenty drivers.
    TwentyDrivers,
}

struct Desk {
    store: &'static str,
    bookings: Arc<Bookings>,
    next: Arc<AtomicU64>,
}

impl Desk {
    async fn open(name: &'static str, store: Arc<dyn BookingStore>) -> Self {
        for place in 0..booked::NUMBERS {
            store
                .keep_pool_number(&filled::pool_number(place))
                .await
                .expect("it is kept");
        }
        let pools = BTreeMap::from([(PoolName::default(), PoolRules::default())]);
        let singapore = Country::parse("SG").expect("a country");
        let destinations = Destinations::new([], [singapore]);
        let bookings = Bookings::new(store, pools, destinations, Clock::system());
        bookings.refresh().await.expect("numbers are read");
        Self {
            store: name,
            bookings: Arc::new(bookings),
            next: Arc::default(),
        }
    }

    /// Makes so many bookings in a database that holds none, and prints how fast. What one costs in memory, in bytes.
    async fn fill(&self, active: u64) -> f64 {
        let began = Instant::now();
        let first = active / 10;
        let (_, mut failed) = self.make(FILLERS, first, Who::Anybody, None).await;
        let before = resident();
        failed += self
            .make(FILLERS, active - first, Who::Anybody, None)
            .await
            .1;
        let rate = active as f64 / began.elapsed().as_secs_f64();
        println!(
            "| {}, filled | {FILLERS} | 0 | {rate:.0} | - | - | {failed} | - |",
            self.store
        );
        (resident() - before) / (active - first).max(1) as f64
    }

    async fn measure(&self, options: &Options, writers: usize, active: u64, cost: f64, who: Who) {
        let time = Duration::from_secs_f64(options.seconds);
        let began = Instant::now();
        let (mut took, failed) = self.make(writers, u64::MAX, who, Some(time)).await;
        let rate = took.len() as f64 / began.elapsed().as_secs_f64();
        took.sort_unstable();
        let at = |share: f64| {
            let place = (took.len() as f64 * share) as usize;
            took.get(place.min(took.len().saturating_sub(1)))
                .map_or(f64::NAN, |it| it.as_secs_f64() * 1e3)
        };
        let drivers = if who == Who::TwentyDrivers {
            ", 20 drivers"
        } else {
            ""
        };
        println!(
            "| {} | {writers}{drivers} | {active} | {rate:.0} | {:.2} | {:.2} | {failed} | {cost:.0} |",
            self.store,
            at(0.5),
            at(0.99)
        );
    }

    /// Makes bookings by so many writers: `count`, or as many as there is time for. How long each took, and how many failed.
    async fn make(
        &self,
        writers: usize,
        count: u64,
        who: Who,
        time: Option<Duration>,
    ) -> (Vec<Duration>, u64) {
        let until = time.map(|time| Instant::now() + time);
        let left = Arc::new(AtomicU64::new(count));
        let writing: Vec<_> = (0..writers)
            .map(|_| {
                let (bookings, next, left) =
                    (self.bookings.clone(), self.next.clone(), left.clone());
                tokio::spawn(async move {
                    let (mut took, mut failed) = (Vec::new(), 0);
                    while until.is_none_or(|until| Instant::now() < until) {
                        let one_less = |left: u64| left.checked_sub(1);
                        if left
                            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less)
                            .is_err()
                        {
                            break;
                        }
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        let began = Instant::now();
                        match bookings
                            .put(&BookingId::new(format!("order-{n}")), &request(n, who))
                            .await
                        {
                            Ok(_) if time.is_some() => took.push(began.elapsed()),
                            Ok(_) => {}
                            Err(_) => failed += 1,
                        }
                    }
                    (took, failed)
                })
            })
            .collect();
        let (mut all, mut failures) = (Vec::new(), 0);
        for writer in writing {
            let (took, failed) = writer.await.expect("a writer ends");
            all.extend(took);
            failures += failed;
        }
        (all, failures)
    }
}

fn request(n: u64, who: Who) -> BookingRequest {
    let side = |number: String| SideRequest {
        phones: Some(vec![number]),
        ..SideRequest::default()
    };
    let driver = match who {
        Who::Anybody => booked::driver(n),
        Who::TwentyDrivers => booked::driver(n % 20),
    };
    BookingRequest {
        a: Some(side(booked::rider(n))),
        b: Some(side(driver)),
        ..BookingRequest::default()
    }
}

/// Bytes of memory that this process has now.
fn resident() -> f64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: f64 = text
        .split_whitespace()
        .nth(1)
        .and_then(|it| it.parse().ok())
        .unwrap_or(0.0);
    pages * 4096.0
}
