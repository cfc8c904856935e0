//! The 8x8 platform's JSON: webhooks in, callflows out; and what we ask of the platform.
//!
//! * [`webhook`] what the platform tells us, parsed once at the door
//! * [`limits`] how much of it is read
//! * [`callflow`] what we answer, and the platform's rules for it
//! * [`client`] the client of its Voice API; [`contact_center`] that of its Contact Center

pub mod callflow;
pub mod client;
pub mod contact_center;
mod json;
pub mod limits;
pub mod webhook;
