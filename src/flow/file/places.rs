//! Where things stand in a text.

use std::ops::Range;

use super::Table;
use crate::flow::diagnostic::Span;

/// The stretch of a text that a step takes: its header and all that its table holds.
pub fn extent(table: &Table, header: &Span) -> Span {
    let mut extent = header.clone();
    let mut open = vec![table];
    while let Some(table) = open.pop() {
        for entry in table.entries() {
            extent.start = extent.start.min(entry.key_span.start);
            extent.end = extent.end.max(entry.span().end);
            open.extend(entry.value.as_table());
        }
    }
    extent
}

/// Where a stretch of a decoded string stands in the text, given where the string stands with its quotes.
///
/// Walks the raw string beside its decoded form, so that escapes count as what they mean. A stretch that cannot be found
/// gives the whole string.
pub fn within(text: &str, string: &Span, stretch: Range<usize>) -> Span {
    let Some(raw) = text.get(string.clone()) else {
        return string.clone();
    };
    let (open, escapes) = opening(raw);
    let close = raw.len() - open.quotes.min(raw.len() - open.length);
    let mut at = open.length;
    let mut decoded = 0;
    let mut found = string.start + at..string.start + close;
    while at < close {
        if decoded == stretch.start {
            found.start = string.start + at;
        }
        let Some(piece) = Piece::next(&raw[at..close], escapes) else {
            break;
        };
        at += piece.raw;
        decoded += piece.decoded;
        if decoded == stretch.end {
            found.end = string.start + at;
            return found;
        }
    }
    found
}

struct Opening {
    length: usize,
    quotes: usize,
}

/// How long the opening of a string is, how long its closing, and whether it knows escapes.
fn opening(raw: &str) -> (Opening, bool) {
    let escapes = raw.starts_with('"');
    let quotes = if raw.starts_with("\"\"\"") && raw.len() >= 6
        || raw.starts_with("'''") && raw.len() >= 6
    {
        3
    } else {
        usize::from(raw.starts_with(['"', '\'']))
    };
    let newline = match &raw[quotes..] {
        rest if quotes == 3 && rest.starts_with('\n') => 1,
        rest if quotes == 3 && rest.starts_with("\r\n") => 2,
        _ => 0,
    };
    let length = quotes + newline;
    (Opening { length, quotes }, escapes)
}

/// A stretch of a raw string and how many bytes it decodes to.
struct Piece {
    raw: usize,
    decoded: usize,
}

impl Piece {
    fn next(rest: &str, escapes: bool) -> Option<Self> {
        let mut letters = rest.chars();
        let first = letters.next()?;
        if first != '\\' || !escapes {
            let length = first.len_utf8();
            return Some(Self {
                raw: length,
                decoded: length,
            });
        }
        let digits = match letters.next()? {
            'u' => 4,
            'U' => 8,
            'x' => 2,
            mark if mark.is_whitespace() => {
                let raw = rest.len() - rest[1..].trim_start().len();
                return Some(Self { raw, decoded: 0 });
            }
            mark => {
                return Some(Self {
                    raw: 1 + mark.len_utf8(),
                    decoded: 1,
                });
            }
        };
        let code = rest.get(2..2 + digits)?;
        let letter = u32::from_str_radix(code, 16)
            .ok()
            .and_then(char::from_u32)?;
        Some(Self {
            raw: 2 + digits,
            decoded: letter.len_utf8(),
        })
    }
}
