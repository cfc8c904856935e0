//! What the switchboard itself remembers of a session, for the time that the store is away.

use std::sync::Arc;

use crate::call::EventId;
use crate::session::{Recall, Recalled, Session, Standing};

/// A session's last exchange.
#[derive(Debug)]
pub(super) struct Remembered {
    pub(super) event: EventId,
    pub(super) answers: u32,
    pub(super) reply: Arc<str>,
    pub(super) session: Session,
}

impl Remembered {
    /// What memory knows that bears on a voice call action.
    pub(super) fn recall(&self, asked: &Recall) -> Recalled {
        let reply = || self.reply.clone();
        Recalled {
            same_event: (self.event == asked.event).then(reply),
            same_step: (asked.answers == Some(self.answers)).then(reply),
            standing: Standing::Live(Box::new(self.session.clone())),
        }
    }
}
