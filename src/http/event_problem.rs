//! Refusals of what is asked about events and about people.

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
        ]);
    }
}
