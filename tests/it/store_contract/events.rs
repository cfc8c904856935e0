//! What is told of sessions, and how it waits for those who are to know.

use std::collections::BTreeMap;
use std::time::Duration;

use callwright::events::Kind;
use callwright::events::told::{Numbers, shown};
use callwright::flow::model::VariableName;
use callwright::session::{Exchange, Stage};
use callwright::store::outbox::{
    Delivery, EndpointState, EventFilter, EventRecord, Settled, Then, Wants,
};
use callwright::store::{Kept, Lease, Store, StoreError};
use serde_json::json;

use super::Engine;
use super::samples::{CALLER, at, exchange, recording, status, summary, value};

async fn lease(store: &dyn Store) -> Lease {
    let taken = store.take_lease("events", "a node", Duration::from_secs(60));
    taken.await.expect("write").expect("nobody holds it")
}

fn wants(endpoint: &str, kinds: &[Kind]) -> Wants {
    Wants {
        endpoint: endpoint.to_owned(),
        kinds: kinds.to_vec(),
    }
}

async fn spread(store: &dyn Store, endpoints: &[Wants]) {
    let lease = lease(store).await;
    let outbox = store.outbox();
    while outbox
        .spread_events(&lease, endpoints, at(100))
        .await
        .expect("write")
        > 0
    {}
}

async fn list(store: &dyn Store) -> Vec<EventRecord> {
    let filter = EventFilter {
        limit: 1000,
        ..EventFilter::default()
    };
    store.outbox().events(&filter).await.expect("read")
}

/// All that was told, in its order.
async fn told(store: &dyn Store) -> Vec<EventRecord> {
    // Who asks for a session waits until all that came is in the tables.
    store.live_sessions().await.expect("read");
    spread(store, &[]).await;
    list(store).await
}

fn kinds(events: &[EventRecord]) -> Vec<(&str, Option<u32>)> {
    let kind = |event: &EventRecord| event.kind.clone();
    let words: Vec<_> = events.iter().map(kind).collect();
    let known = |word: &String| {
        let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == word);
        kind.expect("a kind").as_str()
    };
    let sequences = events.iter().map(|event| event.sequence);
    words.iter().map(known).zip(sequences).collect()
}

async fn keep(store: &dyn Store, exchange: Exchange) {
    let kept = store.keep_exchange(exchange.into()).await;
    assert_eq!(kept.expect("write"), Kept::Stored);
}

/// A call of three turns that ends.
async fn call(store: &dyn Store, name: &str) {
    for turn in 0..3 {
        keep(store, exchange(name, &format!("{name}{turn}"), turn)).await;
    }
    let ended = store.keep_summary(summary(name, "COMPLETED", 70)).await;
    ended.expect("write");
}

pub(super) async fn a_session_is_told_of_once_and_in_its_order(engine: &dyn Engine) {
    let store = engine.open().await;
    call(&*store, "s").await;
    for word in ["CALL_CONNECTED", "CALL_DISCONNECTED"] {
        let status = store.keep_status(status("s", "leg-a", word, 5)).await;
        status.expect("write");
    }
    let again = store.keep_summary(summary("s", "NO_ANSWER", 80)).await;
    again.expect("write");
    let events = told(&*store).await;
    assert_eq!(
        kinds(&events),
        [("session.started", Some(1)), ("session.ended", Some(2))]
    );
    assert_eq!(
        shown(&events[1].data, Numbers::Whole),
        json!({
            "session_id": "s", "sub_account": "ivr_1", "direction": "INBOUND", "source": CALLER,
            "destination": "6561115777", "flow": "restaurant", "version": "7f3c9a000000",
            "started_at": format!("{:.3}", at(0)), "outcome": "COMPLETED", "error": null,
            "ended_at": format!("{:.3}", at(60)), "variables": {"day": "Friday"}
        })
    );
    assert_eq!(events[1].at, at(70));
    assert_ne!(events[0].id, events[1].id);
}

pub(super) async fn the_first_that_is_heard_of_a_session_may_be_its_end(engine: &dyn Engine) {
    let store = engine.open().await;
    let ended = store.keep_summary(summary("s", "NO_ANSWER", 70)).await;
    ended.expect("write");
    keep(&*store, exchange("s", "late", 0)).await;
    let events = told(&*store).await;
    assert_eq!(
        kinds(&events),
        [("session.started", Some(1)), ("session.ended", Some(2))]
    );
}

pub(super) async fn what_is_saved_at_the_hang_up_is_told_and_no_secret(engine: &dyn Engine) {
    let store = engine.open().await;
    let secret = |position: &mut callwright::flow::Position| {
        let pin = (VariableName::new("pin"), value("4471", true));
        position.variables.extend([pin]);
    };
    let mut waiting = exchange("waits", "w0", 0);
    let mut over = exchange("over", "o0", 0);
    if let Some(Stage::Waiting(position)) = waiting.session.as_mut().map(|it| &mut it.stage) {
        secret(position);
    }
    over.session.as_mut().expect("a flow carries it").stage = Stage::HungUp;
    over.saved = BTreeMap::from([
        (VariableName::new("table"), value("call 6591234567", false)),
        (VariableName::new("pin"), value("4471", true)),
    ]);
    keep(&*store, waiting).await;
    keep(&*store, over).await;
    for name in ["waits", "over"] {
        let ended = store.keep_summary(summary(name, "COMPLETED", 70)).await;
        ended.expect("write");
    }
    let events = told(&*store).await;
    let saved = |name: &str, numbers| {
        let data = events.iter().map(|event| shown(&event.data, numbers));
        let mut ended =
            data.filter(|data| data["session_id"] == name && data["outcome"] != json!(null));
        ended.next().expect("it ended")["variables"].clone()
    };
    assert_eq!(saved("waits", Numbers::Whole), json!({"day": "Friday"}));
    assert_eq!(
        saved("over", Numbers::Whole),
        json!({"table": "call 6591234567"})
    );
    assert_eq!(
        saved("over", Numbers::Masked),
        json!({"table": "call +65••••4567"})
    );
}

pub(super) async fn a_recording_is_told_of_once_it_is_ready(engine: &dyn Engine) {
    let store = engine.open().await;
    keep(&*store, exchange("s", "e0", 0)).await;
    for (recording_id, word, body) in [
        ("r1", "PROCESSING", "a"),
        ("r1", "UPLOAD_COMPLETED", "b"),
        ("r1", "UPLOAD_COMPLETED", "b"),
        ("r1", "UPLOAD_COMPLETED", "c"),
        ("r1", "CALLBACK_COMPLETED", "d"),
        ("r2", "UPLOAD_FAILED", "e"),
        ("r2", "CALLBACK_COMPLETED", "f"),
    ] {
        let mut update = recording("s", recording_id, word, 80);
        update.body = body.to_owned();
        let kept = store.keep_recording(update).await;
        kept.expect("write");
    }
    let events = told(&*store).await;
    assert_eq!(
        kinds(&events),
        [
            ("session.started", Some(1)),
            ("recording.ready", Some(2)),
            ("recording.ready", Some(3))
        ]
    );
    let ready: Vec<_> = events[1..]
        .iter()
        .map(|event| shown(&event.data, Numbers::Whole)["recording_id"].clone())
        .collect();
    assert_eq!(ready, ["r1", "r2"]);
}

pub(super) async fn what_was_told_is_not_told_again_after_a_restart(engine: &dyn Engine) {
    let store = engine.open().await;
    call(&*store, "s").await;
    let before = told(&*store).await;
    store.close().await;
    let store = engine.open().await;
    assert_eq!(told(&*store).await, before);
    let again = store.keep_summary(summary("s", "NO_ANSWER", 90)).await;
    again.expect("write");
    keep(&*store, exchange("s", "late", 7)).await;
    assert_eq!(told(&*store).await, before);
    call(&*store, "t").await;
    let after = told(&*store).await;
    assert_eq!(after[..before.len()], before);
    assert_eq!(after.len(), 4);
}

pub(super) async fn many_sessions_are_told_of_each_in_its_order(engine: &dyn Engine) {
    let store = engine.open().await;
    let names: Vec<_> = (0..40).map(|n| format!("s{n}")).collect();
    let calls = names.iter().map(|name| call(&*store, name));
    futures_util::future::join_all(calls).await;
    let events = told(&*store).await;
    assert_eq!(events.len(), 80);
    let numbers: Vec<_> = events.iter().map(|event| event.number).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]));
    for name in names {
        let of_it = events
            .iter()
            .filter(|event| shown(&event.data, Numbers::Whole)["session_id"] == json!(name));
        let sequence: Vec<_> = of_it.map(|event| event.sequence).collect();
        assert_eq!(sequence, [Some(1), Some(2)]);
    }
}

async fn claim(store: &dyn Store, endpoint: &str, second: i64) -> Vec<Delivery> {
    let claimed = store
        .outbox()
        .claim_deliveries(endpoint, 10, at(second), at(second + 60));
    claimed.await.expect("write")
}

fn settled(endpoint: &str, delivery: &Delivery, second: i64, then: Then) -> Settled {
    Settled {
        endpoint: endpoint.to_owned(),
        event: delivery.event.number,
        claim: delivery.claim,
        at: at(second),
        then,
    }
}

fn failed(again: Option<i64>) -> Then {
    Then::NotDelivered {
        again_at: again.map(at),
        quiet_until: None,
        disables: false,
        why: "answered 500".to_owned(),
    }
}

async fn settle(store: &dyn Store, settled: Settled) -> bool {
    let kept = store.outbox().settle_delivery(&settled).await;
    kept.expect("write")
}

async fn declare(store: &dyn Store, names: &[&str], address: u8) {
    let known: Vec<_> = names
        .iter()
        .map(|name| ((*name).to_owned(), [address; 16]))
        .collect();
    let declared = store.outbox().declare_endpoints(&known).await;
    declared.expect("write");
}

async fn state(store: &dyn Store, name: &str) -> EndpointState {
    let states = store.outbox().endpoints().await.expect("read");
    let found = states.into_iter().find(|state| state.name == name);
    found.expect("it is declared")
}

/// Two calls that wait for `crm`, which wants ends only, and `log`, which wants all.
async fn waiting(engine: &dyn Engine) -> std::sync::Arc<dyn Store> {
    let store = engine.open().await;
    declare(&*store, &["crm", "log"], 1).await;
    call(&*store, "s").await;
    call(&*store, "t").await;
    store.live_sessions().await.expect("read");
    let both = [
        wants("crm", &[Kind::SessionEnded]),
        wants("log", &Kind::ALL),
    ];
    spread(&*store, &both).await;
    store
}

pub(super) async fn each_endpoint_gets_what_it_wants(engine: &dyn Engine) {
    let store = waiting(engine).await;
    let (crm, log) = (
        claim(&*store, "crm", 100).await,
        claim(&*store, "log", 100).await,
    );
    assert_eq!((crm.len(), log.len()), (2, 4));
    assert!(crm.iter().all(|it| it.event.kind == "session.ended"));
    for delivery in &crm {
        assert!(settle(&*store, settled("crm", delivery, 101, Then::Delivered)).await);
    }
    let crm = state(&*store, "crm").await;
    assert_eq!((crm.waiting, crm.given_up), (0, 0));
    assert_eq!(crm.last_delivered_at, Some(at(101)));
    let log = state(&*store, "log").await;
    assert_eq!((log.waiting, log.last_delivered_at), (4, None));
    let oldest = log.oldest_waiting.expect("four wait");
    assert_eq!(oldest, at(0));
    let listed = list(&*store).await;
    assert!(listed.iter().all(|event| event.waiting.len() == 1));
}

pub(super) async fn who_takes_an_event_has_it_for_a_while(engine: &dyn Engine) {
    let store = waiting(engine).await;
    let first = claim(&*store, "crm", 100).await;
    assert_eq!(first.len(), 2);
    assert_eq!(claim(&*store, "crm", 159).await, []);
    let second = claim(&*store, "crm", 160).await;
    assert_eq!(second.len(), 2, "whoever took them may be gone");
    for (old, new) in first.iter().zip(&second) {
        assert_eq!(old.event.id, new.event.id);
        assert!(!settle(&*store, settled("crm", old, 161, Then::Delivered)).await);
        assert!(!settle(&*store, settled("crm", old, 161, failed(None))).await);
        assert!(settle(&*store, settled("crm", new, 162, Then::Delivered)).await);
        assert!(!settle(&*store, settled("crm", new, 163, Then::Delivered)).await);
    }
    assert_eq!(state(&*store, "crm").await.waiting, 0);
}

pub(super) async fn many_take_events_and_each_is_taken_once(engine: &dyn Engine) {
    let store = waiting(engine).await;
    let takes = (0..16).map(|_| store.outbox().claim_deliveries("log", 1, at(100), at(200)));
    let mut taken: Vec<_> = futures_util::future::join_all(takes)
        .await
        .into_iter()
        .flat_map(|taken| taken.expect("write"))
        .map(|delivery| delivery.event.number)
        .collect();
    taken.extend(
        claim(&*store, "log", 100)
            .await
            .iter()
            .map(|it| it.event.number),
    );
    taken.sort_unstable();
    let all: Vec<_> = list(&*store)
        .await
        .iter()
        .map(|event| event.number)
        .collect();
    assert_eq!(taken, all);
}

pub(super) async fn what_failed_waits_and_what_is_given_up_does_not(engine: &dyn Engine) {
    let store = waiting(engine).await;
    let taken = claim(&*store, "crm", 100).await;
    assert!(settle(&*store, settled("crm", &taken[0], 101, failed(Some(500)))).await);
    assert!(settle(&*store, settled("crm", &taken[1], 102, failed(None))).await);
    assert_eq!(claim(&*store, "crm", 499).await, []);
    let again = claim(&*store, "crm", 500).await;
    assert_eq!(again.len(), 1);
    assert_eq!((again[0].tries, &again[0].event), (1, &taken[0].event));
    let crm = state(&*store, "crm").await;
    assert_eq!((crm.waiting, crm.given_up), (1, 1));
    assert_eq!(crm.last_failed_at, Some(at(102)));
    assert_eq!(crm.last_failure.as_deref(), Some("answered 500"));
}

pub(super) async fn an_endpoint_is_left_alone_when_it_asks_for_it(engine: &dyn Engine) {
    let store = waiting(engine).await;
    let taken = store
        .outbox()
        .claim_deliveries("crm", 1, at(100), at(160))
        .await
        .expect("write");
    let quiet = Then::NotDelivered {
        again_at: Some(at(101)),
        quiet_until: Some(at(400)),
        disables: false,
        why: "answered 429".to_owned(),
    };
    assert!(settle(&*store, settled("crm", &taken[0], 100, quiet)).await);
    assert_eq!(claim(&*store, "crm", 399).await, []);
    assert_eq!(claim(&*store, "log", 399).await.len(), 4);
    let taken = claim(&*store, "crm", 400).await;
    assert_eq!(taken.len(), 2);
    let gone = Then::NotDelivered {
        again_at: Some(at(401)),
        quiet_until: None,
        disables: true,
        why: "answered 410".to_owned(),
    };
    assert!(settle(&*store, settled("crm", &taken[0], 400, gone)).await);
    assert_eq!(claim(&*store, "crm", 9_000).await, []);
    assert_eq!(state(&*store, "crm").await.disabled_at, Some(at(400)));
    call(&*store, "u").await;
    store.live_sessions().await.expect("read");
    spread(&*store, &[wants("crm", &Kind::ALL)]).await;
    assert_eq!(state(&*store, "crm").await.waiting, 2, "nothing new waits");

    declare(&*store, &["crm"], 1).await;
    assert!(state(&*store, "crm").await.disabled_at.is_some());
    declare(&*store, &["crm"], 2).await;
    assert_eq!(claim(&*store, "crm", 9_000).await.len(), 2);
    assert!(store.outbox().enable_endpoint("crm").await.expect("write"));
    assert!(
        !store
            .outbox()
            .enable_endpoint("nobody")
            .await
            .expect("write")
    );
}

pub(super) async fn any_range_is_sent_again(engine: &dyn Engine) {
    let store = waiting(engine).await;
    let all = claim(&*store, "log", 100).await;
    for delivery in &all {
        assert!(settle(&*store, settled("log", delivery, 101, Then::Delivered)).await);
    }
    let replay = async |filter: EventFilter| {
        let limit = 100;
        let filter = EventFilter { limit, ..filter };
        let everything = wants("log", &Kind::ALL);
        let replayed = store.outbox().replay_events(&everything, &filter, at(200));
        let replayed = replayed.await.expect("write");
        let again = claim(&*store, "log", 200).await;
        assert_eq!(replayed.events, again.len() as u64);
        for delivery in &again {
            assert!(settle(&*store, settled("log", delivery, 201, Then::Delivered)).await);
        }
        again.into_iter().map(|it| it.event).collect::<Vec<_>>()
    };
    let every: Vec<_> = all.iter().map(|it| it.event.clone()).collect();
    let by_number = |it: &EventRecord| it.number;
    let mut sorted = every.clone();
    sorted.sort_by_key(by_number);
    let mut again = replay(EventFilter::default()).await;
    again.sort_by_key(by_number);
    assert_eq!(again, sorted, "with the ids that they had");
    let some = EventFilter {
        after: sorted[0].number,
        through: Some(sorted[2].number),
        ..EventFilter::default()
    };
    assert_eq!(replay(some).await.len(), 2);
    let ends = EventFilter {
        kinds: vec![Kind::SessionEnded],
        ..EventFilter::default()
    };
    assert_eq!(replay(ends).await.len(), 2);
    let in_time = EventFilter {
        from: Some(at(1)),
        to: Some(at(70)),
        ..EventFilter::default()
    };
    assert_eq!(replay(in_time).await.len(), 0);
    let from = EventFilter {
        from: Some(at(70)),
        ..EventFilter::default()
    };
    assert_eq!(replay(from).await.len(), 2);
    let waits = claim(&*store, "crm", 300).await;
    let claimed = &waits[0];
    let ends = EventFilter {
        limit: 100,
        ..EventFilter::default()
    };
    let crm = wants("crm", &[Kind::SessionEnded]);
    let replayed = store.outbox().replay_events(&crm, &ends, at(301)).await;
    assert_eq!(replayed.expect("write").events, 2);
    let old = settled("crm", claimed, 302, failed(None));
    assert!(!settle(&*store, old).await, "it is another's turn now");
    assert_eq!(claim(&*store, "crm", 303).await.len(), 2);
}

pub(super) async fn events_go_when_their_time_or_room_is_over(engine: &dyn Engine) {
    let store = waiting(engine).await;
    let lease = lease(&*store).await;
    let prune = async |second, most| {
        let pruned = store.outbox().prune_events(&lease, at(second), most).await;
        pruned.expect("write")
    };
    assert_eq!(prune(0, 100).await.events, 0);
    let first = list(&*store).await[0].number;
    let pruned = prune(0, 3).await;
    assert_eq!((pruned.events, pruned.undelivered), (1, 1));
    assert!(list(&*store).await.iter().all(|event| event.number > first));
    let pruned = prune(1_000, 100).await;
    assert_eq!((pruned.events, pruned.undelivered), (3, 5));
    assert_eq!(list(&*store).await, []);
    assert_eq!(state(&*store, "log").await.waiting, 0);
    call(&*store, "later").await;
    let events = told(&*store).await;
    assert!(events[0].number > first + 3, "no number comes twice");
}

pub(super) async fn who_lost_the_lease_spreads_and_prunes_nothing(engine: &dyn Engine) {
    let store = engine.open().await;
    call(&*store, "s").await;
    store.live_sessions().await.expect("read");
    let old = store.take_lease("events", "one", Duration::ZERO).await;
    let old = old.expect("write").expect("nobody holds it");
    lease(&*store).await;
    let outbox = store.outbox();
    let spread = outbox.spread_events(&old, &[], at(100)).await;
    assert!(matches!(spread, Err(StoreError::LeaseLost)), "{spread:?}");
    let pruned = outbox.prune_events(&old, at(1_000), 0).await;
    assert!(matches!(pruned, Err(StoreError::LeaseLost)), "{pruned:?}");
    assert_eq!(told(&*store).await.len(), 2);
}
