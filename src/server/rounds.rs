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
    let node = uuid::Uuid::new_v4().to_string();
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut lease: Option<(Lease, Instant)> = None;
    let mut weigh_at = Instant::now();
    for round in 0_u64.. {
        ticks.tick().await;
        let one = one(
            &numbers,
            store.as_ref(),
            &node,
            &mut lease,
            &mut weigh_at,
            round,
        );
        match one.await {
            Ok(()) => {}
            Err(StoreError::LeaseLost) => lease = None,
            Err(error) => {
                tracing::warn!(%error, "bookings could not be looked after: tried again in a second");
            }
        }
        // A number that has become sick is not waited with.
        let _ = timeout(EVERY, numbers.sickened()).await;
    }
}

async fn one(
    numbers: &PoolNumbers,
    store: &dyn Store,
    node: &str,
    lease: &mut Option<(Lease, Instant)>,
    weigh_at: &mut Instant,
    round: u64,
) -> Result<(), StoreError> {
    let bookings = numbers.bookings();
    if round.is_multiple_of(NUMBERS) {
        bookings.refresh().await?;
    }
    if Instant::now() >= *weigh_at {
        let began = Instant::now();
        bookings.weigh().await?;
        *weigh_at = Instant::now() + LOADS.max(began.elapsed() * LOADS_REST);
    }
    let is_fresh = lease
        .as_ref()
        .is_some_and(|(_, since)| since.elapsed() < RENEWED);
    if !is_fresh {
        let taken = store.take_lease("bookings", node, LEASED).await?;
        *lease = taken.map(|lease| (lease, Instant::now()));
    }
    if let Some((lease, _)) = lease {
        numbers.ripen().await?;
        bookings.sweep(lease).await?;
        bookings.migrate(lease).await?;
    }
    Ok(())
}
