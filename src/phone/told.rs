//! What the page is told of a call, one event after another.

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::emulator::{Answer, Post, Sign};
use crate::flow::step;
use crate::flow::{Flow, Position};
use crate::platform::webhook::blank_digits;
use crate::session::{Exchange, Stage};

/// What stands in the place of a secret.
const SECRET: &str = "••••";

/// One event of a call.
#[derive(Debug, Serialize)]
pub(super) struct Event {
    /// Milliseconds since the call began.
    pub(super) ms: u64,
    #[serde(flatten)]
    pub(super) what: What,
}

/// What happened.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum What {
    /// The call is there.
    Began {
        session: String,
        flow: String,
        from: String,
        to: String,
        at: String,
    },
    /// A leg rings.
    Rings { leg: usize, destination: String },
    /// A leg was answered.
    Connected { leg: usize },
    /// Something is said: the `nth` thing said or played.
    Says {
        nth: usize,
        text: String,
        voice: String,
        lasts_ms: u64,
        listens: bool,
    },
    /// A sound file is played.
    Plays {
        nth: usize,
        url: String,
        lasts_ms: u64,
    },
    /// Keys are waited for, so long.
    Waits { for_ms: u64 },
    /// A key was taken.
    Key { key: String },
    /// The platform waits for a callflow.
    Asks,
    /// A leg is over.
    Gone { leg: usize, how: &'static str },
    /// The session is over.
    Over { how: &'static str },
    /// A webhook is sent.
    Sent {
        number: usize,
        kind: &'static str,
        body: Box<RawValue>,
    },
    /// A webhook was answered; without a status nobody answered.
    Answered {
        number: usize,
        status: Option<u16>,
        body: Option<Box<RawValue>>,
    },
    /// The server kept a voice call action with its reply.
    Kept {
        outcome: &'static str,
        /// The steps passed.
        path: Vec<String>,
        /// Where the call waits now; `None` once the reply hangs up.
        waits: Option<Waits>,
    },
    /// Nothing more comes.
    Closed,
}

/// Where a call waits.
#[derive(Debug, Serialize)]
pub(super) struct Waits {
    step: String,
    attempt: u8,
    language: String,
    /// Whether the keys pressed here are a secret.
    secret: bool,
    variables: Vec<Variable>,
}

#[derive(Debug, Serialize)]
struct Variable {
    name: String,
    value: String,
    secret: bool,
}

impl What {
    /// What somebody on the phone notices. `nth` things were said or played with this one; `secret` says whether keys are
    /// not shown.
    pub(super) fn noticed(sign: Sign, nth: usize, secret: bool) -> Self {
        match sign {
            Sign::Rings { leg, destination } => Self::Rings { leg, destination },
            Sign::Connected { leg } => Self::Connected { leg },
            Sign::Says {
                text,
                voice,
                ms,
                listens,
            } => Self::Says {
                nth,
                text,
                voice,
                lasts_ms: ms,
                listens,
            },
            Sign::Plays { url, ms } => Self::Plays {
                nth,
                url,
                lasts_ms: ms,
            },
            Sign::Waits { ms } => Self::Waits { for_ms: ms },
            Sign::Key(key) => Self::Key {
                key: if secret { "•".to_owned() } else { key.into() },
            },
            Sign::Asks => Self::Asks,
            Sign::Gone { leg, how } => Self::Gone {
                leg,
                how: how.as_str(),
            },
            Sign::Over { how } => Self::Over { how: how.as_str() },
        }
    }

    /// A webhook on its way; its digits are blanked when they are `secret`.
    pub(super) fn sent(post: &Post, secret: bool) -> Self {
        let body = match secret {
            true => blank_digits(&post.body),
            false => post.body.clone(),
        };
        Self::Sent {
            number: post.number(),
            kind: post.kind.as_str(),
            body: json(&body),
        }
    }

    /// An answer to a webhook.
    pub(super) fn answered(post: &Post, answer: &Answer) -> Self {
        let (status, body) = match answer {
            Answer::Said { status, body } => (Some(*status), Some(json(body))),
            Answer::Nobody | Answer::NotRegistered => (None, None),
        };
        Self::Answered {
            number: post.number(),
            status,
            body,
        }
    }

    /// What the server kept. `flow` is the one that carries the call.
    pub(super) fn kept(exchange: &Exchange, flow: &Flow) -> Self {
        let stage = exchange.session.as_ref().map(|session| &session.stage);
        let waits = match stage {
            Some(Stage::Waiting(position)) => Some(Waits::at(position, flow)),
            Some(Stage::HungUp) | None => None,
        };
        Self::Kept {
            outcome: exchange.outcome.as_str(),
            path: exchange.path.iter().map(ToString::to_string).collect(),
            waits,
        }
    }
}

impl Waits {
    fn at(position: &Position, flow: &Flow) -> Self {
        let variable = |(name, value): (_, &step::Value)| Variable {
            name: ToString::to_string(name),
            value: match value.secret {
                true => SECRET.to_owned(),
                false => value.text.clone(),
            },
            secret: value.secret,
        };
        Self {
            step: position.step.to_string(),
            attempt: position.wrong_tries + 1,
            language: position.language.to_string(),
            secret: flow.is_secret(&position.step),
            variables: position.variables.iter().map(variable).collect::<Vec<_>>(),
        }
    }
}

/// `text` as it stands when it is JSON, else as a JSON string.
fn json(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).unwrap_or_else(|_| {
        let string = Value::String(text.to_owned()).to_string();
        RawValue::from_string(string).expect("a string made JSON is JSON")
    })
}
