//! How many requests may be sent again: a platform that has no time for one must not be asked by all of them at once.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

/// For how long a request counts.
const WINDOW: SignedDuration = SignedDuration::from_mins(1);

/// How many requests of a minute let one other be sent again.
const FOR_ONE: usize = 10;

/// How many may be sent again in any minute, however few are sent.
const AT_LEAST: usize = 10;

/// The requests of the last minute.
#[derive(Debug, Default)]
pub struct Retries {
    first: VecDeque<Timestamp>,
    again: VecDeque<Timestamp>,
}

impl Retries {
    /// A request is sent for the first time.
    pub fn first(&mut self, now: Timestamp) {
        forget(&mut self.first, now);
        self.first.push_back(now);
    }

    /// Whether a request may be sent again now; it counts if so.
    pub fn again(&mut self, now: Timestamp) -> bool {
        forget(&mut self.first, now);
        forget(&mut self.again, now);
        let free = self.again.len() < AT_LEAST.max(self.first.len() / FOR_ONE);
        if free {
            self.again.push_back(now);
        }
        free
    }
}

/// Lets go of what is past. What seems to lie ahead was before the clock was set back, and counts no more either.
fn forget(sent: &mut VecDeque<Timestamp>, now: Timestamp) {
    sent.retain(|at| *at <= now && now.duration_since(*at) < WINDOW);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).expect("within the calendar")
    }

    #[test]
    fn one_in_ten_is_sent_again_and_a_few_always() {
        let mut retries = Retries::default();
        let sent_again =
            |retries: &mut Retries, now| (0..100).filter(|_| retries.again(now)).count();
        assert_eq!(sent_again(&mut retries, at(0)), 10);
        (0..250).for_each(|_| retries.first(at(1)));
        assert_eq!(sent_again(&mut retries, at(2)), 15, "25 in all");
        assert_eq!(sent_again(&mut retries, at(59)), 0);
        assert_eq!(sent_again(&mut retries, at(62)), 10, "all are past");
        assert_eq!(
            sent_again(&mut retries, at(-3600)),
            10,
            "the clock was set back"
        );
    }
}
