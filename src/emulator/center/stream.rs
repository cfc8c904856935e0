//! Updates as they happen: three clients at once, each with a subscription of its own, whose messages are kept for two hours
//! while nobody listens.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use super::Center;

/// The most clients that listen at once.
const MOST_CLIENTS: usize = 3;

/// For how long messages are kept while nobody listens, in seconds.
const KEPT_S: i64 = 2 * 60 * 60;

/// For how long a client listens at most, in seconds.
const LISTENS_S: i64 = 60 * 60;

/// Why nobody may listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::emulator) enum Refused {
    /// Tenant and token are not ours.
    Token,
    /// Three listen already.
    Full,
}

/// The subscriptions of a tenant by their id.
#[derive(Debug, Default)]
pub(super) struct Subscriptions(BTreeMap<String, Subscription>);

#[derive(Debug)]
struct Subscription {
    /// Since when somebody listens (seconds).
    listening: Option<i64>,
    /// Until when nobody did.
    left_at: i64,
    waiting: VecDeque<Value>,
}

impl Center {
    /// Somebody listens under the subscription `id`, from `now` (seconds) on.
    ///
    /// # Errors
    ///
    /// Why they may not.
    pub(in crate::emulator) fn listen(
        &mut self,
        asked: &super::Asked,
        id: &str,
        now: i64,
    ) -> Result<(), Refused> {
        use secrecy::ExposeSecret as _;
        let token = self.data_token.expose_secret().to_owned();
        if !self.is_opened_by(asked, &token) {
            return Err(Refused::Token);
        }
        let subscriptions = &mut self.subscriptions.0;
        subscriptions.retain(|_, it| it.listening.is_some() || now - it.left_at <= KEPT_S);
        let others = subscriptions
            .iter()
            .filter(|(other, it)| *other != id && it.listening.is_some());
        if others.count() >= MOST_CLIENTS {
            return Err(Refused::Full);
        }
        let subscription = subscriptions.entry(id.to_owned()).or_insert(Subscription {
            listening: None,
            left_at: now,
            waiting: VecDeque::new(),
        });
        subscription.listening = Some(now);
        Ok(())
    }

    /// What waits for the subscription `id`; `None`: its hour is over.
    pub(in crate::emulator) fn updates(&mut self, id: &str, now: i64) -> Option<Vec<Value>> {
        let subscription = self.subscriptions.0.get_mut(id)?;
        if now - subscription.listening? >= LISTENS_S {
            return None;
        }
        Some(subscription.waiting.drain(..).collect())
    }

    /// Nobody listens under the subscription `id` any more.
    pub(in crate::emulator) fn leave(&mut self, id: &str, now: i64) {
        if let Some(subscription) = self.subscriptions.0.get_mut(id) {
            subscription.listening = None;
            subscription.left_at = now;
        }
    }

    /// Ends the hour of whoever listens under the subscription `id`.
    pub fn end_hour(&mut self, id: &str) {
        if let Some(subscription) = self.subscriptions.0.get_mut(id) {
            subscription.listening = None;
        }
    }

    /// How many listen.
    pub fn listeners(&self) -> usize {
        let listening = self
            .subscriptions
            .0
            .values()
            .filter(|it| it.listening.is_some());
        listening.count()
    }

    /// Something happens that subscriptions are told of.
    pub fn happens(&mut self, kind: &str, told: &Value) {
        for subscription in self.subscriptions.0.values_mut() {
            subscription.waiting.push_back(json!({ kind: told }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::center::Asked;

    fn asked() -> Asked {
        Asked {
            basic: Some(("klvm2".to_owned(), "data".to_owned())),
            ..Asked::default()
        }
    }

    #[test]
    fn three_listen_an_hour_each_and_two_hours_are_kept() {
        let mut center = Center::new("klvm2", "action", "data");
        assert_eq!(
            center.listen(&Asked::default(), "a", 0),
            Err(Refused::Token)
        );
        for id in ["a", "b", "c"] {
            assert_eq!(center.listen(&asked(), id, 0), Ok(()));
        }
        assert_eq!(center.listen(&asked(), "d", 0), Err(Refused::Full));
        assert_eq!(
            center.listen(&asked(), "a", 0),
            Ok(()),
            "it is its own place"
        );
        center.leave("a", 10);
        center.happens("AgentStatusChange", &json!({"agentId": "marcus"}));
        assert_eq!(center.listen(&asked(), "a", 10 + KEPT_S), Ok(()));
        let kept = center.updates("a", 10 + KEPT_S).expect("it listens");
        assert_eq!(kept, [json!({"AgentStatusChange": {"agentId": "marcus"}})]);
        assert_eq!(
            center.updates("a", 10 + KEPT_S + LISTENS_S),
            None,
            "its hour is over"
        );
        center.leave("b", 20);
        center.happens("AgentStatusChange", &json!({}));
        assert_eq!(center.listen(&asked(), "b", 21 + KEPT_S), Ok(()));
        assert_eq!(
            center.updates("b", 21 + KEPT_S),
            Some(Vec::new()),
            "it was forgotten"
        );
    }
}
