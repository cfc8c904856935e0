//! What is counted of bookings and masked calls since the start, for whoever shows it.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Bookings;
use crate::masking::allocate::Rung;

/// Counts as they go up.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// By the place of the rung.
    made: [AtomicU64; Rung::ALL.len()],
    exhausted: AtomicU64,
    alarms: AtomicU64,
}

/// What was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Bookings that were made, by the rung of the ladder that their numbers came from.
    pub made: [(Rung, u64); Rung::ALL.len()],
    /// Bookings that found no number.
    pub exhausted: u64,
    /// Calls that were refused for what cannot be.
    pub alarms: u64,
}

impl Tally {
    pub(super) fn made(&self, rung: Rung) {
        self.made[rung as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn exhausted(&self) {
        self.exhausted.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn alarm(&self) {
        self.alarms.fetch_add(1, Ordering::Relaxed);
    }
}

impl Bookings {
    /// What was counted since the start.
    pub fn counted(&self) -> Counted {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Counted {
            made: Rung::ALL.map(|rung| (rung, read(&self.tally.made[rung as usize]))),
            exhausted: read(&self.tally.exhausted),
            alarms: read(&self.tally.alarms),
        }
    }
}
