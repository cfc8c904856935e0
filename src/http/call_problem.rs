//! Refusals of calls that somebody asks us to start.

use axum::http::StatusCode;

use super::problem::{Fault, Problem};

impl Problem {
    /// 400: a request without its key.
    pub fn key_needed() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "key_needed",
            "The request has no Idempotency-Key, or not one alone",
            "Send one Idempotency-Key header of 1 to 255 characters, a new one for each call, the same when you send it again",
        )
    }

    /// 422: what was asked for cannot be done so.
    pub fn bad_call(faults: impl IntoIterator<Item = Fault>) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "bad_call",
            "The call cannot be started as it was asked for",
            "Each fault is named in errors; nothing was sent",
        )
        .with_faults(faults)
    }

    /// 422: a number that may not be called, by this rule.
    pub fn destination_refused(rule: &'static str, what: &str) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "destination_refused",
            "The number may not be called",
            format!("By the rule {rule}: {what}; nothing was sent"),
        )
        .by_rule(rule)
    }

    /// 422: the key of another request.
    pub fn key_reused() -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "key_reused",
            "The Idempotency-Key was used for another request",
            "Use a new key for a new call; send the same body when you mean the same call",
        )
    }

    /// 422: a call that was not placed, and will not be.
    pub fn call_rejected(id: &str, why: String) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "rejected",
            "The call was not placed",
            why,
        )
        .about_call(id, "REJECTED")
    }

    /// 409: another call may be on its way between the same numbers.
    pub fn call_in_flight(other: &str) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "in_flight",
            "Another call may be on its way from this number to that one",
            format!(
                "Nothing was sent; look at /v1/sessions/{other}, and ask again once that one is known"
            ),
        )
    }

    /// 422: no verdict about a call.
    pub fn bad_verdict(faults: impl IntoIterator<Item = Fault>) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "bad_verdict",
            "The body says neither that the call was placed nor that it was not",
            "Each fault is named in errors; nothing was changed",
        )
        .with_faults(faults)
    }

    /// 409: a verdict about a call of which it is known what became.
    pub fn call_not_unknown(id: &str, state: &'static str) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "not_unknown",
            "The call is not UNKNOWN",
            format!("It is {state}: there is nothing to settle"),
        )
        .about_call(id, state)
    }

    /// 409: what became of the call is not known yet.
    pub fn call_under_way(id: &str) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "under_way",
            "The first request with this key is still on its way",
            "Send it again after Retry-After seconds, with the same key",
        )
        .about_call(id, "DIALING")
        .retry_after(1)
    }

    /// 429: by this rule, for so many seconds.
    pub fn too_many_calls(rule: &'static str, why: String, seconds: i64) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_calls",
            "Too many calls were started",
            why,
        )
        .by_rule(rule)
        .retry_after(seconds)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header::RETRY_AFTER;

    use super::*;
    use crate::http::problem::tests::holds;

    #[test]
    fn each_refusal_of_a_call_says_what_it_is() {
        let refused = Problem::destination_refused("premium_rate", "premium-rate numbers");
        let rejected = Problem::call_rejected("a-1", "the platform refused it".to_owned());
        let too_many = Problem::too_many_calls("calls_per_minute", "120 calls".to_owned(), 7);
        let known = Problem::call_not_unknown("a-1", "ACCEPTED");
        holds(vec![
            (Problem::key_needed(), 400, "key_needed", None),
            (Problem::call_in_flight("a-1"), 409, "in_flight", None),
            (
                Problem::call_under_way("a-1"),
                409,
                "under_way",
                Some(RETRY_AFTER),
            ),
            (known, 409, "not_unknown", None),
            (Problem::bad_call([]), 422, "bad_call", None),
            (refused, 422, "destination_refused", None),
            (Problem::key_reused(), 422, "key_reused", None),
            (rejected, 422, "rejected", None),
            (Problem::bad_verdict([]), 422, "bad_verdict", None),
            (too_many, 429, "too_many_calls", Some(RETRY_AFTER)),
        ]);
    }
}
