//! Erasing from a copy of a database that nobody serves.

use std::time::Duration;

use jiff::Timestamp;

use super::looking::{Erases, Over, go_on};
use super::{Erasing, Gone};
use crate::call::PhoneNumber;
use crate::store::{Store, StoreError};

/// How long it is held who erases: nobody else takes it over, however long this takes.
const LEASED: Duration = Duration::from_secs(60);

/// Erases all that is kept of people, as a server does; but nothing is waited for, since nothing goes on in a copy. Returns how much
/// went. `now` is when that was asked.
pub(in crate::store) async fn erase_from_copy<S: Store + Erasing + Erases>(
    store: &S,
    people: &[PhoneNumber],
    now: Timestamp,
) -> Result<Gone, StoreError> {
    let lease = store.take_lease("erasing", "a copy", LEASED).await?;
    let lease = lease.ok_or(StoreError::LeaseLost)?;
    for phone in people {
        let id = uuid::Uuid::now_v7().to_string();
        store.ask_to_erase(&id, phone, now).await?;
    }
    let mut erased = Gone::default();
    loop {
        let (gone, rests) = go_on(store, &lease, now, Over::IN_A_COPY).await?;
        erased += gone;
        if rests.is_none() {
            break;
        }
    }
    store
        .take_lease("erasing", "a copy", Duration::ZERO)
        .await?;
    match store.people().await?.as_slice() {
        [] => Ok(erased),
        _ => Err(StoreError::Unreadable { what: "erasure" }),
    }
}
