//! The server under a load of real calls, beside a bare axum server that keeps nothing: `cargo bench --bench calls`.
//!
//! One core has the server, the other the load; the two servers take turns, and what is printed are medians. Nothing is
//! asserted: a figure is judged by whoever reads it, together with the disk's and the neighbours' beside it.
//!
//! * [`call`], [`body`] what a call looks like from the platform's side
//! * [`load`], [`connection`] the load, a process of its own
//! * [`bare`] the reference server
//! * [`process`], [`disk`] the servers, and what the system says about them
//! * [`booked`], [`filled`] a database full of bookings; [`postgres`] another one
//! * [`sections`], [`masked`], [`history`], [`nodes`], [`overload`], [`bookings`] what is measured; [`print`] how it looks
#![allow(clippy::print_stdout, clippy::print_stderr)] // It is a program that prints a table.

mod bare;
mod body;
mod booked;
mod bookings;
mod call;
mod connection;
mod disk;
mod filled;
mod history;
mod load;
mod masked;
mod nodes;
mod overload;
mod postgres;
mod print;
mod process;
mod sections;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

/// Measures the server beside a bare one.
#[derive(Debug, Parser)]
#[command(name = "calls", args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    role: Option<Role>,
    #[command(flatten)]
    options: Options,
    /// What cargo passes to every benchmark.
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

/// What this process is, when it is not the one that measures.
#[derive(Debug, Subcommand)]
enum Role {
    /// The bare server.
    Bare,
    /// The load; prints what came of it as JSON.
    Load(load::Plan),
}

/// How to measure.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Half a minute in all: throughput and latency, one round of two seconds each
    #[arg(long)]
    pub(crate) quick: bool,
    /// Seconds of each single measurement
    #[arg(long, default_value_t = 20.0)]
    pub(crate) seconds: f64,
    /// How often the servers take turns
    #[arg(long, default_value_t = 3)]
    pub(crate) rounds: usize,
    /// What to measure [default: throughput, latency, history]
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(crate) only: Vec<Section>,
    /// A load without a pause for so many seconds, the projection keeping up
    #[arg(long, value_name = "SECONDS")]
    pub(crate) sustained: Option<f64>,
    /// With `history`, also measure 10 million past events (takes long, and 10 GB of disk); with `many-bookings`, 10 million bookings instead of 1 million
    #[arg(long)]
    pub(crate) ten_million: bool,
    /// With `overload`, what to offer
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "twice,ten-times,stuck"
    )]
    pub(crate) stages: Vec<overload::Stage>,
    /// With `overload`, how many webhooks a second the server is able to do, when that was measured before
    #[arg(long, value_name = "RATE")]
    pub(crate) able: Option<u64>,
    /// What the load is made of
    #[arg(long, value_enum, default_value_t = call::Shape::Calls)]
    pub(crate) shape: call::Shape,
    /// Where databases are put while measuring; it decides which disk is measured
    #[arg(long, default_value = env!("CARGO_TARGET_TMPDIR"))]
    pub(crate) scratch: PathBuf,
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Section {
    /// Closed loop at 64 and at 16 connections.
    Throughput,
    /// Open loop at 1,000 and at 4,000 requests a second.
    Latency,
    /// Throughput with past events in the file, memory of live sessions, start-up.
    History,
    /// Bookings made a second at the store, and what one costs in memory.
    Bookings,
    /// The same on PostgreSQL.
    BookingsOnPostgres,
    /// Masked calls beside IVR calls.
    Masked,
    /// Masked calls among a million bookings, against ten thousand.
    ManyBookings,
    /// Two nodes on PostgreSQL against one.
    Nodes,
    /// R17: ten times as much as the server can do.
    Overload,
}

impl Options {
    fn settled(mut self) -> Self {
        if self.quick {
            (self.seconds, self.rounds) = (2.0, 1);
            if self.only.is_empty() {
                self.only = vec![Section::Throughput, Section::Latency];
            }
        }
        if self.only.is_empty() && self.sustained.is_none() {
            self.only = vec![Section::Throughput, Section::Latency, Section::History];
        }
        self
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.role {
        Some(Role::Bare) => bare::serve(),
        Some(Role::Load(plan)) => load::run(plan).map(|outcome| {
            let text = serde_json::to_string(&outcome).expect("an outcome is plain data");
            println!("{text}");
        }),
        None => sections::run(&arguments.options.settled()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("calls: {error}");
            ExitCode::FAILURE
        }
    }
}
