//! The bookings of people who are erased: looked through, since what a booking is found by goes before it does; closed, and erased with
//! the calls that they had. Those of others that name a person go once they are over, or lose the words that do.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::looking::{Erases, Over};
use super::named::Sought;
use super::people::{Person, Search};
use super::subject::{Looked, Table};
use crate::events::{BookingClosed, Event};
use crate::masking::booking::{Booking, CloseReason, Closing, SideName};
use crate::masking::change::{self, Around};
use crate::masking::{PoolRules, Vn};
use crate::store::StoreError;
use crate::store::bookings::{Asked, BookingFilter, BookingKept, BookingStore};

/// How many bookings are looked into at once.
const PAGE: u32 = 200;

/// How often a booking that changes meanwhile is closed anew.
const LOOKED_ANEW: usize = 16;

/// Closes a booking that is to be erased, if it still connects anybody, and has that told. Its numbers rest for the other side.
async fn cut_off(store: &dyn BookingStore, booking: u64, now: Timestamp) -> Result<(), StoreError> {
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
pub(in crate::store) fn cut_off_at(booking: &Booking) -> Option<i64> {
    let closing = booking
        .closing
        .filter(|it| it.reason == CloseReason::Erased)?;
    Some(closing.at.as_millisecond())
}

/// The PINs of a booking: on which number, and what each is found by.
pub(in crate::store) fn pins_of(
    store: &dyn BookingStore,
    booking: &Booking,
) -> Vec<(Vn, [u8; 16])> {
    let mut pins = Vec::new();
    for side in SideName::BOTH.map(|name| booking.side(name)) {
        if let Some(pin) = &side.pin {
            pins.extend(side.numbers().map(|vn| (vn, store.pin_key(vn, &pin.0))));
        }
    }
    pins
}

/// Looks through a page of bookings, those made before `before`. From where the next one is looked through.
pub(super) async fn look_at_bookings<S: Erases>(
    store: &S,
    people: &mut [Person],
    search: &Search,
    before: Option<u64>,
    now: Timestamp,
) -> Result<Looked, StoreError> {
    let filter = BookingFilter {
        before,
        limit: PAGE,
        ..BookingFilter::default()
    };
    let page = store.bookings(&filter).await?;
    for booking in page.bookings {
        let parties = booking.parties();
        let theirs = parties.iter().filter_map(|it| search.parties.get(it));
        let theirs: BTreeSet<usize> = theirs.flatten().copied().collect();
        let called_by = search.sought.in_text(booking.id.as_str().as_bytes());
        for place in theirs.union(&called_by) {
            if let Some(person) = people.get_mut(*place) {
                person.subject().bookings.insert(booking.number);
            }
        }
        match theirs.is_empty() {
            true => take_words_out(store, booking, &search.sought).await?,
            false => cut_off(store, booking.number, now).await?,
        }
    }
    Ok(match page.next {
        Some(next) => Looked::Bookings(Some(next)),
        None => Looked::Rows(Table::ALL[0], None),
    })
}

/// Takes the labels of a booking's sides away that name somebody.
async fn take_words_out<S: Erases>(
    store: &S,
    booking: Booking,
    sought: &Sought,
) -> Result<(), StoreError> {
    let mut found = Some(booking);
    for _ in 0..LOOKED_ANEW {
        let Some(mut booking) = found else {
            return Ok(());
        };
        let mut names_somebody = false;
        for side in SideName::BOTH {
            let label = &mut booking.side_mut(side).label;
            let names = |it: &mut String| !sought.in_text(it.as_bytes()).is_empty();
            names_somebody |= label.take_if(names).is_some();
        }
        if !names_somebody || store.keep_words(&booking).await? {
            return Ok(());
        }
        found = store.by_numbers(&[booking.number]).await?.pop();
    }
    Err(StoreError::Busy)
}

/// Erases the bookings that were found of a person, but those that a live call or, of others, their time keeps.
pub(super) async fn erase_bookings<S: Erases>(
    store: &S,
    person: &mut Person,
    now: Timestamp,
    over: Over,
) -> Result<(), StoreError> {
    let sought = Sought::new([&person.phone]);
    for number in std::mem::take(&mut person.subject().bookings) {
        let find = async || Ok::<_, StoreError>(store.by_numbers(&[number]).await?.pop());
        let Some(mut booking) = find().await? else {
            continue;
        };
        let mut is_over = true;
        if booking.side_of(person.party).is_some() {
            cut_off(store, number, now).await?;
            match find().await? {
                Some(closed) => booking = closed,
                None => continue,
            }
        } else if sought.in_text(booking.id.as_str().as_bytes()).is_empty() {
            // It was changed meanwhile, and is about others alone.
            continue;
        } else {
            is_over = over.bookings >= booking.rests_from();
        }
        let gone = match is_over {
            true => store.erase_whole(&booking, over).await?,
            false => None,
        };
        match gone {
            Some(gone) => person.gone += gone,
            None => _ = person.subject().bookings.insert(number),
        }
    }
    Ok(())
}
