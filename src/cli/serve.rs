//! `callwright serve`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;

use crate::config::Config;
use crate::{server, telemetry};

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
}

/// Serves until the server is stopped.
pub(super) fn run(args: &ServeArgs) -> anyhow::Result<ExitCode> {
    let config = Config::load(args.config.as_deref(), super::environment())?;
    telemetry::init(&config.log)?;
    let runtime = tokio::runtime::Runtime::new().context("the runtime could not be started")?;
    runtime.block_on(server::run(config))?;
    Ok(ExitCode::SUCCESS)
}
