//! R1: the server killed with `kill -9` at random moments under a load of voice call actions, statuses and summaries.

use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use super::crowd::{Crowd, action, send};
use super::process::Home;
use super::random::Random;
use super::{by_day_or_night, quantile};
use crate::app::{Reply, client};

/// Kills of one server, and how many servers, by day and by night.
const KILLS: usize = 100;
const SERVERS: (usize, usize) = (1, 30);
const CLIENTS: (usize, usize) = (8, 32);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_lose_nothing() {
    let mut random = Random::announced("R1");
    let servers = by_day_or_night(SERVERS.0, SERVERS.1);
    let mut figures = Figures::default();
    for _ in 0..servers {
        kill_one(&mut random, &mut figures).await;
    }
    figures.print(servers * KILLS);
    assert!(figures.lost.is_empty(), "{:#?}", figures.lost);
}

#[derive(Default)]
struct Figures {
    acknowledged: usize,
    unstored: usize,
    broken: usize,
    lost: Vec<String>,
    starts: Vec<Duration>,
}

impl Figures {
    fn print(&mut self, kills: usize) {
        let p99 = quantile(&mut self.starts, 0.99).as_millis();
        let max = quantile(&mut self.starts, 1.0).as_millis();
        println!(
            "R1: {kills} kills, {} acknowledged, {} lost; {} sessions answered without the store left out, {} requests broken off or refused meanwhile and sent again; start to first answer p99 {p99} ms, max {max} ms",
            self.acknowledged,
            self.lost.len(),
            self.unstored,
            self.broken
        );
    }
}

async fn kill_one(random: &mut Random, figures: &mut Figures) {
    let home = Home::new();
    let mut server = home.start();
    let crowd = Crowd::gather(by_day_or_night(CLIENTS.0, CLIENTS.1), home.address);
    for _ in 0..KILLS {
        tokio::time::sleep(random.millis(5, 250)).await;
        server.kill();
        sound(&home).await;
        let began = Instant::now();
        server = home.start();
        first_answer(&home).await;
        figures.starts.push(began.elapsed());
    }
    let ledger = crowd.disperse().await;
    assert!(ledger.acknowledged.len() > KILLS, "there was a load");
    assert_eq!(ledger.refused_actions, 0, "each was answered 200");
    server.kill();
    let _server = home.start();
    let unstored = home.unstored();
    figures
        .lost
        .extend(ledger.lost(home.address, &unstored).await);
    figures.acknowledged += ledger.acknowledged.len();
    figures.unstored += unstored.len();
    figures.broken += ledger.broken;
}

async fn first_answer(home: &Home) {
    let session = uuid::Uuid::new_v4().to_string();
    let body = action(&session, None, None).to_string();
    let answer = send(&client(), home.address, "/webhooks/vca", &body).await;
    let (status, text) = answer.expect("a server that listens answers");
    Reply::read(status, text);
}

/// Whether copies of the databases, as the kill left them, are sound.
pub(super) async fn sound(home: &Home) {
    let copies = tempfile::tempdir().expect("a temporary folder can be made");
    for database in home.databases() {
        copy(&database, copies.path());
        let name = database.file_name().expect("a database has a name");
        let check = integrity(&copies.path().join(name)).await;
        assert_eq!(check, "ok", "{}", database.display());
    }
}

/// Copies a database with what lies beside it.
fn copy(database: &Path, to: &Path) {
    for suffix in ["", "-wal", "-journal"] {
        let from = format!("{}{suffix}", database.display());
        let name = Path::new(&from).file_name().expect("a database has a name");
        if Path::new(&from).exists() {
            std::fs::copy(&from, to.join(name)).expect("it can be copied");
        }
    }
}

async fn integrity(database: &Path) -> String {
    let options = SqliteConnectOptions::new().filename(database);
    let mut connection = options.connect().await.expect("the database can be opened");
    let check = sqlx::query_scalar("PRAGMA integrity_check");
    let word = check.fetch_one(&mut connection).await;
    connection.close().await.expect("it can be closed");
    word.expect("it can be checked")
}
