//! Our own virtual numbers, as the platform lists them: they are never called, and the countries that they are in are open.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::Dialer;
use crate::call::PhoneNumber;

/// How often they are asked for, and how soon again when the platform did not tell.
const EVERY: Duration = Duration::from_secs(60 * 60);
const AGAIN: Duration = Duration::from_secs(60);

impl Dialer {
    /// Asks the platform for our numbers, now and then: until it is dropped.
    pub async fn learn_numbers(self: Arc<Self>) {
        now_and_then(|| {
            let dialer = self.clone();
            async move { dialer.ask_for_numbers().await }
        })
        .await;
    }

    /// Asks once for the numbers of every sub-account that has a key. Whether all was told.
    pub async fn ask_for_numbers(&self) -> bool {
        let mut all_told = true;
        for (name, account) in self.accounts.able() {
            match account.client.numbers().await {
                Ok(numbers) => {
                    let numbers = numbers.into_iter().map(|it| PhoneNumber::new(it.number));
                    let numbers: Vec<_> = numbers.collect();
                    account.learn(numbers.clone());
                    self.switchboard.learn(numbers);
                }
                Err(error) => {
                    all_told = false;
                    tracing::warn!(subaccount = name, %error, "the platform does not list our numbers: asked again in a minute");
                }
            }
        }
        all_told
    }
}

/// Asks every hour, and a minute after what was not told.
async fn now_and_then<F: Future<Output = bool>>(mut ask: impl FnMut() -> F) {
    loop {
        let told = ask().await;
        sleep(if told { EVERY } else { AGAIN }).await;
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use tokio::time::{Instant, timeout};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_was_not_told_is_asked_for_a_minute_later_and_else_every_hour() {
        let began = Instant::now();
        let mut asked = Vec::new();
        let asking = now_and_then(|| {
            asked.push(began.elapsed().as_secs());
            ready(asked.len() > 2)
        });
        let three_hours = Duration::from_secs(3 * 60 * 60);
        assert!(timeout(three_hours, asking).await.is_err());
        assert_eq!(asked, [0, 60, 120, 3_720, 7_320]);
    }
}
