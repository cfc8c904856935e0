//! Who holds which number: (party, virtual number) → booking, side. A key, so that a call to a number from a party can
//! mean one booking only; and while it is held, no other booking of that party gets the number.

use jiff::Timestamp;

use super::booking::SideName;
use super::number::Vn;
use super::party::{PairKey, PartyKey};

/// A party that holds a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leg {
    /// Who calls.
    pub party: PartyKey,
    /// Which number is called.
    pub vn: Vn,
    /// The booking that the call is about, by the store's number.
    pub booking: u64,
    /// The side that calls.
    pub side: SideName,
    /// The party is no phone of the booking, but gave its PIN once: it counts as of the side.
    pub remembered: bool,
    /// The two that it is between.
    pub pair: PairKey,
    /// From when on the number rests for the party: no call connects any more.
    pub rests_from: Timestamp,
    /// From when on the number may be given to the party anew.
    pub free_from: Timestamp,
}

/// How a leg stands at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Calls connect, or would if the booking allowed it.
    Held,
    /// The number rests for the party.
    Resting,
    /// It may be given anew.
    Free,
}

impl Leg {
    /// How it stands at `now`.
    pub fn standing(&self, now: Timestamp) -> Standing {
        if now >= self.free_from {
            Standing::Free
        } else if now >= self.rests_from {
            Standing::Resting
        } else {
            Standing::Held
        }
    }

    /// Whether it keeps a booking of `pair` from having this number at `now`.
    pub fn blocks(&self, pair: PairKey, now: Timestamp) -> bool {
        self.pair != pair && self.standing(now) != Standing::Free
    }
}
