//! R23: the database is backed up under load, again and again; each back-up, restored elsewhere, knows all that was
//! acknowledged before it was begun.

use std::path::Path;
use std::process::Command;

use callwright::clock::Clock;

use super::crowd::Crowd;
use super::process::Home;
use super::{by_day_or_night, killed};

/// How many back-ups, by day and by night.
const TIMES: (usize, usize) = (3, 100);

/// How much is acknowledged between two of them.
const BETWEEN: usize = 50;

/// How much of the newest that a back-up has to know it is asked for.
const ASKED_FOR: usize = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_back_up_knows_what_was_kept_before_it() {
    let home = Home::new();
    let _server = home.start();
    let crowd = Crowd::gather(4, home.address);
    let times = by_day_or_night(TIMES.0, TIMES.1);
    let mut made = Vec::new();
    for number in 0..times {
        crowd.goes_on(BETWEEN).await;
        let file = home.path().join(format!("back-up-{number}"));
        let begun = Clock::system().now().as_microsecond();
        run(&home, &["backup", &file.display().to_string()]);
        made.push((begun, file));
    }
    let ledger = crowd.disperse().await;
    let unstored = home.unstored();
    let (mut known, mut lost) = (0, Vec::new());
    for (begun, file) in &made {
        let restored = restore(&home, file);
        killed::sound(&restored).await;
        let _server = restored.start();
        let before = ledger.before(*begun).newest(ASKED_FOR);
        known += before.acknowledged.len();
        lost.extend(before.lost(restored.address, &unstored).await);
    }
    println!(
        "R23: {times} back-ups under load, each restored: {known} acknowledged webhooks asked for, {} lost",
        lost.len()
    );
    assert!(lost.is_empty(), "{lost:#?}");
}

/// Restores a back-up elsewhere, with the same keys.
fn restore(from: &Home, file: &Path) -> Home {
    let home = Home::new();
    let keys = "callwright.keys";
    std::fs::copy(from.path().join(keys), home.path().join(keys)).expect("there are keys");
    run(&home, &["restore", &file.display().to_string()]);
    home
}

fn run(home: &Home, arguments: &[&str]) {
    let serve = home.command();
    let mut command = Command::new(serve.get_program());
    command.args(arguments).current_dir(home.path());
    for (name, value) in serve.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let done = command.output().expect("the program can be started");
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{arguments:?}: {said}");
}
