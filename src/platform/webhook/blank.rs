//! Taking the digits out of a body, so that what a caller entered as a secret is not kept.

use crate::platform::json::Written;

/// What stands in the place of digits.
pub const BLANK: &str = "••••";

/// What stands in the place of a body that cannot be trusted to be free of digits.
const EMPTY: &str = "{}";

/// The body with the digits blanked in every place where they come (`payload.dtmf`, `payload.eventData.dtmf`, and
/// `payload.eventData` itself when it is not an object), however often and in whatever type; all else is untouched,
/// to the byte. `null` stays, since it holds no digits.
///
/// A body that may hold digits and is no JSON object comes back as `{}`: nobody could tell where they are.
pub fn blank_digits(body: &str) -> String {
    if body.starts_with('{') && !may_hold_digits(body) {
        return body.to_owned();
    }
    let Some(root) = Written::parse(body).ok().filter(|root| root.is_object()) else {
        return EMPTY.to_owned();
    };
    let mut blanked = String::with_capacity(body.len() + 2 * BLANK.len());
    let mut kept = 0;
    for value in digits(root) {
        let place = value.span_in(body);
        blanked.push_str(body.get(kept..place.start).unwrap_or_default());
        blanked.push_str(&format!("\"{BLANK}\""));
        kept = place.end;
    }
    blanked.push_str(body.get(kept..).unwrap_or_default());
    blanked
}

/// Whether a body has a key under which digits come, or an escape that may spell one.
fn may_hold_digits(body: &str) -> bool {
    body.contains("dtmf") || body.contains("eventData") || body.contains('\\')
}

/// The values that may hold digits, in the body's order.
fn digits(root: Written<'_>) -> Vec<Written<'_>> {
    let mut found = Vec::new();
    for payload in root.named("payload") {
        for (key, value) in payload.members() {
            match key.as_ref() {
                "dtmf" => found.push(value),
                "eventData" if value.is_object() => found.extend(value.named("dtmf")),
                "eventData" => found.push(value),
                _ => {}
            }
        }
    }
    found.retain(|value| value.as_written() != "null");
    found
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
