//! Rows R1, R4, R7 and R8 once more, for bookings, calls to their numbers, and calls that are started.

use std::slice;
use std::time::Duration;

use super::busy::{Company, Outcome, home};
use super::by_day_or_night;
use super::crowd::Manner;
use super::disk_full::{fill, on_small_disk, well_again};
use super::killed::sound;
use super::platform::Platform;
use super::process::Home;
use super::random::Random;
use crate::cluster::Cluster;
use crate::cluster::pair::Pair;

const CLERKS: usize = 6;

/// How clerks ask these nodes, each of them waiting so long for one.
fn manner(homes: &[Home], patience: Duration) -> Manner {
    Manner {
        nodes: homes.iter().map(|home| home.address).collect(),
        patience,
        rest: Duration::from_millis(by_day_or_night(20, 2)),
    }
}

/// How long an answer is waited for: of one node, and before the other one is asked.
const PATIENCE: Duration = Duration::from_secs(20);
const ELSEWHERE: Duration = Duration::from_millis(300);

/// By day and by night: kills of one server, how many servers, how long the disk is full, faults of the primary, nodes lost.
const KILLS: (usize, usize) = (8, 100);
const SERVERS: (usize, usize) = (1, 10);
const FULL_FOR: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(30));
const FAULTS: (usize, usize) = (1, 75);
const LOSSES: (usize, usize) = (4, 500);

/// How long the primary is frozen by night.
const FROZEN_FOR: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_lose_no_booking_and_call_nobody_twice() {
    let mut random = Random::announced("R1");
    let mut all = Outcome::default();
    for _ in 0..by_day_or_night(SERVERS.0, SERVERS.1) {
        let platform = Platform::kind().await;
        let home = home(&platform.base(), Home::new());
        let mut server = home.start();
        let company = Company::at_work(CLERKS, &manner(slice::from_ref(&home), PATIENCE));
        company.goes_on(CLERKS).await;
        for _ in 0..by_day_or_night(KILLS.0, KILLS.1) {
            tokio::time::sleep(random.millis(5, 250)).await;
            server.kill();
            sound(&home).await;
            server = home.start();
        }
        company.goes_on(CLERKS).await;
        let unstored = home.unstored();
        all.add(company.close_down(home.address, &unstored, &platform).await);
        drop(server);
    }
    all.hold("R1: kill -9");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_loses_no_booking_and_calls_nobody_twice() {
    let platform = Platform::kind().await;
    let home = home(&platform.base(), Home::new());
    let mut server = on_small_disk(&home);
    let company = Company::at_work(CLERKS, &manner(slice::from_ref(&home), PATIENCE));
    company.goes_on(CLERKS).await;
    let fill = fill(&home, &server);
    tokio::time::sleep(by_day_or_night(FULL_FOR.0, FULL_FOR.1)).await;
    std::fs::remove_file(fill).expect("it can be removed");
    let well = well_again(&home).await;
    company.goes_on(CLERKS * 3).await;
    assert_eq!(server.ended(), None, "it needed no restart");
    let unstored = home.unstored();
    let outcome = company.close_down(home.address, &unstored, &platform).await;
    println!("R4: well {} ms after there was room", well.as_millis());
    outcome.hold("R4: disk full");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_loses_no_booking_and_calls_nobody_twice() {
    let Some(mut pair) = Pair::start() else {
        return;
    };
    let url = pair.database();
    let platform = Platform::kind().await;
    let homes = [(); 2].map(|()| home(&platform.base(), Home::node(&url)));
    let nodes = homes.each_ref().map(Home::start);
    pair.be_synchronous();
    let company = Company::at_work(CLERKS, &manner(&homes, PATIENCE));
    for round in 0..by_day_or_night(FAULTS.0, FAULTS.1) {
        company.goes_on(CLERKS).await;
        match round % 3 {
            0 => {
                pair.primary.kill();
                pair.primary.start_again();
            }
            1 => {
                pair.primary.kill();
                pair.promote();
                pair.replace_the_old();
                pair.be_synchronous();
            }
            _ => {
                pair.primary.freeze();
                tokio::time::sleep(FROZEN_FOR).await;
                pair.primary.thaw();
            }
        }
        pair.write();
    }
    company.goes_on(CLERKS * 3).await;
    let unstored = homes.iter().flat_map(Home::unstored).collect();
    let outcome = company
        .close_down(homes[0].address, &unstored, &platform)
        .await;
    outcome.hold("R7: primary killed, lost or frozen");
    drop(nodes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_node_loses_no_booking_and_calls_nobody_twice() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let url = cluster.database();
    let mut random = Random::announced("R8");
    let platform = Platform::kind().await;
    let homes = [(); 2].map(|()| home(&platform.base(), Home::node(&url)));
    let mut nodes = homes.each_ref().map(|home| Some(home.start()));
    let company = Company::at_work(CLERKS, &manner(&homes, ELSEWHERE));
    for _ in 0..by_day_or_night(LOSSES.0, LOSSES.1) {
        tokio::time::sleep(random.millis(5, 250)).await;
        let which = usize::from(random.between(0, 2) == 1);
        let node = nodes[which].take().expect("both are there");
        let returned = if random.between(0, 2) == 1 {
            node.freeze();
            company.goes_on(CLERKS).await;
            node.thaw();
            node
        } else {
            node.kill();
            company.goes_on(CLERKS).await;
            homes[which].start()
        };
        nodes[which] = Some(returned);
    }
    let unstored = homes.iter().flat_map(Home::unstored).collect();
    let outcome = company
        .close_down(homes[0].address, &unstored, &platform)
        .await;
    outcome.hold("R8: a node killed or frozen");
}
