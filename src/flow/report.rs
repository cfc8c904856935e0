//! Shows diagnostics: to people, to editors, to programs, to those who build.

mod builds;

use std::collections::BTreeMap;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde::Serialize;

use super::diagnostic::{Diagnostic, Label, Severity, Source};
use crate::text::Lines;

/// How many faults of one file are shown to people who did not ask for all.
const MOST_OF_A_FILE: usize = 20;

/// For whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// The text underlined, with help.
    #[default]
    Human,
    /// One line each: `path:line:col: error[CW101]: message`.
    Short,
    /// One array of objects.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// Commands of GitHub's workflows.
    Github,
}

/// How diagnostics are shown.
#[derive(Debug, Clone, Copy, Default)]
pub struct Look {
    /// For whom.
    pub format: Format,
    /// Whether people get colours.
    pub colour: bool,
    /// Whether people get all faults, rather than 20 of each file.
    pub all: bool,
}

/// Shows diagnostics, which were found in these sources. Ends with a line's end unless it is empty.
pub fn render(sources: &[Source], diagnostics: &[Diagnostic], look: Look) -> String {
    let places: Vec<_> = sources
        .iter()
        .map(|source| Lines::of(&source.text))
        .collect();
    match look.format {
        Format::Human => human(sources, &places, diagnostics, look),
        Format::Short => short(sources, &places, diagnostics),
        Format::Json => json(sources, &places, diagnostics),
        Format::Sarif => builds::sarif(sources, &places, diagnostics),
        Format::Github => builds::github(sources, &places, diagnostics),
    }
}

impl Severity {
    /// The word that a report calls it by.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// A span that lies within the text and cuts no letter.
fn safe(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = text.floor_char_boundary(span.start);
    start..text.floor_char_boundary(span.end).max(start)
}

fn human(
    sources: &[Source],
    places: &[Lines<'_>],
    diagnostics: &[Diagnostic],
    look: Look,
) -> String {
    let renderer = if look.colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let mut shown: BTreeMap<usize, usize> = BTreeMap::new();
    let mut text = String::new();
    for diagnostic in diagnostics {
        let count = shown.entry(diagnostic.place().0).or_default();
        *count += 1;
        if look.all || *count <= MOST_OF_A_FILE {
            let group = group(sources, places, diagnostic);
            text.push_str(&renderer.render(&[group]));
            text.push_str("\n\n");
        }
    }
    if !look.all {
        for (source, count) in shown.iter().filter(|(_, count)| **count > MOST_OF_A_FILE) {
            let further = count - MOST_OF_A_FILE;
            let path = sources.get(*source).map_or("", |source| &source.path);
            text.push_str(&format!("{further} more in {path}; --all shows them\n\n"));
        }
    }
    text
}

fn group<'a>(
    sources: &'a [Source],
    places: &'a [Lines<'a>],
    diagnostic: &'a Diagnostic,
) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let title = level.primary_title(&diagnostic.message).id(diagnostic.code);
    let snippets = snippets(sources, places, &diagnostic.labels);
    let notes = diagnostic
        .notes
        .iter()
        .map(|note| Level::NOTE.message(note));
    let help = diagnostic.help.iter().map(|help| Level::HELP.message(help));
    Group::with_title(title)
        .elements(snippets)
        .elements(notes)
        .elements(help)
}

/// One snippet for each source that is labelled, that of the first label first.
fn snippets<'a>(
    sources: &'a [Source],
    places: &'a [Lines<'a>],
    labels: &'a [Label],
) -> Vec<Snippet<'a, annotate_snippets::Annotation<'a>>> {
    let mut of_source: Vec<(usize, Vec<usize>)> = Vec::new();
    for (nth, label) in labels.iter().enumerate() {
        match of_source
            .iter_mut()
            .find(|(source, _)| *source == label.source)
        {
            Some((_, nths)) => nths.push(nth),
            None => of_source.push((label.source, vec![nth])),
        }
    }
    let known = of_source
        .into_iter()
        .filter_map(|(source, nths)| Some((sources.get(source)?, places.get(source)?, nths)));
    known
        .map(|(source, lines, nths)| snippet(source, lines, labels, &nths))
        .collect()
}

fn snippet<'a>(
    source: &'a Source,
    lines: &'a Lines<'a>,
    labels: &'a [Label],
    nths: &[usize],
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let spans: Vec<_> = nths
        .iter()
        .map(|nth| safe(&source.text, &labels[*nth].span))
        .collect();
    let start = spans.iter().map(|span| span.start).min().unwrap_or(0);
    let end = spans.iter().map(|span| span.end).max().unwrap_or(0);
    let part = lines.around(&(start..end));
    let annotations = nths.iter().zip(spans).map(|(nth, span)| {
        let kind = if *nth == 0 {
            AnnotationKind::Primary
        } else {
            AnnotationKind::Context
        };
        let from = span.start.max(part.start) - part.start;
        let to = span.end.max(part.start) - part.start;
        let text = &labels[*nth].text;
        kind.span(from..to)
            .label((!text.is_empty()).then_some(text.as_str()))
    });
    Snippet::source(&source.text[part.clone()])
        .line_start(lines.line(part.start))
        .path(source.path.as_str())
        .annotations(annotations)
}

fn short(sources: &[Source], places: &[Lines<'_>], diagnostics: &[Diagnostic]) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        let (source, byte) = diagnostic.place();
        let path = sources.get(source).map_or("", |source| &source.path);
        let (line, column) = places.get(source).map_or((1, 1), |lines| lines.place(byte));
        let (word, code) = (diagnostic.severity.word(), diagnostic.code);
        let message = &diagnostic.message;
        text.push_str(&format!(
            "{path}:{line}:{column}: {word}[{code}]: {message}\n"
        ));
    }
    text
}

/// A diagnostic as programs get it.
#[derive(Serialize)]
struct JsonDiagnostic<'a> {
    code: &'a str,
    severity: &'a str,
    message: &'a str,
    #[serde(flatten)]
    place: JsonPlace<'a>,
    labels: Vec<JsonLabel<'a>>,
    notes: &'a [String],
    help: Option<&'a str>,
}

/// Lines and columns from 1, columns in characters; the end is behind the last character.
#[derive(Serialize)]
struct JsonPlace<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
struct JsonLabel<'a> {
    text: &'a str,
    #[serde(flatten)]
    place: JsonPlace<'a>,
}

fn json(sources: &[Source], places: &[Lines<'_>], diagnostics: &[Diagnostic]) -> String {
    let place = |source: usize, span: &Range<usize>| {
        let path = sources.get(source).map_or("", |source| &source.path);
        let at = |byte| places.get(source).map_or((1, 1), |lines| lines.place(byte));
        let ((line, column), (end_line, end_column)) = (at(span.start), at(span.end));
        JsonPlace {
            file: path,
            line,
            column,
            end_line,
            end_column,
        }
    };
    let shown: Vec<_> = diagnostics
        .iter()
        .map(|diagnostic| JsonDiagnostic {
            code: diagnostic.code,
            severity: diagnostic.severity.word(),
            message: &diagnostic.message,
            place: diagnostic.labels.first().map_or_else(
                || place(0, &(0..0)),
                |label| place(label.source, &label.span),
            ),
            labels: diagnostic
                .labels
                .iter()
                .map(|label| JsonLabel {
                    text: &label.text,
                    place: place(label.source, &label.span),
                })
                .collect(),
            notes: &diagnostic.notes,
            help: diagnostic.help.as_deref(),
        })
        .collect();
    let text = serde_json::to_string_pretty(&shown).expect("texts and numbers are always JSON");
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::{Format, Look, render};
    use crate::flow::check::check;
    use crate::flow::diagnostic::Source;

    fn shown(text: &str, look: Look) -> String {
        let sources = [Source {
            path: "test.toml".to_owned(),
            text: text.to_owned(),
        }];
        render(&sources, &check(&sources).diagnostics, look)
    }

    const WRONG: &str = "[flow]\nid = \"t\"\nstart = \"main\"\n[menu.main]\nsay = \"x\"\ngive_up = \"end\"\ntries = 1\npress.1 = \"reservation\"\n\n\n\n\n[end.reservations]\n";

    #[test]
    fn people_see_the_text_underlined() {
        let expected = r#"error[CW101]: no step is called "reservation"
  --> test.toml:8:11
   |
 8 | press.1 = "reservation"
   |           ^^^^^^^^^^^^^ pressing 1 leads nowhere
...
13 | [end.reservations]
   |      ------------ did you mean this one?
   |
   = help: write: press.1 = "reservations"

"#;
        assert_eq!(shown(WRONG, Look::default()), expected);
        let crlf = WRONG.replace('\n', "\r\n");
        assert_eq!(shown(&crlf, Look::default()), expected);
        let marked = format!("\u{feff}{WRONG}");
        assert_eq!(shown(&marked, Look::default()), expected);
    }

    #[test]
    fn wide_letters_are_underlined_where_they_stand() {
        let text = WRONG
            .replace("press.1 = ", "press.1 = { say = \"请稍等。\", go = ")
            .replace("reservation\"\n", "reservation\" }\n");
        assert!(
            shown(&text, Look::default()).contains(
                "--> test.toml:8:32\n   |\n 8 | press.1 = { say = \"请稍等。\", go = \"reservation\" }\n   |                                    ^^^^^^^^^^^^^ pressing 1 leads nowhere\n"
            ),
            "{}",
            shown(&text, Look::default())
        );
    }

    #[test]
    fn editors_get_a_line_and_programs_an_array() {
        let look = |format| Look {
            format,
            ..Look::default()
        };
        assert_eq!(
            shown(WRONG, look(Format::Short)),
            "test.toml:8:11: error[CW101]: no step is called \"reservation\"\n"
        );
        let json: serde_json::Value =
            serde_json::from_str(&shown(WRONG, look(Format::Json))).expect("JSON");
        assert_eq!(
            json[0],
            serde_json::json!({
                "code": "CW101",
                "severity": "error",
                "message": "no step is called \"reservation\"",
                "file": "test.toml", "line": 8, "column": 11, "end_line": 8, "end_column": 24,
                "labels": [
                    {"text": "pressing 1 leads nowhere", "file": "test.toml", "line": 8, "column": 11, "end_line": 8, "end_column": 24},
                    {"text": "did you mean this one?", "file": "test.toml", "line": 13, "column": 6, "end_line": 13, "end_column": 18}
                ],
                "notes": [],
                "help": "write: press.1 = \"reservations\""
            })
        );
        assert_eq!(
            shown(
                "[flow]\nid = \"t\"\nstart = \"a\"\n[end.a]\n",
                look(Format::Json)
            ),
            "[]\n"
        );
    }

    #[test]
    fn people_see_twenty_faults_of_a_file() {
        let text = format!("{WRONG}{}", "x\n".repeat(30));
        let count = |all| {
            let look = Look {
                all,
                ..Look::default()
            };
            shown(&text, look).matches("error[").count()
        };
        assert_eq!((count(false), count(true)), (20, 31));
        assert!(
            shown(&text, Look::default()).ends_with("11 more in test.toml; --all shows them\n\n")
        );
        let look = Look {
            format: Format::Short,
            ..Look::default()
        };
        assert_eq!(shown(&text, look).lines().count(), 31);
    }
}
