//! The page's routes: there when they were asked for, for this machine's own page.

use callwright::clock::Clock;
use callwright::config::Config;
use callwright::server::{self, StartError, With};

use serde_json::Value;

use super::demo::Demo;
use super::restaurant;
use crate::app::{TestApp, client};

#[tokio::test]
async fn a_server_for_the_platform_has_no_phone() {
    let app = TestApp::start().await;
    for path in ["/phone", "/phone/flows", "/phone/phone.js"] {
        assert_eq!(app.get(path).await.0, 404, "{path}");
    }
}

#[tokio::test]
async fn a_phone_that_others_could_reach_is_refused() {
    let env = [
        ("CALLWRIGHT_LISTEN", "0.0.0.0:0"),
        ("CALLWRIGHT_SUBACCOUNTS__MAIN__ID", "main"),
        ("CALLWRIGHT_SUBACCOUNTS__MAIN__PRODUCT", "ivr"),
        (
            "CALLWRIGHT_SUBACCOUNTS__MAIN__WEBHOOK_SECRET",
            "sixteen letters or more",
        ),
    ];
    let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let config = Config::load(None, env).expect("it is sound without the phone");
    let refused = server::start_with(With::Phone, config, Clock::system()).await;
    assert!(matches!(refused, Err(StartError::PhoneInReach(_))));
}

#[tokio::test]
async fn beside_a_configured_server_the_phone_calls_as_its_sub_account() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let env = [
        ("LISTEN", "127.0.0.1:0".to_owned()),
        (
            "DATABASE_URL",
            format!("sqlite://{}", path("callwright.db")),
        ),
        ("KEYS__FILE", path("callwright.keys")),
        ("FLOWS", restaurant().display().to_string()),
        ("SUBACCOUNTS__MAIN__ID", "main".to_owned()),
        ("SUBACCOUNTS__MAIN__PRODUCT", "ivr".to_owned()),
        (
            "SUBACCOUNTS__MAIN__WEBHOOK_SECRET",
            "sixteen letters or more".to_owned(),
        ),
    ];
    let env = env.map(|(name, value)| (format!("CALLWRIGHT_{name}"), value));
    let config = Config::load(None, env).expect("it is sound");
    let started = server::start_with(With::Phone, config, Clock::system()).await;
    let running = started.expect("it starts");
    let calls = format!("http://{}/phone/calls", running.address());
    let body = r#"{"flow": "restaurant", "from": "+6591234567"}"#;
    let answer = client()
        .post(&calls)
        .body(body)
        .send()
        .await
        .expect("it answers");
    let answer: Value = serde_json::from_str(&answer.text().await.expect("text")).expect("JSON");
    let session = answer["session"].as_str().expect("it is called");
    let events = client()
        .get(format!("{calls}/{session}/events"))
        .send()
        .await;
    let mut events = events.expect("it tells");
    let mut told = String::new();
    while !told.contains(r#""type":"says""#) {
        let chunk = events
            .chunk()
            .await
            .expect("it goes on")
            .expect("it has not ended");
        told += &String::from_utf8_lossy(&chunk);
    }
    assert!(told.contains(r#""subAccountId":"main""#), "{told}");
    assert!(told.contains("Welcome to ABC Restaurant"), "{told}");
    running.stop().await;
}

#[tokio::test]
async fn another_sites_page_gets_nothing() {
    let demo = Demo::start(None);
    let url = format!("{}/flows", demo.url());
    for (name, value, status) in [
        ("origin", "https://example.com", 403),
        ("origin", "null", 403),
        ("host", "phone.example.com", 403),
        ("x-nothing", "", 200),
    ] {
        let asked = client().get(&url).header(name, value).send().await;
        let answer = asked.expect("it answers");
        assert_eq!(answer.status().as_u16(), status, "{name}: {value}");
    }
}

#[tokio::test]
async fn what_the_phone_cannot_do_is_a_problem() {
    let demo = Demo::start(None);
    for (path, body, status) in [
        ("calls", "{", 400),
        (
            "calls",
            r#"{"flow": "nothing", "from": "+6591234567"}"#,
            404,
        ),
        (
            "calls",
            r#"{"flow": "restaurant", "from": "+6591234567", "at": "noon"}"#,
            400,
        ),
        ("calls/nothing", r#"{"do": "press", "keys": "1"}"#, 404),
    ] {
        let url = format!("{}/{path}", demo.url());
        let answer = client()
            .post(url)
            .body(body)
            .send()
            .await
            .expect("it answers");
        assert_eq!(answer.status().as_u16(), status, "{path} {body}");
        let media_type = answer.headers()["content-type"].clone();
        assert_eq!(media_type, "application/problem+json");
    }
}

#[tokio::test]
async fn the_page_may_do_nothing_but_be_itself() {
    let demo = Demo::start(None);
    let answer = client().get(demo.url()).send().await.expect("it answers");
    let policy = answer.headers()["content-security-policy"].clone();
    let policy = policy.to_str().expect("it is text");
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self'; "),
        "{policy}"
    );
    assert!(!policy.contains("unsafe"), "{policy}");
    for path in ["", "/phone.js", "/phone.css"] {
        let url = format!("{}{path}", demo.url());
        let answer = client().get(url).send().await.expect("it answers");
        let text = answer.text().await.expect("it is text");
        // SVG's name space is a name.
        let text = text.replace("http://www.w3.org/", "");
        assert!(
            !text.contains("http://") && !text.contains("https://"),
            "/phone{path} names another place"
        );
    }
}
