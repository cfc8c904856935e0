//! Rows brought under the current key where they stand, and writes that name the key that they were made with.
//!
//! A write is refused by the database itself when its key is not the current one: so a node that slept while a key was replaced writes
//! nothing that nobody could read, or that would stand beside what it should meet.

use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::PostgresStore;
use super::pool::{Pool, Statement};
use super::rotation::learn;
use super::row_key::{At, at, each, key, names, parameters, texts};
use crate::store::StoreError;
use crate::store::resealing::{Anew, BoundTo, Found, SHAPES, Shape, from_hex, sealed};
use crate::store::ring::LiveVault;
use crate::store::vault::{KeyNumber, Vault};

/// The webhooks of this engine.
const WEBHOOKS: Shape = sealed(
    "webhooks",
    &["id"],
    "record",
    BoundTo::Bytes("sealed_for"),
    &[],
);

/// All tables that a rotation goes through.
pub(super) fn shapes() -> impl Iterator<Item = &'static Shape> {
    const LAST: &[Shape] = &[WEBHOOKS];
    SHAPES.iter().chain(LAST)
}

/// How often a write is made anew because another key has become the current one.
const MADE_ANEW: usize = 3;

/// The text of a write: `{key}` is the number of the key that it is made with, `{fence}` that this one is current. Both stand in the
/// text, which so is another one after a rotation only.
pub(super) fn fenced(text: &str, vault: &Vault) -> String {
    let key = vault.number().to_string();
    let fence = "EXISTS (SELECT 1 FROM key_ring WHERE number = {key} AND state = 'CURRENT')";
    text.replace("{fence}", fence).replace("{key}", &key)
}

/// The ways in which an index may stand in a column.
pub(super) fn columns_of(vault: &Vault, index: [u8; 16]) -> Vec<Vec<u8>> {
    let mut forms: Vec<_> = vault
        .forms(index)
        .iter()
        .map(|form| form.to_vec())
        .collect();
    forms.dedup();
    forms
}

/// Whether a write that came to nothing is to be made anew, since another key is the current one.
pub(super) async fn is_to_be_made_anew(
    pool: &Pool,
    live: &LiveVault,
    with: &Vault,
) -> Result<bool, StoreError> {
    learn(pool, live).await?;
    Ok(live.now().number() != with.number())
}

impl PostgresStore {
    /// Writes what `statement` makes of a vault, which gives a row once it is written.
    pub(super) async fn write_sealed<'q>(
        &self,
        pool: &Pool,
        statement: impl Fn(&Vault) -> Statement<'q> + Send + Sync,
    ) -> Result<Vec<PgRow>, StoreError> {
        for _ in 0..MADE_ANEW {
            let vault = self.vault.now();
            let rows = pool.run(statement(&vault)).await?;
            if !rows.is_empty() {
                return Ok(rows);
            }
            learn(pool, &self.vault).await?;
        }
        Err(StoreError::Busy)
    }

    /// The same, once more when the connection turns out to be broken: for what is the same when it is written twice.
    pub(super) async fn write_sealed_twice<'q>(
        &self,
        pool: &Pool,
        statement: impl Fn(&Vault) -> Statement<'q> + Send + Sync,
    ) -> Result<Vec<PgRow>, StoreError> {
        for _ in 0..MADE_ANEW {
            let vault = self.vault.now();
            let rows = pool.read(|| statement(&vault)).await?;
            if !rows.is_empty() {
                return Ok(rows);
            }
            learn(pool, &self.vault).await?;
        }
        Err(StoreError::Busy)
    }
}

/// Brings the rows `t` that `wanted` names under the current key, while there is another one.
pub(super) async fn renew<'q>(
    pool: &Pool,
    vault: &Vault,
    shape: &Shape,
    wanted: &str,
    bind: impl Fn(Statement<'q>) -> Statement<'q> + Send + Sync,
) -> Result<(), StoreError> {
    if !vault.is_rotating() {
        return Ok(());
    }
    bring(pool, vault, shape, wanted, bind, "").await?;
    Ok(())
}

/// Where the next bite of a table ends: `most` rows behind `after`. `None` when there are not so many.
pub(super) async fn end_of_bite(
    pool: &Pool,
    shape: &Shape,
    after: Option<&At>,
    most: u64,
) -> Result<Option<At>, StoreError> {
    let (key, table) = (key(shape), shape.table);
    let (names, texts) = (names(key), texts(key));
    let behind = match after {
        Some(_) => format!("({names}) > ({})", parameters(key, 0)),
        None => "true".to_owned(),
    };
    let before_it = most - 1;
    let text = format!(
        "SELECT {texts} FROM {table} AS t WHERE {behind} ORDER BY {names} OFFSET {before_it} LIMIT 1"
    );
    let rows = pool.read(|| {
        let query = sqlx::query(sqlx::AssertSqlSafe(text.clone()));
        after
            .into_iter()
            .flatten()
            .cloned()
            .fold(query, Statement::bind)
    });
    rows.await?.first().map(|row| at(key, row)).transpose()
}

/// Brings the rows behind `after` and up to `through` under the current key, but those that somebody is about to change. Returns
/// how many.
pub(super) async fn renew_bite(
    pool: &Pool,
    vault: &Vault,
    shape: &Shape,
    after: Option<&At>,
    through: Option<&At>,
) -> Result<u64, StoreError> {
    let key = key(shape);
    let names = names(key);
    let mut wanted = vec![match shape.sealed {
        Some((column, _)) => format!("substring(t.{column} FROM 1 FOR 1) <> $1"),
        None => "t.key_number <> get_byte($1, 0)".to_owned(),
    }];
    let mut ends = Vec::new();
    for (end, compared) in [(after, ">"), (through, "<=")] {
        if let Some(end) = end {
            let place = parameters(key, 1 + ends.len());
            wanted.push(format!("({names}) {compared} ({place})"));
            ends.extend(end.iter().cloned());
        }
    }
    let (wanted, number) = (wanted.join(" AND "), vec![vault.number()]);
    let bind = |query: Statement<'static>| {
        let query = query.bind(number.clone());
        ends.iter().cloned().fold(query, Statement::bind)
    };
    bring(pool, vault, shape, &wanted, bind, "SKIP LOCKED").await
}

async fn bring<'q>(
    pool: &Pool,
    vault: &Vault,
    shape: &Shape,
    wanted: &str,
    bind: impl Fn(Statement<'q>) -> Statement<'q> + Send + Sync,
    locked: &str,
) -> Result<u64, StoreError> {
    let key = key(shape);
    let mut columns = Vec::new();
    columns.extend(shape.bound_column());
    columns.extend(shape.sealed.map(|(column, _)| column));
    columns.extend(shape.keyed);
    columns.extend(shape.sealed.is_none().then_some("key_number"));
    let (texts, columns, table) = (texts(key), columns.join(", t."), shape.table);
    let text = format!("SELECT {texts}, t.{columns} FROM {table} AS t WHERE {wanted}");
    let rows = pool.read(|| bind(sqlx::query(sqlx::AssertSqlSafe(text.clone()))));
    let mut change = Change::default();
    for row in rows.await? {
        let found = read(shape, &row)?;
        if let Some(anew) = shape.anew(vault, &found)? {
            change.add(at(key, &row)?, found, anew);
        }
    }
    let many = change.was.len() as u64;
    if many > 0 {
        let text = change_text(shape, locked);
        let statement = sqlx::query(sqlx::AssertSqlSafe(text));
        pool.run(change.bind(statement, vault, shape)).await?;
    }
    Ok(many)
}

fn read(shape: &Shape, row: &PgRow) -> Result<Found, StoreError> {
    let mut found = Found::default();
    if let Some(column) = shape.bound_column() {
        let bytes: Result<Vec<u8>, _> = row.try_get(column);
        found.bound_to = match bytes {
            Ok(bytes) => bytes,
            Err(_) => row.try_get::<String, _>(column)?.into_bytes(),
        };
    }
    match shape.sealed {
        Some((column, _)) => found.sealed = row.try_get(column)?,
        None => {
            let number: i16 = row.try_get("key_number")?;
            found.number = KeyNumber::try_from(number).ok();
        }
    }
    for column in shape.keyed {
        found.keyed.push(match shape.is_hex {
            true => row.try_get::<Option<&str>, _>(*column)?.and_then(from_hex),
            false => row.try_get(*column)?,
        });
    }
    Ok(found)
}

/// Rows to be changed, column by column.
#[derive(Default)]
struct Change {
    at: [Vec<Option<String>>; 2],
    was: Vec<Option<Vec<u8>>>,
    sealed: Vec<Option<Vec<u8>>>,
    keyed: [Vec<Option<Vec<u8>>>; 2],
}

impl Change {
    fn add(&mut self, at: At, found: Found, anew: Anew) {
        let mut at = at.into_iter();
        for column in &mut self.at {
            column.push(at.next());
        }
        self.was
            .push(found.sealed.or(found.keyed.into_iter().next().flatten()));
        self.sealed.push(anew.sealed);
        let mut keyed = anew.keyed.into_iter();
        for column in &mut self.keyed {
            column.push(keyed.next().flatten());
        }
    }

    fn bind<'q>(self, statement: Statement<'q>, vault: &Vault, shape: &Shape) -> Statement<'q> {
        let ([at1, at2], [k1, k2]) = (self.at, self.keyed);
        let statement = statement
            .bind(at1)
            .bind(at2)
            .bind(self.was)
            .bind(self.sealed)
            .bind(k1)
            .bind(k2);
        match shape.sealed {
            Some(_) => statement,
            None => statement.bind(i16::from(vault.number())),
        }
    }
}

/// Changes the rows that still stand as they were read.
fn change_text(shape: &Shape, locked: &str) -> String {
    let mut set = Vec::new();
    let was = match shape.sealed {
        Some((column, _)) => {
            set.push(format!("{column} = free.sealed"));
            column
        }
        None => {
            set.push("key_number = $7".to_owned());
            shape.keyed.first().copied().unwrap_or_default()
        }
    };
    let keyed = shape.keyed.iter().zip(["k1", "k2"]);
    set.extend(keyed.map(|(column, form)| match shape.is_hex {
        true => format!("{column} = coalesce(encode(free.{form}, 'hex'), t.{column})"),
        false => format!("{column} = free.{form}"),
    }));
    let (key, table, set) = (key(shape), shape.table, set.join(", "));
    let names = names(key);
    let read = each(key, |nth, (column, _)| format!("t.{column} AS at{nth}"));
    let told = each(key, |nth, (_, kind)| format!("CAST(w.at{nth} AS {kind})"));
    let free = each(key, |nth, _| format!("free.at{nth}"));
    format!(
        "WITH free AS (
             SELECT {read}, w.sealed, w.k1, w.k2
             FROM unnest($1::text[], $2::text[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bytea[])
                 AS w (at1, at2, was, sealed, k1, k2)
             JOIN {table} AS t ON ({names}) = ({told})
             WHERE t.{was} = w.was FOR UPDATE OF t {locked}
         )
         UPDATE {table} AS t SET {set} FROM free WHERE ({names}) = ({free})"
    )
}
