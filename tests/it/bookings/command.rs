//! `callwright bookings`, `pools` and `numbers`, as they are typed; and that no phone reaches the log or a file.

use std::process::{Command, Output};

use serde_json::Value;

use super::{DRIVERS, POOL, RIDERS, with_pool};
use crate::app::TestApp;

async fn typed(app: &TestApp, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callwright"));
    command.args(arguments).args(["--url", &app.url("")]);
    let typed = tokio::task::spawn_blocking(move || command.output()).await;
    typed
        .expect("it does not panic")
        .expect("the test build's own program starts")
}

async fn printed(app: &TestApp, arguments: &[&str]) -> String {
    let output = typed(app, arguments).await;
    assert!(output.status.success(), "{arguments:?} {output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
async fn a_booking_is_made_shown_and_closed_in_the_terminal() {
    let app = with_pool().await;
    let made = printed(
        &app,
        &[
            "bookings",
            "put",
            "trip-1",
            "--a",
            "9123 4501",
            "--b",
            DRIVERS[0],
        ],
    )
    .await;
    assert!(
        made.contains("active") && made.contains("+65••••4501"),
        "{made}"
    );
    assert!(!made.contains("91234501"), "{made}");
    let json: Value =
        serde_json::from_str(&printed(&app, &["bookings", "show", "trip-1", "--json"]).await)
            .expect("JSON for scripts");
    let vn = json["a"]["virtual_number"]
        .as_str()
        .expect("it has a number")
        .to_owned();
    let decided = printed(&app, &["bookings", "simulate", &vn, "--caller", RIDERS[0]]).await;
    assert!(
        decided.contains("decision  connected") && decided.contains("makeCall"),
        "{decided}"
    );
    let changed = printed(
        &app,
        &["bookings", "side", "trip-1", "b", "--phone", DRIVERS[1]],
    )
    .await;
    assert!(changed.contains("+65••••4502"), "{changed}");
    assert!(
        printed(&app, &["bookings", "list"])
            .await
            .contains("trip-1")
    );
    let closed = printed(
        &app,
        &["bookings", "close", "trip-1", "--reason", "completed"],
    )
    .await;
    assert!(closed.contains("grace"), "{closed}");
    assert!(
        printed(&app, &["bookings", "reopen", "trip-1"])
            .await
            .contains("active")
    );
    let refused = typed(
        &app,
        &[
            "bookings",
            "put",
            "trip-2",
            "--a",
            "anonymous",
            "--b",
            DRIVERS[0],
        ],
    )
    .await;
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        refused.status.code() == Some(1) && told.contains("a.phones[0]: has letters in it"),
        "{told}"
    );
}

#[tokio::test]
async fn pools_and_numbers_are_kept_in_the_terminal() {
    let app = with_pool().await;
    assert!(printed(&app, &["pools", "list"]).await.contains("default"));
    assert!(
        printed(&app, &["pools", "plan", "default"])
            .await
            .contains("usable")
    );
    let made = printed(
        &app,
        &["numbers", "set", "+6531239999", "--pool", "default"],
    )
    .await;
    assert!(made.contains("+6531239999  default"), "{made}");
    assert!(
        printed(&app, &["numbers", "drain", POOL[0]])
            .await
            .contains("true")
    );
    assert!(printed(&app, &["numbers", "list"]).await.contains(POOL[1]));
    assert!(printed(&app, &["numbers", "sync"]).await.contains(POOL[1]));
}

#[tokio::test]
async fn no_phone_of_a_booking_stands_in_a_file() {
    let app = with_pool().await;
    printed(
        &app,
        &[
            "bookings", "put", "trip-1", "--a", RIDERS[0], "--b", DRIVERS[0],
        ],
    )
    .await;
    let bytes = app.all_bytes();
    for number in [RIDERS[0], DRIVERS[0]] {
        let digits = &number.as_bytes()[1..];
        for form in [digits, &digits[2..]] {
            assert!(
                !bytes.windows(form.len()).any(|it| it == form),
                "a phone stands in a file"
            );
        }
    }
}
