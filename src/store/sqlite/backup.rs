//! A back-up: one SQLite file that holds the tables as of one moment and, of the journal, what was not yet projected
//! then. Together they are a prefix of history that has in it all that was kept before the back-up began. It is taken
//! beside a server that serves, and put in a database's place while none does.
//!
//! What is sealed in the database is sealed in the back-up; the keys are in neither.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

use super::files::{self, beside};
use super::open::{KEY_CHECK, key_check};
use super::segment::{self, Appender, BUSY, Reader};
use super::soundness::{Trouble, told_of};
use super::{journal, place, soundness, tail};
use crate::config::Durability;
use crate::store::StoreError;
use crate::store::ring::LiveVault;
use crate::store::vault::Keys;

/// `application_id` of a back-up: "CWBK". No server opens one by mistake, without what it has of the journal.
pub(super) const APPLICATION: u32 = 0x4357_424B;

/// How often the journal is read again when its files were deleted, being projected, while they were read.
const TRIES: usize = 100;

/// How many records a restored journal has in a row.
const GROUP: usize = 64;

/// What a back-up holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackedUp {
    /// How many webhooks.
    pub webhooks: u64,
    /// How long the file is, in bytes.
    pub bytes: u64,
}

/// Writes the database that `url` names into the new file `to`, whether a server has it open or not.
///
/// # Errors
///
/// [`StoreError::Unusable`] with a sentence: the file is there already, cannot be written, or the database cannot be
/// read or is damaged. Then there is no new file.
pub fn back_up(url: &str, to: &Path) -> Result<BackedUp, StoreError> {
    let from = place::place(url).map_err(StoreError::Unusable)?;
    let of_file = |trouble: Trouble| unusable("the back-up", to, &trouble);
    if to.exists() {
        let trouble = "is there already: name a new file, or move that one away";
        return Err(of_file(trouble.to_owned()));
    }
    let of_database = |trouble: Trouble| unusable("the database", &from, &trouble);
    if !from.exists() {
        return Err(of_database(
            "is not there: there is nothing to back up".to_owned(),
        ));
    }
    soundness::check_header(&from).map_err(of_database)?;
    let from = fs::canonicalize(&from).map_err(StoreError::from)?;
    let unfinished = beside(to, ".part");
    // Left by a back-up that was cut short; most often not there.
    _ = fs::remove_file(&unfinished);
    let written = write(&from, &unfinished).and_then(|webhooks| finish(&unfinished, to, webhooks));
    written.map_err(|trouble| {
        segment::delete(&unfinished);
        of_file(trouble)
    })
}

fn finish(unfinished: &Path, to: &Path, webhooks: u64) -> Result<BackedUp, Trouble> {
    let failed = |e: std::io::Error| format!("cannot be written ({e})");
    let file = File::open(unfinished).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    fs::rename(unfinished, to).map_err(failed)?;
    files::sync_folder_of(to).map_err(failed)?;
    Ok(BackedUp { webhooks, bytes })
}

/// Writes the back-up. First the journal, then the tables: what leaves the journal meanwhile is in the tables by then.
fn write(from: &Path, to: &Path) -> Result<u64, Trouble> {
    for _ in 0..TRIES {
        let Some(tail) = unprojected(from)? else {
            continue;
        };
        files::create_private(to).map_err(|e| format!("cannot be written ({e})"))?;
        let db = read_only(from).map_err(|e| told_of(&e))?;
        db.execute("VACUUM INTO ?1", [to.display().to_string()])
            .map_err(|e| format!("cannot be written ({e})"))?;
        if let Some(webhooks) = add_tail(to, &tail).map_err(|e| told_of(&e))? {
            return Ok(webhooks);
        }
        segment::delete(to);
    }
    Err(
        "cannot be written: the journal could not be read whole while it was served; try again"
            .to_owned(),
    )
}

type Records = Vec<(u64, Vec<u8>)>;

/// What of the journal is not in the tables at this moment; `None` when it was projected while it was read.
fn unprojected(from: &Path) -> Result<Option<Records>, Trouble> {
    let db = read_only(from).map_err(|e| told_of(&e))?;
    let projected = projected(&db).map_err(|e| told_of(&e))?;
    let registered = || numbers(&db).map_err(|e| told_of(&e));
    let mut records: Records = Vec::new();
    for number in registered()? {
        // Deleted since: it is in the tables.
        let Ok(reader) = Reader::open(&segment::path(from, number)) else {
            continue;
        };
        let newest = records.last().map_or(projected, |(seq, _)| *seq);
        let found = reader.after(newest, usize::MAX >> 1, usize::MAX);
        // What is read of a file that is dropped meanwhile is nothing, or another one's.
        if registered()?.contains(&number) {
            records.extend(found.map_err(|e| told_of(&e))?);
        }
    }
    let first = records.first().map(|(seq, _)| *seq);
    let last = records.last().map(|(seq, _)| *seq);
    let is_whole = first
        .zip(last)
        .is_none_or(|(first, last)| last - first + 1 == records.len() as u64);
    Ok(is_whole.then_some(records))
}

/// Adds the records that the tables of a back-up lack. The number of its webhooks; `None` when some are missing between.
fn add_tail(to: &Path, tail: &Records) -> Result<Option<u64>, rusqlite::Error> {
    let mut db = Connection::open_with_flags(to, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    db.execute_batch("PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF;")?;
    let mut newest = projected(&db)?;
    let moment = db.transaction()?;
    moment.execute_batch(
        "CREATE TABLE journal_tail (seq INTEGER NOT NULL PRIMARY KEY, record BLOB NOT NULL);
         DELETE FROM journal_files;",
    )?;
    for (seq, record) in tail.iter().filter(|(seq, _)| *seq > newest) {
        moment
            .prepare_cached("INSERT INTO journal_tail (seq, record) VALUES (?1, ?2)")?
            .execute(params![*seq as i64, record])?;
    }
    let kept: Option<(u64, u64)> = ends(&moment)?;
    if let Some((first, last)) = kept {
        if first != newest + 1 {
            return Ok(None);
        }
        newest = last;
    }
    moment.execute_batch(&format!("PRAGMA application_id = {APPLICATION}"))?;
    moment.commit()?;
    let verdict: String = db.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    match verdict.as_str() {
        "ok" => Ok(Some(newest)),
        _ => Err(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT),
            None,
        )),
    }
}

fn ends(db: &Connection) -> Result<Option<(u64, u64)>, rusqlite::Error> {
    let sql = "SELECT (SELECT min(seq) FROM journal_tail), (SELECT max(seq) FROM journal_tail)";
    db.query_row(sql, [], |row| {
        let ends: (Option<i64>, Option<i64>) = (row.get(0)?, row.get(1)?);
        Ok(ends
            .0
            .zip(ends.1)
            .map(|(first, last)| (first as u64, last as u64)))
    })
}

fn projected(db: &Connection) -> Result<u64, rusqlite::Error> {
    db.query_row("SELECT projected FROM projection", [], |row| {
        row.get::<_, i64>(0)
    })
    .map(|seq| seq as u64)
}

fn numbers(db: &Connection) -> Result<Vec<u64>, rusqlite::Error> {
    let mut select = db.prepare("SELECT number FROM journal_files ORDER BY number")?;
    let numbers = select.query_map([], |row| row.get::<_, i64>(0).map(|number| number as u64))?;
    numbers.collect()
}

fn read_only(path: &Path) -> Result<Connection, rusqlite::Error> {
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    db.busy_timeout(BUSY)?;
    Ok(db)
}

/// Puts the back-up `from` in the place that `url` names. What is there already is replaced only when `replace` says so.
/// Where `keys` are given, they must be the back-up's.
///
/// # Errors
///
/// [`StoreError::Unusable`] with a sentence: the file is no back-up, is damaged or sealed with other keys; a server has
/// the database open; a database is there. Until all of that is known to be well, nothing is touched.
pub fn restore(
    from: &Path,
    url: &str,
    keys: Option<&Keys>,
    replace: bool,
) -> Result<BackedUp, StoreError> {
    let to = place::place(url).map_err(StoreError::Unusable)?;
    let of_backup = |trouble: Trouble| unusable("the back-up", from, &trouble);
    let of_database = |trouble: Trouble| unusable("the database", &to, &trouble);
    check(from, keys).map_err(of_backup)?;
    let to = &super::open::real(&to);
    let _lock = super::open::take_lock(to).map_err(of_database)?;
    let others = tail::on_disk(to).map_err(of_database)?;
    if !replace && (to.exists() || !others.is_empty()) {
        let trouble =
            "is there already: move it away with its journal, or say --force to replace it";
        return Err(of_database(trouble.to_owned()));
    }
    let number = others
        .iter()
        .map(|(number, _)| number + 1)
        .max()
        .unwrap_or(1);
    let restored = unpack(from, to, number).map_err(of_database)?;
    settle(to).map_err(of_database)?;
    put_in_place(to, &others).map_err(of_database)?;
    Ok(restored)
}

/// Whether a file is a sound back-up, and of these keys.
fn check(from: &Path, keys: Option<&Keys>) -> Result<(), Trouble> {
    if !from.is_file() {
        return Err("is not there".to_owned());
    }
    let db = read_only(from).map_err(|_| NOT_ONE.to_owned())?;
    let application: i64 = db
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(|_| NOT_ONE.to_owned())?;
    if application != i64::from(APPLICATION) {
        return Err(NOT_ONE.to_owned());
    }
    let verdict: Result<String, _> =
        db.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0));
    if verdict.ok().as_deref() != Some("ok") {
        return Err("is damaged: take another one".to_owned());
    }
    let Some(keys) = keys else {
        return Ok(());
    };
    let sealed: Option<(Vec<u8>, Vec<u8>)> = db
        .query_row("SELECT database, key_check FROM projection", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()
        .map_err(|e| told_of(&e))?;
    let opens = sealed.is_some_and(|(id, sealed)| {
        let whose = LiveVault::new(keys).whose(key_check(&id), KEY_CHECK, &sealed);
        whose.is_some()
    });
    match opens {
        true => Ok(()),
        false => Err("is encrypted with other keys than the ones that are set: set the keys that it was made with".to_owned()),
    }
}

const NOT_ONE: &str = "is no back-up that `callwright backup` made";

/// Makes the database under another name, and its journal's first file under its own.
fn unpack(from: &Path, to: &Path, number: u64) -> Result<BackedUp, Trouble> {
    let failed = |e: std::io::Error| format!("cannot be written ({e})");
    let unfinished = beside(to, ".new");
    segment::delete(&unfinished);
    let mut target = files::create_private(&unfinished).map_err(failed)?;
    let mut source = File::open(from).map_err(failed)?;
    let bytes = std::io::copy(&mut source, &mut target).map_err(failed)?;
    drop(target);
    let db = Connection::open_with_flags(&unfinished, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .map_err(|e| told_of(&e))?;
    let webhooks = move_tail(&db, to, number).map_err(|e| match e {
        StoreError::Database(error) => format!("cannot be written ({error})"),
        other => other.to_string(),
    })?;
    db.close().map_err(|(_, e)| told_of(&e))?;
    File::open(&unfinished)
        .and_then(|file| file.sync_all())
        .map_err(failed)?;
    Ok(BackedUp { webhooks, bytes })
}

/// Moves the back-up's piece of the journal into a journal's file of its own.
fn move_tail(db: &Connection, to: &Path, number: u64) -> Result<u64, StoreError> {
    let id: Vec<u8> = db.query_row("SELECT database FROM projection", [], |row| row.get(0))?;
    let mut select = db.prepare("SELECT seq, record FROM journal_tail ORDER BY seq")?;
    let rows = select.query_map([], |row| Ok((row.get::<_, i64>(0)? as u64, row.get(1)?)))?;
    let records: Records = rows.collect::<Result<_, _>>()?;
    journal::make(to, &id, number)?;
    let mut appender = Appender::open(&segment::path(to, number), Durability::Full, 0)?;
    for group in records.chunks(GROUP) {
        let mut added = segment::Records::beginning_at(group.first().map_or(0, |(seq, _)| *seq), 0);
        for (_, record) in group {
            added.push(|sealed| sealed.extend_from_slice(record));
        }
        appender.append(&added)?;
    }
    let newest = records.last().map(|(seq, _)| *seq);
    journal::register(db, number)?;
    db.execute_batch(&format!(
        "DROP TABLE journal_tail; PRAGMA application_id = {}",
        soundness::APPLICATION
    ))?;
    Ok(newest.map_or_else(|| projected(db), Ok)?)
}

/// Empties the log of the database that is there, so that it is never taken for the log of the one that comes.
fn settle(to: &Path) -> Result<(), Trouble> {
    if to.exists()
        && let Ok(db) = Connection::open_with_flags(to, OpenFlags::SQLITE_OPEN_READ_WRITE)
    {
        // One that is too damaged for this is about to be replaced anyway.
        _ = db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
    }
    for ending in ["-wal", "-shm"] {
        // Most often it is gone by now.
        _ = fs::remove_file(beside(to, ending));
    }
    Ok(())
}

fn put_in_place(to: &Path, others: &[(u64, PathBuf)]) -> Result<(), Trouble> {
    let failed = |e: std::io::Error| format!("cannot be put in its place ({e})");
    fs::rename(beside(to, ".new"), to).map_err(failed)?;
    files::sync_folder_of(to).map_err(failed)?;
    others.iter().for_each(|(_, path)| segment::delete(path));
    Ok(())
}

pub(super) fn unusable(what: &str, path: &Path, trouble: &str) -> StoreError {
    StoreError::Unusable(format!("{what} {} {trouble}", path.display()))
}
