//! Why the Contact Center does not do what it was asked, and what to do about it.

use serde_json::Value;

use crate::call::mask_numbers;
use crate::outbound::attempt::{Doubt, Later, NeverLeft};
use crate::platform::client::exchange::{Answer, Lost};
use crate::text::is_unsafe;

/// The most characters of the service's own words that are repeated.
const MOST_WORDS: usize = 300;

/// Why the Contact Center did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CenterError {
    /// The configuration lacks what opens it.
    #[error(
        "[contact_center] has no {0}: make one in the Configuration Manager (Integration, API Token), and write it there"
    )]
    NoToken(&'static str),
    /// It says no.
    #[error("the Contact Center refused ({status}): {words}: {advice}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Its words, numbers masked.
        words: String,
        /// What to do about it: a sentence without a full stop.
        advice: String,
    },
    /// It has no time (503, 429).
    #[error(
        "the Contact Center is busy ({status}): it takes one such request of a customer at a time; try again in a moment"
    )]
    Busy {
        /// The HTTP status.
        status: u16,
        /// When it wants to be asked again.
        later: Option<Later>,
    },
    /// It was not reached.
    #[error("{0}: look at [contact_center] host, and at this machine's way to the internet")]
    NeverLeft(NeverLeft),
    /// It was asked, and did not answer as it should.
    #[error("{0}: what was asked may or may not have been done")]
    Doubt(#[from] Doubt),
}

impl From<Lost> for CenterError {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::NeverLeft(why) => Self::NeverLeft(why),
            Lost::Perhaps(why) => Self::Doubt(why),
        }
    }
}

/// The body of an answer that says yes (2xx); `token` is the key of the configuration whose token was borne.
pub(super) fn body(answer: Answer, token: &'static str) -> Result<Vec<u8>, CenterError> {
    let status = answer.status;
    match status {
        200..=299 => answer.body.map_err(CenterError::Doubt),
        429 | 503 => Err(CenterError::Busy {
            status,
            later: answer.later,
        }),
        408 | 500..=599 => Err(Doubt::Failed { status }.into()),
        400..=499 => Err(CenterError::Refused {
            status,
            words: words(&answer.body.unwrap_or_default()),
            advice: advice(status, token),
        }),
        _ => Err(Doubt::Unreadable { status }.into()),
    }
}

/// The JSON of an answer that says yes.
pub(super) fn json(answer: Answer, token: &'static str) -> Result<Value, CenterError> {
    let status = answer.status;
    let body = body(answer, token)?;
    serde_json::from_slice(&body).map_err(|_| Doubt::Unreadable { status }.into())
}

/// The service's words as they may be shown: those of its JSON, else of a short text; no numbers, no markup.
pub(super) fn words(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let json: Value = serde_json::from_str(&text).unwrap_or_default();
    let said = [
        &json["message"],
        &json["error"]["message"],
        &json["status"],
        &json["error"],
    ];
    let said = said.iter().find_map(|said| said.as_str());
    let plain = (!text.contains('<') && !json.is_object()).then_some(text.trim());
    let told: String = said
        .or(plain)
        .unwrap_or("")
        .chars()
        .take(MOST_WORDS)
        .map(|c| if is_unsafe(c) { ' ' } else { c })
        .collect();
    match told.trim().trim_end_matches('.') {
        "" => "without a word".to_owned(),
        told => mask_numbers(told),
    }
}

fn advice(status: u16, token: &str) -> String {
    match status {
        400 => "what was asked has a form that it does not take; look at the ids".to_owned(),
        401 | 403 => format!(
            "compare [contact_center] tenant and {token} with the Configuration Manager: a new token there makes the old one invalid"
        ),
        404 => "look whether what you ask for is there: the id is the one that the Configuration Manager shows".to_owned(),
        _ => "look the status up in 8x8's guide of this interface".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(status: u16, body: &str) -> CenterError {
        let answer = Answer {
            status,
            later: None,
            location: None,
            body: Ok(body.as_bytes().to_vec()),
        };
        super::body(answer, "data_token").expect_err("it is no yes")
    }

    #[test]
    fn a_refusal_has_its_words_and_what_to_do() {
        for (status, body, told) in [
            (
                401,
                "",
                "the Contact Center refused (401): without a word: compare [contact_center] tenant and data_token with the \
                 Configuration Manager: a new token there makes the old one invalid",
            ),
            (
                404,
                r#"{"error": {"message": "transaction not found"}}"#,
                "the Contact Center refused (404): transaction not found: look whether what you ask for is there: the id is the one \
                 that the Configuration Manager shows",
            ),
            (
                400,
                "<html>Bad 6591234567</html>",
                "the Contact Center refused (400): without a word: what was asked has a form that it does not take; look at the ids",
            ),
            (
                418,
                "call of 6591234567.",
                "the Contact Center refused (418): call of +65••••4567: look the status up in 8x8's guide of this interface",
            ),
            (
                503,
                "",
                "the Contact Center is busy (503): it takes one such request of a customer at a time; try again in a moment",
            ),
            (
                500,
                "",
                "the platform answered with a failure of its own (500): what was asked may or may not have been done",
            ),
        ] {
            assert_eq!(said(status, body).to_string(), told);
        }
    }
}
