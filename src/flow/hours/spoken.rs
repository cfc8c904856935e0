//! Opening hours in words: the week as a whole, and when they open next.

use jiff::Timestamp;

use super::languages::{Words, words};
use super::{DAY, Day, Hours, Stretch};

impl Hours {
    /// The week in the words of `language`; in English when that is none of those that are spoken.
    pub fn spoken(&self, language: &str) -> String {
        let words = words(language);
        let mut groups: Vec<(Vec<usize>, &Day)> = Vec::new();
        for (weekday, day) in self
            .week
            .iter()
            .enumerate()
            .filter(|(_, day)| !day.0.is_empty())
        {
            match groups.last_mut() {
                Some((days, same))
                    if *same == day && days.last() == Some(&(weekday.wrapping_sub(1))) =>
                {
                    days.push(weekday);
                }
                _ => groups.push((vec![weekday], day)),
            }
        }
        let groups: Vec<_> = groups
            .iter()
            .map(|(days, day)| (words.group)(&name_days(&words, days), &name_times(&words, day)))
            .collect();
        (words.groups)(&groups)
    }

    /// When they open next after `at`, in the words of `language`.
    pub fn next_open_spoken(&self, at: Timestamp, language: &str) -> String {
        let words = words(language);
        let Some(opens) = self.next_open(at) else {
            return words.some_day.to_owned();
        };
        let today = self.zone.to_datetime(at).date();
        let minute = super::minute(opens);
        let time = (words.time)(minute / 60, minute % 60);
        let days = (opens.date() - today).get_days();
        let day = match days {
            0 => words.today.to_owned(),
            1 => words.tomorrow.to_owned(),
            2..=6 => {
                let weekday = opens.date().weekday().to_monday_zero_offset();
                (words.on_weekday)(words.days[usize::from(weekday.unsigned_abs())])
            }
            _ => (words.on_date)(opens.date().month(), opens.date().day()),
        };
        (words.at)(&day, &time)
    }
}

fn name_days(words: &Words, days: &[usize]) -> String {
    match days {
        [one] => words.days[*one].to_owned(),
        [one, two] => (words.pair)(words.days[*one], words.days[*two]),
        all if all.len() == 7 => words.every_day.to_owned(),
        [first, .., last] => (words.range)(words.days[*first], words.days[*last]),
        [] => String::new(),
    }
}

fn name_times(words: &Words, day: &Day) -> String {
    if day.0 == [Stretch::WHOLE_DAY] {
        return words.all_day.to_owned();
    }
    let time = |minute: u16| {
        let minute = minute % DAY;
        (words.time)(minute / 60, minute % 60)
    };
    let stretches: Vec<_> = day
        .0
        .iter()
        .map(|it| (words.from_to)(&time(it.from), &time(it.to)))
        .collect();
    (words.list)(&stretches)
}
