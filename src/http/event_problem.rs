//! Refusals of what is asked about events, about people, and about keys.

use axum::http::StatusCode;

use super::problem::{Fault, Problem};

impl Problem {
    /// 422: no range of events.
    pub fn bad_replay(faults: impl IntoIterator<Item = Fault>) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "bad_replay",
            "The body is no range of events",
            "Each fault is named in errors; nothing is sent again",
        )
        .with_faults(faults)
    }

    /// 422: nobody to erase.
    pub fn bad_subject(faults: impl IntoIterator<Item = Fault>) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "bad_subject",
            "The body names nobody",
            "Each fault is named in errors; nothing was erased",
        )
        .with_faults(faults)
    }

    /// 409: a key is being replaced.
    pub fn rotation_under_way() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "rotation_under_way",
            "A key is being replaced already",
            "GET /v1/keys tells how far it is; send it again once there is one key only",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::problem::tests::holds;

    #[test]
    fn each_refusal_says_what_it_is() {
        holds(vec![
            (Problem::bad_replay([]), 422, "bad_replay", None),
            (Problem::bad_subject([]), 422, "bad_subject", None),
            (
                Problem::rotation_under_way(),
                409,
                "rotation_under_way",
                None,
            ),
        ]);
    }
}
