//! CORE: what the customer's systems are told of calls and bookings, how it is signed, and when it is tried again.
//!
//! An [`Event`] is a value: whoever changes something says what is to be told of it, and the store writes that in the
//! transaction of the change ([`Told`]). What leaves is made of it then: see [`told`].
//!
//! * [`calls`], [`bookings`] what is told of them
//! * [`told`] an event as it is kept and shown: numbers whole or masked
//! * [`signature`] Standard Webhooks: what a receiver knows us by
//! * [`attempt`] what an endpoint's answer means, and when the next try is

pub mod attempt;
pub mod bookings;
pub mod calls;
pub mod signature;
pub mod told;

use serde::Serialize;

use crate::call::SessionId;
pub use bookings::{
    BookingClosed, BookingCreated, BookingExpired, CallConnected, CallEnded, CallRefused,
    NumberChanged, PoolPressure, Side, VirtualNumbers,
};
pub use calls::{RecordingReady, SessionEnded, SessionStarted};
pub use told::{Free, Number, Told};

/// Something that has happened and is told.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Event {
    /// A session was heard of for the first time.
    SessionStarted(SessionStarted),
    /// A session's summary came.
    SessionEnded(SessionEnded),
    /// A recording can be fetched.
    RecordingReady(RecordingReady),
    /// A booking was made.
    BookingCreated(BookingCreated),
    /// A booking was closed by a request.
    BookingClosed(BookingClosed),
    /// A booking's time is over.
    BookingExpired(BookingExpired),
    /// One side of a booking has another virtual number.
    NumberChanged(NumberChanged),
    /// A call of one side of a booking is put through to the other.
    CallConnected(CallConnected),
    /// A call to a virtual number of a pool is not put through.
    CallRefused(CallRefused),
    /// A call of a booking is over.
    CallEnded(CallEnded),
    /// A pool runs out of numbers.
    PoolPressure(PoolPressure),
}

/// What an event is about: events of one subject are counted, so that who receives them can order them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A session.
    Session(SessionId),
    /// A booking, by the customer's id.
    Booking(String),
    /// A pool, by its name.
    Pool(String),
}

/// The kinds of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// [`Event::SessionStarted`].
    SessionStarted,
    /// [`Event::SessionEnded`].
    SessionEnded,
    /// [`Event::RecordingReady`].
    RecordingReady,
    /// [`Event::BookingCreated`].
    BookingCreated,
    /// [`Event::BookingClosed`].
    BookingClosed,
    /// [`Event::BookingExpired`].
    BookingExpired,
    /// [`Event::NumberChanged`].
    NumberChanged,
    /// [`Event::CallConnected`].
    CallConnected,
    /// [`Event::CallRefused`].
    CallRefused,
    /// [`Event::CallEnded`].
    CallEnded,
    /// [`Event::PoolPressure`].
    PoolPressure,
}

impl Event {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::SessionStarted(_) => Kind::SessionStarted,
            Self::SessionEnded(_) => Kind::SessionEnded,
            Self::RecordingReady(_) => Kind::RecordingReady,
            Self::BookingCreated(_) => Kind::BookingCreated,
            Self::BookingClosed(_) => Kind::BookingClosed,
            Self::BookingExpired(_) => Kind::BookingExpired,
            Self::NumberChanged(_) => Kind::NumberChanged,
            Self::CallConnected(_) => Kind::CallConnected,
            Self::CallRefused(_) => Kind::CallRefused,
            Self::CallEnded(_) => Kind::CallEnded,
            Self::PoolPressure(_) => Kind::PoolPressure,
        }
    }

    /// What it is about. A refused call of which no booking is known is about its session.
    pub fn subject(&self) -> Subject {
        let booking = |id: &String| Subject::Booking(id.clone());
        match self {
            Self::SessionStarted(it) => Subject::Session(SessionId::new(it.session_id.as_str())),
            Self::SessionEnded(it) => Subject::Session(SessionId::new(it.session_id.as_str())),
            Self::RecordingReady(it) => Subject::Session(SessionId::new(it.session_id.as_str())),
            Self::BookingCreated(it) => booking(&it.booking_id),
            Self::BookingClosed(it) => booking(&it.booking_id),
            Self::BookingExpired(it) => booking(&it.booking_id),
            Self::NumberChanged(it) => booking(&it.booking_id),
            Self::CallConnected(it) => booking(&it.booking_id),
            Self::CallRefused(it) => match &it.booking_id {
                Some(id) => booking(id),
                None => Subject::Session(SessionId::new(it.session_id.as_str())),
            },
            Self::CallEnded(it) => booking(&it.booking_id),
            Self::PoolPressure(it) => Subject::Pool(it.pool.clone()),
        }
    }

    /// The session that it came of, also when it is about a booking: what is told of a call goes when the call does.
    pub fn session(&self) -> Option<&str> {
        match self {
            Self::SessionStarted(it) => Some(&it.session_id),
            Self::SessionEnded(it) => Some(&it.session_id),
            Self::RecordingReady(it) => Some(&it.session_id),
            Self::CallConnected(it) => Some(&it.session_id),
            Self::CallRefused(it) => Some(&it.session_id),
            Self::CallEnded(it) => Some(&it.session_id),
            Self::BookingCreated(_)
            | Self::BookingClosed(_)
            | Self::BookingExpired(_)
            | Self::NumberChanged(_)
            | Self::PoolPressure(_) => None,
        }
    }
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::SessionStarted,
        Self::SessionEnded,
        Self::RecordingReady,
        Self::BookingCreated,
        Self::BookingClosed,
        Self::BookingExpired,
        Self::NumberChanged,
        Self::CallConnected,
        Self::CallRefused,
        Self::CallEnded,
        Self::PoolPressure,
    ];

    /// The word for it: what happened to what.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SessionStarted => "session.started",
            Self::SessionEnded => "session.ended",
            Self::RecordingReady => "recording.ready",
            Self::BookingCreated => "booking.created",
            Self::BookingClosed => "booking.closed",
            Self::BookingExpired => "booking.expired",
            Self::NumberChanged => "booking.number_changed",
            Self::CallConnected => "call.connected",
            Self::CallRefused => "call.refused",
            Self::CallEnded => "call.ended",
            Self::PoolPressure => "pool.pressure",
        }
    }
}
