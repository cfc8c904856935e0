//! Files of holidays, iCalendar (RFC 5545): days, stretches of days, and days of every year. Nothing else of it bears on opening
//! hours; a rule that says more than "every year" is refused rather than half understood.

use std::collections::BTreeSet;
use std::ops::Range;

use jiff::civil::Date;

/// The longest holiday that is believed, in days.
const LONGEST_DAYS: usize = 62;

/// What a file of holidays says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Calendar {
    /// Single days.
    pub dates: BTreeSet<Date>,
    /// Days of every year, by month and day.
    pub yearly: BTreeSet<(i8, i8)>,
}

/// What is wrong with a file, and on which bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarFault {
    /// In plain words.
    pub message: &'static str,
    /// Where.
    pub span: Range<usize>,
}

impl Calendar {
    /// Reads a file. All that is wrong with it comes back, each with its place.
    ///
    /// # Errors
    ///
    /// A text that is no calendar, a day that is none, a rule that is not "every year".
    pub fn parse(text: &str) -> Result<Self, Vec<CalendarFault>> {
        let (mut calendar, mut faults) = (Self::default(), Vec::new());
        let lines = lines(text);
        if !lines.iter().any(|line| line.is("BEGIN", "VCALENDAR")) {
            let message = "this is no iCalendar file: it has no BEGIN:VCALENDAR";
            let span = 0..text.find('\n').unwrap_or(text.len());
            return Err(vec![CalendarFault { message, span }]);
        }
        let mut rest = lines.as_slice();
        while let Some(begin) = rest.iter().position(|line| line.is("BEGIN", "VEVENT")) {
            rest = &rest[begin..];
            let end = rest.iter().position(|line| line.is("END", "VEVENT"));
            let (event, after) = rest.split_at(end.unwrap_or(rest.len()));
            if let Err(fault) = calendar.take(event) {
                faults.push(fault);
            }
            rest = after;
        }
        match faults.is_empty() {
            true => Ok(calendar),
            false => Err(faults),
        }
    }

    /// The last day that it knows; `None` when it knows days of every year, or nothing.
    pub fn last(&self) -> Option<Date> {
        self.dates.last().copied()
    }

    fn take(&mut self, event: &[Line]) -> Result<(), CalendarFault> {
        let find = |name: &str| event.iter().find(|line| line.name == name);
        let fault = |line: &Line, message| CalendarFault {
            message,
            span: line.span.clone(),
        };
        if find("STATUS").is_some_and(|line| line.value.eq_ignore_ascii_case("CANCELLED")) {
            return Ok(());
        }
        let Some(start) = find("DTSTART") else {
            let begin = event.first().map_or(0..0, |line| line.span.clone());
            let message = "this event has no DTSTART: which day is it?";
            return Err(CalendarFault {
                message,
                span: begin,
            });
        };
        let first = day(&start.value)
            .ok_or_else(|| fault(start, "this is no day: write DTSTART;VALUE=DATE:20261225"))?;
        // The end is the day behind the last.
        let end =
            match find("DTEND") {
                None => None,
                Some(line) => Some(day(&line.value).ok_or_else(|| {
                    fault(line, "this is no day: write DTEND;VALUE=DATE:20261226")
                })?),
            };
        let days = first
            .series(jiff::Span::new().days(1))
            .take_while(|date| *date == first || end.is_some_and(|end| *date < end));
        let days: Vec<_> = days.take(LONGEST_DAYS + 1).collect();
        if days.len() > LONGEST_DAYS {
            return Err(fault(start, "this holiday is longer than two months"));
        }
        match find("RRULE") {
            None => self.dates.extend(days),
            Some(line) if is_every_year(&line.value) => {
                self.yearly
                    .extend(days.iter().map(|date| (date.month(), date.day())));
            }
            Some(line) => {
                return Err(fault(
                    line,
                    "only RRULE:FREQ=YEARLY can be read; write other days one by one",
                ));
            }
        }
        Ok(())
    }
}

/// One line, unfolded.
#[derive(Debug)]
struct Line {
    name: String,
    value: String,
    span: Range<usize>,
}

impl Line {
    fn is(&self, name: &str, value: &str) -> bool {
        self.name == name && self.value.eq_ignore_ascii_case(value)
    }
}

/// The lines of a file, each with its name in capitals, without its parameters. A line that begins with a space goes on from the one
/// before.
fn lines(text: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut at = 0;
    for raw in text.split_inclusive('\n') {
        let line = raw.trim_end_matches(['\n', '\r']);
        let span = at..at + line.len();
        at += raw.len();
        if let (Some(rest), Some(last)) = (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            last.value.push_str(rest);
            continue;
        }
        let line = line.trim_start_matches('\u{feff}');
        if let Some((name, value)) = line.split_once(':') {
            let name = name.split(';').next().unwrap_or(name);
            lines.push(Line {
                name: name.trim().to_ascii_uppercase(),
                value: value.trim().to_owned(),
                span,
            });
        }
    }
    lines
}

/// The day of `20261225` or `20261225T000000Z`.
fn day(value: &str) -> Option<Date> {
    let digits = value.split('T').next()?;
    if digits.len() != 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |range: Range<usize>| digits[range].parse::<i16>().ok();
    let small = |range| part(range).and_then(|part| i8::try_from(part).ok());
    Date::new(part(0..4)?, small(4..6)?, small(6..8)?).ok()
}

fn is_every_year(rule: &str) -> bool {
    let mut yearly = false;
    for part in rule.split(';').filter(|part| !part.is_empty()) {
        match part.to_ascii_uppercase().as_str() {
            "FREQ=YEARLY" => yearly = true,
            "INTERVAL=1" => {}
            _ => return false,
        }
    }
    yearly
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::Calendar;

    #[test]
    fn days_stretches_and_days_of_every_year() {
        let text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20270206\r\nDTEND;VALUE=DATE:20270208\r\n\
                    SUMMARY:Chinese New\r\n  Year\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261225\r\nRRULE:FREQ=YEARLY\r\n\
                    END:VEVENT\r\nBEGIN:VEVENT\r\nDTSTART:20270509T000000Z\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSTATUS:CANCELLED\r\n\
                    DTSTART;VALUE=DATE:20270601\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        let calendar = Calendar::parse(text).expect("it is a calendar");
        let days = [date(2027, 2, 6), date(2027, 2, 7), date(2027, 5, 9)];
        assert_eq!(calendar.dates, days.into());
        assert_eq!(calendar.yearly, [(12, 25)].into());
        assert_eq!(calendar.last(), Some(date(2027, 5, 9)));
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_place() {
        let event = |lines: &str| {
            format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n")
        };
        for (text, message, words) in [
            ("hello".to_owned(), "this is no iCalendar file", "hello"),
            (
                event("SUMMARY:x"),
                "this event has no DTSTART",
                "BEGIN:VEVENT",
            ),
            (
                event("DTSTART:20260230"),
                "this is no day",
                "DTSTART:20260230",
            ),
            (
                event("DTSTART:20260201\nDTEND:x"),
                "this is no day",
                "DTEND:x",
            ),
            (
                event("DTSTART:20260201\nDTEND:20270201"),
                "this holiday is longer",
                "DTSTART:20260201",
            ),
            (
                event("DTSTART:20260201\nRRULE:FREQ=WEEKLY"),
                "only RRULE:FREQ=YEARLY",
                "RRULE:FREQ=WEEKLY",
            ),
        ] {
            let faults = Calendar::parse(&text).expect_err("it is wrong");
            assert_eq!(faults.len(), 1, "{text}");
            assert!(faults[0].message.starts_with(message), "{faults:?}");
            assert_eq!(&text[faults[0].span.clone()], words);
        }
    }
}
