//! Bookings as the API shows them. A phone is masked unless the token may see numbers; a virtual number is the customer's own,
//! and whole; a PIN is shown to those who may make bookings.

use serde::Serialize;
use utoipa::ToSchema;

use super::shown::Shown;
use crate::bookings::{Booked, Bookings};
use crate::http::auth::Caller;
use crate::masking::booking::{Booking, Closing, Side, SideName};
use crate::masking::rules::{Callback, Direction, Hours, Limits};
use crate::text::spans;

/// A booking.
#[derive(Debug, Serialize, ToSchema)]
pub struct BookingView {
    /// Your own id of it.
    #[schema(example = "trip-4711")]
    id: String,
    /// `active`; `grace`, closed and still connecting; `cooling`, its numbers rest; `free`.
    #[schema(example = "active")]
    state: &'static str,
    /// The pool that its numbers are from.
    #[schema(example = "default")]
    pool: String,
    /// One side.
    a: SideView,
    /// The other side.
    b: SideView,
    /// When it was made (RFC 3339).
    #[schema(format = DateTime)]
    created_at: String,
    /// When it ends at the latest (RFC 3339).
    #[schema(format = DateTime)]
    expires_at: String,
    /// After how long without a call it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2h")]
    idle_ttl: Option<String>,
    /// The bounds of its calls; none where it is not set.
    limits: LimitsView,
    /// Who may call whom: `both`, `a_to_b` or `b_to_a`.
    direction: &'static str,
    /// When people may be called, on the clock of whoever is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    hours: Option<HoursView>,
    /// Whether calls are recorded, the callee's consent given.
    recording: bool,
    /// Which phone of a side rings: `primary` or `last`.
    callback: &'static str,
    /// Whether also those are asked for their PIN whose phone is known.
    force_pin: bool,
    /// Whether it shares its number with others, and each side is known by its PIN alone.
    by_pin: bool,
    /// When and why it was closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed: Option<ClosedView>,
    /// The sides that have to be told another number than before.
    renumbered: Vec<&'static str>,
}

/// One side of a booking.
#[derive(Debug, Serialize, ToSchema)]
pub struct SideView {
    /// The number that this side calls, and sees when it is called.
    #[schema(example = "+6531234567")]
    virtual_number: Option<String>,
    /// Numbers that it had before and may still call.
    earlier_numbers: Vec<String>,
    /// Its phones, the primary first.
    phones: Vec<String>,
    /// What you call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    /// The language that it is spoken to in.
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    /// Its time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    zone: Option<String>,
    /// Its PIN, for a token with the scope `book`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pin: Option<String>,
    /// Whether it agreed to be recorded.
    recording_consent: bool,
    /// Whether it is not connected.
    muted: bool,
}

/// Bounds of a booking's calls.
#[derive(Debug, Serialize, ToSchema)]
pub struct LimitsView {
    /// Calls in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_calls: Option<u32>,
    /// Calls in an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_calls_per_hour: Option<u32>,
    /// Minutes talked in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_talk_minutes: Option<u32>,
}

/// Hours in which people may be called.
#[derive(Debug, Serialize, ToSchema)]
pub struct HoursView {
    /// From when on.
    #[schema(example = "08:00")]
    from: String,
    /// Until when.
    #[schema(example = "21:00")]
    to: String,
    /// On which days; every day when empty.
    days: Vec<String>,
    /// The time zone of a side that names none.
    zone: String,
}

/// That a booking was closed.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClosedView {
    /// When (RFC 3339).
    #[schema(format = DateTime)]
    at: String,
    /// `completed`, `cancelled`, `abuse`, `expired` or `idle`.
    reason: &'static str,
    /// Until when side A still reaches side B (RFC 3339).
    #[schema(format = DateTime)]
    a_to_b_until: String,
    /// Until when side B still reaches side A (RFC 3339).
    #[schema(format = DateTime)]
    b_to_a_until: String,
}

/// A page of bookings.
#[derive(Debug, Serialize, ToSchema)]
pub struct BookingList {
    /// The newest first.
    pub(super) items: Vec<BookingView>,
    /// Where the next page begins; not there on the last.
    pub(super) next_cursor: Option<String>,
}

impl BookingView {
    /// `booked` as `caller` may see it.
    pub(super) fn new(booked: &Booked, bookings: &Bookings, caller: Caller) -> Self {
        let booking = &booked.booking;
        let side = |name| SideView::new(booking, name, bookings, caller);
        Self {
            id: booking.id.to_string(),
            state: booked.state.as_str(),
            pool: booking.pool.to_string(),
            a: side(SideName::A),
            b: side(SideName::B),
            created_at: booking.created_at.to_string(),
            expires_at: booking.expires_at.to_string(),
            idle_ttl: booking.idle_ttl.map(spans::shown),
            limits: LimitsView::new(booking.terms.limits),
            direction: match booking.terms.direction {
                Direction::Both => "both",
                Direction::AToB => "a_to_b",
                Direction::BToA => "b_to_a",
            },
            hours: booking.terms.hours.as_ref().map(HoursView::new),
            recording: booking.terms.record,
            callback: match booking.terms.callback {
                Callback::Primary => "primary",
                Callback::Last => "last",
            },
            force_pin: booking.terms.force_pin,
            by_pin: booking.terms.hotline,
            closed: booking.closing.as_ref().map(ClosedView::new),
            renumbered: booked.renumbered.iter().map(|side| side.as_str()).collect(),
        }
    }
}

impl SideView {
    fn new(booking: &Booking, name: SideName, bookings: &Bookings, caller: Caller) -> Self {
        let side: &Side = booking.side(name);
        let whole = |vn| bookings.number(vn).map(|it| it.number.with_plus());
        let shown = Shown::to(caller);
        Self {
            virtual_number: whole(side.vn),
            earlier_numbers: side.earlier.iter().copied().filter_map(whole).collect(),
            phones: side
                .phones
                .iter()
                .map(|phone| shown.number(&phone.number))
                .collect(),
            label: side.label.clone(),
            language: side.language.clone(),
            zone: side.zone.clone(),
            pin: side
                .pin
                .as_ref()
                .filter(|_| caller.sees_pins)
                .map(|pin| pin.0.clone()),
            recording_consent: side.consents,
            muted: side.muted,
        }
    }
}

impl LimitsView {
    fn new(limits: Limits) -> Self {
        Self {
            max_calls: limits.max_calls,
            max_calls_per_hour: limits.max_calls_per_hour,
            max_talk_minutes: limits.max_talk_minutes,
        }
    }
}

impl HoursView {
    fn new(hours: &Hours) -> Self {
        let clock = |time: jiff::civil::Time| time.strftime("%H:%M").to_string();
        let day = |day: &jiff::civil::Weekday| format!("{day:?}")[..3].to_lowercase();
        Self {
            from: clock(hours.from),
            to: clock(hours.to),
            days: hours.days.iter().map(day).collect(),
            zone: hours.zone.clone(),
        }
    }
}

impl ClosedView {
    fn new(closing: &Closing) -> Self {
        Self {
            at: closing.at.to_string(),
            reason: closing.reason.as_str(),
            a_to_b_until: closing.a_to_b_until.to_string(),
            b_to_a_until: closing.b_to_a_until.to_string(),
        }
    }
}
