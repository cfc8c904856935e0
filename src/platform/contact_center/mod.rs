//! The client of the 8x8 Contact Center, for one tenant.
//!
//! * [`errors`] why it does not do what it was asked, with what to do about it
//! * [`handoff`] a call to a queue; [`callback`] call backs; [`interaction`] variables of an interaction; [`recording`] pauses a
//!   recording: these act, with the Action Request Token
//! * [`schedules`], [`statistics`] what a menu needs to know, and [`known`] what was last known of it; [`reading`] everything
//!   else that is read, in pages; [`streaming`] updates as they happen: these read, with the Data Request Token
//! * [`click_to_dial`] links by which an agent's workspace dials; [`check`] whether hosts and tokens work
//!
//! As with the Voice API, a connection serves one request, no redirect is followed, no proxy is taken from the environment. A
//! request is sent again only when it surely never left.

pub mod callback;
pub mod check;
pub mod click_to_dial;
pub mod errors;
pub mod handoff;
pub mod interaction;
pub mod known;
pub mod reading;
pub mod recording;
pub mod schedules;
pub mod statistics;
pub mod streaming;

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use crate::config;
use crate::platform::client::exchange::{self, Answer, Lost};
use crate::platform::client::{NoClient, Patience};
pub use errors::CenterError;

/// The longest answer that is read, in bytes: fifty records of anything are far less.
const LONGEST_ANSWER: usize = 8 * 1024 * 1024;

/// How soon a request that never left is sent again.
const AGAIN_AFTER: Duration = Duration::from_millis(100);

/// For how long it is, at most.
const AGAIN_FOR: Duration = Duration::from_secs(1);

/// The client of a tenant.
#[derive(Debug)]
pub struct ContactCenter {
    http: reqwest::Client,
    config: config::ContactCenter,
    /// How long an answer is waited for, whatever is asked.
    within: Duration,
    /// Schedules and attachments are asked for one at a time: the service answers 503 to a second request of a customer.
    one_at_a_time: Mutex<()>,
}

/// Which token a request bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    /// For what is done.
    Action,
    /// For what is read.
    Data,
}

impl ContactCenter {
    /// The client of the configured tenant, for somebody who is not waiting on the telephone.
    ///
    /// # Errors
    ///
    /// This machine cannot encrypt.
    pub fn new(config: &config::ContactCenter, patience: Patience) -> Result<Self, NoClient> {
        let within = patience.connect + patience.answer;
        Self::within(config, patience.connect, within)
    }

    /// The client for calls: a caller waits no longer than the configuration says.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn for_calls(config: &config::ContactCenter) -> Result<Self, NoClient> {
        let within = Duration::from_millis(config.deadline_ms);
        Self::within(config, within / 2, within)
    }

    fn within(
        config: &config::ContactCenter,
        connect: Duration,
        within: Duration,
    ) -> Result<Self, NoClient> {
        // Another provider may be installed already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .http1_only()
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .pool_max_idle_per_host(0)
            .connect_timeout(connect)
            .user_agent(concat!("callwright/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(NoClient::NoTls)?;
        Ok(Self {
            http,
            config: config.clone(),
            within,
            one_at_a_time: Mutex::default(),
        })
    }

    /// The tenant's name.
    pub fn tenant(&self) -> &str {
        &self.config.tenant
    }

    /// An address of the tenant's host, segment by segment.
    fn address(&self, path: &[&str]) -> Url {
        address(&self.config.host, path)
    }

    fn token(&self, which: Token) -> Result<&SecretString, CenterError> {
        let (token, name) = match which {
            Token::Action => (&self.config.action_token, "action_token"),
            Token::Data => (&self.config.data_token, "data_token"),
        };
        token.as_ref().ok_or(CenterError::NoToken(name))
    }

    /// A request that says who asks by tenant and token, as `curl -u` does.
    fn request(
        &self,
        method: Method,
        url: Url,
        which: Token,
    ) -> Result<RequestBuilder, CenterError> {
        let token = self.token(which)?.expose_secret();
        let request = self
            .http
            .request(method, url)
            .basic_auth(&self.config.tenant, Some(token));
        Ok(request.header("accept", "application/json"))
    }

    /// Reads what is there as JSON.
    async fn get(&self, url: Url) -> Result<Value, CenterError> {
        let make = || self.request(Method::GET, url.clone(), Token::Data);
        let answer = self.insist(make).await?;
        errors::json(answer, Token::Data.name())
    }

    /// Asks a page that takes a form. By POST, so that the token is in no address, which servers log.
    async fn post_form(&self, page: &str, fields: &[(&str, &str)]) -> Result<Answer, CenterError> {
        let url = self.address(&["SC", page]);
        let body = form(fields);
        let make = || {
            let request = self.http.post(url.clone());
            let form = request.header("content-type", "application/x-www-form-urlencoded");
            Ok(form.body(body.clone()))
        };
        self.insist(make).await
    }

    /// Sends a request; again, as long as there is time, when it surely never left.
    async fn insist(
        &self,
        make: impl Fn() -> Result<RequestBuilder, CenterError>,
    ) -> Result<Answer, CenterError> {
        let begun = Instant::now();
        let end = begun + self.within;
        let last = begun + self.within.min(AGAIN_FOR) - AGAIN_AFTER;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match exchange::send(make()?.timeout(left), LONGEST_ANSWER).await {
                Err(Lost::NeverLeft(_)) if Instant::now() < last => sleep(AGAIN_AFTER).await,
                Err(lost) => return Err(lost.into()),
                Ok(answer) => return Ok(answer),
            }
        }
    }
}

impl Token {
    /// Its key in the configuration.
    fn name(self) -> &'static str {
        match self {
            Self::Action => "action_token",
            Self::Data => "data_token",
        }
    }
}

/// An address of `host`, segment by segment.
fn address(host: &Url, path: &[&str]) -> Url {
    let mut url = host.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.clear().extend(path);
    }
    url
}

/// The body of a form.
fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}
