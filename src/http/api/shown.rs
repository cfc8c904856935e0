//! How much of a phone number a caller of the API sees: the country and the last four digits, or all of it when the
//! token's scope says so.

use serde_json::Value;

use crate::call::{PhoneNumber, mask_numbers, mask_value};
use crate::http::auth::Caller;

/// Shows numbers as `caller` may see them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown {
    whole: bool,
}

impl Shown {
    pub(super) fn to(caller: Caller) -> Self {
        Self {
            whole: caller.sees_numbers,
        }
    }

    /// A number.
    pub(super) fn number(self, number: &PhoneNumber) -> String {
        if self.whole {
            number.as_it_came().to_owned()
        } else {
            number.masked()
        }
    }

    /// A text in which numbers may stand.
    pub(super) fn text(self, text: &str) -> String {
        if self.whole {
            text.to_owned()
        } else {
            mask_numbers(text)
        }
    }

    /// A value that stands alone, which may be a number or a date.
    pub(super) fn value(self, value: &str) -> String {
        if self.whole {
            value.to_owned()
        } else {
            mask_value(value)
        }
    }

    /// A reply as it was sent; a JSON text that cannot be read is shown as a text.
    pub(super) fn reply(self, reply: &str) -> Value {
        let mut value =
            serde_json::from_str(reply).unwrap_or_else(|_| Value::String(reply.to_owned()));
        if !self.whole {
            mask_actions(&mut value);
        }
        value
    }
}

/// Masks the texts of a reply but for its label, which holds no number and is found again by what it says.
fn mask_actions(reply: &mut Value) {
    match reply {
        Value::Object(members) => {
            let unlabelled = members
                .iter_mut()
                .filter(|(name, _)| *name != "clientActionId");
            unlabelled.for_each(|(_, member)| mask_all(member));
        }
        other => mask_all(other),
    }
}

fn mask_all(value: &mut Value) {
    match value {
        Value::String(text) => *text = mask_numbers(text),
        Value::Array(items) => items.iter_mut().for_each(mask_all),
        Value::Object(members) => members.values_mut().for_each(mask_all),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MASKED: Shown = Shown { whole: false };
    const WHOLE: Shown = Shown { whole: true };

    #[test]
    fn numbers_within_texts_are_masked_unless_the_scope_says_otherwise() {
        assert_eq!(MASKED.text("from +6591234567"), "from +65••••4567");
        assert_eq!(WHOLE.text("from +6591234567"), "from +6591234567");
    }

    #[test]
    fn replies_keep_their_label() {
        let reply = r#"{"clientActionId":"shop@123456789012:menu:1:en:3","callflow":[{"action":"makeCall","params":
            {"source":"6561115777","destination":"+6568332048","callRecording":true}}]}"#;
        assert_eq!(
            MASKED.reply(reply),
            json!({"clientActionId": "shop@123456789012:menu:1:en:3", "callflow": [{"action": "makeCall", "params":
                {"source": "+65••••5777", "destination": "+65••••2048", "callRecording": true}}]})
        );
        assert_eq!(
            WHOLE.reply(reply)["callflow"][0]["params"]["source"],
            "6561115777"
        );
        assert_eq!(
            MASKED.reply("no JSON 6561115777"),
            json!("no JSON +65••••5777")
        );
    }
}
