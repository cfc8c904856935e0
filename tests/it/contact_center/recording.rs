//! Flows beside an agent's call: the recording is silent while a secret is entered, and goes on however that ends.

use callwright::emulator::CenterFault;
use serde_json::Value;

use super::Tenant;
use super::companion::settings;
use crate::app::{Caller, RESTAURANT, TestApp};
use crate::store_away::lock;

const FLOW: &str = r#"
callwright = 1
[flow]
id      = "pay"
start   = "main"
answers = ["+6561115777"]
[menu.main]
say      = "To pay press 1, to hear this again press 2, for nobody press 3."
press.1  = { set.agent = "jdoe", set.guid = "int-1628bb9dbf7", go = "card" }
press.2  = "repeat"
press.3  = { set.agent = "nobody@example.com", set.guid = "x", go = "card" }
tries    = 2
no_input = "I did not hear a key."
no_match = "That is not one of the choices."
give_up  = "end"
[ask.card]
say             = "Your card number, please."
digits          = 6
save            = "card"
secret          = true
pause_recording = "{agent}"
failed          = "told"
go              = "code"
tries           = 2
no_input        = "I did not hear a key."
no_match        = "That was no card number."
give_up         = "told"
[ask.code]
say             = "And the code on its back."
digits          = 3
save            = "code"
secret          = true
pause_recording = "{agent}"
failed          = "told"
go              = "sales"
tries           = 1
give_up         = "told"
[handoff.sales]
queue     = "102"
guid      = "{guid}"
variables = { card = "{card}", code = "{code}", agent = "{agent}" }
failed    = "told"
[end.told]
say = "Please go on with our agent."
"#;

struct Stage {
    tenant: Tenant,
    app: TestApp,
}

impl Stage {
    async fn set() -> Self {
        let tenant = Tenant::start().await;
        let settings = settings(&tenant)
            .env("CALLWRIGHT_CONTACT_CENTER__SIP_ID_FIELD", "sipCallId")
            .flow("pay.toml", FLOW);
        let app = TestApp::start_with(settings).await;
        Self { tenant, app }
    }

    /// Somebody calls, and has pressed these keys.
    async fn call(&self, keys: &[&str]) -> Caller<'_> {
        let mut caller = self.app.caller(RESTAURANT);
        caller.dial().await;
        for keys in keys {
            caller.press(Some(keys)).await;
        }
        caller
    }

    /// What was asked about recordings so far.
    fn controlled(&self) -> Vec<String> {
        self.tenant.center(|center| {
            let asked = center.asked().iter();
            let about = asked.filter_map(|it| it.split_once("/rccontrol/"));
            about.map(|(_, rest)| rest.to_owned()).collect()
        })
    }

    fn is_silent(&self) -> bool {
        self.tenant.center(|center| center.agents["jdoe"])
    }

    /// What is begun behind a reply comes a moment later.
    async fn goes_on(&self) {
        while self.is_silent() {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn the_recording_is_silent_from_the_first_secret_to_the_last() {
    let stage = Stage::set().await;
    let mut caller = stage.call(&["1"]).await;
    assert!(stage.is_silent(), "before the caller is asked");
    caller.press(Some("12")).await;
    assert!(stage.is_silent(), "a wrong try");
    let asked = caller.press(Some("123456")).await;
    assert_eq!(asked.heard(), ["And the code on its back"]);
    assert!(stage.is_silent(), "one secret after the other");
    let mut body = caller.pressed(Some("987"));
    body["payload"]["sipCallId"] = "sip-of-a-call".into();
    let last = caller.send(&body).await;
    assert!(last.hangs_up(), "{}", last.text);
    stage.goes_on().await;
    assert_eq!(
        stage.controlled(),
        ["pause/klvm2/agentId/jdoe", "resume/klvm2/agentId/jdoe"],
        "once each"
    );
    // The variables stand on the interaction that the flow names, the secret one for routing alone.
    let set = stage.tenant.center(|center| {
        let of = |name: &str| {
            center
                .variables_by_guid("int-1628bb9dbf7")
                .map(|all| all[name].clone())
        };
        (of("_card"), of("_agent"))
    });
    let (card, agent) = (set.0.expect("it is set"), set.1.expect("it is set"));
    assert_eq!(
        (&card["value"], &card["privacy"]),
        (&"123456".into(), &"true".into())
    );
    assert_eq!(card["displayName"], Value::Null);
    assert_eq!(
        (&agent["privacy"], &agent["displayName"]),
        (&Value::Null, &"agent".into())
    );
    assert_eq!(stage.tenant.center(|center| center.handoffs().len()), 1);
    let bytes = stage.app.all_bytes();
    assert!(!bytes.windows(6).any(|window| window == b"123456"));
}

#[tokio::test]
async fn a_caller_who_hangs_up_or_gives_up_leaves_no_recording_silent() {
    let stage = Stage::set().await;
    let caller = stage.call(&["1"]).await;
    assert!(stage.is_silent());
    caller.end("COMPLETED").await;
    stage.goes_on().await;
    let mut caller = stage.call(&["1"]).await;
    assert!(stage.is_silent());
    caller.press(None).await;
    let told = caller.press(None).await;
    assert_eq!(told.heard(), ["Please go on with our agent"]);
    stage.goes_on().await;
    // Where the server was down meanwhile, what it had kept tells.
    let mut stage = stage;
    let session = {
        let caller = stage.call(&["1"]).await;
        assert!(stage.is_silent());
        caller.session.clone()
    };
    stage.app.restart().await;
    Caller::new(&stage.app, &session, RESTAURANT)
        .end("COMPLETED")
        .await;
    stage.goes_on().await;
}

/// A recording that cannot be paused is not spoken into: the caller is not asked.
#[tokio::test]
async fn nothing_secret_is_asked_for_while_it_is_recorded() {
    let stage = Stage::set().await;
    let mut caller = stage.call(&[]).await;
    let told = caller.press(Some("3")).await;
    assert_eq!(
        told.heard(),
        ["Please go on with our agent"],
        "no such agent"
    );
    for fault in [
        CenterFault::Refused(500),
        CenterFault::Refused(401),
        CenterFault::Silent,
        CenterFault::Stuck,
        CenterFault::Slow(5_000),
    ] {
        let mut caller = stage.call(&[]).await;
        stage.tenant.breaks([fault]);
        let begun = tokio::time::Instant::now();
        let told = caller.press(Some("1")).await;
        assert!(begun.elapsed().as_secs() < 2, "{fault:?}");
        assert_eq!(told.heard(), ["Please go on with our agent"], "{fault:?}");
        stage.goes_on().await;
    }
}

/// A store that is away keeps neither a caller waiting nor a recording silent.
#[tokio::test]
async fn a_recording_goes_on_though_the_store_is_away() {
    let stage = Stage::set().await;
    let mut caller = stage.call(&["1"]).await;
    assert!(stage.is_silent());
    // Whoever queries waits for the tables, and with them for the journal's next file.
    let path = format!("/v1/sessions/{}", caller.session);
    stage.app.get(&path).await;
    let locks = lock(&stage.app).await;
    caller.press(None).await;
    let told = caller.press(None).await;
    assert_eq!(told.heard(), ["Please go on with our agent"]);
    stage.goes_on().await;
    drop(locks);
}

/// That it goes on is tried again.
#[tokio::test]
async fn a_recording_that_should_go_on_is_told_so_until_it_does() {
    let stage = Stage::set().await;
    let caller = stage.call(&["1"]).await;
    stage.tenant.breaks([CenterFault::Refused(500)]);
    caller.end("COMPLETED").await;
    stage.goes_on().await;
}
