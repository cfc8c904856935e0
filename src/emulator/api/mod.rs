//! The emulator's HTTP side: the platform's Voice API, and a desk at which people place and steer calls.
//!
//! * [`callflows`] `POST callflows`, with every refusal and whatever is scripted to go wrong
//! * [`settings`] webhooks and recording push
//! * [`listings`] voices, numbers, recordings, exports
//! * [`center`] the Contact Center of a tenant
//! * [`desk`] what the platform does not have: `/emulator/…`, open to whoever reaches the port

mod callflows;
mod center;
mod desk;
mod listings;
mod settings;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tower::ServiceExt as _;

use super::account::Account;
use super::chance::Chance;
use super::exchange::Emulator;
use super::leg::written;

/// Marks an answer that is never sent: the connection is closed instead.
#[derive(Debug, Clone, Copy)]
struct Silence;

/// A refusal, ready to be sent.
#[derive(Debug)]
struct Refusal(Box<Response>);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        *self.0
    }
}

/// An emulator that listens. It stops when this is dropped.
#[derive(Debug)]
pub struct Serving {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Serving {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Emulator {
    /// Answers requests on `socket`.
    ///
    /// # Errors
    ///
    /// When the socket has no address.
    pub fn serve(&self, socket: TcpListener) -> io::Result<Serving> {
        let address = socket.local_addr()?;
        let task = tokio::spawn(accept(socket, router(self.clone())));
        Ok(Serving { address, task })
    }
}

fn router(emulator: Emulator) -> Router {
    let of_account = Router::new()
        .route("/callflows", post(callflows::send))
        .route("/speech-profiles", get(listings::voices))
        .route(
            "/webhooks",
            get(settings::webhooks).post(settings::register),
        )
        .route("/webhooks/{kind}", delete(settings::unregister))
        .route(
            "/recording-push-config",
            get(settings::push)
                .post(settings::set_push)
                .delete(settings::delete_push),
        )
        .route("/recordings/{session}", get(listings::recordings))
        .route("/numbers", get(listings::numbers))
        .route("/numbers/{number}", get(listings::number))
        .route("/messages/exports", post(listings::export))
        .route(
            "/messages/exports/{job}",
            get(listings::export_state).delete(listings::cancel_export),
        );
    Router::new()
        .nest("/api/v1/subaccounts/{account}", of_account)
        .nest("/emulator", desk::routes())
        .nest("/emulator/contact-center", center::routes())
        .fallback(center::answer)
        .with_state(emulator)
}

async fn accept(socket: TcpListener, router: Router) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Ok((connection, _)) = socket.accept() => {
                connections.spawn(attend(connection, router.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn attend(connection: TcpStream, router: Router) {
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let router = router.clone();
        async move {
            let answer: Result<Response, Infallible> = router.oneshot(request.map(Body::new)).await;
            match answer {
                Ok(answer) if answer.extensions().get::<Silence>().is_none() => Ok(answer),
                _ => Err(io::Error::other("closed without an answer, as scripted")),
            }
        }
    });
    // Whoever breaks the connection off knows it.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(connection), service)
        .await;
}

impl Emulator {
    /// Looks up a sub-account for a request that bears its key.
    fn open(&self, account: &str, headers: &HeaderMap) -> Result<Account, Refusal> {
        let accounts = self.accounts();
        let bearer = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let known = bearer.is_some_and(|key| {
            accounts
                .values()
                .any(|account| account.api_key.expose_secret() == key)
        });
        if !known {
            let message = "Authentication header not found or token invalid";
            return Err(self.refuse(StatusCode::UNAUTHORIZED, 401, message));
        }
        let found = accounts.get(account);
        let found = found.filter(|account| Some(account.api_key.expose_secret()) == bearer);
        found.cloned().ok_or_else(|| {
            let message = format!("SubAccount not found by Id : {account}");
            self.refuse(StatusCode::NOT_FOUND, 404, &message)
        })
    }

    /// A refusal in the form that all routes but `callflows` share.
    fn refuse(&self, status: StatusCode, code: i32, message: &str) -> Refusal {
        let body = json!({
            "errorId": Chance::fresh_uuid(),
            "statusCode": code.to_string(),
            "statusMessage": message,
            "timestamp": written(self.clock().now(), 0),
        });
        Refusal(Box::new((status, Json(body)).into_response()))
    }

    fn unreadable(&self) -> Refusal {
        self.refuse(
            StatusCode::UNPROCESSABLE_ENTITY,
            1001,
            "Invalid JSON request body",
        )
    }
}

/// Reads a body as JSON, whatever its content type says.
fn parsed(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body).ok().filter(Value::is_object)
}
