//! Where a call may go: the one question that every way out asks, each time a call is placed and not only when it is
//! written down. Closed but for the countries of our own numbers and those that the configuration opens.

use std::collections::{BTreeSet, HashSet};

use super::numbering::{Country, Kind, kind};
use crate::call::PhoneNumber;

/// Where calls may go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Destinations {
    own: HashSet<PhoneNumber>,
    open: BTreeSet<Country>,
}

/// Why a number is not called. Never repeats it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not written as it is dialled from abroad.
    #[error(
        "the number is not written as it is dialled from abroad: write +, the country code and the number without its \
         leading 0, digits only, as in +6568332048"
    )]
    Misspelt,
    /// A short or emergency number.
    #[error("short and emergency numbers are not called: have people dial them themselves")]
    Short,
    /// No numbering plan has it.
    #[error("no country has such a number: look it up again")]
    Unallocated,
    /// A premium-rate number.
    #[error(
        "premium-rate numbers are not called: find the ordinary number of whom you want to reach"
    )]
    Premium,
    /// A shared-cost number.
    #[error(
        "shared-cost numbers are not called: find the ordinary number of whom you want to reach"
    )]
    SharedCost,
    /// A number of no country.
    #[error(
        "satellite and international network numbers (+800, +808, +87x, +88x, +979) are not called: find a number in a \
         country"
    )]
    International,
    /// A personal number.
    #[error(
        "personal numbers, which forward at the caller's cost, are not called: find the mobile number"
    )]
    Personal,
    /// A pager or a mailbox.
    #[error("pagers and mailboxes are not called: find a number that somebody answers")]
    Machine,
    /// One of our own virtual numbers.
    #[error(
        "this is one of your own virtual numbers, and the call would come back: give the number of a person"
    )]
    Own,
    /// In a country that is not open.
    #[error(
        "{0} is not open for calls: add \"{0}\" to `countries` in [outbound], if you mean to call there"
    )]
    Closed(Country),
}

impl Refused {
    /// The rule's name, for programs and counters.
    pub fn rule(self) -> &'static str {
        match self {
            Self::Misspelt => "misspelt",
            Self::Short => "short_or_emergency",
            Self::Unallocated => "unallocated",
            Self::Premium => "premium_rate",
            Self::SharedCost => "shared_cost",
            Self::International => "international_network",
            Self::Personal => "personal_number",
            Self::Machine => "machine",
            Self::Own => "own_number",
            Self::Closed(_) => "country_closed",
        }
    }

    /// Why `number` is never called, whatever the configuration opens, or the country that it is in.
    pub fn always(number: &PhoneNumber) -> Result<Country, Self> {
        match kind(number) {
            Kind::Ordinary(country) => Ok(country),
            Kind::Premium => Err(Self::Premium),
            Kind::SharedCost => Err(Self::SharedCost),
            Kind::Personal => Err(Self::Personal),
            Kind::Machine => Err(Self::Machine),
            Kind::International => Err(Self::International),
            Kind::Unallocated => Err(Self::Unallocated),
            Kind::Misspelt => Err(Self::Misspelt),
            Kind::Short => Err(Self::Short),
        }
    }
}

impl Destinations {
    /// Open are `countries`, and those that `own` virtual numbers are in.
    pub fn new(
        own: impl IntoIterator<Item = PhoneNumber>,
        countries: impl IntoIterator<Item = Country>,
    ) -> Self {
        let mut destinations = Self {
            own: HashSet::new(),
            open: countries.into_iter().collect(),
        };
        destinations.learn(own);
        destinations
    }

    /// Takes more of our own virtual numbers.
    pub fn learn(&mut self, own: impl IntoIterator<Item = PhoneNumber>) {
        for number in own {
            if !self.own.contains(&number) {
                self.open.extend(Country::of(&number));
                self.own.insert(number);
            }
        }
    }

    /// Whether all of these are known to be our own.
    pub fn knows<'a>(&self, own: impl IntoIterator<Item = &'a PhoneNumber>) -> bool {
        own.into_iter().all(|number| self.own.contains(number))
    }

    /// Whether a call from our virtual number `from` may go to `number`, and which country that is in. The country of
    /// `from` is open, since the platform brought the call there: a flow for any number needs no list of them.
    ///
    /// # Errors
    ///
    /// The rule that it breaks.
    pub fn allow(&self, number: &PhoneNumber, from: &PhoneNumber) -> Result<Country, Refused> {
        if number == from || self.own.contains(number) {
            return Err(Refused::Own);
        }
        let country = Refused::always(number)?;
        match self.open.contains(&country) || Country::of(from) == Some(country) {
            true => Ok(country),
            false => Err(Refused::Closed(country)),
        }
    }
}

#[cfg(test)]
mod tests;
