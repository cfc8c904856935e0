//! The bodies of webhooks, as the platform documents them.

use serde_json::{Value, json};

/// The five kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// VCA: the call waits for a callflow.
    Action,
    /// VCS.
    Status,
    /// VSS.
    Summary,
    /// VRU.
    Recording,
    /// VNU.
    Numbers,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Action,
        Self::Status,
        Self::Summary,
        Self::Recording,
        Self::Numbers,
    ];

    /// The short name that it is registered by.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Action => "VCA",
            Self::Status => "VCS",
            Self::Summary => "VSS",
            Self::Recording => "VRU",
            Self::Numbers => "VNU",
        }
    }

    /// Reads the short name.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

pub(super) fn action(payload: Value) -> String {
    envelope("CALL_ACTION", "Action request of a call", payload)
}

pub(super) fn status(payload: Value) -> String {
    envelope("CALL_STATUS", "Status update of a call", payload)
}

pub(super) fn summary(payload: Value) -> String {
    envelope(
        "SESSION_SUMMARY",
        "Summary of a completed call session",
        payload,
    )
}

pub(super) fn recording(payload: Value) -> String {
    envelope(
        "CALL_RECORDING_STATUS",
        "Call recording status updated",
        payload,
    )
}

pub(super) fn numbers(payload: Value) -> String {
    envelope("VIRTUAL_NUMBER_UPDATE", "Virtual number update", payload)
}

fn envelope(event_type: &str, description: &str, payload: Value) -> String {
    json!({
        "namespace": "VOICE",
        "eventType": event_type,
        "description": description,
        "payload": payload,
    })
    .to_string()
}
