//! What a call asked of the world since somebody last did something, held against the lines that say so.

use super::{Broken, Player, because};
use crate::contact_center::interaction::Variable;
use crate::contact_center::pairs::Pairs;
use crate::contact_center::recording::Control;
use crate::flow::Need;
use crate::flow::model::{Decide, Step, StepName};
use crate::flow::need::{CallingBack, Controlling, Handing, Request};
use crate::rehearsal::center::{Center, schedule_called};
use crate::rehearsal::failure::{Failure, Note};
use crate::rehearsal::line::Verb;
use crate::rehearsal::script::Line;

/// A need of one kind.
type Of<T> = fn(&Need) -> Option<&T>;

const LOOKUP: Of<Request> = |need| match need {
    Need::Lookup(it) => Some(it),
    _ => None,
};

const HANDOFF: Of<Handing> = |need| match need {
    Need::Handoff(it) => Some(it),
    _ => None,
};

const CALLBACK: Of<CallingBack> = |need| match need {
    Need::Callback(it) => Some(it),
    _ => None,
};

const PAUSE: Of<Controlling> = |need| match need {
    Need::Recording(it) if it.control == Control::Pause => Some(it),
    _ => None,
};

impl Player<'_> {
    /// The last of what was asked that `pick` takes.
    fn last_asked<T>(&self, pick: impl Fn(&Need) -> Option<T>) -> Option<T> {
        let asked = self.stage.prompter.asked();
        asked.iter().rev().find_map(|it| pick(&it.need))
    }

    fn last_of<T: Clone>(&self, of: Of<T>, what: &str) -> Result<T, Broken> {
        let found = self.last_asked(|need| of(need).cloned());
        found.ok_or_else(|| because(format!("no {what} is asked for here: {}", self.doing())))
    }

    /// The need that a line answers: the first of its kind is the first line's, and so on.
    fn answered_by_line<T: Clone>(&mut self, of: Of<T>, what: &'static str) -> Result<T, Broken> {
        let nth = self.answering.iter().filter(|it| **it == what).count();
        self.answering.push(what);
        let asked = self.stage.prompter.asked();
        let mut needs = asked.iter().filter_map(|it| of(&it.need));
        match needs.nth(nth) {
            Some(found) => Ok(found.clone()),
            None if nth == 0 => self.last_of(of, what),
            None => Err(because(format!(
                "no other {what} is asked for here: {}",
                self.doing()
            ))),
        }
    }

    fn looked_up(&self, lookup: &str) -> Result<Request, Broken> {
        let named = |need: &Need| {
            LOOKUP(need)
                .filter(|it| it.step.as_str() == lookup)
                .cloned()
        };
        let found = self.last_asked(named);
        found.ok_or_else(|| because(format!("look-up {lookup} is not asked here")))
    }

    pub(super) fn answers_lookup(&self, lookup: &str) -> Result<(), Broken> {
        self.looked_up(lookup).map(drop)
    }

    pub(super) fn sends(&self, lookup: &str, name: &str, value: &str) -> Result<(), Broken> {
        self.tells_no_secret(value)?;
        let request = self.looked_up(lookup)?;
        let sent = match &request.body {
            Some(body) => in_json(body, name),
            None => queried(&request.url, name),
        };
        match sent {
            Some(sent) if sent == value => Ok(()),
            // What is sent may be a secret, and is not shown.
            Some(_) => Err(because(format!("{name} is another"))),
            None => Err(because(format!("look-up {lookup} sends no {name}"))),
        }
    }

    /// Whether the Contact Center was asked what a line answers, or told what it says.
    pub(super) fn center(&mut self, line: &Center) -> Result<(), Broken> {
        match line {
            Center::HandsOff(queue) => {
                let handing = self.answered_by_line(HANDOFF, "handoff")?;
                match handing.queue == *queue {
                    true => Ok(()),
                    false => Err(because(format!(
                        "the call is handed off to {}",
                        handing.queue
                    ))),
                }
            }
            Center::HandoffFails => self.answered_by_line(HANDOFF, "handoff").map(drop),
            Center::HandoffSends { name, value } => {
                let handing = self.last_of(HANDOFF, "handoff")?;
                let variable = Variable::of_flow(name, "", false).name;
                let mut set = handing.variables.iter();
                match set.find(|it| it.name == variable) {
                    Some(set) if set.privacy => Err(because(format!(
                        "{name} is a secret, which no test may tell"
                    ))),
                    Some(set) => self.carries("the handoff", name, Some(&set.value), value),
                    None => self.carries("the handoff", name, of(&handing.data, name), value),
                }
            }
            Center::CallbackTaken | Center::CallbackRefused(_) => {
                self.answered_by_line(CALLBACK, "call back").map(drop)
            }
            Center::CallbackSends { name, value } => {
                let callback = self.last_of(CALLBACK, "call back")?.callback;
                let documented = callback.parameters();
                let parameter = documented.iter().find(|(known, _)| known == name);
                let data = of(&callback.data, name).or(of(&callback.user_data, name));
                let sent = data.or(parameter.map(|(_, value)| &**value));
                self.carries("the call back", name, sent, value)
            }
            Center::Schedule { name, .. } => {
                let id = schedule_called(self.flow, name);
                let named =
                    |need: &Need| matches!(need, Need::Schedule(it) if Some(&*it.about) == id);
                self.was_asked(named, &format!("schedule {name}"))
            }
            Center::Queue { queue, .. } => {
                let named = |need: &Need| matches!(need, Need::Queue(it) if it.about.0 == *queue);
                self.was_asked(named, &format!("queue {queue}"))
            }
            Center::RecordingPauses(agent) | Center::RecordingFails(agent) => {
                let paused = self.answered_by_line(PAUSE, "pause of a recording")?.agent;
                match paused.as_str() == agent {
                    true => Ok(()),
                    false => Err(because(format!(
                        "the recording of {} is paused",
                        paused.as_str()
                    ))),
                }
            }
            Center::RecordingResumes(agent) => {
                let resumes = |need: &Need| match need {
                    Need::Recording(it) => {
                        it.control == Control::Resume && it.agent.as_str() == agent
                    }
                    _ => false,
                };
                let found = self.last_asked(|need| resumes(need).then_some(()));
                found
                    .ok_or_else(|| because(format!("the recording of {agent} does not go on here")))
            }
        }
    }

    fn was_asked(&self, named: impl Fn(&Need) -> bool, what: &str) -> Result<(), Broken> {
        let found = self.last_asked(|need| named(need).then_some(()));
        found.ok_or_else(|| {
            because(format!(
                "{what} is not asked here: this line stands behind what leads to it"
            ))
        })
    }

    fn carries(
        &self,
        what: &str,
        name: &str,
        sent: Option<&str>,
        value: &str,
    ) -> Result<(), Broken> {
        self.tells_no_secret(value)?;
        match sent {
            Some(sent) if sent == value => Ok(()),
            Some(sent) => Err(because(format!("{name} is \"{sent}\""))),
            None => Err(because(format!("{what} sends no {name}"))),
        }
    }

    /// What the test does not answer, as a failure of the `line` that led to it.
    pub(super) fn unanswered(&self, line: Option<&Line>) -> Option<Failure> {
        let asked = self.stage.prompter.asked();
        let need = &asked.iter().find(|it| !it.answered)?.need;
        let (what, write) = self.to_write(need);
        let note = format!("{what}, and no test reaches the network: write {write} below");
        let nowhere = Line {
            span: 0..0,
            verb: Verb::Silence,
        };
        let notes = vec![Note::Says(note)];
        Some(self.failure(line.unwrap_or(&nowhere), "asks".to_owned(), notes))
    }

    /// What is needed, and the lines that answer it.
    fn to_write(&self, need: &Need) -> (String, String) {
        match need {
            Need::Lookup(it) => {
                let lookup = &it.step;
                (
                    format!("look-up {lookup} is asked"),
                    format!(
                        "\"lookup {lookup} answers 200 {{ ... }}\" or \"lookup {lookup} times out\""
                    ),
                )
            }
            Need::Handoff(it) => (
                format!("the call is handed off to {}", it.queue),
                format!("\"hands off to {}\" or \"handoff fails\"", it.queue),
            ),
            Need::Callback(_) => (
                "a call back is asked for".to_owned(),
                "\"callback taken\" or \"callback refused\"".to_owned(),
            ),
            Need::Schedule(it) => {
                let name = self.hours_by(&it.step).unwrap_or(&it.about);
                (
                    format!("schedule {name} is asked"),
                    format!("\"schedule {name} is open\" (or closed, 1 to 6, unknown)"),
                )
            }
            Need::Recording(it) => {
                let agent = it.agent.as_str();
                (
                    format!("the recording of {agent} is to fall silent"),
                    format!("\"recording of {agent} pauses\" or \"recording of {agent} fails\""),
                )
            }
            Need::Queue(it) => {
                let queue = &it.about.0;
                (
                    format!("queue {queue} is asked"),
                    format!("\"queue {queue} is free\" (or waiting, nobody, unknown)"),
                )
            }
        }
    }

    /// The name of the hours that a decision goes by.
    fn hours_by(&self, step: &StepName) -> Option<&str> {
        match self.flow.step(step) {
            Some(Step::Decide(Decide::Schedule { hours, .. })) => Some(hours),
            _ => None,
        }
    }
}

fn of<'p>(data: &'p Pairs, name: &str) -> Option<&'p str> {
    let found = data.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| value)
}

/// The value of a name in the JSON that was sent.
fn in_json(body: &str, name: &str) -> Option<String> {
    let body: serde_json::Value = serde_json::from_str(body).ok()?;
    match &body[name] {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// The value of a name in an address's query.
fn queried(address: &str, name: &str) -> Option<String> {
    let address = reqwest::Url::parse(address).ok()?;
    let found = address.query_pairs().find(|(key, _)| key == name);
    found.map(|(_, value)| value.into_owned())
}
