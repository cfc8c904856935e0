//! Webhooks as the platform sends them, parsed once at the door: JSON in, the core's words or a refusal out.
//!
//! The platform documents more than one form of most fields, adds fields and words without notice, and waits for an
//! answer, so that a body is refused only when it cannot be told what it is about: see [`parse`]. Everything else that is
//! missing, unknown or of another type is left out, or kept as it came.
//!
//! One file for each type's raw shape and how its meaning is read off it; [`envelope`] is what they share, [`blank`]
//! takes the digits out of a body, [`field`] reads one field that the platform does not document.

mod blank;
mod call;
mod envelope;
mod field;
mod numbers;
mod recording;
mod status;
mod summary;

use std::fmt;

use crate::call::event::{CallAction, CallStatus, NumberUpdate, RecordingUpdate, SessionSummary};
use crate::call::{SessionId, SubAccountId};

pub use blank::{BLANK, blank_digits};
pub use field::text_of_payload;
pub(crate) use status::ending;

/// The most characters of an identifier.
pub const ID_LIMIT: usize = 256;

/// The type of a webhook. The platform registers one URL per sub-account and type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// VCA: a call waits for a callflow.
    CallAction,
    /// VCS: what a leg does.
    CallStatus,
    /// VSS: a session is over.
    SessionSummary,
    /// VRU: a recording moved.
    Recording,
    /// VNU: virtual numbers changed.
    NumberUpdate,
}

impl Kind {
    /// Every type.
    pub const ALL: [Self; 5] = [
        Self::CallAction,
        Self::CallStatus,
        Self::SessionSummary,
        Self::Recording,
        Self::NumberUpdate,
    ];

    /// The `eventType` of its bodies.
    pub fn event_type(self) -> &'static str {
        match self {
            Self::CallAction => "CALL_ACTION",
            Self::CallStatus => "CALL_STATUS",
            Self::SessionSummary => "SESSION_SUMMARY",
            Self::Recording => "CALL_RECORDING_STATUS",
            Self::NumberUpdate => "VIRTUAL_NUMBER_UPDATE",
        }
    }

    /// The name that it is registered under with the platform.
    pub fn short(self) -> &'static str {
        match self {
            Self::CallAction => "VCA",
            Self::CallStatus => "VCS",
            Self::SessionSummary => "VSS",
            Self::Recording => "VRU",
            Self::NumberUpdate => "VNU",
        }
    }

    /// The type whose bodies carry this `eventType`.
    pub fn from_event_type(event_type: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.event_type() == event_type)
    }

    /// The most bytes of a body: 256 KiB; 8 MiB for virtual numbers, which come all at once.
    pub fn body_limit(self) -> usize {
        match self {
            Self::NumberUpdate => 8 * 1024 * 1024,
            _ => 256 * 1024,
        }
    }
}

/// A webhook's meaning.
#[derive(Debug, Clone, PartialEq)]
pub enum Webhook {
    /// VCA.
    CallAction(CallAction),
    /// VCS.
    CallStatus(CallStatus),
    /// VSS.
    SessionSummary(SessionSummary),
    /// VRU.
    Recording(RecordingUpdate),
    /// VNU.
    Numbers(NumberUpdate),
}

impl Webhook {
    /// Its type.
    pub fn kind(&self) -> Kind {
        match self {
            Self::CallAction(_) => Kind::CallAction,
            Self::CallStatus(_) => Kind::CallStatus,
            Self::SessionSummary(_) => Kind::SessionSummary,
            Self::Recording(_) => Kind::Recording,
            Self::Numbers(_) => Kind::NumberUpdate,
        }
    }

    /// Whose it is, when it says so; a VRU does not.
    pub fn sub_account(&self) -> Option<&SubAccountId> {
        match self {
            Self::CallAction(action) => action.sub_account.as_ref(),
            Self::CallStatus(status) => status.sub_account.as_ref(),
            Self::SessionSummary(summary) => summary.sub_account.as_ref(),
            Self::Recording(_) => None,
            Self::Numbers(update) => update.sub_account.as_ref(),
        }
    }

    /// The session it is about; a VNU is about none.
    pub fn session(&self) -> Option<&SessionId> {
        match self {
            Self::CallAction(action) => Some(&action.session),
            Self::CallStatus(status) => Some(&status.session),
            Self::SessionSummary(summary) => Some(&summary.session),
            Self::Recording(update) => Some(&update.session),
            Self::Numbers(_) => None,
        }
    }
}

/// Why a body is no webhook. Never holds anything that the body said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the webhook was refused: {}", join(.faults))]
pub struct Refusal {
    /// Every reason; never empty.
    pub faults: Vec<Fault>,
}

/// One thing that is wrong with a body, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where: a JSON path as `$.payload.sessionId`, or `byte 1234` of a body that was not parsed.
    pub path: String,
    /// What is wrong there.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

fn join(faults: &[Fault]) -> String {
    let sentences: Vec<_> = faults.iter().map(Fault::to_string).collect();
    sentences.join("; ")
}

/// Reads a webhook. `expected` is the type that its path takes; `None` where `eventType` alone tells.
///
/// # Errors
///
/// All that is wrong at once, when the body
/// * goes beyond [`super::limits`], or is no JSON in UTF-8, or no object with an object `payload`;
/// * has no `eventType`, or one that is not `expected`'s, or none that we know;
/// * has no `payload.sessionId` (but a VNU needs none) or, as a VCA, no `payload.eventId`, of 1 to [`ID_LIMIT`] characters.
///
/// Of a key that comes twice the last one counts.
pub fn parse(body: &[u8], expected: Option<Kind>) -> Result<Webhook, Refusal> {
    let outer = envelope::checked_json(body, expected).map_err(|faults| Refusal { faults })?;
    let mut faults = Vec::new();
    let webhook = envelope::Envelope::read(outer, expected, &mut faults).and_then(|envelope| {
        let payload = envelope.payload;
        match envelope.kind {
            Kind::CallAction => call::action(payload, &mut faults).map(Webhook::CallAction),
            Kind::CallStatus => call::status(payload, &mut faults).map(Webhook::CallStatus),
            Kind::SessionSummary => {
                summary::read(payload, &mut faults).map(Webhook::SessionSummary)
            }
            Kind::Recording => recording::read(payload, &mut faults).map(Webhook::Recording),
            Kind::NumberUpdate => Some(Webhook::Numbers(numbers::read(payload))),
        }
    });
    match webhook {
        Some(webhook) if faults.is_empty() => Ok(webhook),
        _ => Err(Refusal { faults }),
    }
}

#[cfg(test)]
mod tests;
