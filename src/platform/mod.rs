//! The 8x8 platform's JSON: webhooks in, callflows out.
//!
//! * [`webhook`] what the platform tells us, parsed once at the door
//! * [`limits`] how much of it is read
//! * [`callflow`] what we answer, and the platform's rules for it

pub mod callflow;
mod json;
pub mod limits;
pub mod webhook;
