//! Spans of time as people write them: a whole number and its unit, as `90s`, `10m`, `24h`, `30d`.

use jiff::SignedDuration;

/// The units, the largest first, and their seconds.
const UNITS: [(char, i64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// Reads a span.
pub(crate) fn read(text: &str) -> Option<SignedDuration> {
    let unit = text.chars().next_back()?;
    let (_, seconds) = UNITS.iter().find(|(known, _)| *known == unit)?;
    let count = text.strip_suffix(unit)?;
    let plain = count.bytes().all(|byte| byte.is_ascii_digit());
    let count: i64 = count.parse().ok().filter(|_| plain)?;
    count.checked_mul(*seconds).map(SignedDuration::from_secs)
}

/// Writes a span of whole seconds in the largest unit that it is a multiple of, but a day as hours.
pub(crate) fn shown(span: SignedDuration) -> String {
    let whole = span.as_secs();
    let fits = |(unit, seconds): &&(char, i64)| {
        whole % seconds == 0 && whole != 0 && (*unit != 'd' || whole > *seconds)
    };
    match UNITS.iter().find(fits) {
        Some((unit, seconds)) => format!("{}{unit}", whole / seconds),
        None => format!("{whole}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_read_again() {
        for (text, seconds) in [
            ("0s", 0),
            ("90s", 90),
            ("10m", 600),
            ("24h", 86_400),
            ("30d", 2_592_000),
            ("25h", 90_000),
        ] {
            assert_eq!(read(text), Some(SignedDuration::from_secs(seconds)));
            assert_eq!(shown(SignedDuration::from_secs(seconds)), text);
        }
        assert_eq!(read("1d"), Some(SignedDuration::from_hours(24)));
        for text in [
            "",
            "s",
            "5",
            "-5m",
            "+5m",
            "1.5h",
            "5 m",
            "5µ",
            "5ms",
            "99999999999999999d",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
