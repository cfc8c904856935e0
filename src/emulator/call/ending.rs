//! How legs and the session end, and what the summary says of it.

use serde_json::{Map, Value, json};

use super::super::leg::{Ending, State};
use super::super::webhook::{self, Kind};
use super::{Call, Doing, Due, Sign};
use crate::call::event::Direction;

/// Between a session's end and its recording's upload, in milliseconds.
const UPLOAD_MS: u64 = 2_000;

impl Call {
    /// Somebody hangs up. The first leg takes the session with it; another leaves the first alone with what comes next.
    pub(super) fn hang_up(&mut self, leg: usize) {
        match self.doing {
            Doing::Over => {}
            _ if leg == 0 => self.finish(),
            Doing::Bridged(bridged) if bridged == leg => {
                self.gone(leg, Ending::Completed);
                self.proceed();
            }
            _ => {}
        }
    }

    /// A leg is over.
    pub(super) fn gone(&mut self, leg: usize, how: Ending) {
        let now = self.now;
        self.legs[leg].end(now, how);
        if let Some(recording) = self.recordings.iter_mut().find(|one| one.leg == leg) {
            recording.end(now);
        }
        self.status(leg, "CALL_DISCONNECTED");
        self.sign(Sign::Gone { leg, how });
    }

    /// The platform cannot go on, and why (its codes: "Voice Error Codes").
    pub(super) fn fail(&mut self, code: i32, message: &'static str) {
        self.error = Some((code, message));
        self.finish();
    }

    /// The session ends with whatever legs there are.
    pub(super) fn finish(&mut self) {
        let given_up = self.legs[1..]
            .iter()
            .any(|leg| matches!(leg.state, State::Ringing));
        for leg in (0..self.legs.len())
            .rev()
            .filter(|leg| self.legs[*leg].is_live())
            .collect::<Vec<_>>()
        {
            let how = match leg {
                0 if self.error.is_some() => Ending::Error,
                0 if given_up => Ending::Canceled,
                leg if self.legs[leg].is_connected() => Ending::Completed,
                _ => Ending::Canceled,
            };
            self.gone(leg, how);
        }
        self.begin(Doing::Over, None);
        let how = self.session_ending();
        self.post(Kind::Summary, webhook::summary(self.summary(how)));
        for recording in 0..self.recordings.len() {
            if self.recordings[recording].begun.is_some() {
                self.at(self.now + UPLOAD_MS, Due::Uploaded(recording));
            }
        }
        self.sign(Sign::Over { how });
    }

    /// The platform's table ("Session Summary"): the second leg decides unless something went wrong or the first gave up.
    pub(super) fn session_ending(&self) -> Ending {
        if self.error.is_some() {
            return Ending::Error;
        }
        let last = self.legs.last().and_then(|leg| leg.ending());
        last.unwrap_or(Ending::Canceled)
    }

    fn summary(&self, how: Ending) -> Value {
        let at = |ms| self.time(ms);
        let mut details = Map::new();
        for (letter, leg) in ('A'..='Z').zip(&self.legs) {
            details.insert(format!("call{letter}"), leg.summed(at, self.now));
        }
        let mut payload = json!({
            "sessionId": self.session_id,
            "subAccountId": self.order.sub_account,
            "sessionStatus": how.as_str(),
            "startTime": self.time(0),
            "endTime": self.time(self.now),
            "lastAction": self.last_action,
            "callCount": self.legs.len(),
            "details": details,
        });
        if let (Some(id), Direction::Outbound) = (&self.order.client_request_id, self.direction) {
            payload["clientRequestId"] = json!(id);
        }
        if let Some((code, message)) = self.error {
            payload["errorDetails"] = json!({"errorCode": code, "errorMsg": message});
        }
        payload
    }

    /// A recording is with whom it is pushed to.
    pub(super) fn uploaded(&mut self, recording: usize) {
        let told = self.recordings[recording].told(&self.session_id);
        self.recordings[recording].uploaded = true;
        self.post(Kind::Recording, webhook::recording(told));
    }
}
