//! Calls of random flows through emulator and server, in virtual time: dozens each time, ten thousand at night.

use callwright::emulator::{Chance, Emulator, Ending, Kind, Mischief, Record};
use serde_json::Value;

use super::flows::{number, random};
use super::{emulator, setup};
use crate::app::{CALLER, Settings, TestApp};

/// How many flows.
const FLOWS: usize = 24;
/// How many calls at once.
const AT_ONCE: u64 = 16;

/// Calls of one run: short, or long at night.
fn calls() -> u64 {
    match std::env::var_os("CALLWRIGHT_NIGHTLY") {
        Some(_) => 5_000,
        None => 60,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_end_as_the_emulator_says() {
    crowd(20_261_120, Mischief::NONE, calls()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_end_as_the_emulator_says_when_it_is_nasty() {
    crowd(20_261_121, Mischief::NASTY, calls()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_seed_gives_the_same_calls() {
    let first = crowd(7, Mischief::NASTY, 8).await;
    let again = crowd(7, Mischief::NASTY, 8).await;
    let other = crowd(8, Mischief::NASTY, 8).await;
    let traces = |records: &[Record]| {
        records
            .iter()
            .map(|one| one.trace.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(traces(&first), traces(&again));
    assert_ne!(traces(&first), traces(&other));
}

/// Carries `count` calls, compares each with what the server says of it, and gives the records.
async fn crowd(seed: u64, mischief: Mischief, count: u64) -> Vec<Record> {
    let mut chance = Chance::new(seed);
    let mut settings = Settings::default().env("CALLWRIGHT_DURABILITY", "process");
    settings.flows = Some(
        (0..FLOWS)
            .map(|index| (name(index), random(index, &mut chance)))
            .collect(),
    );
    let app = TestApp::start_with(settings).await;
    let numbers: Vec<_> = (0..FLOWS).map(number).collect();
    let emulator = emulator(&app, setup(seed, mischief), &numbers);
    let mut records = Vec::new();
    for begun in (0..count).step_by(AT_ONCE as usize) {
        let batch = begun..count.min(begun + AT_ONCE);
        records.extend(carry(&emulator, batch, &numbers).await);
    }
    for record in &records {
        compare(&app, record).await;
    }
    println!(
        "emulator: {count} calls of seed {seed}: {}",
        figures(&records)
    );
    records
}

/// A flow's file name. A name lives as long as the test's process.
fn name(index: usize) -> &'static str {
    format!("random_{index}.toml").leak()
}

async fn carry(
    emulator: &Emulator,
    batch: std::ops::Range<u64>,
    numbers: &[String],
) -> Vec<Record> {
    let calls: Vec<_> = batch
        .map(|ordinal| {
            let number = &numbers[usize::try_from(ordinal).expect("small") % numbers.len()];
            emulator
                .call(CALLER, number, emulator.somebody(ordinal))
                .expect("the number is one of its own")
        })
        .collect();
    let mut records = Vec::new();
    for call in calls {
        records.push(call.ended().await);
    }
    records
}

/// The server's session and the emulator's record say the same.
async fn compare(app: &TestApp, record: &Record) {
    assert_eq!(record.faults, [""; 0], "session {}", record.session_id);
    let (status, session) = app
        .get(&format!("/v1/sessions/{}", record.session_id))
        .await;
    assert_eq!(status, 200, "{session}");
    let ending = record.ending.expect("the call has ended");
    assert_ne!(ending, Ending::Error, "{session}");
    assert_eq!(session["status"], ending.as_str(), "{session}");
    assert_eq!(ended_legs(&session), legs(record), "{session}");
    let told = |kind: Kind| record.webhooks.iter().filter(|told| **told == kind).count();
    let traced = |kind: &str| {
        let trace = session["trace"].as_array().expect("a trace");
        trace.iter().filter(|entry| entry["kind"] == kind).count()
    };
    assert_eq!(traced("VCA"), told(Kind::Action), "{session}");
    let recorded = record.recordings.iter().filter(|one| one.uploaded).count();
    assert_eq!(
        session["recordings"].as_array().map_or(0, Vec::len),
        recorded,
        "{session}"
    );
}

fn ended_legs(session: &Value) -> Vec<(String, String)> {
    let legs = session["legs"].as_array().expect("legs");
    let mut legs: Vec<_> = legs
        .iter()
        .map(|leg| {
            let text = |name: &str| leg[name].as_str().unwrap_or_default().to_owned();
            (text("call_id"), text("status"))
        })
        .collect();
    legs.sort();
    legs
}

fn legs(record: &Record) -> Vec<(String, String)> {
    let ending =
        |leg: &callwright::emulator::LegRecord| leg.ending.map_or("", |ending| ending.as_str());
    let mut legs: Vec<_> = record
        .legs
        .iter()
        .map(|leg| (leg.call_id.clone(), ending(leg).to_owned()))
        .collect();
    legs.sort();
    legs
}

fn figures(records: &[Record]) -> String {
    let count = |kind: Kind| {
        records
            .iter()
            .flat_map(|one| &one.webhooks)
            .filter(|told| **told == kind)
            .count()
    };
    let ended = |ending: Ending| {
        records
            .iter()
            .filter(|one| one.ending == Some(ending))
            .count()
    };
    format!(
        "{} actions, {} statuses, {} recordings; {} completed, {} canceled, {} busy, {} unanswered, {} failed",
        count(Kind::Action),
        count(Kind::Status),
        count(Kind::Recording),
        ended(Ending::Completed),
        ended(Ending::Canceled),
        ended(Ending::Busy),
        ended(Ending::NoAnswer),
        ended(Ending::Failed),
    )
}
