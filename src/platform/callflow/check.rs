//! The platform's rules for a callflow, each with the status code that it refuses a breach with: what is said of one
//! action here and in [`super::params`], what is said of their order here.
//!
//! Not held, because a callflow alone does not show it: whether the caller id is the account's (-1014 for anything but
//! its form), whether `validUntil` has passed (-1015), whether the voice exists (-1002 for anything but its form).

use std::fmt;

use serde_json::{Map, Value};

use super::params;

/// The platform's status codes ("Voice Status Codes and Status Messages").
pub mod status {
    /// The body is no JSON object.
    pub const BAD_JSON: i32 = -1001;
    /// A voice profile that there cannot be.
    pub const BAD_VOICE: i32 = -1002;
    /// `minDigits` without a `maxDigits` that it fits.
    pub const MIN_NEEDS_MAX: i32 = -1003;
    /// `digitTimeout` without `overallTimeout`.
    pub const DIGIT_NEEDS_OVERALL: i32 = -1005;
    /// `digitTimeout` above `overallTimeout`.
    pub const DIGIT_ABOVE_OVERALL: i32 = -1006;
    /// An action that there is not.
    pub const UNKNOWN_ACTION: i32 = -1007;
    /// `completeOnHash: false` without a `maxDigits` of 1 to 25.
    pub const HASH_NEEDS_MAX: i32 = -1008;
    /// A field that is missing, unknown, or not what it must be.
    pub const BAD_FIELD: i32 = -1009;
    /// Too few or too many actions.
    pub const BAD_COUNT: i32 = -1010;
    /// More than one destination in one field.
    pub const MANY_DESTINATIONS: i32 = -1011;
    /// A `hangup` out of place.
    pub const HANGUP_OUT_OF_PLACE: i32 = -1012;
    /// A request that does not begin with a call.
    pub const NO_CALL_FIRST: i32 = -1013;
    /// A caller id that is no number.
    pub const BAD_CALLER_ID: i32 = -1014;
    /// Characters that cannot be spoken or sent.
    pub const BAD_CHARACTERS: i32 = -1016;
    /// A destination that is no MSISDN.
    pub const BAD_DESTINATION: i32 = -1017;
}

/// The most characters of `clientRequestId`.
const CLIENT_REQUEST_ID_LIMIT: usize = 50;

/// What a callflow is sent as; the platform asks more of one than of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SentAs {
    /// The answer to a voice call action: at most one `makeCall`, wherever it stands; `callRecording` is allowed.
    Reply,
    /// A Callflows API request ("Send Callflow"): begins with a `makeCall` and may hold a second.
    Request,
}

impl SentAs {
    fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Reply => &["clientActionId", "callflow"],
            Self::Request => &["validUntil", "clientRequestId", "callflow"],
        }
    }

    fn most_calls(self) -> usize {
        match self {
            Self::Reply => 1,
            Self::Request => 2,
        }
    }
}

/// One breach of the platform's rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The platform's code, see [`status`].
    pub status: i32,
    /// Where, as `$.callflow[0].params.text`.
    pub path: String,
    /// What is wrong there.
    pub message: String,
}

impl Fault {
    pub(super) fn new(status: i32, path: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            path: path.to_owned(),
            message: message.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}: {})", self.status, self.path, self.message)
    }
}

/// Holds a callflow, with the object around it, to the platform's rules.
///
/// # Errors
///
/// Every breach, in the callflow's order.
pub fn check(callflow: &Value, sent_as: SentAs) -> Result<(), Vec<Fault>> {
    let mut faults = Vec::new();
    match callflow {
        Value::Object(body) => check_body(body, sent_as, &mut faults),
        _ => faults.push(Fault::new(status::BAD_JSON, "$", "is not a JSON object")),
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults)
    }
}

fn check_body(body: &Map<String, Value>, sent_as: SentAs, faults: &mut Vec<Fault>) {
    check_names(body, "$", sent_as.fields(), faults);
    check_label(body, faults);
    check_request_fields(body, faults);
    match body.get("callflow") {
        Some(Value::Array(actions)) => check_actions(actions, sent_as, faults),
        Some(_) => bad_field(faults, "$.callflow", "is not a list"),
        None => missing(faults, "$.callflow"),
    }
}

fn check_label(body: &Map<String, Value>, faults: &mut Vec<Fault>) {
    if body.get("clientActionId").is_some_and(|id| !id.is_string()) {
        bad_field(faults, "$.clientActionId", "is not a text");
    }
}

fn check_request_fields(body: &Map<String, Value>, faults: &mut Vec<Fault>) {
    if let Some(id) = body.get("clientRequestId") {
        let fits = |id: &str| id.chars().count() <= CLIENT_REQUEST_ID_LIMIT;
        if !id.as_str().is_some_and(fits) {
            let message = format!("is not a text of at most {CLIENT_REQUEST_ID_LIMIT} characters");
            bad_field(faults, "$.clientRequestId", message);
        }
    }
    if let Some(until) = body.get("validUntil") {
        let instant = until.as_str().map(str::parse::<jiff::Timestamp>);
        if !matches!(instant, Some(Ok(_))) {
            bad_field(faults, "$.validUntil", "is not a date and time (RFC 3339)");
        }
    }
}

fn check_actions(actions: &[Value], sent_as: SentAs, faults: &mut Vec<Fault>) {
    for (index, action) in actions.iter().enumerate() {
        check_action(action, &format!("$.callflow[{index}]"), sent_as, faults);
    }
    let names: Vec<_> = actions.iter().map(name_of).collect();
    check_counts(&names, sent_as, faults);
    check_hangups(&names, faults);
    if sent_as == SentAs::Request && names.first().is_some_and(|name| *name != "makeCall") {
        let message = "the first action of a request is `makeCall`";
        faults.push(Fault::new(
            status::NO_CALL_FIRST,
            "$.callflow[0].action",
            message,
        ));
    }
}

/// The action's name; an empty one when it has none.
fn name_of(action: &Value) -> &str {
    action
        .get("action")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn check_action(action: &Value, path: &str, sent_as: SentAs, faults: &mut Vec<Fault>) {
    let Value::Object(fields) = action else {
        return bad_field(faults, path, "is not an object");
    };
    check_names(fields, path, &["action", "params"], faults);
    let name_path = format!("{path}.action");
    match fields.get("action") {
        None => missing(faults, &name_path),
        Some(Value::String(name)) if params::ACTIONS.contains(&name.as_str()) => {
            params::check(
                name,
                fields.get("params"),
                &format!("{path}.params"),
                sent_as,
                faults,
            );
        }
        Some(_) => {
            let message = format!("should be one of: {}", params::ACTIONS.join(","));
            faults.push(Fault::new(status::UNKNOWN_ACTION, &name_path, message));
        }
    }
}

fn check_counts(names: &[&str], sent_as: SentAs, faults: &mut Vec<Fault>) {
    if names.is_empty() {
        faults.push(Fault::new(status::BAD_COUNT, "$.callflow", "has no action"));
    }
    let most = sent_as.most_calls();
    for index in places_of("makeCall", names).skip(most) {
        let message = format!("is one `makeCall` too many: at most {most} here");
        faults.push(Fault::new(
            status::BAD_COUNT,
            &format!("$.callflow[{index}]"),
            message,
        ));
    }
}

/// A `hangup` is last, and leaves the keys of a `sayAndCapture` their webhook.
fn check_hangups(names: &[&str], faults: &mut Vec<Fault>) {
    for index in places_of("hangup", names) {
        let message = if index + 1 < names.len() {
            "`hangup` is not the last action"
        } else if index > 0 && names[index - 1] == "sayAndCapture" {
            "`hangup` right after `sayAndCapture` throws its keys away"
        } else {
            continue;
        };
        let path = format!("$.callflow[{index}]");
        faults.push(Fault::new(status::HANGUP_OUT_OF_PLACE, &path, message));
    }
}

fn places_of<'a>(name: &'a str, names: &'a [&str]) -> impl Iterator<Item = usize> {
    let places = names.iter().enumerate();
    places
        .filter(move |(_, other)| **other == name)
        .map(|(index, _)| index)
}

/// Tells of the fields of `object` that are none of `known`.
pub(super) fn check_names(
    object: &Map<String, Value>,
    path: &str,
    known: &[&str],
    faults: &mut Vec<Fault>,
) {
    for name in object.keys().filter(|name| !known.contains(&name.as_str())) {
        let message = format!("is not known here; known are: {}", known.join(","));
        bad_field(faults, &format!("{path}.{name}"), message);
    }
}

pub(super) fn bad_field(faults: &mut Vec<Fault>, path: &str, message: impl Into<String>) {
    faults.push(Fault::new(status::BAD_FIELD, path, message));
}

pub(super) fn missing(faults: &mut Vec<Fault>, path: &str) {
    bad_field(faults, path, "is missing but it is required");
}
