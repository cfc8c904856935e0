//! CORE: number masking. A booking joins two sides; while it lives, a call from one side to the booking's virtual number
//! reaches the other, and neither sees the other's number.
//!
//! * [`party`] what people and pairs of them are found by
//! * [`number`] virtual numbers of pools, and what each is good for
//! * [`health`] how each is, by what the platform says; [`plan`] how many a pool needs
//! * [`rules`] all that a pool's owner may set
//! * [`booking`] a booking, its sides, and its time line
//! * [`carried`] a session that masking carries
//! * [`spelling`] numbers as people write them, and calling numbers that are none
//! * [`request`] what is asked for, and what is wrong with it
//! * [`draft`] from what is asked for to a booking as it is to stand
//! * [`leg`] who holds which number: (party, virtual number) → booking, side
//! * [`allocate`] which number a booking gets
//! * [`change`] a side, a number or the end of a booking changes
//! * [`pin`] PINs that nobody guesses
//! * [`mod@route`] what a call is answered with, for every case
//! * [`decision`] the answer's code, rule and next words
//! * [`words`] the sentences that callers hear
//! * [`write`](mod@write) what is to be kept in one transaction

pub mod allocate;
pub mod booking;
pub mod carried;
pub mod change;
pub mod decision;
pub mod draft;
pub mod health;
pub mod leg;
pub mod number;
pub mod party;
pub mod pin;
pub mod plan;
pub mod request;
pub mod route;
pub mod rules;
pub mod spelling;
pub mod words;
pub mod write;

#[cfg(test)]
mod exit_tests;

pub use booking::{Booking, BookingId, Phone, Side, SideName};
pub use carried::Carried;
pub use decision::{Code, Decision, Whom};
pub use leg::Leg;
pub use number::{Health, NumberBook, PoolNumber, Vn};
pub use party::{PairKey, PartyKey};
pub use route::{Picture, route};
pub use rules::{PoolName, PoolRules};
pub use write::{BookingWrite, PinWrite};
