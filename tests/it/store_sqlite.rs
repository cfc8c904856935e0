//! SQLite's own side of the store: what a file must be to be opened, and the sentence when it is not.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use callwright::store::sqlite::SqliteStore;
use callwright::store::vault::Keys;
use callwright::store::{Store, StoreError};
use jiff::Timestamp;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn url(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

/// Opens `url` with the keys of all databases here.
async fn open(url: &str) -> Result<SqliteStore, StoreError> {
    static KEYS: LazyLock<Keys> = LazyLock::new(Keys::generate);
    SqliteStore::open(url, &KEYS).await
}

/// Opens `url`, which must fail, and returns the sentence.
async fn refusal(url: &str) -> String {
    match open(url).await {
        Err(StoreError::Unusable(sentence)) => {
            assert!(
                !sentence.ends_with('.') && !sentence.contains('\n'),
                "{sentence}"
            );
            sentence
        }
        other => panic!("{url}: {other:?}"),
    }
}

/// A database that was used and closed.
async fn used(folder: &TempDir) -> PathBuf {
    let path = folder.path().join("callwright.db");
    let store = open(&url(&path)).await.expect("a fresh database");
    store
        .keep_flows(&[], Timestamp::UNIX_EPOCH)
        .await
        .expect("write");
    store.close().await;
    path
}

async fn raw(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true);
    options.connect().await.expect("a connection")
}

async fn execute(path: &Path, statement: &'static str) {
    let mut db = raw(path).await;
    sqlx::query(statement)
        .execute(&mut db)
        .await
        .expect("it runs");
    db.close().await.expect("it closes");
}

#[tokio::test]
async fn a_url_that_names_no_file_is_explained() {
    let postgres = "postgres://callwright:hunter2@db.example/callwright";
    for (url, said) in [
        (postgres, "backed up with `pg_dump -Fc`"),
        ("postgresql://db.example/x", "backed up with `pg_dump -Fc`"),
        ("mysql://db.example/x", "must begin with sqlite://"),
        ("callwright.db", "must begin with sqlite://"),
        ("", "must begin with sqlite://"),
        ("sqlite::memory:", "would forget every call"),
        ("sqlite://:memory:", "would forget every call"),
        ("sqlite://", "names no file"),
        ("sqlite:", "names no file"),
        ("sqlite://data/", "names no file"),
        ("sqlite://callwright.db?mode=ro", "takes no options"),
    ] {
        let sentence = refusal(url).await;
        assert!(sentence.contains(said), "{url}: {sentence}");
        assert!(!sentence.contains("hunter2"), "{sentence}");
    }
}

#[tokio::test]
async fn a_path_that_cannot_be_is_explained() {
    let folder = folder();
    let missing = folder.path().join("missing/callwright.db");
    let sentence = refusal(&url(&missing)).await;
    assert!(sentence.contains("its folder does not exist"), "{sentence}");
    assert!(sentence.contains("missing/callwright.db"), "{sentence}");
    assert!(!missing.parent().expect("it has one").exists());

    let sentence = refusal(&url(folder.path())).await;
    assert!(sentence.contains("is a folder"), "{sentence}");
}

/// The kernel's own file system refuses new files to everybody, root included.
#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_folder_that_takes_no_files_is_explained() {
    let sentence = refusal("sqlite:///sys/kernel/callwright.db").await;
    assert!(
        sentence.contains("its folder must be writable"),
        "{sentence}"
    );
}

#[tokio::test]
#[cfg(unix)]
async fn a_new_file_is_its_owner_s_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let path = folder.path().join("callwright.db");
    let store = open(&url(&path)).await.expect("a fresh database");
    store
        .keep_flows(&[], Timestamp::UNIX_EPOCH)
        .await
        .expect("write");
    let mut names = Vec::new();
    for entry in fs::read_dir(folder.path()).expect("it lists") {
        let entry = entry.expect("it lists");
        let mode = entry.metadata().expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", entry.path());
        names.push(entry.file_name().into_string().expect("plain names"));
    }
    names.sort();
    let expected = [
        "callwright.db",
        "callwright.db-shm",
        "callwright.db-wal",
        "callwright.db.journal.1",
        "callwright.db.journal.1-shm",
        "callwright.db.journal.1-wal",
        "callwright.db.journal.2",
        "callwright.db.journal.2-shm",
        "callwright.db.journal.2-wal",
        "callwright.db.lock",
    ];
    assert_eq!(names, expected);
}

#[tokio::test]
async fn the_database_keeps_a_log() {
    let folder = folder();
    let path = used(&folder).await;
    let header = fs::read(&path).expect("it is there");
    // Bytes 18 and 19 are 2 in WAL mode (sqlite.org/fileformat.html).
    assert_eq!(&header[18..20], [2, 2]);
}

#[tokio::test]
async fn a_second_server_is_told_of_the_first() {
    let folder = folder();
    let path = folder.path().join("callwright.db");
    let first = open(&url(&path)).await.expect("a fresh database");
    let holder = format!("another Callwright (process {})", std::process::id());
    let sentence = refusal(&url(&path)).await;
    assert!(sentence.contains(&holder), "{sentence}");
    #[cfg(unix)]
    {
        let other_name = folder.path().join("link.db");
        std::os::unix::fs::symlink(&path, &other_name).expect("it links");
        let sentence = refusal(&url(&other_name)).await;
        assert!(sentence.contains(&holder), "{sentence}");
    }
    first.close().await;
    open(&url(&path)).await.expect("the first has let go");
}

#[tokio::test]
async fn a_file_of_another_kind_is_left_alone() {
    for (content, said) in [
        (&b""[..], "is an empty file"),
        (b"[flow]\nid = \"menu\"\n", "is not a SQLite database"),
        (b"SQLite format 3\0", "is not a SQLite database"),
        (&[0; 4096], "is not a SQLite database"),
    ] {
        let folder = folder();
        let path = folder.path().join("callwright.db");
        fs::write(&path, content).expect("it writes");
        let sentence = refusal(&url(&path)).await;
        assert!(sentence.contains(said), "{sentence}");
        assert_eq!(fs::read(&path).expect("it is there"), content);
    }
}

#[tokio::test]
async fn another_program_s_database_is_left_alone() {
    let folder = folder();
    let path = folder.path().join("callwright.db");
    execute(&path, "CREATE TABLE recipes (name TEXT)").await;
    let before = fs::read(&path).expect("it is there");
    let sentence = refusal(&url(&path)).await;
    assert!(
        sentence.contains("is not a database of Callwright's"),
        "{sentence}"
    );
    assert_eq!(fs::read(&path).expect("it is there"), before);
}

#[tokio::test]
async fn a_newer_schema_is_refused_by_its_number() {
    let folder = folder();
    let path = used(&folder).await;
    execute(
        &path,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'from the future', true, x'00', 0)",
    )
    .await;
    let sentence = refusal(&url(&path)).await;
    assert!(
        sentence.contains("newer Callwright (its schema is 9999"),
        "{sentence}"
    );
}

#[tokio::test]
async fn another_schema_of_the_same_number_is_refused() {
    let folder = folder();
    let path = used(&folder).await;
    execute(&path, "UPDATE _sqlx_migrations SET checksum = x'00'").await;
    let sentence = refusal(&url(&path)).await;
    assert!(
        sentence.contains("differs from this program's"),
        "{sentence}"
    );
}

#[tokio::test]
async fn a_lost_schema_is_no_fresh_start() {
    for statement in [
        "DROP TABLE _sqlx_migrations",
        "DELETE FROM _sqlx_migrations",
    ] {
        let folder = folder();
        let path = used(&folder).await;
        execute(&path, statement).await;
        let sentence = refusal(&url(&path)).await;
        assert!(sentence.contains("is damaged"), "{sentence}");
    }
}

#[tokio::test]
async fn a_lost_file_whose_log_is_there_is_no_fresh_start() {
    let folder = folder();
    let path = used(&folder).await;
    fs::remove_file(&path).expect("it was there");
    fs::write(folder.path().join("callwright.db-wal"), "calls").expect("it writes");
    let sentence = refusal(&url(&path)).await;
    assert!(sentence.contains("its -wal file is there"), "{sentence}");
    assert!(!path.exists());
}

#[tokio::test]
async fn a_start_that_was_cut_short_is_begun_again() {
    let folder = folder();
    let path = folder.path().join("callwright.db");
    fs::write(folder.path().join("callwright.db.new"), "half").expect("it writes");
    let store = open(&url(&path)).await.expect("a fresh database");
    store.ping().await.expect("it answers");
}

/// Cut short anywhere, a database is refused with its path; it never begins empty.
#[tokio::test]
async fn a_file_cut_short_is_refused() {
    let folder = folder();
    let path = used(&folder).await;
    let whole = fs::read(&path).expect("it is there");
    let lengths = (0..whole.len())
        .step_by(4096)
        .chain([1, 99, 100, whole.len() - 1]);
    for length in lengths {
        fs::write(&path, &whole[..length]).expect("it writes");
        let sentence = refusal(&url(&path)).await;
        assert!(sentence.contains("callwright.db"), "{sentence}");
        assert_eq!(
            fs::metadata(&path).expect("it is there").len(),
            length as u64
        );
    }
}

/// A damaged page is found at the start, or holds nothing: never a panic, never an empty start.
#[tokio::test]
async fn a_damaged_file_is_refused() {
    let folder = folder();
    let path = used(&folder).await;
    let whole = fs::read(&path).expect("it is there");
    for page in 0..whole.len() / 4096 {
        let mut damaged = whole.clone();
        damaged[page * 4096..][..4096].fill(0xA5);
        fs::write(&path, &damaged).expect("it writes");
        let sentence = refusal(&url(&path)).await;
        assert!(sentence.contains("damaged"), "page {page}: {sentence}");
    }
    fs::write(&path, &whole).expect("it writes");
    open(&url(&path)).await.expect("the whole file opens");
}

#[tokio::test]
async fn another_program_s_lock_is_explained() {
    let folder = folder();
    let path = used(&folder).await;
    let mut other = raw(&path).await;
    let lock = sqlx::query("BEGIN EXCLUSIVE").execute(&mut other).await;
    lock.expect("nobody holds it");
    let sentence = refusal(&url(&path)).await;
    assert!(
        sentence.contains("is locked by another program"),
        "{sentence}"
    );
}
