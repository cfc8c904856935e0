//! Carries one call: gives it time, delivers its webhooks, takes what people do to it.

use std::fmt;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant, sleep_until};

use super::call::{Answer, Call, Input, Output, Post, Sign};
use super::courier::Courier;
use super::leg::Fate;
use super::mischief::Manner;
use super::record::Record;

/// How time passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As on the wall.
    Real,
    /// As fast as it can: what is due next happens next, and a webhook takes no time. For people of chance or prepared ones,
    /// since nobody could press a key in time.
    Virtual,
}

/// How a call looks from outside.
#[derive(Debug, Clone)]
pub struct View {
    /// What was noticed on the phone, in order.
    pub signs: Vec<Sign>,
    /// The call as it stands.
    pub record: Record,
    /// Whether it is over and all its webhooks have been delivered or given up.
    pub done: bool,
}

/// What happens on a call, told as it happens.
#[derive(Debug, Clone, PartialEq)]
pub enum Happening {
    /// Somebody on the phone notices something.
    Sign(Sign),
    /// A webhook is sent.
    Sent(Post),
    /// A webhook was answered, or could not be delivered.
    Answered(Post, Answer),
}

/// Who is told what happens on a call, each with the milliseconds since it began.
#[derive(Clone)]
pub struct Witness(Arc<dyn Fn(u64, Happening) + Send + Sync>);

impl Witness {
    /// `told` is called before the call goes on, so it should be quick.
    pub fn new(told: impl Fn(u64, Happening) + Send + Sync + 'static) -> Self {
        Self(Arc::new(told))
    }
}

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Witness")
    }
}

/// The phone's end of a call.
#[derive(Debug, Clone)]
pub struct Handset {
    session_id: String,
    inputs: mpsc::UnboundedSender<Input>,
    view: watch::Receiver<View>,
}

impl Handset {
    /// The session's id.
    pub fn session_id(&self) -> &str {
        &self.session_id
    }

    /// Presses keys, one after another.
    pub fn press(&self, keys: &str) {
        keys.chars().for_each(|key| self.send(Input::Press(key)));
    }

    /// A leg hangs up: 0 is the caller.
    pub fn hang_up(&self, leg: usize) {
        self.send(Input::HangUp(leg));
    }

    /// Decides about the leg that rings.
    pub fn meet(&self, fate: Fate) {
        self.send(Input::Meet(fate));
    }

    /// Has heard what was said or played as the `nth`, from 1.
    pub fn heard(&self, nth: usize) {
        self.send(Input::Heard(nth));
    }

    /// Decides how webhooks are delivered from now on.
    pub fn deliver(&self, manner: Manner) {
        self.send(Input::Deliver(manner));
    }

    /// Has the webhook of this [number](Post::number) delivered once more.
    pub fn again(&self, number: usize) {
        self.send(Input::Again(number));
    }

    /// How the call looks now.
    pub fn view(&self) -> View {
        self.view.borrow().clone()
    }

    /// Waits until the call looks so, or can no longer change; gives how it looks then.
    pub async fn until(&self, wanted: impl FnMut(&View) -> bool) -> View {
        let mut view = self.view.clone();
        if let Ok(view) = view.wait_for(wanted).await {
            return view.clone();
        }
        self.view()
    }

    /// Waits until the call is over and its webhooks are delivered.
    pub async fn ended(&self) -> Record {
        self.until(|view| view.done).await.record
    }

    fn send(&self, input: Input) {
        // A call that is over takes nothing any more, and needs nothing.
        let _ = self.inputs.send(input);
    }
}

/// One call on its way.
#[derive(Debug)]
pub(super) struct Line {
    call: Call,
    pace: Pace,
    courier: Courier,
    began: Instant,
    virtual_now: u64,
    inputs: mpsc::UnboundedReceiver<Input>,
    view: watch::Sender<View>,
    witness: Option<Witness>,
    in_flight: JoinSet<(Post, Answer)>,
}

impl Line {
    /// A line for `call`, and its handset.
    pub(super) fn new(call: Call, pace: Pace, courier: Courier) -> (Self, Handset) {
        let (sender, inputs) = mpsc::unbounded_channel();
        let first = View {
            signs: Vec::new(),
            record: call.record(),
            done: false,
        };
        let (view, seen) = watch::channel(first);
        let handset = Handset {
            session_id: call.session_id().to_owned(),
            inputs: sender,
            view: seen,
        };
        let line = Self {
            call,
            pace,
            courier,
            began: Instant::now(),
            virtual_now: 0,
            inputs,
            view,
            witness: None,
            in_flight: JoinSet::new(),
        };
        (line, handset)
    }

    /// The same, telling `witness` what happens.
    pub(super) fn seen_by(mut self, witness: Option<Witness>) -> Self {
        self.witness = witness;
        self
    }

    /// Carries the call to its end.
    pub(super) async fn carry(mut self) {
        loop {
            self.give_out().await;
            let due = self.call.due();
            if due.is_none() && self.in_flight.is_empty() && self.call.is_over() {
                break;
            }
            let at = self.began + Duration::from_millis(due.unwrap_or_default());
            let waits = self.pace == Pace::Real;
            tokio::select! {
                biased;
                Some(input) = self.inputs.recv() => self.call.input(input, self.now()),
                Some(Ok((post, answer))) = self.in_flight.join_next() => self.answered(&post, answer),
                () = async { if waits { sleep_until(at).await } }, if due.is_some() => self.tick(due.unwrap_or_default()),
                else => self.call.input(Input::HangUp(0), self.now()),
            }
        }
        self.view.send_modify(|view| view.done = true);
    }

    fn answered(&mut self, post: &Post, answer: Answer) {
        self.tell(|| Happening::Answered(post.clone(), answer.clone()));
        self.call.answered(post, answer, self.now());
    }

    fn tell(&self, happening: impl FnOnce() -> Happening) {
        if let Some(witness) = &self.witness {
            (witness.0)(self.now(), happening());
        }
    }

    fn tick(&mut self, due: u64) {
        self.virtual_now = self.virtual_now.max(due);
        self.call.tick(due);
    }

    /// Milliseconds since the call began.
    fn now(&self) -> u64 {
        match self.pace {
            Pace::Virtual => self.virtual_now,
            Pace::Real => u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// Gives out what the call has for others. In virtual time each webhook is answered before the next thing happens, so that
    /// a seed gives the same again.
    async fn give_out(&mut self) {
        let mut signs = Vec::new();
        while let Some(output) = self.call.poll() {
            self.tell(|| match &output {
                Output::Sign(sign) => Happening::Sign(sign.clone()),
                Output::Post(post) => Happening::Sent(post.clone()),
            });
            match (output, self.pace) {
                (Output::Sign(sign), _) => signs.push(sign),
                (Output::Post(post), Pace::Virtual) => {
                    let answer = self.courier.deliver(post.kind, &post.body).await;
                    self.answered(&post, answer);
                }
                (Output::Post(post), Pace::Real) => {
                    let courier = self.courier.clone();
                    self.in_flight.spawn(async move {
                        let answer = courier.deliver(post.kind, &post.body).await;
                        (post, answer)
                    });
                }
            }
        }
        if signs.is_empty() && !self.call.is_over() {
            return;
        }
        let record = self.call.record();
        self.view.send_modify(|view| {
            view.signs.extend(signs);
            view.record = record;
        });
    }
}
