//! Delivers webhooks as the platform does: POST, JSON, the `httpAuthHeader` as `Authorization`.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::redirect::Policy;
use secrecy::ExposeSecret as _;

use super::account::Registration;
use super::call::Answer;
use super::exchange::Accounts;
use super::webhook::Kind;

/// How long the answer to a webhook is waited for.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// A courier of one sub-account.
#[derive(Debug, Clone)]
pub(super) struct Courier {
    pub(super) client: reqwest::Client,
    pub(super) accounts: Arc<Mutex<Accounts>>,
    pub(super) account: String,
}

impl Courier {
    /// Delivers one webhook to where its kind is registered at this moment.
    pub(super) async fn deliver(&self, kind: Kind, body: &str) -> Answer {
        let Some(registration) = self.registration(kind) else {
            return Answer::NotRegistered;
        };
        let mut request = self
            .client
            .post(&registration.url)
            .header(CONTENT_TYPE, "application/json");
        if let Some(secret) = &registration.http_auth_header {
            request = request.header(AUTHORIZATION, secret.expose_secret());
        }
        let answer = async {
            let answer = request.body(body.to_owned()).send().await?;
            let status = answer.status().as_u16();
            let body = answer.text().await?;
            Ok::<_, reqwest::Error>(Answer::Said { status, body })
        };
        answer.await.unwrap_or(Answer::Nobody)
    }

    fn registration(&self, kind: Kind) -> Option<Registration> {
        let accounts = self.accounts.lock().expect("nothing panics that holds it");
        let registration = accounts.get(&self.account)?.webhooks.get(&kind)?;
        registration.enabled.then(|| registration.clone())
    }
}

/// A client that goes where it is sent and nowhere else.
pub(super) fn client() -> reqwest::Client {
    // Installed once for the process; every later call finds it there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .timeout(ANSWER_WITHIN)
        .build()
        .expect("a client of constants can be built")
}
