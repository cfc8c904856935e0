//! Steps that ask: the clock, a variable, somebody's system. What the world has to be asked stops the turn; all that it holds is
//! kept until it is resumed.

use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

use super::center::{by_queue, by_schedule};
use super::{Call, Position, Progress, Recordings, Stuck, Turn, Value, Walk};
use crate::call::Action;
use crate::flow::Flow;
use crate::flow::model::{Decide, Language, Lookup, Method, Sent, Step, StepName, Target};
use crate::flow::need::{LookupFailure, Met, Need, Piece, Request, Response};
use crate::flow::template::{Part, Template, Unset, secret_name};
use crate::outbound::Refused;

/// A turn that has stopped until a need is met.
#[derive(Debug, Clone, PartialEq)]
pub struct Paused {
    /// What is needed.
    pub need: Need,
    at: Position,
    actions: Vec<Action>,
    path: Vec<StepName>,
    refused: Vec<(StepName, Refused)>,
    recordings: Recordings,
}

impl Paused {
    /// Goes on from how the need was met, on the flow and the call that it stopped on.
    ///
    /// # Errors
    ///
    /// Why the flow cannot go on.
    pub fn resume(self, flow: &Flow, call: &Call, met: &Met) -> Result<Progress, Stuck> {
        let mut walk = Walk {
            actions: self.actions,
            path: self.path,
            refused: self.refused,
            recordings: self.recordings,
            ..Walk::new(flow, call, self.at)
        };
        let target = match (flow.step(&walk.at.step), met) {
            (Some(Step::Lookup(lookup)), Met::Lookup(answer)) => Some(walk.learn(lookup, answer)),
            (Some(Step::Handoff(handoff)), Met::Handoff(true)) => {
                return Ok(walk.handed_over(handoff));
            }
            (Some(Step::Handoff(handoff)), Met::Handoff(false)) => Some(handoff.failed.clone()),
            (Some(Step::Callback(callback)), Met::Callback(true)) => Some(callback.ok.clone()),
            (Some(Step::Callback(callback)), Met::Callback(false)) => Some(callback.failed.clone()),
            (Some(Step::Ask(ask)), Met::Recording(is_silent)) => {
                walk.was_paused(*is_silent);
                match is_silent {
                    true => return walk.ask(ask),
                    false => ask.pause.as_ref().map(|pause| pause.failed.clone()),
                }
            }
            (Some(Step::Decide(decide)), Met::Schedule(status)) => by_schedule(decide, *status),
            (Some(Step::Decide(decide)), Met::Queue(state)) => by_queue(decide, *state),
            _ => None,
        };
        match target {
            Some(target) => walk.go(target),
            None => Err(Stuck::NoSuchStep(walk.at.step)),
        }
    }
}

impl Progress {
    /// The reply, when it came to one.
    pub fn turn(self) -> Option<Turn> {
        match self {
            Self::Turn(turn) => Some(turn),
            Self::Needs(_) => None,
        }
    }
}

impl Walk<'_> {
    /// Stops for a need.
    pub(super) fn pause(self, need: Need) -> Progress {
        Progress::Needs(Box::new(Paused {
            need,
            at: self.at,
            actions: self.actions,
            path: self.path,
            refused: self.refused,
            recordings: self.recordings,
        }))
    }

    /// What hours are asked for in a text: `NAME.spoken`, `NAME.next_open`.
    pub(super) fn hours(&self, asked: &str, language: &Language) -> Option<String> {
        let (name, what) = asked.rsplit_once('.')?;
        let hours = self.flow.hours.get(name)?;
        match what {
            "spoken" => Some(hours.spoken(language.as_str())),
            "next_open" => Some(hours.next_open_spoken(self.call.now, language.as_str())),
            _ => None,
        }
    }

    /// Where a decision leads. A variable that was lost decides for the rest.
    pub(super) fn decide(&self, decide: &Decide) -> Target {
        match decide {
            Decide::Hours {
                hours,
                open,
                closed,
            } => {
                let hours = self.flow.hours.get(hours);
                match hours.is_some_and(|hours| hours.are_open(self.call.now)) {
                    true => open.clone(),
                    false => closed.clone(),
                }
            }
            Decide::Value {
                variable,
                is,
                otherwise,
            } => {
                let value = self.value(variable);
                let target = value.and_then(|value| is.get(&*value));
                target.unwrap_or(otherwise).clone()
            }
            // The world is asked for these: see `deciding`.
            Decide::Schedule { closed, .. } => closed.clone(),
            Decide::Queue { otherwise, .. } => otherwise.clone(),
        }
    }

    /// Says what callers hear while a look-up is made; whether there is anything.
    pub(super) fn speaks_meanwhile(&mut self, lookup: &Lookup) -> bool {
        let before = self.actions.len();
        if let Some(texts) = &lookup.while_waiting {
            self.say_if_possible(texts);
        }
        self.actions.len() > before
    }

    /// The need of a look-up whose words have been spoken: the one that was begun then.
    pub(super) fn listened(&mut self, lookup: &Lookup) -> Option<Need> {
        self.path.push(self.at.step.clone());
        self.request(lookup, self.call.replies.saturating_sub(1))
    }

    /// What a look-up asks, of a call that came to it after `replies` replies; `None` when a variable that it needs was lost.
    pub(super) fn request(&self, lookup: &Lookup, replies: u32) -> Option<Need> {
        let plain = |template: &Template| template.fill(|name| self.value(name));
        let mut url = lookup
            .url
            .fill_with(|name| self.value(name), percent_encoded)
            .ok()?;
        let mut sent = Map::new();
        for (name, value) in &lookup.send {
            let value = match value {
                Sent::Text(template) => Json::String(plain(template).ok()?),
                Sent::Plain(json) => serde_json::from_str(json).ok()?,
            };
            sent.insert(name.clone(), value);
        }
        let body = match lookup.method {
            Method::Get => {
                append_query(&mut url, &sent);
                None
            }
            Method::Post | Method::Put => Some(Json::Object(sent).to_string()),
        };
        let headers = lookup.headers.iter().map(|(name, value)| {
            let pieces = self.pieces(value)?;
            Ok::<_, Unset>((name.clone(), pieces))
        });
        Some(Need::Lookup(Box::new(Request {
            step: self.at.step.clone(),
            method: lookup.method,
            url,
            headers: headers.collect::<Result<_, _>>().ok()?,
            body,
            fields: lookup.save.values().cloned().collect(),
            timeout_ms: lookup.timeout_ms,
            key: self.key(replies),
        })))
    }

    fn pieces(&self, value: &Template) -> Result<Vec<Piece>, Unset> {
        let piece = |part: &Part| match part {
            Part::Text(words) => Ok(Piece::Text(words.clone())),
            Part::Place { name, .. } => match secret_name(name.as_str()) {
                Some(secret) => Ok(Piece::Secret(secret.to_owned())),
                None => {
                    let one = Template::of(part.clone());
                    one.fill(|name| self.value(name)).map(Piece::Text)
                }
            },
        };
        value.parts().iter().map(piece).collect()
    }

    /// What the need of the step here is known by.
    pub(super) fn key(&self, replies: u32) -> String {
        let named = format!("{}:{replies}:{}", self.call.id, self.at.step);
        digest(&named)
    }

    /// What a need is known by that is not the step's only one.
    pub(super) fn key_of(&self, words: &[&str]) -> String {
        let replies = self.call.replies;
        let named = format!("{}:{replies}:{}", self.call.id, words.join(":"));
        digest(&named)
    }

    /// Saves what a look-up brought, and tells where it leads.
    fn learn(&mut self, lookup: &Lookup, answer: &Result<Response, LookupFailure>) -> Target {
        let Ok(response) = answer else {
            return lookup.failed.clone();
        };
        if let Some(target) = lookup.status.get(&response.status) {
            self.save(lookup, response);
            return target.clone();
        }
        if !response.is_good() || (response.fields.is_none() && !lookup.save.is_empty()) {
            return lookup.failed.clone();
        }
        self.save(lookup, response);
        let lacks = |name| {
            self.at
                .variables
                .get(name)
                .is_none_or(|value| value.text.is_empty())
        };
        match lookup.require.iter().any(lacks) {
            true => lookup.failed.clone(),
            false => lookup.ok.clone(),
        }
    }

    /// A field that the answer lacks leaves its variable empty.
    fn save(&mut self, lookup: &Lookup, response: &Response) {
        for (name, path) in &lookup.save {
            let field = response.fields.as_ref().and_then(|fields| fields.get(path));
            let value = Value {
                text: field.cloned().unwrap_or_default(),
                secret: false,
            };
            self.at.variables.insert(name.clone(), value);
        }
    }
}

fn digest(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let bytes = digest.iter().take(16);
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

/// A value as a part of an address: all but letters, digits and `-._~` in percent signs.
fn percent_encoded(value: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    value.bytes().map(encode).collect()
}

fn append_query(url: &mut String, sent: &Map<String, Json>) {
    let mut mark = if url.contains('?') { '&' } else { '?' };
    for (name, value) in sent {
        let value = match value {
            Json::String(text) => percent_encoded(text),
            other => percent_encoded(&other.to_string()),
        };
        url.push(mark);
        url.push_str(&format!("{}={value}", percent_encoded(name)));
        mark = '&';
    }
}

#[cfg(test)]
mod tests;
