//! `callwright demo`: server, emulator and phone in one process, with all that they keep in a folder that goes when they do.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use tokio::net::TcpListener;

use crate::clock::Clock;
use crate::config::Config;
use crate::emulator::Center;
use crate::server::{self, StartError, StopSignal, With};
use crate::telemetry;

/// The flows of the demo: those that the project ships.
const SHIPPED: [(&str, &str); 3] = [
    (
        "restaurant.toml",
        include_str!("../../flows/restaurant.toml"),
    ),
    (
        "tech_support.toml",
        include_str!("../../flows/tech_support.toml"),
    ),
    (
        "restaurant_desk.toml",
        include_str!("../../flows/restaurant_desk.toml"),
    ),
];

/// The tenant of the demo's Contact Center, and what opens it: on this machine, in this process.
const TENANT: [&str; 3] = ["demo", "demo-action-token", "demo-data-token"];

/// Where the demo listens unless that is taken.
const USUAL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// Call a phone menu from your browser: no account, no other service
///
/// Starts a server, a stand-in for 8x8 and a phone for your browser, and prints the phone's address. What they keep lies in a
/// scratch folder that is removed when the demo ends (Ctrl-C).
///
/// Example: callwright demo
#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// A folder with flows of your own, or one flow's file; the restaurant, its front desk and the technical support that come
    /// with the program when none is given
    flows: Option<PathBuf>,
    /// Where it listens, on this machine; 127.0.0.1:8080, or another port where that one is taken
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

/// Runs the demo until it is stopped.
pub(super) fn run(args: &DemoArgs) -> anyhow::Result<ExitCode> {
    let scratch = Scratch::new().context("a scratch folder could not be made")?;
    let runtime = tokio::runtime::Runtime::new().context("the runtime could not be started")?;
    match runtime.block_on(demonstrate(args, &scratch.0)) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => match error.downcast() {
            Ok(StartError::Flows(refused)) => Ok(super::serve::explain(&refused)),
            Ok(error) => Err(error.into()),
            Err(error) => Err(error),
        },
    }
}

async fn demonstrate(args: &DemoArgs, scratch: &Path) -> anyhow::Result<()> {
    // Whoever ends the demo finds the scratch folder gone, however early that is.
    let mut signal = StopSignal::listen();
    // The platform's stand-in answers its Voice API as well, so that what the server asks of the platform has an answer.
    let api = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let listen = args.listen.unwrap_or_else(usual_or_free);
    let flows = match &args.flows {
        Some(flows) => std::path::absolute(flows)?,
        None => shipped(scratch)?,
    };
    let file = scratch.join("callwright.toml");
    let mut owners = OpenOptions::new();
    let mut written = owners
        .write(true)
        .create_new(true)
        .mode(0o600) // it holds tokens
        .open(&file)?;
    written.write_all(configuration(scratch, listen, &flows, api.local_addr()?).as_bytes())?;
    let config = Config::load(Some(&file), [])?;
    telemetry::init(&config.log)?;
    let running = tokio::select! {
        started = server::start_with(With::Phone, config, Clock::system()) => started?,
        _ = signal.comes() => return Ok(()),
    };
    let serving = running.emulator().map(|emulator| {
        let [tenant, action_token, data_token] = TENANT;
        emulator.take_on(Center::new(tenant, action_token, data_token));
        emulator.serve(api)
    });
    let _serving = serving.transpose()?;
    super::print(&greeting(args, running.address(), scratch))?;
    running.until(signal).await;
    Ok(())
}

/// The usual address, or one that is free.
fn usual_or_free() -> SocketAddr {
    match std::net::TcpListener::bind(USUAL) {
        Ok(_) => USUAL,
        Err(_) => SocketAddr::new(USUAL.ip(), 0),
    }
}

/// Writes the shipped flows into the scratch folder.
fn shipped(scratch: &Path) -> io::Result<PathBuf> {
    let folder = scratch.join("flows");
    fs::create_dir(&folder)?;
    for (name, text) in SHIPPED {
        fs::write(folder.join(name), text)?;
    }
    Ok(folder)
}

fn configuration(scratch: &Path, listen: SocketAddr, flows: &Path, api: SocketAddr) -> String {
    let text = |path: &Path| toml::Value::String(path.display().to_string());
    let database = toml::Value::String(format!("sqlite://{}/callwright.db", scratch.display()));
    let (keys, flows) = (text(&scratch.join("callwright.keys")), text(flows));
    let [tenant, action_token, data_token] = TENANT;
    // A port that is chosen later is not known yet.
    let public_url = match listen.port() {
        0 => String::new(),
        _ => format!("public_url = \"http://{listen}\"\n"),
    };
    format!(
        "listen = \"{listen}\"\n\
         {public_url}\
         database_url = {database}\n\
         flows = {flows}\n\
         keys.file = {keys}\n\
         log.level = \"warn,callwright::store::keys=error\"\n\
         [subaccounts.demo]\n\
         id = \"demo\"\n\
         product = \"ivr\"\n\
         api_base = \"http://{api}\"\n\
         [pools.default]\n\
         numbers = [\"+6531110001\", \"+6531110002\"]\n\
         [contact_center]\n\
         host = \"http://{api}\"\n\
         tenant = \"{tenant}\"\n\
         action_token = \"{action_token}\"\n\
         data_token = \"{data_token}\"\n\
         sip_id_field = \"sipCallId\"\n"
    )
}

fn greeting(args: &DemoArgs, address: SocketAddr, scratch: &Path) -> String {
    let taken = match args.listen.is_none() && address.port() != USUAL.port() {
        true => format!("(Port {} is taken: this is another.)\n", USUAL.port()),
        false => String::new(),
    };
    format!(
        "Call from your browser:\n\n  http://{address}/phone\n\n{taken}Two people who ring each other are at /phone/masking.\n\
         Ctrl-C ends it, and removes what it keeps in {}\n",
        scratch.display()
    )
}

/// A folder for one run, readable by its owner alone.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> io::Result<Self> {
        let name = format!("callwright-demo-{}", uuid::Uuid::now_v7().simple());
        let folder = std::env::temp_dir().join(name);
        DirBuilder::new().mode(0o700).create(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Somebody may have removed it already.
        let _ = fs::remove_dir_all(&self.0);
    }
}
