//! The bodies of requests about bookings as the API's description shows them. `booking_body` reads them.

#![expect(
    dead_code,
    reason = "they are described here and read by `booking_body`"
)]

use serde::Deserialize;
use utoipa::ToSchema;

/// A booking that is made or changed. Of one that is there, what is left out stays as it was.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewBooking {
    /// The pool that its numbers are from; `default` when it is left out. It cannot be changed.
    #[schema(example = "default")]
    pool: Option<String>,
    /// One side; needed for a new booking.
    a: Option<NewSide>,
    /// The other side; needed for a new booking.
    b: Option<NewSide>,
    /// When it ends at the latest (RFC 3339); after the pool's `expires_after` when it is left out.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// After how long without a call it ends: `1m` to `365d`.
    #[schema(example = "2h")]
    idle_ttl: Option<String>,
    /// The bounds of its calls; those of the pool where they are left out.
    limits: Option<NewLimits>,
    /// Who may call whom: `both`, `a_to_b` or `b_to_a`.
    #[schema(example = "both")]
    direction: Option<String>,
    /// When people may be called, on the clock of whoever is called.
    hours: Option<NewHours>,
    /// Whether calls are recorded: only where the callee's side agreed, and the caller hears it first.
    recording: Option<bool>,
    /// Which phone of a side rings: `primary`, the first, or `last`, the one that called last.
    callback: Option<String>,
    /// Whether also those are asked for their PIN whose phone is known.
    force_pin: Option<bool>,
}

/// A side of a booking that is made or changed.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewSide {
    /// Its phones, 1 to 10 in any usual spelling, the primary first; without a country code they are read in the pool's country.
    #[schema(example = json!(["+6591234567"]))]
    phones: Option<Vec<String>>,
    /// What you call it.
    #[schema(example = "rider")]
    label: Option<String>,
    /// The language that it is spoken to in.
    #[schema(example = "en")]
    language: Option<String>,
    /// Its time zone, for the hours in which it may be called.
    #[schema(example = "Asia/Singapore")]
    zone: Option<String>,
    /// Whether it agreed to be recorded.
    recording_consent: Option<bool>,
    /// Whether it is not connected: its calls are refused, and nobody reaches it.
    muted: Option<bool>,
    /// The number that it is to have: the only way to a reserved one.
    virtual_number: Option<String>,
}

/// Bounds of a booking's calls.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewLimits {
    /// Calls in all.
    #[schema(minimum = 1, maximum = 1_000_000)]
    max_calls: Option<u32>,
    /// Calls in an hour.
    #[schema(minimum = 1, maximum = 10_000)]
    max_calls_per_hour: Option<u32>,
    /// Minutes talked in all; the call that reaches them is not cut.
    #[schema(minimum = 1, maximum = 1_000_000)]
    max_talk_minutes: Option<u32>,
}

/// Hours in which people may be called.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewHours {
    /// From when on.
    #[schema(example = "08:00")]
    from: String,
    /// Until when; past midnight when it is before `from`.
    #[schema(example = "21:00")]
    to: String,
    /// On which days: `mon`, `tue`, `wed`, `thu`, `fri`, `sat`, `sun`; every day when left out.
    days: Option<Vec<String>>,
    /// The time zone of a side that names none.
    #[schema(example = "Asia/Singapore")]
    zone: String,
}

/// Many bookings.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewBatch {
    /// 1 to 500 of them, each a booking with its `id`.
    bookings: Vec<NewBatchItem>,
}

/// One booking of a batch.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewBatchItem {
    /// Your own id of it.
    #[schema(example = "trip-4711")]
    id: String,
    #[serde(flatten)]
    booking: NewBooking,
}

/// Why a booking is closed.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Close {
    /// `completed`, `cancelled` or `abuse`: calls go on connecting for as long as the pool's grace for it lasts.
    #[schema(example = "completed")]
    reason: String,
    /// After `abuse`: the side that is put on the block-list.
    block: Option<String>,
}

/// A booking is opened again.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Reopen {
    /// When it ends at the latest (RFC 3339); after the pool's `expires_after` when it is left out.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

/// A call to look at.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewCallToSimulate {
    /// Who calls, in any usual spelling; nobody known when it is left out.
    #[schema(example = "+6591234567")]
    caller: Option<String>,
    /// The virtual number that is called.
    #[schema(example = "+6531234567")]
    virtual_number: String,
    /// When (RFC 3339); now when it is left out.
    #[schema(format = DateTime)]
    at: Option<String>,
}

/// What a virtual number is to be.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewNumber {
    /// The pool that it is in; `null` takes it out, and bookings on it get others.
    #[schema(example = "default")]
    pool: Option<String>,
    /// Whether it takes key presses, which PINs need.
    capture: Option<bool>,
    /// Whether only a booking gets it that asks for it.
    reserved: Option<bool>,
    /// What phones of its region begin with, the country code first: such people get it first.
    #[schema(example = "+1415")]
    region: Option<String>,
    /// Whether it is taken out of use little by little.
    draining: Option<bool>,
}
