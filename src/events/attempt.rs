//! What an endpoint's answer means, and when the next try is. The schedule spans more than 72 hours.

use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

use jiff::{SignedDuration, Timestamp};

/// How long after each try the next one is, at least.
const PAUSES: [SignedDuration; 11] = [
    SignedDuration::from_secs(5),
    SignedDuration::from_secs(30),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(5),
    SignedDuration::from_hours(10),
    SignedDuration::from_hours(14),
    SignedDuration::from_hours(18),
    SignedDuration::from_hours(20),
    SignedDuration::from_hours(24),
];

/// How much longer a pause may be, so that what failed together is not tried again together.
const JITTER_PERCENT: u32 = 20;

/// The longest pause that an endpoint may ask for.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// What came of sending an event to an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It has it.
    Delivered,
    /// It has not, or nobody knows: it is tried again.
    Failed,
    /// It asks for a pause: nothing is sent to it until then.
    Later(Timestamp),
    /// It says that it wants no more.
    Gone,
}

impl Outcome {
    /// What an answer of this HTTP status, with this `Retry-After`, means. A redirect is not followed: it has failed.
    pub fn of(status: u16, retry_after: Option<&str>, now: Timestamp) -> Self {
        match status {
            200..=299 => Self::Delivered,
            410 => Self::Gone,
            429 | 503 => retry_after
                .and_then(|text| asked_for(text, now))
                .map_or(Self::Failed, Self::Later),
            _ => Self::Failed,
        }
    }
}

/// `Retry-After`: seconds, or a date as HTTP writes it; no later than [`LONGEST`] from now.
fn asked_for(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.trim();
    let at = match text.parse::<u32>() {
        Ok(seconds) => now
            .saturating_add(SignedDuration::from_secs(seconds.into()))
            .ok()?,
        Err(_) => jiff::fmt::rfc2822::parse(text).ok()?.timestamp(),
    };
    Some(at.min(now.saturating_add(LONGEST).ok()?))
}

/// When an event is tried again of which `tries` tries have failed, the last one now; `None` when that was the last.
/// Of two events with another `id` the pauses differ.
pub fn next_try(id: &str, tries: u32, now: Timestamp) -> Option<Timestamp> {
    let index = usize::try_from(tries.checked_sub(1)?).ok()?;
    let pause = *PAUSES.get(index)?;
    let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one((id, tries));
    let share = i32::try_from(hash % 1_000).expect("below a thousand");
    let jitter = pause * i32::try_from(JITTER_PERCENT).expect("a percentage") / 100 * share / 1_000;
    now.saturating_add(pause + jitter).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_second(1_790_000_000).expect("a time in 2026")
    }

    /// From the first try to the last.
    fn span(id: &str) -> (u32, SignedDuration) {
        let (mut at, mut tries) = (now(), 1);
        while let Some(next) = next_try(id, tries, at) {
            assert!(next > at);
            (at, tries) = (next, tries + 1);
        }
        (tries, at.duration_since(now()))
    }

    #[test]
    fn the_schedule_spans_three_days_and_never_the_same_way() {
        let spans: Vec<_> = (0..1_000).map(|n| span(&format!("evt_{n}"))).collect();
        for (tries, span) in &spans {
            assert_eq!(*tries, 12);
            assert!(span.as_hours() >= 72, "{span}");
            assert!(span.as_hours() <= 120, "{span}");
        }
        let mut distinct: Vec<_> = spans.iter().map(|(_, span)| *span).collect();
        distinct.sort();
        distinct.dedup();
        assert!(distinct.len() > 990, "{}", distinct.len());
    }

    #[test]
    fn a_try_that_failed_is_repeated_soon_at_first() {
        for n in 0..100 {
            let next = next_try(&format!("evt_{n}"), 1, now()).expect("it is the first");
            let pause = next.duration_since(now());
            assert!((5_000..=6_000).contains(&pause.as_millis()), "{pause}");
        }
    }

    #[test]
    fn answers_mean_what_they_say() {
        let later = |seconds| Outcome::Later(now() + SignedDuration::from_secs(seconds));
        for (status, retry_after, means) in [
            (200, None, Outcome::Delivered),
            (204, Some("5"), Outcome::Delivered),
            (301, None, Outcome::Failed),
            (302, None, Outcome::Failed),
            (400, None, Outcome::Failed),
            (404, None, Outcome::Failed),
            (410, None, Outcome::Gone),
            (429, None, Outcome::Failed),
            (429, Some("120"), later(120)),
            (429, Some("Tue, 22 Sep 2026 06:23:20 GMT"), Outcome::Failed),
            (429, Some("soon"), Outcome::Failed),
            (429, Some("99999999"), later(24 * 3600)),
            (503, Some(" 7 "), later(7)),
            (500, Some("7"), Outcome::Failed),
        ] {
            let found = Outcome::of(status, retry_after, now());
            if retry_after.is_some_and(|text| text.contains("GMT")) {
                assert!(matches!(found, Outcome::Later(_)), "{found:?}");
            } else {
                assert_eq!(found, means, "{status} {retry_after:?}");
            }
        }
    }
}
