//! Where calls are played: the real handler, with everything around it but a socket, and a clock that stands where the
//! call is.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;
use tracing::subscriber::DefaultGuard;

use super::notebook::Notebook;
use super::prompter::Prompter;
use super::unasked::Unasked;
use crate::bookings::Bookings;
use crate::bookings::numbers::PoolNumbers;
use crate::clock::Clock;
use crate::config::Config;
use crate::emulator::{Answer, Kind, Post};
use crate::flow::model::Answers;
use crate::flow::{Flow, Library};
use crate::http::app::Staff;
use crate::http::{App, Site, router};
use crate::outbound::{Country, Destinations};
use crate::session::Apology;
use crate::shelf::Shelf;
use crate::switchboard::Switchboard;
use crate::telemetry;

/// A handler for one flow, which plays one call at a time.
pub(super) struct Stage {
    runtime: Runtime,
    site: Site,
    pub(super) notebook: Arc<Notebook>,
    pub(super) prompter: Arc<Prompter>,
    /// What time it is, in microseconds since 1970.
    now: Arc<AtomicI64>,
    /// What was logged while somebody listened.
    log: Arc<Mutex<Vec<u8>>>,
}

impl Stage {
    /// A stage where `flow` answers every call, whatever numbers it answers, and the `countries` may be called beside those
    /// of its own numbers.
    pub(super) fn new(flow: &Flow, countries: &[Country]) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime needs no more than the system gives every program");
        let (notebook, now) = (Arc::new(Notebook::default()), Arc::new(AtomicI64::new(0)));
        let prompter = Arc::new(Prompter::default());
        let app = runtime.block_on(async { app(flow, countries, &notebook, &prompter, &now) });
        app.phase.serve();
        Self {
            runtime,
            site: router(app),
            notebook,
            prompter,
            now,
            log: Arc::default(),
        }
    }

    /// A new call begins, `at` this time.
    pub(super) fn opens(&self, at: Timestamp) {
        self.now.store(at.as_microsecond(), Ordering::Relaxed);
        self.notebook.turn();
        self.prompter.opens();
    }

    /// Listens to what is logged, by this thread, until the guard is dropped.
    pub(super) fn listen(&self) -> DefaultGuard {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        let log = Config::built_in().log;
        let writer = LogBook(self.log.clone());
        let subscriber = telemetry::subscriber(&log, move || writer.clone());
        tracing::subscriber::set_default(subscriber.expect("the built-in filter is one"))
    }

    /// What was logged since somebody listens.
    pub(super) fn logged(&self) -> String {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&log).into_owned()
    }

    /// Posts a webhook to the handler.
    pub(super) fn deliver(&self, post: &Post) -> Answer {
        let path = match post.kind {
            Kind::Action => "/webhooks/vca",
            Kind::Status => "/webhooks/vcs",
            Kind::Summary => "/webhooks/vss",
            Kind::Recording => "/webhooks/vru",
            Kind::Numbers => "/webhooks/vnu",
        };
        let request = Request::post(path)
            .body(Body::from(post.body.clone()))
            .expect("the path is one of ours");
        self.runtime.block_on(async {
            let Ok(response) = self.site.clone().oneshot(request).await;
            let (head, body) = response.into_parts();
            match body.collect().await {
                Ok(body) => Answer::Said {
                    status: head.status.as_u16(),
                    body: String::from_utf8_lossy(&body.to_bytes()).into_owned(),
                },
                Err(_) => Answer::Nobody,
            }
        })
    }
}

/// Writes what is logged where it can be looked at.
#[derive(Clone)]
struct LogBook(Arc<Mutex<Vec<u8>>>);

impl io::Write for LogBook {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn app(
    flow: &Flow,
    countries: &[Country],
    notebook: &Arc<Notebook>,
    prompter: &Arc<Prompter>,
    now: &Arc<AtomicI64>,
) -> App {
    let config = Arc::new(Config::built_in());
    let time = now.clone();
    let clock = Clock::from_fn(move || {
        Timestamp::from_microsecond(time.load(Ordering::Relaxed)).unwrap_or_default()
    });
    let own = match &flow.answers {
        Answers::Numbers(numbers) => numbers.clone(),
        Answers::Any => Vec::new(),
    };
    let flow = Flow {
        answers: Answers::Any,
        // A draft is rehearsed as what it is to be.
        preview: Vec::new(),
        ..flow.clone()
    };
    let shelf = Arc::new(Shelf::of(Library::new([flow], [])));
    let apology = Apology {
        text: config.apology.text.clone(),
        voice: config.apology.voice.clone(),
    };
    let switchboard = Switchboard::new(
        notebook.clone(),
        shelf.clone(),
        apology,
        Destinations::new(own, countries.to_vec()),
        prompter.clone(),
        clock.clone(),
    );
    let (bookings, destinations) = (Arc::new(Unasked), Destinations::default());
    let numbers = Bookings::new(
        bookings.clone(),
        BTreeMap::new(),
        destinations,
        clock.clone(),
    );
    let numbers = PoolNumbers::new(
        &config,
        Arc::new(numbers),
        bookings,
        shelf.clone(),
        clock.clone(),
    );
    let staff = Staff {
        switchboard: Arc::new(switchboard),
        numbers: Arc::new(numbers),
        handover: None,
    };
    App::new(config, notebook.clone(), shelf, staff, clock)
}
