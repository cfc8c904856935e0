//! A call written down as a test: what was heard, what was done, and how look-ups were answered, line by line, for a `*.test.toml`
//! beside the flow. The phones write theirs as it goes; that of a call which a server has carried is made of its trace
//! ([`traced`](super::traced())).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::civil::DateTime;
use serde_json::Value as Json;
use toml::Value;

use super::center::Center;
use super::line::{MADE_UP, Verb};
use crate::flow::model::{Decide, Lookup, Step, StepName};
use crate::flow::need::{MetAt, Response};
use crate::flow::template::Part;
use crate::flow::{Flow, Met};

/// A call as it is written down.
#[derive(Debug, Clone)]
pub struct Script {
    at: DateTime,
    from: String,
    lines: Vec<Line>,
    /// The step that it came to last.
    step: Option<StepName>,
    /// What it was made of, as a sentence.
    origin: Option<String>,
    left_out: Vec<String>,
}

/// A line, and the step where the call was when it was so, where that is known.
#[derive(Debug, Clone)]
struct Line {
    verb: Verb,
    place: Option<StepName>,
}

/// Why a call cannot be added to a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAdded {
    /// The file is no TOML.
    #[error("the file that is there is no TOML, so nothing was added to it")]
    NoToml,
    /// The file's calls are to another flow.
    #[error("the file that is there tests another flow, so nothing was added to it")]
    OtherFlow,
}

impl Script {
    /// A call from `from` that begins at `at`, on the flow's clock.
    pub fn new(at: DateTime, from: &str) -> Self {
        Self {
            at,
            from: from.to_owned(),
            lines: Vec::new(),
            step: None,
            origin: None,
            left_out: Vec::new(),
        }
    }

    /// Something is done or expected.
    pub fn adds(&mut self, verb: Verb) {
        self.lines.push(Line { verb, place: None });
    }

    /// The same, of a call that is at `place` then.
    pub(super) fn adds_at(&mut self, verb: Verb, place: Option<&StepName>) {
        let place = place.cloned();
        self.lines.push(Line { verb, place });
    }

    /// The caller enters a secret: a test tells how many digits it has, and makes up others when it runs.
    pub fn types_secret(&mut self, digits: &str) {
        let hidden = |key: char| if key.is_ascii_digit() { MADE_UP } else { key };
        self.adds(Verb::Type(digits.chars().map(hidden).collect()));
    }

    /// A need of a step of `flow` was met.
    pub fn meets(&mut self, flow: &Flow, met: &MetAt) {
        match said(flow, met) {
            Some(verb) => self.adds(verb),
            None => self.leaves_out(unsayable(&met.step)),
        }
    }

    /// The call has come to `step`.
    pub fn comes_to(&mut self, step: &StepName) {
        self.step = Some(step.clone());
    }

    /// It was made of this, as a sentence.
    pub(super) fn comes_of(&mut self, origin: String) {
        self.origin = Some(origin);
    }

    /// This is not in it, and what stands in for it, as a sentence without its full stop.
    pub(super) fn leaves_out(&mut self, sentence: String) {
        if !self.left_out.contains(&sentence) {
            self.left_out.push(sentence);
        }
    }

    /// What is not in it, a sentence each, without their full stops.
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }

    pub(super) fn begins_at(&mut self, at: DateTime) {
        self.at = at;
    }

    /// Takes a line out that expects a text; where the call was then is expected in its place, once.
    pub(super) fn take_out(&mut self, nth: usize) {
        let place = self.lines[nth].place.clone().map(Verb::at);
        let beside = |at: usize| self.lines.get(at).map(|line| &line.verb);
        let said = place.as_ref().is_none_or(|place| {
            beside(nth + 1) == Some(place) || nth > 0 && beside(nth - 1) == Some(place)
        });
        match place.filter(|_| !said) {
            Some(place) => self.lines[nth].verb = place,
            None => drop(self.lines.remove(nth)),
        }
    }

    /// What it is called: what was done, and where it led.
    pub fn name(&self) -> String {
        let step = self.step.as_ref().map_or("nowhere", StepName::as_str);
        let done = self.lines.iter().filter_map(|line| deed(&line.verb));
        match done.collect::<Vec<_>>().as_slice() {
            [] => format!("comes to {step}"),
            deeds => format!("{} comes to {step}", deeds.join(", ")),
        }
    }

    /// The call as a table of a test file.
    pub fn table(&self) -> String {
        let mut table = String::new();
        // Writing to a text does not fail: here and below.
        if let Some(origin) = &self.origin {
            let _ = writeln!(table, "# {}.", plain(origin));
        }
        for sentence in &self.left_out {
            let _ = writeln!(table, "# Left out: {}.", plain(sentence));
        }
        let (name, from) = (quoted(&self.name()), quoted(&self.from));
        let _ = write!(
            table,
            "[[call]]\nname  = {name}\nat    = {}\nfrom  = {from}\nsteps = [\n",
            self.at
        );
        for line in &self.lines {
            let _ = writeln!(table, "  {},", quoted(&line.verb.to_string()));
        }
        table.push_str("]\n");
        table
    }
}

/// `table` behind what the file `there` holds, or as the first call of a file that tests `flow`.
///
/// # Errors
///
/// When the file that is there holds something else.
pub fn added(there: Option<&str>, flow: &str, table: &str) -> Result<String, NotAdded> {
    let Some(there) = there else {
        return Ok(format!("flow = {}\n\n{table}", quoted(flow)));
    };
    let file: toml::Table = there.parse().map_err(|_| NotAdded::NoToml)?;
    match file.get("flow").and_then(Value::as_str) {
        Some(tested) if tested == flow => Ok(format!("{}\n\n{table}", there.trim_end())),
        _ => Err(NotAdded::OtherFlow),
    }
}

/// How a test says what a need of a step of `flow` was met with; `None` when no line can.
pub(super) fn said(flow: &Flow, it: &MetAt) -> Option<Verb> {
    let step = flow.step(&it.step);
    let lookup = it.step.to_string();
    let line = match (&it.met, step) {
        (Met::Lookup(Ok(response)), _) => {
            return Some(match answer(step, response) {
                Some(body) => Verb::Answers {
                    lookup,
                    status: response.status,
                    body,
                },
                None => Verb::TimesOut(lookup),
            });
        }
        (Met::Lookup(Err(_)), _) => return Some(Verb::TimesOut(lookup)),
        (Met::Handoff(true), Some(Step::Handoff(handoff))) => {
            Center::HandsOff(handoff.queue.clone())
        }
        (Met::Handoff(false), _) => Center::HandoffFails,
        (Met::Callback(true), _) => Center::CallbackTaken,
        (Met::Callback(false), _) => Center::CallbackRefused(None),
        (Met::Schedule(status), Some(Step::Decide(Decide::Schedule { hours, .. }))) => {
            let (name, status) = (hours.clone(), *status);
            Center::Schedule { name, status }
        }
        (Met::Queue(state), Some(Step::Decide(Decide::Queue { queue, .. }))) => {
            let (queue, state) = (queue.clone(), *state);
            Center::Queue { queue, state }
        }
        (Met::Recording(is_silent), Some(Step::Ask(ask))) => {
            let agent = match ask.pause.as_ref()?.agent.parts() {
                [Part::Text(agent)] => agent.clone(),
                _ => return None,
            };
            match is_silent {
                true => Center::RecordingPauses(agent),
                false => Center::RecordingFails(agent),
            }
        }
        _ => return None,
    };
    Some(Verb::Center(line))
}

/// Why a call that came to `step` is no whole test.
pub(super) fn unsayable(step: &StepName) -> String {
    format!(
        "whether the agent's recording fell silent at step {step}; the agent is a variable there, and a test's line names one"
    )
}

/// The JSON of an answer, made of the fields that the look-up saves; `None` when it was no JSON and the call took `failed` for that, as it does without an
/// answer.
fn answer(step: Option<&Step>, response: &Response) -> Option<Json> {
    let counts = |lookup: &Lookup| {
        !lookup.save.is_empty()
            && response.is_good()
            && !lookup.status.contains_key(&response.status)
    };
    match (&response.fields, step) {
        (None, Some(Step::Lookup(lookup))) if counts(lookup) => None,
        (fields, _) => Some(nested(fields.iter().flatten())),
    }
}

/// Fields by their paths as the tables that hold them. A place in a list is a name here, by which it is found as well.
fn nested<'a>(fields: impl Iterator<Item = (&'a String, &'a String)>) -> Json {
    let mut body = Json::Object(serde_json::Map::new());
    for (path, value) in fields {
        let mut at = &mut body;
        for part in path.split('.') {
            at = &mut at[part];
        }
        *at = Json::String(value.clone());
    }
    body
}

/// What a line does, for the call's name.
fn deed(verb: &Verb) -> Option<String> {
    let is_deed = verb.is_deed() && *verb != Verb::HangsUp;
    let line = is_deed.then(|| verb.to_string())?;
    let short = line.strip_prefix("press ").or(line.strip_prefix("type "));
    Some(short.unwrap_or(&line).to_owned())
}

/// A text as TOML has it on one line.
fn quoted(text: &str) -> String {
    Value::String(plain(text)).to_string()
}

/// A text on one line.
fn plain(text: &str) -> String {
    text.replace(|c: char| c.is_control(), " ")
}

/// The fields of an answer with each value as `show` has it.
pub(super) fn shown_as(
    response: &Response,
    mut show: impl FnMut(&str, &str) -> String,
) -> Response {
    let fields = response.fields.as_ref().map(|fields| {
        let fields = fields.iter();
        fields
            .map(|(path, value)| (path.clone(), show(path, value)))
            .collect::<BTreeMap<_, _>>()
    });
    Response {
        status: response.status,
        fields,
    }
}

#[cfg(test)]
mod tests {
    use super::{NotAdded, Script, added};
    use crate::rehearsal::Verb;

    fn script() -> Script {
        let at = "2026-11-20T12:30:00".parse().expect("a time");
        Script::new(at, "+6591234567")
    }

    #[test]
    fn a_secret_is_not_written_down_and_quotes_are_toml() {
        let mut script = script();
        script.adds(Verb::Hear("Say \"yes\", or\npress 1".to_owned()));
        script.types_secret("9876#");
        script.leaves_out("a text\nof two lines".to_owned());
        let file = added(None, "a.toml", &script.table()).expect("a new file");
        let read: toml::Table = file.parse().expect("TOML");
        let steps = read["call"][0]["steps"].as_array().expect("steps").clone();
        let steps: Vec<_> = steps.iter().filter_map(toml::Value::as_str).collect();
        assert_eq!(steps, ["hear Say \"yes\", or press 1", "type ****#"]);
        assert!(read["call"][0]["at"].is_datetime());
        assert_eq!(
            read["call"][0]["name"].as_str(),
            Some("****# comes to nowhere")
        );
    }

    #[test]
    fn a_call_is_added_only_to_its_own_flows_file() {
        let table = script().table();
        let first = added(None, "a.toml", &table).expect("a new file");
        let both = added(Some(&first), "a.toml", &table).expect("the same flow");
        assert_eq!(both.matches("[[call]]").count(), 2);
        assert_eq!(
            added(Some(&first), "b.toml", &table),
            Err(NotAdded::OtherFlow)
        );
        assert_eq!(added(Some("x"), "a.toml", &table), Err(NotAdded::NoToml));
    }
}
