//! CORE: what happens on a call, in the platform's and telephony's own words, with no JSON and no I/O.
//!
//! * [`number`] phone numbers that never show themselves whole by accident
//! * [`id`] the identifiers that tie webhooks together
//! * [`event`] what the platform tells us (events in)
//! * [`callflow`] what we answer (actions out)

pub mod callflow;
pub mod event;
pub mod id;
pub mod number;

pub use callflow::{Action, Callflow};
pub use event::Digits;
pub use id::{CallId, EventId, SessionId, SubAccountId};
pub use number::{PhoneNumber, mask_numbers, mask_value};
