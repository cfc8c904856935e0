//! Which text of a stranger's may stand in a log.

/// The longest identifier that is logged.
const LENGTH: usize = 64;

/// `id` when it can be logged as it is: short, plain, and no bare number that might be a telephone's.
pub(crate) fn plain(id: &str) -> Option<&str> {
    let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    let is_plain = (1..=LENGTH).contains(&id.len())
        && id.bytes().all(letter)
        && id.bytes().any(|b| b.is_ascii_alphabetic());
    is_plain.then_some(id)
}
