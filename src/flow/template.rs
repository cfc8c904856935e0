//! Texts with places for variables: `Your table is for {day}. Your number is {ref:digits}.`

use std::borrow::Cow;
use std::fmt;

use super::model::VariableName;

/// A text that has been read for its places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

/// A stretch of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Words as they stand, with doubled braces made plain.
    Text(String),
    /// A variable's place.
    Place {
        /// Which variable.
        name: VariableName,
        /// How its value is spoken.
        format: Format,
        /// Where the place stands in the text, in bytes, braces included.
        span: std::ops::Range<usize>,
    },
}

/// How a value is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// As it stands.
    Plain,
    /// Digit by digit: `4 4 7 1`.
    Digits,
    /// As one number.
    Number,
    /// The time of a date and time: `19:00`.
    Time,
    /// The date of a date and time: `2026-11-21`.
    Date,
}

impl Format {
    /// The words that a template may write behind a colon.
    pub const WORDS: [&str; 4] = ["digits", "number", "time", "date"];

    fn from_word(word: &str) -> Option<Self> {
        match word {
            "digits" => Some(Self::Digits),
            "number" => Some(Self::Number),
            "time" => Some(Self::Time),
            "date" => Some(Self::Date),
            _ => None,
        }
    }

    fn apply(self, value: &str) -> String {
        match self {
            Self::Plain | Self::Number => value.to_owned(),
            Self::Digits => value
                .chars()
                .filter(|c| c.is_alphanumeric())
                .map(String::from)
                .collect::<Vec<_>>()
                .join(" "),
            Self::Time => value.parse::<jiff::civil::Time>().map_or_else(
                |_| value.to_owned(),
                |time| time.strftime("%H:%M").to_string(),
            ),
            Self::Date => value
                .parse::<jiff::civil::Date>()
                .map_or_else(|_| value.to_owned(), |date| date.to_string()),
        }
    }
}

/// What is wrong with a template, and where, in bytes of its text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A `{` without its `}`, or an empty place.
    #[error("a {{ opens here and no }} closes it")]
    Unclosed(std::ops::Range<usize>),
    /// A `}` that nothing opened.
    #[error("this }} closes nothing; for a plain brace write }}}}")]
    Unopened(std::ops::Range<usize>),
    /// A place whose name is none.
    #[error("{{{0}}} is not a variable's name")]
    Name(String, std::ops::Range<usize>),
    /// A format that does not exist.
    #[error("{0:?} is not a way to speak a value")]
    Format(String, std::ops::Range<usize>),
}

impl TemplateError {
    /// Where the fault stands, in bytes of the template's text.
    pub fn span(&self) -> std::ops::Range<usize> {
        match self {
            Self::Unclosed(span)
            | Self::Unopened(span)
            | Self::Name(_, span)
            | Self::Format(_, span) => span.clone(),
        }
    }
}

impl Template {
    /// Reads a text. `{{` and `}}` are plain braces. Fails with its first fault.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let (template, errors) = Self::read(text);
        errors.into_iter().next().map_or(Ok(template), Err)
    }

    /// Reads a text as far as it can be read, with every fault in it.
    pub fn read(text: &str) -> (Self, Vec<TemplateError>) {
        let mut errors = Vec::new();
        let mut parts = Vec::new();
        let mut words = String::new();
        let mut rest = 0;
        while let Some(found) = text[rest..].find(['{', '}']) {
            let at = rest + found;
            words.push_str(&text[rest..at]);
            let tail = &text[at..];
            if tail.starts_with("{{") || tail.starts_with("}}") {
                words.push_str(&tail[..1]);
                rest = at + 2;
            } else if tail.starts_with('}') {
                errors.push(TemplateError::Unopened(at..at + 1));
                rest = at + 1;
            } else if let Some(length) = tail.find('}') {
                let span = at..at + length + 1;
                if !words.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut words)));
                }
                match Self::place(&tail[1..length], span) {
                    Ok(place) => parts.push(place),
                    Err(error) => errors.push(error),
                }
                rest = at + length + 1;
            } else {
                errors.push(TemplateError::Unclosed(at..at + 1));
                rest = at + 1;
            }
        }
        words.push_str(&text[rest..]);
        if !words.is_empty() {
            parts.push(Part::Text(words));
        }
        (Self { parts }, errors)
    }

    fn place(inside: &str, span: std::ops::Range<usize>) -> Result<Part, TemplateError> {
        let (name, format) = match inside.split_once(':') {
            None => (inside, Format::Plain),
            Some((name, word)) => {
                let format = Format::from_word(word)
                    .ok_or_else(|| TemplateError::Format(word.to_owned(), span.clone()))?;
                (name, format)
            }
        };
        if !is_variable_name(name) && secret_name(name).is_none() {
            return Err(TemplateError::Name(name.to_owned(), span));
        }
        Ok(Part::Place {
            name: VariableName::new(name),
            format,
            span,
        })
    }

    /// The stretches of the text, in order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The variables that have a place in the text.
    pub fn names(&self) -> impl Iterator<Item = &VariableName> {
        self.parts.iter().filter_map(|part| match part {
            Part::Place { name, .. } => Some(name),
            Part::Text(_) => None,
        })
    }

    /// A text of one stretch.
    pub fn of(part: Part) -> Self {
        Self { parts: vec![part] }
    }

    /// The same text with other names of variables.
    #[must_use]
    pub fn renamed(&self, rename: impl Fn(&VariableName) -> VariableName) -> Self {
        let part = |part: &Part| match part {
            Part::Text(words) => Part::Text(words.clone()),
            Part::Place { name, format, span } => Part::Place {
                name: rename(name),
                format: *format,
                span: span.clone(),
            },
        };
        Self {
            parts: self.parts.iter().map(part).collect(),
        }
    }

    /// The text with each place filled by `value`, or the first variable that has none.
    pub fn fill<'v>(
        &self,
        value: impl Fn(&VariableName) -> Option<Cow<'v, str>>,
    ) -> Result<String, Unset> {
        self.fill_with(value, str::to_owned)
    }

    /// As [`fill`](Self::fill), each value written as `write` does.
    pub fn fill_with<'v>(
        &self,
        value: impl Fn(&VariableName) -> Option<Cow<'v, str>>,
        write: impl Fn(&str) -> String,
    ) -> Result<String, Unset> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(words) => text.push_str(words),
                Part::Place { name, format, .. } => {
                    let value = value(name).ok_or_else(|| Unset(name.clone()))?;
                    text.push_str(&write(&format.apply(&value)));
                }
            }
        }
        Ok(text)
    }
}

/// A variable that a template needs and that has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unset(pub VariableName);

impl fmt::Display for Unset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}}} has no value", self.0)
    }
}

/// Whether `name` can be a variable's: `a-z 0-9 _` in parts joined by dots, each beginning with a letter.
pub fn is_variable_name(name: &str) -> bool {
    name.split('.').all(|part| {
        part.starts_with(|c: char| c.is_ascii_lowercase())
            && part
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    })
}

/// The name in the environment that `secret.NAME` stands for: `A-Z 0-9 _`, beginning with a letter.
pub fn secret_name(name: &str) -> Option<&str> {
    let name = name.strip_prefix("secret.")?;
    let plain = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    let is_one = name.starts_with(|c: char| c.is_ascii_uppercase()) && name.bytes().all(plain);
    is_one.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::{Template, TemplateError};

    fn fill(text: &str) -> String {
        let template = Template::parse(text).expect("the test's template parses");
        template
            .fill(|name| match name.as_str() {
                "ref" => Some("4471".into()),
                "when" => Some("2026-11-21T19:05:00".into()),
                _ => None,
            })
            .unwrap_or_else(|unset| unset.to_string())
    }

    #[test]
    fn places_are_filled() {
        assert_eq!(
            fill("Your number is {ref:digits}."),
            "Your number is 4 4 7 1."
        );
        assert_eq!(fill("{ref} {ref:number}"), "4471 4471");
        assert_eq!(fill("{when:time} on {when:date}"), "19:05 on 2026-11-21");
        assert_eq!(fill("{ref:time}"), "4471");
        assert_eq!(fill("{{ref}} is plain"), "{ref} is plain");
        assert_eq!(fill("{unknown}"), "{unknown} has no value");
    }

    #[test]
    fn faults_are_placed() {
        for (text, fault) in [
            ("a {b", TemplateError::Unclosed(2..3)),
            ("a} b", TemplateError::Unopened(1..2)),
            ("a {}", TemplateError::Name(String::new(), 2..4)),
            ("{Ref}", TemplateError::Name("Ref".to_owned(), 0..5)),
            (
                "{ref:loud}",
                TemplateError::Format("loud".to_owned(), 0..10),
            ),
        ] {
            assert_eq!(Template::parse(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn all_faults_are_found() {
        let (template, faults) = Template::read("{a} {b:loud} } {C} {d} {e");
        let names: Vec<_> = template.names().map(|name| name.as_str()).collect();
        assert_eq!(names, ["a", "d"]);
        assert_eq!(
            faults,
            [
                TemplateError::Format("loud".to_owned(), 4..12),
                TemplateError::Unopened(13..14),
                TemplateError::Name("C".to_owned(), 15..18),
                TemplateError::Unclosed(23..24),
            ]
        );
    }
}
