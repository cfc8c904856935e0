//! A person that was erased: nothing is left of them in any file, and nobody is told who it was.

use std::ffi::OsStr;
use std::process::Command;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::app::{CALLER, RESTAURANT, Settings, TestApp};
use crate::bookings::{DRIVERS, RIDERS, book, number, pool};
use crate::cluster;

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

/// What `callwright` says to these arguments beside the server, and whether it did what it was asked.
async fn said(app: &TestApp, args: &[&str]) -> (bool, String) {
    let keys = app.database().with_file_name("callwright.keys");
    let database = format!("sqlite://{}", app.database().display());
    let env = [
        ("CALLWRIGHT_URL", app.url("")),
        ("CALLWRIGHT_DATABASE_URL", database),
        ("CALLWRIGHT_KEYS__FILE", keys.display().to_string()),
    ];
    said_with(env, args).await
}

async fn said_with(
    env: impl IntoIterator<Item = (impl AsRef<OsStr>, String)>,
    args: &[&str],
) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callwright"));
    command.args(args).envs(env);
    let answer = tokio::task::spawn_blocking(move || command.output());
    let answer = answer.await.expect("it ends").expect("it starts");
    let out = String::from_utf8_lossy(&answer.stdout).into_owned();
    (
        answer.status.success(),
        out + &String::from_utf8_lossy(&answer.stderr),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_back_up_has_nothing_of_whom_was_erased_from_it() {
    let mut app = TestApp::start_with(pool()).await;
    let theirs = book(&app, "theirs", CALLER, DRIVERS[0]).await;
    book(&app, "theirs-too", CALLER, DRIVERS[2]).await;
    let mut live = app.caller(number(&theirs, "a"));
    assert_eq!(live.dial().await.dials(), Some(DRIVERS[0]));
    let (person, held) = parties(&app).swap_remove(0);
    assert_eq!(held, 2, "they hold a number in each booking");
    let others = book(&app, "others", RIDERS[0], DRIVERS[1]).await;
    let mut other = app.caller(number(&others, "b"));
    let call = other.body("CALL_RECEIVED", |payload| {
        payload["source"] = json!(DRIVERS[1])
    });
    assert_eq!(other.send(&call).await.dials(), Some(RIDERS[0]));
    assert_eq!(sessions(&app).await, 2);
    let of_theirs = sealed_of(&app, &live.session);
    let of_others = sealed_of(&app, &other.session);
    let other = other.session;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("backup.db");
    let backup = path.display().to_string();
    let (done, told) = said(&app, &["backup", &backup]).await;
    assert!(done, "{told}");
    let left = |pieces: &[Vec<u8>]| {
        let bytes = std::fs::read(&path).expect("it is there");
        let there = |piece: &&Vec<u8>| contains(&bytes, &piece[1..33]);
        pieces.iter().filter(there).count()
    };
    assert!(left(&of_theirs) > 1 && left(&of_theirs) == of_theirs.len());

    let (done, told) = said(&app, &["erase", CALLER, "--backup", &backup]).await;
    assert!(done && told.contains("bookings  2"), "{told}");
    assert!(told.contains("sessions  1"), "a live call is over: {told}");
    assert_eq!((left(&of_theirs), left(&of_others)), (0, of_others.len()));
    let bytes = std::fs::read(&path).expect("it is there");
    assert!(!contains(&bytes, &person), "what they are found by");
    let beside = std::fs::read_dir(folder.path()).expect("it can be listed");
    assert_eq!(beside.count(), 1, "nothing else is left");

    app.stop().await;
    let (done, told) = said(&app, &["restore", &backup, "--force"]).await;
    assert!(done, "{told}");
    app.restart().await;
    let (_, listed) = app.get("/v1/bookings").await;
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(listed["items"][0]["id"], "others");
    let (status, _) = app.get(&format!("/v1/sessions/{other}")).await;
    assert_eq!(status, 200);
    let (_, erasures) = app.get("/v1/erasures").await;
    assert!(erasures["items"][0]["done_at"].is_string(), "{erasures}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_dump_has_nothing_of_whom_was_erased_from_it() {
    let (Some(url), Some(empty)) = (cluster::database(), cluster::database()) else {
        return;
    };
    let settings = Settings::node(&url);
    let mut app = TestApp::start_with(settings.clone()).await;
    app.caller(RESTAURANT).dial().await;
    let mut other = app.caller(RESTAURANT);
    let call = other.body("CALL_RECEIVED", |payload| {
        payload["source"] = json!(RIDERS[0])
    });
    other.send(&call).await;
    let other = other.session;
    assert_eq!(sessions(&app).await, 2);
    app.stop().await;

    let erase = async |from: &str| {
        said_with(settings.env.clone(), &["erase", CALLER, "--backup", from]).await
    };
    let (done, told) = erase(&url).await;
    assert!(done && told.contains("sessions  1"), "{told}");
    app.restart().await;
    assert_eq!(sessions(&app).await, 1);
    let (status, _) = app.get(&format!("/v1/sessions/{other}")).await;
    assert_eq!(status, 200, "nobody else's call is hurt");
    let (done, told) = erase(&empty).await;
    assert!(!done && told.contains("restore the dump into it"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_cannot_be_erased_from_a_back_up_is_told_why_and_it_stays() {
    let app = TestApp::start().await;
    call(&app).await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("backup.db");
    let backup = path.display().to_string();
    let (done, told) = said(&app, &["backup", &backup]).await;
    assert!(done, "{told}");
    let before = std::fs::read(&path).expect("it is there");
    let no_backup = app.database().display().to_string();
    for (args, why) in [
        (
            ["erase", "hunter2", "--backup", &backup],
            "write each with its country code",
        ),
        (["erase", CALLER, "--backup", "nowhere.db"], "is not there"),
        (["erase", CALLER, "--backup", &no_backup], "is no back-up"),
    ] {
        let (done, told) = said(&app, &args).await;
        assert!(!done && told.contains(why), "{args:?}: {told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
    let keys = app.database().with_file_name("callwright.keys");
    std::fs::remove_file(keys).expect("it is there");
    let (done, told) = said(&app, &["erase", CALLER, "--backup", &backup]).await;
    assert!(
        !done && told.contains("callwright.keys is not there"),
        "{told}"
    );
    assert_eq!(std::fs::read(&path).expect("it is there"), before);
    assert_eq!(sessions(&app).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_erases_and_lists() {
    let app = TestApp::start().await;
    call(&app).await;
    let said = async |args: &[&str]| said(&app, &[&["erase"], args].concat()).await;
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
