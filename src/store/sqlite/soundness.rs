//! Whether a file may be trusted: the library that reads it, its first bytes, its pages; and what is said when it may not.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use sqlx::SqliteConnection;

use super::backup;
use super::files::beside;

/// What is wrong with a database file and what to do, as the rest of a sentence that begins with its path.
pub(super) type Trouble = String;

/// `application_id` of our databases, as migration 1 sets it: "CWRT".
pub(super) const APPLICATION: u32 = 0x4357_5254;

/// The oldest SQLite that is safe: releases up to 3.51.2 can corrupt a WAL when it is reset.
const OLDEST_SQLITE: (u32, u32, u32) = (3, 51, 3);

/// Up to which size a file is checked page by page when it is opened; a larger one would hold the start up.
const CHECKED_BYTES: u64 = 64 << 20;

/// Whether a file that is there is a database of ours, by its first bytes (sqlite.org/fileformat.html, section 1.3).
pub(super) fn check_header(path: &Path) -> Result<(), Trouble> {
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
    if application == backup::APPLICATION {
        return Err(
            "is a back-up: put it in the place of the database with `callwright restore`"
                .to_owned(),
        );
    }
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

/// Whether the library is safe and the file sound.
pub(super) async fn check_contents(db: &mut SqliteConnection, path: &Path) -> Result<(), Trouble> {
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

pub(super) async fn check_writable(db: &mut SqliteConnection) -> Result<(), Trouble> {
    for statement in ["BEGIN IMMEDIATE", "ROLLBACK"] {
        sqlx::query(statement)
            .execute(&mut *db)
            .await
            .map_err(|e| told(&e))?;
    }
    Ok(())
}

pub(super) fn damaged() -> Trouble {
    "is damaged: restore a backup; the file was left as it is".to_owned()
}

/// What SQLite's refusal means for the one who starts the server (sqlite.org/rescode.html).
pub(super) fn told(error: &sqlx::Error) -> Trouble {
    told_by(super::code(error), error)
}

/// The same of the other driver's error.
pub(super) fn told_of(error: &rusqlite::Error) -> Trouble {
    let code = error.sqlite_error().map(|it| it.extended_code & 0xff);
    told_by(code, error)
}

fn told_by(code: Option<i32>, error: &dyn std::fmt::Display) -> Trouble {
    match code {
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
