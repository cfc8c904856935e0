//! Taking the digits out of a body, so that what a caller entered as a secret is not kept.

use std::ops::Range;

use serde::de::IgnoredAny;

use crate::platform::json::Value;

/// What stands in the place of digits.
pub const BLANK: &str = "••••";

/// What stands in the place of a body that cannot be trusted to be free of digits.
const EMPTY: &str = "{}";

/// The body with the digits blanked in every place where they come (`payload.dtmf`, `payload.eventData.dtmf`, and
/// `payload.eventData` itself when it is not an object), however often and in whatever type; all else is untouched,
/// to the byte. `null` stays, since it holds no digits.
///
/// A body that is no JSON object comes back as `{}`: nobody could tell where its digits are.
pub fn blank_digits(body: &str) -> String {
    if !is_json_object(body) {
        return EMPTY.to_owned();
    }
    let mut blanked = String::with_capacity(body.len() + 2 * BLANK.len());
    let mut kept = 0;
    for place in places(body) {
        blanked.push_str(body.get(kept..place.start).unwrap_or_default());
        blanked.push_str(&format!("\"{BLANK}\""));
        kept = place.end;
    }
    blanked.push_str(body.get(kept..).unwrap_or_default());
    blanked
}

fn is_json_object(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok() && Value::root(text).is_object()
}

/// Where the digits are, in the body's order.
fn places(body: &str) -> Vec<Range<usize>> {
    let mut places = Vec::new();
    for payload in Value::root(body).named("payload") {
        for (key, value) in payload.members() {
            match key.as_ref() {
                "dtmf" => places.push(value),
                "eventData" if value.is_object() => places.extend(value.named("dtmf")),
                "eventData" => places.push(value),
                _ => {}
            }
        }
    }
    let told = places
        .into_iter()
        .filter(|value| value.as_written() != "null");
    told.map(Value::span).collect()
}

#[cfg(test)]
mod tests {
    use super::blank_digits;

    #[test]
    fn digits_are_blanked_in_each_place_and_nothing_else_is_touched() {
        for (body, blanked) in [
            (
                r#"{"payload":{"dtmf":"8675309","source":"+6591234567"}}"#,
                r#"{"payload":{"dtmf":"••••","source":"+6591234567"}}"#,
            ),
            (
                r#"{ "payload" : { "eventData" : { "x": 1, "dtmf" : "8675309" } } , "dtmf":"kept" }"#,
                r#"{ "payload" : { "eventData" : { "x": 1, "dtmf" : "••••" } } , "dtmf":"kept" }"#,
            ),
            (
                r#"{"payload":{"eventData":"8675309"}}"#,
                r#"{"payload":{"eventData":"••••"}}"#,
            ),
            (
                r#"{"payload":{"eventData":8675309,"dtmf":8675309}}"#,
                r#"{"payload":{"eventData":"••••","dtmf":"••••"}}"#,
            ),
            (
                r#"{"payload":{"dtmf":null,"eventData":{"dtmf":null}}}"#,
                r#"{"payload":{"dtmf":null,"eventData":{"dtmf":null}}}"#,
            ),
            (
                r#"{"payload":{"dtmf":["8675309"],"eventData":[{"dtmf":"8675309"}]}}"#,
                r#"{"payload":{"dtmf":"••••","eventData":"••••"}}"#,
            ),
            (
                r#"{"payload":{"dtmf":"1","eventData":{"dtmf":"2","dtmf":"3"},"dtmf":"4"},"payload":{"d\u0074mf":"5"}}"#,
                r#"{"payload":{"dtmf":"••••","eventData":{"dtmf":"••••","dtmf":"••••"},"dtmf":"••••"},"payload":{"d\u0074mf":"••••"}}"#,
            ),
        ] {
            assert_eq!(blank_digits(body), blanked);
        }
    }

    #[test]
    fn what_is_no_object_is_not_kept() {
        for body in [
            "",
            "8675309",
            "\"8675309\"",
            "[{\"payload\":{\"dtmf\":\"8675309\"}}]",
            "{\"payload\":{\"dtmf\":\"8675309\"",
            "dtmf=8675309",
        ] {
            assert_eq!(blank_digits(body), "{}", "{body}");
        }
    }
}
