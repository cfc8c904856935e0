//! A stand-in for the Contact Center: one tenant, without I/O. A request goes in, an answer comes out; what the tenant has is
//! there to be looked at and set.
//!
//! * [`acts`] handoffs, call backs, interaction data, recording control
//! * [`reads`] schedules, statistics, and the lists that are read in pages
//! * [`stream`] updates as they happen, by subscription
//!
//! What is assumed where the guides are silent is listed in `docs/emulator.md`.

mod acts;
mod reads;
mod stream;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::contact_center::schedule::Status;
pub use acts::{Arrived, PendingCallback};
pub(in crate::emulator) use stream::Refused as NotSubscribed;

/// A tenant.
#[derive(Debug)]
pub struct Center {
    tenant: String,
    action_token: SecretString,
    data_token: SecretString,
    /// Its queues by id.
    pub queues: BTreeMap<String, Queue>,
    /// What its schedules say, by id: now and next.
    pub schedules: BTreeMap<String, Schedule>,
    /// The numbers of its channels.
    pub channels: BTreeSet<String>,
    /// Its agents' logins, and whether the recording of each is paused.
    pub agents: BTreeMap<String, bool>,
    /// What lists hold, by the name of the record: `interaction`, `file` …
    pub records: BTreeMap<String, Vec<Value>>,
    /// What is to go wrong with the next requests.
    pub faults: VecDeque<CenterFault>,
    handoffs: Vec<Arrived>,
    callbacks: Vec<PendingCallback>,
    variables: BTreeMap<String, BTreeMap<String, Value>>,
    subscriptions: stream::Subscriptions,
    transactions: u64,
    asked: Vec<String>,
}

/// A queue, and how it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// `phone`, `chat`, `vmail`, `email`.
    pub media: String,
    /// Whether it takes call backs.
    pub outbound: bool,
    /// Whether it is enabled.
    pub enabled: bool,
    /// Agents who could take a call now.
    pub agents_free: u32,
    /// Agents at work.
    pub agents_busy: u32,
    /// Agents who are logged out.
    pub agents_away: u32,
    /// Who waits.
    pub waiting: u32,
    /// The longest wait, in seconds.
    pub longest_wait: u32,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            name: "Reservations".to_owned(),
            media: "phone".to_owned(),
            outbound: false,
            enabled: true,
            agents_free: 1,
            agents_busy: 0,
            agents_away: 1,
            waiting: 0,
            longest_wait: 0,
        }
    }
}

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Its name.
    pub name: String,
    /// What it says now.
    pub now: Status,
    /// What it says next.
    pub next: Status,
}

/// What is to go wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CenterFault {
    /// This status, and nothing done.
    Refused(u16),
    /// It is done as asked, so many milliseconds later.
    Slow(u64),
    /// It is done; the connection breaks without an answer.
    Silent,
    /// Nothing is done, and the connection stays without an answer.
    Stuck,
    /// It is done; half of the answer comes, then the connection breaks.
    HalfABody,
    /// Nothing is done; the answer is 200 and no JSON.
    WrongBody,
    /// Nothing is done; the answer sends the client elsewhere.
    Elsewhere,
}

/// A request, as the tenant sees it.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The method.
    pub method: String,
    /// The path's segments, decoded.
    pub path: Vec<String>,
    /// The parameters of the query and of a form.
    pub parameters: Vec<(String, String)>,
    /// Tenant and token of `Authorization: Basic`.
    pub basic: Option<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The media type.
    pub media: &'static str,
    /// Where the client is sent, if anywhere.
    pub location: Option<String>,
    /// The body.
    pub body: String,
}

impl Reply {
    fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            media: "application/json",
            location: None,
            body: body.to_string(),
        }
    }

    fn page(status: u16, body: &str) -> Self {
        Self {
            status,
            media: "text/html",
            location: None,
            body: body.to_owned(),
        }
    }

    fn refused(status: u16, message: &str) -> Self {
        Self::json(status, &json!({"error": {"message": message}}))
    }
}

impl Asked {
    /// The value of a parameter; empty when it is not there.
    fn parameter(&self, name: &str) -> &str {
        let found = self.parameters.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value.as_str())
    }
}

impl Center {
    /// A tenant with one queue (102) that takes calls and one (103) that takes call backs, one open schedule (122), one channel,
    /// one agent.
    pub fn new(tenant: &str, action_token: &str, data_token: &str) -> Self {
        let callbacks = Queue {
            name: "Call backs".to_owned(),
            outbound: true,
            ..Queue::default()
        };
        let open = Schedule {
            name: "Opening hours".to_owned(),
            now: Status::Open,
            next: Status::Closed,
        };
        Self {
            tenant: tenant.to_owned(),
            action_token: action_token.to_owned().into(),
            data_token: data_token.to_owned().into(),
            queues: [
                ("102".to_owned(), Queue::default()),
                ("103".to_owned(), callbacks),
            ]
            .into(),
            schedules: [("122".to_owned(), open)].into(),
            channels: ["18006661212".to_owned()].into(),
            agents: [("jdoe".to_owned(), false)].into(),
            records: reads::samples(),
            faults: VecDeque::new(),
            handoffs: Vec::new(),
            callbacks: Vec::new(),
            variables: BTreeMap::new(),
            subscriptions: stream::Subscriptions::default(),
            transactions: 41,
            asked: Vec::new(),
        }
    }

    /// Answers a request.
    pub fn answer(&mut self, asked: &Asked) -> Reply {
        let path: Vec<&str> = asked.path.iter().map(String::as_str).collect();
        self.asked
            .push(format!("{} /{}", asked.method, path.join("/")));
        match (asked.method.as_str(), path.as_slice()) {
            ("GET" | "POST", ["SC", "externalIvrAction.php"]) => self.hand_off(asked),
            ("GET" | "POST", ["SC", "webcallback.php"]) => self.call_back(asked),
            (
                "DELETE",
                [
                    "api",
                    "interactions",
                    "webcallback",
                    "externaltransaction",
                    id,
                ],
            ) => self.acting(asked, |center| center.delete_callbacks(id)),
            (
                method,
                [
                    "api",
                    "v1",
                    "interaction",
                    "data",
                    kind @ ("guid" | "callId"),
                    id,
                ],
            ) => {
                let (method, place) = (method.to_owned(), format!("{kind} {id}"));
                self.acting(asked, |center| {
                    center.interaction(&method, &place, &asked.body)
                })
            }
            (
                "PUT",
                [
                    "api",
                    "tstats",
                    "rccontrol",
                    action,
                    tenant,
                    "agentId" | "email",
                    agent,
                ],
            ) => {
                let ours = *tenant == self.tenant;
                self.acting(asked, |center| {
                    center.control_recording(action, agent, ours)
                })
            }
            ("GET", ["api", "provisioning", rest @ ..]) => {
                self.reading(asked, 401, |center| center.schedule(rest))
            }
            ("GET", ["api", "rtstats", "stats", rest @ ..]) => {
                self.reading(asked, 403, |center| center.statistics(rest))
            }
            ("GET", ["api", "stats", rest @ ..]) => {
                self.reading(asked, 403, |center| center.list(rest, asked))
            }
            ("GET", ["api", "recordings", rest @ ..]) => {
                self.reading(asked, 401, |center| center.list(rest, asked))
            }
            ("GET", ["api", "ccm", "attachments", kind, id]) => {
                self.reading(asked, 401, |_| reads::attachment(kind, id))
            }
            ("GET", [] | [""]) => Reply::page(200, "<html>Log in</html>"),
            _ => Reply::page(404, "<html>Not found</html>"),
        }
    }

    /// What is done asks for the Action Request Token.
    fn acting(&mut self, asked: &Asked, act: impl FnOnce(&mut Self) -> Reply) -> Reply {
        let token = self.action_token.expose_secret().to_owned();
        match self.is_opened_by(asked, &token) {
            true => act(self),
            false => Reply::json(
                401,
                &json!({"status": "error", "message": "Authentication failed"}),
            ),
        }
    }

    /// What is read asks for the Data Request Token; `status` without it.
    fn reading(
        &mut self,
        asked: &Asked,
        status: u16,
        read: impl FnOnce(&mut Self) -> Reply,
    ) -> Reply {
        let token = self.data_token.expose_secret().to_owned();
        match self.is_opened_by(asked, &token) {
            true => read(self),
            false => Reply::page(status, "<html>Forbidden</html>"),
        }
    }

    fn is_opened_by(&self, asked: &Asked, token: &str) -> bool {
        let came = asked.basic.as_ref();
        came.is_some_and(|(tenant, came)| *tenant == self.tenant && came == token)
    }

    fn next_transaction(&mut self) -> u64 {
        self.transactions += 1;
        self.transactions
    }

    /// Every request so far: method and path.
    pub fn asked(&self) -> &[String] {
        &self.asked
    }

    /// Every handoff that was taken, in order.
    pub fn handoffs(&self) -> &[Arrived] {
        &self.handoffs
    }

    /// Every call back that was taken, in order.
    pub fn callbacks(&self) -> &[PendingCallback] {
        &self.callbacks
    }

    /// What was set on the interaction of this SIP id.
    pub fn variables(&self, sip_id: &str) -> Option<&BTreeMap<String, Value>> {
        self.variables.get(&format!("callId {sip_id}"))
    }

    /// What was set on the interaction of this id of its own.
    pub fn variables_by_guid(&self, guid: &str) -> Option<&BTreeMap<String, Value>> {
        self.variables.get(&format!("guid {guid}"))
    }
}
