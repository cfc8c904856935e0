//! From a URL to an open database, or a sentence that says what to do.
//!
//! A new database is made whole under another name and then put in its place, so that a file which is there always
//! holds a schema, and an empty or strange one is never taken for a fresh start.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection, SqlitePool};

use super::lock::{Lock, NotLocked};
use crate::store::StoreError;

/// What the database is changed by, from its first version to this program's.
static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// `application_id` of our databases, as migration 1 sets it: "CWRT".
const APPLICATION: u32 = 0x4357_5254;

/// The oldest SQLite that is safe: releases up to 3.51.2 can corrupt a WAL when it is reset.
const OLDEST_SQLITE: (u32, u32, u32) = (3, 51, 3);

/// How long a statement waits for another program's lock. A voice call action is given up after 400 ms.
const BUSY: Duration = Duration::from_millis(300);

/// How many connections read.
const READERS: u32 = 4;

/// Up to which size a file is checked page by page when it is opened; a larger one would hold the start up.
const CHECKED_BYTES: u64 = 64 << 20;

/// An open database.
pub(super) struct Opened {
    pub(super) connection: SqliteConnection,
    pub(super) options: SqliteConnectOptions,
    pub(super) readers: SqlitePool,
    pub(super) lock: Lock,
}

/// Opens the database that `url` names; see [`super::SqliteStore::open`].
pub(super) async fn open(url: &str) -> Result<Opened, StoreError> {
    let path = place(url).map_err(StoreError::Unusable)?;
    open_file(&path).await.map_err(|trouble| {
        StoreError::Unusable(format!("the database {} {trouble}", path.display()))
    })
}

/// What is wrong with a database file and what to do, as the rest of a sentence that begins with its path.
type Trouble = String;

async fn open_file(path: &Path) -> Result<Opened, Trouble> {
    let lock = take_lock(path)?;
    if path.exists() {
        check_header(path)?;
    } else {
        make(path).await?;
    }
    let options = options(path).journal_mode(SqliteJournalMode::Wal);
    let mut connection = options.connect().await.map_err(|e| told(&e))?;
    check_contents(&mut connection, path).await?;
    migrate(&mut connection).await?;
    check_writable(&mut connection).await?;
    let readers = readers(path).await.map_err(|e| told(&e))?;
    Ok(Opened {
        connection,
        options,
        readers,
        lock,
    })
}

/// The file that a database URL names.
fn place(url: &str) -> Result<PathBuf, String> {
    let scheme = url.split(':').next().unwrap_or_default();
    if scheme == "postgres" || scheme == "postgresql" {
        return Err(
            "PostgreSQL comes in a later version: set the database URL to a file, \
                    as in sqlite://callwright.db"
                .to_owned(),
        );
    }
    let Some(rest) = url.strip_prefix("sqlite:") else {
        return Err(
            "the database URL must begin with sqlite://, as in sqlite://callwright.db".to_owned(),
        );
    };
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if path.contains(":memory:") {
        return Err(
            "a database in memory would forget every call at the first restart: \
                    set the database URL to a file, as in sqlite://callwright.db"
                .to_owned(),
        );
    }
    if path.contains('?') {
        return Err("the database URL takes no options: leave out what begins with `?`".to_owned());
    }
    if path.is_empty() || path.ends_with('/') {
        return Err(
            "the database URL names no file: write one, as in sqlite://callwright.db".to_owned(),
        );
    }
    Ok(PathBuf::from(path))
}

fn take_lock(path: &Path) -> Result<Lock, Trouble> {
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
    // The same file under two names has one lock.
    let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    Lock::take(&beside(&real, ".lock")).map_err(|trouble| match trouble {
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

/// Whether a file that is there is a database of ours, by its first bytes (sqlite.org/fileformat.html, section 1.3).
fn check_header(path: &Path) -> Result<(), Trouble> {
    let mut header = [0_u8; 100];
    let mut file = File::options()
        .read(true)
        .write(true)
        .open(path)
        .map_err(|e| {
            format!("cannot be opened for reading and writing: check its owner and rights ({e})")
        })?;
    let length = file.metadata().map_or(0, |data| data.len());
    if length == 0 {
        return Err(
            "is an empty file, which no database of Callwright's is: restore a backup, \
                    or delete the file to begin with nothing"
                .to_owned(),
        );
    }
    if file.read_exact(&mut header).is_err() || !header.starts_with(b"SQLite format 3\0") {
        return Err("is not a SQLite database, or its beginning is damaged: restore a backup, or name another file".to_owned());
    }
    let application = u32::from_be_bytes([header[68], header[69], header[70], header[71]]);
    if application != APPLICATION {
        return Err(
            "is not a database of Callwright's, or its beginning is damaged: restore a backup, \
                    or name another file"
                .to_owned(),
        );
    }
    if length < bytes_said(&header) && !has_log(path) {
        return Err(damaged());
    }
    Ok(())
}

/// How many bytes long the file is by its own header.
fn bytes_said(header: &[u8; 100]) -> u64 {
    let page = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        bytes => u64::from(bytes),
    };
    let count = u32::from_be_bytes([header[28], header[29], header[30], header[31]]);
    page * u64::from(count)
}

/// Whether a log is there from which SQLite makes the file whole again.
fn has_log(path: &Path) -> bool {
    fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0)
}

/// Makes a new database under another name, then puts it in its place.
async fn make(path: &Path) -> Result<(), Trouble> {
    if beside(path, "-wal").exists() {
        return Err(
            "is missing, but its -wal file is there and may hold calls: put the database back, \
                    or delete the -wal file to begin with nothing"
                .to_owned(),
        );
    }
    let unfinished = beside(path, ".new");
    for leftover in [unfinished.clone(), beside(&unfinished, "-journal")] {
        // Left by a start that was cut short; most often not there.
        _ = fs::remove_file(leftover);
    }
    let failed = |e: std::io::Error| {
        format!("cannot be made: its folder must be writable for this user ({e})")
    };
    create_private(&unfinished).map_err(failed)?;
    let mut connection = options(&unfinished).connect().await.map_err(|e| told(&e))?;
    migrate(&mut connection).await?;
    connection.close().await.map_err(|e| told(&e))?;
    fs::rename(&unfinished, path).map_err(failed)?;
    sync_folder_of(path).map_err(failed)
}

fn create_private(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Has the new name survive a power cut.
fn sync_folder_of(path: &Path) -> std::io::Result<()> {
    let real = fs::canonicalize(path)?;
    match real.parent() {
        Some(folder) if cfg!(unix) => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

/// Whether the library is safe and the file sound.
async fn check_contents(db: &mut SqliteConnection, path: &Path) -> Result<(), Trouble> {
    let version: String = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(&mut *db)
        .await
        .map_err(|e| told(&e))?;
    if !is_safe(&version) {
        let (major, minor, patch) = OLDEST_SQLITE;
        return Err(format!(
            "cannot be trusted to SQLite {version}, which can damage it: build Callwright with {major}.{minor}.{patch} or newer"
        ));
    }
    // Ours is never without a schema; one that has lost it must not be given a fresh one.
    let schema: Result<Option<i64>, _> =
        sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations")
            .fetch_one(&mut *db)
            .await;
    match schema {
        Ok(Some(_)) => {}
        // 1: there is no such table.
        Err(error) if super::code(&error) != Some(1) => return Err(told(&error)),
        Ok(None) | Err(_) => return Err(damaged()),
    }
    if fs::metadata(path).is_ok_and(|data| data.len() > CHECKED_BYTES) {
        return Ok(());
    }
    let verdict: String = sqlx::query_scalar("PRAGMA quick_check(1)")
        .fetch_one(db)
        .await
        .map_err(|e| told(&e))?;
    if verdict == "ok" {
        Ok(())
    } else {
        Err(damaged())
    }
}

/// Whether `version` (`3.51.3`) is one that cannot damage a WAL.
fn is_safe(version: &str) -> bool {
    let mut numbers = version.split('.').map_while(|number| number.parse().ok());
    let mut next = || numbers.next().unwrap_or(0);
    (next(), next(), next()) >= OLDEST_SQLITE
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

async fn check_writable(db: &mut SqliteConnection) -> Result<(), Trouble> {
    for statement in ["BEGIN IMMEDIATE", "ROLLBACK"] {
        sqlx::query(statement)
            .execute(&mut *db)
            .await
            .map_err(|e| told(&e))?;
    }
    Ok(())
}

async fn readers(path: &Path) -> Result<SqlitePool, sqlx::Error> {
    SqlitePoolOptions::new()
        .max_connections(READERS)
        .min_connections(1)
        .acquire_timeout(BUSY)
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

/// `path` with `ending` written behind it.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn damaged() -> Trouble {
    "is damaged: restore a backup; the file was left as it is".to_owned()
}

/// What SQLite's refusal means for the one who starts the server (sqlite.org/rescode.html).
fn told(error: &sqlx::Error) -> Trouble {
    match super::code(error) {
        Some(5 | 6) => {
            "is locked by another program: end that program, then start again".to_owned()
        }
        Some(3 | 8 | 14 | 23) => {
            format!("cannot be written: check the rights of the file and its folder ({error})")
        }
        Some(10) => format!("cannot be read or written, the disk fails: check the disk ({error})"),
        Some(11 | 26) => damaged(),
        Some(13) => "has no room left on its disk: free some, then start again".to_owned(),
        _ => format!("cannot be opened: {error}"),
    }
}
