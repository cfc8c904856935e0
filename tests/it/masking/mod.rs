//! Number masking: bookings on both stores, and calls to their numbers through the switchboard, on a clock of the test's own.
//!
//! * [`making`], [`changing`], [`keeping`] what is asked for, changed, and left to time
//! * [`calls`], [`pins`] what calls are answered with, row by row
//! * [`told`], [`erased`] what the customer's systems are told, and what is left of whom is to be forgotten
//! * [`filling`] a database that is filled to be measured
//! * [`plans`] how PostgreSQL finds what it is asked for
//! * [`world`] a small world, searched from its beginning outwards: nobody is ever connected to a stranger
//! * [`pools`] a booking never fails while a number could serve it; load spreads; many writers

mod calls;
mod changing;
mod erased;
mod filling;
mod keeping;
mod making;
mod pins;
mod plans;
mod pools;
mod told;
mod world;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use callwright::bookings::{Booked, Bookings, Refused};
use callwright::call::event::{
    CallAction, CallActionStatus, CallStatus, Direction, Leg, SessionSummary, SummaryLeg,
};
use callwright::call::{Digits, EventId, PhoneNumber, SessionId, SubAccountId};
use callwright::clock::Clock;
use callwright::config::Config;
use callwright::flow::Library;
use callwright::masking::booking::{BookingId, CloseReason};
use callwright::masking::request::{BookingRequest, CloseRequest, SideRequest};
use callwright::masking::{PoolName, PoolNumber, PoolRules, Vn};
use callwright::outbound::{Country, Destinations};
use callwright::session::Apology;
use callwright::shelf::Shelf;
use callwright::store::bookings::BookingStore;
use callwright::store::outbox::Outbox;
use callwright::store::postgres::PostgresStore;
use callwright::store::sqlite::SqliteStore;
use callwright::store::vault::Keys;
use callwright::store::{Lease, Store, Webhook};
use callwright::switchboard::{Given, Switchboard};
use callwright::world::Outside;
use jiff::{SignedDuration, Timestamp};

use crate::cluster;
use crate::store_contract::rotating::keep_rotating;

/// Runs each test on both engines.
macro_rules! on_both {
    ($($(#[$attribute:meta])* $test:ident)*) => {
        mod sqlite {
            $(#[tokio::test] $(#[$attribute])* async fn $test() {
                super::$test(crate::masking::Place::sqlite()).await;
            })*
        }
        mod postgres {
            $(#[tokio::test] $(#[$attribute])* async fn $test() {
                if let Some(place) = crate::masking::Place::postgres() {
                    super::$test(place).await;
                }
            })*
        }
    };
}
pub(crate) use on_both;

/// Runs each test on both engines, and on both while their keys are replaced all the time.
macro_rules! on_all {
    ($($test:ident)*) => {
        crate::masking::on_both! { $($test)* }
        mod sqlite_rotating {
            $(#[tokio::test] async fn $test() {
                let place = crate::masking::Place::sqlite();
                super::$test(crate::masking::Place::Rotating(Box::new(place))).await;
            })*
        }
        mod postgres_rotating {
            $(#[tokio::test] async fn $test() {
                if let Some(place) = crate::masking::Place::postgres() {
                    super::$test(crate::masking::Place::Rotating(Box::new(place))).await;
                }
            })*
        }
    };
}
pub(crate) use on_all;

/// Where a database is.
pub(crate) enum Place {
    Sqlite(tempfile::TempDir, Keys),
    Postgres(String, Keys),
    /// One whose keys are replaced all the time.
    Rotating(Box<Place>),
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite(
            tempfile::tempdir().expect("a temporary folder"),
            Keys::generate(),
        )
    }

    pub(crate) fn postgres() -> Option<Self> {
        Some(Self::Postgres(cluster::database()?, Keys::generate()))
    }

    pub(crate) async fn open(&self) -> (Arc<dyn Store>, Arc<dyn BookingStore>, Arc<dyn Outbox>) {
        match self {
            Self::Rotating(place) => {
                let opened = Box::pin(place.open()).await;
                keep_rotating(&opened.0);
                opened
            }
            Self::Sqlite(folder, keys) => {
                let url = format!("sqlite://{}/callwright.db", folder.path().display());
                let store = Arc::new(
                    SqliteStore::open(&url, keys)
                        .await
                        .expect("a sound database"),
                );
                (store.clone(), store.clone(), store)
            }
            Self::Postgres(url, keys) => {
                let store = Arc::new(
                    PostgresStore::open(url, keys)
                        .await
                        .expect("a sound database"),
                );
                (store.clone(), store.clone(), store)
            }
        }
    }
}

/// When the tests begin.
pub(crate) const BEGIN: &str = "2026-11-27T09:00:00Z";

/// A pool of numbers, its bookings, and a switchboard.
pub(crate) struct Desk {
    pub(crate) bookings: Arc<Bookings>,
    pub(crate) switchboard: Switchboard,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) kept: Arc<dyn BookingStore>,
    pub(crate) outbox: Arc<dyn Outbox>,
    pub(crate) numbers: Vec<PoolNumber>,
    now: Arc<AtomicI64>,
    count: AtomicU64,
    pub(crate) place: Place,
}

impl Desk {
    /// A desk with `count` numbers in Singapore, in the pool `default`.
    pub(crate) async fn open(place: Place, rules: PoolRules, count: usize) -> Self {
        let desk = Self::without_numbers(place, rules).await;
        desk.with_numbers((0..count).map(number)).await
    }

    pub(crate) async fn without_numbers(place: Place, rules: PoolRules) -> Self {
        let begin: Timestamp = BEGIN.parse().expect("a time");
        let now = Arc::new(AtomicI64::new(begin.as_millisecond()));
        let told = now.clone();
        let clock = Clock::from_fn(move || {
            Timestamp::from_millisecond(told.load(Ordering::Relaxed)).expect("a time")
        });
        let (store, kept, outbox) = place.open().await;
        let pools = BTreeMap::from([(PoolName::default(), rules)]);
        let countries =
            ["SG", "MX", "US", "DE"].map(|code| Country::parse(code).expect("a country"));
        let destinations = Destinations::new([], countries);
        let bookings = Bookings::new(kept.clone(), pools, destinations.clone(), clock.clone());
        let apology = Apology {
            text: "Sorry.".to_owned(),
            voice: "en-US-BenjaminRUS".to_owned(),
        };
        let shelf = Arc::new(Shelf::of(Library::default()));
        let config = Config::load(None, []).expect("the defaults are valid");
        let world = Arc::new(Outside::new(&config, None).expect("this machine encrypts"));
        let switchboard =
            Switchboard::new(store.clone(), shelf, apology, destinations, world, clock);
        let bookings = Arc::new(bookings);
        switchboard.mask_by(bookings.clone());
        Self {
            bookings,
            switchboard,
            store,
            kept,
            outbox,
            numbers: Vec::new(),
            now,
            count: AtomicU64::new(0),
            place,
        }
    }

    pub(crate) async fn with_numbers(
        mut self,
        numbers: impl IntoIterator<Item = PoolNumber>,
    ) -> Self {
        for number in numbers {
            let kept = self
                .kept
                .keep_pool_number(&number)
                .await
                .expect("it is kept");
            self.numbers.push(kept);
        }
        self.bookings.refresh().await.expect("numbers are read");
        self
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now.load(Ordering::Relaxed)).expect("a time")
    }

    pub(crate) fn pass(&self, time: SignedDuration) {
        let passed = i64::try_from(time.as_millis()).expect("a short time");
        self.now.fetch_add(passed, Ordering::Relaxed);
    }

    pub(crate) async fn put(&self, id: &str, a: &str, b: &str) -> Result<Booked, Refused> {
        self.bookings.put(&BookingId::new(id), &between(a, b)).await
    }

    /// A booking that is taken in.
    pub(crate) async fn book(&self, id: &str, a: &str, b: &str) -> Booked {
        self.put(id, a, b).await.expect("it is taken in")
    }

    pub(crate) async fn close(&self, id: &str, reason: CloseReason) -> Booked {
        let request = CloseRequest {
            reason,
            block: None,
        };
        let closed = self.bookings.close(&BookingId::new(id), request).await;
        closed.expect("it is closed")
    }

    pub(crate) async fn lease(&self) -> Lease {
        let lasts = std::time::Duration::from_secs(60);
        let lease = self.store.take_lease("bookings", "test", lasts).await;
        lease.expect("the store answers").expect("nobody holds it")
    }

    /// The number that the store calls `vn`.
    pub(crate) fn digits(&self, vn: Vn) -> PhoneNumber {
        let number = self.bookings.number(vn).expect("a number of the pool");
        number.number
    }

    /// A call comes in. What it is answered with, and its decision.
    pub(crate) async fn call(&self, from: &str, to: &PhoneNumber) -> Heard {
        let session = format!("s{}", self.count.fetch_add(1, Ordering::Relaxed));
        self.call_in(&session, "e1", from, to).await
    }

    pub(crate) async fn call_in(
        &self,
        session: &str,
        event: &str,
        from: &str,
        to: &PhoneNumber,
    ) -> Heard {
        let action = received(session, event, from, to, self.now());
        Heard::of(self.switchboard.answer(action, "{}").await, session)
    }

    /// The next action of a session, which brings back what its last reply carried.
    pub(crate) async fn go_on(
        &self,
        heard: &Heard,
        event: &str,
        from: &str,
        to: &PhoneNumber,
        keys: &str,
    ) -> Heard {
        let mut action = received(&heard.session, event, from, to, self.now());
        action.status = CallActionStatus::Completed("ACTION_COMPLETED".to_owned());
        action.digits = (!keys.is_empty()).then(|| Digits::new(keys));
        action.client_action_id = heard.json["clientActionId"].as_str().map(str::to_owned);
        let body = format!(r#"{{"payload":{{"dtmf":"{keys}"}}}}"#);
        Heard::of(self.switchboard.answer(action, &body).await, &heard.session)
    }

    /// A status of a leg from `from` to `to` comes.
    pub(crate) async fn status(&self, session: &str, word: &str, from: &str, to: &PhoneNumber) {
        let leg = received(session, word, from, to, self.now()).leg;
        let status = CallStatus {
            event: Some(EventId::new(format!("{session}-{word}"))),
            session: SessionId::new(session),
            sub_account: None,
            status: word.to_owned(),
            leg,
            at: Some(self.now()),
        };
        let webhook = Webhook::new(status, word.to_owned(), self.now());
        self.store.keep_status(webhook).await.expect("it is kept");
    }

    /// The session is over; so many seconds were talked.
    pub(crate) async fn hang_up(&self, heard: &Heard, seconds: u64) {
        let leg = |name: &str, seconds| SummaryLeg {
            name: name.to_owned(),
            leg: Leg {
                duration_seconds: Some(seconds),
                ..Leg::default()
            },
            status: Some("COMPLETED".to_owned()),
            initiated_at: None,
            connected_at: None,
            disconnected_at: None,
            mos: None,
            packet_loss_rate: None,
            jitter: None,
        };
        let summary = SessionSummary {
            session: SessionId::new(heard.session.as_str()),
            sub_account: None,
            status: "COMPLETED".to_owned(),
            started_at: None,
            ended_at: None,
            last_action: None,
            call_count: None,
            client_request_id: None,
            error: None,
            legs: vec![leg("callA", seconds + 5), leg("callB", seconds)],
        };
        let webhook = Webhook::new(summary, format!("summary of {}", heard.session), self.now());
        self.store.keep_summary(webhook).await.expect("it is kept");
    }
}

/// What a call was answered with.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub(crate) code: &'static str,
    pub(crate) reply: Arc<str>,
    pub(crate) json: serde_json::Value,
    pub(crate) session: String,
}

impl Heard {
    fn of(given: Given, session: &str) -> Self {
        let json = serde_json::from_str(&given.reply).expect("a callflow is JSON");
        assert!(given.stored, "{given:?}");
        Self {
            code: given.outcome,
            reply: given.reply,
            json,
            session: session.to_owned(),
        }
    }

    /// Who is called, and from which number.
    pub(crate) fn connects(&self) -> Option<(String, String)> {
        let actions = self.json["callflow"].as_array()?;
        let call = actions.iter().find(|it| it["action"] == "makeCall")?;
        let text = |key: &str| call["params"][key].as_str().map(str::to_owned);
        Some((text("destination")?, text("source")?))
    }

    /// What is said.
    pub(crate) fn says(&self) -> String {
        let actions = self.json["callflow"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let texts = actions
            .iter()
            .flat_map(|it| [&it["params"]["text"], &it["params"]["promptMessage"]]);
        texts
            .filter_map(|text| text.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    }

    pub(crate) fn actions(&self) -> Vec<String> {
        let actions = self.json["callflow"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        actions
            .iter()
            .filter_map(|it| it["action"].as_str().map(str::to_owned))
            .collect()
    }
}

pub(crate) fn received(
    session: &str,
    event: &str,
    from: &str,
    to: &PhoneNumber,
    at: Timestamp,
) -> CallAction {
    CallAction {
        event: EventId::new(format!("{session}-{event}")),
        session: SessionId::new(session),
        sub_account: Some(SubAccountId::new("masking_1")),
        status: CallActionStatus::Received,
        leg: Leg {
            direction: Some(Direction::Inbound),
            source: (!from.is_empty()).then(|| PhoneNumber::new(from)),
            destination: Some(to.clone()),
            ..Leg::default()
        },
        digits: None,
        client_action_id: None,
        at: Some(at),
    }
}

/// Number `n` of the pool.
pub(crate) fn number(n: usize) -> PoolNumber {
    PoolNumber::new(
        PhoneNumber::new(format!("+6561{n:06}")),
        PoolName::default(),
        Country::parse("SG"),
        BEGIN.parse().expect("a time"),
    )
}

/// Person `n`.
pub(crate) fn person(n: usize) -> String {
    format!("+6591{n:06}")
}

pub(crate) fn side(phones: &[&str]) -> SideRequest {
    SideRequest {
        phones: Some(phones.iter().map(|it| (*it).to_owned()).collect()),
        ..SideRequest::default()
    }
}

pub(crate) fn between(a: &str, b: &str) -> BookingRequest {
    BookingRequest {
        a: Some(side(&[a])),
        b: Some(side(&[b])),
        ..BookingRequest::default()
    }
}

pub(crate) fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

pub(crate) fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

pub(crate) const RIDER: &str = "+6591234567";
pub(crate) const DRIVER: &str = "+6598765432";
pub(crate) const STRANGER: &str = "+6590000001";

/// Whether the long forms run.
pub(crate) fn is_nightly() -> bool {
    std::env::var_os("CALLWRIGHT_NIGHTLY").is_some()
}
