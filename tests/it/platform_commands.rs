//! `callwright platform`, as it is typed, against a platform on a real port.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::voice_api::scripted::{Act, Scripted};

/// Types a command in `folder`, with a sub-account whose platform is `platform`.
async fn type_in(folder: &Path, platform: &Scripted, arguments: &[&str]) -> Output {
    let variable = |key: &str| format!("CALLWRIGHT_SUBACCOUNTS__MAIN__{key}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_callwright"));
    command
        .current_dir(folder)
        .args(arguments)
        .env(variable("ID"), "Acme_IVR")
        .env(variable("PRODUCT"), "ivr")
        .env(variable("API_KEY"), "hunter2")
        .env(variable("API_BASE"), format!("http://{}", platform.address))
        .env(variable("WEBHOOK_SECRET"), "Bearer 0123456789abcdef")
        .env("CALLWRIGHT_PUSH_PASSWORD", "hunter3");
    // The platform answers on this thread meanwhile.
    let typed = tokio::task::spawn_blocking(move || command.output()).await;
    typed
        .expect("it does not panic")
        .expect("the test build's own program starts")
}

fn answer(body: &Value) -> Act {
    Act::Answer(200, "", body.to_string())
}

/// Types a command at a platform that answers thus; gives what it printed.
async fn said(answers: &[Value], arguments: &[&str]) -> (String, Scripted) {
    let folder = tempfile::tempdir().expect("a scratch folder can be made");
    let platform = Scripted::acting(answers.iter().map(answer)).await;
    let output = type_in(folder.path(), &platform, arguments).await;
    let text = String::from_utf8(output.stdout).expect("it prints text");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {error}");
    (text, platform)
}

#[tokio::test]
async fn webhooks_are_registered_with_the_secret_and_listed() {
    let list = json!({"count": 1, "webhooks": [
        {"type": "VCA", "url": "https://voice.example.com/webhooks", "enabled": true, "httpAuthHeaderAvailable": true}
    ]});
    let url = "https://voice.example.com/webhooks";
    let (text, platform) = said(
        std::slice::from_ref(&list),
        &["platform", "webhooks", "register", url],
    )
    .await;
    assert_eq!(
        text,
        "TYPE  ENABLED  AUTHORIZATION  URL\nVCA   true     true           https://voice.example.com/webhooks\n"
    );
    let seen = platform.seen();
    let types: Vec<_> = seen
        .iter()
        .filter_map(|seen| seen.body["type"].as_str())
        .collect();
    assert_eq!(types, ["VCA", "VCS", "VSS", "VRU", "VNU"]);
    assert_eq!(seen[0].body["httpAuthHeader"], "Bearer 0123456789abcdef");
    let only = [
        "platform", "webhooks", "register", url, "--only", "vca,VSS", "--json",
    ];
    let (text, platform) = said(&[list], &only).await;
    let listed: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(listed[0]["authorization"], true);
    assert_eq!(platform.seen().len(), 3);
    let (text, platform) = said(&[json!({})], &["platform", "webhooks", "delete", "VCS"]).await;
    assert_eq!(text, "8x8 sends no more VCS webhooks.\n");
    assert_eq!(
        platform.seen()[0].path,
        "/api/v1/subaccounts/Acme_IVR/webhooks/VCS"
    );
}

#[tokio::test]
async fn the_list_of_voices_is_kept_for_check() {
    let folder = tempfile::tempdir().expect("a scratch folder can be made");
    let voices = json!({"speechProfiles": [
        {"speechProfileCode": "en-GB-Emma", "localeCode": "en-GB", "localeDescription": "English", "gender": "F"},
        {"speechProfileCode": "da-DK-Naja", "localeCode": "da-DK", "localeDescription": "Danish", "gender": "F"}
    ]});
    let platform = Scripted::acting([answer(&voices)]).await;
    let flow = "callwright = 1\n[flow]\nid = \"a\"\nstart = \"bye\"\nanswers = \"any\"\n[defaults]\nvoice = \"en-GB-Ema\"\n\
                [end.bye]\nsay = \"Bye.\"\n";
    std::fs::write(folder.path().join("a.toml"), flow).expect("the folder is ours");
    let check = ["check", "--format", "short", "a.toml"];
    let before = type_in(folder.path(), &platform, &check).await;
    assert_eq!(String::from_utf8_lossy(&before.stdout), "");
    let listed = type_in(
        folder.path(),
        &platform,
        &["platform", "voices", "--language", "en"],
    )
    .await;
    assert_eq!(
        String::from_utf8_lossy(&listed.stdout),
        "VOICE       LOCALE  LANGUAGE  GENDER\nen-GB-Emma  en-GB   English   F\n"
    );
    let after = type_in(folder.path(), &platform, &check).await;
    let after = String::from_utf8_lossy(&after.stdout).into_owned();
    assert!(
        after.contains("warning[CW603]: 8x8 lists no voice \"en-GB-Ema\""),
        "{after}"
    );
}

#[tokio::test]
async fn the_rest_is_shown_in_tables() {
    let numbers = json!({"numbers": [{"msisdn": "6561115777", "countryCode": "SG", "operationalStatus": "Active"}]});
    let push = json!({"protocol": "S3", "host": "ap-southeast-1", "port": 443, "username": "acme", "passwordSet": true});
    let set = [
        "platform",
        "recording-push",
        "set",
        "--protocol",
        "S3",
        "--host",
        "ap-southeast-1",
        "--username",
        "acme",
        "--path",
        "/recordings/",
    ];
    let job = json!({"status": "succeeded", "jobId": "j-1", "data": ["https://voice.example.com/a.csv"], "expires": "2026-12-25T06:58:41Z"});
    for (answer, arguments, printed) in [
        (
            &numbers,
            &["platform", "numbers"][..],
            "NUMBER       COUNTRY  STATUS  KIND  HEALTHY  RENT  CURRENCY\n+6561115777  SG       Active\n",
        ),
        (
            &json!({"recordings": []}),
            &["platform", "recordings", "s-1"],
            "No recordings.\n",
        ),
        (
            &json!({}),
            &["platform", "recording-push", "show"],
            "Recordings are pushed nowhere.\n",
        ),
        (
            &push,
            &set,
            "protocol      S3\nhost          ap-southeast-1\nport          443\nuser          acme\npassword set  true\n",
        ),
        (
            &json!({}),
            &["platform", "recording-push", "delete"],
            "Recordings are pushed nowhere now.\n",
        ),
        (
            &job,
            &["platform", "exports", "start", "--from", "2026-11-01"],
            "job      j-1\nstatus   succeeded\nexpires  2026-12-25T06:58:41Z\nfiles    https://voice.example.com/a.csv\n",
        ),
        (
            &job,
            &["platform", "exports", "start", "--no-wait"],
            "j-1\n",
        ),
        (
            &job,
            &["platform", "exports", "get", "j-1", "--json"],
            "{\"expires\":\"2026-12-25T06:58:41Z\",\"files\":[\"https://voice.example.com/a.csv\"],\"job_id\":\"j-1\",\"status\":\"succeeded\"}\n",
        ),
        (
            &json!({}),
            &["platform", "exports", "cancel", "j-1"],
            "The export is cancelled.\n",
        ),
    ] {
        let (text, platform) = said(std::slice::from_ref(answer), arguments).await;
        assert_eq!(text, printed, "{arguments:?}");
        if arguments == set {
            assert_eq!(platform.seen()[0].body["password"], "hunter3");
        }
    }
}

#[tokio::test]
async fn what_stands_in_the_way_is_told_without_secrets() {
    let folder = tempfile::tempdir().expect("a scratch folder can be made");
    let refusal = json!({"statusCode": 401, "statusMessage": "token invalid for +6591234567"});
    let platform = Scripted::acting([Act::Answer(401, "", refusal.to_string())]).await;
    for (arguments, code, told) in [
        (
            &["platform", "numbers"][..],
            1,
            "error: the platform refused (401): token invalid for +65••••4567: write the key",
        ),
        (
            &[
                "platform",
                "webhooks",
                "register",
                "https://a.example/webhooks",
            ],
            1,
            "VCA webhooks were not registered",
        ),
        (
            &["platform", "numbers", "--subaccount", "mian"],
            2,
            "did you mean main?",
        ),
        (
            &["platform", "webhooks", "register", "voice.example.com"],
            2,
            "write it whole",
        ),
    ] {
        let output = type_in(folder.path(), &platform, arguments).await;
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{error}");
        assert!(
            error.contains(told) && !error.contains("hunter2"),
            "{error}"
        );
    }
}
