//! The start: the journal's files are held against what the database knows of them, and what is not projected yet is
//! folded into memory. Files that do not belong together are refused, never emptied.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::journal::Journal;
use super::lookups::Lookups;
use super::memory::Memory;
use super::open::Named;
use super::segment::{self, Reader};
use super::soundness::{Trouble, damaged, told_of};
use super::{tables, writer};
use crate::config::Durability;
use crate::store::forms::read_time;
use crate::store::vault::Vault;

/// What a start finds.
pub(super) struct Tail {
    pub(super) journal: Journal,
    pub(super) memory: Memory,
    /// The number of the journal's newest record.
    pub(super) newest: u64,
}

/// How many records are read at once.
const AT_ONCE: usize = 4096;
const BYTES_AT_ONCE: usize = 32 << 20;

/// Reads the journal of the database at `path`; see [`Tail`].
pub(super) fn read(
    path: &Path,
    db: &Connection,
    named: &Named,
    lookups: &Lookups,
    vault: &Vault,
    durability: Durability,
) -> Result<Tail, Trouble> {
    let registered = registered(db).map_err(|e| told_of(&e))?;
    clear_leftovers(path, named, &registered)?;
    let since = read_time(named.forgotten_before.max(FIRST_TIME)).map_err(|_| damaged())?;
    let memory = Memory::new(named.projected, since);
    let (mut newest, mut last) = (named.projected, None);
    for file in &registered {
        let reader = open(path, named, file)?;
        last = check_ends(path, file, &reader, newest)?.or(last);
        while let Some(through) = fold(&reader, newest, &memory, lookups, vault)? {
            newest = through;
        }
    }
    if let (Some(last), Some(file)) = (last, registered.last())
        && last < named.projected
    {
        return Err(of(&segment::path(path, file.number), TORN));
    }
    let files: VecDeque<_> = registered.iter().map(|file| file.number).collect();
    if files.is_empty() {
        return Err(damaged());
    }
    Ok(Tail {
        journal: Journal::new(path, &named.id, durability, files),
        memory,
        newest,
    })
}

/// The earliest time that there is (ms).
const FIRST_TIME: i64 = -377_705_023_201_000;

/// A file as the database knows it.
struct File {
    number: u64,
    first: Option<u64>,
}

fn registered(db: &Connection) -> Result<Vec<File>, rusqlite::Error> {
    let sql = "SELECT number, first_seq FROM journal_files ORDER BY number";
    let mut select = db.prepare(sql)?;
    let files = select.query_map([], |row| {
        Ok(File {
            number: row.get::<_, i64>(0)? as u64,
            first: row.get::<_, Option<i64>>(1)?.map(|seq| seq as u64),
        })
    })?;
    files.collect()
}

fn open(path: &Path, named: &Named, file: &File) -> Result<Reader, Trouble> {
    let path = segment::path(path, file.number);
    if !path.exists() {
        return Err(of(&path, "is missing: put it back, or restore a backup"));
    }
    let reader = Reader::open(&path).map_err(|e| of(&path, &told_of(&e)))?;
    let title = reader.title().map_err(|e| of(&path, &told_of(&e)))?;
    match title {
        Some(title) if title.database == named.id && title.number == file.number => Ok(reader),
        Some(_) => Err(of(
            &path,
            "belongs to another database: put the right one back, or restore a backup",
        )),
        None => Err(of(
            &path,
            "is not a journal of Callwright's: put the right one back, or restore a backup",
        )),
    }
}

/// Whether a file's first record meets the tables and the file before it. Returns its last.
fn check_ends(
    path: &Path,
    file: &File,
    reader: &Reader,
    newest: u64,
) -> Result<Option<u64>, Trouble> {
    let path = segment::path(path, file.number);
    let ends = reader.ends().map_err(|e| of(&path, &told_of(&e)))?;
    let meets = match (ends, file.first) {
        (None, known) => known.is_none(),
        (Some((first, _)), known) => {
            first <= newest + 1 && known.is_none_or(|known| known == first)
        }
    };
    match meets {
        true => Ok(ends.map(|(_, last)| last)),
        false => Err(of(&path, TORN)),
    }
}

/// What is said of files that do not belong together.
const TORN: &str = "is older or newer than the database: put back files that were saved together, or restore a backup";

/// Folds the next records after `after` into memory. The number of the last; `None` when there are no more.
fn fold(
    reader: &Reader,
    after: u64,
    memory: &Memory,
    lookups: &Lookups,
    vault: &Vault,
) -> Result<Option<u64>, Trouble> {
    let records = reader
        .after(after, AT_ONCE, BYTES_AT_ONCE)
        .map_err(|e| told_of(&e))?;
    let mut expected = after;
    for (seq, sealed) in records {
        expected += 1;
        let entry = tables::open(vault, seq, &sealed).map_err(|_| damaged())?;
        if seq != expected {
            return Err(damaged());
        }
        writer::remember(memory, lookups, &entry, seq).map_err(|_| damaged())?;
    }
    Ok((expected > after).then_some(expected))
}

/// Deletes files that were being made, or being deleted, when the last run ended. One that holds what the tables do not
/// have is no such file.
fn clear_leftovers(path: &Path, named: &Named, registered: &[File]) -> Result<(), Trouble> {
    for (number, file) in on_disk(path)? {
        if registered.iter().any(|file| file.number == number) {
            continue;
        }
        if newest_in(&file).is_some_and(|newest| newest > named.projected) {
            return Err(of(&file, TORN));
        }
        segment::delete(&file);
    }
    Ok(())
}

/// The newest record in a file; `None` when it has none or cannot be read, as when it was not yet made whole.
fn newest_in(file: &Path) -> Option<u64> {
    Reader::open(file).ok()?.ends().ok()?.map(|(_, last)| last)
}

/// Whether no journal is beside a database that is not there: its calls are not to be forgotten silently.
pub(super) fn check_nothing_is_left(path: &Path) -> Result<(), Trouble> {
    for (_, file) in on_disk(path)? {
        if newest_in(&file).is_some() {
            return Err(format!(
                "is missing, but its journal {} is there and holds calls: put the database back, \
                 or delete the journal to begin with nothing",
                file.display()
            ));
        }
        segment::delete(&file);
    }
    Ok(())
}

/// The journal's files beside a database, whether it knows of them or not.
pub(super) fn on_disk(path: &Path) -> Result<Vec<(u64, PathBuf)>, Trouble> {
    let pattern = segment::path(path, 0);
    let stem = pattern
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let stem = stem
        .as_deref()
        .and_then(|name| name.strip_suffix('0'))
        .unwrap_or_default();
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let entries = std::fs::read_dir(folder)
        .map_err(|e| format!("cannot be opened: its folder cannot be listed ({e})"))?;
    let number = |entry: std::fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        let number = name.strip_prefix(stem)?.parse().ok()?;
        Some((number, segment::path(path, number)))
    };
    Ok(entries.flatten().filter_map(number).collect())
}

fn of(file: &Path, trouble: &str) -> Trouble {
    format!("cannot be opened: its journal {} {trouble}", file.display())
}
