//! The `virtual_numbers` table.

use rusqlite::{Connection, params};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, SqlitePool};

use super::resealing;
use crate::call::event::{NumberUpdate, VirtualNumber};
use crate::call::{PhoneNumber, SubAccountId};
use crate::store::StoreError;
use crate::store::entry::Entry;
use crate::store::forms::read_time;
use crate::store::resealing::VIRTUAL_NUMBERS;
use crate::store::vault::{Place, Vault};

/// Takes a virtual number update into the table: of several about one number the one that is dated latest stays.
pub(super) fn project(db: &Connection, vault: &Vault, entry: &Entry) -> Result<(), StoreError> {
    let Entry::Numbers(webhook) = entry else {
        return Ok(());
    };
    let NumberUpdate {
        sub_account,
        numbers,
        ..
    } = &webhook.event;
    let mut upsert = db.prepare_cached(
        "INSERT INTO virtual_numbers (number_index, number, sub_account, status, country, reference, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (number_index) DO UPDATE SET
             number = excluded.number, sub_account = excluded.sub_account, status = excluded.status,
             country = excluded.country, reference = excluded.reference, updated_at = excluded.updated_at
         WHERE updated_at IS NULL OR excluded.updated_at >= updated_at",
    )?;
    for number in numbers {
        let index = vault.index(number.number.digits());
        let [form, other] = vault.forms(index);
        resealing::renew(db, vault, VIRTUAL_NUMBERS, "number_index = ?1", &[&other])?;
        upsert.execute(params![
            form,
            vault.seal(place(&index), number.number.as_it_came().as_bytes()),
            sub_account.as_ref().map(SubAccountId::as_str),
            number.status,
            number.country,
            number.reference,
            number.updated_at.map(jiff::Timestamp::as_millisecond),
        ])?;
    }
    Ok(())
}

/// All virtual numbers, by their digits.
pub(super) async fn all(
    pool: &SqlitePool,
    vault: &Vault,
) -> Result<Vec<VirtualNumber>, StoreError> {
    let rows = sqlx::query("SELECT * FROM virtual_numbers")
        .fetch_all(pool)
        .await?;
    let mut numbers = rows
        .iter()
        .map(|row| read(row, vault))
        .collect::<Result<Vec<_>, _>>()?;
    numbers.sort_by(|a, b| a.number.digits().cmp(b.number.digits()));
    Ok(numbers)
}

fn place(index: &[u8]) -> Place<'_> {
    Place {
        table: "virtual_numbers",
        row: index,
    }
}

fn read(row: &SqliteRow, vault: &Vault) -> Result<VirtualNumber, StoreError> {
    #[derive(FromRow)]
    struct Columns {
        number_index: Vec<u8>,
        number: Vec<u8>,
        status: Option<String>,
        country: Option<String>,
        reference: Option<String>,
        updated_at: Option<i64>,
    }
    const UNREADABLE: StoreError = StoreError::Unreadable { what: "number" };
    let row = Columns::from_row(row)?;
    let index = vault.index_beside(&row.number, &row.number_index);
    let number = vault.open(place(&index.map_err(|_| UNREADABLE)?), &row.number);
    let number = String::from_utf8(number.map_err(|_| UNREADABLE)?).map_err(|_| UNREADABLE)?;
    Ok(VirtualNumber {
        number: PhoneNumber::new(number),
        status: row.status,
        country: row.country,
        reference: row.reference,
        updated_at: row.updated_at.map(read_time).transpose()?,
    })
}
