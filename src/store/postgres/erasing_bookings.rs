//! The bookings of a person who is erased: they connect nobody any more, and go with the calls that they had. Of the other side's
//! legs only that its numbers rest is left.

use sqlx::Row as _;
use uuid::Uuid;

use super::PostgresStore;
use super::booking_writes::vn_column;
use super::erasing::many;
use super::resealing::columns_of;
use crate::masking::{Booking, PartyKey};
use crate::store::StoreError;
use crate::store::erasing::bookings::{cut_off_at, pins_of};
use crate::store::erasing::looking::{Gone, Over};
use crate::store::telling::booking_columns;

/// Erases a booking, unless a call of it is live. What was told goes as well, but that it was closed for this.
const ERASE: &str = "WITH live AS (
         SELECT 1 FROM masked_calls AS m JOIN sessions AS s ON s.session_id = m.session_id
         WHERE m.booking = $1 AND s.status IS NULL AND s.last_event_at >= $8 LIMIT 1
     ), gone AS (
         DELETE FROM bookings WHERE number = $1 AND NOT EXISTS (SELECT 1 FROM live) RETURNING number
     ), calls AS (
         DELETE FROM masked_calls WHERE booking = $1 AND EXISTS (SELECT 1 FROM gone) RETURNING session_id
     ), traces AS (
         DELETE FROM webhooks WHERE session_id IN (SELECT session_id FROM calls)
     ), told AS (
         DELETE FROM events WHERE (booking_id = ANY ($2) OR session_id IN (SELECT session_id FROM calls))
             AND NOT (kind = 'booking.closed' AND at IS NOT DISTINCT FROM $3) AND EXISTS (SELECT 1 FROM gone)
         RETURNING number
     ), waiting AS (
         DELETE FROM deliveries WHERE event IN (SELECT number FROM told)
     ), rows AS (
         DELETE FROM sessions WHERE session_id IN (SELECT session_id FROM calls) RETURNING 1
     ), rest AS (
         UPDATE legs SET pair = $4 WHERE booking = $1 AND party = ANY ($5) AND EXISTS (SELECT 1 FROM gone)
     ), unpinned AS (
         DELETE FROM pins AS p USING gone, unnest($6::int[], $7::bytea[]) AS w (vn, pin)
         WHERE p.vn = w.vn AND p.pin = w.pin AND p.booking = gone.number
     )
     SELECT (SELECT count(*) FROM gone) AS bookings, (SELECT count(*) FROM rows) AS sessions,
         (SELECT count(*) FROM told) AS events, EXISTS (SELECT 1 FROM live) AS is_live";

impl PostgresStore {
    /// Erases what a person holds by themselves.
    pub(super) async fn erase_what_is_held(&self, party: PartyKey) -> Result<(), StoreError> {
        let statement = sqlx::query(
            "WITH unblocked AS (DELETE FROM blocked_parties WHERE party = ANY ($1))
             DELETE FROM legs WHERE party = ANY ($1)",
        )
        .bind(columns_of(&self.vault.now(), party.0));
        self.desk.run(statement).await?;
        Ok(())
    }

    /// Erases a booking with the calls that it had; `None` while one of them is live.
    pub(super) async fn erase_one(
        &self,
        booking: &Booking,
        over: Over,
    ) -> Result<Option<Gone>, StoreError> {
        let vault = self.vault.now();
        let parties = booking.parties();
        let parties = parties.iter().flat_map(|it| columns_of(&vault, it.0));
        let parties: Vec<_> = parties.collect();
        let pins = pins_of(self, booking).into_iter();
        let pins = pins.flat_map(|(vn, key)| {
            let keys = columns_of(&vault, key).into_iter();
            keys.map(move |key| (vn_column(vn), key))
        });
        let (vns, keys): (Vec<_>, Vec<_>) = pins.unzip();
        let statement = sqlx::query(ERASE)
            .bind(booking.number as i64)
            .bind(booking_columns(&vault, &booking.id).to_vec())
            .bind(cut_off_at(booking))
            .bind(Uuid::new_v4().as_bytes().to_vec())
            .bind(parties)
            .bind(vns)
            .bind(keys)
            .bind(over.quiet_since);
        let row = self.one_row(statement).await?;
        let gone = Gone {
            bookings: many(&row, "bookings")?,
            sessions: many(&row, "sessions")?,
            events: many(&row, "events")?,
            attempts: 0,
        };
        let is_live: bool = row.try_get("is_live")?;
        Ok((!is_live).then_some(gone))
    }
}
