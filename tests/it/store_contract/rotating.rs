//! A store whose keys are replaced all the time, so that the whole list of promises is tried on rows under either key.

use std::sync::Arc;

use async_trait::async_trait;
use callwright::clock::Clock;
use callwright::store::{Store, StoreError};

use super::Engine;

/// An engine whose stores replace their keys, one after another, until they are closed.
pub(super) struct Rotating<E>(pub(super) E);

#[async_trait]
impl<E: Engine> Engine for Rotating<E> {
    async fn open(&self) -> Arc<dyn Store> {
        let store = self.0.open().await;
        keep_rotating(&store);
        store
    }
}

/// Has a store's keys replaced until it is closed or nobody has it any more.
pub(crate) fn keep_rotating(store: &Arc<dyn Store>) {
    let (weak, now) = (Arc::downgrade(store), Clock::system());
    tokio::spawn(async move {
        while let Some(store) = weak.upgrade() {
            let ring = store.key_ring();
            let done = async {
                if ring.keys().await?.len() == 1 {
                    ring.add_key(now.now()).await?;
                }
                ring.tend("the test", now.now()).await
            };
            // Busy now and then, as any other write may be: the next round goes on.
            if let Err(StoreError::Closing) = done.await {
                break;
            }
            drop(store);
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    });
}
