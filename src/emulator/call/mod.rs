//! One call as the platform carries it, without I/O: what people do, answers to webhooks and time come in; webhooks and what
//! is heard come out.
//!
//! Time is milliseconds since the call began. Whoever drives it asks [`Call::due`], calls [`Call::tick`] then (in virtual time:
//! at once), takes what [`Call::poll`] gives, and tells [`Call::answered`].
//!
//! * this file: what a call is, and its doors
//! * [`acts`] what the callflow says, done one after another
//! * [`ending`] how legs and the session end
//! * [`post`] webhooks on their way: deliveries, repetitions, answers

mod acts;
mod ending;
mod post;

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::capture::Capture;
use super::chance::Chance;
use super::leg::{Fate, Leg, written};
use super::mischief::{Delivery, Manner, Mischief};
use super::person::Person;
use super::record::{Record, Recording};
use super::script::Act;
use super::webhook::Kind;
use crate::call::event::Direction;
use post::Hook;

/// How long a leg rings that nobody decides about, in milliseconds.
pub const RINGS_MS: u64 = 60_000;

/// A call to be carried.
#[derive(Debug, Clone)]
pub struct Order {
    /// The platform's id of the sub-account.
    pub sub_account: String,
    /// The calling number.
    pub source: String,
    /// The called number.
    pub destination: String,
    /// `clientRequestId` of the request that placed it.
    pub client_request_id: Option<String>,
    /// When it begins.
    pub begin: Timestamp,
    /// Its own chance: ids, mischief.
    pub chance: Chance,
    /// Who is on the phone.
    pub person: Person,
    /// What happens to its webhooks by chance.
    pub mischief: Mischief,
    /// How they are delivered at first, where that is not left to chance.
    pub manner: Manner,
    /// Whether the sub-account has recording set up.
    pub records: bool,
    /// Whether the sub-account is for number masking.
    pub masking: bool,
    /// Whether its webhooks tell its id in SIP (`sipCallId`), as a sub-account behind a Contact Center may have it set up.
    pub sip_ids: bool,
}

/// A call's id in SIP.
pub fn sip_id(session: &str) -> String {
    format!("{}@192.0.2.8", session.replace('-', ""))
}

/// What people do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// The caller presses a key: `0` to `9`, `*`, `#`.
    Press(char),
    /// A leg hangs up: 0 is the session's own, 1 the first that was connected to it.
    HangUp(usize),
    /// What becomes of the leg that is ringing.
    Meet(Fate),
    /// The caller has heard what was said or played as the n-th, from 1. Anything else that is being said goes on.
    Heard(usize),
    /// How webhooks are delivered from now on.
    Deliver(Manner),
    /// The webhook of this [number](Post::number) is delivered once more.
    Again(usize),
}

/// What comes out.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// A webhook to be delivered.
    Post(Post),
    /// Something that somebody on the phone notices.
    Sign(Sign),
}

/// A webhook to be delivered now. [`Call::answered`] takes it back with its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Post {
    hook: usize,
    answer_arrives: bool,
    /// Which webhook.
    pub kind: Kind,
    /// Its JSON.
    pub body: String,
}

impl Post {
    /// Which of the call's webhooks it is, from 0; a second delivery has the first one's.
    pub fn number(&self) -> usize {
        self.hook
    }
}

/// What a webhook was answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// An HTTP answer.
    Said {
        /// Its status.
        status: u16,
        /// Its body.
        body: String,
    },
    /// No connection, no answer in time.
    Nobody,
    /// No address is registered for it.
    NotRegistered,
}

/// What somebody on the phone notices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sign {
    /// A leg rings.
    Rings {
        /// Which.
        leg: usize,
        /// Who is called.
        destination: String,
    },
    /// A leg was answered.
    Connected {
        /// Which.
        leg: usize,
    },
    /// Something is said to the caller.
    Says {
        /// The words.
        text: String,
        /// The voice profile.
        voice: String,
        /// How long it takes.
        ms: u64,
        /// Whether keys are taken.
        listens: bool,
    },
    /// A sound file is played.
    Plays {
        /// Its address.
        url: String,
        /// How long it takes.
        ms: u64,
    },
    /// A key was taken.
    Key(char),
    /// Keys are waited for: nothing more is being said.
    Waits {
        /// For how long, unless one comes.
        ms: u64,
    },
    /// The platform waits for a callflow.
    Asks,
    /// A leg is over.
    Gone {
        /// Which.
        leg: usize,
        /// How it ended.
        how: super::leg::Ending,
    },
    /// The session is over.
    Over {
        /// The summary's status.
        how: super::leg::Ending,
    },
}

/// What a call is doing.
#[derive(Debug, Clone)]
enum Doing {
    /// A leg rings.
    Ringing(usize),
    /// The platform waits for the answer to this webhook.
    Asking(usize),
    /// Something is said or played.
    Speaking,
    /// Keys are taken.
    Capturing(Box<Capture>),
    /// This leg speaks with the first.
    Bridged(usize),
    /// Nothing more.
    Over,
}

/// What happens at a time.
#[derive(Debug, Clone)]
enum Due {
    /// What is being done has gone on for long enough, unless something else is done by now.
    Step(u64),
    /// The fate of a leg that was ringing then.
    Fate(u64, Fate),
    /// Somebody does something.
    Does(Input),
    /// A webhook is delivered.
    Deliver(usize, Delivery),
    /// A recording is there.
    Uploaded(usize),
}

/// One call.
#[derive(Debug)]
pub struct Call {
    order: Order,
    session_id: String,
    direction: Direction,
    now: u64,
    legs: Vec<Leg>,
    acts: VecDeque<Act>,
    doing: Doing,
    /// Counts what was done, so that a time set for one thing does not end another.
    turn: u64,
    agenda: BTreeMap<(u64, u64), Due>,
    scheduled: u64,
    hooks: Vec<Hook>,
    out: VecDeque<Output>,
    /// How many things were said or played.
    spoken: usize,
    label: Option<String>,
    keys: Option<String>,
    sip_code: u16,
    last_action: &'static str,
    recordings: Vec<Recording>,
    error: Option<(i32, &'static str)>,
    faults: Vec<String>,
    trace: Sha256,
}

impl Call {
    /// Somebody calls a virtual number.
    pub fn receive(order: Order) -> Self {
        let mut call = Self::new(order, Direction::Inbound);
        let (source, destination) = (call.order.source.clone(), call.order.destination.clone());
        call.add_leg(Direction::Inbound, source, destination);
        call.status(0, "CALL_RECEIVED");
        call.person_leaves();
        call.ask("CALL_RECEIVED");
        call
    }

    /// The platform calls somebody by a request's callflow, whose first action is `makeCall`.
    pub fn place(order: Order, callflow: &Value) -> Self {
        let mut call = Self::new(order, Direction::Outbound);
        call.acts = call.read(callflow);
        call.proceed();
        call
    }

    fn new(mut order: Order, direction: Direction) -> Self {
        Self {
            session_id: order.chance.uuid(),
            order,
            direction,
            now: 0,
            legs: Vec::new(),
            acts: VecDeque::new(),
            doing: Doing::Speaking,
            turn: 0,
            agenda: BTreeMap::new(),
            scheduled: 0,
            hooks: Vec::new(),
            out: VecDeque::new(),
            spoken: 0,
            label: None,
            keys: None,
            sip_code: 200,
            last_action: "",
            recordings: Vec::new(),
            error: None,
            faults: Vec::new(),
            trace: Sha256::new(),
        }
    }

    /// The session's id.
    pub fn session_id(&self) -> &str {
        &self.session_id
    }

    /// The next webhook or sign.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// When something happens by itself. `None` once the session is over and its webhooks are delivered, or while an answer is
    /// waited for.
    pub fn due(&self) -> Option<u64> {
        let mut agenda = self.agenda.iter();
        agenda.find_map(|((at, _), due)| self.still(due).then_some(*at))
    }

    /// Whether what was put on the agenda still means anything.
    fn still(&self, due: &Due) -> bool {
        match due {
            Due::Step(turn) | Due::Fate(turn, _) => *turn == self.turn,
            Due::Does(_) => !self.is_over(),
            Due::Deliver(..) | Due::Uploaded(_) => true,
        }
    }

    /// It is `now`: what was due happens.
    pub fn tick(&mut self, now: u64) {
        self.now = self.now.max(now);
        while let Some(entry) = self.agenda.first_entry() {
            if entry.key().0 > self.now {
                break;
            }
            let due = entry.remove();
            self.happens(due);
        }
    }

    /// Somebody does something at `now`. What cannot be done in the call's state is as if not done.
    pub fn input(&mut self, input: Input, now: u64) {
        self.tick(now);
        self.does(input);
    }

    /// Whether the session is over; some of its webhooks may be on their way.
    pub fn is_over(&self) -> bool {
        matches!(self.doing, Doing::Over)
    }

    /// What is known of it, for comparing with what others know.
    pub fn record(&self) -> Record {
        let trace = self.trace.clone().finalize();
        Record {
            session_id: self.session_id.clone(),
            ending: self.is_over().then(|| self.session_ending()),
            legs: self.legs.iter().map(|leg| leg.record(self.now)).collect(),
            webhooks: self.told(),
            recordings: self.recordings.clone(),
            faults: self.faults.clone(),
            trace: trace.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }

    fn happens(&mut self, due: Due) {
        if !self.still(&due) {
            return;
        }
        match due {
            Due::Step(_) => self.step_is_over(),
            Due::Fate(_, fate) => self.meet(fate),
            Due::Does(input) => self.does(input),
            Due::Deliver(hook, delivery) => self.deliver(hook, delivery),
            Due::Uploaded(recording) => self.uploaded(recording),
        }
    }

    fn does(&mut self, input: Input) {
        match input {
            Input::Press(key) => self.press(key),
            Input::HangUp(leg) => self.hang_up(leg),
            Input::Meet(fate) => self.meet(fate),
            Input::Heard(nth) => self.heard(nth),
            Input::Deliver(manner) => self.order.manner = manner,
            Input::Again(hook) => self.once_more(hook),
        }
    }

    fn at(&mut self, at: u64, due: Due) {
        self.scheduled += 1;
        self.agenda.insert((at, self.scheduled), due);
    }

    /// Takes up something else, which ends at `until` if nothing else ends it.
    fn begin(&mut self, doing: Doing, until: Option<u64>) {
        self.doing = doing;
        self.turn += 1;
        if let Some(until) = until {
            self.at(until, Due::Step(self.turn));
        }
    }

    fn sign(&mut self, sign: Sign) {
        if matches!(sign, Sign::Says { .. } | Sign::Plays { .. }) {
            self.spoken += 1;
        }
        self.out.push_back(Output::Sign(sign));
    }

    fn time(&self, ms: u64) -> String {
        written(self.order.begin, ms)
    }
}
