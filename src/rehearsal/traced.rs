//! A session's trace, as the API tells it, made into a call of a test: what was heard and done, in order, and how look-ups were answered. Secrets are not in a
//! trace; phone numbers are left out here, whether or not whoever asked may see them. What stands in for either is said.

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde_json::Value;

use super::line::Verb;
use super::script::SOMEBODY;
use super::written::{Script, said, shown_as, unsayable};
use crate::call::{mask_numbers, mask_value};
use crate::emulator::Fate;
use crate::flow::model::{Ask, Step, StepName, Target};
use crate::flow::need::MetAt;
use crate::flow::{Flow, Met};
use told::{Entry, Session, label, last, met, read, turns};

mod told;

/// What stands in the place of what may not be seen.
const HIDDEN: char = '•';

/// From how many digits on an entry may be a phone number.
const NUMBER_DIGITS: usize = 7;

/// Why a session is no test.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoTest {
    /// The answer is no session.
    #[error("the answer is no session: {0}")]
    Strange(String),
    /// It is a masked call.
    #[error("a booking connected this call, not a flow, and tests are calls that a flow answers")]
    Masked,
    /// We placed the call.
    #[error("this call was placed from here, and tests are calls that come in")]
    Placed,
    /// It began elsewhere, or nothing of it is there.
    #[error("its trace does not begin with an incoming call that a flow answered")]
    NoBeginning,
    /// Something was wrong with it.
    #[error("the call ended by a fault ({0}), not by its flow: a test would expect the fault")]
    Faulted(String),
    /// It was carried by a version that did not keep what look-ups brought.
    #[error("what look-up {0} was answered with is not in the trace")]
    Unkept(StepName),
    /// Nothing says in a test what happened.
    #[error("this is no test: {}", unsayable(.0))]
    Unsayable(StepName),
    /// It runs otherwise.
    #[error("played against the flow, the call goes another way{}\n{shown}", .unlike.words())]
    Elsewhere {
        /// How, as a failed test is shown.
        shown: String,
        /// What was unlike a test already.
        unlike: Unlike,
    },
}

/// What was unlike a test about a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unlike {
    /// Nothing that is known.
    Nothing,
    /// The flow was another version.
    Version,
    /// The server lost the session on the way, and went on from its label.
    Lost,
}

impl Unlike {
    fn words(self) -> &'static str {
        match self {
            Self::Nothing => ":",
            Self::Version => {
                ", since the flow has changed: take the version that carried it from git, and save the call beside that:"
            }
            Self::Lost => ", since the server lost its session on the way, as happens in no test:",
        }
    }
}

/// A session made into a call.
#[derive(Debug)]
pub struct Traced {
    pub(super) script: Script,
    /// When each of its replies was asked for, on the flow's clock.
    pub(super) times: Vec<DateTime>,
    pub(super) unlike: Unlike,
}

/// Whether a session, the API's answer, is one that a test can be made of, as far as that is to be seen without its flow.
///
/// # Errors
///
/// Why it is not.
pub fn may_be_tested(session: &Value) -> Result<(), NoTest> {
    turns(&read(session)?).map(drop)
}

/// The call of `session`, the API's answer, which `flow` has carried.
///
/// # Errors
///
/// Why it is no test.
pub fn traced(session: &Value, flow: &Flow) -> Result<Traced, NoTest> {
    let session = read(session)?;
    let turns = turns(&session)?;
    let times: Vec<_> = turns
        .iter()
        .map(|turn| on_the_clock(turn.received_at, flow))
        .collect();
    let first = times.first().copied().unwrap_or_default();
    let source = session.source.as_deref().unwrap_or_default();
    let somebody = somebody(source);
    let mut writer = Writer {
        script: Script::new(first, &somebody),
        flow,
    };
    let id = session.session_id.as_deref().unwrap_or("unknown");
    writer.script.comes_of(format!("Saved from session {id}"));
    let whose = format!("the caller's number; \"{somebody}\" stands in for it");
    writer.script.leaves_out(whose);
    let mut before = None;
    for turn in &turns {
        if let Some(before) = before {
            writer.deed(before, turn);
        }
        writer.needs(turn)?;
        writer.reply(turn);
        before = Some(*turn);
    }
    writer.end(&session.status, before);
    Ok(Traced {
        script: writer.script,
        times,
        unlike: unlike(&session, &turns, flow),
    })
}

fn unlike(session: &Session, turns: &[&Entry], flow: &Flow) -> Unlike {
    let carried_on = |turn: &&Entry| turn.outcome.as_deref() == Some("carried_on");
    if session.version.as_deref() != Some(flow.version.as_str()) {
        Unlike::Version
    } else if turns.iter().any(carried_on) {
        Unlike::Lost
    } else {
        Unlike::Nothing
    }
}

/// Writes down what a trace tells.
struct Writer<'a> {
    script: Script,
    flow: &'a Flow,
}

impl Writer<'_> {
    /// What was done at the end of the reply before, by what this turn brought.
    fn deed(&mut self, before: &Entry, turn: &Entry) {
        match last(&before.reply)["action"].as_str() {
            Some("makeCall") => self.script.adds(Verb::Meets(fate(turn.sip_code))),
            Some("sayAndCapture") => self.entry(before, turn),
            // Words alone: the platform comes back by itself.
            _ => {}
        }
    }

    fn entry(&mut self, before: &Entry, turn: &Entry) {
        let name = StepName::new(turn.step.clone().unwrap_or_default());
        let Some(digits) = turn.digits.as_deref().filter(|digits| !digits.is_empty()) else {
            return self.script.adds(Verb::Silence);
        };
        let ask = match self.flow.step(&name) {
            Some(Step::Ask(ask)) => ask,
            _ => return self.script.adds(Verb::Press(digits.to_owned())),
        };
        let hidden = digits.contains(HIDDEN);
        let is_number = digits.bytes().filter(u8::is_ascii_digit).count() >= NUMBER_DIGITS;
        if !hidden && !is_number && !ask.secret {
            return self.script.adds(Verb::Type(digits.to_owned()));
        }
        let entry = match hidden {
            true => made_up(ask, is_taken(ask, &name, before, turn)),
            false => digits.to_owned(),
        };
        let what = match ask.secret {
            true => "the secret",
            false => "the digits, which may be a phone number,",
        };
        let stars = format!("{what} entered at step {name}; a test makes up others for the stars");
        self.script.leaves_out(stars);
        self.script.types_secret(&entry);
    }

    /// How what the flow needed was met.
    fn needs(&mut self, turn: &Entry) -> Result<(), NoTest> {
        for name in self.looked_up(turn) {
            if !turn.needs.iter().any(|need| need.step == name.as_str()) {
                return Err(NoTest::Unkept(name));
            }
        }
        for need in &turn.needs {
            let Some(met) = met(need) else {
                return Err(NoTest::Strange(format!(
                    "a need of kind {:?} came to {:?}",
                    need.kind, need.outcome
                )));
            };
            let met = self.without_numbers(met);
            match said(self.flow, &met) {
                Some(verb) => self.script.adds(verb),
                None => return Err(NoTest::Unsayable(met.step)),
            }
        }
        Ok(())
    }

    /// The look-ups that a turn passed, but for one whose words it ends with: that is made in the next.
    fn looked_up(&self, turn: &Entry) -> Vec<StepName> {
        let waits = label(&turn.reply).map(|label| label.step);
        let names = turn.path.iter().enumerate().filter_map(|(nth, name)| {
            let name = StepName::new(name.clone());
            let is_last = nth + 1 == turn.path.len() && waits.as_ref() == Some(&name);
            let is_lookup = matches!(self.flow.step(&name), Some(Step::Lookup(_)));
            (is_lookup && !is_last).then_some(name)
        });
        names.collect()
    }

    fn without_numbers(&mut self, met: MetAt) -> MetAt {
        let Met::Lookup(Ok(response)) = &met.met else {
            return met;
        };
        let mut left_out = Vec::new();
        let response = shown_as(response, |path, value| {
            if mask_value(value) == value && !value.contains(HIDDEN) {
                return value.to_owned();
            }
            left_out.push(format!(
                "what may be a phone number in the answer to look-up {}; \"{SOMEBODY}\" stands in for its {path}",
                met.step
            ));
            SOMEBODY.to_owned()
        });
        left_out
            .into_iter()
            .for_each(|sentence| self.script.leaves_out(sentence));
        MetAt {
            step: met.step,
            met: Met::Lookup(Ok(response)),
        }
    }

    /// What a reply says and dials.
    fn reply(&mut self, turn: &Entry) {
        let place = turn.path.last().cloned().map(StepName::new);
        if let Some(place) = &place {
            self.script.comes_to(place);
        }
        for action in turn.reply["callflow"].as_array().into_iter().flatten() {
            let params = &action["params"];
            let text = |field: &str| params[field].as_str().unwrap_or_default().to_owned();
            let heard = match action["action"].as_str() {
                Some("say") => text("text"),
                Some("sayAndCapture") => text("promptMessage"),
                Some("playFile") => format!("(plays {})", text("fileUrl")),
                Some("makeCall") => {
                    self.dials(place.as_ref());
                    continue;
                }
                _ => continue,
            };
            self.hears(&heard, place.as_ref());
        }
    }

    fn dials(&mut self, place: Option<&StepName>) {
        if let Some(place) = place {
            self.script.leaves_out(format!(
                "the number that was dialled; the flow has it in connect {place}, and `at {place}` stands in for it"
            ));
            self.script.adds_at(Verb::at(place.clone()), None);
        }
    }

    fn hears(&mut self, text: &str, place: Option<&StepName>) {
        let masked = mask_numbers(text);
        if masked.contains(HIDDEN) {
            let sentence = "phone numbers that were spoken; the words around them are there";
            self.script.leaves_out(sentence.to_owned());
        }
        for part in around_numbers(&masked) {
            self.script.adds_at(Verb::Hear(part), place);
        }
    }

    /// How the call ended, if it has.
    fn end(&mut self, status: &str, last_turn: Option<&Entry>) {
        let reply = last_turn.map_or(&Value::Null, |turn| &turn.reply);
        let last = last(reply)["action"].as_str();
        if status == "live" {
            let sentence = "its end; it was still going on when it was saved";
            return self.script.leaves_out(sentence.to_owned());
        }
        if last == Some("makeCall") {
            let sentence = "the conversation that the call ended in; in the test the caller hangs up while it rings";
            self.script.leaves_out(sentence.to_owned());
        }
        if last != Some("hangup") {
            self.script.adds(Verb::HangsUp);
        }
        self.script.adds(Verb::Ended);
    }
}

/// What became of a connected leg, by its final SIP status: as [`step`](crate::flow::step()) takes it.
fn fate(sip_code: Option<u16>) -> Fate {
    match sip_code {
        Some(486 | 600) => Fate::Busy,
        Some(408 | 480 | 487) => Fate::NoAnswer,
        Some(400..) => Fate::Fails,
        _ => Fate::Answers { talks_ms: None },
    }
}

/// Whether the step took an entry that is not told: it neither asked again nor gave up.
fn is_taken(ask: &Ask, name: &StepName, before: &Entry, turn: &Entry) -> bool {
    let next = turn.path.first().map(String::as_str);
    let leads_to = |target: &Target, asked: Option<&str>| match target {
        Target::Step(step) => asked == Some(step.as_str()),
        Target::End => asked.is_none(),
        Target::Repeat => asked == Some(name.as_str()),
    };
    if leads_to(&ask.go, next) {
        return true;
    }
    let was_last = label(&before.reply).is_some_and(|label| label.attempt >= ask.retry.tries);
    let gave_up = was_last && leads_to(&ask.retry.give_up, next);
    !gave_up && next != Some(name.as_str())
}

/// An entry that the step takes, or one that it does not.
fn made_up(ask: &Ask, is_taken: bool) -> String {
    match (is_taken, ask.min_digits) {
        (true, least) => "0".repeat(least.into()),
        (false, 1) => "*".to_owned(),
        (false, least) => "0".repeat(usize::from(least) - 1),
    }
}

/// A made-up caller of the country that `source` is of.
fn somebody(source: &str) -> String {
    let masked = match source.contains(HIDDEN) {
        true => source.to_owned(),
        false => mask_numbers(source),
    };
    let country = masked.split(HIDDEN).next().unwrap_or_default();
    match country {
        "" | "+" | "+65" => SOMEBODY.to_owned(),
        "+1" => "+12015550123".to_owned(),
        country if country.starts_with('+') => format!("{country}700900123"),
        // A number that was withheld comes as a word.
        _ if source.chars().any(|c| c.is_ascii_digit()) => SOMEBODY.to_owned(),
        word => word.to_owned(),
    }
}

/// The stretches of a text around the numbers that were masked in it.
fn around_numbers(masked: &str) -> Vec<String> {
    let of_number = |c: char| c.is_ascii_digit() || c == '+';
    let mut parts: Vec<_> = masked.split(HIDDEN).map(str::to_owned).collect();
    let last = parts.len() - 1;
    for (nth, part) in parts.iter_mut().enumerate() {
        if nth > 0 {
            *part = part.trim_start_matches(of_number).to_owned();
        }
        if nth < last {
            *part = part.trim_end_matches(of_number).to_owned();
        }
    }
    let trimmed = parts.iter().map(|part| part.trim().to_owned());
    trimmed
        .filter(|part| part.chars().any(char::is_alphanumeric))
        .collect()
}

/// A time on the flow's clock, in whole seconds.
fn on_the_clock(at: Timestamp, flow: &Flow) -> DateTime {
    let at = flow.zone.to_datetime(at);
    at.with().subsec_nanosecond(0).build().unwrap_or(at)
}

#[cfg(test)]
mod tests;
