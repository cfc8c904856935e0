//! Keys replaced while a database is used: in the middle of it all is found and held apart, afterwards nothing is left under the key
//! before, and a node that slept meanwhile breaks nothing.

use std::sync::Arc;
use std::time::Duration;

use callwright::bookings::Booked;
use callwright::call::PhoneNumber;
use callwright::clock::Clock;
use callwright::contact_center::given_back::CallbackResult;
use callwright::contact_center::handoff::{By, Outcome, SipId};
use callwright::contact_center::matching::SipCall;
use callwright::contact_center::pairs::Pairs;
use callwright::masking::{PoolNumber, PoolRules};
use callwright::session::RequestKey;
use callwright::store::bookings::Block;
use callwright::store::postgres::PostgresStore;
use callwright::store::rekeying::State;
use callwright::store::sqlite::SqliteStore;
use callwright::store::vault::Keys;
use callwright::store::{Begun, SessionFilter, Store, StoreError, WhichAttempt};
use sqlx::{Connection as _, PgConnection};

use crate::masking::{
    DRIVER, Desk, Place, RIDER, STRANGER, number as pool_number, on_both, person,
};
use crate::store_contract::attempts::{begin, dialing};
use crate::store_contract::handoffs::handoff;
use crate::store_contract::samples::*;
use crate::store_contract::webhooks::{number, update};

/// The columns that hold something under a key, and how many rows of each are under another one.
const SEALED: [(&str, &str); 13] = [
    ("sessions", "state"),
    ("webhooks", "record"),
    ("virtual_numbers", "number"),
    ("attempts", "record"),
    ("events", "data"),
    ("handoffs", "record"),
    ("sip_calls", "record"),
    ("callback_results", "record"),
    ("pool_numbers", "record"),
    ("bookings", "record"),
    ("legs", "key_number"),
    ("pins", "key_number"),
    ("blocked_parties", "key_number"),
];

/// How many rows there are of each table, and how many of them are under another key than this one.
async fn under_others(place: &Place, key: u8) -> Vec<(&'static str, i64, i64)> {
    let mut found = Vec::new();
    for (table, column) in SEALED {
        let (rows, others) = match place {
            Place::Sqlite(folder, _) => {
                let is_other = match column {
                    "key_number" => format!("key_number <> {key}"),
                    _ => format!("substr({column}, 1, 1) <> x'{key:02x}'"),
                };
                let db = rusqlite::Connection::open(folder.path().join("callwright.db"));
                let sql =
                    format!("SELECT count(*), count(*) FILTER (WHERE {is_other}) FROM {table}");
                let db = db.expect("it opens");
                db.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
                    .expect("it is a table of ours")
            }
            Place::Postgres(url, _) => {
                let is_other = match column {
                    "key_number" => format!("key_number <> {key}"),
                    _ => format!("get_byte({column}, 0) <> {key}"),
                };
                let sql =
                    format!("SELECT count(*), count(*) FILTER (WHERE {is_other}) FROM {table}");
                let mut db = PgConnection::connect(url).await.expect("it answers");
                sqlx::query_as::<_, (i64, i64)>(sqlx::AssertSqlSafe(sql))
                    .fetch_one(&mut db)
                    .await
                    .expect("it is a table of ours")
            }
            Place::Rotating(_) => unreachable!("its keys are never still"),
        };
        found.push((table, rows, others));
    }
    found
}

/// A desk with some numbers that take digits, so that its bookings have PINs.
async fn desk_with(place: Place, count: usize) -> Desk {
    let capturing = |n| PoolNumber {
        capture: true,
        ..pool_number(n)
    };
    let desk = Desk::without_numbers(place, PoolRules::default()).await;
    desk.with_numbers((0..count).map(capturing)).await
}

/// The same desk on a database that was opened once more.
async fn again(desk: Desk) -> Desk {
    let Desk { place, numbers, .. } = desk;
    let desk = Desk::without_numbers(place, PoolRules::default()).await;
    desk.with_numbers(numbers).await
}

const CALLED_BY_US: &str = "+6568332048";
const KEY: &str = "a request";

/// Something in every table.
async fn fill(desk: &Desk) -> Booked {
    let store = desk.store.as_ref();
    for (event, answers) in [("e1", 0), ("e2", 1)] {
        let kept = store.keep_exchange(Arc::new(exchange("kept1", event, answers)));
        kept.await.expect("it is kept");
    }
    store
        .keep_status(status("kept2", "leg-b", "CALL_CONNECTED", 3))
        .await
        .expect("it is kept");
    store
        .keep_summary(summary("kept2", "COMPLETED", 9))
        .await
        .expect("it is kept");
    update(store, vec![number(CALLED, "Active", Some(1))], "{}").await;
    assert_eq!(
        begin(store, &dialing("a1", CALLED_BY_US), KEY).await,
        Begun::Stored
    );
    let handoffs = store.handoffs();
    let it = handoff("h1", By::Script, Outcome::Taken);
    handoffs.keep_handoff(&it).await.expect("it is kept");
    handoffs
        .keep_sip_call(&sip_call(), at(0))
        .await
        .expect("it is kept");
    handoffs
        .keep_callback_result(&result())
        .await
        .expect("it is kept");
    let booked = desk.book("b1", RIDER, DRIVER).await;
    let stranger = desk.kept.party(&PhoneNumber::new(STRANGER));
    desk.kept
        .block(stranger, Block::ForGood)
        .await
        .expect("blocked");
    booked
}

fn sip_call() -> SipCall {
    SipCall {
        sip_id: SipId::parse("6a4e7e2-1f1bee-4b433660@192").expect("an id"),
        caller: PhoneNumber::new(CALLER),
        called: PhoneNumber::new(CALLED),
        told_at: at(5),
    }
}

fn result() -> CallbackResult {
    CallbackResult {
        id: "r1".to_owned(),
        received_at: at(6),
        code: "SUCCESS".to_owned(),
        error: None,
        data: Pairs::new([("Phone", CALLER)]),
    }
}

/// Whether all of it is found, by whatever it is found by.
async fn all_is_found(desk: &Desk, booked: &Booked, when: &str) {
    let store = desk.store.as_ref();
    let recalled = store
        .recall(&recall("kept1", "e1", None))
        .await
        .expect("it is read");
    assert_eq!(
        recalled.same_event.as_deref(),
        Some("reply to e1"),
        "{when}"
    );
    let filter = SessionFilter {
        number: Some(PhoneNumber::new(CALLED)),
        limit: 10,
        ..SessionFilter::default()
    };
    let page = store.sessions(&filter).await.expect("it is read");
    assert_eq!(page.items.len(), 2, "{when}");
    shown(store, "kept2").await;
    let numbers = store.numbers().await.expect("they are read");
    assert_eq!(numbers.len(), 1, "{when}");
    let request = WhichAttempt::Request(RequestKey::new(KEY));
    let attempt = store.attempt(&request).await.expect("it is read");
    assert!(attempt.is_some(), "{when}");
    let handoffs = store.handoffs();
    assert_eq!(
        handoffs.handoffs(None, 9).await.expect("read").len(),
        1,
        "{when}"
    );
    assert_eq!(
        handoffs.callback_results(None, 9).await.expect("read"),
        [result()],
        "{when}"
    );
    let (caller, called) = (PhoneNumber::new(CALLER), PhoneNumber::new(CALLED));
    let calls = handoffs.sip_calls(&caller, &called, at(0)).await;
    assert_eq!(calls.expect("read"), [sip_call()], "{when}");

    let again = desk.book("b1", RIDER, DRIVER).await;
    assert_eq!(again.booking.a.vn, booked.booking.a.vn, "{when}");
    let vn = desk.digits(booked.booking.a.vn);
    // Each in a session of its own, also after a restart.
    let session = uuid::Uuid::new_v4().to_string();
    let heard = desk.call_in(&session, "e1", RIDER, &vn).await;
    assert_eq!(heard.connects().expect(when).0, DRIVER, "{when}");
    let of_rider = callwright::store::bookings::BookingFilter {
        party: Some(desk.kept.party(&PhoneNumber::new(RIDER))),
        limit: 10,
        ..Default::default()
    };
    let page = desk.kept.bookings(&of_rider).await.expect("it is read");
    let oldest = page.bookings.last().map(|booking| booking.number);
    assert_eq!(oldest, Some(booked.booking.number), "{when}");
    let pin = booked.booking.a.pin.clone().expect("it has a PIN").0;
    let key = desk.kept.pin_key(booked.booking.a.vn, &pin);
    let by_pin = desk.kept.by_pin(booked.booking.a.vn, key).await;
    let by_pin = by_pin.expect("it is read").expect(when);
    assert_eq!(by_pin.0.number, booked.booking.number, "{when}");
    assert_eq!(
        desk.call_in(&format!("{session}-b"), "e1", STRANGER, &vn)
            .await
            .code,
        "blocked",
        "{when}"
    );
}

/// Whether what is new is held against all that was there.
async fn all_is_held_apart(desk: &Desk, booked: &Booked, nth: usize) {
    let store = desk.store.as_ref();
    let same = begin(store, &dialing(&format!("again{nth}"), "+6568332049"), KEY).await;
    assert!(
        matches!(same, Begun::Known(known) if known.id().as_str() == "a1"),
        "{nth}"
    );
    let other = begin(
        store,
        &dialing(&format!("line{nth}"), CALLED_BY_US),
        &format!("k{nth}"),
    )
    .await;
    assert!(
        matches!(other, Begun::InFlight(id) if id.as_str() == "a1"),
        "{nth}"
    );
    let before = desk.kept.pool_numbers().await.expect("they are read");
    for number in &before {
        let kept = desk
            .kept
            .keep_pool_number(number)
            .await
            .expect("it is kept");
        assert_eq!(kept.vn, number.vn, "{nth}");
    }
    update(
        store,
        vec![number(CALLED, "Active", Some(2))],
        &format!("{{{nth}}}"),
    )
    .await;
    assert_eq!(store.numbers().await.expect("read").len(), 1, "{nth}");
    let other = desk
        .book(&format!("other{nth}"), RIDER, &person(100 + nth))
        .await;
    assert_ne!(other.booking.a.vn, booked.booking.a.vn, "{nth}");
    let parties = [desk.kept.party(&PhoneNumber::new(STRANGER))];
    for block in [Block::Lifted, Block::ForGood] {
        desk.kept
            .block(parties[0], block)
            .await
            .expect("it is kept");
    }
}

/// Goes on with a rotation until the ring is as is wanted.
async fn go_on(store: &dyn Store, until: impl Fn(&[State]) -> bool) {
    let ring = store.key_ring();
    loop {
        let keys = ring.keys().await.expect("they are read");
        let states: Vec<_> = keys.iter().map(|key| key.state).collect();
        if until(&states) {
            return;
        }
        match ring.tend("test", Clock::system().now()).await {
            Ok(_) | Err(StoreError::Busy) => tokio::time::sleep(Duration::from_millis(1)).await,
            Err(error) => panic!("{error}"),
        }
    }
}

fn is_in_the_middle(states: &[State]) -> bool {
    states == [State::Going, State::Current]
}

fn is_over(states: &[State]) -> bool {
    states == [State::Current]
}

on_both! {
    all_is_found_in_the_middle_and_nothing_is_left_afterwards
    a_database_of_before_is_opened_and_its_key_replaced
    other_keys_are_refused_and_new_ones_take_over
}

async fn all_is_found_in_the_middle_and_nothing_is_left_afterwards(place: Place) {
    let desk = desk_with(place, 5).await;
    let booked = fill(&desk).await;
    all_is_found(&desk, &booked, "before").await;
    let ring = desk.store.key_ring();
    for key in [2, 3] {
        let made = ring
            .add_key(Clock::system().now())
            .await
            .expect("it is kept");
        assert_eq!(made, Some(key));
        all_is_found(&desk, &booked, "while it comes").await;
        assert_eq!(
            ring.add_key(Clock::system().now()).await.expect("read"),
            None
        );
        go_on(desk.store.as_ref(), is_in_the_middle).await;
        all_is_found(&desk, &booked, "in the middle").await;
        all_is_held_apart(&desk, &booked, usize::from(key)).await;
        all_is_found(&desk, &booked, "in the middle, some under each").await;
        go_on(desk.store.as_ref(), is_over).await;
        for (table, rows, others) in under_others(&desk.place, key).await {
            assert!(rows > 0, "{table} has nothing in it, so nothing is shown");
            assert_eq!(others, 0, "{table}");
        }
        all_is_found(&desk, &booked, "afterwards").await;
    }
    desk.store.close().await;
    let desk = again(desk).await;
    all_is_found(&desk, &booked, "after a restart").await;
    all_is_held_apart(&desk, &booked, 9).await;
    desk.store.close().await;
}

/// Takes a database back to before it had a ring.
async fn forget_ring(place: &Place) {
    match place {
        Place::Sqlite(folder, _) => {
            let db = rusqlite::Connection::open(folder.path().join("callwright.db"));
            let done = db.expect("it opens").execute("DELETE FROM key_ring", []);
            assert_eq!(done, Ok(1));
        }
        Place::Postgres(url, _) => {
            let mut db = PgConnection::connect(url).await.expect("it answers");
            let delete = sqlx::query("DELETE FROM key_ring").execute(&mut db);
            assert_eq!(delete.await.expect("it is done").rows_affected(), 1);
        }
        Place::Rotating(_) => unreachable!("its keys are never still"),
    }
}

async fn a_database_of_before_is_opened_and_its_key_replaced(place: Place) {
    let desk = desk_with(place, 5).await;
    let booked = fill(&desk).await;
    desk.store.close().await;
    forget_ring(&desk.place).await;
    let desk = again(desk).await;
    all_is_found(&desk, &booked, "after the upgrade").await;
    let ring = desk.store.key_ring();
    ring.add_key(Clock::system().now())
        .await
        .expect("it is kept");
    go_on(desk.store.as_ref(), is_over).await;
    all_is_found(&desk, &booked, "afterwards").await;
    desk.store.close().await;
}

/// Opens a database with other keys than its place's.
async fn open_with(place: &Place, keys: &Keys) -> Result<Arc<dyn Store>, String> {
    let told = |error: StoreError| error.to_string();
    Ok(match place {
        Place::Sqlite(folder, _) => {
            let url = format!("sqlite://{}/callwright.db", folder.path().display());
            Arc::new(SqliteStore::open(&url, keys).await.map_err(told)?)
        }
        Place::Postgres(url, _) => Arc::new(PostgresStore::open(url, keys).await.map_err(told)?),
        Place::Rotating(_) => unreachable!("its keys are never still"),
    })
}

async fn other_keys_are_refused_and_new_ones_take_over(place: Place) {
    let (Place::Sqlite(_, keys) | Place::Postgres(_, keys)) = &place else {
        unreachable!("its keys are never still")
    };
    let (first, others) = (keys.clone(), Keys::generate());
    let store = open_with(&place, &first).await.expect("its own");
    store
        .keep_exchange(Arc::new(exchange("kept1", "e1", 0)))
        .await
        .expect("it is kept");
    store
        .key_ring()
        .add_key(Clock::system().now())
        .await
        .expect("it is kept");
    go_on(store.as_ref(), is_in_the_middle).await;
    store.close().await;

    let told = open_with(&place, &others).await.expect_err("others");
    assert!(told.contains("is encrypted with other keys than"), "{told}");
    let replaced = Keys {
        before: Some(Box::new(first.clone())),
        ..others.clone()
    };
    for keys in [&replaced, &others] {
        let store = open_with(&place, keys).await.expect("the new ones");
        let recalled = store
            .recall(&recall("kept1", "e1", None))
            .await
            .expect("it is read");
        assert_eq!(recalled.same_event.as_deref(), Some("reply to e1"));
        store.close().await;
    }
    let told = open_with(&place, &first).await.expect_err("no longer");
    assert!(told.contains("is encrypted with other keys than"), "{told}");
    let store = open_with(&place, &others).await.expect("the new ones");
    go_on(store.as_ref(), is_over).await;
    let found = under_others(&place, 2).await;
    assert!(found.iter().all(|(_, _, others)| *others == 0), "{found:?}");
    store.close().await;
}

#[tokio::test]
async fn a_node_that_slept_writes_nothing_with_the_key_before() {
    let Some(place) = Place::postgres() else {
        return;
    };
    let Place::Postgres(url, keys) = &place else {
        unreachable!("it is one")
    };
    let (url, keys) = (url.clone(), keys.clone());
    let awake = desk_with(place, 6).await;
    // It never looks at the ring by itself.
    let asleep = desk_with(Place::Postgres(url, keys), 0).await;
    let booked = fill(&asleep).await;
    let ring = awake.store.key_ring();
    for nth in [1, 2] {
        ring.add_key(Clock::system().now())
            .await
            .expect("it is kept");
        go_on(awake.store.as_ref(), is_in_the_middle).await;
        let kept = awake
            .store
            .keep_exchange(Arc::new(exchange(&format!("awake{nth}"), "e1", 0)));
        kept.await.expect("it is kept");
        let name = format!("awake{nth}");
        let recalled = asleep.store.recall(&recall(&name, "e1", None)).await;
        assert_eq!(
            recalled.expect("it learns").same_event.as_deref(),
            Some("reply to e1")
        );
        go_on(awake.store.as_ref(), is_over).await;
        // By now the key that it last learnt of is not the only one that it knows, and soon not there at all.
    }
    ring.add_key(Clock::system().now())
        .await
        .expect("it is kept");
    go_on(awake.store.as_ref(), is_over).await;
    let kept = asleep
        .store
        .keep_exchange(Arc::new(exchange("late", "e1", 0)));
    kept.await.expect("it is made anew");
    all_is_held_apart(&asleep, &booked, 7).await;
    all_is_found(&awake, &booked, "by the other node").await;
    for (table, _, others) in under_others(&awake.place, 4).await {
        assert_eq!(others, 0, "{table}");
    }
    awake.store.close().await;
    asleep.store.close().await;
}
