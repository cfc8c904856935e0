//! The texts of flows: the last good set, and what calls in progress hold.

use callwright::flow::model::{FlowId, FlowVersion};
use callwright::session::Session;
use callwright::store::{FlowText, Store};

use super::Engine;
use super::samples::*;

const DAY: i64 = 24 * 60 * 60;

fn text(id: &str, version: &str) -> FlowText {
    FlowText {
        id: FlowId::new(id),
        version: FlowVersion::new(version),
        path: format!("{id}.toml"),
        text: format!("# {id} {version}\n"),
    }
}

/// A call that begins on a version at `second`.
async fn call(store: &dyn Store, name: &str, version: &str, second: i64) {
    let mut exchange = exchange(name, name, 0);
    exchange.received_at = at(second);
    exchange.session = Some(Session {
        flow: FlowId::new("menu"),
        version: FlowVersion::new(version),
        ..session(name, 1)
    });
    store.keep_exchange(exchange.into()).await.expect("write");
}

async fn keep(store: &dyn Store, flows: &[FlowText], second: i64) {
    store.keep_flows(flows, at(second)).await.expect("write");
}

pub(super) async fn no_flows_were_ever_kept(engine: &dyn Engine) {
    let store = engine.open().await;
    assert_eq!(store.last_good_flows().await.expect("read"), []);
    assert_eq!(store.flows_in_use().await.expect("read"), []);
}

pub(super) async fn the_last_good_set_is_replaced_whole(engine: &dyn Engine) {
    let store = engine.open().await;
    keep(&*store, &[text("a", "1"), text("b", "1")], 0).await;
    let mut moved = text("b", "2");
    moved.path = "elsewhere/b.toml".to_owned();
    keep(&*store, &[moved.clone(), text("c", "1")], 1).await;
    assert_eq!(
        store.last_good_flows().await.expect("read"),
        [moved, text("c", "1")]
    );
    keep(&*store, &[text("b", "1")], 2).await;
    assert_eq!(
        store.last_good_flows().await.expect("read"),
        [text("b", "1")],
        "back again"
    );
    keep(&*store, &[], 3).await;
    assert_eq!(store.last_good_flows().await.expect("read"), []);
}

pub(super) async fn a_live_session_holds_its_version(engine: &dyn Engine) {
    let store = engine.open().await;
    keep(&*store, &[text("menu", "1")], 0).await;
    call(&*store, "s", "1", 1).await;
    keep(&*store, &[text("menu", "2")], 2).await;
    keep(&*store, &[text("menu", "3")], 29 * DAY).await;
    assert_eq!(
        store.flows_in_use().await.expect("read"),
        [text("menu", "1")]
    );
    assert_eq!(
        store.last_good_flows().await.expect("read"),
        [text("menu", "3")]
    );

    store
        .keep_summary(summary("s", "COMPLETED", 3))
        .await
        .expect("write");
    assert_eq!(store.flows_in_use().await.expect("read"), []);
}

pub(super) async fn a_call_may_begin_on_a_version_that_just_left(engine: &dyn Engine) {
    let store = engine.open().await;
    keep(&*store, &[text("menu", "1")], 0).await;
    keep(&*store, &[text("menu", "2")], 10).await;
    call(&*store, "s", "1", 9).await;
    keep(&*store, &[text("menu", "3")], 2 * DAY).await;
    assert_eq!(
        store.flows_in_use().await.expect("read"),
        [text("menu", "1")]
    );
}

pub(super) async fn what_nothing_needs_is_forgotten(engine: &dyn Engine) {
    let store = engine.open().await;
    keep(&*store, &[text("menu", "1")], 0).await;
    keep(&*store, &[text("menu", "2")], 1).await;
    keep(&*store, &[text("menu", "3")], 2 * DAY).await;
    call(&*store, "late", "1", 2 * DAY).await;
    call(&*store, "later", "2", 2 * DAY).await;
    assert_eq!(
        store.flows_in_use().await.expect("read"),
        [text("menu", "2")]
    );
}

pub(super) async fn a_session_that_fell_silent_holds_nothing(engine: &dyn Engine) {
    let store = engine.open().await;
    keep(&*store, &[text("menu", "1")], 0).await;
    call(&*store, "silent", "1", 1).await;
    keep(&*store, &[text("menu", "2")], 2).await;
    keep(&*store, &[text("menu", "2")], 31 * DAY).await;
    assert_eq!(store.flows_in_use().await.expect("read"), []);
}
