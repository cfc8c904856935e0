//! Configuration: built-in defaults, then the user's file, then the environment; all of it checked before a port is
//! bound.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use secrecy::SecretString;

/// Everything that can be set. `callwright.default.toml` says what each key means.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the server listens.
    pub listen: SocketAddr,
    /// Where it keeps what it knows.
    pub database_url: String,
    /// Where the flows are.
    pub flows: PathBuf,
    /// What is logged, and how.
    pub log: Log,
    /// What callers hear when nothing else can be said.
    pub apology: Apology,
    /// Bounds of HTTP.
    pub http: Http,
    /// The platform's sub-accounts by our name.
    pub subaccounts: BTreeMap<String, Subaccount>,
    /// The API's tokens by our name.
    pub tokens: BTreeMap<String, Token>,
}

/// `[log]`.
#[derive(Debug, Clone)]
pub struct Log {
    /// A `tracing` filter: `info`, `warn,callwright=debug`.
    pub level: String,
    /// How a line looks.
    pub format: LogFormat,
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

/// `[subaccounts.NAME]`.
#[derive(Debug, Clone)]
pub struct Subaccount {
    /// The platform's id.
    pub id: String,
    /// What it is for.
    pub product: Product,
    /// The platform's API key.
    pub api_key: Option<SecretString>,
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
}
