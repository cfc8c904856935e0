//! Which calls are counted in the rates: each once, whoever started it, and whatever is done to the clock meanwhile.

use std::collections::HashMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::Dialer;
use crate::outbound::attempt::AttemptId;
use crate::store::StoreError;

/// For how long a call counts in the rates.
const COUNTS_FOR: SignedDuration = SignedDuration::from_hours(1);

/// For how long a call is known to be counted: longer than it can be seen again.
const KNOWN_FOR: Duration = Duration::from_secs(2 * 60 * 60);

/// How much later than others a call may come to be seen that was begun before them: servers' clocks differ.
const OVERLAP: SignedDuration = SignedDuration::from_secs(30);

/// The calls that are counted.
#[derive(Debug, Default)]
pub(super) struct Counted {
    calls: HashMap<AttemptId, Instant>,
    /// When was last looked for others'.
    looked_at: Option<Timestamp>,
}

impl Counted {
    /// Takes a call for counted. Whether it was not yet.
    pub(super) fn add(&mut self, id: AttemptId) -> bool {
        self.calls.insert(id, Instant::now()).is_none()
    }

    /// Since when others' calls are to be looked for, now.
    fn unseen_since(&mut self, now: Timestamp) -> Timestamp {
        self.calls.retain(|_, since| since.elapsed() < KNOWN_FOR);
        match self.looked_at {
            None => now - COUNTS_FOR,
            Some(last) => last.min(now) - OVERLAP,
        }
    }
}

impl Dialer {
    /// Counts the calls that others started, and this server's before it began.
    pub(super) async fn count_others(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let since = self.counted().unseen_since(now);
        for call in self.store.attempts_since(since).await? {
            let intent = call.attempt.intent();
            // One that this server is beginning at this moment is counted there.
            let is_new = !self.held().contains(&intent.id) && self.counted().add(intent.id.clone());
            if is_new {
                let at = intent.begun_at.min(now);
                self.rates().count(intent.destination.clone(), at);
            }
        }
        self.counted().looked_at = Some(now);
        Ok(())
    }
}
