//! A small client of a running server's HTTP API.

use std::error::Error as _;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use reqwest::header::HeaderValue;
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, StatusCode, Url};
use serde::Deserialize;
use serde_json::Value;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Which server is asked.
#[derive(Debug, Clone, Args)]
pub(super) struct ApiArgs {
    /// The address of the server
    #[arg(
        long,
        env = "CALLWRIGHT_URL",
        default_value = "http://127.0.0.1:8080",
        global = true,
        help_heading = "Server"
    )]
    url: String,
    /// A token of its API ([api.tokens.NAME]); the variable keeps it out of the list of processes
    #[arg(
        long,
        env = "CALLWRIGHT_TOKEN",
        hide_env_values = true,
        global = true,
        help_heading = "Server"
    )]
    token: Option<String>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    /// The address is none.
    #[error("`--url` is no http:// or https:// address: write --url http://127.0.0.1:8080")]
    Address,
    /// The token cannot travel.
    #[error("`--token` has characters that do not travel in a header")]
    Token,
    /// The key cannot travel.
    #[error("`--key` has characters that do not travel in a header: write letters and digits")]
    Key,
    /// Nobody is there.
    #[error(
        "nothing answers at {0}: start the server with `callwright serve`, or name another with --url"
    )]
    Nobody(String),
    /// Somebody may be there, but did not answer.
    #[error("{0} did not answer")]
    Lost(String, #[source] reqwest::Error),
    /// The API asks who we are.
    #[error(
        "{0} asks for a token: give --token, or set CALLWRIGHT_TOKEN, to one of its [api.tokens.NAME]"
    )]
    NoToken(String),
    /// The API says no.
    #[error("{0}")]
    Refused(Problem),
    /// Something else answers.
    #[error("what answers at {0} is not Callwright's API: it said {1}")]
    Stranger(String, StatusCode),
}

/// A refusal of the API (RFC 9457).
#[derive(Debug, Deserialize)]
pub(super) struct Problem {
    title: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    errors: Vec<Fault>,
}

#[derive(Debug, Deserialize)]
struct Fault {
    path: String,
    message: String,
    #[serde(default)]
    help: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = super::table::printable;
        write!(f, "{}", shown(&self.title))?;
        if !self.detail.is_empty() {
            write!(f, ": {}", shown(&self.detail))?;
        }
        for Fault {
            path,
            message,
            help,
        } in &self.errors
        {
            write!(f, "\n  {}: {}", shown(path), shown(message))?;
            if !help.is_empty() {
                write!(f, "\n    help: {}", shown(help))?;
            }
        }
        Ok(())
    }
}

/// Asks the API for `path`, segment by segment, with those of `query` that are set; gives the body of the answer.
///
/// # Errors
///
/// Why there is no answer, with what to do about it. None of them repeats the query or the token.
pub(super) fn get(
    args: &ApiArgs,
    path: &[&str],
    query: &[(&str, Option<&str>)],
) -> Result<String, ApiError> {
    let (url, server) = address(&args.url, path, query)?;
    ask(args, server, |client| client.get(url))
}

/// Sends the API a JSON `body`, known again by `key` when it is to be; gives the body of the answer.
///
/// # Errors
///
/// As [`get`]. When the answer was lost, what was asked for may have been done.
pub(super) fn post(
    args: &ApiArgs,
    path: &[&str],
    key: Option<&str>,
    body: &Value,
) -> Result<String, ApiError> {
    let (url, server) = address(&args.url, path, &[])?;
    let header = key.map(HeaderValue::from_str).transpose();
    let header = header.map_err(|_| ApiError::Key)?;
    ask(args, server, |client| {
        let request = client.post(url).body(body.to_string());
        let request = request.header("content-type", "application/json");
        match header {
            Some(key) => request.header("idempotency-key", key),
            None => request,
        }
    })
}

/// Puts a JSON `body` at `path`; gives the body of the answer.
///
/// # Errors
///
/// As [`get`]. When the answer was lost, what was asked for may have been done, and may be asked for again.
pub(super) fn put(args: &ApiArgs, path: &[&str], body: &Value) -> Result<String, ApiError> {
    let (url, server) = address(&args.url, path, &[])?;
    ask(args, server, |client| {
        let request = client.put(url).body(body.to_string());
        request.header("content-type", "application/json")
    })
}

fn ask(
    args: &ApiArgs,
    server: String,
    request: impl FnOnce(&reqwest::Client) -> RequestBuilder,
) -> Result<String, ApiError> {
    // Another provider may be installed already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .timeout(PATIENCE)
        .user_agent(concat!("callwright/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| ApiError::Lost(server.clone(), error))?;
    let mut request = request(&client);
    let token = args.token.as_deref().filter(|token| !token.is_empty());
    if let Some(token) = token {
        if !token.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(ApiError::Token);
        }
        request = request.bearer_auth(token);
    }
    let exchange = async {
        let response = request.send().await?;
        Ok((response.status(), response.text().await?))
    };
    let answer = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a thread of its own and a poller are all that it takes")
        .block_on(exchange);
    let (status, body) = answer.map_err(|error| unreachable_server(&server, error))?;
    understood(status, body, server, token.is_some())
}

/// Prints the API's answer: as it came when `json`, else as `show` puts it.
pub(super) fn print(
    answer: &str,
    json: bool,
    show: impl Fn(&Value) -> String,
) -> anyhow::Result<ExitCode> {
    if json {
        return super::print(&format!("{}\n", answer.trim_end()));
    }
    let answer = serde_json::from_str(answer).context("the server's answer is not JSON")?;
    super::print(&show(&answer))
}

/// The address of what is asked for, and the server's as it is shown: without path, query and credentials.
fn address(
    base: &str,
    path: &[&str],
    query: &[(&str, Option<&str>)],
) -> Result<(Url, String), ApiError> {
    let mut url = Url::parse(base).map_err(|_| ApiError::Address)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(ApiError::Address);
    }
    url.path_segments_mut()
        .map_err(|()| ApiError::Address)?
        .pop_if_empty()
        .extend(path);
    let set = query
        .iter()
        .filter_map(|(name, value)| value.map(|value| (*name, value)));
    for (name, value) in set {
        url.query_pairs_mut().append_pair(name, value);
    }
    let server = url.origin().ascii_serialization();
    Ok((url, server))
}

fn understood(
    status: StatusCode,
    body: String,
    server: String,
    with_token: bool,
) -> Result<String, ApiError> {
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&body).is_ok();
    match status {
        StatusCode::OK | StatusCode::CREATED | StatusCode::ACCEPTED if is_json => Ok(body),
        StatusCode::UNAUTHORIZED if !with_token => Err(ApiError::NoToken(server)),
        _ => Err(match serde_json::from_str(&body) {
            Ok(problem) if !status.is_success() => ApiError::Refused(problem),
            _ => ApiError::Stranger(server, status),
        }),
    }
}

fn unreachable_server(server: &str, error: reqwest::Error) -> ApiError {
    let error = error.without_url();
    match was_refused(&error) {
        true => ApiError::Nobody(server.to_owned()),
        false => ApiError::Lost(server.to_owned(), error),
    }
}

fn was_refused(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        let io = error.downcast_ref::<io::Error>();
        if io.is_some_and(|io| io.kind() == io::ErrorKind::ConnectionRefused) {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::thread::{self, JoinHandle};

    use super::*;

    fn args(url: &str, token: Option<&str>) -> ApiArgs {
        ApiArgs {
            url: url.to_owned(),
            token: token.map(str::to_owned),
        }
    }

    /// A server that answers once, and gives back what it was asked.
    fn answering(status: &str, body: &str) -> (String, JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let asked = thread::spawn(move || {
            let (mut socket, _) = listener.accept().expect("the client comes");
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && socket.read(&mut byte).is_ok_and(|n| n == 1) {
                head.push(byte[0]);
            }
            socket
                .write_all(answer.as_bytes())
                .expect("the client waits");
            String::from_utf8_lossy(&head).into_owned()
        });
        (url, asked)
    }

    #[test]
    fn asks_with_path_query_and_token() {
        let (url, asked) = answering("200 OK", "{}");
        let query = [("number", Some("+65 1&x")), ("flow", None)];
        let body = get(
            &args(&url, Some("tok")),
            &["v1", "sessions", "a/../b"],
            &query,
        );
        assert_eq!(body.expect("it answers"), "{}");
        let asked = asked.join().expect("the server ended");
        let line = asked.lines().next();
        assert_eq!(
            line,
            Some("GET /v1/sessions/a%2F..%2Fb?number=%2B65+1%26x HTTP/1.1")
        );
        assert!(
            asked.to_lowercase().contains("authorization: bearer tok"),
            "{asked}"
        );
    }

    #[test]
    fn a_refusal_is_told_in_the_apis_words() {
        let problem = r#"{"title": "Bad query", "detail": "1 parameter is wrong",
            "errors": [{"path": "limit", "message": "is 0\u001b[2J", "help": "1 to 200"}]}"#;
        let (url, _asked) = answering("400 Bad Request", problem);
        let error = get(&args(&url, None), &["v1"], &[]).expect_err("it refuses");
        assert_eq!(
            error.to_string(),
            "Bad query: 1 parameter is wrong\n  limit: is 0\\u{1b}[2J\n    help: 1 to 200"
        );
    }

    #[test]
    fn what_stands_in_the_way_is_told_with_what_to_do() {
        let free = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let nobody = format!("http://{}", free.local_addr().expect("it is bound"));
        drop(free);
        let (closed, _asked) = answering("401 Unauthorized", "{}");
        let (stranger, _asked) = answering("200 OK", "<html>");
        for (url, token, told) in [
            (
                nobody.as_str(),
                None,
                "start the server with `callwright serve`",
            ),
            (closed.as_str(), None, "set CALLWRIGHT_TOKEN"),
            (stranger.as_str(), None, "is not Callwright's API"),
            ("localhost:8080", None, "write --url http://"),
            (nobody.as_str(), Some("hunter2\n"), "`--token`"),
        ] {
            let error = get(
                &args(url, token),
                &["v1"],
                &[("number", Some("+6591234567"))],
            );
            let error = format!("{:#}", anyhow::Error::from(error.expect_err("it fails")));
            assert!(error.contains(told), "{error}");
            assert!(
                !error.contains("hunter2") && !error.contains("91234567"),
                "{error}"
            );
        }
    }
}
