//! Somebody's system: answers as it is told to, or misbehaves.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

/// How a system behaves.
#[derive(Debug, Clone)]
pub(crate) enum Mode {
    /// With this status and JSON.
    Answers(u16, Value),
    /// Well, but so late.
    After(Duration),
    /// Reads, and says nothing.
    Never,
    /// One byte a second.
    Drips,
    /// 100 MB.
    Floods,
    /// Two kilobytes of gzip that say they are more.
    Bomb,
    /// No JSON.
    Garbage,
    /// Breaks the connection off.
    Resets,
    /// Sends whoever asks on to itself.
    Redirects,
}

/// A system on a port of its own, which counts who asks.
pub(crate) struct System {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl System {
    pub(crate) async fn start(mode: Mode) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let address = socket.local_addr().expect("it is bound");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = asked.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = socket.accept().await {
                tokio::spawn(serve(stream, mode.clone(), address, seen.clone()));
            }
        });
        Self { address, asked }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Every request so far, whole.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("nobody panics with it").clone()
    }

    /// How many of them followed a redirect.
    pub(crate) fn redirected(&self) -> usize {
        let asked = self.asked();
        asked.iter().filter(|it| it.contains("/redirected")).count()
    }
}

async fn serve(mut stream: TcpStream, mode: Mode, own: SocketAddr, seen: Arc<Mutex<Vec<String>>>) {
    while let Some(request) = read(&mut stream).await {
        seen.lock().expect("nobody panics with it").push(request);
        if answer(&mut stream, &mode, own).await.is_err() {
            return;
        }
    }
}

/// One request, head and body.
async fn read(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            let length = length.map_or(0, |length| length.parse().expect("a length"));
            if body.len() >= length {
                return Some(text);
            }
        }
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer).await {
            Ok(count) if count > 0 => bytes.extend_from_slice(&buffer[..count]),
            _ => return None,
        }
    }
}

async fn answer(stream: &mut TcpStream, mode: &Mode, own: SocketAddr) -> std::io::Result<()> {
    let whole = |status: u16, headers: &str, body: &[u8]| {
        let head = format!(
            "HTTP/1.1 {status} x\r\ncontent-length: {}\r\n{headers}\r\n",
            body.len()
        );
        [head.as_bytes(), body].concat()
    };
    match mode {
        Mode::Answers(status, json) => {
            stream
                .write_all(&whole(*status, "", json.to_string().as_bytes()))
                .await
        }
        Mode::After(pause) => {
            sleep(*pause).await;
            stream
                .write_all(&whole(200, "", b"{\"name\": \"late\"}"))
                .await
        }
        Mode::Never => {
            std::future::pending::<()>().await;
            Ok(())
        }
        Mode::Drips => {
            for byte in whole(200, "", b"{\"name\": \"slow\"}") {
                stream.write_all(&[byte]).await?;
                sleep(Duration::from_secs(1)).await;
            }
            Ok(())
        }
        Mode::Floods => {
            let head = "HTTP/1.1 200 x\r\ncontent-length: 100000000\r\n\r\n{\"name\": \"";
            stream.write_all(head.as_bytes()).await?;
            let megabyte = vec![b'x'; 1_000_000];
            for _ in 0..100 {
                stream.write_all(&megabyte).await?;
            }
            Ok(())
        }
        Mode::Bomb => {
            let mut body = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
            body.resize(2048, 0xff);
            stream
                .write_all(&whole(200, "content-encoding: gzip\r\n", &body))
                .await
        }
        Mode::Garbage => {
            stream
                .write_all(&whole(200, "", b"<html>{\"name\": \"x\"}"))
                .await
        }
        Mode::Resets => {
            stream
                .write_all(b"HTTP/1.1 200 x\r\ncontent-length: 50\r\n\r\n{\"na")
                .await?;
            Err(std::io::ErrorKind::ConnectionReset.into())
        }
        Mode::Redirects => {
            let headers = format!("location: http://{own}/redirected\r\n");
            stream.write_all(&whole(302, &headers, b"{}")).await
        }
    }
}
