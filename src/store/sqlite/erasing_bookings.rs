//! The bookings of a person who is erased: they connect nobody any more, and go with the calls that they had. Of the other side's
//! legs only that its numbers rest is left.

use rusqlite::{Connection, TransactionBehavior, params};

use super::bookings::by_number;
use super::erasing_rows::{Bite, events_of, events_where, session_rows};
use crate::call::SessionId;
use crate::masking::PartyKey;
use crate::masking::booking::{Booking, SideName};
use crate::store::StoreError;
use crate::store::booking_forms::pin_key;
use crate::store::erasing::bookings::cut_off_at;
use crate::store::erasing::looking::{Gone, Over};
use crate::store::telling::booking_columns;
use crate::store::vault::Vault;

/// Erases a booking, and the sessions that it connected; `None` while one of them is live.
pub(super) fn erase(
    db: &mut Connection,
    vault: &Vault,
    booking: u64,
    over: Over,
) -> Result<Option<Bite>, StoreError> {
    db.pragma_update(None, "secure_delete", "ON")?;
    let moment = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let live = "SELECT 1 FROM masked_calls AS m JOIN sessions AS s ON s.id = m.session
         WHERE m.booking = ?1 AND s.status IS NULL AND s.last_event_at >= ?2";
    let of = params![booking as i64, over.quiet_since];
    if moment.prepare_cached(live)?.exists(of)? {
        return Ok(None);
    }
    let ids = sessions(&moment, booking)?;
    let known = by_number(&moment, vault, booking as i64)?;
    let gone = events(&moment, vault, &ids, known.as_ref())?;
    if let Some(known) = known {
        let_go(&moment, vault, &known)?;
    }
    let of_it = [booking as i64];
    let sql = "DELETE FROM masked_calls WHERE booking = ?1";
    moment.prepare_cached(sql)?.execute(of_it)?;
    let sql = "DELETE FROM bookings WHERE number = ?1";
    let bookings = moment.prepare_cached(sql)?.execute(of_it)?;
    moment.commit()?;
    Ok(Some(Bite {
        gone: Gone {
            bookings: bookings as u64,
            sessions: ids.len() as u64,
            events: gone,
            attempts: 0,
        },
        ids: ids.into_iter().map(SessionId::new).collect(),
    }))
}

/// Erases the sessions that a booking connected: the other side's have the person's number in their replies.
fn sessions(db: &Connection, booking: u64) -> Result<Vec<String>, rusqlite::Error> {
    let sql = "SELECT s.id, s.session_id FROM masked_calls AS m JOIN sessions AS s ON s.id = m.session WHERE m.booking = ?1";
    let mut select = db.prepare_cached(sql)?;
    let found = select.query_map([booking as i64], |row| Ok((row.get(0)?, row.get(1)?)))?;
    session_rows(db, found.collect::<Result<_, _>>()?)
}

/// Erases what was told of sessions and of their booking, but that it was closed for this. How many events.
fn events(
    db: &Connection,
    vault: &Vault,
    sessions: &[String],
    booking: Option<&Booking>,
) -> Result<u64, rusqlite::Error> {
    let Some(booking) = booking else {
        return events_of(db, sessions);
    };
    let which = "session_id IN (SELECT value FROM json_each(?1))
         OR booking_id IN (?2, ?3) AND NOT (kind = 'booking.closed' AND at IS ?4)";
    let sessions = serde_json::Value::from(sessions).to_string();
    let [column, other] = booking_columns(vault, &booking.id);
    events_where(
        db,
        which,
        params![sessions, column, other, cut_off_at(booking)],
    )
}

/// Its PINs go. Its legs tell of no pair any more, so that they keep others from the numbers until these have rested, and nothing else.
fn let_go(db: &Connection, vault: &Vault, booking: &Booking) -> Result<(), rusqlite::Error> {
    let number = booking.number as i64;
    for side in SideName::BOTH.map(|name| booking.side(name)) {
        for (vn, pin) in side
            .pin
            .iter()
            .flat_map(|pin| side.numbers().map(move |vn| (vn, pin)))
        {
            let [form, other] = vault.forms(pin_key(vault, vn, &pin.0));
            db.prepare_cached(
                "DELETE FROM pins WHERE vn = ?1 AND pin IN (?2, ?3) AND booking = ?4",
            )?
            .execute(params![vn.0, form, other, number])?;
        }
    }
    for party in booking.parties() {
        let [form, other] = vault.forms(party.0);
        db.prepare_cached(
            "UPDATE legs SET pair = randomblob(16) WHERE party IN (?1, ?2) AND booking = ?3",
        )?
        .execute(params![form, other, number])?;
    }
    Ok(())
}

/// Erases what a person holds by themselves: numbers, and a place on the block-list.
pub(super) fn erase_party(
    db: &mut Connection,
    vault: &Vault,
    party: PartyKey,
) -> Result<(), StoreError> {
    db.pragma_update(None, "secure_delete", "ON")?;
    let moment = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for table in ["legs", "blocked_parties"] {
        let sql = format!("DELETE FROM {table} WHERE party IN (?1, ?2)");
        moment.execute(&sql, vault.forms(party.0))?;
    }
    Ok(moment.commit()?)
}
