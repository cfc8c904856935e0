//! The client of the platform's Voice API, for one sub-account.
//!
//! * `exchange` one request and its answer; above all, whether a request that went wrong can have arrived
//! * [`start`] places a call: the one request that must not be sent twice
//! * [`account`] what the platform keeps for the sub-account: voices, numbers, webhooks, recordings
//! * [`exports`] its logs as files
//! * [`refusal`] what the platform's codes mean, and what to do
//!
//! A connection serves one request: one that was kept might be closed by the platform while the next request is on its way, and
//! then nobody could know. Nothing is sent again by itself, no redirect is followed, no proxy is taken from the environment.

pub mod account;
pub(in crate::platform) mod exchange;
pub mod exports;
pub mod refusal;
pub mod start;

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use crate::config::Subaccount;
use exchange::Answer;
pub use refusal::ApiError;

/// The longest answer that is read, in bytes: a list of some ten thousand numbers.
const LONGEST_ANSWER: usize = 8 * 1024 * 1024;

/// The client of one sub-account.
#[derive(Debug, Clone)]
pub struct VoiceApi {
    http: reqwest::Client,
    base: Url,
    sub_account: String,
    key: SecretString,
}

/// How long the platform is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Until it can be written to: name looked up, connected, encrypted.
    pub connect: Duration,
    /// Until its answer is whole.
    pub answer: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(15),
        }
    }
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum NoClient {
    /// The sub-account has no key.
    #[error(
        "the sub-account has no `api_key`: make one in the platform's customer portal, and write it into \
         [subaccounts.NAME] or CALLWRIGHT_SUBACCOUNTS__NAME__API_KEY"
    )]
    NoKey,
    /// The machine has no certificates to know the platform by, or the like.
    #[error(
        "no encrypted connection can be made on this machine: install its CA certificates (Debian: ca-certificates)"
    )]
    NoTls(#[source] reqwest::Error),
}

impl VoiceApi {
    /// The client of a configured sub-account.
    ///
    /// # Errors
    ///
    /// It has no key, or this machine cannot encrypt.
    pub fn new(account: &Subaccount, patience: Patience) -> Result<Self, NoClient> {
        let key = account.api_key.clone().ok_or(NoClient::NoKey)?;
        // Another provider may be installed already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .http1_only()
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .pool_max_idle_per_host(0)
            .connect_timeout(patience.connect)
            .timeout(patience.connect + patience.answer)
            .user_agent(concat!("callwright/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(NoClient::NoTls)?;
        Ok(Self {
            http,
            base: account.api_base.clone(),
            sub_account: account.id.clone(),
            key,
        })
    }

    /// A request about the sub-account: `path` are the segments behind its id.
    fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments
                .clear()
                .extend(["api", "v1", "subaccounts", &self.sub_account])
                .extend(path);
        }
        self.http
            .request(method, url)
            .bearer_auth(self.key.expose_secret())
            .header("accept", "application/json")
    }

    /// As [`request`](Self::request), with a body.
    fn with_body(&self, method: Method, path: &[&str], json: String) -> RequestBuilder {
        self.request(method, path)
            .header("content-type", "application/json")
            .body(json)
    }

    /// Sends a request that may be repeated, and reads what the platform says.
    async fn ask(&self, request: RequestBuilder) -> Result<Value, ApiError> {
        let Answer {
            status,
            later,
            body,
            ..
        } = exchange::send(request, LONGEST_ANSWER).await?;
        if status == 429 {
            return Err(ApiError::TryLater(later));
        }
        let body = body?;
        refusal::understood(status, &body)
    }
}
