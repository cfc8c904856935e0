//! The real server on a real port with a real database, and a platform that calls it.

use std::net::SocketAddr;
use std::path::Path;

use callwright::clock::Clock;
use callwright::config::Config;
use callwright::platform::callflow::{self, SentAs};
use callwright::server::{self, Running};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The restaurant's virtual number.
pub(crate) const RESTAURANT: &str = "+6561115777";
/// The tech support's virtual number.
pub(crate) const TECH_SUPPORT: &str = "+6561115778";
/// Somebody who calls.
pub(crate) const CALLER: &str = "+6591234567";

/// The keys that nodes share.
const DATA_KEY: &str = "ZGF0YWRhdGFkYXRhZGF0YWRhdGFkYXRhZGF0YWRhdGE=";
const INDEX_KEY: &str = "aW5kZWluZGVpbmRlaW5kZWluZGVpbmRlaW5kZWluZGU=";

/// A server of its own for one test.
pub(crate) struct TestApp {
    pub(crate) client: reqwest::Client,
    pub(crate) address: SocketAddr,
    folder: TempDir,
    running: Option<Running>,
    settings: Settings,
}

/// What differs from the built-in configuration.
#[derive(Clone, Default)]
pub(crate) struct Settings {
    /// Environment variables, as a user would set them.
    pub(crate) env: Vec<(String, String)>,
    /// Flow files to serve instead of the shipped ones.
    pub(crate) flows: Option<Vec<(&'static str, String)>>,
    /// What time it is, when it is not the machine's.
    pub(crate) clock: Option<Clock>,
}

impl Settings {
    /// A node on the PostgreSQL database at `url`.
    pub(crate) fn node(url: &str) -> Self {
        Self::default()
            .env("CALLWRIGHT_DATABASE_URL", url)
            .env("CALLWRIGHT_KEYS__DATA", DATA_KEY)
            .env("CALLWRIGHT_KEYS__INDEX", INDEX_KEY)
    }

    /// Sets an environment variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Has the server tell the time by `clock`.
    pub(crate) fn clock(mut self, clock: Clock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Serves `text` as the flow file `name` instead of the shipped flows.
    pub(crate) fn flow(mut self, name: &'static str, text: &str) -> Self {
        self.flows
            .get_or_insert_default()
            .push((name, text.to_owned()));
        self
    }
}

impl TestApp {
    /// A server with the shipped flows and nothing configured.
    pub(crate) async fn start() -> Self {
        Self::start_with(Settings::default()).await
    }

    /// A server with `settings`.
    pub(crate) async fn start_with(settings: Settings) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let mut app = Self {
            client: client(),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            folder,
            running: None,
            settings,
        };
        app.serve().await;
        app
    }

    async fn serve(&mut self) {
        let config = self.config();
        let clock = self.settings.clock.clone();
        let running = server::start(config, clock.unwrap_or_else(Clock::system))
            .await
            .expect("the test's server starts");
        self.address = running.address();
        self.running = Some(running);
    }

    /// Stops the server and starts it again on the same database.
    pub(crate) async fn restart(&mut self) {
        self.stop().await;
        self.serve().await;
    }

    /// Has the next start find this environment variable so.
    pub(crate) fn set_env(&mut self, name: &str, value: &str) {
        self.settings.env.retain(|(other, _)| other != name);
        self.settings.env.push((name.to_owned(), value.to_owned()));
    }

    /// Has the next start tell the time by `clock`.
    pub(crate) fn set_clock(&mut self, clock: Clock) {
        self.settings.clock = Some(clock);
    }

    /// Stops the server.
    pub(crate) async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop().await;
        }
    }

    /// Has the next start find `text` in the flow file `name`, the others as they are.
    pub(crate) fn change_flow(&mut self, name: &'static str, text: &str) {
        let flows = self.settings.flows.get_or_insert_default();
        flows.retain(|(other, _)| *other != name);
        flows.push((name, text.to_owned()));
    }

    /// Writes a flow file into the folder that the next start serves.
    pub(crate) fn write_flow(&mut self, name: &'static str, text: &str) {
        self.settings.flows = Some(vec![(name, text.to_owned())]);
    }

    /// The folder of the flows that a test has written.
    pub(crate) fn flows(&self) -> std::path::PathBuf {
        self.folder.path().join("flows")
    }

    /// The database's file.
    pub(crate) fn database(&self) -> std::path::PathBuf {
        self.folder.path().join("callwright.db")
    }

    /// The files of the database's journal: those that are written, and the one that is ready for when they are full.
    pub(crate) fn journal(&self) -> Vec<std::path::PathBuf> {
        let files = std::fs::read_dir(self.folder.path()).expect("the folder can be listed");
        let paths = files.map(|file| file.expect("it can be listed").path());
        let is_numbered = |path: &std::path::PathBuf| {
            let ending = path.extension().and_then(|ending| ending.to_str());
            ending.is_some_and(|ending| ending.parse::<u64>().is_ok())
        };
        paths.filter(is_numbered).collect()
    }

    /// Every byte of every file that the server keeps.
    pub(crate) fn all_bytes(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.folder.path()).expect("the folder can be listed");
        let read = |file: std::io::Result<std::fs::DirEntry>| {
            let path = file.expect("it can be listed").path();
            std::fs::read(path).unwrap_or_default()
        };
        files.flat_map(read).collect()
    }

    fn config(&self) -> Config {
        let flows = match &self.settings.flows {
            None => Path::new(env!("CARGO_MANIFEST_DIR")).join("flows"),
            Some(files) => self.flows_folder(files),
        };
        let fixed = [
            ("CALLWRIGHT_LISTEN".to_owned(), "127.0.0.1:0".to_owned()),
            (
                "CALLWRIGHT_DATABASE_URL".to_owned(),
                format!("sqlite://{}", self.database().display()),
            ),
            ("CALLWRIGHT_FLOWS".to_owned(), flows.display().to_string()),
            (
                "CALLWRIGHT_KEYS__FILE".to_owned(),
                self.folder
                    .path()
                    .join("callwright.keys")
                    .display()
                    .to_string(),
            ),
        ];
        let set = |name: &str| self.settings.env.iter().any(|(other, _)| other == name);
        let fixed = fixed.into_iter().filter(|(name, _)| !set(name));
        let env = fixed.chain(self.settings.env.iter().cloned());
        Config::load(None, env).expect("the test's configuration is valid")
    }

    fn flows_folder(&self, files: &[(&'static str, String)]) -> std::path::PathBuf {
        let folder = self.flows();
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir(&folder).expect("the flows folder can be made");
        for (name, text) in files {
            let file = folder.join(name);
            let above = file.parent().expect("it lies in the flows folder");
            std::fs::create_dir_all(above).expect("its folder can be made");
            std::fs::write(file, text).expect("a flow can be written");
        }
        folder
    }

    /// An address of the server.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Posts a webhook's body and gives status and answer.
    pub(crate) async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> (u16, String) {
        let answer = self.client.post(self.url(path)).body(body).send().await;
        read(answer.expect("the server answers")).await
    }

    /// Gets an address and gives status and JSON.
    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        let answer = self
            .client
            .get(self.url(path))
            .send()
            .await
            .expect("the server answers");
        let (status, text) = read(answer).await;
        (
            status,
            serde_json::from_str(&text).unwrap_or(Value::String(text)),
        )
    }

    /// A new call from [`CALLER`] to `number`.
    pub(crate) fn caller(&self, number: &str) -> Caller<'_> {
        Caller::new(self, &uuid::Uuid::new_v4().to_string(), number)
    }
}

/// A client that uses no proxy.
pub(crate) fn client() -> reqwest::Client {
    // Installed once for the process; every later call finds it there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client can be made")
}

async fn read(answer: reqwest::Response) -> (u16, String) {
    let status = answer.status().as_u16();
    (status, answer.text().await.expect("the answer is text"))
}

/// Where the digits stand in a voice call action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `payload.dtmf`.
    Payload,
    /// `payload.eventData.dtmf`.
    EventData,
    /// `payload.eventData` as a bare string.
    Bare,
}

/// The platform's side of one session: sends voice call actions and reads the callflows.
pub(crate) struct Caller<'a> {
    app: &'a TestApp,
    pub(crate) session: String,
    pub(crate) number: String,
    pub(crate) form: Form,
    /// What the last callflow carried.
    pub(crate) label: Option<String>,
}

impl<'a> Caller<'a> {
    /// A call of `session` to `number`.
    pub(crate) fn new(app: &'a TestApp, session: &str, number: &str) -> Self {
        let (session, number) = (session.to_owned(), number.to_owned());
        Self {
            app,
            session,
            number,
            form: Form::Payload,
            label: None,
        }
    }

    /// The call comes in.
    pub(crate) async fn dial(&mut self) -> Reply {
        let body = self.body("CALL_RECEIVED", |_| {});
        self.send(&body).await
    }

    /// The caller presses keys, or none.
    pub(crate) async fn press(&mut self, keys: Option<&str>) -> Reply {
        let body = self.pressed(keys);
        self.send(&body).await
    }

    /// The bridged call is over, with this SIP status.
    pub(crate) async fn bridged(&mut self, sip_code: u16) -> Reply {
        let body = self.body("ACTION_COMPLETED", |payload| {
            payload["sipCode"] = sip_code.into()
        });
        self.send(&body).await
    }

    /// The body of a voice call action with keys.
    pub(crate) fn pressed(&self, keys: Option<&str>) -> Value {
        let form = self.form;
        self.body("DTMF_RECEIVED", |payload| match form {
            Form::Payload => payload["dtmf"] = json!(keys),
            Form::EventData => payload["eventData"] = json!({ "dtmf": keys }),
            Form::Bare => payload["eventData"] = json!(keys),
        })
    }

    /// The body of a voice call action of this session, as the platform documents it.
    pub(crate) fn body(&self, status: &str, edit: impl FnOnce(&mut Value)) -> Value {
        let mut body = json!({
            "payload": {
                "eventId": uuid::Uuid::new_v4().to_string(),
                "callId": uuid::Uuid::new_v4().to_string(),
                "sessionId": self.session,
                "subAccountId": "InternalDemoCPaaS_8dD15_voice",
                "callStatus": status,
                "callDirection": "INBOUND",
                "callType": "PSTN",
                "source": CALLER,
                "destination": self.number,
                "sourceFormat": "MSISDN",
                "destinationFormat": "MSISDN",
                "sourceCountryCode": "SG",
                "destinationCountryCode": "SG",
                "callDuration": 0,
                "sipCode": 200,
                "timestamp": "2026-11-20T12:30:00.406Z"
            },
            "namespace": "VOICE",
            "eventType": "CALL_ACTION",
            "description": "Action request of a call"
        });
        if let Some(label) = &self.label {
            body["payload"]["clientActionId"] = json!(label);
        }
        edit(&mut body["payload"]);
        body
    }

    /// Sends a voice call action and takes over the label of its answer.
    pub(crate) async fn send(&mut self, body: &Value) -> Reply {
        let reply = self.resend(body).await;
        self.label = reply.json["clientActionId"].as_str().map(str::to_owned);
        reply
    }

    /// Sends a voice call action and leaves the call where it is.
    pub(crate) async fn resend(&self, body: &Value) -> Reply {
        let (status, text) = self.app.post("/webhooks/vca", body.to_string()).await;
        Reply::read(status, text)
    }

    /// The body of the session's summary.
    pub(crate) fn summary(&self, status: &str) -> Value {
        json!({
            "namespace": "VOICE",
            "eventType": "SESSION_SUMMARY",
            "description": "Summary of a completed call session",
            "payload": {
                "sessionId": self.session,
                "subAccountId": "InternalDemoCPaaS_8dD15_voice",
                "sessionStatus": status,
                "startTime": "2026-11-20T12:30:00Z",
                "endTime": "2026-11-20T12:31:00Z",
                "lastAction": "HANGUP",
                "callCount": 1,
                "details": { "callA": {
                    "callId": uuid::Uuid::new_v4().to_string(),
                    "callDirection": "INBOUND",
                    "callType": "PSTN",
                    "initiatedTimestamp": "2026-11-20T12:30:00Z",
                    "connectedTimestamp": "2026-11-20T12:30:01Z",
                    "disconnectedTimestamp": "2026-11-20T12:31:00Z",
                    "source": CALLER,
                    "destination": self.number,
                    "callStatus": "COMPLETED",
                    "callDuration": 59
                }}
            }
        })
    }

    /// The session ends.
    pub(crate) async fn end(&self, status: &str) {
        let (code, text) = self
            .app
            .post("/webhooks/vss", self.summary(status).to_string())
            .await;
        assert_eq!(code, 200, "{text}");
    }
}

/// A callflow that the server gave. Reading it checks that the platform would take it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    pub(crate) text: String,
    pub(crate) json: Value,
}

impl Reply {
    /// Reads an answer to a voice call action: 200, and valid.
    pub(crate) fn read(status: u16, text: String) -> Self {
        assert_eq!(
            status, 200,
            "a voice call action is answered 200, not {status}: {text}"
        );
        let json: Value = serde_json::from_str(&text).expect("a callflow is JSON");
        callflow::check(&json, SentAs::Reply)
            .unwrap_or_else(|faults| panic!("{faults:?} in {text}"));
        Self { text, json }
    }

    fn actions(&self) -> &[Value] {
        self.json["callflow"].as_array().map_or(&[], Vec::as_slice)
    }

    /// The names of the actions, in order.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.actions()
            .iter()
            .filter_map(|action| action["action"].as_str())
            .collect()
    }

    /// All that is spoken, in order, final full stops left out.
    pub(crate) fn heard(&self) -> Vec<&str> {
        let texts = self.actions().iter().filter_map(|action| {
            let params = &action["params"];
            params["text"].as_str().or(params["promptMessage"].as_str())
        });
        texts.map(|text| text.trim_end_matches('.')).collect()
    }

    /// Who is called.
    pub(crate) fn dials(&self) -> Option<&str> {
        self.actions()
            .iter()
            .find_map(|action| action["params"]["destination"].as_str())
    }

    /// Whether the call ends.
    pub(crate) fn hangs_up(&self) -> bool {
        self.names().last() == Some(&"hangup")
    }

    /// Whether it is the apology of the built-in configuration.
    pub(crate) fn is_apology(&self) -> bool {
        let apology =
            "We are sorry, something went wrong on our side. Please call again later. Goodbye";
        self.hangs_up() && self.heard() == [apology]
    }
}
