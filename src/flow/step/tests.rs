//! The engine by example: small flows, keys in, what is heard out.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Call, Event, Position, Progress, Stuck, Turn};
use crate::call::{Action, Digits, PhoneNumber};
use crate::flow::Flow;
use crate::flow::check::check;
use crate::flow::diagnostic::{Severity, Source};
use crate::flow::model::VariableName;
use crate::outbound::{Country, Destinations, Refused};

fn start(
    flow: &Flow,
    call: &Call,
    handed_in: BTreeMap<VariableName, super::Value>,
) -> Result<Turn, Stuck> {
    turned(super::start(flow, call, handed_in))
}

fn step(flow: &Flow, call: &Call, position: &Position, event: &Event) -> Result<Turn, Stuck> {
    turned(super::step(flow, call, position, event))
}

/// A call that a test carries on by hand.
struct Carried {
    flow: Flow,
    call: Call,
    position: Option<Position>,
}

impl Carried {
    /// Begins a call on a flow whose steps are `steps`.
    fn on(steps: &str) -> (Self, Turn) {
        let mut carried = Self {
            flow: flow(steps),
            call: call(),
            position: None,
        };
        let turn = start(&carried.flow, &carried.call, BTreeMap::new()).expect("the flow starts");
        carried.position.clone_from(&turn.next);
        (carried, turn)
    }

    fn press(&mut self, keys: &str) -> Turn {
        self.go(Event {
            digits: Some(Digits::new(keys)),
            sip_code: None,
        })
    }

    fn silence(&mut self) -> Turn {
        self.go(Event::default())
    }

    fn go(&mut self, event: Event) -> Turn {
        let position = self.position.as_ref().expect("the call waits");
        let turn = step(&self.flow, &self.call, position, &event).expect("the flow goes on");
        self.position.clone_from(&turn.next);
        turn
    }
}

fn flow(steps: &str) -> Flow {
    let head = "callwright = 1\n[flow]\nid = \"test\"\nstart = \"main\"\n";
    let sources = [Source {
        path: "test.toml".to_owned(),
        text: format!("{head}{steps}"),
    }];
    let checked = check(&sources);
    let errors: Vec<_> = checked
        .diagnostics
        .iter()
        .filter(|fault| fault.severity == Severity::Error)
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    checked
        .flows
        .into_iter()
        .next()
        .expect("a flow without errors is built")
        .1
}

fn call() -> Call {
    Call {
        id: "session".to_owned(),
        caller: Some(PhoneNumber::new("+6591234567")),
        called: Some(PhoneNumber::new("6561115777")),
        caller_country: Some("SG".to_owned()),
        destinations: Arc::default(),
        now: jiff::Timestamp::UNIX_EPOCH,
        replies: 0,
        began: jiff::Timestamp::UNIX_EPOCH,
    }
}

fn turned(progress: Result<Progress, Stuck>) -> Result<Turn, Stuck> {
    progress.map(|progress| progress.turn().expect("it needs nothing"))
}

/// What is heard, with the actions that are no words as words in brackets.
fn heard(turn: &Turn) -> Vec<String> {
    let show = |action: &Action| match action {
        Action::Say { text, .. } => text.clone(),
        Action::SayAndCapture(capture) => format!("{} [keys]", capture.prompt),
        Action::PlayFile { url, repetition } => format!("[play {url} {repetition}]"),
        Action::MakeCall {
            source,
            destination,
            record,
        } => {
            format!(
                "[call {} from {} {record}]",
                destination.as_it_came(),
                source.as_it_came()
            )
        }
        Action::Hangup => "[hangup]".to_owned(),
    };
    turn.actions.iter().map(show).collect()
}

const TRIES: &str = r#"
[menu.main]
say       = "A table?"
say_again = "Press 1."
no_input  = ["I heard nothing.", "Still nothing."]
no_match  = "Not a choice."
press.1   = "done"
press.9   = "repeat"
tries     = 4
give_up   = "sorry"
[end.done]
say = "Thank you."
[end.sorry]
say = "Goodbye."
"#;

#[test]
fn one_counter_serves_all_wrong_tries() {
    let (mut call, turn) = Carried::on(TRIES);
    assert_eq!(heard(&turn), ["A table? [keys]"]);
    assert_eq!(heard(&call.silence()), ["I heard nothing. Press 1. [keys]"]);
    assert_eq!(heard(&call.press("7")), ["Not a choice. Press 1. [keys]"]);
    assert_eq!(
        heard(&call.silence()),
        ["Still nothing. Press 1. [keys]"],
        "the last text repeats"
    );
    assert_eq!(
        heard(&call.press("7")),
        ["Goodbye.", "[hangup]"],
        "the last try says no list text"
    );
    assert_eq!(call.position, None);
}

#[test]
fn a_key_that_repeats_says_the_shorter_words() {
    let (mut call, _) = Carried::on(TRIES);
    assert_eq!(heard(&call.press("9")), ["Press 1. [keys]"]);
    assert_eq!(heard(&call.press("1")), ["Thank you.", "[hangup]"]);
}

#[test]
fn a_key_sets_speaks_and_switches_the_language() {
    let (mut call, turn) = Carried::on(
        r#"
[languages]
default  = "en"
en.voice = "English"
zh.voice = "Chinese"
[defaults]
give_up = "end"
tries   = 1
[menu.main]
speak   = "every language"
say.en  = "For English, press 1."
say.zh  = "中文请按2。"
press.1 = { language = "en", go = "done", set.day = "today" }
press.2 = { language = "zh", go = "done", set.day = "今天", say.en = "Yes.", say.zh = "好。" }
[end.done]
say.en = "Done, {day}."
say.zh = "完成,{day}。"
"#,
    );
    assert_eq!(
        heard(&turn),
        ["For English, press 1.", "中文请按2。 [keys]"]
    );
    let turn = call.press("2");
    assert_eq!(heard(&turn), ["好。", "完成,今天。", "[hangup]"]);
    let voices = turn.actions.iter().filter_map(|action| match action {
        Action::Say { voice, .. } => Some(voice.as_str()),
        _ => None,
    });
    assert_eq!(voices.collect::<Vec<_>>(), ["Chinese", "Chinese"]);
}

const ASK: &str = r#"
[ask.main]
say      = "Your number?"
digits   = "4-8"
end_key  = "hash"
save     = "ref"
no_match = "Four to eight digits."
no_input = "I heard nothing."
wait     = "5s"
go       = "read"
give_up  = "end"
[message.read]
say = "You typed {ref:digits}, {caller:digits} from {caller.country}."
go  = "end"
"#;

#[test]
fn digits_are_taken_within_their_bounds() {
    for (typed, fits) in [
        ("4471", true),
        ("4471#", true),
        ("12345678", true),
        ("123", false),
        ("#", false),
    ] {
        let (mut call, _) = Carried::on(ASK);
        assert_eq!(call.press(typed).next.is_none(), fits, "{typed}");
    }
    let (mut call, _) = Carried::on(ASK);
    assert_eq!(
        heard(&call.press("44*1")),
        ["Four to eight digits. Your number? [keys]"]
    );
    let read = heard(&call.press("4471"));
    assert_eq!(
        read,
        [
            "You typed 4 4 7 1, 6 5 9 1 2 3 4 5 6 7 from SG.",
            "[hangup]"
        ]
    );
}

#[test]
fn what_an_entry_takes_is_said_on_the_wire() {
    let (_, turn) = Carried::on(ASK);
    let Some(Action::SayAndCapture(capture)) = turn.actions.last() else {
        panic!("{turn:?}")
    };
    assert_eq!((capture.min_digits, capture.max_digits), (4, 8));
    assert!(capture.complete_on_hash);
    assert_eq!(capture.digit_timeout_ms, 3000);
    assert_eq!(capture.overall_timeout_ms, 5000 + 7 * 2000);

    let (_, turn) = Carried::on(TRIES);
    let Some(Action::SayAndCapture(capture)) = turn.actions.last() else {
        panic!("{turn:?}")
    };
    assert_eq!((capture.min_digits, capture.max_digits), (1, 1));
    assert!(!capture.complete_on_hash);
    assert_eq!(
        (capture.digit_timeout_ms, capture.overall_timeout_ms),
        (5999, 6000)
    );
}

const CONNECT: &str = r#"
[numbers]
staff = "+6568332048"
[connect.main]
say       = "One moment."
number    = "staff"
record    = true
busy      = "busy"
no_answer = "away"
failed    = "failed"
after     = "after"
[end.busy]
say = "Busy."
[end.away]
say = "Away."
[end.failed]
say = "Failed."
[end.after]
say = "After."
"#;

#[test]
fn a_bridged_call_leads_on_by_its_sip_status() {
    for (sip_code, expected) in [
        (Some(200), "After."),
        (None, "After."),
        (Some(486), "Busy."),
        (Some(600), "Busy."),
        (Some(408), "Away."),
        (Some(480), "Away."),
        (Some(487), "Away."),
        (Some(404), "Failed."),
        (Some(503), "Failed."),
    ] {
        let (mut call, turn) = Carried::on(CONNECT);
        assert_eq!(
            heard(&turn),
            ["One moment.", "[call +6568332048 from 6561115777 true]"]
        );
        let turn = call.go(Event {
            digits: None,
            sip_code,
        });
        assert_eq!(heard(&turn), [expected, "[hangup]"], "{sip_code:?}");
    }
}

#[test]
fn without_a_number_of_our_own_connecting_fails() {
    let flow = flow(CONNECT);
    let turn = start(
        &flow,
        &Call {
            called: None,
            ..call()
        },
        BTreeMap::new(),
    )
    .expect("the flow starts");
    assert_eq!(heard(&turn), ["Failed.", "[hangup]"]);
}

#[test]
fn a_number_that_may_not_be_called_is_not_called() {
    let country = |code| Country::parse(code).expect("a country");
    let closed = |code| Refused::Closed(country(code));
    let premium = CONNECT.replace("+6568332048", "+19002345678");
    let jamaica = CONNECT.replace("+6568332048", "+18765550123");
    let open = Arc::new(Destinations::new([], [country("JM")]));
    let own = Arc::new(Destinations::new([PhoneNumber::new("6568332048")], []));
    for (steps, destinations, refused) in [
        (CONNECT, Arc::default(), None),
        (&premium, open.clone(), Some(Refused::Premium)),
        (&jamaica, Arc::default(), Some(closed("JM"))),
        (&jamaica, open, None),
        (CONNECT, own, Some(Refused::Own)),
    ] {
        let call = Call {
            destinations,
            ..call()
        };
        let turn = start(&flow(steps), &call, BTreeMap::new()).expect("the flow starts");
        let told: Vec<_> = turn
            .refused
            .iter()
            .map(|(step, why)| (step.as_str(), *why))
            .collect();
        match refused {
            Some(why) => {
                assert_eq!(
                    heard(&turn),
                    ["Failed.", "[hangup]"],
                    "nothing is promised before"
                );
                assert_eq!(told, [("main", why)]);
            }
            None => {
                assert!(
                    heard(&turn)
                        .iter()
                        .any(|action| action.starts_with("[call +"))
                );
                assert_eq!(told, []);
            }
        }
    }
}

#[test]
fn messages_are_said_in_front_of_what_follows() {
    let (_, turn) = Carried::on(
        r#"
[message.main]
say    = "Welcome."
repeat = 2
go     = "jingle"
[message.jingle]
play = "https://example.com/jingle.mp3"
go   = "menu"
[menu.menu]
play    = "https://example.com/menu.mp3"
say     = "Press 1."
press.1 = "end"
give_up = "end"
"#,
    );
    let expected = [
        "Welcome.",
        "[play https://example.com/jingle.mp3 1]",
        "[play https://example.com/menu.mp3 1]",
        "Press 1. [keys]",
    ];
    assert_eq!(heard(&turn), expected);
    assert_eq!(turn.path.len(), 3);
}

#[test]
fn lost_variables_lead_to_the_way_out() {
    let flow = flow(
        r#"
[ask.main]
say     = "Your number?"
digits  = 4
save    = "ref"
go      = "menu"
give_up = "end"
[menu.menu]
say     = "You typed {ref:digits}. If that is right press 1."
press.1 = "last"
give_up = "sorry"
[end.last]
say = "Bye, {ref:digits}."
[end.sorry]
say = "Sorry."
"#,
    );
    let mut position = start(&flow, &call(), BTreeMap::new())
        .expect("starts")
        .next
        .expect("waits");
    position.step = crate::flow::model::StepName::new("menu");
    let silence = step(&flow, &call(), &position, &Event::default()).expect("goes on");
    assert_eq!(heard(&silence), ["Sorry.", "[hangup]"]);
    let pressed = Event {
        digits: Some(Digits::new("1")),
        sip_code: None,
    };
    let stuck = step(&flow, &call(), &position, &pressed);
    assert!(matches!(stuck, Err(Stuck::Unset(..))), "{stuck:?}");
}

#[test]
fn a_secret_stays_one_also_in_what_is_made_of_it() {
    let (mut call, _) = Carried::on(
        r#"
[ask.main]
say     = "Your code?"
digits  = 4
save    = "pin"
secret  = true
go      = "menu"
give_up = "end"
[menu.menu]
say     = "To go on press 1."
press.1 = { go = "menu", set.copy = "is {pin}" }
give_up = "end"
"#,
    );
    call.press("4471");
    let turn = call.press("1");
    let position = turn.next.expect("the menu waits again");
    assert_eq!(
        position.variables[&VariableName::new("copy")].text,
        "is 4471"
    );
    assert!(position.variables.values().all(|value| value.secret));
    assert!(!format!("{position:?}").contains("4471"));
}

#[test]
fn a_step_that_does_not_wait_is_refused() {
    let flow = flow(TRIES);
    let mut position = start(&flow, &call(), BTreeMap::new())
        .expect("starts")
        .next
        .expect("waits");
    position.step = crate::flow::model::StepName::new("done");
    assert!(matches!(
        step(&flow, &call(), &position, &Event::default()),
        Err(Stuck::NoSuchStep(_))
    ));
}

#[test]
fn what_the_platform_does_not_tell_of_the_caller_is_spoken_as_nothing() {
    let flow = flow(
        "[menu.main]\nsay = \"Hello {caller:digits}{caller.country}. Press 1.\"\npress.1 = \"end\"\ntries = 1\ngive_up = \"end\"\n",
    );
    for caller in [None, Some(""), Some("+"), Some("anonymous")] {
        let call = Call {
            caller: caller.map(PhoneNumber::new),
            caller_country: None,
            ..call()
        };
        let turn = start(&flow, &call, BTreeMap::new()).expect("the flow starts");
        assert_eq!(heard(&turn), ["Hello . Press 1. [keys]"], "{caller:?}");
    }
}
