//! Rows brought under the current key, where they stand, in the transaction of whoever asks for it.

use rusqlite::types::Value;
use rusqlite::{Connection, Row, ToSql, params_from_iter};

use crate::store::StoreError;
use crate::store::resealing::{Anew, BoundTo, Found, SHAPES, Shape, from_hex, sealed};
use crate::store::telling::hex;
use crate::store::vault::{KeyNumber, Vault};

/// The webhooks of this engine.
const WEBHOOKS: Shape = sealed("webhooks", &["id"], "record", BoundTo::Number("id"), &[]);

/// All tables that a rotation goes through.
pub(super) fn shapes() -> impl Iterator<Item = &'static Shape> {
    const LAST: &[Shape] = &[WEBHOOKS];
    SHAPES.iter().chain(LAST)
}

/// What a bite has done.
#[derive(Debug, Default)]
pub(super) struct Bite {
    pub(super) looked_at: u64,
    pub(super) rewritten: u64,
    /// What tells the last row; `None` when there was none.
    pub(super) last: Option<Vec<Value>>,
}

/// Brings the rows that `wanted` names under the current key, while there is another one.
pub(super) fn renew(
    db: &Connection,
    vault: &Vault,
    shape: &Shape,
    wanted: &str,
    of: &[&dyn ToSql],
) -> Result<(), StoreError> {
    match vault.is_rotating() {
        true => bite(db, vault, shape, wanted, of).map(drop),
        false => Ok(()),
    }
}

/// Brings at most `most` rows that come after `after` under the current key.
pub(super) fn next(
    db: &Connection,
    vault: &Vault,
    shape: &Shape,
    after: &Option<Vec<Value>>,
    most: u64,
) -> Result<Bite, StoreError> {
    let (id, mut of) = (shape.id.join(", "), after.clone().unwrap_or_default());
    let places = vec!["?"; of.len()].join(", ");
    let behind = match after {
        Some(_) => format!("({id}) > ({places})"),
        None => "true".to_owned(),
    };
    of.push(Value::Integer(most as i64));
    let of: Vec<&dyn ToSql> = of.iter().map(|value| value as &dyn ToSql).collect();
    let wanted = format!("{behind} ORDER BY {id} LIMIT ?");
    bite(db, vault, shape, &wanted, &of)
}

fn bite(
    db: &Connection,
    vault: &Vault,
    shape: &Shape,
    wanted: &str,
    of: &[&dyn ToSql],
) -> Result<Bite, StoreError> {
    let mut done = Bite::default();
    let mut columns = shape.id.to_vec();
    columns.extend(shape.bound_column());
    columns.extend(shape.sealed.map(|(column, _)| column));
    columns.extend(shape.keyed);
    columns.extend(shape.sealed.is_none().then_some("key_number"));
    let (columns, table) = (columns.join(", "), shape.table);
    let mut select = db.prepare_cached(&format!("SELECT {columns} FROM {table} WHERE {wanted}"))?;
    let rows = select.query_map(of, |row| read(shape, row))?;
    let rows: Vec<_> = rows.collect::<Result<_, _>>()?;
    for (id, found) in rows {
        done.looked_at += 1;
        if let Some(anew) = shape.anew(vault, &found)? {
            done.rewritten += 1;
            write(db, vault, shape, &id, anew)?;
        }
        done.last = Some(id);
    }
    Ok(done)
}

fn read(shape: &Shape, row: &Row<'_>) -> Result<(Vec<Value>, Found), rusqlite::Error> {
    let mut columns = 0..;
    let mut next = || columns.next().expect("it has no end");
    let id = shape.id.iter().map(|_| row.get(next()));
    let id: Vec<Value> = id.collect::<Result<_, _>>()?;
    let mut found = Found::default();
    if shape.bound_column().is_some() {
        found.bound_to = match row.get(next())? {
            Value::Text(text) => text.into_bytes(),
            Value::Blob(bytes) => bytes,
            Value::Integer(number) => number.to_be_bytes().to_vec(),
            _ => Vec::new(),
        };
    }
    if shape.sealed.is_some() {
        found.sealed = row.get(next())?;
    }
    for _ in shape.keyed {
        found.keyed.push(match shape.is_hex {
            true => row
                .get::<_, Option<String>>(next())?
                .and_then(|text| from_hex(&text)),
            false => row.get(next())?,
        });
    }
    if shape.sealed.is_none() {
        found.number = Some(row.get::<_, KeyNumber>(next())?);
    }
    Ok((id, found))
}

fn write(
    db: &Connection,
    vault: &Vault,
    shape: &Shape,
    id: &[Value],
    anew: Anew,
) -> Result<(), StoreError> {
    let mut values: Vec<Value> = Vec::new();
    let mut set: Vec<String> = Vec::new();
    let mut put = |column: &str, value: Value| {
        set.push(format!("{column} = ?"));
        values.push(value);
    };
    match shape.sealed {
        Some((column, _)) => put(column, anew.sealed.into()),
        None => put("key_number", Value::Integer(vault.number().into())),
    }
    for (column, form) in shape.keyed.iter().zip(anew.keyed) {
        match (form, shape.is_hex) {
            (Some(form), true) => put(column, Value::Text(hex(&form))),
            // There is none, or it is no index.
            (None, true) => {}
            (form, false) => put(column, form.into()),
        }
    }
    values.extend(id.iter().cloned());
    let (table, set) = (shape.table, set.join(", "));
    let which: Vec<_> = shape.id.iter().map(|id| format!("{id} = ?")).collect();
    let which = which.join(" AND ");
    db.prepare_cached(&format!("UPDATE {table} SET {set} WHERE {which}"))?
        .execute(params_from_iter(values))?;
    Ok(())
}
