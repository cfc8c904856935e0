//! How each language names days and times: data for `spoken`.

/// The words of one language.
pub(super) struct Words {
    /// Monday to Sunday.
    pub(super) days: [&'static str; 7],
    /// All of them.
    pub(super) every_day: &'static str,
    /// Two days that follow each other.
    pub(super) pair: fn(&str, &str) -> String,
    /// The first and the last of several days.
    pub(super) range: fn(&str, &str) -> String,
    /// From one time to another.
    pub(super) from_to: fn(&str, &str) -> String,
    /// A day without a break.
    pub(super) all_day: &'static str,
    /// Days with their times.
    pub(super) group: fn(&str, &str) -> String,
    /// Several times of one day.
    pub(super) list: fn(&[String]) -> String,
    /// Several groups of days with their times.
    pub(super) groups: fn(&[String]) -> String,
    /// A time: hour, minute.
    pub(super) time: fn(u16, u16) -> String,
    pub(super) today: &'static str,
    pub(super) tomorrow: &'static str,
    /// On a day of the coming week.
    pub(super) on_weekday: fn(&str) -> String,
    /// On a date: month, day.
    pub(super) on_date: fn(i8, i8) -> String,
    /// A day with a time.
    pub(super) at: fn(&str, &str) -> String,
    /// When it is not known when.
    pub(super) some_day: &'static str,
}

/// Whether opening hours can be said in a language.
pub fn speaks(language: &str) -> bool {
    find(language).is_some()
}

/// The words of a language; English ones when there are none.
pub(super) fn words(language: &str) -> Words {
    find(language).unwrap_or(ENGLISH)
}

fn find(language: &str) -> Option<Words> {
    let code = language.to_ascii_lowercase();
    let (main, region) = code.split_once(['-', '_']).unwrap_or((&code, ""));
    Some(match main {
        "en" => ENGLISH,
        "zh" | "cmn" if matches!(region, "tw" | "hk" | "hant") => TRADITIONAL_CHINESE,
        "zh" | "cmn" => CHINESE,
        "ms" => MALAY,
        "id" => INDONESIAN,
        "th" => THAI,
        "vi" => VIETNAMESE,
        "ja" => JAPANESE,
        _ => return None,
    })
}

/// `a`, `a and b`, `a, b and c`.
fn listed(parts: &[String], comma: &str, and: &str) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [before @ .., last] => format!("{}{and}{last}", before.join(comma)),
    }
}

fn nth(names: &[&str; 12], month: i8) -> String {
    let at = usize::from(month.unsigned_abs()).saturating_sub(1);
    names.get(at).copied().unwrap_or_default().to_owned()
}

const ENGLISH: Words = Words {
    days: [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ],
    every_day: "every day",
    pair: |a, b| format!("{a} and {b}"),
    range: |a, b| format!("{a} to {b}"),
    from_to: |a, b| format!("from {a} to {b}"),
    all_day: "around the clock",
    group: |days, times| format!("{days} {times}"),
    list: |parts| listed(parts, ", ", " and "),
    groups: |parts| listed(parts, ", ", ", and "),
    time: |hour, minute| {
        let (half, of_twelve) = (if hour < 12 { "am" } else { "pm" }, (hour + 11) % 12 + 1);
        match (hour, minute) {
            (0, 0) => "midnight".to_owned(),
            (12, 0) => "noon".to_owned(),
            (_, 0) => format!("{of_twelve} {half}"),
            _ => format!("{of_twelve}:{minute:02} {half}"),
        }
    },
    today: "today",
    tomorrow: "tomorrow",
    on_weekday: |day| format!("on {day}"),
    on_date: |month, day| {
        let names = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        format!("on {day} {}", nth(&names, month))
    },
    at: |day, time| format!("{day} at {time}"),
    some_day: "at a later date",
};

fn chinese_time(hour: u16, minute: u16) -> String {
    let part = match hour {
        0..=5 => "凌晨",
        6..=11 => "上午",
        12 => "中午",
        13..=17 => "下午",
        _ => "晚上",
    };
    let of_twelve = match hour {
        0..=12 => hour,
        _ => hour - 12,
    };
    match minute {
        0 => format!("{part}{of_twelve}点"),
        30 => format!("{part}{of_twelve}点半"),
        _ => format!("{part}{of_twelve}点{minute}分"),
    }
}

const CHINESE: Words = Words {
    days: [
        "星期一",
        "星期二",
        "星期三",
        "星期四",
        "星期五",
        "星期六",
        "星期日",
    ],
    every_day: "每天",
    pair: |a, b| format!("{a}和{b}"),
    range: |a, b| format!("{a}至{b}"),
    from_to: |a, b| format!("{a}至{b}"),
    all_day: "全天",
    group: |days, times| format!("{days}{times}"),
    list: |parts| parts.join("和"),
    groups: |parts| parts.join("，"),
    time: chinese_time,
    today: "今天",
    tomorrow: "明天",
    on_weekday: str::to_owned,
    on_date: |month, day| format!("{month}月{day}日"),
    at: |day, time| format!("{day}{time}"),
    some_day: "日后",
};

const TRADITIONAL_CHINESE: Words = Words {
    time: |hour, minute| chinese_time(hour, minute).replace('点', "點"),
    some_day: "日後",
    ..CHINESE
};

const MALAY: Words = Words {
    days: [
        "Isnin", "Selasa", "Rabu", "Khamis", "Jumaat", "Sabtu", "Ahad",
    ],
    every_day: "setiap hari",
    pair: |a, b| format!("{a} dan {b}"),
    range: |a, b| format!("{a} hingga {b}"),
    from_to: |a, b| format!("dari {a} hingga {b}"),
    all_day: "24 jam",
    group: |days, times| format!("{days} {times}"),
    list: |parts| listed(parts, ", ", " dan "),
    groups: |parts| listed(parts, ", ", ", dan "),
    time: |hour, minute| {
        let part = match hour {
            0..=11 => "pagi",
            12..=13 => "tengah hari",
            14..=18 => "petang",
            _ => "malam",
        };
        let of_twelve = (hour + 11) % 12 + 1;
        match minute {
            0 => format!("pukul {of_twelve} {part}"),
            _ => format!("pukul {of_twelve}.{minute:02} {part}"),
        }
    },
    today: "hari ini",
    tomorrow: "esok",
    on_weekday: |day| format!("pada hari {day}"),
    on_date: |month, day| {
        let names = [
            "Januari",
            "Februari",
            "Mac",
            "April",
            "Mei",
            "Jun",
            "Julai",
            "Ogos",
            "September",
            "Oktober",
            "November",
            "Disember",
        ];
        format!("pada {day} {}", nth(&names, month))
    },
    at: |day, time| format!("{day} {time}"),
    some_day: "pada masa lain",
};

const INDONESIAN: Words = Words {
    days: [
        "Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu",
    ],
    every_day: "setiap hari",
    pair: |a, b| format!("{a} dan {b}"),
    range: |a, b| format!("{a} sampai {b}"),
    from_to: |a, b| format!("dari {a} sampai {b}"),
    all_day: "24 jam",
    group: |days, times| format!("{days} {times}"),
    list: |parts| listed(parts, ", ", " dan "),
    groups: |parts| listed(parts, ", ", ", dan "),
    time: |hour, minute| format!("pukul {hour:02}.{minute:02}"),
    today: "hari ini",
    tomorrow: "besok",
    on_weekday: |day| format!("hari {day}"),
    on_date: |month, day| {
        let names = [
            "Januari",
            "Februari",
            "Maret",
            "April",
            "Mei",
            "Juni",
            "Juli",
            "Agustus",
            "September",
            "Oktober",
            "November",
            "Desember",
        ];
        format!("tanggal {day} {}", nth(&names, month))
    },
    at: |day, time| format!("{day} {time}"),
    some_day: "di lain waktu",
};

const THAI: Words = Words {
    days: [
        "วันจันทร์",
        "วันอังคาร",
        "วันพุธ",
        "วันพฤหัสบดี",
        "วันศุกร์",
        "วันเสาร์",
        "วันอาทิตย์",
    ],
    every_day: "ทุกวัน",
    pair: |a, b| format!("{a}และ{b}"),
    range: |a, b| format!("{a}ถึง{b}"),
    from_to: |a, b| format!("ตั้งแต่เวลา {a} ถึง {b}"),
    all_day: "ตลอด 24 ชั่วโมง",
    group: |days, times| format!("{days} {times}"),
    list: |parts| listed(parts, " ", " และ"),
    groups: |parts| listed(parts, " ", " และ"),
    time: |hour, minute| match minute {
        0 => format!("{hour} นาฬิกา"),
        _ => format!("{hour} นาฬิกา {minute} นาที"),
    },
    today: "วันนี้",
    tomorrow: "พรุ่งนี้",
    on_weekday: str::to_owned,
    on_date: |month, day| {
        let names = [
            "มกราคม",
            "กุมภาพันธ์",
            "มีนาคม",
            "เมษายน",
            "พฤษภาคม",
            "มิถุนายน",
            "กรกฎาคม",
            "สิงหาคม",
            "กันยายน",
            "ตุลาคม",
            "พฤศจิกายน",
            "ธันวาคม",
        ];
        format!("วันที่ {day} {}", nth(&names, month))
    },
    at: |day, time| format!("{day} เวลา {time}"),
    some_day: "ในภายหลัง",
};

const VIETNAMESE: Words = Words {
    days: [
        "thứ Hai",
        "thứ Ba",
        "thứ Tư",
        "thứ Năm",
        "thứ Sáu",
        "thứ Bảy",
        "Chủ nhật",
    ],
    every_day: "mỗi ngày",
    pair: |a, b| format!("{a} và {b}"),
    range: |a, b| format!("từ {a} đến {b}"),
    from_to: |a, b| format!("từ {a} đến {b}"),
    all_day: "suốt 24 giờ",
    group: |days, times| format!("{days} {times}"),
    list: |parts| listed(parts, ", ", " và "),
    groups: |parts| listed(parts, ", ", ", và "),
    time: |hour, minute| match minute {
        0 => format!("{hour} giờ"),
        _ => format!("{hour} giờ {minute} phút"),
    },
    today: "hôm nay",
    tomorrow: "ngày mai",
    on_weekday: str::to_owned,
    on_date: |month, day| format!("ngày {day} tháng {month}"),
    at: |day, time| format!("lúc {time} {day}"),
    some_day: "vào lúc khác",
};

const JAPANESE: Words = Words {
    days: [
        "月曜日",
        "火曜日",
        "水曜日",
        "木曜日",
        "金曜日",
        "土曜日",
        "日曜日",
    ],
    every_day: "毎日",
    pair: |a, b| format!("{a}と{b}"),
    range: |a, b| format!("{a}から{b}"),
    from_to: |a, b| format!("{a}から{b}まで"),
    all_day: "24時間",
    group: |days, times| format!("{days}は{times}"),
    list: |parts| parts.join("と"),
    groups: |parts| parts.join("、"),
    time: |hour, minute| match minute {
        0 => format!("{hour}時"),
        _ => format!("{hour}時{minute}分"),
    },
    today: "本日",
    tomorrow: "明日",
    on_weekday: str::to_owned,
    on_date: |month, day| format!("{month}月{day}日"),
    at: |day, time| format!("{day}{time}"),
    some_day: "後日",
};
