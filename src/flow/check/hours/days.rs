//! Days and times as a file writes them: CW006, CW014, CW502, CW511.

use std::ops::Range;

use jiff::civil::Date;

use super::super::FlowFile;
use crate::flow::diagnostic::Diagnostic;
use crate::flow::file::{Kind, Value};
use crate::flow::hours::{Day, Stretch};

/// The days of the week, as a key and as people say them.
pub(super) const WEEKDAYS: [(&str, &str); 7] = [
    ("mon", "Monday"),
    ("tue", "Tuesday"),
    ("wed", "Wednesday"),
    ("thu", "Thursday"),
    ("fri", "Friday"),
    ("sat", "Saturday"),
    ("sun", "Sunday"),
];

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// The longest stretch that passes midnight and ends later than [`NIGHT_ENDS`], in minutes: of a longer one the times are the wrong
/// way round.
const LONGEST_NIGHT: u16 = 12 * 60;

/// By when a stretch that passes midnight may end however early it began, in minutes of the next day.
const NIGHT_ENDS: u16 = 6 * 60;

/// A date as a key writes it.
pub(super) enum When {
    /// Month and day.
    EveryYear(i8, i8),
    Once(Date),
}

/// The days that a key names: `mon`, `mon-fri`, `fri-mon`.
pub(super) fn weekdays(key: &str) -> Option<Vec<usize>> {
    let find = |name: &str| WEEKDAYS.iter().position(|(short, _)| *short == name);
    let Some((from, to)) = key.split_once('-') else {
        return find(key).map(|day| vec![day]);
    };
    let (from, to) = (find(from)?, find(to)?);
    let count = (to + 7 - from) % 7;
    Some((0..=count).map(|day| (from + day) % 7).collect())
}

/// Reads `12-25` or `2026-12-25`.
pub(super) fn date(key: &str) -> Option<When> {
    let parts: Vec<&str> = key.split('-').collect();
    let small = |part: &str| match part.len() {
        2 => part.parse::<i8>().ok(),
        _ => None,
    };
    match parts.as_slice() {
        [month, day] => {
            let (month, day) = (small(month)?, small(day)?);
            // In a year that has the 29th of February.
            Date::new(2028, month, day).ok()?;
            Some(When::EveryYear(month, day))
        }
        [year, month, day] if year.len() == 4 => {
            let date = Date::new(year.parse().ok()?, small(month)?, small(day)?);
            date.ok().map(When::Once)
        }
        _ => None,
    }
}

impl<'a> FlowFile<'a> {
    /// Reads `"11:00-15:00, 18:00-22:00"` or `"closed"`.
    pub(super) fn day(&self, key: &str, value: &'a Value) -> Option<Day> {
        if value.kind == Kind::Datetime {
            let message = "write times in quotes, like \"11:00-15:00\"";
            let help = format!("write: {key} = \"11:00-15:00\"");
            let fault = Diagnostic::error("CW014", message);
            self.report(fault.at(value.span.clone(), "no quotes").help(help));
            return None;
        }
        let text = value.as_text();
        if text.is_some_and(|text| text.trim() == "closed") {
            return Some(Day::default());
        }
        let Some(stretches) = text.and_then(read) else {
            let wants = "times such as \"11:00-15:00, 18:00-22:00\", or \"closed\"";
            self.wrong(key, wants, "\"11:00-15:00\"", value);
            return None;
        };
        // Each is told of.
        let sound = stretches
            .iter()
            .filter(|written| !self.is_sound(key, value, written))
            .count()
            == 0;
        let day: Vec<_> = stretches.iter().map(|written| written.stretch).collect();
        (sound && self.are_apart(key, value, &stretches)).then_some(Day(day))
    }

    /// CW502.
    fn is_sound(&self, key: &str, value: &Value, written: &Written) -> bool {
        let Stretch { from, to } = written.stretch;
        let is_night = to > DAY && (to - DAY <= NIGHT_ENDS || to - from <= LONGEST_NIGHT);
        if to > from && (to <= DAY || is_night) {
            return true;
        }
        let words = written.words(value);
        let message =
            format!("{key}: {words} ends before it starts (for past midnight write 18:00-02:00)");
        let help = match words.split_once('-') {
            Some((from, to)) if from.trim() != to.trim() => {
                format!("did you mean {}-{}?", to.trim(), from.trim())
            }
            _ => "for the whole day write 00:00-24:00".to_owned(),
        };
        self.report(
            Diagnostic::error("CW502", message)
                .at(self.within(value, written.place.clone()), "")
                .help(help),
        );
        false
    }

    /// CW511.
    fn are_apart(&self, key: &str, value: &Value, stretches: &[Written]) -> bool {
        let overlapping = stretches
            .windows(2)
            .find(|pair| pair[1].stretch.from < pair[0].stretch.to);
        if let Some([one, two]) = overlapping {
            let (first, second) = (one.words(value), two.words(value));
            let message = format!("{key}: {second} begins before {first} has ended");
            self.report(
                Diagnostic::error("CW511", message)
                    .at(self.within(value, two.place.clone()), "")
                    .help("write the times of a day one after another, and none twice"),
            );
        }
        overlapping.is_none()
    }
}

/// A stretch with its place in the text.
struct Written {
    stretch: Stretch,
    place: Range<usize>,
}

impl Written {
    fn words<'v>(&self, value: &'v Value) -> &'v str {
        let text = value.as_text().unwrap_or_default();
        text.get(self.place.clone()).unwrap_or_default()
    }
}

fn read(text: &str) -> Option<Vec<Written>> {
    let mut at = 0;
    let mut stretches = Vec::new();
    for part in text.split(',') {
        let start = at + (part.len() - part.trim_start().len());
        at += part.len() + 1;
        let words = part.trim();
        let (from, to) = words.split_once(['-', '–'])?;
        let (from, to) = (minutes(from.trim())?, minutes(to.trim())?);
        let stretch = Stretch {
            from: (from < DAY).then_some(from)?,
            to: if to < from { to + DAY } else { to },
        };
        stretches.push(Written {
            stretch,
            place: start..start + words.len(),
        });
    }
    Some(stretches)
}

/// Reads `9:00`, `09:00`, `24:00`.
fn minutes(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !(1..=2).contains(&hour.len()) || minute.len() != 2 || !digits(hour) || !digits(minute) {
        return None;
    }
    let (hour, minute) = (hour.parse::<u16>().ok()?, minute.parse::<u16>().ok()?);
    let minutes = hour * 60 + minute;
    (minute < 60 && minutes <= DAY).then_some(minutes)
}

#[cfg(test)]
mod tests {
    use super::{minutes, weekdays};

    #[test]
    fn days_and_times() {
        assert_eq!(weekdays("mon-fri"), Some(vec![0, 1, 2, 3, 4]));
        assert_eq!(weekdays("sat-mon"), Some(vec![5, 6, 0]));
        assert_eq!(weekdays("sun"), Some(vec![6]));
        assert_eq!(weekdays("monday"), None);
        assert_eq!(minutes("9:05"), Some(545));
        for wrong in ["9", "9:5", "24:01", "12:60", "+9:00", "9 :00", ":00"] {
            assert_eq!(minutes(wrong), None, "{wrong}");
        }
    }
}
