//! Steps whose names differ by one letter: one may be a slip (CW011).

use std::collections::HashMap;

use super::context::FlowFile;
use crate::flow::diagnostic::Diagnostic;

/// Names shorter than this are not compared: `book` and `look` are two words.
const SHORTEST: usize = 6;

impl FlowFile<'_> {
    /// Looks for similar names. Two names one letter apart share what is left when that letter is taken out of each, so
    /// no name is compared with all others.
    pub(super) fn check_names(&self) {
        let mut seen: HashMap<String, usize> = HashMap::new();
        for (index, step) in self.steps.iter().enumerate() {
            let name = step.name.as_str();
            if name.len() < SHORTEST {
                continue;
            }
            let remains = remains(name);
            let twin = remains
                .iter()
                .find_map(|remain| seen.get(remain))
                .filter(|twin| is_slip(self.steps[**twin].name.as_str(), name));
            if let Some(twin) = twin {
                self.similar(*twin, index);
            }
            for remain in remains {
                seen.entry(remain).or_insert(index);
            }
        }
    }

    fn similar(&self, first: usize, second: usize) {
        let (first, second) = (&self.steps[first], &self.steps[second]);
        let message = format!(
            "\"{}\" and \"{}\" are both steps; is one a slip?",
            first.name, second.name
        );
        let header = &self.text[second.header.clone()];
        self.report(
            Diagnostic::warning("CW011", message)
                .at(second.name_span.clone(), "this one")
                .also(first.name_span.clone(), "and this one")
                .help(format!(
                    "if both are meant, add under [{header}]: allow = [\"CW011\"]"
                )),
        );
    }
}

/// A name, and the name without each of its letters in turn.
fn remains(name: &str) -> Vec<String> {
    let without = name
        .char_indices()
        .map(|(at, letter)| format!("{}{}", &name[..at], &name[at + letter.len_utf8()..]));
    std::iter::once(name.to_owned()).chain(without).collect()
}

/// Whether two names differ by a letter, and not by a digit: `book_1` and `book_2` are meant.
fn is_slip(a: &str, b: &str) -> bool {
    let digits = |name: &str| -> String { name.chars().filter(char::is_ascii_digit).collect() };
    digits(a) == digits(b) && strsim::osa_distance(a, b) == 1
}
