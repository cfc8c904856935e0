//! Where the keys come from that what is stored is encrypted with: the configuration; else their file; else, when there
//! is no database yet, they are made and written into that file.
//!
//! Keys are never made for a database that is there: they would open nothing of it.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use zeroize::Zeroizing;

use super::StoreError;
use super::vault::Keys;
use crate::config;

/// The largest file that can be one of keys, in bytes.
const LARGEST: u64 = 16 * 1024;

/// What the file says to the people who find it.
const WORD: &str = "\
# The keys of Callwright's database. Without this file the database and its back-ups cannot be read: nobody can make
# these keys again. Keep a copy of it where the back-ups of the database are not, since together they tell everything.
# Readable by its owner alone (chmod 600). Never change it by hand: `callwright keys replace` does.
";

/// Finds the keys. `is_new` tells whether there is no database yet, and is asked only when there are no keys: then they
/// are made.
///
/// # Errors
///
/// [`StoreError::Unusable`] with a sentence that says what to do; what `is_new` fails with.
pub async fn find(
    configured: &config::Keys,
    is_new: impl Future<Output = Result<bool, StoreError>>,
) -> Result<Keys, StoreError> {
    if let Some(given) = &configured.given {
        return Ok(keys_of(given));
    }
    if let Some(keys) = read(&configured.file)? {
        return Ok(keys);
    }
    match is_new.await? {
        true => make(&configured.file),
        false => Err(lost(&configured.file)),
    }
}

/// The keys that are configured, or in their file; `None` when there is no file.
///
/// # Errors
///
/// [`StoreError::Unusable`] with a sentence that says what to do.
pub fn find_there(configured: &config::Keys) -> Result<Option<Keys>, StoreError> {
    match &configured.given {
        Some(given) => Ok(Some(keys_of(given))),
        None => read(&configured.file),
    }
}

fn keys_of(given: &config::GivenKeys) -> Keys {
    let before = given.before.as_deref();
    Keys {
        data: given.data.clone(),
        index: given.index.clone(),
        before: before.map(|before| Box::new(keys_of(before))),
    }
}

/// The keys in the file at `path`; `None` when there is no file.
fn read(path: &Path) -> Result<Option<Keys>, StoreError> {
    let failed = |error: io::Error| unusable(path, &format!("cannot be read ({error})"));
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_dir() {
        return Err(unusable(path, "is a folder: name a file in it"));
    }
    if let Some(mode) = open_to_others(&metadata) {
        let told = format!(
            "may be read by others than its owner (mode {mode:04o}): chmod 600 {}",
            path.display()
        );
        return Err(unusable(path, &told));
    }
    let mut text = Zeroizing::new(String::new());
    let is_text = file.take(LARGEST).read_to_string(&mut text);
    is_text
        .ok()
        .and_then(|_| parse(&text))
        .map(Some)
        .ok_or_else(|| {
            let told = "does not hold two keys of 32 bytes as base64: restore its copy";
            unusable(path, told)
        })
}

#[cfg(unix)]
fn open_to_others(metadata: &fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = metadata.permissions().mode() & 0o7777;
    (mode & 0o077 != 0).then_some(mode)
}

#[cfg(not(unix))]
fn open_to_others(_: &fs::Metadata) -> Option<u32> {
    None
}

/// Reads `data = "…"` and `index = "…"`, each once, beside comments; and with `old_` before them the keys before, both or neither.
fn parse(text: &str) -> Option<Keys> {
    let (mut data, mut index) = (None, None);
    let (mut old_data, mut old_index) = (None, None);
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = line.split_once('=')?;
        let place = match name.trim() {
            "data" => &mut data,
            "index" => &mut index,
            "old_data" => &mut old_data,
            "old_index" => &mut old_index,
            _ => return None,
        };
        let key = key_of(value.trim().strip_prefix('"')?.strip_suffix('"')?)?;
        if place.replace(key).is_some() {
            return None;
        }
    }
    let before = match (old_data, old_index) {
        (None, None) => None,
        (data, index) => Some(Box::new(Keys {
            data: data?,
            index: index?,
            before: None,
        })),
    };
    Some(Keys {
        data: data?,
        index: index?,
        before,
    })
}

fn key_of(base64: &str) -> Option<Zeroizing<[u8; 32]>> {
    let bytes = Zeroizing::new(BASE64.decode(base64).ok()?);
    bytes.as_slice().try_into().ok().map(Zeroizing::new)
}

/// Makes new keys and writes them to `path`, where there is no file: all of it, and for good, before it has its name.
fn make(path: &Path) -> Result<Keys, StoreError> {
    let keys = Keys::generate();
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => unusable(
            path,
            "was made by another server at this very moment: start again",
        ),
        _ => unusable(
            path,
            &format!(
                "cannot be made: its folder must be there and writable for this user ({error}); \
                 or set CALLWRIGHT_KEYS__DATA and CALLWRIGHT_KEYS__INDEX"
            ),
        ),
    };
    let unfinished = unfinished(path);
    let written = write(&unfinished, &keys).and_then(|()| fs::hard_link(&unfinished, path));
    // It has its name, or failed to get it; either way this one is done with.
    _ = fs::remove_file(&unfinished);
    written
        .and_then(|()| sync_folder_of(path))
        .map_err(failed)?;
    tracing::warn!(
        file = %path.display(),
        "new keys were made for the new database: keep a copy of this file apart from the database's back-ups; \
         without it they cannot be read"
    );
    Ok(keys)
}

/// Has the file hold new keys, and those that it held as the ones before.
///
/// # Errors
///
/// [`StoreError::Unusable`] with a sentence: there is no such file, or it has keys of before already.
pub fn replace(path: &Path) -> Result<(), StoreError> {
    let known = read(path)?.ok_or_else(|| missing(path))?;
    if known.before.is_some() {
        let told = "has keys of before already: see that they are done with, and take them out by \
                    `callwright keys replace --finish`";
        return Err(unusable(path, told));
    }
    let keys = Keys {
        before: Some(Box::new(known)),
        ..Keys::generate()
    };
    write_over(path, &keys)
}

/// Takes the keys of before out of the file.
///
/// # Errors
///
/// [`StoreError::Unusable`] with a sentence: there is no such file, or it has none of before.
pub fn finish(path: &Path) -> Result<(), StoreError> {
    let known = read(path)?.ok_or_else(|| missing(path))?;
    if known.before.is_none() {
        return Err(unusable(
            path,
            "has no keys of before: there is nothing to take out",
        ));
    }
    let keys = Keys {
        before: None,
        ..known
    };
    write_over(path, &keys)
}

/// Writes the file anew: whole on the disk before it takes the place of the one that is there.
fn write_over(path: &Path, keys: &Keys) -> Result<(), StoreError> {
    let failed = |error: io::Error| {
        let told =
            format!("cannot be written: its folder must be writable for this user ({error})");
        unusable(path, &told)
    };
    let unfinished = unfinished(path);
    let written = write(&unfinished, keys).and_then(|()| fs::rename(&unfinished, path));
    if written.is_err() {
        // It is of no use; most often it could not even be made.
        _ = fs::remove_file(&unfinished);
    }
    written.and_then(|()| sync_folder_of(path)).map_err(failed)
}

fn missing(path: &Path) -> StoreError {
    unusable(
        path,
        "is not there: the server makes it with its first database; keys of the environment are replaced there",
    )
}

/// A name beside `path` that no other process takes.
fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".new-{}", std::process::id()));
    PathBuf::from(name)
}

fn write(path: &Path, keys: &Keys) -> io::Result<()> {
    // Left by a start that was cut short; most often not there.
    _ = fs::remove_file(path);
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let mut text = Zeroizing::new(WORD.to_owned());
    let before = keys.before.as_deref();
    let pairs = [("", Some(keys)), ("old_", before)];
    for (word, keys) in pairs
        .into_iter()
        .filter_map(|(word, keys)| Some((word, keys?)))
    {
        for (name, key) in [("data", &keys.data), ("index", &keys.index)] {
            let base64 = Zeroizing::new(BASE64.encode(key.as_slice()));
            for piece in [word, name, " = \"", &base64, "\"\n"] {
                text.push_str(piece);
            }
        }
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Has the new name survive a power cut.
fn sync_folder_of(path: &Path) -> io::Result<()> {
    let real = fs::canonicalize(path)?;
    match real.parent() {
        Some(folder) if cfg!(unix) => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

fn lost(path: &Path) -> StoreError {
    unusable(
        path,
        "is not there, and the database is: without its keys it cannot be read. Restore the copy of this file, or set \
         CALLWRIGHT_KEYS__DATA and CALLWRIGHT_KEYS__INDEX to the database's keys",
    )
}

fn unusable(path: &Path, what: &str) -> StoreError {
    StoreError::Unusable(format!("the keys file {} {what}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn desk() -> (tempfile::TempDir, config::Keys) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("callwright.keys");
        (folder, config::Keys { given: None, file })
    }

    fn put(file: &Path, text: &str, mode: u32) {
        fs::write(file, text).expect("the folder is ours");
        fs::set_permissions(file, fs::Permissions::from_mode(mode)).expect("the file is ours");
    }

    fn told(found: Result<Keys, StoreError>) -> String {
        found.expect_err("there are no keys to be had").to_string()
    }

    #[tokio::test]
    async fn a_new_database_has_keys_made_that_are_found_again() {
        let (folder, configured) = desk();
        let made = find(&configured, async { Ok(true) })
            .await
            .expect("they can be made");
        let mode = fs::metadata(&configured.file).expect("it is there");
        assert_eq!(mode.permissions().mode() & 0o7777, 0o600);
        let text = fs::read_to_string(&configured.file).expect("it is text");
        assert!(text.contains("Keep a copy"));
        let again = find(&configured, async { panic!("nobody need ask") })
            .await
            .expect("they are there");
        assert_eq!((&*made.data, &*made.index), (&*again.data, &*again.index));
        assert_ne!(made.data, made.index);
        let left = fs::read_dir(folder.path()).expect("it is there").count();
        assert_eq!(left, 1, "nothing unfinished is left");
    }

    #[tokio::test]
    async fn keys_are_replaced_and_those_before_taken_out() {
        let (folder, configured) = desk();
        let path = &configured.file;
        let told = replace(path).expect_err("there is none").to_string();
        assert!(told.contains("is not there"), "{told}");
        let first = find(&configured, async { Ok(true) }).await.expect("made");
        let told = finish(path).expect_err("there are none").to_string();
        assert!(told.contains("has no keys of before"), "{told}");
        replace(path).expect("it is written");
        let both = read(path).expect("it is sound").expect("it is there");
        let before = both.before.as_deref().expect("they are there");
        assert_eq!(
            (&*before.data, &*before.index),
            (&*first.data, &*first.index)
        );
        assert_ne!(both.data, first.data);
        let told = replace(path).expect_err("one after the other").to_string();
        assert!(told.contains("--finish"), "{told}");
        finish(path).expect("it is written");
        let alone = read(path).expect("it is sound").expect("it is there");
        assert_eq!((alone.data, alone.before.is_none()), (both.data, true));
        let mode = fs::metadata(path).expect("it is there").permissions();
        assert_eq!(mode.mode() & 0o7777, 0o600);
        let left = fs::read_dir(folder.path()).expect("it is there").count();
        assert_eq!(left, 1, "nothing unfinished is left");
    }

    #[tokio::test]
    async fn keys_that_are_given_need_no_file() {
        let (_folder, mut configured) = desk();
        configured.given = Some(config::GivenKeys {
            data: Zeroizing::new([1; 32]),
            index: Zeroizing::new([2; 32]),
            before: None,
        });
        let keys = find(&configured, async { Ok(true) }).await.expect("given");
        assert_eq!((keys.data[0], keys.index[0]), (1, 2));
        assert!(!configured.file.exists());
    }

    #[tokio::test]
    async fn a_database_without_its_keys_gets_no_new_ones() {
        let (_folder, configured) = desk();
        let told = told(find(&configured, async { Ok(false) }).await);
        assert!(told.contains("Restore the copy of this file"), "{told}");
        assert!(!configured.file.exists());
    }

    #[tokio::test]
    async fn a_file_that_others_can_read_is_refused() {
        let (_folder, configured) = desk();
        find(&configured, async { Ok(true) }).await.expect("made");
        let text = fs::read_to_string(&configured.file).expect("it is text");
        for mode in [0o644, 0o640, 0o602] {
            put(&configured.file, &text, mode);
            let told = told(find(&configured, async { Ok(true) }).await);
            assert!(
                told.contains(&format!("(mode {mode:04o}): chmod 600 /")),
                "{told}"
            );
        }
    }

    #[tokio::test]
    async fn a_file_that_holds_no_keys_is_left_as_it_is() {
        let (_folder, configured) = desk();
        let (good, short) = ("A".repeat(43) + "=", "AAAA");
        for text in [
            String::new(),
            "data".to_owned(),
            format!("data = \"{good}\"\n"),
            format!("data = \"{good}\"\nindex = \"{short}\"\n"),
            format!("data = \"{good}\"\nindex = \"hunter2!\"\n"),
            format!("data = \"{good}\"\ndata = \"{good}\"\nindex = \"{good}\"\n"),
            format!("data = {good}\nindex = {good}\n"),
            format!("data = \"{good}\"\nindex = \"{good}\"\nold_data = \"{good}\"\n"),
            format!("data = \"{good}\"\nindex = \"{good}\"\nmore = \"{good}\"\n"),
        ] {
            put(&configured.file, &text, 0o600);
            let told = told(find(&configured, async { Ok(true) }).await);
            assert!(told.contains("restore its copy"), "{told}");
            assert!(!told.contains("hunter2"));
            assert_eq!(fs::read_to_string(&configured.file).expect("there"), text);
        }
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_is_a_sentence() {
        let (folder, mut configured) = desk();
        configured.file = folder.path().join("none").join("callwright.keys");
        let missing = told(find(&configured, async { Ok(true) }).await);
        assert!(missing.contains("its folder must be there"), "{missing}");
        configured.file = folder.path().to_owned();
        let is_folder = told(find(&configured, async { Ok(true) }).await);
        assert!(is_folder.contains("is a folder"), "{is_folder}");
    }
}
