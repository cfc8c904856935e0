//! The parts of a store that no rehearsal asks for: nobody is told of its calls, and none is handed over.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::call::PhoneNumber;
use crate::contact_center::given_back::CallbackResult;
use crate::contact_center::handoff::Handoff;
use crate::contact_center::matching::SipCall;
use crate::store::erasing::{Erasing, Erasure};
use crate::store::outbox::{
    Delivery, EndpointState, EventFilter, EventRecord, Outbox, Pruned, Replayed, Settled, Wants,
};
use crate::store::rekeying::{KeyRecord, KeyRing, LOOKED_AT_EVERY};
use crate::store::{Handoffs, Lease, StoreError};

/// Keeps nothing, and has nothing.
#[derive(Debug)]
pub(super) struct Unasked;

/// Nobody is told of a rehearsal.
#[async_trait]
impl Outbox for Unasked {
    async fn spread_events(&self, _: &Lease, _: &[Wants], _: Timestamp) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn claim_deliveries(
        &self,
        _: &str,
        _: u32,
        _: Timestamp,
        _: Timestamp,
    ) -> Result<Vec<Delivery>, StoreError> {
        Ok(Vec::new())
    }

    async fn settle_delivery(&self, _: &Settled) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn events(&self, _: &EventFilter) -> Result<Vec<EventRecord>, StoreError> {
        Ok(Vec::new())
    }

    async fn replay_events(
        &self,
        _: &Wants,
        _: &EventFilter,
        _: Timestamp,
    ) -> Result<Replayed, StoreError> {
        Ok(Replayed::default())
    }

    async fn prune_events(&self, _: &Lease, _: Timestamp, _: u64) -> Result<Pruned, StoreError> {
        Ok(Pruned::default())
    }

    async fn declare_endpoints(&self, _: &[(String, [u8; 16])]) -> Result<(), StoreError> {
        Ok(())
    }

    async fn enable_endpoint(&self, _: &str) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn endpoints(&self) -> Result<Vec<EndpointState>, StoreError> {
        Ok(Vec::new())
    }
}

/// No call of a rehearsal is handed over.
#[async_trait]
impl Handoffs for Unasked {
    async fn keep_handoff(&self, _: &Handoff) -> Result<(), StoreError> {
        Ok(())
    }

    async fn handoffs(&self, _: Option<&str>, _: u32) -> Result<Vec<Handoff>, StoreError> {
        Ok(Vec::new())
    }

    async fn keep_sip_call(&self, _: &SipCall, _: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }

    async fn sip_calls(
        &self,
        _: &PhoneNumber,
        _: &PhoneNumber,
        _: Timestamp,
    ) -> Result<Vec<SipCall>, StoreError> {
        Ok(Vec::new())
    }

    async fn keep_callback_result(&self, _: &CallbackResult) -> Result<(), StoreError> {
        Ok(())
    }

    async fn callback_results(
        &self,
        _: Option<&str>,
        _: u32,
    ) -> Result<Vec<CallbackResult>, StoreError> {
        Ok(Vec::new())
    }
}

/// Nothing of a rehearsal is there to be erased.
#[async_trait]
impl Erasing for Unasked {
    async fn erase_old(&self, _: &Lease, _: Timestamp) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn ask_to_erase(&self, _: &str, _: &PhoneNumber, _: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }

    async fn go_on_erasing(&self, _: &Lease, _: Timestamp) -> Result<Option<Duration>, StoreError> {
        Ok(None)
    }

    async fn erasures(&self) -> Result<Vec<Erasure>, StoreError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl KeyRing for Unasked {
    async fn keys(&self) -> Result<Vec<KeyRecord>, StoreError> {
        Ok(Vec::new())
    }

    async fn add_key(&self, _: Timestamp) -> Result<Option<u8>, StoreError> {
        Ok(None)
    }

    async fn tend(&self, _: &str, _: Timestamp) -> Result<Duration, StoreError> {
        Ok(LOOKED_AT_EVERY)
    }
}
