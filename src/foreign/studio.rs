//! Flows of Twilio Studio (JSON): `states`, each a widget with its properties, and transitions to the next.

mod asking;
mod liquid;
mod saying;

use std::collections::BTreeSet;

use super::NoMenu;
use super::draft::{Draft, Telling};
use super::tree::Tree;

/// Where a call goes that a widget leaves without saying where.
const END: &str = "end";

/// The properties that change no call here, and why.
const HARMLESS: [(&str, &str); 5] = [
    (
        "offset",
        "where a widget lies on Studio's canvas; a flow has none",
    ),
    ("speech_model", "speech is not recognised here"),
    ("profanity_filter", "speech is not recognised here"),
    ("speech_timeout", "speech is not recognised here"),
    ("gather_language", "speech is not recognised here"),
];

/// The properties that have no place, and what to write instead.
const PLACELESS: [(&str, &str); 10] = [
    ("voice", "voice in [defaults], or CODE.voice in [languages]"),
    ("language", "CODE.voice in [languages]"),
    ("hints", "a key for each choice"),
    ("finish_on_key", "end_key = \"hash\" in an [ask]"),
    ("stop_gather", "digits in an [ask]"),
    ("loop", "repeat, 1 to 3, in a [message]"),
    ("from", ""),
    ("caller_id", ""),
    ("timeout", "wait in a [menu] or an [ask]"),
    ("record", "record = true in the [connect]"),
];

/// Widgets that have no counterpart, and what to write instead.
const HINTS: [(&str, &str); 12] = [
    (
        "record-voicemail",
        "a [connect] to a number with a voice mail, or a [callback]",
    ),
    (
        "send-message",
        "a [lookup] of a service of yours that sends the message",
    ),
    ("run-function", "a [lookup] of the function's address"),
    ("run-subflow", "a [use] of the other flow's file"),
    (
        "set-variables",
        "set.NAME in a key: { go = \"...\", set.day = \"today\" }",
    ),
    ("enqueue-call", "a [handoff] with the queue's id"),
    ("send-to-flex", "a [handoff] with the queue's id"),
    ("add-twiml-redirect", "the steps of what stood there"),
    ("capture-payments", ""),
    ("call-recording", "record = true in a [connect]"),
    (
        "make-outgoing-call-v2",
        "`callwright call`, which starts a call on a flow",
    ),
    ("fork-stream", ""),
];

/// A flow being carried over.
struct Studio<'t> {
    states: Vec<&'t Tree>,
    draft: Draft,
    /// The splits and the answers to wrong keys that have become a part of a menu.
    merged: BTreeSet<String>,
}

pub(super) fn carry(tree: &Tree) -> Result<Draft, NoMenu> {
    let states = tree
        .child("states")
        .map_or(&[][..], |states| &states.children);
    let mut studio = Studio {
        states: states.iter().collect(),
        draft: Draft::from("Twilio Studio"),
        merged: BTreeSet::new(),
    };
    let start = tree.take("initial_state").unwrap_or("Trigger");
    let trigger = studio
        .state(start)
        .ok_or(NoMenu::Empty("this JSON has no state that begins it"))?;
    let Some(first) = next(trigger, "incomingCall") else {
        return Err(NoMenu::Empty(
            "nothing in this flow answers an incoming call",
        ));
    };
    studio.head(tree, trigger);
    studio.draft.start = studio.step(Some(first));
    if studio.draft.start == END {
        return Err(NoMenu::Empty(
            "an incoming call leads to no widget of this flow",
        ));
    }
    studio.merge();
    for state in studio.states.clone() {
        studio.carry(state);
    }
    Ok(studio.draft)
}

/// The transitions of a widget.
fn transitions(state: &Tree) -> impl Iterator<Item = &Tree> {
    let all = state
        .child("transitions")
        .map_or(&[][..], |all| &all.children);
    all.iter()
}

/// Where an event leads; not taken.
fn next<'t>(state: &'t Tree, event: &str) -> Option<&'t str> {
    let mut all = transitions(state);
    let found = all.find(|it| it.peek("event") == Some(event));
    found.and_then(|it| it.peek("next"))
}

fn name_of(state: &Tree) -> &str {
    state.peek("name").unwrap_or_default()
}

fn kind_of(state: &Tree) -> &str {
    state.peek("type").unwrap_or_default()
}

fn property<'t>(state: &'t Tree, name: &str) -> Option<&'t str> {
    state.child("properties")?.peek(name)
}

/// A property that is in the flow.
fn taken<'t>(state: &'t Tree, name: &str) -> Option<&'t str> {
    state.child("properties")?.take(name)
}

impl<'t> Studio<'t> {
    /// What stands above the states.
    fn head(&mut self, tree: &'t Tree, trigger: &'t Tree) {
        if let Some(words) = tree.take("description") {
            self.draft.notes.push(words.to_owned());
        }
        if let Some(flags) = tree.child("flags") {
            let why = "how Studio runs the flow; calls here are always carried side by side";
            self.draft.tell_harmless(
                flags,
                Telling {
                    what: "flags".to_owned(),
                    why,
                    instead: "",
                },
            );
        }
        self.named(trigger);
        for transition in transitions(trigger) {
            let event = transition.peek("event").unwrap_or_default();
            match (event, transition.peek("next")) {
                ("incomingCall", _) | (_, None) => transition.taken(),
                (event, Some(next)) => self.draft.tell(
                    transition,
                    Telling {
                        what: format!("{event}, which leads to {next:?}"),
                        why: "a flow begins by a call that comes in",
                        instead: "",
                    },
                ),
            }
        }
    }

    fn state(&self, name: &str) -> Option<&'t Tree> {
        self.states
            .iter()
            .copied()
            .find(|state| name_of(state) == name)
    }

    /// The step for the widget of this name; without one the call ends.
    fn step(&mut self, name: Option<&str>) -> String {
        match name.and_then(|name| self.state(name)) {
            Some(state) if kind_of(state) != "trigger" => self.draft.name(name_of(state)),
            _ => END.to_owned(),
        }
    }

    /// Where an event leads, taken into the flow; a widget that is not there is told.
    fn leads(&mut self, state: &'t Tree, event: &str) -> String {
        let mut found = transitions(state).filter(|it| it.peek("event") == Some(event));
        let Some(transition) = found.next() else {
            return END.to_owned();
        };
        self.leads_by(transition)
    }

    fn leads_by(&mut self, transition: &'t Tree) -> String {
        let next = transition.peek("next");
        for name in ["event", "next"] {
            if let Some(it) = transition.child(name) {
                it.taken();
            }
        }
        if let Some(name) = next.filter(|name| self.state(name).is_none()) {
            self.draft.remark(
                transition.line,
                Telling {
                    what: format!("next {name:?}"),
                    why: "no widget has this name: the call ends",
                    instead: "",
                },
            );
        }
        self.step(next)
    }

    /// A widget's name and type are those of its step.
    fn named(&self, state: &'t Tree) {
        for name in ["name", "type"] {
            if let Some(it) = state.child(name) {
                it.taken();
            }
        }
    }

    fn carry(&mut self, state: &'t Tree) {
        if self.merged.contains(name_of(state)) {
            if kind_of(state) == "say-play" {
                self.named(state);
                self.leads(state, "audioComplete");
            }
            return self.rest(state);
        }
        match kind_of(state) {
            "trigger" => {}
            "say-play" => self.say(state),
            "gather-input-on-call" => self.gather(state),
            "split-based-on" => self.split(state),
            "connect-call-to" => self.connect(state),
            "make-http-request" => self.request(state),
            kind => {
                let hint = HINTS.iter().find(|(known, _)| *known == kind);
                let why = format!("{kind} has no counterpart");
                self.unknown(state, &why, hint.map_or("", |(_, hint)| *hint));
            }
        }
        self.rest(state);
    }

    /// A step that says that something is missing stands in a widget's place.
    fn unknown(&mut self, state: &'t Tree, why: &str, instead: &str) {
        let name = name_of(state);
        self.draft.stand_in(name, state.line);
        let what = format!("widget {name:?} ({})", state.summary());
        let why = format!("{why}; a step that says so stands in");
        self.draft.tell(
            state,
            Telling {
                what,
                why: &why,
                instead,
            },
        );
    }

    /// The properties that are known to have no place.
    fn rest(&mut self, state: &'t Tree) {
        for transition in transitions(state) {
            if transition.peek("next").is_none()
                && transition
                    .child("conditions")
                    .is_none_or(|it| it.children.is_empty())
            {
                // An event that leads nowhere ends the call there, as here.
                transition.taken();
            }
        }
        let Some(properties) = state.child("properties") else {
            return;
        };
        for property in properties
            .children
            .iter()
            .filter(|it| it.unread_leaves() > 0)
        {
            let value = property.value.as_deref();
            let what = format!(
                "{} {:?} of widget {:?}",
                property.name,
                value.unwrap_or("{…}"),
                name_of(state)
            );
            let harmless = HARMLESS.iter().find(|(name, _)| *name == property.name);
            let placeless = PLACELESS.iter().find(|(name, _)| *name == property.name);
            let is_nothing =
                matches!(value, Some("" | "1" | "false")) && property.name != "number_of_digits";
            if let Some((name, why)) = harmless {
                self.draft.tell_harmless(
                    property,
                    Telling {
                        what: (*name).to_owned(),
                        why,
                        instead: "",
                    },
                );
            } else if is_nothing {
                let what = format!("{} {:?}", property.name, value.unwrap_or_default());
                self.draft.tell_harmless(
                    property,
                    Telling {
                        what,
                        why: "it asks for nothing",
                        instead: "",
                    },
                );
            } else if let Some((_, instead)) = placeless {
                let rings = kind_of(state) == "connect-call-to" && property.name == "timeout";
                let instead = if rings { "" } else { *instead };
                self.draft.tell(
                    property,
                    Telling {
                        what,
                        why: "this widget's step has no place for it",
                        instead,
                    },
                );
            }
        }
    }
}
