//! R5: another process holds the database's lock again and again, and a second server is started on the same file.

use std::time::{Duration, Instant};

use super::crowd::Crowd;
use super::process::Home;
use super::{by_day_or_night, quantile};
use crate::store_away::lock_files;

/// How often, how long, and how long not, by day and by night.
const LOCKS: (u32, u32) = (3, 20);
const HELD: (Duration, Duration) = (Duration::from_millis(1500), Duration::from_secs(10));
const FREE: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(5));

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_database_keeps_nobody_waiting() {
    let home = Home::new();
    let mut server = home.start();
    let crowd = Crowd::gather(8, home.address);
    let locks = by_day_or_night(LOCKS.0, LOCKS.1);
    for _ in 0..locks {
        tokio::time::sleep(by_day_or_night(FREE.0, FREE.1)).await;
        let held = lock_files(home.databases()).await;
        tokio::time::sleep(by_day_or_night(HELD.0, HELD.1)).await;
        drop(held);
    }
    tokio::time::sleep(by_day_or_night(FREE.0, FREE.1)).await;
    assert_eq!(server.ended(), None, "the server lives");
    let ledger = crowd.disperse().await;
    server.kill();
    let _server = home.start();
    let unstored = home.unstored();
    let lost = ledger.lost(home.address, &unstored).await;
    let mut micros = ledger.action_micros.clone();
    let count = micros.len();
    let [p50, p99, max] = [0.5, 0.99, 1.0].map(|at| quantile(&mut micros, at) / 1000);
    println!(
        "R5: {locks} locks of {:?}: {count} voice call actions, p50 {p50} ms, p99 {p99} ms, max {max} ms; {} not 200, {} new calls apologized to, {} sessions answered without the store, {} other webhooks put off; {} lost",
        by_day_or_night(HELD.0, HELD.1),
        ledger.refused_actions,
        ledger.apologies,
        unstored.len(),
        ledger.put_off,
        lost.len()
    );
    assert_eq!(ledger.refused_actions, 0, "each is answered 200");
    assert!(lost.is_empty(), "{lost:#?}");
    assert!(max < 2000, "each is answered within a caller's patience");
}

#[tokio::test]
async fn a_second_server_names_the_first() {
    let home = Home::new();
    let first = home.start();
    let mut command = home.command();
    command.env("CALLWRIGHT_LISTEN", "127.0.0.1:0");
    command.stderr(std::process::Stdio::piped());
    let began = Instant::now();
    let second = command.output().expect("the program can be started");
    let took = began.elapsed();
    println!(
        "R5: a second server on the file ended after {} ms",
        took.as_millis()
    );
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(!second.status.success(), "{said}");
    assert!(said.contains(&first.id().to_string()), "{said}");
}
