//! SQLite's journal and its projection: what a start makes of files that do not belong together, and of records that are
//! not projected yet.

use std::sync::Arc;

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use callwright::config::Durability;
use callwright::store::sqlite::SqliteStore;
use callwright::store::vault::Keys;
use callwright::store::{Kept, Store, StoreError};
use tempfile::TempDir;

use crate::store_contract::samples::{exchange, id, recall, shown, summary};

struct Place {
    folder: TempDir,
    keys: Keys,
}

impl Place {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            keys: Keys::generate(),
        }
    }

    fn path(&self, ending: &str) -> PathBuf {
        self.folder.path().join(format!("callwright.db{ending}"))
    }

    async fn try_open(&self) -> Result<SqliteStore, StoreError> {
        SqliteStore::open(&self.url(), &self.keys).await
    }

    fn url(&self) -> String {
        format!("sqlite://{}", self.path("").display())
    }

    async fn open(&self) -> SqliteStore {
        self.try_open().await.expect("a sound database")
    }

    async fn refusal(&self) -> String {
        match self.try_open().await {
            Err(StoreError::Unusable(sentence)) => sentence,
            other => panic!("{other:?}"),
        }
    }

    /// Turns `turns` of one call, projected, and the store closed.
    async fn call(&self, turns: std::ops::Range<u32>) {
        let store = self.open().await;
        keep(&store, turns).await;
        shown(&store, "s").await;
        store.close().await;
    }

    /// Copies all files, as an operator would. One of the journal that is being made comes and goes.
    fn copy(&self) -> TempDir {
        let copy = tempfile::tempdir().expect("a temporary folder");
        for entry in fs::read_dir(self.folder.path()).expect("it lists") {
            let entry = entry.expect("it lists");
            match fs::copy(entry.path(), copy.path().join(entry.file_name())) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                copied => _ = copied.expect("it copies"),
            }
        }
        copy
    }

    /// Keeps the tables from being written until it is dropped.
    fn hold_tables(&self) -> rusqlite::Connection {
        let tables = rusqlite::Connection::open(self.path("")).expect("they open beside");
        tables
            .execute_batch("BEGIN IMMEDIATE")
            .expect("and are held");
        tables
    }

    /// Puts the copy's files back whose names `which` takes; those that the copy lacks are removed.
    fn put_back(&self, copy: &TempDir, which: impl Fn(&str) -> bool) {
        for (from, to) in [
            (self.folder.path(), None),
            (copy.path(), Some(self.folder.path())),
        ] {
            for entry in fs::read_dir(from).expect("it lists") {
                let entry = entry.expect("it lists");
                let name = entry.file_name();
                if !which(&name.to_string_lossy()) {
                    continue;
                }
                match to {
                    None => fs::remove_file(entry.path()).expect("it was there"),
                    Some(to) => _ = fs::copy(entry.path(), to.join(name)).expect("it copies"),
                }
            }
        }
    }
}

async fn keep(store: &SqliteStore, turns: std::ops::Range<u32>) {
    for turn in turns {
        let kept = store
            .keep_exchange(exchange("s", &format!("e{turn}"), turn).into())
            .await;
        assert_eq!(kept.expect("write"), Kept::Stored);
    }
}

fn is_journal(name: &str) -> bool {
    name.contains(".journal.")
}

fn is_database(name: &str) -> bool {
    !is_journal(name) && !name.contains(".lock")
}

#[tokio::test]
async fn a_missing_journal_is_no_fresh_start() {
    let place = Place::new();
    place.call(0..3).await;
    let copy = place.copy();
    place.put_back(&tempfile::tempdir().expect("an empty folder"), is_journal);
    let sentence = place.refusal().await;
    assert!(
        sentence.contains("callwright.db.journal.2 is missing"),
        "{sentence}"
    );
    place.put_back(&copy, is_journal);
    assert_eq!(shown(&place.open().await, "s").await.trace.len(), 3);
}

#[tokio::test]
async fn a_missing_database_is_no_fresh_start() {
    let place = Place::new();
    place.call(0..3).await;
    place.put_back(&tempfile::tempdir().expect("an empty folder"), is_database);
    let sentence = place.refusal().await;
    assert!(
        sentence.contains("is missing, but its journal"),
        "{sentence}"
    );
    assert!(!place.path("").exists());
}

#[tokio::test]
async fn another_database_s_journal_is_refused() {
    let (place, other) = (Place::new(), Place::new());
    place.call(0..3).await;
    other.call(0..3).await;
    place.put_back(&other.copy(), is_journal);
    let sentence = place.refusal().await;
    assert!(
        sentence.contains("belongs to another database"),
        "{sentence}"
    );
}

#[tokio::test]
async fn an_older_journal_is_refused() {
    let place = Place::new();
    place.call(0..3).await;
    let copy = place.copy();
    place.call(3..6).await;
    place.put_back(&copy, is_journal);
    let sentence = place.refusal().await;
    assert!(
        sentence.contains("is missing: put it back, or restore a backup"),
        "{sentence}"
    );
}

#[tokio::test]
async fn an_older_database_is_refused() {
    let place = Place::new();
    place.call(0..3).await;
    let copy = place.copy();
    place.call(3..6).await;
    place.put_back(&copy, is_database);
    let sentence = place.refusal().await;
    assert!(
        sentence.contains("is older or newer than the database"),
        "{sentence}"
    );
}

/// Whatever of the journal is not in the tables when a copy is taken is projected from the copy, once.
#[tokio::test]
async fn what_is_not_projected_is_found_after_a_start_and_projected_once() {
    let place = Place::new();
    let store = place.open().await;
    let held = place.hold_tables();
    keep(&store, 0..4).await;
    let copy = place.copy();
    drop(held);
    keep(&store, 4..5).await;
    store.close().await;
    place.put_back(&copy, |name| is_journal(name) || is_database(name));

    let store = place.open().await;
    for (turn, known) in [(0, true), (3, true), (4, false)] {
        let asked = recall("s", &format!("e{turn}"), Some(turn));
        let recalled = store.recall(&asked).await.expect("read");
        let reply: Option<Arc<str>> = known.then(|| format!("reply to e{turn}").into());
        assert_eq!(
            (recalled.same_event, recalled.same_step),
            (reply.clone(), reply)
        );
    }
    assert_eq!(shown(&store, "s").await.trace.len(), 4);
    store
        .keep_summary(summary("s", "COMPLETED", 70))
        .await
        .expect("write");
    assert_eq!(shown(&store, "s").await.trace.len(), 5);
    assert_eq!(store.lag().records, 0);
}

#[tokio::test]
async fn other_keys_are_refused() {
    let mut place = Place::new();
    place.call(0..1).await;
    let keys = std::mem::replace(&mut place.keys, Keys::generate());
    let sentence = place.refusal().await;
    assert!(
        sentence.contains("is encrypted with other keys"),
        "{sentence}"
    );
    place.keys = keys;
    place.open().await;
}

#[tokio::test]
async fn with_less_durability_all_of_it_works_alike() {
    let place = Place::new();
    let store = SqliteStore::open_with(&place.url(), &place.keys, Durability::Process).await;
    let store = store.expect("a fresh database");
    keep(&store, 0..3).await;
    assert_eq!(shown(&store, "s").await.trace.len(), 3);
    store.close().await;
    assert!(
        place
            .open()
            .await
            .session(&id("s"))
            .await
            .expect("read")
            .is_some()
    );
}
