//! What is told of a booking, of its calls and of the pools that its numbers come from.
//!
//! A virtual number is what a booking is for, and is told whole; a person's number is a [`Number`].

use jiff::Timestamp;
use serde::Serialize;

use super::told::Number;

/// One side of a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The first, a rider say.
    A,
    /// The second, a driver say.
    B,
}

/// Which number each side of a booking calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VirtualNumbers {
    /// What side A calls, E.164.
    pub a: String,
    /// What side B calls, E.164.
    pub b: String,
}

/// A booking was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BookingCreated {
    /// The customer's id of it.
    pub booking_id: String,
    /// The pool that its numbers are from.
    pub pool: String,
    /// Which number each side calls.
    pub virtual_numbers: VirtualNumbers,
    /// When it ends by itself.
    #[serde(serialize_with = "super::told::time")]
    pub expires_at: Timestamp,
}

/// A booking was closed by a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BookingClosed {
    /// The customer's id of it.
    pub booking_id: String,
    /// The request's word: `completed`, `cancelled` or `abuse`.
    pub reason: String,
    /// Until when its sides still reach each other.
    #[serde(serialize_with = "super::told::time_if_any")]
    pub grace_until: Option<Timestamp>,
}

/// A booking's time is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BookingExpired {
    /// The customer's id of it.
    pub booking_id: String,
    /// When it was over.
    #[serde(serialize_with = "super::told::time")]
    pub expired_at: Timestamp,
}

/// One side of a booking has another virtual number, and is to be told so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NumberChanged {
    /// The customer's id of it.
    pub booking_id: String,
    /// The side that calls another number from now on.
    pub side: Side,
    /// What it called before, E.164.
    pub old: String,
    /// What it calls now, E.164.
    pub new: String,
    /// Why: `phone_changed`, `unhealthy`, `expiring`, `inactive`, `drained` …
    pub reason: String,
    /// Until when the old one works as well; null when it does not.
    #[serde(serialize_with = "super::told::time_if_any")]
    pub old_works_until: Option<Timestamp>,
}

/// A call of one side is put through to the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallConnected {
    /// The customer's id of the booking.
    pub booking_id: String,
    /// The platform's id of the call's session.
    pub session_id: String,
    /// Who calls.
    pub from: Side,
    /// The number that was called, E.164.
    pub virtual_number: String,
}

/// A call to a virtual number of a pool is not put through.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CallRefused {
    /// The customer's id of the booking, when the call is known to be one of it.
    pub booking_id: Option<String>,
    /// The platform's id of the call's session.
    pub session_id: String,
    /// Who calls, when that is known.
    pub from: Option<Side>,
    /// The calling number, when it was sent.
    pub caller: Option<Number>,
    /// The number that was called, E.164.
    pub virtual_number: String,
    /// The rule that it was refused by.
    pub decision: String,
}

/// A call of a booking is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallEnded {
    /// The customer's id of the booking.
    pub booking_id: String,
    /// The platform's id of the call's session.
    pub session_id: String,
    /// Who called.
    pub from: Side,
    /// The summary's word: `COMPLETED`, `NO_ANSWER`, `BUSY` …
    pub outcome: String,
    /// For how long they talked.
    pub talk_seconds: u64,
}

/// A pool runs out of numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PoolPressure {
    /// Its name.
    pub pool: String,
    /// How much of it is taken: 80 or 95, as it was passed.
    pub percent: u8,
    /// How many numbers it has that can be given out.
    pub numbers: u64,
    /// Of the person with the most numbers taken: how many those are.
    pub taken: u64,
}
