//! One line of a scripted call: `hear TEXT`, `press 1`, `silence`.

use std::fmt;

use serde_json::Value;

use super::center::{self, Center};
use super::prompter::Prompt;
use crate::emulator::Fate;
use crate::flow::Flow;
use crate::flow::model::StepName;

/// What a line does or expects.
#[derive(Debug, Clone, PartialEq)]
pub enum Verb {
    /// The caller heard this since they last did something.
    Hear(String),
    /// They did not.
    NotHear(String),
    /// They choose by these keys.
    Press(String),
    /// They enter these digits; a [`MADE_UP`] stands for one that is made up.
    Type(String),
    /// They do nothing.
    Silence,
    /// The call waits at this step, or ended there.
    At(String),
    /// It is spoken in this language.
    Language(String),
    /// This number is called.
    Dials(String),
    /// What becomes of that.
    Meets(Fate),
    /// A look-up sends this value under this name.
    Sends {
        /// The look-up.
        lookup: String,
        /// What it is sent as.
        name: String,
        /// Its value.
        value: String,
    },
    /// A look-up is answered so.
    Answers {
        /// The look-up.
        lookup: String,
        /// The HTTP status.
        status: u16,
        /// The JSON.
        body: Value,
    },
    /// A look-up gets no answer.
    TimesOut(String),
    /// The caller hangs up.
    HangsUp,
    /// The call is over.
    Ended,
    /// This is in no log, and nowhere in what is kept.
    NeverLogged(String),
    /// A variable has this value.
    Var {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
    /// Something of the Contact Center.
    Center(Center),
}

/// A digit that is not told, since it is a secret: any will do. It is written as `*`, and the star key as `star`.
pub(super) const MADE_UP: char = '•';

/// Every verb, as it is written; those of the Contact Center are [`center::WRITTEN`].
const WRITTEN: [&str; 19] = [
    "hear TEXT",
    "not_hear TEXT",
    "press KEYS",
    "type DIGITS",
    "silence",
    "at STEP",
    "language CODE",
    "dials NUMBER",
    "busy",
    "no answer",
    "answers",
    "fails",
    "lookup NAME sends KEY = VALUE",
    "lookup NAME answers STATUS { field = 1 }",
    "lookup NAME times out",
    "hangs up",
    "ended",
    "never_logged TEXT",
    "var NAME is VALUE",
];

impl Verb {
    /// Reads a line. Errors: what it lacks, as a sentence.
    pub fn read(line: &str) -> Result<Self, String> {
        let line = line.trim();
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        if let Some(line) = Center::read(word, rest) {
            return line.map(Self::Center);
        }
        match (word, rest) {
            ("silence", "") => return Ok(Self::Silence),
            ("busy", "") => return Ok(Self::Meets(Fate::Busy)),
            ("no_answer", "") | ("no", "answer") => return Ok(Self::Meets(Fate::NoAnswer)),
            ("answers", "") => return Ok(Self::Meets(Fate::Answers { talks_ms: None })),
            ("fails", "") => return Ok(Self::Meets(Fate::Fails)),
            ("hangs", "up") => return Ok(Self::HangsUp),
            ("ended", "") => return Ok(Self::Ended),
            _ => {}
        }
        let text = || match rest {
            "" => Err(format!("`{word}` stands alone; write {}", written(word))),
            _ => Ok(rest.to_owned()),
        };
        match word {
            "hear" => text().map(Self::Hear),
            "not_hear" => text().map(Self::NotHear),
            "press" => keys(&text()?).map(Self::Press),
            "type" => entry(&text()?).map(Self::Type),
            "at" => text().map(Self::At),
            "language" => text().map(Self::Language),
            "dials" => text().map(Self::Dials),
            "never_logged" => text().map(Self::NeverLogged),
            "var" => variable(&text()?),
            "lookup" => lookup(&text()?),
            _ => Err(format!("a call has no line `{line}`")),
        }
    }

    /// That the call is at `step`.
    pub(super) fn at(step: StepName) -> Self {
        Self::At(step.to_string())
    }

    /// What it has the world answer in a call that `flow` carries, when it does.
    pub(super) fn prompt(&self, flow: &Flow) -> Option<Prompt> {
        let (lookup, answer) = match self {
            Self::Center(line) => return line.prompt(flow),
            Self::Answers {
                lookup,
                status,
                body,
            } => (lookup, Some((*status, body.clone()))),
            Self::TimesOut(lookup) => (lookup, None),
            _ => return None,
        };
        let lookup = lookup.clone();
        Some(Prompt::Lookup { lookup, answer })
    }

    /// Whether the caller or the world does something, rather than that something is expected.
    pub(super) fn is_deed(&self) -> bool {
        matches!(
            self,
            Self::Press(_) | Self::Type(_) | Self::Silence | Self::Meets(_) | Self::HangsUp
        )
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hear(text) => write!(f, "hear {text}"),
            Self::NotHear(text) => write!(f, "not_hear {text}"),
            Self::Press(keys) => write!(f, "press {keys}"),
            Self::Type(keys) => {
                let keys = keys.replace('*', "star").replace(MADE_UP, "*");
                write!(f, "type {keys}")
            }
            Self::Silence => f.write_str("silence"),
            Self::At(step) => write!(f, "at {step}"),
            Self::Language(code) => write!(f, "language {code}"),
            Self::Dials(number) => write!(f, "dials {number}"),
            Self::Meets(fate) => f.write_str(match fate {
                Fate::Answers { .. } => "answers",
                Fate::Busy => "busy",
                Fate::NoAnswer => "no answer",
                Fate::Fails => "fails",
            }),
            Self::Sends {
                lookup,
                name,
                value,
            } => write!(f, "lookup {lookup} sends {name} = {value}"),
            Self::Answers {
                lookup,
                status,
                body,
            } => {
                write!(f, "lookup {lookup} answers {status}")?;
                match toml::Value::try_from(body) {
                    Ok(body) => write!(f, " {body}"),
                    Err(_) => Ok(()),
                }
            }
            Self::TimesOut(lookup) => write!(f, "lookup {lookup} times out"),
            Self::HangsUp => f.write_str("hangs up"),
            Self::Ended => f.write_str("ended"),
            Self::NeverLogged(text) => write!(f, "never_logged {text}"),
            Self::Var { name, value } => write!(f, "var {name} is {value}"),
            Self::Center(line) => line.fmt(f),
        }
    }
}

/// Every line that a call may have, as it is written.
pub(super) fn all_written() -> impl Iterator<Item = &'static str> + Clone {
    WRITTEN.into_iter().chain(center::WRITTEN)
}

/// How a verb is written.
pub(super) fn written(word: &str) -> String {
    let known = all_written().find(|known| {
        known.split_whitespace().next() == Some(word) || known.replace(' ', "_") == word
    });
    known.map_or_else(every_line, |known| format!("`{known}`"))
}

/// All of them, to choose from.
pub(super) fn every_line() -> String {
    all_written().collect::<Vec<_>>().join(" · ")
}

fn keys(text: &str) -> Result<String, String> {
    let keys = text.replace("star", "*").replace("hash", "#");
    let is_key = |key: char| key.is_ascii_digit() || matches!(key, '*' | '#' | MADE_UP);
    match keys.chars().all(is_key) {
        true => Ok(keys),
        false => Err(format!("keys are 0-9 * #, not `{text}`")),
    }
}

fn entry(text: &str) -> Result<String, String> {
    keys(&text.replace('*', &MADE_UP.to_string()))
}

/// `NAME sends KEY = VALUE`, `NAME answers STATUS { … }`, `NAME times out`.
fn lookup(text: &str) -> Result<Verb, String> {
    let written = || {
        format!(
            "write {}, `answers STATUS {{ field = 1 }}` or `times out`",
            written("lookup")
        )
    };
    let (name, rest) = text.split_once(' ').ok_or_else(written)?;
    let rest = rest.trim();
    let lookup = name.to_owned();
    if rest == "times out" {
        return Ok(Verb::TimesOut(lookup));
    }
    if let Some(sent) = rest.strip_prefix("sends ") {
        let (name, value) = sent.split_once('=').ok_or_else(written)?;
        return Ok(Verb::Sends {
            lookup,
            name: name.trim().to_owned(),
            value: value.trim().trim_matches(['"', '\'']).to_owned(),
        });
    }
    let answer = rest.strip_prefix("answers ").ok_or_else(written)?;
    let (status, body) = answer.split_once(' ').unwrap_or((answer, "{}"));
    let status = status
        .parse()
        .map_err(|_| format!("`{status}` is no status, such as 200"))?;
    Ok(Verb::Answers {
        lookup,
        status,
        body: json(body.trim())?,
    })
}

/// An inline table as JSON; dates and times as texts.
fn json(body: &str) -> Result<Value, String> {
    let wrong = || format!("`{body}` is not as `{{ field = 1, other.field = \"x\" }}`");
    let table: toml::Table = format!("body = {body}").parse().map_err(|_| wrong())?;
    let body = table.get("body").ok_or_else(wrong)?;
    Ok(plain(body))
}

fn plain(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::from(text.as_str()),
        toml::Value::Integer(number) => Value::from(*number),
        toml::Value::Float(number) => Value::from(*number),
        toml::Value::Boolean(truth) => Value::from(*truth),
        toml::Value::Datetime(at) => Value::from(at.to_string()),
        toml::Value::Array(items) => items.iter().map(plain).collect(),
        toml::Value::Table(table) => {
            let entries = table.iter().map(|(key, value)| (key.clone(), plain(value)));
            Value::Object(entries.collect())
        }
    }
}

fn variable(text: &str) -> Result<Verb, String> {
    let (name, value) = text
        .split_once(" is ")
        .ok_or("write `var NAME is VALUE`".to_owned())?;
    Ok(Verb::Var {
        name: name.trim().to_owned(),
        value: value.trim().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::Verb;
    use crate::emulator::Fate;

    #[test]
    fn every_line_that_a_phone_writes_is_read() {
        for (line, verb) in [
            (
                "hear  For English, press 1",
                Verb::Hear("For English, press 1".to_owned()),
            ),
            ("press 1", Verb::Press("1".to_owned())),
            ("press #", Verb::Press("#".to_owned())),
            ("press star", Verb::Press("*".to_owned())),
            ("type 1star", Verb::Type("1*".to_owned())),
            ("type ****#", Verb::Type("••••#".to_owned())),
            ("silence", Verb::Silence),
            ("no answer", Verb::Meets(Fate::NoAnswer)),
            ("no_answer", Verb::Meets(Fate::NoAnswer)),
            ("hangs up", Verb::HangsUp),
            (
                "lookup find sends day = tomorrow",
                Verb::Sends {
                    lookup: "find".to_owned(),
                    name: "day".to_owned(),
                    value: "tomorrow".to_owned(),
                },
            ),
            (
                "lookup a.find answers 201 { table.number = 7, when = 2026-11-21T19:00:00 }",
                Verb::Answers {
                    lookup: "a.find".to_owned(),
                    status: 201,
                    body: serde_json::json!({"table": {"number": 7}, "when": "2026-11-21T19:00:00"}),
                },
            ),
            ("lookup find times out", Verb::TimesOut("find".to_owned())),
            (
                "var day is to morrow",
                Verb::Var {
                    name: "day".to_owned(),
                    value: "to morrow".to_owned(),
                },
            ),
        ] {
            assert_eq!(Verb::read(&verb.to_string()), Ok(verb.clone()), "{line}");
            assert_eq!(Verb::read(line), Ok(verb), "{line}");
        }
    }

    #[test]
    fn what_is_no_line_is_told() {
        for (line, told) in [
            ("hear", "`hear` stands alone; write `hear TEXT`"),
            ("press one", "keys are 0-9 * #, not `one`"),
            ("dance 1", "a call has no line `dance 1`"),
            ("silence please", "a call has no line `silence please`"),
            ("lookup find answers ok", "`ok` is no status, such as 200"),
            ("var day", "write `var NAME is VALUE`"),
        ] {
            assert_eq!(Verb::read(line), Err(told.to_owned()), "{line}");
        }
    }
}
