//! `callwright call` and `callwright settle`, as they are typed.

use std::process::{Command, Output};

use serde_json::Value;

use super::{SOMEBODY, settings};
use crate::app::TestApp;
use crate::reliability::platform::{Deed, Platform};
use crate::voice_api::scripted::{Act, refused};

async fn typed(app: &TestApp, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callwright"));
    command
        .args(arguments)
        .args(["--url", &app.url("")])
        .env_remove("CALLWRIGHT_NIGHTLY")
        .env_remove("CALLWRIGHT_SEED");
    let typed = tokio::task::spawn_blocking(move || command.output()).await;
    typed
        .expect("it does not panic")
        .expect("the test build's own program starts")
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
async fn a_call_is_started_once_and_settled() {
    let mood = |to: &str, _: usize| match to {
        SOMEBODY => Deed {
            places: true,
            answer: Act::Close,
        },
        "+6568332049" => Deed {
            places: false,
            answer: refused(422, -1014),
        },
        _ => Deed {
            places: false,
            answer: Act::ResetRead,
        },
    };
    let platform = Platform::with(std::sync::Arc::new(mood)).await;
    let app = TestApp::start_with(settings(&platform.base())).await;
    let call = [
        "call",
        "reminder",
        SOMEBODY,
        "--var",
        "day=Friday",
        "--key",
        "k-1",
    ];
    let first = typed(&app, &call).await;
    assert!(first.status.success(), "{first:?}");
    assert!(printed(&first).contains("ACCEPTED"), "{first:?}");
    assert_eq!(typed(&app, &call).await.stdout, first.stdout);
    assert_eq!(platform.asked(SOMEBODY).len(), 1);

    let rejected = typed(&app, &["call", "closed", "+6568332049"]).await;
    let said = String::from_utf8_lossy(&rejected.stderr).into_owned();
    assert_eq!(rejected.status.code(), Some(1));
    assert!(
        said.contains("-1014") && said.contains("virtual numbers"),
        "{said}"
    );
    assert!(!said.contains("68332049"), "{said}");

    let unknown = typed(&app, &["call", "closed", "+6568332050", "--json"]).await;
    let told: Value = serde_json::from_str(&printed(&unknown)).expect("JSON");
    assert_eq!(told["state"], "UNKNOWN");
    let id = told["id"].as_str().expect("an id");
    let settled = typed(&app, &["settle", id, "--not-placed"]).await;
    assert!(printed(&settled).contains("REJECTED"), "{settled:?}");
    let shown = typed(&app, &["sessions", "show", id]).await;
    assert!(printed(&shown).contains("an operator said"), "{shown:?}");
    let again = typed(&app, &["settle", id, "--not-placed"]).await;
    assert_eq!(again.status.code(), Some(1));
}
