//! Keeping a booking with all that it takes: one statement, which leaves nothing when a leg is another's.

use super::events::Rows;
use super::pool::{Pool, Statement};
use super::resealing::{columns_of, fenced, renew};
use crate::events::{Event, Told};
use crate::masking::{BookingWrite, Leg, Vn};
use crate::store::StoreError;
use crate::store::booking_forms::{id_index, seal, side_number, side_word};
use crate::store::bookings::BookingKept;
use crate::store::resealing::{BOOKINGS, LEGS, PINS};
use crate::store::vault::Vault;

/// 22012, division by zero: a leg is another booking's.
const TAKEN: &str = "22012";
/// 2201F, the root of a negative number: a PIN is another booking's.
const PIN_TAKEN: &str = "2201F";
/// 2201E, the logarithm of zero: a leg that was to be changed is no longer the booking's.
const NOT_OWN: &str = "2201E";

/// Makes the booking's own row, unless there is one.
const MADE: &str = "
    WITH it AS (
        INSERT INTO bookings (id_index, pair, pool, is_open, due_at, revision, record, events)
        SELECT $1, $2, $3, $4, $5, 0, $6, $30 WHERE {fence}
        ON CONFLICT (id_index) DO NOTHING RETURNING number, events
    )";

/// Changes it, if it still is as it was read.
const CHANGED: &str = "
    WITH it AS (
        UPDATE bookings SET pair = $2, is_open = $4, due_at = $5, record = $6, revision = revision + 1,
            events = events + $30
        WHERE number = $7 AND revision = $8 AND {fence} RETURNING number, events
    )";

/// What is kept beside the booking's own row `it`: nothing when that was not written. What most bookings have is unnested in a list of
/// columns: of a function in FROM the server makes a table first, which costs more than so few rows do.
struct Part {
    /// What writes it.
    with: &'static str,
    /// An expression that fails on purpose, each in another way, when not all of it was had: that undoes the whole statement.
    had: &'static str,
}

const TOLD: Part = Part {
    with: ", told AS (
        INSERT INTO events (sealed_for, kind, booking_id, sequence, at, data)
        SELECT t.sealed_for, t.kind, t.booking, CASE WHEN t.booking IS NOT NULL THEN it.events - $30 + t.place END, $15, t.data
        FROM it, (SELECT unnest($31::bytea[]) AS sealed_for, unnest($32::text[]) AS kind, unnest($33::text[]) AS booking,
            unnest($34::bytea[]) AS data, generate_subscripts($31::bytea[], 1) AS place) AS t
        RETURNING 1
    )",
    had: "",
};

const TAKEN_LEGS: Part = Part {
    with: ", taken AS (
        INSERT INTO legs AS l (party, vn, booking, side, pair, rests_from, free_from, key_number)
        SELECT w.party, w.vn, it.number, w.side, w.pair, w.rests_from, w.free_from, {key}
        FROM it, (SELECT unnest($9::bytea[]) AS party, unnest($10::int[]) AS vn, unnest($11::smallint[]) AS side,
            unnest($12::bytea[]) AS pair, unnest($13::bigint[]) AS rests_from, unnest($14::bigint[]) AS free_from) AS w
        ORDER BY w.party, w.vn
        ON CONFLICT (party, vn) DO UPDATE SET
            booking = excluded.booking, side = excluded.side, pair = excluded.pair,
            rests_from = CASE WHEN l.pair = excluded.pair AND l.booking <> excluded.booking
                THEN greatest(l.rests_from, excluded.rests_from) ELSE excluded.rests_from END,
            free_from = CASE WHEN l.pair = excluded.pair AND l.booking <> excluded.booking
                THEN greatest(l.free_from, excluded.free_from) ELSE excluded.free_from END
        WHERE l.pair = excluded.pair OR l.free_from <= $15 OR l.rests_from <= $16
        RETURNING 1
    )",
    had: ", 1 / (CASE WHEN (SELECT count(*) FROM taken) = cardinality($9::bytea[]) THEN 1 ELSE 0 END)",
};

const CHANGED_LEGS: Part = Part {
    with: ", owned AS (
        SELECT l.party, l.vn, w.booking, w.side, w.pair, w.rests_from, w.free_from
        FROM it, legs AS l
        JOIN unnest($17::bytea[], $18::int[], $19::bigint[], $20::smallint[], $21::bytea[], $22::bigint[], $23::bigint[])
            AS w (party, vn, booking, side, pair, rests_from, free_from) ON l.party = w.party AND l.vn = w.vn
        WHERE l.booking = $7
        ORDER BY l.party, l.vn FOR UPDATE OF l
    ), moved AS (
        UPDATE legs AS l SET booking = o.booking, side = o.side, pair = o.pair,
            rests_from = o.rests_from, free_from = o.free_from
        FROM owned AS o WHERE l.party = o.party AND l.vn = o.vn AND l.booking = $7
        RETURNING 1
    )",
    had: ", ln((CASE WHEN (SELECT count(*) FROM moved) = cardinality($17::bytea[]) THEN 1 ELSE 0 END)::float8)",
};

const PINNED: Part = Part {
    with: ", pinned AS (
        INSERT INTO pins AS p (vn, pin, booking, side, free_from, key_number)
        SELECT w.vn, w.pin, it.number, w.side, w.free_from, {key}
        FROM it, unnest($24::int[], $25::bytea[], $26::smallint[], $27::bigint[]) AS w (vn, pin, side, free_from)
        ORDER BY w.vn, w.pin
        ON CONFLICT (vn, pin) DO UPDATE SET
            booking = excluded.booking, side = excluded.side, free_from = excluded.free_from
        WHERE p.booking = excluded.booking OR p.free_from <= $15
        RETURNING 1
    )",
    had: ", sqrt((CASE WHEN (SELECT count(*) FROM pinned) = cardinality($24::int[]) THEN 1 ELSE -1 END)::float8)",
};

const DROPPED_PINS: Part = Part {
    with: ", dropped AS (
        DELETE FROM pins AS p USING it, unnest($28::int[], $29::bytea[]) AS w (vn, pin)
        WHERE p.vn = w.vn AND p.pin = w.pin AND p.booking = it.number
        RETURNING 1
    )",
    had: "",
};

/// The text that keeps `write`, with those parts only that have rows: the server pays for each, also when it does nothing. The
/// booking's own row comes first: who is overtaken there takes nothing.
fn text_of(write: &BookingWrite, tells: &[Event]) -> String {
    let own = match write.booking.number {
        0 => MADE,
        _ => CHANGED,
    };
    let parts = [
        (TOLD, tells.is_empty()),
        (TAKEN_LEGS, write.takes.is_empty()),
        (CHANGED_LEGS, write.changes.is_empty()),
        (PINNED, write.pins.is_empty()),
        (DROPPED_PINS, write.drops.is_empty()),
    ];
    let (mut with, mut had) = (own.to_owned(), String::new());
    for (part, is_empty) in parts {
        if !is_empty {
            with += part.with;
            had += part.had;
        }
    }
    format!("{with} SELECT it.number{had} FROM it")
}

/// The columns of a statement that writes legs.
#[derive(Default)]
struct Legs {
    party: Vec<Vec<u8>>,
    vn: Vec<i32>,
    booking: Vec<i64>,
    side: Vec<i16>,
    pair: Vec<Vec<u8>>,
    rests_from: Vec<i64>,
    free_from: Vec<i64>,
}

impl Legs {
    fn of(vault: &Vault, legs: &[Leg]) -> Self {
        let mut columns = Self::default();
        for leg in legs {
            columns.party.push(vault.form(leg.party.0).to_vec());
            columns.vn.push(vn_column(leg.vn));
            columns.booking.push(leg.booking as i64);
            columns.side.push(side_word(leg));
            columns.pair.push(vault.form(leg.pair.0).to_vec());
            columns.rests_from.push(leg.rests_from.as_millisecond());
            columns.free_from.push(leg.free_from.as_millisecond());
        }
        columns
    }
}

/// A number's column.
pub(super) fn vn_column(vn: Vn) -> i32 {
    i32::try_from(vn.0).unwrap_or(i32::MAX)
}

/// The statement that keeps `write`. It gives one row, none when the booking was overtaken.
pub(super) fn keep_statement<'q>(
    vault: &Vault,
    write: &BookingWrite,
    tells: &[Event],
) -> Statement<'q> {
    let told = tells.iter().map(|event| Told {
        event: event.clone(),
        at: write.now,
        sequence: None,
    });
    let told = Rows::of(vault, told);
    let booking = &write.booking;
    let index = id_index(vault, &booking.id);
    let (takes, changes) = (
        Legs::of(vault, &write.takes),
        Legs::of(vault, &write.changes),
    );
    let rested = write
        .rested_before
        .map_or(i64::MIN, |before| before.as_millisecond());
    sqlx::query(sqlx::AssertSqlSafe(fenced(&text_of(write, tells), vault)))
        .bind(vault.form(index).to_vec())
        .bind(vault.form(booking.pair.0).to_vec())
        .bind(booking.pool.as_str().to_owned())
        .bind(booking.closing.is_none())
        .bind(write.due_at.as_millisecond())
        .bind(seal(vault, &index, booking))
        .bind(booking.number as i64)
        .bind(booking.revision as i64)
        .bind(takes.party)
        .bind(takes.vn)
        .bind(takes.side)
        .bind(takes.pair)
        .bind(takes.rests_from)
        .bind(takes.free_from)
        .bind(write.now.as_millisecond())
        .bind(rested)
        .bind(changes.party)
        .bind(changes.vn)
        .bind(changes.booking)
        .bind(changes.side)
        .bind(changes.pair)
        .bind(changes.rests_from)
        .bind(changes.free_from)
        .bind(
            write
                .pins
                .iter()
                .map(|pin| vn_column(pin.vn))
                .collect::<Vec<_>>(),
        )
        .bind(
            write
                .pins
                .iter()
                .map(|pin| vault.form(pin.key).to_vec())
                .collect::<Vec<_>>(),
        )
        .bind(
            write
                .pins
                .iter()
                .map(|pin| side_number(pin.side))
                .collect::<Vec<_>>(),
        )
        .bind(
            write
                .pins
                .iter()
                .map(|pin| pin.free_from.as_millisecond())
                .collect::<Vec<_>>(),
        )
        .bind(
            write
                .drops
                .iter()
                .map(|(vn, _)| vn_column(*vn))
                .collect::<Vec<_>>(),
        )
        .bind(
            write
                .drops
                .iter()
                .map(|(_, key)| vault.form(*key).to_vec())
                .collect::<Vec<_>>(),
        )
        .bind(told.of_bookings())
        .bind(told.sealed_for)
        .bind(told.kind)
        .bind(told.booking)
        .bind(told.data)
}

/// While keys rotate: brings what the write may meet under the current key, so that the tables' keys keep all of it apart.
pub(super) async fn renew_for(
    pool: &Pool,
    vault: &Vault,
    write: &BookingWrite,
) -> Result<(), StoreError> {
    if !vault.is_rotating() {
        return Ok(());
    }
    let index = columns_of(vault, id_index(vault, &write.booking.id));
    renew(pool, vault, BOOKINGS, "t.id_index = ANY ($1)", |query| {
        query.bind(index.clone())
    })
    .await?;
    let legs = write.takes.iter().chain(&write.changes);
    let parties: Vec<_> = legs
        .flat_map(|leg| columns_of(vault, leg.party.0))
        .collect();
    renew(pool, vault, LEGS, "t.party = ANY ($1)", |query| {
        query.bind(parties.clone())
    })
    .await?;
    let dropped = write.drops.iter().map(|(vn, key)| (*vn, *key));
    let pins = write
        .pins
        .iter()
        .map(|pin| (pin.vn, pin.key))
        .chain(dropped);
    let pins: Vec<_> = pins
        .flat_map(|(vn, key)| {
            columns_of(vault, key)
                .into_iter()
                .map(move |pin| (vn_column(vn), pin))
        })
        .collect();
    let (vns, pins): (Vec<i32>, Vec<Vec<u8>>) = pins.into_iter().unzip();
    let wanted = "(t.vn, t.pin) IN (SELECT * FROM unnest($1::int[], $2::bytea[]))";
    renew(pool, vault, PINS, wanted, |query| {
        query.bind(vns.clone()).bind(pins.clone())
    })
    .await
}

/// What a refusal means: 40P01 and 55P03 are locks that were not to be had, and another look is all that they need.
pub(super) fn meaning(error: &sqlx::Error) -> Option<BookingKept> {
    match error.as_database_error()?.code()?.as_ref() {
        TAKEN => Some(BookingKept::Taken),
        PIN_TAKEN | "21000" => Some(BookingKept::PinTaken),
        NOT_OWN | "40P01" | "55P03" => Some(BookingKept::Overtaken),
        _ => None,
    }
}
