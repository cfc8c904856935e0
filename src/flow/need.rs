//! What a flow needs of the world before its call can go on, as values. The engine says what it needs
//! ([`Paused`](super::step::Paused)); whoever carries the call sees to it, within the time that one reply has; the engine goes on
//! from how that was met.
//!
//! A need that cannot be met is met by its failure: every step that has one says where the call goes then.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::model::{Method, StepName};
use crate::contact_center::queue::State;
use crate::contact_center::schedule::Status;

mod center;

pub use center::{AskedQueue, Asking, CallingBack, Controlling, Handing};

/// How long all needs of one reply may take together, in milliseconds: the platform waits 2 s for the reply, and the store has its part.
pub const BUDGET_MS: u32 = 1200;

/// What a flow needs of the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// An answer of somebody's system, over HTTP.
    Lookup(Box<Request>),
    /// That a queue of the Contact Center takes the call over.
    Handoff(Box<Handing>),
    /// That the Contact Center calls somebody back.
    Callback(Box<CallingBack>),
    /// What a schedule of the Contact Center says.
    Schedule(Asking<String>),
    /// How a queue of the Contact Center does.
    Queue(Asking<AskedQueue>),
    /// That the recording of an agent's call falls silent, or goes on.
    Recording(Box<Controlling>),
}

impl Need {
    /// The step that has it.
    pub fn step(&self) -> &StepName {
        match self {
            Self::Lookup(request) => &request.step,
            Self::Handoff(it) => &it.step,
            Self::Callback(it) => &it.step,
            Self::Schedule(it) => &it.step,
            Self::Queue(it) => &it.step,
            Self::Recording(it) => &it.step,
        }
    }

    /// What it is known by: the same whenever the same webhook brings the call here, and no other's.
    pub fn key(&self) -> &str {
        match self {
            Self::Lookup(request) => &request.key,
            Self::Handoff(it) => &it.key,
            Self::Callback(it) => &it.key,
            Self::Schedule(it) => &it.key,
            Self::Queue(it) => &it.key,
            Self::Recording(it) => &it.key,
        }
    }

    /// How long it may take, in milliseconds.
    pub fn timeout_ms(&self) -> u32 {
        match self {
            Self::Lookup(request) => request.timeout_ms,
            _ => BUDGET_MS,
        }
    }
}

/// How a need was met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Met {
    /// What came of a look-up.
    Lookup(Result<Response, LookupFailure>),
    /// Whether the Contact Center takes the call over, for all that is known.
    Handoff(bool),
    /// Whether it calls back, for all that is known.
    Callback(bool),
    /// What a schedule says; `None` when nobody knows.
    Schedule(Option<Status>),
    /// How a queue does.
    Queue(State),
    /// Whether a recording does as it is to, for all that is known.
    Recording(bool),
}

impl Met {
    /// That `need` could not be met in time.
    pub fn too_late(need: &Need) -> Self {
        match need {
            Need::Lookup(_) => Self::Lookup(Err(LookupFailure::TooLate)),
            Need::Handoff(_) => Self::Handoff(false),
            Need::Callback(_) => Self::Callback(false),
            Need::Schedule(_) => Self::Schedule(None),
            Need::Queue(_) => Self::Queue(State::Unknown),
            Need::Recording(_) => Self::Recording(false),
        }
    }
}

/// How the need of a step was met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetAt {
    /// The step that had it.
    pub step: StepName,
    /// How.
    pub met: Met,
}

/// A request to somebody's system. `Debug` shows neither what it sends nor where a variable made its address.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The look-up that makes it.
    pub step: StepName,
    /// How.
    pub method: Method,
    /// Where to, whole.
    pub url: String,
    /// The headers that the flow names, in its order.
    pub headers: Vec<(String, Vec<Piece>)>,
    /// The JSON that is sent.
    pub body: Option<String>,
    /// The fields of the answer that are wanted: names and indices, joined by dots.
    pub fields: Vec<String>,
    /// How long its answer is waited for, in milliseconds.
    pub timeout_ms: u32,
    /// The same whenever the same webhook brings the call here: sent as `Idempotency-Key` with what writes.
    pub key: String,
}

/// A stretch of a header's value.
#[derive(Clone, PartialEq, Eq)]
pub enum Piece {
    /// As it stands.
    Text(String),
    /// What the environment has under this name: no part of the flow's world.
    Secret(String),
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("step", &self.step)
            .field("method", &self.method)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// The most characters of a field: it is to be spoken, and the platform takes 3,000 in all.
const LONGEST_FIELD: usize = 500;

/// What somebody's system answered. `Debug` shows its status alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The fields that were wanted and that it has, by their path, as texts; `None` when it is no JSON.
    pub fields: Option<BTreeMap<String, String>>,
}

impl Response {
    /// Reads an answer for what the request wants of it.
    pub fn read(request: &Request, status: u16, body: &[u8]) -> Self {
        let json = serde_json::from_slice::<Value>(body).ok();
        let fields = json.map(|json| {
            let fields = request.fields.iter();
            let found = fields.filter_map(|path| Some((path.clone(), field(&json, path)?)));
            found.collect()
        });
        Self { status, fields }
    }

    /// Whether its status says that all went well.
    pub fn is_good(&self) -> bool {
        (200..=299).contains(&self.status)
    }
}

/// The field at a path of names and indices, as a text of one line.
fn field(json: &Value, path: &str) -> Option<String> {
    let found = path.split('.').try_fold(json, |at, part| match at {
        Value::Object(fields) => fields.get(part),
        Value::Array(items) => items.get(part.parse::<usize>().ok()?),
        _ => None,
    })?;
    let text = match found {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    Some(text.chars().take(LONGEST_FIELD).map(plain).collect())
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({})", self.status)
    }
}

/// Why a look-up brought no answer. Never repeats an address, what was sent, or what came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LookupFailure {
    /// It took too long, or the look-ups before it did.
    #[error("no answer in time")]
    TooLate,
    /// It could not be reached, or the connection broke.
    #[error("no connection, or it broke")]
    Broken,
    /// Its address is not one that flows may reach.
    #[error("its address is not one that flows may reach")]
    Forbidden,
    /// Its address is none, or a header cannot be sent.
    #[error("the request cannot be written")]
    Unwritable,
    /// The environment has no secret that a header needs.
    #[error("the environment lacks a secret that a header needs")]
    NoSecret,
    /// The answer is larger than is read.
    #[error("the answer is too large")]
    TooLarge,
    /// It failed so often that it is left alone for a while.
    #[error("it failed too often, and is left alone for a while")]
    LeftAlone,
}

impl LookupFailure {
    /// All, in the order of their declaration.
    const ALL: [Self; 7] = [
        Self::TooLate,
        Self::Broken,
        Self::Forbidden,
        Self::Unwritable,
        Self::NoSecret,
        Self::TooLarge,
        Self::LeftAlone,
    ];

    /// The word that traces use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TooLate => "too_late",
            Self::Broken => "broken",
            Self::Forbidden => "forbidden",
            Self::Unwritable => "unwritable",
            Self::NoSecret => "no_secret",
            Self::TooLarge => "too_large",
            Self::LeftAlone => "left_alone",
        }
    }

    /// The failure that [`as_str`](Self::as_str) names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }
}
