//! The platform's rules for the parameters of one action.

use serde_json::{Map, Value};

use super::check::{Fault, SentAs, bad_field, check_names, missing, status};
use crate::call::callflow::{DIGITS_LIMIT, TEXT_LIMIT};

/// Every action, as the platform spells them.
pub(super) const ACTIONS: [&str; 5] = ["makeCall", "say", "sayAndCapture", "playFile", "hangup"];

/// What a parameter must be.
#[derive(Clone, Copy)]
enum Form {
    /// A text of 1 to 3000 characters.
    Text,
    /// A text of at most 3000 characters.
    OptionalText,
    /// The name of a voice.
    Voice,
    /// The caller id.
    Source,
    /// The called number.
    Destination,
    /// 0.5 to 2.0.
    Speed,
    /// A whole number.
    Whole(u64, u64),
    /// `true` or `false`.
    Flag,
    /// The address of a sound file.
    SoundFile,
}

/// A parameter: its name, whether it must be there, what it must be.
type Param = (&'static str, bool, Form);

const MAKE_CALL: [Param; 3] = [
    ("source", true, Form::Source),
    ("destination", true, Form::Destination),
    ("callRecording", false, Form::Flag),
];

const SAY: [Param; 4] = [
    ("text", true, Form::Text),
    ("voiceProfile", true, Form::Voice),
    ("repetition", false, Form::Whole(1, 3)),
    ("speed", false, Form::Speed),
];

const SAY_AND_CAPTURE: [Param; 12] = [
    ("promptMessage", true, Form::Text),
    ("voiceProfile", true, Form::Voice),
    ("successMessage", false, Form::OptionalText),
    ("failureMessage", false, Form::OptionalText),
    ("speed", false, Form::Speed),
    ("completeOnHash", false, Form::Flag),
    ("minDigits", false, Form::Whole(1, DIGITS_LIMIT as u64)),
    ("maxDigits", false, Form::Whole(1, DIGITS_LIMIT as u64)),
    ("digitTimeout", false, Form::Whole(1, u64::MAX)),
    ("overallTimeout", false, Form::Whole(1, u64::MAX)),
    ("noOfTries", false, Form::Whole(1, u64::MAX)),
    ("repetition", false, Form::Whole(1, 3)),
];

const PLAY_FILE: [Param; 2] = [
    ("fileUrl", true, Form::SoundFile),
    ("repetition", false, Form::Whole(1, 3)),
];

/// Holds the parameters of the action `name` to the rules.
pub(super) fn check(
    name: &str,
    params: Option<&Value>,
    path: &str,
    sent_as: SentAs,
    faults: &mut Vec<Fault>,
) {
    let known: &[Param] = match name {
        "makeCall" if sent_as == SentAs::Request => &MAKE_CALL[..2],
        "makeCall" => &MAKE_CALL,
        "say" => &SAY,
        "sayAndCapture" => &SAY_AND_CAPTURE,
        "playFile" => &PLAY_FILE,
        _ => &[],
    };
    let empty = Map::new();
    let params = match params {
        Some(Value::Object(params)) => params,
        None if known.is_empty() => &empty,
        None => return missing(faults, path),
        Some(_) => return bad_field(faults, path, "is not an object"),
    };
    let names: Vec<_> = known.iter().map(|(name, ..)| *name).collect();
    check_names(params, path, &names, faults);
    for (name, required, form) in known {
        match given(params, name) {
            Some(value) => check_value(value, *form, &format!("{path}.{name}"), faults),
            None if *required => missing(faults, &format!("{path}.{name}")),
            None => {}
        }
    }
    if name == "sayAndCapture" {
        check_digits(params, path, faults);
        check_timeouts(params, path, faults);
    }
}

/// The parameter; `null` is as good as none (the platform's own samples send it).
fn given<'a>(params: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    params.get(name).filter(|value| !value.is_null())
}

fn check_value(value: &Value, form: Form, path: &str, faults: &mut Vec<Fault>) {
    let fault = match form {
        Form::Text => text(value, 1),
        Form::OptionalText => text(value, 0),
        Form::Voice => unless(
            value.as_str().is_some_and(is_voice),
            status::BAD_VOICE,
            "is no voice profile",
        ),
        Form::Source => unless(
            value.as_str().is_some_and(is_msisdn),
            status::BAD_CALLER_ID,
            "is no phone number",
        ),
        Form::Destination => destination(value),
        Form::Speed => {
            let fits = |speed| (0.5..=2.0).contains(&speed);
            let message = "is not a number from 0.5 to 2.0";
            unless(value.as_f64().is_some_and(fits), status::BAD_FIELD, message)
        }
        Form::Whole(least, most) => whole(value, least, most),
        Form::Flag => unless(
            value.is_boolean(),
            status::BAD_FIELD,
            "is neither `true` nor `false`",
        ),
        Form::SoundFile => {
            let message = "is not the http or https address of a .wav or .mp3 file";
            unless(
                value.as_str().is_some_and(is_sound_file),
                status::BAD_FIELD,
                message,
            )
        }
    };
    if let Err((code, message)) = fault {
        faults.push(Fault::new(code, path, message));
    }
}

type Verdict = Result<(), (i32, String)>;

fn unless(fits: bool, code: i32, message: impl Into<String>) -> Verdict {
    if fits {
        Ok(())
    } else {
        Err((code, message.into()))
    }
}

fn text(value: &Value, least: usize) -> Verdict {
    let fits = |text: &str| (least..=TEXT_LIMIT).contains(&text.chars().count());
    let message = format!("is not a text of {least} to {TEXT_LIMIT} characters");
    unless(value.as_str().is_some_and(fits), status::BAD_FIELD, message)?;
    let unspeakable = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
    let speakable = !value
        .as_str()
        .is_some_and(|text| text.contains(unspeakable));
    unless(
        speakable,
        status::BAD_CHARACTERS,
        "holds control characters",
    )
}

fn whole(value: &Value, least: u64, most: u64) -> Verdict {
    let fits = |number| (least..=most).contains(&number);
    let message = if most == u64::MAX {
        format!("is not a whole number from {least} on")
    } else {
        format!("is not a whole number from {least} to {most}")
    };
    unless(value.as_u64().is_some_and(fits), status::BAD_FIELD, message)
}

fn destination(value: &Value) -> Verdict {
    let several = value.is_array() || value.as_str().is_some_and(|text| text.contains([',', ';']));
    unless(
        !several,
        status::MANY_DESTINATIONS,
        "is more than one destination",
    )?;
    let message = "is no phone number with its country code";
    unless(
        value.as_str().is_some_and(is_msisdn),
        status::BAD_DESTINATION,
        message,
    )
}

/// A number with its country code, `+` or not. Webhooks hold impossible ones, which are sent back as they came.
fn is_msisdn(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    (7..=15).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0')
}

/// The form of a profile's name, as `en-US-BenjaminRUS`.
fn is_voice(text: &str) -> bool {
    text.contains('-')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_sound_file(text: &str) -> bool {
    let path = text
        .split(['?', '#'])
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let rest = path
        .strip_prefix("http://")
        .or_else(|| path.strip_prefix("https://"));
    let plain = !text.contains(|letter: char| letter.is_whitespace() || letter.is_control());
    plain
        && rest
            .and_then(|rest| rest.split_once('/'))
            .is_some_and(|(host, file)| {
                !host.is_empty() && (file.ends_with(".wav") || file.ends_with(".mp3"))
            })
}

fn check_digits(params: &Map<String, Value>, path: &str, faults: &mut Vec<Fault>) {
    let count = |name| given(params, name).and_then(Value::as_u64);
    let most = count("maxDigits").filter(|most| (1..=u64::from(DIGITS_LIMIT)).contains(most));
    if given(params, "minDigits").is_some()
        && most.is_none_or(|most| count("minDigits") > Some(most))
    {
        let message = "Valid maxDigits required when minDigits provided";
        faults.push(Fault::new(status::MIN_NEEDS_MAX, path, message));
    }
    if params.get("completeOnHash") == Some(&Value::Bool(false)) && most.is_none() {
        let message = "Valid maxDigits is required when completeOnHash is false";
        faults.push(Fault::new(status::HASH_NEEDS_MAX, path, message));
    }
}

/// Equal timeouts pass: the platform's own guides send 10000 and 10000.
fn check_timeouts(params: &Map<String, Value>, path: &str, faults: &mut Vec<Fault>) {
    let Some(digit) = given(params, "digitTimeout") else {
        return;
    };
    let Some(overall) = given(params, "overallTimeout") else {
        let message = "Valid overallTimeout is required when digitTimeout provided";
        return faults.push(Fault::new(status::DIGIT_NEEDS_OVERALL, path, message));
    };
    if digit.as_u64() > overall.as_u64() {
        let message = "digitTimeout must be less than overallTimeout";
        faults.push(Fault::new(status::DIGIT_ABOVE_OVERALL, path, message));
    }
}
