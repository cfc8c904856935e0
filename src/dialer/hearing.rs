//! What the platform tells of the sessions that we placed: a summary closes the call whose session it is.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::timeout;

use super::Dialer;
use crate::call::event::{Direction, SessionSummary};
use crate::call::{PhoneNumber, SubAccountId};
use crate::outbound::attempt::Heard;
use crate::store::StoreError;
use crate::switchboard::claim;

impl Dialer {
    /// Hears of a session's end. Costs nothing for one that somebody called in.
    ///
    /// # Errors
    ///
    /// The store's: it is to be told again.
    pub async fn hear(&self, summary: &SessionSummary, now: Timestamp) -> Result<(), StoreError> {
        let first = summary.legs.first().map(|leg| &leg.leg);
        let echo = summary.client_request_id.as_deref();
        let placed = first.is_some_and(|leg| leg.direction == Some(Direction::Outbound));
        if !placed && echo.is_none() {
            return Ok(());
        }
        // What is not told is like no number of ours.
        let (nobody, nowhere) = (PhoneNumber::new(""), SubAccountId::new(""));
        let heard = Heard {
            session: &summary.session,
            client_request_id: echo,
            sub_account: summary.sub_account.as_ref().unwrap_or(&nowhere),
            source: first.and_then(|leg| leg.source.as_ref()).unwrap_or(&nobody),
            destination: first
                .and_then(|leg| leg.destination.as_ref())
                .unwrap_or(&nobody),
            at: now,
        };
        if claim(self.store.as_ref(), &heard, now).await?.is_some() {
            self.settled.send_replace(());
        }
        Ok(())
    }

    /// Ends: what waits is left to the next start, and what is on its way is waited for, at most so long.
    pub async fn drain(&self, patience: Duration) {
        self.stopping.send_replace(true);
        let mut settled = self.settled.subscribe();
        let idle = async { while !self.held().is_empty() && settled.changed().await.is_ok() {} };
        // Who is late is known as being dialled, and is looked after by the next start.
        _ = timeout(patience, idle).await;
    }
}
