//! What is kept of handoffs to the Contact Center, and of the calls that a tenant's script told of. What stands in a row in
//! the clear is what it is found by; all else is CBOR that is sealed.

use async_trait::async_trait;
use jiff::Timestamp;
use minicbor::{Decode, Encode};

use super::StoreError;
use super::forms::read_time;
use super::vault::{Place, Vault};
use crate::call::{PhoneNumber, SessionId};
use crate::contact_center::given_back::CallbackResult;
use crate::contact_center::handoff::{By, Handoff, Outcome, QueueId, Request, SipId};
use crate::contact_center::matching::SipCall;
use crate::contact_center::pairs::Pairs;
use crate::outbound::attempt::{Doubt, NeverLeft};

const UNREADABLE: StoreError = StoreError::Unreadable { what: "handoff" };

/// What is kept of handoffs.
#[async_trait]
pub trait Handoffs: Send + Sync {
    /// Keeps a handoff as it stands: a new one, or over what was known of it. On the disk when it returns.
    async fn keep_handoff(&self, handoff: &Handoff) -> Result<(), StoreError>;

    /// At most `limit` handoffs, newest first; those after the one of this id when it is given.
    async fn handoffs(&self, after: Option<&str>, limit: u32) -> Result<Vec<Handoff>, StoreError>;

    /// Keeps a call that a script told of, and forgets those of `forget_before`.
    async fn keep_sip_call(
        &self,
        call: &SipCall,
        forget_before: Timestamp,
    ) -> Result<(), StoreError>;

    /// The calls from `caller` to `called` that scripts told of at `since` or later.
    async fn sip_calls(
        &self,
        caller: &PhoneNumber,
        called: &PhoneNumber,
        since: Timestamp,
    ) -> Result<Vec<SipCall>, StoreError>;

    /// Keeps what was given back when a call back or a click-to-dial call was over.
    async fn keep_callback_result(&self, result: &CallbackResult) -> Result<(), StoreError>;

    /// At most `limit` of these, newest first; those after the one of this id when it is given.
    async fn callback_results(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<CallbackResult>, StoreError>;
}

/// What a handoff is found by, and its sealed text.
#[derive(Debug)]
pub(super) struct HandoffColumns {
    pub(super) id: String,
    pub(super) state: &'static str,
    pub(super) record: Vec<u8>,
}

impl HandoffColumns {
    pub(super) fn of(vault: &Vault, handoff: &Handoff) -> Self {
        let form = HandoffForm::of(handoff);
        let text = minicbor::to_vec(&form).expect("memory takes all");
        Self {
            id: handoff.id.clone(),
            state: handoff.outcome.state(),
            record: vault.seal(place("handoffs", handoff.id.as_bytes()), &text),
        }
    }
}

/// Opens and reads a handoff's row.
pub(super) fn read_handoff(
    vault: &Vault,
    id: String,
    sealed: &[u8],
) -> Result<Handoff, StoreError> {
    let text = vault
        .open(place("handoffs", id.as_bytes()), sealed)
        .map_err(|_| UNREADABLE)?;
    let form: HandoffForm = minicbor::decode(&text).map_err(|_| UNREADABLE)?;
    form.handoff(id)
}

/// Seals a result.
pub(super) fn seal_result(vault: &Vault, result: &CallbackResult) -> Vec<u8> {
    let form = ResultForm {
        received_at: result.received_at.as_millisecond(),
        code: result.code.clone(),
        error: result.error.clone(),
        data: result.data.written(),
    };
    let text = minicbor::to_vec(&form).expect("memory takes all");
    vault.seal(place("callback_results", result.id.as_bytes()), &text)
}

/// Opens and reads a result.
pub(super) fn read_result(
    vault: &Vault,
    id: String,
    sealed: &[u8],
) -> Result<CallbackResult, StoreError> {
    const UNREADABLE: StoreError = StoreError::Unreadable {
        what: "callback result",
    };
    let text = vault
        .open(place("callback_results", id.as_bytes()), sealed)
        .map_err(|_| UNREADABLE)?;
    let form: ResultForm = minicbor::decode(&text).map_err(|_| UNREADABLE)?;
    Ok(CallbackResult {
        id,
        received_at: read_time(form.received_at)?,
        code: form.code,
        error: form.error,
        data: Pairs::parse(&form.data).map_err(|_| UNREADABLE)?,
    })
}

#[derive(Encode, Decode)]
struct ResultForm {
    #[n(0)]
    received_at: i64,
    #[n(1)]
    code: String,
    #[n(2)]
    error: Option<String>,
    #[n(3)]
    data: String,
}

/// What a script's call is found by, and its sealed text.
#[derive(Debug)]
pub(super) struct SipCallColumns {
    /// Who calls whom: the form of an index of both numbers.
    pub(super) line: [u8; 16],
    pub(super) told_at: i64,
    pub(super) record: Vec<u8>,
}

impl SipCallColumns {
    pub(super) fn of(vault: &Vault, call: &SipCall) -> Self {
        let line = line(vault, &call.caller, &call.called);
        Self {
            line: vault.form(line),
            told_at: call.told_at.as_millisecond(),
            record: vault.seal(place("sip_calls", &line), call.sip_id.as_str().as_bytes()),
        }
    }
}

/// What the calls from one number to another are found by.
pub(super) fn line(vault: &Vault, caller: &PhoneNumber, called: &PhoneNumber) -> [u8; 16] {
    vault.index(&format!("sip call {} {}", caller.digits(), called.digits()))
}

/// Opens and reads the row of a call from `caller` to `called`.
pub(super) fn read_sip_call(
    vault: &Vault,
    caller: &PhoneNumber,
    called: &PhoneNumber,
    told_at: i64,
    sealed: &[u8],
) -> Result<SipCall, StoreError> {
    let line = line(vault, caller, called);
    let text = vault
        .open(place("sip_calls", &line), sealed)
        .map_err(|_| UNREADABLE)?;
    let sip_id = std::str::from_utf8(&text).ok().and_then(SipId::parse);
    Ok(SipCall {
        sip_id: sip_id.ok_or(UNREADABLE)?,
        caller: caller.clone(),
        called: called.clone(),
        told_at: read_time(told_at)?,
    })
}

pub(super) fn place<'a>(table: &'static str, row: &'a [u8]) -> Place<'a> {
    Place { table, row }
}

#[derive(Encode, Decode)]
struct HandoffForm {
    #[n(0)]
    sip_id: String,
    #[n(1)]
    queue: String,
    #[n(2)]
    data: String,
    /// The session of the flow that asked; none when a script did.
    #[n(3)]
    session: Option<String>,
    #[n(4)]
    asked_at: i64,
    #[n(5)]
    outcome: OutcomeForm,
}

#[derive(Encode, Decode)]
enum OutcomeForm {
    #[n(0)]
    UnderWay,
    #[n(1)]
    Taken,
    #[n(2)]
    Refused(#[n(0)] u16, #[n(1)] String),
    #[n(3)]
    NeverLeft(#[n(0)] String),
    #[n(4)]
    Unknown(#[n(0)] String, #[n(1)] u16),
}

const NEVER_LEFT: [(&str, NeverLeft); 4] = [
    ("no_address", NeverLeft::NoAddress),
    ("no_connection", NeverLeft::NoConnection),
    ("no_tls", NeverLeft::NoTls),
    ("not_sent", NeverLeft::NotSent),
];

impl HandoffForm {
    fn of(handoff: &Handoff) -> Self {
        Self {
            sip_id: handoff.request.sip_id.as_str().to_owned(),
            queue: handoff.request.queue.to_string(),
            data: handoff.request.data.written(),
            session: match &handoff.by {
                By::Script => None,
                By::Flow(session) => Some(session.to_string()),
            },
            asked_at: handoff.asked_at.as_millisecond(),
            outcome: OutcomeForm::of(&handoff.outcome),
        }
    }

    fn handoff(self, id: String) -> Result<Handoff, StoreError> {
        Ok(Handoff {
            id,
            request: Request {
                sip_id: SipId::parse(&self.sip_id).ok_or(UNREADABLE)?,
                queue: QueueId::parse(&self.queue).ok_or(UNREADABLE)?,
                data: Pairs::parse(&self.data).map_err(|_| UNREADABLE)?,
            },
            by: self
                .session
                .map_or(By::Script, |session| By::Flow(SessionId::new(session))),
            asked_at: read_time(self.asked_at)?,
            outcome: self.outcome.outcome()?,
        })
    }
}

impl OutcomeForm {
    fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::UnderWay => Self::UnderWay,
            Outcome::Taken => Self::Taken,
            Outcome::Refused { status, words } => Self::Refused(*status, words.clone()),
            Outcome::NeverLeft(why) => {
                let word = NEVER_LEFT.iter().find(|(_, it)| it == why);
                Self::NeverLeft(word.map_or("", |(word, _)| word).to_owned())
            }
            Outcome::Unknown(why) => {
                let (word, status) = match why {
                    Doubt::TimedOut => ("timed_out", 0),
                    Doubt::Broken => ("broken", 0),
                    Doubt::Failed { status } => ("failed", *status),
                    Doubt::Unreadable { status } => ("unreadable", *status),
                    Doubt::OwnerGone => ("owner_gone", 0),
                };
                Self::Unknown(word.to_owned(), status)
            }
        }
    }

    fn outcome(self) -> Result<Outcome, StoreError> {
        Ok(match self {
            Self::UnderWay => Outcome::UnderWay,
            Self::Taken => Outcome::Taken,
            Self::Refused(status, words) => Outcome::Refused { status, words },
            Self::NeverLeft(word) => {
                let known = NEVER_LEFT.iter().find(|(it, _)| *it == word);
                Outcome::NeverLeft(known.ok_or(UNREADABLE)?.1)
            }
            Self::Unknown(word, status) => Outcome::Unknown(match word.as_str() {
                "timed_out" => Doubt::TimedOut,
                "broken" => Doubt::Broken,
                "failed" => Doubt::Failed { status },
                "unreadable" => Doubt::Unreadable { status },
                "owner_gone" => Doubt::OwnerGone,
                _ => return Err(UNREADABLE),
            }),
        })
    }
}
