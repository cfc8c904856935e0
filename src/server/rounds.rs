//! What goes on behind bookings: those that are over are closed and erased, those on sick numbers get others, and what other
//! servers changed of the numbers is read. Of the servers on one database one does the changing at a time.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use crate::bookings::numbers::PoolNumbers;
use crate::store::{Lease, Store, StoreError};

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(1);

/// How long the right to change lasts, and how often it is renewed.
const LEASED: Duration = Duration::from_secs(30);
const RENEWED: Duration = Duration::from_secs(10);

/// After how many looks the numbers are read anew.
const NUMBERS: u64 = 10;

/// After how long what each of them carries is read anew at the soonest, and after how many times as long as that took: among
/// millions of bookings it takes seconds, and it is counted along anyway.
const LOADS: Duration = Duration::from_secs(60);
const LOADS_REST: u32 = 100;

/// Goes the rounds until it is dropped.
pub(super) async fn go(numbers: Arc<PoolNumbers>, store: Arc<dyn Store>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut rounds = Rounds {
        numbers,
        store,
        node: uuid::Uuid::new_v4().to_string(),
        lease: None,
        weigh_at: Instant::now(),
    };
    for round in 0_u64.. {
        ticks.tick().await;
        match rounds.go_one(round).await {
            Ok(()) => {}
            Err(StoreError::LeaseLost) => rounds.lease = None,
            Err(error) => {
                tracing::warn!(%error, "bookings could not be looked after: tried again in a second");
            }
        }
        // A number that has become sick is not waited with.
        let _ = timeout(EVERY, rounds.numbers.sickened()).await;
    }
}

struct Rounds {
    numbers: Arc<PoolNumbers>,
    store: Arc<dyn Store>,
    /// As who the right to change is taken.
    node: String,
    /// That right, and since when.
    lease: Option<(Lease, Instant)>,
    /// When what each number carries is due to be read.
    weigh_at: Instant,
}

impl Rounds {
    async fn go_one(&mut self, round: u64) -> Result<(), StoreError> {
        let bookings = self.numbers.bookings();
        if round.is_multiple_of(NUMBERS) {
            bookings.refresh().await?;
        }
        if Instant::now() >= self.weigh_at {
            let began = Instant::now();
            bookings.weigh().await?;
            self.weigh_at = Instant::now() + LOADS.max(began.elapsed() * LOADS_REST);
        }
        let is_fresh = self
            .lease
            .as_ref()
            .is_some_and(|(_, since)| since.elapsed() < RENEWED);
        if !is_fresh {
            let taken = self.store.take_lease("bookings", &self.node, LEASED);
            self.lease = taken.await?.map(|lease| (lease, Instant::now()));
        }
        if let Some((lease, _)) = &self.lease {
            self.numbers.ripen().await?;
            bookings.sweep(lease).await?;
            bookings.migrate(lease).await?;
        }
        Ok(())
    }
}
