//! How many calls failed to give a PIN of late: by caller and by number. Counted by each server for itself, and forgotten after an
//! hour.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use moka::sync::Cache;

use crate::masking::rules::PinRules;
use crate::masking::{PartyKey, Vn};

/// For how long a failure counts, from the first of several on.
const COUNTED_FOR: Duration = Duration::from_secs(3600);

/// How many callers are counted at once.
const CALLERS: u64 = 100_000;

/// Failures by whom they are counted for.
#[derive(Debug)]
pub(super) struct Tries {
    callers: Cache<PartyKey, Arc<AtomicU32>>,
    numbers: Cache<Vn, Arc<AtomicU32>>,
}

impl Default for Tries {
    fn default() -> Self {
        Self {
            callers: Cache::builder()
                .max_capacity(CALLERS)
                .time_to_live(COUNTED_FOR)
                .build(),
            numbers: Cache::builder()
                .max_capacity(CALLERS)
                .time_to_live(COUNTED_FOR)
                .build(),
        }
    }
}

impl Tries {
    /// A call failed to give a PIN.
    pub(super) fn fail(&self, caller: Option<PartyKey>, vn: Vn) {
        if let Some(caller) = caller {
            let counter = self.callers.get_with(caller, Arc::default);
            counter.fetch_add(1, Ordering::Relaxed);
        }
        let counter = self.numbers.get_with(vn, Arc::default);
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether no PIN is asked for: of this caller, or on this number at all.
    pub(super) fn are_used_up(&self, caller: Option<PartyKey>, vn: Vn, rules: &PinRules) -> bool {
        let count =
            |counter: Option<Arc<AtomicU32>>| counter.map_or(0, |it| it.load(Ordering::Relaxed));
        let of_caller = count(caller.and_then(|caller| self.callers.get(&caller)));
        of_caller >= rules.calls_per_caller
            || count(self.numbers.get(&vn)) >= rules.calls_per_number
    }
}
