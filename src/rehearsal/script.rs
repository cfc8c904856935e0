//! A test file, read: which flow it tests, and its calls, each line with its place. Every fault of it at once.

use jiff::civil::DateTime;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::center::{self, Center};
use super::line::{Verb, all_written, every_line, written};
use crate::contact_center::handoff::QueueId;
use crate::flow::Flow;
use crate::flow::diagnostic::{Diagnostic, Source, Span};
use crate::flow::model::StepName;
use crate::text::nearest;

/// When a call begins that does not say: a Monday at noon.
const NOON: &str = "2026-01-05T12:00:00";

/// The number that calls where a call does not say.
pub(super) const SOMEBODY: &str = "+6591234567";

pub(super) const FILE_KEYS: [&str; 2] = ["flow", "call"];
pub(super) const CALL_KEYS: [&str; 4] = ["name", "at", "from", "steps"];

/// A test file.
#[derive(Debug, Clone)]
pub struct TestFile {
    /// Its text, and the path that people know it by.
    pub source: Source,
    /// The flow that it tests, relative to its own folder; empty when that could not be read.
    pub flow: String,
    /// Where that is written.
    pub flow_span: Span,
    /// Its calls, in order.
    pub calls: Vec<Scripted>,
    /// What is wrong with it.
    pub faults: Vec<Diagnostic>,
}

/// One call of a test file.
#[derive(Debug, Clone)]
pub struct Scripted {
    /// What it is about.
    pub name: String,
    /// When it begins, on the flow's clock.
    pub at: DateTime,
    /// Who calls.
    pub from: String,
    /// What happens, in order.
    pub lines: Vec<Line>,
    /// Whether nobody wrote it: then what it does not answer gets no answer, and that is no fault.
    pub improvised: bool,
}

impl Scripted {
    /// A call in which nothing happens yet.
    pub(super) fn at_noon() -> Self {
        Self {
            name: String::new(),
            at: NOON.parse().expect("it is a date and a time"),
            from: SOMEBODY.to_owned(),
            lines: Vec::new(),
            improvised: true,
        }
    }
}

/// One line of a call.
#[derive(Debug, Clone)]
pub struct Line {
    /// Where it stands, quotes included; empty when it stands nowhere.
    pub span: Span,
    /// What it says.
    pub verb: Verb,
}

/// Reads a test file.
pub fn read(source: Source) -> TestFile {
    let (root, errors) = DeTable::parse_recoverable(&source.text);
    let mut reader = Reader::default();
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        let message = format!("this is not TOML: {}", error.message());
        reader.fault(
            "CW705",
            message,
            span,
            "write each call as in docs/testing.md",
        );
    }
    let (flow, flow_span) = reader.flow(root.get_ref());
    let calls = match reader.faults.is_empty() || !flow.is_empty() {
        true => reader.calls(root.get_ref()),
        false => Vec::new(),
    };
    let Reader { faults } = reader;
    TestFile {
        source,
        flow,
        flow_span,
        calls,
        faults,
    }
}

impl TestFile {
    /// What of the file the flow knows nothing of (CW701).
    pub fn unknown_to(&self, flow: &Flow) -> Vec<Diagnostic> {
        let lines = self.calls.iter().flat_map(|call| &call.lines);
        let known = Known::to(flow);
        let fault = |line: &Line| known.strange(&line.verb, line.span.clone());
        lines.filter_map(fault).collect()
    }
}

/// What a flow has that a line may name.
struct Known<'f> {
    steps: Vec<&'f str>,
    schedules: Vec<&'f str>,
    queues: Vec<&'f str>,
}

impl<'f> Known<'f> {
    fn to(flow: &'f Flow) -> Self {
        let asked = center::schedules(flow);
        Self {
            steps: flow.steps.keys().map(StepName::as_str).collect(),
            schedules: asked.flat_map(|(hours, id)| [hours, id]).collect(),
            queues: center::queues(flow).collect(),
        }
    }

    /// The fault of a line that names what is not there.
    fn strange(&self, verb: &Verb, span: Span) -> Option<Diagnostic> {
        let (kind, name, known) = match verb {
            Verb::At(step) => ("step", step.as_str(), &self.steps),
            Verb::Center(Center::Schedule { name, .. }) => ("schedule", &**name, &self.schedules),
            Verb::Center(Center::Queue { queue, .. }) => ("queue", queue.as_str(), &self.queues),
            _ => return None,
        };
        if known.contains(&name) {
            return None;
        }
        let message = match kind {
            "step" => format!("test says \"{verb}\"; no such step"),
            kind => format!("test says \"{verb}\"; the flow asks no such {kind}"),
        };
        let fault = Diagnostic::error("CW701", message).at(span, "");
        Some(match nearest(name, known.iter().copied()) {
            Some(meant) => fault.help(format!("write: \"{}\"", naming(verb, meant))),
            None if known.is_empty() => fault.help("take the line out"),
            None => fault.help(format!("the {kind}s are {}", known.join(", "))),
        })
    }
}

/// The same line about something else.
fn naming(verb: &Verb, name: &str) -> Verb {
    let about = match (verb, QueueId::parse(name)) {
        (Verb::Center(Center::Schedule { status, .. }), _) => Center::Schedule {
            name: name.to_owned(),
            status: *status,
        },
        (Verb::Center(Center::Queue { state, .. }), Some(queue)) => Center::Queue {
            queue,
            state: *state,
        },
        _ => return Verb::At(name.to_owned()),
    };
    Verb::Center(about)
}

#[derive(Default)]
struct Reader {
    faults: Vec<Diagnostic>,
}

type Entry<'a> = (
    &'a Spanned<std::borrow::Cow<'a, str>>,
    &'a Spanned<DeValue<'a>>,
);

impl Reader {
    fn fault(&mut self, code: &'static str, message: String, span: Span, help: &str) {
        let fault = Diagnostic::error(code, message).at(span, "");
        self.faults.push(fault.help(help));
    }

    fn flow(&mut self, root: &DeTable<'_>) -> (String, Span) {
        self.strange_keys(root, "a test file", &FILE_KEYS);
        match get(root, "flow") {
            Some((_, value)) => match value.get_ref() {
                DeValue::String(path) => return (path.to_string(), value.span()),
                _ => self.fault(
                    "CW705",
                    "flow must be a file's name in quotes".to_owned(),
                    value.span(),
                    "write: flow = \"restaurant.toml\"",
                ),
            },
            None if self.faults.is_empty() => self.fault(
                "CW705",
                "the file does not say which flow it tests".to_owned(),
                0..0,
                "write on its first line: flow = \"restaurant.toml\"",
            ),
            None => {}
        }
        (String::new(), 0..0)
    }

    fn calls(&mut self, root: &DeTable<'_>) -> Vec<Scripted> {
        let Some((_, value)) = get(root, "call") else {
            let help = "write: [[call]], and below it name, at and steps";
            self.fault("CW705", "the file holds no call".to_owned(), 0..0, help);
            return Vec::new();
        };
        let DeValue::Array(calls) = value.get_ref() else {
            let message = "calls are written with two brackets".to_owned();
            self.fault("CW705", message, value.span(), "write: [[call]]");
            return Vec::new();
        };
        calls.iter().filter_map(|call| self.call(call)).collect()
    }

    fn call(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Scripted> {
        let DeValue::Table(table) = value.get_ref() else {
            let message = "a call is a table".to_owned();
            self.fault("CW705", message, value.span(), "write: [[call]]");
            return None;
        };
        self.strange_keys(table, "a call", &CALL_KEYS);
        let name = self.text(table, "name", "\"caller books a table\"");
        if name.is_none() && get(table, "name").is_none() {
            let help = "add below [[call]]: name = \"caller books a table\"";
            let span = value.span();
            self.fault("CW705", "this call has no name".to_owned(), span, help);
        }
        let from = self.text(table, "from", "\"+6591234567\"");
        let at = self.at(table);
        let lines = self.lines(table, value.span());
        Some(Scripted {
            name: name?,
            at: at?,
            from: from.unwrap_or_else(|| SOMEBODY.to_owned()),
            lines: lines?,
            improvised: false,
        })
    }

    fn text(&mut self, table: &DeTable<'_>, key: &str, example: &str) -> Option<String> {
        let (_, value) = get(table, key)?;
        if let DeValue::String(text) = value.get_ref() {
            return Some(text.to_string());
        }
        let message = format!("{key} must be a text in quotes");
        self.fault(
            "CW705",
            message,
            value.span(),
            &format!("write: {key} = {example}"),
        );
        None
    }

    fn at(&mut self, table: &DeTable<'_>) -> Option<DateTime> {
        let Some((_, value)) = get(table, "at") else {
            return Some(Scripted::at_noon().at);
        };
        let at = match value.get_ref() {
            DeValue::Datetime(at) if at.offset.is_none() => at.to_string().parse().ok(),
            _ => None,
        };
        if at.is_none() {
            let message = "at must be a date and a time, without quotes or zone".to_owned();
            let help = "write: at = 2026-11-20T12:30:00, on the flow's clock";
            self.fault("CW705", message, value.span(), help);
        }
        at
    }

    fn lines(&mut self, table: &DeTable<'_>, call: Span) -> Option<Vec<Line>> {
        let example = "write: steps = [\"hear Welcome\", \"press 1\", \"ended\"]";
        let Some((_, value)) = get(table, "steps") else {
            self.fault("CW705", "this call has no steps".to_owned(), call, example);
            return None;
        };
        let DeValue::Array(lines) = value.get_ref() else {
            let message = "steps must be a list of texts".to_owned();
            self.fault("CW705", message, value.span(), example);
            return None;
        };
        let lines: Vec<_> = lines.iter().map(|line| self.line(line)).collect();
        lines.into_iter().collect()
    }

    fn line(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Line> {
        let span = value.span();
        let DeValue::String(text) = value.get_ref() else {
            let message = "a step of a call is a text in quotes".to_owned();
            self.fault("CW704", message, span, "write: \"press 1\"");
            return None;
        };
        match Verb::read(text) {
            Ok(verb) => Some(Line { span, verb }),
            Err(message) => {
                let word = text.split_whitespace().next().unwrap_or_default();
                let verbs = all_written().filter_map(|verb| verb.split(' ').next());
                let help = match nearest(word, verbs) {
                    Some(meant) => format!("write {}", written(meant)),
                    None => format!("a call knows: {}", every_line()),
                };
                self.fault("CW704", message, span, &help);
                None
            }
        }
    }

    fn strange_keys(&mut self, table: &DeTable<'_>, owner: &str, known: &[&str]) {
        for (key, _) in table.iter() {
            let name: &str = key.get_ref();
            if !known.contains(&name) {
                let message = format!("\"{name}\" is not a key of {owner}");
                let help = match nearest(name, known.iter().copied()) {
                    Some(meant) => format!("write: {meant}"),
                    None => format!("{owner} knows: {}", known.join(", ")),
                };
                self.fault("CW705", message, key.span(), &help);
            }
        }
    }
}

fn get<'t, 'i>(table: &'t DeTable<'i>, key: &str) -> Option<Entry<'t>>
where
    'i: 't,
{
    table.iter().find(|(name, _)| name.get_ref() == key)
}

#[cfg(test)]
mod tests {
    use super::{TestFile, read};
    use crate::flow::diagnostic::Source;
    use crate::rehearsal::Verb;

    fn test(text: &str) -> TestFile {
        read(Source {
            path: "a.test.toml".to_owned(),
            text: text.to_owned(),
        })
    }

    #[test]
    fn calls_are_read_with_the_places_of_their_lines() {
        let text = "flow = \"a.toml\"\n[[call]]\nname = \"x\"\nat = 2026-11-20T12:30:00\nsteps = [\n  \"press 1\",\n]\n";
        let file = test(text);
        assert_eq!(file.faults, []);
        let call = &file.calls[0];
        assert_eq!(call.at.to_string(), "2026-11-20T12:30:00");
        assert_eq!(call.lines[0].verb, Verb::Press("1".to_owned()));
        assert_eq!(&text[call.lines[0].span.clone()], "\"press 1\"");
    }

    #[test]
    fn every_fault_is_told_at_once() {
        let text = "flw = 1\nflow = 2\n[[call]]\nnme = \"x\"\nat = \"noon\"\nsteps = [\"pres 1\", 2]\n[[call]]\nname = \"y\"\n";
        let told: Vec<_> = test(text)
            .faults
            .iter()
            .map(|fault| format!("{} {}", fault.code, fault.message))
            .collect();
        let expected = [
            "CW705 \"flw\" is not a key of a test file",
            "CW705 flow must be a file's name in quotes",
        ];
        assert_eq!(told, expected);
        let text = text.replace("flw = 1\nflow = 2", "flow = \"a.toml\"");
        let told: Vec<_> = test(&text)
            .faults
            .iter()
            .map(|fault| format!("{} {}", fault.code, fault.message))
            .collect();
        let expected = [
            "CW705 \"nme\" is not a key of a call",
            "CW705 this call has no name",
            "CW705 at must be a date and a time, without quotes or zone",
            "CW704 a call has no line `pres 1`",
            "CW704 a step of a call is a text in quotes",
            "CW705 this call has no steps",
        ];
        assert_eq!(told, expected);
    }
}
