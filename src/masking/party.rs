//! What people, and pairs of them, are found by. The keyed hash itself is made by whoever holds the key; here it is a value.

use std::fmt;

use sha2::{Digest, Sha256};

use super::rules::PoolName;

/// What a person is found by: 16 bytes of a keyed hash of the digits of the number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartyKey(pub [u8; 16]);

/// What the bookings of the same two people in one pool have in common: 16 bytes, whichever of them is side a.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PairKey(pub [u8; 16]);

impl PairKey {
    /// The pair of two people. What goes in is keyed already, so that nobody can try numbers against what comes out.
    pub fn of(pool: &PoolName, one: PartyKey, other: PartyKey) -> Self {
        let (low, high) = (one.min(other), one.max(other));
        let hash: [u8; 32] = Sha256::new()
            .chain_update(low.0)
            .chain_update(high.0)
            .chain_update(pool.as_str())
            .finalize()
            .into();
        Self(*hash.first_chunk().expect("32 bytes begin with 16"))
    }
}

impl fmt::Debug for PartyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "party {:02x}{:02x}", self.0[0], self.0[1])
    }
}

impl fmt::Debug for PairKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pair {:02x}{:02x}", self.0[0], self.0[1])
    }
}
