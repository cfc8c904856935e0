//! The door: HTTP/1.1 on a socket, with a bound on everything a peer can make us wait for or hold.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower::{Service, ServiceExt as _};

use super::census::{Census, Seat};
use super::connection::{Answer, Patience, Progress, Stage, TimedIo};
use super::head::{MAX_HEAD, MAX_HEADERS};
use crate::config;

/// How long a connection that has sent no whole head may go on when the server is stopped.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// How many connections wait in line to be taken, if the system lets them. A line of 128, which is usual, is full at once when the
/// platform or a proxy connects anew while the processor has other work: whoever comes then is not heard, and tries again a
/// second later.
const LINE: u32 = 4096;

/// How long to wait when the system has no socket left to give.
const OUT_OF_SOCKETS: Duration = Duration::from_millis(50);

/// The address that a request came from. A handler finds it among the request's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// What every connection is served with.
#[derive(Clone)]
struct Door<S> {
    site: S,
    http: http1::Builder,
    patience: Patience,
    census: Arc<Census>,
    stop: watch::Receiver<bool>,
}

/// Listens on `address`.
///
/// # Errors
///
/// What the system says of the address.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    // As any listener does: an address that was just given up can be had again.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(LINE)
}

/// Serves `site` on `listener` until `shutdown`; then takes no more connections, lets those in progress end for
/// `drain_timeout_ms`, and returns.
pub async fn serve<S: Answers>(
    listener: TcpListener,
    site: S,
    limits: &config::Http,
    shutdown: impl Future<Output = ()>,
) {
    let (stop, stopped) = watch::channel(false);
    let door = Door::new(site, limits, stopped);
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => door.open(accepted, &mut connections).await,
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    stop.send_replace(true);
    let drained = async { while connections.join_next().await.is_some() {} };
    if timeout(Duration::from_millis(limits.drain_timeout_ms), drained)
        .await
        .is_err()
    {
        tracing::warn!(
            connections = connections.len(),
            "connections were cut off after the drain time-out"
        );
    }
}

/// What answers requests, and always does.
pub trait Answers:
    Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static
{
}

impl<S> Answers for S where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send>
        + Clone
        + Send
        + 'static
{
}

impl<S: Answers> Door<S> {
    fn new(site: S, limits: &config::Http, stop: watch::Receiver<bool>) -> Self {
        Self {
            site,
            http: builder(),
            patience: Patience {
                head: Duration::from_millis(limits.head_timeout_ms),
                idle: Duration::from_millis(limits.idle_timeout_ms),
                answer: Duration::from_millis(limits.body_timeout_ms),
            },
            census: Census::new(limits.max_connections, limits.max_connections_per_address),
            stop,
        }
    }

    /// Gives a connection its own task, or closes it when there is no room.
    async fn open(
        &self,
        accepted: io::Result<(TcpStream, SocketAddr)>,
        connections: &mut JoinSet<()>,
    ) {
        let (socket, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => return recover(&error).await,
        };
        let progress = Arc::new(Progress::default());
        let Some(seat) = self.census.seat(peer.ip(), progress.clone()) else {
            return;
        };
        connections.spawn(self.clone().attend(socket, Peer(peer), seat, progress));
    }

    /// Serves one connection to its end: its own, its place's, or the server's.
    async fn attend(mut self, socket: TcpStream, peer: Peer, seat: Seat, progress: Arc<Progress>) {
        // An answer is one small write: waiting for more of it would only cost the caller time.
        let _ = socket.set_nodelay(true);
        let io = TokioIo::new(TimedIo::new(socket, progress.clone(), self.patience));
        let (site, at_work) = (self.site, progress.clone());
        let service =
            service_fn(move |request| answer(site.clone(), request, peer, at_work.clone()));
        let mut connection = pin!(self.http.serve_connection(io, service));
        let mut stopping = false;
        loop {
            tokio::select! {
                _ended = connection.as_mut() => break,
                () = seat.taken_away() => break,
                _ = self.stop.wait_for(|stop| *stop), if !stopping => {
                    stopping = true;
                    connection.as_mut().graceful_shutdown();
                }
                () = sleep(LAST_WORDS), if stopping => {
                    if progress.stage() == Stage::Head {
                        break;
                    }
                }
            }
        }
    }
}

/// HTTP/1.1 and nothing else. hyper's bounds on the head are the backstop behind [`super::head`]'s.
fn builder() -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(None)
        // An answer is small: one copy costs less than a write of two pieces.
        .writev(false)
        .max_headers(2 * MAX_HEADERS)
        .max_buf_size(2 * MAX_HEAD);
    http
}

/// Hands a request to the site, and marks when its answer is made.
async fn answer<S: Answers>(
    site: S,
    request: hyper::Request<Incoming>,
    peer: Peer,
    progress: Arc<Progress>,
) -> Result<hyper::Response<Answer>, Infallible> {
    progress.enter(Stage::Busy);
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(peer);
    let response = site.oneshot(request).await?;
    Ok(response.map(|body| Answer::new(body, progress)))
}

/// Goes on after a connection that could not be accepted; when sockets have run out, after a while.
async fn recover(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    ) {
        tracing::error!(%error, "a connection could not be accepted");
        sleep(OUT_OF_SOCKETS).await;
    }
}

#[cfg(test)]
mod tests;
