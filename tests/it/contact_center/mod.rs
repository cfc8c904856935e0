//! The Contact Center: its client and commands against a tenant on a real port, the companion endpoint, calls that end in a
//! queue.

mod acts;
mod bad_requests;
mod client;
mod command;
mod companion;
mod flows;
mod reads;
mod recording;
mod secrets;

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use callwright::clock::Clock;
use callwright::config::{self, Config};
use callwright::emulator::{Center, CenterFault, Emulator, Mischief, Pace, Serving, Setup};
use callwright::platform::contact_center::ContactCenter;
use jiff::Timestamp;
use tokio::net::TcpListener;

/// The guide's tenant and token.
pub(crate) const TENANT: &str = "klvm2";
pub(crate) const ACTION: &str = "92bd5cbf9ab120b3a47bdef9284b323d";
pub(crate) const DATA: &str = "ac12343934687a839cf0123456789abc";
/// The guide's SIP id.
pub(crate) const SIP_ID: &str = "MDc5ZGI5ZDgyYjY2NGRiNjNjMjQ3ZjkyMGQyMzljMzY";

/// A tenant's Contact Center on a port, with a clock that a test moves.
pub(crate) struct Tenant {
    pub(crate) emulator: Emulator,
    serving: Serving,
    second: Arc<AtomicI64>,
}

impl Tenant {
    pub(crate) async fn start() -> Self {
        let second = Arc::new(AtomicI64::new(1_763_613_000));
        let emulator = Emulator::new(
            Setup {
                seed: 1,
                pace: Pace::Virtual,
                mischief: Mischief::NONE,
            },
            [],
            clock(&second),
        );
        emulator.take_on(Center::new(TENANT, ACTION, DATA));
        let socket = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let serving = emulator.serve(socket).expect("it has an address");
        Self {
            emulator,
            serving,
            second,
        }
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.serving.address())
    }

    /// Looks at it, or sets something.
    pub(crate) fn center<T>(&self, act: impl FnOnce(&mut Center) -> T) -> T {
        self.emulator.center(act).expect("it has a tenant")
    }

    /// The next requests go wrong like this.
    pub(crate) fn breaks(&self, faults: impl IntoIterator<Item = CenterFault>) {
        self.center(|center| center.faults.extend(faults));
    }

    pub(crate) fn clock(&self) -> Clock {
        clock(&self.second)
    }

    /// Lets time pass.
    pub(crate) fn later(&self, seconds: i64) {
        self.second.fetch_add(seconds, Ordering::SeqCst);
    }

    /// The configuration of it, as a user would write it.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        variables(&self.url(), ACTION, DATA)
    }

    pub(crate) fn client(&self) -> ContactCenter {
        client(&self.variables())
    }

    /// Types a command, with this tenant configured.
    pub(crate) async fn typed(&self, folder: &Path, arguments: &[&str]) -> Output {
        typed(folder, self.variables(), arguments).await
    }
}

fn clock(second: &Arc<AtomicI64>) -> Clock {
    let second = second.clone();
    Clock::from_fn(move || Timestamp::from_second(second.load(Ordering::SeqCst)).expect("a time"))
}

/// The configuration of a tenant at `host`.
pub(crate) fn variables(host: &str, action: &str, data: &str) -> Vec<(String, String)> {
    [
        ("HOST", host),
        ("TENANT", TENANT),
        ("ACTION_TOKEN", action),
        ("DATA_TOKEN", data),
    ]
    .map(|(key, value)| {
        (
            format!("CALLWRIGHT_CONTACT_CENTER__{key}"),
            value.to_owned(),
        )
    })
    .into()
}

pub(crate) fn configured(variables: &[(String, String)]) -> config::ContactCenter {
    let config = Config::load(None, variables.to_vec()).expect("all sound");
    config.contact_center.expect("a tenant")
}

pub(crate) fn client(variables: &[(String, String)]) -> ContactCenter {
    ContactCenter::for_calls(&configured(variables)).expect("this machine can encrypt")
}

/// Types a command in `folder`, with this environment.
pub(crate) async fn typed(
    folder: &Path,
    variables: Vec<(String, String)>,
    arguments: &[&str],
) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callwright"));
    command.current_dir(folder).args(arguments).envs(variables);
    // The tenant answers on this thread meanwhile.
    let typed = tokio::task::spawn_blocking(move || command.output()).await;
    typed
        .expect("it does not panic")
        .expect("the test build's own program starts")
}

/// What a command printed, to its reader and about its failure.
pub(crate) fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}
