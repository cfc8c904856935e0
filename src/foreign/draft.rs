//! The flow that comes of a menu, as text: steps in order, each with its keys and with what a person has to know of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::tree::{Sort, Tree};
use super::{Carried, Left, Wanted};
use crate::call::PhoneNumber;
use crate::flow::check::check;
use crate::flow::diagnostic::{Diagnostic, Severity, Source};
use crate::flow::file::laid_out;

/// What stands where a number has to be filled in.
const FILL_IN: &str = "+";

/// A flow in the making.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// Where it comes from: `FreeSWITCH`.
    from: &'static str,
    pub(super) start: String,
    /// What is said of it above all.
    pub(super) notes: Vec<String>,
    steps: Vec<Step>,
    /// Names of numbers, each with its number, or what it was called and where.
    numbers: BTreeMap<String, Number>,
    /// The names that were given, by what they were given for.
    names: BTreeMap<String, String>,
    left: Vec<Left>,
}

/// A step: its keys, each with its value as TOML.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) name: String,
    pub(super) kind: &'static str,
    /// The line that it comes from.
    pub(super) line: usize,
    pub(super) keys: Vec<(String, String)>,
    pub(super) comments: Vec<String>,
    /// Whether it stands where something could not be carried over.
    stands_in: bool,
}

#[derive(Debug)]
enum Number {
    Known(PhoneNumber),
    Missing { line: usize, was: String },
}

/// Something that is told: what, why, and what to write instead.
pub(super) struct Telling<'a> {
    pub(super) what: String,
    pub(super) why: &'a str,
    pub(super) instead: &'a str,
}

impl Step {
    /// A step of this kind that comes from `line`.
    pub(super) fn new(kind: &'static str, name: &str, line: usize) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            line,
            keys: Vec::new(),
            comments: Vec::new(),
            stands_in: false,
        }
    }

    /// With this key; `value` is TOML.
    pub(super) fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.keys.push((key.to_owned(), value.into()));
        self
    }

    /// With this key, when there is a value for it.
    pub(super) fn with_some(self, key: &str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }
}

impl Draft {
    /// Nothing yet of what comes from this program.
    pub(super) fn from(program: &'static str) -> Self {
        Self {
            from: program,
            ..Self::default()
        }
    }

    /// The step's name for something that was called `foreign`: the same one each time.
    pub(super) fn name(&mut self, foreign: &str) -> String {
        if let Some(known) = self.names.get(foreign) {
            return known.clone();
        }
        let taken = |name: &str| self.names.values().any(|known| known == name);
        let free = free_name(foreign, taken);
        self.names.insert(foreign.to_owned(), free.clone());
        free
    }

    pub(super) fn add(&mut self, step: Step) {
        self.steps.push(step);
    }

    /// Whether there is such a step.
    pub(super) fn has(&self, name: &str) -> bool {
        self.steps.iter().any(|step| step.name == name)
    }

    /// Tells of `of`, which has no place.
    pub(super) fn tell(&mut self, of: &Tree, telling: Telling<'_>) {
        self.tell_as(of, false, telling);
    }

    /// Tells of `of`, without which calls go on as they went.
    pub(super) fn tell_harmless(&mut self, of: &Tree, telling: Telling<'_>) {
        self.tell_as(of, true, telling);
    }

    fn tell_as(&mut self, of: &Tree, harmless: bool, telling: Telling<'_>) {
        let leaves = of.unread_leaves();
        of.told();
        self.tell_of(of.line, harmless, leaves, telling);
    }

    /// Tells of something of a line that is in the flow, but otherwise.
    pub(super) fn remark(&mut self, line: usize, telling: Telling<'_>) {
        self.tell_of(line, false, 0, telling);
    }

    fn tell_of(&mut self, line: usize, harmless: bool, leaves: usize, telling: Telling<'_>) {
        let Telling { what, why, instead } = telling;
        let alike =
            |left: &&mut Left| left.harmless && harmless && left.what == what && left.why == why;
        if let Some(left) = self.left.iter_mut().find(alike) {
            left.lines.push(line);
            left.leaves += leaves;
            return;
        }
        self.left.push(Left {
            harmless,
            lines: vec![line],
            what,
            why: why.to_owned(),
            instead: instead.to_owned(),
            leaves,
        });
    }

    /// A step that stands where `foreign` stood.
    pub(super) fn stand_in(&mut self, foreign: &str, line: usize) -> String {
        let name = self.name(foreign);
        if !self.has(&name) {
            let say = text("This choice is not set up yet. Please call again later. Goodbye.");
            let mut step = Step::new("end", &name, line).with("say", say);
            step.stands_in = true;
            self.add(step);
        }
        name
    }

    /// The name of a number, for `connect`; one that is not known has to be filled in.
    pub(super) fn number(&mut self, was: &str, line: usize) -> String {
        let known = PhoneNumber::parse_e164(was);
        let same = |(_, number): &(&String, &Number)| match (number, &known) {
            (Number::Known(number), Some(known)) => number == known,
            (Number::Missing { was: other, .. }, None) => other == was,
            _ => false,
        };
        if let Some((name, _)) = self.numbers.iter().find(same) {
            return name.clone();
        }
        let base = match &known {
            Some(_) => "number".to_owned(),
            None => format!("fill_in_{was}"),
        };
        let name = free_name(&base, |name| self.numbers.contains_key(name));
        let number = match known {
            Some(known) => Number::Known(known),
            None => Number::Missing {
                line,
                was: was.to_owned(),
            },
        };
        self.numbers.insert(name.clone(), number);
        name
    }

    /// The flow's file, and what was left of `tree`.
    pub(super) fn finish(mut self, tree: &Tree, wanted: Wanted<'_>) -> Carried {
        tree.unread(&mut |place, above| {
            let of = above
                .iter()
                .rev()
                .find_map(|it| (!it.name.is_empty()).then_some(it.name.as_str()));
            let telling = Telling {
                what: what(place, of),
                why: "it has no place in a flow",
                instead: "",
            };
            self.tell(place, telling);
        });
        for number in self.numbers.values() {
            if let Number::Missing { line, was } = number {
                let telling = Telling {
                    what: format!("{was:?}"),
                    why: "this is no phone number in international form, and has to be one here",
                    instead: "fill it in under [numbers], as \"+6568332048\"",
                };
                self.left.push(left(*line, telling));
            }
        }
        let flow = self.text(wanted);
        self.faults(&flow);
        self.left.sort();
        // Now with what was told, above the steps that stand in.
        let flow = self.text(wanted);
        Carried {
            flow: laid_out(&flow).unwrap_or(flow),
            left: self.left,
            leaves: tree.leaves(),
            taken: tree.taken_leaves(),
        }
    }

    /// Tells what `check` finds wrong with the flow beside the numbers that are to be filled in.
    fn faults(&mut self, flow: &str) {
        let source = Source {
            path: String::new(),
            text: flow.to_owned(),
        };
        let errors = check(&[source]).diagnostics;
        let errors = errors
            .into_iter()
            .filter(|it| it.severity == Severity::Error);
        for fault in errors {
            let at = fault.place().1;
            let line = flow.get(at..).unwrap_or_default();
            if line.starts_with(&format!("\"{FILL_IN}\"")) {
                continue;
            }
            let left = self.fault(flow, at, &fault);
            self.left.push(left);
        }
    }

    fn fault(&self, flow: &str, at: usize, fault: &Diagnostic) -> Left {
        let before = flow.get(..at).unwrap_or_default();
        let header = before.rfind("\n[").map_or("", |at| &flow[at + 2..]);
        let name = header.split(']').next().unwrap_or_default();
        let name = name.rsplit_once('.').map_or(name, |(_, name)| name);
        let step = self.steps.iter().find(|step| step.name == name);
        let instead = fault.help.as_deref().unwrap_or_default();
        Left {
            harmless: false,
            lines: vec![step.map_or(1, |step| step.line)],
            what: format!("step {name}"),
            why: format!("{} ({})", fault.message, fault.code),
            instead: instead.trim_start_matches("write: ").to_owned(),
            leaves: 0,
        }
    }

    fn text(&self, wanted: Wanted<'_>) -> String {
        let answers = match wanted.answers {
            Some(number) => format!("[\"{}\"]", number.with_plus()),
            None => "\"any\"".to_owned(),
        };
        let mut flow = format!(
            "# Carried over from {} by `callwright import`: see to what it told, then delete these comments.\n",
            self.from
        );
        // Writing to a text does not fail: here and below.
        for note in &self.notes {
            let _ = comment(&mut flow, note);
        }
        let _ = write!(
            flow,
            "callwright = 1\n\n[flow]\nid = \"{}\"\nstart = \"{}\"\nanswers = {answers}\n",
            wanted.id, self.start
        );
        if !self.numbers.is_empty() {
            flow.push_str("\n[numbers]\n");
        }
        for (name, number) in &self.numbers {
            let _ = match number {
                Number::Known(number) => writeln!(flow, "{name} = \"{}\"", number.with_plus()),
                Number::Missing { line, was } => {
                    let was = one_line(was);
                    writeln!(flow, "{name} = \"{FILL_IN}\" # line {line}: {was}")
                }
            };
        }
        for step in &self.steps {
            flow.push('\n');
            for note in &step.comments {
                let _ = comment(&mut flow, note);
            }
            let told = self
                .left
                .iter()
                .filter(|left| step.stands_in && !left.harmless && left.lines.contains(&step.line));
            for left in told {
                let _ = comment(
                    &mut flow,
                    &format!("To do, line {}: {}", step.line, left.told()),
                );
            }
            let _ = writeln!(flow, "[{}.{}]", step.kind, step.name);
            let mut seen = BTreeSet::new();
            for (key, value) in step.keys.iter().filter(|(key, _)| seen.insert(key)) {
                let _ = writeln!(flow, "{key} = {value}");
            }
        }
        flow
    }
}

fn left(line: usize, telling: Telling<'_>) -> Left {
    Left {
        harmless: false,
        lines: vec![line],
        what: telling.what,
        why: telling.why.to_owned(),
        instead: telling.instead.to_owned(),
        leaves: 0,
    }
}

/// What a place of a file is called.
fn what(place: &Tree, of: Option<&str>) -> String {
    let value = place.said().unwrap_or_default();
    let of = of.map_or(String::new(), |of| format!(" of {of}"));
    let said = match place.summary().as_str() {
        "" => String::new(),
        said => format!(" ({said})"),
    };
    match (place.sort, place.name.as_str()) {
        (Sort::Comment, _) => format!("the comment {value:?}"),
        (Sort::Text, _) => format!("the text {value:?}{of}"),
        (Sort::Value, name) => format!("{name} {value:?}{of}").trim().to_owned(),
        (Sort::Branch, "") => format!("something{of}{said}"),
        (Sort::Branch, name) => format!("{name}{of}{said}"),
    }
}

/// A name of `a-z 0-9 _` made of `foreign` that is not taken.
fn free_name(foreign: &str, taken: impl Fn(&str) -> bool) -> String {
    let plain = foreign.chars().map(|c| match c.to_ascii_lowercase() {
        c if c.is_ascii_alphanumeric() => c,
        _ => '_',
    });
    let plain: String = plain.collect();
    let parts: Vec<_> = plain.split('_').filter(|part| !part.is_empty()).collect();
    let plain: String = parts.join("_").chars().take(40).collect();
    let plain = match plain.trim_matches('_') {
        "" => "step",
        "end" | "repeat" => "last",
        name => name,
    };
    let mut names = std::iter::once(plain.to_owned()).chain((2..).map(|n| format!("{plain}_{n}")));
    let free = names.find(|name| !taken(name));
    free.expect("of endless names one is free")
}

fn comment(flow: &mut String, text: &str) -> std::fmt::Result {
    text.lines()
        .try_for_each(|line| writeln!(flow, "# {}", one_line(line)))
}

fn one_line(text: &str) -> String {
    // What was no text in its file says nothing, and no flow may hold it.
    let text = text.replace(|c: char| c.is_control() || c == '\u{fffd}', " ");
    text.trim().to_owned()
}

/// A text as TOML has it on one line, with braces that mean nothing.
pub(super) fn text(words: &str) -> String {
    template(&words.replace('{', "{{").replace('}', "}}"))
}

/// A text whose braces are those of a flow, as TOML has it on one line.
pub(super) fn template(words: &str) -> String {
    let words: Vec<_> = words.split_whitespace().collect();
    toml::Value::String(one_line(&words.join(" "))).to_string()
}

/// A place to go, or any other plain text, in quotes.
pub(super) fn quoted(word: &str) -> String {
    toml::Value::String(one_line(word)).to_string()
}

/// What callers are told of a menu whose words are not there: each key with where it leads.
pub(super) fn offered<'a>(keys: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let offers: Vec<_> = keys
        .map(|(key, step)| {
            let key = match key {
                "*" => "star",
                "#" => "hash",
                key => key,
            };
            format!("for {} press {key}", step.replace('_', " "))
        })
        .collect();
    let mut words = offers.join(", ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words + "."
}

/// A key as a file writes it; `None` for what is no key.
pub(super) fn press(key: &str) -> Option<String> {
    match key {
        "*" => Some("press.star".to_owned()),
        "#" => Some("press.hash".to_owned()),
        digits if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
            Some(format!("press.{digits}"))
        }
        _ => None,
    }
}

/// A connect to the number of this name.
pub(super) fn connect(name: &str, line: usize, number: &str, after: &str, fails: &str) -> Step {
    Step::new("connect", name, line)
        .with("number", quoted(number))
        .with("busy", quoted(fails))
        .with("no_answer", quoted(fails))
        .with("failed", quoted(fails))
        .with("after", quoted(after))
}
