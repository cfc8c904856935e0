//! Chance, from the system's source: PINs are drawn by it, and numbers.

use uuid::Uuid;

/// The bits of a random UUID's second half that are all by chance.
const BITS: u64 = (1 << 62) - 1;

/// A number below `below` (at least 1).
pub(super) fn below(below: u64) -> u64 {
    let (_, half) = Uuid::new_v4().as_u64_pair();
    (half & BITS) % below.max(1)
}
