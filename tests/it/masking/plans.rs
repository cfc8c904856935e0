//! What calls and bookings ask of PostgreSQL is found by keys: also in a database that was empty a moment ago, where its planner takes
//! reading a whole table for the cheapest.

use std::time::{Duration, Instant};

use callwright::masking::PoolRules;
use callwright::masking::booking::CloseReason;
use callwright::store::Store as _;
use callwright::store::postgres::PostgresStore;
use sqlx::{Connection as _, PgConnection};

use super::pins::capturing;
use super::{DRIVER, Desk, Place, RIDER, STRANGER, person};

/// Waits until nobody else is connected: what a connection has read is counted by its end.
async fn alone(db: &mut PgConnection) {
    let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
         AND backend_type = 'client backend'";
    let deadline = Instant::now() + Duration::from_secs(10);
    while sqlx::query_scalar::<_, i64>(others)
        .fetch_one(&mut *db)
        .await
        .expect("it is counted")
        > 0
    {
        assert!(Instant::now() < deadline, "the connections end");
    }
}

/// The tables that grow with calls and bookings, each with how often it was read whole and how often by an index.
async fn scans(db: &mut PgConnection) -> Vec<(String, i64, i64)> {
    let counted = sqlx::query_as(
        "SELECT relname::text, coalesce(seq_scan, 0), coalesce(idx_scan, 0) FROM pg_stat_user_tables
         WHERE relname IN ('bookings', 'legs', 'pins', 'masked_calls', 'sessions', 'webhooks') ORDER BY relname",
    );
    counted.fetch_all(db).await.expect("they are counted")
}

#[tokio::test]
async fn no_table_that_grows_is_read_whole() {
    let Some(place) = Place::postgres() else {
        return;
    };
    let Place::Postgres(url, keys) = &place else {
        unreachable!("it was made so");
    };
    let mut db = PgConnection::connect(url).await.expect("it can be reached");
    let made = PostgresStore::open(url, keys).await.expect("it is made");
    made.close().await;
    alone(&mut db).await;
    for look in ["VACUUM ANALYZE", "SELECT pg_stat_reset()"] {
        let looked = sqlx::query(look).execute(&mut db).await;
        looked.expect("it knows that its tables are empty");
    }

    let desk = Desk::without_numbers(place, PoolRules::default()).await;
    let desk = desk.with_numbers((0..3).map(capturing)).await;
    for turn in 0..3 {
        let id = format!("order-{turn}");
        let booking = desk.book(&id, RIDER, &person(turn)).await.booking;
        let vn = desk.digits(booking.a.vn);
        let call = desk.call(RIDER, &vn).await;
        assert_eq!(call.code, "connected");
        desk.hang_up(&call, 60).await;
        let asked = desk.call(STRANGER, &vn).await;
        let pin = booking.a.pin.clone().expect("it has a PIN").0;
        let opened = desk.go_on(&asked, "e2", STRANGER, &vn, &pin).await;
        assert_eq!(opened.code, "connected_by_pin");
        desk.book(&id, RIDER, DRIVER).await;
        desk.close(&id, CloseReason::Completed).await;
    }
    desk.store.close().await;

    alone(&mut db).await;
    let scans = scans(&mut db).await;
    assert_eq!(scans.len(), 6, "{scans:?}");
    for (table, whole, by_index) in scans {
        assert_eq!(whole, 0, "{table} is read whole");
        assert!(by_index > 0, "{table} is read");
    }
}
