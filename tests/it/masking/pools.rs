//! A booking never fails while a number could serve it, load spreads, and many writers get in nobody's way.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use callwright::call::PhoneNumber;
use callwright::masking::allocate::{Luck, Stock, Want, Wanted, allot};
use callwright::masking::booking::CloseReason;
use callwright::masking::rules::{Numbers, Sticky};
use callwright::masking::{Leg, PairKey, PartyKey, PoolName, PoolNumber, PoolRules, SideName, Vn};
use jiff::{SignedDuration, Timestamp};

use super::{Desk, Place, is_nightly, number, on_both, person};

/// Random numbers from a seed (splitmix64).
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % below.max(1)
    }
}

fn party(side: u8, n: usize) -> PartyKey {
    let mut key = [side; 16];
    key[..8].copy_from_slice(&n.to_be_bytes());
    PartyKey(key)
}

/// Bookings of a pool without a store: who holds which number.
struct Board {
    rules: PoolRules,
    stock: Stock,
    legs: HashMap<PartyKey, Vec<Leg>>,
    loads: HashMap<Vn, u64>,
    live: Vec<(usize, usize, Vn, Vn)>,
    random: Random,
}

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

impl Board {
    fn new(numbers: usize, preference: Numbers, seed: u64) -> Self {
        let numbers: Vec<_> = (1..=numbers)
            .map(|n| PoolNumber {
                vn: Vn(u32::try_from(n).expect("few")),
                ..number(n)
            })
            .collect();
        Self {
            rules: PoolRules {
                numbers: preference,
                sticky: Sticky::None,
                strict: true,
                ..PoolRules::default()
            },
            stock: Stock::of(&numbers),
            legs: HashMap::new(),
            loads: HashMap::new(),
            live: Vec::new(),
            random: Random(seed),
        }
    }

    fn degree(&self, party: PartyKey) -> usize {
        self.legs.get(&party).map_or(0, Vec::len)
    }

    /// A booking of a and b, who have none together. Whether it got its numbers.
    fn book(&mut self, a: usize, b: usize) -> bool {
        let (key_a, key_b) = (party(1, a), party(2, b));
        let pair = PairKey::of(&PoolName::default(), key_a, key_b);
        let of = |key| self.legs.get(&key).into_iter().flatten().copied();
        let legs: Vec<_> = of(key_a).chain(of(key_b)).collect();
        let want = |key| Want {
            parties: vec![key],
            country: None,
            digits: String::new(),
            named: None,
        };
        let (want_a, want_b) = (want(key_a), want(key_b));
        let wanted = Wanted {
            rules: &self.rules,
            stock: &self.stock,
            a: &want_a,
            b: &want_b,
            pair,
            legs: &legs,
            last: None,
            refused: &HashSet::new(),
            now: NOW,
        };
        let random = &mut self.random;
        let luck = &mut Luck {
            draw: &mut |below| random.below(below),
            load: &|vn| self.loads.get(&vn).copied().unwrap_or(0),
        };
        let Ok(given) = allot(&wanted, luck) else {
            return false;
        };
        for (key, vn, side) in [(key_a, given.a, SideName::A), (key_b, given.b, SideName::B)] {
            let until = NOW + SignedDuration::from_hours(24);
            let legs = self.legs.entry(key).or_default();
            assert!(
                legs.iter().all(|leg| leg.vn != vn),
                "a party has a number once"
            );
            legs.push(Leg {
                party: key,
                vn,
                booking: 1,
                side,
                remembered: false,
                pair,
                rests_from: until,
                free_from: until,
            });
            *self.loads.entry(vn).or_default() += 1;
        }
        self.live.push((a, b, given.a, given.b));
        true
    }

    fn close(&mut self, at: usize) {
        let (a, b, vn_a, vn_b) = self.live.swap_remove(at);
        for (key, vn) in [(party(1, a), vn_a), (party(2, b), vn_b)] {
            if let Some(legs) = self.legs.get_mut(&key) {
                legs.retain(|leg| leg.vn != vn);
            }
            *self.loads.entry(vn).or_default() -= 1;
        }
    }
}

/// Books and closes by chance, hubs more often than others, within these degrees; a pool of the least size never fails.
fn never_fails(
    preference: Numbers,
    most_a: usize,
    most_b: usize,
    numbers: usize,
    steps: usize,
    seed: u64,
) {
    let mut board = Board::new(numbers, preference, seed);
    let mut together = HashSet::new();
    for step in 0..steps {
        let draw = |board: &mut Board, of: u64| {
            let (one, other) = (board.random.below(of), board.random.below(of));
            usize::try_from(one.min(other)).expect("few")
        };
        let (a, b) = (draw(&mut board, 60), draw(&mut board, 60));
        let fits = board.degree(party(1, a)) < most_a && board.degree(party(2, b)) < most_b;
        if fits && together.insert((a, b)) {
            assert!(
                board.book(a, b),
                "seed {seed}, step {step}: {numbers} numbers have to do"
            );
        } else if !board.live.is_empty() {
            let at = usize::try_from(board.random.below(board.live.len() as u64)).expect("few");
            let (a, b, _, _) = board.live[at];
            together.remove(&(a, b));
            board.close(at);
        }
    }
}

#[test]
fn the_least_pool_never_fails() {
    let steps = if is_nightly() { 1_000_000 } else { 4_000 };
    for (seed, (most_a, most_b)) in [(1, (3, 5)), (2, (1, 8)), (3, (6, 6))] {
        never_fails(
            Numbers::Shared,
            most_a,
            most_b,
            most_a + most_b - 1,
            steps,
            seed,
        );
        never_fails(
            Numbers::Split,
            most_a,
            most_b,
            most_a.max(most_b),
            steps,
            seed,
        );
    }
}

/// Stars that fill every number of their hubs before hubs meet: the worst order there is.
#[test]
fn merged_stars_never_fail() {
    for (most_a, most_b) in [(2, 2), (4, 3), (7, 7), (10, 4)] {
        for (preference, numbers) in [
            (Numbers::Shared, most_a + most_b - 1),
            (Numbers::Split, most_a.max(most_b)),
        ] {
            let mut board = Board::new(numbers, preference, 7);
            for leaf in 1..most_a {
                assert!(board.book(0, leaf));
            }
            for leaf in 1..most_b {
                assert!(board.book(leaf, 0));
            }
            assert!(board.book(0, 0), "{most_a} and {most_b} on {numbers}");
        }
    }
}

#[test]
fn load_spreads() {
    let mut board = Board::new(100, Numbers::Shared, 11);
    for n in 0..10_000 {
        assert!(board.book(n, n));
    }
    for _ in 0..20_000 {
        let at = usize::try_from(board.random.below(10_000)).expect("few");
        let (a, b, _, _) = board.live[at];
        board.close(at);
        assert!(board.book(a, b));
    }
    let most = *board.loads.values().max().expect("there are some") as f64;
    let mean = board.loads.values().sum::<u64>() as f64 / 100.0;
    println!(
        "spread: max/mean {:.3} at {mean} legs a number",
        most / mean
    );
    assert!(most / mean <= 1.1, "{most} against {mean}");
}

on_both! {
    many_writers_fight_over_few_drivers
    what_is_tried_is_what_happens
}

async fn many_writers_fight_over_few_drivers(place: Place) {
    let (writers, each, drivers) = if is_nightly() {
        (64, 10_000, 50)
    } else {
        (16, 25, 20)
    };
    // No driver can have more bookings than there are numbers.
    let numbers = if is_nightly() { 14_000 } else { 60 };
    let rules = PoolRules {
        strict: true,
        ..PoolRules::default()
    };
    let desk = Arc::new(Desk::open(place, rules, numbers).await);
    let next = Arc::new(AtomicUsize::new(0));
    let writing: Vec<_> = (0..writers)
        .map(|writer| {
            let (desk, next) = (desk.clone(), next.clone());
            tokio::spawn(async move {
                let mut random = Random(writer);
                for _ in 0..each {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let driver = usize::try_from(random.below(drivers)).expect("few");
                    desk.book(&format!("b{n}"), &person(1000 + n), &person(driver))
                        .await;
                }
            })
        })
        .collect();
    for writer in writing {
        writer.await.expect("no booking is lost");
    }
    let mut held: BTreeMap<(usize, Vn), usize> = BTreeMap::new();
    let total = next.load(Ordering::Relaxed);
    for n in 0..total.min(2_000) {
        let id = callwright::masking::BookingId::new(format!("b{n}"));
        let booking = desk
            .bookings
            .get(&id)
            .await
            .expect("the store answers")
            .expect("it is there")
            .booking;
        let driver: usize = booking.b.primary().number.digits()[4..]
            .parse()
            .expect("a person");
        *held.entry((driver, booking.b.vn)).or_default() += 1;
    }
    assert!(
        held.values().all(|count| *count == 1),
        "no driver has a number twice"
    );
}

/// Random bookings, ends, changes and calls: what is tried is answered as the call then is.
async fn what_is_tried_is_what_happens(place: Place) {
    let steps = if is_nightly() { 100_000 } else { 250 };
    let mut rules = PoolRules {
        cooldown: SignedDuration::from_hours(2),
        ..PoolRules::default()
    };
    rules.grace.completed = SignedDuration::from_hours(1);
    rules.unknown.support = Some(PhoneNumber::new("+6562345678"));
    let desk = Desk::open(place, rules, 4).await;
    let mut random = Random(5);
    let mut codes = BTreeMap::<&str, usize>::new();
    for step in 0..steps {
        let (one, other) = (random.below(5), random.below(5));
        let people = |n: u64| person(usize::try_from(n).expect("few"));
        match random.below(6) {
            0 | 1 if one != other => {
                // A pool that is full is a state as well.
                _ = desk
                    .put(&format!("b{}", step % 40), &people(one), &people(other))
                    .await;
            }
            2 => {
                let id = callwright::masking::BookingId::new(format!("b{}", random.below(40)));
                let reason = if one > 2 {
                    CloseReason::Completed
                } else {
                    CloseReason::Cancelled
                };
                let request = callwright::masking::request::CloseRequest {
                    reason,
                    block: None,
                };
                // It may not be there.
                _ = desk.bookings.close(&id, request).await;
            }
            3 => desk.pass(SignedDuration::from_mins(
                i64::try_from(one * 20).expect("few"),
            )),
            _ => {
                let caller = if one == 4 {
                    "anonymous".to_owned()
                } else {
                    people(one)
                };
                let vn = desk.numbers[usize::try_from(other.min(3)).expect("few")]
                    .number
                    .clone();
                let source = PhoneNumber::new(caller.as_str());
                let tried = desk.bookings.simulate(Some(&source), &vn, desk.now()).await;
                let tried = tried
                    .expect("the store answers")
                    .expect("a number of the pool");
                let heard = desk.call(&caller, &vn).await;
                assert_eq!(tried.callflow, &*heard.reply, "step {step}");
                assert_eq!(tried.decision.code.as_str(), heard.code);
                *codes.entry(heard.code).or_default() += 1;
            }
        }
    }
    assert!(codes.len() >= 3, "{codes:?}");
}
