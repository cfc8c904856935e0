//! Calls that count for bookings, as far as the tables do not have them yet: limits look at these and at the tables, at the same
//! record, so that each call is counted once.

use std::collections::{HashMap, VecDeque};

use crate::masking::SideName;

/// What a record means for a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct News {
    /// The record.
    pub(super) seq: u64,
    pub(super) booking: u64,
    pub(super) what: What,
}

/// See [`News`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// A call was connected, at this time (ms).
    Called { side: SideName, at: i64 },
    /// It is over, and so many seconds were talked.
    Talked { seconds: u64 },
}

/// What is not in the tables yet, in the order of the records.
#[derive(Debug, Default)]
pub(super) struct Pending {
    order: VecDeque<u64>,
    by_booking: HashMap<u64, VecDeque<News>>,
}

/// What the tables do not have yet of one booking.
#[derive(Debug, Default)]
pub(super) struct Unprojected {
    /// Up to which record the tables are to be asked.
    pub(super) projected: u64,
    /// When calls were connected (ms).
    pub(super) at: Vec<i64>,
    /// Seconds talked.
    pub(super) talk_seconds: u64,
}

impl Pending {
    /// A record was written.
    pub(super) fn add(&mut self, news: News) {
        self.order.push_back(news.booking);
        self.by_booking
            .entry(news.booking)
            .or_default()
            .push_back(news);
    }

    /// What is pending up to record `through`, the oldest first.
    pub(super) fn up_to(&self, through: u64) -> Vec<News> {
        let mut places: HashMap<u64, usize> = HashMap::new();
        let mut due = Vec::new();
        for booking in &self.order {
            let place = places.entry(*booking).or_default();
            let news = self
                .by_booking
                .get(booking)
                .and_then(|news| news.get(*place));
            match news {
                Some(news) if news.seq <= through => due.push(*news),
                _ => break,
            }
            *place += 1;
        }
        due
    }

    /// The tables reach up to `through` now.
    pub(super) fn project(&mut self, through: u64) {
        while let Some(booking) = self.order.front() {
            let Some(news) = self.by_booking.get_mut(booking) else {
                break;
            };
            if news.front().is_none_or(|first| first.seq > through) {
                break;
            }
            news.pop_front();
            if news.is_empty() {
                self.by_booking.remove(booking);
            }
            self.order.pop_front();
        }
    }

    /// What is pending of one booking, beside tables that reach up to `projected`.
    pub(super) fn of(&self, booking: u64, projected: u64) -> Unprojected {
        let mut found = Unprojected {
            projected,
            ..Unprojected::default()
        };
        for news in self.by_booking.get(&booking).into_iter().flatten() {
            match news.what {
                What::Called { at, .. } => found.at.push(at),
                What::Talked { seconds } => found.talk_seconds += seconds,
            }
        }
        found
    }
}
