//! Look-ups of flows in somebody's systems, with the real server: what is asked, what is heard, and what happens when the systems
//! misbehave.

pub(crate) mod system;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use callwright::clock::Clock;
use serde_json::json;

use crate::app::{CALLER, Settings, TestApp};
use system::{Mode, System};

const NUMBER: &str = "+6561115790";

/// A flow whose key 1 asks `url`, and whose key 2 asks nothing.
fn flow(lookup: &str) -> String {
    format!(
        r#"
callwright = 1
[flow]
id = "dips"
start = "main"
answers = ["{NUMBER}"]
[defaults]
tries = 1
give_up = "bye"
[menu.main]
say = "To ask press 1, to be told press 2."
press.1 = "ask"
press.2 = "told"
[lookup.ask]
{lookup}
ok = "found"
status.404 = "unknown"
failed = "failed"
[menu.found]
say = "Hello {{name}}. To ask again press 1."
press.1 = "ask"
[end.unknown]
say = "Nobody knows you."
[end.failed]
say = "We cannot look now."
[end.told]
say = "You are told."
[end.bye]
say = "Goodbye."
"#
    )
}

/// A server that may reach this machine.
async fn app(lookup: &str) -> TestApp {
    TestApp::start_with(settings().flow("dips.toml", &flow(lookup))).await
}

fn settings() -> Settings {
    Settings::default().env("CALLWRIGHT_OUTWARD__ALLOW", "127.0.0.0/8")
}

/// Calls, presses 1 and gives what is heard then, with how long that took.
async fn ask(app: &TestApp) -> (String, Duration) {
    let mut call = app.caller(NUMBER);
    call.dial().await;
    let since = Instant::now();
    let reply = call.press(Some("1")).await;
    (reply.heard().join(" "), since.elapsed())
}

/// How long a reply may take that waits for a system: what the platform waits for.
const DUE: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_flow_asks_and_is_answered() {
    let system = System::start(Mode::Answers(200, json!({"customer": {"name": "Ada"}}))).await;
    let lookup = format!(
        "post = \"{}/people\"\nsend = {{ phone = \"{{caller}}\" }}\nheaders = {{ X-Shop = \"no. {{call.last_menu}}\" }}\nsave.name = \"customer.name\"",
        system.url()
    );
    let app = app(&lookup).await;
    assert_eq!(ask(&app).await.0, "Hello Ada. To ask again press 1");
    let asked = system.asked();
    assert_eq!(asked.len(), 1);
    for words in [
        "POST /people HTTP/1.1",
        "x-shop: no. main",
        "idempotency-key: ",
    ] {
        assert!(asked[0].contains(words), "{words} in {}", asked[0]);
    }
    assert!(
        asked[0].ends_with(&format!("{{\"phone\":\"{CALLER}\"}}")),
        "{}",
        asked[0]
    );
}

#[tokio::test]
async fn a_repeated_webhook_asks_once_and_is_answered_alike() {
    let system = System::start(Mode::Answers(200, json!({"name": "Ada"}))).await;
    let app = app(&format!(
        "post = \"{}/\"\nsave.name = \"name\"",
        system.url()
    ))
    .await;
    let mut call = app.caller(NUMBER);
    call.dial().await;
    let body = call.pressed(Some("1"));
    let (one, other) = tokio::join!(call.resend(&body), call.resend(&body));
    assert_eq!(one.heard(), ["Hello Ada. To ask again press 1"]);
    assert_eq!(one, other);
    assert_eq!(call.send(&body).await, one);
    assert_eq!(system.asked().len(), 1, "one request for one press");
    call.press(Some("1")).await;
    let keys: BTreeSet<_> = system.asked().iter().map(|it| key(it)).collect();
    assert_eq!(keys.len(), 2, "another press is another request");
}

fn key(request: &str) -> String {
    let mut lines = request.lines();
    let line = lines.find(|line| line.starts_with("idempotency-key"));
    line.expect("it has a key").to_owned()
}

#[tokio::test]
async fn words_are_said_while_the_system_thinks() {
    let system = System::start(Mode::Answers(200, json!({"name": "Ada"}))).await;
    let lookup = format!(
        "post = \"{}/\"\nsave.name = \"name\"\nwhile_waiting = \"One moment, please.\"",
        system.url()
    );
    let app = app(&lookup).await;
    let mut call = app.caller(NUMBER);
    call.dial().await;
    let reply = call.press(Some("1")).await;
    assert_eq!(
        (reply.names(), reply.heard()),
        (vec!["say"], vec!["One moment, please"])
    );
    let reply = call.bridged(200).await;
    assert_eq!(reply.heard(), ["Hello Ada. To ask again press 1"]);
    assert_eq!(system.asked().len(), 1, "the one that was begun");
}

#[tokio::test]
async fn a_system_that_misbehaves_costs_the_caller_no_more_than_the_budget() {
    let modes = [
        Mode::After(Duration::from_secs(10)),
        Mode::Never,
        Mode::Drips,
        Mode::Floods,
        Mode::Bomb,
        Mode::Garbage,
        Mode::Resets,
        Mode::Redirects,
    ];
    futures_util::future::join_all(modes.map(misbehaves)).await;
}

/// Eleven calls to a system that misbehaves so: none waits long, and it is soon left alone.
async fn misbehaves(mode: Mode) {
    let system = System::start(mode.clone()).await;
    let lookup = "save.name = \"name\"\ntimeout = \"300ms\"";
    let app = app(&format!("get = \"{}/\"\n{lookup}", system.url())).await;
    for _ in 0..10 {
        let (heard, took) = ask(&app).await;
        assert_eq!(heard, "We cannot look now", "{mode:?}");
        assert!(took < DUE, "{mode:?}: {took:?}");
    }
    let asked = system.asked().len();
    assert!(
        (1..10).contains(&asked),
        "{mode:?}: asked {asked} times, and never left alone"
    );
    ask(&app).await;
    assert_eq!(system.asked().len(), asked, "{mode:?}: it is left alone");
    assert_eq!(system.redirected(), 0, "no redirect is followed");
    let mut call = app.caller(NUMBER);
    call.dial().await;
    assert_eq!(call.press(Some("2")).await.heard(), ["You are told"]);
}

/// How many calls that ask nothing are measured at a time, each beside one of four that waits for a system.
const BLOCK: usize = 40;

/// R9: with one call in five waiting for a slow system, those that ask nothing are answered as soon as they are without. What is measured alternates, so that the
/// machine's own troubles meet both. The short form holds the ninetieth percentile to it, of few calls; the long one the ninety-ninth of many.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_nothing_does_not_wait_for_those_who_do() {
    let system = System::start(Mode::After(Duration::from_millis(400))).await;
    let lookup = format!("get = \"{}/\"\nsave.name = \"name\"", system.url());
    let app = Arc::new(app(&lookup).await);
    let is_long = std::env::var_os("CALLWRIGHT_NIGHTLY").is_some();
    let (blocks, at) = if is_long { (100, 0.99) } else { (4, 0.9) };
    let (mut quiet, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..blocks {
        let mut asking = Vec::new();
        quiet.extend(told(&app, |_| ()).await);
        // Spread as calls come, and not all at one moment.
        let begin = |nth: usize| {
            if nth.is_multiple_of(4) {
                let app = app.clone();
                asking.push(tokio::spawn(async move { ask(&app).await.0 }));
            }
        };
        beside.extend(told(&app, begin).await);
        for asked in asking {
            let heard = asked.await.expect("the call goes on");
            assert_eq!(heard, "Hello late. To ask again press 1");
        }
    }
    let [quiet, beside] = [quiet, beside].map(|mut took: Vec<Duration>| {
        took.sort_unstable();
        took[(took.len() as f64 * at) as usize]
    });
    println!(
        "R9: {blocks} times {BLOCK} calls: {quiet:?} alone, {beside:?} beside look-ups (at {at})"
    );
    let most = quiet.mul_f64(1.2) + Duration::from_millis(5);
    assert!(beside < most, "{beside:?} beside look-ups, {quiet:?} alone");
}

/// How long each of some calls waits that ask nothing; `before` each, something may be begun.
async fn told(app: &TestApp, mut before: impl FnMut(usize)) -> Vec<Duration> {
    let mut took = Vec::new();
    for nth in 0..BLOCK {
        before(nth);
        let mut call = app.caller(NUMBER);
        call.dial().await;
        let since = Instant::now();
        let reply = call.press(Some("2")).await;
        took.push(since.elapsed());
        assert_eq!(reply.heard(), ["You are told"]);
    }
    took
}

#[tokio::test]
async fn look_ups_of_one_reply_share_its_time() {
    let system = System::start(Mode::Never).await;
    let lookup = format!("get = \"{}/\"\ntimeout = \"1s\"", system.url());
    let second = format!(
        "failed = \"second\"\n[lookup.second]\nget = \"{}/2\"\ntimeout = \"1s\"\nok = \"told\"\nfailed = \"failed\"\n[end.unused]",
        system.url()
    );
    let text = flow(&lookup).replace(
        "failed = \"failed\"\n[menu.found]",
        &format!("{second}\n[menu.found]"),
    );
    let text = text.replace("{name}", "you");
    let app = TestApp::start_with(settings().flow("dips.toml", &text)).await;
    let (heard, took) = ask(&app).await;
    assert_eq!(heard, "We cannot look now");
    assert!(took >= Duration::from_secs(1) && took < DUE, "{took:?}");
    assert_eq!(system.asked().len(), 2);
}

#[tokio::test]
async fn what_the_system_does_not_know_is_no_failure_of_its() {
    let system = System::start(Mode::Answers(404, json!({}))).await;
    let app = app(&format!(
        "get = \"{}/\"\nsave.name = \"name\"",
        system.url()
    ))
    .await;
    for _ in 0..8 {
        assert_eq!(ask(&app).await.0, "Nobody knows you");
    }
    assert_eq!(system.asked().len(), 8);
}

/// Where flows may not look: this machine and its neighbours, in spellings that get past others; and what is not encrypted.
#[tokio::test]
async fn a_flow_reaches_the_world_alone() {
    let canary = System::start(Mode::Answers(200, json!({"name": "Ada"}))).await;
    let port = canary.port();
    let hosts = [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "localhost",
        "0.0.0.0",
        "10.0.0.1",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "100.64.0.1",
        "[64:ff9b::7f00:1]",
        "127.0.0.1.",
    ];
    let asks = hosts
        .iter()
        .flat_map(|host| ["http", "https"].map(|scheme| format!("{scheme}://{host}:{port}/")));
    let asks: Vec<_> = asks.chain(["http://example.com/".to_owned()]).collect();
    let number = |nth: usize| format!("+65611158{nth:02}");
    let mut settings = Settings::default();
    let names: Vec<&'static str> = (0..asks.len())
        .map(|nth| &*format!("f{nth}.toml").leak())
        .collect();
    for (nth, url) in asks.iter().enumerate() {
        let text = flow(&format!("get = \"{url}\"\nsave.name = \"name\""));
        let text = text
            .replace(NUMBER, &number(nth))
            .replace("\"dips\"", &format!("\"dips-{nth}\""));
        settings = settings.flow(names[nth], &text);
    }
    let app = TestApp::start_with(settings).await;
    for (nth, url) in asks.iter().enumerate() {
        let mut call = app.caller(&number(nth));
        call.dial().await;
        assert_eq!(
            call.press(Some("1")).await.heard(),
            ["We cannot look now"],
            "{url}"
        );
    }
    assert_eq!(canary.asked().len(), 0);
}

#[tokio::test]
async fn the_full_example_answers_as_its_clock_says() {
    let at = |utc: &str| {
        let now: jiff::Timestamp = utc.parse().expect("a moment");
        Clock::from_fn(move || now)
    };
    // A Friday at half past twelve in Singapore; Christmas Day.
    for (utc, first) in [
        (
            "2026-11-20T04:30:00Z",
            "Welcome to ABC Restaurant. To book or change a table press 1",
        ),
        (
            "2026-12-25T04:30:00Z",
            "We are closed at the moment. We open again tomorrow at 11 am",
        ),
    ] {
        let app = TestApp::start_with(Settings::default().clock(at(utc))).await;
        let mut call = app.caller("+6561115779");
        let reply = call.dial().await;
        assert_eq!(reply.heard()[0], "For English, press 1");
        let heard = call.press(Some("1")).await;
        assert!(heard.heard()[0].starts_with(first), "{:?}", heard.heard());
    }
}

#[tokio::test]
async fn a_call_ends_on_the_sub_flow_that_it_began_on() {
    let main = "callwright = 1\n[flow]\nid = \"main\"\nstart = \"inner\"\nanswers = [\"+6561115790\"]\n\
                [use.inner]\nflow = \"shared/inner.toml\"\non.done = \"end\"\n";
    let inner = |words: &str| {
        format!(
            "callwright = 1\n[flow]\nid = \"inner\"\nstart = \"ask\"\n[menu.ask]\nsay = \"To hear it press 1.\"\npress.1 = \"words\"\n\
             tries = 1\ngive_up = \"done\"\n[message.words]\nsay = \"{words}\"\ngo = \"done\"\n[return.done]\n"
        )
    };
    let settings = Settings::default()
        .flow("main.toml", main)
        .flow("shared/inner.toml", &inner("Old words"));
    let mut app = TestApp::start_with(settings).await;
    let (session, label) = {
        let mut call = app.caller(NUMBER);
        call.dial().await;
        (call.session.clone(), call.label.clone())
    };
    app.change_flow("shared/inner.toml", &inner("New words"));
    app.restart().await;
    let mut call = crate::app::Caller::new(&app, &session, NUMBER);
    call.label = label;
    assert_eq!(call.press(Some("1")).await.heard(), ["Old words"]);
    let mut call = app.caller(NUMBER);
    call.dial().await;
    assert_eq!(call.press(Some("1")).await.heard(), ["New words"]);
}
