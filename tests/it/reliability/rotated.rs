//! S8: keys replaced under load, with the server killed in the middle. Every call is answered, nothing is lost, and no row is left
//! under a key before.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};

use super::busy::{Company, Outcome, home};
use super::by_day_or_night;
use super::crowd::{Crowd, Manner};
use super::platform::Platform;
use super::process::Home;
use super::quantile;
use super::random::Random;
use crate::app::client;
use crate::cluster;

/// How often the key is replaced, by day and by night.
const ROTATIONS: (usize, usize) = (2, 20);

const CLERKS: usize = 3;
const CALLERS: usize = 2;

/// How long a rotation may take here, by day and by night: what is kept meanwhile is rewritten, too, and much is by night.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(120), Duration::from_secs(900));

fn patience() -> Duration {
    by_day_or_night(PATIENCE.0, PATIENCE.1)
}

/// What the server says of its keys.
async fn keys(home: &Home) -> Option<Vec<Value>> {
    let url = format!("http://{}/v1/keys", home.address);
    let answer = client().get(url).send().await.ok()?.text().await.ok()?;
    let keys: Value = serde_json::from_str(&answer).ok()?;
    keys["items"].as_array().cloned()
}

async fn rotate(home: &Home) {
    let url = format!("http://{}/v1/keys/rotate", home.address);
    let began = Instant::now();
    loop {
        let asked = client().request(Method::POST, &url).send().await;
        if asked.is_ok_and(|answer| answer.status() == 202) {
            return;
        }
        assert!(began.elapsed() < patience(), "no rotation begins");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until there is one key, and gives its number.
async fn one_key(home: &Home) -> u64 {
    let began = Instant::now();
    loop {
        if let Some([key]) = keys(home).await.as_deref() {
            assert_eq!(key["state"], "CURRENT", "{key}");
            return key["id"].as_u64().expect("a number");
        }
        assert!(began.elapsed() < patience(), "{:?}", keys(home).await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Who calls meanwhile, and what came of it.
struct Load {
    company: Company,
    crowd: Crowd,
    platform: Platform,
}

impl Load {
    async fn begin(platform: Platform, homes: &[Home], patience: Duration) -> Self {
        let manner = Manner {
            nodes: homes.iter().map(|home| home.address).collect(),
            patience,
            rest: Duration::from_millis(by_day_or_night(40, 5)),
        };
        let load = Self {
            company: Company::at_work(CLERKS, &manner),
            crowd: Crowd::gather_at(CALLERS, &manner),
            platform,
        };
        load.goes_on().await;
        load
    }

    async fn goes_on(&self) {
        self.company.goes_on(CLERKS).await;
        self.crowd.goes_on(CALLERS * 2).await;
    }

    async fn end(self, homes: &[Home], row: &str) -> Outcome {
        self.goes_on().await;
        let ledger = self.crowd.disperse().await;
        let unstored = homes.iter().flat_map(Home::unstored).collect();
        let lost = ledger.lost(homes[0].address, &unstored).await;
        let mut micros = ledger.action_micros.clone();
        println!(
            "{row}: {} webhooks acknowledged, {} lost; {} voice call actions, {} not 200, p99 {} ms, max {} ms; {} apologized to",
            ledger.acknowledged.len(),
            lost.len(),
            micros.len(),
            ledger.refused_actions,
            quantile(&mut micros, 0.99) / 1000,
            quantile(&mut micros, 1.0) / 1000,
            ledger.apologies,
        );
        assert_eq!(ledger.refused_actions, 0, "each is answered 200");
        assert!(lost.is_empty(), "{lost:#?}");
        let company = self.company;
        company
            .close_down(homes[0].address, &unstored, &self.platform)
            .await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_replaced_under_load_and_kills() {
    let mut random = Random::announced("S8");
    let platform = Platform::kind().await;
    let homes = [home(&platform.base(), Home::new())];
    let mut server = homes[0].start();
    let load = Load::begin(platform, &homes, Duration::from_secs(20)).await;
    let rotations = by_day_or_night(ROTATIONS.0, ROTATIONS.1);
    let (mut key, mut took) = (0, Vec::new());
    for nth in 0..rotations {
        let began = Instant::now();
        rotate(&homes[0]).await;
        if nth % 2 == 0 {
            tokio::time::sleep(random.millis(5, 500)).await;
            server.kill();
            server = homes[0].start();
        }
        key = one_key(&homes[0]).await;
        took.push(began.elapsed());
        load.goes_on().await;
    }
    println!(
        "S8: SQLite, a rotation took {} ms at most",
        quantile(&mut took, 1.0).as_millis()
    );
    assert_eq!(key, rotations as u64 + 1, "each made a key");
    let outcome = load.end(&homes, "S8: SQLite").await;
    server.kill();
    assert_eq!(
        left_in_file(&homes[0], key),
        0,
        "nothing is left under a key before"
    );
    outcome.hold(&format!(
        "S8: SQLite, {rotations} rotations, {} kills",
        rotations.div_ceil(2)
    ));
}

/// The columns with sealed texts, and those with the number of a key.
const SEALED: [(&str, &str); 10] = [
    ("sessions", "state"),
    ("webhooks", "record"),
    ("virtual_numbers", "number"),
    ("attempts", "record"),
    ("events", "data"),
    ("handoffs", "record"),
    ("sip_calls", "record"),
    ("callback_results", "record"),
    ("pool_numbers", "record"),
    ("bookings", "record"),
];
const NUMBERED: [&str; 3] = ["legs", "pins", "blocked_parties"];

/// How many rows are under another key than this one, what was written after the last rotation among them.
fn left_in_file(home: &Home, key: u64) -> i64 {
    let db = rusqlite::Connection::open(home.path().join("callwright.db")).expect("it opens");
    let count = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0));
    let mut left = 0;
    for (table, column) in SEALED {
        let sql =
            format!("SELECT count(*) FROM {table} WHERE substr({column}, 1, 1) <> x'{key:02x}'");
        left += count(&sql).expect("a table of ours");
    }
    for table in NUMBERED {
        let sql = format!("SELECT count(*) FROM {table} WHERE key_number <> {key}");
        left += count(&sql).expect("a table of ours");
    }
    left
}

async fn left_in_database(url: &str, key: u64) -> i64 {
    let mut db = PgConnection::connect(url).await.expect("it answers");
    let mut left = 0;
    let sealed = SEALED.iter().map(|(table, column)| {
        format!("SELECT count(*) FROM {table} WHERE get_byte({column}, 0) <> {key}")
    });
    let numbered = NUMBERED
        .iter()
        .map(|table| format!("SELECT count(*) FROM {table} WHERE key_number <> {key}"));
    for sql in sealed.chain(numbered) {
        let count: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .fetch_one(&mut db)
            .await
            .expect("a table of ours");
        left += count;
    }
    left
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_replaced_under_load_at_two_nodes() {
    let Some(url) = cluster::database() else {
        return;
    };
    let mut random = Random::announced("S8");
    let platform = Platform::kind().await;
    let homes = [(); 2].map(|()| home(&platform.base(), Home::node(&url)));
    let mut nodes = homes.each_ref().map(|home| Some(home.start()));
    let load = Load::begin(platform, &homes, Duration::from_millis(500)).await;
    let rotations = by_day_or_night(ROTATIONS.0, ROTATIONS.1);
    let mut key = 0;
    for nth in 0..rotations {
        rotate(&homes[nth % 2]).await;
        tokio::time::sleep(random.millis(5, 500)).await;
        let node = nodes[0].take().expect("it is there");
        // One that sleeps through it all, or is killed in the middle.
        nodes[0] = Some(match nth % 2 {
            0 => {
                node.freeze();
                key = one_key_of(&url, &homes[1]).await;
                node.thaw();
                node
            }
            _ => {
                node.kill();
                key = one_key_of(&url, &homes[1]).await;
                homes[0].start()
            }
        });
        load.goes_on().await;
    }
    let outcome = load.end(&homes, "S8: PostgreSQL").await;
    drop(nodes);
    assert_eq!(
        left_in_database(&url, key).await,
        0,
        "nothing is left under a key before"
    );
    outcome.hold(&format!(
        "S8: PostgreSQL, two nodes, {rotations} rotations, one frozen or killed in each"
    ));
}

/// Waits until there is one key, also when the node that was at it is gone: its lease is let run out.
async fn one_key_of(url: &str, home: &Home) -> u64 {
    let mut db = PgConnection::connect(url).await.expect("it answers");
    let expire = "UPDATE leases SET held_until = now() WHERE name = 'keys'";
    sqlx::query(expire)
        .execute(&mut db)
        .await
        .expect("leases can be changed");
    one_key(home).await
}
