//! What a server would answer, without one: the core, and the session in memory. No clock, no network, no file: look-ups are
//! answered by whoever holds the phone.

use std::sync::Arc;

use jiff::Timestamp;

use super::plan;
use crate::call::event::CallAction;
use crate::call::{Callflow, PhoneNumber};
use crate::flow::model::{Answers, FlowId, FlowVersion, StepName};
use crate::flow::need::{MetAt, Response};
use crate::flow::step::{self, Progress, Turn, arrive};
use crate::flow::{Flow, Label, Library, Met, Need, Position};
use crate::outbound::Destinations;
use crate::platform::callflow;
use crate::platform::webhook::{self, Webhook, blank_digits};
use crate::session::{
    Answer, Apology, Asked, Recalled, Reply, Session, Stage, Standing, answer, label,
};

/// A server for one call at a time.
#[derive(Debug)]
pub(super) struct Answering {
    flow: Arc<Flow>,
    library: Library,
    destinations: Arc<Destinations>,
    apology: Apology,
    now: Timestamp,
    session: Option<Session>,
    /// Where the next call comes to instead of its flow's beginning.
    detour: Option<Position>,
    /// The steps passed.
    pub(super) way: Vec<StepName>,
    /// What look-ups are answered with: a status and a body; `None` gives them no answer.
    pub(super) lookups: Option<(u16, String)>,
    /// What was needed since somebody asked, and how it was met.
    pub(super) met: Vec<MetAt>,
    /// The last voice call action as it came, a secret blanked, and what it was answered with.
    pub(super) last: Option<(String, String)>,
}

impl Answering {
    /// A server that answers with `flow`.
    pub(super) fn new(flow: Flow, now: Timestamp) -> Self {
        let own = match &flow.answers {
            Answers::Numbers(numbers) => numbers.clone(),
            Answers::Any => vec![PhoneNumber::new(plan::ANY_NUMBER)],
        };
        let library = Library::new([flow.clone()], []);
        Self {
            flow: Arc::new(flow),
            library,
            destinations: Arc::new(Destinations::new(own, [])),
            apology: Apology {
                text: "The flow cannot go on.".to_owned(),
                voice: crate::flow::model::GUIDE_VOICE.to_owned(),
            },
            now,
            session: None,
            detour: None,
            way: Vec::new(),
            lookups: None,
            met: Vec::new(),
            last: None,
        }
    }

    /// How a need is met here.
    fn meet(&mut self, need: &Need) -> Met {
        let met = match (need, &self.lookups) {
            (Need::Lookup(request), Some((status, body))) => {
                Met::Lookup(Ok(Response::read(request, *status, body.as_bytes())))
            }
            _ => Met::too_late(need),
        };
        self.met.push(MetAt {
            step: need.step().clone(),
            met: met.clone(),
        });
        met
    }

    /// The flow.
    pub(super) fn flow(&self) -> &Flow {
        &self.flow
    }

    /// Where the call waits.
    pub(super) fn position(&self) -> Option<&Position> {
        match &self.session.as_ref()?.stage {
            Stage::Waiting(position) => Some(position),
            Stage::HungUp => None,
        }
    }

    /// Forgets the call, and takes the next at `now`; at the step `to`, with what this one knows, when that is given.
    pub(super) fn next_call(&mut self, now: Timestamp, to: Option<StepName>) {
        self.detour = to.map(|step| Position {
            step,
            wrong_tries: 0,
            language: match self.position() {
                Some(position) => position.language.clone(),
                None => self.flow.languages.default.clone(),
            },
            variables: self
                .position()
                .map(|it| it.variables.clone())
                .unwrap_or_default(),
            last_menu: self.position().and_then(|it| it.last_menu.clone()),
        });
        self.now = now;
        self.session = None;
        self.way.clear();
        self.last = None;
    }

    /// Answers a webhook's body.
    pub(super) fn answer(&mut self, body: &str) -> String {
        match webhook::parse(body.as_bytes(), None) {
            Ok(Webhook::CallAction(action)) => self.act(&action, body),
            _ => "{}".to_owned(),
        }
    }

    fn act(&mut self, action: &CallAction, body: &str) -> String {
        let label = label(action);
        let recalled = Recalled {
            standing: match &self.session {
                Some(session) => Standing::Live(Box::new(session.clone())),
                None => Standing::Unknown,
            },
            ..Recalled::default()
        };
        let (library, apology) = (self.library.clone(), self.apology.clone());
        let destinations = self.destinations.clone();
        let asked = Asked {
            action,
            label: label.as_ref(),
            recalled: &recalled,
            library: &library,
            apology: &apology,
            begins: None,
            destinations: &destinations,
            now: self.now,
        };
        let mut answered = answer(asked);
        let decision = loop {
            answered = match answered {
                Answer::New(decision) => break decision,
                Answer::Needs(pending) => {
                    let met = self.meet(pending.need());
                    pending.resume(asked, &met)
                }
                // Nothing is recalled of an event.
                Answer::SameEvent(reply) => return reply.to_string(),
            };
        };
        self.session = decision.session.or(self.session.take());
        let (path, callflow) = match (self.detour.take(), decision.reply) {
            (Some(position), _) => self.divert(position),
            (None, Reply::Fresh(callflow)) => (decision.path, callflow),
            (None, Reply::Stored(json)) => return json.to_string(),
        };
        self.way.extend(path);
        let reply = callflow::to_json(&callflow);
        let shown = match decision.secret_digits {
            true => blank_digits(body),
            false => body.to_owned(),
        };
        self.last = Some((shown, reply.clone()));
        reply
    }

    /// Sends a call that has just begun to `position` instead.
    fn divert(&mut self, position: Position) -> (Vec<StepName>, Callflow) {
        let call = step::Call {
            id: "phone".to_owned(),
            caller: self.session.as_ref().and_then(|it| it.caller.clone()),
            called: self.session.as_ref().and_then(|it| it.called.clone()),
            caller_country: None,
            destinations: self.destinations.clone(),
            now: self.now,
            replies: 0,
            began: self.now,
        };
        let flow = self.flow.clone();
        let mut progress = arrive(&flow, &call, position);
        let turn = loop {
            progress = match progress {
                Ok(Progress::Turn(turn)) => break turn,
                Ok(Progress::Needs(paused)) => {
                    let met = self.meet(&paused.need);
                    paused.resume(&flow, &call, &met)
                }
                Err(_) => return (Vec::new(), self.apology.callflow()),
            };
        };
        let Turn {
            actions,
            next,
            path,
            ..
        } = turn;
        let client_action_id = next.as_ref().map(|next| self.label(next).to_string());
        if let Some(session) = &mut self.session {
            session.stage = next.map_or(Stage::HungUp, Stage::Waiting);
        }
        let callflow = Callflow {
            client_action_id,
            actions,
        };
        (path, callflow)
    }

    /// The label of the call's first reply.
    fn label(&self, position: &Position) -> Label {
        Label {
            flow: FlowId::new(self.flow.id.as_str()),
            version: FlowVersion::new(self.flow.version.as_str()),
            step: position.step.clone(),
            attempt: 1,
            language: position.language.clone(),
            replies: 1,
        }
    }
}
