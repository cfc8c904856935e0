//! What holds in the small world all the time: the pool's rules, how numbers can be, and the program that is asked.

use std::cell::RefCell;
use std::collections::HashMap;

use callwright::call::PhoneNumber;
use callwright::masking::allocate::Stock;
use callwright::masking::route::{self, Call, Picture};
use callwright::masking::{
    Decision, Health, NumberBook, PairKey, PartyKey, PoolName, PoolNumber, PoolRules, Vn,
};
use callwright::outbound::{Country, Destinations};
use jiff::SignedDuration;

use super::choosing::Choice;
use crate::masking::{number, person};

pub(super) const PEOPLE: usize = 3;

/// The moments of a time line are this long, and all that lasts lasts some of them.
pub(super) const MOMENT: SignedDuration = SignedDuration::from_hours(1);

/// How long a booking lasts, in moments. A number rests for less long, so that one booking lives while another's number rests and is
/// given anew; and where there is no other, it is given at once.
pub(super) const LASTS: i8 = 2;

/// How large a world is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) numbers: usize,
    /// How many bookings there may be at a time whose numbers are not free again. How many there are one after another has no end.
    pub(super) bookings: usize,
    /// How many things may wait at a time to be seen to: numbers that are gone and that sides hold beside others, and bookings
    /// that are over and of which the sweeper does not know yet.
    pub(super) unsettled: usize,
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            numbers, bookings, ..
        } = self;
        write!(f, "{numbers} numbers and {bookings} bookings at a time")
    }
}

/// The program that is asked: the real one, or one with a fault.
#[derive(Clone, Copy)]
pub(super) struct Program {
    pub(super) route: fn(&Call<'_>, &Picture, route::Around<'_>) -> Decision,
    /// Whether what is held already is looked at when numbers are chosen and taken.
    pub(super) minds_what_is_held: bool,
}

pub(super) const REAL: Program = Program {
    route: route::route,
    minds_what_is_held: true,
};

/// How the numbers are at some moment: a bit each for those that are well.
pub(super) type Well = usize;

/// Some of the ways that numbers can be, a bit for each [`Well`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Wells(pub(super) u8);

impl Wells {
    pub(super) const ANY: Self = Self(0xff);

    pub(super) fn only(well: Well) -> Self {
        Self(1 << well)
    }

    pub(super) fn has(self, well: Well) -> bool {
        self.0 & (1 << well) != 0
    }

    /// Those in which a number is gone.
    pub(super) fn without(self, number: usize) -> Self {
        let gone = (0..8).filter(|well| well & (1 << number) == 0);
        Self(
            gone.filter(|well| self.has(*well))
                .fold(0, |all, well| all | 1 << well),
        )
    }
}

/// How numbers are found by whoever chooses: those that are well, and the order in which all are looked at.
pub(super) struct View {
    pub(super) well: Well,
    pub(super) order: Vec<usize>,
    pub(super) stock: Stock,
}

/// The numbers of the pool, as they are when some are gone.
pub(super) struct Numbers {
    pub(super) all: Vec<PoolNumber>,
    pub(super) book: NumberBook,
}

pub(super) struct Law {
    pub(super) rules: PoolRules,
    pub(super) destinations: Destinations,
    pub(super) numbers: Vec<Numbers>,
    pub(super) views: Vec<View>,
    pub(super) size: Size,
    pub(super) program: Program,
    pub(super) people: Vec<PhoneNumber>,
    /// The pair that each person is not of.
    pub(super) pairs: [PairKey; PEOPLE],
    /// The renamings of people, and of numbers.
    pub(super) renamings: [Vec<Vec<usize>>; 2],
    /// What was chosen before, by all that it was chosen from.
    pub(super) chosen: RefCell<HashMap<u128, Vec<Choice>>>,
}

impl Law {
    pub(super) fn new(size: Size, program: Program) -> Self {
        let mut rules = PoolRules {
            cooldown: MOMENT,
            cooldown_min: SignedDuration::ZERO,
            expires_after: MOMENT * LASTS.into(),
            ..PoolRules::default()
        };
        rules.grace.completed = MOMENT;
        rules.grace.b_to_a = false;
        let singapore = Country::parse("SG").expect("a country");
        let numbers: Vec<_> = (0..1 << size.numbers)
            .map(|well| numbers(well, size.numbers))
            .collect();
        let orders = orders(size.numbers);
        let view = |well: Well, order: &Vec<usize>| View {
            well,
            order: order.clone(),
            stock: Stock::of(order.iter().map(|n| &numbers[well].all[*n])),
        };
        let wells = 0..numbers.len();
        let views = wells.flat_map(|well| orders.iter().map(move |order| (well, order)));
        Self {
            rules,
            destinations: Destinations::new([], [singapore]),
            views: views.map(|(well, order)| view(well, order)).collect(),
            numbers,
            size,
            program,
            people: (0..PEOPLE).map(|n| PhoneNumber::new(person(n))).collect(),
            pairs: [pair(1, 2), pair(0, 2), pair(0, 1)],
            renamings: [self::orders(PEOPLE), orders],
            chosen: RefCell::default(),
        }
    }

    /// All numbers, all of them well.
    pub(super) fn all_well(&self) -> &Numbers {
        self.numbers.last().expect("there are numbers")
    }

    /// All numbers, none of them well.
    pub(super) fn none_well(&self) -> &Numbers {
        self.numbers.first().expect("there are numbers")
    }

    /// The pairs that a person is of.
    pub(super) fn pairs_of(&self, person: usize) -> impl Iterator<Item = PairKey> {
        let pairs = self.pairs.iter().enumerate();
        pairs
            .filter(move |(out, _)| *out != person)
            .map(|(_, pair)| *pair)
    }

    /// Who of the three is not of a pair.
    pub(super) fn odd_one_out(&self, pair: PairKey) -> usize {
        let mut pairs = self.pairs.iter();
        pairs
            .position(|it| *it == pair)
            .expect("a pair of the three")
    }
}

pub(super) fn key(n: usize) -> PartyKey {
    PartyKey([u8::try_from(n).expect("few") + 1; 16])
}

pub(super) fn pair(a: usize, b: usize) -> PairKey {
    PairKey::of(&PoolName::default(), key(a), key(b))
}

pub(super) fn vn(n: usize) -> Vn {
    Vn(u32::try_from(n).expect("few") + 1)
}

/// Which number it is, from 0.
pub(super) fn nth(vn: Vn) -> usize {
    usize::try_from(vn.0).expect("few") - 1
}

/// Which person it is, from 0.
pub(super) fn who(party: PartyKey) -> usize {
    usize::from(party.0[0]) - 1
}

fn numbers(well: Well, count: usize) -> Numbers {
    let all: Vec<_> = (0..count)
        .map(|n| PoolNumber {
            vn: vn(n),
            health: match well & (1 << n) {
                0 => Health::Inactive,
                _ => Health::Active,
            },
            ..number(n)
        })
        .collect();
    Numbers {
        book: NumberBook::new(all.clone()),
        all,
    }
}

/// All orders of so many things.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let mut orders = vec![Vec::new()];
    for n in 0..count {
        let longer = orders.iter().flat_map(|order| {
            (0..=n).map(move |at| {
                let mut order = order.clone();
                order.insert(at, n);
                order
            })
        });
        orders = longer.collect();
    }
    orders
}
