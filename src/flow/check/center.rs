//! `[handoff.X]`, `[callback.X]`, `[queues.N]`, hours by a schedule and decisions by a queue (CW102, CW111, CW611).

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::context::FlowFile;
use super::steps::key;
use super::vocabulary::{MOST_OF_A_QUEUE, QUEUE, SCHEDULE, names};
use super::way::By;
use crate::contact_center::callback::USER_DATA;
use crate::contact_center::given_back::is_reserved;
use crate::contact_center::handoff::QueueId;
use crate::contact_center::pairs::{MOST_CHARACTERS, Pairs};
use crate::contact_center::queue::{State, Thresholds};
use crate::flow::diagnostic::Diagnostic;
use crate::flow::file::{Entry, Kind, Table, Value};
use crate::flow::model::{Callback, CallbackWhen, Decide, Handoff, Target};
use crate::flow::template::{Part, Template};

/// What begins and ends the value of a decision by a queue.
const STATE_OF: (&str, &str) = ("queue.", ".state");

/// The longest time that a call back may wait, in seconds.
const LONGEST_S: u32 = 7 * 24 * 60 * 60;

impl<'a> FlowFile<'a> {
    pub(super) fn handoff(&mut self, step: usize) -> Option<Handoff> {
        let queue = self.required(step, "queue", "which queue takes the call over?", "\"102\"");
        let queue = queue.and_then(|entry| self.queue_id(&entry.value));
        let say = self.optional(step, "say", Self::say);
        let data = self.agent_data(step);
        let variables = self.interaction_variables(step);
        let guid = self.optional_template(step, "guid");
        let failed = self.failed(step);
        Some(Handoff {
            queue: queue?,
            say: say?,
            data: data?,
            variables: variables?,
            guid: guid?,
            failed: failed?,
        })
    }

    pub(super) fn callback(&mut self, step: usize) -> Option<Callback> {
        let number = self.optional_template(step, "number");
        let when = self.callback_when(step);
        let data = self.agent_data(step);
        let user_data = self.user_data(step);
        let caller_id = self.callers_id(step);
        let dial_plan = self.figure(step, "dial_plan", 0, u32::MAX);
        let id = self.optional_template(step, "id");
        let ok = match self.required(
            step,
            "ok",
            "where does the call go on when it is taken?",
            "\"...\"",
        ) {
            Some(entry) => self.way(step, By::Answered, "ok", &entry.value),
            None => self.unknown_way(step, By::Answered),
        };
        let failed = self.failed(step);
        Some(Callback {
            number: number?,
            when: when?,
            data: data?,
            user_data: user_data?,
            caller_id: caller_id?,
            dial_plan: dial_plan?,
            id: id?,
            ok: ok?,
            failed: failed?,
        })
    }

    /// A queue's id: digits in quotes.
    fn queue_id(&self, value: &'a Value) -> Option<QueueId> {
        let id = value.as_text().and_then(QueueId::parse);
        if id.is_none() {
            self.wrong(
                "queue",
                "a queue's id in quotes, digits only",
                "\"102\"",
                value,
            );
        }
        id
    }

    /// `queue`, or `channel`, and how long.
    fn callback_when(&mut self, step: usize) -> Option<CallbackWhen> {
        let (channel, queue) = (self.entry(step, "channel"), self.entry(step, "queue"));
        let delay_s = self.seconds(step, "delay", 1, LONGEST_S);
        let expires_s = self.seconds(step, "expires", 1, LONGEST_S);
        let preview_s = self.seconds(step, "preview", 15, 10_800);
        match (channel, queue) {
            (Some(channel), None) => {
                let digits = channel
                    .value
                    .as_text()
                    .filter(|text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()));
                if digits.is_none() {
                    self.wrong(
                        "channel",
                        "a channel's number in quotes, digits only",
                        "\"18006661212\"",
                        &channel.value,
                    );
                }
                Some(CallbackWhen::Now {
                    channel: digits?.to_owned(),
                    delay_s: delay_s?,
                })
            }
            (None, Some(queue)) => Some(CallbackWhen::AgentFree {
                queue: self.queue_id(&queue.value)?,
                expires_s: expires_s?,
                preview_s: preview_s?,
            }),
            (Some(channel), Some(queue)) => {
                let message = format!(
                    "{} has channel and queue: now, or when an agent is free?",
                    self.steps[step].title()
                );
                self.report(
                    Diagnostic::error("CW017", message)
                        .at(queue.key_span.clone(), "when an agent is free")
                        .also(channel.key_span.clone(), "now")
                        .help("keep one of the two"),
                );
                None
            }
            (None, None) => {
                let message = format!(
                    "{} has neither queue nor channel: who calls back?",
                    self.steps[step].title()
                );
                self.missing(step, "CW005", message, "queue = \"103\"");
                None
            }
        }
    }

    /// What the agent sees: `data`, a table of texts.
    fn agent_data(&mut self, step: usize) -> Option<Vec<(String, Template)>> {
        self.pairs(step, "data", MOST_CHARACTERS)
    }

    /// What is given back when a call back is over: `user_data`, a table of texts.
    fn user_data(&mut self, step: usize) -> Option<Vec<(String, Template)>> {
        let data = self.pairs(step, "user_data", USER_DATA)?;
        let table = self.entry(step, "user_data");
        let table = table.and_then(|entry| entry.value.as_table());
        let reserved = |entry: &&Entry| is_reserved(&entry.key);
        let Some(entry) = table.and_then(|table| table.entries().iter().find(reserved)) else {
            return Some(data);
        };
        let message = format!("\"{}\" in user_data is not yours to set", entry.key);
        self.report(
            Diagnostic::error("CW611", message)
                .at(
                    entry.key_span.clone(),
                    "ctl_ is the Contact Center's, callwright_ ours",
                )
                .help("call it something else"),
        );
        None
    }

    /// A table of texts that is sent as `[name|value]…`. CW611 when it cannot fit.
    fn pairs(&mut self, step: usize, name: &str, most: usize) -> Option<Vec<(String, Template)>> {
        let data = self.templates(step, name)?;
        let fixed = |template: &Template| {
            let words = template.parts().iter().map(|part| match part {
                Part::Text(words) => words.as_str(),
                Part::Place { .. } => "",
            });
            words.collect::<String>()
        };
        let pairs = Pairs::new(
            data.iter()
                .map(|(name, template)| (name.as_str(), fixed(template))),
        );
        let length = pairs.written().chars().count();
        if length <= most {
            return Some(data);
        }
        let entry = self.entry(step, name)?;
        let message = format!(
            "the {name} of {} have {length} characters before any value is filled in; the Contact Center takes {most}",
            self.steps[step].title()
        );
        self.report(
            Diagnostic::error("CW611", message)
                .at(entry.key_span.clone(), "its tail would be lost")
                .help("leave some of it out, or say it in fewer words"),
        );
        None
    }

    fn interaction_variables(&mut self, step: usize) -> Option<BTreeMap<String, Template>> {
        let variables = self.templates(step, "variables")?;
        Some(variables.into_iter().collect())
    }

    /// A table of names with their texts.
    fn templates(&mut self, step: usize, name: &str) -> Option<Vec<(String, Template)>> {
        let Some(entry) = self.entry(step, name) else {
            return Some(Vec::new());
        };
        let Some(table) = entry.value.as_table() else {
            let example = "{ \"First Name\" = \"{name}\" }";
            self.wrong(name, "names with their values", example, &entry.value);
            return None;
        };
        let read: Vec<_> = table
            .entries()
            .iter()
            .map(|field| {
                let path = format!("{name}.{}", field.key);
                let template = self.template(key(step, &path), None, &field.value)?;
                Some((field.key.clone(), template))
            })
            .collect();
        read.into_iter().collect()
    }

    #[expect(clippy::option_option, reason = "left out and faulty are two things")]
    fn optional_template(&mut self, step: usize, name: &str) -> Option<Option<Template>> {
        match self.entry(step, name) {
            None => Some(None),
            Some(entry) => self.template(key(step, name), None, &entry.value).map(Some),
        }
    }

    #[expect(clippy::option_option, reason = "left out and faulty are two things")]
    fn callers_id(&self, step: usize) -> Option<Option<String>> {
        let Some(entry) = self.entry(step, "caller_id") else {
            return Some(None);
        };
        let known = |text: &&str| {
            matches!(*text, "anonymous" | "agent")
                || (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()))
        };
        match entry.value.as_text().filter(known) {
            Some(text) => Some(Some(text.to_owned())),
            None => {
                let wants = "\"anonymous\", \"agent\", or a channel's number in digits";
                self.wrong("caller_id", wants, "\"agent\"", &entry.value);
                None
            }
        }
    }

    #[expect(clippy::option_option, reason = "left out and faulty are two things")]
    fn figure(&self, step: usize, name: &str, from: u32, to: u32) -> Option<Option<u32>> {
        match self.entry(step, name) {
            None => Some(None),
            Some(entry) => self.figure_of(name, entry, from, to).map(Some),
        }
    }

    fn figure_of(&self, name: &str, entry: &Entry, from: u32, to: u32) -> Option<u32> {
        let number = match &entry.value.kind {
            Kind::Integer(number) => number.and_then(|number| u32::try_from(number).ok()),
            _ => None,
        };
        let number = number.filter(|number| (from..=to).contains(number));
        if number.is_none() {
            self.wrong(
                name,
                "a whole number",
                &from.max(1).to_string(),
                &entry.value,
            );
        }
        number
    }

    #[expect(clippy::option_option, reason = "left out and faulty are two things")]
    fn seconds(&self, step: usize, name: &str, from: u32, to: u32) -> Option<Option<u32>> {
        match self.entry(step, name) {
            None => Some(None),
            Some(entry) => self.seconds_of(name, entry, from, to).map(Some),
        }
    }

    /// A time such as `90s`, `5m` or `1h`.
    fn seconds_of(&self, name: &str, entry: &Entry, from: u32, to: u32) -> Option<u32> {
        let seconds = entry.value.as_text().and_then(parse_seconds);
        let seconds = seconds.filter(|seconds| (from..=to).contains(seconds));
        if seconds.is_none() {
            let wants = format!("a time from \"{from}s\" to \"{to}s\", such as \"5m\" or \"1h\"");
            self.wrong(name, &wants, "\"5m\"", &entry.value);
        }
        seconds
    }

    /// Reads `[queues]`.
    pub(super) fn read_queues(&mut self) {
        let entries = self.table("queues").map(Table::entries).unwrap_or_default();
        for entry in entries {
            let Some(id) = QueueId::parse(&entry.key) else {
                let message = format!(
                    "[queues.{}]: a queue is called by its id, digits only",
                    entry.key
                );
                self.report(
                    Diagnostic::error("CW006", message)
                        .at(entry.key_span.clone(), "")
                        .help("write: [queues.102]"),
                );
                continue;
            };
            let Some(table) = entry.value.as_table() else {
                let example = format!("[queues.{id}] on a line of its own");
                self.wrong("queues", "a table", &example, &entry.value);
                continue;
            };
            if let Some(thresholds) = self.thresholds(table) {
                self.queues.insert(id.as_str().to_owned(), thresholds);
            }
            self.strange_keys(table, "a queue", &names(&QUEUE));
        }
    }

    fn thresholds(&self, table: &'a Table) -> Option<Thresholds> {
        let usual = Thresholds::default();
        let figure = |name: &str, usual: u32| match table.get(name) {
            None => Some(usual),
            Some(entry) => self.figure_of(name, entry, 0, MOST_OF_A_QUEUE),
        };
        let agents_free = figure("agents_free", usual.agents_free);
        let calls_waiting = figure("calls_waiting", usual.calls_waiting);
        let longest_wait = match table.get("longest_wait") {
            None => Some(usual.longest_wait),
            Some(entry) => {
                let seconds = self.seconds_of("longest_wait", entry, 0, LONGEST_S);
                seconds.map(|seconds| SignedDuration::from_secs(seconds.into()))
            }
        };
        Some(Thresholds {
            agents_free: agents_free?,
            calls_waiting: calls_waiting?,
            longest_wait: longest_wait?,
        })
    }

    /// The id of the schedule that hours go by, when they do.
    pub(super) fn schedule_of(&mut self, entry: &'a Entry) -> Option<()> {
        let table = entry.value.as_table()?;
        let schedule = table.get("schedule")?;
        let id = schedule
            .value
            .as_text()
            .filter(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()));
        // hours with a faulty id are still hours of that name: one fault, one report
        let known = id.unwrap_or_default().to_owned();
        self.schedules.insert(entry.key.clone(), known);
        if id.is_none() {
            self.wrong(
                "schedule",
                "a schedule's id in quotes, digits only",
                "\"122\"",
                &schedule.value,
            );
        }
        self.strange_keys(table, "hours by a schedule", &names(&SCHEDULE));
        Some(())
    }

    /// A decision by hours that a schedule says; `None` when hours of that name are the flow's own.
    pub(super) fn by_schedule(
        &mut self,
        step: usize,
        name: &str,
        open: Option<Target>,
        closed: Option<Target>,
    ) -> Option<Option<Decide>> {
        let schedule = self.schedules.get(name)?.clone();
        let choices = self.choices(step);
        Some((|| {
            Some(Decide::Schedule {
                hours: name.to_owned(),
                schedule,
                open: open?,
                closed: closed?,
                choices: choices?,
            })
        })())
    }

    /// `choice.1` to `choice.6`.
    fn choices(&mut self, step: usize) -> Option<BTreeMap<u8, Target>> {
        let Some(entry) = self.entry(step, "choice") else {
            return Some(BTreeMap::new());
        };
        let Some(table) = entry.value.as_table() else {
            self.wrong(
                "choice",
                "a number, a dot between them",
                "choice.1 = \"...\" instead",
                &entry.value,
            );
            return None;
        };
        let read: Vec<_> = table
            .entries()
            .iter()
            .map(|choice| {
                let path = format!("choice.{}", choice.key);
                let target = self.way(step, By::Is, &path, &choice.value);
                let number = choice
                    .key
                    .parse::<u8>()
                    .ok()
                    .filter(|number| (1..=6).contains(number));
                if number.is_none() {
                    let message = format!("choice must be one of 1 to 6, not {}", choice.key);
                    self.report(
                        Diagnostic::error("CW006", message)
                            .at(choice.key_span.clone(), "")
                            .help("write: choice.1 = \"...\""),
                    );
                }
                Some((number?, target?))
            })
            .collect();
        read.into_iter().collect()
    }

    /// A decision by a queue; `None` when the value is none.
    pub(super) fn by_queue(
        &mut self,
        step: usize,
        entry: &'a Entry,
        is: Option<BTreeMap<String, Target>>,
        otherwise: Option<Target>,
    ) -> Option<Option<Decide>> {
        let asked = queue_asked(entry.value.as_text()?)?;
        let Some(queue) = QueueId::parse(asked) else {
            self.wrong(
                "value",
                "a queue's state, by its id",
                "\"queue.102.state\"",
                &entry.value,
            );
            return Some(None);
        };
        let words = self.entry(step, "is").and_then(|is| is.value.as_table());
        let known = State::ALL.map(State::as_str);
        let mut sound = true;
        for word in words.map(Table::entries).unwrap_or_default() {
            if !known.contains(&word.key.as_str()) {
                sound = false;
                let message = format!(
                    "a queue is never \"{}\": it is {}",
                    word.key,
                    known.join(", ")
                );
                self.report(
                    Diagnostic::error("CW111", message)
                        .at(word.key_span.clone(), "no call would come here")
                        .help("write: is.free, is.waiting, is.nobody or is.unknown"),
                );
            }
        }
        let thresholds = self.queues.get(queue.as_str()).copied().unwrap_or_default();
        Some((|| {
            sound.then_some(Decide::Queue {
                queue,
                thresholds,
                is: is?,
                otherwise: otherwise?,
            })
        })())
    }
}

/// The queue whose state a decision goes by.
pub(super) fn queue_asked(value: &str) -> Option<&str> {
    value.strip_prefix(STATE_OF.0)?.strip_suffix(STATE_OF.1)
}

fn parse_seconds(text: &str) -> Option<u32> {
    let units = [("s", 1), ("m", 60), ("h", 3600)];
    let (number, unit) = units
        .iter()
        .find_map(|(word, seconds)| Some((text.strip_suffix(word)?, *seconds)))?;
    number.trim().parse::<u32>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::parse_seconds;

    #[test]
    fn times_are_read_in_seconds() {
        for (text, seconds) in [
            ("90s", Some(90)),
            ("5m", Some(300)),
            ("1h", Some(3600)),
            ("5", None),
            ("m", None),
            ("99999999h", None),
        ] {
            assert_eq!(parse_seconds(text), seconds, "{text}");
        }
    }
}
