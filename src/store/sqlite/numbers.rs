//! The `virtual_numbers` table.

use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, SqliteConnection, SqlitePool};

use super::webhooks::Entry;
use crate::call::PhoneNumber;
use crate::call::SubAccountId;
use crate::call::event::{NumberUpdate, VirtualNumber};
use crate::store::forms::read_time;
use crate::store::{StoreError, Webhook};

/// Keeps an update, all of its numbers in one statement, since an account may have tens of thousands.
pub(super) async fn keep(
    db: &mut SqliteConnection,
    webhook: &Webhook<NumberUpdate>,
) -> Result<(), StoreError> {
    let new = Entry {
        kind: "VNU",
        received_at: webhook.received_at,
        status: &webhook.event.kind,
        body: &webhook.body,
        ..Entry::default()
    };
    if !new.add(db).await? {
        return Ok(());
    }
    // `WHERE true` keeps SQLite from reading ON CONFLICT as the join's condition.
    sqlx::query(
        "INSERT INTO virtual_numbers (digits, number, sub_account, status, country, reference, updated_at)
         SELECT value ->> 'digits', value ->> 'number', ?2, value ->> 'status', value ->> 'country',
             value ->> 'reference', value ->> 'updated_at'
         FROM json_each(?1) WHERE true
         ON CONFLICT (digits) DO UPDATE SET
             number = excluded.number, sub_account = excluded.sub_account, status = excluded.status,
             country = excluded.country, reference = excluded.reference, updated_at = excluded.updated_at
         WHERE updated_at IS NULL OR excluded.updated_at >= updated_at",
    )
    .bind(as_json(&webhook.event.numbers))
    .bind(webhook.event.sub_account.as_ref().map(SubAccountId::as_str))
    .execute(db)
    .await?;
    Ok(())
}

/// All virtual numbers, by their digits.
pub(super) async fn all(pool: &SqlitePool) -> Result<Vec<VirtualNumber>, StoreError> {
    let rows = sqlx::query("SELECT * FROM virtual_numbers ORDER BY digits")
        .fetch_all(pool)
        .await?;
    rows.iter().map(read).collect()
}

fn as_json(numbers: &[VirtualNumber]) -> String {
    let one = |number: &VirtualNumber| {
        json!({
            "digits": number.number.digits(),
            "number": number.number.as_it_came(),
            "status": number.status,
            "country": number.country,
            "reference": number.reference,
            "updated_at": number.updated_at.map(jiff::Timestamp::as_millisecond),
        })
    };
    serde_json::Value::Array(numbers.iter().map(one).collect()).to_string()
}

fn read(row: &SqliteRow) -> Result<VirtualNumber, StoreError> {
    #[derive(FromRow)]
    struct Columns {
        number: String,
        status: Option<String>,
        country: Option<String>,
        reference: Option<String>,
        updated_at: Option<i64>,
    }
    let row = Columns::from_row(row)?;
    Ok(VirtualNumber {
        number: PhoneNumber::new(row.number),
        status: row.status,
        country: row.country,
        reference: row.reference,
        updated_at: row.updated_at.map(read_time).transpose()?,
    })
}
