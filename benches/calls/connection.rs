//! A client of HTTP/1.1 that costs little: one kept connection, one request at a time, one write and mostly one read.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A larger answer than this is refused.
const LARGEST: usize = 256 * 1024;

/// A kept connection.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    request: Vec<u8>,
    answer: Vec<u8>,
}

/// Where an answer's parts are.
struct Answer {
    status: u16,
    body: std::ops::Range<usize>,
    stays_open: bool,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            request: Vec::with_capacity(2048),
            answer: Vec::with_capacity(4096),
        })
    }

    /// Sends `body` to `path`; gives the status, the answer's body, and whether the connection can be used again.
    pub(crate) async fn send(
        &mut self,
        method: &str,
        path: &str,
        body: &str,
    ) -> io::Result<(u16, &str, bool)> {
        self.request.clear();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        self.request.extend_from_slice(head.as_bytes());
        self.request.extend_from_slice(body.as_bytes());
        self.exchange().await
    }

    /// Gets `path`.
    pub(crate) async fn get(&mut self, path: &str) -> io::Result<(u16, &str, bool)> {
        self.request.clear();
        let head = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        self.request.extend_from_slice(head.as_bytes());
        self.exchange().await
    }

    async fn exchange(&mut self) -> io::Result<(u16, &str, bool)> {
        self.stream.write_all(&self.request).await?;
        self.answer.clear();
        let answer = loop {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(answer) = whole(&self.answer)? {
                break answer;
            }
        };
        let body = std::str::from_utf8(&self.answer[answer.body])
            .map_err(|_| io::ErrorKind::InvalidData)?;
        Ok((answer.status, body, answer.stays_open))
    }
}

/// The answer in `bytes`, when all of it has come. Servers here always give a length.
fn whole(bytes: &[u8]) -> io::Result<Option<Answer>> {
    if bytes.len() > LARGEST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let (mut length, mut stays_open) = (None, true);
    for line in bytes[..end].split(|byte| *byte == b'\n') {
        if starts(line, b"content-length:") {
            let text = String::from_utf8_lossy(&line[15..]);
            length = text.trim().parse::<usize>().ok();
        } else if starts(line, b"connection: close") {
            stays_open = false;
        }
    }
    let status = bytes.get(9..12).and_then(|digits| {
        std::str::from_utf8(digits)
            .ok()
            .and_then(|digits| digits.parse().ok())
    });
    let (Some(length), Some(status)) = (length, status) else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let body = end + 4..end + 4 + length;
    Ok((bytes.len() >= body.end).then_some(Answer {
        status,
        body,
        stays_open,
    }))
}

fn starts(line: &[u8], with: &[u8]) -> bool {
    line.get(..with.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(with))
}
