//! Restart, forgetting, and the end.

use callwright::store::{Kept, StoreError};
use futures_util::future::join_all;

use super::Engine;
use super::samples::*;

pub(super) async fn all_of_it_survives_a_restart(engine: &dyn Engine) {
    let store = engine.open().await;
    store
        .keep_exchange(exchange("s", "e0", 0))
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
        .keep_exchange(exchange("s", "e0", 0))
        .await
        .expect("write");
    assert_eq!(again, Kept::Overtaken);
}

pub(super) async fn forgotten_events_are_new_again_and_leave_their_trace(engine: &dyn Engine) {
    let store = engine.open().await;
    store
        .keep_exchange(exchange("s", "e0", 0))
        .await
        .expect("write");
    store
        .keep_exchange(exchange("s", "e1", 1))
        .await
        .expect("write");
    store
        .keep_status(status("s", "leg-a", "CALL_CONNECTED", 0))
        .await
        .expect("write");
    let before = shown(&*store, "s").await;
    assert_eq!(
        store.forget_events(at(1)).await.expect("write"),
        2,
        "before, not at"
    );
    assert_eq!(store.forget_events(at(1)).await.expect("write"), 0);
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
    let all = (0..1_001).map(|n| status("s", &format!("leg {n}"), "CALL_CONNECTED", 0));
    let mut all: Vec<_> = all.collect();
    for some in all.chunks_mut(500) {
        let writes = some.iter().map(|status| store.keep_status(status.clone()));
        assert!(join_all(writes).await.into_iter().all(|kept| kept.is_ok()));
    }
    assert_eq!(store.forget_events(at(1)).await.expect("write"), 1_001);
}

pub(super) async fn a_closed_store_says_so(engine: &dyn Engine) {
    let store = engine.open().await;
    store.close().await;
    store.close().await;
    let written = store.keep_exchange(exchange("s", "e", 0)).await;
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
        tokio::spawn(async move { store.keep_exchange(exchange).await })
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
