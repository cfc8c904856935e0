//! Which number a booking gets. A ladder: each rung is tried only when the one above finds nothing, and within a rung the lighter of
//! two numbers drawn by chance wins, which spreads the load without anybody queueing for the lightest of all.
//!
//! Nothing here is kept: the store refuses what somebody else took meanwhile, and then it is chosen anew.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;

use super::booking::{SideName, later};
use super::leg::{Leg, Standing};
use super::number::{PoolNumber, Vn};
use super::party::{PairKey, PartyKey};
use super::rules::{CountryRule, Numbers, PoolRules, Sticky};
use crate::call::PhoneNumber;
use crate::outbound::Country;

/// How often two numbers are drawn before all are looked at.
const DRAWS: usize = 32;

/// The numbers of a pool that may be given, by where they are.
#[derive(Debug, Clone, Default)]
pub struct Stock {
    countries: BTreeMap<Option<Country>, Vec<Vn>>,
    /// The digits that the numbers of a region begin with → its numbers.
    regions: BTreeMap<String, Vec<Vn>>,
    all: Vec<Vn>,
    /// Numbers that take digits: they can serve any number of bookings by PIN.
    hotlines: Vec<Vn>,
    /// Numbers that bookings may ask for by name.
    by_name: HashSet<Vn>,
}

impl Stock {
    /// What may be given of these numbers, all of one pool.
    pub fn of<'a>(numbers: impl IntoIterator<Item = &'a PoolNumber>) -> Self {
        let mut stock = Self::default();
        for number in numbers {
            if number.reserved && number.standing() == super::Health::Active {
                stock.by_name.insert(number.vn);
            }
            if !number.is_free_to_give() {
                continue;
            }
            stock.by_name.insert(number.vn);
            stock.all.push(number.vn);
            stock
                .countries
                .entry(number.country)
                .or_default()
                .push(number.vn);
            if let Some(region) = &number.region {
                stock
                    .regions
                    .entry(region.clone())
                    .or_default()
                    .push(number.vn);
            }
            if number.capture {
                stock.hotlines.push(number.vn);
            }
        }
        stock
    }

    /// How many numbers may be given.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// The country that all numbers are in, if they are.
    pub fn only_country(&self) -> Option<Country> {
        match self.countries.len() {
            1 => self.countries.keys().next().copied().flatten(),
            _ => None,
        }
    }

    /// A number from which somebody with this one may best be called: in the same country if there is one.
    pub fn one_for(&self, number: &PhoneNumber) -> Option<Vn> {
        let same = Country::of(number).and_then(|country| self.countries.get(&Some(country)));
        same.unwrap_or(&self.all).first().copied()
    }

    /// Whether none may be.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

/// One side that needs a number.
#[derive(Debug, Clone, PartialEq)]
pub struct Want {
    /// Its phones' parties.
    pub parties: Vec<PartyKey>,
    /// Where its primary phone is.
    pub country: Option<Country>,
    /// The primary phone's digits, for the region.
    pub digits: String,
    /// The number that it asks for.
    pub named: Option<Vn>,
}

/// A booking that needs numbers.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// The pool's rules.
    pub rules: &'a PoolRules,
    /// The pool's numbers.
    pub stock: &'a Stock,
    /// One side.
    pub a: &'a Want,
    /// The other.
    pub b: &'a Want,
    /// The two.
    pub pair: PairKey,
    /// All legs of both sides' parties.
    pub legs: &'a [Leg],
    /// The numbers that the pair had last.
    pub last: Option<(Vn, Vn)>,
    /// Numbers that the store refused for this booking a moment ago.
    pub refused: &'a HashSet<Vn>,
    /// When.
    pub now: Timestamp,
}

/// Chance and load, which only balance depends on.
pub struct Luck<'a> {
    /// A number below its argument.
    pub draw: &'a mut dyn FnMut(u64) -> u64,
    /// How much a number has to carry.
    pub load: &'a dyn Fn(Vn) -> u64,
}

impl std::fmt::Debug for Luck<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Luck")
    }
}

/// Which rung of the ladder served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rung {
    /// The pair holds the number already, or had it last.
    Known,
    /// A fresh number of the right place.
    Fresh,
    /// A fresh number of another region.
    OtherRegion,
    /// A number that had not rested for its whole time.
    Rested,
    /// Each side its own, though one for both was wanted.
    Split,
    /// A number of a neighbouring country.
    Foreign,
    /// A number that many bookings share by PIN.
    Hotline,
}

impl Rung {
    /// All.
    pub const ALL: [Self; 7] = [
        Self::Known,
        Self::Fresh,
        Self::OtherRegion,
        Self::Rested,
        Self::Split,
        Self::Foreign,
        Self::Hotline,
    ];

    /// The word that metrics use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::Fresh => "fresh",
            Self::OtherRegion => "other_region",
            Self::Rested => "rested",
            Self::Split => "split",
            Self::Foreign => "foreign",
            Self::Hotline => "hotline",
        }
    }
}

/// The numbers that a booking gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allotted {
    /// Side a's.
    pub a: Vn,
    /// Side b's.
    pub b: Vn,
    /// How they were found.
    pub rung: Rung,
    /// Numbers that have rested since before this may be taken from the parties' earlier bookings.
    pub rested_before: Option<Timestamp>,
}

/// No number can serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Short {
    /// The side that finds none; the busier one when it is both.
    pub side: SideName,
    /// How many numbers that side's parties hold or rest.
    pub blocked: usize,
    /// How many numbers more would do.
    pub shortfall: usize,
    /// When the first of its numbers will have rested enough.
    pub free_at: Option<Timestamp>,
    /// It asked for a number that it cannot have.
    pub named: bool,
}

/// Chooses the numbers of a booking.
pub fn allot(wanted: &Wanted<'_>, luck: &mut Luck<'_>) -> Result<Allotted, Short> {
    let strict = Blocks::of(wanted, None);
    if wanted.a.named.is_some() || wanted.b.named.is_some() {
        return wanted.named(&strict, luck);
    }
    if let Some(known) = wanted.known(&strict) {
        return Ok(known);
    }
    let rested = later(wanted.now, -wanted.rules.cooldown_min);
    let found = match wanted.rules.numbers {
        Numbers::Shared => wanted.shared(&strict, luck),
        Numbers::Split => wanted.split(&strict, luck, Rung::Fresh),
    };
    if found.is_some() || wanted.rules.strict {
        return found.ok_or_else(|| wanted.short(&strict));
    }
    let softened = Blocks::of(wanted, Some(rested));
    let after_rest = |found: Option<Allotted>| {
        found.map(|it| Allotted {
            rested_before: Some(rested),
            ..it
        })
    };
    let found = after_rest(wanted.longest_rested(&softened, luck))
        .or_else(|| wanted.split(&strict, luck, Rung::Split))
        .or_else(|| after_rest(wanted.split(&softened, luck, Rung::Split)))
        .or_else(|| after_rest(wanted.foreign(&softened, luck)))
        .or_else(|| wanted.hotline(luck));
    found.ok_or_else(|| wanted.short(&strict))
}

/// Chooses a number for one side alone; the other keeps its own.
pub fn allot_one(
    wanted: &Wanted<'_>,
    side: SideName,
    luck: &mut Luck<'_>,
) -> Result<(Vn, Option<Timestamp>), Short> {
    let want = wanted.want(side);
    let strict = Blocks::of(wanted, None);
    if let Some(named) = want.named {
        let may = wanted.stock.by_name.contains(&named) && !strict.side(side).contains(&named);
        return match may {
            true => Ok((named, None)),
            false => Err(wanted.short_for(side, &strict, true)),
        };
    }
    if let Some(vn) = wanted.pick(&[want], strict.side(side), luck) {
        return Ok((vn, None));
    }
    if wanted.rules.strict {
        return Err(wanted.short_for(side, &strict, false));
    }
    let rested = later(wanted.now, -wanted.rules.cooldown_min);
    let softened = Blocks::of(wanted, Some(rested));
    let found = wanted
        .pick(&[want], softened.side(side), luck)
        .or_else(|| wanted.pick_foreign(softened.side(side), luck));
    found
        .map(|vn| (vn, Some(rested)))
        .ok_or_else(|| wanted.short_for(side, &strict, false))
}

/// The numbers that each side cannot have.
struct Blocks {
    a: HashSet<Vn>,
    b: HashSet<Vn>,
    both: HashSet<Vn>,
}

impl Blocks {
    /// What the parties hold or rest; not what has rested since before `rested`.
    fn of(wanted: &Wanted<'_>, rested: Option<Timestamp>) -> Self {
        let blocks = |leg: &&Leg| {
            let is_rested = rested.is_some_and(|before| leg.rests_from <= before);
            leg.blocks(wanted.pair, wanted.now) && !is_rested
        };
        let of = |want: &Want| -> HashSet<Vn> {
            let legs = wanted
                .legs
                .iter()
                .filter(|leg| want.parties.contains(&leg.party));
            let blocked = legs.filter(blocks).map(|leg| leg.vn);
            blocked.chain(wanted.refused.iter().copied()).collect()
        };
        let (a, b) = (of(wanted.a), of(wanted.b));
        let both = a.union(&b).copied().collect();
        Self { a, b, both }
    }

    fn side(&self, side: SideName) -> &HashSet<Vn> {
        match side {
            SideName::A => &self.a,
            SideName::B => &self.b,
        }
    }
}

impl Wanted<'_> {
    fn want(&self, side: SideName) -> &Want {
        match side {
            SideName::A => self.a,
            SideName::B => self.b,
        }
    }

    /// The numbers that sides ask for.
    fn named(&self, blocks: &Blocks, luck: &mut Luck<'_>) -> Result<Allotted, Short> {
        let mut given = |side: SideName, other: Option<Vn>| {
            let want = self.want(side);
            let wish = want
                .named
                .or(other.filter(|_| self.rules.numbers == Numbers::Shared));
            let wished = wish
                .filter(|vn| self.stock.by_name.contains(vn) && !blocks.side(side).contains(vn));
            if wished.is_some() || want.named.is_some() {
                return wished.ok_or_else(|| self.short_for(side, blocks, true));
            }
            let other = self.pick(&[want], blocks.side(side), luck);
            other.ok_or_else(|| self.short_for(side, blocks, false))
        };
        let a = given(SideName::A, self.b.named)?;
        let b = given(SideName::B, self.a.named)?;
        Ok(self.allotted(a, b, Rung::Fresh))
    }

    /// What the pair holds, else what it had last.
    fn known(&self, blocks: &Blocks) -> Option<Allotted> {
        let held = |want: &Want| {
            let mut legs = self.legs.iter().filter(|leg| {
                leg.pair == self.pair && !leg.remembered && want.parties.contains(&leg.party)
            });
            legs.find(|leg| leg.standing(self.now) == Standing::Held)
                .map(|leg| leg.vn)
        };
        let held = held(self.a).zip(held(self.b));
        let last = self.last.filter(|_| self.rules.sticky == Sticky::Pair);
        held.into_iter().chain(last).find_map(|(a, b)| {
            let is_good = |vn: Vn, blocks: &HashSet<Vn>| {
                self.stock.by_name.contains(&vn) && !blocks.contains(&vn)
            };
            let are_good = is_good(a, &blocks.a) && is_good(b, &blocks.b);
            are_good.then(|| self.allotted(a, b, Rung::Known))
        })
    }

    /// One number for both sides.
    fn shared(&self, blocks: &Blocks, luck: &mut Luck<'_>) -> Option<Allotted> {
        let of_region = match self.rules.same_region_first {
            true => self.pick_in_region(&blocks.both, luck),
            false => None,
        };
        if let Some(vn) = of_region {
            return Some(self.allotted(vn, vn, Rung::Fresh));
        }
        let vn = self.pick(&[self.a, self.b], &blocks.both, luck)?;
        let has_region = self.rules.same_region_first && !self.regions(self.a).is_empty();
        let rung = match has_region {
            true => Rung::OtherRegion,
            false => Rung::Fresh,
        };
        Some(self.allotted(vn, vn, rung))
    }

    /// Of the numbers that have not rested their whole time, the one for both that has rested longest.
    fn longest_rested(&self, blocks: &Blocks, luck: &mut Luck<'_>) -> Option<Allotted> {
        if self.rules.numbers == Numbers::Split {
            return self.split(blocks, luck, Rung::Rested);
        }
        let resting_since = |vn: Vn| {
            let legs = self
                .legs
                .iter()
                .filter(|leg| leg.vn == vn && leg.blocks(self.pair, self.now));
            legs.map(|leg| leg.rests_from).max()
        };
        let lists = self.lists(&[self.a, self.b]);
        let candidates = lists
            .into_iter()
            .flatten()
            .copied()
            .filter(|vn| !blocks.both.contains(vn));
        let vn = candidates.min_by_key(|vn| resting_since(*vn))?;
        Some(self.allotted(vn, vn, Rung::Rested))
    }

    /// Each side its own; one for both only where there is no other.
    fn split(&self, blocks: &Blocks, luck: &mut Luck<'_>, rung: Rung) -> Option<Allotted> {
        let a = self.pick(&[self.a], &blocks.a, luck)?;
        let mut others = blocks.b.clone();
        others.insert(a);
        let other = self.pick(&[self.b], &others, luck);
        let b = other.or_else(|| self.pick(&[self.b], &blocks.b, luck))?;
        Some(self.allotted(a, b, rung))
    }

    fn foreign(&self, blocks: &Blocks, luck: &mut Luck<'_>) -> Option<Allotted> {
        if let Some(vn) = self.pick_foreign(&blocks.both, luck) {
            return Some(self.allotted(vn, vn, Rung::Foreign));
        }
        let mut side = |want: &Want, blocked: &HashSet<Vn>| {
            let own = self.pick(&[want], blocked, luck);
            own.or_else(|| self.pick_foreign(blocked, luck))
        };
        let a = side(self.a, &blocks.a)?;
        let b = side(self.b, &blocks.b)?;
        Some(self.allotted(a, b, Rung::Foreign))
    }

    fn pick_foreign(&self, blocked: &HashSet<Vn>, luck: &mut Luck<'_>) -> Option<Vn> {
        let countries = self.rules.allow_foreign.iter();
        let mut lists = countries.filter_map(|country| self.stock.countries.get(&Some(*country)));
        lists.find_map(|list| lighter_of_two(list, blocked, luck))
    }

    /// A number that many bookings share.
    fn hotline(&self, luck: &mut Luck<'_>) -> Option<Allotted> {
        if !self.rules.hotline || !self.rules.unknown.pin {
            return None;
        }
        let vn = lighter_of_two(&self.stock.hotlines, self.refused, luck)?;
        Some(self.allotted(vn, vn, Rung::Hotline))
    }

    fn allotted(&self, a: Vn, b: Vn, rung: Rung) -> Allotted {
        Allotted {
            a,
            b,
            rung,
            rested_before: None,
        }
    }

    /// A number in the right place for all of `wants`.
    fn pick(&self, wants: &[&Want], blocked: &HashSet<Vn>, luck: &mut Luck<'_>) -> Option<Vn> {
        let lists = self.lists(wants);
        lists
            .into_iter()
            .find_map(|list| lighter_of_two(list, blocked, luck))
    }

    fn pick_in_region(&self, blocked: &HashSet<Vn>, luck: &mut Luck<'_>) -> Option<Vn> {
        let lists = self.regions(self.a);
        lists
            .into_iter()
            .find_map(|list| lighter_of_two(list, blocked, luck))
    }

    /// The numbers of the regions that a side's primary phone is in, the narrowest region first.
    fn regions(&self, want: &Want) -> Vec<&[Vn]> {
        let mut regions: Vec<_> = self.stock.regions.iter().collect();
        regions.retain(|(region, _)| want.digits.starts_with(region.as_str()));
        regions.sort_by_key(|(region, _)| std::cmp::Reverse(region.len()));
        regions
            .into_iter()
            .map(|(_, numbers)| numbers.as_slice())
            .collect()
    }

    /// The numbers that will do for all of `wants`, the better lists first.
    fn lists(&self, wants: &[&Want]) -> Vec<&[Vn]> {
        let stock = self.stock;
        let here: Vec<_> = wants
            .iter()
            .filter_map(|want| {
                // A country in which the pool has no number at all can be no reason to serve nobody of it.
                let country = want.country?;
                let has_any = stock.countries.contains_key(&Some(country));
                (has_any || self.rules.strict).then_some(country)
            })
            .collect();
        let all = stock.all.as_slice();
        let same = here.windows(2).all(|two| two[0] == two[1]);
        let matching = match here.first() {
            None => Some(all),
            Some(country) if same => stock.countries.get(&Some(*country)).map(Vec::as_slice),
            Some(_) => None,
        };
        match self.rules.country {
            CountryRule::Match => matching.into_iter().collect(),
            CountryRule::Prefer => matching.into_iter().chain([all]).collect(),
            CountryRule::Any => vec![all],
        }
    }

    /// Why no number can serve: of the busier side.
    fn short(&self, blocks: &Blocks) -> Short {
        let side = match blocks.a.len() >= blocks.b.len() {
            true => SideName::A,
            false => SideName::B,
        };
        self.short_for(side, blocks, false)
    }

    fn short_for(&self, side: SideName, blocks: &Blocks, named: bool) -> Short {
        let want = self.want(side);
        let legs = self
            .legs
            .iter()
            .filter(|leg| want.parties.contains(&leg.party) && leg.blocks(self.pair, self.now));
        // Numbers that are held until a booking ends free only then; those that rest, when they have rested enough.
        let rest = match self.rules.strict {
            true => self.rules.cooldown,
            false => self.rules.cooldown_min,
        };
        let free_at = legs
            .map(|leg| leg.free_from.min(later(leg.rests_from, rest)))
            .min();
        let blocked = blocks.side(side).len();
        Short {
            side,
            blocked,
            shortfall: (blocked + 1).saturating_sub(self.stock.len()).max(1),
            free_at: free_at.map(|at| at.max(self.now)),
            named,
        }
    }
}

/// The lighter of two numbers that are drawn by chance and are not blocked. When chance finds none, all are looked at: then the
/// answer is exact.
fn lighter_of_two(list: &[Vn], blocked: &HashSet<Vn>, luck: &mut Luck<'_>) -> Option<Vn> {
    let mut first = None;
    for _ in 0..DRAWS {
        let at = (luck.draw)(
            u64::try_from(list.len())
                .ok()
                .filter(|length| *length > 0)?,
        );
        let drawn = list[usize::try_from(at).ok()? % list.len()];
        if blocked.contains(&drawn) {
            continue;
        }
        match first {
            None => first = Some(drawn),
            Some(other) => {
                let lighter = (luck.load)(drawn) < (luck.load)(other);
                return Some(if lighter { drawn } else { other });
            }
        }
    }
    let free = list.iter().copied().filter(|vn| !blocked.contains(vn));
    first.or_else(|| free.min_by_key(|vn| (luck.load)(*vn)))
}
