//! An app for the tests of this room: a store in memory that fails and hangs on demand.

mod bookings;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use secrecy::SecretString;
use serde_json::Value;
use tower::ServiceExt;

use super::{App, Staff};
use crate::bookings::Bookings;
use crate::bookings::numbers::PoolNumbers;
use crate::call::event::{
    CallStatus, NumberUpdate, RecordingUpdate, SessionSummary, VirtualNumber,
};
use crate::call::{PhoneNumber, SessionId};
use crate::clock::Clock;
use crate::config::{Config, Product, Scope, Subaccount, Token};
use crate::contact_center::given_back::CallbackResult;
use crate::contact_center::handoff::Handoff;
use crate::contact_center::matching::SipCall;
use crate::flow::model::{
    Answers, Connect, FlowId, FlowVersion, Keys, Language, Languages, Menu, PerLanguage, Press,
    Retry, Step, StepName, Target,
};
use crate::flow::template::Template;
use crate::flow::{Flow, Library, Met, Need};
use crate::handover::Handover;
use crate::http::Site;
use crate::masking::rules::PoolName;
use crate::outbound::Destinations;
use crate::outbound::attempt::Heard;
use crate::session::{Apology, Exchange, OutboundCall, Recall, Recalled, RequestKey};
use crate::shelf::Shelf;
use crate::store::bookings::BookingStore;
use crate::store::erasing::{Erasing, Erasure};
use crate::store::outbox::{
    Delivery, EndpointState, EventFilter, EventRecord, Outbox, Pruned, Replayed, Settled, Wants,
};
use crate::store::rekeying::{KeyRecord, KeyRing, LOOKED_AT_EVERY};
use crate::store::{
    Begun, FlowText, Handoffs, Kept, SessionFilter, SessionPage, SessionRecord, Store, StoreError,
    Webhook, WhichAttempt,
};
use crate::switchboard::{Switchboard, World};

/// The built-in configuration: on loopback, without sub-accounts or tokens.
pub(crate) fn config() -> Config {
    Config::built_in()
}

/// The built-in configuration with sub-accounts, each an id and perhaps a webhook secret.
pub(crate) fn with_sub_accounts(accounts: &[(&str, Option<&str>)]) -> Config {
    let mut config = config();
    for (at, (id, secret)) in accounts.iter().enumerate() {
        let subaccount = Subaccount {
            id: (*id).to_owned(),
            product: Product::Ivr,
            api_key: None,
            api_base: "https://voice.8x8.com".parse().expect("an address"),
            webhook_secret: secret.map(SecretString::from),
            numbers: Vec::new(),
        };
        config
            .subaccounts
            .insert(format!("account{at}"), subaccount);
    }
    config
}

/// `config` listening at `listen`, with tokens that are called what they are.
pub(crate) fn with_tokens(mut config: Config, listen: &str, tokens: &[(&str, &[Scope])]) -> Config {
    config.listen = listen.parse().expect("a test's address is valid");
    for (token, scopes) in tokens {
        let value = Token {
            token: SecretString::from(*token),
            scopes: scopes.to_vec(),
        };
        config.tokens.insert((*token).to_owned(), value);
    }
    config
}

/// How a store does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Works,
    /// It works, but never gets to what is done behind.
    Lags,
    Fails,
    Hangs,
    Panics,
}

/// A store that remembers the bodies it was given and shows the session it was made with.
#[derive(Debug)]
pub(crate) struct FakeStore {
    pub(crate) mood: Mood,
    pub(crate) session: Option<SessionRecord>,
    pub(crate) kept: Mutex<Vec<String>>,
}

impl FakeStore {
    pub(crate) fn new(mood: Mood) -> Arc<Self> {
        let (session, kept) = (None, Mutex::default());
        Arc::new(Self {
            mood,
            session,
            kept,
        })
    }

    pub(crate) fn showing(record: SessionRecord) -> Arc<Self> {
        let (session, kept) = (Some(record), Mutex::default());
        Arc::new(Self {
            mood: Mood::Works,
            session,
            kept,
        })
    }

    /// The bodies it was given.
    pub(crate) fn bodies(&self) -> Vec<String> {
        self.kept.lock().expect("no test panics here").clone()
    }

    pub(super) async fn act(&self) -> Result<(), StoreError> {
        match self.mood {
            Mood::Works | Mood::Lags => Ok(()),
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

/// It has nobody to erase.
#[async_trait]
impl Erasing for FakeStore {
    async fn erase_old(&self, _: &crate::store::Lease, _: Timestamp) -> Result<u64, StoreError> {
        self.act().await?;
        Ok(0)
    }
    async fn ask_to_erase(
        &self,
        _: &str,
        _: &crate::call::PhoneNumber,
        _: Timestamp,
    ) -> Result<(), StoreError> {
        self.act().await
    }
    async fn go_on_erasing(
        &self,
        _: &crate::store::Lease,
        _: Timestamp,
    ) -> Result<Option<Duration>, StoreError> {
        self.act().await?;
        Ok(None)
    }
    async fn erasures(&self) -> Result<Vec<Erasure>, StoreError> {
        self.act().await?;
        Ok(Vec::new())
    }
}

/// It has no events.
#[async_trait]
impl Outbox for FakeStore {
    async fn spread_events(
        &self,
        _: &crate::store::Lease,
        _: &[Wants],
        _: Timestamp,
    ) -> Result<u64, StoreError> {
        self.act().await?;
        Ok(0)
    }
    async fn claim_deliveries(
        &self,
        _: &str,
        _: u32,
        _: Timestamp,
        _: Timestamp,
    ) -> Result<Vec<Delivery>, StoreError> {
        self.act().await?;
        Ok(Vec::new())
    }
    async fn settle_delivery(&self, _: &Settled) -> Result<bool, StoreError> {
        self.act().await?;
        Ok(false)
    }
    async fn events(&self, _: &EventFilter) -> Result<Vec<EventRecord>, StoreError> {
        self.act().await?;
        Ok(Vec::new())
    }
    async fn replay_events(
        &self,
        _: &Wants,
        _: &EventFilter,
        _: Timestamp,
    ) -> Result<Replayed, StoreError> {
        self.act().await?;
        Ok(Replayed::default())
    }
    async fn prune_events(
        &self,
        _: &crate::store::Lease,
        _: Timestamp,
        _: u64,
    ) -> Result<Pruned, StoreError> {
        self.act().await?;
        Ok(Pruned::default())
    }
    async fn declare_endpoints(&self, _: &[(String, [u8; 16])]) -> Result<(), StoreError> {
        self.act().await
    }
    async fn enable_endpoint(&self, _: &str) -> Result<bool, StoreError> {
        self.act().await?;
        Ok(false)
    }
    async fn endpoints(&self) -> Result<Vec<EndpointState>, StoreError> {
        self.act().await?;
        Ok(Vec::new())
    }
}

#[async_trait]
impl KeyRing for FakeStore {
    async fn keys(&self) -> Result<Vec<KeyRecord>, StoreError> {
        self.act().await?;
        Ok(Vec::new())
    }
    async fn add_key(&self, _: Timestamp) -> Result<Option<u8>, StoreError> {
        self.act().await?;
        Ok(None)
    }
    async fn tend(&self, _: &str, _: Timestamp) -> Result<Duration, StoreError> {
        self.act().await?;
        Ok(LOOKED_AT_EVERY)
    }
}

#[async_trait]
impl Store for FakeStore {
    fn outbox(&self) -> &dyn Outbox {
        self
    }
    fn erasing(&self) -> &dyn Erasing {
        self
    }

    fn key_ring(&self) -> &dyn KeyRing {
        self
    }
    async fn recall(&self, _: &Recall) -> Result<Recalled, StoreError> {
        self.act().await?;
        Ok(Recalled::default())
    }
    async fn keep_exchange(&self, exchange: Arc<Exchange>) -> Result<Kept, StoreError> {
        self.keep(exchange.body.clone()).await?;
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
    async fn sessions(&self, _: &SessionFilter) -> Result<SessionPage, StoreError> {
        self.act().await?;
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
    async fn take_lease(
        &self,
        _: &str,
        _: &str,
        _: std::time::Duration,
    ) -> Result<Option<crate::store::Lease>, StoreError> {
        match self.mood {
            Mood::Lags => std::future::pending().await,
            _ => Ok(None),
        }
    }
    async fn forget_events(
        &self,
        _: &crate::store::Lease,
        _: Timestamp,
    ) -> Result<u64, StoreError> {
        Ok(0)
    }
    async fn begin_attempt(
        &self,
        _: &OutboundCall,
        _: &RequestKey,
        _: &crate::store::Lease,
    ) -> Result<Begun, StoreError> {
        self.act().await?;
        Ok(Begun::Stored)
    }
    async fn keep_attempt(
        &self,
        _: &OutboundCall,
        _: Option<&crate::store::Lease>,
    ) -> Result<Kept, StoreError> {
        self.act().await?;
        Ok(Kept::Stored)
    }
    async fn attempt(&self, _: &WhichAttempt) -> Result<Option<OutboundCall>, StoreError> {
        self.act().await?;
        Ok(None)
    }
    async fn attempts_like(&self, _: &Heard<'_>) -> Result<Vec<OutboundCall>, StoreError> {
        self.act().await?;
        Ok(Vec::new())
    }
    async fn unsettled_attempts(&self) -> Result<Vec<OutboundCall>, StoreError> {
        Ok(Vec::new())
    }
    async fn attempts_since(&self, _: Timestamp) -> Result<Vec<OutboundCall>, StoreError> {
        Ok(Vec::new())
    }
    fn handoffs(&self) -> &dyn Handoffs {
        self
    }
    async fn ping(&self) -> Result<(), StoreError> {
        self.act().await
    }
    async fn close(&self) {}
}

#[async_trait]
impl Handoffs for FakeStore {
    async fn keep_handoff(&self, handoff: &Handoff) -> Result<(), StoreError> {
        self.keep(handoff.outcome.state().to_owned()).await
    }
    async fn handoffs(&self, _: Option<&str>, _: u32) -> Result<Vec<Handoff>, StoreError> {
        self.act().await?;
        Ok(Vec::new())
    }
    async fn keep_sip_call(&self, call: &SipCall, _: Timestamp) -> Result<(), StoreError> {
        self.keep(call.sip_id.as_str().to_owned()).await
    }
    async fn sip_calls(
        &self,
        _: &PhoneNumber,
        _: &PhoneNumber,
        _: Timestamp,
    ) -> Result<Vec<SipCall>, StoreError> {
        self.act().await?;
        Ok(Vec::new())
    }
    async fn keep_callback_result(&self, result: &CallbackResult) -> Result<(), StoreError> {
        self.keep(result.code.clone()).await
    }
    async fn callback_results(
        &self,
        _: Option<&str>,
        _: u32,
    ) -> Result<Vec<CallbackResult>, StoreError> {
        self.act().await?;
        Ok(Vec::new())
    }
}

/// A router that serves, and its app.
pub(crate) fn serving(config: Config, store: &Arc<FakeStore>) -> (Site, App) {
    let kept: Arc<dyn BookingStore> = store.clone();
    let store: Arc<dyn Store> = store.clone();
    let (shelf, clock) = (Arc::new(Shelf::of(library())), Clock::system());
    let apology = Apology {
        text: config.apology.text.clone(),
        voice: config.apology.voice.clone(),
    };
    let switchboard = Switchboard::new(
        store.clone(),
        shelf.clone(),
        apology,
        Destinations::default(),
        Arc::new(Nowhere),
        clock.clone(),
    );
    let rules = BTreeMap::from([(PoolName::default(), config.masking.clone())]);
    let bookings = Bookings::new(kept.clone(), rules, Destinations::default(), clock.clone());
    let bookings = Arc::new(bookings);
    let numbers = PoolNumbers::new(&config, bookings, kept, shelf.clone(), clock.clone());
    let handover = Handover::new(&config, store.clone(), clock.clone());
    let handover = handover.expect("this machine can encrypt").map(Arc::new);
    let app = App::new(
        Arc::new(config),
        store,
        shelf,
        Staff {
            switchboard: Arc::new(switchboard),
            numbers: Arc::new(numbers),
            handover,
        },
        clock,
    );
    app.phase.serve();
    (crate::http::router(app.clone()), app)
}

/// A world in which nothing is met.
#[derive(Debug)]
struct Nowhere;

#[async_trait]
impl World for Nowhere {
    async fn meet(&self, need: &Need, _: Duration) -> Met {
        Met::too_late(need)
    }

    fn begin(&self, _: Need) {}
}

/// One flow, `shop`, that answers +6561115777 and connects to +6568332048 on key 1.
fn library() -> Library {
    let step = |name: &str| StepName::new(name);
    let text = Template::parse("Press 1 for a person.").expect("a plain text");
    let silence = || PerLanguage::All(Vec::new());
    let press = Press {
        go: Target::Step(step("person")),
        say: None,
        set: BTreeMap::new(),
        language: None,
    };
    let menu = Menu {
        say: PerLanguage::All(text),
        say_again: None,
        play: None,
        every_language: false,
        press: [(Keys::new("1"), press)].into(),
        retry: Retry {
            tries: 3,
            wait_ms: 5_000,
            no_input: silence(),
            no_match: silence(),
            give_up: Target::End,
        },
    };
    let person = Connect {
        number: PhoneNumber::new("+6568332048"),
        say: None,
        record: false,
        busy: Target::End,
        no_answer: Target::End,
        failed: Target::End,
        after: Target::Step(step("main")),
    };
    let steps = [
        (step("main"), Step::Menu(menu)),
        (step("person"), Step::Connect(person)),
    ];
    let flow = Flow {
        id: FlowId::new("shop"),
        version: FlowVersion::new("0123456789ab"),
        name: Some("The shop".to_owned()),
        start: step("main"),
        answers: Answers::Numbers(vec![PhoneNumber::new("+6561115777")]),
        needs: BTreeSet::new(),
        languages: Languages {
            default: Language::new("en"),
            voices: [(Language::new("en"), "en-US-BenjaminRUS".to_owned())].into(),
        },
        speed: 1.0,
        preview: Vec::new(),
        zone: TimeZone::UTC,
        hours: BTreeMap::new(),
        steps: steps.into(),
    };
    Library::new([flow], [])
}

/// An answer: status, headers, and the body as JSON, or as a JSON string when it is none.
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) headers: axum::http::HeaderMap,
    pub(crate) body: Value,
}

/// Asks `router`.
pub(crate) async fn ask(router: &Site, request: Request<Body>) -> Answered {
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
