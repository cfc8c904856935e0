//! The flows as the page draws them.

use serde::Serialize;

use crate::flow::chart::{When, ways, words};
use crate::flow::model::{Answers, Step};
use crate::flow::{Flow, Library};

/// The number that is called where a flow answers any.
pub(super) const ANY_NUMBER: &str = "+6561110000";

/// One flow.
#[derive(Debug, Serialize)]
pub(super) struct Plan {
    id: String,
    name: Option<String>,
    version: String,
    /// The number that is called; `None` when it takes no calls.
    number: Option<String>,
    start: String,
    /// The language that a call begins in, then the others, each with its voice.
    languages: Vec<Spoken>,
    steps: Vec<Place>,
    ways: Vec<Way>,
}

#[derive(Debug, Serialize)]
struct Spoken {
    code: String,
    voice: String,
}

#[derive(Debug, Serialize)]
struct Place {
    name: String,
    kind: &'static str,
    says: Option<String>,
    secret: bool,
}

#[derive(Debug, Serialize)]
struct Way {
    from: String,
    /// `None` hangs up.
    to: Option<String>,
    when: &'static str,
    /// The word or the status, where it is one that makes a call take this way.
    word: Option<String>,
    keys: Option<String>,
    language: Option<String>,
}

/// All flows of a library, by id.
pub(super) fn plans(library: &Library) -> Vec<Plan> {
    library.all().into_iter().map(|flow| plan(flow)).collect()
}

/// The number by which `flow` is called.
pub(super) fn number(flow: &Flow) -> Option<String> {
    match &flow.answers {
        Answers::Numbers(numbers) => numbers.first().map(|number| number.with_plus()),
        Answers::Any => Some(ANY_NUMBER.to_owned()),
    }
}

fn plan(flow: &Flow) -> Plan {
    let steps = flow.steps.iter().map(|(name, step)| Place {
        name: name.to_string(),
        kind: step.kind(),
        says: words(flow, step),
        secret: matches!(step, Step::Ask(ask) if ask.secret),
    });
    let spoken = flow.speaking_order().map(|language| Spoken {
        code: language.to_string(),
        voice: flow.languages.voice(language).to_owned(),
    });
    Plan {
        id: flow.id.to_string(),
        name: flow.name.clone(),
        version: flow.version.to_string(),
        number: number(flow),
        start: flow.start.to_string(),
        languages: spoken.collect(),
        steps: steps.collect(),
        ways: ways(flow).into_iter().map(Way::new).collect(),
    }
}

impl Way {
    fn new(way: crate::flow::chart::Way<'_>) -> Self {
        let (when, keys, language) = match way.when {
            When::Pressed(keys, language) => ("pressed", Some(keys), language),
            When::Entered => ("entered", None, None),
            When::GaveUp => ("gave_up", None, None),
            When::Then => ("then", None, None),
            When::Busy => ("busy", None, None),
            When::NoAnswer => ("no_answer", None, None),
            When::Failed => ("failed", None, None),
            When::Spoke => ("spoke", None, None),
            When::Open => ("open", None, None),
            When::Closed => ("closed", None, None),
            When::Is(_) => ("is", None, None),
            When::Otherwise => ("otherwise", None, None),
            When::Answered => ("answered", None, None),
            When::Status(_) => ("status", None, None),
            When::Begins => ("begins", None, None),
            When::Returns => ("returns", None, None),
        };
        let word = match way.when {
            When::Is(word) => Some(word.to_owned()),
            When::Status(status) => Some(status.to_string()),
            _ => None,
        };
        Self {
            word,
            from: way.from.to_string(),
            to: way.to.map(ToString::to_string),
            when,
            keys: keys.map(ToString::to_string),
            language: language.map(ToString::to_string),
        }
    }
}
