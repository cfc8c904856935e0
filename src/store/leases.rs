//! Work that one node does at a time: a lease with an epoch that fences off whoever held it before.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The right to do some work, until it runs out or another node takes it over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The work.
    pub name: String,
    /// How often it changed hands. What carries an earlier epoch than the newest is refused.
    pub epoch: i64,
}

/// The leases of a database that one process holds: its parts are the nodes.
#[derive(Debug, Default)]
pub(super) struct LocalLeases(Mutex<HashMap<String, Held>>);

#[derive(Debug)]
struct Held {
    holder: String,
    epoch: i64,
    until: Instant,
}

impl LocalLeases {
    /// Takes or renews a lease; `None` while another holds it.
    pub(super) fn take(&self, name: &str, holder: &str, lasts: Duration) -> Option<Lease> {
        let now = Instant::now();
        let mut leases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let held = leases.entry(name.to_owned()).or_insert_with(|| Held {
            holder: holder.to_owned(),
            epoch: 1,
            until: now,
        });
        if held.holder != holder {
            if held.until > now {
                return None;
            }
            held.holder = holder.to_owned();
            held.epoch += 1;
        }
        held.until = now + lasts;
        Some(Lease {
            name: name.to_owned(),
            epoch: held.epoch,
        })
    }

    /// Whether nobody has taken the lease over.
    pub(super) fn is_newest(&self, lease: &Lease) -> bool {
        let leases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        leases
            .get(&lease.name)
            .is_some_and(|held| held.epoch == lease.epoch)
    }
}
