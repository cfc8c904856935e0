//! Looks at the keys of the database now and then, and replaces one that is to go, bit by bit. Of the servers on one database one
//! does at a time; all of them learn what has changed.

use std::sync::Arc;

use tokio::time::sleep;

use crate::clock::Clock;
use crate::store::rekeying::LOOKED_AT_EVERY;
use crate::store::{Store, StoreError};

/// Goes on until it is dropped, or the store closes.
pub(super) async fn go(store: Arc<dyn Store>, clock: Clock) {
    let node = uuid::Uuid::new_v4().to_string();
    let mut is_failing = false;
    loop {
        let rest = match store.key_ring().tend(&node, clock.now()).await {
            Ok(rest) => {
                is_failing = false;
                rest
            }
            Err(StoreError::Closing) => return,
            Err(error) => {
                if !is_failing {
                    tracing::warn!(%error, "the keys could not be looked after: tried again until they can");
                }
                is_failing = true;
                LOOKED_AT_EVERY
            }
        };
        sleep(rest).await;
    }
}
