//! Hands a call to a queue: the External IVR API, which answers to a script and not to a program. Any yes is a yes.

use secrecy::ExposeSecret as _;

use super::errors::{self, CenterError};
use super::{ContactCenter, Token};
use crate::contact_center::handoff::{FORWARD_TO_QUEUE, Outcome, Request};
use crate::contact_center::pairs::MOST_CHARACTERS;
use crate::platform::client::exchange::Answer;

impl ContactCenter {
    /// Hands a call over; says what came of it. Of data that are too long the tail is left out, and the log is told.
    pub async fn hand_off(&self, request: &Request) -> Outcome {
        let token = match self.token(Token::Action) {
            Ok(token) => token.expose_secret(),
            Err(error) => return refused(0, &error),
        };
        let data = request.data.within(MOST_CHARACTERS);
        if data.left_out > 0 {
            tracing::warn!(
                characters = data.left_out,
                "data of a handoff are too long: their tail is left out"
            );
        }
        let mut form = vec![
            ("tenant", self.tenant()),
            ("token", token),
            ("sip_id", request.sip_id.as_str()),
            ("action", FORWARD_TO_QUEUE),
            ("param", request.queue.as_str()),
        ];
        if !data.text.is_empty() {
            form.push(("extIvrData", &data.text));
        }
        match self.post_form("externalIvrAction.php", &form).await {
            Ok(answer) => outcome(answer),
            Err(CenterError::NeverLeft(why)) => Outcome::NeverLeft(why),
            Err(CenterError::Doubt(why)) => Outcome::Unknown(why),
            Err(error) => refused(0, &error),
        }
    }
}

fn outcome(answer: Answer) -> Outcome {
    let status = answer.status;
    match errors::body(answer, "action_token") {
        Ok(_) => Outcome::Taken,
        Err(CenterError::Doubt(why)) => Outcome::Unknown(why),
        Err(error) => refused(status, &error),
    }
}

fn refused(status: u16, error: &CenterError) -> Outcome {
    let words = match error {
        CenterError::Refused { words, advice, .. } => format!("{words}: {advice}"),
        other => other.to_string(),
    };
    Outcome::Refused { status, words }
}
