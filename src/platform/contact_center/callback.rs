//! Call backs: asked for by a page that answers by sending a browser elsewhere, and deleted by an id of ours.

use reqwest::{Method, Url};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use serde_json::Value;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::errors;
use super::{CenterError, ContactCenter, Token};
use crate::config;
use crate::contact_center::callback::{Callback, ErrorCode};
use crate::outbound::attempt::Doubt;
use crate::platform::client::exchange::Answer;

/// Where the service is asked to send the browser: nobody goes there, its query says what came of the request.
const BACK: &str = "https://callwright.invalid/back";

/// The parameter that says so.
const ERROR: &str = "ctl_error=";

/// The key in the address that results are given back to: who knows it knows nothing of the token that it is made of. `None`
/// without a token.
pub fn receiver_key(tenant: &config::ContactCenter) -> Option<String> {
    let token = tenant.action_token.as_ref()?.expose_secret();
    let mut mac =
        Hmac::<Sha256>::new_from_slice(token.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(b"contact center callback");
    let bytes: [u8; 32] = mac.finalize().into_bytes().into();
    Some(
        bytes
            .iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect(),
    )
}

/// The address that results are given back to, at a server that is reached at `base`. `None` without a token.
pub fn results_url(tenant: &config::ContactCenter, base: &Url) -> Option<String> {
    let key = receiver_key(tenant)?;
    let url = super::address(base, &["contact-center", "callback", &key]);
    Some(url.into())
}

/// Why a call back was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// The service said why.
    #[error("the Contact Center does not call back: {0}")]
    Code(ErrorCode),
    /// It was not asked, or did not answer well.
    #[error(transparent)]
    Center(#[from] CenterError),
}

/// What became of a call back that was to be deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deleted {
    /// The interaction.
    pub guid: String,
    /// Whether it is deleted; an agent has it otherwise.
    pub deleted: bool,
    /// The service's word for why not.
    pub reason: Option<String>,
}

impl ContactCenter {
    /// Has somebody called back.
    ///
    /// # Errors
    ///
    /// Why the service does not.
    pub async fn call_back(&self, callback: &Callback) -> Result<(), NotTaken> {
        let token = self.token(Token::Action)?.expose_secret();
        let parameters = callback.parameters();
        let mut form = vec![("tenant", self.tenant()), ("token", token)];
        form.extend(
            parameters
                .iter()
                .map(|(name, value)| (*name, value.as_str())),
        );
        form.push(("back", BACK));
        taken(self.post_form("webcallback.php", &form).await?)
    }

    /// Deletes the call backs that were asked for with this external id and that no agent has yet.
    ///
    /// # Errors
    ///
    /// Why the service does not; that there are none is [`CenterError::Refused`] with 404.
    pub async fn delete_callbacks(&self, external_id: &str) -> Result<Vec<Deleted>, CenterError> {
        let file = format!("{external_id}.json");
        let url = self.address(&[
            "api",
            "interactions",
            "webcallback",
            "externaltransaction",
            &file,
        ]);
        let answer = self
            .insist(|| self.request(Method::DELETE, url.clone(), Token::Action))
            .await?;
        let json = errors::json(answer, Token::Action.name())?;
        Ok(match &json["data"]["interactions"] {
            Value::Array(all) => all.iter().filter_map(deleted).collect(),
            one => deleted(one).into_iter().collect(),
        })
    }
}

/// What the page says: its own address to go on to, else its text.
fn taken(answer: Answer) -> Result<(), NotTaken> {
    let Answer {
        status,
        ref location,
        ..
    } = answer;
    let went_on = location.clone();
    let text = match (status, went_on) {
        (300..=399, Some(location)) => location,
        (300..=399, None) => return Err(CenterError::from(Doubt::Unreadable { status }).into()),
        _ => {
            let body = errors::body(answer, Token::Action.name())?;
            String::from_utf8_lossy(&body).into_owned()
        }
    };
    match code(&text) {
        Some(code) => Err(NotTaken::Code(code)),
        None => Ok(()),
    }
}

fn code(text: &str) -> Option<ErrorCode> {
    let (_, rest) = text.split_once(ERROR)?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok().map(ErrorCode)
}

fn deleted(told: &Value) -> Option<Deleted> {
    Some(Deleted {
        guid: told["interactionGuid"].as_str()?.to_owned(),
        deleted: told["deleteStatus"] == "ok",
        reason: told["reason"].as_str().map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_found_wherever_the_page_has_it() {
        for (text, found) in [
            ("http://www.acmejet.com/ctdresult.php?ctl_error=9", Some(9)),
            ("https://x.example/?a=1&ctl_error=13&b=2", Some(13)),
            ("<a href='x?ctl_error=3'>", Some(3)),
            ("https://x.example/back", None),
            ("ctl_error=", None),
        ] {
            assert_eq!(code(text), found.map(ErrorCode), "{text}");
        }
    }
}
