//! Callflows as the platform takes them: [`to_json`] and [`request_to_json`] write ours, [`check`](check()) holds any to the platform's rules.

pub mod check;
mod params;
mod write;

pub use check::{Fault, SentAs, check};
pub use write::{request_to_json, to_json};

#[cfg(test)]
mod tests;
