//! A platform on a real port that does what a script says, and remembers what it was asked.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What the platform does with a connection.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Answers with a status, headers and a body.
    Answer(u16, &'static str, String),
    /// Answers with these bytes, whatever they are.
    Raw(&'static str),
    /// Resets it as soon as something of the request is there, unread.
    ResetUnread,
    /// Resets it when the whole request has been read.
    ResetRead,
    /// Ends it when the whole request has been read.
    Close,
    /// Announces more of a body than it sends.
    HalfBody(String),
    /// Reads the request and says nothing.
    Silence,
    /// Takes the connection and ends it.
    EndAtOnce,
    /// Takes the connection and does nothing with it.
    Ignore,
}

impl Act {
    /// Whether the request is read whole.
    pub(crate) fn reads_it_all(&self) -> bool {
        !matches!(self, Self::ResetUnread | Self::EndAtOnce | Self::Ignore)
    }
}

/// A request that was read whole.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    /// The head, in small letters.
    pub(crate) head: String,
    pub(crate) body: Value,
    /// What was done with it.
    pub(crate) act: Act,
}

/// The platform.
pub(crate) struct Scripted {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<Mutex<usize>>,
    serving: JoinHandle<()>,
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Scripted {
    /// Does the acts one after another, a connection each; the last one again and again.
    pub(crate) async fn acting(acts: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("loopback has a free port");
        let address = listener.local_addr().expect("it is bound");
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let connections: Arc<Mutex<usize>> = Arc::default();
        let mut acts: VecDeque<Act> = acts.into_iter().collect();
        let serving = tokio::spawn({
            let (seen, connections) = (Arc::clone(&seen), Arc::clone(&connections));
            async move {
                while let Ok((socket, _)) = listener.accept().await {
                    *connections.lock().expect("no panic holds it") += 1;
                    let act = match acts.len() {
                        1 => acts[0].clone(),
                        _ => acts.pop_front().expect("a script has an act"),
                    };
                    tokio::spawn(act_on(socket, act, Arc::clone(&seen)));
                }
            }
        });
        Self {
            address,
            seen,
            connections,
            serving,
        }
    }

    /// The requests that were read whole.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no panic holds it").clone()
    }

    /// How many connections were taken.
    pub(crate) fn connections(&self) -> usize {
        *self.connections.lock().expect("no panic holds it")
    }
}

async fn act_on(mut socket: TcpStream, act: Act, seen: Arc<Mutex<Vec<Seen>>>) {
    match act {
        Act::EndAtOnce => return,
        Act::Ignore => return until_it_goes(socket).await,
        Act::ResetUnread => {
            let _ = socket.peek(&mut [0]).await;
            return reset(socket);
        }
        _ => {}
    }
    let Some(request) = read(&mut socket, &act).await else {
        return;
    };
    seen.lock().expect("no panic holds it").push(request);
    answer(socket, act).await;
}

/// Does with a connection whose request was read what `act` says.
pub(crate) async fn answer(mut socket: TcpStream, act: Act) {
    let answer = match act {
        Act::Answer(status, headers, body) => {
            format!(
                "HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\n\r\n{body}",
                body.len()
            )
        }
        Act::HalfBody(body) => {
            format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}",
                body.len(),
                &body[..body.len() / 2]
            )
        }
        Act::Raw(bytes) => bytes.to_owned(),
        Act::ResetRead => return reset(socket),
        Act::Silence => return until_it_goes(socket).await,
        Act::Close | Act::EndAtOnce | Act::Ignore | Act::ResetUnread => return,
    };
    let _ = socket.write_all(answer.as_bytes()).await;
    let _ = socket.shutdown().await;
}

fn reset(socket: TcpStream) {
    socket
        .set_zero_linger()
        .expect("a connected socket takes it");
}

async fn until_it_goes(mut socket: TcpStream) {
    while socket.read(&mut [0; 1024]).await.is_ok_and(|read| read > 0) {}
}

/// Reads a request whole.
pub(crate) async fn read(socket: &mut TcpStream, act: &Act) -> Option<Seen> {
    let mut bytes = Vec::new();
    let head_ends = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if socket.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_ends]).into_owned();
    let small = head.to_lowercase();
    let length = small
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.and_then(|length| length.parse().ok()).unwrap_or(0);
    while bytes.len() < head_ends + length {
        if socket.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let mut words = head.split(' ');
    Some(Seen {
        method: words.next()?.to_owned(),
        path: words.next()?.to_owned(),
        head: small,
        body: serde_json::from_slice(&bytes[head_ends..]).unwrap_or_default(),
        act: act.clone(),
    })
}

/// The answer to a request for a call that was placed.
pub(crate) fn created(session: &str) -> Act {
    let body = json!({
        "sessionId": session, "sessionStatus": "CREATED", "callFlowRequestId": "r-1", "statusCode": 1,
        "statusMessage": "Created"
    });
    Act::Answer(200, "", body.to_string())
}

/// A refusal as the platform writes it.
pub(crate) fn refused(status: u16, code: i32) -> Act {
    let body = json!({
        "sessionStatus": "NOT_CREATED", "callFlowRequestId": "r-1", "statusCode": code, "statusMessage": "No"
    });
    Act::Answer(status, "", body.to_string())
}
