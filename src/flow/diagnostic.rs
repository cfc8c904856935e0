//! What is wrong with a flow file, and how it is shown: a code, where, the text underlined, one line of help.

use std::ops::Range;

/// A flow file's text and the path that people know it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// As it is shown.
    pub path: String,
    /// The whole text.
    pub text: String,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// A call would go wrong: the flow is refused.
    Error,
    /// Likely a slip.
    Warning,
    /// Worth knowing; never stopped by `--strict`.
    Info,
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// `CW101`: looked up by `callwright explain`, with a section in `docs/diagnostics.md`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence in plain words, without a full stop.
    pub message: String,
    /// Where it is; the first label is the place that is named as file:line:column.
    pub labels: Vec<Label>,
    /// What else is true.
    pub notes: Vec<String>,
    /// What to type.
    pub help: Option<String>,
}

/// A place in a source, with what is to be said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Index into the sources that were checked together.
    pub source: usize,
    /// Bytes of the source's text.
    pub span: Range<usize>,
    /// A few words, shown beside the underline.
    pub text: String,
}

/// A stretch of a source's text, in bytes.
pub type Span = Range<usize>;

/// How a diagnostic is written:
///
/// ```ignore
/// Diagnostic::error("CW101", "no step is called \"reservation\"")
///     .at(value.span.clone(), "pressing 1 leads nowhere")
///     .also(step.header.clone(), "did you mean this one?")
///     .help("write: press.1 = \"reservations\"")
/// ```
///
/// Places made with [`at`](Self::at) and [`also`](Self::also) lie in the file that the diagnostic is reported to.
impl Diagnostic {
    /// A fault for which the flow is refused.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, message)
    }

    /// A likely slip.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, message)
    }

    /// Something worth knowing.
    pub fn info(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Info, message)
    }

    fn new(code: &'static str, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            code,
            severity,
            message: message.into(),
            labels: Vec::new(),
            notes: Vec::new(),
            help: None,
        }
    }

    /// Names the place; the first call gives the file:line:column.
    #[must_use]
    pub fn at(self, span: Span, text: impl Into<String>) -> Self {
        self.at_source(0, span, text)
    }

    /// Names a further place in the same file.
    #[must_use]
    pub fn also(self, span: Span, text: impl Into<String>) -> Self {
        self.at_source(0, span, text)
    }

    /// Names a place in the source with this index: for what concerns several files.
    #[must_use]
    pub fn at_source(mut self, source: usize, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            source,
            span,
            text: text.into(),
        });
        self
    }

    /// Adds what else is true.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Says what to type.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same with every place in the source with this index.
    #[must_use]
    pub fn in_source(mut self, source: usize) -> Self {
        for label in &mut self.labels {
            label.source = source;
        }
        self
    }

    /// The source and the byte that the diagnostic stands at.
    pub fn place(&self) -> (usize, usize) {
        self.labels
            .first()
            .map_or((0, 0), |label| (label.source, label.span.start))
    }
}
