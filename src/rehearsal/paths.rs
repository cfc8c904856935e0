//! The shortest call to every step and to every key of a flow, found by taking every way that the engine takes.
//!
//! A state is where a call waits, after how many wrong tries and in which language; variables tell no states apart, since no step
//! branches on them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::Visited;
use super::answers::answers;
use super::line::Verb;
use super::script::{Line, SOMEBODY, Scripted};
use crate::call::{Digits, PhoneNumber};
use crate::emulator::Fate;
use crate::flow::model::{Answers, Keys, Language, Step, StepName};
use crate::flow::step::{self, Call, Event, Turn};
use crate::flow::{Flow, Position, Progress};
use crate::outbound::{Country, Destinations};

/// How many needs one reply is followed through.
const MOST_NEEDS: usize = 6;

/// How many states are looked at: a flow has a handful for each step.
const MOST: usize = 100_000;

/// The shortest call to a step or a key.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// What it is the way to.
    pub to: Goal,
    /// When it begins, on the flow's clock.
    pub at: DateTime,
    /// What the caller and the world do.
    pub deeds: Vec<Verb>,
}

/// What a call can come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goal {
    /// A step.
    Step(StepName),
    /// A key of a menu.
    Key(StepName, Keys),
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step(step) => write!(f, "step {step}"),
            Self::Key(step, keys) => write!(f, "key {keys} of menu {step}"),
        }
    }
}

impl Path {
    /// Whether a call that visited this has come to it.
    pub fn leads(&self, visited: &Visited) -> bool {
        match &self.to {
            Goal::Step(step) => visited.steps.contains(step),
            Goal::Key(step, keys) => visited.keys.contains(&(step.clone(), keys.clone())),
        }
    }

    /// It as a call of a test file.
    pub fn scripted(&self) -> Scripted {
        let deeds: Vec<_> = self.deeds.iter().map(Verb::to_string).collect();
        let lines = self.deeds.iter().map(|verb| Line {
            span: 0..0,
            verb: verb.clone(),
        });
        Scripted {
            name: format!("the shortest call to {}: {}", self.to, deeds.join(", ")),
            lines: lines.collect(),
            at: self.at,
            ..Scripted::at_noon()
        }
    }
}

type State = (StepName, u8, Language);

/// What a call waits for, and how it came there.
struct Waiting {
    position: Position,
    deeds: Vec<Verb>,
}

struct Search<'a> {
    flow: &'a Flow,
    call: Call,
    /// When the calls that are looked at begin.
    at: DateTime,
    seen: BTreeSet<State>,
    open: VecDeque<Waiting>,
    found: Visited,
    paths: Vec<Path>,
}

/// The shortest calls to every step and key of `flow` that a call can come to, and those which none comes to. `countries` may be
/// called beside those of its own numbers.
pub fn shortest(flow: &Flow, countries: &[Country]) -> (Vec<Path>, Visited) {
    let own = match &flow.answers {
        Answers::Numbers(numbers) => numbers.clone(),
        Answers::Any => Vec::new(),
    };
    let called = own.first().cloned();
    let call = Call {
        id: "rehearsal".to_owned(),
        caller: Some(PhoneNumber::new(SOMEBODY)),
        called: Some(called.unwrap_or_else(|| PhoneNumber::new(super::play::ANY_NUMBER))),
        caller_country: None,
        destinations: Arc::new(Destinations::new(own, countries.to_vec())),
        began: Timestamp::UNIX_EPOCH,
        now: Timestamp::UNIX_EPOCH,
        replies: 0,
    };
    let mut search = Search {
        flow,
        call,
        at: Scripted::at_noon().at,
        seen: BTreeSet::new(),
        open: VecDeque::new(),
        found: Visited::default(),
        paths: Vec::new(),
    };
    for at in moments(flow) {
        search.call.now = flow.zone.to_timestamp(at).unwrap_or_default();
        search.at = at;
        search.seen.clear();
        if let Ok(progress) = step::start(flow, &search.call, BTreeMap::new()) {
            search.settle(progress, &[], 0);
        }
        while let Some(waiting) = search.open.pop_front() {
            search.leave(&waiting);
        }
    }
    let everything = Visited::everything(flow);
    let missing = Visited {
        steps: everything
            .steps
            .difference(&search.found.steps)
            .cloned()
            .collect(),
        keys: everything
            .keys
            .difference(&search.found.keys)
            .cloned()
            .collect(),
    };
    (search.paths, missing)
}

/// When calls are looked at: at noon, and, where the clock decides, every hour of a week.
fn moments(flow: &Flow) -> Vec<DateTime> {
    let noon = Scripted::at_noon().at;
    let hours = match flow.hours.is_empty() {
        true => 0..1,
        false => 0..7 * 24,
    };
    hours
        .filter_map(|hour| noon.checked_add(jiff::Span::new().hours(hour)).ok())
        .collect()
}

impl Search<'_> {
    /// A call has come this far, by these deeds. What it needs of the world is met in every way that leads elsewhere.
    fn settle(&mut self, progress: Progress, deeds: &[Verb], depth: usize) {
        let paused = match progress {
            Progress::Turn(turn) => return self.arrive(turn, deeds.to_vec()),
            Progress::Needs(paused) if depth < MOST_NEEDS => paused,
            Progress::Needs(_) => return,
        };
        for (verb, met) in answers(self.flow, &paused.need) {
            let deeds = [deeds, &[verb]].concat();
            if let Ok(progress) = paused.clone().resume(self.flow, &self.call, &met) {
                self.settle(progress, &deeds, depth + 1);
            }
        }
    }

    /// A call has come to where `turn` leaves it, by these deeds.
    fn arrive(&mut self, turn: Turn, deeds: Vec<Verb>) {
        for step in turn.path {
            if self.found.steps.insert(step.clone()) {
                let (to, deeds) = (Goal::Step(step), deeds.clone());
                let at = self.at;
                self.paths.push(Path { to, at, deeds });
            }
        }
        let Some(position) = turn.next else { return };
        let state = (
            position.step.clone(),
            position.wrong_tries,
            position.language.clone(),
        );
        if self.seen.len() < MOST && self.seen.insert(state) {
            self.open.push_back(Waiting { position, deeds });
        }
    }

    /// Takes every way that leads from where a call waits.
    fn leave(&mut self, waiting: &Waiting) {
        let from = &waiting.position.step;
        for (deed, event) in self.events(from) {
            let mut deeds = waiting.deeds.clone();
            deeds.extend(deed);
            let key = event
                .digits
                .as_ref()
                .map(|digits| Keys::new(digits.as_str()));
            let key = key.filter(|key| match self.flow.step(from) {
                Some(Step::Menu(menu)) => menu.press.contains_key(key),
                _ => false,
            });
            if let Some(key) = key
                && self.found.keys.insert((from.clone(), key.clone()))
            {
                self.paths.push(Path {
                    at: self.at,
                    to: Goal::Key(from.clone(), key),
                    deeds: deeds.clone(),
                });
            }
            if let Ok(progress) = step::step(self.flow, &self.call, &waiting.position, &event) {
                self.settle(progress, &deeds, 0);
            }
        }
    }

    /// What can happen at a step that waits, each with the line that says so.
    fn events(&self, step: &StepName) -> Vec<(Option<Verb>, Event)> {
        let keys = |keys: &str| Event {
            digits: Some(Digits::new(keys)),
            sip_code: None,
        };
        let fate = |fate, sip_code| {
            let (digits, sip_code) = (None, Some(sip_code));
            (Verb::Meets(fate), Event { digits, sip_code })
        };
        let done: Vec<(Verb, Event)> = match self.flow.step(step) {
            // It goes on by itself once its words were heard.
            Some(Step::Lookup(_)) => return vec![(None, Event::default())],
            Some(Step::Menu(menu)) => {
                let pressed = menu.press.keys().map(|it| {
                    let written = it.as_str();
                    (Verb::Press(written.to_owned()), keys(written))
                });
                pressed.chain([(Verb::Silence, Event::default())]).collect()
            }
            Some(Step::Ask(ask)) => {
                let digits = "4".repeat(usize::from(ask.min_digits));
                let typed = match ask.hash_ends && ask.min_digits < ask.max_digits {
                    true => format!("{digits}#"),
                    false => digits.clone(),
                };
                vec![
                    (Verb::Type(typed), keys(&digits)),
                    (Verb::Silence, Event::default()),
                ]
            }
            Some(Step::Connect(_)) => vec![
                fate(Fate::Busy, 486),
                fate(Fate::NoAnswer, 480),
                fate(Fate::Fails, 503),
                fate(Fate::Answers { talks_ms: None }, 200),
            ],
            _ => Vec::new(),
        };
        done.into_iter()
            .map(|(deed, event)| (Some(deed), event))
            .collect()
    }
}
