//! Characters that do more than stand in their line.

/// Whether a character could begin a line, move a cursor or turn the direction of reading: control characters, the line
/// and paragraph separators, and the marks that turn text around (Unicode's `Bidi_Control`).
pub(crate) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::is_unsafe;

    #[test]
    fn what_moves_or_turns_text_is_unsafe() {
        let turning = "\u{61c}\u{200e}\u{200f}\u{202a}\u{202e}\u{2066}\u{2069}";
        let moving = "\0\n\r\t\u{1b}\u{7f}\u{85}\u{9b}\u{2028}\u{2029}";
        assert!(turning.chars().chain(moving.chars()).all(is_unsafe));
        assert!(
            !"a é日\u{200d}\u{2027}\u{202f}\u{2065}•→"
                .chars()
                .any(is_unsafe)
        );
    }
}
