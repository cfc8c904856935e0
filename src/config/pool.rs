//! `[pools.NAME]`: a pool of virtual numbers as it is configured. Its rules are the core's.

use crate::call::PhoneNumber;
use crate::masking::PoolRules;

/// A pool of virtual numbers.
#[derive(Debug, Clone)]
pub struct Pool {
    /// Its virtual numbers, E.164, those that are reserved too.
    pub numbers: Vec<PhoneNumber>,
    /// Those that only a booking gets which asks for them.
    pub reserved: Vec<PhoneNumber>,
    /// The digits that phones of its numbers' region begin with, the country code first, without `+`.
    pub region: Option<String>,
    /// Whether its numbers can take key presses.
    pub capture: bool,
    /// Its rules: those of `[masking]`, but for what `[pools.NAME.masking]` says otherwise. `home` is its country.
    pub rules: PoolRules,
}
