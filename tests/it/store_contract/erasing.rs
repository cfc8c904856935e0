//! People that are forgotten, and rows whose time is over.

use std::sync::Arc;
use std::time::Duration;

use callwright::call::PhoneNumber;
use callwright::call::event::Leg;
use callwright::events::Kind;
use callwright::outbound::attempt::{Attempt, AttemptId};
use callwright::session::{Exchange, RequestKey, Standing};
use callwright::store::erasing::Erasure;
use callwright::store::outbox::{EventFilter, Wants};
use callwright::store::{Kept, Lease, SessionFilter, Store, StoreError, WhichAttempt};

use super::Engine;
use super::attempts::{dialing, rejected};
use super::samples::*;

pub(super) const OTHER: &str = "+6598765432";

pub(super) async fn lease(store: &dyn Store, name: &str) -> Lease {
    let taken = store.take_lease(name, "a node", Duration::from_secs(60));
    taken.await.expect("write").expect("nobody holds it")
}

/// A turn of the call `name` from `caller`.
pub(super) fn turn(name: &str, caller: &str, answers: u32) -> Exchange {
    let mut turn = exchange(name, &format!("{name}{answers}"), answers);
    let action = Arc::make_mut(&mut turn.action);
    action.leg = Leg {
        source: Some(PhoneNumber::new(caller)),
        ..action.leg.clone()
    };
    if let Some(session) = &mut turn.session {
        session.caller = Some(PhoneNumber::new(caller));
    }
    turn
}

pub(super) async fn keep(store: &dyn Store, turn: Exchange) {
    let kept = store.keep_exchange(turn.into()).await;
    assert_eq!(kept.expect("write"), Kept::Stored);
}

/// A call from `caller` of three turns.
pub(super) async fn call(store: &dyn Store, name: &str, caller: &str) {
    for answers in 0..3 {
        keep(store, turn(name, caller, answers)).await;
    }
}

pub(super) async fn end(store: &dyn Store, name: &str, second: i64) {
    let mut summary = summary(name, "COMPLETED", second);
    summary.event.legs.clear();
    store.keep_summary(summary).await.expect("write");
}

pub(super) async fn listed(store: &dyn Store) -> Vec<String> {
    let filter = SessionFilter {
        limit: 100,
        ..SessionFilter::default()
    };
    let page = store.sessions(&filter).await.expect("read");
    let mut ids: Vec<_> = page.items.iter().map(|row| row.id.to_string()).collect();
    ids.sort();
    ids
}

async fn events(store: &dyn Store) -> usize {
    let lease = lease(store, "events").await;
    let wants = [Wants {
        endpoint: "crm".to_owned(),
        kinds: Kind::ALL.to_vec(),
    }];
    let outbox = store.outbox();
    while outbox
        .spread_events(&lease, &wants, at(100))
        .await
        .expect("write")
        > 0
    {}
    let filter = EventFilter {
        limit: 100,
        ..EventFilter::default()
    };
    outbox.events(&filter).await.expect("read").len()
}

pub(super) async fn erase(store: &dyn Store, id: &str, phone: &str) -> Erasure {
    ask(store, id, phone).await;
    go_on(store, id).await
}

pub(super) async fn ask(store: &dyn Store, id: &str, phone: &str) {
    let phone = PhoneNumber::new(phone);
    let asked = store.erasing().ask_to_erase(id, &phone, at(200)).await;
    asked.expect("write");
}

/// Erases by one bite. Whether there is more to do at once.
pub(super) async fn bite(store: &dyn Store) -> bool {
    let lease = lease(store, "erasing").await;
    let went_on = store.erasing().go_on_erasing(&lease, at(300)).await;
    went_on.expect("write").is_some()
}

pub(super) async fn go_on(store: &dyn Store, id: &str) -> Erasure {
    while bite(store).await {}
    let erasures = store.erasing().erasures().await.expect("read");
    let found = erasures.into_iter().find(|erasure| erasure.id == id);
    found.expect("it was asked for")
}

pub(super) async fn a_person_is_erased_everywhere(engine: &dyn Engine) {
    let store = engine.open().await;
    for (name, caller) in [("a", CALLER), ("b", "6591234567"), ("c", OTHER)] {
        call(&*store, name, caller).await;
        end(&*store, name, 70).await;
    }
    assert_eq!(events(&*store).await, 6);
    let dialler = lease(&*store, "dialing one").await;
    for (id, to) in [("theirs", CALLER), ("another's", OTHER)] {
        let call = dialing(id, to);
        let begun = store
            .begin_attempt(&call, &RequestKey::new(id), &dialler)
            .await;
        begun.expect("write");
        let kept = store.keep_attempt(&rejected(call), None).await;
        assert_eq!(kept.expect("write"), Kept::Stored);
    }
    let erased = erase(&*store, "e-1", CALLER).await;
    assert_eq!((erased.sessions, erased.events, erased.attempts), (2, 4, 1));
    assert_eq!((erased.asked_at, erased.done_at), (at(200), Some(at(300))));
    assert_eq!(listed(&*store).await, ["c"]);
    assert_eq!(events(&*store).await, 2);
    let attempt = async |id: &str| {
        let found = store.attempt(&WhichAttempt::Id(AttemptId::new(id))).await;
        found.expect("read").map(|call| call.attempt)
    };
    assert_eq!(attempt("theirs").await, None);
    assert!(matches!(
        attempt("another's").await,
        Some(Attempt::Rejected(_))
    ));
    let asked = recall("a", "a1", Some(1));
    let recalled = store.recall(&asked).await.expect("read");
    assert_eq!(recalled.standing, Standing::Unknown);
    assert_eq!(recalled.same_event, None);
    let again = go_on(&*store, "e-1").await;
    assert_eq!(again, erased, "it is done");
}

pub(super) async fn a_live_call_of_a_person_goes_once_it_is_over(engine: &dyn Engine) {
    let store = engine.open().await;
    call(&*store, "past", CALLER).await;
    end(&*store, "past", 70).await;
    call(&*store, "live", CALLER).await;
    let erased = erase(&*store, "e-1", CALLER).await;
    assert_eq!((erased.sessions, erased.done_at), (1, None));
    keep(&*store, turn("live", CALLER, 3)).await;
    assert_eq!(listed(&*store).await, ["live"]);
    end(&*store, "live", 80).await;
    let erased = go_on(&*store, "e-1").await;
    assert_eq!((erased.sessions, erased.done_at), (2, Some(at(300))));
    assert_eq!(listed(&*store).await, Vec::<String>::new());
}

pub(super) async fn a_call_that_was_silent_for_a_day_is_not_waited_for(engine: &dyn Engine) {
    let store = engine.open().await;
    call(&*store, "lost", CALLER).await;
    assert_eq!(erase(&*store, "e-1", CALLER).await.done_at, None);
    let lease = lease(&*store, "erasing").await;
    let left_after = async |hours: i64| {
        let now = at(hours * 3600);
        let erasing = store.erasing();
        while erasing
            .go_on_erasing(&lease, now)
            .await
            .expect("write")
            .is_some()
        {}
        listed(&*store).await
    };
    assert_eq!(left_after(23).await, ["lost"]);
    assert_eq!(left_after(25).await, Vec::<String>::new());
    let erasures = store.erasing().erasures().await.expect("read");
    assert_eq!(erasures[0].done_at, Some(at(25 * 3600)));
}

/// It may begin again, and nothing is stuck.
pub(super) async fn what_comes_late_of_an_erased_session_is_kept(engine: &dyn Engine) {
    let store = engine.open().await;
    for name in ["s", "t"] {
        call(&*store, name, CALLER).await;
        end(&*store, name, 70).await;
    }
    erase(&*store, "e-1", CALLER).await;
    let late = status("s", "leg-a", "CALL_DISCONNECTED", 90);
    store.keep_status(late).await.expect("write");
    assert_eq!(shown(&*store, "s").await.trace.len(), 1);
    call(&*store, "u", OTHER).await;
    assert_eq!(listed(&*store).await, ["s", "u"]);
    store.close().await;
    let store = engine.open().await;
    assert_eq!(listed(&*store).await, ["s", "u"]);
}

pub(super) async fn people_are_erased_while_calls_come(engine: &dyn Engine) {
    let store = engine.open().await;
    for n in 0..30 {
        let name = format!("old{n}");
        call(&*store, &name, CALLER).await;
        end(&*store, &name, 70).await;
    }
    let names: Vec<_> = (0..30).map(|n| format!("new{n}")).collect();
    let calls = names.iter().map(|name| call(&*store, name, OTHER));
    let (erased, _) = tokio::join!(
        erase(&*store, "e-1", CALLER),
        futures_util::future::join_all(calls)
    );
    assert_eq!(erased.sessions, 30);
    assert_eq!(listed(&*store).await.len(), 30);
    for name in &names {
        assert_eq!(shown(&*store, name).await.trace.len(), 3);
    }
}

pub(super) async fn sessions_go_when_their_time_is_over(engine: &dyn Engine) {
    let store = engine.open().await;
    let many = match std::env::var_os("CALLWRIGHT_NIGHTLY") {
        Some(_) => 100_000,
        None => 150,
    };
    for n in 0..many {
        keep(&*store, turn(&format!("s{n}"), CALLER, 0)).await;
    }
    let began = std::time::Instant::now();
    call(&*store, "longer", CALLER).await;
    end(&*store, "longer", 500).await;
    let lease = lease(&*store, "forgetting").await;
    let mut gone = 0;
    loop {
        let bite = store.erasing().erase_old(&lease, at(400)).await;
        match bite.expect("write") {
            0 => break,
            some => gone += some,
        }
    }
    assert_eq!(gone, many);
    println!(
        "S9: {many} sessions past their time, gone within {:?}",
        began.elapsed()
    );
    assert_eq!(listed(&*store).await, ["longer"]);
    let old = store.take_lease("other", "one", Duration::ZERO).await;
    let old = old.expect("write").expect("nobody holds it");
    store
        .take_lease("other", "two", Duration::from_secs(60))
        .await
        .expect("write");
    let fenced = store.erasing().erase_old(&old, at(9_000)).await;
    assert!(matches!(fenced, Err(StoreError::LeaseLost)), "{fenced:?}");
    assert_eq!(listed(&*store).await, ["longer"]);
}
