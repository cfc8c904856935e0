//! Schedules of the tenant: whether one is open, what comes next, and all of them. The service takes one such request of a
//! customer at a time, so this client sends one at a time.

use jiff::Timestamp;
use reqwest::Url;
use serde::Serialize;
use serde_json::Value;

use super::{CenterError, ContactCenter};
use crate::contact_center::schedule::Status;
use crate::outbound::attempt::Doubt;

/// The moment that a schedule is asked about.
#[derive(Debug, Clone, Copy, Default)]
pub struct When {
    /// This moment, else now.
    pub at: Option<Timestamp>,
    /// So many seconds later.
    pub offset_s: Option<i64>,
}

/// What a schedule says now and next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NextStatus {
    /// Now.
    #[serde(serialize_with = "as_word")]
    pub now: Status,
    /// Next.
    #[serde(serialize_with = "as_word")]
    pub next: Status,
    /// From when on, as the service writes it.
    pub from: Option<String>,
}

fn as_word<S: serde::Serializer>(status: &Status, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(status)
}

impl ContactCenter {
    /// What the schedule `id` says.
    ///
    /// # Errors
    ///
    /// Why the service does not say: here and below.
    pub async fn schedule_status(&self, id: &str, when: When) -> Result<Status, CenterError> {
        let url =
            when.asked(self.address(&["api", "provisioning", "schedules", id, "status.json"]));
        let answer = self.one_at_a_time(url).await?;
        status_in(&answer, "status").ok_or(NOT_UNDERSTOOD)
    }

    /// What it says now and next.
    pub async fn schedule_next(
        &self,
        id: &str,
        at: Option<Timestamp>,
    ) -> Result<NextStatus, CenterError> {
        let when = When { at, offset_s: None };
        let url =
            when.asked(self.address(&["api", "provisioning", "schedules", id, "nextstatus.json"]));
        let answer = self.one_at_a_time(url).await?;
        let now = status_in(&answer, "status").or_else(|| status_in(&answer, "current-status"));
        let next = status_in(&answer, "next-status");
        let from = ["next-status-time", "next-time", "time"]
            .iter()
            .find_map(|key| within(&answer, key));
        Ok(NextStatus {
            now: now.ok_or(NOT_UNDERSTOOD)?,
            next: next.ok_or(NOT_UNDERSTOOD)?,
            from: from.map(|from| {
                from.as_str()
                    .map_or_else(|| from.to_string(), str::to_owned)
            }),
        })
    }

    /// All schedules, as the service tells them.
    pub async fn schedules(&self) -> Result<Value, CenterError> {
        self.one_at_a_time(self.address(&["api", "provisioning", "schedules.json"]))
            .await
    }

    /// One schedule by its id.
    pub async fn schedule(&self, id: &str) -> Result<Value, CenterError> {
        let file = format!("{id}.json");
        self.one_at_a_time(self.address(&["api", "provisioning", "schedules", &file]))
            .await
    }

    /// One schedule by its name.
    pub async fn schedule_by_name(&self, name: &str) -> Result<Value, CenterError> {
        let file = format!("{name}.json");
        self.one_at_a_time(self.address(&["api", "provisioning", "schedulesbyname", &file]))
            .await
    }

    async fn one_at_a_time(&self, url: Url) -> Result<Value, CenterError> {
        let _turn = self.one_at_a_time.lock().await;
        self.get(url).await
    }
}

impl When {
    fn asked(self, mut url: Url) -> Url {
        if let Some(at) = self.at {
            url.query_pairs_mut()
                .append_pair("utctime", &at.as_millisecond().to_string());
        }
        if let Some(seconds) = self.offset_s {
            url.query_pairs_mut()
                .append_pair("offset", &seconds.to_string());
        }
        url
    }
}

/// The service answered well, with something else than was asked for.
const NOT_UNDERSTOOD: CenterError = CenterError::Doubt(Doubt::Unreadable { status: 200 });

/// The status at `key`, however deep: `{"schedule-status": {"status": 0}}`; the code is a number, or one in quotes.
fn status_in(answer: &Value, key: &str) -> Option<Status> {
    let code = within(answer, key)?;
    let code = code
        .as_i64()
        .or_else(|| code.as_str()?.trim().parse().ok())?;
    Status::of_code(code)
}

/// The first value at `key` that is no object or list.
fn within<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    match value {
        Value::Object(members) => {
            let here = members
                .get(key)
                .filter(|found| !found.is_object() && !found.is_array());
            here.or_else(|| members.values().find_map(|member| within(member, key)))
        }
        Value::Array(items) => items.iter().find_map(|item| within(item, key)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_status_is_found_however_it_is_wrapped() {
        for answer in [
            json!({"schedule-status": {"status": -1}}),
            json!({"status": "-1"}),
            json!([{"a": {"status": -1, "status-label": "CLOSED"}}]),
        ] {
            assert_eq!(
                status_in(&answer, "status"),
                Some(Status::Closed),
                "{answer}"
            );
        }
        for answer in [
            json!({"status": 7}),
            json!({"status": "shut"}),
            json!({}),
            json!({"status": {"code": 0}}),
        ] {
            assert_eq!(status_in(&answer, "status"), None, "{answer}");
        }
    }
}
