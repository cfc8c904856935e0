//! The door from outside: whose webhooks are taken, from where, how large, and what hostile clients cannot do.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::app::{RESTAURANT, Reply, Settings, TestApp};

/// Posts a voice call action with these headers and gives the status.
async fn post(app: &TestApp, headers: &[(&str, &str)], body: &Value) -> u16 {
    let mut request = app
        .client
        .post(app.url("/webhooks/vca"))
        .body(body.to_string());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request
        .send()
        .await
        .expect("the server answers")
        .status()
        .as_u16()
}

#[tokio::test]
async fn webhooks_come_from_listed_addresses_only() {
    let allow = Settings::default().env(
        "CALLWRIGHT_WEBHOOKS__ALLOW_FROM",
        "8x8-singapore,10.9.0.0/16",
    );
    let behind_a_proxy = allow
        .clone()
        .env("CALLWRIGHT_PROXIES__TRUSTED", "127.0.0.0/8");
    for (settings, forwarded, expected) in [
        (&behind_a_proxy, Some("18.140.80.2"), 200),
        (&behind_a_proxy, Some("10.9.8.7"), 200),
        (&behind_a_proxy, Some("192.0.2.1, 52.74.232.241"), 200),
        (&behind_a_proxy, Some("18.140.80.2, 192.0.2.1"), 403),
        (&behind_a_proxy, Some("anybody"), 403),
        (&behind_a_proxy, None, 403),
        (&allow, Some("18.140.80.2"), 403),
        (&allow, None, 403),
    ] {
        let app = TestApp::start_with(settings.clone()).await;
        let body = app.caller(RESTAURANT).body("CALL_RECEIVED", |_| {});
        let headers: Vec<_> = forwarded
            .map(|value| ("X-Forwarded-For", value))
            .into_iter()
            .collect();
        assert_eq!(post(&app, &headers, &body).await, expected, "{forwarded:?}");
    }
}

#[tokio::test]
async fn sub_accounts_are_kept_apart_by_their_secrets() {
    let settings = Settings::default()
        .env(
            "CALLWRIGHT_SUBACCOUNTS__MENUS__ID",
            "InternalDemoCPaaS_8dD15_voice",
        )
        .env("CALLWRIGHT_SUBACCOUNTS__MENUS__PRODUCT", "ivr")
        .env(
            "CALLWRIGHT_SUBACCOUNTS__MENUS__WEBHOOK_SECRET",
            "the secret of the menus",
        )
        .env("CALLWRIGHT_SUBACCOUNTS__RIDES__ID", "rides")
        .env("CALLWRIGHT_SUBACCOUNTS__RIDES__PRODUCT", "masking")
        .env(
            "CALLWRIGHT_SUBACCOUNTS__RIDES__WEBHOOK_SECRET",
            "the secret of the rides",
        );
    let app = TestApp::start_with(settings).await;
    let own = app.caller(RESTAURANT).body("CALL_RECEIVED", |_| {});
    let strange = app
        .caller(RESTAURANT)
        .body("CALL_RECEIVED", |it| it["subAccountId"] = "another".into());
    for (secret, body, expected) in [
        (Some("the secret of the menus"), &own, 200),
        (Some("the secret of the rides"), &own, 401),
        (Some("the secret of nobody"), &own, 401),
        (None, &own, 401),
        (Some("the secret of the menus"), &strange, 403),
    ] {
        let headers: Vec<_> = secret.map(|it| ("Authorization", it)).into_iter().collect();
        assert_eq!(post(&app, &headers, body).await, expected, "{secret:?}");
    }
}

#[tokio::test]
async fn what_is_no_webhook_is_refused_with_every_fault_named() {
    let app = TestApp::start().await;
    let vca = app.caller(RESTAURANT).body("CALL_RECEIVED", |_| {});
    let mut nameless = vca.clone();
    nameless["payload"] = json!({ "sessionId": "" });
    let mut other = vca.clone();
    other["eventType"] = "CALL_STATUS".into();
    for (body, status, paths) in [
        ("no JSON".to_owned(), 400, &["$"][..]),
        ("[]".to_owned(), 400, &["$"]),
        (
            nameless.to_string(),
            400,
            &["$.payload.eventId", "$.payload.sessionId"],
        ),
        (other.to_string(), 400, &["$.eventType"]),
        (
            format!("{}{}", "[".repeat(33), "]".repeat(33)),
            400,
            &["byte 32"],
        ),
        ("[".repeat(200_000), 400, &["byte 32"]),
        (format!("{vca}{}", " ".repeat(256 * 1024)), 413, &[]),
    ] {
        let (code, text) = app.post("/webhooks/vca", body).await;
        assert_eq!(code, status, "{text}");
        let problem: Value = serde_json::from_str(&text).expect("a problem is JSON");
        let named: Vec<_> = problem["errors"]
            .as_array()
            .map_or(&[][..], Vec::as_slice)
            .iter()
            .filter_map(|error| error["path"].as_str())
            .collect();
        assert_eq!(named, paths, "{problem}");
    }
    let just_fits = vca.to_string();
    let padding = " ".repeat(256 * 1024 - just_fits.len());
    let (status, text) = app
        .post("/webhooks/vca", format!("{just_fits}{padding}"))
        .await;
    Reply::read(status, text);
}

/// 2,000 sockets that are silent, or drip, or never read: calls are answered meanwhile, and all are closed.
#[tokio::test]
async fn slow_clients_are_closed_and_keep_nobody_waiting() {
    let settings = Settings::default()
        .env("CALLWRIGHT_HTTP__MAX_CONNECTIONS_PER_ADDRESS", "4096")
        .env("CALLWRIGHT_HTTP__HEAD_TIMEOUT_MS", "1500")
        .env("CALLWRIGHT_HTTP__BODY_TIMEOUT_MS", "1500");
    let app = TestApp::start_with(settings).await;
    let began = Instant::now();
    let mut sockets = Vec::new();
    for number in 0..2_000 {
        let mut socket = TcpStream::connect(app.address)
            .await
            .expect("the server listens");
        let sent: &[u8] = match number % 3 {
            0 => b"",
            1 => b"POST /webhooks/vca HTTP/1.1\r\nHost: a\r\nX-",
            _ => b"POST /webhooks/vca HTTP/1.1\r\nHost: a\r\nContent-Length: 600\r\n\r\n{",
        };
        socket.write_all(sent).await.expect("a few bytes are taken");
        sockets.push(socket);
    }
    let mut latencies = Vec::new();
    for _ in 0..50 {
        let asked = Instant::now();
        app.caller(RESTAURANT).dial().await;
        latencies.push(asked.elapsed());
    }
    latencies.sort();
    println!(
        "S12: calls among 2,000 slow sockets: median {:?}, slowest {:?}",
        latencies[25], latencies[49]
    );
    for mut socket in sockets {
        let mut rest = Vec::new();
        // Closed by an end or by a reset: either way it is over.
        let _ = socket.read_to_end(&mut rest).await;
    }
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "all were closed in {:?}",
        began.elapsed()
    );
}
