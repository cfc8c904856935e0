//! Fills a database with bookings, many times faster than they can be asked for, so that a server which has millions can be measured.
//! The rows are those that the writer of bookings would write; but what is scattered over a table by its key is written in the key's
//! order, and the indexes are made afterwards.

use rusqlite::Connection;

use super::SqliteStore;
use super::booking_writes::{put, take};
use crate::masking::{BookingWrite, Leg};
use crate::store::StoreError;
use crate::store::booking_forms::{id_index, seal};
use crate::store::vault::Vault;

/// How many rows one transaction writes.
const BITE: usize = 100_000;

impl SqliteStore {
    /// Adds bookings that are new, with the legs that they take. Nothing is told of them, and nothing that is there already is
    /// looked at. A database on which this fails has lost its indexes: throw it away.
    ///
    /// # Errors
    ///
    /// The store's; [`StoreError::Unusable`] when two of the bookings take one number for one party.
    pub async fn fill(
        &self,
        mut bookings: impl Iterator<Item = BookingWrite>,
    ) -> Result<(), StoreError> {
        let vault = self.vault.now();
        let indexes = self.bookings.run(drop_indexes).await?;
        let mut legs = Vec::new();
        loop {
            let bite: Vec<_> = bookings.by_ref().take(BITE).collect();
            if bite.is_empty() {
                break;
            }
            let vault = vault.clone();
            let write = move |db: &Connection| write_bookings(db, &vault, bite);
            legs.extend(self.bookings.run(write).await?);
        }
        let place = |leg: &Leg| (vault.form(leg.party.0), leg.vn);
        legs.sort_unstable_by_key(place);
        if legs.windows(2).any(|two| place(&two[0]) == place(&two[1])) {
            let twice = "two bookings take one number for one party";
            return Err(StoreError::Unusable(twice.to_owned()));
        }
        for bite in legs.chunks(BITE) {
            let (vault, bite) = (vault.clone(), bite.to_vec());
            let write = move |db: &Connection| {
                bite.iter()
                    .try_for_each(|leg| take(db, &vault, leg, leg.booking))
            };
            self.bookings.run(write).await?;
        }
        for index in indexes {
            let make = move |db: &Connection| Ok(db.execute_batch(&index)?);
            self.bookings.run(make).await?;
        }
        Ok(())
    }
}

/// Drops the indexes of the tables that are filled. Returns what makes them again.
fn drop_indexes(db: &Connection) -> Result<Vec<String>, StoreError> {
    let mut select = db.prepare(
        "SELECT name, sql FROM sqlite_schema
         WHERE type = 'index' AND tbl_name IN ('bookings', 'legs') AND sql IS NOT NULL",
    )?;
    let found = select.query_map([], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
    })?;
    let found = found.collect::<Result<Vec<_>, _>>()?;
    let mut indexes = Vec::new();
    for (name, sql) in found {
        db.execute_batch(&format!("DROP INDEX {name}"))?;
        indexes.push(sql);
    }
    Ok(indexes)
}

/// Writes the rows of bookings. Returns their legs.
fn write_bookings(
    db: &Connection,
    vault: &Vault,
    writes: Vec<BookingWrite>,
) -> Result<Vec<Leg>, StoreError> {
    let mut legs = Vec::with_capacity(2 * writes.len());
    for write in writes {
        let mut booking = write.booking.clone();
        let index = id_index(vault, &booking.id);
        let record = seal(vault, &index, &booking);
        put(db, vault, &mut booking, &write, &index, &record)?;
        legs.extend(write.takes.iter().map(|leg| Leg {
            booking: booking.number,
            ..*leg
        }));
    }
    Ok(legs)
}
