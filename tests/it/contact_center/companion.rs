//! The companion endpoint: the guide's own examples, every bad request with its sentence, and what becomes of a handoff when
//! the Contact Center does badly.

use callwright::emulator::CenterFault;
use serde_json::Value;
use tokio::time::{Duration, Instant};

use super::bad_requests::bad_requests;
use super::{ACTION, SIP_ID, TENANT, Tenant};
use crate::app::{Settings, TestApp};

const OURS: &str = "handoff-0123456789abcdef0123456789";
const READER: &str = "reader-0123456789abcdef0123456789";

const PATHS: [&str; 2] = [
    "/contact-center/externalIvrAction",
    "/SC/externalIvrAction.php",
];

pub(crate) fn settings(tenant: &Tenant) -> Settings {
    let settings = [("HANDER", OURS, "handoff"), ("READER", READER, "read")]
        .into_iter()
        .fold(Settings::default(), |settings, (name, token, scopes)| {
            let key = |key: &str| format!("CALLWRIGHT_API__TOKENS__{name}__{key}");
            settings
                .env(&key("TOKEN"), token)
                .env(&key("SCOPES"), scopes)
        });
    tenant
        .variables()
        .iter()
        .fold(settings, |settings, (name, value)| {
            settings.env(name, value)
        })
}

async fn start() -> (Tenant, TestApp) {
    let tenant = Tenant::start().await;
    let app = TestApp::start_with(settings(&tenant)).await;
    (tenant, app)
}

/// The guide's request.
fn good() -> Vec<(String, String)> {
    [
        ("tenant", TENANT),
        ("token", ACTION),
        ("sip_id", SIP_ID),
        ("action", "wForwardACD"),
        ("param", "102"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

fn encoded(parameters: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish()
}

async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.expect("the server answers");
    let status = answer.status().as_u16();
    (
        status,
        serde_json::from_str(&answer.text().await.expect("text")).expect("JSON"),
    )
}

async fn by_query(app: &TestApp, path: &str, parameters: &[(String, String)]) -> (u16, Value) {
    answer(
        app.client
            .get(app.url(&format!("{path}?{}", encoded(parameters)))),
    )
    .await
}

async fn by_form(app: &TestApp, path: &str, parameters: &[(String, String)]) -> (u16, Value) {
    answer(app.client.post(app.url(path)).body(encoded(parameters))).await
}

async fn listed(app: &TestApp) -> Vec<Value> {
    let (status, list) = answer(app.client.get(app.url("/v1/handoffs")).bearer_auth(READER)).await;
    assert_eq!(status, 200, "{list}");
    list["items"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn the_guides_examples_are_taken_at_both_paths_by_query_and_form() {
    let (tenant, app) = start().await;
    for path in PATHS {
        let (status, said) = by_query(&app, path, &good()).await;
        assert_eq!(
            (status, &said["status"], &said["queue"]),
            (200, &"accepted".into(), &"102".into()),
            "{said}"
        );
        let (status, said) = by_form(&app, path, &good()).await;
        assert_eq!(
            (status, &said["status"]),
            (200, &"accepted".into()),
            "{said}"
        );
    }
    // As its address is written in the guide, brackets and all; and its CallXML, whose data break over a line.
    let written = format!(
        "{}?tenant={TENANT}&token={ACTION}&sip_id={SIP_ID}&action=wForwardACD&param=102&extIvrData=[First%20Name|John][Last%20Name|Smith]",
        PATHS[1]
    );
    let (status, _) = answer(app.client.get(app.url(&written))).await;
    assert_eq!(status, 200);
    tenant.center(|center| {
        center
            .queues
            .insert("114".to_owned(), callwright::emulator::Queue::default())
    });
    let mut form = good();
    form[4].1 = "114".to_owned();
    form.push((
        "extIvrData".to_owned(),
        "[First Name|John][Last Name|Smith][Account\n ID|12345678]".to_owned(),
    ));
    let (status, _) = by_form(&app, PATHS[0], &form).await;
    assert_eq!(status, 200);
    let arrived = tenant
        .center(|center| center.handoffs().last().cloned())
        .expect("it arrived");
    assert_eq!(
        (arrived.queue.as_str(), arrived.data.as_str()),
        (
            "114",
            "[First Name|John][Last Name|Smith][Account ID|12345678]"
        )
    );
    let listed = listed(&app).await;
    assert_eq!(listed.len(), 6);
    assert_eq!(
        (&listed[0]["state"], &listed[0]["queue"], &listed[0]["by"]),
        (&"TAKEN".into(), &"114".into(), &"script".into())
    );
    assert_eq!(listed[0]["sip_id"], SIP_ID);
    assert_eq!(
        listed[0]["data"][2]["value"], "+1••••5678",
        "what may be a number is masked"
    );
    assert_eq!(listed[0]["data"][0]["value"], "John");
}

#[tokio::test]
async fn a_token_of_ours_opens_it_and_the_tenants_stays_here() {
    let (tenant, app) = start().await;
    let mut with_ours = good();
    with_ours[1].1 = OURS.to_owned();
    assert_eq!(by_query(&app, PATHS[0], &with_ours).await.0, 200);
    with_ours.remove(1);
    let by_header = app
        .client
        .post(app.url(PATHS[0]))
        .bearer_auth(OURS)
        .body(encoded(&with_ours));
    assert_eq!(answer(by_header).await.0, 200);
    assert_eq!(
        tenant.center(|center| center.handoffs().len()),
        1,
        "told twice it is one"
    );
    let by_reader = app
        .client
        .post(app.url(PATHS[0]))
        .bearer_auth(READER)
        .body(encoded(&with_ours));
    let (status, said) = answer(by_reader).await;
    assert_eq!((status, &said["code"]), (403, &"missing_scope".into()));
}

#[tokio::test]
async fn every_bad_request_has_its_sentence() {
    let (tenant, app) = start().await;
    let mut asked = 0;
    let mut told = async |given: Vec<(String, String)>, sentence: &str| {
        asked += 1;
        for path in PATHS {
            for (status, said) in [
                by_query(&app, path, &given).await,
                by_form(&app, path, &given).await,
            ] {
                assert!(matches!(status, 400 | 401), "{given:?}: {said}");
                let fault = &said["errors"][0];
                let text = |key: &str| fault[key].as_str().unwrap_or_default();
                let first = format!("`{}` {}: {}", text("path"), text("message"), text("help"));
                let detail = said["detail"].as_str().expect("a text");
                assert!(first == sentence || detail == sentence, "{given:?}: {said}");
                assert!(
                    !said.to_string().contains("91234567") && !said.to_string().contains(ACTION),
                    "{said}"
                );
            }
        }
    };
    for (changes, sentence) in bad_requests() {
        let mut given = good();
        for (name, value) in changes {
            given.retain(|(key, _)| key != name);
            given.push((name.to_owned(), value));
        }
        told(given, sentence).await;
    }
    for (name, sentence) in [
        (
            "tenant",
            "Send tenant and token as [contact_center] of the configuration has them, or as token one of [api.tokens] with the scope handoff",
        ),
        (
            "token",
            "Send tenant and token as [contact_center] of the configuration has them, or as token one of [api.tokens] with the scope handoff",
        ),
        (
            "sip_id",
            "`sip_id` is missing: add the call's Call-ID, as in $session.SIPCallID;",
        ),
        ("action", "`action` is missing: add wForwardACD"),
        ("param", "`param` is missing: add the queue's id, as in 102"),
    ] {
        let mut given = good();
        given.retain(|(key, _)| key != name);
        told(given, sentence).await;
        let mut given = good();
        let again = given
            .iter()
            .find(|(key, _)| key == name)
            .cloned()
            .expect("it is there");
        given.push(again);
        if !matches!(name, "tenant" | "token") {
            told(
                given,
                &format!("`{name}` is given more than once: give it once"),
            )
            .await;
        }
    }
    assert!(asked >= 60, "{asked}");
    assert_eq!(
        tenant.center(|center| center.asked().len()),
        0,
        "nothing was sent"
    );
    assert!(listed(&app).await.is_empty(), "nothing was stored");
}

#[tokio::test]
async fn a_handoff_that_fails_is_told_kept_and_in_time() {
    let (tenant, app) = start().await;
    let mut unknown_queue = good();
    unknown_queue[4].1 = "999".to_owned();
    let (status, said) = by_query(&app, PATHS[0], &unknown_queue).await;
    assert_eq!(
        (status, &said["code"], &said["state"]),
        (422, &"handoff_refused".into(), &"REFUSED".into())
    );
    for (fault, code, state) in [
        (CenterFault::Refused(401), "handoff_refused", "REFUSED"),
        (CenterFault::Refused(503), "handoff_refused", "REFUSED"),
        (CenterFault::Refused(500), "handoff_unknown", "UNKNOWN"),
        (CenterFault::Silent, "handoff_unknown", "UNKNOWN"),
        (CenterFault::HalfABody, "handoff_unknown", "UNKNOWN"),
        (CenterFault::Elsewhere, "handoff_unknown", "UNKNOWN"),
        (CenterFault::Slow(5_000), "handoff_unknown", "UNKNOWN"),
        (CenterFault::Stuck, "handoff_unknown", "UNKNOWN"),
    ] {
        tenant.breaks([fault]);
        let begun = Instant::now();
        let (_, said) = by_form(&app, PATHS[0], &good()).await;
        assert_eq!(
            (&said["code"], &said["state"]),
            (&code.into(), &state.into()),
            "{fault:?}"
        );
        assert!(
            begun.elapsed() < Duration::from_secs(2),
            "{fault:?}: {:?}",
            begun.elapsed()
        );
        let listed = listed(&app).await;
        assert_eq!(
            (&listed[0]["id"], &listed[0]["state"]),
            (&said["id"], &state.into())
        );
        assert_eq!(listed[0]["reason"], said["detail"]);
    }
}

#[tokio::test]
async fn pages_of_handoffs_meet() {
    let (_tenant, app) = start().await;
    for _ in 0..5 {
        by_query(&app, PATHS[0], &good()).await;
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = app
            .client
            .get(app.url(&format!("/v1/handoffs?limit=2{cursor}")))
            .bearer_auth(READER);
        let (_, page) = answer(page).await;
        seen.extend(
            page["items"]
                .as_array()
                .expect("a list")
                .iter()
                .map(|it| it["id"].to_string()),
        );
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let mut sorted = seen.clone();
    sorted.sort();
    sorted.dedup();
    sorted.reverse();
    assert_eq!((seen.len(), &seen), (5, &sorted), "newest first, each once");
    let wrong = app
        .client
        .get(app.url("/v1/handoffs?limit=0&cursor=x"))
        .bearer_auth(READER);
    assert_eq!(answer(wrong).await.0, 400);
}

#[tokio::test]
async fn a_script_tells_of_a_call_or_is_told_what_is_wrong() {
    let (_tenant, app) = start().await;
    let tell = async |body: &str| {
        answer(
            app.client
                .post(app.url("/contact-center/calls"))
                .bearer_auth(OURS)
                .body(body.to_owned()),
        )
        .await
    };
    let (status, said) = tell(&format!(
        r#"{{"sip_id": "{SIP_ID}", "caller": "+6591234567", "called": "6561115777"}}"#
    ))
    .await;
    assert_eq!((status, &said["status"]), (200, &"stored".into()));
    for (body, path, message) in [
        ("", "", "is no JSON object"),
        ("[]", "", "is no JSON object"),
        (
            r#"{"caller": "+6591234567", "called": "+6561115777"}"#,
            "sip_id",
            "is missing",
        ),
        (
            r#"{"sip_id": "a b", "caller": "+6591234567", "called": "+6561115777"}"#,
            "sip_id",
            "cannot be read",
        ),
        (
            r#"{"sip_id": "a", "caller": "anonymous", "called": "+6561115777"}"#,
            "caller",
            "cannot be read",
        ),
        (
            r#"{"sip_id": "a", "caller": 6591234567, "called": "+6561115777"}"#,
            "caller",
            "is not a text",
        ),
        (
            r#"{"sip_id": "a", "caller": "+6591234567", "called": "+65"}"#,
            "called",
            "cannot be read",
        ),
        (
            r#"{"sip_id": "a", "caller": "+6591234567", "called": "+6561115777", "queue": 1}"#,
            "queue",
            "is not known here",
        ),
    ] {
        let (status, said) = tell(body).await;
        let fault = &said["errors"][0];
        assert_eq!(
            (status, fault["path"].as_str(), fault["message"].as_str()),
            (422, Some(path), Some(message)),
            "{body}"
        );
        assert!(!said.to_string().contains("91234567"));
    }
}

#[tokio::test]
async fn without_a_tenant_it_says_so_to_whom_it_may_concern() {
    let settings = Settings::default()
        .env("CALLWRIGHT_API__TOKENS__HANDER__TOKEN", OURS)
        .env("CALLWRIGHT_API__TOKENS__HANDER__SCOPES", "handoff");
    let app = TestApp::start_with(settings).await;
    assert_eq!(by_query(&app, PATHS[0], &good()).await.0, 401);
    let mut with_ours = good();
    with_ours[1].1 = OURS.to_owned();
    let (status, said) = by_query(&app, PATHS[0], &with_ours).await;
    assert_eq!((status, &said["code"]), (503, &"no_contact_center".into()));
}

/// Tokens, SIP ids of strangers, numbers and what agents see: none of it in the clear where it does not belong.
#[tokio::test]
async fn tokens_and_data_are_nowhere_in_the_clear() {
    let (tenant, app) = start().await;
    let mut given = good();
    given.push((
        "extIvrData".to_owned(),
        "[Phone|+6591234567][Code|918273]".to_owned(),
    ));
    assert_eq!(by_form(&app, PATHS[0], &given).await.0, 200);
    let told = r#"{"sip_id": "canary-of-sip", "caller": "+6591234567", "called": "+6561115777"}"#;
    answer(
        app.client
            .post(app.url("/contact-center/calls"))
            .bearer_auth(OURS)
            .body(told),
    )
    .await;
    let bytes = app.all_bytes();
    for secret in [
        ACTION,
        super::DATA,
        OURS,
        "6591234567",
        "91234567",
        "918273",
        "canary-of-sip",
        SIP_ID,
    ] {
        let found = bytes
            .windows(secret.len())
            .any(|window| window == secret.as_bytes());
        assert!(!found, "{secret}");
    }
    let shown = format!(
        "{:?} {:?}",
        super::configured(&tenant.variables()),
        tenant.client()
    );
    assert!(
        !shown.contains(ACTION) && !shown.contains(super::DATA),
        "{shown}"
    );
}
