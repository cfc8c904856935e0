//! "Did you mean?"

/// The candidate that a misspelt word most likely meant; `None` when none is near.
///
/// A word may differ by a third of its letters, by one at least and four at most, and a swap of two neighbours counts as one.
pub(crate) fn nearest<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    let length = word.chars().count();
    let bound = (length / 3).clamp(1, 4);
    candidates
        .into_iter()
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= bound)
        .map(|candidate| (strsim::osa_distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= bound)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_what_was_meant() {
        let steps = ["main", "reservations", "staff"];
        for (word, meant) in [
            ("mian", Some("main")),
            ("reservation", Some("reservations")),
            ("staf", Some("staff")),
            ("hours", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, steps), meant, "{word}");
        }
    }
}
