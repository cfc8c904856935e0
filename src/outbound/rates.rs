//! How many calls may be started: to one number in an hour, and in all in a minute. The clock is handed in.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use crate::call::PhoneNumber;

/// For how long a call counts against its number.
const OF_A_NUMBER: SignedDuration = SignedDuration::from_hours(1);

/// For how long a call counts against all of them.
const OF_ALL: SignedDuration = SignedDuration::from_mins(1);

/// The most calls that may be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// To one number in any hour.
    pub per_number_in_an_hour: u32,
    /// In all in any minute.
    pub in_a_minute: u32,
}

/// The calls of the last hour.
///
/// They are few: at most what [`Limits::in_a_minute`] lets through in an hour.
#[derive(Debug)]
pub struct Rates {
    limits: Limits,
    /// In the order that they were started.
    calls: VecDeque<(Timestamp, PhoneNumber)>,
}

/// Why no call is started now. Never repeats the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooMany {
    /// To this number.
    #[error(
        "this number was called {limit} times within an hour: wait until {until}, or raise \
         `calls_per_number_per_hour` in [outbound]"
    )]
    ToThisNumber {
        /// How many there may be.
        limit: u32,
        /// When there may be another.
        until: Timestamp,
    },
    /// In all.
    #[error(
        "{limit} calls were started within a minute: wait until {until}, or raise `calls_per_minute` in [outbound]"
    )]
    InAll {
        /// How many there may be.
        limit: u32,
        /// When there may be another.
        until: Timestamp,
    },
}

impl TooMany {
    /// The rule's name, for programs and counters.
    pub fn rule(self) -> &'static str {
        match self {
            Self::ToThisNumber { .. } => "calls_per_number_per_hour",
            Self::InAll { .. } => "calls_per_minute",
        }
    }

    /// When there may be another.
    pub fn until(self) -> Timestamp {
        match self {
            Self::ToThisNumber { until, .. } | Self::InAll { until, .. } => until,
        }
    }
}

impl Rates {
    /// No calls yet.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            calls: VecDeque::new(),
        }
    }

    /// Whether a call to `number` may be started now; it counts if so.
    ///
    /// # Errors
    ///
    /// The limit that is reached, and until when.
    pub fn start(&mut self, number: &PhoneNumber, now: Timestamp) -> Result<(), TooMany> {
        self.forget(now);
        let to_it = self.calls.iter().filter(|(_, other)| other == number);
        let limit = self.limits.per_number_in_an_hour;
        if let Some(until) = full(to_it.map(|(at, _)| *at), limit, OF_A_NUMBER, now) {
            return Err(TooMany::ToThisNumber { limit, until });
        }
        let limit = self.limits.in_a_minute;
        if let Some(until) = full(self.calls.iter().map(|(at, _)| *at), limit, OF_ALL, now) {
            return Err(TooMany::InAll { limit, until });
        }
        self.calls.push_back((now, number.clone()));
        Ok(())
    }

    /// A call to `number` was started at `at`: before this server began, or by another.
    pub fn count(&mut self, number: PhoneNumber, at: Timestamp) {
        let place = self.calls.partition_point(|(then, _)| *then <= at);
        self.calls.insert(place, (at, number));
    }

    /// A call to `number` that was counted is not started after all.
    pub fn take_back(&mut self, number: &PhoneNumber) {
        let counted = self.calls.iter().rposition(|(_, other)| other == number);
        counted.map(|at| self.calls.remove(at));
    }

    /// Lets go of what counts no more. A clock that was set back neither frees a call nor keeps one for longer than its
    /// time: what seems to lie ahead was just now.
    fn forget(&mut self, now: Timestamp) {
        for (at, _) in self.calls.iter_mut().rev().take_while(|(at, _)| *at > now) {
            *at = now;
        }
        while let Some((at, _)) = self.calls.front() {
            if now.duration_since(*at) < OF_A_NUMBER {
                break;
            }
            self.calls.pop_front();
        }
    }
}

/// Until when no further call may be started, when `limit` of `calls`, in the order of time, lie within `window`.
fn full(
    calls: impl DoubleEndedIterator<Item = Timestamp>,
    limit: u32,
    window: SignedDuration,
    now: Timestamp,
) -> Option<Timestamp> {
    let within = |at: &Timestamp| now.duration_since(*at) < window;
    let nth_last = calls
        .rev()
        .take_while(within)
        .nth(usize::try_from(limit).ok()?.checked_sub(1)?);
    nth_last.map(|at| at + window)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMITS: Limits = Limits {
        per_number_in_an_hour: 3,
        in_a_minute: 5,
    };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).expect("within the calendar")
    }

    fn number(nth: u32) -> PhoneNumber {
        PhoneNumber::new(format!("+65683320{nth:02}"))
    }

    #[test]
    fn each_limit_trips_at_its_count_and_opens_at_its_time() {
        let mut rates = Rates::new(LIMITS);
        for second in 0..3 {
            assert_eq!(rates.start(&number(0), at(second)), Ok(()));
        }
        let limit = 3;
        let until = at(3600);
        let too_many = TooMany::ToThisNumber { limit, until };
        assert_eq!(rates.start(&number(0), at(3)), Err(too_many));
        assert_eq!(rates.start(&number(0), at(3599)), Err(too_many));
        assert_eq!(rates.start(&number(1), at(3599)), Ok(()));
        assert_eq!(rates.start(&number(0), at(3600)), Ok(()));

        let mut rates = Rates::new(LIMITS);
        for nth in 0..5 {
            assert_eq!(rates.start(&number(nth), at(nth.into())), Ok(()));
        }
        let (limit, until) = (5, at(60));
        let too_many = TooMany::InAll { limit, until };
        assert_eq!(rates.start(&number(9), at(59)), Err(too_many));
        assert_eq!(rates.start(&number(9), at(60)), Ok(()));
        let until = at(61);
        let too_many = TooMany::InAll { limit, until };
        assert_eq!(rates.start(&number(8), at(60)), Err(too_many));
    }

    #[test]
    fn a_clock_that_was_set_back_neither_frees_nor_locks() {
        let mut rates = Rates::new(LIMITS);
        for _ in 0..3 {
            assert_eq!(rates.start(&number(0), at(86_400)), Ok(()));
        }
        assert!(rates.start(&number(0), at(0)).is_err());
        assert!(rates.start(&number(0), at(3599)).is_err());
        assert_eq!(rates.start(&number(0), at(3600)), Ok(()));
    }

    proptest! {
        #[test]
        fn no_window_holds_more_than_its_limit(asked in proptest::collection::vec((0..4_u32, 0..900_i64), 0..200)) {
            let mut rates = Rates::new(LIMITS);
            let mut now = 0;
            let mut started: Vec<(u32, i64)> = Vec::new();
            for (nth, pause) in asked {
                now += pause / 30;
                let same = started.iter().filter(|(other, then)| *other == nth && now - then < 3600).count();
                let all = started.iter().filter(|(_, then)| now - then < 60).count();
                let free = same < 3 && all < 5;
                prop_assert_eq!(rates.start(&number(nth), at(now)).is_ok(), free);
                if free {
                    started.push((nth, now));
                }
            }
        }
    }
}
