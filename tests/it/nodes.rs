//! Several nodes on one PostgreSQL database: any node takes any webhook, one may die, and the database may go away.

use std::time::{Duration, Instant};

use serde_json::Value;
use sqlx::{Connection as _, PgConnection};

use crate::app::{Caller, RESTAURANT, Reply, Settings, TestApp};
use crate::cluster::{self, Cluster};
use crate::proxy::Proxy;

/// A voice call action is answered within this, whatever the database does.
const IN_TIME: Duration = Duration::from_secs(2);

/// All is normal this long after the database's return.
const RECOVERY: Duration = Duration::from_secs(5);

async fn node(url: &str) -> TestApp {
    TestApp::start_with(Settings::node(url)).await
}

/// Goes on with `caller`'s call at another node.
fn at<'a>(node: &'a TestApp, caller: &Caller<'_>) -> Caller<'a> {
    let mut moved = Caller::new(node, &caller.session, RESTAURANT);
    moved.label = caller.label.clone();
    moved
}

async fn trace_length(node: &TestApp, session: &str) -> usize {
    let (_, session) = node.get(&format!("/v1/sessions/{session}")).await;
    session["trace"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn any_node_takes_any_webhook_of_a_session() {
    let Some(url) = cluster::database() else {
        return;
    };
    let (one, two) = (node(&url).await, node(&url).await);
    let mut here = one.caller(RESTAURANT);
    let dialled = here.dial().await;
    let mut there = at(&two, &here);
    let (pressed, late) = (there.pressed(Some("1")), there.pressed(Some("2")));
    let first = there.send(&pressed).await;
    let mut here = at(&one, &there);
    let book = here.press(Some("1")).await;
    assert!(dialled.heard()[0].starts_with("Welcome"), "{dialled:?}");
    assert!(first.heard()[0].starts_with("Press 1 to make"), "{first:?}");
    assert!(book.heard()[0].starts_with("Reserving a Table"), "{book:?}");

    assert_eq!(
        here.resend(&pressed).await.text,
        first.text,
        "known at both"
    );
    let stale = at(&one, &there);
    assert_eq!(
        stale.resend(&late).await.text,
        first.text,
        "its step was left"
    );
    at(&two, &here).end("COMPLETED").await;
    assert_eq!(here.press(Some("1")).await.names(), ["hangup"]);
    assert_eq!(trace_length(&two, &here.session).await, 6);
}

#[tokio::test]
async fn two_nodes_answer_one_step_alike() {
    let Some(url) = cluster::database() else {
        return;
    };
    let (one, two) = (node(&url).await, node(&url).await);
    let mut here = one.caller(RESTAURANT);
    here.dial().await;
    let there = at(&two, &here);
    let (first, other) = (here.pressed(Some("1")), here.pressed(Some("2")));
    let replies = tokio::join!(
        here.resend(&first),
        there.resend(&other),
        there.resend(&first),
        here.resend(&other)
    );
    for reply in [&replies.1, &replies.2, &replies.3] {
        assert_eq!(
            reply.text, replies.0.text,
            "one effect, whoever performs it"
        );
    }
}

#[tokio::test]
async fn when_a_node_is_gone_the_other_goes_on() {
    let Some(url) = cluster::database() else {
        return;
    };
    let (mut one, two) = (node(&url).await, node(&url).await);
    let mut calls = Vec::new();
    for _ in 0..10 {
        let mut caller = one.caller(RESTAURANT);
        caller.dial().await;
        let pressed = caller.pressed(Some("1"));
        let reply = caller.send(&pressed).await;
        calls.push((caller.session.clone(), caller.label.clone(), pressed, reply));
    }
    one.stop().await;
    for (session, label, pressed, reply) in calls {
        let mut caller = Caller::new(&two, &session, RESTAURANT);
        caller.label = label;
        assert_eq!(caller.resend(&pressed).await.text, reply.text);
        let next = caller.press(Some("1")).await;
        assert!(next.heard()[0].starts_with("Reserving a Table"), "{next:?}");
    }
}

/// Sends a voice call action, which has to be answered in time.
async fn in_time(caller: &mut Caller<'_>, body: &Value) -> Reply {
    let began = Instant::now();
    let reply = caller.send(body).await;
    let took = began.elapsed();
    assert!(took < IN_TIME, "answered after {took:?}");
    reply
}

/// Goes through an outage: calls in progress go on in time, nothing is acknowledged, and afterwards all is normal.
async fn outage(node: &TestApp, away: impl FnOnce(), back: impl FnOnce()) {
    let mut caller = node.caller(RESTAURANT);
    caller.dial().await;
    away();
    let pressed = caller.pressed(Some("1"));
    let reply = in_time(&mut caller, &pressed).await;
    assert!(reply.heard()[0].starts_with("Press 1 to make"), "{reply:?}");
    for _ in 0..20 {
        let mut newcomer = node.caller(RESTAURANT);
        let dial = newcomer.body("CALL_RECEIVED", |_| {});
        assert!(in_time(&mut newcomer, &dial).await.is_apology());
    }
    let summary = caller.summary("COMPLETED").to_string();
    let (status, _) = node.post("/webhooks/vss", summary).await;
    assert_eq!(status, 503, "what is not kept is not acknowledged");
    back();
    let returned = Instant::now();
    loop {
        let mut newcomer = node.caller(RESTAURANT);
        let dial = newcomer.body("CALL_RECEIVED", |_| {});
        if !in_time(&mut newcomer, &dial).await.is_apology() {
            break;
        }
        assert!(returned.elapsed() < RECOVERY, "it does not recover");
    }
    let took = returned.elapsed();
    println!("normal again after {took:?}");
    let pressed = caller.pressed(Some("1"));
    let reply = in_time(&mut caller, &pressed).await;
    assert!(
        reply.heard()[0].starts_with("Reserving a Table"),
        "{reply:?}"
    );
    let (_, session) = node.get(&format!("/v1/sessions/{}", caller.session)).await;
    assert_eq!(session["status"], "live");
}

#[tokio::test]
async fn a_database_that_is_stopped_killed_or_frozen_stops_no_call() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let node = node(&cluster.database()).await;
    outage(&node, || cluster.stop(), || cluster.start_again()).await;
    outage(&node, || cluster.kill(), || cluster.start_again()).await;
    outage(&node, || cluster.freeze(), || cluster.thaw()).await;
}

/// Of calls one after the other only the first meets a connection that is lost without a word.
#[tokio::test]
async fn a_database_host_that_vanishes_is_noticed_once() {
    let Some(url) = cluster::database() else {
        return;
    };
    let proxy = Proxy::before(&url);
    let node = node(&proxy.url(&url)).await;
    let mut crowd: Vec<_> = (0..16).map(|_| node.caller(RESTAURANT)).collect();
    let dials = crowd.iter_mut().map(Caller::dial);
    futures_util::future::join_all(dials).await;
    proxy.vanish();
    let mut apologies = 0;
    for _ in 0..8 {
        let mut newcomer = node.caller(RESTAURANT);
        let dial = newcomer.body("CALL_RECEIVED", |_| {});
        apologies += usize::from(in_time(&mut newcomer, &dial).await.is_apology());
    }
    assert!(apologies <= 1, "{apologies} calls met lost connections");
}

/// A database with a server of its own, and how many of its connections are at work.
async fn at_work(url: &str) -> i64 {
    let mut db = PgConnection::connect(url).await.expect("it can be reached");
    let busy = sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_activity
         WHERE application_name = 'callwright' AND state <> 'idle'",
    );
    busy.fetch_one(&mut db).await.expect("it answers")
}

/// What was given up while the database was frozen may be written when it goes on. A later delivery is answered as if
/// it had been, or as the first was: nobody can tell.
#[tokio::test]
async fn what_was_given_up_and_is_written_after_all_is_known() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let url = cluster.database();
    let (one, two) = (node(&url).await, node(&url).await);
    let mut caller = one.caller(RESTAURANT);
    caller.dial().await;
    let pressed = caller.pressed(Some("1"));
    let mut status = caller.body("CALL_CONNECTED", |_| {});
    status["eventType"] = "CALL_STATUS".into();
    let status = status.to_string();
    let newcomer = one.caller(RESTAURANT);
    let dial = newcomer.body("CALL_RECEIVED", |_| {});

    cluster.freeze();
    let (given, (refused, _), apology) = tokio::join!(
        caller.resend(&pressed),
        one.post("/webhooks/vcs", status.clone()),
        newcomer.resend(&dial),
    );
    assert_eq!(refused, 503, "what is not kept is not acknowledged");
    assert!(apology.is_apology(), "{apology:?}");
    cluster.thaw();
    while at_work(&url).await > 0 {
        tokio::task::yield_now().await;
    }

    for node in [&two, &one] {
        let again = at(node, &caller).resend(&pressed).await;
        assert_eq!(again.text, given.text, "the same reply, wherever");
        let (taken, _) = node.post("/webhooks/vcs", status.clone()).await;
        assert_eq!(taken, 200);
        let again = at(node, &newcomer).resend(&dial).await;
        assert!(again.heard()[0].starts_with("Welcome"), "{again:?}");
    }
    assert_eq!(
        trace_length(&two, &caller.session).await,
        3,
        "each is kept once"
    );
    assert_eq!(trace_length(&two, &newcomer.session).await, 1);
}
