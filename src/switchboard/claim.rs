//! Whose a session is that the platform tells of and that nobody called in: that of a call which we placed, whose attempt
//! it closes. It may be heard of before the answer to its request, or instead of it.

use jiff::Timestamp;

use crate::outbound::attempt::{Heard, Joined, ToldBy, join};
use crate::session::OutboundCall;
use crate::store::{Kept, Store, StoreError};

/// How often a call is looked at anew because it changed meanwhile.
const LOOKED_ANEW: usize = 8;

/// The call whose session `heard` is, once that is kept with it; `None` when it is none of ours, or may be several.
///
/// # Errors
///
/// The store's.
pub async fn claim(
    store: &dyn Store,
    heard: &Heard<'_>,
    now: Timestamp,
) -> Result<Option<OutboundCall>, StoreError> {
    for _ in 0..LOOKED_ANEW {
        let calls = store.attempts_like(heard).await?;
        let Some((mut call, told_by)) = whose(heard, calls) else {
            return Ok(None);
        };
        let Some(told_by) = told_by else {
            return Ok(Some(call));
        };
        call.attempt = call.attempt.heard(heard.session.clone(), told_by, now);
        if store.keep_attempt(&call, None).await? == Kept::Stored {
            tracing::info!(attempt_id = %call.id(), state = call.attempt.state(), ?told_by, "a call's session was heard of");
            return Ok(Some(call));
        }
    }
    Err(StoreError::Busy)
}

/// The call that a session belongs to, and how that is known if it was not yet.
fn whose(heard: &Heard<'_>, calls: Vec<OutboundCall>) -> Option<(OutboundCall, Option<ToldBy>)> {
    let attempts = calls.iter().map(|call| &call.attempt);
    let (id, told_by) = match join(heard, attempts) {
        Joined::Known(id) => (id.clone(), None),
        Joined::To(id, told_by) => (id.clone(), Some(told_by)),
        Joined::Ambiguous | Joined::Stranger => return None,
    };
    let call = calls.into_iter().find(|call| *call.id() == id)?;
    Some((call, told_by))
}
