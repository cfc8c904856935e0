//! Updates as they happen (SAPI): a follower that resumes by its subscription's id. The service takes three clients of a tenant,
//! ends a subscription after an hour, and keeps what happens for two while nobody listens; so the follower connects again, under
//! the same id, and tells when it was away for longer.

use std::time::Duration;

use reqwest::{Method, Response, Url};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::errors;
use super::{CenterError, ContactCenter, Token};
use crate::platform::client::exchange;

/// For how long the service keeps what happens while nobody listens.
const KEPT: Duration = Duration::from_secs(2 * 60 * 60);

/// How soon the follower connects again, at first and at most.
const AGAIN: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(60));

/// The longest line that is read, in bytes.
const LONGEST_LINE: usize = 1024 * 1024;

/// What a follower tells.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// It listens.
    Connected,
    /// Something happened.
    Update(Value),
    /// The connection ended, as it does after an hour, or could not be made: it connects again.
    Lost(String),
    /// It was away for so long that the service may have forgotten what happened meanwhile.
    Gap(Duration),
}

/// Follows a tenant's updates.
#[derive(Debug)]
pub struct Follower<'c> {
    center: &'c ContactCenter,
    subscription: String,
    stream: Option<Response>,
    buffer: Vec<u8>,
    /// Since when nobody listens, once somebody did.
    away_since: Option<Instant>,
    pause: Duration,
}

impl ContactCenter {
    /// Follows updates under a subscription's id, which nobody else may use at the same time.
    pub fn follow(&self, subscription: &str) -> Follower<'_> {
        Follower {
            center: self,
            subscription: subscription.to_owned(),
            stream: None,
            buffer: Vec::new(),
            away_since: None,
            pause: Duration::ZERO,
        }
    }

    fn subscription(&self, id: &str) -> Url {
        let topic = format!("TenantUpdates-{}-{id}", self.config.tenant);
        let path = [
            "api",
            "streaming",
            "v1",
            "clientconnect",
            "subscribe",
            &topic,
        ];
        let mut url = super::address(&self.config.streaming_host, &path);
        url.query_pairs_mut()
            .append_pair("desiredOutputType", "NEWLINE_JSON")
            .append_pair("tenantId", &self.config.tenant)
            .append_pair("subsId", id)
            .append_pair("X-Atmosphere-Transport", "streaming");
        url
    }
}

impl Follower<'_> {
    /// The next thing to tell.
    ///
    /// # Errors
    ///
    /// What connecting again does not mend: the token is wrong, or missing.
    pub async fn next(&mut self) -> Result<Told, CenterError> {
        loop {
            if let Some(update) = self.line() {
                return Ok(Told::Update(update));
            }
            let Some(stream) = &mut self.stream else {
                return self.connect().await;
            };
            match stream.chunk().await {
                Ok(Some(chunk)) if self.buffer.len() + chunk.len() <= LONGEST_LINE => {
                    self.buffer.extend_from_slice(&chunk)
                }
                Ok(Some(_)) => return Ok(self.lost("a line is too long")),
                Ok(None) => {
                    return Ok(self.lost(
                        "the Contact Center ended the subscription, as it does after an hour",
                    ));
                }
                Err(_) => return Ok(self.lost("the connection broke")),
            }
        }
    }

    async fn connect(&mut self) -> Result<Told, CenterError> {
        sleep(self.pause).await;
        let url = self.center.subscription(&self.subscription);
        let request = self.center.request(Method::GET, url, Token::Data)?;
        let away = self.away_since.map(|since| since.elapsed());
        let error = match request.send().await {
            Ok(response) if response.status().is_success() => {
                self.stream = Some(response);
                self.away_since = None;
                self.pause = Duration::ZERO;
                return Ok(match away {
                    Some(away) if away > KEPT => Told::Gap(away),
                    _ => Told::Connected,
                });
            }
            Ok(response) => errors::body(
                exchange::whole(response, LONGEST_LINE).await,
                Token::Data.name(),
            )
            .err(),
            Err(error) => Some(exchange::lost(&error).into()),
        };
        match error {
            Some(error @ CenterError::Refused { .. }) => Err(error),
            Some(CenterError::Busy { .. }) => {
                Ok(self.lost("the Contact Center takes three clients of a tenant, and has them"))
            }
            Some(error) => Ok(self.lost(&error.to_string())),
            None => Ok(self.lost("the Contact Center answered with something else")),
        }
    }

    fn lost(&mut self, why: &str) -> Told {
        self.stream = None;
        self.buffer.clear();
        self.away_since.get_or_insert_with(Instant::now);
        self.pause = (self.pause * 2).clamp(AGAIN.0, AGAIN.1);
        Told::Lost(why.to_owned())
    }

    /// The next whole line that is JSON; padding and what cannot be read are passed over.
    fn line(&mut self) -> Option<Value> {
        while let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.buffer.drain(..=end).collect();
            match serde_json::from_slice(&line) {
                Ok(update @ Value::Object(_)) => return Some(update),
                _ => continue,
            }
        }
        None
    }
}
