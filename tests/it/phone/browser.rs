//! Real Chromium, driven by its own protocol (CDP) over one WebSocket. Whatever is waited for is waited for in the page.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// How long the page may take for what is waited for.
const PATIENCE_MS: u64 = 20_000;

/// What the browser is called here and there.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

const FLAGS: [&str; 11] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
    "about:blank",
];

/// A browser; it ends when this is dropped.
pub(super) struct Browser {
    process: Child,
    _profile: TempDir,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    session: String,
    sent: u64,
    /// What the page's console and its policies complained of.
    pub(super) complaints: Vec<String>,
}

impl Browser {
    /// A browser with an empty page; `None`, said aloud, where there is none on this machine. Continuous integration has one.
    pub(super) async fn start() -> Option<Self> {
        let profile = tempfile::tempdir().expect("a folder can be made");
        let mut found = NAMES.iter().filter_map(|name| {
            Command::new(name)
                .args(FLAGS)
                .arg(format!("--user-data-dir={}", profile.path().display()))
                .stderr(Stdio::piped())
                .stdout(Stdio::null())
                .spawn()
                .ok()
        });
        let Some(mut process) = found.next() else {
            let in_ci = std::env::var_os("CI").is_some_and(|ci| ci == "true");
            assert!(
                !in_ci,
                "Chromium is not installed (Debian: apt-get install chromium)"
            );
            println!("skipped: Chromium is not installed (Debian: apt-get install chromium)");
            return None;
        };
        let errors = BufReader::new(process.stderr.take().expect("it is piped"));
        let address = errors
            .lines()
            .map_while(Result::ok)
            .find_map(|line| {
                line.strip_prefix("DevTools listening on ")
                    .map(str::to_owned)
            })
            .expect("Chromium says where it listens");
        let (socket, _) = connect_async(address).await.expect("it listens there");
        let mut browser = Self {
            process,
            _profile: profile,
            socket,
            session: String::new(),
            sent: 0,
            complaints: Vec::new(),
        };
        browser.attach().await;
        Some(browser)
    }

    async fn attach(&mut self) {
        let target = self
            .call("Target.createTarget", json!({"url": "about:blank"}))
            .await;
        let wanted = json!({"targetId": target["targetId"], "flatten": true});
        let attached = self.call("Target.attachToTarget", wanted).await;
        self.session = attached["sessionId"].as_str().expect("an id").to_owned();
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            self.call(domain, json!({})).await;
        }
    }

    /// Shows pages as a screen of this size and in these colours would.
    pub(super) async fn look(&mut self, (width, height): (u32, u32), colours: &str) {
        let screen =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", screen)
            .await;
        let features = json!({"features": [
            {"name": "prefers-color-scheme", "value": colours},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]});
        self.call("Emulation.setEmulatedMedia", features).await;
    }

    /// Runs `script` in each page from now on before anything of its own.
    pub(super) async fn before_pages(&mut self, script: &str) {
        let wanted = json!({"source": script});
        self.call("Page.addScriptToEvaluateOnNewDocument", wanted)
            .await;
    }

    /// Opens a page and waits until it holds `text`.
    pub(super) async fn open(&mut self, url: &str, text: &str) {
        self.call("Page.navigate", json!({"url": url})).await;
        self.until_text(text).await;
    }

    /// Presses a key of the keyboard, wherever the focus is.
    pub(super) async fn key(&mut self, key: &str) {
        let text = match key.len() {
            1 => json!(key),
            _ => Value::Null,
        };
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({"type": kind, "key": key});
            if kind == "keyDown" && !text.is_null() {
                event["text"] = text.clone();
            }
            if key == "Tab" {
                event["windowsVirtualKeyCode"] = json!(9);
                event["code"] = json!("Tab");
            }
            self.call("Input.dispatchKeyEvent", event).await;
        }
    }

    /// Presses the button with these words.
    pub(super) async fn click(&mut self, words: &str) {
        let find = format!(
            "[...document.querySelectorAll('button')].find((it) => !it.disabled && it.textContent.startsWith({}))",
            json!(words)
        );
        self.until(&format!("{find} !== undefined")).await;
        self.eval(&format!("{find}.click()")).await;
    }

    /// Waits until the page shows `text`.
    pub(super) async fn until_text(&mut self, text: &str) {
        self.until(&format!(
            "document.body?.innerText.includes({})",
            json!(text)
        ))
        .await;
    }

    /// Waits until `condition` is true: looked at whenever the page changes.
    pub(super) async fn until(&mut self, condition: &str) {
        let waiting = format!(
            "new Promise((done, fail) => {{
                const look = () => {{ if ({condition}) {{ observer.disconnect(); done(true); }} }};
                const observer = new MutationObserver(look);
                observer.observe(document, {{subtree: true, childList: true, attributes: true, characterData: true}});
                setTimeout(() => fail(new Error('it did not come; the page says: ' + document.body?.innerText)), {PATIENCE_MS});
                look();
            }})"
        );
        self.eval(&waiting).await;
    }

    /// The value of a JavaScript expression in the page.
    pub(super) async fn eval(&mut self, expression: &str) -> Value {
        let wanted = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let answer = self.call("Runtime.evaluate", wanted).await;
        let thrown = &answer["exceptionDetails"];
        assert!(thrown.is_null(), "{}", thrown["exception"]["description"]);
        answer["result"]["value"].clone()
    }

    /// The text of what `selector` finds.
    pub(super) async fn text_of(&mut self, selector: &str) -> String {
        let find = format!(
            "document.querySelector({})?.innerText ?? ''",
            json!(selector)
        );
        self.eval(&find)
            .await
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// A picture of the whole page, written where CALLWRIGHT_SCREENSHOTS says, if it says so.
    pub(super) async fn picture(&mut self, name: &str) {
        let Some(folder) = std::env::var_os("CALLWRIGHT_SCREENSHOTS") else {
            return;
        };
        use base64::Engine as _;
        let wanted = json!({"format": "png", "captureBeyondViewport": true});
        let answer = self.call("Page.captureScreenshot", wanted).await;
        let data = answer["data"].as_str().expect("a picture");
        let png = base64::engine::general_purpose::STANDARD.decode(data);
        let file = std::path::Path::new(&folder).join(format!("{name}.png"));
        std::fs::write(file, png.expect("base64")).expect("the folder can be written");
    }

    async fn call(&mut self, method: &str, params: Value) -> Value {
        self.sent += 1;
        let id = self.sent;
        let mut message = json!({"id": id, "method": method, "params": params});
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        let message = Message::text(message.to_string());
        self.socket.send(message).await.expect("it takes messages");
        let answered = async {
            loop {
                let message = self.socket.next().await.expect("it is there");
                let Message::Text(text) = message.expect("it speaks") else {
                    continue;
                };
                let told: Value = serde_json::from_str(&text).expect("CDP is JSON");
                if told["id"] == id {
                    return told;
                }
                self.complaints.extend(complaint(&told));
            }
        };
        let patience = Duration::from_millis(PATIENCE_MS + 5_000);
        let answer = timeout(patience, answered).await;
        let answer = answer.unwrap_or_else(|_| panic!("{method} is not answered"));
        assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
        answer["result"].clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It is ours, and has nothing to keep.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What an event complains of.
fn complaint(event: &Value) -> Option<String> {
    let params = &event["params"];
    match event["method"].as_str()? {
        "Runtime.exceptionThrown" => Some(params["exceptionDetails"].to_string()),
        "Log.entryAdded" if params["entry"]["level"] == "error" => {
            Some(params["entry"]["text"].to_string())
        }
        _ => None,
    }
}
