//! Words that the platform spells in more than one way.

/// Stands for a status that a body lacks.
pub(super) const UNKNOWN: &str = "UNKNOWN";

/// How a session or leg ends (guides "Session Summary" for number masking, IVR and voice messages).
const ENDINGS: [&str; 9] = [
    "COMPLETED",
    "NO_ANSWER",
    "BUSY",
    "CANCELED",
    "FAILED",
    "ERROR",
    "COMPLETED_UNSUBSCRIBED",
    "COMPLETED_UNSUB_ERROR",
    "UNSUBSCRIBED_CONTACT",
];

/// How a session or leg ended, in the documented spelling: `NO ANSWER` is `NO_ANSWER`, `CANCELLED` is `CANCELED`. An
/// unknown word stays as it came.
pub(crate) fn ending(word: &str) -> String {
    let spelled = match spelling(word) {
        cancelled if cancelled == "CANCELLED" => "CANCELED".to_owned(),
        spelled => spelled,
    };
    if ENDINGS.contains(&spelled.as_str()) {
        spelled
    } else {
        word.to_owned()
    }
}

/// The word as the platform's documents spell such words: capitals, joined by underscores.
pub(super) fn spelling(word: &str) -> String {
    word.trim().to_ascii_uppercase().replace([' ', '-'], "_")
}

#[cfg(test)]
mod tests {
    use super::ending;

    #[test]
    fn known_endings_are_spelled_as_documented() {
        for (came, kept) in [
            ("COMPLETED", "COMPLETED"),
            ("NO ANSWER", "NO_ANSWER"),
            ("NO_ANSWER", "NO_ANSWER"),
            ("no-answer", "NO_ANSWER"),
            ("CANCELLED", "CANCELED"),
            ("CANCELED", "CANCELED"),
            (" Busy ", "BUSY"),
            ("COMPLETED_UNSUB_ERROR", "COMPLETED_UNSUB_ERROR"),
            ("Lost in space", "Lost in space"),
        ] {
            assert_eq!(ending(came), kept);
        }
    }
}
