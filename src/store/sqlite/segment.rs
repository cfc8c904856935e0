//! One file of the journal: a SQLite database that records are only ever added to. It is written through one
//! connection and never checkpointed: what is added stays in its write-ahead log, and the whole file is deleted once
//! it is projected, so that each record is written once.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, params};

use super::files;
use crate::config::Durability;

/// How long a statement waits for another program's lock. A voice call action is given up after 400 ms.
pub(super) const BUSY: Duration = Duration::from_millis(300);

/// `application_id` of the journal's files: "CWJN".
const APPLICATION: i32 = 0x4357_4A4E;

/// The file number `number` of the journal beside `database`.
pub(super) fn path(database: &Path, number: u64) -> PathBuf {
    files::beside(database, &format!(".journal.{number}"))
}

/// What a file says of itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Title {
    /// The id of the database that it belongs to.
    pub(super) database: Vec<u8>,
    /// Its number.
    pub(super) number: u64,
}

/// Makes an empty file, whole on the disk when this returns.
pub(super) fn make(path: &Path, title: &Title) -> Result<(), MakeError> {
    delete(path);
    drop(files::create_private(path)?);
    let db = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    db.execute_batch(&format!(
        "PRAGMA application_id = {APPLICATION};
         PRAGMA synchronous = FULL;
         PRAGMA journal_mode = WAL;
         BEGIN;
         CREATE TABLE title (database BLOB NOT NULL, number INTEGER NOT NULL);
         CREATE TABLE journal (seq INTEGER NOT NULL PRIMARY KEY, record BLOB NOT NULL);
         COMMIT;"
    ))?;
    db.execute(
        "INSERT INTO title (database, number) VALUES (?1, ?2)",
        params![title.database, title.number as i64],
    )?;
    // Closing writes the log into the file, and syncs it.
    db.close().map_err(|(_, error)| error)?;
    files::sync_folder_of(path)?;
    Ok(())
}

/// Why a file could not be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum MakeError {
    #[error(transparent)]
    Disk(#[from] std::io::Error),
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
}

/// Deletes a file with what SQLite keeps beside it. What is not there is deleted already.
pub(super) fn delete(path: &Path) {
    for ending in ["", "-wal", "-shm", "-journal"] {
        _ = fs::remove_file(files::beside(path, ending));
    }
}

fn connect(path: &Path, access: OpenFlags) -> Result<Connection, rusqlite::Error> {
    let db = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.busy_timeout(BUSY)?;
    Ok(db)
}

/// SQLite's word (sqlite.org/pragma.html#pragma_synchronous).
fn synchronous(durability: Durability) -> &'static str {
    match durability {
        Durability::Full => "FULL",
        Durability::Process => "NORMAL",
    }
}

/// A file open for adding.
#[derive(Debug)]
pub(super) struct Appender(Connection);

impl Appender {
    /// Opens a file that is there.
    pub(super) fn open(path: &Path, durability: Durability) -> Result<Self, rusqlite::Error> {
        let db = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        db.pragma_update(None, "wal_autocheckpoint", 0)?;
        db.pragma_update(None, "synchronous", synchronous(durability))?;
        Ok(Self(db))
    }

    /// Adds records in one transaction: all of them are there, or none.
    pub(super) fn append(&self, records: &[(u64, Vec<u8>)]) -> Result<(), rusqlite::Error> {
        self.0.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let added = self.add(records);
        if added.is_err() {
            // Where SQLite has rolled back by itself there is nothing to roll back; the first error is the one to tell.
            _ = self.0.execute_batch("ROLLBACK");
        }
        added
    }

    /// The connection, for tests that break it.
    #[cfg(test)]
    pub(super) fn connection(&self) -> &Connection {
        &self.0
    }

    fn add(&self, records: &[(u64, Vec<u8>)]) -> Result<(), rusqlite::Error> {
        let sql = "INSERT INTO journal (seq, record) VALUES (?1, ?2)";
        let mut insert = self.0.prepare_cached(sql)?;
        for (seq, record) in records {
            insert.execute(params![*seq as i64, record])?;
        }
        self.0.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }
}

/// A file open for reading.
#[derive(Debug)]
pub(super) struct Reader(Connection);

impl Reader {
    /// Opens a file that is there. It is opened for writing, since SQLite has to rebuild the log's index after a crash.
    pub(super) fn open(path: &Path) -> Result<Self, rusqlite::Error> {
        let db = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        Ok(Self(db))
    }

    /// What the file says of itself; `None` when it is no journal's file.
    pub(super) fn title(&self) -> Result<Option<Title>, rusqlite::Error> {
        let application: i32 = self
            .0
            .pragma_query_value(None, "application_id", |row| row.get(0))?;
        if application != APPLICATION {
            return Ok(None);
        }
        let sql = "SELECT database, number FROM title";
        let title = self.0.query_row(sql, [], |row| {
            Ok(Title {
                database: row.get(0)?,
                number: row.get::<_, i64>(1)? as u64,
            })
        })?;
        Ok(Some(title))
    }

    /// The numbers of the first and of the last record; `None` when there is none.
    pub(super) fn ends(&self) -> Result<Option<(u64, u64)>, rusqlite::Error> {
        let sql = "SELECT (SELECT min(seq) FROM journal), (SELECT max(seq) FROM journal)";
        let ends = self.0.query_row(sql, [], |row| {
            Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?))
        })?;
        Ok(ends
            .0
            .zip(ends.1)
            .map(|(first, last)| (first as u64, last as u64)))
    }

    /// The next records after number `after`, at most `limit` of them and about `bytes` long together.
    pub(super) fn after(
        &self,
        after: u64,
        limit: usize,
        bytes: usize,
    ) -> Result<Vec<(u64, Vec<u8>)>, rusqlite::Error> {
        let sql = "SELECT seq, record FROM journal WHERE seq > ?1 ORDER BY seq LIMIT ?2";
        let mut select = self.0.prepare_cached(sql)?;
        let mut rows = select.query(params![after as i64, limit as i64])?;
        let (mut records, mut length) = (Vec::new(), 0);
        while let Some(row) = rows.next()? {
            let record: Vec<u8> = row.get(1)?;
            length += record.len();
            records.push((row.get::<_, i64>(0)? as u64, record));
            if length >= bytes {
                break;
            }
        }
        Ok(records)
    }

    /// Record number `seq`.
    pub(super) fn one(&self, seq: u64) -> Result<Option<Vec<u8>>, rusqlite::Error> {
        let found = self.after(seq - 1, 1, 1)?;
        Ok(found
            .into_iter()
            .next()
            .filter(|(found, _)| *found == seq)
            .map(|(_, record)| record))
    }
}
