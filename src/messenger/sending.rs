//! One event, sent once: what is posted, and what the answer makes of it.

use jiff::Timestamp;
use reqwest::Method;
use reqwest::header::RETRY_AFTER;
use serde_json::json;
use tokio::time::timeout;

use super::{Endpoint, Messenger, PATIENCE};
use crate::events::attempt::{Outcome, next_try};
use crate::events::told::shown;
use crate::outward::Refused;
use crate::store::EventRecord;
use crate::store::outbox::{Delivery, Then};

/// Why an event did not arrive, in words that repeat nothing of the endpoint's.
enum Lost {
    Refused(Refused),
    NoWayOut,
    Late,
    Unreachable,
    Broken,
}

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(refused) => write!(f, "its url {refused}"),
            Self::NoWayOut => f.write_str("this machine has no certificates to know others by"),
            Self::Late => write!(f, "did not answer within {} s", PATIENCE.as_secs()),
            Self::Unreachable => f.write_str("cannot be reached"),
            Self::Broken => f.write_str("broke the connection off"),
        }
    }
}

impl Messenger {
    /// Posts an event, and says what becomes of it.
    pub(super) async fn send(&self, endpoint: &Endpoint, delivery: &Delivery) -> Then {
        let posted = self.post(endpoint, &delivery.event).await;
        let now = self.clock.now();
        let (outcome, why) = match posted {
            Ok((status, retry_after)) => (
                Outcome::of(status, retry_after.as_deref(), now),
                format!("answered {status}"),
            ),
            Err(lost) => (Outcome::Failed, lost.to_string()),
        };
        then(&delivery.event.id, delivery.tries + 1, outcome, why, now)
    }

    /// The status and the `Retry-After` of the answer.
    async fn post(
        &self,
        endpoint: &Endpoint,
        event: &EventRecord,
    ) -> Result<(u16, Option<String>), Lost> {
        let out = self.out.as_ref().ok_or(Lost::NoWayOut)?;
        let request = out.request(Method::POST, &endpoint.configured.url);
        let body = body(endpoint, event);
        let timestamp = self.clock.now().as_second();
        let signed = endpoint.secrets.iter();
        let signatures: Vec<_> = signed
            .map(|secret| secret.sign(&event.id, timestamp, &body))
            .collect();
        let request = request
            .map_err(Lost::Refused)?
            .header("content-type", "application/json")
            .header("webhook-id", &event.id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signatures.join(" "))
            .body(body);
        let answer = timeout(PATIENCE, request.send()).await;
        let answer = answer
            .map_err(|_| Lost::Late)?
            .map_err(|error| lost(&error))?;
        let retry_after = answer.headers().get(RETRY_AFTER);
        let retry_after = retry_after.and_then(|text| text.to_str().ok());
        Ok((answer.status().as_u16(), retry_after.map(str::to_owned)))
    }
}

/// What is posted. It is the same each time, but for numbers when the endpoint's configuration has changed.
fn body(endpoint: &Endpoint, event: &EventRecord) -> String {
    json!({
        "type": event.kind,
        "timestamp": format!("{:.3}", event.at),
        "number": event.number,
        "sequence": event.sequence,
        "data": shown(&event.data, endpoint.configured.numbers),
    })
    .to_string()
}

fn lost(error: &reqwest::Error) -> Lost {
    match Refused::in_error(error) {
        Some(refused) => Lost::Refused(refused),
        None if error.is_timeout() => Lost::Late,
        None if error.is_connect() => Lost::Unreachable,
        None => Lost::Broken,
    }
}

/// What becomes of an event of which `tries` tries were made.
fn then(id: &str, tries: u32, outcome: Outcome, why: String, now: Timestamp) -> Then {
    let next = next_try(id, tries, now);
    let (again_at, quiet_until, disables) = match outcome {
        Outcome::Delivered => return Then::Delivered,
        Outcome::Failed => (next, None, false),
        Outcome::Later(at) => (next.map(|next| next.max(at)), Some(at), false),
        Outcome::Gone => (next, None, true),
    };
    Then::NotDelivered {
        again_at,
        quiet_until,
        disables,
        why,
    }
}
