//! The body of a request for a call: read at the door, all of its faults told at once. No value is repeated.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::Value;

use super::form::{Form, span};
use crate::call::PhoneNumber;
use crate::flow::model::{FlowId, VariableName};
use crate::http::problem::Fault;
use crate::outbound::attempt::USUAL_VALIDITY;
use crate::session::CallRequest;

/// How long a call may be asked to be valid for.
const VALIDITY: std::ops::RangeInclusive<SignedDuration> =
    SignedDuration::from_secs(5)..=SignedDuration::from_hours(24);

/// The most variables, and the longest value of one in characters.
const MOST_VARIABLES: usize = 50;
const LONGEST_VALUE: usize = 1000;

/// The longest name that is looked for.
const LONGEST_NAME: usize = 64;

/// Reads a body.
///
/// # Errors
///
/// Everything that is wrong with it.
pub(super) fn read(body: &[u8]) -> Result<CallRequest, Vec<Fault>> {
    let mut form = Form::of(body, "{\"flow\": \"…\", \"to\": \"+6568332048\"}")?;
    let flow = form.needed("flow", "a flow's id", |value| name(value).map(FlowId::new));
    let number = "a phone number as \"+6568332048\"";
    let to = form.needed("to", number, phone);
    let from = form.field("from", number, phone);
    let wants = "an object of at most 50 names, each with a text of at most 1000 characters";
    let variables = form.field("variables", wants, variables);
    let validity = "a time from \"5s\" to \"24h\", as \"30s\", \"5m\" or \"1h\"";
    let valid_for = form.field("valid_for", validity, span(VALIDITY));
    let sub_account = form.field("subaccount", "the name of a sub-account", |value| {
        name(value).map(str::to_owned)
    });
    form.end()?;
    match (flow, to) {
        (Some(flow), Some(to)) => Ok(CallRequest {
            flow,
            to,
            from,
            variables: variables.unwrap_or_default(),
            valid_for: valid_for.unwrap_or(USUAL_VALIDITY),
            sub_account,
        }),
        // What is needed and missing was told.
        _ => Err(Vec::new()),
    }
}

/// The variables: texts, or numbers and truth values as they are written.
fn variables(value: &Value) -> Option<BTreeMap<VariableName, String>> {
    let members = value.as_object()?;
    let texts = members.iter().map(|(name, value)| {
        let text = text(value).filter(|text| text.chars().count() <= LONGEST_VALUE)?;
        let named = is_variable(name).then(|| VariableName::new(name.as_str()))?;
        Some((named, text))
    });
    let texts: Option<BTreeMap<_, _>> = texts.collect();
    texts.filter(|texts| texts.len() <= MOST_VARIABLES)
}

fn name(value: &Value) -> Option<&str> {
    let fits = |text: &&str| {
        (1..=LONGEST_NAME).contains(&text.chars().count()) && !text.contains(char::is_control)
    };
    value.as_str().filter(fits)
}

fn phone(value: &Value) -> Option<PhoneNumber> {
    PhoneNumber::parse_e164(value.as_str()?)
}

fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    // The platform refuses a text that cannot be spoken, and the call with it.
    let spoken = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    text.chars().all(spoken).then_some(text)
}

/// Names as flows write them.
fn is_variable(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_.".contains(&b);
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(body: &str) -> Vec<String> {
        let faults = read(body.as_bytes()).expect_err(body);
        faults
            .into_iter()
            .map(|fault| format!("{}: {}", fault.path, fault.message))
            .collect()
    }

    #[test]
    fn a_body_is_read_whole() {
        let body = r#"{"flow": "reminder", "to": "+6568332048", "from": "+6561115777", "valid_for": "5m",
            "variables": {"day": "Friday", "guests": 4}, "subaccount": "main"}"#;
        let request = read(body.as_bytes()).expect("all sound");
        assert_eq!(request.flow.as_str(), "reminder");
        assert_eq!(request.valid_for, SignedDuration::from_mins(5));
        assert_eq!(request.sub_account.as_deref(), Some("main"));
        let guests = &request.variables[&VariableName::new("guests")];
        assert_eq!((request.variables.len(), guests.as_str()), (2, "4"));
        let least = read(br#"{"flow": "a", "to": "+6568332048", "from": null}"#);
        assert_eq!(least.expect("all sound").valid_for, USUAL_VALIDITY);
    }

    #[test]
    fn all_faults_are_told_at_once_and_no_value_repeated() {
        let body = r#"{"to": "91234567", "from": 6591234567, "valid_for": "2d", "variables": {"A": 1}, "tow": 1,
            "+6591234567": 1, "subaccount": "a", "subaccount": "b"}"#;
        let told = faults(body);
        assert_eq!(
            told,
            [
                "flow: is missing",
                "to: cannot be read",
                "from: cannot be read",
                "variables: cannot be read",
                "valid_for: cannot be read",
                "subaccount: is given more than once",
                "tow: is not known here",
                "…: is not known here",
            ]
        );
        for body in ["", "[]", "{", "\"a\"", "null", "{} x"] {
            assert_eq!(faults(body), [": is no JSON object"], "{body}");
        }
    }

    #[test]
    fn a_validity_has_a_unit_and_bounds() {
        let read = |text: &str| span(VALIDITY)(&Value::String(text.to_owned()));
        for (text, seconds) in [("5s", 5), ("90s", 90), ("24h", 86_400)] {
            assert_eq!(read(text), Some(SignedDuration::from_secs(seconds)));
        }
        for text in [
            "",
            "s",
            "4s",
            "25h",
            "2d",
            "-5m",
            "+5m",
            "1.5h",
            "99999999999999999h",
            "5µ",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
