//! Opens the store that the configuration names.

use std::sync::Arc;

use secrecy::ExposeSecret as _;

use crate::config::Config;
use crate::store::bookings::BookingStore;
use crate::store::postgres::PostgresStore;
use crate::store::sqlite::SqliteStore;
use crate::store::{Store, StoreError, keys};

/// The store, and the same for bookings.
type Opened = (Arc<dyn Store>, Arc<dyn BookingStore>);

/// Opens the store of `config`, with its keys.
pub(super) async fn open(config: &Config) -> Result<Opened, StoreError> {
    let url = config.database_url.expose_secret();
    if url.starts_with("sqlite:") {
        let keys = keys::find(&config.keys, async { SqliteStore::is_new(url) }).await?;
        let store = SqliteStore::open_with(url, &keys, config.durability).await?;
        return Ok(both(store));
    }
    let keys = keys::find(&config.keys, PostgresStore::is_new(url)).await?;
    Ok(both(PostgresStore::open(url, &keys).await?))
}

fn both(store: impl Store + BookingStore + 'static) -> Opened {
    let store = Arc::new(store);
    (store.clone(), store)
}
