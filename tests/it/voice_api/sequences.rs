//! R10 for one attempt: its states and the client together, through seeded sequences of faults. The platform counts the
//! calls that it places; nothing here believes the client.

use std::collections::BTreeMap;
use std::time::Duration;

use callwright::call::{PhoneNumber, SessionId, SubAccountId};
use callwright::outbound::attempt::{
    Attempt, AttemptId, Intent, Next, Owner, Pending, ToldBy, USUAL_VALIDITY,
};
use callwright::platform::client::Patience;
use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;

use super::scripted::{Act, Scripted, created, refused};
use super::{call, client};

/// So many sequences wait at a time: most of their time is silence.
const AT_ONCE: usize = 16;

/// What the platform may do.
fn faults() -> [Act; 11] {
    let limited = |headers| Act::Answer(429, headers, String::new());
    [
        created("s-1"),
        Act::ResetRead,
        Act::Close,
        Act::Answer(502, "", "<html>".to_owned()),
        Act::Answer(200, "", "{".to_owned()),
        Act::ResetUnread,
        refused(422, -1014),
        refused(200, -1013),
        limited("Retry-After: 2\r\n"),
        limited(""),
        Act::Silence,
    ]
}

/// Whether a call was placed: the worst that may be behind an answer that does not say.
fn places(act: &Act) -> bool {
    match act {
        Act::Answer(429, _, _) => false,
        Act::Answer(_, _, body) => !body.contains("NOT_CREATED"),
        _ => act.reads_it_all(),
    }
}

/// A small generator, so that a sequence can be had again by its seed.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most as u64).expect("it is below a usize")
    }
}

#[tokio::test]
async fn no_sequence_of_faults_calls_anybody_twice() {
    let sequences = match std::env::var_os("CALLWRIGHT_NIGHTLY") {
        Some(_) => 5_000,
        None => 150,
    };
    let lives = stream::iter(1..=sequences)
        .map(live_through)
        .buffer_unordered(AT_ONCE);
    let mut states = BTreeMap::<&str, u32>::new();
    for attempt in lives.collect::<Vec<_>>().await {
        *states.entry(attempt.state()).or_default() += 1;
    }
    println!("R10: {sequences} sequences, 0 called twice, ended as {states:?}");
    for state in ["ACCEPTED", "REJECTED", "UNKNOWN"] {
        assert!(states.contains_key(state), "no sequence ended {state}");
    }
}

async fn live_through(seed: u64) -> Attempt {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let all = faults();
    let faults: Vec<_> = (0..4)
        .map(|_| all[random.below(all.len())].clone())
        .collect();
    let most = faults.len();
    let platform = Scripted::acting(faults).await;
    let patience = Patience {
        connect: Duration::from_secs(1),
        answer: Duration::ZERO,
    };
    let api = client(&format!("http://{}", platform.address), patience);
    let mut now = Timestamp::from_second(1_900_000_000).expect("a time");
    let mut attempt = Attempt::Pending(Pending::new(intent(now)));
    let mut asked = 0;
    while let Attempt::Pending(pending) = attempt {
        now = now.max(pending.not_before);
        let owner = Owner {
            node: "one".to_owned(),
            epoch: 1,
        };
        let Next::Dial(dialing) = pending.due(owner, now) else {
            panic!("seed {seed}: it is due")
        };
        // Once in a while the server ends between its intent and the answer.
        let crashes = random.below(5) == 0;
        let placed = api
            .start(&dialing.intent.id, &call(), dialing.intent.valid_until)
            .await;
        asked += 1;
        attempt = match crashes {
            true => Attempt::Unknown(dialing.abandoned(now)),
            false => Attempt::Dialing(dialing).answered(placed, now),
        };
        if asked == most {
            break;
        }
    }
    let seen = platform.seen();
    let calls = seen.iter().filter(|seen| places(&seen.act)).count();
    assert!(
        platform.connections() <= asked,
        "seed {seed}: it was sent again"
    );
    assert!(calls <= 1, "seed {seed}: called {calls} times");
    match attempt.state() {
        "ACCEPTED" => assert_eq!(calls, 1, "seed {seed}"),
        "REJECTED" | "PENDING" => assert_eq!(calls, 0, "seed {seed}"),
        _ => {}
    }
    if calls == 1 {
        let known = attempt
            .clone()
            .heard(SessionId::new("s-1"), ToldBy::Echo, now);
        assert_eq!(
            known.state(),
            "ACCEPTED",
            "seed {seed}: its summary closes it"
        );
    }
    attempt
}

fn intent(now: Timestamp) -> Intent {
    Intent {
        id: AttemptId::new("a-1"),
        sub_account: SubAccountId::new("Acme_IVR"),
        source: PhoneNumber::new("+6561115777"),
        destination: PhoneNumber::new("+6568332048"),
        begun_at: now,
        valid_until: now + USUAL_VALIDITY,
    }
}
