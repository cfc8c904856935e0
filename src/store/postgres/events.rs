//! The `events` table: what is told, written by the statement of what it tells.

use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::clear;
use super::pool::Statement;
use crate::events::Told;
use crate::store::StoreError;
use crate::store::telling::{Found, Row};
use crate::store::vault::Vault;

/// Rows of events, column by column, as a statement takes them by `unnest`.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) sealed_for: Vec<Vec<u8>>,
    pub(super) kind: Vec<&'static str>,
    session: Vec<Option<String>>,
    pub(super) booking: Vec<Option<String>>,
    sequence: Vec<Option<i64>>,
    at: Vec<i64>,
    pub(super) data: Vec<Vec<u8>>,
}

impl Rows {
    /// The rows of what is told.
    pub(super) fn of(vault: &Vault, told: impl IntoIterator<Item = Told>) -> Self {
        let mut rows = Self::default();
        for told in told {
            let row = Row::of(vault, &told);
            rows.sealed_for.push(row.sealed_for.to_vec());
            rows.kind.push(row.kind);
            rows.session.push(row.session.as_deref().map(clear));
            rows.booking.push(row.booking.as_deref().map(clear));
            rows.sequence.push(row.sequence.map(i64::from));
            rows.at.push(row.at);
            rows.data.push(row.data);
        }
        rows
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kind.is_empty()
    }

    pub(super) fn count(&self) -> i64 {
        self.kind.len() as i64
    }

    /// How many of them are a booking's.
    pub(super) fn of_bookings(&self) -> i64 {
        self.booking.iter().flatten().count() as i64
    }

    /// What writes them, in the transaction of what they tell.
    #[expect(dead_code, reason = "what is told beside sessions is written by it")]
    pub(super) fn insert(&self) -> Statement<'_> {
        sqlx::query(
            "INSERT INTO events (sealed_for, kind, session_id, booking_id, sequence, at, data)
             SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bytea[])",
        )
        .bind(&self.sealed_for)
        .bind(&self.kind)
        .bind(&self.session)
        .bind(&self.booking)
        .bind(&self.sequence)
        .bind(&self.at)
        .bind(&self.data)
    }
}

/// What [`read`] reads of an event's row.
pub(super) const COLUMNS: &str = "e.number, e.sealed_for, e.kind, e.sequence, e.at, e.data";

/// Reads an event's row.
pub(super) fn read(row: &PgRow) -> Result<Found, StoreError> {
    Ok(Found {
        number: row.try_get("number")?,
        sealed_for: row.try_get("sealed_for")?,
        kind: row.try_get("kind")?,
        sequence: row.try_get("sequence")?,
        at: row.try_get("at")?,
        data: row.try_get("data")?,
    })
}
