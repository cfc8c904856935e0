//! `callwright emulator`.

use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use tokio::net::TcpListener;

use crate::clock::Clock;
use crate::emulator::{Account, Center, Emulator, Mischief, Pace, Setup};

/// Stand in for 8x8 Voice, to try a server without an account
///
/// Answers the Voice API for one sub-account, carries calls in real time, and calls webhooks as the platform does. Calls are
/// placed and steered at /emulator/… of its port, which asks nobody who they are.
///
/// Example: callwright emulator --number +6561115777
#[derive(Debug, Args)]
pub(super) struct EmulatorArgs {
    /// Where it listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8088")]
    listen: SocketAddr,
    /// The platform's id of the sub-account
    #[arg(long, value_name = "ID", default_value = "demo")]
    subaccount: String,
    /// The sub-account's API key; the variable keeps it out of the list of processes
    #[arg(
        long,
        value_name = "KEY",
        env = "CALLWRIGHT_EMULATOR_KEY",
        hide_env_values = true,
        default_value = "demo-key"
    )]
    key: String,
    /// A virtual number; may be given several times
    #[arg(long, value_name = "NUMBER", default_value = "+6561115777")]
    number: Vec<String>,
    /// Where all webhooks go until others are registered
    #[arg(
        long,
        value_name = "URL",
        default_value = "http://127.0.0.1:8080/webhooks"
    )]
    webhooks: String,
    /// What webhooks bear as their Authorization header
    #[arg(
        long,
        value_name = "TEXT",
        env = "CALLWRIGHT_EMULATOR_AUTH",
        hide_env_values = true
    )]
    auth: Option<String>,
    /// The sub-account is one for number masking
    #[arg(long)]
    masking: bool,
    /// Stand in for this tenant of 8x8 Contact Center too
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// The tenant's Action Request Token
    #[arg(
        long,
        value_name = "TOKEN",
        env = "CALLWRIGHT_EMULATOR_ACTION_TOKEN",
        hide_env_values = true,
        default_value = "demo-action-token"
    )]
    action_token: String,
    /// The tenant's Data Request Token
    #[arg(
        long,
        value_name = "TOKEN",
        env = "CALLWRIGHT_EMULATOR_DATA_TOKEN",
        hide_env_values = true,
        default_value = "demo-data-token"
    )]
    data_token: String,
    /// Deliver webhooks twice, late, out of order; lose some and send them again
    #[arg(long)]
    nasty: bool,
    /// What all chance comes from, ids too; another one each time unless it is given
    #[arg(long)]
    seed: Option<u64>,
}

/// Stands in until it is stopped.
pub(super) fn run(args: &EmulatorArgs) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new().context("the runtime could not be started")?;
    runtime.block_on(stand_in(args))
}

async fn stand_in(args: &EmulatorArgs) -> anyhow::Result<ExitCode> {
    let clock = Clock::system();
    let seed = args
        .seed
        .unwrap_or_else(|| clock.now().as_microsecond().unsigned_abs());
    let setup = Setup {
        seed,
        pace: Pace::Real,
        mischief: match args.nasty {
            true => Mischief::NASTY,
            false => Mischief::NONE,
        },
    };
    let socket = TcpListener::bind(args.listen)
        .await
        .with_context(|| format!("cannot listen on {}; name another by --listen", args.listen))?;
    let emulator = Emulator::new(setup, [account(args)], clock);
    if let Some(tenant) = &args.tenant {
        emulator.take_on(Center::new(tenant, &args.action_token, &args.data_token));
    }
    let serving = emulator.serve(socket)?;
    super::print(&greeting(serving.address(), args, seed))?;
    tokio::signal::ctrl_c().await?;
    Ok(ExitCode::SUCCESS)
}

fn account(args: &EmulatorArgs) -> Account {
    let numbers = args.number.iter().map(String::as_str);
    let mut account = Account::new(&args.subaccount, &args.key, numbers)
        .with_webhooks(&args.webhooks, args.auth.as_deref())
        .with_recording();
    account.masking = args.masking;
    account
}

fn greeting(address: SocketAddr, args: &EmulatorArgs, seed: u64) -> String {
    let number = args.number.first().map_or("", String::as_str);
    format!(
        "The platform's stand-in listens on http://{address} and calls {webhooks} (seed {seed})\n\
         Call it:  curl -s http://{address}/emulator/calls -d '{{\"from\": \"+6591234567\", \"to\": \"{number}\"}}'\n\
         Look:     curl -s http://{address}/emulator/calls/SESSION\n\
         Press 1:  curl -s http://{address}/emulator/calls/SESSION/keys -d '{{\"keys\": \"1\"}}'\n",
        webhooks = args.webhooks,
    )
}
