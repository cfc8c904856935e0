//! `callwright serve`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;

use crate::config::Config;
use crate::flow::report::{Format, Look, render};
use crate::server::{self, RefusedFlows, StartError, With};
use crate::telemetry;

/// Start the server
///
/// Reads the configuration (the defaults, then callwright.toml in the working directory, then CALLWRIGHT_… variables),
/// checks all of it and every flow, and then answers webhooks and the API until it is stopped.
///
/// Example: callwright serve --config /etc/callwright.toml
#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// The configuration file, instead of callwright.toml in the working directory
    #[arg(long, value_name = "FILE", env = "CALLWRIGHT_CONFIG")]
    config: Option<PathBuf>,
    /// With a phone in the browser, at /phone, for this machine alone: never on a server that the platform calls
    #[arg(long)]
    dev: bool,
}

/// At every which turn a worker takes from the queue that all share, and not from its own: what the journal has kept waits there and,
/// when hundreds of connections ask at once, whatever has no room in a worker's own. Left to itself tokio turns to it so seldom
/// under load that some connections wait ten times as long as most.
const SHARED_QUEUE_EVERY: u32 = 2;

/// Serves until the server is stopped.
pub(super) fn run(args: &ServeArgs) -> anyhow::Result<ExitCode> {
    let config = Config::load(args.config.as_deref(), super::environment())?;
    telemetry::init(&config.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .global_queue_interval(SHARED_QUEUE_EVERY)
        .build()
        .context("the runtime could not be started")?;
    let with = match args.dev {
        true => With::Phone,
        false => With::NoPhone,
    };
    match runtime.block_on(server::run(with, config)) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(StartError::Flows(refused)) => Ok(explain(&refused)),
        Err(error) => Err(error.into()),
    }
}

/// Shows what is wrong with the flows. Nothing is served.
pub(super) fn explain(refused: &RefusedFlows) -> ExitCode {
    let look = Look {
        format: Format::Human,
        colour: super::colour(&std::io::stderr()),
        all: false,
    };
    eprint!("{}", render(&refused.sources, &refused.diagnostics, look));
    eprintln!("error: the flows hold errors, and there is no earlier good set to serve");
    eprintln!("help: mend them, ask `callwright check`, and start again");
    ExitCode::FAILURE
}
