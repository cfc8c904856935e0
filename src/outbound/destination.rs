//! Where a call may go: the one question that every way out asks, each time a call is placed and not only when it is
//! written down. Closed but for the countries of our own numbers and those that the configuration opens.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::fmt;

use super::numbering::{Country, Kind, kind};
use crate::call::PhoneNumber;

/// Where calls may go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Destinations {
    own: HashSet<PhoneNumber>,
    open: BTreeSet<Country>,
}

/// Why a number is not called. Never repeats it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Not written as it is dialled from abroad.
    Misspelt,
    /// A short or emergency number.
    Short,
    /// No numbering plan has it.
    Unallocated,
    /// A premium-rate number.
    Premium,
    /// A shared-cost number.
    SharedCost,
    /// A number of no country.
    International,
    /// A personal number.
    Personal,
    /// A pager or a mailbox.
    Machine,
    /// One of our own virtual numbers.
    Own,
    /// In a country that is not open.
    Closed(Country),
}

impl std::error::Error for Refused {}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what(), self.remedy())
    }
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

    /// The rule, as a sentence without its full stop.
    pub fn what(self) -> Cow<'static, str> {
        let what = match self {
            Self::Misspelt => "the number is not written as it is dialled from abroad",
            Self::Short => "short and emergency numbers are not called",
            Self::Unallocated => "no country has such a number",
            Self::Premium => "premium-rate numbers are not called",
            Self::SharedCost => "shared-cost numbers are not called",
            Self::International => {
                "satellite and international network numbers (+800, +808, +87x, +88x, +979) are not called"
            }
            Self::Personal => {
                "personal numbers, which forward at the caller's cost, are not called"
            }
            Self::Machine => "pagers and mailboxes are not called",
            Self::Own => "this is one of your own virtual numbers, and the call would come back",
            Self::Closed(country) => return format!("{country} is not open for calls").into(),
        };
        what.into()
    }

    /// What to do about it.
    pub fn remedy(self) -> Cow<'static, str> {
        let remedy = match self {
            Self::Misspelt => {
                "write +, the country code and the number without its leading 0, digits only, as in +6568332048"
            }
            Self::Short => "have people dial them themselves",
            Self::Unallocated => "look it up again",
            Self::Premium | Self::SharedCost => {
                "find the ordinary number of whom you want to reach"
            }
            Self::International => "find a number in a country",
            Self::Personal => "find the mobile number",
            Self::Machine => "find a number that somebody answers",
            Self::Own => "give the number of a person",
            Self::Closed(country) => {
                return format!(
                    "add \"{country}\" to `countries` in [outbound], if you mean to call there"
                )
                .into();
            }
        };
        remedy.into()
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

    /// The country of `number`, if it may be called from somewhere.
    ///
    /// # Errors
    ///
    /// Why it is never called: for what it is, or because it is our own.
    pub fn ever(&self, number: &PhoneNumber) -> Result<Country, Refused> {
        match self.own.contains(number) {
            true => Err(Refused::Own),
            false => Refused::always(number),
        }
    }

    /// Whether a call from our virtual number `from` may go to `number`, and which country that is in. The country of
    /// `from` is open, since the platform brought the call there: a flow for any number needs no list of them.
    ///
    /// # Errors
    ///
    /// The rule that it breaks.
    pub fn allow(&self, number: &PhoneNumber, from: &PhoneNumber) -> Result<Country, Refused> {
        if number == from {
            return Err(Refused::Own);
        }
        let country = self.ever(number)?;
        match self.open.contains(&country) || Country::of(from) == Some(country) {
            true => Ok(country),
            false => Err(Refused::Closed(country)),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
