//! Work that one node does at a time, and the forgetting, which is such.

use std::time::Duration;

use jiff::Timestamp;
use sqlx::Row as _;

use super::pool::Pool;
use crate::store::StoreError;
use crate::store::leases::Lease;

/// How many event ids one statement forgets at most: a few milliseconds.
const FORGET_AT_ONCE: i64 = 500;

/// Takes or renews a lease by the database's clock; `None` while another node holds it.
pub(super) async fn take(
    pool: &Pool,
    name: &str,
    holder: &str,
    lasts: Duration,
) -> Result<Option<Lease>, StoreError> {
    let statement = sqlx::query(
        "INSERT INTO leases AS held (name, holder, epoch, held_until)
         VALUES ($1, $2, 1, now() + make_interval(secs => $3))
         ON CONFLICT (name) DO UPDATE SET
             epoch = CASE WHEN held.holder = excluded.holder THEN held.epoch ELSE held.epoch + 1 END,
             holder = excluded.holder, held_until = excluded.held_until
         WHERE held.holder = excluded.holder OR held.held_until <= now()
         RETURNING epoch",
    )
    .bind(name)
    .bind(holder)
    .bind(lasts.as_secs_f64());
    let rows = pool.run(statement).await?;
    let lease = rows.first().map(|row| {
        Ok(Lease {
            name: name.to_owned(),
            epoch: row.try_get("epoch")?,
        })
    });
    lease.transpose()
}

/// Forgets the event ids of webhooks that came before `before`, in small bites, as long as nobody has taken `lease`
/// over. Returns how many were forgotten.
pub(super) async fn forget(
    pool: &Pool,
    lease: &Lease,
    before: Timestamp,
) -> Result<u64, StoreError> {
    let mut forgotten = 0;
    loop {
        match forget_some(pool, lease, before).await? {
            0 => return Ok(forgotten),
            some => forgotten += some,
        }
    }
}

async fn forget_some(pool: &Pool, lease: &Lease, before: Timestamp) -> Result<u64, StoreError> {
    let statement = sqlx::query(
        "WITH fence AS (
             SELECT 1 FROM leases WHERE name = $1 AND epoch = $2 FOR SHARE
         ), next AS (
             SELECT id FROM webhooks
             WHERE mark IS NOT NULL AND received_at < $3 AND EXISTS (SELECT 1 FROM fence)
             ORDER BY received_at LIMIT $4 FOR UPDATE SKIP LOCKED
         ), forgotten AS (
             UPDATE webhooks SET mark = NULL WHERE id IN (SELECT id FROM next) RETURNING 1
         )
         SELECT EXISTS (SELECT 1 FROM fence) AS is_ours, (SELECT count(*) FROM forgotten) AS forgotten",
    )
    .bind(&lease.name)
    .bind(lease.epoch)
    .bind(before.as_millisecond())
    .bind(FORGET_AT_ONCE);
    let rows = pool.run(statement).await?;
    let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    match row.try_get("is_ours")? {
        true => Ok(row.try_get::<i64, _>("forgotten")?.unsigned_abs()),
        false => Err(StoreError::LeaseLost),
    }
}
