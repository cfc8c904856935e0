//! R4: the disk is full for a while, and then there is room again. The disk is a small file system in memory that only
//! the server's process has, made without any rights.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use super::crowd::{Crowd, send};
use super::process::{Home, Server};
use super::{by_day_or_night, quantile};
use crate::app::client;

/// The size of the disk.
const SIZE: &str = "48m";

/// How long it is full.
const FULL_FOR: Duration = Duration::from_secs(30);

/// How soon all is well again.
const WELL_WITHIN: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stops_no_call() {
    if !by_day_or_night(false, true) {
        return;
    }
    let home = Home::new();
    let mut server = on_small_disk(&home);
    let crowd = Crowd::gather(8, home.address);
    crowd.goes_on(200).await;
    let fill = fill(&home, &server);
    tokio::time::sleep(FULL_FOR).await;
    std::fs::remove_file(fill).expect("it can be removed");
    let well = well_again(&home).await;
    crowd.goes_on(200).await;
    assert_eq!(server.ended(), None, "it needed no restart");
    let ledger = crowd.disperse().await;
    let unstored = home.unstored();
    let lost = ledger.lost(home.address, &unstored).await;
    let mut micros = ledger.action_micros.clone();
    let count = micros.len();
    println!(
        "R4: disk full for {} s: {count} voice call actions, {} not 200, p99 {} ms; {} new calls apologized to, {} sessions answered without the store, {} other webhooks put off by 503; {} lost; well {} ms after there was room",
        FULL_FOR.as_secs(),
        ledger.refused_actions,
        quantile(&mut micros, 0.99) / 1000,
        ledger.apologies,
        unstored.len(),
        ledger.put_off,
        lost.len(),
        well.as_millis()
    );
    assert_eq!(ledger.refused_actions, 0, "each is answered 200");
    assert!(ledger.put_off > 0, "the disk was full");
    assert!(lost.is_empty(), "{lost:#?}");
    assert!(well < WELL_WITHIN);
}

pub(super) fn on_small_disk(home: &Home) -> Server {
    let plain = home.command();
    let mut command = Command::new("unshare");
    let script =
        format!("mount -t tmpfs -o size={SIZE} tmpfs . && cd \"$PWD\" && exec \"$0\" \"$@\"");
    command
        .args(["-Urm", "sh", "-c", &script])
        .arg(plain.get_program())
        .args(plain.get_args())
        .current_dir(home.path())
        .stderr(home.log());
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    home.start_with(&mut command)
}

/// Fills the server's disk to the last byte, and gives what fills it.
pub(super) fn fill(home: &Home, server: &Server) -> PathBuf {
    let path = format!("/proc/{}/root{}/fill", server.id(), home.path().display());
    let mut file = File::create(&path).expect("the server's disk can be reached");
    for size in [1 << 20, 4096, 1] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
    PathBuf::from(path)
}

/// How long it takes until a status webhook is stored.
pub(super) async fn well_again(home: &Home) -> Duration {
    let began = Instant::now();
    let http = client();
    loop {
        let body = super::crowd::status_of(&uuid::Uuid::new_v4().to_string(), "CALL_CONNECTED");
        let answer = send(&http, home.address, "/webhooks/vcs", &body.to_string()).await;
        if answer.is_ok_and(|(status, _)| status == 200) {
            return began.elapsed();
        }
        assert!(began.elapsed() < 4 * WELL_WITHIN, "it does not get well");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
