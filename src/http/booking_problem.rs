//! Refusals of bookings, and of changes to the numbers of pools.

use axum::http::{StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::{Fault, Problem};
use crate::bookings::Exhausted;
use crate::masking::request;

/// Codes of faults that a refusal as a whole is called by, the weightiest first.
const CODES: [(&str, &str); 3] = [
    ("same_party", "Both sides have the same phone"),
    (
        "party_is_virtual_number",
        "A phone is one of your own virtual numbers",
    ),
    ("unroutable", "A phone cannot be called"),
];

/// When numbers were not enough. Names nobody.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Shortage {
    /// The pool.
    #[schema(example = "default")]
    pool: String,
    /// The side that finds no number, `a` or `b`.
    side: &'static str,
    /// How many live bookings the person on that side has.
    live_bookings: usize,
    /// How many numbers of the pool could be given at all.
    usable_numbers: usize,
    /// How many numbers more would do.
    shortfall: usize,
    /// After how many seconds the first of the numbers has rested.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<i64>,
}

impl Problem {
    /// 422: a body about bookings that cannot be read.
    pub fn bad_booking(faults: impl IntoIterator<Item = Fault>) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "bad_booking",
            "The booking cannot be as it was asked for",
            "Each fault is named in errors; nothing was kept",
        )
        .with_faults(faults)
    }

    /// 422: what is asked for may not be. Called by the weightiest fault.
    pub fn wrong_booking(faults: &[request::Fault]) -> Self {
        let is_there = |(code, _): &&(&str, &str)| faults.iter().any(|fault| fault.code == *code);
        let told = faults.iter().map(|fault| {
            let (message, help) = fault.says.split_once(": ").unwrap_or((&fault.says, ""));
            Fault {
                path: dotted(&fault.at),
                message: message.to_owned(),
                help: help.to_owned(),
            }
        });
        match CODES.iter().find(is_there) {
            Some((code, title)) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                code,
                title,
                "Each fault is named in errors; nothing was kept",
            )
            .with_faults(told),
            None => Self::bad_booking(told),
        }
    }

    /// 409: a booking that is closed.
    pub fn booking_closed() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "closed",
            "The booking is closed",
            "Open it again first, by POST …/reopen, or make a new one under another id",
        )
    }

    /// 409: a closed booking whose numbers have been given to others.
    pub fn numbers_gone() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "numbers_gone",
            "The numbers of the booking are no longer its own",
            "Make a new booking under another id",
        )
    }

    /// 503: no number can serve a booking.
    pub fn pool_exhausted(exhausted: &Exhausted) -> Self {
        let seconds = exhausted
            .retry_after
            .map(|after| after.as_secs().max(0) + 1);
        let problem = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "pool_exhausted",
            "No number of the pool can serve the booking",
            format!(
                "Nothing was kept; {} more in pool {} would do, and GET /v1/pools/{}/plan tells how many are needed",
                exhausted.shortfall, exhausted.pool, exhausted.pool
            ),
        )
        .short_of(Shortage {
            pool: exhausted.pool.to_string(),
            side: exhausted.side.as_str(),
            live_bookings: exhausted.live,
            usable_numbers: exhausted.usable,
            shortfall: exhausted.shortfall,
            retry_after: seconds,
        });
        match seconds {
            Some(seconds) => problem.retry_after(seconds),
            None => problem,
        }
    }

    /// 422: a number cannot be had in a pool as it was asked for.
    pub fn bad_number(faults: impl IntoIterator<Item = Fault>) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "bad_number",
            "The virtual number cannot be set so",
            "Each fault is named in errors; nothing was changed",
        )
        .with_faults(faults)
    }

    /// 409: a number of which the configuration says what it is.
    pub fn number_configured() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "configured",
            "The configuration says what this number is",
            "Change it in [pools.NAME] and start the server again, or take it out there first",
        )
    }

    /// 409: a number that answers a flow.
    pub fn number_answers(flow: &str) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "answers_a_flow",
            "The number answers a flow, and can be in no pool",
            format!("Take it out of `answers` of the flow {flow} and start the server again"),
        )
    }

    /// 502: the platform did not tell what was asked of it.
    pub fn platform_silent(detail: String) -> Self {
        Self::new(
            StatusCode::BAD_GATEWAY,
            "platform_failed",
            "The platform did not list the numbers",
            detail,
        )
        .with_header(header::RETRY_AFTER, "60")
    }
}

/// `/a/phones/0` as `a.phones[0]`, the form of all our paths.
fn dotted(pointer: &str) -> String {
    let mut path = String::new();
    for part in pointer.split('/').filter(|part| !part.is_empty()) {
        match part.bytes().all(|byte| byte.is_ascii_digit()) {
            true => path.push_str(&format!("[{part}]")),
            false if path.is_empty() => path.push_str(part),
            false => path.push_str(&format!(".{part}")),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::http::problem::tests::holds;
    use crate::masking::SideName;
    use crate::masking::rules::PoolName;

    fn exhausted() -> Exhausted {
        Exhausted {
            pool: PoolName::default(),
            side: SideName::B,
            live: 7,
            usable: 6,
            shortfall: 2,
            retry_after: Some(SignedDuration::from_secs(90)),
        }
    }

    #[test]
    fn each_problem_says_what_it_is() {
        let gone = Some(header::RETRY_AFTER);
        holds(vec![
            (Problem::bad_booking([]), 422, "bad_booking", None),
            (Problem::wrong_booking(&[]), 422, "bad_booking", None),
            (Problem::booking_closed(), 409, "closed", None),
            (Problem::numbers_gone(), 409, "numbers_gone", None),
            (
                Problem::pool_exhausted(&exhausted()),
                503,
                "pool_exhausted",
                gone.clone(),
            ),
            (Problem::bad_number([]), 422, "bad_number", None),
            (Problem::number_configured(), 409, "configured", None),
            (Problem::number_answers("shop"), 409, "answers_a_flow", None),
            (
                Problem::platform_silent("Asked again in an hour".into()),
                502,
                "platform_failed",
                gone,
            ),
        ]);
    }

    #[test]
    fn a_shortage_is_told_in_numbers_and_names_nobody() {
        let problem = Problem::pool_exhausted(&exhausted());
        let json = serde_json::to_value(problem.details()).expect("a problem is plain data");
        for (field, value) in [
            ("pool", serde_json::json!("default")),
            ("side", "b".into()),
            ("live_bookings", 7.into()),
            ("usable_numbers", 6.into()),
            ("shortfall", 2.into()),
            ("retry_after", 91.into()),
        ] {
            assert_eq!(json[field], value, "{field}");
        }
    }

    #[test]
    fn a_refusal_is_called_by_its_weightiest_fault() {
        let fault = |code, at: &str| request::Fault {
            code,
            at: at.to_owned(),
            says: "is wrong: write another".to_owned(),
        };
        for (codes, called) in [
            (&["past_expiry"][..], "bad_booking"),
            (&["unroutable", "past_expiry"], "unroutable"),
            (&["unroutable", "same_party"], "same_party"),
            (&["party_is_virtual_number"], "party_is_virtual_number"),
        ] {
            let faults: Vec<_> = codes
                .iter()
                .map(|code| fault(code, "/a/phones/0"))
                .collect();
            let problem = Problem::wrong_booking(&faults);
            assert_eq!(problem.code(), called);
            let json = serde_json::to_value(problem.details()).expect("a problem is plain data");
            assert_eq!(json["errors"][0]["path"], "a.phones[0]");
            assert_eq!(json["errors"][0]["message"], "is wrong");
            assert_eq!(json["errors"][0]["help"], "write another");
        }
    }
}
