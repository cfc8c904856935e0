//! The world of a rehearsal: look-ups and the Contact Center answer as the test says, and nothing reaches a network.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use crate::contact_center::callback::ErrorCode;
use crate::contact_center::handoff::QueueId;
use crate::contact_center::queue::State;
use crate::contact_center::schedule::Status;
use crate::flow::need::Response;
use crate::flow::{Met, Need};
use crate::switchboard::World;

/// Answers what a flow needs from what the test says.
#[derive(Debug, Default)]
pub(super) struct Prompter(Mutex<Page>);

#[derive(Debug, Default)]
struct Page {
    /// What answers one need each.
    answers: VecDeque<Prompt>,
    /// What schedules say, by id, until a line says otherwise; queues likewise.
    schedules: BTreeMap<String, Option<Status>>,
    queues: BTreeMap<QueueId, State>,
    asked: Vec<Asked>,
}

/// How something that a flow needs is answered.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Prompt {
    /// A look-up.
    Lookup {
        /// Which.
        lookup: String,
        /// The status and the JSON; `None` when no answer comes.
        answer: Option<(u16, Value)>,
    },
    /// A handoff: whether it is taken.
    Handoff(bool),
    /// A call back: whether it is taken, or why not.
    Callback(Result<(), Option<ErrorCode>>),
    /// A schedule, from here on.
    Schedule {
        /// Its id.
        id: String,
        /// What it says.
        status: Option<Status>,
    },
    /// A queue, from here on.
    Queue {
        /// Its id.
        id: QueueId,
        /// How it does.
        state: State,
    },
    /// A recording: whether it falls silent.
    Pause(bool),
}

/// What was needed.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// The need, with all that would have been sent.
    pub(super) need: Need,
    /// Whether the test answers it.
    pub(super) answered: bool,
}

impl Prompter {
    /// A new call: nothing is known, nothing was asked.
    pub(super) fn opens(&self) {
        *self.page() = Page::default();
    }

    /// What was asked before is forgotten; these answers are for what is asked next.
    pub(super) fn turn(&self, answers: impl IntoIterator<Item = Prompt>) {
        let mut page = self.page();
        page.answers.clear();
        page.asked.clear();
        for answer in answers {
            match answer {
                Prompt::Schedule { id, status } => {
                    page.schedules.insert(id, status);
                }
                Prompt::Queue { id, state } => {
                    page.queues.insert(id, state);
                }
                once => page.answers.push_back(once),
            }
        }
    }

    /// What was asked since.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.page().asked.clone()
    }

    fn page(&self) -> MutexGuard<'_, Page> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Page {
    /// How the test has a need met; `None` when it says nothing of it.
    fn answer(&mut self, need: &Need) -> Option<Met> {
        match need {
            Need::Schedule(it) => return self.schedules.get(&it.about).copied().map(Met::Schedule),
            Need::Queue(it) => return self.queues.get(&it.about.0).copied().map(Met::Queue),
            Need::Lookup(_) | Need::Handoff(_) | Need::Callback(_) | Need::Recording(_) => {}
        }
        let fits = |prompt: &Prompt| match (prompt, need) {
            (Prompt::Lookup { lookup, .. }, Need::Lookup(it)) => lookup == it.step.as_str(),
            (Prompt::Handoff(_), Need::Handoff(_)) => true,
            (Prompt::Callback(_), Need::Callback(_)) => true,
            (Prompt::Pause(_), Need::Recording(_)) => true,
            _ => false,
        };
        let found = self.answers.iter().position(fits)?;
        let prompt = self.answers.remove(found)?;
        Some(met(need, prompt))
    }
}

fn met(need: &Need, prompt: Prompt) -> Met {
    match (prompt, need) {
        (
            Prompt::Lookup {
                answer: Some((status, body)),
                ..
            },
            Need::Lookup(request),
        ) => {
            let response = Response::read(request, status, body.to_string().as_bytes());
            Met::Lookup(Ok(response))
        }
        (Prompt::Handoff(taken), _) => Met::Handoff(taken),
        (Prompt::Pause(is_silent), _) => Met::Recording(is_silent),
        (Prompt::Callback(Ok(())), _) => Met::Callback(true),
        (Prompt::Callback(Err(why)), _) => {
            if let Some(reason) = why {
                tracing::warn!(step = %need.step(), %reason, "a call back was not taken: its `failed` is taken");
            }
            Met::Callback(false)
        }
        _ => Met::too_late(need),
    }
}

#[async_trait]
impl World for Prompter {
    async fn meet(&self, need: &Need, _: Duration) -> Met {
        let mut page = self.page();
        let met = page.answer(need);
        page.asked.push(Asked {
            need: need.clone(),
            answered: met.is_some(),
        });
        met.unwrap_or_else(|| Met::too_late(need))
    }

    /// A look-up that was begun is answered when it is asked for; that a recording goes on is not asked for again.
    fn begin(&self, need: Need) {
        if let Need::Recording(_) = &need {
            let answered = true;
            self.page().asked.push(Asked { need, answered });
        }
    }
}
