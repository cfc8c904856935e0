//! What flows need of the world, seen to within the time that one reply has.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use crate::flow::need::{BUDGET_MS, Met, Need};

/// Whoever sees to what flows need.
#[async_trait]
pub trait World: fmt::Debug + Send + Sync {
    /// Meets a need, within this time at most. One that has been begun, or that was met before under the same key, is not met twice.
    async fn meet(&self, need: &Need, within: Duration) -> Met;

    /// Begins to meet a need whose outcome will be asked for later.
    fn begin(&self, need: Need);
}

/// What one reply needs: all of it together has [`BUDGET_MS`].
#[derive(Debug)]
pub struct Needs<'w> {
    world: &'w dyn World,
    spent: Duration,
}

impl<'w> Needs<'w> {
    /// Nothing needed yet.
    pub fn new(world: &'w dyn World) -> Self {
        Self {
            world,
            spent: Duration::ZERO,
        }
    }

    /// Meets a need in the time that is left.
    pub async fn meet(&mut self, need: &Need) -> Met {
        let left = Duration::from_millis(BUDGET_MS.into()).saturating_sub(self.spent);
        if left.is_zero() {
            return Met::too_late(need);
        }
        let within = left.min(Duration::from_millis(need.timeout_ms().into()));
        let since = Instant::now();
        let met = self.world.meet(need, within).await;
        self.spent += since.elapsed();
        met
    }
}
