//! Voice recording updates (VRU).

use super::Fault;
use super::envelope::{optional_id, required_id};
use super::status::UNKNOWN;
use crate::call::SessionId;
use crate::call::event::RecordingUpdate;
use crate::platform::json::{Members, Scalar};

/// The payload's fields as they came.
#[derive(Default)]
struct RawRecording<'a> {
    session: Scalar<'a>,
    recording: Scalar<'a>,
    duration: Scalar<'a>,
    file_path: Scalar<'a>,
    status: Scalar<'a>,
}

impl<'a> RawRecording<'a> {
    fn read(payload: Members<'a>) -> Self {
        let mut raw = Self::default();
        for (key, value) in payload {
            match key.as_ref() {
                "sessionId" => raw.session = value.scalar(),
                "recordingId" => raw.recording = value.scalar(),
                "durationSeconds" => raw.duration = value.scalar(),
                "filePath" => raw.file_path = value.scalar(),
                "status" => raw.status = value.scalar(),
                _ => {}
            }
        }
        raw
    }
}

/// Reads a recording update's payload. A recording without an id of its own gets an empty one.
pub(super) fn read(payload: Members<'_>, faults: &mut Vec<Fault>) -> Option<RecordingUpdate> {
    let raw = RawRecording::read(payload);
    let session = required_id("sessionId", &raw.session, faults)?;
    Some(RecordingUpdate {
        session: SessionId::new(session),
        recording: optional_id(&raw.recording).unwrap_or_default(),
        duration_seconds: raw.duration.count(),
        file_path: raw.file_path.text(),
        status: raw.status.as_str().unwrap_or(UNKNOWN).to_owned(),
    })
}
