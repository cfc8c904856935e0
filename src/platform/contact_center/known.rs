//! What is known of schedules and queues: asked of the service, kept for as long as it is worth, and given on when the service
//! is away. Of many callers who want to know the same, one asks.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use super::schedules::When;
use super::{CenterError, ContactCenter};
use crate::clock::Clock;
use crate::contact_center::queue::{Standing, State, Thresholds};
use crate::contact_center::schedule::Status;

/// For how long a queue's figures are kept: the service itself refreshes them so often.
const QUEUE: Keeping = Keeping {
    fresh: SignedDuration::from_secs(10),
    last: SignedDuration::from_secs(60),
};

/// For how long a schedule's status is kept: a change is noticed within a minute. When the service is away, its last word
/// counts for half a day.
const SCHEDULE: Keeping = Keeping {
    fresh: SignedDuration::from_secs(60),
    last: SignedDuration::from_hours(12),
};

/// How long a question that failed is not asked again.
const LEFT_ALONE: SignedDuration = SignedDuration::from_secs(5);

/// How long something that is known is worth something.
#[derive(Debug, Clone, Copy)]
struct Keeping {
    /// So long it is taken as it is.
    fresh: SignedDuration,
    /// So long it is given on when nothing newer can be had.
    last: SignedDuration,
}

/// What is known, and whom to ask.
#[derive(Debug)]
pub struct Known {
    center: Arc<ContactCenter>,
    clock: Clock,
    schedules: Answers<Status>,
    queues: Answers<Standing>,
}

type Answers<T> = Mutex<HashMap<String, Arc<Mutex<One<T>>>>>;

/// What is known of one thing.
#[derive(Debug)]
struct One<T> {
    answer: Option<(T, Timestamp)>,
    failed: Option<Timestamp>,
}

impl Known {
    /// Nothing is known yet.
    pub fn new(center: Arc<ContactCenter>, clock: Clock) -> Self {
        Self {
            center,
            clock,
            schedules: Mutex::default(),
            queues: Mutex::default(),
        }
    }

    /// What a schedule says; `None` when nobody has known for half a day.
    pub async fn schedule(&self, id: &str) -> Option<Status> {
        let ask = || self.center.schedule_status(id, When::default());
        self.ask(&self.schedules, SCHEDULE, id, ask).await
    }

    /// How a queue does.
    pub async fn queue(&self, id: &str, thresholds: Thresholds) -> State {
        let standing = self
            .ask(&self.queues, QUEUE, id, || self.center.queue(id))
            .await;
        standing.map_or(State::Unknown, |standing| standing.state(thresholds))
    }

    async fn ask<T: Clone, F: Future<Output = Result<T, CenterError>>>(
        &self,
        answers: &Answers<T>,
        keeping: Keeping,
        id: &str,
        ask: impl FnOnce() -> F,
    ) -> Option<T> {
        let known = {
            let mut answers = answers.lock().await;
            answers.entry(id.to_owned()).or_default().clone()
        };
        let mut known = known.lock().await;
        let now = self.clock.now();
        let is_young = |at: Timestamp, age: SignedDuration| now.duration_since(at).abs() < age;
        if let Some((answer, _)) = known
            .answer
            .as_ref()
            .filter(|(_, at)| is_young(*at, keeping.fresh))
        {
            return Some(answer.clone());
        }
        if !known.failed.is_some_and(|at| is_young(at, LEFT_ALONE)) {
            match ask().await {
                Ok(answer) => {
                    *known = One {
                        answer: Some((answer, now)),
                        failed: None,
                    };
                }
                Err(error) => {
                    tracing::warn!(id, %error, "the Contact Center did not say; its last answer counts");
                    known.failed = Some(now);
                }
            }
        }
        let last = known
            .answer
            .as_ref()
            .filter(|(_, at)| is_young(*at, keeping.last));
        last.map(|(answer, _)| answer.clone())
    }
}

impl<T> Default for One<T> {
    fn default() -> Self {
        Self {
            answer: None,
            failed: None,
        }
    }
}
