//! What a voice call action is answered with: a pure function of the action and of what is remembered.
//!
//! Known before new, in this order: a known event gets its stored reply; an ended session a hangup; a step already
//! left its stored reply; an incoming call begins its flow; a session goes on from where it stands, or, when it is
//! lost, from its label; a call that we placed goes on from its request; anything else gets the apology. Where the flow needs
//! something of the world first, the answer is that need ([`Pending`]), and it goes on from how it was met.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::{Outcome, Recalled, Session, Stage, Standing};
use crate::call::callflow::{Action, Callflow};
use crate::call::event::{CallAction, CallActionStatus, Direction};
use crate::flow::model::{FlowId, FlowVersion, Step, StepName, VariableName};
use crate::flow::need::MetAt;
use crate::flow::step::{Call, Event, Paused, Progress, Stuck, Turn, Value, let_go, start, step};
use crate::flow::{Flow, Label, Library, Met, Need, Position};
use crate::outbound::{Destinations, Refused};

mod placed;

/// A voice call action, and all that bears on its answer.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// What came.
    pub action: &'a CallAction,
    /// The label that it brought back ([`label`](super::label())), when it is one of ours.
    pub label: Option<&'a Label>,
    /// What the store remembers.
    pub recalled: &'a Recalled,
    /// The flows.
    pub library: &'a Library,
    /// What callers hear when nothing else can be said.
    pub apology: &'a Apology,
    /// The flow that an incoming call begins, when it is not its number that says so.
    pub begins: Option<&'a FlowId>,
    /// Where calls may go.
    pub destinations: &'a Arc<Destinations>,
    /// When it came.
    pub now: Timestamp,
}

/// What callers hear when nothing else can be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Apology {
    /// The sentence.
    pub text: String,
    /// The platform's voice.
    pub voice: String,
}

impl Apology {
    /// The sentence, and a hangup.
    pub fn callflow(&self) -> Callflow {
        let say = Action::Say {
            text: self.text.clone(),
            voice: self.voice.clone(),
            repetition: 1,
            speed: 1.0,
        };
        Callflow {
            client_action_id: None,
            actions: vec![say, Action::Hangup],
        }
    }
}

/// What a voice call action is answered with.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The reply that this very event was given. There is nothing to keep.
    SameEvent(Arc<str>),
    /// A reply to be kept first, with what it changes.
    New(Box<Decision>),
    /// None yet: the flow needs something first.
    Needs(Box<Pending>),
}

/// An answer that waits for a need to be met.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    paused: Paused,
    scene: Scene,
}

/// What a turn is taken in.
#[derive(Debug, Clone, PartialEq)]
struct Scene {
    outcome: Outcome,
    flow: Arc<Flow>,
    session: Session,
    /// The step that waited, when one did.
    step: Option<StepName>,
    /// Whether the session moves on by it.
    moves: bool,
    /// What it needed, and how that was met.
    met: Vec<MetAt>,
}

impl Pending {
    /// What is needed.
    pub fn need(&self) -> &Need {
        &self.paused.need
    }

    /// Goes on from how the need was met. `asked` is what was asked first.
    pub fn resume(self, asked: Asked<'_>, met: &Met) -> Answer {
        let Self { paused, mut scene } = self;
        scene.met.push(MetAt {
            step: paused.need.step().clone(),
            met: met.clone(),
        });
        let call = asked.call_of(&scene.session);
        let progress = paused.resume(&scene.flow, &call, met);
        asked.proceed(scene, progress)
    }
}

/// A reply, and what it changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Why this reply.
    pub outcome: Outcome,
    /// The reply.
    pub reply: Reply,
    /// The number of the reply that the action answers; 0 for a session's first.
    pub answers: u32,
    /// The step that waited for it, when one did.
    pub step: Option<StepName>,
    /// The steps passed on the way to the reply.
    pub path: Vec<StepName>,
    /// What the flow needed of the world on the way, and how that was met.
    pub met: Vec<MetAt>,
    /// The session afterwards; `None` when it stays as it is.
    pub session: Option<Session>,
    /// What the flow had saved and set when it hung up, without what is secret.
    pub saved: BTreeMap<VariableName, Value>,
    /// Why the flow could not go on, when it could not.
    pub stuck: Option<Stuck>,
    /// The connects on the way whose number may not be called.
    pub refused: Vec<(StepName, Refused)>,
    /// Whether the action's digits are a secret, or may be one.
    pub secret_digits: bool,
    /// What is to be begun once the reply is kept: what the next one will need, and recordings that go on.
    pub begins: Vec<Need>,
}

/// The reply of a decision.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// Made now.
    Fresh(Callflow),
    /// Given before, byte for byte.
    Stored(Arc<str>),
}

/// Decides what a voice call action is answered with.
pub fn answer(asked: Asked<'_>) -> Answer {
    if let Some(reply) = &asked.recalled.same_event {
        return Answer::SameEvent(reply.clone());
    }
    match &asked.recalled.standing {
        Standing::Ended | Standing::Masked(_) => asked.hangup(),
        Standing::Live(session) => asked.go_on(session),
        Standing::Placed(call) => asked.take_up(call),
        Standing::Unknown => asked.first_seen(),
    }
}

impl Asked<'_> {
    /// A session that a flow carries.
    fn go_on(self, session: &Session) -> Answer {
        if let Some(reply) = &self.recalled.same_step {
            let reply = Reply::Stored(reply.clone());
            return self.decided(Outcome::StepLeft, reply);
        }
        if self.action.status == CallActionStatus::Received && self.label.is_none() {
            // Its own exchange was not stored: the flow's beginning once more, and the session stays where it is.
            return self.begin(false);
        }
        let Stage::Waiting(position) = &session.stage else {
            return self.hangup();
        };
        let elsewhere = self.label.filter(|label| label.replies != session.replies);
        match elsewhere {
            Some(label) => self.carry_on(label, Some((session, position))),
            None => match self.flow_of(&session.flow, &session.version, &position.step) {
                Some(flow) => self.turn(Outcome::WentOn, flow, position, session.clone(), true),
                None => self.apologise(Outcome::UnknownFlow),
            },
        }
    }

    /// A session that is not known.
    fn first_seen(self) -> Answer {
        match self.label {
            Some(label) => self.carry_on(label, None),
            None if self.action.status == CallActionStatus::Received => self.begin(true),
            None => self.apologise(Outcome::UnknownSession),
        }
    }

    /// An incoming call.
    fn begin(self, moves: bool) -> Answer {
        let leg = &self.action.leg;
        let called = leg.destination.as_ref();
        let flow = match self.begins {
            Some(id) => self.library.current(id),
            None => called.and_then(|number| self.library.taking(number, leg.source.as_ref())),
        };
        let Some(flow) = flow else {
            return self.apologise(Outcome::UnknownNumber);
        };
        let session = self.new_session(flow, 0);
        let progress = start(flow, &self.call_of(&session), BTreeMap::new());
        let scene = Scene {
            outcome: Outcome::Started,
            flow: flow.clone(),
            session,
            step: None,
            moves,
            met: Vec::new(),
        };
        self.proceed(scene, progress)
    }

    /// Goes on from the step that a label names: the session is lost, or its last turns could not be stored. What is
    /// still known of it is used; a label behind the session changes nothing of it.
    fn carry_on(self, label: &Label, known: Option<(&Session, &Position)>) -> Answer {
        let Some(flow) = self.flow_of(&label.flow, &label.version, &label.step) else {
            return self.apologise(Outcome::UnknownFlow);
        };
        let position = Position {
            step: label.step.clone(),
            wrong_tries: label.attempt - 1,
            language: label.language.clone(),
            variables: known
                .map(|(_, position)| position.variables.clone())
                .unwrap_or_default(),
            last_menu: known.and_then(|(_, position)| position.last_menu.clone()),
        };
        let session = match known {
            Some((session, _)) => Session {
                replies: label.replies,
                ..session.clone()
            },
            None => self.new_session(&flow, label.replies),
        };
        let moves = known.is_none_or(|(session, _)| label.replies >= session.replies);
        self.turn(Outcome::CarriedOn, flow, &position, session, moves)
    }

    /// Moves `session` on from `position` by what came.
    fn turn(
        self,
        outcome: Outcome,
        flow: Arc<Flow>,
        position: &Position,
        session: Session,
        moves: bool,
    ) -> Answer {
        let event = Event {
            digits: self.action.digits.clone(),
            sip_code: self.action.leg.sip_code,
        };
        let progress = step(&flow, &self.call_of(&session), position, &event);
        let scene = Scene {
            outcome,
            flow,
            session,
            step: Some(position.step.clone()),
            moves,
            met: Vec::new(),
        };
        self.proceed(scene, progress)
    }

    /// The reply of a turn, or what it needs first.
    fn proceed(self, scene: Scene, progress: Result<Progress, Stuck>) -> Answer {
        let turn = match progress {
            Ok(Progress::Needs(paused)) => {
                let paused = *paused;
                return Answer::Needs(Box::new(Pending { paused, scene }));
            }
            Ok(Progress::Turn(turn)) => Ok(turn),
            Err(stuck) => Err(stuck),
        };
        Answer::New(Box::new(self.conclude(scene, turn)))
    }

    /// Makes the reply of a turn, and the session as it stands then.
    fn conclude(self, scene: Scene, turn: Result<Turn, Stuck>) -> Decision {
        let Scene {
            outcome,
            flow,
            session,
            step,
            moves,
            met,
        } = scene;
        let answers = session.replies;
        let replies = answers + 1;
        let (turn, stuck) = match turn {
            Ok(turn) => (Some(turn), None),
            Err(reason) => (None, Some(reason)),
        };
        let Some(turn) = turn else {
            let begins = match &session.stage {
                Stage::Waiting(position) => let_go(&flow, &self.call_of(&session), position),
                Stage::HungUp => None,
            };
            let begins = begins.into_iter().collect();
            let session = moves.then_some(Session {
                replies,
                stage: Stage::HungUp,
                ..session
            });
            let reply = Reply::Fresh(self.apology.callflow());
            return Decision {
                answers,
                step,
                met,
                session,
                stuck,
                begins,
                ..self.decide(Outcome::Stuck, reply)
            };
        };
        let mut saved = turn.saved;
        saved.retain(|_, value| !value.secret);
        let label = turn
            .next
            .as_ref()
            .map(|next| label_of(&flow, next, replies));
        let callflow = Callflow {
            client_action_id: label.map(|label| label.to_string()),
            actions: turn.actions,
        };
        let session = moves.then_some(Session {
            replies,
            stage: turn.next.map_or(Stage::HungUp, Stage::Waiting),
            ..session
        });
        Decision {
            answers,
            step,
            path: turn.path,
            met,
            session,
            saved,
            refused: turn.refused,
            begins: turn.begins,
            ..self.decide(outcome, Reply::Fresh(callflow))
        }
    }

    fn apologise(self, outcome: Outcome) -> Answer {
        self.decided(outcome, Reply::Fresh(self.apology.callflow()))
    }

    fn hangup(self) -> Answer {
        let hangup = Callflow {
            client_action_id: None,
            actions: vec![Action::Hangup],
        };
        self.decided(Outcome::AfterEnd, Reply::Fresh(hangup))
    }

    fn decided(self, outcome: Outcome, reply: Reply) -> Answer {
        Answer::New(Box::new(self.decide(outcome, reply)))
    }

    /// A decision that changes nothing of a session.
    fn decide(self, outcome: Outcome, reply: Reply) -> Decision {
        Decision {
            outcome,
            reply,
            answers: self.label.map_or(0, |label| label.replies),
            step: self.label.map(|label| label.step.clone()),
            path: Vec::new(),
            met: Vec::new(),
            session: None,
            saved: BTreeMap::new(),
            stuck: None,
            refused: Vec::new(),
            secret_digits: self.digits_may_be_secret(),
            begins: Vec::new(),
        }
    }

    /// A session as the action's leg tells of it, on `flow`.
    fn new_session(self, flow: &Flow, replies: u32) -> Session {
        let leg = &self.action.leg;
        let direction = leg.direction.unwrap_or(Direction::Inbound);
        let (person, ours, country) = match direction {
            Direction::Inbound => (&leg.source, &leg.destination, &leg.source_country),
            Direction::Outbound => (&leg.destination, &leg.source, &leg.destination_country),
        };
        Session {
            id: self.action.session.clone(),
            sub_account: self.action.sub_account.clone(),
            direction,
            caller: person.clone(),
            called: ours.clone(),
            caller_country: country.clone(),
            started_at: self.now,
            flow: flow.id.clone(),
            version: flow.version.clone(),
            stage: Stage::HungUp,
            replies,
        }
    }

    /// What a flow may know of the call.
    fn call_of(self, session: &Session) -> Call {
        Call {
            id: session.id.as_str().to_owned(),
            caller: session.caller.clone(),
            called: session.called.clone(),
            caller_country: session.caller_country.clone(),
            destinations: self.destinations.clone(),
            now: self.now,
            replies: session.replies,
            began: session.started_at,
        }
    }

    /// The flow in the version asked for; when that is gone, as it is now, if it still has a `step` that waits.
    fn flow_of(self, id: &FlowId, version: &FlowVersion, step: &StepName) -> Option<Arc<Flow>> {
        let waits = |flow: &&Arc<Flow>| flow.step(step).is_some_and(Step::waits);
        let flow = self
            .library
            .version(id, version)
            .or_else(|| self.library.current(id));
        flow.filter(waits).cloned()
    }

    /// Whether digits came that are a secret. Digits whose step cannot be told are taken for one.
    fn digits_may_be_secret(self) -> bool {
        let is_secret_at = |flow: &FlowId, version: &FlowVersion, step: &StepName| {
            let flow = self.library.version(flow, version);
            flow.is_none_or(|flow| flow.is_secret(step))
        };
        if self.action.digits.is_none() {
            return false;
        }
        if let Some(label) = self.label {
            return is_secret_at(&label.flow, &label.version, &label.step);
        }
        match &self.recalled.standing {
            Standing::Live(session) => match &session.stage {
                Stage::Waiting(position) => {
                    is_secret_at(&session.flow, &session.version, &position.step)
                }
                Stage::HungUp => true,
            },
            Standing::Placed(call) => call.position.as_ref().is_none_or(|position| {
                is_secret_at(&call.request.flow, &call.version, &position.step)
            }),
            Standing::Unknown | Standing::Masked(_) | Standing::Ended => true,
        }
    }
}

fn label_of(flow: &Flow, position: &Position, replies: u32) -> Label {
    Label {
        flow: flow.id.clone(),
        version: flow.version.clone(),
        step: position.step.clone(),
        attempt: position.wrong_tries + 1,
        language: position.language.clone(),
        replies,
    }
}
