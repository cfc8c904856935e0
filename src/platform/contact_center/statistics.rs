//! Real-time statistics: queues and agents, which the service refreshes every ten seconds.

use jiff::SignedDuration;
use serde_json::Value;

use super::{CenterError, ContactCenter};
use crate::contact_center::queue::Standing;
use crate::outbound::attempt::Doubt;

/// The service answered well, with something else than was asked for.
const NOT_UNDERSTOOD: CenterError = CenterError::Doubt(Doubt::Unreadable { status: 200 });

impl ContactCenter {
    /// How the queue `id` stands.
    ///
    /// # Errors
    ///
    /// Why the service does not say: here and below.
    pub async fn queue(&self, id: &str) -> Result<Standing, CenterError> {
        let answer = self.statistics(&["queue", &format!("{id}.json")]).await?;
        read(&answer["queue"])
            .or_else(|| read(&answer))
            .ok_or(NOT_UNDERSTOOD)
    }

    /// How all queues stand.
    pub async fn queues(&self) -> Result<Vec<Standing>, CenterError> {
        let answer = self.statistics(&["queues.json"]).await?;
        Ok(records(&answer, "queue")
            .iter()
            .filter_map(|queue| read(queue))
            .collect())
    }

    /// What is known of all agents, in the service's own words.
    pub async fn agents(&self) -> Result<Vec<Value>, CenterError> {
        let answer = self.statistics(&["agents.json"]).await?;
        Ok(records(&answer, "agent").into_iter().cloned().collect())
    }

    /// What is known of one agent, by the login.
    pub async fn agent(&self, id: &str) -> Result<Value, CenterError> {
        let answer = self.statistics(&["agent", &format!("{id}.json")]).await?;
        match answer.get("agent") {
            Some(agent) => Ok(agent.clone()),
            None => Ok(answer),
        }
    }

    async fn statistics(&self, path: &[&str]) -> Result<Value, CenterError> {
        let path: Vec<&str> = ["api", "rtstats", "stats"]
            .iter()
            .chain(path)
            .copied()
            .collect();
        self.get(self.address(&path)).await
    }
}

/// The records at `key`, at the root or one level below it; a single one may stand without its list.
fn records<'a>(answer: &'a Value, key: &str) -> Vec<&'a Value> {
    let below = || {
        answer
            .as_object()?
            .values()
            .find_map(|member| member.get(key))
    };
    match answer.get(key).or_else(below) {
        Some(Value::Array(items)) => items.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    }
}

/// A queue's record: figures are numbers, or written in quotes.
fn read(queue: &Value) -> Option<Standing> {
    let text = |key: &str| match &queue[key] {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let figure = |key: &str| {
        let figure = queue[key]
            .as_i64()
            .or_else(|| queue[key].as_str()?.trim().parse().ok())?;
        // The service writes -1 for what it does not know.
        Some(u32::try_from(figure).unwrap_or(0))
    };
    let sum = |keys: &[&str]| keys.iter().filter_map(|key| figure(key)).sum();
    Some(Standing {
        id: text("queue-id")?,
        name: text("queue-name").unwrap_or_default(),
        media: text("media-type").unwrap_or_default(),
        agents_free: figure("agent-count-waitTransact")?,
        agents_busy: sum(&["agent-count-busy", "agent-count-postProcess"]),
        agents_away: sum(&[
            "agent-count-onBreak",
            "agent-count-workOffline",
            "agent-count-loggedOut",
        ]),
        waiting: figure("queue-size")?,
        longest_wait: SignedDuration::from_secs(figure("longest-wait-time").unwrap_or(0).into()),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_queue_is_read_as_the_guide_shows_it() {
        let queue = json!({
            "agent-count-busy": 0, "agent-count-loggedOut": 1, "agent-count-onBreak": 0, "agent-count-postProcess": 0,
            "agent-count-waitTransact": 0, "agent-count-workOffline": 0, "longest-wait-time": 0, "media-type": "vmail",
            "queue-id": 116, "queue-name": "Tech Support", "queue-size": 0, "sla-activity": -1
        });
        let standing = Standing {
            id: "116".to_owned(),
            name: "Tech Support".to_owned(),
            media: "vmail".to_owned(),
            agents_away: 1,
            ..Standing::default()
        };
        assert_eq!(read(&queue), Some(standing.clone()));
        for wrapped in [
            json!({"queue": [queue]}),
            json!({"queues": {"queue": queue}}),
            json!({"queue": queue}),
        ] {
            let read: Vec<_> = records(&wrapped, "queue")
                .into_iter()
                .filter_map(read)
                .collect();
            assert_eq!(read, std::slice::from_ref(&standing));
        }
        assert_eq!(read(&json!({"queue-id": "116"})), None);
        let quoted = json!({"queue-id": "1", "agent-count-waitTransact": "2", "queue-size": "-1"});
        assert_eq!(
            read(&quoted).map(|it| (it.agents_free, it.waiting)),
            Some((2, 0))
        );
    }
}
