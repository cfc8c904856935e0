//! The engine: a pure function of flow, position and event. The live call, the tests and the phone run this one.
//!
//! A turn walks from step to step until one waits (a menu, an ask, a connect) or the call ends. What callers hear on
//! the way is gathered in front of the reply; how texts become actions is [`speech`](super::speech)'s. Where the world has to be
//! asked first, the turn stops ([`Paused`]) and goes on from how that was met: `asking`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use super::Flow;
use super::model::{
    Ask, Connect, Keys, Language, Menu, Retry, Step, StepName, Target, VariableName,
};
use super::need::Need;
use super::template::Unset;
use crate::call::{Action, Digits, PhoneNumber};
use crate::outbound::{Destinations, Refused};

mod asking;
mod center;
mod recording;
mod values;

pub use asking::Paused;
use recording::Recordings;
pub use recording::let_go;

/// How many steps a turn may pass: far more than any sane flow, and a bound on what a call can cost.
const STEPS_LIMIT: usize = 1000;

/// Where a call waits in a flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The step that waits: a menu, an ask, a connect, or a look-up while its words are spoken.
    pub step: StepName,
    /// How many wrong tries the caller has made at it.
    pub wrong_tries: u8,
    /// The language spoken.
    pub language: Language,
    /// What has been saved and set.
    pub variables: BTreeMap<VariableName, Value>,
    /// The last menu that the caller chose a way out of.
    pub last_menu: Option<StepName>,
}

/// A variable's value. Never shown by `Debug` when it is a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Value {
    /// The value.
    pub text: String,
    /// Whether it must never be shown, spoken or stored in the clear.
    pub secret: bool,
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.secret {
            f.write_str("Value(••••)")
        } else {
            write!(f, "Value({:?})", self.text)
        }
    }
}

/// What the flow may know of the call it carries.
#[derive(Debug, Clone, Default)]
pub struct Call {
    /// The session's id.
    pub id: String,
    /// The person's number.
    pub caller: Option<PhoneNumber>,
    /// Our virtual number, in the spelling that the platform sent.
    pub called: Option<PhoneNumber>,
    /// The person's country, ISO 3166-1 alpha-2.
    pub caller_country: Option<String>,
    /// Where it may be connected to.
    pub destinations: Arc<Destinations>,
    /// When what is answered came.
    pub now: Timestamp,
    /// How many replies it has been given before this one.
    pub replies: u32,
    /// When the call began.
    pub began: Timestamp,
}

/// What has happened at the step that waits.
#[derive(Debug, Clone, Default)]
pub struct Event {
    /// The keys pressed; `None` is silence.
    pub digits: Option<Digits>,
    /// How a bridged call ended: the final SIP status.
    pub sip_code: Option<u16>,
}

/// What a call does next.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// The actions, never empty.
    pub actions: Vec<Action>,
    /// Where the call waits then; `None` when the last action hangs up.
    pub next: Option<Position>,
    /// The steps passed, the last one waiting or ending the call.
    pub path: Vec<StepName>,
    /// The connects among them whose number may not be called, so that their `failed` was taken.
    pub refused: Vec<(StepName, Refused)>,
    /// What had been saved and set when the last action hung up; empty while the call waits, since `next` has it.
    pub saved: BTreeMap<VariableName, Value>,
    /// What is to be begun while the caller listens: what the step that waits will need, and recordings that go on.
    pub begins: Vec<Need>,
}

/// How far a call came.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// To a reply.
    Turn(Turn),
    /// To something that the world has to be asked.
    Needs(Box<Paused>),
}

/// Why a flow cannot go on. A flow that was checked gets here only when its session's variables were lost.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stuck {
    /// The position names a step that does not exist or never waits.
    #[error("step {0:?} does not wait for anything")]
    NoSuchStep(StepName),
    /// A last text lacks a variable.
    #[error("step {0:?} cannot be spoken: {1}")]
    Unset(StepName, Unset),
    /// The flow passed too many steps without coming to rest.
    #[error("the flow passed {STEPS_LIMIT} steps without coming to rest")]
    Endless,
}

/// Begins a call at the flow's first step, with the variables that were handed in.
pub fn start(
    flow: &Flow,
    call: &Call,
    handed_in: BTreeMap<VariableName, Value>,
) -> Result<Progress, Stuck> {
    let before = Position {
        step: flow.start.clone(),
        wrong_tries: 0,
        language: flow.languages.default.clone(),
        variables: handed_in,
        last_menu: None,
    };
    arrive(flow, call, before)
}

/// Has a call come to the step of `position`, knowing what that knows.
pub fn arrive(flow: &Flow, call: &Call, position: Position) -> Result<Progress, Stuck> {
    let step = position.step.clone();
    Walk::new(flow, call, position).go(Target::Step(step))
}

/// Moves a call that waits at `position` on by `event`.
pub fn step(
    flow: &Flow,
    call: &Call,
    position: &Position,
    event: &Event,
) -> Result<Progress, Stuck> {
    let mut walk = Walk::new(flow, call, position.clone());
    walk.comes_back();
    match flow.step(&position.step) {
        Some(Step::Menu(menu)) => walk.choose(menu, event.digits.as_ref()),
        Some(Step::Ask(ask)) => walk.take(ask, event.digits.as_ref()),
        Some(Step::Connect(connect)) => walk.go(after(connect, event.sip_code).clone()),
        Some(Step::Lookup(lookup)) if lookup.while_waiting.is_some() => match walk.listened(lookup)
        {
            Some(need) => Ok(walk.pause(need)),
            None => walk.go(lookup.failed.clone()),
        },
        _ => Err(Stuck::NoSuchStep(position.step.clone())),
    }
}

/// Where a bridged call leads, by its final SIP status (RFC 3261).
fn after(connect: &Connect, sip_code: Option<u16>) -> &Target {
    match sip_code {
        Some(486 | 600) => &connect.busy,
        Some(408 | 480 | 487) => &connect.no_answer,
        Some(400..) => &connect.failed,
        _ => &connect.after,
    }
}

/// How a caller's try was wrong.
#[derive(Clone, Copy)]
enum Wrong {
    Silence,
    Keys,
}

/// One turn under way.
pub(super) struct Walk<'a> {
    pub(super) flow: &'a Flow,
    pub(super) call: &'a Call,
    pub(super) at: Position,
    pub(super) actions: Vec<Action>,
    path: Vec<StepName>,
    pub(super) refused: Vec<(StepName, Refused)>,
    begins: Vec<Need>,
    recordings: Recordings,
}

impl<'a> Walk<'a> {
    fn new(flow: &'a Flow, call: &'a Call, at: Position) -> Self {
        Self {
            flow,
            call,
            at,
            actions: Vec::new(),
            path: Vec::new(),
            refused: Vec::new(),
            begins: Vec::new(),
            recordings: Recordings::default(),
        }
    }

    /// The caller pressed keys in a menu, or none.
    fn choose(mut self, menu: &'a Menu, digits: Option<&Digits>) -> Result<Progress, Stuck> {
        let Some(digits) = digits else {
            return self.try_again(&menu.retry, Wrong::Silence);
        };
        let Some(press) = menu.press.get(&Keys::new(digits.as_str())) else {
            return self.try_again(&menu.retry, Wrong::Keys);
        };
        for (name, template) in &press.set {
            self.set(name, template);
        }
        if let Some(language) = &press.language {
            self.at.language = language.clone();
        }
        self.at.last_menu = Some(self.at.step.clone());
        if let Some(say) = &press.say {
            self.say_if_possible(say);
        }
        self.go(press.go.clone())
    }

    /// The caller entered digits, or none.
    fn take(mut self, ask: &Ask, digits: Option<&Digits>) -> Result<Progress, Stuck> {
        let Some(digits) = digits else {
            return self.try_again(&ask.retry, Wrong::Silence);
        };
        let entry = digits.as_str();
        let entry = if ask.hash_ends {
            entry.strip_suffix('#').unwrap_or(entry)
        } else {
            entry
        };
        let fits = (usize::from(ask.min_digits)..=usize::from(ask.max_digits))
            .contains(&entry.len())
            && entry.bytes().all(|key| key.is_ascii_digit());
        if !fits {
            return self.try_again(&ask.retry, Wrong::Keys);
        }
        let value = Value {
            text: entry.to_owned(),
            secret: ask.secret,
        };
        self.at.variables.insert(ask.save.clone(), value);
        self.go(ask.go.clone())
    }

    /// Meets the caller's next wrong try: the step's texts again, or its way out when it was the last.
    fn try_again(mut self, retry: &Retry, wrong: Wrong) -> Result<Progress, Stuck> {
        self.at.wrong_tries = self.at.wrong_tries.saturating_add(1);
        if self.at.wrong_tries >= retry.tries {
            return self.go(retry.give_up.clone());
        }
        let texts = match wrong {
            Wrong::Silence => &retry.no_input,
            Wrong::Keys => &retry.no_match,
        };
        self.path.push(self.at.step.clone());
        match self.prompt(Some(texts), true) {
            Ok(()) => Ok(Progress::Turn(self.rest())),
            Err(_) => self.go(retry.give_up.clone()),
        }
    }

    /// Asks for digits, now that what must be silent is.
    fn ask(mut self, ask: &Ask) -> Result<Progress, Stuck> {
        match self.prompt(None, false) {
            Ok(()) => Ok(Progress::Turn(self.rest())),
            Err(_) => self.go(ask.retry.give_up.clone()),
        }
    }

    /// Walks on until a step waits or the call ends.
    fn go(mut self, mut target: Target) -> Result<Progress, Stuck> {
        let call = self.call;
        for _ in 0..STEPS_LIMIT {
            let again = target == Target::Repeat;
            match target {
                Target::End => return Ok(Progress::Turn(self.hang_up())),
                Target::Repeat => {}
                Target::Step(name) => self.at.step = name,
            }
            let name = self.at.step.clone();
            self.path.push(name.clone());
            self.at.wrong_tries = 0;
            target = match self.flow.step(&name) {
                None => return Err(Stuck::NoSuchStep(name)),
                Some(Step::Ask(Ask {
                    pause: Some(pause), ..
                })) if !self.is_silent(pause) => match self.pausing(pause) {
                    Some(need) => return Ok(self.pause(need)),
                    None => pause.failed.clone(),
                },
                Some(Step::Menu(Menu { retry, .. }) | Step::Ask(Ask { retry, .. })) => {
                    match self.prompt(None, again) {
                        Ok(()) => return Ok(Progress::Turn(self.rest())),
                        Err(_) => retry.give_up.clone(),
                    }
                }
                Some(Step::Connect(connect)) => match self.connect(connect) {
                    true => return Ok(Progress::Turn(self.rest())),
                    false => connect.failed.clone(),
                },
                Some(Step::Message(message)) => {
                    // A message whose variable was lost with its session is passed over: the call goes on.
                    let _ = self.utter(&message.utterance, message.repeat);
                    message.go.clone()
                }
                Some(Step::Decide(decide)) => match self.deciding(decide) {
                    Some(need) => return Ok(self.pause(need)),
                    None => self.decide(decide),
                },
                Some(Step::Handoff(handoff)) => {
                    let need = self.handing(handoff);
                    return Ok(self.pause(need));
                }
                Some(Step::Callback(callback)) => match self.calling_back(callback) {
                    Some(need) => return Ok(self.pause(need)),
                    None => callback.failed.clone(),
                },
                Some(Step::Lookup(lookup)) => match self.request(lookup, call.replies) {
                    None => lookup.failed.clone(),
                    Some(need) if self.speaks_meanwhile(lookup) => {
                        self.begins.push(need);
                        return Ok(Progress::Turn(self.rest()));
                    }
                    Some(need) => return Ok(self.pause(need)),
                },
                Some(Step::Use(used)) => {
                    for (name, template) in &used.with {
                        self.set(name, template);
                    }
                    used.go.clone()
                }
                Some(Step::Return(end)) => end.go.clone(),
                Some(Step::End(end)) => {
                    if let Some(utterance) = &end.utterance {
                        self.utter(utterance, 1)
                            .map_err(|unset| Stuck::Unset(name, unset))?;
                    }
                    return Ok(Progress::Turn(self.hang_up()));
                }
            };
        }
        Err(Stuck::Endless)
    }

    /// The turn that waits here.
    fn rest(mut self) -> Turn {
        self.begins.extend(self.resuming(Some(&self.at.step)));
        Turn {
            actions: self.actions,
            next: Some(self.at),
            path: self.path,
            refused: self.refused,
            saved: BTreeMap::new(),
            begins: self.begins,
        }
    }

    /// The turn that ends the call.
    fn hang_up(mut self) -> Turn {
        self.actions.push(Action::Hangup);
        self.begins.extend(self.resuming(None));
        Turn {
            actions: self.actions,
            next: None,
            path: self.path,
            refused: self.refused,
            saved: self.at.variables,
            begins: self.begins,
        }
    }
}

#[cfg(test)]
mod tests;
