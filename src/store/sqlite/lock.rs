//! One server on one file: a lock file beside the database, held as long as the database is open and let go by the
//! operating system when the process ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

/// The lock, held while it lives. Its file stays behind, empty of meaning.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "closing it lets go")] File);

/// Why there is no lock.
#[derive(Debug)]
pub(super) enum NotLocked {
    /// Another process holds it: its id, as far as it has written it.
    HeldBy(Option<u32>),
    /// The file cannot be made or written.
    Failed(io::Error),
}

impl Lock {
    /// Takes the lock `path`, at once or not at all.
    pub(super) fn take(path: &Path) -> Result<Self, NotLocked> {
        let mut file = open(path).map_err(NotLocked::Failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(NotLocked::HeldBy(holder(&mut file))),
            Err(TryLockError::Error(error)) => return Err(NotLocked::Failed(error)),
        }
        sign(&mut file).map_err(NotLocked::Failed)?;
        Ok(Self(file))
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Writes who holds it, for the one who comes second.
fn sign(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_was_first() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("callwright.db.lock");
        let first = Lock::take(&path).expect("nobody holds it");
        match Lock::take(&path) {
            Err(NotLocked::HeldBy(holder)) => assert_eq!(holder, Some(std::process::id())),
            other => panic!("{other:?}"),
        }
        drop(first);
        Lock::take(&path).expect("it was let go");
    }
}
