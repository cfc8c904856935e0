//! The state of an attempt as JSON, each with its own facts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::forms::read_time;
use crate::call::SessionId;
use crate::outbound::attempt::{
    Accepted, Attempt, Dialing, Doubt, Intent, NeverLeft, Obstacle, Owner, Pending, Refusal,
    Rejected, Rejection, ToldBy, Unknown,
};

/// A state, by its word. Times are milliseconds.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum StateForm {
    Pending {
        not_before: i64,
        tries: u32,
        obstacle: Option<ObstacleForm>,
    },
    Dialing {
        since: i64,
        node: String,
        epoch: u64,
        tries: u32,
    },
    Accepted {
        session: String,
        told_by: ToldByForm,
        at: i64,
    },
    Rejected {
        why: RejectionForm,
        at: i64,
    },
    Unknown {
        why: DoubtForm,
        at: i64,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ToldBy", rename_all = "snake_case")]
enum ToldByWord {
    Answer,
    Echo,
    Numbers,
    Operator,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ToldByForm(#[serde(with = "ToldByWord")] ToldBy);

#[derive(Serialize, Deserialize)]
#[serde(remote = "NeverLeft", rename_all = "snake_case")]
enum NeverLeftWord {
    NoAddress,
    NoConnection,
    NoTls,
    NotSent,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Obstacle", rename_all = "snake_case")]
enum ObstacleWord {
    Idle,
    NeverLeft(#[serde(with = "NeverLeftWord")] NeverLeft),
    TooMany,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ObstacleForm(#[serde(with = "ObstacleWord")] Obstacle);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Doubt", rename_all = "snake_case")]
enum DoubtWord {
    TimedOut,
    Broken,
    Failed { status: u16 },
    Unreadable { status: u16 },
    OwnerGone,
}

#[derive(Serialize, Deserialize)]
pub(super) struct DoubtForm(#[serde(with = "DoubtWord")] Doubt);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RejectionForm {
    Platform {
        code: i64,
        message: String,
        advice: String,
    },
    Expired(ObstacleForm),
    Operator,
    Barred(String),
}

impl From<&Attempt> for StateForm {
    fn from(attempt: &Attempt) -> Self {
        match attempt {
            Attempt::Pending(it) => Self::Pending {
                not_before: it.not_before.as_millisecond(),
                tries: it.tried.map_or(0, |(tries, _)| tries),
                obstacle: it.tried.map(|(_, obstacle)| ObstacleForm(obstacle)),
            },
            Attempt::Dialing(it) => Self::Dialing {
                since: it.since.as_millisecond(),
                node: it.owner.node.clone(),
                epoch: it.owner.epoch,
                tries: it.tries,
            },
            Attempt::Accepted(it) => Self::Accepted {
                session: it.session.to_string(),
                told_by: ToldByForm(it.told_by),
                at: it.at.as_millisecond(),
            },
            Attempt::Rejected(it) => Self::Rejected {
                why: RejectionForm::from(&it.why),
                at: it.at.as_millisecond(),
            },
            Attempt::Unknown(it) => Self::Unknown {
                why: DoubtForm(it.why),
                at: it.at.as_millisecond(),
            },
        }
    }
}

impl StateForm {
    /// The attempt that is in this state.
    pub(super) fn attempt(self, intent: Intent) -> Result<Attempt, StoreError> {
        Ok(match self {
            Self::Pending {
                not_before,
                tries,
                obstacle,
            } => Attempt::Pending(Pending {
                intent,
                not_before: read_time(not_before)?,
                tried: obstacle.map(|ObstacleForm(obstacle)| (tries, obstacle)),
            }),
            Self::Dialing {
                since,
                node,
                epoch,
                tries,
            } => Attempt::Dialing(Dialing {
                intent,
                since: read_time(since)?,
                owner: Owner { node, epoch },
                tries,
            }),
            Self::Accepted {
                session,
                told_by: ToldByForm(told_by),
                at,
            } => Attempt::Accepted(Accepted {
                intent,
                session: SessionId::new(session),
                told_by,
                at: read_time(at)?,
            }),
            Self::Rejected { why, at } => Attempt::Rejected(Rejected {
                intent,
                why: why.into(),
                at: read_time(at)?,
            }),
            Self::Unknown { why, at } => {
                let (DoubtForm(why), at): (_, Timestamp) = (why, read_time(at)?);
                Attempt::Unknown(Unknown { intent, why, at })
            }
        })
    }
}

impl From<&Rejection> for RejectionForm {
    fn from(why: &Rejection) -> Self {
        match why {
            Rejection::Platform(refusal) => Self::Platform {
                code: refusal.code,
                message: refusal.message.clone(),
                advice: refusal.advice.clone().into_owned(),
            },
            Rejection::Expired(obstacle) => Self::Expired(ObstacleForm(*obstacle)),
            Rejection::Operator => Self::Operator,
            Rejection::Barred(why) => Self::Barred(why.clone()),
        }
    }
}

impl From<RejectionForm> for Rejection {
    fn from(form: RejectionForm) -> Self {
        match form {
            RejectionForm::Platform {
                code,
                message,
                advice,
            } => Self::Platform(Refusal {
                code,
                message,
                advice: advice.into(),
            }),
            RejectionForm::Expired(ObstacleForm(obstacle)) => Self::Expired(obstacle),
            RejectionForm::Operator => Self::Operator,
            RejectionForm::Barred(why) => Self::Barred(why),
        }
    }
}
