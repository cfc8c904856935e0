//! What is asked for, and what is wrong with it: all faults at once, each with its place and without any number.

use jiff::{SignedDuration, Timestamp};

use super::booking::{CloseReason, SideName};
use super::rules::{Callback, Direction, Hours, PoolName};

/// A booking that is asked for. What is left out of one that is asked for again stays as it was.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BookingRequest {
    /// The pool; `default` of a new one that does not say. It cannot be changed.
    pub pool: Option<PoolName>,
    /// One side.
    pub a: Option<SideRequest>,
    /// The other.
    pub b: Option<SideRequest>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// After how long without a call it ends.
    pub idle_ttl: Option<SignedDuration>,
    /// Calls.
    pub max_calls: Option<u32>,
    /// Calls an hour.
    pub max_calls_per_hour: Option<u32>,
    /// Minutes.
    pub max_talk_minutes: Option<u32>,
    /// Who may call whom.
    pub direction: Option<Direction>,
    /// When.
    pub hours: Option<Hours>,
    /// Whether to record.
    pub record: Option<bool>,
    /// Which phone of a side is called.
    pub callback: Option<Callback>,
    /// Whether also known callers are asked for their PIN.
    pub force_pin: Option<bool>,
}

/// A side that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SideRequest {
    /// Its phones, as people write them, the primary first.
    pub phones: Option<Vec<String>>,
    /// What the customer calls it.
    pub label: Option<String>,
    /// The language that it is spoken to in.
    pub language: Option<String>,
    /// Its time zone (IANA).
    pub zone: Option<String>,
    /// Whether it agreed to be recorded.
    pub consents: Option<bool>,
    /// Whether it is not connected.
    pub muted: Option<bool>,
    /// The number that it wants: the only way to a reserved one.
    pub virtual_number: Option<String>,
}

/// A booking is to be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CloseRequest {
    /// Why.
    pub reason: CloseReason,
    /// After `abuse`: who is put on the block-list.
    pub block: Option<SideName>,
}

/// Something that is wrong with a request. Repeats no number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// For programs: `same_party`, `party_is_virtual_number`, `unroutable`, `past_expiry`, `unknown_pool` …
    pub code: &'static str,
    /// Where, as a JSON pointer: `/a/phones/0`.
    pub at: String,
    /// What was wrong and what to write instead, as a sentence.
    pub says: String,
}
