//! R8: one of two nodes is killed or frozen in the middle of calls. The other goes on with them, and a node that thaws does
//! nothing that has become another's.

use std::time::Duration;

use sqlx::{Connection as _, PgConnection};

use super::by_day_or_night;
use super::crowd::{Crowd, Manner};
use super::process::{Home, Server};
use super::random::Random;
use crate::cluster::{self, Cluster};

/// How often a node is lost, by day and by night.
const LOSSES: (usize, usize) = (6, 500);

/// How often a node is frozen while it has a lease, by day and by night.
const LEASES: (usize, usize) = (1, 20);

/// How many clients call.
const CLIENTS: usize = 8;

/// How long a client waits for a node before it asks the other.
const PATIENCE: Duration = Duration::from_millis(300);

/// How many answers come from the other node before the lost one returns.
const MEANWHILE: usize = CLIENTS * 2;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_lost_is_stood_in_for() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let url = cluster.database();
    let mut random = Random::announced("R8");
    let homes = [Home::node(&url), Home::node(&url)];
    let mut nodes = homes.each_ref().map(|home| Some(home.start()));
    let manner = Manner {
        nodes: homes.iter().map(|home| home.address).collect(),
        patience: PATIENCE,
        rest: Duration::from_millis(10),
    };
    let crowd = Crowd::gather_at(CLIENTS, &manner);
    let losses = by_day_or_night(LOSSES.0, LOSSES.1);
    let mut frozen = 0;
    for _ in 0..losses {
        tokio::time::sleep(random.millis(5, 250)).await;
        let which = usize::from(random.between(0, 2) == 1);
        let node = nodes[which].take().expect("both are there");
        let returned = if random.between(0, 2) == 1 {
            frozen += 1;
            node.freeze();
            crowd.goes_on(MEANWHILE).await;
            node.thaw();
            node
        } else {
            node.kill();
            crowd.goes_on(MEANWHILE).await;
            homes[which].start()
        };
        nodes[which] = Some(returned);
    }
    let ledger = crowd.disperse().await;
    let unstored = homes.iter().flat_map(Home::unstored).collect();
    let mut lost = Vec::new();
    for home in &homes {
        lost.extend(ledger.lost(home.address, &unstored).await);
    }
    println!(
        "R8: {losses} nodes lost ({} killed, {frozen} frozen): {} acknowledged, {} lost as either node tells; {} requests broken off and sent to the other node, where each call went on; {} not 200, {} new calls apologized to, {} sessions answered without the store left out",
        losses - frozen,
        ledger.acknowledged.len(),
        lost.len(),
        ledger.broken,
        ledger.refused_actions,
        ledger.apologies,
        unstored.len(),
    );
    assert_eq!(ledger.refused_actions, 0, "each is answered 200");
    assert!(lost.is_empty(), "{lost:#?}");
}

/// How many webhooks are old enough to be forgotten: enough for a node to be caught in the middle.
const OLD: i64 = 30_000;

/// How many are added when the lease has changed hands.
const BAIT: i64 = 1000;

#[tokio::test]
async fn a_node_that_thaws_does_nothing_under_its_old_lease() {
    let Some(url) = cluster::database() else {
        return;
    };
    let mut db = PgConnection::connect(&url)
        .await
        .expect("it can be reached");
    let rounds = by_day_or_night(LEASES.0, LEASES.1);
    // Makes the tables.
    Home::node(&url).start().kill();
    for _ in 0..rounds {
        add_old(&mut db, OLD).await;
        let (first, second) = (Home::node(&url), Home::node(&url));
        let node = catch(&mut db, first.start()).await;
        expire(&mut db).await;
        let successor = second.start();
        while old(&mut db).await > 0 {
            tokio::task::yield_now().await;
        }
        add_old(&mut db, BAIT).await;
        let before = last_try(&mut db).await;
        node.thaw();
        while last_try(&mut db).await.is_none_or(|it| Some(it) == before) {
            tokio::task::yield_now().await;
        }
        assert_eq!(old(&mut db).await, BAIT, "nothing is done any more");
        drop((node, successor));
        sqlx::raw_sql("TRUNCATE webhooks; DELETE FROM leases")
            .execute(&mut db)
            .await
            .expect("the round can be cleared away");
    }
    println!(
        "R8: {rounds} nodes frozen while they held a lease that another took over: 0 did anything when they thawed"
    );
}

/// Freezes a node that has just taken the lease and is forgetting.
async fn catch(db: &mut PgConnection, node: Server) -> Server {
    let taken = "SELECT EXISTS (SELECT 1 FROM leases WHERE name = 'forgetting')";
    while !sqlx::query_scalar::<_, bool>(taken)
        .fetch_one(&mut *db)
        .await
        .expect("it answers")
    {
        tokio::task::yield_now().await;
    }
    node.freeze();
    assert_ne!(old(db).await, 0, "it is caught before the end");
    node
}

/// Has all leases run out.
async fn expire(db: &mut PgConnection) {
    let expire = sqlx::query("UPDATE leases SET held_until = now()");
    expire.execute(db).await.expect("leases can be changed");
}

/// Adds webhooks whose event ids are to be forgotten.
async fn add_old(db: &mut PgConnection, count: i64) {
    let add = sqlx::query(
        "INSERT INTO webhooks (sealed_for, mark, received_at, record)
         SELECT uuid_send(gen_random_uuid()), uuid_send(gen_random_uuid()), 0, '' FROM generate_series(1, $1)",
    );
    add.bind(count)
        .execute(db)
        .await
        .expect("rows can be added");
}

/// How many have not been forgotten.
async fn old(db: &mut PgConnection) -> i64 {
    let count = sqlx::query_scalar("SELECT count(*) FROM webhooks WHERE mark IS NOT NULL");
    count.fetch_one(db).await.expect("it answers")
}

/// When a node last tried to forget something, if none is at it.
async fn last_try(db: &mut PgConnection) -> Option<String> {
    let last = sqlx::query_scalar(
        "SELECT max(query_start)::text FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'callwright' AND query LIKE 'WITH fence%'
         HAVING bool_and(state = 'idle')",
    );
    last.fetch_optional(db).await.expect("it answers")
}
