//! The bodies of requests about bookings, read at the door: what each field looks like. What it means, and whether it may be,
//! is the core's to say.

use jiff::civil::{Time, Weekday};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::form::{Form, count, span, text, time, word};
use crate::http::problem::Fault;
use crate::masking::booking::{BookingId, CloseReason, PHONES, SideName};
use crate::masking::request::{BookingRequest, CloseRequest, SideRequest};
use crate::masking::rules::{Callback, Direction, Hours, PoolName};

/// The most bookings of one batch.
pub(super) const BATCH: usize = 500;

/// The longest id, label, phone and other name, in characters.
const LONGEST_ID: usize = 128;
const LONGEST_LABEL: usize = 100;
const LONGEST_PHONE: usize = 64;
const LONGEST_NAME: usize = 64;

/// After how long without a call a booking may end.
const IDLE: std::ops::RangeInclusive<SignedDuration> =
    SignedDuration::from_secs(60)..=SignedDuration::from_hours(365 * 24);

const DIRECTIONS: [(&str, Direction); 3] = [
    ("both", Direction::Both),
    ("a_to_b", Direction::AToB),
    ("b_to_a", Direction::BToA),
];
const CALLBACKS: [(&str, Callback); 2] = [("primary", Callback::Primary), ("last", Callback::Last)];
const REASONS: [(&str, CloseReason); 3] = [
    ("completed", CloseReason::Completed),
    ("cancelled", CloseReason::Cancelled),
    ("abuse", CloseReason::Abuse),
];
const SIDES: [(&str, SideName); 2] = [("a", SideName::A), ("b", SideName::B)];
const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// Reads a booking.
///
/// # Errors
///
/// Everything that cannot be read.
pub(super) fn booking(body: &[u8]) -> Result<BookingRequest, Vec<Fault>> {
    let mut form = Form::of(
        body,
        "{\"a\": {\"phones\": [\"+6591234567\"]}, \"b\": {\"phones\": [\"+6581234567\"]}}",
    )?;
    let request = booking_fields(&mut form);
    form.end().map(|()| request)
}

/// A booking of a batch: its id, where that could be read, and what is asked for or wrong with it.
pub(super) type Asked = (Option<BookingId>, Result<BookingRequest, Vec<Fault>>);

/// Reads a batch: each booking with its id, and with what is wrong with it alone.
///
/// # Errors
///
/// What is wrong with the batch as such.
pub(super) fn batch(body: &[u8]) -> Result<Vec<Asked>, Vec<Fault>> {
    let mut form = Form::of(
        body,
        "{\"bookings\": [{\"id\": \"…\", \"a\": {…}, \"b\": {…}}]}",
    )?;
    let read = form.objects("bookings", BATCH, |form| {
        let id = form.needed("id", ID, |value| id(value.as_str()?));
        (id, booking_fields(form))
    });
    form.end()?;
    let each = |((id, request), faults): ((_, _), Vec<Fault>)| match faults.is_empty() {
        true => (id, Ok(request)),
        false => (id, Err(faults)),
    };
    Ok(read.into_iter().map(each).collect())
}

/// Reads one side.
///
/// # Errors
///
/// Everything that cannot be read.
pub(super) fn side(body: &[u8]) -> Result<SideRequest, Vec<Fault>> {
    let mut form = Form::of(body, "{\"phones\": [\"+6591234567\"]}")?;
    let request = side_fields(&mut form);
    form.end().map(|()| request)
}

/// Reads why a booking is closed.
///
/// # Errors
///
/// Everything that cannot be read.
pub(super) fn close(body: &[u8]) -> Result<CloseRequest, Vec<Fault>> {
    let mut form = Form::of(body, "{\"reason\": \"completed\"}")?;
    let wants = "\"completed\", \"cancelled\" or \"abuse\"";
    let reason = form.needed("reason", wants, word(&REASONS));
    let block = form.field(
        "block",
        "the side that is blocked, \"a\" or \"b\"",
        word(&SIDES),
    );
    if block.is_some() && reason.is_some_and(|reason| reason != CloseReason::Abuse) {
        form.wrong(
            "block",
            "goes with the reason \"abuse\" alone",
            "leave it out, or give that reason",
        );
    }
    form.end()?;
    let closing = reason.map(|reason| CloseRequest { reason, block });
    // What is needed and missing was told.
    closing.ok_or_else(Vec::new)
}

/// Reads until when a booking is opened again.
///
/// # Errors
///
/// Everything that cannot be read.
pub(super) fn reopen(body: &[u8]) -> Result<Option<Timestamp>, Vec<Fault>> {
    let mut form = Form::of_any(
        body,
        "{\"expires_at\": \"2026-11-21T08:00:00Z\"}, or nothing",
    )?;
    let expires_at = form.field("expires_at", TIME, time);
    form.end().map(|()| expires_at)
}

/// A booking's id: 1 to 128 letters, digits and signs that an address carries as they are.
pub(super) fn id(text: &str) -> Option<BookingId> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~:@".contains(&b);
    let fits = (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(plain);
    // An address with these is another one.
    (fits && !matches!(text, "." | "..")).then(|| BookingId::new(text))
}

/// What an id looks like.
pub(super) const ID: &str = "an id of 1 to 128 letters, digits and the signs -._~:@";

const TIME: &str = "a time as \"2026-11-21T08:00:00Z\"";

fn booking_fields(form: &mut Form) -> BookingRequest {
    let pool = form.field("pool", "the name of a pool", |value| {
        text(LONGEST_NAME)(value).map(PoolName::new)
    });
    let a = form.object("a", side_fields);
    let b = form.object("b", side_fields);
    let expires_at = form.field("expires_at", TIME, time);
    let idle_ttl = form.field(
        "idle_ttl",
        "a span of time from \"1m\" to \"365d\"",
        span(IDLE),
    );
    let limits = form.object("limits", limit_fields).unwrap_or_default();
    let direction = form.field(
        "direction",
        "\"both\", \"a_to_b\" or \"b_to_a\"",
        word(&DIRECTIONS),
    );
    let hours = form.object("hours", hour_fields).flatten();
    let record = form.field("recording", TRUTH, Value::as_bool);
    let callback = form.field("callback", "\"primary\" or \"last\"", word(&CALLBACKS));
    let force_pin = form.field("force_pin", TRUTH, Value::as_bool);
    let [max_calls, max_calls_per_hour, max_talk_minutes] = limits;
    BookingRequest {
        pool,
        a,
        b,
        expires_at,
        idle_ttl,
        max_calls,
        max_calls_per_hour,
        max_talk_minutes,
        direction,
        hours,
        record,
        callback,
        force_pin,
    }
}

const TRUTH: &str = "true or false";

fn side_fields(form: &mut Form) -> SideRequest {
    let phones = form.field(
        "phones",
        "a list of 1 to 10 phone numbers, each a text",
        phones,
    );
    SideRequest {
        phones,
        label: form.field(
            "label",
            "a text of 1 to 100 characters",
            text(LONGEST_LABEL),
        ),
        language: form.field("language", "a language as \"en\"", text(LONGEST_NAME)),
        zone: form.field(
            "zone",
            "a time zone as \"Asia/Singapore\"",
            text(LONGEST_NAME),
        ),
        consents: form.field("recording_consent", TRUTH, Value::as_bool),
        muted: form.field("muted", TRUTH, Value::as_bool),
        virtual_number: form.field(
            "virtual_number",
            "a virtual number as \"+6531234567\"",
            text(LONGEST_PHONE),
        ),
    }
}

/// Phones as they are written: what each of them is, the core says.
fn phones(value: &Value) -> Option<Vec<String>> {
    let phones = value.as_array()?;
    let all: Option<Vec<_>> = phones
        .iter()
        .map(|phone| phone.as_str().map(str::to_owned))
        .collect();
    all.filter(|all| (1..=PHONES).contains(&all.len()))
}

fn limit_fields(form: &mut Form) -> [Option<u32>; 3] {
    [
        form.field(
            "max_calls",
            "a whole number from 1 to 1000000",
            count(1..=1_000_000),
        ),
        form.field(
            "max_calls_per_hour",
            "a whole number from 1 to 10000",
            count(1..=10_000),
        ),
        form.field(
            "max_talk_minutes",
            "a whole number of minutes from 1 to 1000000",
            count(1..=1_000_000),
        ),
    ]
}

fn hour_fields(form: &mut Form) -> Option<Hours> {
    let clock = |value: &Value| Time::strptime("%H:%M", value.as_str()?).ok();
    let from = form.needed("from", "a time of the day as \"08:00\"", clock);
    let to = form.needed("to", "a time of the day as \"21:00\"", clock);
    let zone = form.needed(
        "zone",
        "a time zone as \"Asia/Singapore\"",
        text(LONGEST_NAME),
    );
    let days = form.field("days", "a list of days, as [\"mon\", \"tue\"]", |value| {
        let days = value.as_array()?.iter().map(word(&DAYS));
        days.collect::<Option<Vec<_>>>()
    });
    Some(Hours {
        from: from?,
        to: to?,
        days: days.unwrap_or_default(),
        zone: zone?,
    })
}
