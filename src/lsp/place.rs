//! Where things stand in a text as the protocol counts: lines from 0, and units of UTF-16 in a line.

use std::ops::Range;

use serde_json::{Value, json};

/// The byte of a position; the end of its line when the line is shorter.
pub(super) fn byte(text: &str, position: &Value) -> usize {
    let number = |key| {
        let number = position[key].as_u64().unwrap_or_default();
        usize::try_from(number).unwrap_or(usize::MAX)
    };
    let mut lines = text.split_inclusive('\n');
    let before: usize = lines.by_ref().take(number("line")).map(str::len).sum();
    let line = lines
        .next()
        .unwrap_or_default()
        .trim_end_matches(['\n', '\r']);
    let mut units = number("character");
    let within = line.chars().take_while(|c| {
        let fits = units >= c.len_utf16();
        units = units.saturating_sub(c.len_utf16());
        fits
    });
    before + within.map(char::len_utf8).sum::<usize>()
}

/// A stretch of bytes.
pub(super) fn range(text: &str, span: &Range<usize>) -> Value {
    json!({"start": position(text, span.start), "end": position(text, span.end.max(span.start))})
}

fn position(text: &str, byte: usize) -> Value {
    let before = text.get(..byte.min(text.len())).unwrap_or(text);
    let line = before.rfind('\n').map_or(before, |at| &before[at + 1..]);
    json!({
        "line": before.matches('\n').count(),
        "character": line.encode_utf16().count(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{byte, range};

    #[test]
    fn letters_of_every_width_are_counted() {
        let text = "a\r\n按😀x\nb";
        let at = |line, character| byte(text, &json!({"line": line, "character": character}));
        assert_eq!([at(0, 0), at(0, 9), at(1, 1), at(1, 3)], [0, 1, 6, 10]);
        assert_eq!([at(1, 99), at(2, 1), at(9, 9)], [11, 13, 13]);
        assert_eq!(
            range(text, &(10..13)),
            json!({"start": {"line": 1, "character": 3}, "end": {"line": 2, "character": 1}})
        );
    }
}
