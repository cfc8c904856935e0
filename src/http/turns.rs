//! Overload: so many webhooks are worked on at once, the others wait a moment for their turn, and whoever does not get it is
//! answered without work: a voice call action with the apology, anything else with 503.
//!
//! The wait is part of the protection. Answered at once, those who are sent away would come back at once, and take the
//! time that the others' answers need.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Voice call actions that are worked on at once.
const ACTIONS: usize = 256;

/// How many of these places calls that only come in may take: the others are for those that are on the telephone.
const NEW_CALLS: usize = 192;

/// Other webhooks that are worked on at once. Nobody waits for them on the telephone.
const OTHERS: usize = 128;

/// How long a webhook waits for its turn.
const PATIENCE: Duration = Duration::from_millis(50);

/// How often the log says that webhooks are sent away.
const SAID_EVERY: Duration = Duration::from_secs(1);

/// The places, shared by all connections.
#[derive(Debug, Clone)]
pub struct Turns {
    actions: Arc<Semaphore>,
    new_calls: Arc<Semaphore>,
    others: Arc<Semaphore>,
    said: Arc<Mutex<Option<Instant>>>,
}

/// A place, given back when it is dropped, also when its webhook was given up.
#[derive(Debug)]
pub struct Turn {
    _permit: OwnedSemaphorePermit,
    _new_call: Option<OwnedSemaphorePermit>,
}

/// What waits for its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// A call that comes in.
    NewCall,
    /// A call that is on the telephone.
    LiveCall,
    /// A status, a summary, a recording, a number.
    Other,
}

impl Turns {
    /// All places free.
    pub fn new() -> Self {
        Self::of(ACTIONS, NEW_CALLS, OTHERS)
    }

    fn of(actions: usize, new_calls: usize, others: usize) -> Self {
        Self {
            actions: Arc::new(Semaphore::new(actions)),
            new_calls: Arc::new(Semaphore::new(new_calls)),
            others: Arc::new(Semaphore::new(others)),
            said: Arc::default(),
        }
    }

    /// A place; `None` when none came free in time.
    pub async fn take(&self, who: Waiting) -> Option<Turn> {
        match self.at_once(who) {
            Some(turn) => Some(turn),
            None => timeout(PATIENCE, self.wait(who)).await.ok().flatten(),
        }
    }

    /// Tells the log that webhooks are sent away: now and then, since words cost time too.
    pub fn say_so(&self) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.is_none_or(|moment| moment.elapsed() >= SAID_EVERY) {
            *said = Some(Instant::now());
            tracing::error!("overloaded: webhooks are answered without being worked on");
        }
    }

    fn at_once(&self, who: Waiting) -> Option<Turn> {
        let new_call = match who {
            Waiting::NewCall => Some(self.new_calls.clone().try_acquire_owned().ok()?),
            _ => None,
        };
        let permit = self.places(who).try_acquire_owned().ok()?;
        Some(Turn {
            _permit: permit,
            _new_call: new_call,
        })
    }

    async fn wait(&self, who: Waiting) -> Option<Turn> {
        let new_call = match who {
            Waiting::NewCall => Some(self.new_calls.clone().acquire_owned().await.ok()?),
            _ => None,
        };
        let permit = self.places(who).acquire_owned().await.ok()?;
        Some(Turn {
            _permit: permit,
            _new_call: new_call,
        })
    }

    fn places(&self, who: Waiting) -> Arc<Semaphore> {
        match who {
            Waiting::Other => self.others.clone(),
            Waiting::NewCall | Waiting::LiveCall => self.actions.clone(),
        }
    }
}

impl Default for Turns {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn calls_on_the_telephone_go_before_new_ones() {
        let turns = Turns::of(3, 2, 1);
        let first = turns.take(Waiting::NewCall).await;
        let second = turns.take(Waiting::NewCall).await;
        assert!(first.is_some() && second.is_some());
        assert!(
            turns.take(Waiting::NewCall).await.is_none(),
            "their places are taken"
        );
        let live = turns.take(Waiting::LiveCall).await;
        assert!(live.is_some(), "one is kept for them");
        assert!(
            turns.take(Waiting::LiveCall).await.is_none(),
            "all are taken"
        );
        assert!(
            turns.take(Waiting::Other).await.is_some(),
            "others have their own"
        );
        drop(first);
        assert!(
            turns.take(Waiting::NewCall).await.is_some(),
            "a place was given back"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_waiting_leaves_no_place_taken() {
        let turns = Turns::of(2, 1, 1);
        let first = turns.take(Waiting::NewCall).await;
        for _ in 0..10 {
            assert!(turns.take(Waiting::NewCall).await.is_none());
        }
        drop(first);
        assert_eq!(turns.new_calls.available_permits(), 1);
        assert_eq!(turns.actions.available_permits(), 2);
    }
}
