//! The world as flows meet it: somebody's systems over HTTP, and the Contact Center. What is met once is not met twice: a webhook that is sent again, or
//! that another overtook, finds what its need came to.

mod breaker;
mod center;
mod lookups;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use moka::sync::Cache;
use secrecy::SecretString;
use tokio::time::timeout;

use crate::config::Config;
use crate::flow::need::{LookupFailure, Met, Need};
use crate::handover::Handover;
use crate::outward::{NoWayOut, Outward};
use crate::switchboard::World;
use lookups::Lookups;

/// How long what a need came to is remembered.
const REMEMBERED_FOR: Duration = Duration::from_secs(120);

/// Of how many needs that is remembered.
const REMEMBERED: u64 = 20_000;

/// How long a connection may take to be made.
const CONNECT_WITHIN: Duration = Duration::from_millis(800);

/// The world outside this server.
#[derive(Debug)]
pub struct Outside {
    lookups: Arc<Lookups>,
    handover: Option<Arc<Handover>>,
    flights: Cache<String, Flight>,
}

/// A need that is being met, or was.
type Flight = Shared<BoxFuture<'static, Met>>;

impl Outside {
    /// The world, as far as the configuration opens it.
    ///
    /// # Errors
    ///
    /// This machine cannot encrypt.
    pub fn new(config: &Config, handover: Option<Arc<Handover>>) -> Result<Self, NoWayOut> {
        let out = Outward::new(&config.outward_allow, CONNECT_WITHIN)?;
        Ok(Self::through(out, config.secrets.clone(), handover))
    }

    fn through(
        out: Outward,
        secrets: Arc<BTreeMap<String, SecretString>>,
        handover: Option<Arc<Handover>>,
    ) -> Self {
        let flights = Cache::builder()
            .max_capacity(REMEMBERED)
            .time_to_live(REMEMBERED_FOR)
            .build();
        Self {
            lookups: Arc::new(Lookups::new(out, secrets)),
            handover,
            flights,
        }
    }

    /// What meets a need: on a task of its own, which goes on when whoever waited for it has gone.
    fn flight(&self, need: &Need) -> Flight {
        self.flights.get_with(need.key().to_owned(), || {
            let broken = match need {
                Need::Lookup(_) => Met::Lookup(Err(LookupFailure::Broken)),
                other => Met::too_late(other),
            };
            let task = match need {
                Need::Lookup(request) => {
                    let (lookups, request) = (self.lookups.clone(), request.clone());
                    tokio::spawn(async move { Met::Lookup(lookups.ask(&request).await) })
                }
                other => {
                    let (handover, need, late) =
                        (self.handover.clone(), other.clone(), broken.clone());
                    tokio::spawn(async move { center::meet(handover, need).await.unwrap_or(late) })
                }
            };
            task.map(move |met| met.unwrap_or(broken)).boxed().shared()
        })
    }
}

#[async_trait]
impl World for Outside {
    async fn meet(&self, need: &Need, within: Duration) -> Met {
        let met = timeout(within, self.flight(need)).await;
        let met = met.unwrap_or_else(|_| Met::too_late(need));
        if let Met::Lookup(Err(reason)) = &met {
            tracing::warn!(step = %need.step(), %reason, "a look-up brought no answer: its `failed` is taken");
        }
        met
    }

    fn begin(&self, need: Need) {
        drop(self.flight(&need));
    }
}

#[cfg(test)]
mod tests;
