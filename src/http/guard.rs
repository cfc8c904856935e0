//! What stands before every handler: who may call it, by its row in the table, and what happens when it panics.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tower::{Layer, Service};

use super::app::App;
use super::listener::Peer;
use super::log::{RequestId, Template};
use super::origin::origin;
use super::problem::Problem;
use super::routes::{Access, Answering, Row};

/// The largest body that a route takes, in bytes. A handler finds it among the request's extensions.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimit(pub usize);

/// One row of the table, at work: a layer around the row's handler.
#[derive(Clone)]
pub(super) struct Guard {
    pub(super) app: App,
    pub(super) row: &'static Row,
}

/// A handler and its guard. A service of our own, since what axum makes of a function is a third of a request's cost.
#[derive(Clone)]
pub(super) struct Guarded<S> {
    guard: Guard,
    handler: S,
}

impl<S> Layer<S> for Guard {
    type Service = Guarded<S>;

    fn layer(&self, handler: S) -> Guarded<S> {
        let guard = self.clone();
        Guarded { guard, handler }
    }
}

impl<S> Service<Request> for Guarded<S>
where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send + 'static>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.handler.poll_ready(context)
    }

    /// Lets a request through to its handler, or refuses it before its body is read.
    fn call(&mut self, mut request: Request) -> Answering {
        let guard = self.guard.clone();
        let id = request.extensions().get::<RequestId>().cloned();
        let admitted = guard.admit(&mut request);
        let handling = admitted.map(|()| self.handler.call(request));
        Box::pin(async move {
            let mut response = match handling {
                Ok(handling) => AssertUnwindSafe(handling)
                    .catch_unwind()
                    .await
                    .unwrap_or_else(|_| Ok(answer_panic(&guard.app, id.as_ref())))?,
                Err(problem) => problem.into_response(),
            };
            response.extensions_mut().insert(Template(guard.row.path));
            Ok(response)
        })
    }
}

impl Guard {
    /// Judges the request's head, and leaves for the handler what it has shown.
    fn admit(&self, request: &mut Request) -> Result<(), Problem> {
        match self.row.access {
            // A script shows who it is by parameters, which its handler reads.
            Access::Anyone | Access::Script => {}
            Access::Platform => {
                self.judge_origin(request)?;
                let presented = self.app.webhook_keys.at_the_door(request.headers())?;
                request.extensions_mut().insert(presented);
            }
            Access::Token(scopes) => {
                let caller = self.app.api_keys.let_in(request.headers(), scopes)?;
                request.extensions_mut().insert(caller);
            }
        }
        request
            .extensions_mut()
            .insert(BodyLimit(self.row.body_limit));
        Ok(())
    }

    /// Refuses a webhook from an address that is not listed, when any is.
    fn judge_origin(&self, request: &Request) -> Result<(), Problem> {
        let config = &self.app.config;
        let allowed = &config.webhooks_allowed_from;
        if allowed.is_empty() {
            return Ok(());
        }
        let Peer(peer) = request
            .extensions()
            .get()
            .copied()
            .ok_or_else(Problem::address_not_allowed)?;
        let proxies = &config.proxies;
        let origin = origin(
            peer.ip(),
            request.headers(),
            proxies.header,
            &proxies.trusted,
        );
        let listed = origin.is_some_and(|it| allowed.iter().any(|net| net.contains(&it)));
        listed
            .then_some(())
            .ok_or_else(Problem::address_not_allowed)
    }
}

/// Turns a panic into a problem. What the panic says is not logged here: it may hold what a caller sent.
fn answer_panic(app: &App, id: Option<&RequestId>) -> Response {
    app.metrics.panic();
    let id = id.map_or("", RequestId::as_str);
    tracing::error!(request_id = id, "a handler panicked");
    Problem::internal().in_request(id).into_response()
}
