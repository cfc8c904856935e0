//! Who is on the phone: somebody who is moved by hand, one who does as prepared, or one who does as chance has it.

use std::collections::VecDeque;

use super::capture::Rules;
use super::chance::Chance;
use super::leg::Fate;

/// The latest that a person of chance hangs up, in milliseconds: no call is endless.
const LONGEST_MS: u64 = 300_000;

/// Somebody on the phone.
#[derive(Debug, Clone)]
pub enum Person {
    /// Does nothing; keys, hanging up and the fate of legs are given from outside.
    ByHand,
    /// The same, and says when something has been heard: the words take as long as they take where they are spoken.
    Listening,
    /// Does these, in order.
    Prepared(Prepared),
    /// Does as chance has it.
    Chance(Chance),
}

/// What a prepared person does.
#[derive(Debug, Clone, Default)]
pub struct Prepared {
    /// What is pressed at each prompt that listens, half a second apart after it has been heard; `""`: nothing.
    pub keys: VecDeque<String>,
    /// What becomes of each dialled leg, three seconds after it began to ring.
    pub fates: VecDeque<Fate>,
    /// When the caller hangs up by themselves, in milliseconds from the call's beginning.
    pub leaves_ms: Option<u64>,
}

impl Person {
    /// When the caller hangs up by themselves.
    pub(super) fn leaves(&mut self) -> Option<u64> {
        match self {
            Self::ByHand | Self::Listening => None,
            Self::Prepared(prepared) => prepared.leaves_ms,
            Self::Chance(chance) => match chance.happens(15) {
                true => Some(chance.between(0, 40_000)),
                false => Some(LONGEST_MS),
            },
        }
    }

    /// What becomes of the leg that begins to ring, and after how long.
    pub(super) fn fate(&mut self) -> Option<(u64, Fate)> {
        match self {
            Self::ByHand | Self::Listening => None,
            Self::Prepared(prepared) => prepared.fates.pop_front().map(|fate| (3_000, fate)),
            Self::Chance(chance) => {
                let after = chance.between(500, 15_000);
                let fate = match chance.between(0, 10) {
                    0..6 => Fate::Answers {
                        talks_ms: Some(chance.between(1_000, 60_000)),
                    },
                    6 | 7 => Fate::Busy,
                    8 => Fate::NoAnswer,
                    _ => Fate::Fails,
                };
                Some((after, fate))
            }
        }
    }

    /// What is pressed at a prompt that listens, each with the milliseconds since it began.
    pub(super) fn keys(&mut self, rules: &Rules) -> Vec<(u64, char)> {
        match self {
            Self::ByHand | Self::Listening => Vec::new(),
            Self::Prepared(prepared) => {
                let keys = prepared.keys.pop_front().unwrap_or_default();
                spaced(&keys, rules.prompt.ms + 500, 500)
            }
            Self::Chance(chance) => by_chance(chance, rules),
        }
    }
}

fn by_chance(chance: &mut Chance, rules: &Rules) -> Vec<(u64, char)> {
    if chance.happens(15) {
        return Vec::new();
    }
    let wrong = chance.happens(10);
    let count = match wrong {
        true => chance.between(1, rules.most as u64 + 2),
        false => chance.between(rules.least.min(rules.most) as u64, rules.most as u64 + 1),
    };
    // Small numbers more often: they are a menu's choices.
    let key = |chance: &mut Chance| match chance.between(0, 40) {
        0 => '*',
        1 => '#',
        drawn if rules.most == 1 => char::from(b'1' + (drawn % 4) as u8),
        drawn => char::from(b'0' + (drawn % 10) as u8),
    };
    let mut keys: String = (0..count).map(|_| key(chance)).collect();
    if rules.hash_ends && chance.happens(50) {
        keys.push('#');
    }
    let first = chance.between(0, rules.prompt.ms + rules.overall_ms / 2 + 1);
    let gap = chance.between(100, 1_500);
    spaced(&keys, first, gap)
}

fn spaced(keys: &str, first: u64, gap: u64) -> Vec<(u64, char)> {
    let times = (0..).map(|index| first + index * gap);
    times.zip(keys.chars()).collect()
}
