//! What is told of a session that a flow carries.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::told::{Free, Number};

/// A session as it was when it was first heard of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SessionStarted {
    /// The platform's id.
    pub session_id: String,
    /// The platform's id of the sub-account.
    pub sub_account: Option<String>,
    /// `INBOUND` or `OUTBOUND`.
    pub direction: Option<&'static str>,
    /// The calling number.
    pub source: Option<Number>,
    /// The called number.
    pub destination: Option<Number>,
    /// The flow that carries it.
    pub flow: Option<String>,
    /// The version of the flow that it began on.
    pub version: Option<String>,
    /// When it began.
    #[serde(serialize_with = "super::told::time")]
    pub started_at: Timestamp,
}

/// A session as it ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SessionEnded {
    /// What is known of it since it started.
    #[serde(flatten)]
    pub session: SessionStarted,
    /// The summary's word: `COMPLETED`, `NO_ANSWER` …
    pub outcome: String,
    /// What the platform says went wrong.
    pub error: Option<Wrong>,
    /// When it ended.
    #[serde(serialize_with = "super::told::time_if_any")]
    pub ended_at: Option<Timestamp>,
    /// What the flow has saved and set, without what is secret.
    pub variables: BTreeMap<String, Free>,
}

/// What the platform says went wrong.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Wrong {
    /// Its code.
    pub code: Option<i64>,
    /// Its sentence.
    pub message: Option<Free>,
}

/// A recording that can be fetched.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecordingReady {
    /// The platform's id of the session.
    pub session_id: String,
    /// The platform's id of the recording.
    pub recording_id: String,
    /// How long it is.
    pub duration_seconds: Option<u64>,
    /// Where the platform put the file, as it came.
    pub file_path: Option<Free>,
}

impl std::ops::Deref for SessionEnded {
    type Target = SessionStarted;

    fn deref(&self) -> &SessionStarted {
        &self.session
    }
}
