//! Webhooks on their way: deliveries, repetitions, and what is made of the answers.

use serde_json::{Value, json};
use sha2::Digest as _;

use super::super::mischief::Delivery;
use super::super::script;
use super::super::webhook::{self, Kind};
use super::{Answer, Call, Doing, Due, Output, Post, Sign};
use crate::platform::callflow::{SentAs, check};

/// How long after a failed delivery a webhook is sent again, in milliseconds; after the last it is given up.
pub(super) const AGAIN_MS: [u64; 3] = [2_000, 10_000, 60_000];

/// Error codes of a session ("Voice Error Codes").
const NO_CONNECTION: (i32, &str) = (-2002, "Internal connectivity error");
const INVALID_CALLFLOW: (i32, &str) = (-2003, "Invalid callflow");

/// One webhook and how it fares.
#[derive(Debug)]
pub(super) struct Hook {
    kind: Kind,
    body: String,
    failed: usize,
    delivered: bool,
    settled: bool,
    /// What it was answered with first.
    reply: Option<String>,
}

impl Call {
    /// Asks for a callflow: the caller waits for it.
    pub(super) fn ask(&mut self, status: &str) {
        let mut payload = self.about(0, status);
        payload["sipCode"] = json!(self.sip_code);
        if let Some(label) = &self.label {
            payload["clientActionId"] = json!(label);
        }
        if status != "CALL_RECEIVED" {
            payload["eventData"] = json!({"dtmf": self.keys.take()});
        }
        self.sip_code = 200;
        let hook = self.hooks.len();
        self.begin(Doing::Asking(hook), None);
        self.sign(Sign::Asks);
        self.post(Kind::Action, webhook::action(payload));
    }

    /// Tells of a change of a leg.
    pub(super) fn status(&mut self, leg: usize, status: &str) {
        let payload = self.about(leg, status);
        self.post(Kind::Status, webhook::status(payload));
    }

    fn about(&mut self, leg: usize, status: &str) -> Value {
        let mut payload = self.legs[leg].told(self.now);
        let event = self.order.chance.uuid();
        payload.insert("eventId".to_owned(), json!(event));
        payload.insert("sessionId".to_owned(), json!(self.session_id));
        payload.insert("subAccountId".to_owned(), json!(self.order.sub_account));
        payload.insert("callStatus".to_owned(), json!(status));
        payload.insert("timestamp".to_owned(), json!(self.time(self.now)));
        if self.order.sip_ids {
            payload.insert(
                "sipCallId".to_owned(),
                json!(super::sip_id(&self.session_id)),
            );
        }
        Value::Object(payload)
    }

    pub(super) fn post(&mut self, kind: Kind, body: String) {
        let hook = self.hooks.len();
        self.hooks.push(Hook {
            kind,
            body,
            failed: 0,
            delivered: false,
            settled: false,
            reply: None,
        });
        let waited_for = kind == Kind::Action;
        let chance = &mut self.order.chance;
        let by_chance = self.order.mischief.deliveries(waited_for, chance);
        let deliveries = self.order.manner.deliveries().unwrap_or(by_chance);
        for delivery in deliveries {
            self.at(self.now + delivery.after_ms, Due::Deliver(hook, delivery));
        }
    }

    /// Delivers a webhook that was sent before once more.
    pub(super) fn once_more(&mut self, hook: usize) {
        if hook < self.hooks.len() {
            self.deliver(hook, Delivery::plain(0));
        }
    }

    pub(super) fn deliver(&mut self, hook: usize, delivery: Delivery) {
        if !delivery.arrives {
            return self.again(hook);
        }
        let Hook { kind, body, .. } = &self.hooks[hook];
        self.out.push_back(Output::Post(Post {
            hook,
            answer_arrives: delivery.answer_arrives,
            kind: *kind,
            body: body.clone(),
        }));
    }

    /// A webhook was answered, or could not be delivered, at `now`.
    pub fn answered(&mut self, post: &Post, answer: Answer, now: u64) {
        self.now = self.now.max(now);
        self.trace(post, &answer);
        match answer {
            Answer::Said { status: 200, body } => self.taken(post, body),
            Answer::Said { status, .. } => {
                if post.kind == Kind::Action {
                    self.faults
                        .push(format!("a voice call action was answered {status}"));
                }
                self.again(post.hook);
            }
            Answer::Nobody => self.again(post.hook),
            Answer::NotRegistered => {
                self.hooks[post.hook].settled = true;
                self.unanswered(post.hook);
            }
        }
    }

    fn taken(&mut self, post: &Post, body: String) {
        self.hooks[post.hook].delivered = true;
        if post.kind == Kind::Action {
            self.compare(post.hook, &body);
        }
        if !post.answer_arrives {
            return self.again(post.hook);
        }
        self.hooks[post.hook].settled = true;
        if matches!(self.doing, Doing::Asking(hook) if hook == post.hook) {
            self.follow(&body);
        }
    }

    /// Every answer to one webhook is valid, and the same, byte for byte.
    fn compare(&mut self, hook: usize, body: &str) {
        match &self.hooks[hook].reply {
            None => {
                if let Err(fault) = valid(body) {
                    self.faults.push(fault);
                }
                self.hooks[hook].reply = Some(body.to_owned());
            }
            Some(first) if first != body => {
                let fault = "a repeated voice call action was answered differently";
                self.faults.push(fault.to_owned());
            }
            Some(_) => {}
        }
    }

    fn follow(&mut self, body: &str) {
        let allowed =
            |callflow: &Value| !self.order.masking || script::not_for_masking(callflow).is_none();
        let Some(callflow) = valid(body).ok().filter(allowed) else {
            let (code, message) = INVALID_CALLFLOW;
            return self.fail(code, message);
        };
        self.answer();
        self.label = callflow["clientActionId"].as_str().map(str::to_owned);
        self.acts = self.read(&callflow);
        self.proceed();
    }

    /// Sends a webhook again, unless it has arrived meanwhile or was sent often enough.
    fn again(&mut self, hook: usize) {
        if self.hooks[hook].settled {
            return;
        }
        let failed = self.hooks[hook].failed;
        self.hooks[hook].failed += 1;
        match AGAIN_MS.get(failed) {
            Some(after) => self.at(self.now + after, Due::Deliver(hook, Delivery::plain(0))),
            None => self.unanswered(hook),
        }
    }

    fn unanswered(&mut self, hook: usize) {
        if matches!(self.doing, Doing::Asking(asked) if asked == hook) {
            let (code, message) = NO_CONNECTION;
            self.fail(code, message);
        }
    }

    /// The kinds of the webhooks that arrived, in the order of their events.
    pub(super) fn told(&self) -> Vec<Kind> {
        let arrived = self.hooks.iter().filter(|hook| hook.delivered);
        arrived.map(|hook| hook.kind).collect()
    }

    fn trace(&mut self, post: &Post, answer: &Answer) {
        let (status, body) = match answer {
            Answer::Said { status, body } => (*status, body.as_str()),
            Answer::Nobody | Answer::NotRegistered => (0, ""),
        };
        for part in [&self.now.to_string(), &post.body, &status.to_string(), body] {
            self.trace.update(part.as_bytes());
            self.trace.update([0]);
        }
    }
}

/// Reads a callflow and holds it to the platform's rules.
fn valid(body: &str) -> Result<Value, String> {
    let callflow = serde_json::from_str(body).map_err(|_| "a reply is no JSON".to_owned())?;
    match check(&callflow, SentAs::Reply) {
        Ok(()) => Ok(callflow),
        Err(faults) => {
            let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
            Err(format!("a reply is no callflow: {}", faults.join("; ")))
        }
    }
}
