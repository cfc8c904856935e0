//! What only shows when all files are looked at together: one number, or one id, of two flows (CW209, CW211).

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use super::context::FlowFile;
use crate::flow::diagnostic::{Diagnostic, Span};

/// A place in one of the files.
type At = (usize, Span);

/// Checks all files together.
pub(super) fn check(files: &[FlowFile<'_>]) {
    let mut ids = HashMap::new();
    let mut numbers = HashMap::new();
    let mut any = HashMap::new();
    for (nth, file) in files.iter().enumerate() {
        if let Some((id, span)) = &file.head.id
            && let Some(first) = taken(&mut ids, id.clone(), (nth, span.clone()))
        {
            let message = format!("two flows have the id \"{id}\"");
            let help = "give one of the two another id";
            report(
                files,
                Diagnostic::error("CW211", message),
                &first,
                (nth, span),
                help,
            );
        }
        // A draft answers what another flow answers, for some.
        let is_draft = !file.head.preview.is_empty();
        for (number, span) in file.head.answers.iter().filter(|_| !is_draft) {
            let first = taken(&mut numbers, number.clone(), (nth, span.clone()));
            if let Some(first) = first.filter(|(other, _)| *other != nth) {
                let message = format!("{number} is answered by two flows");
                let help = "take the number out of one of the two";
                report(
                    files,
                    Diagnostic::error("CW209", message),
                    &first,
                    (nth, span),
                    help,
                );
            }
        }
        if let Some(span) = file.head.answers_any.as_ref().filter(|_| !is_draft)
            && let Some(first) = taken(&mut any, (), (nth, span.clone()))
        {
            let message = "any number is answered by two flows";
            let help = "write the numbers of one of the two: answers = [\"+6561115777\"]";
            report(
                files,
                Diagnostic::error("CW209", message),
                &first,
                (nth, span),
                help,
            );
        }
    }
}

/// Where the same stood before, if it did.
fn taken<K: Eq + Hash>(seen: &mut HashMap<K, At>, key: K, at: At) -> Option<At> {
    match seen.entry(key) {
        Entry::Occupied(first) => Some(first.get().clone()),
        Entry::Vacant(free) => {
            free.insert(at);
            None
        }
    }
}

fn report(
    files: &[FlowFile<'_>],
    mut fault: Diagnostic,
    first: &At,
    (second, span): (usize, &Span),
    help: &str,
) {
    let (one, two) = (&files[first.0], &files[second]);
    fault.message = format!(
        "{}: {} line {} and {} line {}",
        fault.message,
        one.path,
        one.line(first.1.start),
        two.path,
        two.line(span.start)
    );
    two.report_as_placed(
        fault
            .at_source(two.index, span.clone(), "here")
            .at_source(one.index, first.1.clone(), "and here")
            .help(help),
    );
}
