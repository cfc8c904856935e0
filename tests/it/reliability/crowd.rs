//! The platform, many calls at once, over all that befalls the server: a request that is not answered is sent again
//! until it is. What was answered is written down, and in the end the server has to know all of it.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use callwright::clock::Clock;

use crate::app::{CALLER, RESTAURANT, Reply, client};
use crate::outbound::ACCOUNT;

/// How soon an unanswered request is sent again.
const AGAIN_AFTER: Duration = Duration::from_millis(10);

/// How long a crowd is waited for.
const GOES_ON_WITHIN: Duration = Duration::from_secs(20);

/// How long what was acknowledged may take until people can look it up.
const SEEN_WITHIN: Duration = Duration::from_secs(30);

/// The keys of one call, and how each reply begins.
const ROUND: [(Option<&str>, &str); 4] = [
    (None, "Welcome to ABC Restaurant"),
    (Some("1"), "Press 1 to make a new reservation"),
    (Some("2"), "Rescheduling your reservation"),
    (Some("2"), "Changing your reservation to tomorrow"),
];

/// A webhook that was answered 200.
#[derive(Debug, Clone)]
pub(crate) struct Acknowledged {
    path: &'static str,
    session: String,
    body: String,
    reply: String,
    /// When the client knew, in microseconds since 1970.
    at: i64,
}

/// What the clients know.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) acknowledged: Vec<Acknowledged>,
    /// How long voice call actions took, in microseconds.
    pub(crate) action_micros: Vec<u128>,
    /// Answers to voice call actions that were not 200.
    pub(crate) refused_actions: usize,
    /// Voice call actions answered with the apology.
    pub(crate) apologies: usize,
    /// Requests that broke off and were sent again.
    pub(crate) broken: usize,
    /// 503s to other webhooks, which were sent again.
    pub(crate) put_off: usize,
    /// When an apology or a 503 came last.
    pub(crate) last_trouble: Option<Instant>,
}

/// Whom a crowd calls, and how.
#[derive(Debug, Clone)]
pub(crate) struct Manner {
    /// The nodes, which each client asks in turn.
    pub(crate) nodes: Vec<SocketAddr>,
    /// How long an answer is waited for before the next node is asked.
    pub(crate) patience: Duration,
    /// How long a client rests between two webhooks.
    pub(crate) rest: Duration,
}

/// Clients that call until they are told to stop.
pub(crate) struct Crowd {
    stop: Arc<AtomicBool>,
    ledger: Arc<Mutex<Ledger>>,
    clients: Vec<JoinHandle<()>>,
}

impl Crowd {
    /// So many clients of one server, one call each at a time.
    pub(crate) fn gather(size: usize, address: SocketAddr) -> Self {
        let manner = Manner {
            nodes: vec![address],
            patience: GOES_ON_WITHIN,
            rest: Duration::ZERO,
        };
        Self::gather_at(size, &manner)
    }

    /// So many clients, one call each at a time.
    pub(crate) fn gather_at(size: usize, manner: &Manner) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let ledger = Arc::new(Mutex::new(Ledger::default()));
        let clients = (0..size).map(|number| {
            let caller = Client {
                http: client(),
                manner: manner.clone(),
                turn: AtomicUsize::new(number),
                stop: stop.clone(),
                ledger: ledger.clone(),
            };
            tokio::spawn(caller.call_on())
        });
        Self {
            clients: clients.collect(),
            stop,
            ledger,
        }
    }

    /// How many webhooks have been acknowledged until now.
    pub(crate) fn acknowledged(&self) -> usize {
        lock(&self.ledger).acknowledged.len()
    }

    /// Waits until so many more have been.
    pub(crate) async fn goes_on(&self, more: usize) {
        let enough = self.acknowledged() + more;
        let until = Instant::now() + GOES_ON_WITHIN;
        while self.acknowledged() < enough {
            assert!(Instant::now() < until, "the calls do not go on");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Has every client end after its present request, and gives what they know. The server has to be up.
    pub(crate) async fn disperse(self) -> Ledger {
        self.stop.store(true, Ordering::Relaxed);
        for client in self.clients {
            client.await.expect("every reply was right");
        }
        std::mem::take(&mut *lock(&self.ledger))
    }
}

fn lock(ledger: &Mutex<Ledger>) -> std::sync::MutexGuard<'_, Ledger> {
    ledger.lock().expect("no client panicked")
}

struct Client {
    http: reqwest::Client,
    manner: Manner,
    /// Counts the requests, to ask the nodes in turn.
    turn: AtomicUsize,
    stop: Arc<AtomicBool>,
    ledger: Arc<Mutex<Ledger>>,
}

impl Client {
    async fn call_on(self) {
        while !self.stop.load(Ordering::Relaxed) {
            self.one_call().await;
        }
    }

    /// One call with its statuses and its summary; given up where it gets the apology.
    async fn one_call(&self) {
        let session = uuid::Uuid::new_v4().to_string();
        let mut label = None;
        for (keys, expected) in ROUND {
            let body = action(&session, label.as_deref(), keys);
            let Some(text) = self.post("/webhooks/vca", &session, body).await else {
                return;
            };
            let reply = Reply::read(200, text.clone());
            if reply.is_apology() {
                return;
            }
            let heard = reply.heard();
            assert!(heard[0].starts_with(expected), "{keys:?} gave {text}");
            label = reply.json["clientActionId"].as_str().map(str::to_owned);
            if keys.is_none() && !self.status(&session, "CALL_CONNECTED").await {
                return;
            }
        }
        if self.status(&session, "CALL_DISCONNECTED").await {
            self.post("/webhooks/vss", &session, summary(&session))
                .await;
        }
    }

    async fn status(&self, session: &str, status: &str) -> bool {
        let body = status_of(session, status);
        self.post("/webhooks/vcs", session, body).await.is_some()
    }

    /// Posts until it is answered 200; `None` when it is time to stop.
    async fn post(&self, path: &'static str, session: &str, body: Value) -> Option<String> {
        let body = body.to_string();
        while !self.stop.load(Ordering::Relaxed) {
            let began = Instant::now();
            let answer = send(&self.http, self.next_node(), path, &body);
            match timeout(self.manner.patience, answer).await {
                Ok(Ok((200, reply))) => {
                    self.note(path, session, body, &reply, began.elapsed());
                    tokio::time::sleep(self.manner.rest).await;
                    return Some(reply);
                }
                Ok(Ok(_)) if path == "/webhooks/vca" => lock(&self.ledger).refused_actions += 1,
                Ok(Ok(_)) => lock(&self.ledger).put_off(),
                Ok(Err(_)) | Err(_) => lock(&self.ledger).broken += 1,
            }
            tokio::time::sleep(AGAIN_AFTER).await;
        }
        None
    }

    fn next_node(&self) -> SocketAddr {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        self.manner.nodes[turn % self.manner.nodes.len()]
    }

    /// Writes an answer down. The apology acknowledges nothing.
    fn note(&self, path: &'static str, session: &str, body: String, reply: &str, took: Duration) {
        let mut ledger = lock(&self.ledger);
        if path == "/webhooks/vca" {
            ledger.action_micros.push(took.as_micros());
        }
        if path == "/webhooks/vca" && Reply::read(200, reply.to_owned()).is_apology() {
            ledger.apologies += 1;
            ledger.last_trouble = Some(Instant::now());
            return;
        }
        ledger.acknowledged.push(Acknowledged {
            path,
            session: session.to_owned(),
            body,
            reply: reply.to_owned(),
            at: Clock::system().now().as_microsecond(),
        });
    }
}

/// Posts `body` once.
pub(crate) async fn send(
    http: &reqwest::Client,
    address: SocketAddr,
    path: &str,
    body: &str,
) -> reqwest::Result<(u16, String)> {
    let url = format!("http://{address}{path}");
    let answer = http.post(url).body(body.to_owned()).send().await?;
    Ok((answer.status().as_u16(), answer.text().await?))
}

impl Ledger {
    fn put_off(&mut self) {
        self.put_off += 1;
        self.last_trouble = Some(Instant::now());
    }

    /// The `count` last of it.
    pub(crate) fn newest(mut self, count: usize) -> Self {
        let older = self.acknowledged.len().saturating_sub(count);
        self.acknowledged.drain(..older);
        self
    }

    /// Without the webhooks that are not answered with a reply of their own.
    pub(crate) fn without_statuses(&self) -> Self {
        let acknowledged = self.acknowledged.iter();
        let actions = acknowledged.filter(|it| it.path == "/webhooks/vca");
        Self {
            acknowledged: actions.cloned().collect(),
            ..Self::default()
        }
    }

    /// What was acknowledged before the moment `at`.
    pub(crate) fn before(&self, at: i64) -> Self {
        let acknowledged = self.acknowledged.iter().filter(|it| it.at < at);
        Self {
            acknowledged: acknowledged.cloned().collect(),
            ..Self::default()
        }
    }

    /// Holds a server to all that was acknowledged: every voice call action and status is in its session's trace, every
    /// summary has ended its session, and every voice call action has its reply byte for byte. Sessions in `but` had a voice call action answered
    /// without the store, and theirs are left out, since clients cannot tell which. Gives what was lost.
    pub(crate) async fn lost(&self, address: SocketAddr, but: &HashSet<String>) -> Vec<String> {
        let http = client();
        let mut lost = Vec::new();
        let mut sessions: HashMap<&str, Owed> = HashMap::new();
        let is_owed = |it: &&Acknowledged| it.path != "/webhooks/vca" || !but.contains(&it.session);
        for it in self.acknowledged.iter().filter(is_owed) {
            sessions.entry(&it.session).or_default().add(it.path);
        }
        let until = Instant::now() + SEEN_WITHIN;
        for (session, owed) in sessions {
            while !owed.is_seen(&http, address, session).await {
                if Instant::now() > until {
                    lost.push(format!("of {session} not all is there: {owed:?}"));
                    break;
                }
                tokio::time::sleep(AGAIN_AFTER).await;
            }
        }
        // Asked for last: what is not known would be answered anew, and with the same words.
        let actions = self.acknowledged.iter().filter(is_owed);
        for it in actions.filter(|it| it.path == "/webhooks/vca") {
            let again = send(&http, address, it.path, &it.body).await;
            if again.as_ref().ok() != Some(&(200, it.reply.clone())) {
                lost.push(format!(
                    "{} was answered {}, now {again:?}",
                    it.body, it.reply
                ));
            }
        }
        lost
    }
}

/// What has to be known of a session.
#[derive(Debug, Default)]
struct Owed {
    actions: usize,
    statuses: usize,
    ended: bool,
}

impl Owed {
    fn add(&mut self, path: &str) {
        match path {
            "/webhooks/vca" => self.actions += 1,
            "/webhooks/vcs" => self.statuses += 1,
            _ => self.ended = true,
        }
    }

    /// Whether the API shows it.
    async fn is_seen(&self, http: &reqwest::Client, address: SocketAddr, session: &str) -> bool {
        let url = format!("http://{address}/v1/sessions/{session}");
        let Ok(answer) = http.get(url).send().await else {
            return false;
        };
        let text = answer.text().await.unwrap_or_default();
        let found: Value = serde_json::from_str(&text).unwrap_or_default();
        let trace = found["trace"].as_array().map_or(&[][..], Vec::as_slice);
        let seen = |kind| trace.iter().filter(|it| it["kind"] == kind).count();
        seen("VCA") >= self.actions
            && seen("VCS") >= self.statuses
            && (!self.ended || found["status"] == "COMPLETED")
    }
}

/// A voice call action: the call comes in, or keys are pressed.
pub(crate) fn action(session: &str, label: Option<&str>, keys: Option<&str>) -> Value {
    let status = if label.is_none() {
        "CALL_RECEIVED"
    } else {
        "DTMF_RECEIVED"
    };
    let mut body = event("CALL_ACTION", session, status);
    body["payload"]["dtmf"] = json!(keys);
    body["payload"]["clientActionId"] = json!(label);
    body
}

pub(super) fn status_of(session: &str, status: &str) -> Value {
    event("CALL_STATUS", session, status)
}

fn event(event: &str, session: &str, status: &str) -> Value {
    json!({
        "namespace": "VOICE",
        "eventType": event,
        "payload": {
            "eventId": uuid::Uuid::new_v4().to_string(),
            "sessionId": session,
            "subAccountId": ACCOUNT,
            "callStatus": status,
            "callDirection": "INBOUND",
            "source": CALLER,
            "destination": RESTAURANT,
            "sipCode": 200
        }
    })
}

fn summary(session: &str) -> Value {
    json!({
        "namespace": "VOICE",
        "eventType": "SESSION_SUMMARY",
        "payload": {
            "sessionId": session,
            "subAccountId": ACCOUNT,
            "sessionStatus": "COMPLETED",
            "startTime": "2026-11-20T12:30:00Z",
            "endTime": "2026-11-20T12:31:00Z",
            "callCount": 1,
            "details": { "callA": { "source": CALLER, "destination": RESTAURANT, "callStatus": "COMPLETED" } }
        }
    })
}
