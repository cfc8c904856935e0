//! The tenant's two tokens, looked for in all that the program says of itself while everything goes wrong.

use callwright::emulator::CenterFault;
use serde_json::json;

use super::{ACTION, DATA, SIP_ID, TENANT, Tenant, texts, typed, variables};
use crate::app::{CALLER, client};
use crate::reliability::process::Home;

/// What must not be said: the tokens, and the number of who called.
const CANARIES: [&str; 3] = [ACTION, DATA, "91234567"];

fn says_none(what: &str, text: &str) {
    assert!(!text.is_empty(), "{what} says something");
    for canary in CANARIES {
        assert!(!text.contains(canary), "{what} tells {canary}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_of_a_server_tells_no_token_whatever_the_contact_center_does() {
    let tenant = Tenant::start().await;
    let home = tenant
        .variables()
        .iter()
        .fold(Home::new(), |home, (name, value)| home.env(name, value));
    let home = home
        .env("CALLWRIGHT_LOG__LEVEL", "trace")
        .env("CALLWRIGHT_CONTACT_CENTER__SIP_ID_FIELD", "sipCallId");
    let _server = home.start();
    let (client, base) = (client(), format!("http://{}", home.address));
    for (nth, fault) in [
        CenterFault::Slow(0),
        CenterFault::Refused(401),
        CenterFault::Refused(500),
        CenterFault::Silent,
        CenterFault::HalfABody,
        CenterFault::WrongBody,
        CenterFault::Elsewhere,
    ]
    .into_iter()
    .enumerate()
    {
        tenant.breaks([fault; 4]);
        let body = json!({"namespace": "VOICE", "eventType": "CALL_ACTION", "payload": {
            "eventId": format!("e-{nth}"), "callId": format!("c-{nth}"), "sessionId": format!("s-{nth}"), "subAccountId": "demo",
            "callStatus": "CALL_RECEIVED", "callDirection": "INBOUND", "callType": "PSTN", "source": CALLER, "destination": "+6561115782",
            "timestamp": "2026-11-20T12:30:00Z", "sipCallId": format!("sip-{nth}"),
        }});
        let called = client
            .post(format!("{base}/webhooks/vca"))
            .body(body.to_string());
        assert_eq!(called.send().await.expect("answers").status().as_u16(), 200);
        tenant.center(|center| center.faults.clear());
        tenant.breaks([fault]);
        let query =
            format!("tenant={TENANT}&token={ACTION}&sip_id={SIP_ID}&action=wForwardACD&param=102");
        let asked = client.get(format!("{base}/SC/externalIvrAction.php?{query}"));
        let said = asked
            .send()
            .await
            .expect("answers")
            .text()
            .await
            .expect("text");
        says_none("the companion", &said);
        tenant.center(|center| center.faults.clear());
    }
    says_none("the log", &home.read_log());
}

#[tokio::test]
async fn commands_tell_no_token_right_or_wrong() {
    let folder = tempfile::tempdir().expect("a scratch folder can be made");
    let tenant = Tenant::start().await;
    let wrong = variables(&tenant.url(), DATA, ACTION);
    for variables in [tenant.variables(), wrong] {
        for arguments in [
            &["contact-center", "check"][..],
            &["contact-center", "check", "--json"],
            &["contact-center", "get", "queues"],
            &[
                "contact-center",
                "call-back",
                "+16505551212",
                "--queue",
                "102",
            ],
            &["contact-center", "recording", "pause", "--agent", "nobody"],
            &["config", "--effective"],
            &["click-to-dial", "6502928880"],
        ] {
            let output = typed(folder.path(), variables.clone(), arguments).await;
            let (said, error) = texts(&output);
            says_none(&arguments.join(" "), &(said + &error));
        }
    }
}
