//! The numbers of all pools in memory, as of the last look, with what each carries. What it says may be some seconds old: only the
//! balance depends on the loads, and what is taken twice the store refuses.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::masking::allocate::Stock;
use crate::masking::{Booking, NumberBook, PoolName, PoolNumber, SideName, Vn};
use crate::store::bookings::Load;

/// See the module's text.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    pub(super) book: NumberBook,
    stocks: BTreeMap<PoolName, Stock>,
    empty: Stock,
    loads: HashMap<Vn, Carries>,
}

#[derive(Debug, Default)]
struct Carries {
    legs: AtomicU64,
    pins: AtomicU64,
}

impl Shelf {
    /// A shelf of these numbers, with what is known of their loads.
    pub(super) fn renewed(&self, numbers: Vec<PoolNumber>) -> Self {
        let mut by_pool: BTreeMap<PoolName, Vec<&PoolNumber>> = BTreeMap::new();
        for number in &numbers {
            by_pool.entry(number.pool.clone()).or_default().push(number);
        }
        let stocks = by_pool
            .into_iter()
            .map(|(pool, numbers)| (pool, Stock::of(numbers)))
            .collect();
        let carries = |vn: Vn| {
            let known = self.loads.get(&vn);
            let of = |count: fn(&Carries) -> &AtomicU64| {
                AtomicU64::new(known.map_or(0, |known| count(known).load(Ordering::Relaxed)))
            };
            Carries {
                legs: of(|it| &it.legs),
                pins: of(|it| &it.pins),
            }
        };
        Self {
            loads: numbers
                .iter()
                .map(|number| (number.vn, carries(number.vn)))
                .collect(),
            book: NumberBook::new(numbers),
            stocks,
            empty: Stock::default(),
        }
    }

    /// The numbers of a pool that may be given.
    pub(super) fn stock(&self, pool: &PoolName) -> &Stock {
        self.stocks.get(pool).unwrap_or(&self.empty)
    }

    /// How many live legs a number carries.
    pub(super) fn load(&self, vn: Vn) -> u64 {
        self.loads
            .get(&vn)
            .map_or(0, |it| it.legs.load(Ordering::Relaxed))
    }

    /// How many PINs live on a number.
    pub(super) fn pins(&self, vn: Vn) -> u64 {
        self.loads
            .get(&vn)
            .map_or(0, |it| it.pins.load(Ordering::Relaxed))
    }

    /// Takes what the store counted.
    pub(super) fn weighed(&self, loads: &[Load]) {
        let counted: HashMap<_, _> = loads.iter().map(|load| (load.vn, load)).collect();
        for (vn, carries) in &self.loads {
            let load = counted.get(vn);
            carries
                .legs
                .store(load.map_or(0, |it| it.legs), Ordering::Relaxed);
            carries
                .pins
                .store(load.map_or(0, |it| it.pins), Ordering::Relaxed);
        }
    }

    /// A booking takes its numbers.
    pub(super) fn takes(&self, booking: &Booking) {
        self.each(booking, |carries, legs, pins| {
            carries.legs.fetch_add(legs, Ordering::Relaxed);
            carries.pins.fetch_add(pins, Ordering::Relaxed);
        });
    }

    /// A booking gives them back.
    pub(super) fn gives_back(&self, booking: &Booking) {
        self.each(booking, |carries, legs, pins| {
            let less = |count: &AtomicU64, by: u64| {
                // It was counted by another server, or before the last weighing: never below nothing.
                _ = count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |it| {
                    Some(it.saturating_sub(by))
                });
            };
            less(&carries.legs, legs);
            less(&carries.pins, pins);
        });
    }

    fn each(&self, booking: &Booking, change: impl Fn(&Carries, u64, u64)) {
        for side in SideName::BOTH {
            let side = booking.side(side);
            let legs = match booking.terms.hotline {
                true => 0,
                false => side.phones.len() as u64,
            };
            for vn in side.numbers() {
                if let Some(carries) = self.loads.get(&vn) {
                    change(carries, legs, u64::from(side.pin.is_some()));
                }
            }
        }
    }
}
