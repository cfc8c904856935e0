//! What a call is answered with, and why: a code and a rule that stay the same over versions, and what is said and done.

use super::booking::{Booking, BookingId, SideName};
use super::number::Vn;
use crate::call::Action;
use crate::flow::model::FlowId;

/// An answer to a masked call.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Why, for programs.
    pub code: Code,
    /// What the platform does. Empty when a flow takes the call.
    pub actions: Vec<Action>,
    /// What the call waits for afterwards.
    pub awaits: Awaits,
    /// Whom it is about.
    pub about: Option<Whom>,
    /// Whether it counts as a call of that booking.
    pub counts: bool,
    /// What else is to be done.
    pub tasks: Vec<Task>,
}

/// Whom a call is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whom {
    /// The booking, by the store's number.
    pub booking: u64,
    /// The booking, by the customer's id.
    pub id: BookingId,
    /// The side that calls.
    pub side: SideName,
}

impl Whom {
    /// This side of a booking.
    pub fn of(booking: &Booking, side: SideName) -> Self {
        Self {
            booking: booking.number,
            id: booking.id.clone(),
            side,
        }
    }
}

/// What a masked call waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Awaits {
    /// Nothing: the platform ends it.
    Nothing,
    /// A PIN; this many tries were wrong.
    Pin {
        /// Wrong tries of this call.
        wrong: u8,
    },
    /// A flow carries it from here on.
    Flow(FlowId),
}

/// What is to be done besides answering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// The number from which the callee would be called is gone: the booking's `side` needs another before the answer.
    Replace {
        /// The booking.
        booking: u64,
        /// The side that is called.
        side: SideName,
    },
    /// The caller is known on this number from now on.
    Remember {
        /// The booking.
        booking: u64,
        /// The side that the caller is.
        side: SideName,
        /// The number that was called.
        vn: Vn,
    },
    /// This phone of the caller's side called last, and is the one to be called.
    CalledLast {
        /// The booking.
        booking: u64,
        /// The side that calls.
        side: SideName,
        /// Which of its phones.
        phone: usize,
    },
    /// A call has failed to give a PIN.
    PinFailed,
    /// Something that cannot be has been seen: tell the people.
    Alarm(&'static str),
}

/// The code of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// Connected: the booking is active.
    Connected,
    /// Connected: the booking is in grace.
    ConnectedInGrace,
    /// Connected: the caller gave the PIN.
    ConnectedByPin,
    /// Connected, behind a notice: the number is an old one, and the caller has one live booking.
    ConnectedFromStale,
    /// The caller is asked for a PIN.
    PinAsked,
    /// The PIN was wrong, and is asked for again.
    PinWrong,
    /// The PIN was wrong too often.
    PinRefused,
    /// Nobody knows the caller: announced.
    Unknown,
    /// Nobody knows the caller: the support number.
    UnknownToSupport,
    /// Nobody knows the caller: a flow.
    UnknownToFlow,
    /// The caller has one live booking, on another number.
    StaleNumber,
    /// The caller hides the number: announced.
    Withheld,
    /// The caller hides the number: the support number.
    WithheldToSupport,
    /// The caller hides the number: hung up.
    WithheldHungUp,
    /// The company wants no call of this caller.
    Blocked,
    /// The booking is over.
    Closed,
    /// The booking is over: the support number.
    ClosedToSupport,
    /// As many calls as the booking allows.
    TooManyCalls,
    /// As many calls in an hour as the booking allows.
    TooManyCallsThisHour,
    /// As many minutes as the booking allows.
    TalkedEnough,
    /// The booking lets this side not call.
    WrongDirection,
    /// The callee may not be called at this hour.
    OutsideHours,
    /// One of the sides is muted.
    Muted,
    /// There is no number to call from.
    NoSource,
    /// Alarm: the callee would be the caller, or a number of ours.
    WouldLoop,
    /// Alarm: more than one booking could be meant.
    Ambiguous,
    /// Where calls may go forbids the callee's number.
    NotAllowed,
    /// The call came back after it was connected, or announced to: hung up.
    AfterCall,
    /// The store does not answer: apology.
    StoreAway,
    /// Too many PINs were wrong: announced.
    PinsOff,
    /// The pool's flow is not there: announced.
    FlowGone,
    /// A flow carries the call.
    InFlow,
}

impl Code {
    /// All, each with its word and its rule.
    const ALL: [(Self, &'static str, &'static str); 32] = [
        (
            Self::Connected,
            "connected",
            "the caller holds this number in a live booking",
        ),
        (
            Self::ConnectedInGrace,
            "connected_in_grace",
            "the booking is closed, and its grace lasts in this direction",
        ),
        (
            Self::ConnectedByPin,
            "connected_by_pin",
            "the caller gave the PIN of a live booking on this number",
        ),
        (
            Self::ConnectedFromStale,
            "connected_from_stale",
            "the caller has one live booking, on another number, and the pool connects such callers",
        ),
        (
            Self::PinAsked,
            "pin_asked",
            "the number takes digits, and PINs live on it or the booking wants one",
        ),
        (
            Self::PinWrong,
            "pin_wrong",
            "no live booking has this PIN on this number; the call may try again",
        ),
        (
            Self::PinRefused,
            "pin_refused",
            "the tries of this call, of this caller or of this number are used up",
        ),
        (
            Self::Unknown,
            "unknown",
            "the caller holds this number in no booking",
        ),
        (
            Self::UnknownToSupport,
            "unknown_to_support",
            "the caller holds this number in no booking, and the pool has a support number",
        ),
        (
            Self::UnknownToFlow,
            "unknown_to_flow",
            "the caller holds this number in no booking, and the pool has a flow for such callers",
        ),
        (
            Self::StaleNumber,
            "stale_number",
            "the caller has one live booking, on another number, and an old number may be a stranger's today",
        ),
        (Self::Withheld, "withheld", "the caller hides the number"),
        (
            Self::WithheldToSupport,
            "withheld_to_support",
            "the caller hides the number, and the pool sends such callers to support",
        ),
        (
            Self::WithheldHungUp,
            "withheld_hung_up",
            "the caller hides the number, and the pool takes no such call",
        ),
        (Self::Blocked, "blocked", "the caller is on the block-list"),
        (
            Self::Closed,
            "closed",
            "the booking, or this phone's part in it, is over",
        ),
        (
            Self::ClosedToSupport,
            "closed_to_support",
            "the booking is over, and the pool has a support number",
        ),
        (
            Self::TooManyCalls,
            "max_calls",
            "the booking has had all its calls",
        ),
        (
            Self::TooManyCallsThisHour,
            "max_calls_per_hour",
            "the booking has had all its calls of this hour",
        ),
        (
            Self::TalkedEnough,
            "max_talk_minutes",
            "the booking has had all its minutes",
        ),
        (
            Self::WrongDirection,
            "direction",
            "the booking lets this side not call",
        ),
        (
            Self::OutsideHours,
            "hours",
            "it is outside the hours on the callee's clock",
        ),
        (Self::Muted, "muted", "one of the sides is muted"),
        (
            Self::NoSource,
            "no_source",
            "the callee's number is inactive, and there is no other to call from",
        ),
        (
            Self::WouldLoop,
            "would_loop",
            "the call would go to the caller or to a number of ours",
        ),
        (
            Self::Ambiguous,
            "ambiguous",
            "the call could be about more than one booking",
        ),
        (
            Self::NotAllowed,
            "not_allowed",
            "calls to the callee's number are not allowed",
        ),
        (
            Self::AfterCall,
            "after_call",
            "the call came back after its last words",
        ),
        (
            Self::StoreAway,
            "store_away",
            "the store does not answer, and nothing fresh is known of the caller",
        ),
        (
            Self::PinsOff,
            "pins_off",
            "too many PINs were wrong: none is asked for now",
        ),
        (
            Self::FlowGone,
            "flow_gone",
            "the pool's flow for unknown callers is not there",
        ),
        (Self::InFlow, "in_flow", "a flow carries the call"),
    ];

    fn row(self) -> (Self, &'static str, &'static str) {
        let row = Self::ALL.into_iter().find(|(code, _, _)| *code == self);
        row.expect("each code has its row: tests look at all")
    }

    /// The word that programs, logs and metrics use: `connected`, `closed`, `unknown` …
    pub fn as_str(self) -> &'static str {
        self.row().1
    }

    /// The rule that led to it, as a sentence without its full stop.
    pub fn rule(self) -> &'static str {
        self.row().2
    }

    /// The code that [`as_str`](Self::as_str) names.
    pub fn from_word(word: &str) -> Option<Self> {
        let row = Self::ALL.into_iter().find(|(_, it, _)| *it == word);
        row.map(|(code, _, _)| code)
    }

    /// Whether the caller is connected to the other side.
    pub fn connects(self) -> bool {
        use Code::{Connected, ConnectedByPin, ConnectedFromStale, ConnectedInGrace};
        matches!(
            self,
            Connected | ConnectedInGrace | ConnectedByPin | ConnectedFromStale
        )
    }

    /// Whether the caller is not connected to the other side, and nothing more is to come of the call here.
    pub fn refuses(self) -> bool {
        use Code::{AfterCall, InFlow, PinAsked, PinWrong, UnknownToFlow};
        !self.connects()
            && !matches!(
                self,
                PinAsked | PinWrong | UnknownToFlow | InFlow | AfterCall
            )
    }
}
