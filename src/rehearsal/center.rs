//! The lines of a call that are about the Contact Center: what it answers, and what it is told.

use std::fmt;

use super::prompter::Prompt;
use crate::contact_center::callback::ErrorCode;
use crate::contact_center::handoff::QueueId;
use crate::contact_center::queue::State;
use crate::contact_center::schedule::Status;
use crate::flow::Flow;
use crate::flow::model::{Decide, Step};

/// What a line says of the Contact Center.
#[derive(Debug, Clone, PartialEq)]
pub enum Center {
    /// This queue takes the call over.
    HandsOff(QueueId),
    /// None does.
    HandoffFails,
    /// The handoff carries this value under this name.
    HandoffSends {
        /// As the flow names it.
        name: String,
        /// Its value.
        value: String,
    },
    /// A call back is taken.
    CallbackTaken,
    /// It is not, perhaps for this documented reason.
    CallbackRefused(Option<ErrorCode>),
    /// The call back carries this value under this name.
    CallbackSends {
        /// As the flow, or the service's guide, names it.
        name: String,
        /// Its value.
        value: String,
    },
    /// A schedule says this from here on; `None` when nobody knows.
    Schedule {
        /// The hours that go by it, or its id.
        name: String,
        /// What it says.
        status: Option<Status>,
    },
    /// A queue does so from here on.
    Queue {
        /// Which.
        queue: QueueId,
        /// How.
        state: State,
    },
    /// The recording of this agent's call falls silent.
    RecordingPauses(String),
    /// It does not.
    RecordingFails(String),
    /// It goes on.
    RecordingResumes(String),
}

/// Every such line, as it is written.
pub(super) const WRITTEN: [&str; 12] = [
    "hands off to QUEUE",
    "handoff fails",
    "handoff sends NAME = VALUE",
    "callback taken",
    "callback refused",
    "callback refused CODE",
    "callback sends NAME = VALUE",
    "schedule NAME is STATUS",
    "queue ID is STATE",
    "recording of AGENT pauses",
    "recording of AGENT fails",
    "recording of AGENT resumes",
];

/// What stands for a schedule that nobody knows of.
const UNKNOWN: &str = "unknown";

impl Center {
    /// Reads a line that begins with `word`; `None` when it is about something else. Errors: what it lacks, as a sentence.
    pub(super) fn read(word: &str, rest: &str) -> Option<Result<Self, String>> {
        Some(match (word, rest) {
            ("hands", _) => match rest.strip_prefix("off to ") {
                Some(id) => queue_id(id.trim()).map(Self::HandsOff),
                None => Err("write `hands off to 102`, or `hangs up`".to_owned()),
            },
            ("handoff", "fails") => Ok(Self::HandoffFails),
            ("handoff", _) => sends(rest)
                .map(|(name, value)| Self::HandoffSends { name, value })
                .ok_or_else(|| "write `handoff fails` or `handoff sends NAME = VALUE`; one that is taken is `hands off to QUEUE`".to_owned()),
            ("callback", "taken") => Ok(Self::CallbackTaken),
            ("callback", _) => callback(rest),
            ("schedule", _) => schedule(rest),
            ("queue", _) => queue(rest),
            ("recording", _) => recording(rest),
            _ => return None,
        })
    }

    /// What it has the Contact Center answer in a call that `flow` carries, when it does.
    pub(super) fn prompt(&self, flow: &Flow) -> Option<Prompt> {
        Some(match self {
            Self::HandsOff(_) => Prompt::Handoff(true),
            Self::HandoffFails => Prompt::Handoff(false),
            Self::CallbackTaken => Prompt::Callback(Ok(())),
            Self::CallbackRefused(code) => Prompt::Callback(Err(*code)),
            Self::Schedule { name, status } => Prompt::Schedule {
                id: schedule_called(flow, name)?.to_owned(),
                status: *status,
            },
            Self::Queue { queue, state } => Prompt::Queue {
                id: queue.clone(),
                state: *state,
            },
            Self::RecordingPauses(_) => Prompt::Pause(true),
            Self::RecordingFails(_) => Prompt::Pause(false),
            Self::HandoffSends { .. } | Self::CallbackSends { .. } | Self::RecordingResumes(_) => {
                return None;
            }
        })
    }
}

/// The id of a schedule that a flow asks, by the name of the hours that go by it or by the id itself.
pub(super) fn schedule_called<'f>(flow: &'f Flow, name: &str) -> Option<&'f str> {
    let mut all = schedules(flow);
    let found = all.find(|(hours, id)| *hours == name || *id == name);
    found.map(|(_, id)| id)
}

/// The schedules that a flow asks: the name of their hours, and their id.
pub(super) fn schedules(flow: &Flow) -> impl Iterator<Item = (&str, &str)> {
    flow.steps.values().filter_map(|step| match step {
        Step::Decide(Decide::Schedule {
            hours, schedule, ..
        }) => Some((hours.as_str(), schedule.as_str())),
        _ => None,
    })
}

/// The queues whose state a flow asks.
pub(super) fn queues(flow: &Flow) -> impl Iterator<Item = &str> {
    flow.steps.values().filter_map(|step| match step {
        Step::Decide(Decide::Queue { queue, .. }) => Some(queue.as_str()),
        _ => None,
    })
}

fn queue_id(text: &str) -> Result<QueueId, String> {
    QueueId::parse(text).ok_or_else(|| format!("`{text}` is no queue's id, such as 102"))
}

/// `sends NAME = VALUE`.
fn sends(text: &str) -> Option<(String, String)> {
    let (name, value) = text.strip_prefix("sends ")?.split_once('=')?;
    let plain = |text: &str| text.trim().trim_matches(['"', '\'']).to_owned();
    Some((plain(name), plain(value)))
}

/// `taken`, `refused`, `refused CODE`, `sends NAME = VALUE`.
fn callback(text: &str) -> Result<Center, String> {
    if let Some((name, value)) = sends(text) {
        return Ok(Center::CallbackSends { name, value });
    }
    let Some(code) = text.strip_prefix("refused") else {
        return Err(
            "write `callback taken`, `callback refused` or `callback sends NAME = VALUE`"
                .to_owned(),
        );
    };
    let code = code.trim();
    let documented = code.parse().ok().map(ErrorCode);
    match documented.filter(|code| code.is_documented()) {
        _ if code.is_empty() => Ok(Center::CallbackRefused(None)),
        Some(code) => Ok(Center::CallbackRefused(Some(code))),
        None => {
            let known: Vec<_> = ErrorCode::documented()
                .map(|code| code.0.to_string())
                .collect();
            Err(format!(
                "`{code}` is no documented code: they are {}",
                known.join(", ")
            ))
        }
    }
}

/// `NAME is STATUS`.
fn schedule(text: &str) -> Result<Center, String> {
    let wanted = "open, closed, a choice from 1 to 6, or unknown";
    let (name, word) = text
        .split_once(" is ")
        .ok_or_else(|| format!("write `schedule NAME is STATUS`: {wanted}"))?;
    let status = match word.trim() {
        UNKNOWN => None,
        word => Some(
            Status::of_word(word).ok_or_else(|| format!("a schedule is {wanted}, not `{word}`"))?,
        ),
    };
    let name = name.trim().to_owned();
    Ok(Center::Schedule { name, status })
}

/// `ID is STATE`.
fn queue(text: &str) -> Result<Center, String> {
    let states = State::ALL.map(State::as_str).join(", ");
    let (id, word) = text
        .split_once(" is ")
        .ok_or_else(|| format!("write `queue ID is STATE`: {states}"))?;
    let state = State::ALL
        .into_iter()
        .find(|state| state.as_str() == word.trim())
        .ok_or_else(|| format!("a queue is {states}, not `{}`", word.trim()))?;
    let queue = queue_id(id.trim())?;
    Ok(Center::Queue { queue, state })
}

/// `of AGENT pauses`, `of AGENT fails`, `of AGENT resumes`.
fn recording(text: &str) -> Result<Center, String> {
    let written = "write `recording of AGENT pauses`, `… fails` or `… resumes`";
    let told = text.strip_prefix("of ").and_then(|it| it.rsplit_once(' '));
    let (agent, word) = told.ok_or(written)?;
    let agent = agent.trim().to_owned();
    match word {
        "pauses" => Ok(Center::RecordingPauses(agent)),
        "fails" => Ok(Center::RecordingFails(agent)),
        "resumes" => Ok(Center::RecordingResumes(agent)),
        _ => Err(written.to_owned()),
    }
}

impl fmt::Display for Center {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HandsOff(queue) => write!(f, "hands off to {queue}"),
            Self::HandoffFails => f.write_str("handoff fails"),
            Self::HandoffSends { name, value } => write!(f, "handoff sends {name} = {value}"),
            Self::CallbackTaken => f.write_str("callback taken"),
            Self::CallbackRefused(None) => f.write_str("callback refused"),
            Self::CallbackRefused(Some(code)) => write!(f, "callback refused {}", code.0),
            Self::CallbackSends { name, value } => write!(f, "callback sends {name} = {value}"),
            Self::Schedule { name, status } => {
                write!(f, "schedule {name} is ")?;
                match status {
                    Some(Status::Choice(number)) => write!(f, "{number}"),
                    Some(status) => write!(f, "{status}"),
                    None => f.write_str(UNKNOWN),
                }
            }
            Self::Queue { queue, state } => write!(f, "queue {queue} is {}", state.as_str()),
            Self::RecordingPauses(agent) => write!(f, "recording of {agent} pauses"),
            Self::RecordingFails(agent) => write!(f, "recording of {agent} fails"),
            Self::RecordingResumes(agent) => write!(f, "recording of {agent} resumes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Center, String> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        Center::read(word, rest).expect("it is about the Contact Center")
    }

    #[test]
    fn every_line_is_read_as_it_is_written() {
        for line in [
            "hands off to 102",
            "handoff fails",
            "handoff sends Came from = offer",
            "callback taken",
            "callback refused",
            "callback refused 9",
            "callback sends Came from = offer",
            "schedule opening is open",
            "schedule verify.opening is closed",
            "schedule 122 is 3",
            "schedule opening is unknown",
            "queue 102 is nobody",
            "recording of jdoe pauses",
            "recording of jdoe@example.com fails",
            "recording of jdoe resumes",
        ] {
            assert_eq!(read(line).map(|it| it.to_string()), Ok(line.to_owned()));
        }
    }

    #[test]
    fn what_is_no_line_is_told() {
        for (line, told) in [
            ("hands over", "write `hands off to 102`, or `hangs up`"),
            (
                "hands off to sales",
                "`sales` is no queue's id, such as 102",
            ),
            (
                "handoff taken",
                "write `handoff fails` or `handoff sends NAME = VALUE`; one that is taken is `hands off to QUEUE`",
            ),
            (
                "callback",
                "write `callback taken`, `callback refused` or `callback sends NAME = VALUE`",
            ),
            (
                "callback refused 4",
                "`4` is no documented code: they are 1, 2, 3, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 19, 20, 21, 22",
            ),
            (
                "schedule opening",
                "write `schedule NAME is STATUS`: open, closed, a choice from 1 to 6, or unknown",
            ),
            (
                "schedule opening is shut",
                "a schedule is open, closed, a choice from 1 to 6, or unknown, not `shut`",
            ),
            (
                "queue 102 is busy",
                "a queue is free, waiting, nobody, unknown, not `busy`",
            ),
            (
                "queue sales is free",
                "`sales` is no queue's id, such as 102",
            ),
            (
                "recording of jdoe",
                "write `recording of AGENT pauses`, `… fails` or `… resumes`",
            ),
        ] {
            assert_eq!(read(line), Err(told.to_owned()), "{line}");
        }
    }
}
