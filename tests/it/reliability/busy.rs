//! A busy company: bookings made, called and closed, and calls started, many at once, over all that befalls the server. What was told
//! is written down, and in the end the server has to stand by all of it.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::crowd::{Manner, send};
use super::placed::number;
use super::platform::Platform;
use super::process::Home;
use crate::app::{RESTAURANT, Reply, client};
use crate::bookings::POOL;
use crate::outbound::{ACCOUNT, MESSAGE, platform_settings};

/// How soon what was not answered is sent again.
const AGAIN_AFTER: Duration = Duration::from_millis(10);

/// How long a company may take until all of it goes on, or is known.
const PATIENCE: Duration = Duration::from_secs(30);

/// A home with a pool, the restaurant, and a flow for calls that are started, whose platform is at `base`.
pub(crate) fn home(base: &str, mut home: Home) -> Home {
    let flows = home.outside.path().join("flows");
    let shipped = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("flows/restaurant.toml");
    std::fs::create_dir(&flows).expect("a folder can be made");
    std::fs::write(flows.join("closed.toml"), MESSAGE).expect("a flow can be written");
    std::fs::copy(shipped, flows.join("restaurant.toml")).expect("a flow can be copied");
    home.environment.extend(platform_settings(base));
    let flows = flows.display().to_string();
    home.env("CALLWRIGHT_FLOWS", &flows)
        .env("CALLWRIGHT_POOLS__DEFAULT__NUMBERS", &POOL.join(","))
        .env("CALLWRIGHT_OUTBOUND__CALLS_PER_MINUTE", "10000")
}

/// A booking that was taken in.
#[derive(Debug, Clone)]
struct Trip {
    id: String,
    a: String,
    b: String,
    told: Value,
    /// That it is closed was answered 200.
    is_closed: bool,
}

/// A call to a booking's number that was answered.
#[derive(Debug, Clone)]
struct Masked {
    session: String,
    body: String,
    reply: String,
    callee: String,
}

/// A call that was started.
#[derive(Debug, Clone)]
struct Started {
    key: String,
    to: String,
    told: (u16, Value),
}

/// What the clients know.
#[derive(Debug, Default)]
struct Ledger {
    trips: Vec<Trip>,
    masked: Vec<Masked>,
    started: Vec<Started>,
    action_micros: Vec<u128>,
    refused_actions: usize,
    put_off: usize,
}

/// A company at work.
pub(crate) struct Company {
    stop: Arc<AtomicBool>,
    ledger: Arc<Mutex<Ledger>>,
    clerks: Vec<JoinHandle<()>>,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) trips: usize,
    pub(crate) masked: usize,
    pub(crate) started: usize,
    pub(crate) unstored: usize,
    pub(crate) put_off: usize,
    pub(crate) refused_actions: usize,
    pub(crate) called: usize,
    pub(crate) twice: usize,
    pub(crate) action_micros: Vec<u128>,
    pub(crate) lost: Vec<String>,
}

impl Company {
    /// So many clerks at these nodes, whom each asks in turn; every third starts calls. A clerk has one digit of the numbers that are
    /// called, and five for how often.
    pub(crate) fn at_work(size: usize, manner: &Manner) -> Self {
        assert!(size <= 10, "a clerk is one digit");
        let stop = Arc::new(AtomicBool::new(false));
        let ledger: Arc<Mutex<Ledger>> = Arc::default();
        let clerks = (0..size).map(|nth| {
            let clerk = Clerk {
                nth,
                http: client(),
                manner: manner.clone(),
                turn: AtomicUsize::new(nth),
                stop: stop.clone(),
                ledger: ledger.clone(),
            };
            tokio::spawn(clerk.work())
        });
        Self {
            clerks: clerks.collect(),
            stop,
            ledger,
        }
    }

    /// How much was told until now.
    fn told(&self) -> usize {
        let ledger = lock(&self.ledger);
        ledger.trips.len() + ledger.masked.len() + ledger.started.len()
    }

    /// Waits until so much more has been told.
    pub(crate) async fn goes_on(&self, more: usize) {
        let (enough, began) = (self.told() + more, Instant::now());
        while self.told() < enough {
            assert!(began.elapsed() < PATIENCE, "the company does not go on");
            sleep(Duration::from_millis(1)).await;
        }
    }

    /// Has every clerk end, and holds the node at `address` to what all nodes told. Sessions in `unstored` were answered without
    /// the store.
    pub(crate) async fn close_down(
        self,
        address: SocketAddr,
        unstored: &HashSet<String>,
        platform: &Platform,
    ) -> Outcome {
        self.stop.store(true, Ordering::Relaxed);
        for clerk in self.clerks {
            clerk.await.expect("every answer was right");
        }
        let ledger = std::mem::take(&mut *lock(&self.ledger));
        let judge = Judge {
            http: client(),
            address,
        };
        let mut lost = Vec::new();
        for trip in &ledger.trips {
            lost.extend(judge.trip(trip).await);
        }
        let masked = ledger.masked.iter();
        let kept: Vec<_> = masked
            .filter(|it| !unstored.contains(&it.session))
            .collect();
        for call in &kept {
            lost.extend(judge.masked(call).await);
        }
        for started in &ledger.started {
            lost.extend(judge.started(started, platform).await);
        }
        let (called, twice) = platform.called();
        Outcome {
            trips: ledger.trips.len(),
            masked: kept.len(),
            started: ledger.started.len(),
            unstored: ledger.masked.len() - kept.len(),
            put_off: ledger.put_off,
            refused_actions: ledger.refused_actions,
            called,
            twice,
            action_micros: ledger.action_micros,
            lost,
        }
    }
}

fn lock(ledger: &Mutex<Ledger>) -> MutexGuard<'_, Ledger> {
    ledger.lock().expect("no clerk panicked")
}

struct Clerk {
    nth: usize,
    http: reqwest::Client,
    manner: Manner,
    turn: AtomicUsize,
    stop: Arc<AtomicBool>,
    ledger: Arc<Mutex<Ledger>>,
}

impl Clerk {
    async fn work(self) {
        for count in 0.. {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            match self.nth % 3 {
                2 => self.start(count).await,
                _ => self.trip(count).await,
            };
            sleep(self.manner.rest).await;
        }
    }

    /// A booking, a call from each side, and every other one closed.
    async fn trip(&self, count: usize) -> Option<()> {
        let (nth, id) = (self.nth, format!("trip-{}-{count}", self.nth));
        let (a, b) = (
            format!("+6591{nth}{count:05}"),
            format!("+6581{nth}{count:05}"),
        );
        let path = format!("/v1/bookings/{id}");
        let (status, told) = self.ask(Method::PUT, &path, None, &between(&a, &b)).await?;
        assert!(matches!(status, 200 | 201), "{status} {told}");
        for (side, caller, callee) in [("a", &a, &b), ("b", &b, &a)] {
            self.call(caller, &told[side]["virtual_number"], callee)
                .await?;
        }
        let mut trip = Trip {
            id,
            a,
            b,
            told,
            is_closed: false,
        };
        if count % 2 == 1 {
            let path = format!("{path}/close");
            let (status, told) = self
                .ask(Method::POST, &path, None, &json!({"reason": "cancelled"}))
                .await?;
            assert_eq!(status, 200, "{told}");
            trip.is_closed = true;
        }
        lock(&self.ledger).trips.push(trip);
        Some(())
    }

    /// One masked call. It reaches the other side, or nobody while the store is away.
    async fn call(&self, caller: &str, vn: &Value, callee: &str) -> Option<()> {
        let session = uuid::Uuid::new_v4().to_string();
        let body = json!({
            "namespace": "VOICE",
            "eventType": "CALL_ACTION",
            "payload": {
                "eventId": uuid::Uuid::new_v4().to_string(), "sessionId": session, "subAccountId": ACCOUNT,
                "callStatus": "CALL_RECEIVED", "callDirection": "INBOUND", "source": caller, "destination": vn
            }
        })
        .to_string();
        while !self.stop.load(Ordering::Relaxed) {
            let began = Instant::now();
            let answer = send(&self.http, self.next_node(), "/webhooks/vca", &body);
            match timeout(self.manner.patience, answer).await {
                Ok(Ok((200, text))) => {
                    let mut ledger = lock(&self.ledger);
                    ledger.action_micros.push(began.elapsed().as_micros());
                    let reply = Reply::read(200, text);
                    match reply.dials() {
                        Some(dialled) => assert_eq!(dialled, callee, "nobody else is ever reached"),
                        // Without the store nobody is connected; the caller tries again later.
                        None if reply.hangs_up() => return Some(()),
                        None => panic!("{}", reply.text),
                    }
                    ledger.masked.push(Masked {
                        session,
                        body,
                        reply: reply.text,
                        callee: callee.to_owned(),
                    });
                    return Some(());
                }
                Ok(Ok(_)) => lock(&self.ledger).refused_actions += 1,
                Ok(Err(_)) | Err(_) => {}
            }
            sleep(AGAIN_AFTER).await;
        }
        None
    }

    /// One call that is started.
    async fn start(&self, count: usize) -> Option<()> {
        let nth = (self.nth * 100_000 + count) as u64;
        let (key, to) = (format!("k-{nth}"), number(nth));
        let body = request(&to);
        let told = self
            .ask(Method::POST, "/v1/sessions", Some(&key), &body)
            .await?;
        assert!(matches!(told.0, 201 | 202 | 422), "{told:?}");
        lock(&self.ledger).started.push(Started { key, to, told });
        Some(())
    }

    /// Asks until it is answered; `None` when it is time to stop.
    async fn ask(
        &self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: &Value,
    ) -> Option<(u16, Value)> {
        while !self.stop.load(Ordering::Relaxed) {
            let asked = ask(
                &self.http,
                self.next_node(),
                method.clone(),
                path,
                key,
                body,
            );
            match timeout(self.manner.patience, asked).await {
                Ok(Some((409 | 503, _))) => lock(&self.ledger).put_off += 1,
                Ok(Some(told)) => return Some(told),
                Ok(None) | Err(_) => {}
            }
            sleep(AGAIN_AFTER).await;
        }
        None
    }

    fn next_node(&self) -> SocketAddr {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        self.manner.nodes[turn % self.manner.nodes.len()]
    }
}

fn between(a: &str, b: &str) -> Value {
    crate::bookings::between(a, b)
}

fn request(to: &str) -> Value {
    json!({"flow": "closed", "to": to, "from": RESTAURANT, "valid_for": "1m"})
}

/// Asks once; `None` when it broke off.
async fn ask(
    http: &reqwest::Client,
    address: SocketAddr,
    method: Method,
    path: &str,
    key: Option<&str>,
    body: &Value,
) -> Option<(u16, Value)> {
    let mut asked = http.request(method, format!("http://{address}{path}"));
    if let Some(key) = key {
        asked = asked.header("Idempotency-Key", key);
    }
    let answer = asked.body(body.to_string()).send().await.ok()?;
    let status = answer.status().as_u16();
    let text = answer.text().await.ok()?;
    Some((status, serde_json::from_str(&text).ok()?))
}

/// Who asks a node for all that was told.
struct Judge {
    http: reqwest::Client,
    address: SocketAddr,
}

impl Judge {
    async fn ask(
        &self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: &Value,
    ) -> (u16, Value) {
        let began = Instant::now();
        loop {
            let asked = ask(&self.http, self.address, method.clone(), path, key, body).await;
            match asked {
                Some((503 | 409, _)) | None if began.elapsed() < PATIENCE => {
                    sleep(AGAIN_AFTER).await
                }
                Some(told) => return told,
                None => panic!("{path} is not answered"),
            }
        }
    }

    /// A booking is as it was told, also when it is asked for once more.
    async fn trip(&self, trip: &Trip) -> Option<String> {
        let path = format!("/v1/bookings/{}", trip.id);
        let (_, shown) = self.ask(Method::GET, &path, None, &Value::Null).await;
        let numbers = |told: &Value| ["a", "b"].map(|side| told[side]["virtual_number"].clone());
        let mut is_right = numbers(&shown) == numbers(&trip.told);
        if trip.is_closed {
            is_right &= shown["state"] != "active";
        } else {
            let body = between(&trip.a, &trip.b);
            let (status, again) = self.ask(Method::PUT, &path, None, &body).await;
            is_right &= status == 200 && numbers(&again) == numbers(&trip.told);
        }
        (!is_right).then(|| format!("{trip:?}, now {shown}"))
    }

    /// A masked call that was answered gets the same bytes.
    async fn masked(&self, call: &Masked) -> Option<String> {
        let again = send(&self.http, self.address, "/webhooks/vca", &call.body).await;
        let is_right = again.as_ref().ok() == Some(&(200, call.reply.clone()));
        (!is_right).then(|| format!("{} to {}, now {again:?}", call.session, call.callee))
    }

    /// A request gets the same answer, and the platform's book has it as is told.
    async fn started(&self, started: &Started, platform: &Platform) -> Option<String> {
        let body = request(&started.to);
        let again = self
            .ask(Method::POST, "/v1/sessions", Some(&started.key), &body)
            .await;
        let id = started.told.1["id"].as_str().unwrap_or_default();
        let path = format!("/v1/sessions/{id}");
        let began = Instant::now();
        let state = loop {
            let (_, shown) = self.ask(Method::GET, &path, None, &Value::Null).await;
            let state = shown["state"].as_str().unwrap_or_default().to_owned();
            if !matches!(state.as_str(), "PENDING" | "DIALING") || began.elapsed() > PATIENCE {
                break state;
            }
            sleep(AGAIN_AFTER).await;
        };
        let placed = platform.placed(&started.to).len();
        let is_right = again == started.told
            && matches!(
                (state.as_str(), placed),
                ("ACCEPTED", 1) | ("REJECTED", 0) | ("UNKNOWN", 0 | 1)
            );
        (!is_right).then(|| format!("{started:?}, now {again:?}, {state}, placed {placed} times"))
    }
}

impl Outcome {
    /// One more of the same.
    pub(crate) fn add(&mut self, other: Self) {
        self.trips += other.trips;
        self.masked += other.masked;
        self.started += other.started;
        self.unstored += other.unstored;
        self.put_off += other.put_off;
        self.refused_actions += other.refused_actions;
        self.called += other.called;
        self.twice += other.twice;
        self.action_micros.extend(other.action_micros);
        self.lost.extend(other.lost);
    }

    /// What there is to tell, and whether all held.
    pub(crate) fn hold(mut self, row: &str) {
        let p99 = super::quantile(&mut self.action_micros, 0.99) / 1000;
        println!(
            "{row}: {} bookings, {} masked calls each to the other side (p99 {p99} ms, {} not 200, {} without the store left out), {} calls started: {} called, {} twice; {} put off and asked again; {} lost",
            self.trips,
            self.masked,
            self.refused_actions,
            self.unstored,
            self.started,
            self.called,
            self.twice,
            self.put_off,
            self.lost.len()
        );
        assert!(
            self.trips > 0 && self.masked > 0 && self.started > 0,
            "{row}"
        );
        assert_eq!((self.refused_actions, self.twice), (0, 0), "{row}");
        assert!(self.lost.is_empty(), "{row}: {:#?}", self.lost);
    }
}
