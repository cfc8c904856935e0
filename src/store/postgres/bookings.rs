//! Bookings for many nodes. A booking is kept with all that it takes by one statement: a leg that is another's makes that statement
//! fail and leaves nothing. Nobody waits for a lock longer than one such statement takes, and since legs are taken in the order of
//! their keys, no two nodes wait for each other. Each refusal of a leg is some other booking's success, so that to choose anew always
//! ends; nobody has to lock a party for it.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::booking_writes::{keep_statement, meaning, vn_column};
use super::pool::{Failure, Pool, Statement};
use super::resealing::{columns_of, is_to_be_made_anew};
use super::{PostgresStore, booking_writes, rotation};
use crate::call::PhoneNumber;
use crate::events::Event;
use crate::masking::booking::{Booking, BookingId, SideName, Usage};
use crate::masking::change::meant;
use crate::masking::leg::Standing;
use crate::masking::{BookingWrite, Leg, PartyKey, Picture, PoolName, PoolNumber, Vn};
use crate::store::booking_forms::{self as forms, BookingRow, LegRow, id_index, read_side};
use crate::store::bookings::{
    AT_ONCE, Asked, Block, BookingFilter, BookingKept, BookingPage, BookingStore, Degrees, Load,
    MaskedCall, OF_PAIR, OnNumber, Surroundings,
};
use crate::store::vault::Vault;
use crate::store::{Lease, StoreError};

const BOOKING: &str = "number, id_index, pair, revision, record";
const LEG: &str = "party, vn, booking, side, pair, rests_from, free_from, key_number";

/// The order of a pair's few bookings: no index has it, or the server might go through the bookings of all pairs for them.
const NEWEST: &str = "number + 0 DESC";

/// How many legs one statement deletes at most.
const BITE: i64 = 1000;

/// An hour, in milliseconds.
const HOUR: i64 = 3_600_000;

#[async_trait]
impl BookingStore for PostgresStore {
    fn party(&self, number: &PhoneNumber) -> PartyKey {
        forms::party(&self.vault.now(), number)
    }

    fn pin_key(&self, vn: Vn, pin: &str) -> [u8; 16] {
        forms::pin_key(&self.vault.now(), vn, pin)
    }

    async fn booking(&self, id: &BookingId) -> Result<Option<Booking>, StoreError> {
        let vault = self.vault.now();
        let index = columns_of(&vault, id_index(&vault, id));
        let found = self.all_bookings(&self.bookings, "id_index = ANY ($1)", |query| {
            query.bind(index.clone())
        });
        Ok(found.await?.into_iter().next())
    }

    async fn bookings(&self, filter: &BookingFilter) -> Result<BookingPage, StoreError> {
        let limit = filter.limit.max(1);
        let wanted = "number < $1 AND ($2::text IS NULL OR pool = $2) AND ($3::boolean IS NULL OR is_open = $3)
             AND ($4::bytea[] IS NULL OR number IN (SELECT booking FROM legs WHERE party = ANY ($4)))
             ORDER BY number DESC LIMIT $5";
        let vault = self.vault.now();
        let found = self.all_bookings(&self.desk, wanted, |query| {
            query
                .bind(filter.before.map_or(i64::MAX, |before| before as i64))
                .bind(filter.pool.as_ref().map(|pool| pool.as_str().to_owned()))
                .bind(filter.open)
                .bind(filter.party.map(|party| columns_of(&vault, party.0)))
                .bind(i64::from(limit) + 1)
        });
        Ok(BookingPage::cut(found.await?, limit))
    }

    async fn surroundings(&self, asked: &Asked<'_>) -> Result<Surroundings, StoreError> {
        rotation::awake(&self.bookings, &self.vault, || self.all_around(asked)).await
    }
    async fn keep_booking(
        &self,
        write: &BookingWrite,
        tells: &[Event],
    ) -> Result<BookingKept, StoreError> {
        let vault = self.vault.now();
        booking_writes::renew_for(&self.bookings, &vault, write).await?;
        let statement = keep_statement(&vault, write, tells);
        let rows = match self.bookings.run(statement).await {
            Ok(rows) => rows,
            Err(Failure::Unknown(error)) => return self.find_out(write, error).await,
            Err(Failure::Refused(error)) => return meaning(&error).ok_or_else(|| error.into()),
            Err(error) => return Err(error.into()),
        };
        let Some(row) = rows.first() else {
            return match is_to_be_made_anew(&self.bookings, &self.vault, &vault).await? {
                true => self.keep_booking(write, tells).await,
                false => Ok(BookingKept::Overtaken),
            };
        };
        let mut booking = write.booking.clone();
        match booking.number {
            0 => booking.number = row.try_get::<i64, _>("number")?.unsigned_abs(),
            _ => booking.revision += 1,
        }
        Ok(BookingKept::Stored(Box::new(booking)))
    }

    async fn masked_call(&self, asked: &MaskedCall) -> Result<Picture, StoreError> {
        rotation::awake(&self.calls, &self.vault, || self.picture(asked)).await
    }
    async fn by_pin(
        &self,
        vn: Vn,
        key: [u8; 16],
    ) -> Result<Option<(Booking, SideName)>, StoreError> {
        let vault = self.vault.now();
        let sql = format!(
            "SELECT p.side AS pin_side, b.* FROM pins AS p JOIN (SELECT {BOOKING} FROM bookings) AS b ON b.number = p.booking
             WHERE p.vn = $1 AND p.pin = ANY ($2)"
        );
        let rows = self.calls.read(|| {
            sqlx::query(sqlx::AssertSqlSafe(sql.clone()))
                .bind(vn_column(vn))
                .bind(columns_of(&vault, key))
        });
        let rows = rows.await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let side = read_side(row.try_get("pin_side")?);
        Ok(Some((self.open_booking(row)?, side)))
    }

    async fn usage(&self, booking: u64, now: Timestamp) -> Result<Usage, StoreError> {
        let since = now.as_millisecond() - HOUR;
        let rows = self.calls.read(|| {
            sqlx::query(
                "SELECT count(*) AS calls, count(*) FILTER (WHERE at > $2) AS recent,
                     coalesce(sum(talk_seconds), 0)::bigint AS talked, max(at) AS last
                 FROM masked_calls WHERE booking = $1",
            )
            .bind(booking as i64)
            .bind(since)
        });
        let rows = rows.await?;
        let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
        let count = |name| {
            row.try_get::<i64, _>(name)
                .map(|it| u32::try_from(it).unwrap_or(u32::MAX))
        };
        Ok(Usage {
            calls: count("calls")?,
            calls_last_hour: count("recent")?,
            talk_seconds: row.try_get::<i64, _>("talked")?.unsigned_abs(),
            last_call_at: row
                .try_get::<Option<i64>, _>("last")?
                .and_then(|at| Timestamp::from_millisecond(at).ok()),
        })
    }

    async fn due_bookings(&self, now: Timestamp) -> Result<Vec<Booking>, StoreError> {
        let wanted = format!("due_at <= $1 ORDER BY due_at LIMIT {AT_ONCE}");
        self.all_bookings(&self.bookings, &wanted, |query| {
            query.bind(now.as_millisecond())
        })
        .await
    }

    async fn sweep_legs(&self, lease: &Lease, now: Timestamp) -> Result<u64, StoreError> {
        let mut swept = 0;
        loop {
            let bite = self.sweep(lease, now.as_millisecond()).await?;
            swept += bite;
            if bite < BITE as u64 {
                return Ok(swept);
            }
        }
    }

    async fn erase_booking(&self, lease: &Lease, booking: &Booking) -> Result<(), StoreError> {
        let vault = self.vault.now();
        let parties: Vec<_> = booking
            .parties()
            .iter()
            .flat_map(|party| columns_of(&vault, party.0))
            .collect();
        let statement = sqlx::query(
            "WITH fence AS (
                 SELECT 1 FROM leases WHERE name = $1 AND epoch = $2 FOR SHARE
             ), gone AS (
                 DELETE FROM bookings WHERE number = $3 AND revision = $4 AND EXISTS (SELECT 1 FROM fence) RETURNING number
             ), legs_gone AS (
                 DELETE FROM legs USING gone WHERE party = ANY ($5) AND booking = gone.number RETURNING 1
             ), calls_gone AS (
                 DELETE FROM masked_calls USING gone WHERE booking = gone.number RETURNING 1
             )
             SELECT EXISTS (SELECT 1 FROM fence) AS is_ours",
        )
        .bind(lease.name.clone())
        .bind(lease.epoch)
        .bind(booking.number as i64)
        .bind(booking.revision as i64)
        .bind(parties);
        let rows = self.desk.run(statement).await?;
        ours(rows.first())
    }

    async fn bookings_on(&self, vn: Vn, now: Timestamp) -> Result<Vec<OnNumber>, StoreError> {
        let rows = self.desk.read(|| {
            sqlx::query("SELECT booking, max(rests_from) AS ends_at FROM legs WHERE vn = $1 AND rests_from > $2 GROUP BY booking")
                .bind(vn_column(vn))
                .bind(now.as_millisecond())
        });
        let rows = rows.await?;
        let on = rows.iter().map(|row| {
            let ends_at = Timestamp::from_millisecond(row.try_get("ends_at")?);
            Ok(OnNumber {
                booking: row.try_get::<i64, _>("booking")?.unsigned_abs(),
                ends_at: ends_at.unwrap_or(Timestamp::MAX),
            })
        });
        on.collect()
    }

    async fn by_numbers(&self, numbers: &[u64]) -> Result<Vec<Booking>, StoreError> {
        let numbers: Vec<_> = numbers.iter().map(|number| *number as i64).collect();
        self.all_bookings(&self.bookings, "number = ANY ($1)", |query| {
            query.bind(numbers.clone())
        })
        .await
    }

    async fn loads(&self, now: Timestamp) -> Result<Vec<Load>, StoreError> {
        let rows = self.desk.read(|| {
            sqlx::query(
                "SELECT vn, sum(legs)::bigint AS legs, sum(pins)::bigint AS pins FROM (
                     SELECT vn, count(*) AS legs, 0 AS pins FROM legs WHERE rests_from > $1 GROUP BY vn
                     UNION ALL SELECT vn, 0, count(*) FROM pins WHERE free_from > $1 GROUP BY vn
                 ) AS both_kinds GROUP BY vn",
            )
            .bind(now.as_millisecond())
        });
        let rows = rows.await?;
        let load = |row: &PgRow| {
            let vn = u32::try_from(row.try_get::<i32, _>("vn")?).unwrap_or_default();
            Ok(Load {
                vn: Vn(vn),
                legs: row.try_get::<i64, _>("legs")?.unsigned_abs(),
                pins: row.try_get::<i64, _>("pins")?.unsigned_abs(),
            })
        };
        rows.iter().map(load).collect()
    }

    async fn degrees(&self, pool: &PoolName, now: Timestamp) -> Result<Degrees, StoreError> {
        let mut degrees = [Vec::new(), Vec::new()];
        for (side, degrees) in [0_i16, 1].into_iter().zip(&mut degrees) {
            let rows = self.desk.read(|| {
                sqlx::query(
                    "SELECT count(*) AS legs FROM legs AS l JOIN bookings AS b ON b.number = l.booking
                     WHERE b.pool = $1 AND l.free_from > $2 AND l.side = $3
                     GROUP BY l.party ORDER BY 1 DESC LIMIT 1000",
                )
                .bind(pool.as_str().to_owned())
                .bind(now.as_millisecond())
                .bind(side)
            });
            for row in rows.await? {
                degrees.push(u32::try_from(row.try_get::<i64, _>("legs")?).unwrap_or(u32::MAX));
            }
        }
        let [a, b] = degrees;
        Ok(Degrees { a, b })
    }

    async fn pool_numbers(&self) -> Result<Vec<PoolNumber>, StoreError> {
        rotation::awake(&self.desk, &self.vault, || self.all_pool_numbers()).await
    }

    async fn keep_pool_number(&self, number: &PoolNumber) -> Result<PoolNumber, StoreError> {
        self.put_pool_number(number).await
    }

    async fn block(&self, party: PartyKey, block: Block) -> Result<(), StoreError> {
        self.put_block(party, block).await
    }
}

impl PostgresStore {
    async fn all_around(&self, asked: &Asked<'_>) -> Result<Surroundings, StoreError> {
        let vault = self.vault.now();
        let index = columns_of(&vault, id_index(&vault, asked.id));
        let pair = columns_of(&vault, asked.pair.0);
        let parties = asked.parties.iter();
        let parties: Vec<_> = parties
            .flat_map(|party| columns_of(&vault, party.0))
            .collect();
        let sql = format!(
            "SELECT 0 AS kind, {BOOKING}, NULL::bytea AS party, 0 AS vn, 0::bigint AS booking, 0::smallint AS side,
                 0::bigint AS rests_from, 0::bigint AS free_from, 0::smallint AS key_number
             FROM bookings WHERE id_index = ANY ($1)
             UNION ALL
             (SELECT 1, {BOOKING}, NULL, 0, 0, 0::smallint, 0, 0, 0::smallint FROM bookings WHERE pair = ANY ($2)
              ORDER BY {NEWEST} LIMIT {OF_PAIR})
             UNION ALL
             SELECT 2, 0, NULL, pair, 0, NULL, party, vn, booking, side, rests_from, free_from, key_number
             FROM legs WHERE party = ANY ($3)"
        );
        let rows = self.bookings.read(|| {
            sqlx::query(sqlx::AssertSqlSafe(sql.clone()))
                .bind(index.clone())
                .bind(pair.clone())
                .bind(parties.clone())
        });
        let mut found = Surroundings::default();
        for row in rows.await? {
            match row.try_get::<i32, _>("kind")? {
                0 => found.known = Some(self.open_booking(&row)?),
                1 => found.of_pair.push(self.open_booking(&row)?),
                _ => found.legs.push(open_leg(&vault, &row)?),
            }
        }
        Ok(found)
    }

    /// All that bears on a masked call.
    async fn picture(&self, asked: &MaskedCall) -> Result<Picture, StoreError> {
        let vault = self.vault.now();
        let mut picture = Picture::default();
        let now = asked.now.as_millisecond();
        if let Some(caller) = asked.caller {
            let sql = format!(
                "SELECT l.*, b.*, EXISTS (SELECT 1 FROM blocked_parties AS x WHERE x.party = ANY ($1)
                     AND (x.until IS NULL OR x.until > $3)) AS is_blocked
                 FROM (SELECT 1) AS one
                 LEFT JOIN (SELECT party, vn, booking, side, pair AS leg_pair, rests_from, free_from,
                     key_number FROM legs) AS l ON l.party = ANY ($1) AND l.vn = $2
                 LEFT JOIN (SELECT {BOOKING} FROM bookings) AS b ON b.number = l.booking"
            );
            let rows = self.calls.read(|| {
                sqlx::query(sqlx::AssertSqlSafe(sql.clone()))
                    .bind(columns_of(&vault, caller.0))
                    .bind(vn_column(asked.vn))
                    .bind(now)
            });
            let rows = rows.await?;
            let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
            picture.is_blocked = row.try_get("is_blocked")?;
            if row.try_get::<Option<Vec<u8>>, _>("party")?.is_some() {
                let leg = open_leg_as(&vault, row, "leg_pair")?;
                picture.leg = Some(leg);
                if leg.standing(asked.now) != Standing::Free {
                    let own = match row.try_get::<Option<i64>, _>("number")? {
                        Some(_) => Some(self.open_booking(row)?),
                        None => None,
                    };
                    picture.booking = self.connectable(own, &leg, caller, asked.now).await?;
                    if let Some(booking) = &picture.booking
                        && booking.depends_on_usage()
                    {
                        picture.usage = self.usage(booking.number, asked.now).await?;
                    }
                    return Ok(picture);
                }
            }
            picture.elsewhere = self.elsewhere(caller, asked.now).await?;
        }
        let rows = self.calls.read(|| {
            sqlx::query("SELECT count(*) FROM (SELECT 1 FROM pins WHERE vn = $1 AND free_from > $2 LIMIT 2) AS found")
                .bind(vn_column(asked.vn))
                .bind(now)
        });
        let rows = rows.await?;
        let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
        picture.pins = row.try_get::<i64, _>(0)?.unsigned_abs();
        Ok(picture)
    }

    async fn all_bookings<'q>(
        &self,
        pool: &Pool,
        wanted: &str,
        bind: impl Fn(Statement<'q>) -> Statement<'q> + Send + Sync,
    ) -> Result<Vec<Booking>, StoreError> {
        let sql = format!("SELECT {BOOKING} FROM bookings WHERE {wanted}");
        let rows = pool.read(|| bind(sqlx::query(sqlx::AssertSqlSafe(sql.clone()))));
        rows.await?
            .iter()
            .map(|row| self.open_booking(row))
            .collect()
    }

    fn open_booking(&self, row: &PgRow) -> Result<Booking, StoreError> {
        let row = BookingRow {
            number: row.try_get("number")?,
            index: row.try_get("id_index")?,
            pair: row.try_get("pair")?,
            revision: row.try_get("revision")?,
            record: row.try_get("record")?,
        };
        row.open(&self.vault.now())
    }

    /// The connection broke in the middle: whether it was written is seen by what stands there, and never tried again.
    async fn find_out(
        &self,
        write: &BookingWrite,
        broke: sqlx::Error,
    ) -> Result<BookingKept, StoreError> {
        let found = self.booking(&write.booking.id).await?;
        let wanted = &write.booking;
        let revision = match wanted.number {
            0 => 0,
            _ => wanted.revision + 1,
        };
        match found {
            Some(found) => {
                let as_written = Booking {
                    number: found.number,
                    revision,
                    ..wanted.clone()
                };
                match found == as_written {
                    true => Ok(BookingKept::Stored(Box::new(found))),
                    false if found.number == wanted.number && found.revision == wanted.revision => {
                        Err(broke.into())
                    }
                    false => Ok(BookingKept::Overtaken),
                }
            }
            None => Err(broke.into()),
        }
    }

    /// The leg's booking; when that is over, one of the same pair that is not and has the caller on the same number.
    async fn connectable(
        &self,
        own: Option<Booking>,
        leg: &Leg,
        caller: PartyKey,
        now: Timestamp,
    ) -> Result<Option<Booking>, StoreError> {
        if own.as_ref().is_some_and(|own| own.is_open(now)) {
            return Ok(own);
        }
        let vault = self.vault.now();
        let wanted = format!("pair = ANY ($1) ORDER BY {NEWEST} LIMIT {OF_PAIR}");
        let others = self.all_bookings(&self.bookings, &wanted, |query| {
            query.bind(columns_of(&vault, leg.pair.0))
        });
        Ok(meant(own, others.await?, caller, leg.vn, now))
    }

    /// The live bookings of a party, by its legs, up to two.
    async fn elsewhere(
        &self,
        caller: PartyKey,
        now: Timestamp,
    ) -> Result<Vec<(Booking, SideName)>, StoreError> {
        let vault = self.vault.now();
        let sql = format!("SELECT {LEG} FROM legs WHERE party = ANY ($1) AND rests_from > $2");
        let rows = self.calls.read(|| {
            sqlx::query(sqlx::AssertSqlSafe(sql.clone()))
                .bind(columns_of(&vault, caller.0))
                .bind(now.as_millisecond())
        });
        let rows = rows.await?;
        let legs: Result<Vec<_>, _> = rows.iter().map(|row| open_leg(&vault, row)).collect();
        let mut found: Vec<(Booking, SideName)> = Vec::new();
        for leg in legs? {
            if found.len() == 2 {
                break;
            }
            let own = self.by_numbers(&[leg.booking]).await?.into_iter().next();
            let booking = self.connectable(own, &leg, caller, now).await?;
            if let Some(booking) = booking.filter(|it| it.is_open(now))
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

    /// Deletes some of what is nobody's.
    async fn sweep(&self, lease: &Lease, now: i64) -> Result<u64, StoreError> {
        let statement = sqlx::query(
            "WITH fence AS (
                 SELECT 1 FROM leases WHERE name = $1 AND epoch = $2 FOR SHARE
             ), old AS (
                 SELECT party, vn FROM legs WHERE free_from <= $3 AND EXISTS (SELECT 1 FROM fence)
                 ORDER BY free_from LIMIT $4 FOR UPDATE SKIP LOCKED
             ), gone AS (
                 DELETE FROM legs USING old WHERE legs.party = old.party AND legs.vn = old.vn RETURNING 1
             ), old_pins AS (
                 SELECT vn, pin FROM pins WHERE free_from <= $3 AND EXISTS (SELECT 1 FROM fence)
                 ORDER BY free_from LIMIT $4 FOR UPDATE SKIP LOCKED
             ), gone_pins AS (
                 DELETE FROM pins USING old_pins WHERE pins.vn = old_pins.vn AND pins.pin = old_pins.pin RETURNING 1
             )
             SELECT EXISTS (SELECT 1 FROM fence) AS is_ours,
                 greatest((SELECT count(*) FROM gone), (SELECT count(*) FROM gone_pins)) AS swept",
        )
        .bind(lease.name.clone())
        .bind(lease.epoch)
        .bind(now)
        .bind(BITE);
        let rows = self.desk.run(statement).await?;
        ours(rows.first())?;
        let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
        Ok(row.try_get::<i64, _>("swept")?.unsigned_abs())
    }
}

fn ours(row: Option<&PgRow>) -> Result<(), StoreError> {
    match row.ok_or(sqlx::Error::RowNotFound)?.try_get("is_ours")? {
        true => Ok(()),
        false => Err(StoreError::LeaseLost),
    }
}

fn open_leg(vault: &Vault, row: &PgRow) -> Result<Leg, StoreError> {
    open_leg_as(vault, row, "pair")
}

fn open_leg_as(vault: &Vault, row: &PgRow, pair: &str) -> Result<Leg, StoreError> {
    let row = LegRow {
        party: row.try_get("party")?,
        vn: row.try_get::<i32, _>("vn")?.into(),
        booking: row.try_get("booking")?,
        side: row.try_get("side")?,
        pair: row.try_get(pair)?,
        rests_from: row.try_get("rests_from")?,
        free_from: row.try_get("free_from")?,
        key_number: row.try_get("key_number")?,
    };
    row.leg(vault)
}
