//! A session that masking carries: what is remembered of it between its webhooks, and the label that brings the rest back.

use super::decision::{Awaits, Code, Decision, Whom};

/// A session as masking left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// How many replies it has been given.
    pub replies: u32,
    /// Why the last one was given.
    pub code: Code,
    /// Whom it is about.
    pub about: Option<Whom>,
    /// How many wrong PINs were given, when one is asked for; `None` when nothing more is to come.
    pub wrong_pins: Option<u8>,
    /// Whether the last reply counts as a call of the booking.
    pub counts: bool,
}

/// What comes back as `clientActionId`: `masking/REPLIES/WRONG PINS`, the last empty when nothing more is to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The number of the reply that brought it.
    pub replies: u32,
    /// See [`Carried::wrong_pins`].
    pub wrong_pins: Option<u8>,
}

impl Carried {
    /// The session once `decision` is given as its reply number `replies`.
    pub fn after(decision: &Decision, replies: u32) -> Self {
        Self {
            replies,
            code: decision.code,
            about: decision.about.clone(),
            wrong_pins: match decision.awaits {
                Awaits::Pin { wrong } => Some(wrong),
                Awaits::Nothing | Awaits::Flow(_) => None,
            },
            counts: decision.counts,
        }
    }

    /// What its reply carries.
    pub fn mark(&self) -> Mark {
        Mark {
            replies: self.replies,
            wrong_pins: self.wrong_pins,
        }
    }
}

impl Mark {
    /// Reads what [`Display`](std::fmt::Display) wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("masking/")?;
        let (replies, wrong) = rest.split_once('/')?;
        let wrong_pins = match wrong {
            "" => None,
            wrong => Some(wrong.parse().ok()?),
        };
        Some(Self {
            replies: replies.parse().ok()?,
            wrong_pins,
        })
    }
}

impl std::fmt::Display for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "masking/{}/", self.replies)?;
        self.wrong_pins.map_or(Ok(()), |wrong| write!(f, "{wrong}"))
    }
}

#[cfg(test)]
mod tests {
    use super::Mark;
    use crate::flow::Label;

    #[test]
    fn a_mark_comes_back_as_it_went_and_is_no_label_of_a_flow() {
        for mark in [
            Mark {
                replies: 1,
                wrong_pins: None,
            },
            Mark {
                replies: 7,
                wrong_pins: Some(2),
            },
        ] {
            let text = mark.to_string();
            assert_eq!(Mark::parse(&text), Some(mark));
            assert!(Label::parse(&text).is_none(), "{text}");
        }
        for strange in [
            "",
            "masking/",
            "masking/1",
            "masking/x/",
            "masking/1/300",
            "masking/1/2/3",
            "main_menu",
        ] {
            assert_eq!(Mark::parse(strange), None, "{strange}");
        }
    }
}
