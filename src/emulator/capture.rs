//! One `sayAndCapture` at work: keys and time in, what the caller has entered out.

use super::script::Utterance;

/// The fields of the action.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Rules {
    pub(super) prompt: Utterance,
    pub(super) success: Utterance,
    pub(super) failure: Utterance,
    pub(super) hash_ends: bool,
    pub(super) least: usize,
    pub(super) most: usize,
    pub(super) digit_ms: Option<u64>,
    pub(super) overall_ms: u64,
    pub(super) tries: u64,
}

/// An entry in progress.
#[derive(Debug, Clone)]
pub(super) struct Capture {
    pub(super) rules: Rules,
    keys: String,
    tries_left: u64,
    phase: Phase,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    /// The prompt is spoken until then; a key ends it.
    Prompt { until: u64 },
    /// Keys are waited for until then, and until then for the next one.
    Waiting { overall: u64, digit: Option<u64> },
}

/// How an entry stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Standing {
    /// Nothing happens before this time unless a key is pressed.
    Until(u64),
    /// The try failed: the failure message and the prompt are said again, until this time.
    Again(u64),
    /// It is over.
    Done { keys: Option<String>, entered: bool },
}

impl Capture {
    /// Begins the prompt at `now`.
    pub(super) fn begin(rules: Rules, now: u64) -> Self {
        let until = rules.prompt.until(now);
        Self {
            tries_left: rules.tries,
            keys: String::new(),
            phase: Phase::Prompt { until },
            rules,
        }
    }

    /// When something happens by itself.
    pub(super) fn deadline(&self) -> u64 {
        match self.phase {
            Phase::Prompt { until } => until,
            Phase::Waiting { overall, digit } => digit.map_or(overall, |digit| digit.min(overall)),
        }
    }

    /// Whether the prompt is spoken.
    pub(super) fn speaks(&self) -> bool {
        matches!(self.phase, Phase::Prompt { .. })
    }

    /// The caller presses `key`.
    pub(super) fn press(&mut self, key: char, now: u64) -> Standing {
        let overall = match self.phase {
            Phase::Prompt { .. } => now + self.rules.overall_ms,
            Phase::Waiting { overall, .. } => overall,
        };
        if key == '#' && self.rules.hash_ends {
            return self.finish(now);
        }
        self.keys.push(key);
        if self.keys.chars().count() >= self.rules.most {
            return self.finish(now);
        }
        let digit = self.rules.digit_ms.map(|ms| now + ms);
        self.phase = Phase::Waiting { overall, digit };
        Standing::Until(self.deadline())
    }

    /// The [`deadline`](Self::deadline) has come.
    pub(super) fn time_is_up(&mut self, now: u64) -> Standing {
        match self.phase {
            Phase::Prompt { .. } => {
                let overall = now + self.rules.overall_ms;
                let digit = None;
                self.phase = Phase::Waiting { overall, digit };
                Standing::Until(overall)
            }
            Phase::Waiting { .. } => self.finish(now),
        }
    }

    fn finish(&mut self, now: u64) -> Standing {
        let entered = self.keys.chars().count() >= self.rules.least.max(1);
        self.tries_left = self.tries_left.saturating_sub(1);
        let keys = std::mem::take(&mut self.keys);
        if entered || self.tries_left == 0 {
            let keys = Some(keys).filter(|keys| !keys.is_empty());
            return Standing::Done { keys, entered };
        }
        let until = self.rules.prompt.until(self.rules.failure.until(now));
        self.phase = Phase::Prompt { until };
        Standing::Again(until)
    }
}

#[cfg(test)]
mod tests {
    use super::{Capture, Rules, Standing};
    use crate::emulator::script::Utterance;

    fn rules() -> Rules {
        let prompt = Utterance {
            ms: 1_000,
            ..Utterance::default()
        };
        Rules {
            prompt,
            least: 2,
            most: 3,
            digit_ms: Some(2_000),
            overall_ms: 5_000,
            tries: 1,
            ..Rules::default()
        }
    }

    fn done(keys: &str, entered: bool) -> Standing {
        let keys = Some(keys.to_owned()).filter(|keys| !keys.is_empty());
        Standing::Done { keys, entered }
    }

    /// Keys with their times, and how the entry ends when nobody does anything any more.
    fn entry(rules: Rules, keys: &[(char, u64)]) -> (Standing, u64) {
        let mut capture = Capture::begin(rules, 0);
        for (key, at) in keys {
            while capture.deadline() < *at {
                let now = capture.deadline();
                let standing = capture.time_is_up(now);
                if matches!(standing, Standing::Done { .. }) {
                    return (standing, now);
                }
            }
            let standing = capture.press(*key, *at);
            if matches!(standing, Standing::Done { .. }) {
                return (standing, *at);
            }
        }
        loop {
            let now = capture.deadline();
            let standing = capture.time_is_up(now);
            if matches!(standing, Standing::Done { .. }) {
                return (standing, now);
            }
        }
    }

    #[test]
    fn every_field_is_obeyed() {
        let hash = |ends| Rules {
            hash_ends: ends,
            ..rules()
        };
        let slow = Rules {
            digit_ms: Some(4_999),
            ..rules()
        };
        let twice = Rules {
            tries: 2,
            ..rules()
        };
        for (name, rules, keys, end) in [
            ("silence", rules(), vec![], (done("", false), 6_000)),
            (
                "all digits",
                rules(),
                vec![('1', 1_500), ('2', 1_600), ('3', 1_700)],
                (done("123", true), 1_700),
            ),
            (
                "a pause ends it",
                rules(),
                vec![('1', 1_500), ('2', 1_600)],
                (done("12", true), 3_600),
            ),
            (
                "too few",
                rules(),
                vec![('1', 1_500)],
                (done("1", false), 3_500),
            ),
            (
                "hash ends it",
                hash(true),
                vec![('1', 1_500), ('2', 1_600), ('#', 1_700)],
                (done("12", true), 1_700),
            ),
            (
                "hash is a key",
                hash(false),
                vec![('1', 1_500), ('2', 1_600), ('#', 1_700)],
                (done("12#", true), 1_700),
            ),
            (
                "the whole time ends it",
                slow,
                vec![('1', 1_500), ('2', 5_900)],
                (done("12", true), 6_000),
            ),
            (
                "a key ends the prompt",
                rules(),
                vec![('1', 100)],
                (done("1", false), 2_100),
            ),
            (
                "a second try",
                twice,
                vec![('1', 1_500)],
                (done("", false), 9_500),
            ),
        ] {
            assert_eq!(entry(rules, &keys), end, "{name}");
        }
    }
}
