//! Chance that can be had again by its seed.

use uuid::Uuid;

/// A small generator of numbers (SplitMix64), the same on every machine.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// The generator of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A generator of its own for the `ordinal`th call, so that what one call draws changes no other.
    pub fn of_call(seed: u64, ordinal: u64) -> Self {
        let mut chance = Self(seed.rotate_left(32) ^ ordinal.wrapping_mul(0xd134_2543_de82_ef95));
        Self(chance.draw())
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `from` up to, but not including, `to`, which is above it.
    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.draw() % (to - from)
    }

    /// True `percent` times out of a hundred.
    pub fn happens(&mut self, percent: u8) -> bool {
        self.draw() % 100 < u64::from(percent)
    }

    /// An id of the platform's form.
    pub fn uuid(&mut self) -> String {
        let bytes = (u128::from(self.draw()) << 64) | u128::from(self.draw());
        uuid::Builder::from_random_bytes(bytes.to_be_bytes())
            .into_uuid()
            .to_string()
    }

    /// An id that nothing else has, for what need not be had again.
    pub(super) fn fresh_uuid() -> String {
        Uuid::now_v7().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::Chance;

    #[test]
    fn a_seed_gives_the_same_again_and_calls_differ() {
        let (mut one, mut again) = (Chance::of_call(7, 1), Chance::of_call(7, 1));
        assert_eq!(one.uuid(), again.uuid());
        assert_ne!(one.uuid(), Chance::of_call(7, 2).uuid());
        assert!((3..5).contains(&one.between(3, 5)));
    }
}
