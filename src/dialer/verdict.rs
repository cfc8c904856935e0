//! What an operator has found out, at the platform or from whoever was called, about a call that is UNKNOWN.

use super::Dialer;
use crate::outbound::attempt::{Attempt, AttemptId, Verdict};
use crate::session::OutboundCall;
use crate::store::{StoreError, WhichAttempt};

/// Why a verdict changes nothing.
#[derive(Debug, thiserror::Error)]
pub enum NotSettled {
    /// No call has this id.
    #[error("there is no such call")]
    NoSuchCall,
    /// It is known what became of it, or not yet unknown.
    #[error("the call is {}", .0.attempt.state())]
    NotUnknown(Box<OutboundCall>),
    /// The store does not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Dialer {
    /// Closes a call that is UNKNOWN by what an operator knows of it.
    ///
    /// # Errors
    ///
    /// Why it is not closed.
    pub async fn settle_by(
        &self,
        id: &AttemptId,
        verdict: Verdict,
    ) -> Result<OutboundCall, NotSettled> {
        let which = WhichAttempt::Id(id.clone());
        loop {
            let found = self.store.attempt(&which).await?;
            let mut call = found.ok_or(NotSettled::NoSuchCall)?;
            let Attempt::Unknown(unknown) = call.attempt.clone() else {
                return Err(NotSettled::NotUnknown(Box::new(call)));
            };
            call.attempt = unknown.settled(verdict.clone(), self.clock.now());
            if let Some(call) = self.keep(call).await? {
                return Ok(call);
            }
        }
    }
}
