//! Recording control: an agent's recording falls silent while something secret is said, and goes on.

use reqwest::Method;
use serde_json::Value;

use super::errors;
use super::{CenterError, ContactCenter, Token};
use crate::contact_center::recording::{Agent, Control};

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Controlled {
    /// It does so.
    Done,
    /// The agent is in no call, or the recording does so already.
    NothingToChange,
    /// The agent is not recorded.
    NotEnabled,
}

impl ContactCenter {
    /// Pauses or resumes the recording of the call that an agent is in.
    ///
    /// # Errors
    ///
    /// Why the service does not.
    pub async fn control_recording(
        &self,
        agent: &Agent,
        control: Control,
    ) -> Result<Controlled, CenterError> {
        let word = match control {
            Control::Pause => "pause",
            Control::Resume => "resume",
        };
        let (kind, id) = match agent {
            Agent::Id(id) => ("agentId", id.as_str()),
            Agent::Email(address) => ("email", address.as_str()),
        };
        let url = self.address(&["api", "tstats", "rccontrol", word, self.tenant(), kind, id]);
        let answer = self
            .insist(|| self.request(Method::PUT, url.clone(), Token::Action))
            .await?;
        let body = errors::body(answer, Token::Action.name())?;
        Ok(controlled(&body))
    }
}

/// What a yes says: the guide has three of them, by a word.
fn controlled(body: &[u8]) -> Controlled {
    let text = String::from_utf8_lossy(body).to_lowercase();
    let json: Value = serde_json::from_str(&text).unwrap_or_default();
    let said = json["status"].as_str().unwrap_or(&text);
    match () {
        () if said.contains("nothing to be modified") => Controlled::NothingToChange,
        () if said.contains("not enabled") => Controlled::NotEnabled,
        () => Controlled::Done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_yes_is_told_by_its_word() {
        for (body, expected) in [
            (r#"{"status": "success"}"#, Controlled::Done),
            ("", Controlled::Done),
            (
                r#"{"status": "nothing to be modified"}"#,
                Controlled::NothingToChange,
            ),
            ("<status>Not enabled</status>", Controlled::NotEnabled),
        ] {
            assert_eq!(controlled(body.as_bytes()), expected, "{body}");
        }
    }
}
