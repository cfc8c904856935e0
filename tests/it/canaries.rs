//! S7: fifty numbers go through all that the server does, at the most talkative log, with faults and a panic. None of them stands anywhere
//! that outlives the request: files, back-up, log, metrics, answers; neither as it is nor in another writing, nor hashed without a key.

use std::collections::BTreeSet;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sqlx::{Connection as _, Row as _};

use crate::app::{RESTAURANT, client};
use crate::bookings::POOL;
use crate::cluster;
use crate::outbound::platform_settings;
use crate::reliability::process::{Home, Server};
use crate::reliability::random::Random;
use crate::told::receiver::Receiver;

/// How many numbers.
const CANARIES: usize = 50;

/// How many digits they have within their country.
const NATIONAL: usize = 8;

/// What is asked of the server, and what it answered.
struct Desk {
    home: Home,
    http: reqwest::Client,
    /// What was refused: the API's other answers show what they were asked for.
    said: Vec<u8>,
}

impl Desk {
    /// Asks, and keeps why it was refused. The answer.
    async fn ask(&mut self, method: Method, path: &str, body: &Value) -> Value {
        let url = format!("http://{}{path}", self.home.address);
        let key = uuid::Uuid::new_v4().to_string();
        let request = self.http.request(method, url);
        let request = request
            .header("idempotency-key", key)
            .body(body.to_string());
        let answer = request.send().await.expect("the server answers");
        let is_refused = answer.status().as_u16() >= 400;
        let text = answer.text().await.unwrap_or_default();
        if is_refused || path == "/metrics" || path == "/readyz" {
            self.said.extend_from_slice(text.as_bytes());
        }
        serde_json::from_str(&text).unwrap_or_default()
    }

    async fn post(&mut self, path: &str, body: &Value) -> Value {
        self.ask(Method::POST, path, body).await
    }

    async fn get(&mut self, path: &str) {
        self.ask(Method::GET, path, &json!({})).await;
    }
}

fn webhook(kind: &str, session: &str, status: &str, from: &str, to: &str) -> Value {
    json!({
        "namespace": "VOICE", "eventType": kind, "description": format!("about {from}"),
        "payload": {
            "eventId": format!("{session}-{kind}-{status}"), "sessionId": session, "subAccountId": "InternalDemoCPaaS_8dD15_voice",
            "callStatus": status, "callDirection": "INBOUND", "source": from, "destination": to, "sipCode": 200,
            "sessionStatus": "COMPLETED", "details": {"callA": {"source": from, "destination": to, "callDuration": 3}, "callB": {"source": to, "destination": from}}
        }
    })
}

/// All that can be done with one number, and what goes wrong with it.
async fn sing(desk: &mut Desk, nth: usize, canary: &str, next: &str) {
    let digits = &canary[1..];
    let (trip, session) = (format!("trip-{nth}"), format!("s-{nth}"));
    let side = |phone: &str| json!({"phones": [phone], "label": format!("who has {phone}")});
    let body = json!({"a": side(canary), "b": side(next)});
    let made = desk
        .ask(Method::PUT, &format!("/v1/bookings/{trip}"), &body)
        .await;
    let vn = made["a"]["virtual_number"]
        .as_str()
        .unwrap_or(POOL[0])
        .to_owned();
    for to in [&vn[..], RESTAURANT] {
        let session = format!("{session}-{}", &to[8..]);
        desk.post(
            "/webhooks/vca",
            &webhook("CALL_ACTION", &session, "CALL_RECEIVED", canary, to),
        )
        .await;
        desk.post(
            "/webhooks/vcs",
            &webhook("CALL_STATUS", &session, "CALL_CONNECTED", digits, to),
        )
        .await;
        desk.post(
            "/webhooks/vss",
            &webhook("SESSION_SUMMARY", &session, "COMPLETED", canary, to),
        )
        .await;
        desk.get(&format!("/v1/sessions/{session}")).await;
    }
    let call = json!({"caller": canary, "virtual_number": vn});
    desk.post("/v1/masking/simulate", &call).await;
    desk.post("/v1/sessions", &json!({"flow": "restaurant", "to": canary}))
        .await;
    let second = json!({"phones": [next, "+6590000009"], "language": digits});
    desk.ask(
        Method::PUT,
        &format!("/v1/bookings/{trip}/sides/b"),
        &second,
    )
    .await;
    match nth % 5 {
        0 => {
            desk.post(
                &format!("/v1/bookings/{trip}/close"),
                &json!({"reason": "abuse", "block": "a"}),
            )
            .await
        }
        1 => {
            desk.post(
                &format!("/v1/bookings/{trip}/close"),
                &json!({"reason": canary}),
            )
            .await
        }
        2 => {
            desk.post(
                "/v1/bookings:batch",
                &json!({"bookings": [{"id": digits, "a": side(canary), "b": side(next)}]}),
            )
            .await
        }
        3 if nth % 15 == 3 => {
            desk.post("/v1/subjects/erase", &json!({"phone": canary}))
                .await
        }
        _ => {
            desk.post("/v1/subjects/erase", &json!({"phones": canary}))
                .await
        }
    };
    // Where a number does not belong.
    for path in [
        format!("/v1/bookings/{digits}"),
        format!("/v1/bookings/%2B{digits}"),
        format!("/v1/sessions/{digits}"),
        format!("/v1/sessions?number=%2B{digits}"),
        format!("/v1/bookings?phone=%2B{digits}"),
        format!("/v1/{canary}"),
        format!("/{digits}?{digits}"),
    ] {
        desk.get(&path).await;
    }
    desk.ask(
        Method::PUT,
        &format!("/v1/numbers/{canary}"),
        &json!({"pool": canary}),
    )
    .await;
    desk.ask(
        Method::PUT,
        &format!("/v1/bookings/{digits}"),
        &json!({"a": {"phones": canary}, digits: 1, "pool": digits}),
    )
    .await;
    let mut strange = webhook("CALL_ACTION", &session, canary, digits, canary);
    strange["payload"]["dtmf"] = json!({ "keys": digits });
    desk.post("/webhooks/vca", &strange).await;
    desk.post(
        "/webhooks/vcs",
        &json!({"payload": {"source": canary}, digits: canary}),
    )
    .await;
}

/// What a number must not be found as.
fn writings(canary: &str) -> Vec<Vec<u8>> {
    let (digits, national) = (&canary[1..], &canary[3..]);
    let mut found = vec![digits.as_bytes().to_vec(), national.as_bytes().to_vec()];
    found.push(digits.bytes().rev().collect());
    for text in [canary, digits, national] {
        found.push(
            BASE64
                .encode(text)
                .trim_end_matches('=')
                .as_bytes()
                .to_vec(),
        );
        let hashes: [Vec<u8>; 3] = [
            Sha256::digest(text).to_vec(),
            sha1::Sha1::digest(text).to_vec(),
            md5::Md5::digest(text).to_vec(),
        ];
        for hash in hashes {
            found.push(hex(&hash).into_bytes());
            found.push(hash);
        }
    }
    found.push(hex(digits.as_bytes()).into_bytes());
    found
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Which of the numbers stand somewhere, told by their places in the list.
fn found(bytes: &[u8], canaries: &[String]) -> BTreeSet<usize> {
    let known: Vec<_> = canaries
        .iter()
        .enumerate()
        .flat_map(|(nth, canary)| writings(canary).into_iter().map(move |it| (nth, it)))
        .collect();
    // By their first four bytes: one pass over some megabytes, for a thousand needles.
    let mut by_head: std::collections::HashMap<[u8; 4], Vec<(usize, &[u8])>> = Default::default();
    for (nth, needle) in &known {
        let head = *needle.first_chunk().expect("they are longer");
        by_head.entry(head).or_default().push((*nth, needle));
    }
    let mut may_begin = vec![false; 1 << 16];
    for head in by_head.keys() {
        may_begin[usize::from(u16::from_be_bytes([head[0], head[1]]))] = true;
    }
    let mut hits = BTreeSet::new();
    for at in 0..bytes.len().saturating_sub(3) {
        let head = bytes[at..].first_chunk::<4>().expect("four are left");
        if !may_begin[usize::from(u16::from_be_bytes([head[0], head[1]]))] {
            continue;
        }
        let Some(needles) = by_head.get(head) else {
            continue;
        };
        let here = needles
            .iter()
            .filter(|(_, it)| bytes[at..].starts_with(it) && stands_alone(bytes, at, it));
        hits.extend(here.map(|(nth, _)| *nth));
    }
    hits
}

/// Whether eight digits are no part of a longer word, as an id may have them by chance. What is longer is what it is.
fn stands_alone(bytes: &[u8], at: usize, needle: &[u8]) -> bool {
    let is_word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let before = at.checked_sub(1).and_then(|before| bytes.get(before));
    needle.len() != NATIONAL || !(is_word(before) || is_word(bytes.get(at + needle.len())))
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).expect("the folder can be listed");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .filter(|path| path.is_file())
        .map(|path| {
            (
                path.display().to_string(),
                std::fs::read(&path).unwrap_or_default(),
            )
        })
        .collect()
}

/// Every row of every table, as text.
async fn dump(url: &str) -> Vec<u8> {
    let mut database = sqlx::PgConnection::connect(url).await.expect("it answers");
    let tables = sqlx::query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
    let tables = tables
        .fetch_all(&mut database)
        .await
        .expect("they are listed");
    let mut text = String::new();
    for table in tables {
        let name: String = table.get(0);
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT t::text FROM {name} AS t"
        )));
        for row in rows.fetch_all(&mut database).await.expect("it reads") {
            text.push_str(row.get(0));
        }
    }
    text.into_bytes()
}

async fn no_number_is_found(home: Home, database: Option<&str>) {
    let mut random = Random::announced("S7");
    let canaries: Vec<_> = (0..CANARIES)
        .map(|_| format!("+659{:07}", random.between(1_000_000, 9_999_999)))
        .collect();
    let told = Receiver::kind().await;
    let mut home = told
        .settings()
        .into_iter()
        .fold(home, |home, (name, value)| home.env(&name, &value));
    home.environment
        .extend(platform_settings("http://127.0.0.1:9"));
    let home = home
        .env("CALLWRIGHT_POOLS__DEFAULT__NUMBERS", &POOL.join(","))
        .env("CALLWRIGHT_POOLS__DEFAULT__CAPTURE", "true");
    let mut command = home.command();
    command.env("CALLWRIGHT_LOG__LEVEL", "trace");
    #[cfg(feature = "failpoints")]
    command.env("FAILPOINT", "vca.decided=panic@7");
    let server: Server = home.start_with(&mut command);
    let mut desk = Desk {
        home,
        http: client(),
        said: Vec::new(),
    };
    for (nth, canary) in canaries.iter().enumerate() {
        sing(&mut desk, nth, canary, &canaries[(nth + 1) % CANARIES]).await;
    }
    for path in [
        "/v1/sessions",
        "/v1/bookings",
        "/v1/events?limit=100",
        "/v1/numbers",
        "/v1/erasures",
        "/metrics",
        "/readyz",
    ] {
        desk.get(path).await;
    }
    let mut places = vec![("answers".to_owned(), std::mem::take(&mut desk.said))];
    places.extend(told.got().into_iter().map(|mut got| {
        // Their own id of a booking is the customers' own affair.
        got.json["data"]["booking_id"].take();
        ("an event".to_owned(), got.json.to_string().into_bytes())
    }));
    match database {
        Some(url) => places.push(("the database".to_owned(), dump(url).await)),
        None => {
            let mut backup = desk.home.command();
            let folder = desk.home.path().join("back-up.db");
            let args = ["backup".as_ref(), folder.as_os_str()];
            let mut again = std::process::Command::new(backup.get_program());
            again.args(args).current_dir(desk.home.path());
            let envs = backup.env_remove("FAILPOINT").get_envs();
            again.envs(envs.filter_map(|(name, value)| Some((name, value?))));
            let done = again.output().expect("it can be run");
            assert!(
                done.status.success(),
                "{}",
                String::from_utf8_lossy(&done.stderr)
            );
        }
    }
    server.kill();
    places.extend(files(desk.home.path()));
    let bytes: usize = places.iter().map(|(_, bytes)| bytes.len()).sum();
    for (place, bytes) in &places {
        let hits = found(bytes, &canaries);
        assert!(hits.is_empty(), "{} numbers stand in {place}", hits.len());
    }
    let log = desk.home.read_log();
    assert!(
        log.contains("TRACE") || log.contains("trace"),
        "it is the most talkative log"
    );
    println!(
        "S7: {CANARIES} numbers through the API, webhooks, events, faults and a panic; {} files and answers, {} KiB, log at trace: 0 found",
        places.len(),
        bytes / 1024
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_number_stands_in_the_clear_anywhere() {
    no_number_is_found(Home::new(), None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_number_stands_in_the_clear_anywhere_of_a_node_and_its_database() {
    if let Some(url) = cluster::database() {
        no_number_is_found(Home::node(&url), Some(&url)).await;
    }
}

/// The search finds what it is to find.
#[test]
fn a_number_is_found_in_each_of_its_writings() {
    let canaries = ["+6591234567".to_owned(), "+6598765432".to_owned()];
    for writing in writings(&canaries[1]) {
        let mut text = b"some text and ".to_vec();
        text.extend_from_slice(&writing);
        assert_eq!(found(&text, &canaries), BTreeSet::from([1]), "{writing:?}");
    }
    assert!(found(b"+65....4567 and +65....5432", &canaries).is_empty());
}
