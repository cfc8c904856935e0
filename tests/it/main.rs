//! Tests from outside, all in one binary.

mod house;
mod store_contract;
mod webhook_mutations;
