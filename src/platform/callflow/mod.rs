//! Callflows as the platform takes them: [`to_json`] writes ours, [`check`](check()) holds any to the platform's rules.

pub mod check;
mod params;
mod write;

pub use check::{Fault, SentAs, check};
pub use write::to_json;

#[cfg(test)]
mod tests;
