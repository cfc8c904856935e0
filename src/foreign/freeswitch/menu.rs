//! A menu: its words, its tries, where it leads when they are used up.

use super::super::draft::{Draft, Step, Telling, offered, press, quoted, text};
use super::super::tree::Tree;
use super::{Menu, application};

/// The attributes that change no call here, and why.
const HARMLESS: [(&str, &str); 5] = [
    (
        "inter-digit-timeout",
        "the time between two keys is chosen by itself here",
    ),
    (
        "digit-len",
        "a menu takes as many digits as its longest key has",
    ),
    ("tts-engine", "8x8 speaks with voices of its own"),
    (
        "tts-voice",
        "8x8 speaks with voices of its own: see voice in [defaults]",
    ),
    ("confirm-attempts", "nothing is confirmed here"),
];

/// The attributes that have no place, what to write instead, and whether what they say is a secret.
const PLACELESS: [(&str, &str, bool); 6] = [
    (
        "pin",
        "an [ask] with secret = true before it, and a [lookup] that knows the PIN",
        true,
    ),
    (
        "pin-file",
        "an [ask] with secret = true before it, and a [lookup] that knows the PIN",
        false,
    ),
    ("bad-pin-file", "no_match of that [ask]", false),
    (
        "confirm-macro",
        "a [menu] that asks whether it was meant",
        false,
    ),
    (
        "confirm-key",
        "a [menu] that asks whether it was meant",
        false,
    ),
    ("transfer-sound", "say in the steps that connect", false),
];

/// What a sound is.
pub(super) enum Sound<'t> {
    /// Words to be spoken.
    Words(&'t str),
    /// A recording at an address.
    Address(&'t str),
    /// A file or a phrase of the machine that the menu was on.
    Elsewhere,
}

pub(super) fn sound(value: &str) -> Sound<'_> {
    let is_recording = [".wav", ".mp3"].iter().any(|end| value.ends_with(end));
    match value.strip_prefix("say:") {
        Some(words) if !words.trim().is_empty() => Sound::Words(words),
        _ if is_recording
            && value.starts_with("http")
            && value.contains("://")
            && !value.contains("${") =>
        {
            Sound::Address(value)
        }
        _ => Sound::Elsewhere,
    }
}

impl Menu<'_> {
    pub(super) fn carry(&self, draft: &mut Draft, start: &str) {
        let line = self.tree.line;
        let mut step = Step::new("menu", &self.name, line);
        let ways = self.ways(draft, start, &mut step.comments);
        let offers = || offered(ways.iter().map(|(key, to)| (key.as_str(), to.as_str())));
        let (say, play) = self.greeting(draft);
        let say = say.unwrap_or_else(offers);
        if ways.is_empty() {
            draft.remark(
                line,
                Telling {
                    what: format!("menu {:?}", self.foreign),
                    why: "none of its keys could be carried over: callers hear its words, and the call ends",
                    instead: "press.KEY, in a [menu] instead of the [end]",
                },
            );
            let mut end = Step::new("end", &self.name, line).with("say", text(&say));
            end.comments = step.comments;
            return draft.add(end);
        }
        step = step
            .with_some("play", play.map(quoted))
            .with("say", text(&say));
        let again = format!("what it says in say_again of [menu.{}]", self.name);
        step = step.with_some(
            "say_again",
            self.words(draft, "greet-short", &again).map(text),
        );
        for (key, to) in &ways {
            if let Some(key) = press(key) {
                step = step.with(&key, quoted(to));
            }
        }
        let says = format!("what it says in no_match of [menu.{}]", self.name);
        let wrong = self.words(draft, "invalid-sound", &says);
        step = step.with_some("no_match", wrong.map(|words| format!("[{}]", text(words))));
        step = step.with_some("tries", self.tries(draft));
        step = step.with_some("wait", self.wait(draft));
        let give_up = self.give_up(draft, start);
        draft.add(step.with("give_up", quoted(&give_up)));
        self.others(draft);
    }

    /// The words of the greeting, and its recording.
    fn greeting(&self, draft: &mut Draft) -> (Option<String>, Option<&str>) {
        let Some(greeting) = self.tree.child("greet-long") else {
            draft.remark(
                self.tree.line,
                Telling {
                    what: format!("menu {:?} has no greet-long", self.foreign),
                    why: "callers have to hear something: words made of its keys stand in",
                    instead: "your words in say",
                },
            );
            return (None, None);
        };
        let value = greeting.value.as_deref().unwrap_or_default();
        match sound(value) {
            Sound::Words(words) => {
                greeting.taken();
                (Some(words.to_owned()), None)
            }
            Sound::Address(address) => {
                greeting.taken();
                draft.remark(
                    greeting.line,
                    Telling {
                        what: format!("greet-long {value:?} of menu {:?}", self.foreign),
                        why: "8x8 takes no key after a recording alone: it is played, and then words made of the keys are spoken",
                        instead: "your words in say",
                    },
                );
                (None, Some(address))
            }
            Sound::Elsewhere => {
                let why = "this is a sound or a phrase of your FreeSWITCH: words made of the keys stand in";
                self.elsewhere(
                    draft,
                    greeting,
                    why,
                    &format!("what it says in say of [menu.{}]", self.name),
                );
                (None, None)
            }
        }
    }

    /// The words of a sound; one that has none is told, with what to write instead.
    fn words(&self, draft: &mut Draft, attribute: &str, instead: &str) -> Option<&str> {
        let place = self.tree.child(attribute)?;
        match sound(place.value.as_deref().filter(|value| !value.is_empty())?) {
            Sound::Words(words) => {
                place.taken();
                Some(words)
            }
            Sound::Address(_) | Sound::Elsewhere => {
                let why = "this is a sound or a phrase of your FreeSWITCH: it is left out";
                self.elsewhere(draft, place, why, instead);
                None
            }
        }
    }

    fn elsewhere(&self, draft: &mut Draft, place: &Tree, why: &str, instead: &str) {
        let value = place.value.as_deref().unwrap_or_default();
        let what = format!("{} {value:?} of menu {:?}", place.name, self.foreign);
        draft.tell(place, Telling { what, why, instead });
    }

    /// How many tries there are in all.
    fn tries(&self, draft: &mut Draft) -> Option<String> {
        let failures = self.tree.child("max-failures");
        let timeouts = self.tree.child("max-timeouts");
        let whole = |it: &Tree| {
            it.value
                .as_deref()?
                .trim()
                .parse::<u64>()
                .ok()
                .filter(|tries| (1..=9).contains(tries))
        };
        let (read, other) = match failures {
            Some(failures) => (failures, timeouts),
            None => (timeouts?, None),
        };
        let Some(tries) = whole(read) else {
            draft.tell(
                read,
                Telling {
                    what: format!(
                        "{} {:?} of menu {:?}",
                        read.name,
                        read.value.as_deref().unwrap_or_default(),
                        self.foreign
                    ),
                    why: "a menu has 1 to 9 tries, 3 where nothing is said",
                    instead: "tries = 9",
                },
            );
            return None;
        };
        read.taken();
        match other {
            Some(other) if whole(other) == Some(tries) => other.taken(),
            Some(other) => draft.tell(
                other,
                Telling {
                    what: format!(
                        "max-timeouts {:?} of menu {:?}",
                        other.value.as_deref().unwrap_or_default(),
                        self.foreign
                    ),
                    why: "one counter serves wrong keys and silence: it is that of max-failures",
                    instead: "",
                },
            ),
            None => {}
        }
        Some(tries.to_string())
    }

    /// How long the first key is waited for.
    fn wait(&self, draft: &mut Draft) -> Option<String> {
        let place = self.tree.child("timeout")?;
        let value = place.value.as_deref().unwrap_or_default();
        match value
            .trim()
            .parse::<u64>()
            .ok()
            .filter(|ms| (1_000..=60_000).contains(ms))
        {
            Some(ms) => {
                place.taken();
                Some(quoted(&match ms % 1000 {
                    0 => format!("{}s", ms / 1000),
                    _ => format!("{ms}ms"),
                }))
            }
            None => {
                draft.tell(
                    place,
                    Telling {
                        what: format!("timeout {value:?} of menu {:?}", self.foreign),
                        why: "the first key is waited for from 1 to 60 seconds, for 6 where nothing is said",
                        instead: "wait = \"10s\"",
                    },
                );
                None
            }
        }
    }

    /// Where the last wrong try leads.
    fn give_up(&self, draft: &mut Draft, start: &str) -> String {
        let failures = self.tree.child("exec-on-max-failures");
        let timeouts = self.tree.child("exec-on-max-timeouts");
        if let Some(place) = failures.or(timeouts) {
            let app = place.value.as_deref().unwrap_or_default();
            if let Some(other) = timeouts.filter(|_| failures.is_some()) {
                match other.value == place.value {
                    true => other.taken(),
                    false => draft.tell(
                        other,
                        Telling {
                            what: format!("exec-on-max-timeouts {:?} of menu {:?}", other.value.as_deref().unwrap_or_default(), self.foreign),
                            why: "one counter serves wrong keys and silence: both lead where exec-on-max-failures leads",
                            instead: "",
                        },
                    ),
                }
            }
            place.taken();
            let foreign = format!("{} gave up", self.foreign);
            let way = application::Way {
                foreign: &foreign,
                line: place.line,
                menu: self,
                start,
            };
            return way.of(draft, app);
        }
        match self.words(
            draft,
            "exit-sound",
            "what it says in an [end] that give_up leads to",
        ) {
            Some(words) => {
                let name = draft.name(&format!("{} goodbye", self.foreign));
                draft.add(Step::new("end", &name, self.tree.line).with("say", text(words)));
                name
            }
            None => "end".to_owned(),
        }
    }

    /// The attributes that are known to have no place.
    fn others(&self, draft: &mut Draft) {
        for (name, why) in HARMLESS {
            if let Some(place) = self.tree.child(name) {
                let what = format!("{name} {:?}", place.value.as_deref().unwrap_or_default());
                draft.tell_harmless(
                    place,
                    Telling {
                        what,
                        why,
                        instead: "",
                    },
                );
            }
        }
        for (name, instead, secret) in PLACELESS {
            let Some(place) = self.tree.child(name) else {
                continue;
            };
            let value = place.value.as_deref().unwrap_or_default();
            let what = match secret {
                true => format!("{name} of menu {:?}", self.foreign),
                false => format!("{name} {value:?} of menu {:?}", self.foreign),
            };
            let why = "a menu here has none";
            match value.is_empty() {
                true => draft.tell_harmless(
                    place,
                    Telling {
                        what: format!("{name} \"\""),
                        why: "it is empty",
                        instead: "",
                    },
                ),
                false => draft.tell(place, Telling { what, why, instead }),
            }
        }
    }
}
