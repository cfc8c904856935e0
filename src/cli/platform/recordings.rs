//! `callwright platform recordings` and `recording-push`: recordings of sessions, and where the platform puts them.

use clap::{Args, Subcommand};
use secrecy::SecretString;
use serde_json::json;

use super::{Account, Shown};
use crate::cli::table::{Column, fields};
use crate::platform::client::account::PushTo;

const LISTED: [Column; 5] = [
    ("RECORDING", "recording_id"),
    ("STATUS", "status"),
    ("SECONDS", "duration_seconds"),
    ("STARTED", "started_at"),
    ("FILE", "file"),
];

const PUSH: [Column; 6] = [
    ("protocol", "protocol"),
    ("host", "host"),
    ("port", "port"),
    ("user", "username"),
    ("password set", "password_set"),
    ("path", "path"),
];

/// List the recordings of a session
///
/// Example: callwright platform recordings 6a7ab1d3-2fb1-11ec-9a3c-0d8b6c7a9c11
#[derive(Debug, Args)]
pub(super) struct RecordingsArgs {
    /// The session's id
    session: String,
}

/// What there is to do about the place that recordings are pushed to.
#[derive(Debug, Subcommand)]
pub(super) enum PushCommand {
    /// Have recordings pushed somewhere
    ///
    /// Example: callwright platform recording-push set --protocol S3 --host ap-southeast-1 --username KEY --path /recordings/
    Set(PushArgs),
    /// Show where recordings are pushed to
    ///
    /// Example: callwright platform recording-push show
    Show,
    /// Have recordings pushed nowhere
    ///
    /// Example: callwright platform recording-push delete
    Delete,
}

/// Where recordings are to be pushed to.
#[derive(Debug, Args)]
pub(super) struct PushArgs {
    /// How: S3, FTP, SFTP
    #[arg(long)]
    protocol: String,
    /// The host, or the region of a bucket
    #[arg(long)]
    host: String,
    /// Its port
    #[arg(long)]
    port: Option<u16>,
    /// Who logs in, or the id of an access key
    #[arg(long)]
    username: String,
    /// With which password; the variable keeps it out of the list of processes
    #[arg(long, env = "CALLWRIGHT_PUSH_PASSWORD", hide_env_values = true)]
    password: SecretString,
    /// The folder, or the bucket and the folder in it
    #[arg(long)]
    path: String,
}

/// Lists the recordings of a session.
pub(super) async fn run(account: &Account, args: &RecordingsArgs) -> anyhow::Result<Shown> {
    let recordings = account.api.recordings(&args.session).await?;
    Shown::table(&recordings, &LISTED, "No recordings.")
}

/// Sets, shows or deletes the place that recordings are pushed to.
pub(super) async fn push(account: &Account, command: &PushCommand) -> anyhow::Result<Shown> {
    match command {
        PushCommand::Set(args) => {
            account.api.set_recording_push(&to(args)).await?;
            show(account).await
        }
        PushCommand::Show => show(account).await,
        PushCommand::Delete => {
            account.api.delete_recording_push().await?;
            let text = "Recordings are pushed nowhere now.";
            Ok(Shown::done(json!({"deleted": true}), text))
        }
    }
}

fn to(args: &PushArgs) -> PushTo {
    PushTo {
        protocol: args.protocol.clone(),
        host: args.host.clone(),
        port: args.port,
        username: args.username.clone(),
        password: args.password.clone(),
        path: args.path.clone(),
    }
}

async fn show(account: &Account) -> anyhow::Result<Shown> {
    let json = serde_json::to_value(account.api.recording_push().await?)?;
    let text = match fields(&json, &PUSH) {
        nothing if nothing.is_empty() => "Recordings are pushed nowhere.\n".to_owned(),
        somewhere => somewhere,
    };
    Ok(Shown { json, text })
}
