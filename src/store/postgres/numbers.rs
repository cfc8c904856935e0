//! The `virtual_numbers` table.

use std::collections::BTreeMap;

use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::keep::record_place;
use super::pool::Pool;
use super::resealing::{fenced, renew};
use super::{clear, rotation};
use crate::call::event::{NumberUpdate, VirtualNumber};
use crate::call::{PhoneNumber, SubAccountId};
use crate::store::entry::Entry;
use crate::store::forms::read_time;
use crate::store::resealing::VIRTUAL_NUMBERS;
use crate::store::ring::LiveVault;
use crate::store::vault::{Place, Vault};
use crate::store::{StoreError, Webhook, record};

/// Keeps an update, all of its numbers in one statement, since an account may have tens of thousands. A repeated one
/// changes nothing.
pub(super) async fn keep(pool: &Pool, live: &LiveVault, entry: &Entry) -> Result<(), StoreError> {
    let Entry::Numbers(webhook) = entry else {
        return Ok(());
    };
    let mut vault = live.now();
    while !write(pool, &vault, entry, webhook).await? && rotation::learn(pool, live).await? {
        vault = live.now();
    }
    Ok(())
}

/// Whether it was written; not when it is known, nor when another key than the vault's is current.
async fn write(
    pool: &Pool,
    vault: &Vault,
    entry: &Entry,
    webhook: &Webhook<NumberUpdate>,
) -> Result<bool, StoreError> {
    let row = Uuid::new_v4();
    let sealed = vault.seal(record_place(row.as_bytes()), &record::write(entry));
    let columns = Columns::of(vault, &webhook.event.numbers);
    renew(
        pool,
        vault,
        VIRTUAL_NUMBERS,
        "t.number_index = ANY ($1)",
        |query| query.bind(columns.others.clone()),
    )
    .await?;
    let sub_account = webhook.event.sub_account.as_ref().map(SubAccountId::as_str);
    let sql = fenced(
        "WITH added AS (
             INSERT INTO webhooks (sealed_for, mark, received_at, record) SELECT $1, $2, $3, $4 WHERE {fence}
             ON CONFLICT DO NOTHING RETURNING 1
         ), numbers AS (
         INSERT INTO virtual_numbers AS old
             (number_index, number, sub_account, status, country, reference, updated_at)
         SELECT new.number_index, new.number, $5, new.status, new.country, new.reference, new.updated_at
         FROM added, unnest($6::bytea[], $7::bytea[], $8::text[], $9::text[], $10::text[], $11::bigint[])
             AS new (number_index, number, status, country, reference, updated_at)
         ON CONFLICT (number_index) DO UPDATE SET
             number = excluded.number, sub_account = excluded.sub_account, status = excluded.status,
             country = excluded.country, reference = excluded.reference, updated_at = excluded.updated_at
         WHERE old.updated_at IS NULL OR excluded.updated_at >= old.updated_at
         )
         SELECT 1 FROM added",
        vault,
    );
    let statement = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(row.as_bytes().as_slice())
        .bind(entry.mark().to_vec())
        .bind(webhook.received_at.as_millisecond())
        .bind(sealed)
        .bind(sub_account.map(clear))
        .bind(columns.index)
        .bind(columns.number)
        .bind(columns.status)
        .bind(columns.country)
        .bind(columns.reference)
        .bind(columns.updated_at);
    Ok(!pool.run(statement).await?.is_empty())
}

/// The numbers of an update, column by column.
#[derive(Default)]
struct Columns {
    index: Vec<Vec<u8>>,
    /// The indexes as they stand under the other key.
    others: Vec<Vec<u8>>,
    number: Vec<Vec<u8>>,
    status: Vec<Option<String>>,
    country: Vec<Option<String>>,
    reference: Vec<Option<String>>,
    updated_at: Vec<Option<i64>>,
}

impl Columns {
    /// Each number once, in the order of their indexes, so that two nodes never wait for each other.
    fn of(vault: &Vault, numbers: &[VirtualNumber]) -> Self {
        let mut latest: BTreeMap<[u8; 16], ([u8; 16], &VirtualNumber)> = BTreeMap::new();
        for number in numbers {
            let index = vault.index(number.number.digits());
            let place = latest.entry(vault.form(index));
            let (_, known) = place.or_insert((index, number));
            if known.updated_at.is_none() || number.updated_at >= known.updated_at {
                *known = number;
            }
        }
        let mut columns = Self::default();
        for (form, (index, number)) in latest {
            let sealed = vault.seal(place(&index), number.number.as_it_came().as_bytes());
            let text = |text: &Option<String>| text.as_deref().map(clear);
            columns.index.push(form.to_vec());
            columns.others.push(vault.forms(index)[1].to_vec());
            columns.number.push(sealed);
            columns.status.push(text(&number.status));
            columns.country.push(text(&number.country));
            columns.reference.push(text(&number.reference));
            let updated_at = number.updated_at.map(jiff::Timestamp::as_millisecond);
            columns.updated_at.push(updated_at);
        }
        columns
    }
}

fn place(index: &[u8]) -> Place<'_> {
    Place {
        table: "virtual_numbers",
        row: index,
    }
}

/// All virtual numbers, by their digits.
pub(super) async fn all(pool: &Pool, vault: &Vault) -> Result<Vec<VirtualNumber>, StoreError> {
    let rows = pool
        .read(|| sqlx::query("SELECT * FROM virtual_numbers"))
        .await?;
    let mut numbers = rows
        .iter()
        .map(|row| read(row, vault))
        .collect::<Result<Vec<_>, _>>()?;
    numbers.sort_by(|one, other| one.number.digits().cmp(other.number.digits()));
    Ok(numbers)
}

fn read(row: &PgRow, vault: &Vault) -> Result<VirtualNumber, StoreError> {
    let unreadable = StoreError::Unreadable {
        what: "virtual number",
    };
    let (form, sealed): (&[u8], &[u8]) = (row.try_get("number_index")?, row.try_get("number")?);
    let index = vault.index_beside(sealed, form);
    let number = index.and_then(|index| vault.open(place(&index), sealed));
    let number = number.ok().and_then(|bytes| String::from_utf8(bytes).ok());
    Ok(VirtualNumber {
        number: PhoneNumber::new(number.ok_or(unreadable)?),
        status: row.try_get("status")?,
        country: row.try_get("country")?,
        reference: row.try_get("reference")?,
        updated_at: row
            .try_get::<Option<i64>, _>("updated_at")?
            .map(read_time)
            .transpose()?,
    })
}
