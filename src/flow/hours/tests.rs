//! A restaurant's hours, asked about moments and said aloud.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{DateTime, date};
use jiff::tz::TimeZone;

use super::{Day, Holidays, Hours, Stretch};

fn day(stretches: &[(u16, u16)]) -> Day {
    let minutes = |hhmm: u16| hhmm / 100 * 60 + hhmm % 100;
    let stretch = |(from, to): &(u16, u16)| Stretch {
        from: minutes(*from),
        to: minutes(*to),
    };
    Day(stretches.iter().map(stretch).collect())
}

/// Mon-fri 11:00-15:00 and 18:00-22:00, Saturday until two in the night, closed on Sunday.
fn hours() -> Hours {
    let weekday = || day(&[(1100, 1500), (1800, 2200)]);
    Hours {
        zone: TimeZone::get("Asia/Singapore").expect("it is in the bundled database"),
        week: [
            weekday(),
            weekday(),
            weekday(),
            weekday(),
            weekday(),
            day(&[(1100, 2600)]),
            Day::default(),
        ],
        yearly: BTreeMap::from([((12, 25), Day::default()), ((12, 24), day(&[(1100, 1700)]))]),
        dated: BTreeMap::from([(date(2027, 12, 25), day(&[(1200, 1400)]))]),
        holidays: Holidays {
            dates: BTreeSet::from([date(2026, 11, 30)]),
            yearly: BTreeSet::from([(1, 1)]),
            hours: day(&[(1200, 1300)]),
        },
    }
}

fn at(hours: &Hours, local: &str) -> jiff::Timestamp {
    let local: DateTime = local.parse().expect("a date and time");
    hours.zone.to_timestamp(local).expect("within the calendar")
}

#[test]
fn a_moment_is_open_or_not() {
    let hours = hours();
    for (local, open) in [
        ("2026-11-27T10:59:59", false),
        ("2026-11-27T11:00", true),
        ("2026-11-27T14:59:59", true),
        ("2026-11-27T15:00", false),
        ("2026-11-28T23:30", true),
        ("2026-11-29T01:59", true),
        ("2026-11-29T02:00", false),
        ("2026-11-29T12:00", false),
        ("2026-11-30T11:30", false),
        ("2026-11-30T12:30", true),
        ("2026-12-25T12:00", false),
        ("2026-12-24T18:30", false),
        ("2027-12-25T12:30", true),
        ("2027-01-01T11:30", false),
        ("2027-01-01T12:30", true),
    ] {
        assert_eq!(hours.are_open(at(&hours, local)), open, "{local}");
    }
}

#[test]
fn the_next_opening_is_named_as_people_do() {
    let hours = hours();
    for (local, english, chinese) in [
        ("2026-11-27T16:00", "today at 6 pm", "今天晚上6点"),
        ("2026-11-27T23:00", "tomorrow at 11 am", "明天上午11点"),
        ("2026-11-29T01:00", "tomorrow at noon", "明天中午12点"),
        ("2026-11-28T12:00", "on Monday at noon", "星期一中午12点"),
        ("2026-12-24T17:30", "on Saturday at 11 am", "星期六上午11点"),
    ] {
        let moment = at(&hours, local);
        assert_eq!(hours.next_open_spoken(moment, "en"), english, "{local}");
        assert_eq!(hours.next_open_spoken(moment, "zh"), chinese, "{local}");
    }
    let mut shut = hours.clone();
    shut.week = Default::default();
    let moment = at(&shut, "2026-12-24T18:00");
    assert_eq!(shut.next_open_spoken(moment, "en"), "on 1 January at noon");
    shut.holidays = Holidays::default();
    shut.yearly.clear();
    let moment = at(&shut, "2027-12-26T10:00");
    assert_eq!(shut.next_open_spoken(moment, "en"), "at a later date");
}

#[test]
fn what_goes_on_at_midnight_does_not_open_there() {
    let mut hours = hours();
    hours.week = std::array::from_fn(|_| Day(vec![Stretch::WHOLE_DAY]));
    hours.holidays = Holidays::default();
    let moment = at(&hours, "2026-12-20T10:00");
    let next = hours.next_open(moment).expect("after Christmas");
    assert_eq!(next.to_string(), "2026-12-24T11:00:00");
    assert_eq!(hours.spoken("en"), "every day around the clock");
}

#[test]
fn the_week_is_said_in_every_language() {
    let hours = hours();
    for (language, words) in [
        (
            "en",
            "Monday to Friday from 11 am to 3 pm and from 6 pm to 10 pm, and Saturday from 11 am to 2 am",
        ),
        (
            "zh",
            "星期一至星期五上午11点至下午3点和晚上6点至晚上10点，星期六上午11点至凌晨2点",
        ),
        (
            "ms",
            "Isnin hingga Jumaat dari pukul 11 pagi hingga pukul 3 petang dan dari pukul 6 petang hingga pukul 10 malam, dan \
             Sabtu dari pukul 11 pagi hingga pukul 2 pagi",
        ),
        (
            "id",
            "Senin sampai Jumat dari pukul 11.00 sampai pukul 15.00 dan dari pukul 18.00 sampai pukul 22.00, dan Sabtu dari \
             pukul 11.00 sampai pukul 02.00",
        ),
        (
            "th",
            "วันจันทร์ถึงวันศุกร์ ตั้งแต่เวลา 11 นาฬิกา ถึง 15 นาฬิกา และตั้งแต่เวลา 18 นาฬิกา ถึง 22 นาฬิกา และวันเสาร์ \
             ตั้งแต่เวลา 11 นาฬิกา ถึง 2 นาฬิกา",
        ),
        (
            "vi",
            "từ thứ Hai đến thứ Sáu từ 11 giờ đến 15 giờ và từ 18 giờ đến 22 giờ, và thứ Bảy từ 11 giờ đến 2 giờ",
        ),
        (
            "ja",
            "月曜日から金曜日は11時から15時までと18時から22時まで、土曜日は11時から2時まで",
        ),
    ] {
        assert_eq!(hours.spoken(language), words, "{language}");
    }
    assert!(super::speaks("zh-TW") && !super::speaks("fr"));
    assert!(hours.spoken("zh-TW").contains("上午11點"));
}

#[test]
fn a_clock_that_jumps_is_asked_as_it_stands() {
    let berlin = Hours {
        zone: TimeZone::get("Europe/Berlin").expect("it is in the bundled database"),
        week: std::array::from_fn(|_| day(&[(230, 400)])),
        yearly: BTreeMap::new(),
        dated: BTreeMap::new(),
        holidays: Holidays::default(),
    };
    // At two in the morning of 2027-03-28 it is three at once; at three of 2027-10-31 two again.
    let open = |utc: &str| berlin.are_open(utc.parse().expect("a moment"));
    assert!(!open("2027-03-28T00:59:00Z") && open("2027-03-28T01:00:00Z"));
    assert!(
        open("2027-10-31T00:30:00Z")
            && !open("2027-10-31T01:05:00Z")
            && open("2027-10-31T01:40:00Z")
    );
}
