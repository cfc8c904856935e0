//! The tables: made or brought up to this program's version by whoever may, and used by whoever may use them.
//!
//! A user without the right to make tables can serve as soon as they are there, so nothing is changed, and no right to
//! change is asked for, where all is as it should be.

use std::time::Duration;

use sqlx::migrate::{AppliedMigration, Migrate as _, MigrateError, Migrator};
use sqlx::{PgConnection, query_scalar};
use tokio::time::sleep;

use super::open::{Trouble, told};

/// What the database is changed by, from its first version to this program's.
///
/// Without sqlx's own lock, which is an advisory one: of two nodes that start at once, the one that comes second fails
/// and looks again.
static MIGRATIONS: Migrator = Migrator {
    locking: false,
    ..sqlx::migrate!("migrations/postgres")
};

/// How often the schema is looked at again while another node changes it, and how long between.
const LOOKED_AGAIN: usize = 40;
const BETWEEN: Duration = Duration::from_millis(100);

/// Where a database's schema stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    /// There is none of ours.
    Missing,
    /// At an earlier version than this program's.
    Behind(i64),
    /// At this program's.
    Current,
}

/// Brings the schema to this program's version, if it is not there.
pub(super) async fn bring_up(db: &mut PgConnection) -> Result<(), Trouble> {
    let mut looked = 0;
    loop {
        let stands = stands(db).await.map_err(|error| told_of_list(&error))?;
        if stands == Stands::Current {
            return Ok(());
        }
        // `Migrator::run` makes a future that the compiler cannot see to be `Send`; this is what it calls.
        let Err(error) = MIGRATIONS.run_direct(None, db, false).await else {
            return Ok(());
        };
        looked += 1;
        if looked == LOOKED_AGAIN || !is_another_node(&error) {
            return Err(told_of_change(stands, &error));
        }
        sleep(BETWEEN).await;
    }
}

/// Reads where the schema stands, which takes no right but that to read the list of what was done.
async fn stands(db: &mut PgConnection) -> Result<Stands, MigrateError> {
    let list = &*MIGRATIONS.table_name;
    let is_there: bool = query_scalar("SELECT to_regclass($1) IS NOT NULL")
        .bind(list)
        .fetch_one(&mut *db)
        .await?;
    if !is_there {
        return Ok(Stands::Missing);
    }
    if let Some(half_done) = db.dirty_version(list).await? {
        return Ok(Stands::Behind(half_done));
    }
    compare(&db.list_applied_migrations(list).await?)
}

fn compare(done: &[AppliedMigration]) -> Result<Stands, MigrateError> {
    for it in done {
        let ours = MIGRATIONS.iter().find(|ours| ours.version == it.version);
        let ours = ours.ok_or(MigrateError::VersionMissing(it.version))?;
        if ours.checksum != it.checksum {
            return Err(MigrateError::VersionMismatch(it.version));
        }
    }
    Ok(match done.last() {
        None => Stands::Missing,
        Some(last) if done.len() < MIGRATIONS.iter().count() => Stands::Behind(last.version),
        Some(_) => Stands::Current,
    })
}

/// Whether another node may be making the same change at this moment: what is to be made is there already, or is being
/// made, or a deadlock was broken.
fn is_another_node(error: &MigrateError) -> bool {
    match code(error).as_deref() {
        Some(code) => matches!(
            code,
            "23505" | "42P07" | "42701" | "42710" | "40P01" | "40001" | "55P03" | "XX000"
        ),
        None => matches!(error, MigrateError::Dirty(_)),
    }
}

/// What keeps the schema from being looked at.
fn told_of_list(error: &MigrateError) -> Trouble {
    match code(error).as_deref() {
        Some("42501") => lacks(&format!("{} (SELECT)", MIGRATIONS.table_name)),
        _ => told_of_schema(error),
    }
}

/// What keeps a schema from being changed.
fn told_of_change(stood: Stands, error: &MigrateError) -> Trouble {
    match (stood, code(error).as_deref()) {
        (Stands::Behind(version), Some("42501")) => format!(
            "has the schema {version} of an earlier Callwright, which its user may not change: start this program once as \
             the user that owns the tables"
        ),
        _ => told_of_schema(error),
    }
}

fn told_of_schema(error: &MigrateError) -> Trouble {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => told(error),
        MigrateError::VersionMissing(version) => format!(
            "was written by a newer Callwright (its schema is {version}, this program knows {}): \
             start that newer one, or restore a backup from before",
            newest_known()
        ),
        MigrateError::VersionMismatch(version) => format!(
            "has a schema {version} that differs from this program's: start the Callwright that made it, or give \
             Callwright a database of its own"
        ),
        other => {
            format!("could not be brought to this program's schema: restore a backup ({other})")
        }
    }
}

fn code(error: &MigrateError) -> Option<String> {
    let (MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) = error else {
        return None;
    };
    let code = error.as_database_error()?.code()?;
    Some(code.into_owned())
}

fn newest_known() -> i64 {
    MIGRATIONS
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0)
}

/// Whether the user may do all that will be done.
pub(super) async fn check_rights(db: &mut PgConnection) -> Result<(), Trouble> {
    let lacking: Vec<String> = query_scalar(
        "SELECT t || ' (' || p || ')'
         FROM unnest(ARRAY['database_keys', 'sessions', 'webhooks', 'virtual_numbers', 'flow_versions', 'leases',
             'attempts', 'events', 'deliveries', 'endpoints', 'event_log', 'handoffs', 'sip_calls', 'callback_results',
             'erasures', 'key_ring']) AS t,
             unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS p
         WHERE NOT has_table_privilege(t, p) ORDER BY t, p",
    )
    .fetch_all(db)
    .await
    .map_err(|error| told(&error))?;
    match lacking.first() {
        None => Ok(()),
        Some(first) => Err(lacks(first)),
    }
}

fn lacks(right: &str) -> Trouble {
    format!(
        "denies its user a right on a table, {right}: GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA \
         public, or name the user that owns them"
    )
}
