//! Calls that we start, from outside: somebody asks the API, the emulator places the call and sends its webhooks.

mod command;
mod live;
mod numbers;
mod refusals;

use callwright::clock::Clock;
use callwright::emulator::{Account, Emulator, Mischief, Pace, Serving, Setup};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::app::{RESTAURANT, Settings, TestApp};

/// The sub-account, its key, and whom it calls.
pub(crate) const ACCOUNT: &str = "InternalDemoCPaaS_8dD15_voice";
const KEY: &str = "a-key-of-the-emulator";
pub(crate) const SOMEBODY: &str = "+6568332048";

/// A menu, a message, and two people to be connected.
const REMINDER: &str = r#"callwright = 1
[flow]
id = "reminder"
start = "main"
needs = ["day"]
[menu.main]
say = "Your table is for {day}. To keep it press 1."
press.1 = "kept"
give_up = "lost"
[end.kept]
say = "Thank you."
[end.lost]
say = "Goodbye."
"#;
pub(crate) const MESSAGE: &str = r#"callwright = 1
[flow]
id = "closed"
start = "main"
[end.main]
say = "We are closed today."
"#;
const BRIDGE: &str = r#"callwright = 1
[flow]
id = "bridge"
start = "agent"
[connect.agent]
number = "+6568332049"
busy = "sorry"
no_answer = "sorry"
failed = "sorry"
after = "thanks"
[end.sorry]
say = "They are busy."
[end.thanks]
say = "Thank you."
"#;

/// A server whose platform is an emulator.
pub(crate) struct Desk {
    pub(crate) app: TestApp,
    pub(crate) emulator: Emulator,
    _serving: Serving,
}

/// The variables of a server whose platform is at `base`.
pub(crate) fn platform_settings(base: &str) -> [(String, String); 5] {
    [
        ("ID", ACCOUNT),
        ("PRODUCT", "ivr"),
        ("API_KEY", KEY),
        ("API_BASE", base),
        ("NUMBERS", RESTAURANT),
    ]
    .map(|(key, value)| {
        let name = format!("CALLWRIGHT_SUBACCOUNTS__MAIN__{key}");
        (name, value.to_owned())
    })
}

/// What the server of a platform at `base` is set to.
pub(crate) fn settings(base: &str) -> Settings {
    let mut settings = Settings::default();
    settings.env.extend(platform_settings(base));
    settings
        .flow("reminder.toml", REMINDER)
        .flow("closed.toml", MESSAGE)
        .flow("bridge.toml", BRIDGE)
}

impl Desk {
    pub(crate) async fn open(pace: Pace) -> Self {
        let setup = Setup {
            seed: 7,
            pace,
            mischief: Mischief::NONE,
        };
        let account = Account::new(ACCOUNT, KEY, [RESTAURANT]);
        let emulator = Emulator::new(setup, [account], Clock::system());
        let socket = TcpListener::bind("127.0.0.1:0").await;
        let serving = emulator.serve(socket.expect("a port is free"));
        let serving = serving.expect("it has an address");
        let base = format!("http://{}", serving.address());
        let app = TestApp::start_with(settings(&base)).await;
        let desk = Self {
            app,
            emulator,
            _serving: serving,
        };
        desk.register(&base).await;
        desk
    }

    /// Has the platform send its webhooks to the server.
    async fn register(&self, base: &str) {
        for kind in ["VCA", "VCS", "VSS", "VRU", "VNU"] {
            let url = format!("{base}/api/v1/subaccounts/{ACCOUNT}/webhooks");
            let body = json!({"type": kind, "url": self.app.url("/webhooks"), "enabled": true});
            let asked = self.app.client.post(url).bearer_auth(KEY);
            let answer = asked.body(body.to_string()).send().await;
            assert!(answer.expect("it answers").status().is_success());
        }
    }

    /// Asks for a call.
    pub(crate) async fn start(&self, key: &str, body: &Value) -> (u16, Value) {
        start(&self.app, key, body).await
    }
}

/// Asks `app` for a call.
pub(crate) async fn start(app: &TestApp, key: &str, body: &Value) -> (u16, Value) {
    let asked = app.client.post(app.url("/v1/sessions"));
    let asked = asked.header("Idempotency-Key", key).body(body.to_string());
    let answer = asked.send().await.expect("the server answers");
    let status = answer.status().as_u16();
    let text = answer.text().await.expect("the answer is text");
    (
        status,
        serde_json::from_str(&text).unwrap_or(Value::String(text)),
    )
}

pub(crate) fn reminder() -> Value {
    json!({"flow": "reminder", "to": SOMEBODY, "variables": {"day": "Friday"}})
}
