//! Virtual numbers of pools, and what each is good for.

use std::collections::HashMap;

use jiff::Timestamp;

use super::rules::PoolName;
use crate::call::{PhoneNumber, SubAccountId};
use crate::outbound::Country;

/// A virtual number by the small number that the store gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Vn(pub u32);

/// How a number is, by the platform's words (`operationalStatus`, `isHealthy`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Health {
    /// It takes and places calls.
    Active,
    /// It is unwell: calls of earlier bookings may still come.
    Unhealthy,
    /// It leaves soon: calls of earlier bookings still come.
    Expiring,
    /// It is gone: no call comes, and a call from it fails (-2008).
    Inactive,
}

/// A word about a number that is not believed yet, since numbers flap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// What was said.
    pub health: Health,
    /// Since when it is said.
    pub since: Timestamp,
}

/// A virtual number of a pool.
#[derive(Debug, Clone, PartialEq)]
pub struct PoolNumber {
    /// What the store calls it. [`Vn`] 0 in one that is not kept yet.
    pub vn: Vn,
    /// The number.
    pub number: PhoneNumber,
    /// Its pool.
    pub pool: PoolName,
    /// Where it is.
    pub country: Option<Country>,
    /// The part of the country that it is known in, as its owner calls it.
    pub region: Option<String>,
    /// Whose it is; any sub-account's when it is not said.
    pub sub_account: Option<SubAccountId>,
    /// Whether calls to it can be asked for digits.
    pub capture: bool,
    /// It is given only to bookings that ask for it.
    pub reserved: bool,
    /// Its owner takes it out: as if it were expiring.
    pub draining: bool,
    /// How it is, as far as is believed.
    pub health: Health,
    /// What is said of it and not believed yet.
    pub heard: Option<Heard>,
    /// Since when it is as it is.
    pub changed_at: Timestamp,
    /// It has left the pool. Kept while bookings hold it.
    pub removed: bool,
}

impl PoolNumber {
    /// A number of `pool` that is not kept yet: healthy since `at`, free to give, anybody's.
    pub fn new(
        number: PhoneNumber,
        pool: PoolName,
        country: Option<Country>,
        at: Timestamp,
    ) -> Self {
        Self {
            vn: Vn(0),
            number,
            pool,
            country,
            region: None,
            sub_account: None,
            capture: false,
            reserved: false,
            draining: false,
            health: Health::Active,
            heard: None,
            changed_at: at,
            removed: false,
        }
    }

    /// How it is for those who use it: a drained or removed one is expiring at best.
    pub fn standing(&self) -> Health {
        match self.health {
            Health::Active | Health::Unhealthy if self.draining || self.removed => Health::Expiring,
            health => health,
        }
    }

    /// Whether bookings may be given it that do not ask for it.
    pub fn is_free_to_give(&self) -> bool {
        self.standing() == Health::Active && !self.reserved
    }

    /// Whether a call may be placed from it.
    pub fn may_be_source(&self) -> bool {
        self.health != Health::Inactive
    }
}

/// The numbers of all pools, found by either name.
#[derive(Debug, Clone, Default)]
pub struct NumberBook {
    by_vn: HashMap<Vn, PoolNumber>,
    by_number: HashMap<PhoneNumber, Vn>,
}

impl NumberBook {
    /// A book of these.
    pub fn new(numbers: impl IntoIterator<Item = PoolNumber>) -> Self {
        let by_vn: HashMap<_, _> = numbers.into_iter().map(|it| (it.vn, it)).collect();
        let by_number = by_vn
            .values()
            .map(|it| (it.number.clone(), it.vn))
            .collect();
        Self { by_vn, by_number }
    }

    /// The number that the store calls so.
    pub fn get(&self, vn: Vn) -> Option<&PoolNumber> {
        self.by_vn.get(&vn)
    }

    /// What is known of a number, if it is one of a pool.
    pub fn find(&self, number: &PhoneNumber) -> Option<&PoolNumber> {
        self.by_number.get(number).and_then(|vn| self.get(*vn))
    }

    /// All of them, in the order in which they came to the store.
    pub fn all(&self) -> Vec<&PoolNumber> {
        let mut all: Vec<_> = self.by_vn.values().collect();
        all.sort_unstable_by_key(|number| number.vn);
        all
    }
}
