//! The virtual numbers of pools: what the configuration, the API and the platform say of them. A number is in a pool or answers
//! a flow, never both.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::Notify;

use super::Bookings;
use crate::call::event::{NumberUpdate, VirtualNumber};
use crate::call::{PhoneNumber, SubAccountId};
use crate::clock::Clock;
use crate::config::{Config, Product};
use crate::flow::Library;
use crate::flow::model::FlowId;
use crate::masking::health::{hear, ripen, word};
use crate::masking::plan::Plan;
use crate::masking::rules::{PoolName, PoolRules};
use crate::masking::{Health, PoolNumber};
use crate::outbound::Country;
use crate::shelf::Shelf;
use crate::store::StoreError;
use crate::store::bookings::BookingStore;

/// The word for a list that is whole.
const SNAPSHOT: &str = "SNAPSHOT";

/// The numbers of a sub-account, as the platform lists them.
#[derive(Debug)]
pub struct NumberList {
    /// Whose they are.
    pub owner: SubAccountId,
    /// Its numbers.
    pub numbers: Vec<Listed>,
}

/// A number in a list.
#[derive(Debug)]
pub struct Listed {
    /// What an update would tell of it.
    pub told: VirtualNumber,
    /// Whether the platform reached it when it tried last.
    pub is_healthy: Option<bool>,
}

/// The virtual numbers of pools.
#[derive(Debug)]
pub struct PoolNumbers {
    bookings: Arc<Bookings>,
    store: Arc<dyn BookingStore>,
    shelf: Arc<Shelf>,
    clock: Clock,
    /// The pools of the configuration, each with its numbers as they are to be.
    configured: HashMap<PhoneNumber, Configured>,
    /// Notified when a number is no longer as it was.
    sickened: Notify,
    /// Whose each number is, as far as the configuration says.
    owners: HashMap<PhoneNumber, (SubAccountId, Product)>,
}

/// A number as the configuration has it.
#[derive(Debug, Clone)]
struct Configured {
    pool: PoolName,
    region: Option<String>,
    capture: bool,
    reserved: bool,
}

/// What a number is to be. What is left out stays as it was.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NumberRequest {
    /// The pool; `Some(None)` takes it out of its pool.
    pub pool: Option<Option<PoolName>>,
    /// Whether it takes key presses.
    pub capture: Option<bool>,
    /// Whether only a booking gets it that asks for it.
    pub reserved: Option<bool>,
    /// Whether it is taken out of use little by little.
    pub draining: Option<bool>,
    /// The digits that phones of its region begin with, without `+`.
    pub region: Option<String>,
}

/// Why a number is not changed.
#[derive(Debug, Clone)]
pub enum NumberRefused {
    /// A field is wrong.
    Wrong {
        /// Which.
        field: &'static str,
        /// What is wrong.
        what: String,
        /// What to write instead.
        remedy: String,
    },
    /// It answers this flow.
    Answers(FlowId),
    /// The configuration says what it is.
    Configured,
    /// It is in no pool.
    NotFound,
    /// The store is away or full.
    Store(StoreError),
}

impl From<StoreError> for NumberRefused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl PoolNumbers {
    /// Those of `config`, and those that `bookings` keeps.
    pub fn new(
        config: &Config,
        bookings: Arc<Bookings>,
        store: Arc<dyn BookingStore>,
        shelf: Arc<Shelf>,
        clock: Clock,
    ) -> Self {
        let configured = config.pools.iter().flat_map(|(name, pool)| {
            pool.numbers.iter().map(|number| {
                let as_configured = Configured {
                    pool: PoolName::new(name.as_str()),
                    region: pool.region.clone(),
                    capture: pool.capture,
                    reserved: pool.reserved.contains(number),
                };
                (number.clone(), as_configured)
            })
        });
        let owners = config.subaccounts.values().flat_map(|account| {
            let owner = (SubAccountId::new(account.id.as_str()), account.product);
            account
                .numbers
                .iter()
                .map(move |number| (number.clone(), owner.clone()))
        });
        Self {
            bookings,
            store,
            shelf,
            clock,
            configured: configured.collect(),
            sickened: Notify::new(),
            owners: owners.collect(),
        }
    }

    /// The bookings that get them.
    pub fn bookings(&self) -> &Arc<Bookings> {
        &self.bookings
    }

    /// Waits until a number is no longer as it was.
    pub async fn sickened(&self) {
        self.sickened.notified().await;
    }

    /// Whether the configuration says what `number` is.
    pub fn is_configured(&self, number: &PhoneNumber) -> bool {
        self.configured.contains_key(number)
    }

    /// Where the pools and these flows contradict each other, a sentence each; numbers masked. A number is in a pool or answers a
    /// flow, never both, and the flow that a pool hands callers to is there.
    pub fn contradictions(&self, library: &Library) -> Vec<String> {
        let numbers = self.bookings.numbers();
        let in_pools = numbers.into_iter().filter(|number| !number.removed);
        let both = in_pools.filter_map(|it| {
            let flow = &library.naming(&it.number)?.id;
            let (number, pool) = (&it.number, &it.pool);
            Some(format!(
                "{number} is in the pool `{pool}` and answers the flow `{flow}`: take it out of one of them"
            ))
        });
        let pools = self.bookings.pools().iter();
        let lacking = pools.filter_map(|(pool, rules)| {
            let flow = rules.unknown.flow.as_ref()?;
            let lacks = library.current(flow).is_none();
            lacks.then(|| {
                format!(
                    "the pool `{pool}` hands callers whom it cannot place to the flow `{flow}`, which is not there: \
                     keep the flow, or take it out of [masking.unknown] and restart"
                )
            })
        });
        both.chain(lacking).collect()
    }

    /// Keeps the numbers of the configuration as it has them.
    ///
    /// # Errors
    ///
    /// The store is away or full.
    pub async fn keep_configured(&self) -> Result<(), StoreError> {
        for (number, as_configured) in &self.configured {
            let Configured {
                pool,
                region,
                capture,
                reserved,
            } = as_configured.clone();
            let (before, known) = self.known_or_new(number, &pool);
            let now = PoolNumber {
                pool,
                region,
                capture,
                reserved,
                removed: false,
                ..before.clone()
            };
            if known.is_none() || now != before {
                self.bookings.keep_number(now).await?;
            }
        }
        Ok(())
    }

    /// Puts a number into a pool, or changes what it is there. Whether it is new.
    ///
    /// # Errors
    ///
    /// Why it is not.
    pub async fn put(
        &self,
        number: &PhoneNumber,
        asked: &NumberRequest,
    ) -> Result<(PoolNumber, bool), NumberRefused> {
        let known = self.known(number);
        if self.is_configured(number) && *asked != only_draining(asked) {
            return Err(NumberRefused::Configured);
        }
        let pool = match (&asked.pool, &known) {
            (Some(Some(pool)), _) => pool.clone(),
            (_, Some(known)) => known.pool.clone(),
            (Some(None), None) => return Err(NumberRefused::NotFound),
            (None, None) => {
                return Err(wrong(
                    "pool",
                    "is missing",
                    "name the pool that the number is in",
                ));
            }
        };
        self.judge(number, &pool, asked)?;
        let (before, known) = self.known_or_new(number, &pool);
        let after = PoolNumber {
            pool,
            capture: asked.capture.unwrap_or(before.capture),
            reserved: asked.reserved.unwrap_or(before.reserved),
            draining: asked.draining.unwrap_or(before.draining),
            region: asked.region.clone().or_else(|| before.region.clone()),
            removed: match asked.pool {
                Some(None) => true,
                Some(Some(_)) => false,
                None => before.removed,
            },
            ..before.clone()
        };
        let is_new = known.is_none();
        let kept = match is_new {
            true => self.bookings.keep_number(after).await?,
            false => self.keep_changed(before, self.dated(after)).await?,
        };
        Ok((kept, is_new))
    }

    fn judge(
        &self,
        number: &PhoneNumber,
        pool: &PoolName,
        asked: &NumberRequest,
    ) -> Result<(), NumberRefused> {
        if matches!(asked.pool, Some(Some(_))) {
            if let Some(flow) = self.shelf.library().naming(number) {
                return Err(NumberRefused::Answers(flow.id.clone()));
            }
            let pools = self.bookings.pools();
            if !pools.contains_key(pool) {
                let known: Vec<_> = pools.keys().map(PoolName::as_str).collect();
                let remedy = format!(
                    "use one of {}, or add [pools.NAME] to the configuration",
                    known.join(", ")
                );
                return Err(wrong("pool", "names no pool", &remedy));
            }
        }
        let takes_keys = self
            .owners
            .get(number)
            .is_none_or(|(_, product)| *product == Product::Ivr);
        match asked.capture {
            Some(true) if !takes_keys => Err(wrong(
                "capture",
                "cannot be: the number is of a sub-account with the product \"masking\", which takes no key presses",
                "leave it out, or use a number of a sub-account with the product \"ivr\"",
            )),
            _ => Ok(()),
        }
    }

    /// Takes a number out of use.
    ///
    /// # Errors
    ///
    /// It is in no pool, or the store is away or full.
    pub async fn drain(&self, number: &PhoneNumber) -> Result<PoolNumber, NumberRefused> {
        let known = self.known(number).ok_or(NumberRefused::NotFound)?;
        let drained = PoolNumber {
            draining: true,
            ..known.clone()
        };
        Ok(self.keep_changed(known, self.dated(drained)).await?)
    }

    /// The number, changed now if that makes it another for those who use it.
    fn dated(&self, after: PoolNumber) -> PoolNumber {
        let before = self.known(&after.number);
        let is_same = before.is_some_and(|before| before.standing() == after.standing());
        PoolNumber {
            changed_at: match is_same {
                true => after.changed_at,
                false => self.clock.now(),
            },
            ..after
        }
    }

    /// How many numbers a pool needs.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn plan(&self, pool: &PoolName) -> Result<Plan, StoreError> {
        let degrees = self.store.degrees(pool, self.clock.now()).await?;
        let numbers = self.bookings.numbers();
        let usable = numbers
            .iter()
            .filter(|it| it.pool == *pool && it.is_free_to_give())
            .count();
        let most = |of: &[u32]| of.first().copied().unwrap_or_default();
        Ok(Plan {
            usable: usable as u64,
            a: most(&degrees.a),
            b: most(&degrees.b),
        })
    }

    /// Takes in a virtual number update. One that is a whole list says of those that it does not name that they are gone.
    ///
    /// # Errors
    ///
    /// The store is away or full.
    pub async fn hear_update(&self, update: &NumberUpdate) -> Result<(), StoreError> {
        let now = self.clock.now();
        let own = update.numbers.iter().map(|told| told.number.clone());
        self.bookings.learn(own.collect());
        for told in &update.numbers {
            let at = told.updated_at.unwrap_or(now).min(now);
            self.hear_one(told, None, update.sub_account.as_ref(), at)
                .await?;
        }
        let is_whole = update.kind.eq_ignore_ascii_case(SNAPSHOT)
            && update.total == Some(update.numbers.len() as u64);
        match (&update.sub_account, is_whole) {
            (Some(owner), true) => self.miss(owner, &update.numbers, now).await,
            _ => Ok(()),
        }
    }

    /// Takes in the platform's lists of the numbers of sub-accounts.
    ///
    /// # Errors
    ///
    /// The store is away or full.
    pub async fn hear_lists(&self, lists: &[NumberList]) -> Result<(), StoreError> {
        let now = self.clock.now();
        for NumberList { owner, numbers } in lists {
            let own = numbers.iter().map(|listed| listed.told.number.clone());
            self.bookings.learn(own.collect());
            for Listed { told, is_healthy } in numbers {
                self.hear_one(told, *is_healthy, Some(owner), now).await?;
            }
        }
        Ok(())
    }

    /// Believes what has been said for long enough.
    ///
    /// # Errors
    ///
    /// The store is away or full.
    pub async fn ripen(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        for number in self.bookings.numbers() {
            let flap = self.rules(&number.pool).health.flap;
            if let Some(ripe) = ripen(&number, now, flap) {
                self.keep_changed(number, ripe).await?;
            }
        }
        Ok(())
    }

    async fn hear_one(
        &self,
        told: &VirtualNumber,
        is_healthy: Option<bool>,
        owner: Option<&SubAccountId>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(known) = self.known(&told.number) else {
            return Ok(());
        };
        let mut owned = known.clone();
        owned.sub_account = owner.cloned().or(owned.sub_account);
        let said = word(told.status.as_deref(), is_healthy);
        let flap = self.rules(&known.pool).health.flap;
        let after = said
            .and_then(|said| hear(&owned, said, at, flap))
            .unwrap_or(owned);
        self.keep_changed(known, after).await.map(drop)
    }

    /// What a whole list of a sub-account does not name is gone.
    async fn miss(
        &self,
        owner: &SubAccountId,
        listed: &[VirtualNumber],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let all = self.bookings.numbers();
        let own = all
            .into_iter()
            .filter(|number| number.sub_account.as_ref() == Some(owner));
        for number in own.filter(|own| listed.iter().all(|told| told.number != own.number)) {
            let flap = self.rules(&number.pool).health.flap;
            if let Some(gone) = hear(&number, Health::Inactive, now, flap) {
                self.keep_changed(number, gone).await?;
            }
        }
        Ok(())
    }

    /// Keeps what has become of a number, and tells of what matters to those who use it.
    async fn keep_changed(
        &self,
        before: PoolNumber,
        after: PoolNumber,
    ) -> Result<PoolNumber, StoreError> {
        if after == before {
            return Ok(after);
        }
        let is_other = after.standing() != before.standing();
        let kept = self.bookings.keep_number(after).await?;
        if is_other {
            self.tell(&kept);
            self.sickened.notify_one();
        }
        Ok(kept)
    }

    fn tell(&self, number: &PoolNumber) {
        let (shown, pool, health) = (&number.number, &number.pool, number.standing());
        tracing::warn!(number = %shown, %pool, ?health, "a virtual number is no longer as it was");
    }

    fn rules(&self, pool: &PoolName) -> PoolRules {
        self.bookings.pools().get(pool).cloned().unwrap_or_default()
    }

    fn known(&self, number: &PhoneNumber) -> Option<PoolNumber> {
        let all = self.bookings.numbers();
        all.into_iter().find(|known| known.number == *number)
    }

    /// A number as it is known, or as a new one of `pool` would be.
    fn known_or_new(
        &self,
        number: &PhoneNumber,
        pool: &PoolName,
    ) -> (PoolNumber, Option<PoolNumber>) {
        let known = self.known(number);
        let new = || PoolNumber {
            sub_account: self.owners.get(number).map(|(owner, _)| owner.clone()),
            ..PoolNumber::new(
                PhoneNumber::new(number.with_plus()),
                pool.clone(),
                Country::of(number),
                self.clock.now(),
            )
        };
        (known.clone().unwrap_or_else(new), known)
    }
}

/// What is left of a request when all but `draining` is taken out: that may be asked of a configured number too.
fn only_draining(asked: &NumberRequest) -> NumberRequest {
    NumberRequest {
        draining: asked.draining,
        ..NumberRequest::default()
    }
}

fn wrong(field: &'static str, what: &str, remedy: &str) -> NumberRefused {
    NumberRefused::Wrong {
        field,
        what: what.to_owned(),
        remedy: remedy.to_owned(),
    }
}
