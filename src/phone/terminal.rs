//! The terminal's phone: a line that somebody types in, text out. What a call sounds like is read, time takes no time.

use std::fmt::Write as _;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::indented::indented;
use super::quick::{Quick, Stop};
use super::recorder::Recorder;
use crate::emulator::{Fate, Sign};
use crate::flow::model::{Step, StepName};
use crate::flow::need::MetAt;
use crate::flow::{Flow, Met};

/// What is printed before the first key.
const HELP: &str = "             keys 0-9 * #   Enter = stay silent   b busy  n no answer  a answer  f fails  h hang up\n             \
                    :json  :vars  :goto STEP  :at TIME  :lookups STATUS JSON  :save FILE.test.toml  :quit  :help\n";

/// A phone in a terminal, on a call.
#[derive(Debug)]
pub struct Terminal {
    call: Quick,
    at: DateTime,
    from: String,
    /// The call as it would be saved; `None` once it was moved as no caller could.
    record: Option<Recorder>,
}

/// What comes of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// This is printed.
    Text(String),
    /// This table is added to this test file.
    Save {
        /// The file's path.
        file: String,
        /// The call.
        table: String,
    },
    /// That was all.
    Quit,
}

impl Terminal {
    /// Calls `flow` from `from` at `at`, on the flow's clock; with what is printed first.
    pub fn new(flow: Flow, from: &str, at: DateTime) -> (Self, String) {
        let begins = instant(at, &flow.zone);
        let mut terminal = Self {
            call: Quick::new(flow, from, begins),
            at,
            from: from.to_owned(),
            record: Some(Recorder::new(at, from)),
        };
        let opening = terminal.opening() + &terminal.told() + HELP;
        (terminal, opening)
    }

    /// What stands before the line that is typed next.
    pub fn prompt(&self) -> &'static str {
        match self.call.stop() {
            Stop::Key => " key? ",
            Stop::Fate => " answers? ",
            Stop::Over(_) => " again? ",
        }
    }

    /// `line` as it may be seen: digits that are a secret are dots.
    pub fn shown(&self, line: &str) -> String {
        match self.is_secret() && is_keys(line.trim()) {
            true => "•".repeat(line.trim().chars().count()),
            false => line.to_owned(),
        }
    }

    /// Takes a line.
    pub fn take(&mut self, line: &str) -> Outcome {
        let line = line.trim();
        if let Some(command) = line.strip_prefix(':') {
            return self.command(command);
        }
        Outcome::Text(match (self.call.stop(), line) {
            (Stop::Over(_), "") => self.again(self.at, None),
            (Stop::Over(_), _) => said("the call is over: Enter calls again"),
            (_, "h") => self.hang_up(),
            (Stop::Key, "") => self.stay_silent(),
            (Stop::Key, keys) if is_keys(keys) => self.press(keys),
            (Stop::Key, _) => said("keys are 0-9 * #; Enter stays silent"),
            (Stop::Fate, word) => self.meet(word),
        })
    }

    fn command(&mut self, command: &str) -> Outcome {
        let (name, rest) = command.split_once(' ').unwrap_or((command, ""));
        let rest = rest.trim();
        Outcome::Text(match name {
            "json" => self.json(),
            "vars" => self.variables(),
            "goto" => self.go_to(rest),
            "at" => self.at(rest),
            "lookups" => self.lookups(rest),
            "save" => return self.save(rest),
            "quit" => return Outcome::Quit,
            "help" => HELP.to_owned(),
            _ => said("there is no such command; :help lists them"),
        })
    }

    /// Presses the keys of a line, each at the prompt that takes it: who knows a menu types ahead.
    fn press(&mut self, keys: &str) -> String {
        let mut text = String::new();
        let (mut entry_open, mut entered_all) = (false, false);
        let secret = self.is_secret();
        for key in keys.chars() {
            // Who presses hash behind a whole entry means its end, whether or not the step asks for it.
            if std::mem::take(&mut entered_all) && key == '#' {
                continue;
            }
            let is_menu = self.is_menu();
            // What was typed ahead stands in the clear.
            if self.is_secret() && !secret {
                return text
                    + &said("the rest was not pressed: a secret is typed at its own prompt");
            }
            entry_open = !self.call.press(key);
            if !entry_open {
                text += &self.told();
                entered_all = !is_menu && key != '#';
            }
            if self.call.stop() != Stop::Key {
                return text;
            }
        }
        if entry_open {
            text += &self.stay_silent();
        }
        text
    }

    fn stay_silent(&mut self) -> String {
        self.call.stay_silent();
        self.told()
    }

    fn meet(&mut self, word: &str) -> String {
        self.call.meet(match word {
            "a" => Fate::Answers { talks_ms: None },
            "b" => Fate::Busy,
            "n" | "" => Fate::NoAnswer,
            "f" => Fate::Fails,
            _ => return said("a answer, b busy, n no answer, f fails, h hang up"),
        });
        self.told()
    }

    fn hang_up(&mut self) -> String {
        if let Some(record) = &mut self.record {
            record.hangs_up();
        }
        self.call.hang_up();
        self.told()
    }

    fn json(&self) -> String {
        let Some((came, given)) = &self.call.answering.last else {
            return said("nothing was sent yet");
        };
        format!("{}\n{}\n", indented(came), indented(given))
    }

    fn variables(&self) -> String {
        let Some(position) = self.call.answering.position() else {
            return said("the call waits nowhere");
        };
        let mut text = String::new();
        let mut line = |name: &str, value: &str| {
            // Writing to a text does not fail.
            let _ = writeln!(text, " {name} = {value}");
        };
        line("language", position.language.as_str());
        for (name, value) in &position.variables {
            let value = if value.secret {
                "••••"
            } else {
                &value.text
            };
            line(name.as_str(), value);
        }
        text
    }

    fn go_to(&mut self, step: &str) -> String {
        let flow = self.call.answering.flow();
        match flow.steps.keys().find(|name| name.as_str() == step) {
            Some(step) => {
                let step = step.clone();
                self.again(self.at, Some(step))
            }
            None => {
                let names: Vec<_> = flow.steps.keys().map(StepName::as_str).collect();
                said(&format!("the steps are {}", names.join(", ")))
            }
        }
    }

    fn at(&mut self, time: &str) -> String {
        match parse_time(time, self.at) {
            Some(at) => self.again(at, None),
            None => said("write a time, as in :at 2026-12-25 12:00"),
        }
    }

    /// Sets what look-ups are answered with from here on.
    fn lookups(&mut self, answer: &str) -> String {
        let (status, body) = answer.split_once(' ').unwrap_or((answer, ""));
        let status = status.parse::<u16>().ok();
        let Some(status) = status.filter(|status| (100..=599).contains(status)) else {
            self.call.answering.lookups = None;
            return said(
                "look-ups get no answer; :lookups 200 {\"name\": \"value\"} gives them one",
            );
        };
        self.call.answering.lookups = Some((status, body.to_owned()));
        said(&format!("look-ups are answered with {status} from now on"))
    }

    fn save(&self, file: &str) -> Outcome {
        let Some(record) = &self.record else {
            let why = ":goto moved this call as no caller could, so it is no test; Enter or :at calls anew";
            return Outcome::Text(said(why));
        };
        if !file.ends_with(".test.toml") {
            let why = "end the file's name in .test.toml: any other .toml is taken for a flow";
            return Outcome::Text(said(why));
        }
        Outcome::Save {
            file: file.to_owned(),
            table: record.table(),
        }
    }

    /// Calls anew, at the step `to` when that is given.
    fn again(&mut self, at: DateTime, to: Option<StepName>) -> String {
        self.at = at;
        self.record = match &to {
            None => Some(Recorder::new(at, &self.from)),
            Some(_) => None,
        };
        let begins = instant(at, &self.call.answering.flow().zone);
        self.call.again(begins, to);
        self.opening() + &self.told()
    }

    /// The line that a call begins with: when, what, where.
    fn opening(&self) -> String {
        let flow = self.call.answering.flow();
        let step = self.call.answering.way.first();
        format!(
            " {}  {}@{}        [{}]\n",
            self.at.strftime("%H:%M %a %-d %b"),
            flow.id,
            flow.version.as_str().get(..6).unwrap_or_default(),
            step.map_or("", StepName::as_str),
        )
    }

    /// What was noticed since the last line, as text; it is written down as well.
    fn told(&mut self) -> String {
        let mut text = String::new();
        let met = std::mem::take(&mut self.call.answering.met);
        for MetAt { step, met } in &met {
            let came = match met {
                Met::Lookup(Ok(response)) => response.status.to_string(),
                _ => "no answer".to_owned(),
            };
            text += &said(&format!("look-up {step}: {came}; :lookups sets what comes"));
        }
        let mut spoken: Vec<(String, String)> = Vec::new();
        for sign in self.call.noticed() {
            if let Some(record) = &mut self.record {
                record.noticed(&sign);
            }
            match sign {
                Sign::Says { text, voice, .. } => spoken.push((text, voice)),
                Sign::Plays { url, .. } => spoken.push((format!("(plays {url})"), String::new())),
                Sign::Rings {
                    leg: 1..,
                    destination,
                } => {
                    text += &self.lines(&std::mem::take(&mut spoken));
                    text += &format!(" dials {destination}\n");
                }
                Sign::Over { how } => {
                    text += &self.lines(&std::mem::take(&mut spoken));
                    let how = how.as_str().to_lowercase().replace('_', " ");
                    text += &format!(" the call is over: {how}\n");
                }
                _ => {}
            }
        }
        if let Some(record) = &mut self.record {
            let server = &self.call.answering;
            record.meets(server.flow(), &met);
            record.comes_to(server.flow(), &server.way, server.position());
        }
        text + &self.lines(&spoken)
    }

    /// What was spoken, a line each; what follows in another language stands on the same line.
    fn lines(&self, spoken: &[(String, String)]) -> String {
        let languages = &self.call.answering.flow().languages;
        let language = |voice: &str| {
            let mut voices = languages.voices.iter();
            let found = voices.find(|(_, of)| *of == voice);
            found.map_or("", |(language, _)| language.as_str())
        };
        let mut text = String::new();
        for (at, (words, voice)) in spoken.iter().enumerate() {
            let changes = |other: Option<&(String, String)>| {
                other.is_some_and(|(_, other)| !other.is_empty() && other != voice)
            };
            let after_another = at > 0 && changes(spoken.get(at - 1));
            let before_another = changes(spoken.get(at + 1));
            text += if after_another { "   " } else { " > " };
            text += words;
            if after_another || before_another {
                text += &format!("  ({})", language(voice));
            }
            if !before_another {
                text.push('\n');
            }
        }
        text
    }

    fn is_menu(&self) -> bool {
        let step = self.call.answering.position().map(|it| &it.step);
        let step = step.and_then(|step| self.call.answering.flow().step(step));
        matches!(step, Some(Step::Menu(_)))
    }

    fn is_secret(&self) -> bool {
        let step = self.call.answering.position().map(|it| &it.step);
        step.is_some_and(|step| self.call.answering.flow().is_secret(step))
    }
}

/// Reads `2026-12-25 12:00`, or `12:00` on the day of `today`.
pub fn parse_time(text: &str, today: DateTime) -> Option<DateTime> {
    let clock = |text: &str| text.parse::<jiff::civil::Time>().ok();
    text.parse::<DateTime>()
        .ok()
        .or_else(|| clock(text).map(|time| today.date().to_datetime(time)))
}

/// A time on the flow's clock.
fn instant(at: DateTime, zone: &TimeZone) -> jiff::Timestamp {
    zone.to_timestamp(at).unwrap_or_default()
}

fn is_keys(line: &str) -> bool {
    let key = |c: char| c.is_ascii_digit() || matches!(c, '*' | '#');
    !line.is_empty() && line.chars().all(key)
}

fn said(sentence: &str) -> String {
    format!(" ({sentence})\n")
}
