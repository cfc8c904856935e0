//! A valid flow: what [`check`](super::check) builds when a file holds no error. Every step that is named exists, every
//! template parses, every retry ends.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;

use super::hours::Hours;
use super::template::Template;
use crate::call::PhoneNumber;
use crate::outbound::{Destinations, Refused};
use crate::text::name;

mod asking;
mod center;
mod within;

pub use asking::{Decide, Lookup, Method, Return, Sent, Use};
pub use center::{Callback, CallbackWhen, Handoff, PauseRecording};
pub use within::Within;

/// The voice of a flow that names none: the one in the platform's own guides.
pub const GUIDE_VOICE: &str = "en-US-BenjaminRUS";

/// The language of a flow that names none.
pub const ONLY_LANGUAGE: &str = "en";

// Each is taken as it is: `check` has looked at those of a file.
name! {
    /// A flow's id: `a-z 0-9 _ -`.
    FlowId
}
name! {
    /// Which texts a flow was made from: the first 12 hexadecimal digits of the SHA-256 of its file and of those that it uses.
    FlowVersion
}
name! {
    /// A step's name: `a-z 0-9 _`; that of a sub-flow's step behind the name of the step that uses it: `verify.ref`.
    StepName
}
name! {
    /// A language's code, such as `en`.
    Language
}
name! {
    /// A variable's name: `a-z 0-9 _`, with dots between the parts of a dotted one.
    VariableName
}
name! {
    /// The keys that choose a way in a menu: `1`, `12`, `*`, `#`.
    Keys
}

/// A flow without a fault.
#[derive(Debug, Clone, PartialEq)]
pub struct Flow {
    /// Its id, unique among the flows of a server.
    pub id: FlowId,
    /// Which text it was made from.
    pub version: FlowVersion,
    /// What people call it.
    pub name: Option<String>,
    /// Where a call begins.
    pub start: StepName,
    /// Whose calls it takes.
    pub answers: Answers,
    /// The variables that whoever starts a call on it has to hand in.
    pub needs: BTreeSet<VariableName>,
    /// The languages it speaks.
    pub languages: Languages,
    /// How fast it speaks, 0.5 to 2.0.
    pub speed: f32,
    /// Callers who get it although another flow answers their call.
    pub preview: Vec<PhoneNumber>,
    /// The time zone that it is at home in.
    pub zone: TimeZone,
    /// Opening hours by name.
    pub hours: BTreeMap<String, Hours>,
    /// Its steps by name.
    pub steps: BTreeMap<StepName, Step>,
}

/// The virtual numbers whose inbound calls a flow takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answers {
    /// These, perhaps none.
    Numbers(Vec<PhoneNumber>),
    /// Every number that no other flow answers.
    Any,
}

/// The languages of a flow and their voices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Languages {
    /// The one that a call begins in. It has a voice.
    pub default: Language,
    /// The platform's voice of each.
    pub voices: BTreeMap<Language, String>,
}

impl Languages {
    /// The voice of `language`, or the default language's when it has none of its own.
    pub fn voice(&self, language: &Language) -> &str {
        self.voices
            .get(language)
            .or_else(|| self.voices.get(&self.default))
            .map_or(GUIDE_VOICE, String::as_str)
    }
}

/// Something said alike in every language, or in each its own way.
#[derive(Debug, Clone, PartialEq)]
pub enum PerLanguage<T> {
    /// One for all.
    All(T),
    /// One each. Never empty.
    Each(BTreeMap<Language, T>),
}

impl<T> PerLanguage<T> {
    /// The one for `language`, else that for `default`.
    pub fn get(&self, language: &Language, default: &Language) -> Option<&T> {
        match self {
            Self::All(one) => Some(one),
            Self::Each(each) => each.get(language).or_else(|| each.get(default)),
        }
    }

    /// The same of something else.
    pub fn map<U>(&self, other: impl Fn(&T) -> U) -> PerLanguage<U> {
        match self {
            Self::All(one) => PerLanguage::All(other(one)),
            Self::Each(each) => {
                let each = each.iter();
                PerLanguage::Each(each.map(|(code, it)| (code.clone(), other(it))).collect())
            }
        }
    }
}

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Offers keys.
    Menu(Menu),
    /// Asks for digits.
    Ask(Ask),
    /// Says or plays something and goes on.
    Message(Message),
    /// Connects the caller to somebody.
    Connect(Connect),
    /// Asks the clock, or a variable, where to go on.
    Decide(Decide),
    /// Asks somebody's system.
    Lookup(Box<Lookup>),
    /// Has a queue of the Contact Center take the call over.
    Handoff(Box<Handoff>),
    /// Has the Contact Center call somebody back.
    Callback(Box<Callback>),
    /// Hands the call to a sub-flow.
    Use(Use),
    /// Ends a sub-flow.
    Return(Return),
    /// Ends the call.
    End(End),
}

impl Step {
    /// The kind as the file's table header names it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Menu(_) => "menu",
            Self::Ask(_) => "ask",
            Self::Message(_) => "message",
            Self::Connect(_) => "connect",
            Self::Decide(_) => "decide",
            Self::Lookup(_) => "lookup",
            Self::Handoff(_) => "handoff",
            Self::Callback(_) => "callback",
            Self::Use(_) => "use",
            Self::Return(_) => "return",
            Self::End(_) => "end",
        }
    }

    /// Whether a reply may end here, to be answered by the next webhook.
    pub fn waits(&self) -> bool {
        match self {
            Self::Menu(_) | Self::Ask(_) | Self::Connect(_) => true,
            Self::Lookup(lookup) => lookup.while_waiting.is_some(),
            _ => false,
        }
    }
}

/// Where a call goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// At this step, which exists.
    Step(StepName),
    /// Nowhere: hang up.
    End,
    /// At the same step again.
    Repeat,
}

/// `[menu.X]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Menu {
    /// What callers hear when they come.
    pub say: PerLanguage<Template>,
    /// What they hear when it is said again.
    pub say_again: Option<PerLanguage<Template>>,
    /// A recording that is played before `say`.
    pub play: Option<PerLanguage<String>>,
    /// Whether all languages are spoken, one after another in the order of [`speaking_order`](Flow::speaking_order).
    pub every_language: bool,
    /// The ways out. Never empty.
    pub press: BTreeMap<Keys, Press>,
    /// What happens on a wrong key and on silence.
    pub retry: Retry,
}

/// One way out of a menu.
#[derive(Debug, Clone, PartialEq)]
pub struct Press {
    /// Where it leads.
    pub go: Target,
    /// What is said on the way.
    pub say: Option<PerLanguage<Template>>,
    /// The variables it sets.
    pub set: BTreeMap<VariableName, Template>,
    /// The language it switches to.
    pub language: Option<Language>,
}

/// How wrong tries are met. One counter serves wrong keys and silence.
#[derive(Debug, Clone, PartialEq)]
pub struct Retry {
    /// How many tries there are in all, 1 to 9.
    pub tries: u8,
    /// How long the first key is waited for, in milliseconds.
    pub wait_ms: u32,
    /// What is said after the n-th wrong try when it was silence, the last text repeating. May be empty.
    pub no_input: PerLanguage<Vec<Template>>,
    /// The same when it was a wrong key.
    pub no_match: PerLanguage<Vec<Template>>,
    /// Where the last wrong try leads.
    pub give_up: Target,
}

/// `[ask.X]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// What callers hear when they come.
    pub say: PerLanguage<Template>,
    /// What they hear when it is said again.
    pub say_again: Option<PerLanguage<Template>>,
    /// The fewest digits, at least 1.
    pub min_digits: u8,
    /// The most digits, at most 25.
    pub max_digits: u8,
    /// Whether the hash key ends the entry.
    pub hash_ends: bool,
    /// The variable that takes the digits.
    pub save: VariableName,
    /// Whether the digits are a secret.
    pub secret: bool,
    /// The recording that falls silent while they are entered.
    pub pause: Option<Box<PauseRecording>>,
    /// Where a good entry leads.
    pub go: Target,
    /// What happens on a wrong entry and on silence.
    pub retry: Retry,
}

/// `[message.X]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// What is said or played.
    pub utterance: Utterance,
    /// How many times, 1 to 3.
    pub repeat: u8,
    /// Where the call goes on.
    pub go: Target,
}

/// Something that callers hear.
#[derive(Debug, Clone, PartialEq)]
pub enum Utterance {
    /// A spoken text.
    Say(PerLanguage<Template>),
    /// A recording's address.
    Play(PerLanguage<String>),
}

/// `[connect.X]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Connect {
    /// Who is called.
    pub number: PhoneNumber,
    /// What the caller hears first.
    pub say: Option<PerLanguage<Template>>,
    /// Whether the conversation is recorded.
    pub record: bool,
    /// Where the call goes on when the line is busy.
    pub busy: Target,
    /// … when nobody answers.
    pub no_answer: Target,
    /// … when the call cannot be placed, may not be, and when our own number is not known.
    pub failed: Target,
    /// … when they have spoken and the caller is still there.
    pub after: Target,
}

/// `[end.X]`.
#[derive(Debug, Clone, PartialEq)]
pub struct End {
    /// What callers hear last.
    pub utterance: Option<Utterance>,
}

impl Flow {
    /// The step called `name`.
    pub fn step(&self, name: &StepName) -> Option<&Step> {
        self.steps.get(name)
    }

    /// The languages in the order that a menu for every language speaks them: the default first, then by code.
    pub fn speaking_order(&self) -> impl Iterator<Item = &Language> {
        let default = &self.languages.default;
        std::iter::once(default).chain(
            self.languages
                .voices
                .keys()
                .filter(move |language| *language != default),
        )
    }

    /// The connects whose number may not be called, as far as the flow itself tells where its calls come from.
    pub fn refused(&self, destinations: &Destinations) -> Vec<(&StepName, Refused)> {
        let connects = self.steps.iter().filter_map(|(name, step)| match step {
            Step::Connect(connect) => Some((name, &connect.number)),
            _ => None,
        });
        let why = |number: &PhoneNumber| match &self.answers {
            Answers::Numbers(ours) if !ours.is_empty() => ours
                .iter()
                .map(|ours| destinations.allow(number, ours).err())
                .collect::<Option<Vec<_>>>()
                .and_then(|refused| refused.first().copied()),
            // Its calls come to any number of ours, in whichever country.
            _ => destinations.ever(number).err(),
        };
        connects
            .filter_map(|(name, number)| Some((name, why(number)?)))
            .collect()
    }

    /// Whether it pauses agents' recordings.
    pub fn pauses_recordings(&self) -> bool {
        let pauses = |step: &Step| matches!(step, Step::Ask(ask) if ask.pause.is_some());
        self.steps.values().any(pauses)
    }

    /// Whether the digits taken at `step` are a secret.
    pub fn is_secret(&self, step: &StepName) -> bool {
        matches!(self.step(step), Some(Step::Ask(ask)) if ask.secret)
    }
}
