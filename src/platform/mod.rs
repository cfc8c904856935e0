//! The 8x8 platform's JSON: webhooks in, callflows out.

pub mod callflow;
pub mod webhook;
