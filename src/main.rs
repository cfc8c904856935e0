//! The program: parse, dispatch, print the error chain.

use std::process::ExitCode;

use callwright::cli::{self, Cli};
use clap::Parser as _;

/// A call takes and gives back some dozens of small pieces of memory, on one thread and on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run(Cli::parse())
}
