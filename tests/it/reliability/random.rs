//! Chance that can be had again by its seed.

use std::time::Duration;

/// A small generator of numbers.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// A generator whose seed is printed, so that a failure can be run again with `CALLWRIGHT_SEED`.
    pub(crate) fn announced(row: &str) -> Self {
        let given = std::env::var("CALLWRIGHT_SEED").ok();
        let seed = given.map_or_else(
            || u64::from(std::process::id()),
            |text| text.parse().expect("CALLWRIGHT_SEED is a number"),
        );
        println!("{row}: seed {seed}");
        Self(seed)
    }

    /// A generator of this seed.
    pub(crate) fn of(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `from` up to, but not including, `to`.
    pub(crate) fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.next() % (to - from)
    }

    pub(crate) fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(self.between(from, to))
    }
}
