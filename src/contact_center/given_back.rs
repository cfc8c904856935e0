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
        let ours = [
            (CALLBACK_URL, url),
            (SESSION, session.as_str()),
            (INTERACTION, "$interaction_guid$"),
            (ANSWERED, "$call_answered_time$"),
            (ENDED, "$call_hangup_time$"),
        ];
        self.user_data = Pairs::new(ours.into_iter().chain(self.user_data.iter()));
        self
    }
}

/// Whether a name in user data is the service's or ours.
pub fn is_reserved(name: &str) -> bool {
    name.starts_with("ctl_") || name.starts_with("callwright_")
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

    /// Whether the person answered; `None` when that is not told.
    pub fn answered(&self) -> Option<bool> {
        self.second(ANSWERED).map(|second| second != 0)
    }

    /// When they did.
    pub fn answered_at(&self) -> Option<Timestamp> {
        self.time(ANSWERED)
    }

    /// When the call was over.
    pub fn ended_at(&self) -> Option<Timestamp> {
        self.time(ENDED)
    }

    fn time(&self, name: &str) -> Option<Timestamp> {
        let second = self.second(name).filter(|second| *second != 0)?;
        Timestamp::from_second(second).ok()
    }

    fn second(&self, name: &str) -> Option<i64> {
        self.told(name)?.parse().ok()
    }

    /// The user data of whoever asked: without where they are given back to, whose address has a key in it, and without ours.
    pub fn user_data(&self) -> impl Iterator<Item = (&str, &str)> {
        let ours = |name: &str| name == CALLBACK_URL || name.starts_with("callwright_");
        self.data.iter().filter(move |(name, _)| !ours(name))
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
            "[ctl_callbackUrl|https://x.example/key][callwright_session|s-1][callwright_interaction|int-1][callwright_answered|1763613000]\
             [callwright_ended|1763613060][order|4711]",
        );
        assert_eq!(over.user_data().collect::<Vec<_>>(), [("order", "4711")]);
        assert_eq!(
            (over.session(), over.interaction()),
            (Some("s-1"), Some("int-1"))
        );
        let at = |second| Timestamp::from_second(second).ok();
        assert_eq!(
            (over.answered_at(), over.ended_at()),
            (at(1_763_613_000), at(1_763_613_060))
        );
        assert_eq!(over.answered(), Some(true));
        let missed = result("[callwright_answered|0]");
        assert_eq!(
            (missed.answered(), missed.answered_at()),
            (Some(false), None)
        );
        for strange in [
            "[foreign_key|1]",
            "[callwright_answered|$call_answered_time$]",
            "[callwright_answered|]",
        ] {
            let strange = result(strange);
            assert_eq!((strange.answered(), strange.session()), (None, None));
        }
    }
}
