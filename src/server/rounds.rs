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

/// After how many looks the numbers are read anew, and what each carries.
const NUMBERS: u64 = 10;
const LOADS: u64 = 60;

/// Goes the rounds until it is dropped.
pub(super) async fn go(numbers: Arc<PoolNumbers>, store: Arc<dyn Store>) {
    let node = uuid::Uuid::new_v4().to_string();
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut lease: Option<(Lease, Instant)> = None;
    for round in 0_u64.. {
        ticks.tick().await;
        let done = one(&numbers, store.as_ref(), &node, &mut lease, round).await;
        match done {
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
    round: u64,
) -> Result<(), StoreError> {
    let bookings = numbers.bookings();
    if round.is_multiple_of(NUMBERS) {
        bookings.refresh().await?;
    }
    if round.is_multiple_of(LOADS) {
        bookings.weigh().await?;
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
