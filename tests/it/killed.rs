//! The server killed with `kill -9` a hundred times under a load of voice call actions. The judge is the clients' own
//! log: every reply that came back is asked for again at the end and must be the same, byte for byte, and every call
//! goes on where it stood.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::watch;

use crate::app::{CALLER, RESTAURANT, Reply, client};

const KILLS: usize = 100;
const CLIENTS: usize = 8;

/// The keys of one call, and how each reply begins. They lead round and round until the server has been killed enough.
const ROUND: [(Option<&str>, &str); 4] = [
    (None, "Welcome to ABC Restaurant"),
    (Some("1"), "Press 1 to make a new reservation"),
    (Some("2"), "Rescheduling your reservation"),
    (Some("2"), "Changing your reservation to tomorrow"),
];

/// A server in a process of its own.
struct Server {
    process: Child,
    /// Kept open, so that the server can go on logging.
    _log: BufReader<ChildStderr>,
}

impl Server {
    fn start(folder: &Path, address: SocketAddr) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_callwright"))
            .arg("serve")
            .current_dir(folder)
            .env("CALLWRIGHT_LISTEN", address.to_string())
            .env(
                "CALLWRIGHT_FLOWS",
                Path::new(env!("CARGO_MANIFEST_DIR")).join("flows"),
            )
            .env("CALLWRIGHT_LOG__LEVEL", "error,callwright::server=info")
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("the server can be started");
        let mut log = BufReader::new(process.stderr.take().expect("its log is piped"));
        let mut line = String::new();
        while !line.contains("listening") {
            line.clear();
            let read = log.read_line(&mut line).expect("its log can be read");
            assert!(read > 0, "the server ended before it listened");
        }
        Self { process, _log: log }
    }

    fn kill(mut self) {
        self.process
            .kill()
            .expect("the server is there to be killed");
        self.process.wait().expect("and has ended");
    }
}

/// What the clients know: the body of every action that was answered, and its answer.
type Acknowledged = Arc<Mutex<HashMap<String, (Value, String)>>>;

/// One client: call after call, each request repeated over the kills until it is answered.
async fn call_on(
    address: SocketAddr,
    acknowledged: Acknowledged,
    mut lives: watch::Receiver<usize>,
) {
    let client = client();
    while *lives.borrow() <= KILLS {
        let session = uuid::Uuid::new_v4().to_string();
        let mut label = None;
        for (keys, expected) in ROUND {
            let body = action(&session, label.as_deref(), keys);
            let Some(text) = post(&client, address, &body, &mut lives).await else {
                return;
            };
            let reply = Reply::read(200, text.clone());
            assert!(
                reply.heard()[0].starts_with(expected),
                "{keys:?} gave {text}"
            );
            label = reply.json["clientActionId"].as_str().map(str::to_owned);
            let event = body["payload"]["eventId"].to_string();
            acknowledged
                .lock()
                .expect("no client panicked")
                .insert(event, (body, text));
        }
    }
}

/// Posts until it is answered; `None` when the server has been killed for the last time.
async fn post(
    client: &reqwest::Client,
    address: SocketAddr,
    body: &Value,
    lives: &mut watch::Receiver<usize>,
) -> Option<String> {
    loop {
        lives.mark_unchanged();
        let url = format!("http://{address}/webhooks/vca");
        let answer = async {
            client
                .post(url)
                .body(body.to_string())
                .send()
                .await?
                .text()
                .await
        };
        if let Ok(text) = answer.await {
            return Some(text);
        }
        lives.changed().await.ok()?;
    }
}

fn action(session: &str, label: Option<&str>, keys: Option<&str>) -> Value {
    let status = if label.is_none() {
        "CALL_RECEIVED"
    } else {
        "DTMF_RECEIVED"
    };
    serde_json::json!({
        "namespace": "VOICE",
        "eventType": "CALL_ACTION",
        "payload": {
            "eventId": uuid::Uuid::new_v4().to_string(),
            "sessionId": session,
            "callStatus": status,
            "callDirection": "INBOUND",
            "source": CALLER,
            "destination": RESTAURANT,
            "dtmf": keys,
            "clientActionId": label,
            "sipCode": 200
        }
    })
}

/// A small generator of numbers, so that a run can be had again by its seed.
struct Random(u64);

impl Random {
    fn millis(&mut self, from: u64, to: u64) -> Duration {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed ^= mixed >> 27;
        Duration::from_millis(from + mixed % (to - from))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_kills_lose_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let free = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = free.local_addr().expect("it has an address");
    drop(free);
    let seed = u64::from(std::process::id());
    println!("seed {seed}");
    let mut random = Random(seed);

    let acknowledged = Acknowledged::default();
    let (life, lives) = watch::channel(0);
    let mut server = Server::start(folder.path(), address);
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| tokio::spawn(call_on(address, acknowledged.clone(), lives.clone())))
        .collect();
    let mut slowest_start = Duration::ZERO;
    for kill in 1..=KILLS {
        tokio::time::sleep(random.millis(5, 250)).await;
        server.kill();
        let began = Instant::now();
        server = Server::start(folder.path(), address);
        slowest_start = slowest_start.max(began.elapsed());
        life.send_replace(kill);
    }
    life.send_replace(KILLS + 1);
    for client in clients {
        client.await.expect("every reply was right");
    }

    let acknowledged = std::mem::take(&mut *acknowledged.lock().expect("no client panicked"));
    println!(
        "{} acknowledged over {KILLS} kills, slowest start {slowest_start:?}",
        acknowledged.len()
    );
    assert!(acknowledged.len() > KILLS, "there was a load");
    let client = client();
    let mut lives = lives;
    for (body, reply) in acknowledged.values() {
        let again = post(&client, address, body, &mut lives).await;
        assert_eq!(
            again.as_ref(),
            Some(reply),
            "an acknowledged reply was lost"
        );
    }
    server.kill();
}
