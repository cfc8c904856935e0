//! How many numbers a pool needs so that no booking fails for want of one: bookings are the edges of a graph between people,
//! and two that meet in a person must not have the same number.

use super::rules::Numbers;

/// What a pool's size follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// How many numbers can be given out.
    pub usable: u64,
    /// How many numbers the person on side a holds who holds the most.
    pub a: u32,
    /// The same of side b.
    pub b: u32,
}

impl Plan {
    /// How many numbers it needs under these rules.
    pub fn needed(self, numbers: Numbers) -> u64 {
        let (a, b) = (u64::from(self.a), u64::from(self.b));
        match numbers {
            // A new booking of the two busiest finds those taken that either of them has, less the one that it gets.
            Numbers::Shared => (a + b).saturating_sub(1),
            // Each side finds its own taken.
            Numbers::Split => a.max(b),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_is_as_large_as_its_busiest_people_need() {
        for (a, b, shared, split) in [(0, 0, 0, 0), (1, 1, 1, 1), (3, 20, 22, 20), (20, 1, 20, 20)]
        {
            let plan = Plan { usable: 5, a, b };
            assert_eq!(
                (plan.needed(Numbers::Shared), plan.needed(Numbers::Split)),
                (shared, split)
            );
        }
    }
}
