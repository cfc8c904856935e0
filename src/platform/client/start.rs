//! Places a call: starts a session by a callflow ("Send Callflow"). The platform has no idempotency key, so the request is
//! sent once, and what came of it is told in the words that the attempt's next state rests on.

use jiff::Timestamp;
use reqwest::Method;
use serde_json::Value;

use super::VoiceApi;
use super::exchange::{self, Answer, Lost};
use super::refusal::{code_of, refusal};
use crate::call::{Action, SessionId};
use crate::outbound::attempt::{AttemptId, Doubt, Placed};
use crate::platform::callflow::request_to_json;

/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 64 * 1024;

impl VoiceApi {
    /// Places a call: `actions` begin with a `makeCall`. The platform lets it begin until `valid_until`.
    pub async fn start(
        &self,
        id: &AttemptId,
        actions: &[Action],
        valid_until: Timestamp,
    ) -> Placed {
        let body = request_to_json(actions, valid_until, id.as_str());
        let request = self.with_body(Method::POST, &["callflows"], body);
        match exchange::send(request, LONGEST_ANSWER).await {
            Ok(answer) => placed(answer),
            Err(Lost::NeverLeft(why)) => Placed::NeverLeft(why),
            Err(Lost::Perhaps(why)) => Placed::Unknown(why),
        }
    }
}

/// What an answer says of the call. Only what says so in as many words is a session, or none: a page of some proxy is
/// neither, whatever its status.
fn placed(answer: Answer) -> Placed {
    let Answer {
        status,
        later,
        body,
        ..
    } = answer;
    let body = match (status, body) {
        (429, _) => return Placed::TryLater(later),
        (408 | 500..=599, _) => return Placed::Unknown(Doubt::Failed { status }),
        (_, Err(why)) => return Placed::Unknown(why),
        (_, Ok(body)) => body,
    };
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let is = |word: &str| {
        let told = body["sessionStatus"].as_str();
        told.is_some_and(|told| told.eq_ignore_ascii_case(word))
    };
    match status {
        200..=299 if is("NOT_CREATED") => Placed::Rejected(refusal(status, &body)),
        200..=299 if is("CREATED") => match body["sessionId"].as_str() {
            Some(id) if !id.is_empty() => Placed::Accepted(SessionId::new(id)),
            _ => Placed::Unknown(Doubt::Unreadable { status }),
        },
        400..=499 if !is("CREATED") && code_of(&body).is_some() => {
            Placed::Rejected(refusal(status, &body))
        }
        _ => Placed::Unknown(Doubt::Unreadable { status }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(status: u16, body: &str) -> Placed {
        placed(Answer {
            status,
            later: None,
            location: None,
            body: Ok(body.as_bytes().to_vec()),
        })
    }

    #[test]
    fn only_what_says_so_is_a_session_or_none() {
        let created = r#"{"sessionId": "s-1", "sessionStatus": "CREATED", "statusCode": 1, "statusMessage": "Created"}"#;
        assert_eq!(said(200, created), Placed::Accepted(SessionId::new("s-1")));
        assert_eq!(said(201, created), Placed::Accepted(SessionId::new("s-1")));
        let refused =
            r#"{"sessionStatus": "NOT_CREATED", "statusCode": -1013, "statusMessage": "no"}"#;
        for status in [200, 400, 401, 403, 404, 409, 422] {
            let told = said(status, refused);
            assert!(
                matches!(&told, Placed::Rejected(it) if it.code == -1013),
                "{told:?}"
            );
        }
        for (status, body) in [
            (200, ""),
            (200, "{}"),
            (200, "<html>"),
            (200, r#"{"sessionStatus": "CREATED"}"#),
            (200, r#"{"sessionStatus": "CREATED", "sessionId": ""}"#),
            (200, r#"{"sessionStatus": "QUEUED", "sessionId": "s-1"}"#),
            (302, refused),
            (400, "<html>"),
            (403, ""),
            (404, r#"{"error": "no such page"}"#),
            (422, created),
            (101, refused),
        ] {
            let unreadable = Placed::Unknown(Doubt::Unreadable { status });
            assert_eq!(said(status, body), unreadable, "{status} {body}");
        }
        for status in [408, 500, 502, 503, 504] {
            let failed = Placed::Unknown(Doubt::Failed { status });
            assert_eq!(said(status, refused), failed);
        }
        assert_eq!(said(429, refused), Placed::TryLater(None));
    }
}
