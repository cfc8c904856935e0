//! The platform's documented bodies, mutated by structure and by bytes, 10,000 times for each type: nothing panics, a body
//! is accepted exactly when what it must have is whole, and a refusal explains itself without repeating the body.
//!
//! Every run takes the same cases; `PROPTEST_CASES` and `PROPTEST_RNG_SEED` ask for others.

mod over_http;
mod tree;

use std::str::FromStr;

use callwright::call::event::Digits;
use callwright::platform::webhook::{BLANK, ID_LIMIT, Kind, Refusal, Webhook, blank_digits, parse};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use serde_json::Value;

use tree::{Json, Mutation};

/// The documented bodies of a type.
fn documented(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::CallAction => &[
            include_str!("../wire/vca_call_received.json"),
            include_str!("../wire/vca_dtmf_payload.json"),
            include_str!("../wire/vca_dtmf_event_data.json"),
            include_str!("../wire/vca_event_data_string.json"),
            include_str!("../wire/vca_no_digits.json"),
        ],
        Kind::CallStatus => &[include_str!("../wire/vcs.json")],
        Kind::SessionSummary => &[
            include_str!("../wire/vss_masking.json"),
            include_str!("../wire/vss_no_answer.json"),
            include_str!("../wire/vss_error.json"),
            include_str!("../wire/vss_optout.json"),
        ],
        Kind::Recording => &[include_str!("../wire/vru.json")],
        Kind::NumberUpdate => &[
            include_str!("../wire/vnu_snapshot.json"),
            include_str!("../wire/vnu_updates.json"),
        ],
    }
}

/// A number from the environment, or the default.
fn asked<T: FromStr>(variable: &str, default: T) -> T {
    let asked = std::env::var(variable).ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Runs `test` on 10,000 values of `strategy`; a failure names the seed.
fn run<S: Strategy>(strategy: &S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let seed = asked("PROPTEST_RNG_SEED", 8);
    let config = Config {
        cases: asked("PROPTEST_CASES", 10_000),
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        ..Config::default()
    };
    if let Err(failure) = TestRunner::new(config).run(strategy, test) {
        panic!("with PROPTEST_RNG_SEED={seed}: {failure}");
    }
}

/// The documented bodies of a type, changed by structure.
fn mutated(kind: Kind) -> impl Strategy<Value = Json> {
    let bodies: Vec<_> = documented(kind)
        .iter()
        .map(|body| Json::read(body))
        .collect();
    let mutations = vec((any::<u8>(), any::<u16>(), any::<u8>()), 0..7);
    (0..bodies.len(), mutations).prop_map(move |(body, mutations)| {
        let mut tree = bodies[body].clone();
        for (operation, place, material) in mutations {
            tree.mutate(Mutation {
                operation,
                place: usize::from(place),
                material,
            });
        }
        tree
    })
}

fn by_structure(kind: Kind) {
    run(&mutated(kind), |tree| {
        let text = tree.to_string();
        let whole = tree.is_within_limits(kind == Kind::NumberUpdate) && tree.is_whole(kind);
        hold(text.as_bytes(), kind, Some(whole))
    });
}

fn by_bytes(kind: Kind) {
    let bodies = documented(kind);
    let mutations = vec((0_u8..6, any::<u16>(), any::<u8>()), 0..7);
    run(&(0..bodies.len(), mutations), |(body, mutations)| {
        let mut bytes = bodies[body].as_bytes().to_vec();
        for (operation, place, byte) in mutations {
            mutate_bytes(&mut bytes, operation, usize::from(place), byte);
        }
        let whole = judge(&bytes, kind);
        hold(&bytes, kind, whole)
    });
}

fn mutate_bytes(bytes: &mut Vec<u8>, operation: u8, place: usize, byte: u8) {
    const STRUCTURE: &[u8] = b"{}[]\",:\\0-e \n\x1b";
    let at = place % (bytes.len() + 1);
    let end = (at + usize::from(byte)).min(bytes.len());
    match operation {
        0 => bytes.insert(at, byte),
        1 => bytes.insert(at, STRUCTURE[usize::from(byte) % STRUCTURE.len()]),
        2 => drop(bytes.drain(at..end)),
        3 => bytes.extend_from_within(at..end),
        4 if at < bytes.len() => bytes[at] = byte,
        4 => bytes.truncate(at / 2),
        _ => {
            let piece = bytes[at..end].to_vec();
            drop(bytes.splice(at..at, piece));
        }
    }
}

/// Whether serde_json, reading the whole body, finds all that must be there. `None` when it is stricter than we are
/// (half a surrogate pair, a number beyond its range).
fn judge(bytes: &[u8], kind: Kind) -> Option<bool> {
    if serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_err()
        || std::str::from_utf8(bytes).is_err()
    {
        return Some(false);
    }
    let body: Value = serde_json::from_slice(bytes).ok()?;
    let payload = &body["payload"];
    let id = |name: &str| match &payload[name] {
        Value::String(id) => (1..=ID_LIMIT).contains(&id.chars().count()),
        value => value.is_number(),
    };
    let ids = tree::required_ids(kind).iter().all(|name| id(name));
    Some(body["eventType"] == kind.event_type() && payload.is_object() && ids)
}

fn hold(body: &[u8], kind: Kind, whole: Option<bool>) -> Result<(), TestCaseError> {
    let by_path = parse(body, Some(kind));
    let by_itself = parse(body, None);
    if let Some(whole) = whole {
        let text = String::from_utf8_lossy(body);
        proptest::prop_assert_eq!(by_path.is_ok(), whole, "{:?} of {}", &by_path, text);
    }
    if let Ok(webhook) = &by_path {
        proptest::prop_assert_eq!(webhook.kind(), kind);
        hold_blanked(body, webhook)?;
    }
    for refusal in [by_path.err(), by_itself.err()].into_iter().flatten() {
        hold_refusal(&refusal)?;
    }
    Ok(())
}

/// Every fault says where, what and what to do, on one line, and holds neither numbers nor digits.
fn hold_refusal(refusal: &Refusal) -> Result<(), TestCaseError> {
    proptest::prop_assert!(!refusal.faults.is_empty());
    for fault in &refusal.faults {
        for told in [&fault.path, &fault.message, &fault.help] {
            proptest::prop_assert!(!told.is_empty());
            proptest::prop_assert!(
                told.chars().all(|letter| matches!(letter, ' '..='~')),
                "{}",
                told
            );
            let digits = told.split(|letter: char| !letter.is_ascii_digit());
            proptest::prop_assert!(digits.map(str::len).all(|run| run < 7), "{}", told);
        }
    }
    Ok(())
}

/// Blanking takes the digits and leaves the rest of the meaning.
fn hold_blanked(body: &[u8], webhook: &Webhook) -> Result<(), TestCaseError> {
    let text = std::str::from_utf8(body).expect("it was parsed");
    let blanked = parse(blank_digits(text).as_bytes(), Some(webhook.kind()));
    let mut expected = webhook.clone();
    let mut blanked = blanked.map_err(|refusal| TestCaseError::fail(refusal.to_string()))?;
    if let (Webhook::CallAction(before), Webhook::CallAction(after)) = (&mut expected, &mut blanked)
    {
        let told = after.digits.take();
        proptest::prop_assert!(told.is_none() || told == Some(Digits::new(BLANK)));
        proptest::prop_assert!(told.is_some() || before.digits.is_none());
        before.digits = None;
    }
    proptest::prop_assert_eq!(blanked, expected);
    Ok(())
}

macro_rules! mutations {
    ($($module:ident: $kind:ident),*) => {$(
        mod $module {
            #[test]
            fn by_structure() {
                super::by_structure(super::Kind::$kind);
            }

            #[test]
            fn by_bytes() {
                super::by_bytes(super::Kind::$kind);
            }
        }
    )*};
}

mutations!(vca: CallAction, vcs: CallStatus, vss: SessionSummary, vru: Recording, vnu: NumberUpdate);
