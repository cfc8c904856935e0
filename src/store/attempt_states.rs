//! The state of an attempt as it is kept, each with its own facts. Times are milliseconds; what is one of several is kept as
//! a word.

use minicbor::{Decode, Encode};

use super::StoreError;
use super::forms::read_time;
use crate::call::SessionId;
use crate::outbound::attempt::{
    Accepted, Attempt, Dialing, Doubt, Intent, NeverLeft, Obstacle, Owner, Pending, Refusal,
    Rejected, Rejection, ToldBy, Unknown,
};

const UNREADABLE: StoreError = StoreError::Unreadable { what: "attempt" };

const TOLD_BY: [(&str, ToldBy); 4] = [
    ("answer", ToldBy::Answer),
    ("echo", ToldBy::Echo),
    ("numbers", ToldBy::Numbers),
    ("operator", ToldBy::Operator),
];

const OBSTACLES: [(&str, Obstacle); 6] = [
    ("idle", Obstacle::Idle),
    ("too_many", Obstacle::TooMany),
    ("no_address", Obstacle::NeverLeft(NeverLeft::NoAddress)),
    (
        "no_connection",
        Obstacle::NeverLeft(NeverLeft::NoConnection),
    ),
    ("no_tls", Obstacle::NeverLeft(NeverLeft::NoTls)),
    ("not_sent", Obstacle::NeverLeft(NeverLeft::NotSent)),
];

/// A state.
#[derive(Encode, Decode)]
pub(super) enum StateForm {
    #[n(0)]
    Pending {
        #[n(0)]
        not_before: i64,
        #[n(1)]
        tries: u32,
        #[n(2)]
        obstacle: Option<String>,
    },
    #[n(1)]
    Dialing {
        #[n(0)]
        since: i64,
        #[n(1)]
        node: String,
        #[n(2)]
        epoch: u64,
        #[n(3)]
        tries: u32,
    },
    #[n(2)]
    Accepted {
        #[n(0)]
        session: String,
        #[n(1)]
        told_by: String,
        #[n(2)]
        at: i64,
    },
    #[n(3)]
    Rejected {
        #[n(0)]
        why: RejectionForm,
        #[n(1)]
        at: i64,
    },
    #[n(4)]
    Unknown {
        #[n(0)]
        why: DoubtForm,
        #[n(1)]
        at: i64,
    },
}

#[derive(Encode, Decode)]
pub(super) enum RejectionForm {
    #[n(0)]
    Platform {
        #[n(0)]
        code: i64,
        #[n(1)]
        message: String,
        #[n(2)]
        advice: String,
    },
    #[n(1)]
    Expired(#[n(0)] String),
    #[n(2)]
    Operator,
    #[n(3)]
    Barred(#[n(0)] String),
}

#[derive(Encode, Decode)]
pub(super) enum DoubtForm {
    #[n(0)]
    TimedOut,
    #[n(1)]
    Broken,
    #[n(2)]
    Failed(#[n(0)] u16),
    #[n(3)]
    Unreadable(#[n(0)] u16),
    #[n(4)]
    OwnerGone,
}

/// The word of one of several.
fn word<T: PartialEq>(words: &[(&'static str, T)], of: &T) -> String {
    let word = words.iter().find(|(_, it)| it == of);
    word.map_or("", |(word, _)| word).to_owned()
}

fn read_word<T: Copy>(words: &[(&'static str, T)], text: &str) -> Result<T, StoreError> {
    let found = words.iter().find(|(word, _)| *word == text);
    found.map(|(_, it)| *it).ok_or(UNREADABLE)
}

impl From<&Attempt> for StateForm {
    fn from(attempt: &Attempt) -> Self {
        match attempt {
            Attempt::Pending(it) => Self::Pending {
                not_before: it.not_before.as_millisecond(),
                tries: it.tried.map_or(0, |(tries, _)| tries),
                obstacle: it.tried.map(|(_, obstacle)| word(&OBSTACLES, &obstacle)),
            },
            Attempt::Dialing(it) => Self::Dialing {
                since: it.since.as_millisecond(),
                node: it.owner.node.clone(),
                epoch: it.owner.epoch,
                tries: it.tries,
            },
            Attempt::Accepted(it) => Self::Accepted {
                session: it.session.to_string(),
                told_by: word(&TOLD_BY, &it.told_by),
                at: it.at.as_millisecond(),
            },
            Attempt::Rejected(it) => Self::Rejected {
                why: RejectionForm::from(&it.why),
                at: it.at.as_millisecond(),
            },
            Attempt::Unknown(it) => Self::Unknown {
                why: it.why.into(),
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
            } => {
                let obstacle = obstacle.map(|word| read_word(&OBSTACLES, &word));
                let obstacle = obstacle.transpose()?;
                Attempt::Pending(Pending {
                    intent,
                    not_before: read_time(not_before)?,
                    tried: obstacle.map(|obstacle| (tries, obstacle)),
                })
            }
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
                told_by,
                at,
            } => Attempt::Accepted(Accepted {
                intent,
                session: SessionId::new(session),
                told_by: read_word(&TOLD_BY, &told_by)?,
                at: read_time(at)?,
            }),
            Self::Rejected { why, at } => Attempt::Rejected(Rejected {
                intent,
                why: why.rejection()?,
                at: read_time(at)?,
            }),
            Self::Unknown { why, at } => Attempt::Unknown(Unknown {
                intent,
                why: why.into(),
                at: read_time(at)?,
            }),
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
            Rejection::Expired(obstacle) => Self::Expired(word(&OBSTACLES, obstacle)),
            Rejection::Operator => Self::Operator,
            Rejection::Barred(why) => Self::Barred(why.clone()),
        }
    }
}

impl RejectionForm {
    fn rejection(self) -> Result<Rejection, StoreError> {
        Ok(match self {
            Self::Platform {
                code,
                message,
                advice,
            } => Rejection::Platform(Refusal {
                code,
                message,
                advice: advice.into(),
            }),
            Self::Expired(word) => Rejection::Expired(read_word(&OBSTACLES, &word)?),
            Self::Operator => Rejection::Operator,
            Self::Barred(why) => Rejection::Barred(why),
        })
    }
}

impl From<Doubt> for DoubtForm {
    fn from(why: Doubt) -> Self {
        match why {
            Doubt::TimedOut => Self::TimedOut,
            Doubt::Broken => Self::Broken,
            Doubt::Failed { status } => Self::Failed(status),
            Doubt::Unreadable { status } => Self::Unreadable(status),
            Doubt::OwnerGone => Self::OwnerGone,
        }
    }
}

impl From<DoubtForm> for Doubt {
    fn from(form: DoubtForm) -> Self {
        match form {
            DoubtForm::TimedOut => Self::TimedOut,
            DoubtForm::Broken => Self::Broken,
            DoubtForm::Failed(status) => Self::Failed { status },
            DoubtForm::Unreadable(status) => Self::Unreadable { status },
            DoubtForm::OwnerGone => Self::OwnerGone,
        }
    }
}
