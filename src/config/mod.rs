//! Configuration: built-in defaults, then the user's file, then the environment; all of it checked before a port is
//! bound.
//!
//! * `load` finds the layers; `layer` is one of them, with the place of each value; figment lays one over the other
//! * `reader` reads the merged values key by key; `keys`, `contact_center` and `values` say what each must be
//! * [`fault`] is what is wrong, all of it at once: where, what, and what to write instead

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ipnet::IpNet;
use reqwest::Url;
use secrecy::SecretString;
use zeroize::Zeroizing;

mod contact_center;
mod events;
pub mod fault;
#[cfg(test)]
mod faults_tests;
mod keys;
mod layer;
mod load;
mod masking_keys;
#[cfg(test)]
mod masking_tests;
pub mod pool;
mod pool_keys;
mod reader;
mod suggest;
#[cfg(test)]
mod tests;
mod values;
mod wrong;

use crate::events::Kind;
use crate::events::told::Numbers;
use crate::masking::PoolRules;
use crate::outbound::Country;
use crate::outbound::rates::Limits;

pub use contact_center::ContactCenter;
pub use fault::{ConfigFaults, Place};
pub use pool::Pool;
pub use reader::Setting;

/// The commented file of all keys and their defaults. It is what the defaults are read from.
pub const DEFAULT_FILE: &str = include_str!("../../callwright.default.toml");

/// Everything that can be set. `callwright.default.toml` says what each key means.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the server listens.
    pub listen: SocketAddr,
    /// Where it keeps what it knows. May hold a password.
    pub database_url: SecretString,
    /// What a reply that was sent survives, on SQLite.
    pub durability: Durability,
    /// Where the flows are.
    pub flows: PathBuf,
    /// Where the server is reached from outside: scheme and host.
    pub public_url: Option<Url>,
    /// What is stored is encrypted with these.
    pub keys: Keys,
    /// What is logged, and how.
    pub log: Log,
    /// What callers hear when nothing else can be said.
    pub apology: Apology,
    /// Bounds of HTTP.
    pub http: Http,
    /// From which addresses webhooks are taken; empty means any.
    pub webhooks_allowed_from: Vec<IpNet>,
    /// The reverse proxies in front of us.
    pub proxies: Proxies,
    /// The platform's sub-accounts by our name.
    pub subaccounts: BTreeMap<String, Subaccount>,
    /// The API's tokens by our name.
    pub tokens: BTreeMap<String, Token>,
    /// Where calls may go, and how many.
    pub outbound: Outbound,
    /// What headers of look-ups may name as `{secret.NAME}`: the environment, but for our own configuration.
    pub secrets: Arc<BTreeMap<String, SecretString>>,
    /// The networks that requests of ours may go to beside the internet.
    pub outward_allow: Vec<IpNet>,
    /// The rules of number masking.
    pub masking: PoolRules,
    /// The pools of virtual numbers by our name.
    pub pools: BTreeMap<String, Pool>,
    /// The Contact Center that calls may be handed to.
    pub contact_center: Option<ContactCenter>,
    /// What systems of ours are told.
    pub events: Events,
    /// For how many days sessions are kept after the last that was heard of them.
    pub keep_sessions_days: i64,
}

impl Config {
    /// The configuration: the defaults, then `file` (else `callwright.toml` in the working directory, when there is
    /// one), then those of `variables` that begin with `CALLWRIGHT_`.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, each fault with its place. No fault repeats a value.
    pub fn load(
        file: Option<&Path>,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigFaults> {
        Self::load_with_settings(file, variables).map(|(config, _)| config)
    }

    /// As [`Config::load`], together with each value in force, as it may be shown, and where it comes from.
    ///
    /// # Errors
    ///
    /// As [`Config::load`].
    pub fn load_with_settings(
        file: Option<&Path>,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(Self, Vec<Setting>), ConfigFaults> {
        load::load(file, Path::new(load::USUAL_FILE), variables)
    }

    /// The defaults alone.
    pub fn built_in() -> Self {
        load::load(None, Path::new(""), [])
            .expect("the shipped defaults are read by a test")
            .0
    }

    /// Whether only this machine can reach the server.
    pub fn is_loopback(&self) -> bool {
        values::is_loopback(self.listen)
    }
}

/// `[keys]`.
#[derive(Debug, Clone)]
pub struct Keys {
    /// The keys themselves, when they are configured.
    pub given: Option<GivenKeys>,
    /// Else the file that holds them; made with new keys for a new database.
    pub file: PathBuf,
}

/// The keys that what is stored is encrypted with, and that numbers are found by.
#[derive(Clone)]
pub struct GivenKeys {
    /// What texts are encrypted with.
    pub data: Zeroizing<[u8; 32]>,
    /// What the index of numbers is made with.
    pub index: Zeroizing<[u8; 32]>,
    /// Those before, while a database may still be opened by them.
    pub before: Option<Box<GivenKeys>>,
}

impl fmt::Debug for GivenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GivenKeys(••••)")
    }
}

/// `[log]`.
#[derive(Debug, Clone)]
pub struct Log {
    /// A `tracing` filter: `info`, `warn,callwright=debug`.
    pub level: String,
    /// How a line looks.
    pub format: LogFormat,
}

/// What a reply that was sent survives, on SQLite. PostgreSQL's own `synchronous_commit` decides there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// A power cut: the reply is sent after the disk has said that it has the data.
    #[default]
    Full,
    /// The end of the process, however it ends. A power cut, or a crash of the operating system, loses what the system
    /// had not written yet: up to some seconds of acknowledged webhooks.
    Process,
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// `[apology]`.
#[derive(Debug, Clone)]
pub struct Apology {
    /// What is said.
    pub text: String,
    /// In which voice.
    pub voice: String,
}

/// `[http]`.
#[derive(Debug, Clone)]
pub struct Http {
    /// Connections at once, in all.
    pub max_connections: usize,
    /// Connections at once from one address.
    pub max_connections_per_address: usize,
    /// Milliseconds a client has to send a request's head.
    pub head_timeout_ms: u64,
    /// Milliseconds a client has to send a request's body.
    pub body_timeout_ms: u64,
    /// Milliseconds a kept connection may be idle between requests.
    pub idle_timeout_ms: u64,
    /// Milliseconds that requests in progress have to end when the server is stopped.
    pub drain_timeout_ms: u64,
}

/// `[proxies]`.
#[derive(Debug, Clone)]
pub struct Proxies {
    /// Whose header is believed.
    pub trusted: Vec<IpNet>,
    /// Which header that is.
    pub header: ForwardedHeader,
}

/// The header that a reverse proxy writes about whom a request came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`.
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// `[subaccounts.NAME]`.
#[derive(Debug, Clone)]
pub struct Subaccount {
    /// The platform's id.
    pub id: String,
    /// What it is for.
    pub product: Product,
    /// The platform's API key.
    pub api_key: Option<SecretString>,
    /// Where its API is: scheme, host and port.
    pub api_base: Url,
    /// The `Authorization` string that the platform sends with webhooks.
    pub webhook_secret: Option<SecretString>,
    /// Its virtual numbers, E.164.
    pub numbers: Vec<crate::call::PhoneNumber>,
}

/// What a sub-account is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Product {
    /// Menus.
    Ivr,
    /// Number masking.
    Masking,
}

/// `[outbound]`.
#[derive(Debug, Clone)]
pub struct Outbound {
    /// The countries that are open beside those of our own numbers.
    pub countries: Vec<Country>,
    /// The most calls that are started.
    pub limits: Limits,
}

/// `[events]`.
#[derive(Debug, Clone)]
pub struct Events {
    /// For how many days an event is kept.
    pub keep_days: i64,
    /// How many events are kept at most.
    pub most: u64,
    /// Whom they are sent to, by our name.
    pub endpoints: BTreeMap<String, Endpoint>,
}

/// `[events.endpoints.NAME]`.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Where events are posted.
    pub url: Url,
    /// What they are signed with, the current secret first: each has been read once.
    pub secrets: Vec<SecretString>,
    /// Which kinds are sent.
    pub kinds: Vec<Kind>,
    /// How people's numbers are sent.
    pub numbers: Numbers,
}

/// `[api.tokens.NAME]`.
#[derive(Debug, Clone)]
pub struct Token {
    /// The bearer token.
    pub token: SecretString,
    /// What it may do.
    pub scopes: Vec<Scope>,
}

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Read sessions and flows, numbers masked; also the API's description.
    Read,
    /// See phone numbers whole.
    Numbers,
    /// Read metrics.
    Metrics,
    /// Start calls.
    Call,
    /// Make, change and end bookings.
    Book,
    /// Change the virtual numbers of pools, have the flow files read again.
    Manage,
    /// Hand calls to the Contact Center, and tell of calls that are about to come in.
    Handoff,
    /// Send events again, have endpoints sent to again, erase people.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 8] = [
        Self::Read,
        Self::Numbers,
        Self::Metrics,
        Self::Call,
        Self::Book,
        Self::Manage,
        Self::Handoff,
        Self::Admin,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Numbers => "numbers",
            Self::Metrics => "metrics",
            Self::Call => "call",
            Self::Book => "book",
            Self::Manage => "manage",
            Self::Handoff => "handoff",
            Self::Admin => "admin",
        }
    }
}
