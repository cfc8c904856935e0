//! One field of a webhook's payload that the platform does not document: one that it was set up to send for a customer.

use serde_json::Value;

/// The text of the payload's field `name`, at the payload's own level; `None` when it is no text.
pub fn text_of_payload(body: &str, name: &str) -> Option<String> {
    let body: Value = serde_json::from_str(body).ok()?;
    body.get("payload")?.get(name)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::text_of_payload;

    #[test]
    fn only_a_text_of_the_payload_is_one() {
        let read = |body: &str| text_of_payload(body, "sipCallId");
        assert_eq!(
            read(r#"{"payload": {"sipCallId": "a@b"}}"#).as_deref(),
            Some("a@b")
        );
        for body in [
            "",
            "{}",
            r#"{"payload": {"sipCallId": 1}}"#,
            r#"{"sipCallId": "a"}"#,
            r#"{"payload": 1}"#,
        ] {
            assert_eq!(read(body), None, "{body}");
        }
    }
}
