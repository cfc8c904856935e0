//! What the platform says when it does not do what it was asked, and what to do about it.

use serde_json::Value;

use super::exchange::Lost;
use crate::call::mask_numbers;
use crate::outbound::attempt::{Doubt, Later, NeverLeft, Refusal};
use crate::platform::callflow::check::status as code;
use crate::text::is_unsafe;

/// The most characters of the platform's own words that are repeated.
const MOST_WORDS: usize = 300;

/// Why the platform did not do what it was asked. For what may be asked again; a call that was to be placed has
/// [`Placed`](crate::outbound::attempt::Placed).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// It says no.
    #[error("the platform refused ({}): {}: {}", .0.code, .0.message, .0.advice)]
    Refused(Refusal),
    /// It has no time.
    #[error("the platform asks to be called less often (429): wait {}", waiting(.0.as_ref()))]
    TryLater(Option<Later>),
    /// It was not reached.
    #[error(
        "{0}: look at `api_base` of the sub-account, and at this machine's way to the internet"
    )]
    NeverLeft(NeverLeft),
    /// It was asked, and did not answer as it should.
    #[error("{0}: what was asked may or may not have been done; look, and try again")]
    Doubt(#[from] Doubt),
}

fn waiting(later: Option<&Later>) -> String {
    match later {
        Some(Later::In(time)) => format!("{} seconds", time.as_secs()),
        Some(Later::At(time)) => format!("until {time}"),
        None => "a minute".to_owned(),
    }
}

impl From<Lost> for ApiError {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::NeverLeft(why) => Self::NeverLeft(why),
            Lost::Perhaps(why) => Self::Doubt(why),
        }
    }
}

/// What an answer says that is no 429: its JSON (null when it has none), or a refusal.
pub(super) fn understood(status: u16, body: &[u8]) -> Result<Value, ApiError> {
    let json: Option<Value> = match body.iter().all(u8::is_ascii_whitespace) {
        true => Some(Value::Null),
        false => serde_json::from_slice(body).ok(),
    };
    match (status, json) {
        (200..=299, Some(json)) => Ok(json),
        (400..=499, json) => Err(ApiError::Refused(refusal(
            status,
            &json.unwrap_or_default(),
        ))),
        (500..=599, _) => Err(Doubt::Failed { status }.into()),
        _ => Err(Doubt::Unreadable { status }.into()),
    }
}

/// The refusal that a body tells, with the HTTP status where it has no code.
pub(super) fn refusal(status: u16, body: &Value) -> Refusal {
    let code = code_of(body).unwrap_or_else(|| status.into());
    let words = ["statusMessage", "message"]
        .iter()
        .find_map(|key| body[*key].as_str());
    Refusal {
        code,
        message: words.map_or_else(|| "without a word".to_owned(), told),
        advice: advice(code, status).into(),
    }
}

/// The platform's code: a number, or one that is written as a text.
pub(super) fn code_of(body: &Value) -> Option<i64> {
    let code = [&body["statusCode"], &body["code"]]
        .into_iter()
        .find(|code| !code.is_null())?;
    code.as_i64().or_else(|| code.as_str()?.trim().parse().ok())
}

/// The platform's words as they may be shown: no numbers, no control characters, not too many.
fn told(words: &str) -> String {
    let plain: String = words
        .chars()
        .take(MOST_WORDS)
        .map(|c| if is_unsafe(c) { ' ' } else { c })
        .collect();
    mask_numbers(plain.trim().trim_end_matches('.'))
}

/// What to do about a code of the platform ("Voice Status Codes and Status Messages"), else about the HTTP status.
fn advice(code: i64, status: u16) -> &'static str {
    let of_ours = i32::try_from(code).ok().and_then(|code| {
        Some(match code {
            code::BAD_JSON | code::UNKNOWN_ACTION | code::BAD_FIELD | code::BAD_COUNT | code::MANY_DESTINATIONS
            | code::HANGUP_OUT_OF_PLACE | code::NO_CALL_FIRST | code::MIN_NEEDS_MAX | code::DIGIT_NEEDS_OVERALL
            | code::DIGIT_ABOVE_OVERALL | code::HASH_NEEDS_MAX => {
                "this is a mistake of Callwright, or the platform has changed: please report it with the code"
            }
            code::BAD_VOICE => {
                "name a voice that `callwright platform voices` lists, in [languages] or [defaults] of the flow"
            }
            code::BAD_CALLER_ID => {
                "call from one of the sub-account's virtual numbers, or have this one allowed by the platform's support"
            }
            BEYOND_ITS_TIME => "ask for it again with a longer `valid_for`, and look at this machine's clock",
            code::BAD_CHARACTERS => "write the flow's texts without characters that cannot be spoken",
            code::BAD_DESTINATION => "write the number with its country code, as in +6568332048",
            _ => return None,
        })
    });
    of_ours.unwrap_or(match status {
        401 => "write the key of the platform's customer portal into `api_key` of the sub-account",
        403 => "give the key of this very sub-account, or have the product enabled for it",
        404 => "look at `id` of the sub-account, and whether what you ask for is there",
        _ => "look the code up in the platform's list of status codes",
    })
}

/// `validUntil` is past.
const BEYOND_ITS_TIME: i32 = -1015;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refusal_has_the_platforms_code_and_words_and_what_to_do() {
        for (status, body, code, message, advice) in [
            (
                422,
                json!({"sessionStatus": "NOT_CREATED", "statusCode": -1014, "statusMessage": "Caller 6561115777 is not allowed."}),
                -1014,
                "Caller +65••••5777 is not allowed",
                "call from one of the sub-account's virtual numbers",
            ),
            (
                401,
                json!({"statusCode": 401, "statusMessage": "token invalid"}),
                401,
                "token invalid",
                "write the key",
            ),
            (
                422,
                json!({"statusCode": "1001", "statusMessage": "Invalid\nJSON"}),
                1001,
                "Invalid JSON",
                "look the code up",
            ),
            (
                404,
                json!({"code": 4018, "message": "Invalid jobId"}),
                4018,
                "Invalid jobId",
                "look at `id`",
            ),
            (
                403,
                Value::Null,
                403,
                "without a word",
                "give the key of this very sub-account",
            ),
        ] {
            let told = refusal(status, &body);
            assert_eq!((told.code, told.message.as_str()), (code, message));
            assert!(told.advice.starts_with(advice), "{}", told.advice);
        }
        let long = refusal(400, &json!({"message": "a".repeat(1_000)}));
        assert_eq!(long.message.len(), MOST_WORDS);
    }

    #[test]
    fn an_answer_is_understood_or_doubted() {
        assert_eq!(understood(204, b""), Ok(Value::Null));
        assert_eq!(understood(200, b" {\"a\":1}"), Ok(json!({"a": 1})));
        assert!(matches!(
            understood(400, b"<html>"),
            Err(ApiError::Refused(_))
        ));
        for (status, body) in [(200, "<html>"), (302, "{}"), (200, "{\"a\":")] {
            let told = understood(status, body.as_bytes());
            assert_eq!(told, Err(ApiError::Doubt(Doubt::Unreadable { status })));
        }
        let failed = ApiError::Doubt(Doubt::Failed { status: 503 });
        assert_eq!(understood(503, b"{}"), Err(failed));
    }
}
