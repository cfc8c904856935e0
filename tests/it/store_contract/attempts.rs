//! Calls that are to be started: one a request, one on a line, each change only over what was read.

use std::collections::BTreeMap;
use std::time::Duration;

use callwright::call::{PhoneNumber, SessionId, SubAccountId};
use callwright::flow::model::{FlowId, FlowVersion, VariableName};
use callwright::outbound::attempt::{
    Attempt, AttemptId, Doubt, Heard, Intent, Later, NeverLeft, Next, Owner, Pending, Placed,
    Refusal, ToldBy, USUAL_VALIDITY,
};
use callwright::session::{CallRequest, OutboundCall, RequestKey};
use callwright::store::{Begun, FlowText, Kept, Lease, Store, StoreError, WhichAttempt};
use futures_util::future::join_all;
use jiff::SignedDuration;

use super::Engine;
use super::samples::*;

const THEIRS: &str = "+6568332048";

/// The call `id` to `to`, as it is about to be dialled.
pub(crate) fn dialing(id: &str, to: &str) -> OutboundCall {
    let intent = Intent {
        id: AttemptId::new(id),
        sub_account: SubAccountId::new("ivr_1"),
        source: PhoneNumber::new("+6561115777"),
        destination: PhoneNumber::new(to),
        begun_at: at(0),
        valid_until: at(0) + USUAL_VALIDITY,
    };
    let owner = Owner {
        node: "one".to_owned(),
        epoch: 1,
    };
    let Next::Dial(dialing) = Pending::new(intent).due(owner, at(0)) else {
        unreachable!("it is due at once")
    };
    let position = match session("s", 1).stage {
        callwright::session::Stage::Waiting(position) => Some(position),
        callwright::session::Stage::HungUp => None,
    };
    OutboundCall {
        attempt: Attempt::Dialing(dialing),
        request: CallRequest {
            flow: FlowId::new("restaurant"),
            to: PhoneNumber::new(to),
            from: None,
            variables: BTreeMap::from([(VariableName::new("day"), "Friday".to_owned())]),
            valid_for: USUAL_VALIDITY,
            sub_account: Some("main".to_owned()),
        },
        version: FlowVersion::new("7f3c9a000000"),
        position,
        told: None,
        revision: 0,
    }
}

/// The same, refused by the platform.
pub(super) fn rejected(mut call: OutboundCall) -> OutboundCall {
    let refusal = Refusal {
        code: -1014,
        message: "not allowed".to_owned(),
        advice: "have it allowed".into(),
    };
    call.attempt = call.attempt.answered(Placed::Rejected(refusal), at(1));
    call
}

pub(crate) async fn lease(store: &dyn Store) -> Lease {
    let lease = store.take_lease("dialing one", "one", Duration::from_secs(60));
    lease.await.expect("write").expect("nobody else holds it")
}

pub(crate) async fn begin(store: &dyn Store, call: &OutboundCall, key: &str) -> Begun {
    let lease = lease(store).await;
    let key = RequestKey::new(key);
    let begun = store.begin_attempt(call, &key, &lease).await;
    begun.expect("write")
}

async fn found(store: &dyn Store, id: &str) -> OutboundCall {
    let found = store.attempt(&WhichAttempt::Id(AttemptId::new(id))).await;
    found.expect("read").expect("it is there")
}

pub(super) async fn a_call_that_was_begun_comes_back_whole(engine: &dyn Engine) {
    let store = engine.open().await;
    let call = dialing("a", THEIRS);
    assert_eq!(begin(&*store, &call, "k").await, Begun::Stored);
    store.close().await;
    let store = engine.open().await;
    assert_eq!(found(&*store, "a").await, call);
    let by_key = WhichAttempt::Request(RequestKey::new("k"));
    let by_key = store.attempt(&by_key).await;
    assert_eq!(by_key.expect("read"), Some(call));
    for unknown in [
        WhichAttempt::Id(AttemptId::new("b")),
        WhichAttempt::Request(RequestKey::new("a")),
        WhichAttempt::Session(SessionId::new("s")),
    ] {
        assert_eq!(store.attempt(&unknown).await.expect("read"), None);
    }
}

pub(super) async fn every_state_of_a_call_comes_back(engine: &dyn Engine) {
    let store = engine.open().await;
    let refusal = Refusal {
        code: -1014,
        message: "not allowed".to_owned(),
        advice: "have it allowed".into(),
    };
    let later = Later::In(SignedDuration::from_secs(7));
    let answers = [
        Placed::Accepted(SessionId::new("s-1")),
        Placed::Rejected(refusal),
        Placed::TryLater(Some(later)),
        Placed::TryLater(Some(Later::At(at(900)))),
        Placed::NeverLeft(NeverLeft::NoTls),
        Placed::Unknown(Doubt::TimedOut),
        Placed::Unknown(Doubt::Failed { status: 503 }),
    ];
    for (nth, placed) in answers.into_iter().enumerate() {
        let (id, to) = (format!("a{nth}"), format!("+656833204{nth}"));
        let mut call = dialing(&id, &to);
        begin(&*store, &call, &id).await;
        call.attempt = call.attempt.answered(placed, at(1));
        call.told = Some(call.attempt.clone());
        call.position = None;
        assert_eq!(
            store.keep_attempt(&call, None).await.expect("write"),
            Kept::Stored
        );
        call.revision = 1;
        assert_eq!(found(&*store, &id).await, call);
    }
}

pub(super) async fn one_request_is_one_call(engine: &dyn Engine) {
    let store = engine.open().await;
    let lease = lease(&*store).await;
    let (key, ids) = (RequestKey::new("k"), 0..20);
    let calls: Vec<_> = ids
        .map(|nth| dialing(&format!("a{nth}"), &format!("+65683320{nth:02}")))
        .collect();
    let begun = calls
        .iter()
        .map(|call| store.begin_attempt(call, &key, &lease));
    let begun = join_all(begun).await;
    let stored = begun
        .iter()
        .filter(|it| matches!(it, Ok(Begun::Stored)))
        .count();
    assert_eq!(stored, 1, "{begun:?}");
    let all = store.attempts_since(at(0)).await.expect("read");
    assert_eq!(all.len(), 1);
    for begun in begun {
        match begun.expect("write") {
            Begun::Stored => {}
            Begun::Known(known) => assert_eq!(*known, all[0]),
            other => panic!("{other:?}"),
        }
    }
}

pub(super) async fn one_line_has_one_call_at_a_time(engine: &dyn Engine) {
    let store = engine.open().await;
    let mut first = dialing("a", THEIRS);
    assert_eq!(begin(&*store, &first, "k-1").await, Begun::Stored);
    let second = dialing("b", "6568332048");
    let in_flight = Begun::InFlight(AttemptId::new("a"));
    assert_eq!(begin(&*store, &second, "k-2").await, in_flight);
    first.attempt = first
        .attempt
        .answered(Placed::Unknown(Doubt::Broken), at(1));
    store.keep_attempt(&first, None).await.expect("write");
    assert_eq!(
        begin(&*store, &second, "k-2").await,
        in_flight,
        "it may be on its way"
    );
    first.revision = 1;
    first.attempt = first
        .attempt
        .heard(SessionId::new("s"), ToldBy::Echo, at(2));
    store.keep_attempt(&first, None).await.expect("write");
    assert_eq!(begin(&*store, &second, "k-2").await, Begun::Stored);

    // One that waits is not dialled while another may be on its line.
    let mut waits = dialing("c", "+6568332050");
    begin(&*store, &waits, "k-3").await;
    let dialled = waits.attempt.clone();
    waits.attempt = waits.attempt.answered(Placed::TryLater(None), at(1));
    store.keep_attempt(&waits, None).await.expect("write");
    waits.revision = 1;
    assert_eq!(
        begin(&*store, &dialing("d", "+6568332050"), "k-4").await,
        Begun::Stored
    );
    waits.attempt = dialled;
    let lease = lease(&*store).await;
    let again = store.keep_attempt(&waits, Some(&lease)).await;
    assert_eq!(again.expect("write"), Kept::Overtaken);
}

pub(super) async fn a_change_is_made_over_what_was_read(engine: &dyn Engine) {
    let store = engine.open().await;
    let call = dialing("a", THEIRS);
    begin(&*store, &call, "k").await;
    let changes = (0..20).map(|nth| {
        let placed = Placed::Accepted(SessionId::new(format!("s-{nth}")));
        let attempt = call.attempt.clone().answered(placed, at(1));
        OutboundCall {
            attempt,
            ..call.clone()
        }
    });
    let changes: Vec<_> = changes.collect();
    let kept = join_all(
        changes
            .iter()
            .map(|change| store.keep_attempt(change, None)),
    )
    .await;
    let stored: Vec<_> = kept
        .iter()
        .zip(&changes)
        .filter(|(kept, _)| matches!(kept, Ok(Kept::Stored)))
        .collect();
    assert_eq!(stored.len(), 1, "{kept:?}");
    let after = found(&*store, "a").await;
    assert_eq!((after.revision, &after.attempt), (1, &stored[0].1.attempt));
    let Attempt::Accepted(accepted) = &after.attempt else {
        panic!("{after:?}")
    };
    let by_session = WhichAttempt::Session(accepted.session.clone());
    let by_session = store.attempt(&by_session).await;
    assert_eq!(by_session.expect("read"), Some(after));
}

pub(super) async fn who_lost_the_lease_dials_nobody(engine: &dyn Engine) {
    let store = engine.open().await;
    let mine = store.take_lease("dialing one", "one", Duration::ZERO).await;
    let mine = mine.expect("write").expect("it is free");
    begin_under(&*store, &mine, "a", THEIRS)
        .await
        .expect("it is its own");
    let theirs = store
        .take_lease("dialing one", "two", Duration::from_secs(60))
        .await;
    theirs.expect("write").expect("it has passed");
    let refused = begin_under(&*store, &mine, "b", "+6568332050").await;
    assert!(matches!(refused, Err(StoreError::LeaseLost)), "{refused:?}");
    let again = store.keep_attempt(&dialing("a", THEIRS), Some(&mine)).await;
    assert!(matches!(again, Err(StoreError::LeaseLost)), "{again:?}");
    assert_eq!(store.attempts_since(at(0)).await.expect("read").len(), 1);
}

async fn begin_under(
    store: &dyn Store,
    lease: &Lease,
    id: &str,
    to: &str,
) -> Result<Begun, StoreError> {
    let (call, key) = (dialing(id, to), RequestKey::new(id));
    store.begin_attempt(&call, &key, lease).await
}

pub(super) async fn a_session_finds_the_calls_it_may_have_come_of(engine: &dyn Engine) {
    let store = engine.open().await;
    let mut others = dialing("b", "+6568332050");
    begin(&*store, &dialing("a", THEIRS), "k-1").await;
    begin(&*store, &others, "k-2").await;
    others.attempt = others
        .attempt
        .answered(Placed::Accepted(SessionId::new("s-2")), at(1));
    store.keep_attempt(&others, None).await.expect("write");
    let (ours, theirs, nobody) = (
        PhoneNumber::new("6561115777"),
        PhoneNumber::new("6568332048"),
        PhoneNumber::new(""),
    );
    let sub_account = SubAccountId::new("ivr_1");
    let like = async |session: &str, echo: Option<&str>, to: &PhoneNumber| {
        let heard = Heard {
            session: &SessionId::new(session),
            client_request_id: echo,
            sub_account: &sub_account,
            source: &ours,
            destination: to,
            at: at(2),
        };
        let like = store.attempts_like(&heard).await.expect("read");
        let mut ids: Vec<_> = like.iter().map(|call| call.id().to_string()).collect();
        ids.sort();
        ids
    };
    assert_eq!(like("s-1", None, &theirs).await, ["a"]);
    assert_eq!(like("s-1", None, &nobody).await, [""; 0]);
    assert_eq!(like("s-1", Some("b"), &nobody).await, ["b"]);
    assert_eq!(like("s-2", None, &nobody).await, ["b"]);
    assert_eq!(like("s-2", Some("x"), &theirs).await, ["a", "b"]);
    let unsettled = store.unsettled_attempts().await.expect("read");
    assert_eq!(unsettled.len(), 1);
    assert_eq!(store.attempts_since(at(1)).await.expect("read"), []);
}

pub(super) async fn a_call_that_was_not_heard_of_holds_its_version(engine: &dyn Engine) {
    let store = engine.open().await;
    let text = FlowText {
        id: FlowId::new("restaurant"),
        version: FlowVersion::new("7f3c9a000000"),
        path: "restaurant.toml".to_owned(),
        text: "…".to_owned(),
    };
    store
        .keep_flows(std::slice::from_ref(&text), at(0))
        .await
        .expect("write");
    let mut call = dialing("a", THEIRS);
    begin(&*store, &call, "k").await;
    let days = |days: i64| at(days * 24 * 60 * 60);
    store.keep_flows(&[], days(0)).await.expect("write");
    store.keep_flows(&[], days(2)).await.expect("write");
    assert_eq!(store.flows_in_use().await.expect("read"), [text]);
    call.attempt = call
        .attempt
        .answered(Placed::Accepted(SessionId::new("s")), at(1));
    store.keep_attempt(&call, None).await.expect("write");
    assert_eq!(store.flows_in_use().await.expect("read").len(), 1);
    store
        .keep_summary(summary("s", "COMPLETED", 2))
        .await
        .expect("write");
    store.keep_flows(&[], days(3)).await.expect("write");
    assert_eq!(store.flows_in_use().await.expect("read"), []);
}

pub(super) async fn a_closed_store_begins_nothing(engine: &dyn Engine) {
    let store = engine.open().await;
    let lease = lease(&*store).await;
    store.close().await;
    let begun = begin_under(&*store, &lease, "a", THEIRS).await;
    assert!(matches!(begun, Err(StoreError::Closing)), "{begun:?}");
}
