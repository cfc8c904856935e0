//! How much of a phone number a caller of the API sees: the country and the last four digits, or all of it when the
//! token's scope says so.

use serde_json::Value;

use crate::call::PhoneNumber;
use crate::http::auth::Caller;

/// From how many digits on a stretch of a text may be a phone number (ITU-T E.164 numbers have 7 to 15).
const NUMBER_DIGITS: usize = 7;

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
            masked_within(text)
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
        Value::String(text) => *text = masked_within(text),
        Value::Array(items) => items.iter_mut().for_each(mask_all),
        Value::Object(members) => members.values_mut().for_each(mask_all),
        _ => {}
    }
}

/// `text` with every stretch that may be a phone number masked: seven digits or more, perhaps with a `+` before them
/// and with single spaces, hyphens or dots between them, as a number is spoken digit by digit.
fn masked_within(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c == '+' || c.is_ascii_digit()) {
        let (before, candidate) = rest.split_at(at);
        let length = stretch(candidate);
        let (stretch, after) = candidate.split_at(length);
        let digits: String = stretch.chars().filter(char::is_ascii_digit).collect();
        shown.push_str(before);
        if digits.len() < NUMBER_DIGITS {
            shown.push_str(stretch);
        } else {
            shown.push_str(&PhoneNumber::new(digits).masked());
        }
        rest = after;
    }
    shown.push_str(rest);
    shown
}

/// How many bytes of `text`, which begins with a `+` or a digit, are one stretch of digits.
fn stretch(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut end = 1;
    while let Some(byte) = bytes.get(end) {
        let digit_follows = bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
        let joined = matches!(byte, b' ' | b'-' | b'.') && digit_follows;
        match (byte.is_ascii_digit(), joined) {
            (true, _) => end += 1,
            (false, true) => end += 2,
            (false, false) => break,
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MASKED: Shown = Shown { whole: false };
    const WHOLE: Shown = Shown { whole: true };

    #[test]
    fn numbers_within_texts_are_masked() {
        for (text, shown) in [
            ("Good day", "Good day"),
            (
                "Press 1 for a table, 2 for the bill",
                "Press 1 for a table, 2 for the bill",
            ),
            ("You call from +6591234567.", "You call from +65••••4567."),
            (
                "You call from 6591234567, thank you",
                "You call from +65••••4567, thank you",
            ),
            ("It is 6 5 9 1 2 3 4 5 6 7", "It is +65••••4567"),
            ("+65 9123-4567", "+65••••4567"),
            ("1234567", "••••"),
            (
                "table 123456 at 19:00 on 2026-11-21",
                "table 123456 at 19:00 on +20••••1121",
            ),
            ("+", "+"),
            ("1+", "1+"),
        ] {
            assert_eq!(MASKED.text(text), shown);
            assert_eq!(WHOLE.text(text), text);
        }
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
