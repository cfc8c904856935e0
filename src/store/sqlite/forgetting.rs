//! Events are forgotten by a line drawn in time: what came before it is no longer known by its event.

use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior, params};

use crate::store::StoreError;

/// Draws the line at `before`, if it is not further on. Returns how many webhooks it passed.
pub(super) fn forget(db: &mut Connection, before: Timestamp) -> Result<u64, StoreError> {
    let before = before.as_millisecond();
    let moment = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let drawn: i64 = moment.query_row("SELECT forgotten_before FROM projection", [], |row| {
        row.get(0)
    })?;
    let passed: i64 = moment.query_row(
        "SELECT count(*) FROM webhooks WHERE received_at >= ?1 AND received_at < ?2",
        params![drawn, before],
        |row| row.get(0),
    )?;
    moment.execute(
        "UPDATE projection SET forgotten_before = max(forgotten_before, ?1)",
        [before],
    )?;
    moment.commit()?;
    Ok(passed.unsigned_abs())
}
