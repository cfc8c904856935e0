//! Erases people who are to be forgotten: keeps the wish, and goes on by bites until nothing of them is left. Of the servers on one
//! database one does it at a time, and in each one round at a time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::call::PhoneNumber;
use crate::clock::Clock;
use crate::store::erasing::Erasure;
use crate::store::{Lease, Store, StoreError};

/// How often is looked whether more of a person can be erased.
const EVERY: Duration = Duration::from_millis(if cfg!(feature = "failpoints") {
    50
} else {
    10_000
});

/// How long the right to erase lasts, and how often it is renewed.
const LEASED: Duration = Duration::from_secs(30);
const RENEWED: Duration = Duration::from_secs(10);

/// Who erases.
#[derive(Debug)]
pub struct Eraser {
    store: Arc<dyn Store>,
    clock: Clock,
    /// As who the right to erase is taken.
    node: String,
    one_at_a_time: Mutex<()>,
}

impl Eraser {
    /// One that erases in `store`.
    pub fn new(store: Arc<dyn Store>, clock: Clock) -> Self {
        Self {
            store,
            clock,
            node: uuid::Uuid::new_v4().to_string(),
            one_at_a_time: Mutex::default(),
        }
    }

    /// Keeps that a person is to be erased, which rounds then do. Returns that, as it stands before the first.
    ///
    /// # Errors
    ///
    /// Why it could not be kept.
    pub async fn ask(&self, phone: &PhoneNumber) -> Result<Erasure, StoreError> {
        let (id, now) = (uuid::Uuid::now_v7().to_string(), self.clock.now());
        self.store.erasing().ask_to_erase(&id, phone, now).await?;
        tracing::info!(erasure = %id, "a person is to be erased");
        Ok(Erasure {
            id,
            asked_at: now,
            done_at: None,
            bookings: 0,
            sessions: 0,
            events: 0,
            attempts: 0,
        })
    }

    /// Goes on until there is nothing to do but to wait, for everybody who was to be erased when it began; at once done where another
    /// server is at it.
    ///
    /// # Errors
    ///
    /// Why it stopped; the next round goes on from there.
    pub async fn round(&self) -> Result<(), StoreError> {
        let _alone = self.one_at_a_time.lock().await;
        let mut held: Option<(Lease, Instant)> = None;
        loop {
            let fresh = held.take_if(|(_, since)| since.elapsed() < RENEWED);
            let (lease, since) = match fresh {
                Some(held) => held,
                None => match self.lease(LEASED).await? {
                    Some(lease) => (lease, Instant::now()),
                    None => return Ok(()),
                },
            };
            let erasing = self.store.erasing();
            let rests = erasing.go_on_erasing(&lease, self.clock.now()).await?;
            let Some(rests) = rests else {
                break;
            };
            tokio::time::sleep(rests).await;
            held = Some((lease, since));
        }
        // So that another server need not wait for its end.
        self.lease(Duration::ZERO).await?;
        Ok(())
    }

    async fn lease(&self, lasts: Duration) -> Result<Option<Lease>, StoreError> {
        self.store.take_lease("erasing", &self.node, lasts).await
    }

    /// Goes rounds until the store closes, as what is under way of people ends.
    pub async fn watch(self: Arc<Self>) {
        let mut is_failing = false;
        loop {
            match self.round().await {
                Ok(()) | Err(StoreError::LeaseLost) => is_failing = false,
                Err(StoreError::Closing) => return,
                Err(error) => {
                    if !is_failing {
                        tracing::error!(%error, "people cannot be erased: tried again until they can");
                    }
                    is_failing = true;
                }
            }
            tokio::time::sleep(EVERY).await;
        }
    }
}
