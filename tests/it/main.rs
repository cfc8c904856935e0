//! Tests from outside, all in one binary.

mod house;
mod store_contract;
//! The tests from outside, in one binary.

mod webhook_mutations;
