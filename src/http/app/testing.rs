//! An app for the tests of this room: a store in memory that fails and hangs on demand.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use jiff::Timestamp;
use serde_json::Value;
use tower::ServiceExt;

use super::App;
use crate::call::SessionId;
use crate::call::event::{
    CallStatus, NumberUpdate, RecordingUpdate, SessionSummary, VirtualNumber,
};
use crate::clock::Clock;
use crate::config::{Apology, Config, Http, Log, LogFormat};
use crate::flow::Library;
use crate::session::{self, Exchange, Recall, Recalled};
use crate::store::{
    FlowText, Kept, SessionFilter, SessionPage, SessionRecord, Store, StoreError, Webhook,
};
use crate::switchboard::Switchboard;

/// A configuration on loopback without sub-accounts or tokens.
pub(crate) fn config() -> Config {
    Config {
        listen: "127.0.0.1:0".parse().expect("an address"),
        database_url: "sqlite://callwright.db".to_owned(),
        flows: PathBuf::from("flows"),
        log: Log {
            level: "info".to_owned(),
            format: LogFormat::Text,
        },
        apology: Apology {
            text: "Sorry.".to_owned(),
            voice: "en-US-BenjaminRUS".to_owned(),
        },
        http: Http {
            max_connections: 64,
            max_connections_per_address: 64,
            head_timeout_ms: 5_000,
            body_timeout_ms: 10_000,
            idle_timeout_ms: 60_000,
            drain_timeout_ms: 1_000,
        },
        subaccounts: BTreeMap::new(),
        tokens: BTreeMap::new(),
    }
}

/// How a store does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Works,
    Fails,
    Hangs,
    Panics,
}

/// A store that remembers the bodies it was given and shows the session it was made with.
#[derive(Debug)]
pub(crate) struct FakeStore {
    pub(crate) mood: Mood,
    pub(crate) session: Option<SessionRecord>,
    pub(crate) asked: Mutex<Vec<SessionFilter>>,
    pub(crate) kept: Mutex<Vec<String>>,
}

impl FakeStore {
    pub(crate) fn new(mood: Mood) -> Self {
        Self {
            mood,
            session: None,
            asked: Mutex::default(),
            kept: Mutex::default(),
        }
    }

    async fn act(&self) -> Result<(), StoreError> {
        match self.mood {
            Mood::Works => Ok(()),
            Mood::Fails => Err(StoreError::Closing),
            Mood::Hangs => std::future::pending().await,
            Mood::Panics => panic!("the store panics on +6591234567"),
        }
    }

    async fn keep(&self, body: String) -> Result<(), StoreError> {
        self.act().await?;
        self.kept.lock().expect("no test panics here").push(body);
        Ok(())
    }
}

#[async_trait]
impl Store for FakeStore {
    async fn recall(&self, _: &Recall) -> Result<Recalled, StoreError> {
        self.act().await?;
        Ok(Recalled::default())
    }
    async fn keep_exchange(&self, exchange: Exchange) -> Result<Kept, StoreError> {
        self.keep(exchange.body).await?;
        Ok(Kept::Stored)
    }
    async fn keep_status(&self, webhook: Webhook<CallStatus>) -> Result<(), StoreError> {
        self.keep(webhook.body).await
    }
    async fn keep_summary(&self, webhook: Webhook<SessionSummary>) -> Result<(), StoreError> {
        self.keep(webhook.body).await
    }
    async fn keep_recording(&self, webhook: Webhook<RecordingUpdate>) -> Result<(), StoreError> {
        self.keep(webhook.body).await
    }
    async fn keep_numbers(&self, webhook: Webhook<NumberUpdate>) -> Result<(), StoreError> {
        self.keep(webhook.body).await
    }
    async fn numbers(&self) -> Result<Vec<VirtualNumber>, StoreError> {
        Ok(Vec::new())
    }
    async fn keep_flows(&self, _: &[FlowText], _: Timestamp) -> Result<(), StoreError> {
        self.act().await
    }
    async fn last_good_flows(&self) -> Result<Vec<FlowText>, StoreError> {
        Ok(Vec::new())
    }
    async fn flows_in_use(&self) -> Result<Vec<FlowText>, StoreError> {
        Ok(Vec::new())
    }
    async fn sessions(&self, filter: &SessionFilter) -> Result<SessionPage, StoreError> {
        self.act().await?;
        self.asked
            .lock()
            .expect("no test panics here")
            .push(filter.clone());
        let items = self
            .session
            .iter()
            .map(|record| record.row.clone())
            .collect();
        Ok(SessionPage { items, next: None })
    }
    async fn session(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        self.act().await?;
        Ok(self.session.clone().filter(|record| record.row.id == *id))
    }
    async fn live_sessions(&self) -> Result<u64, StoreError> {
        self.act().await?;
        Ok(3)
    }
    async fn forget_events(&self, _: Timestamp) -> Result<u64, StoreError> {
        Ok(0)
    }
    async fn ping(&self) -> Result<(), StoreError> {
        self.act().await
    }
    async fn close(&self) {}
}

/// A router that serves from `store`, configured by `config`, and its app.
pub(crate) fn serving(config: Config, store: FakeStore) -> (Router, App) {
    let store: Arc<dyn Store> = Arc::new(store);
    let library = Arc::new(Library::default());
    let (config, clock) = (Arc::new(config), Clock::system());
    let apology = session::Apology {
        text: config.apology.text.clone(),
        voice: config.apology.voice.clone(),
    };
    let switchboard = Switchboard::new(store.clone(), library.clone(), apology, clock.clone());
    let app = App::new(config, store, library, true, Arc::new(switchboard), clock);
    app.phase.serve();
    (crate::http::router(app.clone()), app)
}

/// An answer: status, headers, and the body as JSON, or as a JSON string when it is none.
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) headers: axum::http::HeaderMap,
    pub(crate) body: Value,
}

/// Asks `router`.
pub(crate) async fn ask(router: &Router, request: Request<Body>) -> Answered {
    let response = router
        .clone()
        .oneshot(request)
        .await
        .expect("a router never fails");
    let (head, body) = response.into_parts();
    let bytes = body.collect().await.expect("a body in memory").to_bytes();
    let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
    Answered {
        status: head.status.as_u16(),
        headers: head.headers,
        body: serde_json::from_slice(&bytes).unwrap_or_else(|_| text()),
    }
}

/// A request with an `Authorization` header, when there is one, and a body.
pub(crate) fn request(
    method: &str,
    path: &str,
    authorization: Option<&str>,
    body: impl Into<Body>,
) -> Request<Body> {
    let request = Request::builder().method(method).uri(path);
    let request = match authorization {
        Some(value) => request.header("authorization", value),
        None => request,
    };
    request
        .body(body.into())
        .expect("a test's request is valid")
}
