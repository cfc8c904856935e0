//! Tests from outside, all in one binary.

#![expect(
    clippy::print_stdout,
    reason = "some tests print the figures they measure"
)]

mod app;
mod authoring;
mod backup;
mod bad_flows;
mod bookings;
mod canaries;
mod cluster;
mod contact_center;
mod deploy;
mod destinations;
mod door;
mod emulated;
mod erased;
mod guides;
mod house;
mod journal;
mod known_before_new;
mod lookups;
mod masking;
mod nodes;
mod outbound;
#[cfg(feature = "failpoints")]
mod panics;
mod phone;
mod platform_commands;
mod privacy;
mod proxy;
mod random_flows;
mod readme;
mod rehearsal;
mod reliability;
mod rotation;
mod store_away;
mod store_contract;
mod store_postgres;
mod store_sqlite;
mod told;
mod voice_api;
mod webhook_mutations;
