//! CORE: calls that leave, on whichever way: where they may go, how often, and what is known of one that was placed.
//!
//! * [`numbering`] countries and the kinds of numbers, by the numbering plans of the world
//! * [`spelling`] a number as people and networks write it, read in a country
//! * [`destination`] where a call may go: the one question that every way out asks
//! * [`rates`] how many calls may be started, by time
//! * [`retries`] how many requests may be sent again
//! * [`attempt`] one request to call somebody: its states, and what ends each of them

pub mod attempt;
pub mod destination;
pub mod numbering;
pub mod rates;
pub mod retries;
pub mod spelling;

pub use destination::{Destinations, Refused};
pub use numbering::Country;
