//! People that are forgotten, and rows whose time is over.

use std::sync::Arc;
use std::time::Duration;

use callwright::call::PhoneNumber;
use callwright::call::event::Leg;
use callwright::call::event::SummaryLeg;
use callwright::contact_center::handoff::{Handoff, Outcome, QueueId, Request, SipId};
use callwright::contact_center::pairs::Pairs;
use callwright::events::Kind;
use callwright::flow::Met;
use callwright::flow::model::VariableName;
use callwright::flow::need::Response;
use callwright::outbound::attempt::{Attempt, AttemptId};
use callwright::session::{Exchange, OutboundCall, RequestKey, Stage, Standing};
use callwright::store::erasing::Erasure;
use callwright::store::outbox::{EventFilter, Wants};
use callwright::store::{Kept, Lease, SessionFilter, Store, StoreError, WhichAttempt};

use super::Engine;
use super::attempts::{dialing, rejected};
use super::samples::*;

const OTHER: &str = "+6598765432";

async fn lease(store: &dyn Store, name: &str) -> Lease {
    let taken = store.take_lease(name, "a node", Duration::from_secs(60));
    taken.await.expect("write").expect("nobody holds it")
}

/// A turn of the call `name` from `caller`.
fn turn(name: &str, caller: &str, answers: u32) -> Exchange {
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

async fn keep(store: &dyn Store, turn: Exchange) {
    let kept = store.keep_exchange(turn.into()).await;
    assert_eq!(kept.expect("write"), Kept::Stored);
}

/// A call from `caller` of three turns.
async fn call(store: &dyn Store, name: &str, caller: &str) {
    for answers in 0..3 {
        keep(store, turn(name, caller, answers)).await;
    }
}

async fn end(store: &dyn Store, name: &str, second: i64) {
    let mut summary = summary(name, "COMPLETED", second);
    summary.event.legs.clear();
    store.keep_summary(summary).await.expect("write");
}

async fn listed(store: &dyn Store) -> Vec<String> {
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

async fn erase(store: &dyn Store, id: &str, phone: &str) -> Erasure {
    ask(store, id, phone).await;
    go_on(store, id).await
}

async fn ask(store: &dyn Store, id: &str, phone: &str) {
    let phone = PhoneNumber::new(phone);
    let asked = store.erasing().ask_to_erase(id, &phone, at(200)).await;
    asked.expect("write");
}

/// Erases by one bite. Whether there is more to do at once.
async fn bite(store: &dyn Store) -> bool {
    let lease = lease(store, "erasing").await;
    let went_on = store.erasing().go_on_erasing(&lease, at(300)).await;
    went_on.expect("write").is_some()
}

async fn go_on(store: &dyn Store, id: &str) -> Erasure {
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

/// The same, with a variable.
fn with_variable(mut turn: Exchange, text: &str) -> Exchange {
    if let Some(Stage::Waiting(position)) = turn.session.as_mut().map(|it| &mut it.stage) {
        let name = VariableName::new("call_back");
        position.variables.insert(name, value(text, false));
    }
    turn
}

/// A call from `caller` that has ended, with a variable.
async fn call_with(store: &dyn Store, name: &str, caller: &str, text: &str) {
    keep(store, with_variable(turn(name, caller, 0), text)).await;
    end(store, name, 70).await;
}

/// They were connected by a flow, looked up, typed, told of by a leg.
pub(super) async fn others_sessions_that_name_a_person_go(engine: &dyn Engine) {
    let store = engine.open().await;
    call(&*store, "theirs", CALLER).await;
    end(&*store, "theirs", 70).await;

    let mut connected = turn("connected", OTHER, 0);
    connected.reply =
        r#"{"callflow":[{"action":"makeCall","params":{"destination":"+6591234567"}}]}"#.into();
    keep(&*store, connected).await;
    end(&*store, "connected", 70).await;

    let mut looked_up = turn("looked up", OTHER, 1);
    let fields = [("phone".to_owned(), "6591234567".to_owned())].into();
    looked_up.met[0].met = Met::Lookup(Ok(Response {
        status: 200,
        fields: Some(fields),
    }));
    keep(&*store, looked_up).await;
    end(&*store, "looked up", 70).await;

    keep(&*store, turn("told of", OTHER, 0)).await;
    let mut told_of = summary("told of", "COMPLETED", 70);
    told_of.event.legs = vec![SummaryLeg {
        leg: Leg {
            source: Some(PhoneNumber::new(OTHER)),
            destination: Some(PhoneNumber::new("+6591234567")),
            ..Leg::default()
        },
        ..told_of.event.legs.remove(0)
    }];
    store.keep_summary(told_of).await.expect("write");

    call_with(&*store, "typed", OTHER, "6591234567").await;
    call_with(&*store, "spaced", OTHER, "please call +65 9123-4567 back").await;
    call_with(&*store, "longer", OTHER, "16591234567").await;
    call_with(&*store, "another's", OTHER, "+1 659 123 4567").await;
    call(&*store, "of nobody", OTHER).await;
    let live = with_variable(turn("live", OTHER, 0), "6591234567");
    keep(&*store, live).await;

    let erased = erase(&*store, "e-1", CALLER).await;
    assert_eq!((erased.sessions, erased.done_at), (6, None), "{erased:?}");
    let others = ["another's", "live", "longer", "of nobody"];
    assert_eq!(listed(&*store).await, others);
    assert_eq!(go_on(&*store, "e-1").await, erased, "a live one waits");

    end(&*store, "live", 80).await;
    let erased = go_on(&*store, "e-1").await;
    assert_eq!((erased.sessions, erased.done_at), (7, Some(at(300))));
    assert_eq!(listed(&*store).await, ["another's", "longer", "of nobody"]);
    store.close().await;
    let store = engine.open().await;
    assert_eq!(listed(&*store).await, ["another's", "longer", "of nobody"]);
}

/// What is begun after it was asked is kept, and nobody waits for its end.
pub(super) async fn who_names_a_person_later_is_not_waited_for(engine: &dyn Engine) {
    let store = engine.open().await;
    ask(&*store, "e-1", CALLER).await;
    let mut later = with_variable(turn("later", OTHER, 0), "6591234567");
    later.received_at = at(250);
    if let Some(session) = &mut later.session {
        session.started_at = at(250);
    }
    keep(&*store, later).await;
    let erased = go_on(&*store, "e-1").await;
    assert_eq!((erased.sessions, erased.done_at), (0, Some(at(300))));
    assert_eq!(listed(&*store).await, ["later"]);
}

/// A call to somebody else whose variables have a text.
fn naming(id: &str, to: &str, text: &str) -> OutboundCall {
    let mut call = dialing(id, to);
    let variable = (VariableName::new("driver"), text.to_owned());
    call.request.variables.extend([variable]);
    call
}

pub(super) async fn calls_to_others_that_name_a_person_go(engine: &dyn Engine) {
    let store = engine.open().await;
    let dialler = lease(&*store, "dialing one").await;
    let calls = [
        naming("named", "+6590000001", "+6591234567"),
        naming("longer", "+6590000002", "65912345670"),
        naming("unsettled", "+6590000003", "6591234567"),
    ];
    for call in &calls {
        let key = RequestKey::new(call.id().as_str());
        let begun = store.begin_attempt(call, &key, &dialler).await;
        begun.expect("write");
    }
    let [named, longer, mut unsettled] = calls;
    for call in [named, longer] {
        let kept = store.keep_attempt(&rejected(call), None).await;
        assert_eq!(kept.expect("write"), Kept::Stored);
    }
    let is_there = async |id: &str| {
        let found = store.attempt(&WhichAttempt::Id(AttemptId::new(id))).await;
        found.expect("read").is_some()
    };
    let erased = erase(&*store, "e-1", CALLER).await;
    assert_eq!((erased.attempts, erased.done_at), (1, None));
    assert!(!is_there("named").await && is_there("longer").await);
    assert!(is_there("unsettled").await);
    unsettled = rejected(unsettled);
    let kept = store.keep_attempt(&unsettled, None).await;
    assert_eq!(kept.expect("write"), Kept::Stored);
    let erased = go_on(&*store, "e-1").await;
    assert_eq!((erased.attempts, erased.done_at), (2, Some(at(300))));
    assert!(!is_there("unsettled").await && is_there("longer").await);
}

/// What a live call of theirs has written when it ends is looked for as well.
pub(super) async fn what_is_written_until_a_call_ends_goes_too(engine: &dyn Engine) {
    let store = engine.open().await;
    call(&*store, "live", CALLER).await;
    assert_eq!(erase(&*store, "e-1", CALLER).await.done_at, None);
    for (id, phone) in [(1, CALLER), (2, OTHER)] {
        let handoff = Handoff {
            id: uuid::Uuid::from_u128(id).to_string(),
            request: Request {
                sip_id: SipId::parse("int-1").expect("an id"),
                queue: QueueId::parse("801").expect("a queue"),
                data: Pairs::new([("phone", phone)]),
            },
            by: callwright::contact_center::handoff::By::Script,
            asked_at: at(250),
            outcome: Outcome::Taken,
        };
        let kept = store.handoffs().keep_handoff(&handoff).await;
        kept.expect("write");
    }
    end(&*store, "live", 260).await;
    let erased = go_on(&*store, "e-1").await;
    assert_eq!((erased.sessions, erased.attempts), (1, 1), "{erased:?}");
    assert_eq!(erased.done_at, Some(at(300)));
    let left = store.handoffs().handoffs(None, 10).await.expect("read");
    assert_eq!(left.len(), 1, "{left:?}");
}

/// What was looked through is not looked through again: a session that is new there stays.
pub(super) async fn a_restart_in_the_middle_goes_on(engine: &dyn Engine) {
    let mut store = engine.open().await;
    let dialler = lease(&*store, "dialing one").await;
    let call = naming("named", "+6590000001", "6591234567");
    let key = RequestKey::new("k");
    let begun = store.begin_attempt(&call, &key, &dialler).await;
    begun.expect("write");
    let kept = store.keep_attempt(&rejected(call), None).await;
    assert_eq!(kept.expect("write"), Kept::Stored);
    call_with(&*store, "before", OTHER, "6591234567").await;
    ask(&*store, "e-1", CALLER).await;
    let (mut bites, mut is_named) = (0, true);
    while is_named {
        assert!(bite(&*store).await, "there is more to do");
        store.close().await;
        store = engine.open().await;
        is_named = listed(&*store).await == ["before"];
        bites += 1;
        assert!(bites < 10, "it begins anew each time");
    }
    assert!(bite(&*store).await, "sessions were looked through as well");
    call_with(&*store, "since", OTHER, "6591234567").await;
    let erased = go_on(&*store, "e-1").await;
    assert_eq!((erased.sessions, erased.attempts), (1, 1));
    assert_eq!(erased.done_at, Some(at(300)));
    assert_eq!(listed(&*store).await, ["since"]);
}

/// More than are looked into at once, for several people in one reading.
pub(super) async fn many_are_looked_through_for_all_at_once(engine: &dyn Engine) {
    let store = engine.open().await;
    let many = match std::env::var_os("CALLWRIGHT_NIGHTLY") {
        Some(_) => 20_000,
        None => 260,
    };
    let mut calls = (0..many).collect::<Vec<_>>();
    while !calls.is_empty() {
        let some = calls.split_off(calls.len().saturating_sub(100));
        let some = some.into_iter().map(async |n| {
            let text = format!("+65{:08}", 90_000_000 + n);
            keep(
                &*store,
                with_variable(turn(&format!("s{n:05}"), OTHER, 0), &text),
            )
            .await;
            end(&*store, &format!("s{n:05}"), 70).await;
        });
        futures_util::future::join_all(some).await;
    }
    let named = [0, many / 2, many - 1];
    for n in named {
        ask(
            &*store,
            &format!("e-{n}"),
            &format!("+65{:08}", 90_000_000 + n),
        )
        .await;
    }
    let began = std::time::Instant::now();
    while bite(&*store).await {}
    println!(
        "{} webhooks and {many} sessions looked through within {:?}",
        2 * many,
        began.elapsed()
    );
    for n in named {
        let erased = go_on(&*store, &format!("e-{n}")).await;
        assert_eq!((erased.sessions, erased.done_at), (1, Some(at(300))));
        assert!(
            store
                .session(&id(&format!("s{n:05}")))
                .await
                .expect("read")
                .is_none()
        );
    }
    assert_eq!(store.live_sessions().await.expect("read"), 0);
    assert!(store.session(&id("s00001")).await.expect("read").is_some());
}

pub(super) async fn who_lost_the_lease_erases_nobody(engine: &dyn Engine) {
    let store = engine.open().await;
    let old = store.take_lease("erasing", "one", Duration::ZERO).await;
    let old = old.expect("write").expect("nobody holds it");
    let new = store.take_lease("erasing", "two", Duration::from_secs(60));
    new.await.expect("write").expect("it is free");
    ask(&*store, "e-1", CALLER).await;
    let fenced = store.erasing().go_on_erasing(&old, at(300)).await;
    assert!(matches!(fenced, Err(StoreError::LeaseLost)), "{fenced:?}");
}
