//! Leaves a system alone that fails: callers hear sooner what the flow says then, and the system gets its rest.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// After how many failures on end a system is left alone.
const FAILURES: u32 = 5;

/// For how long, until one request tries it again.
const REST: Duration = Duration::from_secs(10);

/// The systems that failed lately, by host and port.
#[derive(Debug, Default)]
pub(super) struct Breakers(Mutex<HashMap<String, Breaker>>);

#[derive(Debug, Default)]
struct Breaker {
    failures: u32,
    /// When it is tried again.
    rests_until: Option<Instant>,
}

impl Breakers {
    /// Whether a system may be asked. One that has rested is asked once, until that is answered.
    pub(super) fn may_ask(&self, host: &str) -> bool {
        let mut all = self.all();
        let Some(until) = all.get_mut(host).and_then(|it| it.rests_until.as_mut()) else {
            return true;
        };
        let now = Instant::now();
        let rested = now >= *until;
        if rested {
            *until = now + REST;
        }
        rested
    }

    /// Counts what came of asking.
    pub(super) fn count(&self, host: &str, good: bool) {
        let mut all = self.all();
        if good {
            all.remove(host);
            return;
        }
        let breaker = all.entry(host.to_owned()).or_default();
        breaker.failures += 1;
        if breaker.failures >= FAILURES {
            breaker.rests_until = Some(Instant::now() + REST);
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Breaker>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{Breakers, FAILURES, REST};

    #[tokio::test(start_paused = true)]
    async fn a_system_that_fails_is_left_alone_and_tried_once_after_its_rest() {
        let breakers = Breakers::default();
        for _ in 0..FAILURES {
            assert!(breakers.may_ask("a:443"));
            breakers.count("a:443", false);
        }
        assert!(!breakers.may_ask("a:443") && breakers.may_ask("b:443"));
        tokio::time::advance(REST).await;
        assert!(breakers.may_ask("a:443"));
        assert!(!breakers.may_ask("a:443"), "one tries, the others wait");
        breakers.count("a:443", false);
        tokio::time::advance(REST).await;
        assert!(breakers.may_ask("a:443"));
        breakers.count("a:443", true);
        assert!(breakers.may_ask("a:443") && breakers.may_ask("a:443"));
    }
}
