//! Files beside the database: their names, their rights, and that they are there after a power cut.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// `path` with `ending` written behind it.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Makes a file that was not there, readable by its owner only.
pub(super) fn create_private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Has a new name survive a power cut.
pub(super) fn sync_folder_of(path: &Path) -> io::Result<()> {
    let real = fs::canonicalize(path)?;
    match real.parent() {
        Some(folder) if cfg!(unix) => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}
