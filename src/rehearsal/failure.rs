//! Why a call failed, as people read it: the line, what was heard, the way, where the call is.

use std::fmt::Write as _;
use std::ops::Range;

use crate::flow::diagnostic::Source;
use crate::flow::model::StepName;
use crate::flow::{Flow, file};
use crate::text::Lines;

/// How much of what was heard is shown.
const SHOWN: usize = 160;

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The line, quotes included; `None` when it is about the call as a whole.
    pub span: Option<Range<usize>>,
    /// A few words beside the line.
    pub what: String,
    /// What the caller heard since somebody last did something.
    pub heard: Option<String>,
    /// The steps passed.
    pub path: String,
    /// The step where the call waits or ended.
    pub at: Option<StepName>,
    /// Whether it had ended.
    pub over: bool,
    /// What else is true.
    pub notes: Vec<Note>,
}

/// What else is true of a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// A sentence.
    Says(String),
    /// The line expects the secret digits that this line typed (CW703).
    Secret(Range<usize>),
}

/// The call that failed, for [`Failure::shown`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Of<'a> {
    pub(super) name: &'a str,
    pub(super) test: &'a Source,
    pub(super) flow: &'a Flow,
    pub(super) source: &'a Source,
}

impl Failure {
    /// The failure as text, with its line underlined.
    pub(super) fn shown(&self, of: Of<'_>) -> String {
        let lines = Lines::of(&of.test.text);
        let mut text = String::new();
        // Writing to a text does not fail: here and below.
        if let Some(span) = &self.span {
            let (line, column) = lines.place(span.start);
            let _ = writeln!(text, "FAIL {}:{line}:{column}  {}", of.test.path, of.name);
            self.underline(&mut text, of.test, &lines, span);
        } else {
            let _ = writeln!(text, "FAIL {}  {}", of.test.path, of.name);
            let _ = writeln!(text, "   = {}", self.what);
        }
        if let Some(heard) = &self.heard {
            let _ = match heard.is_empty() {
                true => writeln!(text, "   = heard:  nothing"),
                false => writeln!(text, "   = heard:  \"{}\"", shortened(heard)),
            };
        }
        let _ = writeln!(text, "   = path:   {}", self.path);
        if let Some(step) = &self.at {
            let over = if self.over { "over, after " } else { "" };
            let _ = writeln!(text, "   = at:     {over}{}", place(of, step));
        }
        for note in &self.notes {
            let _ = match note {
                Note::Says(sentence) => writeln!(text, "   = {sentence}"),
                Note::Secret(typed) => {
                    let line = lines.line(typed.start);
                    writeln!(
                        text,
                        "   = CW703: the secret digits typed on line {line} are expected here: no test tells a secret"
                    )
                }
            };
        }
        text
    }

    fn underline(&self, text: &mut String, test: &Source, lines: &Lines<'_>, span: &Range<usize>) {
        let (line, column) = lines.place(span.start);
        let around = lines.around(&(span.start..span.start));
        let whole = test.text[around].trim_end();
        let opening = test.text[span.clone()]
            .chars()
            .take_while(|c| matches!(c, '"' | '\'' | ' '))
            .count();
        let said = test.text[span.clone()].trim_matches(['"', '\'', ' ']);
        let word = said.split_whitespace().next().unwrap_or_default();
        let gutter = " ".repeat(line.to_string().len() + 1);
        let indent = " ".repeat(column - 1 + opening);
        let marks = "^".repeat(word.chars().count().max(1));
        let _ = writeln!(text, "{gutter}|");
        let _ = writeln!(text, "{line} | {whole}");
        let _ = writeln!(text, "{gutter}| {indent}{marks} {}", self.what);
    }
}

/// A step as `menu main, restaurant.toml:54`.
fn place(of: Of<'_>, step: &StepName) -> String {
    let kind = of.flow.step(step).map_or("step", |step| step.kind());
    let tree = file::read(&of.source.text);
    let entry = tree.root.at(&format!("{kind}.{step}"));
    match entry {
        Some(entry) => {
            let line = Lines::of(&of.source.text).line(entry.key_span.start);
            format!("{kind} {step}, {}:{line}", of.source.path)
        }
        None => format!("{kind} {step}, {}", of.source.path),
    }
}

/// The beginning of what was heard, to a word's end.
fn shortened(heard: &str) -> String {
    let heard: Vec<_> = heard.split_whitespace().collect();
    let heard = heard.join(" ");
    if heard.chars().count() <= SHOWN {
        return heard;
    }
    let cut: String = heard.chars().take(SHOWN).collect();
    let word = cut.rfind(' ').unwrap_or(cut.len());
    format!("{} ...", &cut[..word])
}
