//! Silent, slow, greedy and ordinary peers at the door. Time-outs are a few milliseconds; nothing here sleeps: each test
//! waits for the server's own act.

use std::net::SocketAddr;
use std::time::Instant;

use axum::extract::Request;
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use axum::Router;

use super::*;
use crate::http::app::testing::{FakeStore, Mood, serving, with_sub_accounts};
use crate::http::body;

/// Far longer than any time-out here: a test that waits for it has failed.
const NEVER: Duration = Duration::from_secs(20);

/// A request that is answered and keeps its connection.
const ORDINARY: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";

fn limits() -> config::Http {
    config::Http {
        max_connections: 4_000,
        max_connections_per_address: 4_000,
        head_timeout_ms: 40,
        body_timeout_ms: 40,
        idle_timeout_ms: 20_000,
        drain_timeout_ms: 10_000,
    }
}

/// The whole house behind the door, with one sub-account and its secret.
async fn house() -> (SocketAddr, oneshot::Sender<()>) {
    let config = with_sub_accounts(&[("main", Some("the secret"))]);
    let (router, _) = serving(config, &FakeStore::new(Mood::Works));
    let (listener, address) = listening();
    let (stop, stopped) = oneshot::channel();
    tokio::spawn(
        async move { serve(listener, router, &limits(), async { drop(stopped.await) }).await },
    );
    (address, stop)
}

fn listening() -> (TcpListener, SocketAddr) {
    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    let listener = listen(loopback).expect("loopback has ports");
    let address = listener.local_addr().expect("it is bound");
    (listener, address)
}

/// The system tells a peer that is not heard to try again after a second.
#[tokio::test]
async fn who_connects_while_nobody_is_taken_waits_in_line() {
    let (listener, address) = listening();
    let began = Instant::now();
    let mut waiting = Vec::new();
    for _ in 0..400 {
        waiting.push(connect(address).await);
    }
    assert!(began.elapsed() < Duration::from_secs(1), "all are heard");
    for _ in waiting {
        listener.accept().await.expect("it waits in line");
    }
}

#[tokio::test]
async fn a_call_is_answered_over_a_socket() {
    let (address, _stop) = house().await;
    let body = r#"{"eventType":"CALL_ACTION","payload":{"eventId":"e","sessionId":"s","subAccountId":"main",
        "callStatus":"CALL_RECEIVED","source":"+6591234567","destination":"+6561115777"}}"#;
    let head = format!(
        "POST /webhooks/vca HTTP/1.1\r\nauthorization: the secret\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut socket = connect(address).await;
    say(&mut socket, format!("{head}{body}").as_bytes()).await;
    let heard = until_closed(&mut socket).await;
    assert!(heard.starts_with("HTTP/1.1 200 OK\r\n"), "{heard}");
    assert!(heard.contains("Press 1 for a person."), "{heard}");
}

#[tokio::test]
async fn a_stranger_is_not_even_asked_for_the_body() {
    let (address, _stop) = house().await;
    let mut socket = connect(address).await;
    let head =
        b"POST /webhooks/vca HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 100\r\n\r\n";
    say(&mut socket, head).await;
    let heard = until_closed(&mut socket).await;
    assert!(
        heard.starts_with("HTTP/1.1 401 ") && heard.contains("wrong_webhook_secret"),
        "{heard}"
    );
}

/// A server with a small answer at `/`, a huge one at `/huge`, and one that reads its body at `/body`.
async fn server(
    limits: config::Http,
) -> (SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
    let patience = Duration::from_millis(limits.body_timeout_ms);
    let read = move |request: Request| async move {
        body::read(request.into_body(), 1 << 20, patience)
            .await
            .map(|whole| whole.len().to_string())
    };
    let router = Router::new()
        .route("/", get(|| async { "fine" }))
        .route("/huge", get(|| async { vec![b'x'; 64 << 20] }))
        .route("/unread", post(|| async { "not read" }))
        .route("/body", post(read));
    let (listener, address) = listening();
    let (stop, stopped) = oneshot::channel();
    let running = tokio::spawn(async move {
        serve(listener, router, &limits, async { drop(stopped.await) }).await;
    });
    (address, stop, running)
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address)
        .await
        .expect("the server listens")
}

async fn say(socket: &mut TcpStream, bytes: &[u8]) {
    socket.write_all(bytes).await.expect("the server is there");
}

/// Everything until the server closes.
async fn until_closed(socket: &mut TcpStream) -> String {
    let mut heard = Vec::new();
    let read = timeout(NEVER, socket.read_to_end(&mut heard)).await;
    let _reset_is_closed_as_well = read.expect("the server closes");
    String::from_utf8_lossy(&heard).into_owned()
}

/// One answer whose body is `fine`.
async fn one_answer(socket: &mut TcpStream) -> String {
    let mut heard = Vec::new();
    while !heard.ends_with(b"fine") {
        let read = timeout(NEVER, socket.read_buf(&mut heard)).await;
        assert_ne!(
            read.expect("an answer").expect("no reset"),
            0,
            "closed before its answer"
        );
    }
    String::from_utf8_lossy(&heard).into_owned()
}

#[tokio::test]
async fn a_kept_connection_is_served_again_and_may_be_idle_for_longer_than_a_head() {
    let (address, _stop, _) = server(limits()).await;
    let mut socket = connect(address).await;
    let mut other = connect(address).await;
    say(&mut socket, ORDINARY).await;
    let answer = one_answer(&mut socket).await;
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && !answer.contains("server:"),
        "{answer}"
    );
    // The silent one is closed after a head's time; the idle one has waited for longer by then.
    assert_eq!(until_closed(&mut other).await, "");
    say(&mut socket, ORDINARY).await;
    one_answer(&mut socket).await;
    say(&mut socket, b"GET / HTTP/1.1\r\nhost").await;
    assert_eq!(until_closed(&mut socket).await, "");
}

#[tokio::test]
async fn an_idle_connection_is_closed_in_the_end() {
    let (address, _stop, _) = server(config::Http {
        idle_timeout_ms: 20,
        ..limits()
    })
    .await;
    let mut socket = connect(address).await;
    say(&mut socket, ORDINARY).await;
    assert!(until_closed(&mut socket).await.ends_with("fine"));
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let (address, _stop, _) = server(limits()).await;
    let mut socket = connect(address).await;
    say(
        &mut socket,
        &[
            ORDINARY,
            ORDINARY,
            b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n",
        ]
        .concat(),
    )
    .await;
    assert_eq!(
        until_closed(&mut socket)
            .await
            .matches("HTTP/1.1 200 OK")
            .count(),
        3
    );
}

#[tokio::test]
async fn a_head_that_drips_is_cut_off() {
    let (address, _stop, _) = server(limits()).await;
    let (mut reader, mut writer) = connect(address).await.into_split();
    let drip = tokio::spawn(async move {
        let mut pulse = tokio::time::interval(Duration::from_millis(1));
        while writer.write_all(b"x").await.is_ok() {
            pulse.tick().await;
        }
    });
    let mut heard = Vec::new();
    let read = timeout(NEVER, reader.read_to_end(&mut heard)).await;
    let _reset_is_closed_as_well = read.expect("the server closes");
    assert!(heard.is_empty());
    drip.abort();
}

#[tokio::test]
async fn a_body_that_stops_is_answered_and_closed() {
    let (address, _stop, _) = server(limits()).await;
    let mut socket = connect(address).await;
    say(
        &mut socket,
        b"POST /body HTTP/1.1\r\ncontent-length: 10\r\n\r\n12345",
    )
    .await;
    let heard = until_closed(&mut socket).await;
    assert!(
        heard.starts_with("HTTP/1.1 408 ") && heard.contains("connection: close"),
        "{heard}"
    );
}

#[tokio::test]
async fn an_answer_reaches_a_client_that_is_still_sending() {
    let (address, _stop, _) = server(limits()).await;
    let mut socket = connect(address).await;
    let head = format!("POST /body HTTP/1.1\r\ncontent-length: {}\r\n\r\n", 4 << 20);
    say(&mut socket, head.as_bytes()).await;
    say(&mut socket, &vec![b'x'; 4 << 20]).await;
    socket.shutdown().await.expect("the server is there");
    assert!(until_closed(&mut socket).await.starts_with("HTTP/1.1 413 "));
}

#[tokio::test]
async fn a_client_that_never_reads_is_closed() {
    let (address, stop, running) = server(limits()).await;
    let mut socket = connect(address).await;
    say(&mut socket, b"GET /huge HTTP/1.1\r\n\r\n").await;
    let mut other = connect(address).await;
    say(&mut other, ORDINARY).await;
    one_answer(&mut other).await;
    stop.send(()).expect("the server runs");
    // The drain's time-out is far away: the server ends because the answer was given up.
    timeout(Duration::from_secs(5), running)
        .await
        .expect("no connection is left")
        .expect("no panic");
}

#[tokio::test]
async fn two_thousand_silent_sockets_are_closed_while_calls_are_answered() {
    let (address, _stop, _) = server(config::Http {
        head_timeout_ms: 400,
        ..limits()
    })
    .await;
    let mut silent = Vec::new();
    for at in 0..2_000 {
        let mut socket = connect(address).await;
        if at % 2 == 1 {
            say(&mut socket, b"POST /webhooks/vca HTTP/1.1\r\nhos").await;
        }
        silent.push(socket);
    }
    let began = Instant::now();
    let mut call = connect(address).await;
    say(&mut call, ORDINARY).await;
    one_answer(&mut call).await;
    assert!(
        began.elapsed() < Duration::from_millis(400),
        "{:?}",
        began.elapsed()
    );
    for socket in &mut silent {
        assert_eq!(until_closed(socket).await, "");
    }
}

#[tokio::test]
async fn newcomers_get_in_when_the_house_is_full_of_silence() {
    let full = config::Http {
        max_connections: 8,
        max_connections_per_address: 8,
        head_timeout_ms: 20_000,
        ..limits()
    };
    let (address, _stop, _) = server(full).await;
    let mut silent = Vec::new();
    for _ in 0..8 {
        silent.push(connect(address).await);
    }
    let mut call = connect(address).await;
    say(&mut call, ORDINARY).await;
    one_answer(&mut call).await;
    assert_eq!(until_closed(&mut silent[0]).await, "");
}

#[tokio::test]
async fn http2_and_nonsense_are_closed() {
    let (address, _stop, _) = server(limits()).await;
    for (nonsense, answer) in [
        (&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], ""),
        (
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            "HTTP/1.1 400 Bad Request",
        ),
        (
            b"GET / HTTP/1.1\r\nbad header\r\n\r\n",
            "HTTP/1.1 400 Bad Request",
        ),
    ] {
        let mut socket = connect(address).await;
        say(&mut socket, nonsense).await;
        let heard = until_closed(&mut socket).await;
        assert!(heard.starts_with(answer), "{heard}");
    }
}

#[tokio::test]
async fn heads_beyond_every_bound_are_refused() {
    let (address, _stop, _) = server(limits()).await;
    let many = format!(
        "GET / HTTP/1.1\r\n{}\r\n",
        "a: b\r\n".repeat(2 * MAX_HEADERS + 1)
    );
    let long = format!("GET / HTTP/1.1\r\na: {}", "b".repeat(2 * MAX_HEAD));
    for head in [many, long] {
        let mut socket = connect(address).await;
        say(&mut socket, head.as_bytes()).await;
        assert!(until_closed(&mut socket).await.starts_with("HTTP/1.1 431 "));
    }
}

#[tokio::test]
async fn a_stop_ends_requests_in_progress_first() {
    let (address, stop, running) = server(config::Http {
        body_timeout_ms: 10_000,
        ..limits()
    })
    .await;
    let mut busy = connect(address).await;
    say(
        &mut busy,
        b"POST /body HTTP/1.1\r\ncontent-length: 10\r\nexpect: 100-continue\r\n\r\n",
    )
    .await;
    let mut go_on = [0; 25];
    busy.read_exact(&mut go_on)
        .await
        .expect("the handler asks for the body");
    let mut idle = connect(address).await;
    say(&mut idle, ORDINARY).await;
    one_answer(&mut idle).await;
    stop.send(()).expect("the server runs");
    assert_eq!(until_closed(&mut idle).await, "");
    say(&mut busy, b"1234567890").await;
    assert!(until_closed(&mut busy).await.ends_with("10"));
    timeout(NEVER, running)
        .await
        .expect("the server ends")
        .expect("no panic");
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_stop_does_not_wait_for_ever() {
    let slow = config::Http {
        body_timeout_ms: 20_000,
        drain_timeout_ms: 20,
        ..limits()
    };
    let (address, stop, running) = server(slow).await;
    let mut busy = connect(address).await;
    say(
        &mut busy,
        b"POST /body HTTP/1.1\r\ncontent-length: 10\r\nexpect: 100-continue\r\n\r\n",
    )
    .await;
    let mut go_on = [0; 25];
    busy.read_exact(&mut go_on)
        .await
        .expect("the handler asks for the body");
    stop.send(()).expect("the server runs");
    timeout(NEVER, running)
        .await
        .expect("the server ends")
        .expect("no panic");
    assert_eq!(until_closed(&mut busy).await, "");
}
