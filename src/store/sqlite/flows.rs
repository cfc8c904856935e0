//! The texts of flows: the last good set, and the versions that calls in progress are on.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, TransactionBehavior, params};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, SqlitePool};

use crate::flow::model::{FlowId, FlowVersion};
use crate::store::{FlowText, StoreError};

/// How long a version outlives the set it left: an exchange that began on it may still be on its way to the store.
const GRACE: SignedDuration = SignedDuration::from_hours(24);

/// How long a live session that says nothing holds its version: its summary was lost.
const SILENCE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Keeps `flows` as the last good set, and, if it `forgets`, lets go of the versions that nothing needs any more.
pub(super) fn keep(
    db: &mut Connection,
    flows: &[FlowText],
    at: Timestamp,
    forgets: bool,
) -> Result<(), StoreError> {
    let moment = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    moment.execute(
        "UPDATE flow_versions SET left_at = ?1 WHERE left_at IS NULL",
        [at.as_millisecond()],
    )?;
    for flow in flows {
        moment.execute(
            "INSERT INTO flow_versions (flow_id, version, path, text, left_at) VALUES (?1, ?2, ?3, ?4, NULL)
             ON CONFLICT (flow_id, version) DO UPDATE SET
                 path = excluded.path, text = excluded.text, left_at = NULL",
            params![flow.id.as_str(), flow.version.as_str(), flow.path, flow.text],
        )?;
    }
    if forgets {
        forget(&moment, at)?;
    }
    Ok(moment.commit()?)
}

fn forget(db: &Connection, at: Timestamp) -> Result<(), StoreError> {
    let before = |duration| at.as_millisecond().saturating_sub(milliseconds(duration));
    db.execute(
        "DELETE FROM flow_versions AS old WHERE left_at <= ?1 AND NOT EXISTS (
             SELECT 1 FROM sessions AS live
             WHERE live.status IS NULL AND live.last_event_at > ?2
                 AND live.flow_id = old.flow_id AND live.flow_version = old.version)
             AND NOT EXISTS (
             SELECT 1 FROM attempts AS begun
             WHERE begun.state <> 'REJECTED' AND begun.begun_at > ?2
                 AND begun.flow_id = old.flow_id AND begun.flow_version = old.version
                 AND NOT EXISTS (SELECT 1 FROM sessions AS heard WHERE heard.session_id = begun.session_id))",
        params![before(GRACE), before(SILENCE)],
    )?;
    Ok(())
}

/// The last good set, by id.
pub(super) async fn last_good(pool: &SqlitePool) -> Result<Vec<FlowText>, StoreError> {
    texts(
        pool,
        "SELECT * FROM flow_versions WHERE left_at IS NULL ORDER BY flow_id",
    )
    .await
}

/// The versions that live sessions are on, and calls that were started and not heard of yet, by id and version.
pub(super) async fn in_use(pool: &SqlitePool) -> Result<Vec<FlowText>, StoreError> {
    texts(
        pool,
        "SELECT * FROM flow_versions AS held WHERE EXISTS (
             SELECT 1 FROM sessions AS live
             WHERE live.status IS NULL AND live.flow_id = held.flow_id AND live.flow_version = held.version)
         OR EXISTS (
             SELECT 1 FROM attempts AS begun
             WHERE begun.state <> 'REJECTED'
                 AND begun.flow_id = held.flow_id AND begun.flow_version = held.version
                 AND NOT EXISTS (SELECT 1 FROM sessions AS heard WHERE heard.session_id = begun.session_id))
         ORDER BY flow_id, version",
    )
    .await
}

/// All versions that are held, by id and version.
pub(super) async fn held(pool: &SqlitePool) -> Result<Vec<FlowText>, StoreError> {
    texts(
        pool,
        "SELECT * FROM flow_versions ORDER BY flow_id, version",
    )
    .await
}

async fn texts(pool: &SqlitePool, query: &'static str) -> Result<Vec<FlowText>, StoreError> {
    let rows = sqlx::query(query).fetch_all(pool).await?;
    rows.iter().map(read).collect()
}

fn read(row: &SqliteRow) -> Result<FlowText, StoreError> {
    #[derive(FromRow)]
    struct Columns {
        flow_id: String,
        version: String,
        path: String,
        text: String,
    }
    let row = Columns::from_row(row)?;
    Ok(FlowText {
        id: FlowId::new(row.flow_id),
        version: FlowVersion::new(row.version),
        path: row.path,
        text: row.text,
    })
}

fn milliseconds(duration: SignedDuration) -> i64 {
    duration.as_secs() * 1000
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Durability;
    use crate::store::Store as _;
    use crate::store::ring::LiveVault;
    use crate::store::sqlite::open::prepare;
    use crate::store::sqlite::progress::FAR_BEHIND;
    use crate::store::vault::Keys;

    fn version(name: &str) -> FlowText {
        FlowText {
            id: FlowId::new("menu"),
            version: FlowVersion::new(name),
            path: "menu.toml".to_owned(),
            text: String::new(),
        }
    }

    #[tokio::test]
    async fn tables_that_are_far_behind_give_every_version_that_calls_may_be_on() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite://{}/callwright.db", folder.path().display());
        let vault = LiveVault::new(&Keys::generate());
        let at_rest = prepare(&url, &vault, Durability::Full).await;
        let mut at_rest = at_rest.expect("a fresh database");
        let (before, now) = (version("before"), version("now"));
        for set in [&before, &now] {
            let set = std::slice::from_ref(set);
            keep(
                &mut at_rest.projector.tables,
                set,
                Timestamp::UNIX_EPOCH,
                false,
            )
            .expect("it is kept");
        }
        let progress = at_rest.projector.progress.clone();
        progress.commit(FAR_BEHIND);
        let in_use = at_rest.store.flows_in_use().await.expect("it is read");
        assert_eq!(in_use, [before, now]);
        progress.project(FAR_BEHIND);
        let in_use = at_rest.store.flows_in_use().await.expect("it is read");
        assert_eq!(in_use, [], "no session is on any");
    }
}
