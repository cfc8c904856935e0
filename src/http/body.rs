//! Bodies that end: none is read beyond its limit or longer than its time, drip by drip.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Body as _;
use tokio::time::timeout;

use super::app::App;
use super::guard::BodyLimit;
use super::problem::Problem;

/// A request's body before it is read, with its route's limit (bytes) and the configured time: a handler reads it once it knows
/// that it wants to.
#[derive(Debug)]
pub struct Unread {
    body: Body,
    limit: usize,
    patience: Duration,
}

impl FromRequest<App> for Unread {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let limit = request.extensions().get();
        let BodyLimit(limit) = *limit.ok_or_else(Problem::internal)?;
        Ok(Self {
            body: request.into_body(),
            limit,
            patience: Duration::from_millis(app.config.http.body_timeout_ms),
        })
    }
}

impl Unread {
    /// Reads all of it, or says why not as [`read`] does.
    pub async fn read(self) -> Result<Bytes, Problem> {
        read(self.body, self.limit, self.patience).await
    }
}

/// Reads all of `body`: at most `limit` bytes, for at most `patience`.
pub async fn read(body: Body, limit: usize, patience: Duration) -> Result<Bytes, Problem> {
    if body.size_hint().lower() > limit as u64 {
        return Err(Problem::body_too_large(limit));
    }
    match timeout(patience, Limited::new(body, limit).collect()).await {
        Err(_) => Err(Problem::body_timeout()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Problem::body_too_large(limit)),
        Ok(Err(_)) => Err(Problem::broken_body()),
        Ok(Ok(whole)) => Ok(whole.to_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, Bytes};
    use futures_util::stream;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    /// A body of unknown length in pieces of one byte.
    fn drip(pieces: usize, pause: Duration) -> Body {
        Body::from_stream(stream::unfold(0, move |sent| async move {
            tokio::time::sleep(pause).await;
            (sent < pieces).then_some((Ok::<_, std::io::Error>(Bytes::from_static(b"x")), sent + 1))
        }))
    }

    #[tokio::test(start_paused = true)]
    async fn size_has_an_exact_limit() {
        for (length, expected) in [(7, Ok(7)), (8, Ok(8)), (9, Err(413))] {
            for body in [Body::from(vec![b'x'; length]), drip(length, Duration::ZERO)] {
                let answer = read(body, 8, PATIENCE).await;
                let answer = answer.map(|b| b.len()).map_err(|p| p.status().as_u16());
                assert_eq!(answer, expected, "{length}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_drip_is_cut_off() {
        let started = tokio::time::Instant::now();
        let refused = read(drip(1000, Duration::from_secs(1)), 1 << 20, PATIENCE).await;
        assert_eq!(refused.map_err(|p| p.status().as_u16()), Err(408));
        assert_eq!(started.elapsed(), PATIENCE);
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_refused() {
        let broken = stream::iter([
            Ok(Bytes::from_static(b"{")),
            Err(std::io::Error::other("gone")),
        ]);
        let refused = read(Body::from_stream(broken), 8, PATIENCE).await;
        assert_eq!(refused.map_err(|p| p.status().as_u16()), Err(400));
    }
}
