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
        loop {
            let told = self.ask_for_numbers().await;
            sleep(if told { EVERY } else { AGAIN }).await;
        }
    }

    /// Asks once for the numbers of every sub-account that has a key. Whether all was told.
    async fn ask_for_numbers(&self) -> bool {
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
