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
