//! `callwright backup` and `callwright restore`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use secrecy::ExposeSecret as _;

use crate::config::Config;
use crate::store::{keys, sqlite};

/// Back the SQLite database up, while it is served or not
///
/// Writes one file that holds all that was kept before the command began. The keys are NOT in it: without them nobody can
/// read it, so keep a copy of them elsewhere.
///
/// Example: callwright backup /backups/callwright-2026-11-21.db
#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    /// The file to write; it must not be there yet
    #[arg(value_name = "FILE")]
    to: PathBuf,
    /// The configuration file, instead of callwright.toml in the working directory
    #[arg(long, value_name = "FILE", env = "CALLWRIGHT_CONFIG")]
    config: Option<PathBuf>,
}

/// Put a back-up of the SQLite database in its place
///
/// No server may have the database open. The keys must be those that the back-up was made with.
///
/// Example: callwright restore /backups/callwright-2026-11-21.db
#[derive(Debug, Args)]
pub(super) struct RestoreArgs {
    /// The file that `callwright backup` wrote
    #[arg(value_name = "FILE")]
    from: PathBuf,
    /// Replace the database that is there
    #[arg(long)]
    force: bool,
    /// The configuration file, instead of callwright.toml in the working directory
    #[arg(long, value_name = "FILE", env = "CALLWRIGHT_CONFIG")]
    config: Option<PathBuf>,
}

/// Writes a back-up.
pub(super) fn back_up(args: &BackupArgs) -> anyhow::Result<ExitCode> {
    let config = Config::load(args.config.as_deref(), super::environment())?;
    let made = sqlite::back_up(config.database_url.expose_secret(), &args.to)?;
    super::print(&format!(
        "{}: {} webhooks, {} bytes\n\
         The keys are NOT in it, and without them nobody can read it: keep a copy of {} elsewhere\n",
        args.to.display(),
        made.webhooks,
        made.bytes,
        whereabouts(&config)
    ))
}

/// Puts a back-up in its place.
pub(super) fn restore(args: &RestoreArgs) -> anyhow::Result<ExitCode> {
    let config = Config::load(args.config.as_deref(), super::environment())?;
    let found = keys::find_there(&config.keys);
    let url = config.database_url.expose_secret();
    let restored = sqlite::restore(&args.from, url, found?.as_ref(), args.force)?;
    super::print(&format!(
        "{url}: {} webhooks restored\n\
         They can be read with the keys that the back-up was made with, which it does not hold: see {}\n",
        restored.webhooks,
        whereabouts(&config)
    ))
}

fn whereabouts(config: &Config) -> String {
    match config.keys.given {
        Some(_) => "`keys.data` and `keys.index`".to_owned(),
        None => config.keys.file.display().to_string(),
    }
}
