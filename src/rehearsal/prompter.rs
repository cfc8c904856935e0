//! The world of a rehearsal: look-ups are answered as the test says, and nothing reaches a network.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use crate::flow::need::{Request, Response};
use crate::flow::{Met, Need};
use crate::switchboard::World;

/// Answers look-ups from what the test says.
#[derive(Debug, Default)]
pub(super) struct Prompter(Mutex<Page>);

#[derive(Debug, Default)]
struct Page {
    answers: VecDeque<Prompt>,
    asked: Vec<Asked>,
}

/// How one look-up is answered.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Prompt {
    /// Which.
    pub(super) lookup: String,
    /// The status and the JSON; `None` when no answer comes.
    pub(super) answer: Option<(u16, Value)>,
}

/// A look-up that was asked.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) lookup: String,
    /// The JSON that it sent, or its address, where a `get` puts what it sends.
    pub(super) sent: String,
    /// Whether the test answers it.
    pub(super) answered: bool,
}

impl Prompter {
    /// What was asked before is forgotten; these answers are for what is asked next.
    pub(super) fn turn(&self, answers: impl IntoIterator<Item = Prompt>) {
        *self.page() = Page {
            answers: answers.into_iter().collect(),
            asked: Vec::new(),
        };
    }

    /// What was asked since.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.page().asked.clone()
    }

    fn answer(&self, request: &Request) -> Option<Met> {
        let mut page = self.page();
        let found = page
            .answers
            .iter()
            .position(|it| it.lookup == request.step.as_str());
        let prompt = found.and_then(|at| page.answers.remove(at));
        page.asked.push(Asked {
            lookup: request.step.to_string(),
            sent: request.body.clone().unwrap_or_else(|| request.url.clone()),
            answered: prompt.is_some(),
        });
        let (status, body) = prompt?.answer?;
        let response = Response::read(request, status, body.to_string().as_bytes());
        Some(Met::Lookup(Ok(response)))
    }

    fn page(&self) -> MutexGuard<'_, Page> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl World for Prompter {
    async fn meet(&self, need: &Need, _: Duration) -> Met {
        let met = match need {
            Need::Lookup(request) => self.answer(request),
            // A test's lines do not say what the Contact Center answers: in them it is away.
            _ => None,
        };
        met.unwrap_or_else(|| Met::too_late(need))
    }

    /// What was begun is answered when it is asked for.
    fn begin(&self, _: Need) {}
}
