//! The writer and the projector, driven by hand.

use jiff::Timestamp;
use rusqlite::Connection;

use super::*;
use crate::call::event::{CallStatus, Leg};
use crate::call::{EventId, SessionId};
use crate::config::Durability;
use crate::store::Webhook;
use crate::store::sqlite::open::{AtRest, prepare};
use crate::store::vault::Keys;

type Answer = oneshot::Receiver<Result<Kept, StoreError>>;

/// A store whose threads do not run.
struct Bench {
    at_rest: AtRest,
    folder: tempfile::TempDir,
}

async fn bench() -> Bench {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = format!("sqlite://{}/callwright.db", folder.path().display());
    let vault = LiveVault::new(&Keys::generate());
    let at_rest = prepare(&url, &vault, Durability::Full).await;
    Bench {
        at_rest: at_rest.expect("a fresh database"),
        folder,
    }
}

impl Bench {
    fn settle(&mut self, events: &[&str]) -> Vec<Result<Kept, StoreError>> {
        let (jobs, answers): (Vec<_>, Vec<_>) = events.iter().map(|event| job(event)).unzip();
        self.at_rest.writer.settle(jobs);
        let told = |mut answer: Answer| answer.try_recv().expect("it was told");
        answers.into_iter().map(told).collect()
    }

    fn appender(&self) -> &Connection {
        let appender = self.at_rest.writer.appender.as_ref();
        appender.expect("it is open").connection()
    }

    fn connect(&self, name: &str) -> Connection {
        Connection::open(self.folder.path().join(name)).expect("it opens")
    }

    fn count(&self, name: &str, table: &str) -> i64 {
        let count = format!("SELECT count(*) FROM {table}");
        let db = self.connect(name);
        db.query_row(&count, [], |row| row.get(0))
            .expect("it counts")
    }

    fn journalled(&self, file: u64) -> i64 {
        let db = self.connect(&format!("callwright.db.journal.{file}"));
        let sum = "SELECT coalesce(sum(records), 0) FROM journal";
        db.query_row(sum, [], |row| row.get(0)).expect("it sums")
    }
}

fn job(event: &str) -> (Job, Answer) {
    let status = CallStatus {
        event: Some(EventId::new(event)),
        session: SessionId::new("s"),
        sub_account: None,
        status: "CALL_CONNECTED".to_owned(),
        leg: Leg::default(),
        at: None,
    };
    let entry = Entry::Status(Webhook {
        event: status,
        body: "x".repeat(20_000),
        received_at: Timestamp::UNIX_EPOCH,
    });
    let (caller, answer) = oneshot::channel();
    let record = record::write(&entry);
    let job = Job {
        mark: entry.mark(),
        entry,
        record,
        caller,
    };
    (job, answer)
}

fn is_stored(told: &Result<Kept, StoreError>) -> bool {
    matches!(told, Ok(Kept::Stored))
}

#[tokio::test]
async fn of_two_alike_in_a_group_one_is_written() {
    let mut bench = bench().await;
    let told = bench.settle(&["a", "b", "a"]);
    assert!(matches!(
        told[..],
        [Ok(Kept::Stored), Ok(Kept::Stored), Ok(Kept::Overtaken)]
    ));
    assert!(matches!(bench.settle(&["b"])[..], [Ok(Kept::Overtaken)]));
    assert_eq!(bench.journalled(1), 2);
}

#[tokio::test]
async fn a_full_disk_fails_the_group_and_is_got_over() {
    let mut bench = bench().await;
    let bound = "PRAGMA max_page_count = 10";
    bench.appender().execute_batch(bound).expect("it bounds");
    let events = ["a", "b", "c", "d", "e", "f", "g", "h"];
    assert!(bench.settle(&events).iter().all(Result::is_err));
    assert_eq!(bench.journalled(1), 0);

    // The file is opened again, and with that the bound is gone: there is room again. Nothing was taken for known.
    assert!(bench.settle(&events).iter().all(is_stored));
    assert_eq!(bench.journalled(1), 8);
}

#[tokio::test]
async fn another_program_s_lock_fails_the_group_and_is_got_over() {
    let mut bench = bench().await;
    let unwaiting = "PRAGMA busy_timeout = 0";
    bench
        .appender()
        .execute_batch(unwaiting)
        .expect("it is set");
    let other = bench.connect("callwright.db.journal.1");
    other
        .execute_batch("BEGIN EXCLUSIVE")
        .expect("nobody holds it");
    assert!(bench.settle(&["a", "b"]).iter().all(Result::is_err));

    other.execute_batch("ROLLBACK").expect("it is let go");
    assert!(bench.settle(&["a", "b"]).iter().all(is_stored));
}

#[tokio::test]
async fn who_has_gone_is_not_written_for() {
    let mut bench = bench().await;
    let ((gone, answer), (stays, _answer)) = (job("gone"), job("stays"));
    drop(answer);
    bench.at_rest.writer.settle(vec![gone, stays]);
    assert_eq!(bench.journalled(1), 1);
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let queue = Queue::default();
    let answers: Vec<_> = (0..QUEUE)
        .map(|n| {
            let (job, answer) = job(&n.to_string());
            queue.push(job).expect("room");
            answer
        })
        .collect();
    let refused = queue.push(job("one more").0);
    assert!(matches!(refused, Err(StoreError::Busy)), "{refused:?}");
    drop(answers);
    queue.close();
    let refused = queue.push(job("too late").0);
    assert!(matches!(refused, Err(StoreError::Closing)), "{refused:?}");
}

#[tokio::test]
async fn few_wait_for_a_group_that_follows_one_that_failed() {
    let mut bench = bench().await;
    let queue = bench.at_rest.writer.queue.clone();
    let bound = "PRAGMA max_page_count = 10";
    bench.appender().execute_batch(bound).expect("it bounds");
    let events = ["a", "b", "c", "d", "e", "f", "g", "h"];
    assert!(bench.settle(&events).iter().all(Result::is_err));

    queue.push(job("a").0).expect("room");
    let _next = queue.take().expect("a group");
    for n in 0..IN_DOUBT {
        queue.push(job(&n.to_string()).0).expect("room");
    }
    let refused = queue.push(job("one more").0);
    let refused = refused.expect_err("it would wait in vain");
    assert!(refused.to_string().contains("full"), "{refused}");

    // The group came to its end, and all is as ever.
    assert!(bench.settle(&["a"]).iter().all(is_stored));
    queue.push(job("again").0).expect("room");
}

#[tokio::test]
async fn few_wait_for_a_writer_that_hangs() {
    let queue = Queue::default();
    queue.push(job("a").0).expect("room");
    queue.take().expect("a group");
    for n in 0..=IN_DOUBT {
        queue.push(job(&n.to_string()).0).expect("room");
    }
    queue.lock().at_work_since = Instant::now().checked_sub(STUCK);
    let refused = queue.push(job("one more").0);
    assert!(matches!(refused, Err(StoreError::Busy)), "{refused:?}");

    // It takes the next group: it does not hang any more.
    queue.take().expect("a group");
    queue.push(job("again").0).expect("room");
}

/// The first file has no room beforehand: it is left as soon as the next one is ready, projected to its end, and deleted.
#[tokio::test]
async fn a_full_file_is_left_projected_and_deleted() {
    let mut bench = bench().await;
    assert!(bench.settle(&["a", "b"]).iter().all(is_stored));
    let AtRest { projector, .. } = &mut bench.at_rest;
    projector
        .project()
        .expect("it projects, and the next file is made");
    assert!(bench.settle(&["c"]).iter().all(is_stored));
    assert_eq!(bench.journalled(2), 1);

    let first = bench.folder.path().join("callwright.db.journal.1");
    assert!(first.exists());
    for projected in [2, 3, 3] {
        bench.at_rest.projector.project().expect("it projects");
        assert_eq!(bench.count("callwright.db", "webhooks"), projected);
        assert!(!first.exists());
    }
    assert!(matches!(bench.settle(&["a"])[..], [Ok(Kept::Overtaken)]));
}

/// A projection that fails half-way leaves nothing of the batch, and is done whole the next time.
#[tokio::test]
async fn a_batch_is_projected_whole_or_not_at_all() {
    let mut bench = bench().await;
    bench.settle(&["a", "b", "c"]);
    let projector = &mut bench.at_rest.projector;
    let poison = "CREATE TEMP TRIGGER poison BEFORE INSERT ON webhooks WHEN NEW.id = 3
                  BEGIN SELECT RAISE(ABORT, 'poison'); END";
    projector.tables.execute_batch(poison).expect("it is set");
    projector.project().expect_err("the third is poison");
    assert_eq!(bench.count("callwright.db", "webhooks"), 0);
    assert_eq!(bench.count("callwright.db", "sessions"), 0);

    let projector = &mut bench.at_rest.projector;
    projector
        .tables
        .execute_batch("DROP TRIGGER poison")
        .expect("it is taken away");
    projector.project().expect("it projects");
    assert_eq!(bench.count("callwright.db", "webhooks"), 3);
    assert_eq!(bench.count("callwright.db", "sessions"), 1);
}
