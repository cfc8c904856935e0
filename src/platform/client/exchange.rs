//! One request and its answer. When it goes wrong, the question is whether a byte of the request may have left: what fails
//! while the connection is made cannot have arrived, anything later may.

use std::error::Error;
use std::io;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{LOCATION, RETRY_AFTER};
use reqwest::{RequestBuilder, Response};

use crate::outbound::attempt::{Doubt, Later, NeverLeft};

/// What came back.
#[derive(Debug)]
pub(in crate::platform) struct Answer {
    /// The HTTP status.
    pub(in crate::platform) status: u16,
    /// When the platform wants to be asked again.
    pub(in crate::platform) later: Option<Later>,
    /// Where the client is sent, if anywhere (3xx).
    pub(in crate::platform) location: Option<String>,
    /// The whole body, or why it could not be read.
    pub(in crate::platform) body: Result<Vec<u8>, Doubt>,
}

/// Why nothing came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::platform) enum Lost {
    /// It cannot have arrived.
    NeverLeft(NeverLeft),
    /// It may have.
    Perhaps(Doubt),
}

/// Sends a request once, and reads an answer of at most `longest` bytes.
pub(in crate::platform) async fn send(
    request: RequestBuilder,
    longest: usize,
) -> Result<Answer, Lost> {
    let response = request.send().await.map_err(|error| lost(&error))?;
    Ok(whole(response, longest).await)
}

/// An answer that has begun, read to its end.
pub(in crate::platform) async fn whole(response: Response, longest: usize) -> Answer {
    let status = response.status().as_u16();
    let later = retry_after(&response);
    let location = response.headers().get(LOCATION);
    let location = location.and_then(|it| it.to_str().ok()).map(str::to_owned);
    let body = read(response, longest).await;
    Answer {
        status,
        later,
        location,
        body,
    }
}

async fn read(mut response: Response, longest: usize) -> Result<Vec<u8>, Doubt> {
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| doubt(&error))? {
        if body.len() + chunk.len() > longest {
            return Err(Doubt::Unreadable { status });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The connection is made before anything of the request is written, and serves this request alone: reqwest says
/// "connect" of what fails until then, and of nothing later.
pub(in crate::platform) fn lost(error: &reqwest::Error) -> Lost {
    if !error.is_connect() {
        return Lost::Perhaps(doubt(error));
    }
    Lost::NeverLeft(if error.is_dns() {
        NeverLeft::NoAddress
    } else if encryption_failed(error) {
        NeverLeft::NoTls
    } else {
        NeverLeft::NoConnection
    })
}

fn doubt(error: &reqwest::Error) -> Doubt {
    match error.is_timeout() {
        true => Doubt::TimedOut,
        false => Doubt::Broken,
    }
}

/// Whether it was the handshake: rustls says so itself, or the other side ended the connection in it.
fn encryption_failed(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        let io = error.downcast_ref::<io::Error>();
        let of_rustls = io
            .and_then(io::Error::get_ref)
            .is_some_and(|inner| inner.is::<rustls::Error>());
        let ended = io.is_some_and(|io| io.kind() == io::ErrorKind::UnexpectedEof);
        if of_rustls || ended || error.is::<rustls::Error>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// `Retry-After`: seconds, or a date as HTTP writes it.
fn retry_after(response: &Response) -> Option<Later> {
    let text = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(Later::In(SignedDuration::from_secs(seconds.into())));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(Later::At(Timestamp::from(date)))
}
