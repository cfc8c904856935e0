//! What may happen to a webhook on its way, as values: twice, late, out of order, lost and sent again.

use super::chance::Chance;

/// How often what goes wrong, in percent of webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mischief {
    /// Delivered once more, later.
    pub twice: u8,
    /// Delivered late, so that others pass it.
    pub late: u8,
    /// Lost on the way, and sent again.
    pub lost: u8,
    /// Delivered, but its answer is lost, and it is sent again.
    pub answer_lost: u8,
    /// The latest that a second or late delivery comes, in milliseconds. A call does not wait longer than [`PATIENT_MS`] for
    /// its first delivery.
    pub latest_ms: u64,
}

/// How the webhooks that follow are delivered, as somebody decides instead of chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Manner {
    /// Each once more, half a second later.
    pub twice: bool,
    /// Each three seconds late. Whoever waits for its answer waits.
    pub late: bool,
}

/// How late a late webhook is, in milliseconds.
const LATE_MS: u64 = 3_000;

/// How long after the first a second delivery comes, in milliseconds.
const SECOND_MS: u64 = 500;

impl Manner {
    /// What becomes of one webhook; `None` leaves it to chance.
    pub(super) fn deliveries(self) -> Option<Vec<Delivery>> {
        let first = if self.late { LATE_MS } else { 0 };
        let mut deliveries = vec![Delivery::plain(first)];
        if self.twice {
            deliveries.push(Delivery::plain(first + SECOND_MS));
        }
        (self != Self::default()).then_some(deliveries)
    }
}

/// The latest that a call's action, which the caller waits for, is delivered first.
pub(super) const PATIENT_MS: u64 = 1_500;

/// One delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Delivery {
    pub(super) after_ms: u64,
    pub(super) arrives: bool,
    pub(super) answer_arrives: bool,
}

impl Mischief {
    /// Each webhook once, at once.
    pub const NONE: Self = Self {
        twice: 0,
        late: 0,
        lost: 0,
        answer_lost: 0,
        latest_ms: 0,
    };

    /// All of it, often.
    pub const NASTY: Self = Self {
        twice: 20,
        late: 20,
        lost: 10,
        answer_lost: 10,
        latest_ms: 20_000,
    };

    /// What becomes of one webhook.
    pub(super) fn deliveries(&self, waited_for: bool, chance: &mut Chance) -> Vec<Delivery> {
        if *self == Self::NONE {
            return vec![Delivery::plain(0)];
        }
        let latest = self.latest_ms.max(1);
        let patience = if waited_for {
            latest.min(PATIENT_MS)
        } else {
            latest
        };
        let late = chance.happens(self.late);
        let after_ms = if late { chance.between(0, patience) } else { 0 };
        let first = Delivery {
            after_ms,
            arrives: !chance.happens(self.lost),
            answer_arrives: !chance.happens(self.answer_lost),
        };
        let mut deliveries = vec![first];
        if chance.happens(self.twice) {
            deliveries.push(Delivery::plain(after_ms + chance.between(1, latest + 1)));
        }
        deliveries
    }
}

impl Delivery {
    pub(super) fn plain(after_ms: u64) -> Self {
        Self {
            after_ms,
            arrives: true,
            answer_arrives: true,
        }
    }
}
