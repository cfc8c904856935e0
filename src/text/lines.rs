//! Lines and columns.

use std::ops::Range;

/// Where a text's lines begin.
pub(crate) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// The lines of a text.
    pub(crate) fn of(text: &'a str) -> Self {
        let behind = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            text,
            starts: std::iter::once(0).chain(behind).collect(),
        }
    }

    /// The line that a byte stands on, from 1.
    pub(crate) fn line(&self, byte: usize) -> usize {
        self.starts.partition_point(|start| *start <= byte)
    }

    /// Line and column of a byte, from 1, the column in characters; a byte order mark is none.
    pub(crate) fn place(&self, byte: usize) -> (usize, usize) {
        let line = self.line(byte);
        let before = self
            .text
            .get(self.starts[line - 1]..byte)
            .unwrap_or_default();
        let column = before.trim_start_matches('\u{feff}').chars().count();
        (line, column + 1)
    }

    /// The bytes of the lines that a span touches, without a byte order mark.
    pub(crate) fn around(&self, span: &Range<usize>) -> Range<usize> {
        let start = self.starts[self.line(span.start) - 1];
        let below = self.line(span.end.max(span.start));
        let end = self.starts.get(below).copied().unwrap_or(self.text.len());
        let marked = start == 0 && self.text.starts_with('\u{feff}');
        let start = start + if marked { '\u{feff}'.len_utf8() } else { 0 };
        start..end.max(start)
    }
}

/// The line, from 1, that a byte stands on: for one that is asked for alone.
pub(crate) fn line(text: &str, byte: usize) -> usize {
    let before = &text.as_bytes()[..byte.min(text.len())];
    before.iter().filter(|b| **b == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::{Lines, line};

    #[test]
    fn places_are_counted_in_characters() {
        let text = "\u{feff}a\r\n按1\n";
        let lines = Lines::of(text);
        for (byte, place) in [(3, (1, 1)), (6, (2, 1)), (9, (2, 2)), (11, (3, 1))] {
            assert_eq!(lines.place(byte), place, "{byte}");
            assert_eq!(line(text, byte), place.0, "{byte}");
        }
        assert_eq!(lines.around(&(3..4)), 3..6);
        assert_eq!(lines.around(&(6..11)), 6..11);
    }
}
