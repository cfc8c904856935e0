//! A call's legs: who is connected with whom, since when, and how it went.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::call::event::Direction;

/// What becomes of a leg that the platform has dialled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Somebody answers, and hangs up again after so long; `None`: never by themselves.
    Answers {
        /// Milliseconds from connecting to hanging up.
        talks_ms: Option<u64>,
    },
    /// The line is busy.
    Busy,
    /// It rings out.
    NoAnswer,
    /// It cannot be placed.
    Fails,
}

impl Fate {
    /// The SIP status that tells it (RFC 3261).
    pub(super) fn sip_code(self) -> u16 {
        match self {
            Self::Answers { .. } => 200,
            Self::Busy => 486,
            Self::NoAnswer => 480,
            Self::Fails => 503,
        }
    }
}

/// How far a leg is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Ringing,
    Connected {
        since: u64,
    },
    Ended {
        since: Option<u64>,
        at: u64,
        how: Ending,
    },
}

/// How a leg ended, as a summary says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// They had been connected.
    Completed,
    /// It rang out.
    NoAnswer,
    /// The line was busy.
    Busy,
    /// The caller gave up while it rang.
    Canceled,
    /// It could not be placed.
    Failed,
    /// The platform could not go on.
    Error,
}

impl Ending {
    /// The platform's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "COMPLETED",
            Self::NoAnswer => "NO_ANSWER",
            Self::Busy => "BUSY",
            Self::Canceled => "CANCELED",
            Self::Failed => "FAILED",
            Self::Error => "ERROR",
        }
    }

    /// How a leg ends whose dialling had this fate.
    pub(super) fn of(fate: Fate) -> Self {
        match fate {
            Fate::Answers { .. } => Self::Completed,
            Fate::Busy => Self::Busy,
            Fate::NoAnswer => Self::NoAnswer,
            Fate::Fails => Self::Failed,
        }
    }
}

/// One leg.
#[derive(Debug, Clone)]
pub(super) struct Leg {
    pub(super) call_id: String,
    pub(super) direction: Direction,
    pub(super) source: String,
    pub(super) destination: String,
    pub(super) begun: u64,
    pub(super) state: State,
    pub(super) sip_code: u16,
}

impl Leg {
    /// Seconds connected until `now`.
    pub(super) fn seconds(&self, now: u64) -> u64 {
        match self.state {
            State::Ringing | State::Ended { since: None, .. } => 0,
            State::Connected { since } => (now - since) / 1_000,
            State::Ended {
                since: Some(since),
                at,
                ..
            } => (at - since) / 1_000,
        }
    }

    pub(super) fn is_connected(&self) -> bool {
        matches!(self.state, State::Connected { .. })
    }

    pub(super) fn is_live(&self) -> bool {
        !matches!(self.state, State::Ended { .. })
    }

    pub(super) fn ending(&self) -> Option<Ending> {
        match self.state {
            State::Ended { how, .. } => Some(how),
            _ => None,
        }
    }

    /// Ends at `now`; a connected leg that ends well was completed, whatever ended it.
    pub(super) fn end(&mut self, now: u64, how: Ending) {
        let since = match self.state {
            State::Connected { since } => Some(since),
            _ => None,
        };
        self.state = State::Ended {
            since,
            at: now,
            how,
        };
    }

    /// What statuses and actions say of it.
    pub(super) fn told(&self, now: u64) -> Map<String, Value> {
        let told = json!({
            "callId": self.call_id,
            "callDirection": self.direction.as_str(),
            "callType": "PSTN",
            "source": self.source,
            "destination": self.destination,
            "sourceFormat": "MSISDN",
            "destinationFormat": "MSISDN",
            "sourceCountryCode": country(&self.source),
            "destinationCountryCode": country(&self.destination),
            "callDuration": self.seconds(now),
            "sipCode": self.sip_code,
        });
        match told {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }

    /// What the summary says of it.
    pub(super) fn summed(&self, at: impl Fn(u64) -> String, now: u64) -> Value {
        let mut summed = json!({
            "callId": self.call_id,
            "callDirection": self.direction.as_str(),
            "callType": "PSTN",
            "initiatedTimestamp": at(self.begun),
            "source": self.source,
            "destination": self.destination,
            "sourceCountryCode": country(&self.source),
            "destinationCountryCode": country(&self.destination),
            "callStatus": self.ending().unwrap_or(Ending::Error).as_str(),
            "callDuration": self.seconds(now),
        });
        if let State::Ended {
            since, at: ended, ..
        } = self.state
        {
            summed["disconnectedTimestamp"] = at(ended).into();
            if let Some(since) = since {
                summed["connectedTimestamp"] = at(since).into();
                summed["callQuality"] = json!({"mos": 4.4, "packetLossRate": 0.0, "jitter": 1.0});
            }
        }
        summed
    }
}

/// The time `ms` after `begin`, as the platform writes it.
pub(super) fn written(begin: Timestamp, ms: u64) -> String {
    let after = jiff::SignedDuration::from_millis(i64::try_from(ms).unwrap_or(i64::MAX));
    let at = begin.saturating_add(after).unwrap_or(Timestamp::MAX);
    format!("{at:.3}")
}

/// The country of a number, for the prefixes that people try things with.
pub(super) fn country(number: &str) -> Option<&'static str> {
    const PREFIXES: [(&str, &str); 16] = [
        ("65", "SG"),
        ("60", "MY"),
        ("62", "ID"),
        ("63", "PH"),
        ("66", "TH"),
        ("84", "VN"),
        ("852", "HK"),
        ("61", "AU"),
        ("64", "NZ"),
        ("91", "IN"),
        ("94", "LK"),
        ("81", "JP"),
        ("44", "GB"),
        ("49", "DE"),
        ("33", "FR"),
        ("1", "US"),
    ];
    let digits = number.trim_start_matches('+');
    let found = PREFIXES
        .iter()
        .find(|(prefix, _)| digits.starts_with(prefix));
    found.map(|(_, country)| *country)
}
