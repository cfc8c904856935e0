//! `callwright platform exports`: the platform's logs of calls as CSV files.

use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde_json::json;
use tokio::time::sleep;

use super::{Account, Shown};
use crate::cli::table::{Column, fields};
use crate::clock::Clock;
use crate::platform::client::ApiError;
use crate::platform::client::exports::{Export, Wanted};

/// How often the platform is asked how far it is.
const ASK_EVERY: Duration = Duration::from_secs(2);

/// The longest that a request for patience is heeded at once.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

const SHOWN: [Column; 4] = [
    ("job", "job_id"),
    ("status", "status"),
    ("expires", "expires"),
    ("files", "files"),
];

/// What there is to do about exports.
#[derive(Debug, Subcommand)]
pub(super) enum ExportsCommand {
    /// Have the logs of some days made into CSV files, and wait for them
    ///
    /// Example: callwright platform exports start --from 2026-11-01 --to 2026-11-08
    Start(StartArgs),
    /// Show how far an export is, and where its files are
    ///
    /// Example: callwright platform exports get F1T6z9C5tW2QV1pdMzO9 --wait
    Get {
        /// The job, as `start` printed it
        job_id: String,
        /// Wait until it is done
        #[arg(long)]
        wait: bool,
    },
    /// Cancel an export
    ///
    /// Example: callwright platform exports cancel F1T6z9C5tW2QV1pdMzO9
    Cancel {
        /// The job, as `start` printed it
        job_id: String,
    },
}

/// What is exported.
#[derive(Debug, Args)]
pub(super) struct StartArgs {
    /// From this day or time on, as 2026-11-01 or 2026-11-01T13:00:00Z [default: seven days ago]
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Until then [default: today]
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// At most so many rows; 0 for all
    #[arg(long)]
    limit: Option<u32>,
    /// Print the job's id, and do not wait
    #[arg(long)]
    no_wait: bool,
}

/// Starts, gets or cancels.
pub(super) async fn run(account: &Account, command: &ExportsCommand) -> anyhow::Result<Shown> {
    match command {
        ExportsCommand::Start(args) => start(account, args).await,
        ExportsCommand::Get {
            job_id,
            wait: false,
        } => show(&account.api.export(job_id).await?),
        ExportsCommand::Get { job_id, wait: true } => show(&finished(account, job_id).await?),
        ExportsCommand::Cancel { job_id } => {
            account.api.cancel_export(job_id).await?;
            Ok(Shown::done(
                json!({"cancelled": job_id}),
                "The export is cancelled.",
            ))
        }
    }
}

async fn start(account: &Account, args: &StartArgs) -> anyhow::Result<Shown> {
    let wanted = Wanted {
        from: args.from.as_deref(),
        to: args.to.as_deref(),
        limit: args.limit,
    };
    let job_id = account.api.start_export(&wanted).await?;
    if args.no_wait {
        return Ok(Shown::done(json!({"job_id": job_id}), job_id));
    }
    show(&finished(account, &job_id).await?)
}

/// Waits until a job is done. The platform does not say how much of it is: what is shown is its word and the time.
async fn finished(account: &Account, job_id: &str) -> anyhow::Result<Export> {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}, {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    let done = until_done(account, job_id, &bar).await;
    bar.finish_and_clear();
    done.with_context(|| {
        format!("it is not known how far the export is; ask again: callwright platform exports get {job_id}")
    })
}

async fn until_done(
    account: &Account,
    job_id: &str,
    bar: &ProgressBar,
) -> Result<Export, ApiError> {
    loop {
        let pause = match account.api.export(job_id).await {
            Ok(export) if !export.is_under_way() => return Ok(export),
            Ok(export) => {
                bar.set_message(crate::cli::table::printable(&export.status));
                ASK_EVERY
            }
            Err(ApiError::TryLater(later)) => {
                let now = Clock::system().now();
                later.map_or(LONGEST_WAIT, |later| between(now, later.from(now)))
            }
            Err(error) => return Err(error),
        };
        sleep(pause).await;
    }
}

/// The time from `now` until then, within reason.
fn between(now: Timestamp, then: Timestamp) -> Duration {
    let time = Duration::try_from(then.duration_since(now));
    time.unwrap_or_default().clamp(ASK_EVERY, LONGEST_WAIT)
}

fn show(export: &Export) -> anyhow::Result<Shown> {
    let json = serde_json::to_value(export)?;
    let text = fields(&json, &SHOWN);
    Ok(Shown { json, text })
}
