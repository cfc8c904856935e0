//! A database that was filled holds what would have been written, had its bookings been asked for.

use std::path::Path;

use callwright::masking::booking::BookingId;
use callwright::masking::change::{Around, write};
use callwright::masking::{BookingWrite, PoolRules};
use callwright::store::bookings::BookingStore;
use callwright::store::sqlite::SqliteStore;
use callwright::store::{Store as _, StoreError};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _};

use super::{DRIVER, Desk, Place, RIDER, number, person};

/// The rows of a query, each as one text.
async fn rows(folder: &Path, sql: &str) -> Vec<String> {
    let options = SqliteConnectOptions::new().filename(folder.join("callwright.db"));
    let mut database = options.connect().await.expect("a database");
    let found = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_all(&mut database);
    found.await.expect("the rows")
}

#[tokio::test]
async fn what_is_filled_is_what_would_have_been_made() {
    let rules = PoolRules::default();
    let desk = Desk::open(Place::sqlite(), rules.clone(), 3).await;
    let Place::Sqlite(made, keys) = &desk.place else {
        unreachable!("it was opened there");
    };
    let other = tempfile::tempdir().expect("a temporary folder");
    let url = format!("sqlite://{}/callwright.db", other.path().display());
    let filled = SqliteStore::open(&url, keys)
        .await
        .expect("a sound database");
    for n in 0..3 {
        filled
            .keep_pool_number(&number(n))
            .await
            .expect("it is kept");
    }
    let mut writes = Vec::new();
    for (id, driver) in [("one", DRIVER), ("two", &person(7)), ("three", &person(1))] {
        let mut booking = desk.book(id, RIDER, driver).await.booking;
        (booking.number, booking.revision) = (0, 0);
        let around = Around {
            rules: &rules,
            held: &[],
            others: &[],
            now: desk.now(),
        };
        writes.push(write(booking, around));
    }
    let twice: Vec<BookingWrite> = vec![writes[0].clone(), writes[0].clone()];
    filled.fill(writes.into_iter()).await.expect("it is filled");
    for sql in [
        "SELECT number || hex(id_index) || hex(pair) || pool || is_open || due_at || revision
         FROM bookings ORDER BY number",
        "SELECT hex(party) || vn || '-' || booking || side || hex(pair) || rests_from || free_from || key_number
         FROM legs ORDER BY party, vn",
        "SELECT sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name",
    ] {
        let found = rows(other.path(), sql).await;
        assert_eq!(found, rows(made.path(), sql).await);
        assert!(found.len() >= 3, "{found:?}");
    }
    for id in ["one", "two", "three"] {
        let id = BookingId::new(id);
        let known = filled.booking(&id).await.expect("the store answers");
        assert_eq!(
            known,
            desk.kept.booking(&id).await.expect("the store answers")
        );
        assert!(known.is_some());
    }
    let refused = filled.fill(twice.into_iter()).await;
    assert!(
        matches!(refused, Err(StoreError::Unusable(_))),
        "{refused:?}"
    );
    filled.close().await;
}
