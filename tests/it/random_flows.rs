//! Flows made at random: of valid ones `check` says nothing and the engine never sticks; of a fault that is planted in one it tells.
//! `CALLWRIGHT_SEED` gives a run again.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use callwright::call::{Digits, PhoneNumber};
use callwright::flow::check::{Checked, check};
use callwright::flow::diagnostic::Source;
use callwright::flow::model::{Decide, Keys, Step};
use callwright::flow::need::{LookupFailure, Met, Need, Response};
use callwright::flow::step::{Call, Event, Progress, Stuck, start, step};
use callwright::flow::{Flow, Position};

/// How many flows of each sort are made.
const FLOWS: usize = 1000;

/// How many events a call is given.
const EVENTS: usize = 25;

/// Chance that a seed gives again (SplitMix64).
struct Chance(u64);

impl Chance {
    fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let bound = u64::try_from(bound).expect("it is small");
        usize::try_from((mixed ^ (mixed >> 31)) % bound).expect("it is below the bound")
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    fn is(&mut self, of_a_hundred: usize) -> bool {
        self.below(100) < of_a_hundred
    }
}

fn seed() -> u64 {
    let given = std::env::var("CALLWRIGHT_SEED").ok();
    given
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(20_261_127)
}

/// A valid flow. Steps lead forward only, but for keys, which may lead anywhere: so nothing goes round by itself, and giving up always
/// ends.
struct Made {
    text: String,
    steps: usize,
}

const KINDS: [&str; 7] = [
    "menu", "ask", "use", "message", "connect", "decide", "lookup",
];

/// A sub-flow that every flow may use: it asks, looks up, and is over in one of two ways.
const SHARED: &str = "callwright = 1\n[flow]\nid = \"shared\"\nstart = \"code\"\nneeds = [\"why\"]\ngives = [\"name\"]\n\
    [defaults]\ngive_up = \"bad\"\n[ask.code]\nsay = \"Your code, for {why}?\"\ndigits = 4\nsave = \"code\"\nsecret = true\n\
    go = \"find\"\n[lookup.find]\npost = \"https://crm.example/codes\"\nsend = { code = \"{code}\" }\ntimeout = \"50ms\"\nsave.name = \"a.b\"\n\
    ok = \"good\"\nfailed = \"bad\"\n[return.good]\n[return.bad]\n";

/// How many steps of a flow wait for keys: no more than callers put up with (CW207).
const MOST_WAITING: usize = 5;

fn made(chance: &mut Chance) -> Made {
    let steps = 2 + chance.below(14);
    let mut text = String::from(
        "callwright = 1\n[flow]\nid = \"random\"\nstart = \"s0\"\ntimezone = \"Asia/Singapore\"\nanswers = [\"+6561115777\"]\n\
         [hours.desk]\nmon-fri = \"09:00-12:30, 13:30-18:00\"\nsat-sun = \"closed\"\ndates.12-25 = \"closed\"\n\
         [defaults]\ntries = 2\nno_input = \"Nothing was heard.\"\nno_match = \"That is none.\"\ngive_up = \"last\"\n",
    );
    let mut waiting = 0;
    for at in 0..steps {
        let kinds = if waiting < MOST_WAITING {
            &KINDS[..]
        } else {
            &KINDS[3..]
        };
        let kind = *chance.one(kinds);
        waiting += usize::from(matches!(kind, "menu" | "ask" | "use"));
        write_step(&mut text, chance, kind, at, steps);
    }
    text.push_str("[end.last]\nsay = \"Goodbye.\"\n");
    Made { text, steps }
}

/// A step of a random kind; the one behind it is always among those it leads to, so that all are reached.
fn write_step(text: &mut String, chance: &mut Chance, kind: &str, at: usize, steps: usize) {
    let next = name(at + 1, steps);
    let forward = |chance: &mut Chance| name(at + 1 + chance.below(steps - at), steps);
    let mut line = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    match kind {
        "menu" => {
            let keys = 1 + chance.below(4);
            let told: Vec<_> = (1..=keys).map(|key| format!("press {key}")).collect();
            line(format!(
                "[menu.s{at}]\nsay = \"To choose {}.\"\npress.1 = \"{next}\"",
                told.join(", or ")
            ));
            for key in 2..=keys {
                let anywhere = match chance.is(20) {
                    true => "repeat".to_owned(),
                    false => name(chance.below(steps + 1), steps),
                };
                line(format!("press.{key} = \"{anywhere}\""));
            }
        }
        "ask" => line(format!(
            "[ask.s{at}]\nsay = \"Your number?\"\ndigits = \"{}-8\"\nsave = \"n{at}\"\nsecret = {}\ngo = \"{next}\"\nallow = [\"CW403\"]",
            1 + chance.below(8),
            chance.is(30)
        )),
        "use" => line(format!(
            "[use.s{at}]\nflow = \"shared/code.toml\"\nwith.why = \"step {at}\"\non.good = \"{next}\"\non.bad = \"{}\"",
            forward(chance)
        )),
        "message" => {
            let words = *chance.one(&[
                "Welcome, {caller:digits}.",
                "We are open {hours.desk.spoken}.",
                "One more thing.",
                "{{curly}} {call.id}",
            ]);
            line(format!(
                "[message.s{at}]\nsay = \"{words}\"\nrepeat = {}\ngo = \"{next}\"",
                1 + chance.below(3)
            ));
        }
        "connect" => {
            let ways = [forward(chance), forward(chance), forward(chance)];
            line(format!(
                "[connect.s{at}]\nnumber = \"+6568332048\"\nbusy = \"{}\"\nno_answer = \"{}\"\nfailed = \"{}\"\nafter = \"{next}\"\nallow = [\"CW608\"]",
                ways[0], ways[1], ways[2]
            ));
        }
        "decide" if chance.is(50) => {
            line(format!(
                "[decide.s{at}]\nhours = \"desk\"\nopen = \"{next}\"\nclosed = \"{}\"",
                forward(chance)
            ));
        }
        "decide" => line(format!(
            "[decide.s{at}]\nvalue = \"{}\"\nis.SG = \"{}\"\nis.en = \"{next}\"\nelse = \"{}\"",
            chance.one(&["caller.country", "language"]),
            forward(chance),
            forward(chance)
        )),
        _ => {
            let waits = if chance.is(60) {
                "while_waiting = \"One moment.\"\n"
            } else {
                ""
            };
            line(format!(
                "[lookup.s{at}]\npost = \"https://crm.example/{{call.id}}/{at}\"\nsend = {{ phone = \"{{caller}}\" }}\n{waits}timeout = \"50ms\"\nsave.v{at} = \"a.b\"\nok = \"{next}\"\nstatus.404 = \"{}\"\nfailed = \"{}\"\nallow = [\"CW403\"]",
                forward(chance),
                forward(chance)
            ));
        }
    }
}

fn name(at: usize, steps: usize) -> String {
    match at < steps {
        true => format!("s{at}"),
        false => "last".to_owned(),
    }
}

fn sources(text: &str) -> [Source; 2] {
    let source = |path: &str, text: &str| Source {
        path: path.to_owned(),
        text: text.to_owned(),
    };
    [
        source("random.toml", text),
        source("shared/code.toml", SHARED),
    ]
}

#[test]
fn of_valid_flows_nothing_is_said_and_no_call_sticks() {
    let mut chance = Chance::new(seed());
    let mut ended = 0;
    for nth in 0..FLOWS {
        let made = made(&mut chance);
        let mut checked = check(&sources(&made.text));
        assert!(
            checked.diagnostics.is_empty(),
            "flow {nth}:\n{}\n{:#?}",
            made.text,
            checked.diagnostics
        );
        assert_eq!(checked.flows.len(), 1, "flow {nth}");
        let (_, flow) = checked.flows.remove(0);
        let told = carry(&flow, &mut chance);
        ended +=
            usize::from(told.unwrap_or_else(|stuck| panic!("flow {nth}: {stuck}\n{}", made.text)));
    }
    assert!(ended > FLOWS / 10, "calls end as well: {ended}");
}

/// A call through a flow, by events at random; whether it ended.
fn carry(flow: &Flow, chance: &mut Chance) -> Result<bool, Stuck> {
    let second = 1_790_000_000 + i64::try_from(chance.below(400 * 86_400)).expect("it is small");
    let mut call = Call {
        id: "session".to_owned(),
        caller: Some(PhoneNumber::new("+6591234567")),
        called: chance.is(90).then(|| PhoneNumber::new("+6561115777")),
        caller_country: chance.is(50).then(|| "SG".to_owned()),
        now: jiff::Timestamp::from_second(second).expect("within the calendar"),
        ..Call::default()
    };
    let mut waiting = settle(flow, &call, chance, start(flow, &call, BTreeMap::new())?)?;
    for _ in 0..EVENTS {
        let Some(position) = waiting else {
            return Ok(true);
        };
        call.replies += 1;
        let event = event(flow, &position, chance);
        waiting = settle(flow, &call, chance, step(flow, &call, &position, &event)?)?;
    }
    // Whoever says nothing any more is let go, within as many silences as there are steps and tries.
    for _ in 0..3 * flow.steps.len() {
        let Some(position) = waiting else {
            return Ok(true);
        };
        call.replies += 1;
        let progress = step(flow, &call, &position, &Event::default())?;
        waiting = settle(flow, &call, chance, progress)?;
    }
    assert!(
        waiting.is_none(),
        "a silent caller is never let go: {waiting:?}"
    );
    Ok(true)
}

/// Meets what is needed, at random, until there is a reply; gives where the call waits.
fn settle(
    flow: &Flow,
    call: &Call,
    chance: &mut Chance,
    mut progress: Progress,
) -> Result<Option<Position>, Stuck> {
    loop {
        match progress {
            Progress::Turn(turn) => {
                assert!(!turn.actions.is_empty(), "a reply is never empty");
                return Ok(turn.next);
            }
            Progress::Needs(paused) => {
                let Need::Lookup(request) = &paused.need else {
                    panic!("only look-ups are asked for: {:?}", paused.need);
                };
                let met = match chance.below(4) {
                    0 => Err(LookupFailure::TooLate),
                    1 => Ok(Response::read(request, 404, b"{}")),
                    2 => Ok(Response::read(request, 200, b"?")),
                    _ => Ok(Response::read(request, 200, b"{\"a\": {\"b\": \"x\"}}")),
                };
                progress = paused.resume(flow, call, &Met::Lookup(met))?;
            }
        }
    }
}

fn event(flow: &Flow, position: &Position, chance: &mut Chance) -> Event {
    let keys = match flow.step(&position.step) {
        Some(Step::Menu(menu)) if chance.is(70) => {
            let keys: Vec<&Keys> = menu.press.keys().collect();
            Some((*chance.one(&keys)).as_str().to_owned())
        }
        Some(Step::Ask(_)) if chance.is(70) => Some("12345678"[..1 + chance.below(8)].to_owned()),
        _ if chance.is(40) => Some((*chance.one(&["0", "9", "*", "#", "77"])).to_owned()),
        _ => None,
    };
    let codes = [None, Some(200), Some(486), Some(480), Some(503)];
    Event {
        digits: keys.map(Digits::new),
        sip_code: *chance.one(&codes),
    }
}

/// One fault: what is done to a flow's text, where that can be done, and the code that tells of it.
type Plant = (&'static str, fn(&str, &Made) -> Option<String>);

const PLANTS: [Plant; 18] = [
    ("CW101", |text, _| {
        replaced(text, "go = \"last\"", "go = \"nowhere_at_all\"")
    }),
    ("CW101", |text, _| {
        replaced(text, "failed = \"last\"", "failed = \"nowhere_at_all\"")
    }),
    ("CW003", |text, _| {
        replaced(text, "[message.", "[message.")
            .and_then(|text| replaced(&text, "repeat = ", "repaet = "))
    }),
    ("CW004", |text, _| replaced(text, "[menu.", "[manu.")),
    ("CW001", |text, _| {
        replaced(text, "give_up = \"last\"", "give_up = last")
    }),
    ("CW006", |text, _| replaced(text, "tries = 2", "tries = 20")),
    ("CW102", |text, _| removed(text, "[lookup.", "failed = ")),
    ("CW103", |text, _| removed(text, "value = ", "else = ")),
    ("CW105", |text, _| removed(text, "[connect.", "busy = ")),
    ("CW202", |text, _| {
        replaced(text, "start = \"s0\"", "start = \"s00000\"")
    }),
    ("CW201", |text, _| {
        Some(format!("{text}[end.lost]\nsay = \"Nobody hears this.\"\n"))
    }),
    ("CW301", |text, _| replaced(text, "press 1", "press 8")),
    ("CW401", |text, _| {
        replaced(text, "{caller:digits}", "{nobody:digits}")
    }),
    ("CW404", |text, made| secret_is_spoken(text, made)),
    ("CW502", |text, _| {
        replaced(text, "13:30-18:00", "18:00-13:30")
    }),
    ("CW204", |text, made| goes_round(text, made)),
    ("CW104", |text, _| removed(text, "[use.", "on.bad = ")),
    ("CW409", |text, _| removed(text, "[use.", "with.why = ")),
];

fn replaced(text: &str, from: &str, to: &str) -> Option<String> {
    text.contains(from).then(|| text.replacen(from, to, 1))
}

/// Takes the first line that begins so out of the first part that is marked so.
fn removed(text: &str, mark: &str, line: &str) -> Option<String> {
    let from = text.find(mark)?;
    let at = from + text[from..].find(&format!("\n{line}"))? + 1;
    let end = at + text[at..].find('\n')? + 1;
    Some(format!("{}{}", &text[..at], &text[end..]))
}

fn secret_is_spoken(text: &str, made: &Made) -> Option<String> {
    let secret = (0..made.steps).find(|at| {
        let ask = text.find(&format!("[ask.s{at}]"));
        ask.is_some_and(|from| text[from..].lines().nth(4) == Some("secret = true"))
    })?;
    replaced(
        text,
        "say = \"Goodbye.\"",
        &format!("say = \"Goodbye, {{n{secret}}}.\""),
    )
}

/// A message that leads back to itself, behind the first step.
fn goes_round(text: &str, _: &Made) -> Option<String> {
    let round = "[message.round]\nsay = \"And again.\"\ngo = \"round\"\n";
    let text = replaced(text, "start = \"s0\"", "start = \"round\"")?;
    Some(format!("{text}{round}"))
}

#[test]
fn a_planted_fault_is_found_in_every_flow() {
    let mut chance = Chance::new(seed() + 1);
    let (mut planted, mut of_code) = (0, BTreeMap::<&str, usize>::new());
    while planted < FLOWS {
        let made = made(&mut chance);
        let (code, plant) = PLANTS[planted % PLANTS.len()];
        let Some(text) = plant(&made.text, &made) else {
            continue;
        };
        let faults = check(&sources(&text)).diagnostics;
        let found = faults.iter().any(|fault| fault.code == code);
        assert!(found, "{code} is not found in\n{text}\n{faults:#?}");
        planted += 1;
        *of_code.entry(code).or_default() += 1;
    }
    println!("planted and found: {of_code:?}");
}

#[test]
fn both_sorts_of_decisions_are_made() {
    let mut chance = Chance::new(seed());
    let mut sorts = [0, 0];
    for _ in 0..50 {
        let flow = check(&sources(&made(&mut chance).text)).flows.remove(0).1;
        for step in flow.steps.values() {
            match step {
                Step::Decide(Decide::Hours { .. }) => sorts[0] += 1,
                Step::Decide(Decide::Value { .. }) => sorts[1] += 1,
                _ => {}
            }
        }
    }
    assert!(sorts.iter().all(|count| *count > 0), "{sorts:?}");
}

/// What one event may cost its server, whatever the flow.
const DEAREST: Duration = Duration::from_millis(20);

/// The dearest flows that `check` lets pass: 10,000 steps on end, which are given up after 1,000; a text as long as may be, full of variables;
/// a menu of 1,000 keys; a decision of 5,000 words. Nothing is read, asked or called on the way: the engine has nothing to do it by.
fn dear() -> [(&'static str, String); 4] {
    let head = |id: &str, start: &str| {
        format!(
            "callwright = 1\n[flow]\nid = \"{id}\"\nstart = \"{start}\"\n[end.bye]\nsay = \"Bye.\"\n"
        )
    };
    let mut chain = head("chain", "s0");
    for at in 0..10_000 {
        let _ = writeln!(
            chain,
            "[message.s{at}]\nsay = \"{at}\"\ngo = \"s{}\"",
            at + 1
        );
    }
    chain.push_str("[end.s10000]\n");
    let places = "{caller:digits} and ".repeat(14);
    let long =
        head("long", "main") + &format!("[message.main]\nsay = \"{places}\"\ngo = \"bye\"\n");
    let mut keys =
        head("keys", "main") + "[menu.main]\nsay = \"Choose.\"\ntries = 1\ngive_up = \"bye\"\n";
    for key in 1000..2000 {
        let _ = writeln!(keys, "press.{key} = \"bye\"");
    }
    let mut words = head("words", "main") + "[decide.main]\nvalue = \"caller\"\nelse = \"bye\"\n";
    for word in 0..5_000 {
        let _ = writeln!(words, "is.word{word} = \"bye\"");
    }
    [
        ("chain", chain),
        ("long", long),
        ("keys", keys),
        ("words", words),
    ]
}

#[test]
fn no_flow_costs_its_server_much() {
    let call = Call {
        caller: Some(PhoneNumber::new("+6591234567")),
        ..Call::default()
    };
    let event = Event {
        digits: Some(Digits::new("1999")),
        ..Event::default()
    };
    for (name, text) in dear() {
        let Checked {
            flows, diagnostics, ..
        } = check(&sources(&text));
        let [(_, flow)] = flows.as_slice() else {
            panic!("{name} is refused: {:?}", diagnostics.first());
        };
        let mut waits_at = None;
        // The shortest of five: what it costs, not what else the machine does.
        let cost = (0..5).map(|_| {
            let since = Instant::now();
            let begun = start(flow, &call, BTreeMap::new());
            let begun_in = since.elapsed();
            assert_eq!(begun == Err(Stuck::Endless), name == "chain", "{name}");
            waits_at = match begun {
                Ok(Progress::Turn(turn)) => turn.next,
                _ => None,
            };
            let since = Instant::now();
            let went_on = waits_at.as_ref().map(|at| step(flow, &call, at, &event));
            assert!(went_on.is_none_or(|went_on| went_on.is_ok()), "{name}");
            begun_in.max(since.elapsed())
        });
        let cost = cost.min().expect("it was measured");
        println!("S20: {name}: {cost:?}");
        assert!(cost < DEAREST, "{name}: {cost:?}");
        assert_eq!(waits_at.is_some(), name == "keys", "{name}");
    }
}
