//! A person that was erased: nothing is left of them in any file, and nobody is told who it was.

use std::process::Command;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::app::{CALLER, RESTAURANT, Settings, TestApp};
use crate::bookings::{DRIVERS, RIDERS, book, number, pool};

/// What the tables have sealed, piece by piece.
fn sealed(app: &TestApp) -> Vec<Vec<u8>> {
    let db = Connection::open(app.database()).expect("it opens");
    let mut pieces = Vec::new();
    for sql in [
        "SELECT state FROM sessions",
        "SELECT record FROM webhooks",
        "SELECT data FROM events",
        "SELECT record FROM bookings",
        "SELECT subject FROM erasures WHERE subject IS NOT NULL",
    ] {
        let mut select = db.prepare(sql).expect("it is a table of ours");
        let rows = select.query_map([], |row| row.get::<_, Vec<u8>>(0));
        pieces.extend(
            rows.expect("it reads")
                .map(|piece| piece.expect("it is sealed")),
        );
    }
    pieces
}

fn contains(bytes: &[u8], piece: &[u8]) -> bool {
    bytes.windows(piece.len()).any(|window| window == piece)
}

async fn call(app: &TestApp) {
    let mut caller = app.caller(RESTAURANT);
    caller.dial().await;
    caller.press(Some("1")).await;
    caller.end("COMPLETED").await;
}

async fn sessions(app: &TestApp) -> usize {
    let (_, page) = app.get("/v1/sessions").await;
    page["items"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn no_file_has_anything_of_an_erased_person() {
    let app = TestApp::start().await;
    for _ in 0..5 {
        call(&app).await;
    }
    assert_eq!(sessions(&app).await, 5);
    let before = sealed(&app);
    let heads: Vec<_> = before.iter().map(|piece| &piece[1..33]).collect();
    assert!(heads.len() > 20, "{}", heads.len());
    let bytes = app.all_bytes();
    assert!(heads.iter().all(|head| contains(&bytes, head)));

    let body = json!({"phone": CALLER}).to_string();
    let (status, told) = app.post("/v1/subjects/erase", body).await;
    assert_eq!(status, 200, "{told}");
    let told: Value = serde_json::from_str(&told).expect("it is JSON");
    assert_eq!(
        (&told["sessions"], &told["events"]),
        (&json!(5), &json!(10))
    );
    assert_eq!(sessions(&app).await, 0);
    let bytes = app.all_bytes();
    let left = heads.iter().filter(|head| contains(&bytes, head)).count();
    assert_eq!(left, 0, "of {} pieces", heads.len());

    call(&app).await;
    assert_eq!(sessions(&app).await, 1, "calls go on");
    let (_, erasures) = app.get("/v1/erasures").await;
    assert_eq!(erasures["items"][0]["id"], told["id"]);
    assert!(!erasures.to_string().contains("4567"), "{erasures}");
}

/// The keys of those who hold numbers, and how many each holds.
fn parties(app: &TestApp) -> Vec<(Vec<u8>, i64)> {
    let db = Connection::open(app.database()).expect("it opens");
    let sql = "SELECT party, count(*) FROM legs GROUP BY party ORDER BY 2 DESC";
    let mut select = db.prepare(sql).expect("it is a table of ours");
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    let rows = rows.expect("it reads");
    rows.map(|row| row.expect("a party")).collect()
}

#[tokio::test]
async fn no_file_has_anything_of_the_bookings_of_an_erased_person() {
    let app = TestApp::start_with(pool()).await;
    for (trip, driver) in DRIVERS.into_iter().enumerate() {
        let booking = book(&app, &format!("trip-{trip}"), CALLER, driver).await;
        let mut caller = app.caller(number(&booking, "a"));
        assert_eq!(caller.dial().await.dials(), Some(driver));
        caller.end("COMPLETED").await;
    }
    book(&app, "others", RIDERS[0], DRIVERS[0]).await;
    assert_eq!(sessions(&app).await, 3);
    let before = sealed(&app);
    let heads: Vec<_> = before.iter().map(|piece| &piece[1..33]).collect();
    let (person, held) = parties(&app).swap_remove(0);
    assert_eq!(held, 3, "they hold a number in each booking");
    let bytes = app.all_bytes();
    assert!(heads.iter().all(|head| contains(&bytes, head)) && contains(&bytes, &person));

    let body = json!({"phone": CALLER}).to_string();
    let (status, told) = app.post("/v1/subjects/erase", body).await;
    assert_eq!(status, 200, "{told}");
    let told: Value = serde_json::from_str(&told).expect("it is JSON");
    assert_eq!(
        (&told["bookings"], &told["sessions"]),
        (&json!(3), &json!(3))
    );
    let bytes = app.all_bytes();
    assert!(!contains(&bytes, &person), "what they are found by");
    let left = heads
        .iter()
        .enumerate()
        .filter(|(_, head)| contains(&bytes, head));
    let left: Vec<_> = left.map(|(place, _)| place).collect();
    assert_eq!(
        left.len(),
        3,
        "the others' booking, that it was made, and that the pool runs out: {left:?} of {}",
        heads.len()
    );
    let (_, listed) = app.get("/v1/bookings").await;
    assert_eq!(
        listed["items"].as_array().map(Vec::len),
        Some(1),
        "{listed}"
    );
}

/// Whom the desk's flow connects callers to.
const FRIEND: &str = "+6598765432";

fn desk() -> Settings {
    let text = format!(
        r#"
callwright = 1
[flow]
id      = "desk"
start   = "what"
answers = "any"
[menu.what]
say     = "Press 1 for a friend, press 2 to say goodbye."
press.1 = "friend"
press.2 = "bye"
give_up = "bye"
[connect.friend]
number    = "{FRIEND}"
busy      = "bye"
no_answer = "bye"
failed    = "bye"
allow     = ["CW608"]
[end.bye]
say = "Goodbye."
"#
    );
    Settings::default().flow("desk.toml", &text)
}

/// The sealed texts of a session's rows.
fn sealed_of(app: &TestApp, session: &str) -> Vec<Vec<u8>> {
    let db = Connection::open(app.database()).expect("it opens");
    let mut pieces = Vec::new();
    for sql in [
        "SELECT state FROM sessions WHERE session_id = ?1",
        "SELECT record FROM webhooks WHERE session = (SELECT id FROM sessions WHERE session_id = ?1)",
        "SELECT data FROM events WHERE session_id = ?1",
    ] {
        let mut select = db.prepare(sql).expect("it is a table of ours");
        let rows = select.query_map([session], |row| row.get::<_, Vec<u8>>(0));
        let rows = rows
            .expect("it reads")
            .map(|piece| piece.expect("it is sealed"));
        pieces.extend(rows);
    }
    pieces
}

#[tokio::test]
async fn no_file_has_anything_of_whom_a_flow_connected_others_to() {
    let app = TestApp::start_with(desk()).await;
    let mut connected = app.caller(RESTAURANT);
    connected.dial().await;
    assert_eq!(connected.press(Some("1")).await.dials(), Some(FRIEND));
    connected.end("COMPLETED").await;
    let mut other = app.caller(RESTAURANT);
    other.dial().await;
    other.press(Some("2")).await;
    other.end("COMPLETED").await;
    assert_eq!(sessions(&app).await, 2);
    let theirs = sealed_of(&app, &connected.session);
    let others = sealed_of(&app, &other.session);
    assert!(
        theirs.len() > 5 && others.len() > 5,
        "{} {}",
        theirs.len(),
        others.len()
    );
    let left = |pieces: &[Vec<u8>]| {
        let bytes = app.all_bytes();
        let left = pieces
            .iter()
            .filter(|piece| contains(&bytes, &piece[1..33]));
        left.count()
    };
    assert_eq!((left(&theirs), left(&others)), (theirs.len(), others.len()));

    let body = json!({"phone": FRIEND}).to_string();
    let (status, told) = app.post("/v1/subjects/erase", body).await;
    assert_eq!(status, 200, "{told}");
    let told: Value = serde_json::from_str(&told).expect("it is JSON");
    assert_eq!((&told["sessions"], &told["events"]), (&json!(1), &json!(2)));
    let (status, _) = app
        .get(&format!("/v1/sessions/{}", connected.session))
        .await;
    assert_eq!(status, 404);
    let (status, _) = app.get(&format!("/v1/sessions/{}", other.session)).await;
    assert_eq!(status, 200, "nobody else's call is hurt");
    assert_eq!((left(&theirs), left(&others)), (0, others.len()));
}

#[tokio::test]
async fn a_live_call_goes_on_and_goes_when_it_is_over() {
    let mut app = TestApp::start().await;
    let mut caller = app.caller(RESTAURANT);
    caller.dial().await;
    let body = json!({"phone": CALLER}).to_string();
    let (status, _) = app.post("/v1/subjects/erase", body).await;
    assert_eq!(status, 202);
    let next = caller.press(Some("1")).await;
    assert!(next.heard()[0].starts_with("Press 1 to make"), "{next:?}");
    caller.end("COMPLETED").await;
    while app.get("/v1/erasures").await.1["items"][0]["done_at"].is_null() {
        tokio::task::yield_now().await;
    }
    assert_eq!(sessions(&app).await, 0);
    app.restart().await;
    assert_eq!(sessions(&app).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_erases_and_lists() {
    let app = TestApp::start().await;
    call(&app).await;
    let said = async |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_callwright"));
        command
            .arg("erase")
            .args(args)
            .env("CALLWRIGHT_URL", app.url(""));
        let answer = tokio::task::spawn_blocking(move || command.output());
        let answer = answer.await.expect("it ends").expect("it starts");
        let out = String::from_utf8_lossy(&answer.stdout).into_owned();
        (
            answer.status.success(),
            out + &String::from_utf8_lossy(&answer.stderr),
        )
    };
    let (done, told) = said(&[CALLER]).await;
    assert!(done && told.contains("sessions  1"), "{told}");
    assert!(!told.contains("goes on"), "{told}");
    app.caller(RESTAURANT).dial().await;
    let (done, told) = said(&[CALLER]).await;
    assert!(done && told.contains("It goes on behind this"), "{told}");
    assert!(told.contains("callwright erase --list"), "{told}");
    let (done, listed) = said(&["--list"]).await;
    assert!(done && listed.contains("ERASURE"), "{listed}");
    let (done, refused) = said(&["hunter2"]).await;
    assert!(!done && refused.contains("is no phone number"), "{refused}");
    assert!(!refused.contains("hunter2"), "{refused}");
}
