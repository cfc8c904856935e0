//! From a URL to an open store, or a sentence that says what to do.
//!
//! A new database is made whole under another name and then put in its place, so that a file which is there always
//! holds a schema, and an empty or strange one is never taken for a fresh start.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::TransactionBehavior;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection as _, SqliteConnection, SqlitePool};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::attempts::Attempts;
use super::booking_writes::{self, BookingQueue};
use super::files::{self, beside};
use super::handoffs::HandoffTables;
use super::lock::{Lock, NotLocked};
use super::lookups::Lookups;
use super::place::place;
use super::progress::Progress;
use super::projector::Projector;
use super::rotation::{self, Rotation};
use super::segment::BUSY;
use super::soundness::{Trouble, check_contents, check_header, check_writable, told, told_of};
use super::tail::{self, Tail};
use super::writer::{Queue, Writer};
use super::writing::Writing;
use super::{SqliteStore, journal};
use crate::config::Durability;
use crate::store::StoreError;
use crate::store::ring::{LiveVault, Whose};
use crate::store::vault::Place;

/// What the database is changed by, from its first version to this program's.
static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// The word that is sealed to know the keys by.
pub(super) const KEY_CHECK: &[u8] = b"callwright";

/// The number of a new journal's file.
const FIRST_FILE: u64 = 1;

/// How many connections read for those who query.
const READERS: u32 = 4;

/// How long one who queries waits for a connection.
const ACQUIRE: Duration = Duration::from_secs(2);

/// Up to which size SQLite keeps the tables' log when it is done with it.
const LOG_KEPT_BYTES: i64 = 64 << 20;

/// How many pages the tables' log gathers before the projector writes them into the file: few, since the journal's commits wait
/// for the disk behind them. At 1,000 and 4,000 webhooks a second 128 took a third to a half off the 99th percentile that 4,096 had.
pub(super) const CHECKPOINT_PAGES: i64 = 128;

/// The same while much is written at once, as after a burst or under other keys: many, since a page that changes often is then
/// written once.
pub(super) const BULK_CHECKPOINT_PAGES: i64 = 4096;

/// At how many pages of the log bookings write it into the file: keys are scattered, so that a page is worth writing once it has
/// changed often.
const BOOKING_CHECKPOINT_PAGES: i64 = 16_384;

/// How much of the tables the projector keeps in memory: the pages of its indexes, which sessions' ids are scattered over.
const PROJECTOR_CACHE_KIB: i64 = 16 << 10;

/// How much of the tables the writer of bookings keeps in memory.
const BOOKING_CACHE_KIB: i64 = 32 << 10;

/// Opens the database that `url` names; see [`SqliteStore::open_with`].
pub(super) async fn open(
    url: &str,
    vault: &LiveVault,
    durability: Durability,
) -> Result<SqliteStore, StoreError> {
    let at_rest = prepare(url, vault, durability).await?;
    at_rest
        .begin()
        .map_err(|e| StoreError::Unusable(format!("no thread can be started for the store ({e})")))
}

/// A store whose threads have not begun.
pub(super) struct AtRest {
    pub(super) store: SqliteStore,
    pub(super) writer: Writer,
    /// The connection that writes bookings.
    pub(super) bookings: rusqlite::Connection,
    pub(super) projector: Projector,
}

impl AtRest {
    fn begin(self) -> std::io::Result<SqliteStore> {
        let Self {
            mut store,
            writer,
            bookings,
            mut projector,
        } = self;
        if let Err(error) = projector
            .journal
            .make_spare(&mut projector.tables, Duration::ZERO)
        {
            tracing::debug!(reason = %error, "the journal's next file is not ready: the projection tries again");
        }
        let named = |name: &str| std::thread::Builder::new().name(name.to_owned());
        let threads = store.threads.get_mut();
        threads.push(named("journal").spawn(|| writer.run())?);
        let queue = store.bookings.clone();
        threads.push(named("bookings").spawn(|| booking_writes::serve(queue, bookings))?);
        threads.push(named("projection").spawn(|| projector.run())?);
        Ok(store)
    }
}

/// Opens the database that `url` names, and reads what memory is to hold.
pub(super) async fn prepare(
    url: &str,
    vault: &LiveVault,
    durability: Durability,
) -> Result<AtRest, StoreError> {
    let path = place(url).map_err(StoreError::Unusable)?;
    open_file(&path, vault, durability)
        .await
        .map_err(|trouble| {
            StoreError::Unusable(format!("the database {} {trouble}", path.display()))
        })
}

async fn open_file(
    path: &Path,
    vault: &LiveVault,
    durability: Durability,
) -> Result<AtRest, Trouble> {
    let lock = take_lock(path)?;
    if path.exists() {
        check_header(path)?;
    } else {
        make(path, vault).await?;
    }
    let path = &real(path);
    let options = options(path).journal_mode(SqliteJournalMode::Wal);
    let mut connection = options.connect().await.map_err(|e| told(&e))?;
    check_contents(&mut connection, path).await?;
    migrate(&mut connection).await?;
    check_writable(&mut connection).await?;
    let readers = readers(path).await.map_err(|e| told(&e))?;
    connection.close().await.map_err(|e| told(&e))?;
    assemble(path, vault, durability, readers, lock)
}

fn assemble(
    path: &Path,
    vault: &LiveVault,
    durability: Durability,
    readers: SqlitePool,
    lock: Lock,
) -> Result<AtRest, Trouble> {
    let mut tables = tables(path).map_err(|e| told_of(&e))?;
    let (named, whose) = named(&tables, vault)?;
    learn_ring(&mut tables, vault, &named.id, whose)?;
    let lookups = Arc::new(Lookups::new(path.to_owned(), vault.clone()));
    let Tail {
        journal,
        memory,
        newest,
    } = tail::read(path, &tables, &named, &lookups, &vault.now(), durability)?;
    let (journal, memory) = (Arc::new(journal), Arc::new(memory));
    let progress = Arc::new(Progress::new(newest, named.projected));
    let (queue, lock) = (Queue::default(), Arc::new(lock));
    let bookings = bookings(path).map_err(|e| told_of(&e))?;
    let at_once = Writing::new(at_once(path).map_err(|e| told_of(&e))?);
    let rewriting = Writing::new(rewriting(path).map_err(|e| told_of(&e))?);
    let deliveries = deliveries(path).map_err(|e| told_of(&e))?;
    let writer = Writer {
        queue: queue.clone(),
        memory: memory.clone(),
        journal: journal.clone(),
        lookups: lookups.clone(),
        progress: progress.clone(),
        vault: vault.clone(),
        appender: Some(journal.appender().map_err(|e| told_of(&e))?),
        newest,
        lock: lock.clone(),
    };
    let projector = Projector {
        tables,
        gathers: CHECKPOINT_PAGES,
        journal: journal.clone(),
        memory: memory.clone(),
        progress: progress.clone(),
        vault: vault.clone(),
        durability,
        projected: named.projected,
        reader: None,
        lock,
    };
    let store = SqliteStore {
        readers,
        vault: vault.clone(),
        queue,
        memory,
        lookups: lookups.clone(),
        journal,
        progress,
        leases: crate::store::leases::LocalLeases::default(),
        bookings: BookingQueue::default(),
        handoffs: HandoffTables::new(at_once.clone(), lookups.clone(), vault.clone()),
        rotation: Rotation::new(rewriting, at_once.clone()),
        attempts: Attempts::new(at_once, lookups, vault.clone()),
        deliveries: Writing::new(deliveries),
        threads: Mutex::default(),
    };
    Ok(AtRest {
        store,
        writer,
        bookings,
        projector,
    })
}

/// What a database says of itself.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) id: Vec<u8>,
    /// The number of the newest record that is in the tables.
    pub(super) projected: u64,
    /// Before which time (ms) events are forgotten.
    pub(super) forgotten_before: i64,
}

fn named(tables: &rusqlite::Connection, vault: &LiveVault) -> Result<(Named, Whose), Trouble> {
    let sql = "SELECT database, projected, forgotten_before, key_check FROM projection";
    let (named, sealed) = tables
        .query_row(sql, [], |row| {
            let named = Named {
                id: row.get(0)?,
                projected: row.get::<_, i64>(1)? as u64,
                forgotten_before: row.get(2)?,
            };
            Ok((named, row.get::<_, Vec<u8>>(3)?))
        })
        .map_err(|e| told_of(&e))?;
    match vault.whose(key_check(&named.id), KEY_CHECK, &sealed) {
        Some(whose) => Ok((named, whose)),
        None => Err("is encrypted with other keys than the ones that are set: set the keys that it was made with".to_owned()),
    }
}

/// Reads the keys that the database is sealed with. What is sealed with the configured keys of before is sealed with those of now.
fn learn_ring(
    tables: &mut rusqlite::Connection,
    vault: &LiveVault,
    id: &[u8],
    whose: Whose,
) -> Result<(), Trouble> {
    let learnt = safely(tables, |tables| {
        let moment = tables.transaction_with_behavior(TransactionBehavior::Immediate)?;
        rotation::ring_at_start(&moment, vault, || vault.first(whose))?;
        if whose == Whose::Before {
            let sealed = vault.seal_as_configured(key_check(id), KEY_CHECK);
            moment.execute("UPDATE projection SET key_check = ?1", [sealed])?;
        }
        moment.commit()?;
        Ok::<_, StoreError>(())
    });
    learnt.map_err(|error| match error {
        StoreError::Database(_) => {
            format!("cannot have its keys read: see whether its folder can be written ({error})")
        }
        _ => "holds keys of its own that the ones that are set do not open: set the keys that it was last served with"
            .to_owned(),
    })
}

/// How the tables are written behind the replies (sqlite.org/pragma.html#pragma_synchronous): what a power cut takes of them
/// is in the journal still, whose files are dropped only once the tables are safe; see [`safely`].
const BEHIND: &str = "NORMAL";

/// Writes the tables by `change`, safe on the disk with all that was written before it.
pub(super) fn safely<T, E: From<rusqlite::Error>>(
    tables: &mut rusqlite::Connection,
    change: impl FnOnce(&mut rusqlite::Connection) -> Result<T, E>,
) -> Result<T, E> {
    tables.pragma_update(None, "synchronous", "FULL")?;
    let changed = change(tables);
    tables.pragma_update(None, "synchronous", BEHIND)?;
    changed
}

/// The connection of what is written on the spot: on the disk at once. The projector looks after the log.
fn at_once(path: &Path) -> Result<rusqlite::Connection, rusqlite::Error> {
    let db = writing(path)?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "wal_autocheckpoint", 0)?;
    Ok(db)
}

/// The connection that writes bookings, a group at once. Many may be made while nobody calls and the projector rests, so it
/// looks after the log as well.
fn bookings(path: &Path) -> Result<rusqlite::Connection, rusqlite::Error> {
    let db = writing(path)?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "wal_autocheckpoint", BOOKING_CHECKPOINT_PAGES)?;
    db.pragma_update(None, "journal_size_limit", LOG_KEPT_BYTES)?;
    db.pragma_update(None, "cache_size", -BOOKING_CACHE_KIB)?;
    db.set_prepared_statement_cache_capacity(32);
    Ok(db)
}

/// The connection that deliveries of events are written by. What a power cut takes of it is delivered once more.
fn deliveries(path: &Path) -> Result<rusqlite::Connection, rusqlite::Error> {
    let db = writing(path)?;
    db.pragma_update(None, "synchronous", BEHIND)?;
    db.pragma_update(None, "wal_autocheckpoint", 0)?;
    Ok(db)
}

/// The connection by which rows are rewritten while keys are replaced, which may be while nobody calls: it looks after the log, too.
fn rewriting(path: &Path) -> Result<rusqlite::Connection, rusqlite::Error> {
    let db = writing(path)?;
    db.pragma_update(None, "synchronous", BEHIND)?;
    db.pragma_update(None, "wal_autocheckpoint", BULK_CHECKPOINT_PAGES)?;
    db.pragma_update(None, "journal_size_limit", LOG_KEPT_BYTES)?;
    db.set_prepared_statement_cache_capacity(64);
    Ok(db)
}

/// The connection that the projector writes the tables by.
fn tables(path: &Path) -> Result<rusqlite::Connection, rusqlite::Error> {
    let db = writing(path)?;
    db.pragma_update(None, "synchronous", BEHIND)?;
    db.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    db.pragma_update(None, "journal_size_limit", LOG_KEPT_BYTES)?;
    db.pragma_update(None, "cache_size", -PROJECTOR_CACHE_KIB)?;
    db.set_prepared_statement_cache_capacity(32);
    Ok(db)
}

fn writing(path: &Path) -> Result<rusqlite::Connection, rusqlite::Error> {
    use rusqlite::OpenFlags;
    let access = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = rusqlite::Connection::open_with_flags(path, access)?;
    db.busy_timeout(BUSY)?;
    // What a row was before does not stay in its page: whoever is erased is gone from there as well.
    db.pragma_update(None, "secure_delete", "FAST")?;
    Ok(db)
}

fn of_journal(error: &StoreError) -> Trouble {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    format!(
        "cannot have its journal made: check the rights of its folder and the room on the disk ({})",
        cause.unwrap_or_default()
    )
}

pub(super) fn take_lock(path: &Path) -> Result<Lock, Trouble> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        return Err(
            "cannot be made: its folder does not exist; create the folder or name another file"
                .to_owned(),
        );
    }
    if path.is_dir() {
        return Err("is a folder: name a file in it, as in sqlite://data/callwright.db".to_owned());
    }
    Lock::take(&beside(&real(path), ".lock")).map_err(|trouble| match trouble {
        NotLocked::HeldBy(Some(process)) => {
            format!("is open in another Callwright (process {process}): stop that one, or name another file")
        }
        NotLocked::HeldBy(None) => {
            "is open in another Callwright: stop that one, or name another file".to_owned()
        }
        NotLocked::Failed(error) => {
            format!("cannot be locked: its folder must be writable for this user ({error})")
        }
    })
}

/// The same file under two names has one lock and one journal.
pub(super) fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Makes a new database under another name, its journal, then puts it in its place.
async fn make(path: &Path, vault: &LiveVault) -> Result<(), Trouble> {
    if beside(path, "-wal").exists() {
        return Err(
            "is missing, but its -wal file is there and may hold calls: put the database back, \
                    or delete the -wal file to begin with nothing"
                .to_owned(),
        );
    }
    tail::check_nothing_is_left(path)?;
    let unfinished = beside(path, ".new");
    for leftover in [unfinished.clone(), beside(&unfinished, "-journal")] {
        // Left by a start that was cut short; most often not there.
        _ = fs::remove_file(leftover);
    }
    let failed = |e: std::io::Error| {
        format!("cannot be made: its folder must be writable for this user ({e})")
    };
    files::create_private(&unfinished).map_err(failed)?;
    let mut connection = options(&unfinished).connect().await.map_err(|e| told(&e))?;
    migrate(&mut connection).await?;
    let id = Uuid::new_v4();
    name(&mut connection, vault, id.as_bytes())
        .await
        .map_err(|e| told(&e))?;
    connection.close().await.map_err(|e| told(&e))?;
    journal::make(path, id.as_bytes(), FIRST_FILE).map_err(|e| of_journal(&e))?;
    fs::rename(&unfinished, path).map_err(failed)?;
    files::sync_folder_of(path).map_err(failed)
}

/// Writes which database it is, and the word by which its keys are known.
async fn name(db: &mut SqliteConnection, vault: &LiveVault, id: &[u8]) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO projection (only, database, key_check, projected, forgotten_before) VALUES (1, ?1, ?2, 0, ?3)",
    )
    .bind(id)
    .bind(vault.seal_as_configured(key_check(id), KEY_CHECK))
    .bind(i64::MIN)
    .execute(&mut *db)
    .await?;
    sqlx::query("INSERT INTO journal_files (number) VALUES (?1)")
        .bind(FIRST_FILE as i64)
        .execute(db)
        .await?;
    Ok(())
}

pub(super) fn key_check(database: &[u8]) -> Place<'_> {
    Place {
        table: "projection",
        row: database,
    }
}

async fn migrate(db: &mut SqliteConnection) -> Result<(), Trouble> {
    // `Migrator::run` makes a future that the compiler cannot see to be `Send`; this is what it calls.
    MIGRATIONS.run_direct(None, db, false).await.map_err(|error| match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => told(&error),
        MigrateError::VersionMissing(version) => format!(
            "was written by a newer Callwright (its schema is {version}, this program knows {}): \
             start that newer one, or restore a backup from before",
            newest_known()
        ),
        MigrateError::VersionMismatch(version) => format!(
            "has a schema {version} that differs from this program's: start the Callwright that made it"
        ),
        other => format!("could not be brought to this program's schema: restore a backup ({other})"),
    })
}

fn newest_known() -> i64 {
    MIGRATIONS
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0)
}

async fn readers(path: &Path) -> Result<SqlitePool, sqlx::Error> {
    SqlitePoolOptions::new()
        .max_connections(READERS)
        .min_connections(1)
        .acquire_timeout(ACQUIRE)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(options(path).read_only(true))
        .await
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        // Statements are no news, and a failure is logged once, at the edge.
        .disable_statement_logging()
}
