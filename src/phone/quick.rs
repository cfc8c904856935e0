//! A call in no time: the emulator's machine, the core behind it, and time that passes as fast as it can. It stops where a
//! person has to do something.

use jiff::Timestamp;

use super::answering::Answering;
use super::plan;
use crate::emulator::{
    Answer, Call, Chance, Ending, Fate, Input, Kind, Manner, Mischief, Order, Output, Person, Sign,
};
use crate::flow::Flow;
use crate::flow::model::StepName;

/// What a person has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// Press a key, or not.
    Key,
    /// Say what becomes of the leg that rings.
    Fate,
    /// Nothing: the call is over.
    Over(Ending),
}

/// A call at its present stop.
#[derive(Debug)]
pub(super) struct Quick {
    call: Call,
    pub(super) answering: Answering,
    now: u64,
    signs: Vec<Sign>,
    stop: Option<Stop>,
    from: String,
    calls: u64,
}

impl Quick {
    /// A call from `from` that `flow` takes, at its first stop.
    pub(super) fn new(flow: Flow, from: &str, at: Timestamp) -> Self {
        let mut quick = Self {
            call: Call::receive(order(&flow, from, at, 0)),
            answering: Answering::new(flow, at),
            now: 0,
            signs: Vec::new(),
            stop: None,
            from: from.to_owned(),
            calls: 0,
        };
        quick.run();
        quick
    }

    /// Begins again, at `at`; at the step `to` when that is given.
    pub(super) fn again(&mut self, at: Timestamp, to: Option<StepName>) {
        self.calls += 1;
        self.answering.next_call(at, to);
        let order = order(self.answering.flow(), &self.from, at, self.calls);
        self.call = Call::receive(order);
        self.now = 0;
        self.run();
    }

    /// What is to be done.
    pub(super) fn stop(&self) -> Stop {
        self.stop.unwrap_or(Stop::Over(Ending::Error))
    }

    /// What was noticed since this was last asked.
    pub(super) fn noticed(&mut self) -> Vec<Sign> {
        std::mem::take(&mut self.signs)
    }

    /// Presses `key`; tells whether that was the entry's last.
    pub(super) fn press(&mut self, key: char) -> bool {
        let before = self.signs.len();
        self.call.input(Input::Press(key), self.now);
        self.run();
        self.signs[before..].contains(&Sign::Asks)
    }

    /// Does nothing, until that is taken for an answer.
    pub(super) fn stay_silent(&mut self) {
        self.tick();
        self.run();
    }

    /// Decides about the leg that rings. Who answers speaks for a while and hangs up.
    pub(super) fn meet(&mut self, fate: Fate) {
        self.call.input(Input::Meet(fate), self.now);
        if matches!(fate, Fate::Answers { .. }) {
            self.call.input(Input::HangUp(1), self.now);
        }
        self.run();
    }

    /// The caller hangs up.
    pub(super) fn hang_up(&mut self) {
        self.call.input(Input::HangUp(0), self.now);
        self.run();
    }

    /// Lets time pass until somebody has to do something.
    fn run(&mut self) {
        self.stop = None;
        loop {
            self.call.tick(self.now);
            self.take_out();
            let due_now = self.call.due().is_some_and(|due| due <= self.now);
            if self.stop.is_some() && !due_now {
                return;
            }
            if !self.tick() {
                return;
            }
        }
    }

    /// Has the next thing happen; tells whether there is one.
    fn tick(&mut self) -> bool {
        let Some(due) = self.call.due() else {
            return false;
        };
        self.now = self.now.max(due);
        self.call.tick(self.now);
        true
    }

    /// Takes what comes out of the call, and answers its webhooks.
    fn take_out(&mut self) {
        while let Some(output) = self.call.poll() {
            match output {
                Output::Sign(sign) => {
                    self.stop = stop_of(&sign);
                    self.signs.push(sign);
                }
                Output::Post(post) => {
                    let body = match post.kind {
                        Kind::Action => self.answering.answer(&post.body),
                        _ => String::new(),
                    };
                    let answer = Answer::Said { status: 200, body };
                    self.call.answered(&post, answer, self.now);
                }
            }
        }
    }
}

/// Whether a person has to do something after `sign`.
fn stop_of(sign: &Sign) -> Option<Stop> {
    match sign {
        Sign::Waits { .. } => Some(Stop::Key),
        Sign::Rings { leg: 1.., .. } => Some(Stop::Fate),
        Sign::Over { how } => Some(Stop::Over(*how)),
        _ => None,
    }
}

fn order(flow: &Flow, from: &str, at: Timestamp, seed: u64) -> Order {
    Order {
        sub_account: "phone".to_owned(),
        source: from.to_owned(),
        destination: plan::number(flow).unwrap_or_else(|| plan::ANY_NUMBER.to_owned()),
        client_request_id: None,
        begin: at,
        chance: Chance::new(seed),
        person: Person::ByHand,
        mischief: Mischief::NONE,
        manner: Manner::default(),
        records: true,
        masking: false,
        sip_ids: false,
    }
}
