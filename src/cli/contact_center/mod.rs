//! `callwright contact-center`: the tenant of 8x8 Contact Center, looked at and asked.

mod act;
mod get;
mod live;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use reqwest::Url;
use serde_json::{Value, json};

use super::table::{Column, table};
use crate::config::{self, Config};
use crate::platform::client::{NoClient, Patience};
use crate::platform::contact_center::ContactCenter;
use crate::platform::contact_center::callback::results_url;
pub(super) use act::pairs;

const FINDINGS: [Column; 3] = [("KEY", "what"), ("WORKS", "works"), ("", "told")];

/// Look at your 8x8 Contact Center, and ask it
///
/// Uses `[contact_center]` of the configuration.
#[derive(Debug, Args)]
pub(super) struct CenterArgs {
    /// The configuration file, instead of callwright.toml in the working directory
    #[arg(long, value_name = "FILE", env = "CALLWRIGHT_CONFIG", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: CenterCommand,
}

#[derive(Debug, Subcommand)]
enum CenterCommand {
    /// Say whether each host and each token works
    ///
    /// Changes nothing there. Ends with 1 when one does not work.
    ///
    /// Example: callwright contact-center check
    Check {
        /// Print JSON, for scripts
        #[arg(long)]
        json: bool,
    },
    Get(get::GetArgs),
    Attachment(get::AttachmentArgs),
    Delete(get::DeleteArgs),
    Schedules(live::SchedulesArgs),
    Queues(live::QueuesArgs),
    Agents(live::AgentsArgs),
    Follow(live::FollowArgs),
    CallBack(act::CallBackArgs),
    DeleteCallbacks(act::DeleteCallbacksArgs),
    /// Look at the data of an interaction, or set them
    #[command(subcommand)]
    Interaction(act::InteractionCommand),
    Recording(act::RecordingArgs),
    /// Print the address that results of call backs and click-to-dial calls may be given back to
    ///
    /// Example: `callwright contact-center callback-url https://voice.example.com`
    CallbackUrl {
        /// Where this server is reached from outside; `public_url` of the configuration when it is left out
        base: Option<String>,
    },
}

/// Why nothing could be asked.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum Unprepared {
    /// There is no tenant.
    #[error(
        "the configuration has no [contact_center]: write host, tenant and tokens there; `callwright config` says how"
    )]
    NoTenant,
    /// What was typed cannot be asked.
    #[error("it cannot be asked so:\n  {0}")]
    Asked(String),
    /// The configuration lacks the token.
    #[error("[contact_center] has no action_token: results are known by a key that is made of it")]
    NoToken,
    /// The address is none.
    #[error("that is no http:// or https:// address, host only: write https://voice.example.com")]
    NoAddress,
    /// Nobody says where the server is.
    #[error(
        "the configuration has no public_url: write it there, or the address behind the command, as https://voice.example.com"
    )]
    NoBase,
}

/// Asks, and prints what is said.
pub(super) fn run(args: &CenterArgs) -> anyhow::Result<ExitCode> {
    let config = Config::load(args.config.as_deref(), super::environment())?;
    let (tenant, public_url) = (config.contact_center, config.public_url);
    let tenant = tenant.ok_or(Unprepared::NoTenant)?;
    let center: Result<_, NoClient> = ContactCenter::new(&tenant, Patience::default());
    let center = center?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a thread of its own and a poller are all that it takes");
    runtime.block_on(async {
        match &args.command {
            CenterCommand::Check { json } => check(&center, *json).await,
            CenterCommand::Get(asked) => get::get(&center, asked).await,
            CenterCommand::Attachment(asked) => get::attachment(&center, asked).await,
            CenterCommand::Delete(asked) => get::delete(&center, asked).await,
            CenterCommand::Schedules(asked) => live::schedules(&center, asked).await,
            CenterCommand::Queues(asked) => live::queues(&center, asked).await,
            CenterCommand::Agents(asked) => live::agents(&center, asked).await,
            CenterCommand::Follow(asked) => live::follow(&center, asked).await,
            CenterCommand::CallBack(asked) => act::call_back(&center, asked).await,
            CenterCommand::DeleteCallbacks(asked) => act::delete_callbacks(&center, asked).await,
            CenterCommand::Interaction(command) => act::interaction(&center, command).await,
            CenterCommand::Recording(asked) => act::recording(&center, asked).await,
            CenterCommand::CallbackUrl { base } => {
                callback_url(&tenant, base.as_deref(), public_url.as_ref())
            }
        }
    })
}

fn callback_url(
    tenant: &config::ContactCenter,
    typed: Option<&str>,
    configured: Option<&Url>,
) -> anyhow::Result<ExitCode> {
    let base = match typed {
        Some(typed) => typed
            .parse()
            .ok()
            .filter(|url: &Url| url.has_host() && url.path() == "/"),
        None => Some(configured.cloned().ok_or(Unprepared::NoBase)?),
    };
    let base = base.ok_or(Unprepared::NoAddress)?;
    let url = results_url(tenant, &base).ok_or(Unprepared::NoToken)?;
    super::print(&format!("{url}\n"))
}

async fn check(center: &ContactCenter, as_json: bool) -> anyhow::Result<ExitCode> {
    let findings = center.check().await;
    let all_work = findings.iter().all(|it| it.works != Some(false));
    let shown: Vec<Value> = findings
        .iter()
        .map(|it| {
            let works = it
                .works
                .map_or("-", |works| if works { "yes" } else { "no" });
            json!({"what": it.what, "works": works, "told": it.told})
        })
        .collect();
    match as_json {
        true => super::print(&format!("{}\n", serde_json::to_string(&findings)?))?,
        false => super::print(&table(&Value::Array(shown), &FINDINGS, ""))?,
    };
    Ok(match all_work {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
