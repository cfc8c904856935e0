//! Tests from outside, all in one binary.

mod house;
mod store_contract;
mod store_sqlite;
mod webhook_mutations;
