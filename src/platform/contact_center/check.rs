//! Whether the tenant's hosts and tokens work, asked by requests that change nothing.

use reqwest::{Method, Url};
use serde::Serialize;

use super::{CenterError, ContactCenter, Token};

/// An interaction that nobody has: who may ask is told that it is not there (404).
const NOBODYS: &str = "int-callwright-check";

/// What was looked at, and what it is worth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The key of `[contact_center]`.
    pub what: &'static str,
    /// Whether it works; `None` when it is not set.
    pub works: Option<bool>,
    /// What that means, or what to do.
    pub told: String,
}

impl ContactCenter {
    /// Looks at each host and each token.
    pub async fn check(&self) -> Vec<Finding> {
        let mut findings = vec![self.reached("host", &self.config.host).await];
        if self.config.streaming_host != self.config.host {
            findings.push(
                self.reached("streaming_host", &self.config.streaming_host)
                    .await,
            );
        }
        let data = self
            .queues()
            .await
            .map(|queues| format!("opens the real-time statistics: {} queues", queues.len()));
        findings.push(finding("data_token", data));
        findings.push(finding("action_token", self.may_act().await));
        findings
    }

    /// Any answer is one.
    async fn reached(&self, what: &'static str, host: &Url) -> Finding {
        let answer = self.insist(|| Ok(self.http.get(host.clone()))).await;
        finding(what, answer.map(|_| "answers".to_owned()))
    }

    async fn may_act(&self) -> Result<String, CenterError> {
        let url = self.address(&["api", "v1", "interaction", "data", "guid", NOBODYS]);
        let answer = self
            .insist(|| self.request(Method::GET, url.clone(), Token::Action))
            .await?;
        let opens = || Ok("opens interaction data".to_owned());
        match super::errors::body(answer, Token::Action.name()) {
            Ok(_) | Err(CenterError::Refused { status: 404, .. }) => opens(),
            Err(error) => Err(error),
        }
    }
}

fn finding(what: &'static str, answer: Result<String, CenterError>) -> Finding {
    let (works, told) = match answer {
        Ok(told) => (Some(true), told),
        Err(CenterError::NoToken(_)) => (None, "is not set".to_owned()),
        Err(error) => (Some(false), error.to_string()),
    };
    Finding { what, works, told }
}
