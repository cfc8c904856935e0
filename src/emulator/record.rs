//! What the emulator knows of a call: to be compared with what others know.

use serde_json::{Value, json};

use super::leg::{Ending, Leg};
use super::webhook::Kind;

/// A call as the emulator carried it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The session's id.
    pub session_id: String,
    /// How the session ended; `None` while it lives.
    pub ending: Option<Ending>,
    /// Its legs, in the order that they were begun.
    pub legs: Vec<LegRecord>,
    /// The webhooks that arrived, each once, in the order of their events.
    pub webhooks: Vec<Kind>,
    /// Its recordings.
    pub recordings: Vec<Recording>,
    /// What was wrong with the answers: no callflow, another one for the same event, another status than 200.
    pub faults: Vec<String>,
    /// A hash of all webhooks and answers with their times: the same seed gives the same.
    pub trace: String,
}

/// One leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegRecord {
    /// Its id.
    pub call_id: String,
    /// How it ended; `None` while it lives.
    pub ending: Option<Ending>,
    /// Seconds connected.
    pub seconds: u64,
}

impl Leg {
    pub(super) fn record(&self, now: u64) -> LegRecord {
        LegRecord {
            call_id: self.call_id.clone(),
            ending: self.ending(),
            seconds: self.seconds(now),
        }
    }
}

/// A recording of two legs that were connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// Its id.
    pub recording_id: String,
    /// The second leg.
    pub(super) leg: usize,
    /// When it began, in milliseconds; `None` while, or because, nobody answered.
    pub(super) begun: Option<u64>,
    /// Seconds that it lasts.
    pub seconds: u64,
    /// Whether it was pushed, and said so.
    pub uploaded: bool,
}

impl Recording {
    pub(super) fn wanted(recording_id: String, leg: usize) -> Self {
        Self {
            recording_id,
            leg,
            begun: None,
            seconds: 0,
            uploaded: false,
        }
    }

    pub(super) fn end(&mut self, now: u64) {
        if let Some(begun) = self.begun {
            self.seconds = (now - begun) / 1_000;
        }
    }

    pub(super) fn told(&self, session: &str) -> Value {
        json!({
            "sessionId": session,
            "recordingId": self.recording_id,
            "durationSeconds": self.seconds,
            "filePath": format!("recordings/{session}/{}.mp3", self.recording_id),
            "status": "UPLOAD_COMPLETED",
        })
    }
}
