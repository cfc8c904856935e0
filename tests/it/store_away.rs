//! The store cannot take a voice call action: a call in progress goes on, and nothing is acknowledged that is not kept.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use crate::app::{CALLER, Caller, RESTAURANT, Reply, Settings, TestApp};
use crate::bookings::{DRIVERS, POOL, RIDERS, between, book, number, pool, put};
use crate::cluster;

/// Another process holds the write lock of the journal.
pub(crate) async fn lock(app: &TestApp) -> Vec<SqliteConnection> {
    lock_files(app.journal()).await
}

/// Another process holds these databases, but those of the journal that the server is done with meanwhile.
pub(crate) async fn lock_files(files: Vec<PathBuf>) -> Vec<SqliteConnection> {
    let mut locks = Vec::new();
    for file in files {
        match lock_file(&file).await {
            Err(_) if !file.exists() => {}
            locked => locks.push(locked.expect("it can be locked beside")),
        }
    }
    locks
}

async fn lock_file(file: &Path) -> Result<SqliteConnection, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .busy_timeout(Duration::from_secs(5));
    let mut connection = options.connect().await?;
    let begin = sqlx::raw_sql("BEGIN EXCLUSIVE");
    begin.execute(&mut connection).await?;
    Ok(connection)
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

/// A call from `from` to a virtual number.
async fn call(app: &TestApp, from: &str, vn: &str) -> Reply {
    let mut caller: Caller<'_> = app.caller(vn);
    let body = caller.body("CALL_RECEIVED", |payload| payload["source"] = from.into());
    caller.send(&body).await
}

/// What of masked calls and bookings goes on while the store is away, as `away` makes it, and comes back.
async fn masking_goes_on(
    app: &TestApp,
    away: impl AsyncFnOnce(),
    back: impl AsyncFnOnce(),
    can_read: bool,
) {
    let known = book(app, "trip-1", CALLER, DRIVERS[0]).await;
    let other = book(app, "trip-2", RIDERS[1], DRIVERS[1]).await;
    let (vn, other_vn) = (number(&known, "a"), number(&other, "a"));
    assert_eq!(call(app, CALLER, vn).await.dials(), Some(DRIVERS[0]));
    app.get("/v1/sessions").await;
    away().await;
    let began = Instant::now();
    let again = call(app, CALLER, vn).await;
    assert_eq!(again.dials(), Some(DRIVERS[0]), "by what was read of them");
    let unseen = call(app, RIDERS[1], other_vn).await;
    match can_read {
        true => assert_eq!(unseen.dials(), Some(DRIVERS[1]), "it can be read"),
        false => assert!(unseen.dials().is_none() && unseen.hangs_up(), "{unseen:?}"),
    }
    assert_eq!(unseen.heard().len(), usize::from(!can_read), "{unseen:?}");
    let stranger = call(app, RIDERS[2], vn).await;
    assert!(
        stranger.dials().is_none() && stranger.hangs_up(),
        "{stranger:?}"
    );
    assert!(began.elapsed() < Duration::from_secs(6), "each in time");
    let body = between(RIDERS[2], DRIVERS[2]);
    let (status, problem) = put(app, "/v1/bookings/trip-3", &body).await;
    assert_eq!(
        (status, &problem["code"]),
        (503, &"store_unavailable".into())
    );
    back().await;
    while put(app, "/v1/bookings/trip-3", &body).await.0 != 201 {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        call(app, RIDERS[1], other_vn).await.dials(),
        Some(DRIVERS[1])
    );
}

#[tokio::test]
async fn masked_calls_go_on_by_what_can_be_read_while_nothing_can_be_written() {
    let app = TestApp::start_with(pool()).await;
    let locks = std::cell::RefCell::new(Vec::new());
    let away = async || {
        let mut files = app.journal();
        files.push(app.database());
        locks.replace(lock_files(files).await);
    };
    let back = async || {
        for lock in locks.take() {
            lock.close().await.expect("the lock is let go");
        }
    };
    masking_goes_on(&app, away, back, true).await;
}

/// Nobody is connected without a leg that was seen a moment ago.
#[tokio::test]
async fn masked_calls_of_whom_nothing_was_read_hear_an_apology_while_the_database_is_away() {
    let Some(url) = cluster::database() else {
        return;
    };
    let name = url
        .split(['/', '?'])
        .nth(3)
        .expect("a URL names a database");
    let admin = url.replacen(name, "postgres", 1);
    let numbers = POOL.join(",");
    let settings = Settings::node(&url).env("CALLWRIGHT_POOLS__DEFAULT__NUMBERS", &numbers);
    let app = TestApp::start_with(settings).await;
    let say = async |sql: String| {
        let mut admin = sqlx::PgConnection::connect(&admin)
            .await
            .expect("it answers");
        let said = sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
            .execute(&mut admin)
            .await;
        said.expect("we own it");
    };
    let away = async || {
        say(format!("ALTER DATABASE \"{name}\" ALLOW_CONNECTIONS false")).await;
        say(format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        ))
        .await;
    };
    let back = async || say(format!("ALTER DATABASE \"{name}\" ALLOW_CONNECTIONS true")).await;
    masking_goes_on(&app, away, back, false).await;
}
