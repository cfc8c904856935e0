//! The journal's files: which there are, which is written, when one is done with. Each is registered in the database
//! before its first record and struck off before it is deleted, so that a file that is missing, or is another one's, is
//! noticed at the start.

use std::collections::VecDeque;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, params};

use super::files;
use super::open::safely;
use super::segment::{self, Appender, MakeError, Reader, Title};
use crate::config::Durability;
use crate::store::StoreError;

/// The journal beside a database.
#[derive(Debug)]
pub(super) struct Journal {
    database: PathBuf,
    id: Vec<u8>,
    durability: Durability,
    files: Mutex<Files>,
}

#[derive(Debug)]
struct Files {
    /// Those with records, the oldest first; the last one is being written.
    used: VecDeque<u64>,
    /// The next one, ready to be written.
    spare: Option<(u64, Appender)>,
    /// The next one is to be gone on to although there is room in this one.
    is_left: bool,
}

impl Journal {
    /// The journal of the database `id` at the path `database`, with these files.
    pub(super) fn new(
        database: &Path,
        id: &[u8],
        durability: Durability,
        files: VecDeque<u64>,
    ) -> Self {
        Self {
            database: database.to_owned(),
            id: id.to_vec(),
            durability,
            files: Mutex::new(Files {
                used: files,
                spare: None,
                is_left: false,
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the file `number` is.
    pub(super) fn path(&self, number: u64) -> PathBuf {
        segment::path(&self.database, number)
    }

    /// The oldest file, and whether there is a newer one with records.
    pub(super) fn oldest(&self) -> (u64, bool) {
        let files = self.lock();
        let oldest = files
            .used
            .front()
            .expect("one file is always being written");
        (*oldest, files.used.len() > 1)
    }

    /// Opens the file that is being written. The next one follows as soon as it is ready: what room is left here is not
    /// known.
    pub(super) fn appender(&self) -> Result<Appender, rusqlite::Error> {
        Appender::open(&self.path(self.newest()), self.durability, 0)
    }

    /// Opens the file that is being written, for reading.
    pub(super) fn newest_reader(&self) -> Result<Reader, rusqlite::Error> {
        Reader::open(&self.path(self.newest()))
    }

    fn newest(&self) -> u64 {
        *self
            .lock()
            .used
            .back()
            .expect("one file is always being written")
    }

    /// Has what was written of the file `number` survive a power cut.
    pub(super) fn sync(&self, number: u64) -> std::io::Result<()> {
        let log = File::open(files::beside(&self.path(number), "-wal"))?;
        log.sync_data()
    }

    /// Goes on to the next file, if it is ready.
    pub(super) fn next_file(&self) -> Option<Appender> {
        let mut files = self.lock();
        let (number, appender) = files.spare.take()?;
        files.used.push_back(number);
        files.is_left = false;
        Some(appender)
    }

    /// Whether the file that is being written is to be left although there is room in it.
    pub(super) fn is_left(&self) -> bool {
        self.lock().is_left
    }

    /// Makes the next file without anything that is left of earlier ones, and has it be gone on to. Returns the number of
    /// the file that is left.
    pub(super) fn begin_anew(&self, tables: &mut Connection) -> Result<u64, StoreError> {
        let last = self.newest();
        let spare = self.lock().spare.take();
        if let Some((number, appender)) = spare {
            drop(appender);
            segment::delete(&self.path(number));
        }
        self.forget_used();
        self.make_spare(tables, Duration::ZERO)?;
        self.lock().is_left = true;
        Ok(last)
    }

    /// Deletes the log that was kept to be used again.
    pub(super) fn forget_used(&self) {
        segment::forget_used(&self.path(self.newest()));
    }

    /// Makes the next file ready, if it is not; `tables` registers it. The disk is left alone for `pause` after each piece of room
    /// that is made.
    pub(super) fn make_spare(
        &self,
        tables: &mut Connection,
        pause: Duration,
    ) -> Result<(), StoreError> {
        if self.lock().spare.is_some() {
            return Ok(());
        }
        let number = self.newest() + 1;
        let path = self.path(number);
        make(&self.database, &self.id, number)?;
        if let Err(error) = segment::make_room(&path, pause) {
            tracing::debug!(reason = %error, "no room was made beforehand for the journal: its commits take longer");
        }
        safely(tables, |tables| register(tables, number))?;
        let appender = Appender::open(&path, self.durability, segment::FULL)?;
        self.lock().spare = Some((number, appender));
        Ok(())
    }

    /// Strikes the oldest file off and deletes it: all of it is in the tables.
    pub(super) fn drop_oldest(&self, tables: &mut Connection) -> Result<(), StoreError> {
        let (number, _) = self.oldest();
        let strike_off = "DELETE FROM journal_files WHERE number = ?1";
        safely(tables, |tables| {
            tables.execute(strike_off, params![number as i64])
        })?;
        self.lock().used.pop_front();
        segment::retire(&self.path(number));
        Ok(())
    }

    /// Record number `seq`, sealed; `None` when no file has it any more.
    pub(super) fn record(&self, seq: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let numbers: Vec<_> = self.lock().used.iter().rev().copied().collect();
        for number in numbers {
            let found = Reader::open(&self.path(number)).and_then(|file| file.one(seq));
            // What is read of a file that is dropped meanwhile is nothing, or another one's; it is in the tables by then.
            if !self.lock().used.contains(&number) {
                continue;
            }
            if let Some(record) = found? {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }
}

/// Makes the file `number` of the database `id`.
pub(super) fn make(database: &Path, id: &[u8], number: u64) -> Result<(), StoreError> {
    let title = Title {
        database: id.to_vec(),
        number,
    };
    segment::make(&segment::path(database, number), &title).map_err(|error| match error {
        MakeError::Disk(error) => StoreError::from(error),
        MakeError::Database(error) => StoreError::from(error),
    })
}

/// Has the tables know of the file `number`.
pub(super) fn register(tables: &Connection, number: u64) -> Result<(), rusqlite::Error> {
    let sql = "INSERT OR IGNORE INTO journal_files (number) VALUES (?1)";
    tables.execute(sql, params![number as i64]).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::segment::Records;

    #[test]
    fn a_record_is_there_or_gone_while_its_file_is_dropped() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database = folder.path().join("callwright.db");
        let mut tables = Connection::open(&database).expect("it opens");
        let sql = "CREATE TABLE journal_files (number INTEGER PRIMARY KEY)";
        tables.execute(sql, []).expect("it is new");
        make(&database, b"id", 1).expect("it is made");
        let journal = Journal::new(&database, b"id", Durability::Process, VecDeque::from([1]));
        let mut file = journal.appender().expect("it opens");
        for seq in 1..=40 {
            let mut group = Records::beginning_at(seq, 0);
            group.push(|sealed| sealed.extend_from_slice(&seq.to_le_bytes()));
            file.append(&group).expect("it is added");
            drop(file);
            journal
                .make_spare(&mut tables, Duration::ZERO)
                .expect("it is made");
            file = journal.next_file().expect("it is ready");
            std::thread::scope(|scope| {
                let reading = scope.spawn(|| {
                    while let Some(record) = journal.record(seq).expect("it is there, or gone") {
                        assert_eq!(record, seq.to_le_bytes());
                    }
                });
                journal.drop_oldest(&mut tables).expect("it is dropped");
                reading.join().expect("it ends when the file is gone");
            });
        }
    }
}
