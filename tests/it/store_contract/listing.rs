//! The listing of sessions: order, filters, pages.

use callwright::call::PhoneNumber;
use callwright::flow::model::FlowId;
use callwright::store::{SessionFilter, Store};

use super::Engine;
use super::samples::*;

/// Begins the session `name` at `second`.
async fn begin(store: &dyn Store, name: &str, second: i64) {
    let mut exchange = exchange(name, name, 0);
    exchange.received_at = at(second);
    exchange.session = exchange
        .session
        .map(|session| callwright::session::Session {
            started_at: at(second),
            ..session
        });
    store.keep_exchange(exchange.into()).await.expect("write");
}

fn all() -> SessionFilter {
    SessionFilter {
        limit: 200,
        ..SessionFilter::default()
    }
}

async fn listed(store: &dyn Store, filter: &SessionFilter) -> Vec<String> {
    let page = store.sessions(filter).await.expect("read");
    page.items.iter().map(|row| row.id.to_string()).collect()
}

pub(super) async fn newest_first_with_all_that_a_listing_shows(engine: &dyn Engine) {
    let store = engine.open().await;
    begin(&*store, "old", 1).await;
    begin(&*store, "new", 3).await;
    store
        .keep_status(status("told", "leg-a", "CALL_INITIATED", 2))
        .await
        .expect("write");
    store
        .keep_summary(summary("old", "NO_ANSWER", 70))
        .await
        .expect("write");
    let page = store.sessions(&all()).await.expect("read");
    assert_eq!(listed(&*store, &all()).await, ["new", "told", "old"]);
    assert_eq!(page.next, None);
    for row in &page.items {
        assert_eq!(*row, shown(&*store, row.id.as_str()).await.row);
    }
    let old = &page.items[2];
    assert_eq!(
        (old.status.as_str(), old.ended_at),
        ("NO_ANSWER", Some(at(60)))
    );
    assert_eq!(old.started_at, at(1), "the summary does not move it");
    let (flow, version) = old.flow.as_ref().expect("a flow carried it");
    assert_eq!(
        (flow.as_str(), version.as_str()),
        ("restaurant", "7f3c9a000000")
    );
    assert_eq!(page.items[1].flow, None);
}

/// Three calls: `a` at 1 ended, `b` at 2 live on another flow, `c` at 3 from another number, no flow.
async fn three(store: &dyn Store) {
    begin(store, "a", 1).await;
    store
        .keep_summary(summary("a", "NO_ANSWER", 70))
        .await
        .expect("write");
    let mut other_flow = exchange("b", "b", 0);
    let session = session("b", 1);
    other_flow.session = Some(callwright::session::Session {
        flow: FlowId::new("support"),
        started_at: at(2),
        ..session
    });
    store.keep_exchange(other_flow.into()).await.expect("write");
    let mut other_caller = status("c", "leg-a", "CALL_INITIATED", 3);
    other_caller.event.leg.source = Some(PhoneNumber::new("6580000001"));
    store.keep_status(other_caller).await.expect("write");
}

pub(super) async fn each_filter_holds(engine: &dyn Engine) {
    let store = engine.open().await;
    three(&*store).await;
    let number = |text: &str| SessionFilter {
        number: Some(PhoneNumber::new(text)),
        ..all()
    };
    let status = |word: &str| SessionFilter {
        status: Some(word.to_owned()),
        ..all()
    };
    let flow = |id: &str| SessionFilter {
        flow: Some(FlowId::new(id)),
        ..all()
    };
    let from = |second| SessionFilter {
        from: Some(at(second)),
        ..all()
    };
    let to = |second| SessionFilter {
        to: Some(at(second)),
        ..all()
    };
    let cases: Vec<(SessionFilter, &[&str])> = vec![
        (all(), &["c", "b", "a"]),
        (from(2), &["c", "b"]),
        (from(4), &[]),
        (to(2), &["a"]),
        (to(4), &["c", "b", "a"]),
        (number(CALLER), &["b", "a"]),
        (number("6591234567"), &["b", "a"]),
        (number("+6561115777"), &["c", "b", "a"]),
        (number("+6580000001"), &["c"]),
        (number("6580000002"), &[]),
        (status("live"), &["c", "b"]),
        (status("NO_ANSWER"), &["a"]),
        (status("no_answer"), &[]),
        (flow("restaurant"), &["a"]),
        (flow("support"), &["b"]),
        (flow("' OR true --"), &[]),
    ];
    for (filter, expected) in cases {
        assert_eq!(listed(&*store, &filter).await, expected, "{filter:?}");
    }
}

pub(super) async fn filters_hold_together(engine: &dyn Engine) {
    let store = engine.open().await;
    three(&*store).await;
    let together = SessionFilter {
        from: Some(at(1)),
        to: Some(at(3)),
        number: Some(PhoneNumber::new(CALLED)),
        status: Some("live".to_owned()),
        ..all()
    };
    assert_eq!(listed(&*store, &together).await, ["b"]);
}

pub(super) async fn pages_meet_without_gap_or_overlap(engine: &dyn Engine) {
    let store = engine.open().await;
    // 25 sessions at 5 moments: most pages end between sessions of one millisecond.
    let mut expected = Vec::new();
    for n in 0..25_i64 {
        let name = format!("s{:02}", (n * 7) % 25);
        begin(&*store, &name, n / 5).await;
        expected.push((n / 5, name));
    }
    expected.sort();
    let expected: Vec<_> = expected.into_iter().rev().map(|(_, name)| name).collect();
    for limit in [1, 2, 3, 7, 24, 25, 26] {
        let mut filter = SessionFilter { limit, ..all() };
        let mut read = Vec::new();
        loop {
            let page = store.sessions(&filter).await.expect("read");
            assert!(page.items.len() <= limit as usize);
            read.extend(page.items.iter().map(|row| row.id.to_string()));
            match page.next {
                Some(next) => filter.after = Some(next),
                None => break,
            }
        }
        assert_eq!(read, expected, "limit {limit}");
    }
}

pub(super) async fn a_page_that_is_just_full_is_the_last(engine: &dyn Engine) {
    let store = engine.open().await;
    begin(&*store, "a", 1).await;
    begin(&*store, "b", 2).await;
    let full = SessionFilter { limit: 2, ..all() };
    assert_eq!(store.sessions(&full).await.expect("read").next, None);
    let one = SessionFilter { limit: 1, ..all() };
    let next = store
        .sessions(&one)
        .await
        .expect("read")
        .next
        .expect("there is more");
    assert_eq!((next.started_at, next.id.as_str()), (at(2), "b"));
}

pub(super) async fn live_sessions_are_counted(engine: &dyn Engine) {
    let store = engine.open().await;
    assert_eq!(store.live_sessions().await.expect("read"), 0);
    three(&*store).await;
    assert_eq!(store.live_sessions().await.expect("read"), 2);
}
