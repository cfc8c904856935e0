//! How many instructions the pure path takes: a voice call action parsed, answered by its flow, and the reply
//! serialised. Counts hold still on a machine that does not: `cargo bench --bench instructions`. It needs valgrind.
//!
//! Each part runs under callgrind twice, with more and with fewer iterations; the difference has no start-up in it.
#![allow(clippy::print_stdout, clippy::print_stderr)] // It is a program that prints a table.

use std::hint::black_box;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Arc;

use callwright::call::event::CallAction;
use callwright::clock::Clock;
use callwright::flow::Library;
use callwright::flow::check::check;
use callwright::flow::diagnostic::Source;
use callwright::outbound::Destinations;
use callwright::platform::callflow::to_json;
use callwright::platform::webhook::{Kind, Webhook, parse};
use callwright::session::{Answer, Apology, Asked, Decision, Recalled, Reply, Standing, answer};

/// A key press in the restaurant's first menu, as the platform sends it.
const BODY: &str = r#"{"payload":{"eventId":"8c7d5d2a-9a40-11ee-945e-5f476b4334a1","callId":"8c7d5d2b-9a40-11ee-945e-5f476b4334a1","sessionId":"d62f91ba-9a40-11ee-945e-5f476b4334a1","subAccountId":"InternalDemoCPaaS_8dD15_voice","callStatus":"DTMF_RECEIVED","callDirection":"INBOUND","callType":"PSTN","source":"+6581234567","destination":"+6561115777","sourceFormat":"MSISDN","destinationFormat":"MSISDN","sourceCountryCode":"SG","destinationCountryCode":"SG","eventData":{"dtmf":"1"},"callDuration":0,"sipCode":200,"timestamp":"2026-11-20T12:30:00.406Z"},"namespace":"VOICE","eventType":"CALL_ACTION","description":"Action request of a call"}"#;

const PARTS: [&str; 4] = ["parse", "answer", "serialise", "all"];

/// Iterations of the two runs.
const FEWER: u64 = 200;
const MORE: u64 = 1200;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [role, part, times] = &arguments[..]
        && role == "iterate"
    {
        iterate(part, times.parse().expect("a number of iterations"));
        return ExitCode::SUCCESS;
    }
    println!("| part | instructions |\n|---|---|");
    for part in PARTS {
        match (count(part, FEWER), count(part, MORE)) {
            (Some(fewer), Some(more)) => {
                println!("| {part} | {} |", (more - fewer) / (MORE - FEWER));
            }
            _ => {
                eprintln!("instructions: valgrind is not there, or it failed");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// Instructions of a whole run.
fn count(part: &str, times: u64) -> Option<u64> {
    let program = std::env::current_exe().ok()?;
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["iterate", part, &times.to_string()])
        .output()
        .ok()?;
    let said = String::from_utf8_lossy(&run.stderr);
    let line = said.lines().find(|line| line.contains("Collected :"))?;
    line.rsplit(' ').next()?.parse().ok()
}

fn iterate(part: &str, times: u64) {
    let bench = Bench::new();
    let action = bench.parse();
    let decision = bench.decide(&action);
    for _ in 0..times {
        match part {
            "parse" => drop(black_box(bench.parse())),
            "answer" => drop(black_box(bench.decide(&action))),
            "serialise" => drop(black_box(serialise(&decision))),
            _ => drop(black_box(serialise(&bench.decide(&bench.parse())))),
        }
    }
}

/// A call that waits in the restaurant's first menu.
struct Bench {
    library: Library,
    apology: Apology,
    destinations: Arc<Destinations>,
    recalled: Recalled,
    now: jiff::Timestamp,
}

impl Bench {
    fn new() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("flows/restaurant.toml");
        let text = std::fs::read_to_string(path).expect("the restaurant's flow is shipped");
        let path = "restaurant.toml".to_owned();
        let checked = check(&[Source { path, text }]);
        let flows = checked.flows.into_iter().map(|(_, flow)| flow);
        let mut bench = Self {
            library: Library::new(flows.collect::<Vec<_>>(), Vec::new()),
            apology: Apology {
                text: "Sorry.".to_owned(),
                voice: "en-US-BenjaminRUS".to_owned(),
            },
            destinations: Arc::default(),
            recalled: Recalled::default(),
            now: Clock::system().now(),
        };
        bench.recalled.standing = bench.waiting();
        bench
    }

    fn waiting(&self) -> Standing {
        let body = BODY.replace("DTMF_RECEIVED", "CALL_RECEIVED");
        let Ok(Webhook::CallAction(action)) = parse(body.as_bytes(), Some(Kind::CallAction)) else {
            panic!("the body is a voice call action");
        };
        let session = self.decide(&action).session;
        Standing::Live(Box::new(session.expect("the call has begun")))
    }

    fn parse(&self) -> CallAction {
        match parse(black_box(BODY.as_bytes()), Some(Kind::CallAction)) {
            Ok(Webhook::CallAction(action)) => action,
            other => panic!("the body is a voice call action: {other:?}"),
        }
    }

    fn decide(&self, action: &CallAction) -> Decision {
        let answer = answer(Asked {
            action: black_box(action),
            label: None,
            recalled: &self.recalled,
            library: &self.library,
            apology: &self.apology,
            begins: None,
            destinations: &self.destinations,
            now: self.now,
        });
        match answer {
            Answer::New(decision) => *decision,
            Answer::SameEvent(_) | Answer::Needs(_) => panic!("the event is new and needs nothing"),
        }
    }
}

fn serialise(decision: &Decision) -> String {
    match &decision.reply {
        Reply::Fresh(callflow) => to_json(black_box(callflow)),
        Reply::Stored(_) => panic!("the reply is new"),
    }
}
