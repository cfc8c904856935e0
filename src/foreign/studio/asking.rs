//! Widgets that gather keys, and those that split by them: together a menu; alone an `ask`, a `decide`.

use super::super::draft::{Step, Telling, offered, press, quoted, template};
use super::super::tree::Tree;
use super::{END, Studio, kind_of, name_of, next, property, taken, transitions};

/// What a split does with one value.
struct Way<'t> {
    transition: &'t Tree,
    condition: &'t Tree,
    value: &'t str,
}

impl<'t> Studio<'t> {
    /// The split that takes a gather's keys.
    fn split_of(&self, gather: &Tree) -> Option<&'t Tree> {
        let split = self.state(next(gather, "keypress")?)?;
        let input = property(split, "input").unwrap_or_default();
        let own = format!("widgets.{}.Digits", name_of(gather));
        let inside = input
            .trim()
            .strip_prefix("{{")
            .and_then(|rest| rest.strip_suffix("}}"));
        (kind_of(split) == "split-based-on" && inside.map(str::trim) == Some(own.as_str()))
            .then_some(split)
    }

    /// Whether a gather is a menu: its keys are told apart by a split, and are single ones.
    pub(super) fn is_menu(&self, gather: &Tree) -> bool {
        let keys = self
            .split_of(gather)
            .map(|split| ways(split).filter(|way| is_keys(way)).count());
        keys.is_some_and(|keys| keys > 0)
    }

    /// Notes the splits, and the words for wrong keys, that become a part of a menu.
    pub(super) fn merge(&mut self) {
        for gather in self.states.clone() {
            if kind_of(gather) != "gather-input-on-call" || !self.is_menu(gather) {
                continue;
            }
            let Some(split) = self.split_of(gather) else {
                continue;
            };
            let name = name_of(split);
            let leads_there =
                |state: &&&Tree| transitions(state).any(|it| it.peek("next") == Some(name));
            if self.states.iter().filter(leads_there).count() == 1 {
                self.merged.insert(name.to_owned());
            }
            for again in [next(gather, "timeout"), next(split, "noMatch")] {
                let Some(again) = self.says_again(gather, again).map(name_of) else {
                    continue;
                };
                let strangers = self.states.iter().filter(|state| {
                    let is_own = [name_of(gather), name].contains(&name_of(state));
                    !is_own && transitions(state).any(|it| it.peek("next") == Some(again))
                });
                if strangers.count() == 0 {
                    self.merged.insert(again.to_owned());
                }
            }
        }
    }

    pub(super) fn gather(&mut self, state: &'t Tree) {
        self.named(state);
        for transition in transitions(state) {
            if transition.peek("event") == Some("speech") && transition.peek("next").is_some() {
                let to = transition.peek("next").unwrap_or_default();
                let what = format!(
                    "speech of widget {:?}, which leads to {to:?}",
                    name_of(state)
                );
                self.draft.tell(
                    transition,
                    Telling {
                        what,
                        why: "speech is not recognised here: keys alone",
                        instead: "a key for what was said",
                    },
                );
            }
        }
        match self.is_menu(state) {
            true => self.menu(state),
            false => self.ask(state),
        }
    }

    /// How long the first key is waited for.
    fn wait(&mut self, state: &'t Tree) -> Option<String> {
        let seconds = property(state, "timeout")?.parse::<u64>().ok()?;
        (1..=60).contains(&seconds).then(|| {
            taken(state, "timeout");
            format!("\"{seconds}s\"")
        })
    }

    /// A message that leads straight back to `gather`: words for a wrong try, rather than a way out.
    fn says_again(&self, gather: &Tree, name: Option<&str>) -> Option<&'t Tree> {
        let state = self.state(name?)?;
        let back = next(state, "audioComplete") == Some(name_of(gather));
        (kind_of(state) == "say-play" && back && property(state, "say").is_some()).then_some(state)
    }

    /// What follows a wrong key and silence: the texts, and the way out.
    fn retry(&mut self, state: &'t Tree, no_match: Option<&'t str>, mut step: Step) -> Step {
        let silence = next(state, "timeout");
        let mut give_up = self.leads(state, "timeout");
        let mut tries = "1";
        for (key, name) in [("no_input", silence), ("no_match", no_match)] {
            if let Some(again) = self.says_again(state, name) {
                tries = "3";
                if let Some(words) = self.text_of(again, "say") {
                    step = step.with(key, format!("[{words}]"));
                }
            }
        }
        let own = Some(name_of(state));
        if silence == own || self.says_again(state, silence).is_some() {
            tries = "3";
            give_up = END.to_owned();
        }
        if no_match == own {
            tries = "3";
        } else if self.says_again(state, no_match).is_none()
            && no_match != silence
            && no_match.is_some()
            && silence.is_none()
        {
            give_up = self.step(no_match);
        }
        let alike = no_match == silence || no_match.is_none() || tries == "3";
        if !alike || tries == "3" {
            self.draft.remark(
                state.line,
                Telling {
                    what: format!("timeout and noMatch of widget {:?}", name_of(state)),
                    why: match tries {
                        "3" => "asked again without end in Studio: here 3 times, then give_up",
                        _ => "one way out serves wrong keys and silence: give_up",
                    },
                    instead: "tries, no_input, no_match and give_up as you want them",
                },
            );
        }
        step.with("tries", tries).with("give_up", quoted(&give_up))
    }

    fn menu(&mut self, state: &'t Tree) {
        let Some(split) = self.split_of(state) else {
            return;
        };
        self.leads(state, "keypress");
        let keys = self.keys(split);
        let name = self.draft.name(name_of(state));
        let offers = offered(keys.iter().map(|(key, to)| (key.as_str(), to.as_str())));
        let mut step = Step::new("menu", &name, state.line);
        if let Some(address) = Self::recording(state) {
            taken(state, "play");
            step = step.with("play", quoted(address));
        }
        let say = self.text_of(state, "say");
        if say.is_none() {
            self.draft.remark(
                state.line,
                Telling {
                    what: format!("widget {:?} says nothing", name_of(state)),
                    why: "words made of its keys stand in",
                    instead: "your words in say",
                },
            );
        }
        step = step.with("say", say.unwrap_or_else(|| template(&offers)));
        for (key, to) in &keys {
            if let Some(key) = press(key) {
                step = step.with(&key, quoted(to));
            }
        }
        if property(state, "number_of_digits") == Some("1") {
            let digits = state
                .child("properties")
                .and_then(|it| it.child("number_of_digits"));
            if let Some(digits) = digits {
                let why = "a menu takes as many digits as its longest key has";
                self.draft.tell_harmless(
                    digits,
                    Telling {
                        what: "number_of_digits".to_owned(),
                        why,
                        instead: "",
                    },
                );
            }
        }
        step = step.with_some("wait", self.wait(state));
        let no_match = next(split, "noMatch");
        step = self.retry(state, no_match, step);
        self.draft.add(step);
    }

    /// The keys of a split, each with where it leads.
    fn keys(&mut self, split: &'t Tree) -> Vec<(String, String)> {
        if let Some(input) = split.child("properties").and_then(|it| it.child("input")) {
            input.taken();
        }
        self.named(split);
        let mut keys: Vec<(String, String)> = Vec::new();
        for way in ways(split) {
            let known = |key: &str| {
                keys.iter()
                    .any(|(known, _)| known.starts_with(key) || key.starts_with(known.as_str()))
            };
            if !is_keys(&way) || way.value.split(',').any(|key| known(key.trim())) {
                self.refuse(
                    split,
                    &way,
                    "a menu branches on keys, each of which begins like no other",
                    "press.KEY, or an [ask] and a [decide]",
                );
                continue;
            }
            let to = self.condition(&way);
            for key in way.value.split(',') {
                keys.push((key.trim().to_owned(), to.clone()));
            }
        }
        for transition in transitions(split).filter(|it| it.peek("event") == Some("noMatch")) {
            self.leads_by(transition);
            transition.taken();
        }
        keys
    }

    /// Tells of a condition that has no place, with where it leads.
    fn refuse(&mut self, split: &'t Tree, way: &Way<'t>, why: &str, instead: &str) {
        let alone = way
            .transition
            .child("conditions")
            .is_some_and(|all| all.children.len() == 1);
        let of = if alone { way.transition } else { way.condition };
        let what = format!("{} of widget {:?}", of.summary(), name_of(split));
        self.draft.tell(of, Telling { what, why, instead });
    }

    /// Takes a condition into the flow; where it leads.
    fn condition(&mut self, way: &Way<'t>) -> String {
        for name in ["value", "type", "arguments"] {
            if let Some(it) = way.condition.child(name) {
                it.taken();
            }
        }
        if let Some(friendly) = way.condition.child("friendly_name") {
            let why = "what Studio calls a condition; a flow has its key";
            self.draft.tell_harmless(
                friendly,
                Telling {
                    what: "friendly_name".to_owned(),
                    why,
                    instead: "",
                },
            );
        }
        self.leads_by(way.transition)
    }

    fn ask(&mut self, state: &'t Tree) {
        let name = self.draft.name(name_of(state));
        let digits = taken(state, "number_of_digits").and_then(|it| it.parse::<u8>().ok());
        let digits = digits.filter(|digits| (1..=25).contains(digits));
        let say = self.text_of(state, "say");
        if say.is_none() || digits.is_none() {
            self.draft.remark(
                state.line,
                Telling {
                    what: format!("widget {:?}", name_of(state)),
                    why: "an [ask] says something and takes so many digits: what is not told is made up",
                    instead: "say, and digits = \"1-8\", as it is meant",
                },
            );
        }
        let mut step = Step::new("ask", &name, state.line)
            .with(
                "say",
                say.unwrap_or_else(|| template("Please enter the digits, then press hash.")),
            )
            .with("digits", so_many(digits));
        let ends = property(state, "finish_on_key").is_none_or(|key| key == "#");
        if ends {
            taken(state, "finish_on_key");
            step = step.with("end_key", "\"hash\"");
        }
        step = step
            .with("save", quoted(&name))
            .with_some("wait", self.wait(state));
        let go = self.leads(state, "keypress");
        step = self.retry(state, None, step.with("go", quoted(&go)));
        self.draft.add(step);
    }

    /// A split by something that the flow knows.
    pub(super) fn split(&mut self, state: &'t Tree) {
        let input = property(state, "input").unwrap_or_default();
        let inside = input
            .trim()
            .strip_prefix("{{")
            .and_then(|rest| rest.strip_suffix("}}"));
        let Some(variable) = inside.and_then(|inside| self.variable(inside)) else {
            return self.unknown(
                state,
                "it splits by what no step of the flow saves",
                "a [decide] with value = \"NAME\"",
            );
        };
        let equal = |way: &Way<'t>| {
            way.condition.peek("type") == Some("equal_to")
                || way.condition.peek("type") == Some("matches_any_of")
        };
        if !ways(state).any(|way| equal(&way)) {
            return self.unknown(
                state,
                "none of its conditions is an equal value",
                "a [decide] with is.WORD for each value",
            );
        }
        self.named(state);
        taken(state, "input");
        let name = self.draft.name(name_of(state));
        let mut step = Step::new("decide", &name, state.line).with("value", quoted(&variable));
        for way in ways(state) {
            if !equal(&way) {
                self.refuse(
                    state,
                    &way,
                    "a [decide] goes by equal values",
                    "a [lookup] that answers with one word",
                );
                continue;
            }
            let to = self.condition(&way);
            for value in way.value.split(',') {
                step = step.with(&format!("is.{}", quoted(value.trim())), quoted(&to));
            }
        }
        let otherwise = self.leads(state, "noMatch");
        self.draft.add(step.with("else", quoted(&otherwise)));
    }
}

/// How many digits an `ask` takes: Studio takes fewer as well, once nothing more is pressed.
fn so_many(most: Option<u8>) -> String {
    match most {
        Some(1) => "1".to_owned(),
        Some(most) => format!("\"1-{most}\""),
        None => "\"1-20\"".to_owned(),
    }
}

/// The conditions of a split, in order.
fn ways(split: &Tree) -> impl Iterator<Item = Way<'_>> {
    let matches = transitions(split).filter(|it| it.peek("event") == Some("match"));
    matches.flat_map(|transition| {
        let conditions = transition
            .child("conditions")
            .map_or(&[][..], |all| &all.children);
        conditions.iter().map(move |condition| Way {
            transition,
            condition,
            value: condition.peek("value").unwrap_or_default(),
        })
    })
}

/// Whether a condition is a key, or one of several.
fn is_keys(way: &Way<'_>) -> bool {
    let equal = matches!(
        way.condition.peek("type"),
        Some("equal_to" | "matches_any_of")
    );
    equal && !way.value.is_empty() && way.value.split(',').all(|key| press(key.trim()).is_some())
}
