//! People are erased from a back-up as from a database: it is put in a place beside itself, they are erased there, and what is left
//! is backed up into its place.
//!
//! A key for each person, which a back-up would not have, would spare this; but then a back-up without all those keys would be worth
//! nothing, and with a copy of them it would tell as much as before.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use super::SqliteStore;
use super::backup::{back_up, restore, unusable};
use super::files::{self, beside};
use super::open::real;
use crate::call::PhoneNumber;
use crate::config::Durability;
use crate::store::erasing::Gone;
use crate::store::erasing::copy::erase_from_copy;
use crate::store::vault::Keys;
use crate::store::{Store as _, StoreError};

/// How long it may take until all that the back-up has of the journal is in its tables.
const PROJECTS_WITHIN: Duration = Duration::from_secs(600);

/// Erases all that the back-up has of people, as a server does; but nothing is waited for, since nothing goes on in a back-up. Until
/// that is done the file is as it was, and afterwards it is another one under its name; it takes three times its room meanwhile.
/// Returns how much went. `now` is when that was asked.
///
/// # Errors
///
/// [`StoreError::Unusable`] with a sentence: it is no sound back-up, or of other keys, or its folder cannot be written.
pub async fn erase_from_backup(
    backup: &Path,
    keys: &Keys,
    people: &[PhoneNumber],
    now: Timestamp,
) -> Result<Gone, StoreError> {
    // A link stays one, and what it leads to is what is replaced.
    let backup = &real(backup);
    let failed = |error: io::Error| {
        unusable(
            "the back-up",
            backup,
            &format!("cannot be replaced ({error})"),
        )
    };
    let (folder, erased_in) = (beside(backup, ".erasing"), beside(backup, ".erased"));
    // Left by a time that was cut short; most often they are not there.
    _ = fs::remove_dir_all(&folder);
    _ = fs::remove_file(&erased_in);
    fs::DirBuilder::new()
        .mode(0o700)
        .create(&folder)
        .map_err(failed)?;
    let url = format!("sqlite://{}", folder.join("callwright.db").display());
    let erased = match restore(backup, &url, Some(keys), false) {
        Ok(_) => erase_in(&url, keys, people, now).await,
        Err(error) => Err(error),
    };
    let packed = erased.and_then(|erased| back_up(&url, &erased_in).map(|_| erased));
    // It has what was to be erased, sealed.
    _ = fs::remove_dir_all(&folder);
    let erased = packed?;
    fs::rename(&erased_in, backup).map_err(failed)?;
    files::sync_folder_of(backup).map_err(failed)?;
    Ok(erased)
}

/// Erases people from a database that nobody serves.
async fn erase_in(
    url: &str,
    keys: &Keys,
    people: &[PhoneNumber],
    now: Timestamp,
) -> Result<Gone, StoreError> {
    // What a power cut takes of it is made again from the back-up.
    let store = SqliteStore::open_with(url, keys, Durability::Process).await?;
    // So that nobody else writes.
    store.progress.catch_up(PROJECTS_WITHIN).await;
    let erased = erase_from_copy(&store, people, now).await;
    store.close().await;
    erased
}
