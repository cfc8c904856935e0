//! The program: parse, dispatch, print the error chain.

use std::process::ExitCode;

use callwright::cli::{self, Cli};
use clap::Parser as _;

fn main() -> ExitCode {
    cli::run(Cli::parse())
}
