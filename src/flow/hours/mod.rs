//! Opening hours: a week, with exceptions by date, every year or once, and holidays; asked about one moment. `spoken` says them
//! in words, [`calendar`] reads files of holidays.

pub mod calendar;
mod languages;
mod spoken;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

pub use languages::speaks;

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// How many days ahead the next opening is looked for: holidays and exceptions of a whole year, and then a week.
const HORIZON_DAYS: i32 = 374;

/// When somebody is there.
#[derive(Debug, Clone, PartialEq)]
pub struct Hours {
    /// Where.
    pub zone: TimeZone,
    /// Each day of the week, Monday first.
    pub week: [Day; 7],
    /// Days of every year, by month and day: they count more than holidays.
    pub yearly: BTreeMap<(i8, i8), Day>,
    /// Single days: they count most.
    pub dated: BTreeMap<Date, Day>,
    /// Holidays.
    pub holidays: Holidays,
}

/// Days that a calendar names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holidays {
    /// Single days.
    pub dates: BTreeSet<Date>,
    /// Days of every year, by month and day.
    pub yearly: BTreeSet<(i8, i8)>,
    /// The hours on such days.
    pub hours: Day,
}

/// The hours of one day, in order; none when it is closed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Day(pub Vec<Stretch>);

/// From one minute of a day to another, which may be one of the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stretch {
    /// The first minute, 0 to 1439.
    pub from: u16,
    /// The minute behind the last, at most 2879: beyond 1440 it lies in the next day.
    pub to: u16,
}

impl Day {
    fn holds(&self, minute: u16) -> bool {
        self.0.iter().any(|it| (it.from..it.to).contains(&minute))
    }
}

impl Stretch {
    /// A whole day.
    pub const WHOLE_DAY: Self = Self { from: 0, to: DAY };
}

impl Hours {
    /// The hours of a day.
    pub fn of(&self, date: Date) -> &Day {
        let yearly = (date.month(), date.day());
        let holiday = || {
            let Holidays {
                dates,
                yearly: days,
                hours,
            } = &self.holidays;
            (dates.contains(&date) || days.contains(&yearly)).then_some(hours)
        };
        let exception = self.dated.get(&date).or_else(|| self.yearly.get(&yearly));
        let weekday = date.weekday().to_monday_zero_offset();
        exception
            .or_else(holiday)
            .unwrap_or(&self.week[usize::from(weekday.unsigned_abs())])
    }

    /// Whether they are open.
    pub fn are_open(&self, at: Timestamp) -> bool {
        self.are_open_on(self.zone.to_datetime(at))
    }

    fn are_open_on(&self, at: DateTime) -> bool {
        let minute = minute(at);
        let of_yesterday = || {
            let yesterday = at.date().yesterday();
            yesterday.is_ok_and(|date| self.of(date).holds(minute + DAY))
        };
        self.of(at.date()).holds(minute) || of_yesterday()
    }

    /// When they open next after `at`, by their own clock; `None` when they do not within a year.
    pub fn next_open(&self, at: Timestamp) -> Option<DateTime> {
        let now = self.zone.to_datetime(at);
        let mut date = now.date();
        for _ in 0..HORIZON_DAYS {
            for stretch in &self.of(date).0 {
                let opens = on(date, stretch.from);
                // What goes on at midnight does not open there.
                let was_shut = opens
                    .checked_sub(jiff::Span::new().minutes(1))
                    .is_ok_and(|before| !self.are_open_on(before));
                if opens > now && was_shut {
                    return Some(opens);
                }
            }
            date = date.tomorrow().ok()?;
        }
        None
    }
}

fn minute(at: DateTime) -> u16 {
    u16::from(at.hour().unsigned_abs()) * 60 + u16::from(at.minute().unsigned_abs())
}

fn on(date: Date, minute: u16) -> DateTime {
    let part = |part: u16| i8::try_from(part).unwrap_or_default();
    date.at(part(minute / 60), part(minute % 60), 0, 0)
}

#[cfg(test)]
mod tests;
