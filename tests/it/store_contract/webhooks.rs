//! Statuses, summaries, recordings and numbers: repeated, late, strange, and in any order.

use callwright::call::PhoneNumber;
use callwright::call::event::{
    Direction, Leg, NumberUpdate, RecordingUpdate, SessionSummary, SummaryError, VirtualNumber,
};
use callwright::session::Standing;
use callwright::store::{SessionRecord, Store, Webhook};
use futures_util::future::join_all;

use super::Engine;
use super::samples::*;

pub(super) async fn a_status_alone_is_a_session(engine: &dyn Engine) {
    let store = engine.open().await;
    store
        .keep_status(status("s", "leg-a", "CALL_INITIATED", 3))
        .await
        .expect("write");
    let record = shown(&*store, "s").await;
    assert_eq!(record.row.status, "live");
    assert_eq!(record.row.started_at, at(3));
    assert_eq!(record.row.direction, Some(Direction::Inbound));
    assert_eq!(record.row.source, Some(PhoneNumber::new(CALLER)));
    assert_eq!(record.row.destination, Some(PhoneNumber::new(CALLED)));
    let recalled = store
        .recall(&recall("s", "e", Some(0)))
        .await
        .expect("read");
    assert_eq!(recalled.standing, Standing::Unknown);
}

pub(super) async fn a_recording_alone_is_a_session(engine: &dyn Engine) {
    let store = engine.open().await;
    store
        .keep_recording(recording("s", "r", "PROCESSING", 3))
        .await
        .expect("write");
    let record = shown(&*store, "s").await;
    assert_eq!((record.row.direction, record.row.started_at), (None, at(3)));
    assert_eq!(record.trace[0].kind, "VRU");
    assert_eq!(record.trace[0].status, "PROCESSING");
}

pub(super) async fn a_repeated_status_changes_nothing(engine: &dyn Engine) {
    let store = engine.open().await;
    let mut without_id = status("s", "leg-a", "CALL_INITIATED", 1);
    without_id.event.event = None;
    for first in [status("s", "leg-a", "CALL_CONNECTED", 2), without_id] {
        store.keep_status(first.clone()).await.expect("write");
        let before = shown(&*store, "s").await;
        let again = Webhook {
            received_at: at(99),
            ..first
        };
        store.keep_status(again).await.expect("write");
        assert_eq!(shown(&*store, "s").await, before);
    }
    assert_eq!(shown(&*store, "s").await.trace.len(), 2);
}

pub(super) async fn a_summary_ends_the_session_for_good(engine: &dyn Engine) {
    let store = engine.open().await;
    store
        .keep_exchange(exchange("s", "e0", 0).into())
        .await
        .expect("write");
    let mut failed = summary("s", "FAILED", 70);
    let error = SummaryError {
        code: Some(-2004),
        message: Some("no coverage".to_owned()),
    };
    failed.event.error = Some(error.clone());
    store.keep_summary(failed.clone()).await.expect("write");
    let ended = shown(&*store, "s").await;
    assert_eq!(ended.row.status, "FAILED");
    assert_eq!(ended.row.ended_at, Some(at(60)));
    assert_eq!(ended.error, Some(error));
    assert_eq!(ended.legs, failed.event.legs);

    store.keep_summary(failed).await.expect("write");
    assert_eq!(
        shown(&*store, "s").await,
        ended,
        "a repeated one changes nothing"
    );
    store
        .keep_summary(summary("s", "COMPLETED", 80))
        .await
        .expect("write");
    store
        .keep_status(status("s", "leg-a", "CALL_CONNECTED", 90))
        .await
        .expect("write");
    let later = shown(&*store, "s").await;
    assert_eq!(
        (&later.row, &later.legs),
        (&ended.row, &ended.legs),
        "the first one stays"
    );
    assert_eq!(later.trace.len(), 4);
}

pub(super) async fn an_empty_summary_ends_a_session_too(engine: &dyn Engine) {
    let store = engine.open().await;
    let full = summary("s", "live", 70);
    let empty = SessionSummary {
        sub_account: None,
        started_at: None,
        ended_at: None,
        last_action: None,
        call_count: None,
        legs: Vec::new(),
        ..full.event.clone()
    };
    store
        .keep_summary(webhook(empty, "empty", 70))
        .await
        .expect("write");
    let record = shown(&*store, "s").await;
    assert_eq!((record.row.started_at, record.row.ended_at), (at(70), None));
    assert_eq!(record.legs, []);
    let recalled = store.recall(&recall("s", "e", None)).await.expect("read");
    assert_eq!(recalled.standing, Standing::Ended, "whatever its word is");
}

pub(super) async fn legs_are_the_statuses_until_the_summary_comes(engine: &dyn Engine) {
    let store = engine.open().await;
    let mut over = status("s", "leg-b", "CALL_DISCONNECTED", 9);
    over.event.leg = Leg {
        duration_seconds: Some(4),
        sip_code: Some(200),
        ..Leg::default()
    };
    over.event.leg.call = leg("leg-b").call;
    for told in [
        over,
        status("s", "leg-b", "CALL_INITIATED", 5),
        status("s", "leg-a", "CALL_CONNECTED", 2),
    ] {
        store.keep_status(told).await.expect("write");
    }
    let legs = shown(&*store, "s").await.legs;
    let names: Vec<_> = legs.iter().map(|leg| leg.name.as_str()).collect();
    assert_eq!(names, ["callA", "callB"]);
    assert_eq!(legs[0].connected_at, Some(at(2)));
    assert_eq!(legs[1].status.as_deref(), Some("CALL_DISCONNECTED"));
    assert_eq!(
        (legs[1].initiated_at, legs[1].disconnected_at),
        (Some(at(5)), Some(at(9)))
    );
    assert_eq!(
        (legs[1].leg.duration_seconds, legs[1].leg.sip_code),
        (Some(4), Some(200))
    );
    assert_eq!(legs[1].leg.source, Some(PhoneNumber::new(CALLER)));

    let ended = summary("s", "COMPLETED", 70);
    store.keep_summary(ended.clone()).await.expect("write");
    assert_eq!(shown(&*store, "s").await.legs, ended.event.legs);
}

pub(super) async fn words_that_we_do_not_know_are_kept(engine: &dyn Engine) {
    let store = engine.open().await;
    store
        .keep_status(status("s", "leg-a", "CALL_TELEPORTED", 1))
        .await
        .expect("write");
    store
        .keep_recording(recording("s", "r", "SHREDDED", 2))
        .await
        .expect("write");
    store
        .keep_summary(summary("s", "EVAPORATED", 3))
        .await
        .expect("write");
    let record = shown(&*store, "s").await;
    let words: Vec<_> = record
        .trace
        .iter()
        .map(|entry| entry.status.as_str())
        .collect();
    assert_eq!(words, ["CALL_TELEPORTED", "SHREDDED", "EVAPORATED"]);
    assert_eq!(record.row.status, "EVAPORATED");
}

pub(super) async fn a_recording_is_as_its_newest_update_says(engine: &dyn Engine) {
    let store = engine.open().await;
    for told in [
        recording("s", "r1", "UPLOAD_COMPLETED", 2),
        recording("s", "r1", "PROCESSING", 3),
        recording("s", "r2", "PROCESSING", 4),
        recording("s", "r2", "PROCESSING", 5),
        recording("s", "r2", "UPLOAD_FAILED", 6),
    ] {
        store.keep_recording(told).await.expect("write");
    }
    let record = shown(&*store, "s").await;
    let expected: Vec<RecordingUpdate> = vec![
        recording("s", "r1", "UPLOAD_COMPLETED", 0).event,
        recording("s", "r2", "UPLOAD_FAILED", 0).event,
    ];
    assert_eq!(record.recordings, expected);
    assert_eq!(record.trace.len(), 4, "the repeated one is not there");
}

/// Every order in which the webhooks of a small call can come, each as a session of its own, all at once.
pub(super) async fn any_order_gives_the_same_record(engine: &dyn Engine) {
    let store = engine.open().await;
    let orders = permutations(vec![0, 1, 2, 3, 4]);
    assert_eq!(orders.len(), 120);
    let sessions = orders.iter().map(|order| told_in(&*store, order));
    let mut records = join_all(sessions).await.into_iter().zip(&orders);
    let (first, _) = records.next().expect("120 of them");
    assert_eq!(first.row.source, Some(PhoneNumber::new(CALLER)));
    assert_eq!(first.trace.len(), 5);
    for (record, order) in records {
        assert_eq!(record, first, "{order:?}");
    }
}

/// The record of a session whose webhooks came in `order`, without what may differ: the order itself, and when the
/// first one came.
async fn told_in(store: &dyn Store, order: &[usize]) -> SessionRecord {
    let name = format!("{order:?}");
    for webhook in order {
        tell(store, &name, *webhook).await;
    }
    let mut record = shown(store, &name).await;
    let begun = if order[0] == 3 {
        at(0)
    } else {
        at(order[0] as i64)
    };
    assert_eq!(record.row.started_at, begun, "{order:?}");
    record.row.started_at = at(0);
    record.row.id = id("any");
    record
        .recordings
        .iter_mut()
        .for_each(|recording| recording.session = id("any"));
    record.trace.iter_mut().for_each(|entry| entry.reply = None);
    record.trace.sort_by_key(|entry| entry.received_at);
    record
}

async fn tell(store: &dyn Store, name: &str, webhook: usize) {
    match webhook {
        0 => {
            let begun = exchange(name, name, 0);
            store.keep_exchange(begun.into()).await.expect("write");
        }
        1 => {
            let other_leg = status(name, "leg-b", "CALL_INITIATED", 1);
            store.keep_status(bridged(other_leg)).await.expect("write");
        }
        2 => {
            let over = status(name, "leg-a", "CALL_DISCONNECTED", 2);
            store.keep_status(over).await.expect("write");
        }
        3 => store
            .keep_summary(summary(name, "COMPLETED", 3))
            .await
            .expect("write"),
        _ => {
            let uploaded = recording(name, "r", "UPLOAD_COMPLETED", 4);
            store.keep_recording(uploaded).await.expect("write");
        }
    }
}

/// The status of a leg that we placed: other numbers, another direction.
fn bridged(
    mut status: Webhook<callwright::call::event::CallStatus>,
) -> Webhook<callwright::call::event::CallStatus> {
    status.event.leg.direction = Some(Direction::Outbound);
    status.event.leg.source = Some(PhoneNumber::new(CALLED));
    status.event.leg.destination = Some(PhoneNumber::new("+6568332048"));
    status
}

fn permutations(items: Vec<usize>) -> Vec<Vec<usize>> {
    if items.len() < 2 {
        return vec![items];
    }
    let with_first = |first: usize| {
        let mut rest = items.clone();
        let first = rest.remove(first);
        permutations(rest).into_iter().map(move |mut order| {
            order.insert(0, first);
            order
        })
    };
    (0..items.len()).flat_map(with_first).collect()
}

pub(crate) fn number(digits: &str, word: &str, updated: Option<i64>) -> VirtualNumber {
    VirtualNumber {
        number: PhoneNumber::new(digits),
        status: Some(word.to_owned()),
        country: Some("SG".to_owned()),
        reference: None,
        updated_at: updated.map(at),
    }
}

pub(crate) async fn update(store: &dyn Store, numbers: Vec<VirtualNumber>, body: &str) {
    let update = NumberUpdate {
        sub_account: None,
        kind: "UPDATES".to_owned(),
        total: None,
        numbers,
    };
    store
        .keep_numbers(webhook(update, body, 0))
        .await
        .expect("write");
}

pub(super) async fn a_number_is_as_its_latest_update_says(engine: &dyn Engine) {
    let store = engine.open().await;
    for (step, (told, expected)) in [
        (number("6561115777", "Active", None), "Active"),
        (number("+6561115777", "Expiring", Some(5)), "Expiring"),
        (number("6561115777", "Active", Some(4)), "Expiring"),
        (number("6561115777", "Active", None), "Expiring"),
        (number("6561115777", "Inactive", Some(6)), "Inactive"),
    ]
    .into_iter()
    .enumerate()
    {
        update(&*store, vec![told], &format!("body {step}")).await;
        let numbers = store.numbers().await.expect("read");
        assert_eq!(numbers.len(), 1);
        assert_eq!(numbers[0].status.as_deref(), Some(expected), "step {step}");
    }
}

pub(super) async fn many_numbers_come_in_one_update(engine: &dyn Engine) {
    let store = engine.open().await;
    let mut numbers: Vec<_> = (0..2_000)
        .map(|n| number(&format!("65610{n:05}"), "Active", Some(n)))
        .collect();
    update(&*store, numbers.clone(), "all").await;
    assert_eq!(store.numbers().await.expect("read"), numbers);
    update(
        &*store,
        vec![number("6561000000", "Unhealthy", Some(9))],
        "one",
    )
    .await;
    update(&*store, numbers.clone(), "all").await;
    numbers[0] = number("6561000000", "Unhealthy", Some(9));
    assert_eq!(store.numbers().await.expect("read"), numbers);
}
