//! Look-ups: one request each, bounded in time and size, to where flows may reach.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{RequestBuilder, Url};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::breaker::Breakers;
use crate::flow::model::Method;
use crate::flow::need::{LookupFailure, Piece, Request, Response};
use crate::outward::{Outward, Refused};

/// The most bytes of an answer.
const LONGEST_ANSWER: usize = 64 * 1024;

/// How many are asked at once.
const AT_ONCE: usize = 512;

/// Asks somebody's systems.
#[derive(Debug)]
pub(super) struct Lookups {
    out: Outward,
    secrets: Arc<BTreeMap<String, SecretString>>,
    breakers: Breakers,
    turns: Semaphore,
}

impl Lookups {
    pub(super) fn new(out: Outward, secrets: Arc<BTreeMap<String, SecretString>>) -> Self {
        Self {
            out,
            secrets,
            breakers: Breakers::default(),
            turns: Semaphore::new(AT_ONCE),
        }
    }

    /// Makes a request, once.
    pub(super) async fn ask(&self, request: &Request) -> Result<Response, LookupFailure> {
        let url = Url::parse(&request.url).map_err(|_| LookupFailure::Unwritable)?;
        let builder = self.write(request, &url)?;
        let host = format!(
            "{}:{}",
            url.host_str().unwrap_or_default(),
            url.port_or_known_default().unwrap_or_default()
        );
        let Ok(_turn) = self.turns.try_acquire() else {
            return Err(LookupFailure::LeftAlone);
        };
        if !self.breakers.may_ask(&host) {
            return Err(LookupFailure::LeftAlone);
        }
        let within = Duration::from_millis(request.timeout_ms.into());
        let asked = timeout(within, exchange(builder, request)).await;
        let answer = asked.unwrap_or(Err(LookupFailure::TooLate));
        self.breakers.count(&host, is_good(&answer, request));
        answer
    }

    fn write(&self, request: &Request, url: &Url) -> Result<RequestBuilder, LookupFailure> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
        };
        let builder = self.out.request(method, url);
        let mut builder = builder.map_err(|_| LookupFailure::Forbidden)?;
        builder = builder.header("accept", "application/json");
        if request.method.writes() {
            builder = builder.header("idempotency-key", &request.key);
        }
        if let Some(body) = &request.body {
            builder = builder
                .header("content-type", "application/json")
                .body(body.clone());
        }
        Ok(builder.headers(self.headers(request)?))
    }

    fn headers(&self, request: &Request) -> Result<HeaderMap, LookupFailure> {
        let mut headers = HeaderMap::new();
        for (name, pieces) in &request.headers {
            let name = HeaderName::try_from(name).map_err(|_| LookupFailure::Unwritable)?;
            let mut text = zeroize::Zeroizing::new(String::new());
            for piece in pieces {
                match piece {
                    Piece::Text(words) => text.push_str(words),
                    Piece::Secret(name) => {
                        let secret = self.secrets.get(name).ok_or(LookupFailure::NoSecret)?;
                        text.push_str(secret.expose_secret());
                    }
                }
            }
            let value = HeaderValue::try_from(text.as_str());
            let mut value = value.map_err(|_| LookupFailure::Unwritable)?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        Ok(headers)
    }
}

async fn exchange(builder: RequestBuilder, request: &Request) -> Result<Response, LookupFailure> {
    let broken = |error: reqwest::Error| match Refused::in_error(&error) {
        Some(_) => LookupFailure::Forbidden,
        None => LookupFailure::Broken,
    };
    let mut answer = builder.send().await.map_err(broken)?;
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(broken)? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err(LookupFailure::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response::read(request, answer.status().as_u16(), &body))
}

/// Whether the system is well. What is no fault of its own says nothing against it.
fn is_good(answer: &Result<Response, LookupFailure>, request: &Request) -> bool {
    match answer {
        Ok(response) => {
            let unreadable = response.fields.is_none() && !request.fields.is_empty();
            let redirects = (300..400).contains(&response.status);
            response.status < 500 && !redirects && !(response.is_good() && unreadable)
        }
        Err(failure) => matches!(failure, LookupFailure::Forbidden),
    }
}
