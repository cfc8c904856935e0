//! A connection of its own for what is written on the spot, beside the journal and its projection.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, TransactionBehavior};

use crate::store::StoreError;

/// The connection, for those who write one after another.
#[derive(Debug, Clone)]
pub(super) struct Writing {
    /// `None` once it is closed.
    db: Arc<Mutex<Option<Connection>>>,
}

impl Writing {
    pub(super) fn new(db: Connection) -> Self {
        Self {
            db: Arc::new(Mutex::new(Some(db))),
        }
    }

    /// One transaction, on a thread that may wait for the disk. It ends also when its caller has gone.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let this = self.clone();
        let written = tokio::task::spawn_blocking(move || {
            let mut db = this.lock();
            let db = db.as_mut().ok_or(StoreError::Closing)?;
            let moment = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let changed = change(&moment)?;
            moment.commit()?;
            Ok(changed)
        });
        written.await.unwrap_or(Err(StoreError::Closing))
    }

    /// Lets go of the connection once its last write has ended.
    pub(super) fn close(&self) {
        self.lock().take();
    }

    fn lock(&self) -> MutexGuard<'_, Option<Connection>> {
        // A transaction that panicked was rolled back as it was dropped.
        self.db.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
