//! One file of the journal: a SQLite database that records are only ever added to, one row for each group of them that
//! was committed together: the number of its newest record, how many they are, and the records, each sealed by itself
//! and behind its length. It is written through one
//! connection and never checkpointed: what is added stays in its write-ahead log, and the whole file is deleted once
//! it is projected, so that each record is written once.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
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

/// Makes an empty file, whole on the disk when this returns. It has no room for records yet: see [`make_room`].
pub(super) fn make(path: &Path, title: &Title) -> Result<(), MakeError> {
    delete(path);
    drop(files::create_private(path)?);
    let db = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    db.execute_batch(&format!(
        "PRAGMA page_size = {PAGE};
         PRAGMA application_id = {APPLICATION};
         PRAGMA synchronous = FULL;
         PRAGMA journal_mode = WAL;
         BEGIN;
         CREATE TABLE title (database BLOB NOT NULL, number INTEGER NOT NULL);
         CREATE TABLE journal (newest INTEGER NOT NULL PRIMARY KEY, records INTEGER NOT NULL, sealed BLOB NOT NULL);
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

/// How much is written at once while room is made: commits wait for the disk behind it.
const PIECE: usize = 256 << 10;

/// Makes room for [`FULL`] bytes in the log of an empty file: where the disk has the room already, a commit is one write, and
/// else another one for the file's new length. The log is one of nothing, which SQLite takes for an empty one, made out of
/// that of a file that was done with ([`retire`]) or of none.
/// After each piece that is written it waits for `pause`.
pub(super) fn make_room(path: &Path, pause: Duration) -> std::io::Result<()> {
    let used = used_log(path);
    let made = blank(&used, pause).and_then(|()| fs::rename(&used, files::beside(path, "-wal")));
    if made.is_err() {
        // What there is of it would only take room that others need.
        _ = fs::remove_file(&used);
    }
    made?;
    files::sync_folder_of(path)
}

fn blank(log: &Path, pause: Duration) -> std::io::Result<()> {
    let file = match File::options().write(true).open(log) {
        Ok(file) => file,
        Err(_) => files::create_private(log)?,
    };
    // Without its header it is none, whatever stands behind.
    file.write_all_at(&[0; HEADER], 0)?;
    file.sync_data()?;
    let mut length = file.metadata()?.len();
    while length < FULL as u64 {
        file.write_all_at(&[0; PIECE], length)?;
        file.sync_data()?;
        length += PIECE as u64;
        std::thread::sleep(pause);
    }
    Ok(())
}

/// Bytes of a log's header (sqlite.org/fileformat.html, section 4.1).
const HEADER: usize = 32;

/// Deletes a file that is done with, and keeps its log for a later one.
pub(super) fn retire(path: &Path) {
    // When it cannot be kept, room is made anew.
    _ = fs::rename(files::beside(path, "-wal"), used_log(path));
    delete(path);
}

/// Where the log of a file that is done with waits to be used again: one for all files of a journal.
fn used_log(path: &Path) -> PathBuf {
    path.with_extension("used")
}

/// Deletes the log that [`retire`] kept.
pub(super) fn forget_used(path: &Path) {
    _ = fs::remove_file(used_log(path));
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
pub(super) struct Appender {
    db: Connection,
    /// About how many bytes more there is room for.
    room: usize,
}

/// About how long (bytes) a file's log becomes before the next file is begun: in a test build soon, so that kills and power
/// cuts meet files being made, dropped and used again.
pub(super) const FULL: usize = if cfg!(feature = "failpoints") {
    1 << 18
} else {
    32 << 20
};

/// Bytes of a page: a group is written page by page, and a few large ones take less time than many small ones.
const PAGE: usize = 8 << 10;

/// What a page costs in the log (sqlite.org/fileformat.html, section 4.1).
const FRAME: usize = PAGE + 24;

/// About how many bytes of the log a group takes whose records have so many: the pages that it fills, the last one in part, and two
/// that SQLite writes anew whenever it begins a page. Groups that share a page share these.
fn weight(sealed: usize) -> usize {
    let begins = 2 * FRAME * (2 * sealed).min(PAGE) / PAGE;
    sealed.div_ceil(PAGE) * FRAME + begins
}

impl Appender {
    /// Opens a file that is there, with `room` bytes in its log.
    pub(super) fn open(
        path: &Path,
        durability: Durability,
        room: usize,
    ) -> Result<Self, rusqlite::Error> {
        let db = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        db.pragma_update(None, "wal_autocheckpoint", 0)?;
        db.pragma_update(None, "synchronous", synchronous(durability))?;
        Ok(Self { db, room })
    }

    /// Whether it is time for the next file. It can be written on for as long as there is none.
    pub(super) fn is_full(&self) -> bool {
        self.room == 0
    }

    /// Adds a group in one transaction: all of it is there, or none.
    pub(super) fn append(&mut self, group: &Records) -> Result<(), rusqlite::Error> {
        self.db.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let added = self.add(group);
        self.room = self.room.saturating_sub(weight(group.sealed.len()));
        if added.is_err() {
            // Where SQLite has rolled back by itself there is nothing to roll back; the first error is the one to tell.
            _ = self.db.execute_batch("ROLLBACK");
        }
        added
    }

    /// The connection, for tests that break it.
    #[cfg(test)]
    pub(super) fn connection(&self) -> &Connection {
        &self.db
    }

    fn add(&self, group: &Records) -> Result<(), rusqlite::Error> {
        let sql = "INSERT INTO journal (newest, records, sealed) VALUES (?1, ?2, ?3)";
        let newest = group.newest().map(|seq| seq as i64);
        self.db
            .prepare_cached(sql)?
            .execute(params![newest, group.count, group.sealed])?;
        self.db.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }
}

/// Sealed records of one group, numbered without a gap.
#[derive(Debug, Default)]
pub(super) struct Records {
    first: u64,
    count: u32,
    sealed: Vec<u8>,
}

/// Bytes of a record's length.
const LENGTH: usize = 4;

impl Records {
    /// A group whose first record gets the number `first`, with room for so many bytes of records.
    pub(super) fn beginning_at(first: u64, room: usize) -> Self {
        Self {
            first,
            count: 0,
            sealed: Vec::with_capacity(room),
        }
    }

    /// The number that the next record gets.
    pub(super) fn next(&self) -> u64 {
        self.first + u64::from(self.count)
    }

    /// The number of the newest record; `None` when there is none.
    pub(super) fn newest(&self) -> Option<u64> {
        (self.count > 0).then(|| self.next() - 1)
    }

    /// Adds the record that `seal` writes to the end of what it is given.
    pub(super) fn push(&mut self, seal: impl FnOnce(&mut Vec<u8>)) {
        let begins = self.sealed.len() + LENGTH;
        self.sealed.extend_from_slice(&[0; LENGTH]);
        seal(&mut self.sealed);
        let length = u32::try_from(self.sealed.len() - begins)
            .expect("a body is limited to some megabytes")
            .to_le_bytes();
        self.sealed[begins - LENGTH..begins].copy_from_slice(&length);
        self.count += 1;
    }
}

/// The records in a row, with their numbers; `None` when the row is damaged.
fn split(newest: u64, count: u64, mut sealed: &[u8]) -> Option<Vec<(u64, &[u8])>> {
    let first = (newest + 1).checked_sub(count)?;
    let mut records = Vec::new();
    for seq in first..=newest {
        let (length, rest) = sealed.split_first_chunk::<LENGTH>()?;
        let (record, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        records.push((seq, record));
        sealed = rest;
    }
    sealed.is_empty().then_some(records)
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
        let sql = "SELECT (SELECT newest - records + 1 FROM journal ORDER BY newest LIMIT 1), max(newest) FROM journal";
        let ends = self.0.query_row(sql, [], |row| {
            Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?))
        })?;
        Ok(ends
            .0
            .zip(ends.1)
            .map(|(first, last)| (first as u64, last as u64)))
    }

    /// The next records after number `after`, by whole groups: about `limit` of them and about `bytes` long together.
    pub(super) fn after(
        &self,
        after: u64,
        limit: usize,
        bytes: usize,
    ) -> Result<Vec<(u64, Vec<u8>)>, rusqlite::Error> {
        let sql = "SELECT newest, records, sealed FROM journal WHERE newest > ?1 ORDER BY newest";
        let mut select = self.0.prepare_cached(sql)?;
        let mut rows = select.query(params![after as i64])?;
        let (mut records, mut length) = (Vec::new(), 0);
        while records.len() < limit && length < bytes {
            let Some(row) = rows.next()? else {
                break;
            };
            let (newest, count) = (row.get::<_, i64>(0)? as u64, row.get::<_, i64>(1)? as u64);
            let sealed = row.get_ref(2)?.as_blob()?;
            length += sealed.len();
            let group = split(newest, count, sealed).ok_or_else(damaged)?;
            let new = group.into_iter().filter(|(seq, _)| *seq > after);
            records.extend(new.map(|(seq, record)| (seq, record.to_vec())));
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

/// What SQLite says of a file that it cannot make sense of.
fn damaged() -> rusqlite::Error {
    let error = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
    rusqlite::Error::SqliteFailure(error, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that a hundred groups of one record each take in the log, and what was counted for them.
    fn taken_and_counted(record: usize) -> (usize, usize) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("journal");
        let title = Title {
            database: vec![1],
            number: 1,
        };
        make(&path, &title).expect("it is made");
        let room = usize::MAX >> 1;
        let mut file = Appender::open(&path, Durability::Process, room).expect("it opens");
        for nth in 1..=100 {
            let mut group = Records::beginning_at(nth, record);
            group.push(|sealed| sealed.resize(sealed.len() + record, 7));
            file.append(&group).expect("it is added");
        }
        let log = fs::metadata(files::beside(&path, "-wal")).expect("it has a log");
        (log.len() as usize, room - file.room)
    }

    #[test]
    fn a_log_is_left_before_its_room_is_used_up_and_not_long_before() {
        for record in [300, 900, 2_000, 4_000, 6_000, 9_000, 25_000, 60_000] {
            let (taken, counted) = taken_and_counted(record);
            let of_it = counted as f64 / taken as f64;
            assert!((0.98..1.5).contains(&of_it), "{record}: {of_it}");
        }
    }
}
