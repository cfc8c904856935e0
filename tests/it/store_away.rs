//! The store cannot take a voice call action: a call in progress goes on, and nothing is acknowledged that is not kept.

use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use crate::app::{RESTAURANT, TestApp};

/// Another process holds the write lock of the journal.
async fn lock(app: &TestApp) -> Vec<SqliteConnection> {
    let mut locks = Vec::new();
    for file in app.journal() {
        let options = SqliteConnectOptions::new().filename(file);
        let mut connection = options
            .connect()
            .await
            .expect("the journal can be opened beside");
        sqlx::raw_sql("BEGIN EXCLUSIVE")
            .execute(&mut connection)
            .await
            .expect("and locked");
        locks.push(connection);
    }
    locks
}

#[tokio::test]
async fn a_call_in_progress_goes_on_and_a_new_one_gets_the_apology() {
    let app = TestApp::start().await;
    let mut caller = app.caller(RESTAURANT);
    caller.dial().await;
    // Whoever queries waits for the tables, and with them for the journal's next file.
    app.get(&format!("/v1/sessions/{}", caller.session)).await;
    let locks = lock(&app).await;
    let began = Instant::now();
    let reservations = caller.press(Some("1")).await;
    assert!(began.elapsed() < Duration::from_secs(2), "answered in time");
    assert!(
        reservations.heard()[0].starts_with("Press 1 to make"),
        "{reservations:?}"
    );
    assert!(app.caller(RESTAURANT).dial().await.is_apology());
    let (status, _) = app
        .post("/webhooks/vss", caller.summary("COMPLETED").to_string())
        .await;
    assert_eq!(status, 503, "what is not kept is not acknowledged");
    assert_eq!(
        app.get("/readyz").await.1["status"],
        "degraded",
        "whoever is on call can see it"
    );
    for lock in locks {
        lock.close().await.expect("the lock is let go");
    }

    let book = caller.press(Some("1")).await;
    assert!(book.heard()[0].starts_with("Reserving a Table"), "{book:?}");
    assert_eq!(app.get("/readyz").await.1["status"], "ready");
    let (_, session) = app.get(&format!("/v1/sessions/{}", caller.session)).await;
    assert_eq!(
        session["trace"].as_array().map(Vec::len),
        Some(2),
        "the unstored one left no trace"
    );
    let (_, metrics) = app.get("/metrics").await;
    assert!(
        metrics
            .as_str()
            .is_some_and(|text| text.contains("unstored")),
        "{metrics}"
    );
}
