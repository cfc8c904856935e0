//! `callwright platform`: what the platform keeps for a sub-account, seen and changed over its API.
//!
//! * `account` which sub-account, and its client
//! * `webhooks`, `voices`, `recordings`, `exports` the commands; `numbers` is so short that it is here

mod account;
mod exports;
mod recordings;
pub(super) mod voices;
mod webhooks;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::Value;

use super::table::{Column, table};
use account::Account;
pub(super) use account::Unprepared;

const NUMBERS: [Column; 7] = [
    ("NUMBER", "number"),
    ("COUNTRY", "country"),
    ("STATUS", "status"),
    ("KIND", "kind"),
    ("HEALTHY", "healthy"),
    ("RENT", "rental_price"),
    ("CURRENCY", "currency"),
];

/// Look at what 8x8 keeps for your sub-account, and change it
///
/// Uses the `api_key` of the sub-account in the configuration.
#[derive(Debug, Args)]
pub(super) struct PlatformArgs {
    #[command(flatten)]
    which: Which,
    /// Print JSON, for scripts
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: PlatformCommand,
}

/// Whose things are looked at.
#[derive(Debug, Args)]
struct Which {
    /// The sub-account, by its name in the configuration; needed when there are several
    #[arg(long, value_name = "NAME", global = true)]
    subaccount: Option<String>,
    /// The configuration file, instead of callwright.toml in the working directory
    #[arg(long, value_name = "FILE", env = "CALLWRIGHT_CONFIG", global = true)]
    config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum PlatformCommand {
    /// Say where webhooks go
    #[command(subcommand)]
    Webhooks(webhooks::WebhooksCommand),
    /// List your virtual numbers
    ///
    /// Example: callwright platform numbers
    Numbers,
    Voices(voices::VoicesArgs),
    Recordings(recordings::RecordingsArgs),
    /// Say where recordings are pushed to
    #[command(subcommand)]
    RecordingPush(recordings::PushCommand),
    /// Have the logs of calls made into files
    #[command(subcommand)]
    Exports(exports::ExportsCommand),
}

/// Asks the platform, and prints what it says.
pub(super) fn run(args: &PlatformArgs) -> anyhow::Result<ExitCode> {
    let account = Account::find(&args.which)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a thread of its own and a poller are all that it takes");
    let shown = runtime.block_on(async {
        match &args.command {
            PlatformCommand::Webhooks(command) => webhooks::run(&account, command).await,
            PlatformCommand::Numbers => numbers(&account).await,
            PlatformCommand::Voices(asked) => voices::run(&account, asked).await,
            PlatformCommand::Recordings(asked) => recordings::run(&account, asked).await,
            PlatformCommand::RecordingPush(command) => recordings::push(&account, command).await,
            PlatformCommand::Exports(command) => exports::run(&account, command).await,
        }
    })?;
    match args.json {
        true => super::print(&format!("{}\n", shown.json)),
        false => super::print(&shown.text),
    }
}

/// What a command has to say, for programs and for people.
struct Shown {
    json: Value,
    text: String,
}

impl Shown {
    /// A list as a table; `none` says that it is empty.
    fn table(items: &impl Serialize, columns: &[Column], none: &str) -> anyhow::Result<Self> {
        let json = serde_json::to_value(items)?;
        let text = table(&json, columns, none);
        Ok(Self { json, text })
    }

    /// Something that was done.
    fn done(json: Value, text: impl Into<String>) -> Self {
        let text = text.into() + "\n";
        Self { json, text }
    }
}

async fn numbers(account: &Account) -> anyhow::Result<Shown> {
    let numbers = account.api.numbers().await?;
    Shown::table(&numbers, &NUMBERS, "No virtual numbers.")
}
