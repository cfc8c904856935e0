//! The composition root: opens the store, loads the flows, binds the address, runs until it is told to stop.

use std::net::SocketAddr;
use std::slice;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::config::Config;
use crate::emulator::Emulator;
use crate::flow::check::{Options, check_with};
use crate::flow::diagnostic::Source;
use crate::flows_folder::{self, FolderError};
use crate::handover::Handover;
use crate::http::app::Staff;
use crate::http::{self, App, listener};
use crate::outbound::Destinations;
use crate::outward::NoWayOut;
use crate::phone::Overheard;
use crate::platform::client::NoClient;
use crate::session::{Apology, EVENT_MEMORY_DAYS};
pub use crate::shelf::RefusedFlows;
use crate::shelf::{NotLoaded, Shelf};
use crate::store::{Store, StoreError};
use crate::switchboard::Switchboard;
use crate::world::Outside;
use desk::Desk;
use reloading::Reloading;

/// How often event ids that are older than [`EVENT_MEMORY_DAYS`] are forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(60 * 60);

/// How long calls that are being dialled at the end have to be answered by the platform. What is left is UNKNOWN then.
const DIALS_END_WITHIN: Duration = Duration::from_secs(5);

mod desk;
mod pools;
mod rekeying;
mod reloading;
mod rounds;
mod stores;

/// A server that serves.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    app: App,
    desk: Option<Desk>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
    forgetting: JoinHandle<()>,
    dialling: JoinHandle<()>,
    learning: JoinHandle<()>,
    rounds: JoinHandle<()>,
    telling: JoinHandle<()>,
    erasing: JoinHandle<()>,
    rekeying: JoinHandle<()>,
    reloading: Reloading,
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The flows hold errors, and no earlier good set is stored.
    #[error("the flows hold errors, and there is no earlier good set to serve")]
    Flows(Box<RefusedFlows>),
    /// The flows folder cannot be read.
    #[error("the flows cannot be read: {}; name their folder by \"flows\" or CALLWRIGHT_FLOWS", sentences(.0))]
    Folder(Vec<FolderError>),
    /// The pools of virtual numbers contradict the flows.
    #[error("the pools and the flows contradict each other: {}", .0.join("; "))]
    Pools(Vec<String>),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing can be asked of the Contact Center.
    #[error(transparent)]
    NoClient(#[from] NoClient),
    /// No request of ours can be encrypted.
    #[error(transparent)]
    NoWayOut(NoWayOut),
    /// The phone would be in reach of others.
    #[error(
        "the phone is for this machine alone, and {0} is in reach of others; set \"listen\" to a loopback address, such as 127.0.0.1:8080"
    )]
    PhoneInReach(SocketAddr),
    /// The address cannot be listened on.
    #[error(
        "cannot listen on {address}: {reason}; stop what listens there, or set another \"listen\""
    )]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The system's word.
        reason: std::io::Error,
    },
}

impl From<NotLoaded> for StartError {
    fn from(reason: NotLoaded) -> Self {
        match reason {
            NotLoaded::Flows(refused) => Self::Flows(refused),
            NotLoaded::Store(error) => Self::Store(error),
        }
    }
}

fn sentences(errors: &[FolderError]) -> String {
    errors
        .iter()
        .map(FolderError::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}

/// Whether people call by a phone in the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum With {
    /// Nobody does: this server is for the platform.
    NoPhone,
    /// There is a phone at `/phone`, for this machine alone.
    Phone,
}

/// Starts a server by `config`.
pub async fn start(config: Config, clock: Clock) -> Result<Running, StartError> {
    start_with(With::NoPhone, config, clock).await
}

/// Starts a server by `config`, perhaps with a phone.
pub async fn start_with(with: With, config: Config, clock: Clock) -> Result<Running, StartError> {
    if with == With::Phone && !config.is_loopback() {
        return Err(StartError::PhoneInReach(config.listen));
    }
    let sources = flows_folder::read(slice::from_ref(&config.flows)).map_err(StartError::Folder)?;
    let (mut store, bookings) = stores::open(&config).await?;
    let overheard = (with == With::Phone).then(|| Arc::new(Overheard::new(store.clone())));
    if let Some(overheard) = &overheard {
        store = overheard.clone();
    }
    tell_missing_secrets(&sources, &config);
    let shelf = Shelf::fill(&config.flows, sources, store.as_ref(), &clock).await;
    let shelf = Arc::new(shelf.map_err(StartError::from)?);
    let contradictions = pools::contradictions(&config, &shelf.library());
    if !contradictions.is_empty() {
        return Err(StartError::Pools(contradictions));
    }
    let config = Arc::new(config);
    let apology = Apology {
        text: config.apology.text.clone(),
        voice: config.apology.voice.clone(),
    };
    let destinations = destinations(&config, store.as_ref()).await?;
    let handover = Handover::new(&config, store.clone(), clock.clone())?.map(Arc::new);
    let world = Outside::new(&config, handover.clone()).map_err(StartError::NoWayOut)?;
    let tenant = config.contact_center.as_ref();
    let switchboard = Switchboard::new(
        store.clone(),
        shelf.clone(),
        apology,
        destinations,
        Arc::new(world),
        clock.clone(),
    )
    .with_sip_ids(tenant.and_then(|it| it.sip_id_field.clone()));
    switchboard.prepare(&shelf.library());
    let numbers = pools::numbers(&config, bookings, &switchboard, &shelf, &clock).await?;
    let app = App::new(
        config,
        store,
        shelf,
        Staff {
            switchboard: Arc::new(switchboard),
            numbers,
            handover,
        },
        clock,
    );
    listen(app, overheard).await
}

async fn listen(app: App, overheard: Option<Arc<Overheard>>) -> Result<Running, StartError> {
    let wanted = app.config.listen;
    let bind = |reason| StartError::Bind {
        address: wanted,
        reason,
    };
    let socket = listener::listen(wanted).map_err(bind)?;
    let address = socket.local_addr().map_err(bind)?;
    if let Err(error) = app.dialer.look_around().await {
        tracing::error!(%error, "calls that were left cannot be looked after yet");
    }
    let (stop, stopped) = oneshot::channel();
    let desk = overheard.map(|overheard| Desk::new(&app, address, overheard));
    let router = http::router_with(app.clone(), desk.as_ref().map(Desk::annex));
    let limits = app.config.http.clone();
    let served = tokio::spawn(async move {
        let until = async {
            let _ = stopped.await;
        };
        listener::serve(socket, router, &limits, until).await;
    });
    app.phase.serve();
    tracing::info!(
        %address,
        flows = app.shelf.library().all().len(),
        version = env!("CARGO_PKG_VERSION"),
        "listening"
    );
    let dialling = tokio::spawn(app.dialer.clone().watch());
    let learning = tokio::spawn(app.dialer.clone().learn_numbers(app.numbers.clone()));
    let rounds = tokio::spawn(rounds::go(app.numbers.clone(), app.store.clone()));
    let telling = tokio::spawn(app.messenger.clone().watch());
    let keep = jiff::SignedDuration::from_hours(24 * app.config.keep_sessions_days);
    let forgetting = tokio::spawn(forget(app.store.clone(), app.clock.clone(), keep));
    let erasing = tokio::spawn(app.eraser.clone().watch());
    let rekeying = tokio::spawn(rekeying::go(app.store.clone(), app.clock.clone()));
    let reloading = Reloading::begin(app.clone());
    Ok(Running {
        address,
        app,
        desk,
        stop,
        served,
        forgetting,
        dialling,
        learning,
        rounds,
        telling,
        erasing,
        rekeying,
        reloading,
    })
}

/// Serves by `config` until the process is asked to stop (SIGTERM, SIGINT).
///
/// # Errors
///
/// What keeps the server from starting.
pub async fn run(with: With, config: Config) -> Result<(), StartError> {
    let mut signal = StopSignal::listen();
    let running = tokio::select! {
        started = start_with(with, config, Clock::system()) => started?,
        _ = signal.comes() => return Ok(()),
    };
    running.until(signal).await;
    Ok(())
}

/// The signals that end the process (SIGTERM, SIGINT). From the moment that this is made they are asked for here and end
/// nothing by themselves.
#[derive(Debug)]
pub struct StopSignal {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignal {
    /// Listens for them.
    pub fn listen() -> Self {
        Self {
            terminate: signal(SignalKind::terminate()).expect("SIGTERM can be handled"),
            interrupt: signal(SignalKind::interrupt()).expect("SIGINT can be handled"),
        }
    }

    /// Waits for one, and names it.
    pub async fn comes(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The phone's emulator, when there is a phone.
    pub fn emulator(&self) -> Option<&Emulator> {
        self.desk.as_ref().map(Desk::emulator)
    }

    /// Serves until the process is asked to stop, and ends.
    pub async fn until(self, mut signal: StopSignal) {
        let signal = signal.comes().await;
        tracing::info!(signal, "stopping: requests in progress are answered");
        self.stop().await;
        tracing::info!("stopped");
    }

    /// Ends: requests in progress are answered, what is to be kept is kept.
    pub async fn stop(self) {
        self.app.phase.drain();
        if let Some(desk) = &self.desk {
            desk.close();
        }
        let _ = self.stop.send(());
        let _ = self.served.await;
        drop(self.reloading);
        self.forgetting.abort();
        self.dialling.abort();
        self.learning.abort();
        self.rounds.abort();
        // What is on its way is taken again after the start: whoever gets it twice knows it by its id.
        self.telling.abort();
        self.erasing.abort();
        self.rekeying.abort();
        self.app.dialer.drain(DIALS_END_WITHIN).await;
        self.app.store.close().await;
    }
}

/// Says which secrets of look-ups the environment lacks: those look-ups will fail, and all else is served.
fn tell_missing_secrets(sources: &[Source], config: &Config) {
    let options = Options {
        environment: Some(config.secrets.keys().cloned().collect()),
        ..Options::default()
    };
    for fault in check_with(sources, &options).diagnostics {
        if fault.code == "CW408" {
            tracing::warn!(fault = fault.message, "look-ups that need it will fail");
        }
    }
}

/// Where calls may go: the countries of our own numbers, whoever tells of them, and those that the configuration opens. What the
/// flows tell of them is added when they are served.
async fn destinations(config: &Config, store: &dyn Store) -> Result<Destinations, StoreError> {
    let accounts = config.subaccounts.values();
    let configured = accounts.flat_map(|account| account.numbers.clone());
    let told = store.numbers().await?.into_iter().map(|told| told.number);
    let own = configured.chain(told);
    Ok(Destinations::new(own, config.outbound.countries.clone()))
}

/// Forgets old event ids and old sessions, now and then. Of the nodes on one database one does it at a time.
async fn forget(store: Arc<dyn Store>, clock: Clock, keep: jiff::SignedDuration) {
    let node = uuid::Uuid::new_v4().to_string();
    loop {
        let before = clock.now() - jiff::SignedDuration::from_hours(EVENT_MEMORY_DAYS * 24);
        let over = clock.now() - keep;
        match forget_once(store.as_ref(), &node, before, over).await {
            Ok(()) | Err(StoreError::LeaseLost) => {}
            Err(reason) => {
                tracing::warn!(%reason, "old events could not be forgotten; tried again in an hour");
            }
        }
        tokio::time::sleep(FORGET_EVERY).await;
    }
}

async fn forget_once(
    store: &dyn Store,
    node: &str,
    before: jiff::Timestamp,
    over: jiff::Timestamp,
) -> Result<(), StoreError> {
    if let Some(lease) = store.take_lease("forgetting", node, FORGET_EVERY).await? {
        store.forget_events(&lease, before).await?;
        while store.erasing().erase_old(&lease, over).await? > 0 {}
    }
    Ok(())
}
