//! What is to be kept of a booking in one transaction, as a value: the booking, the legs and PINs that it takes, and those
//! whose times change.

use jiff::Timestamp;

use super::booking::{Booking, SideName};
use super::leg::Leg;
use super::number::Vn;

/// One booking to be kept, with all that changes with it.
#[derive(Debug, Clone, PartialEq)]
pub struct BookingWrite {
    /// The booking as it is to stand. `number` 0 is a new one; else it is kept over the `revision` that it was read in.
    pub booking: Booking,
    /// Legs that it takes: each has to be new, free, or of the same pair.
    pub takes: Vec<Leg>,
    /// Numbers that have rested since before this may be taken as well, though their time is not over.
    pub rested_before: Option<Timestamp>,
    /// Legs of its own that change their times, or go to another booking of the pair.
    pub changes: Vec<Leg>,
    /// PINs that it takes, or has and whose times change.
    pub pins: Vec<PinWrite>,
    /// PINs that it gives back.
    pub drops: Vec<(Vn, [u8; 16])>,
    /// When something is due for it next: its end, being erased.
    pub due_at: Timestamp,
    /// When it is written.
    pub now: Timestamp,
}

/// A PIN to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinWrite {
    /// On which number.
    pub vn: Vn,
    /// What it is found by.
    pub key: [u8; 16],
    /// Whose it is.
    pub side: SideName,
    /// From when on it is nobody's.
    pub free_from: Timestamp,
}
