//! Steps that ask, by example: what the world is asked, and where its answers lead.

use std::collections::BTreeMap;

use super::super::{Call, Event, Position, Progress, start, step};
use crate::call::{Action, Digits, PhoneNumber};
use crate::flow::Flow;
use crate::flow::check::check;
use crate::flow::diagnostic::{Severity, Source};
use crate::flow::need::{LookupFailure, Met, Need, Piece, Request, Response};

fn flow(files: &[(&str, &str)]) -> Flow {
    let source = |(path, text): &(&str, &str)| Source {
        path: (*path).to_owned(),
        text: (*text).to_owned(),
    };
    let sources: Vec<_> = files.iter().map(source).collect();
    let checked = check(&sources);
    let errors = checked.diagnostics.iter();
    let errors: Vec<_> = errors.filter(|it| it.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let mut flows = checked.flows;
    assert_eq!(flows.len(), 1);
    flows.remove(0).1
}

fn call(now: &str, replies: u32) -> Call {
    Call {
        id: "session".to_owned(),
        caller: Some(PhoneNumber::new("+6591234567")),
        called: Some(PhoneNumber::new("6561115777")),
        now: now.parse().expect("a moment"),
        replies,
        ..Call::default()
    }
}

/// A call that a test carries on: each turn's words, what it waits at, and what was asked of the world.
struct Carried<'f> {
    flow: &'f Flow,
    replies: u32,
    position: Option<Position>,
    asked: Vec<Request>,
    begins: Vec<Need>,
}

impl<'f> Carried<'f> {
    /// Begins; `met` is what look-ups come to.
    fn on(flow: &'f Flow, met: &dyn Fn(&Request) -> Met) -> (Self, Vec<String>) {
        let mut carried = Self {
            flow,
            replies: 0,
            position: None,
            asked: Vec::new(),
            begins: Vec::new(),
        };
        let progress = start(flow, &carried.call(), BTreeMap::new());
        let heard = carried.follow(progress.expect("the flow starts"), met);
        (carried, heard)
    }

    fn call(&self) -> Call {
        call("2026-11-27T04:30:00Z", self.replies)
    }

    fn go(&mut self, keys: Option<&str>, met: &dyn Fn(&Request) -> Met) -> Vec<String> {
        let event = Event {
            digits: keys.map(Digits::new),
            sip_code: None,
        };
        let position = self.position.clone().expect("the call waits");
        let progress = step(self.flow, &self.call(), &position, &event);
        self.follow(progress.expect("the flow goes on"), met)
    }

    fn follow(&mut self, mut progress: Progress, met: &dyn Fn(&Request) -> Met) -> Vec<String> {
        loop {
            match progress {
                Progress::Needs(paused) => {
                    let Need::Lookup(request) = &paused.need else {
                        unreachable!("these flows ask nothing else")
                    };
                    let answer = met(request);
                    self.asked.push((**request).clone());
                    let resumed = paused.resume(self.flow, &self.call(), &answer);
                    progress = resumed.expect("the flow goes on");
                }
                Progress::Turn(turn) => {
                    self.position = turn.next;
                    self.begins = turn.begins;
                    self.replies += 1;
                    return turn.actions.iter().map(word).collect();
                }
            }
        }
    }
}

fn word(action: &Action) -> String {
    match action {
        Action::Say { text, .. } => text.clone(),
        Action::SayAndCapture(capture) => format!("{} [keys]", capture.prompt),
        Action::Hangup => "[hangup]".to_owned(),
        other => format!("{other:?}"),
    }
}

fn answers(status: u16, body: &'static str) -> impl Fn(&Request) -> Met {
    move |request| Met::Lookup(Ok(Response::read(request, status, body.as_bytes())))
}

fn nothing(_: &Request) -> Met {
    Met::Lookup(Err(LookupFailure::TooLate))
}

const BOOKING: &str = r#"
callwright = 1
[flow]
id = "booking"
start = "day"
answers = ["+6561115777"]
[defaults]
tries = 1
give_up = "failed"
[menu.day]
say = "For today press 1."
press.1 = { set.day = "today & tonight", go = "book" }
[lookup.book]
post = "https://bookings.example/{call.id}/{day}?via={caller}"
send = { phone = "{caller}", day = "{day}", guests = 4, vip = true }
headers = { Authorization = "Bearer {secret.TOKEN}", X-Day = "{day}" }
save.ref = "reservation.number"
save.table = "tables.1.name"
require = ["ref"]
ok = "booked"
status.409 = "full"
failed = "failed"
[end.booked]
say = "Number {ref:digits}, table {table}."
[end.full]
say = "Full."
[end.failed]
say = "Failed."
"#;

#[test]
fn a_look_up_sends_what_it_says_and_leads_where_its_answer_says() {
    let flow = flow(&[("booking.toml", BOOKING)]);
    for (met, heard) in [
        (
            &answers(
                201,
                r#"{"reservation": {"number": 4471}, "tables": [{}, {"name": "7\n"}]}"#,
            ) as &dyn Fn(&Request) -> Met,
            "Number 4 4 7 1, table 7 .",
        ),
        (
            &answers(200, r#"{"reservation": {"number": "44"}}"#),
            "Number 4 4, table .",
        ),
        (&answers(200, r#"{"reservation": {}}"#), "Failed."),
        (&answers(200, "no JSON"), "Failed."),
        (&answers(204, ""), "Failed."),
        (&answers(409, "{}"), "Full."),
        (&answers(302, "{}"), "Failed."),
        (&answers(500, "{}"), "Failed."),
        (&nothing, "Failed."),
    ] {
        let (mut call, _) = Carried::on(&flow, met);
        assert_eq!(call.go(Some("1"), met), [heard, "[hangup]"]);
        let asked = &call.asked[0];
        assert_eq!(
            asked.url,
            "https://bookings.example/session/today%20%26%20tonight?via=%2B6591234567"
        );
        assert_eq!(
            asked.body.as_deref(),
            Some(r#"{"day":"today & tonight","guests":4,"phone":"+6591234567","vip":true}"#)
        );
        let pieces = [
            Piece::Text("Bearer ".to_owned()),
            Piece::Secret("TOKEN".to_owned()),
        ];
        assert!(asked.headers[0] == ("Authorization".to_owned(), pieces.to_vec()));
        assert!(!format!("{asked:?}").contains("6591234567"));
    }
}

#[test]
fn one_webhook_asks_under_one_key_and_another_under_another() {
    let flow = flow(&[("booking.toml", BOOKING)]);
    let key = |replies| {
        let (mut call, _) = Carried::on(&flow, &nothing);
        call.replies = replies;
        call.go(Some("1"), &nothing);
        call.asked[0].key.clone()
    };
    assert_eq!(key(1), key(1));
    assert_ne!(key(1), key(2));
    assert_eq!(key(1).len(), 32);
}

#[test]
fn words_are_said_while_it_is_asked_and_the_next_reply_has_the_answer() {
    let text = BOOKING.replace(
        "ok = \"booked\"",
        "while_waiting = \"One moment.\"\nok = \"booked\"",
    );
    let flow = flow(&[("booking.toml", &text)]);
    let met = answers(200, r#"{"reservation": {"number": "12"}}"#);
    let (mut call, _) = Carried::on(&flow, &met);
    assert_eq!(call.go(Some("1"), &met), ["One moment."]);
    assert_eq!(call.asked.len(), 0, "it is not waited for");
    let begun = call.begins.first().cloned().expect("it is begun");
    assert_eq!(
        call.position.as_ref().map(|it| it.step.as_str()),
        Some("book")
    );
    assert_eq!(call.go(None, &met), ["Number 1 2, table .", "[hangup]"]);
    assert_eq!(
        call.asked[0].key,
        begun.key(),
        "it is the one that was begun"
    );
}

#[test]
fn a_get_asks_by_its_query() {
    let text = BOOKING
        .replace(
            "post = \"https://bookings.example/{call.id}/{day}?via={caller}\"",
            "get = \"https://bookings.example/free\"",
        )
        .replace(", vip = true", ", vip = true, \"a b\" = \"ü\"");
    let flow = flow(&[("booking.toml", &text)]);
    let (mut call, _) = Carried::on(&flow, &nothing);
    call.go(Some("1"), &nothing);
    assert_eq!(call.asked[0].body, None);
    assert_eq!(
        call.asked[0].url,
        "https://bookings.example/free?a%20b=%C3%BC&day=today%20%26%20tonight&guests=4&phone=%2B6591234567&vip=true"
    );
}

#[test]
fn hours_and_values_decide() {
    let text = |hours: &str| {
        format!(
            r#"
callwright = 1
[flow]
id = "decides"
start = "open_now"
timezone = "Asia/Singapore"
answers = ["+6561115777"]
[hours.desk]
mon-fri = "{hours}"
sat-sun = "closed"
[decide.open_now]
hours = "desk"
open = "ours"
closed = "shut"
[decide.ours]
value = "called"
is."+6561115777" = "welcome"
else = "shut"
[end.welcome]
say = "Welcome. We are open {{hours.desk.spoken}}."
[end.shut]
say = "We open again {{hours.desk.next_open}}."
"#
        )
    };
    for (hours, heard) in [
        (
            "12:00-13:00",
            "Welcome. We are open Monday to Friday from noon to 1 pm.",
        ),
        ("13:00-14:00", "We open again today at 1 pm."),
        ("11:00-12:30", "We open again on Monday at 11 am."),
    ] {
        let flow = flow(&[("decides.toml", &text(hours))]);
        // Half past twelve of a Friday in Singapore.
        let (_, said) = Carried::on(&flow, &nothing);
        assert_eq!(said, [heard, "[hangup]"], "{hours}");
    }
}

const CALLER: &str = r#"
callwright = 1
[flow]
id = "caller"
start = "verify"
timezone = "Asia/Singapore"
answers = ["+6561115777"]
[languages]
default = "en"
en.voice = "a"
zh.voice = "b"
[defaults]
tries = 2
no_input = "Nothing heard."
[use.verify]
flow = "shared/verify.toml"
with.place = "at {called:digits}"
on.good = "thanks"
on.bad = "end"
[end.thanks]
say = "Thank you, {verify.name}, {verify.ref:digits}."
"#;

const VERIFY: &str = r#"
callwright = 1
[flow]
id = "verify"
start = "ref"
needs = ["place"]
gives = ["ref", "name"]
[hours.line]
mon-fri = "09:00-18:00"
sat-sun = "closed"
[defaults]
give_up = "bad"
[ask.ref]
say.en = "Your number {place}? We answer {hours.line.spoken}."
say.fr = "Votre numéro?"
digits = 3
save = "ref"
go = "open_now"
[decide.open_now]
hours = "line"
open = "inner"
closed = "bad"
[use.inner]
flow = "shared/find.toml"
with.ref = "{ref}"
on.found = "name"
on.lost = "bad"
[menu.name]
say.en = "To go on as {inner.name} press 1."
press.1 = { set.name = "{inner.name}", go = "good" }
[return.good]
[return.bad]
"#;

const FIND: &str = r#"
callwright = 1
[flow]
id = "find"
start = "find"
needs = ["ref"]
gives = ["name"]
[lookup.find]
get = "https://bookings.example/{ref}"
save.name = "name"
ok = "found"
failed = "lost"
[return.found]
[return.lost]
"#;

#[test]
fn a_sub_flow_has_names_of_its_own_and_gives_back_what_it_says() {
    let flow = flow(&[
        ("flows/caller.toml", CALLER),
        ("flows/shared/verify.toml", VERIFY),
        ("flows/shared/find.toml", FIND),
    ]);
    let names: Vec<_> = flow.steps.keys().map(|name| name.as_str()).collect();
    let expected = [
        "thanks",
        "verify",
        "verify.bad",
        "verify.good",
        "verify.inner",
        "verify.inner.find",
        "verify.inner.found",
        "verify.inner.lost",
        "verify.name",
        "verify.open_now",
        "verify.ref",
    ];
    assert_eq!(names, expected);
    let met = answers(200, r#"{"name": "Ada"}"#);
    let (mut call, heard) = Carried::on(&flow, &met);
    let question =
        "Your number at 6 5 6 1 1 1 5 7 7 7? We answer Monday to Friday from 9 am to 6 pm.";
    assert_eq!(heard, [format!("{question} [keys]")]);
    assert_eq!(
        call.go(None, &met),
        [format!("Nothing heard. {question} [keys]")]
    );
    assert_eq!(
        call.go(Some("447"), &met),
        ["To go on as Ada press 1. [keys]"]
    );
    assert_eq!(call.asked[0].url, "https://bookings.example/447");
    assert_eq!(
        call.go(Some("1"), &met),
        ["Thank you, Ada, 4 4 7.", "[hangup]"]
    );
    let (mut call, _) = Carried::on(&flow, &nothing);
    assert_eq!(call.go(Some("447"), &nothing), ["[hangup]"]);
}

#[test]
fn a_version_is_that_of_all_files() {
    let version = |find: &str| {
        let files = [
            ("flows/caller.toml", CALLER),
            ("flows/shared/verify.toml", VERIFY),
            ("flows/shared/find.toml", find),
        ];
        flow(&files).version
    };
    assert_eq!(version(FIND), version(FIND));
    assert_ne!(version(FIND), version(&format!("{FIND}# a word more\n")));
}
