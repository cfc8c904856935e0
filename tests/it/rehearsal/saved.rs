//! `callwright sessions save`: calls that the real server has carried become tests that pass, on both stores.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use callwright::clock::Clock;
use jiff::Timestamp;
use serde_json::json;

use crate::app::{Caller, Settings, TestApp};
use crate::lookups::system::{Mode, System};

/// Runs the list on both engines.
macro_rules! on_both_engines {
    ($($test:ident)*) => {
        mod sqlite {
            $(
                #[tokio::test]
                async fn $test() {
                    super::$test(super::Settings::default()).await;
                }
            )*
        }
        mod postgres {
            $(
                #[tokio::test]
                async fn $test() {
                    if let Some(url) = crate::cluster::database() {
                        super::$test(super::Settings::node(&url)).await;
                    }
                }
            )*
        }
    };
}

on_both_engines! {
    a_call_becomes_a_test_that_passes_and_tells_nothing
    wrong_secrets_stay_wrong
    what_look_ups_brought_is_brought_again
    the_hours_are_those_of_the_call
    what_is_no_test_is_told_and_nothing_is_written
}

const NUMBER: &str = "+6561115795";
const STAFF: &str = "+6568332048";
/// Who calls.
const OWN: &str = "+6587654321";
/// A Friday at 17:59 in Singapore.
const LATE: &str = "2026-11-20T09:59:00Z";

/// Everything that a test can tell of a call. `url` is somebody's system.
fn desk(url: &str) -> String {
    format!(
        r#"callwright = 1
[flow]
id = "desk"
start = "main"
timezone = "Asia/Singapore"
answers = ["{NUMBER}"]
[hours.office]
mon-fri = "09:00-18:00"
sat-sun = "closed"
[defaults]
tries = 2
give_up = "bye"
no_input = ["I heard nothing."]
no_match = ["That is none."]
[menu.main]
say = "Welcome, {{caller}}. For your booking press 1, for us press 2, to be called press 3."
say_again = "Press 1, 2 or 3."
press.1 = "pin"
press.2 = "open_now"
press.3 = "phone"
[ask.pin]
say = "Your code, please."
digits = 4
save = "pin"
secret = true
go = "find"
[lookup.find]
post = "{url}/find"
send = {{ menu = "{{call.last_menu}}" }}
while_waiting = "One moment."
save.guests = "guests"
save.when = "when"
save.phone = "phone"
ok = "found"
status.404 = "unknown"
failed = "sorry"
[message.found]
say = "A table for {{guests}} at {{when}}, booked from {{phone}}."
go = "main"
[end.unknown]
say = "Nobody knows that code."
[end.sorry]
say = "We cannot look now."
[decide.open_now]
hours = "office"
open = "staff"
closed = "closed_now"
[connect.staff]
say = "Connecting you."
number = "{STAFF}"
busy = "all_busy"
no_answer = "all_busy"
failed = "all_busy"
[end.all_busy]
say = "Everybody is busy."
[end.closed_now]
say = "We are closed."
[ask.phone]
say = "Your number, please."
digits = 8
save = "callback_number"
go = "call_you"
[end.call_you]
say = "We call you on {{callback_number:digits}}. Goodbye."
[end.bye]
say = "Goodbye."
"#
    )
}

/// A server with the desk's flow, at a time that can be set, and its system.
struct Desk {
    app: TestApp,
    now: Arc<AtomicI64>,
    _system: System,
}

impl Desk {
    async fn start(settings: Settings, mode: Mode) -> Self {
        let system = System::start(mode).await;
        let at: Timestamp = LATE.parse().expect("a time");
        let now = Arc::new(AtomicI64::new(at.as_second()));
        let told = now.clone();
        let clock = Clock::from_fn(move || {
            Timestamp::from_second(told.load(Ordering::Relaxed)).expect("a time")
        });
        let settings = settings
            .env("CALLWRIGHT_OUTWARD__ALLOW", "127.0.0.0/8")
            .env("CALLWRIGHT_OUTBOUND__COUNTRIES", "SG")
            .clock(clock)
            .flow("desk.toml", &desk(&system.url()));
        let app = TestApp::start_with(settings).await;
        Self {
            app,
            now,
            _system: system,
        }
    }

    /// A call that has come in.
    async fn call(&self) -> Caller<'_> {
        let mut call = self.app.caller(NUMBER);
        let body = call.body("CALL_RECEIVED", |payload| payload["source"] = json!(OWN));
        call.send(&body).await;
        call
    }

    /// What a command says, and whether it did what it should.
    async fn typed(&self, arguments: &[&str]) -> (bool, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_callwright"));
        command.args(arguments).current_dir(self.app.flows());
        let done = tokio::task::spawn_blocking(move || command.output()).await;
        let done = done.expect("it does not panic");
        let done = done.expect("the test build's own program starts");
        let said = String::from_utf8_lossy(&done.stdout).into_owned()
            + &String::from_utf8_lossy(&done.stderr);
        (done.status.success(), said)
    }

    /// Saves a session, in the folder of the flow.
    async fn save(&self, session: &str) -> (bool, String) {
        let url = self.app.url("");
        let file = "desk.test.toml";
        self.typed(&["sessions", "save", session, file, "--url", &url])
            .await
    }

    /// Saves a session, sees its test pass, and gives the test and what was said.
    async fn saved(&self, session: &str) -> (String, String) {
        let (done, said) = self.save(session).await;
        assert!(done, "{said}");
        let (passed, tested) = self.typed(&["test", "desk.test.toml"]).await;
        let text = self.text();
        assert!(passed, "{tested}{text}");
        for number in [OWN, STAFF, "87654321", "98765432", "9 8 7 6"] {
            assert!(!text.contains(number), "{number}: {text}");
        }
        (text, said)
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.app.flows().join("desk.test.toml")).unwrap_or_default()
    }
}

/// The lines of the last call of a test file.
fn lines(text: &str) -> Vec<String> {
    let file: toml::Table = text.parse().expect("it is TOML");
    let calls = file["call"].as_array().expect("calls");
    let steps = calls[calls.len() - 1]["steps"].as_array().expect("steps");
    let line = |step: &toml::Value| step.as_str().expect("a text").to_owned();
    steps.iter().map(line).collect()
}

async fn a_call_becomes_a_test_that_passes_and_tells_nothing(settings: Settings) {
    let found = json!({"guests": 4, "when": "2026-11-21T19:00:00", "phone": "+6598765432"});
    let desk = Desk::start(settings, Mode::Answers(200, found)).await;
    let mut call = desk.call().await;
    call.press(None).await;
    call.press(Some("1")).await;
    call.press(Some("9876")).await;
    call.bridged(200).await;
    call.press(Some("2")).await;
    call.bridged(486).await;
    call.end("COMPLETED").await;
    let (text, said) = desk.saved(&call.session).await;
    assert_eq!(
        lines(&text),
        [
            "hear Welcome,",
            "hear . For your booking press 1, for us press 2, to be called press 3.",
            "silence",
            "hear I heard nothing. Press 1, 2 or 3.",
            "press 1",
            "hear Your code, please.",
            "type ****",
            "hear One moment.",
            "lookup find answers 200 { guests = \"4\", phone = \"+6591234567\", when = \"2026-11-21T19:00:00\" }",
            // A date in a text has as many digits as a number.
            "hear A table for 4 at",
            "hear T19:00:00, booked from",
            "hear Welcome,",
            "hear . For your booking press 1, for us press 2, to be called press 3.",
            "press 2",
            "hear Connecting you.",
            "at staff",
            "busy",
            "hear Everybody is busy.",
            "ended",
        ]
    );
    assert!(text.contains("at    = 2026-11-20T17:59:00"), "{text}");
    assert!(text.starts_with("flow = \"desk.toml\"\n"), "{text}");
    assert!(
        !text.contains("9876") && !text.contains("98765432"),
        "{text}"
    );
    for told in [
        "saved in desk.test.toml: silence, 1, ****, 2, busy comes to all_busy\n",
        "left out: the caller's number; \"+6591234567\" stands in for it\n",
        "left out: the secret entered at step pin; a test makes up others for the stars\n",
        "left out: what may be a phone number in the answer to look-up find; \"+6591234567\" stands in for its phone\n",
        "left out: the number that was dialled; the flow has it in connect staff, and `at staff` stands in for it\n",
        "left out: phone numbers that were spoken; the words around them are there\n",
    ] {
        assert!(said.contains(told), "{told}: {said}");
        let comment = told.trim_end().replace("left out:", "# Left out:");
        assert!(
            comment.starts_with("saved") || text.contains(&comment),
            "{text}"
        );
    }
    // What was entered may be a number; what the flow says of it is left out with it.
    let mut call = desk.call().await;
    call.press(Some("3")).await;
    call.press(Some("98765432")).await;
    call.end("COMPLETED").await;
    let (text, _) = desk.saved(&call.session).await;
    assert_eq!(
        lines(&text)[2..],
        [
            "press 3",
            "hear Your number, please.",
            "type ********",
            "hear We call you on",
            "hear . Goodbye.",
            "ended",
        ]
    );
    assert_eq!(text.matches("[[call]]").count(), 2, "behind the first");
}

async fn wrong_secrets_stay_wrong(settings: Settings) {
    let desk = Desk::start(settings, Mode::Answers(404, json!({}))).await;
    let mut call = desk.call().await;
    call.press(Some("1")).await;
    call.press(Some("12")).await;
    call.press(Some("98761")).await;
    call.end("COMPLETED").await;
    let (text, _) = desk.saved(&call.session).await;
    assert_eq!(
        lines(&text)[3..],
        [
            "hear Your code, please.",
            "type ***",
            "hear That is none. Your code, please.",
            "type ***",
            "hear Goodbye.",
            "ended",
        ]
    );
}

async fn what_look_ups_brought_is_brought_again(settings: Settings) {
    for (mode, line, heard) in [
        (
            Mode::Answers(404, json!({"guests": 1})),
            "lookup find answers 404 { guests = \"1\" }",
            "hear Nobody knows that code.",
        ),
        (
            Mode::Garbage,
            "lookup find times out",
            "hear We cannot look now.",
        ),
        (
            Mode::Resets,
            "lookup find times out",
            "hear We cannot look now.",
        ),
    ] {
        let desk = Desk::start(settings.clone(), mode).await;
        let mut call = desk.call().await;
        call.press(Some("1")).await;
        call.press(Some("9876")).await;
        call.bridged(200).await;
        call.end("COMPLETED").await;
        let (text, _) = desk.saved(&call.session).await;
        assert_eq!(
            lines(&text)[5..],
            ["hear One moment.", line, heard, "ended"]
        );
    }
}

async fn the_hours_are_those_of_the_call(settings: Settings) {
    let desk = Desk::start(settings, Mode::Garbage).await;
    let mut call = desk.call().await;
    // Six o'clock has struck when the key comes.
    desk.now.fetch_add(90, Ordering::Relaxed);
    call.press(Some("2")).await;
    call.end("COMPLETED").await;
    let (text, said) = desk.saved(&call.session).await;
    assert!(text.contains("at    = 2026-11-20T18:00:30"), "{text}");
    assert!(said.contains("left out: when the call began;"), "{said}");
}

async fn what_is_no_test_is_told_and_nothing_is_written(settings: Settings) {
    let mut desk = Desk::start(settings, Mode::Garbage).await;
    let mut stray = desk.app.caller("+6561115000");
    stray.dial().await;
    stray.end("COMPLETED").await;
    let mut call = desk.call().await;
    call.press(Some("2")).await;
    let (live, stray) = (call.session.clone(), stray.session.clone());

    for (session, why) in [
        (
            stray.as_str(),
            "because: the call ended by a fault (unknown_number), not by its flow",
        ),
        ("nobody", "There is no session of this id"),
    ] {
        let (done, said) = desk.save(session).await;
        assert!(!done && said.contains(why), "{said}");
        assert_eq!(desk.text(), "", "nothing is written");
    }
    // A call that goes on is saved as far as it has come.
    let (text, said) = desk.saved(&live).await;
    assert_eq!(lines(&text).last().map(String::as_str), Some("at staff"));
    assert!(
        said.contains("left out: its end; it was still going on"),
        "{said}"
    );

    // The flow has changed since: what is heard now is not what was heard.
    let flow = desk.app.flows().join("desk.toml");
    let changed = std::fs::read_to_string(&flow).expect("it is there");
    let changed = changed.replace("Connecting you.", "One moment.");
    std::fs::write(&flow, changed).expect("it can be written");
    let (done, said) = desk.save(&live).await;
    let why = "goes another way, since the flow has changed";
    assert!(!done && said.contains(why), "{said}");
    assert!(said.contains("hear Connecting you."), "{said}");
    std::fs::remove_file(&flow).expect("it is there");
    let (done, said) = desk.save(&live).await;
    assert!(!done && said.contains("no flow in . is `desk`"), "{said}");
    desk.app.stop().await;
}
