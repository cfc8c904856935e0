//! The live call: recall, keep, and what overtakes what.

use std::sync::Arc;

use callwright::call::event::Direction;
use callwright::call::{Digits, PhoneNumber};
use callwright::flow::model::VariableName;
use callwright::session::{Recalled, Session, Stage, Standing};
use callwright::store::{Kept, Store};
use futures_util::FutureExt;
use futures_util::future::join_all;

use super::Engine;
use super::samples::*;

async fn keep(store: &dyn Store, exchange: callwright::session::Exchange) -> Kept {
    store
        .keep_exchange(exchange.into())
        .await
        .expect("a store that writes")
}

async fn standing(store: &dyn Store, name: &str) -> Standing {
    let recall = recall(name, "another event", None);
    store
        .recall(&recall)
        .await
        .expect("a store that reads")
        .standing
}

pub(super) async fn nothing_is_known_of_a_stranger(engine: &dyn Engine) {
    let store = engine.open().await;
    let recalled = store
        .recall(&recall("s", "e", Some(0)))
        .await
        .expect("read");
    assert_eq!(recalled, Recalled::default());
    assert_eq!(store.session(&id("s")).await.expect("read"), None);
}

pub(super) async fn an_exchange_is_recalled(engine: &dyn Engine) {
    let store = engine.open().await;
    assert_eq!(keep(&*store, exchange("s", "e0", 0)).await, Kept::Stored);
    assert_eq!(keep(&*store, exchange("s", "e1", 1)).await, Kept::Stored);

    let same_event = store
        .recall(&recall("s", "e0", Some(0)))
        .await
        .expect("read");
    assert_eq!(same_event.same_event.as_deref(), Some("reply to e0"));
    let same_step = store
        .recall(&recall("s", "e9", Some(1)))
        .await
        .expect("read");
    assert_eq!(same_step.same_event, None);
    assert_eq!(same_step.same_step.as_deref(), Some("reply to e1"));
    let next = store
        .recall(&recall("s", "e2", Some(2)))
        .await
        .expect("read");
    assert_eq!((next.same_event, next.same_step), (None, None));
    assert_eq!(next.standing, Standing::Live(Box::new(session("s", 2))));
    let other_session = store
        .recall(&recall("t", "e9", Some(1)))
        .await
        .expect("read");
    assert_eq!(other_session, Recalled::default());
}

pub(super) async fn every_field_of_a_session_comes_back(engine: &dyn Engine) {
    let store = engine.open().await;
    let bare = Session {
        sub_account: None,
        direction: Direction::Outbound,
        caller: Some(PhoneNumber::new("6591234567")),
        called: None,
        caller_country: None,
        stage: Stage::HungUp,
        ..session("bare", 1)
    };
    for session in [session("full", 1), bare] {
        let mut exchange = exchange(session.id.as_str(), session.id.as_str(), 0);
        Arc::make_mut(&mut exchange.action).sub_account = session.sub_account.clone();
        exchange.session = Some(session.clone());
        keep(&*store, exchange).await;
        let Standing::Live(read) = standing(&*store, session.id.as_str()).await else {
            panic!("a flow carries it");
        };
        assert_eq!(*read, session);
        // Numbers are equal in any spelling; the reply needs the one that came.
        let spelling =
            |number: &Option<PhoneNumber>| number.as_ref().map(|n| n.as_it_came().to_owned());
        assert_eq!(spelling(&read.caller), spelling(&session.caller));
        assert_eq!(spelling(&read.called), spelling(&session.called));
    }
    let row = shown(&*store, "bare").await.row;
    assert_eq!(row.direction, Some(Direction::Outbound));
    assert_eq!(
        (row.source, row.destination),
        (None, Some(PhoneNumber::new("6591234567")))
    );
}

pub(super) async fn a_reply_comes_back_byte_for_byte(engine: &dyn Engine) {
    let store = engine.open().await;
    let reply = "{\n \"text\": \"Güle güle \u{1F44B} \\u0000 '; DROP TABLE sessions;--\"\t}\r\n ";
    let mut odd = exchange("s", "e", 0);
    odd.reply = reply.into();
    keep(&*store, odd).await;
    let recalled = store
        .recall(&recall("s", "e", Some(0)))
        .await
        .expect("read");
    assert_eq!(recalled.same_event.as_deref(), Some(reply));
    assert_eq!(recalled.same_step.as_deref(), Some(reply));
}

pub(super) async fn secret_variables_come_back_and_secret_digits_do_not(engine: &dyn Engine) {
    let store = engine.open().await;
    let mut secret = exchange("s", "e", 1);
    secret.secret_digits = true;
    Arc::make_mut(&mut secret.action).digits = Some(Digits::new("4471"));
    let mut session = session("s", 2);
    let Stage::Waiting(position) = &mut session.stage else {
        panic!("the sample waits");
    };
    position
        .variables
        .insert(VariableName::new("pin"), value("4471", true));
    secret.session = Some(session);
    keep(&*store, secret).await;

    let Standing::Live(read) = standing(&*store, "s").await else {
        panic!("a flow carries it");
    };
    let Stage::Waiting(position) = read.stage else {
        panic!("it waits");
    };
    let secret = position.variables.get(&VariableName::new("pin"));
    assert_eq!(secret, Some(&value("4471", true)));
    assert_eq!(position.variables.len(), 2);
    let trace = shown(&*store, "s").await.trace;
    assert_eq!(
        (trace[0].digits.as_deref(), trace[0].secret_digits),
        (None, true)
    );
    assert_eq!(
        trace[0].met,
        [looked_up("find")],
        "what it was answered with"
    );
}

pub(super) async fn a_known_event_is_overtaken(engine: &dyn Engine) {
    let store = engine.open().await;
    keep(&*store, exchange("s", "e", 0)).await;
    let mut again = exchange("s", "e", 1);
    again.reply = "another reply".into();
    assert_eq!(keep(&*store, again).await, Kept::Overtaken);

    let recalled = store
        .recall(&recall("s", "e", Some(1)))
        .await
        .expect("read");
    assert_eq!(recalled.same_event.as_deref(), Some("reply to e"));
    assert_eq!(recalled.same_step, None);
    assert_eq!(recalled.standing, Standing::Live(Box::new(session("s", 1))));
}

pub(super) async fn a_step_is_left_once(engine: &dyn Engine) {
    let store = engine.open().await;
    keep(&*store, exchange("s", "e0", 0)).await;
    keep(&*store, exchange("s", "e1", 1)).await;
    let mut late = exchange("s", "late", 1);
    assert_eq!(keep(&*store, late.clone()).await, Kept::Overtaken);
    late.session = Some(session("s", 9));
    assert_eq!(
        keep(&*store, late).await,
        Kept::Overtaken,
        "even when it would jump ahead"
    );
    let recalled = store
        .recall(&recall("s", "late", Some(1)))
        .await
        .expect("read");
    assert_eq!(recalled.same_event, None);
    assert_eq!(recalled.same_step.as_deref(), Some("reply to e1"));
    assert_eq!(shown(&*store, "s").await.trace.len(), 2);
}

pub(super) async fn a_session_does_not_go_back(engine: &dyn Engine) {
    let store = engine.open().await;
    keep(&*store, exchange("s", "e5", 5)).await;
    for answers in [3, 4] {
        let late = exchange("s", &format!("late {answers}"), answers);
        assert_eq!(keep(&*store, late).await, Kept::Overtaken);
    }
    assert_eq!(
        standing(&*store, "s").await,
        Standing::Live(Box::new(session("s", 6)))
    );
}

pub(super) async fn a_session_may_jump_ahead(engine: &dyn Engine) {
    let store = engine.open().await;
    keep(&*store, exchange("s", "e0", 0)).await;
    assert_eq!(keep(&*store, exchange("s", "e7", 7)).await, Kept::Stored);
    assert_eq!(
        standing(&*store, "s").await,
        Standing::Live(Box::new(session("s", 8)))
    );
}

pub(super) async fn an_apology_moves_nothing(engine: &dyn Engine) {
    let store = engine.open().await;
    assert_eq!(keep(&*store, apology("s", "early")).await, Kept::Stored);
    let recalled = store
        .recall(&recall("s", "early", Some(0)))
        .await
        .expect("read");
    assert_eq!(recalled.same_event.as_deref(), Some("reply to early"));
    assert_eq!(
        (recalled.same_step, recalled.standing),
        (None, Standing::Unknown)
    );
    let row = shown(&*store, "s").await.row;
    assert_eq!((row.flow, row.status.as_str()), (None, "live"));
    assert_eq!(row.source, Some(PhoneNumber::new(CALLER)));

    assert_eq!(
        keep(&*store, exchange("s", "e0", 0)).await,
        Kept::Stored,
        "it may still begin"
    );
    assert_eq!(
        standing(&*store, "s").await,
        Standing::Live(Box::new(session("s", 1)))
    );
}

pub(super) async fn an_apology_leaves_a_live_session_alone(engine: &dyn Engine) {
    let store = engine.open().await;
    keep(&*store, exchange("s", "e0", 0)).await;
    let mut stray = apology("s", "stray");
    Arc::make_mut(&mut stray.action).leg.source = Some(PhoneNumber::new("+6580000000"));
    assert_eq!(keep(&*store, stray).await, Kept::Stored);
    assert_eq!(
        standing(&*store, "s").await,
        Standing::Live(Box::new(session("s", 1)))
    );
    assert_eq!(shown(&*store, "s").await.trace.len(), 2);
}

pub(super) async fn an_exchange_after_the_summary_revives_nothing(engine: &dyn Engine) {
    let store = engine.open().await;
    keep(&*store, exchange("s", "e0", 0)).await;
    store
        .keep_summary(summary("s", "COMPLETED", 70))
        .await
        .expect("write");
    assert_eq!(standing(&*store, "s").await, Standing::Ended);

    assert_eq!(keep(&*store, exchange("s", "e1", 1)).await, Kept::Stored);
    assert_eq!(keep(&*store, apology("s", "e2")).await, Kept::Stored);
    let recalled = store
        .recall(&recall("s", "e1", Some(1)))
        .await
        .expect("read");
    assert_eq!(recalled.same_event.as_deref(), Some("reply to e1"));
    assert_eq!(recalled.standing, Standing::Ended);
    assert_eq!(shown(&*store, "s").await.row.status, "COMPLETED");
    assert_eq!(store.live_sessions().await.expect("read"), 0);
}

pub(super) async fn of_many_answers_to_one_step_one_is_kept(engine: &dyn Engine) {
    let store = engine.open().await;
    keep(&*store, exchange("s", "e0", 0)).await;
    let kept = at_once(
        &store,
        (0..64).map(|n| exchange("s", &format!("rival {n}"), 1)),
    )
    .await;
    let stored: Vec<_> = (0..64).filter(|n| kept[*n] == Kept::Stored).collect();
    assert_eq!(stored.len(), 1);
    let recalled = store
        .recall(&recall("s", "later", Some(1)))
        .await
        .expect("read");
    assert_eq!(
        recalled.same_step,
        Some(format!("reply to rival {}", stored[0]).into())
    );
    assert_eq!(shown(&*store, "s").await.trace.len(), 2);
}

pub(super) async fn many_calls_at_once_are_all_kept(engine: &dyn Engine) {
    let store = engine.open().await;
    for turn in 0..5 {
        let all = (0..64).map(|n| exchange(&format!("s{n}"), &format!("e{n} {turn}"), turn));
        let kept = at_once(&store, all).await;
        assert_eq!(kept, vec![Kept::Stored; 64]);
    }
    for n in 0..64 {
        let name = format!("s{n}");
        let live = Standing::Live(Box::new(session(&name, 5)));
        assert_eq!(standing(&*store, &name).await, live);
        assert_eq!(shown(&*store, &name).await.trace.len(), 5);
    }
}

/// Keeps all of them from tasks of their own.
async fn at_once(
    store: &Arc<dyn Store>,
    all: impl Iterator<Item = callwright::session::Exchange>,
) -> Vec<Kept> {
    let tasks = all.map(|exchange| {
        let store = store.clone();
        tokio::spawn(async move { keep(&*store, exchange).await })
    });
    let kept = join_all(tasks).await;
    kept.into_iter()
        .map(|task| task.expect("no panic"))
        .collect()
}

pub(super) async fn an_abandoned_write_is_kept_whole_or_not_at_all(engine: &dyn Engine) {
    let store = engine.open().await;
    // Handed in and let go at once: whether it has begun by then is the engine's affair.
    let waited = store
        .keep_exchange(exchange("gone", "gone", 0).into())
        .now_or_never();
    assert!(waited.is_none());
    keep(&*store, exchange("s", "e0", 0)).await;
    let found = store.session(&id("gone")).await.expect("read");
    let again = keep(&*store, exchange("gone", "gone", 0)).await;
    match found {
        None => assert_eq!(again, Kept::Stored),
        Some(record) => assert_eq!((record.trace.len(), again), (1, Kept::Overtaken)),
    }
}
