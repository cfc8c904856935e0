//! Our own virtual numbers, as the platform lists them: they are never called, the countries that they are in are open, and
//! the list says how those of pools are.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::Dialer;
use crate::bookings::numbers::PoolNumbers;
use crate::call::event::VirtualNumber;
use crate::call::{PhoneNumber, SubAccountId};
use crate::platform::client::account::OwnNumber;

/// How often they are asked for, and how soon again when the platform did not tell.
const EVERY: Duration = Duration::from_secs(60 * 60);
const AGAIN: Duration = Duration::from_secs(60);

/// What the platform told of our numbers.
#[derive(Debug, Default)]
pub struct Told {
    /// The sub-accounts that were told of, each with its numbers and whether each was reached.
    pub lists: Vec<(SubAccountId, Vec<(VirtualNumber, Option<bool>)>)>,
    /// Why others were not, a sentence each.
    pub failed: Vec<String>,
}

impl Told {
    /// All numbers.
    pub fn numbers(&self) -> impl Iterator<Item = &PhoneNumber> {
        let lists = self.lists.iter().flat_map(|(_, list)| list);
        lists.map(|(told, _)| &told.number)
    }
}

impl Dialer {
    /// Asks the platform for our numbers, now and then: until it is dropped.
    pub async fn learn_numbers(self: Arc<Self>, pools: Arc<PoolNumbers>) {
        loop {
            let told = self.ask_for_numbers().await;
            let kept = pools.hear_lists(&told.lists).await;
            if let Err(error) = &kept {
                tracing::warn!(%error, "how our numbers are could not be kept: asked again in a minute");
            }
            let well = told.failed.is_empty() && kept.is_ok();
            sleep(if well { EVERY } else { AGAIN }).await;
        }
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
                    let list = list.into_iter().map(told).collect();
                    all.lists.push((account.id().clone(), list));
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

/// A number as the platform lists it, in the words of its updates, and whether it was reached.
fn told(own: OwnNumber) -> (VirtualNumber, Option<bool>) {
    let number = VirtualNumber {
        number: PhoneNumber::new(own.number),
        status: own.status,
        country: own.country,
        reference: own.reference,
        updated_at: None,
    };
    (number, own.healthy)
}
