//! Restart, forgetting, and the end.

use std::time::Duration;

use callwright::store::{Kept, Lease, Store, StoreError};
use futures_util::future::join_all;

use super::Engine;
use super::samples::*;

pub(super) async fn all_of_it_survives_a_restart(engine: &dyn Engine) {
    let store = engine.open().await;
    store
        .keep_exchange(exchange("s", "e0", 0).into())
        .await
        .expect("write");
    store
        .keep_status(status("s", "leg-a", "CALL_CONNECTED", 2))
        .await
        .expect("write");
    store
        .keep_recording(recording("s", "r", "PROCESSING", 3))
        .await
        .expect("write");
    store
        .keep_summary(summary("t", "COMPLETED", 4))
        .await
        .expect("write");
    let before = (shown(&*store, "s").await, shown(&*store, "t").await);
    let asked = recall("s", "e0", Some(0));
    let recalled = store.recall(&asked).await.expect("read");
    store.close().await;

    let store = engine.open().await;
    assert_eq!(
        (shown(&*store, "s").await, shown(&*store, "t").await),
        before
    );
    assert_eq!(store.recall(&asked).await.expect("read"), recalled);
    let again = store
        .keep_exchange(exchange("s", "e0", 0).into())
        .await
        .expect("write");
    assert_eq!(again, Kept::Overtaken);
}

/// The lease that forgetting goes under.
async fn lease(store: &dyn Store) -> Lease {
    let lease = store.take_lease("forgetting", "a", Duration::from_secs(60));
    lease.await.expect("write").expect("nobody else holds it")
}

pub(super) async fn forgotten_events_are_new_again_and_leave_their_trace(engine: &dyn Engine) {
    let store = engine.open().await;
    store
        .keep_exchange(exchange("s", "e0", 0).into())
        .await
        .expect("write");
    store
        .keep_exchange(exchange("s", "e1", 1).into())
        .await
        .expect("write");
    store
        .keep_status(status("s", "leg-a", "CALL_CONNECTED", 0))
        .await
        .expect("write");
    let before = shown(&*store, "s").await;
    let lease = lease(&*store).await;
    assert_eq!(
        store.forget_events(&lease, at(1)).await.expect("write"),
        2,
        "before, not at"
    );
    assert_eq!(store.forget_events(&lease, at(1)).await.expect("write"), 0);
    assert_eq!(shown(&*store, "s").await, before);

    let forgotten = store
        .recall(&recall("s", "e0", Some(0)))
        .await
        .expect("read");
    assert_eq!(forgotten.same_event, None);
    assert_eq!(
        forgotten.same_step.as_deref(),
        Some("reply to e0"),
        "its step is still left"
    );
    let kept = store
        .recall(&recall("s", "e1", Some(1)))
        .await
        .expect("read");
    assert_eq!(kept.same_event.as_deref(), Some("reply to e1"));
}

pub(super) async fn many_events_are_forgotten_at_one_call(engine: &dyn Engine) {
    let store = engine.open().await;
    let session = |n: i64| format!("s{}", n % 50);
    let all = (0..1_001).map(|n| status(&session(n), &format!("leg {n}"), "CALL_CONNECTED", 0));
    let mut all: Vec<_> = all.collect();
    for some in all.chunks_mut(50) {
        let writes = some.iter().map(|status| store.keep_status(status.clone()));
        assert!(join_all(writes).await.into_iter().all(|kept| kept.is_ok()));
    }
    let lease = lease(&*store).await;
    let forgotten = store.forget_events(&lease, at(1)).await;
    assert_eq!(forgotten.expect("write"), 1_001);
}

pub(super) async fn a_closed_store_says_so(engine: &dyn Engine) {
    let store = engine.open().await;
    store.close().await;
    store.close().await;
    let written = store.keep_exchange(exchange("s", "e", 0).into()).await;
    assert!(matches!(written, Err(StoreError::Closing)), "{written:?}");
    let read = store.recall(&recall("s", "e", None)).await;
    assert!(matches!(read, Err(StoreError::Closing)), "{read:?}");
    assert!(store.ping().await.is_err());
}

pub(super) async fn what_waits_at_the_close_is_kept_or_refused(engine: &dyn Engine) {
    let store = engine.open().await;
    let writes = (0..300).map(|n| {
        let store = store.clone();
        let exchange = exchange(&format!("s{n}"), &format!("e{n}"), 0);
        tokio::spawn(async move { store.keep_exchange(exchange.into()).await })
    });
    let writes: Vec<_> = writes.collect();
    tokio::task::yield_now().await;
    store.close().await;
    let told = join_all(writes).await;

    let store = engine.open().await;
    for (n, told) in told.into_iter().enumerate() {
        let is_there = store
            .session(&id(&format!("s{n}")))
            .await
            .expect("read")
            .is_some();
        match told.expect("no panic") {
            Ok(kept) => assert_eq!((kept, is_there), (Kept::Stored, true)),
            Err(StoreError::Closing) => assert!(!is_there),
            Err(error) => panic!("{error}"),
        }
    }
}

pub(super) async fn an_open_store_answers(engine: &dyn Engine) {
    let store = engine.open().await;
    store.ping().await.expect("it answers");
}

pub(super) async fn a_lease_has_one_holder(engine: &dyn Engine) {
    let store = engine.open().await;
    let minute = Duration::from_secs(60);
    let first = store.take_lease("work", "a", minute).await.expect("write");
    assert!(first.is_some());
    let other = store.take_lease("work", "b", minute).await.expect("write");
    assert_eq!(other, None);
    let again = store.take_lease("work", "a", minute).await.expect("write");
    assert_eq!(again, first, "renewed, not taken over");
    let more = store.take_lease("more", "b", minute).await.expect("write");
    assert!(more.is_some(), "other work is another lease");
}

pub(super) async fn a_lease_that_ran_out_is_taken_over_and_its_last_holder_fenced_off(
    engine: &dyn Engine,
) {
    let store = engine.open().await;
    let kept = store.keep_status(status("s", "leg", "CALL_CONNECTED", 0));
    kept.await.expect("write");
    let take = |holder: &'static str, seconds| {
        let lasts = Duration::from_secs(seconds);
        let store = store.clone();
        async move {
            let lease = store.take_lease("work", holder, lasts).await;
            lease.expect("write").expect("it has run out")
        }
    };
    let old = take("a", 0).await;
    let new = take("b", 60).await;
    assert!(new.epoch > old.epoch);
    let refused = store.forget_events(&old, at(1)).await;
    assert!(matches!(refused, Err(StoreError::LeaseLost)), "{refused:?}");
    let unknown = Lease {
        name: "never taken".to_owned(),
        epoch: 1,
    };
    let refused = store.forget_events(&unknown, at(1)).await;
    assert!(matches!(refused, Err(StoreError::LeaseLost)), "{refused:?}");
    assert_eq!(store.forget_events(&new, at(1)).await.expect("write"), 1);
}

pub(super) async fn many_take_a_lease_and_one_gets_it(engine: &dyn Engine) {
    let store = engine.open().await;
    let takes = (0..20).map(|n| {
        let store = store.clone();
        async move {
            let lasts = Duration::from_secs(60);
            store.take_lease("work", &format!("node {n}"), lasts).await
        }
    });
    let taken = join_all(takes).await;
    let taken = taken.into_iter().filter_map(|lease| lease.expect("write"));
    assert_eq!(taken.count(), 1);
}
