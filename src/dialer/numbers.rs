//! Our own virtual numbers, as the platform lists them: they are never called, the countries that they are in are open, and
//! the list says how those of pools are.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::Dialer;
use crate::bookings::numbers::{Listed, NumberList, PoolNumbers};
use crate::call::PhoneNumber;
use crate::call::event::VirtualNumber;
use crate::platform::client::account::OwnNumber;

/// How often they are asked for, and how soon again when the platform did not tell.
const EVERY: Duration = Duration::from_secs(60 * 60);
const AGAIN: Duration = Duration::from_secs(60);

/// What the platform told of our numbers.
#[derive(Debug, Default)]
pub struct Told {
    /// Of the sub-accounts that were told of.
    pub lists: Vec<NumberList>,
    /// Why others were not, a sentence each.
    pub failed: Vec<String>,
}

impl Told {
    /// All numbers.
    pub fn numbers(&self) -> impl Iterator<Item = &PhoneNumber> {
        let listed = self.lists.iter().flat_map(|list| &list.numbers);
        listed.map(|listed| &listed.told.number)
    }
}

impl Dialer {
    /// Asks the platform for our numbers, now and then: until it is dropped.
    pub async fn learn_numbers(self: Arc<Self>, pools: Arc<PoolNumbers>) {
        now_and_then(|| {
            let (dialer, pools) = (self.clone(), pools.clone());
            async move { dialer.learn_once(&pools).await }
        })
        .await;
    }

    /// Asks once, and has the pools hear it. Whether all was told and kept.
    async fn learn_once(&self, pools: &PoolNumbers) -> bool {
        let told = self.ask_for_numbers().await;
        let kept = pools.hear_lists(&told.lists).await;
        if let Err(error) = &kept {
            tracing::warn!(%error, "how our numbers are could not be kept: asked again in a minute");
        }
        told.failed.is_empty() && kept.is_ok()
    }

    /// Asks once for the numbers of every sub-account that has a key: they are not called from now on.
    pub async fn ask_for_numbers(&self) -> Told {
        let mut all = Told::default();
        for (name, account) in self.accounts.able() {
            match account.client.numbers().await {
                Ok(list) => {
                    let numbers = list.iter().map(|it| PhoneNumber::new(it.number.as_str()));
                    let numbers: Vec<_> = numbers.collect();
                    account.learn(numbers.clone());
                    self.switchboard.learn(numbers);
                    all.lists.push(NumberList {
                        owner: account.id().clone(),
                        numbers: list.into_iter().map(listed).collect(),
                    });
                }
                Err(error) => {
                    tracing::warn!(subaccount = name, %error, "the platform does not list our numbers: asked again in a minute");
                    all.failed.push(format!("{name}: {error}"));
                }
            }
        }
        all
    }
}

/// A number as the platform lists it, in the words of its updates.
fn listed(own: OwnNumber) -> Listed {
    let told = VirtualNumber {
        number: PhoneNumber::new(own.number),
        status: own.status,
        country: own.country,
        reference: own.reference,
        updated_at: None,
    };
    let is_healthy = own.healthy;
    Listed { told, is_healthy }
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
