//! A booking, its sides, and its time line: active → grace → cooling → free.

use jiff::{SignedDuration, Timestamp};

use super::number::Vn;
use super::party::{PairKey, PartyKey};
use super::rules::{Callback, Direction, Hours, Limits, PoolName};
use crate::call::PhoneNumber;
use crate::text::name;

name! {
    /// A booking, by the customer's own id.
    BookingId
}

/// The most phones that one side may have.
pub const PHONES: usize = 10;

/// A booking as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Booking {
    /// The customer's id.
    pub id: BookingId,
    /// The store's number of it: a newer one's is greater. 0 in one that is not kept yet.
    pub number: u64,
    /// How often it was changed: whoever writes it writes over what he has read.
    pub revision: u64,
    /// Whose rules it is under.
    pub pool: PoolName,
    /// The two that it is between.
    pub pair: PairKey,
    /// One side.
    pub a: Side,
    /// The other.
    pub b: Side,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// After how long without a call it ends; never when not set.
    pub idle_ttl: Option<SignedDuration>,
    /// Whether it was closed.
    pub closing: Option<Closing>,
    /// What it allows.
    pub terms: Terms,
}

/// Which side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SideName {
    /// `a`.
    A,
    /// `b`.
    B,
}

/// One side of a booking.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    /// Its phones, the primary first. One at least, [`PHONES`] at most.
    pub phones: Vec<Phone>,
    /// What the customer calls it.
    pub label: Option<String>,
    /// The language that it is spoken to in.
    pub language: Option<String>,
    /// Its time zone (IANA), for the hours in which it may be called.
    pub zone: Option<String>,
    /// The number that it calls, and sees.
    pub vn: Vn,
    /// Numbers that it had before and may still call.
    pub earlier: Vec<Vn>,
    /// What it is known by when its number is not.
    pub pin: Option<Pin>,
    /// Whether it agreed to be recorded.
    pub consents: bool,
    /// It is not connected: its calls are refused, and nobody reaches it.
    pub muted: bool,
    /// Which of its phones called last, by its place in `phones`.
    pub last_called: Option<usize>,
}

/// A phone of a side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phone {
    /// The number.
    pub number: PhoneNumber,
    /// What it is found by.
    pub party: PartyKey,
}

/// A PIN, digits only. Never shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Pin(pub String);

impl std::fmt::Debug for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pin(••••)")
    }
}

/// What a booking allows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Terms {
    /// How often, how long.
    pub limits: Limits,
    /// Who may call whom.
    pub direction: Direction,
    /// When.
    pub hours: Option<Hours>,
    /// Whether calls are recorded, the callee's consent given.
    pub record: bool,
    /// Which phone of a side is called.
    pub callback: Callback,
    /// Whether also callers that are known are asked for their PIN.
    pub force_pin: bool,
    /// Whether the booking is on a number that others share, by PIN alone.
    pub hotline: bool,
}

/// That a booking was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closing {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: CloseReason,
    /// Until when a still reaches b.
    pub a_to_b_until: Timestamp,
    /// Until when b still reaches a.
    pub b_to_a_until: Timestamp,
}

/// Why a booking was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// It came to its end as it should.
    Completed,
    /// It is not to be.
    Cancelled,
    /// Somebody was abused.
    Abuse,
    /// Its time was over.
    Expired,
    /// Nobody called for as long as `idle_ttl` says.
    Idle,
    /// One of its people is erased, and it with them.
    Erased,
}

/// Where a booking stands at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Calls connect.
    Active,
    /// Closed; calls still connect, in one direction at least.
    Grace,
    /// Calls connect no more; its numbers rest.
    Cooling,
    /// Its numbers are free.
    Free,
}

/// What calls a booking has had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Calls that were connected.
    pub calls: u32,
    /// Of those, within the last hour.
    pub calls_last_hour: u32,
    /// Seconds talked, of calls that are over.
    pub talk_seconds: u64,
    /// When the last one came.
    pub last_call_at: Option<Timestamp>,
}

impl SideName {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::A, Self::B];

    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// `a` or `b`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }

    /// Reads `a` or `b`.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::BOTH.into_iter().find(|side| side.as_str() == word)
    }
}

impl CloseReason {
    /// All.
    pub const ALL: [Self; 6] = [
        Self::Completed,
        Self::Cancelled,
        Self::Abuse,
        Self::Expired,
        Self::Idle,
        Self::Erased,
    ];

    /// The word that programs use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Abuse => "abuse",
            Self::Expired => "expired",
            Self::Idle => "idle",
            Self::Erased => "erased",
        }
    }

    /// The reason that a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }
}

impl State {
    /// The word that programs use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Grace => "grace",
            Self::Cooling => "cooling",
            Self::Free => "free",
        }
    }
}

impl Side {
    /// A side with these phones and nothing else said of it. It has no number yet.
    pub fn of(phones: Vec<Phone>) -> Self {
        Self {
            phones,
            label: None,
            language: None,
            zone: None,
            vn: Vn(0),
            earlier: Vec::new(),
            pin: None,
            consents: false,
            muted: false,
            last_called: None,
        }
    }

    /// The first phone.
    pub fn primary(&self) -> &Phone {
        self.phones.first().expect("a side has a phone")
    }

    /// The phones' parties.
    pub fn parties(&self) -> impl Iterator<Item = PartyKey> + '_ {
        self.phones.iter().map(|phone| phone.party)
    }

    /// The number that it has and those that it had and may still call.
    pub fn numbers(&self) -> impl Iterator<Item = Vn> + '_ {
        std::iter::once(self.vn).chain(self.earlier.iter().copied())
    }
}

impl Booking {
    /// One side.
    pub fn side(&self, name: SideName) -> &Side {
        match name {
            SideName::A => &self.a,
            SideName::B => &self.b,
        }
    }

    /// One side, to be changed.
    pub fn side_mut(&mut self, name: SideName) -> &mut Side {
        match name {
            SideName::A => &mut self.a,
            SideName::B => &mut self.b,
        }
    }

    /// The side that this party is of.
    pub fn side_of(&self, party: PartyKey) -> Option<SideName> {
        let has = |name: &SideName| self.side(*name).parties().any(|it| it == party);
        SideName::BOTH.into_iter().find(has)
    }

    /// All parties, of both sides.
    pub fn parties(&self) -> Vec<PartyKey> {
        self.a.parties().chain(self.b.parties()).collect()
    }

    /// From when on no call connects any more.
    pub fn rests_from(&self) -> Timestamp {
        match &self.closing {
            None => self.expires_at,
            Some(closing) => closing
                .a_to_b_until
                .max(closing.b_to_a_until)
                .max(closing.at),
        }
    }

    /// Where it stands at `now`, whatever a sweeper has done. `cooldown` is its pool's.
    pub fn state(&self, now: Timestamp, cooldown: SignedDuration) -> State {
        let rests_from = self.rests_from();
        if now < rests_from {
            return match self.closing {
                None => State::Active,
                Some(_) => State::Grace,
            };
        }
        match now < later(rests_from, cooldown) {
            true => State::Cooling,
            false => State::Free,
        }
    }

    /// Whether it can still be changed.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.closing.is_none() && now < self.expires_at
    }

    /// Until when `caller` reaches the other side.
    pub fn connects_until(&self, caller: SideName) -> Timestamp {
        match (&self.closing, caller) {
            (None, _) => self.expires_at,
            (Some(closing), SideName::A) => closing.a_to_b_until,
            (Some(closing), SideName::B) => closing.b_to_a_until,
        }
    }

    /// When it ends for want of calls, when it does.
    pub fn idles_out_at(&self, last_call_at: Option<Timestamp>) -> Option<Timestamp> {
        let since = last_call_at.map_or(self.created_at, |at| at.max(self.created_at));
        self.idle_ttl.map(|ttl| later(since, ttl))
    }

    /// Whether what its calls were has to be known to route one.
    pub fn depends_on_usage(&self) -> bool {
        self.terms.limits != Limits::default()
            || self.idle_ttl.is_some()
            || self.terms.callback == Callback::Last
    }
}

/// `after` later, as far as time goes.
pub fn later(at: Timestamp, after: SignedDuration) -> Timestamp {
    at.checked_add(after).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
#[path = "booking_tests.rs"]
mod tests;
