//! `[hours.NAME]`: CW005 without a time zone, CW109 in `decide`, CW5xx.

mod days;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::context::FlowFile;
use super::slips;
use super::values::bad_name;
use super::vocabulary::{HOLIDAYS, HOURS, names};
use crate::flow::diagnostic::{Diagnostic, Span};
use crate::flow::file::{Entry, Table, Value, extent};
use crate::flow::hours::calendar::Calendar;
use crate::flow::hours::{Day, Holidays, Hours};
use crate::text::nearest;
use days::{WEEKDAYS, weekdays};

/// How many days before the last holiday of a file its end is told of.
const ENDS_SOON_DAYS: i32 = 90;

impl<'a> FlowFile<'a> {
    /// The time zone that the flow is at home in, or whoever uses it; UTC when neither names one.
    pub(super) fn zone(&self) -> TimeZone {
        let handed = self.handed_down.as_ref().map(|handed| &handed.zone);
        let zone = self.head.zone.as_ref().or(handed);
        zone.cloned().unwrap_or(TimeZone::UTC)
    }

    /// Reads `[hours]`.
    pub(super) fn read_hours(&mut self) {
        let entries = self.table("hours").map(Table::entries).unwrap_or_default();
        for entry in entries {
            if self.schedule_of(entry).is_some() {
                continue;
            }
            let hours = self.hours_of(entry);
            self.hours.insert(entry.key.clone(), hours);
        }
        let flow = self.table("flow");
        let torn = self.lost || self.handed_down.is_some() || flow.is_none_or(|flow| flow.torn);
        let own = entries
            .iter()
            .find(|entry| self.hours.contains_key(&entry.key));
        if let (Some(first), None, false) = (own, &self.head.zone, torn)
            && flow.is_some_and(|flow| flow.get("timezone").is_none())
        {
            let message = "[flow] has no timezone: whose clock do the opening hours go by?";
            self.report(
                Diagnostic::error("CW005", message)
                    .at(first.key_span.clone(), "these hours")
                    .help("add under [flow]: timezone = \"Asia/Singapore\""),
            );
        }
    }

    /// Where `allow` of hours counts, and which codes it silences.
    pub(super) fn hours_allowing(&self) -> Vec<(Span, BTreeSet<String>)> {
        let entries = self.table("hours").map(Table::entries).unwrap_or_default();
        let with_codes = entries.iter().filter_map(|entry| {
            let table = entry.value.as_table()?;
            table.get("allow")?;
            Some((extent(table, &entry.key_span), self.allowed(table)))
        });
        with_codes.collect()
    }

    fn hours_of(&self, entry: &'a Entry) -> Option<Hours> {
        let name = entry.key.as_str();
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if name.is_empty() || !name.bytes().all(plain) {
            let span = entry.key_span.clone();
            self.report(bad_name("a name of hours", name, "a-z, 0-9 and _", span));
            return None;
        }
        let Some(table) = entry.value.as_table() else {
            let example = format!("[hours.{name}] on a line of its own");
            self.wrong("hours", "a table", &example, &entry.value);
            return None;
        };
        let week = self.week(name, entry, table);
        let (yearly, dated) = self.dates(table)?;
        Some(Hours {
            zone: self.zone(),
            week: week?,
            yearly,
            dated,
            holidays: self.holidays(table)?,
        })
    }

    /// The days of the week: `mon`, `mon-fri`. A day that no key names is closed.
    fn week(&self, name: &str, entry: &Entry, table: &'a Table) -> Option<[Day; 7]> {
        let mut week: [Option<(Option<Day>, &Entry)>; 7] = Default::default();
        let mut unread = table.torn;
        for key in table.entries() {
            if names(&HOURS).contains(&key.key.as_str()) {
                continue;
            }
            let Some(days) = weekdays(&key.key) else {
                unread = true;
                self.strange_day(key);
                continue;
            };
            let hours = self.day(&key.key, &key.value);
            for day in days {
                if let Some((_, first)) = &week[day] {
                    self.named_twice(day, first, key);
                } else {
                    week[day] = Some((hours.clone(), key));
                }
            }
        }
        let unnamed: Vec<_> = (0..7).filter(|day| week[*day].is_none()).collect();
        if unnamed.len() == 7 && !unread {
            let message = format!("[hours.{name}] names no day of the week");
            self.report(
                Diagnostic::error("CW005", message)
                    .at(entry.key_span.clone(), "")
                    .help("add: mon-fri = \"11:00-15:00, 18:00-22:00\""),
            );
            return None;
        }
        if !unnamed.is_empty() && !unread {
            self.never_opens(name, entry, &unnamed);
        }
        let days = week.map(|day| day.map_or(Some(Day::default()), |(hours, _)| hours));
        let days: Option<Vec<Day>> = days.into_iter().collect();
        days?.try_into().ok()
    }

    fn strange_day(&self, entry: &Entry) {
        if entry.value.is_broken() {
            return;
        }
        let key = &entry.key;
        let short = key.get(..3).unwrap_or(key).to_lowercase();
        let known = WEEKDAYS
            .iter()
            .map(|(short, _)| *short)
            .chain(names(&HOURS));
        let meant = WEEKDAYS
            .iter()
            .map(|(short, _)| *short)
            .find(|known| *known == short && !key.contains('-'))
            .or_else(|| nearest(key, known));
        let (did_you, help) = match meant {
            Some(meant) => (
                format!("; did you mean \"{meant}\"?"),
                format!("write: {meant}"),
            ),
            None => (
                ".".to_owned(),
                "write: mon, tue, wed, thu, fri, sat, sun, or mon-fri".to_owned(),
            ),
        };
        let message = format!(
            "\"{key}\" is not a key of opening hours{did_you} They know: mon to sun, mon-fri, dates, holidays, allow"
        );
        self.report(
            Diagnostic::error("CW003", message)
                .at(entry.key_span.clone(), "")
                .help(help),
        );
    }

    /// CW503.
    fn named_twice(&self, day: usize, first: &Entry, second: &Entry) {
        let message = format!(
            "{} is in both {} and {}",
            WEEKDAYS[day].1, first.key, second.key
        );
        self.report(
            Diagnostic::error("CW503", message)
                .at(second.key_span.clone(), "here again")
                .also(first.key_span.clone(), "here first")
                .help("name each day once; for single dates write dates.12-25 = \"closed\""),
        );
    }

    /// CW505.
    fn never_opens(&self, name: &str, entry: &Entry, days: &[usize]) {
        let names: Vec<_> = days.iter().map(|day| WEEKDAYS[*day].1).collect();
        let (first, _) = WEEKDAYS[days[0]];
        let message = format!(
            "[hours.{name}] never opens on {}; write {first} = \"closed\" if that is meant",
            listed(&names)
        );
        self.report(
            Diagnostic::warning("CW505", message)
                .at(entry.key_span.clone(), "")
                .help(format!("add: {first} = \"closed\", or its hours")),
        );
    }

    /// `dates.MM-DD` and `dates.YYYY-MM-DD`.
    #[expect(
        clippy::type_complexity,
        reason = "the two sorts of exceptions that the model knows"
    )]
    fn dates(&self, table: &'a Table) -> Option<(BTreeMap<(i8, i8), Day>, BTreeMap<Date, Day>)> {
        let (mut yearly, mut dated) = (BTreeMap::new(), BTreeMap::new());
        let Some(dates) = table.get("dates") else {
            return Some((yearly, dated));
        };
        let Some(dates) = dates.value.as_table() else {
            let example = "dates.12-25 = \"closed\" instead";
            self.wrong("dates", "a date, a dot between them", example, &dates.value);
            return None;
        };
        let mut sound = true;
        for entry in dates.entries() {
            let day = self.day(&format!("dates.{}", entry.key), &entry.value);
            let Some(day) = day else {
                sound = false;
                continue;
            };
            match days::date(&entry.key) {
                Some(days::When::EveryYear(month, date)) => {
                    yearly.insert((month, date), day);
                }
                Some(days::When::Once(date)) => {
                    self.past(&entry.key, entry.key_span.clone(), date);
                    dated.insert(date, day);
                }
                None => {
                    sound = false;
                    self.no_date(entry);
                }
            }
        }
        sound.then_some((yearly, dated))
    }

    /// CW506.
    fn no_date(&self, entry: &Entry) {
        let message = format!("dates.{} is not a day", entry.key);
        self.report(
            Diagnostic::error("CW506", message)
                .at(entry.key_span.clone(), "")
                .help("write month and day, dates.12-25, or year, month and day, dates.2026-12-31"),
        );
    }

    /// CW504.
    fn past(&self, key: &str, place: Span, date: Date) {
        if self.asked.at.is_some_and(|today| date < today) {
            let message = format!("dates.{key} is in the past");
            self.report(
                Diagnostic::warning("CW504", message)
                    .at(place, "")
                    .help("take it out, or write it without its year if it is every year"),
            );
        }
    }

    /// `holidays = { file = "singapore.ics", hours = "closed" }`.
    fn holidays(&self, table: &'a Table) -> Option<Holidays> {
        let Some(entry) = table.get("holidays") else {
            return Some(Holidays::default());
        };
        let known = names(&HOLIDAYS);
        let Some(holidays) = entry.value.as_table() else {
            let example = "{ file = \"singapore.ics\", hours = \"closed\" }";
            self.wrong("holidays", "a file with its hours", example, &entry.value);
            return None;
        };
        self.strange_keys(holidays, "holidays", &known);
        let hours = match slips::find(holidays, "hours", &known) {
            Some(hours) => self.day("hours", &hours.value),
            None => Some(Day::default()),
        };
        let Some(file) = slips::find(holidays, "file", &known) else {
            if !holidays.torn {
                let message = "holidays has no file: which calendar names them?";
                self.report(
                    Diagnostic::error("CW005", message)
                        .at(entry.value.span.clone(), "")
                        .help("write in the braces: file = \"singapore.ics\""),
                );
            }
            return None;
        };
        let calendar = self.calendar(&file.value)?;
        Some(Holidays {
            dates: calendar.dates,
            yearly: calendar.yearly,
            hours: hours?,
        })
    }

    /// Reads a file of holidays: CW210, CW507, CW512.
    fn calendar(&self, value: &'a Value) -> Option<Calendar> {
        let name = self.text_of("file", value)?;
        let Some(index) = self.asked.find(self.path, name) else {
            self.report(
                self.asked
                    .no_file(name, "ics", value.span.clone(), "holidays"),
            );
            return None;
        };
        match Calendar::parse(&self.asked.sources[index].text) {
            Ok(calendar) => {
                self.ends_soon(name, value, &calendar);
                Some(calendar)
            }
            Err(faults) => {
                for fault in faults {
                    self.report_elsewhere(
                        Diagnostic::error("CW512", fault.message)
                            .at_source(index, fault.span, "")
                            .help("keep VEVENTs with DTSTART;VALUE=DATE:20261225, and RRULE:FREQ=YEARLY for days of every year"),
                    );
                }
                None
            }
        }
    }

    /// CW507.
    fn ends_soon(&self, name: &str, value: &Value, calendar: &Calendar) {
        let (Some(today), Some(last)) = (self.asked.at, calendar.last()) else {
            return;
        };
        if (last - today).get_days() < ENDS_SOON_DAYS {
            let message = format!("{name} ends on {last}: later holidays are not known");
            self.report(
                Diagnostic::warning("CW507", message)
                    .at(value.span.clone(), "")
                    .help("put next year's holidays into the file"),
            );
        }
    }
}

/// `Saturday`, `Saturday and Sunday`, `Monday, Saturday and Sunday`.
fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    }
}
