//! Back-ups of a store under load: what was acknowledged before one began is in it, and what is in it is the beginning
//! of history. And the sentences when one cannot be made or put in its place.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use callwright::store::sqlite::{self, SqliteStore};
use callwright::store::vault::Keys;
use callwright::store::{Kept, Store, StoreError};
use tempfile::TempDir;

use crate::store_contract::samples::{exchange, id, recall};

const CALLERS: usize = 8;
const BACK_UPS: usize = 6;

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

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn url(&self, name: &str) -> String {
        format!("sqlite://{}", self.path(name).display())
    }

    async fn open(&self, name: &str) -> SqliteStore {
        let store = SqliteStore::open(&self.url(name), &self.keys).await;
        store.expect("a sound database")
    }

    /// A database with one call, closed.
    async fn used(&self, name: &str) {
        let store = self.open(name).await;
        let kept = store.keep_exchange(exchange("s", "e0", 0).into()).await;
        assert_eq!(kept.expect("write"), Kept::Stored);
        store.close().await;
    }
}

fn sentence<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    match result {
        Err(StoreError::Unusable(sentence)) => sentence,
        other => panic!("{other:?}"),
    }
}

/// One caller: turn after turn of one call. The last turn that was acknowledged is to be read in `acknowledged`.
async fn call_on(
    store: Arc<SqliteStore>,
    caller: usize,
    acknowledged: Arc<AtomicU32>,
    stop: Arc<AtomicBool>,
) {
    let mut turn = 0;
    while !stop.load(Ordering::Relaxed) {
        let kept = store
            .keep_exchange(exchange(&format!("s{caller}"), &event(caller, turn), turn).into())
            .await;
        assert_eq!(kept.expect("write"), Kept::Stored);
        turn += 1;
        acknowledged.store(turn, Ordering::Release);
    }
}

fn event(caller: usize, turn: u32) -> String {
    format!("{caller} {turn}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_back_up_under_load_is_the_beginning_of_history() {
    let place = Place::new();
    let store = Arc::new(place.open("callwright.db").await);
    let stop = Arc::new(AtomicBool::new(false));
    let acknowledged: Vec<_> = (0..CALLERS).map(|_| Arc::new(AtomicU32::new(0))).collect();
    let callers: Vec<_> = acknowledged
        .iter()
        .enumerate()
        .map(|(n, turns)| tokio::spawn(call_on(store.clone(), n, turns.clone(), stop.clone())))
        .collect();
    let mut made = Vec::new();
    for number in 0..BACK_UPS {
        let before: Vec<_> = acknowledged
            .iter()
            .map(|it| it.load(Ordering::Acquire))
            .collect();
        let (url, to) = (
            place.url("callwright.db"),
            place.path(&format!("{number}.backup")),
        );
        let backed_up = tokio::task::spawn_blocking(move || sqlite::back_up(&url, &to)).await;
        let backed_up = backed_up.expect("no panic").expect("a back-up");
        made.push((before, backed_up.webhooks));
    }
    stop.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await.expect("all was kept");
    }
    store.close().await;
    for (number, (before, webhooks)) in made.into_iter().enumerate() {
        look_into(&place, number, &before, webhooks).await;
    }
}

/// Restores a back-up, and holds it against what was acknowledged before it began.
async fn look_into(place: &Place, number: usize, before: &[u32], webhooks: u64) {
    let name = format!("restored {number}.db");
    let from = place.path(&format!("{number}.backup"));
    let restored = sqlite::restore(&from, &place.url(&name), Some(&place.keys), false);
    assert_eq!(restored.expect("it is restored").webhooks, webhooks);
    let store = place.open(&name).await;
    let mut all = 0;
    for (caller, before) in before.iter().enumerate() {
        let session = format!("s{caller}");
        let record = store.session(&id(&session)).await.expect("read");
        let turns = record.map_or(0, |record| record.trace.len());
        let turns = u32::try_from(turns).expect("few");
        assert!(turns >= *before, "{turns} of {before} acknowledged turns");
        for turn in [0, turns / 2, turns].into_iter().filter(|_| turns > 0) {
            let asked = recall(&session, &event(caller, turn), Some(turn));
            let known = store.recall(&asked).await.expect("read").same_event;
            assert_eq!(
                known.is_some(),
                turn < turns,
                "the first {turns} turns and no other"
            );
        }
        all += u64::from(turns);
    }
    assert_eq!(all, webhooks, "nothing else");
    let next = store.keep_exchange(exchange("new", "new", 0).into()).await;
    assert_eq!(next.expect("it goes on"), Kept::Stored);
    store.close().await;
}

#[tokio::test]
async fn a_database_that_is_there_is_replaced_only_when_told() {
    let place = Place::new();
    place.used("callwright.db").await;
    let (url, to) = (place.url("callwright.db"), place.path("backup"));
    sqlite::back_up(&url, &to).expect("a back-up");
    let said = sentence(sqlite::back_up(&url, &to));
    assert!(said.contains("is there already: name a new file"), "{said}");

    let store = place.open("callwright.db").await;
    let later = store.keep_exchange(exchange("s", "e1", 1).into()).await;
    assert_eq!(later.expect("write"), Kept::Stored);
    let said = sentence(sqlite::restore(&to, &url, Some(&place.keys), true));
    assert!(said.contains("is open in another Callwright"), "{said}");
    store.close().await;

    let said = sentence(sqlite::restore(&to, &url, Some(&place.keys), false));
    assert!(said.contains("say --force to replace it"), "{said}");
    sqlite::restore(&to, &url, Some(&place.keys), true).expect("it is replaced");
    let store = place.open("callwright.db").await;
    let asked = recall("s", "e1", Some(1));
    let recalled = store.recall(&asked).await.expect("read");
    assert_eq!(recalled.same_event, None, "it came after the back-up");
    let asked = recall("s", "e0", Some(0));
    let recalled = store.recall(&asked).await.expect("read");
    assert_eq!(recalled.same_event.as_deref(), Some("reply to e0"));
}

#[tokio::test]
async fn what_is_no_sound_back_up_of_these_keys_is_refused() {
    let place = Place::new();
    place.used("callwright.db").await;
    let good = place.path("backup");
    sqlite::back_up(&place.url("callwright.db"), &good).expect("a back-up");
    let url = place.url("restored.db");
    let refused =
        |from: &Path, keys: &Keys| sentence(sqlite::restore(from, &url, Some(keys), false));

    let said = refused(&good, &Keys::generate());
    assert!(said.contains("is encrypted with other keys"), "{said}");
    let said = refused(&place.path("callwright.db"), &place.keys);
    assert!(said.contains("is no back-up"), "{said}");
    let said = refused(&place.path("missing"), &place.keys);
    assert!(said.contains("is not there"), "{said}");
    let mut bytes = std::fs::read(&good).expect("it is there");
    let middle = bytes.len() / 2;
    bytes[middle..][..4096].fill(0xA5);
    std::fs::write(place.path("damaged"), &bytes).expect("it writes");
    let said = refused(&place.path("damaged"), &place.keys);
    assert!(said.contains("is damaged"), "{said}");
    assert!(!place.path("restored.db").exists());

    let said = sentence(sqlite::back_up(&place.url("nothing.db"), &place.path("x")));
    assert!(said.contains("nothing to back up"), "{said}");
    assert!(!place.path("x").exists());
}

/// A back-up is not served by mistake: what it has of the journal would be missing.
#[tokio::test]
async fn a_back_up_is_not_served() {
    let place = Place::new();
    place.used("callwright.db").await;
    sqlite::back_up(&place.url("callwright.db"), &place.path("backup.db")).expect("a back-up");
    let said = sentence(SqliteStore::open(&place.url("backup.db"), &place.keys).await);
    assert!(said.contains("callwright restore"), "{said}");
}
