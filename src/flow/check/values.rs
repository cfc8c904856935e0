//! Reads one value as what its key wants. What is wrong with it is reported here, once (CW006, CW012, CW019, CW601).

use super::context::FlowFile;
use super::shape::SPEED;
use crate::call::PhoneNumber;
use crate::flow::diagnostic::{Diagnostic, Span};
use crate::flow::file::{Kind, Value, is_phone_number};
use crate::flow::model::VariableName;
use crate::flow::template::is_variable_name;

/// The longest time that can be waited, in milliseconds.
const LONGEST_WAIT_MS: f64 = 600_000.0;

impl<'a> FlowFile<'a> {
    /// Says that a key wants something else.
    pub(super) fn wrong(&self, key: &str, wants: &str, example: &str, value: &Value) {
        if value.is_broken() {
            return;
        }
        let message = format!("{key} must be {wants}, not {}", self.shown(value));
        // A table is written by its keys, or under a header.
        let by_itself = example.starts_with(&format!("{key}.")) || example.ends_with("of its own");
        let help = match by_itself {
            true => format!("write: {example}"),
            false => format!("write: {key} = {example}"),
        };
        let fault = Diagnostic::error("CW006", message);
        self.report(fault.at(value.span.clone(), "").help(help));
    }

    /// A value as it stands in the file, or what it is when it is long; no phone number.
    fn shown(&self, value: &Value) -> String {
        let raw = self.text.get(value.span.clone()).unwrap_or_default();
        let private = is_phone_number(raw.trim_matches('"'));
        let short = raw.chars().count() <= 30 && !raw.contains('\n') && !private;
        match &value.kind {
            Kind::Table(_) => "a table".to_owned(),
            Kind::List(_) if !short => "a list".to_owned(),
            _ if short => raw.to_owned(),
            _ => "this".to_owned(),
        }
    }

    /// A text.
    pub(super) fn text_of(&self, key: &str, value: &'a Value) -> Option<&'a str> {
        let text = value.as_text();
        if text.is_none() {
            self.wrong(key, "a text in quotes", "\"...\"", value);
        }
        text
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, key: &str, value: &Value) -> Option<bool> {
        if let Kind::Boolean(on) = value.kind {
            return Some(on);
        }
        self.wrong(key, "true or false, without quotes", "true", value);
        None
    }

    /// A whole number in a range.
    pub(super) fn whole(&self, key: &str, value: &Value, (from, to): (u8, u8)) -> Option<u8> {
        let number = match value.kind {
            Kind::Integer(number) => number.and_then(|number| u8::try_from(number).ok()),
            _ => None,
        };
        let number = number.filter(|number| (from..=to).contains(number));
        if number.is_none() {
            let wants = format!("a whole number from {from} to {to}");
            self.wrong(key, &wants, &to.min(3).to_string(), value);
        }
        number
    }

    /// A speed of speech.
    pub(super) fn speed(&self, value: &Value) -> Option<f32> {
        let speed = match value.kind {
            Kind::Float(speed) => Some(speed),
            Kind::Integer(Some(speed)) => i16::try_from(speed).ok().map(f64::from),
            _ => None,
        };
        let speed = speed.filter(|speed| (SPEED.0..=SPEED.1).contains(speed));
        if speed.is_none() {
            self.wrong("speed", "a number from 0.5 to 2.0", "1.0", value);
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "it lies between 0.5 and 2.0"
        )]
        speed.map(|speed| speed as f32)
    }

    /// A time such as `6s` or `500ms`, in milliseconds.
    pub(super) fn duration_ms(&self, key: &str, value: &Value) -> Option<u32> {
        let duration = value.as_text().and_then(parse_duration_ms);
        if duration.is_none() {
            let wants = "a time such as \"6s\" or \"500ms\"";
            self.wrong(key, wants, "\"6s\"", value);
        }
        duration
    }

    /// How many digits an ask takes: `6`, `"6"`, `"4-8"`.
    pub(super) fn digit_range(&self, value: &Value) -> Option<(u8, u8)> {
        let range = match &value.kind {
            Kind::Integer(Some(number)) => u8::try_from(*number).ok().map(|n| (n, n)),
            Kind::Text(text) => parse_range(text),
            _ => None,
        };
        let range = range.filter(|(from, to)| *from >= 1 && from <= to);
        if range.is_none() {
            let wants = "a whole number from 1 to 25, or a range such as \"4-8\"";
            let ranged = value.as_text().is_some_and(|text| text.contains('-'));
            self.wrong("digits", wants, if ranged { "\"4-8\"" } else { "6" }, value);
        }
        range
    }

    /// A phone number in E.164.
    pub(super) fn phone(&self, key: &str, value: &Value) -> Option<PhoneNumber> {
        let raw = self.text.get(value.span.clone()).unwrap_or_default();
        match &value.kind {
            Kind::Text(text) => {
                let number = PhoneNumber::parse_e164(text);
                if number.is_none() {
                    self.report(not_e164(value.span.clone(), text));
                }
                number
            }
            Kind::Integer(_) if is_phone_number(raw) => {
                let message = "a phone number needs quotes (without them TOML drops the +)";
                let help = format!("write: \"+{}\"", raw.trim_start_matches('+'));
                let fault = Diagnostic::error("CW012", message);
                self.report(fault.at(value.span.clone(), "no quotes").help(help));
                None
            }
            _ => {
                self.wrong(key, "a phone number in quotes", "\"+6568332048\"", value);
                None
            }
        }
    }

    /// The values of a list.
    pub(super) fn list(&self, key: &str, wants: &str, value: &'a Value) -> &'a [Value] {
        if value.as_list().is_none() {
            self.wrong(key, wants, "[\"...\", \"...\"]", value);
        }
        value.as_list().unwrap_or_default()
    }

    /// A variable's name, of one part.
    pub(super) fn variable(&self, key: &str, value: &'a Value) -> Option<VariableName> {
        let name = self.text_of(key, value)?;
        self.variable_name(name, value.span.clone())
    }

    /// A variable's name, of one part, that is written as a key or a value.
    pub(super) fn variable_name(&self, name: &str, span: Span) -> Option<VariableName> {
        if is_variable_name(name) && !name.contains('.') {
            return Some(VariableName::new(name));
        }
        let letters = "a-z, 0-9 and _, and begins with a letter";
        self.report(bad_name("a variable's name", name, letters, span));
        None
    }
}

/// A name that holds letters which names may not hold.
pub(super) fn bad_name(what: &str, name: &str, letters: &str, span: Span) -> Diagnostic {
    let plain = plain_name(name);
    let message = format!("{what} is made of {letters}: \"{name}\" is not");
    Diagnostic::error("CW019", message)
        .at(span, "")
        .help(format!("write: {plain}"))
}

/// The name that a person may have meant.
fn plain_name(name: &str) -> String {
    let plain: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    match plain.trim_matches('_') {
        "" => "a_name".to_owned(),
        plain if plain.starts_with(|c: char| c.is_ascii_digit()) => format!("n{plain}"),
        plain => plain.to_owned(),
    }
}

fn not_e164(span: Span, text: &str) -> Diagnostic {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let meant = format!("+{digits}");
    let help = if PhoneNumber::parse_e164(&meant).is_some() {
        format!("write: \"{meant}\", if that is the number with its country's code")
    } else {
        "write: \"+6568332048\", with the country's code".to_owned()
    };
    Diagnostic::error("CW601", "a phone number must be in the form +6568332048")
        .at(span, "a plus, then 7 to 15 digits")
        .help(help)
}

/// Reads `6s`, `1.5s`, `500ms`.
pub(super) fn parse_duration_ms(text: &str) -> Option<u32> {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 1.0),
        None => (text.strip_suffix('s')?, 1000.0),
    };
    let plain = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let ms = number.parse::<f64>().ok().filter(|_| plain)? * unit;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it lies between 1 and 600,000"
    )]
    (1.0..=LONGEST_WAIT_MS)
        .contains(&ms)
        .then(|| ms.round() as u32)
}

fn parse_range(text: &str) -> Option<(u8, u8)> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    Some((from.trim().parse().ok()?, to.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::{parse_duration_ms, parse_range, plain_name};

    #[test]
    fn durations_and_ranges() {
        for (text, ms) in [
            ("6s", Some(6000)),
            ("500ms", Some(500)),
            ("1.5s", Some(1500)),
            ("0s", None),
            ("6", None),
            ("-6s", None),
            ("infs", None),
            ("6 s", None),
            ("999999999s", None),
        ] {
            assert_eq!(parse_duration_ms(text), ms, "{text}");
        }
        assert_eq!(parse_range("4-8"), Some((4, 8)));
        assert_eq!(parse_range("6"), Some((6, 6)));
        assert_eq!(parse_range("six"), None);
    }

    #[test]
    fn a_plain_name_is_offered() {
        assert_eq!(plain_name("Front-Desk"), "front_desk");
        assert_eq!(plain_name("1st"), "n1st");
        assert_eq!(plain_name("主"), "a_name");
    }
}
