//! A system of the customer's: takes what it is told, and answers as a test says.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::Value;
use tokio::sync::watch;

use crate::app::Settings;

pub(crate) const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";

/// How long what is to come may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request that came.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Got {
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    pub(crate) json: Value,
}

impl Got {
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).expect("it carries this header");
        value.to_str().expect("it is text")
    }

    pub(crate) fn id(&self) -> &str {
        self.header("webhook-id")
    }

    pub(crate) fn kind(&self) -> &str {
        self.json["type"].as_str().expect("a type")
    }
}

/// A status, and a header.
pub(crate) type Answer = (u16, Option<(&'static str, String)>);

type Answers = dyn Fn(&Got) -> Answer + Send + Sync;

struct Desk {
    got: Mutex<Vec<Got>>,
    answers: Box<Answers>,
    came: watch::Sender<usize>,
}

/// It listens until it is dropped.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    desk: Arc<Desk>,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Receiver {
    /// One that takes everything.
    pub(crate) async fn kind() -> Self {
        Self::with(|_| (204, None)).await
    }

    /// One that answers so.
    pub(crate) async fn with(answers: impl Fn(&Got) -> Answer + Send + Sync + 'static) -> Self {
        let desk = Arc::new(Desk {
            got: Mutex::default(),
            answers: Box::new(answers),
            came: watch::Sender::new(0),
        });
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let socket = socket.expect("a port is free");
        let address = socket.local_addr().expect("it is bound");
        let router = Router::new().fallback(take).with_state(desk.clone());
        let serving = tokio::spawn(async move {
            axum::serve(socket, router).await.expect("it serves");
        });
        Self {
            address,
            desk,
            serving,
        }
    }

    /// What has come.
    pub(crate) fn got(&self) -> Vec<Got> {
        self.desk.got.lock().expect("no test panics here").clone()
    }

    /// What has come, once it is so many.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Got> {
        let mut came = self.desk.came.subscribe();
        let waiting = came.wait_for(|came| *came >= count);
        if tokio::time::timeout(PATIENCE, waiting).await.is_err() {
            panic!("{} came of {count}: {:#?}", self.got().len(), self.got());
        }
        self.got()
    }

    /// The variables of a server that tells it.
    pub(crate) fn settings(&self) -> Vec<(String, String)> {
        self.told_by(Settings::default(), "CRM").env
    }

    /// The settings of a server that tells it, as `name`.
    pub(crate) fn told_by(&self, settings: Settings, name: &str) -> Settings {
        let variable = |key: &str| format!("CALLWRIGHT_EVENTS__ENDPOINTS__{name}__{key}");
        const ALLOW: &str = "CALLWRIGHT_OUTWARD__ALLOW";
        let is_allowed = settings.env.iter().any(|(name, _)| name == ALLOW);
        let settings = match is_allowed {
            true => settings,
            false => settings.env(ALLOW, "127.0.0.0/8"),
        };
        settings
            .env(&variable("URL"), &format!("http://{}/hooks", self.address))
            .env(&variable("SECRET"), SECRET)
    }
}

async fn take(
    State(desk): State<Arc<Desk>>,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, HeaderMap) {
    let got = Got {
        json: serde_json::from_str(&body).expect("it is JSON"),
        headers,
        body,
    };
    let (status, header) = (desk.answers)(&got);
    let mut all = desk.got.lock().expect("no test panics here");
    all.push(got);
    desk.came.send_replace(all.len());
    let mut headers = HeaderMap::new();
    if let Some((name, value)) = header {
        let value = HeaderValue::from_str(&value).expect("it travels");
        headers.insert(HeaderName::from_static(name), value);
    }
    let status = StatusCode::from_u16(status).expect("a status");
    (status, headers)
}
