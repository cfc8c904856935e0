//! What a schedule of the tenant says: open, closed, or one of six choices.

use std::fmt;

/// The state of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Code 0.
    Open,
    /// Code -1.
    Closed,
    /// Codes 1 to 6: what the tenant means by it is written in its own scripts.
    Choice(u8),
}

impl Status {
    /// The status of the service's code; `None` for a code that it does not document.
    pub fn of_code(code: i64) -> Option<Self> {
        match code {
            0 => Some(Self::Open),
            -1 => Some(Self::Closed),
            1..=6 => u8::try_from(code).ok().map(Self::Choice),
            _ => None,
        }
    }

    /// The service's code.
    pub fn code(self) -> i64 {
        match self {
            Self::Open => 0,
            Self::Closed => -1,
            Self::Choice(number) => number.into(),
        }
    }

    /// The status of a word as people write it: `open`, `closed`, `1` to `6`.
    pub fn of_word(word: &str) -> Option<Self> {
        match word {
            "open" => Some(Self::Open),
            "closed" => Some(Self::Closed),
            number => match number.parse().ok()? {
                choice @ 1..=6 => Some(Self::Choice(choice)),
                _ => None,
            },
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("open"),
            Self::Closed => f.write_str("closed"),
            Self::Choice(number) => write!(f, "choice {number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_code_has_its_word() {
        for code in -3..=9 {
            let status = Status::of_code(code);
            assert_eq!(status.is_some(), (-1..=6).contains(&code), "{code}");
            if let Some(status) = status {
                assert_eq!(status.code(), code);
            }
        }
        assert_eq!(Status::of_word("open"), Some(Status::Open));
        assert_eq!(Status::of_word("3"), Some(Status::Choice(3)));
        for wrong in ["", "7", "0", "shut"] {
            assert_eq!(Status::of_word(wrong), None, "{wrong}");
        }
    }
}
