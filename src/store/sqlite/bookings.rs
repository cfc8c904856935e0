//! What is found again of bookings: look-ups in place, since a live call waits for some of them.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{SqliteStore, resealing};
use crate::call::PhoneNumber;
use crate::events::Event;
use crate::masking::booking::{Booking, BookingId, SideName, Usage};
use crate::masking::change::meant;
use crate::masking::leg::Standing;
use crate::masking::{BookingWrite, Leg, PairKey, PartyKey, Picture, PoolName, PoolNumber, Vn};
use crate::store::booking_forms::{
    self as forms, BookingRow, LegRow, id_index, number_index, read_side, seal_number,
};
use crate::store::bookings::{
    AT_ONCE, Asked, Block, BookingFilter, BookingKept, BookingPage, BookingStore, Degrees, Load,
    MaskedCall, OF_PAIR, OnNumber, Surroundings,
};
use crate::store::resealing::{BLOCKED, POOL_NUMBERS};
use crate::store::vault::Vault;
use crate::store::{Lease, StoreError};

const BOOKING: &str = "number, id_index, pair, revision, record";
const LEG: &str = "party, vn, booking, side, pair, rests_from, free_from, key_number";

/// How many legs one transaction deletes at most.
const BITE: i64 = 1000;

/// An hour, in milliseconds.
const HOUR: i64 = 3_600_000;

#[async_trait]
impl BookingStore for SqliteStore {
    fn party(&self, number: &PhoneNumber) -> PartyKey {
        forms::party(&self.vault.now(), number)
    }

    fn pin_key(&self, vn: Vn, pin: &str) -> [u8; 16] {
        forms::pin_key(&self.vault.now(), vn, pin)
    }

    async fn booking(&self, id: &BookingId) -> Result<Option<Booking>, StoreError> {
        let vault = self.vault.now();
        self.lookups.with(|db| by_id(db, &vault, id))
    }

    async fn bookings(&self, filter: &BookingFilter) -> Result<BookingPage, StoreError> {
        self.lookups.with(|db| page(db, &self.vault.now(), filter))
    }

    async fn surroundings(&self, asked: &Asked<'_>) -> Result<Surroundings, StoreError> {
        let vault = self.vault.now();
        self.lookups.with(|db| {
            Ok(Surroundings {
                known: by_id(db, &vault, asked.id)?,
                legs: legs(db, &vault, asked.parties)?,
                of_pair: of_pair(db, &vault, asked.pair)?,
            })
        })
    }

    async fn keep_booking(
        &self,
        write: &BookingWrite,
        tells: &[Event],
    ) -> Result<BookingKept, StoreError> {
        let tells = tells.to_vec();
        self.bookings.keep(&self.vault, write.clone(), tells).await
    }

    async fn masked_call(&self, asked: &MaskedCall) -> Result<Picture, StoreError> {
        let mut picture = self.lookups.with(|db| look(db, &self.vault.now(), asked))?;
        if let Some(booking) = &picture.booking
            && booking.depends_on_usage()
        {
            picture.usage = self.usage(booking.number, asked.now).await?;
        }
        Ok(picture)
    }

    async fn by_pin(
        &self,
        vn: Vn,
        key: [u8; 16],
    ) -> Result<Option<(Booking, SideName)>, StoreError> {
        let vault = self.vault.now();
        let [form, other] = vault.forms(key);
        self.lookups.with(|db| {
            let found: Option<(i64, i16)> = db
                .prepare_cached("SELECT booking, side FROM pins WHERE vn = ?1 AND pin IN (?2, ?3)")?
                .query_row(params![vn.0, form, other], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()?;
            let Some((number, side)) = found else {
                return Ok(None);
            };
            let booking = by_number(db, &vault, number)?;
            Ok(booking.map(|booking| (booking, read_side(side))))
        })
    }

    async fn usage(&self, booking: u64, now: Timestamp) -> Result<Usage, StoreError> {
        let since = now.as_millisecond() - HOUR;
        let pending = self.memory.calls_of(booking);
        let (calls, recent, talked, last) = self.lookups.with(|db| {
            let mut select = db.prepare_cached(
                "SELECT count(*), count(*) FILTER (WHERE at > ?3),
                     coalesce(sum(talk_seconds) FILTER (WHERE talk_seq <= ?2), 0), max(at)
                 FROM masked_calls WHERE booking = ?1 AND seq <= ?2",
            )?;
            let of = params![booking as i64, pending.projected as i64, since];
            Ok(select.query_row(of, |row| {
                Ok((
                    row.get::<_, u32>(0)?,
                    row.get::<_, u32>(1)?,
                    row.get::<_, i64>(2)?,
                    row.get::<_, Option<i64>>(3)?,
                ))
            })?)
        })?;
        let fresh = pending.at.iter().filter(|at| **at > since).count();
        let newest = pending.at.iter().copied().max().max(last);
        let count = |more: usize| u32::try_from(more).unwrap_or(u32::MAX);
        Ok(Usage {
            calls: calls.saturating_add(count(pending.at.len())),
            calls_last_hour: recent.saturating_add(count(fresh)),
            talk_seconds: talked.unsigned_abs() + pending.talk_seconds,
            last_call_at: newest.and_then(|at| Timestamp::from_millisecond(at).ok()),
        })
    }

    async fn due_bookings(&self, now: Timestamp) -> Result<Vec<Booking>, StoreError> {
        let wanted = format!("due_at <= ?1 ORDER BY due_at LIMIT {AT_ONCE}");
        self.lookups
            .with(|db| all(db, &self.vault.now(), &wanted, [now.as_millisecond()]))
    }

    async fn sweep_legs(&self, lease: &Lease, now: Timestamp) -> Result<u64, StoreError> {
        let now = now.as_millisecond();
        let mut swept = 0;
        loop {
            self.hold_against(Some(lease))?;
            let bite = self.bookings.run(move |db| Ok(sweep(db, now)?)).await?;
            swept += bite;
            if bite < BITE as u64 {
                return Ok(swept);
            }
        }
    }

    async fn erase_booking(&self, lease: &Lease, booking: &Booking) -> Result<(), StoreError> {
        self.hold_against(Some(lease))?;
        let booking = booking.clone();
        self.catch_up().await;
        let vault = self.vault.clone();
        self.bookings
            .run(move |db| Ok(erase(db, &vault.now(), &booking)?))
            .await
    }

    async fn bookings_on(&self, vn: Vn, now: Timestamp) -> Result<Vec<OnNumber>, StoreError> {
        let now = now.as_millisecond();
        self.lookups.with(|db| {
            let mut select = db.prepare_cached(
                "SELECT booking, max(rests_from) FROM legs WHERE vn = ?1 AND rests_from > ?2 GROUP BY booking",
            )?;
            let found = select.query_map(params![vn.0, now], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
            })?;
            let mut on = Vec::new();
            for row in found {
                let (booking, ends_at) = row?;
                on.push(OnNumber {
                    booking: booking.unsigned_abs(),
                    ends_at: Timestamp::from_millisecond(ends_at).unwrap_or(Timestamp::MAX),
                });
            }
            Ok(on)
        })
    }

    async fn by_numbers(&self, numbers: &[u64]) -> Result<Vec<Booking>, StoreError> {
        self.lookups.with(|db| {
            let found = numbers
                .iter()
                .map(|number| by_number(db, &self.vault.now(), *number as i64));
            let found: Result<Vec<_>, _> = found.collect();
            Ok(found?.into_iter().flatten().collect())
        })
    }

    async fn loads(&self, now: Timestamp) -> Result<Vec<Load>, StoreError> {
        let readers = self.readers.clone();
        let rows: Vec<(i64, i64, i64)> = sqlx::query_as(
            "SELECT vn, sum(legs), sum(pins) FROM (
                 SELECT vn, count(*) AS legs, 0 AS pins FROM legs WHERE rests_from > ?1 GROUP BY vn
                 UNION ALL SELECT vn, 0, count(*) FROM pins WHERE free_from > ?1 GROUP BY vn
             ) GROUP BY vn",
        )
        .bind(now.as_millisecond())
        .fetch_all(&readers)
        .await?;
        let load = |(vn, legs, pins): (i64, i64, i64)| Load {
            vn: Vn(u32::try_from(vn).unwrap_or_default()),
            legs: legs.unsigned_abs(),
            pins: pins.unsigned_abs(),
        };
        Ok(rows.into_iter().map(load).collect())
    }

    async fn degrees(&self, pool: &PoolName, now: Timestamp) -> Result<Degrees, StoreError> {
        let mut degrees = [Vec::new(), Vec::new()];
        for (side, degrees) in degrees.iter_mut().enumerate() {
            let rows: Vec<(i64,)> = sqlx::query_as(
                "SELECT count(*) FROM legs AS l JOIN bookings AS b ON b.number = l.booking
                 WHERE b.pool = ?1 AND l.free_from > ?2 AND l.side = ?3
                 GROUP BY l.party ORDER BY 1 DESC LIMIT 1000",
            )
            .bind(pool.as_str())
            .bind(now.as_millisecond())
            .bind(side as i64)
            .fetch_all(&self.readers)
            .await?;
            degrees.extend(
                rows.into_iter()
                    .map(|(count,)| u32::try_from(count).unwrap_or(u32::MAX)),
            );
        }
        let [a, b] = degrees;
        Ok(Degrees { a, b })
    }

    async fn pool_numbers(&self) -> Result<Vec<PoolNumber>, StoreError> {
        self.lookups.with(|db| {
            let mut select =
                db.prepare_cached("SELECT vn, number_index, record FROM pool_numbers ORDER BY vn")?;
            let found = select.query_map([], |row| {
                Ok((
                    row.get::<_, i64>(0)?,
                    row.get::<_, Vec<u8>>(1)?,
                    row.get::<_, Vec<u8>>(2)?,
                ))
            })?;
            let opened = found.map(|row| {
                let (vn, index, record) = row?;
                forms::open_number(&self.vault.now(), vn, &index, &record)
            });
            opened.collect()
        })
    }

    async fn keep_pool_number(&self, number: &PoolNumber) -> Result<PoolNumber, StoreError> {
        let (vault, kept) = (self.vault.clone(), number.clone());
        let kept = self.bookings.run(move |db| {
            let vault = vault.now();
            let index = number_index(&vault, &kept.number);
            let [form, other] = vault.forms(index);
            resealing::renew(db, &vault, POOL_NUMBERS, "number_index = ?1", &[&other])?;
            let record = seal_number(&vault, &index, &kept);
            let sql = "INSERT INTO pool_numbers (number_index, record) VALUES (?1, ?2)
                 ON CONFLICT (number_index) DO UPDATE SET record = ?2 RETURNING vn";
            Ok(db.query_row(sql, params![form, record], |row| row.get::<_, u32>(0))?)
        });
        Ok(PoolNumber {
            vn: Vn(kept.await?),
            ..number.clone()
        })
    }

    async fn block(&self, party: PartyKey, block: Block) -> Result<(), StoreError> {
        let put = "INSERT INTO blocked_parties (party, until, key_number) VALUES (?1, ?2, ?3)
             ON CONFLICT (party) DO UPDATE SET until = ?2";
        let vault = self.vault.clone();
        let work = move |db: &Connection| {
            let vault = vault.now();
            let ([form, other], key) = (vault.forms(party.0), vault.number());
            resealing::renew(db, &vault, BLOCKED, "party = ?1", &[&other])?;
            match block {
                Block::Until(until) => {
                    db.execute(put, params![form, until.as_millisecond(), key])?
                }
                Block::ForGood => db.execute(put, params![form, None::<i64>, key])?,
                Block::Lifted => {
                    db.execute("DELETE FROM blocked_parties WHERE party = ?1", [form])?
                }
            };
            Ok(())
        };
        self.bookings.run(work).await
    }
}

/// All that bears on a call.
fn look(db: &Connection, vault: &Vault, asked: &MaskedCall) -> Result<Picture, StoreError> {
    let mut picture = Picture::default();
    let now = asked.now.as_millisecond();
    if let Some(caller) = asked.caller {
        let [form, other] = vault.forms(caller.0);
        picture.leg = leg(db, vault, caller, asked.vn)?;
        picture.is_blocked = db
            .prepare_cached(
                "SELECT 1 FROM blocked_parties WHERE party IN (?1, ?2) AND (until IS NULL OR until > ?3)",
            )?
            .exists(params![form, other, now])?;
        if let Some(leg) = picture
            .leg
            .filter(|leg| leg.standing(asked.now) != Standing::Free)
        {
            picture.booking = connectable(db, vault, &leg, caller, asked.now)?;
            return Ok(picture);
        }
        picture.elsewhere = elsewhere(db, vault, caller, asked)?;
    }
    let mut pins = db.prepare_cached(
        "SELECT count(*) FROM (SELECT 1 FROM pins WHERE vn = ?1 AND free_from > ?2 LIMIT 2)",
    )?;
    picture.pins = pins
        .query_row(params![asked.vn.0, now], |row| row.get::<_, i64>(0))?
        .unsigned_abs();
    Ok(picture)
}

/// The leg's booking; when that is over, one of the same pair that is not and has the caller on the same number.
fn connectable(
    db: &Connection,
    vault: &Vault,
    leg: &Leg,
    caller: PartyKey,
    now: Timestamp,
) -> Result<Option<Booking>, StoreError> {
    let own = by_number(db, vault, leg.booking as i64)?;
    if own.as_ref().is_some_and(|own| own.is_open(now)) {
        return Ok(own);
    }
    let others = of_pair(db, vault, leg.pair)?;
    Ok(meant(own, others, caller, leg.vn, now))
}

/// The live bookings of a party, by its legs, up to two.
fn elsewhere(
    db: &Connection,
    vault: &Vault,
    caller: PartyKey,
    asked: &MaskedCall,
) -> Result<Vec<(Booking, SideName)>, StoreError> {
    let mut found: Vec<(Booking, SideName)> = Vec::new();
    for leg in legs(db, vault, &[caller])? {
        if found.len() == 2 || leg.standing(asked.now) != Standing::Held {
            continue;
        }
        let booking = connectable(db, vault, &leg, caller, asked.now)?;
        let live = booking.filter(|it| it.is_open(asked.now));
        if let Some(booking) = live
            && let Some(side) = booking.side_of(caller)
            && !found
                .iter()
                .any(|(known, _)| known.number == booking.number)
        {
            found.push((booking, side));
        }
    }
    Ok(found)
}

fn leg(db: &Connection, vault: &Vault, party: PartyKey, vn: Vn) -> Result<Option<Leg>, StoreError> {
    let mut select = db.prepare_cached(&format!(
        "SELECT {LEG} FROM legs WHERE party IN (?1, ?2) AND vn = ?3"
    ))?;
    let [form, other] = vault.forms(party.0);
    let found = select
        .query_row(params![form, other, vn.0], leg_row)
        .optional()?;
    found.map(|row| row.leg(vault)).transpose()
}

fn legs(db: &Connection, vault: &Vault, parties: &[PartyKey]) -> Result<Vec<Leg>, StoreError> {
    let mut select =
        db.prepare_cached(&format!("SELECT {LEG} FROM legs WHERE party IN (?1, ?2)"))?;
    let mut found = Vec::new();
    for party in parties {
        for row in select.query_map(vault.forms(party.0), leg_row)? {
            found.push(row?.leg(vault)?);
        }
    }
    Ok(found)
}

fn leg_row(row: &Row<'_>) -> Result<LegRow, rusqlite::Error> {
    Ok(LegRow {
        party: row.get(0)?,
        vn: row.get(1)?,
        booking: row.get(2)?,
        side: row.get(3)?,
        pair: row.get(4)?,
        rests_from: row.get(5)?,
        free_from: row.get(6)?,
        key_number: row.get(7)?,
    })
}

fn by_id(db: &Connection, vault: &Vault, id: &BookingId) -> Result<Option<Booking>, StoreError> {
    let forms = vault.forms(id_index(vault, id));
    let found = all(db, vault, "id_index IN (?1, ?2)", forms)?;
    Ok(found.into_iter().next())
}

pub(super) fn by_number(
    db: &Connection,
    vault: &Vault,
    number: i64,
) -> Result<Option<Booking>, StoreError> {
    let found = all(db, vault, "number = ?1", [number])?;
    Ok(found.into_iter().next())
}

fn of_pair(db: &Connection, vault: &Vault, pair: PairKey) -> Result<Vec<Booking>, StoreError> {
    let wanted = format!("pair IN (?1, ?2) ORDER BY number DESC LIMIT {OF_PAIR}");
    all(db, vault, &wanted, vault.forms(pair.0))
}

fn all(
    db: &Connection,
    vault: &Vault,
    wanted: &str,
    of: impl rusqlite::Params,
) -> Result<Vec<Booking>, StoreError> {
    let mut select =
        db.prepare_cached(&format!("SELECT {BOOKING} FROM bookings WHERE {wanted}"))?;
    let found = select.query_map(of, |row| {
        Ok(BookingRow {
            number: row.get(0)?,
            index: row.get(1)?,
            pair: row.get(2)?,
            revision: row.get(3)?,
            record: row.get(4)?,
        })
    })?;
    found.map(|row| row?.open(vault)).collect()
}

fn page(db: &Connection, vault: &Vault, filter: &BookingFilter) -> Result<BookingPage, StoreError> {
    let before = filter.before.map_or(i64::MAX, |before| before as i64);
    let limit = i64::from(filter.limit.max(1)) + 1;
    let pool = filter.pool.as_ref().map(|pool| pool.as_str().to_owned());
    let forms = filter.party.map(|party| vault.forms(party.0));
    let [form, other] = [0, 1].map(|at| forms.map(|forms| forms[at]));
    let wanted = "number < ?1 AND (?2 IS NULL OR pool = ?2) AND (?3 IS NULL OR is_open = ?3)
         AND (?4 IS NULL OR number IN (SELECT booking FROM legs WHERE party IN (?4, ?5)))
         ORDER BY number DESC LIMIT ?6";
    let bookings = all(
        db,
        vault,
        wanted,
        params![before, pool, filter.open, form, other, limit],
    )?;
    Ok(BookingPage::cut(bookings, filter.limit.max(1)))
}

/// Deletes some of what is nobody's.
fn sweep(db: &Connection, now: i64) -> Result<u64, rusqlite::Error> {
    let legs = db
        .prepare_cached(
            "DELETE FROM legs WHERE (party, vn) IN
                 (SELECT party, vn FROM legs WHERE free_from <= ?1 ORDER BY free_from LIMIT ?2)",
        )?
        .execute(params![now, BITE])?;
    let pins = db
        .prepare_cached(
            "DELETE FROM pins WHERE (vn, pin) IN
                 (SELECT vn, pin FROM pins WHERE free_from <= ?1 ORDER BY free_from LIMIT ?2)",
        )?
        .execute(params![now, BITE])?;
    Ok(legs.max(pins) as u64)
}

fn erase(db: &Connection, vault: &Vault, booking: &Booking) -> Result<(), rusqlite::Error> {
    let number = booking.number as i64;
    for party in booking.parties() {
        let [form, other] = vault.forms(party.0);
        db.prepare_cached("DELETE FROM legs WHERE party IN (?1, ?2) AND booking = ?3")?
            .execute(params![form, other, number])?;
    }
    db.prepare_cached("DELETE FROM masked_calls WHERE booking = ?1")?
        .execute([number])?;
    db.prepare_cached("DELETE FROM bookings WHERE number = ?1 AND revision = ?2")?
        .execute(params![number, booking.revision as i64])?;
    Ok(())
}
