//! No call of a rehearsal is masked: there are no bookings, and no numbers of pools.

use async_trait::async_trait;
use jiff::Timestamp;

use super::unasked::Unasked;
use crate::call::PhoneNumber;
use crate::events::Event;
use crate::masking::booking::{Booking, BookingId, SideName, Usage};
use crate::masking::rules::PoolName;
use crate::masking::{BookingWrite, PartyKey, Picture, PoolNumber, Vn};
use crate::store::bookings::{
    Asked, Block, BookingFilter, BookingKept, BookingPage, BookingStore, Degrees, Load, MaskedCall,
    OnNumber, Surroundings,
};
use crate::store::{Lease, StoreError};

#[async_trait]
impl BookingStore for Unasked {
    fn party(&self, number: &PhoneNumber) -> PartyKey {
        let mut key = [0; 16];
        for (place, digit) in key.iter_mut().zip(number.digits().bytes()) {
            *place = digit;
        }
        PartyKey(key)
    }

    fn pin_key(&self, _: Vn, _: &str) -> [u8; 16] {
        [0; 16]
    }

    async fn booking(&self, _: &BookingId) -> Result<Option<Booking>, StoreError> {
        Ok(None)
    }

    async fn bookings(&self, _: &BookingFilter) -> Result<BookingPage, StoreError> {
        Ok(BookingPage::default())
    }

    async fn surroundings(&self, _: &Asked<'_>) -> Result<Surroundings, StoreError> {
        Ok(Surroundings::default())
    }

    async fn keep_booking(
        &self,
        write: &BookingWrite,
        _: &[Event],
    ) -> Result<BookingKept, StoreError> {
        let stored = BookingKept::Stored(Box::new(write.booking.clone()));
        Ok(stored)
    }

    async fn masked_call(&self, _: &MaskedCall) -> Result<Picture, StoreError> {
        Ok(Picture::default())
    }

    async fn by_pin(&self, _: Vn, _: [u8; 16]) -> Result<Option<(Booking, SideName)>, StoreError> {
        Ok(None)
    }

    async fn usage(&self, _: u64, _: Timestamp) -> Result<Usage, StoreError> {
        Ok(Usage::default())
    }

    async fn due_bookings(&self, _: Timestamp) -> Result<Vec<Booking>, StoreError> {
        Ok(Vec::new())
    }

    async fn sweep_legs(&self, _: &Lease, _: Timestamp) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn erase_booking(&self, _: &Lease, _: &Booking) -> Result<(), StoreError> {
        Ok(())
    }

    async fn bookings_on(&self, _: Vn, _: Timestamp) -> Result<Vec<OnNumber>, StoreError> {
        Ok(Vec::new())
    }

    async fn by_numbers(&self, _: &[u64]) -> Result<Vec<Booking>, StoreError> {
        Ok(Vec::new())
    }

    async fn loads(&self, _: Timestamp) -> Result<Vec<Load>, StoreError> {
        Ok(Vec::new())
    }

    async fn degrees(&self, _: &PoolName, _: Timestamp) -> Result<Degrees, StoreError> {
        Ok(Degrees::default())
    }

    async fn pool_numbers(&self) -> Result<Vec<PoolNumber>, StoreError> {
        Ok(Vec::new())
    }

    async fn keep_pool_number(&self, number: &PoolNumber) -> Result<PoolNumber, StoreError> {
        let kept = PoolNumber {
            vn: Vn(1),
            ..number.clone()
        };
        Ok(kept)
    }

    async fn block(&self, _: PartyKey, _: Block) -> Result<(), StoreError> {
        Ok(())
    }
}
