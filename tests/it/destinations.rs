//! Where a flow may connect a caller to, on live calls: a refused number takes the connect's `failed`.

use serde_json::json;

use crate::app::{RESTAURANT, Settings, TestApp};

fn desk(number: &str) -> String {
    format!(
        r#"
callwright = 1
[flow]
id      = "desk"
start   = "desk"
answers = "any"
[connect.desk]
say       = "One moment."
number    = "{number}"
busy      = "sorry"
no_answer = "sorry"
failed    = "sorry"
[end.sorry]
say = "Nobody can be reached."
"#
    )
}

const SINGAPORE: &str = "+6568332048";
const JAMAICA: &str = "+18765550123";
const PREMIUM: &str = "+19002345678";

#[tokio::test]
async fn a_caller_is_connected_where_calls_may_go() {
    for (number, open, connected) in [
        (SINGAPORE, "", true),
        (JAMAICA, "", false),
        (JAMAICA, "US,GB", false),
        (JAMAICA, "JM", true),
        (PREMIUM, "US", false),
        (RESTAURANT, "", false),
    ] {
        let settings = Settings::default().flow("desk.toml", &desk(number)).env(
            "CALLWRIGHT_OUTBOUND__COUNTRIES",
            &format!("[{}]", quoted(open)),
        );
        let app = TestApp::start_with(settings).await;
        let reply = app.caller(RESTAURANT).dial().await;
        if connected {
            assert_eq!(reply.heard(), ["One moment"]);
            assert_eq!(reply.dials(), Some(number));
        } else {
            assert_eq!(reply.heard(), ["Nobody can be reached"], "{number}");
            assert!(reply.hangs_up() && reply.dials().is_none());
        }
    }
}

fn quoted(list: &str) -> String {
    let quoted = list.split(',').filter(|code| !code.is_empty());
    quoted
        .map(|code| format!("\"{code}\""))
        .collect::<Vec<_>>()
        .join(",")
}

#[tokio::test]
async fn a_number_that_the_platform_says_is_ours_is_not_called_any_more() {
    let mut app =
        TestApp::start_with(Settings::default().flow("desk.toml", &desk(SINGAPORE))).await;
    let update = json!({
        "namespace": "VOICE", "eventType": "VIRTUAL_NUMBER_UPDATE",
        "payload": {
            "subAccountId": "InternalDemoCPaaS_8dD15_voice", "totalNumbers": 1, "updateEventType": "SNAPSHOT",
            "virtualNumbers": [{"msisdn": &SINGAPORE[1..], "countryCode": "SG", "operationalStatus": "Active"}]
        }
    });
    assert!(app.caller(RESTAURANT).dial().await.dials().is_some());
    assert_eq!(app.post("/webhooks/vnu", update.to_string()).await.0, 200);
    assert!(app.caller(RESTAURANT).dial().await.dials().is_none());
    app.restart().await;
    assert!(app.caller(RESTAURANT).dial().await.dials().is_none());
}
