//! What is promised of forgetting people: rows go when their time is over, and whatever is kept of a person goes when that
//! is asked for, in small bites between which others write.

use async_trait::async_trait;
use jiff::Timestamp;

use super::bookings::{Asked, BookingFilter, BookingKept, BookingStore};
use super::{Lease, StoreError};
use crate::call::PhoneNumber;
use crate::events::{BookingClosed, Event};
use crate::masking::booking::{Booking, CloseReason, Closing, SideName};
use crate::masking::change::{self, Around};
use crate::masking::{PartyKey, PoolRules, Vn};

/// What is erased.
#[async_trait]
pub trait Erasing: Send + Sync {
    /// Erases sessions of which the last was heard before `before` and calls that we started then, with all that is kept of
    /// them; a bite of them. A session without a summary goes as well: nothing more comes of it. Returns how many went.
    ///
    /// It is done under `lease`: [`StoreError::LeaseLost`] once another has taken that over.
    async fn erase_old(&self, lease: &Lease, before: Timestamp) -> Result<u64, StoreError>;

    /// Keeps that a person is to be erased, under a new `id`. It is done by [`go_on_erasing`](Self::go_on_erasing).
    async fn ask_to_erase(
        &self,
        id: &str,
        phone: &PhoneNumber,
        at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Erases what is kept of the people that are to be erased: sessions that they called or were called in, with traces and
    /// events, calls to them that we started, what was handed to the Contact Center with their number in it, and bookings that a phone
    /// of theirs is in, with the calls that these had. An open booking is closed at once. What is still under way (a live session, a
    /// booking with one, a call of which nobody knows what became) goes once it is over; until then the person's number is kept,
    /// sealed, with what was asked.
    async fn go_on_erasing(&self, now: Timestamp) -> Result<(), StoreError>;

    /// What was asked to be erased, the newest first; a hundred at most. Nothing tells whom it was about.
    async fn erasures(&self) -> Result<Vec<Erasure>, StoreError>;
}

/// One person that was to be erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// Its id.
    pub id: String,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// When all of it was done; `None` while something is under way.
    pub done_at: Option<Timestamp>,
    /// How many bookings went.
    pub bookings: u64,
    /// How many sessions went.
    pub sessions: u64,
    /// How many events.
    pub events: u64,
    /// How many calls that we started, and handoffs.
    pub attempts: u64,
}

/// The tables of what was handed to the Contact Center, each with its ids, which are UUIDs of version 7.
pub(super) const HANDED_OVER: [(&str, &str); 2] = [
    ("handoffs", "handoff_id"),
    ("callback_results", "result_id"),
];

/// The first id that a row may have that was made at a time (ms) or later.
pub(super) fn first_id_at(ms: i64) -> String {
    let ms = ms.max(0).unsigned_abs();
    format!(
        "{:08x}-{:04x}-7000-8000-000000000000",
        ms >> 16,
        ms & 0xffff
    )
}

/// Whether a text that was opened has a person's number in it.
pub(super) fn names(opened: &[u8], phone: &PhoneNumber) -> bool {
    let digits = phone.digits().as_bytes();
    opened.windows(digits.len()).any(|window| window == digits)
}

/// Whom an erasure is about, as that is kept, sealed, until it is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Subject {
    pub(super) phone: PhoneNumber,
    /// The bookings, by the store's numbers, that wait for a call of theirs to end; `None` before all bookings were looked through.
    pub(super) bookings: Option<Vec<u64>>,
}

impl Subject {
    /// The number, and behind it, once they are known, the bookings that wait.
    pub(super) fn write(&self) -> String {
        let mut text = self.phone.as_it_came().to_owned();
        if let Some(bookings) = &self.bookings {
            text.push('\n');
            let numbers: Vec<_> = bookings.iter().map(u64::to_string).collect();
            text.push_str(&numbers.join(" "));
        }
        text
    }

    /// Reads what [`write`](Self::write) wrote.
    pub(super) fn read(opened: Option<Vec<u8>>) -> Result<Self, StoreError> {
        let text = opened.and_then(|text| String::from_utf8(text).ok());
        let text = text.ok_or(StoreError::Unreadable { what: "erasure" })?;
        let (phone, bookings) = match text.split_once('\n') {
            Some((phone, bookings)) => (phone, Some(bookings)),
            None => (text.as_str(), None),
        };
        let numbers = |text: &str| text.split(' ').filter_map(|it| it.parse().ok()).collect();
        Ok(Self {
            phone: PhoneNumber::new(phone),
            bookings: bookings.map(numbers),
        })
    }
}

/// How many bookings are looked into at once.
const PAGE: u32 = 200;

/// How often a booking that changes meanwhile is closed anew.
const LOOKED_ANEW: usize = 16;

/// The bookings that a phone of a person is in, by the store's numbers. All are looked through, since what a booking is found by goes
/// before it does.
pub(super) async fn bookings_of(
    store: &dyn BookingStore,
    party: PartyKey,
) -> Result<Vec<u64>, StoreError> {
    let mut filter = BookingFilter {
        limit: PAGE,
        ..BookingFilter::default()
    };
    let mut theirs = Vec::new();
    loop {
        let page = store.bookings(&filter).await?;
        let named = page
            .bookings
            .iter()
            .filter(|it| it.side_of(party).is_some());
        theirs.extend(named.map(|it| it.number));
        filter.before = page.next;
        if filter.before.is_none() {
            return Ok(theirs);
        }
        tokio::task::yield_now().await;
    }
}

/// Closes a booking that is to be erased, if it still connects anybody, and has that told. Its numbers rest for the other side.
pub(super) async fn cut_off(
    store: &dyn BookingStore,
    booking: u64,
    now: Timestamp,
) -> Result<(), StoreError> {
    for _ in 0..LOOKED_ANEW {
        let found = store.by_numbers(&[booking]).await?.into_iter().next();
        let Some(known) = found.filter(|it| now < it.rests_from()) else {
            return Ok(());
        };
        let parties = known.parties();
        let asked = Asked {
            id: &known.id,
            parties: &parties,
            pair: known.pair,
        };
        let around = store.surroundings(&asked).await?;
        let own = around.legs.iter().find(|leg| leg.booking == booking);
        let rules = PoolRules {
            cooldown: own.map_or(PoolRules::default().cooldown, |leg| {
                leg.free_from.duration_since(leg.rests_from)
            }),
            ..PoolRules::default()
        };
        let others = around.of_pair.into_iter();
        let others: Vec<_> = others.filter(|it| it.number != booking).collect();
        let mut write = change::write(
            closed_for_good(known.clone(), now),
            Around {
                rules: &rules,
                held: &around.legs,
                others: &others,
                now,
            },
        );
        write.drops = pins_of(store, &known);
        let told = known.is_open(now).then(|| {
            Event::BookingClosed(BookingClosed {
                booking_id: known.id.to_string(),
                reason: CloseReason::Erased.as_str().to_owned(),
                grace_until: None,
            })
        });
        match store.keep_booking(&write, told.as_slice()).await? {
            BookingKept::Stored(_) => return Ok(()),
            BookingKept::Overtaken | BookingKept::Taken | BookingKept::PinTaken => {}
        }
    }
    Err(StoreError::Busy)
}

fn closed_for_good(booking: Booking, now: Timestamp) -> Booking {
    let closing = booking.closing.unwrap_or(Closing {
        at: now,
        reason: CloseReason::Erased,
        a_to_b_until: now,
        b_to_a_until: now,
    });
    Booking {
        closing: Some(Closing {
            a_to_b_until: closing.a_to_b_until.min(now),
            b_to_a_until: closing.b_to_a_until.min(now),
            ..closing
        }),
        ..booking
    }
}

/// When a booking was closed because it is to be erased (ms): what was told of that stays, so that its owner learns of it.
pub(super) fn cut_off_at(booking: &Booking) -> Option<i64> {
    let closing = booking
        .closing
        .filter(|it| it.reason == CloseReason::Erased)?;
    Some(closing.at.as_millisecond())
}

/// The PINs of a booking: on which number, and what each is found by.
pub(super) fn pins_of(store: &dyn BookingStore, booking: &Booking) -> Vec<(Vn, [u8; 16])> {
    let mut pins = Vec::new();
    for side in SideName::BOTH.map(|name| booking.side(name)) {
        if let Some(pin) = &side.pin {
            pins.extend(side.numbers().map(|vn| (vn, store.pin_key(vn, &pin.0))));
        }
    }
    pins
}

/// What went of a person, and whether something of them is under way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Gone {
    pub(super) bookings: u64,
    /// The bookings that wait for a call of theirs to end.
    pub(super) waiting: Vec<u64>,
    pub(super) sessions: u64,
    pub(super) events: u64,
    pub(super) attempts: u64,
    pub(super) is_more: bool,
}
