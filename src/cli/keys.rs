//! `callwright keys`: the keys that the database is encrypted with.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::json;

use super::api::{self, ApiArgs};
use super::table::{Column, table};
use crate::config::Config;
use crate::store::keys;

const KEYS: [Column; 7] = [
    ("KEY", "id"),
    ("STATE", "state"),
    ("MADE", "made_at"),
    ("CURRENT SINCE", "current_since"),
    ("ROWS", "rows"),
    ("WAITING", "rows_waiting"),
    ("DONE AT", "done_at"),
];

/// See the keys that the database is encrypted with, and replace them while it is served
///
/// Example: callwright keys
#[derive(Debug, Args)]
pub(super) struct KeysArgs {
    #[command(flatten)]
    api: ApiArgs,
    /// Print the API's JSON, for scripts
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Option<KeysCommand>,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Make a new key, and have all that is stored rewritten with it while calls are answered
    ///
    /// `callwright keys` shows how far it is. The key before goes when no row is under it any more.
    ///
    /// Example: callwright keys rotate
    Rotate,
    /// Put new keys into the file of keys, beside those before; no server is asked
    ///
    /// Hand the file out to all nodes, restart one after the other, then `callwright keys rotate`.
    ///
    /// Example: callwright keys replace
    ///
    /// Example: callwright keys replace --finish
    Replace {
        /// Take those before out, once nothing is under them any more
        #[arg(long)]
        finish: bool,
        /// The configuration file, instead of callwright.toml in the working directory
        #[arg(long, value_name = "FILE", env = "CALLWRIGHT_CONFIG")]
        config: Option<PathBuf>,
    },
}

fn replace(finish: bool, config: Option<&Path>) -> anyhow::Result<ExitCode> {
    let config = Config::load(config, super::environment())?;
    anyhow::ensure!(
        config.keys.given.is_none(),
        "the keys are configured, not in a file: set new `keys.data` and `keys.index` there, and those before as `keys.old_data` and `keys.old_index`"
    );
    let file = &config.keys.file;
    let told = match finish {
        true => {
            keys::finish(file)?;
            "the keys before are taken out\n"
        }
        false => {
            keys::replace(file)?;
            "new keys beside those before: keep a copy, hand it out to all nodes, restart one after the other, then `callwright keys rotate`\n"
        }
    };
    super::print(&format!("{}: {told}", file.display()))
}

/// Lists the keys, or replaces the present one.
pub(super) fn run(args: &KeysArgs) -> anyhow::Result<ExitCode> {
    let answer = match &args.command {
        Some(KeysCommand::Replace { finish, config }) => {
            return replace(*finish, config.as_deref());
        }
        None => api::get(&args.api, &["v1", "keys"], &[])?,
        Some(KeysCommand::Rotate) => {
            let path = ["v1", "keys", "rotate"];
            api::post(&args.api, &path, None, &json!({}))?
        }
    };
    api::print(&answer, args.json, |keys| {
        table(&keys["items"], &KEYS, "There are no keys.")
    })
}
