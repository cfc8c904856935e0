//! Messages as the Language Server Protocol writes them: a header that says how long each is, then JSON.

use std::io::{self, BufRead, Read as _, Write};

use serde_json::Value;

/// The longest message that is read, in bytes: the largest flow file, each of its letters escaped.
const LONGEST: u64 = 64 * 1024 * 1024;

/// Reads one message; `None` when the editor has gone.
pub(super) fn read(input: &mut impl BufRead) -> io::Result<Option<Value>> {
    let Some(length) = length(input)? else {
        return Ok(None);
    };
    let mut body = Vec::new();
    input.take(length).read_to_end(&mut body)?;
    let message = serde_json::from_slice(&body);
    message.map(Some).map_err(io::Error::from)
}

/// Reads a header, and gives the length of what follows.
fn length(input: &mut impl BufRead) -> io::Result<Option<u64>> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        match (line.trim_end(), length) {
            ("", Some(length)) => return Ok(Some(length)),
            ("", None) => return Err(wrong("a message without Content-Length")),
            (line, _) => {
                if let Some((name, value)) = line.split_once(':')
                    && name.eq_ignore_ascii_case("Content-Length")
                {
                    let value = value.trim().parse().ok();
                    let value = value.filter(|length| *length <= LONGEST);
                    length = Some(value.ok_or_else(|| wrong("a Content-Length that is none"))?);
                }
            }
        }
    }
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Writes one message.
pub(super) fn write(output: &mut impl Write, message: &Value) -> io::Result<()> {
    let body = message.to_string();
    write!(output, "Content-Length: {}\r\n\r\n{body}", body.len())?;
    output.flush()
}
