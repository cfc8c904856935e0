//! People who are forgotten are looked for in all that is kept: in what others said, were connected to, and had handed over.

use std::time::Duration;

use callwright::call::PhoneNumber;
use callwright::call::event::{Leg, SummaryLeg};
use callwright::contact_center::handoff::{By, Handoff, Outcome, QueueId, Request, SipId};
use callwright::contact_center::pairs::Pairs;
use callwright::flow::Met;
use callwright::flow::model::VariableName;
use callwright::flow::need::Response;
use callwright::outbound::attempt::AttemptId;
use callwright::session::{Exchange, OutboundCall, RequestKey, Stage};
use callwright::store::{Kept, Store, StoreError, WhichAttempt};

use super::Engine;
use super::attempts::{dialing, rejected};
use super::erasing::{OTHER, ask, bite, call, end, erase, go_on, keep, lease, listed, turn};
use super::samples::*;

/// A turn with a variable.
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
            by: By::Script,
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
