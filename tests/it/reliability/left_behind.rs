//! R8, of calls that we start: a node is killed or frozen while it dials. Another one finds what it left, says UNKNOWN and
//! does not dial; and a node that thaws calls nobody.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::{Connection as _, PgConnection};

use super::by_day_or_night;
use super::placed::{get, home, number, post};
use super::platform::{Deed, Platform};
use super::process::Home;
use crate::cluster;
use crate::voice_api::scripted::Act;

/// Nodes lost, by day and by night.
const LOSSES: (u64, u64) = (4, 100);

const PATIENCE: Duration = Duration::from_secs(20);
const AGAIN_AFTER: Duration = Duration::from_millis(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_lost_node_dialled_is_unknown_and_not_dialled_again() {
    let Some(url) = cluster::database() else {
        return;
    };
    // It places each call, and never says so.
    let mood = |_: &str, _: usize| Deed {
        places: true,
        answer: Act::Silence,
    };
    let platform = Platform::with(Arc::new(mood)).await;
    let other = home(&platform.base(), Home::node(&url));
    let server = other.start();
    let mut db = PgConnection::connect(&url)
        .await
        .expect("it can be reached");
    let losses = by_day_or_night(LOSSES.0, LOSSES.1);
    for nth in 0..losses {
        let lost = home(&platform.base(), Home::node(&url));
        let node = lost.start();
        let (key, to) = (format!("k-{nth}"), number(nth));
        let asking = post(&lost, &key, &to);
        let mut asking = std::pin::pin!(asking);
        let began = Instant::now();
        while platform.placed(&to).is_empty() {
            assert!(began.elapsed() < PATIENCE, "it is not dialled");
            tokio::select! {
                told = &mut asking => panic!("{told:?}"),
                () = tokio::time::sleep(AGAIN_AFTER) => {}
            }
        }
        let frozen = nth % 2 == 0;
        let node = match frozen {
            true => {
                node.freeze();
                Some(node)
            }
            false => {
                node.kill();
                None
            }
        };
        let expire = sqlx::query("UPDATE leases SET held_until = now()");
        expire
            .execute(&mut db)
            .await
            .expect("leases can be changed");
        let (status, told) = loop {
            match post(&other, &key, &to).await {
                Some((409 | 503, _)) | None => tokio::time::sleep(AGAIN_AFTER).await,
                Some(told) => break told,
            }
        };
        assert_eq!((status, &told["state"]), (202, &json!("UNKNOWN")), "{told}");
        if let Some(node) = node {
            node.thaw();
            // It has noticed: it holds a lease of its own once more, of a later epoch.
            let id = told["id"].as_str().expect("an id");
            assert_eq!(get(&lost, id).await.1["state"], "UNKNOWN");
        }
        assert_eq!(platform.asked(&to).len(), 1);
    }
    let (called, twice) = platform.called();
    println!(
        "R8: {losses} nodes killed or frozen while they dialled: {called} called, {twice} twice, each UNKNOWN as the other node tells"
    );
    assert_eq!(twice, 0);
    drop(server);
}
