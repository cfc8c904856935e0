//! The store in memory holds no bookings: it says so, or fails and hangs as it is told to.

use async_trait::async_trait;
use jiff::Timestamp;

use super::FakeStore;
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
impl BookingStore for FakeStore {
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
        self.act().await.map(|()| None)
    }
    async fn bookings(&self, _: &BookingFilter) -> Result<BookingPage, StoreError> {
        self.act().await.map(|()| BookingPage::default())
    }
    async fn surroundings(&self, _: &Asked<'_>) -> Result<Surroundings, StoreError> {
        self.act().await.map(|()| Surroundings::default())
    }
    async fn keep_booking(
        &self,
        write: &BookingWrite,
        _: &[Event],
    ) -> Result<BookingKept, StoreError> {
        let stored = BookingKept::Stored(Box::new(write.booking.clone()));
        self.act().await.map(|()| stored)
    }
    async fn masked_call(&self, _: &MaskedCall) -> Result<Picture, StoreError> {
        self.act().await.map(|()| Picture::default())
    }
    async fn by_pin(&self, _: Vn, _: [u8; 16]) -> Result<Option<(Booking, SideName)>, StoreError> {
        self.act().await.map(|()| None)
    }
    async fn usage(&self, _: u64, _: Timestamp) -> Result<Usage, StoreError> {
        self.act().await.map(|()| Usage::default())
    }
    async fn due_bookings(&self, _: Timestamp) -> Result<Vec<Booking>, StoreError> {
        self.act().await.map(|()| Vec::new())
    }
    async fn sweep_legs(&self, _: &Lease, _: Timestamp) -> Result<u64, StoreError> {
        self.act().await.map(|()| 0)
    }
    async fn erase_booking(&self, _: &Lease, _: &Booking) -> Result<(), StoreError> {
        self.act().await
    }
    async fn bookings_on(&self, _: Vn, _: Timestamp) -> Result<Vec<OnNumber>, StoreError> {
        self.act().await.map(|()| Vec::new())
    }
    async fn by_numbers(&self, _: &[u64]) -> Result<Vec<Booking>, StoreError> {
        self.act().await.map(|()| Vec::new())
    }
    async fn loads(&self, _: Timestamp) -> Result<Vec<Load>, StoreError> {
        self.act().await.map(|()| Vec::new())
    }
    async fn degrees(&self, _: &PoolName, _: Timestamp) -> Result<Degrees, StoreError> {
        self.act().await.map(|()| Degrees::default())
    }
    async fn pool_numbers(&self) -> Result<Vec<PoolNumber>, StoreError> {
        self.act().await.map(|()| Vec::new())
    }
    async fn keep_pool_number(&self, number: &PoolNumber) -> Result<PoolNumber, StoreError> {
        let kept = PoolNumber {
            vn: Vn(1),
            ..number.clone()
        };
        self.act().await.map(|()| kept)
    }
    async fn block(&self, _: PartyKey, _: Block) -> Result<(), StoreError> {
        self.act().await
    }
}
