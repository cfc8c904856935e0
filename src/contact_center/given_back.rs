//! What the service gives back (`ctl_callbackUrl`) when a call back or a click-to-dial call is over, and how a call back of a
//! flow asks for it.

use jiff::Timestamp;

use super::callback::{CALLBACK_URL, Callback};
use super::pairs::Pairs;
use crate::call::SessionId;

/// The session whose flow asked for the call back.
const SESSION: &str = "callwright_session";

/// The interaction that it became.
const INTERACTION: &str = "callwright_interaction";

/// When the person answered, in seconds since 1970; 0 when nobody did.
const ANSWERED: &str = "callwright_answered";

/// When it was over, likewise.
const ENDED: &str = "callwright_ended";

impl Callback {
    /// Has what comes of it given back to `url`, for whom `session` asked for it.
    pub fn given_back_to(mut self, url: &str, session: &SessionId) -> Self {
        self.user_data = Pairs::new([
            (CALLBACK_URL, url),
            (SESSION, session.as_str()),
            (INTERACTION, "$interaction_guid$"),
            (ANSWERED, "$call_answered_time$"),
            (ENDED, "$call_hangup_time$"),
        ]);
        self
    }
}

/// What the service gave back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackResult {
    /// Ours.
    pub id: String,
    /// When it came.
    pub received_at: Timestamp,
    /// `SUCCESS`, `FAIL`, `IGNORE`; empty for a web callback.
    pub code: String,
    /// The service's words for a failure.
    pub error: Option<String>,
    /// The user data, tokens filled in.
    pub data: Pairs,
}

impl CallbackResult {
    /// The session whose flow asked for it; `None` for what a command or a link asked for.
    pub fn session(&self) -> Option<&str> {
        self.told(SESSION)
    }

    /// The interaction that it became.
    pub fn interaction(&self) -> Option<&str> {
        self.told(INTERACTION)
    }

    /// When the person answered: `Some(None)` when nobody did, `None` when that is not told.
    #[expect(clippy::option_option, reason = "nobody and not told are two things")]
    pub fn answered_at(&self) -> Option<Option<Timestamp>> {
        self.time(ANSWERED)
    }

    /// When it was over; as [`answered_at`](Self::answered_at).
    #[expect(clippy::option_option, reason = "never and not told are two things")]
    pub fn ended_at(&self) -> Option<Option<Timestamp>> {
        self.time(ENDED)
    }

    #[expect(clippy::option_option, reason = "never and not told are two things")]
    fn time(&self, name: &str) -> Option<Option<Timestamp>> {
        let second = self.told(name)?.parse().ok()?;
        match second {
            0 => Some(None),
            second => Timestamp::from_second(second).ok().map(Some),
        }
    }

    fn told(&self, name: &str) -> Option<&str> {
        let found = self.data.iter().find(|(known, _)| *known == name);
        found
            .map(|(_, value)| value)
            .filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(data: &str) -> CallbackResult {
        CallbackResult {
            id: "r1".to_owned(),
            received_at: Timestamp::UNIX_EPOCH,
            code: String::new(),
            error: None,
            data: Pairs::parse(data).expect("pairs"),
        }
    }

    #[test]
    fn what_came_of_a_call_back_is_read_from_what_was_asked_for() {
        let over = result(
            "[callwright_session|s-1][callwright_interaction|int-1][callwright_answered|1763613000][callwright_ended|1763613060]",
        );
        assert_eq!(
            (over.session(), over.interaction()),
            (Some("s-1"), Some("int-1"))
        );
        let at = |second| Some(Timestamp::from_second(second).ok());
        assert_eq!(
            (over.answered_at(), over.ended_at()),
            (at(1_763_613_000), at(1_763_613_060))
        );
        assert_eq!(result("[callwright_answered|0]").answered_at(), Some(None));
        for strange in [
            "[foreign_key|1]",
            "[callwright_answered|$call_answered_time$]",
            "[callwright_answered|]",
        ] {
            let strange = result(strange);
            assert_eq!((strange.answered_at(), strange.session()), (None, None));
        }
    }
}
