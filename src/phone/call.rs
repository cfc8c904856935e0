//! One call as the page follows it: everything that happened, from the beginning, for however many pages look on.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard};

use futures_util::stream::{self, Stream};
use tokio::sync::watch;

use super::recorder::Recorder;
use super::told::{Event, What};
use crate::emulator::{Happening, Sign};
use crate::flow::Flow;
use crate::session::{Exchange, Stage};

/// What happened on a call so far.
#[derive(Debug)]
pub(super) struct Call {
    /// The flow that takes it; none takes a masked one.
    flow: Option<Arc<Flow>>,
    log: Mutex<Log>,
    /// How many events there are, or that there will be no more.
    grown: watch::Sender<Grown>,
}

#[derive(Debug, Default)]
struct Log {
    /// The events, each as JSON.
    events: Vec<Arc<str>>,
    /// When the last of them was.
    ms: u64,
    /// How many things were said or played.
    spoken: usize,
    /// Whether the keys that are pressed now are a secret.
    secret: bool,
    /// The webhooks that carry one, by their numbers: they may be sent again.
    secrets: HashSet<usize>,
    /// The call as a test; `None` before it begins.
    record: Option<Recorder>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Grown {
    events: usize,
    closed: bool,
}

impl Call {
    /// A call that `flow` takes and of which nothing is known yet.
    pub(super) fn new(flow: Arc<Flow>) -> Self {
        Self {
            flow: Some(flow),
            log: Mutex::default(),
            grown: watch::Sender::default(),
        }
    }

    /// A masked call, of which nothing is known yet. What is pressed on it is a PIN.
    pub(super) fn masked() -> Self {
        Self {
            flow: None,
            log: Mutex::new(Log {
                secret: true,
                ..Log::default()
            }),
            grown: watch::Sender::default(),
        }
    }

    /// Takes what the page shows first.
    pub(super) fn opens(&self, what: What) {
        self.add(self.log(), what);
    }

    /// Takes something that happened on it.
    pub(super) fn happens(&self, ms: u64, happening: Happening) {
        let mut log = self.log();
        log.ms = ms;
        let what = match happening {
            Happening::Sign(sign) => {
                if let Some(record) = &mut log.record {
                    record.noticed(&sign);
                }
                if matches!(sign, Sign::Says { .. } | Sign::Plays { .. }) {
                    log.spoken += 1;
                }
                What::noticed(sign, log.spoken, log.secret)
            }
            Happening::Sent(post) => {
                if log.secret {
                    log.secrets.insert(post.number());
                }
                What::sent(&post, log.secrets.contains(&post.number()))
            }
            Happening::Answered(post, answer) => What::answered(&post, &answer),
        };
        self.add(log, what);
    }

    /// Takes what the server kept of it.
    pub(super) fn kept(&self, exchange: &Exchange) {
        let Some(flow) = &self.flow else {
            return;
        };
        let mut log = self.log();
        if let Some(session) = &exchange.session {
            let position = match &session.stage {
                Stage::Waiting(position) => Some(position),
                Stage::HungUp => None,
            };
            log.secret = position.is_some_and(|it| flow.is_secret(&it.step));
            if let Some(record) = &mut log.record {
                record.meets(flow, &exchange.met);
                record.comes_to(flow, &exchange.path, position);
            }
        }
        self.add(log, What::kept(exchange, flow));
    }

    /// Takes what the page shows first, and what begins to be written down.
    pub(super) fn begins(&self, what: What, record: Recorder) {
        let mut log = self.log();
        log.record = Some(record);
        self.add(log, what);
    }

    /// The caller hangs up.
    pub(super) fn hangs_up(&self) {
        if let Some(record) = &mut self.log().record {
            record.hangs_up();
        }
    }

    /// The call so far as a table of a test file.
    pub(super) fn table(&self) -> Option<String> {
        self.log().record.as_ref().map(Recorder::table)
    }

    /// The flow that takes it.
    pub(super) fn flow(&self) -> Option<&Flow> {
        self.flow.as_deref()
    }

    /// Ends what pages are told: nothing more comes.
    pub(super) fn close(&self) {
        if !self.grown.borrow().closed {
            self.add(self.log(), What::Closed);
            self.grown.send_modify(|grown| grown.closed = true);
        }
    }

    /// The events from the `first` on, as they come, each with its number.
    pub(super) fn events(
        self: &Arc<Self>,
        first: usize,
    ) -> impl Stream<Item = (usize, Arc<str>)> + use<> {
        let reader = (self.clone(), self.grown.subscribe(), first);
        stream::unfold(reader, |(call, mut grown, next)| async move {
            let there = grown
                .wait_for(|grown| grown.closed || grown.events > next)
                .await
                .ok()?
                .events
                > next;
            let event = there.then(|| call.log().events[next].clone())?;
            Some(((next, event), (call, grown, next + 1)))
        })
    }

    fn add(&self, mut log: MutexGuard<'_, Log>, what: What) {
        let event = Event { ms: log.ms, what };
        let json = serde_json::to_string(&event).expect("an event holds nothing but text");
        log.events.push(json.into());
        let events = log.events.len();
        self.grown.send_modify(|grown| grown.events = events);
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().expect("nothing panics that holds it")
    }
}
