//! R2: the server broken at each named point, in each way, at a random one of the times that it is reached.

use std::time::Duration;

use super::by_day_or_night;
use super::crowd::{Crowd, Ledger};
use super::process::{Home, Server};
use super::random::Random;

/// Every named point. That none is missing here is held beside the tests of panics, which read the source.
pub(crate) const POINTS: [&str; 7] = [
    "vca.recalled",
    "vca.decided",
    "vca.keep",
    "vca.told",
    "vca.kept",
    "webhook.admitted",
    "webhook.stored",
];

/// What happens there. A point that has no error to give goes on.
const DEEDS: [&str; 4] = ["abort", "panic", "sleep", "error"];

/// Seeds for each point and deed, by day and by night.
const SEEDS: (usize, usize) = (1, 20);

/// How much a server that lives on has to acknowledge after its point was reached.
const GOES_ON: usize = 60;

/// A point is reached within this, or the test is wrong.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_break_at_any_point_loses_nothing() {
    let mut random = Random::announced("R2");
    let (mut breaks, mut acknowledged, mut lost) = (0, 0, Vec::new());
    for point in POINTS {
        for deed in DEEDS {
            for _ in 0..by_day_or_night(SEEDS.0, SEEDS.1) {
                let (ledger, gone) = break_at(point, deed, random.between(1, 40)).await;
                acknowledged += ledger.acknowledged.len();
                lost.extend(gone);
                breaks += 1;
            }
        }
    }
    println!(
        "R2: {} points × {} deeds, {breaks} breaks, {acknowledged} acknowledged, {} lost",
        POINTS.len(),
        DEEDS.len(),
        lost.len()
    );
    assert!(lost.is_empty(), "{lost:#?}");
}

/// Breaks a server of its own, and gives what was acknowledged and what of it was lost.
async fn break_at(point: &str, deed: &str, at: u64) -> (Ledger, Vec<String>) {
    let home = Home::new();
    let mut server = home.start_with(
        home.command()
            .env("FAILPOINT", format!("{point}={deed}@{at}")),
    );
    let crowd = Crowd::gather(4, home.address);
    if deed == "abort" {
        ends(&mut server, point).await;
        server = home.start();
    }
    crowd.goes_on(at as usize + GOES_ON).await;
    let ledger = crowd.disperse().await;
    server.kill();
    let _server = home.start();
    let lost = ledger.lost(home.address, &home.unstored()).await;
    (ledger, lost)
}

async fn ends(server: &mut Server, point: &str) {
    let until = tokio::time::Instant::now() + PATIENCE;
    while server.ended().is_none() {
        assert!(
            tokio::time::Instant::now() < until,
            "{point} is not reached"
        );
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
