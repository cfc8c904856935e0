//! Countries and the kinds of numbers, by the numbering plans of the world (libphonenumber's, behind our own types).

use std::fmt;

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, PhoneNumberType, Region};

use crate::call::PhoneNumber;

/// A country or territory that has a numbering plan, by its code of ISO 3166-1: of those that share `+1` or `+44` each
/// is one of its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Country(pub(super) Region);

impl Country {
    /// Reads a code of two letters, in any case. `None` when no numbering plan is known by it.
    pub fn parse(code: &str) -> Option<Self> {
        every_country().find(|country| country.code().eq_ignore_ascii_case(code))
    }

    /// Its code: two capital letters.
    pub fn code(self) -> String {
        self.0.to_string()
    }

    /// The country that `number` belongs to: by its own digits, or, when no plan has it, by a country code that is one
    /// country's alone.
    pub fn of(number: &PhoneNumber) -> Option<Self> {
        let parsed = PHONE_NUMBER_UTIL.parse(number.with_plus(), None).ok()?;
        let alone = || {
            let mut regions =
                PHONE_NUMBER_UTIL.get_regions_for_country_calling_code(parsed.country_code)?;
            (regions.len() == 1).then(|| regions.next()).flatten()
        };
        let region = match PHONE_NUMBER_UTIL.is_valid_number(&parsed) {
            true => PHONE_NUMBER_UTIL.get_region_for_number(&parsed),
            false => alone(),
        };
        region.filter(|region| *region != Region::World).map(Self)
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Every country that has a numbering plan.
pub fn every_country() -> impl Iterator<Item = Country> {
    PHONE_NUMBER_UTIL.get_supported_regions().map(Country)
}

/// What a number is, by the plan that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A line that people answer, in this country: fixed, mobile, over the internet, free of charge to the caller, or a
    /// company's one number for all its places.
    Ordinary(Country),
    /// Whoever calls pays more than for the call.
    Premium,
    /// Caller and called share the cost.
    SharedCost,
    /// It follows a person to wherever that person is, at the caller's cost.
    Personal,
    /// A pager or a mailbox.
    Machine,
    /// Of no country: satellites, international networks, international free and premium numbers (`+87x`, `+88x`, `+800`,
    /// `+808`, `+979`).
    International,
    /// No plan has such a number.
    Unallocated,
    /// Not written as it is dialled from abroad: something else than digits, or a digit that belongs to calls within the
    /// country.
    Misspelt,
    /// Too few digits: short and emergency numbers.
    Short,
}

/// The fewest and the most digits of a number that can be dialled from abroad (ITU-T E.164; the fewest is the shortest
/// that any plan has).
const LENGTHS: std::ops::RangeInclusive<usize> = 7..=15;

/// Says what `number` is. It may stand with or without its `+`, as the platform writes both, but otherwise only as digits
/// with the country code first: what another writing would be dialled as is not ours to guess.
pub fn kind(number: &PhoneNumber) -> Kind {
    let digits = number.digits();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Kind::Misspelt;
    }
    match digits.len() {
        length if length < *LENGTHS.start() => return Kind::Short,
        length if length > *LENGTHS.end() => return Kind::Unallocated,
        _ => {}
    }
    let dialled = number.with_plus();
    let Ok(parsed) = PHONE_NUMBER_UTIL.parse(&dialled, None) else {
        return Kind::Unallocated;
    };
    if PHONE_NUMBER_UTIL.format(&parsed, PhoneNumberFormat::E164) != dialled {
        return Kind::Misspelt;
    }
    match PHONE_NUMBER_UTIL.get_region_for_country_code(parsed.country_code) {
        Some(Region::World) => Kind::International,
        _ => kind_by_plan(&parsed),
    }
}

fn kind_by_plan(number: &rlibphonenumber::PhoneNumber) -> Kind {
    let Some(region) = PHONE_NUMBER_UTIL.get_region_for_number(number) else {
        return Kind::Unallocated;
    };
    match PHONE_NUMBER_UTIL.get_number_type(number) {
        PhoneNumberType::FixedLine
        | PhoneNumberType::Mobile
        | PhoneNumberType::FixedLineOrMobile
        | PhoneNumberType::TollFree
        | PhoneNumberType::VoIP
        | PhoneNumberType::UAN => Kind::Ordinary(Country(region)),
        PhoneNumberType::PremiumRate => Kind::Premium,
        PhoneNumberType::SharedCost => Kind::SharedCost,
        PhoneNumberType::PersonalNumber => Kind::Personal,
        PhoneNumberType::Pager | PhoneNumberType::VoiceMail => Kind::Machine,
        PhoneNumberType::Unknown => Kind::Unallocated,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn country(code: &str) -> Country {
        Country::parse(code).expect("a country")
    }

    #[test]
    fn countries_are_read_by_their_codes() {
        assert_eq!(country("sg"), country("SG"));
        assert_eq!(country("SG").to_string(), "SG");
        for wrong in ["", "S", "SGP", "XX", "65", "001", "ÅX"] {
            assert_eq!(Country::parse(wrong), None, "{wrong}");
        }
        assert!(every_country().count() > 200);
    }

    #[test]
    fn a_number_is_of_its_country_also_where_the_code_is_shared() {
        for (number, code) in [
            ("+6568332048", Some("SG")),
            ("6568332048", Some("SG")),
            ("+12015550123", Some("US")),
            ("+14165550123", Some("CA")),
            ("+18765550123", Some("JM")),
            ("+447400123456", Some("GB")),
            ("+447797712345", Some("JE")),
            ("+77710009998", Some("KZ")),
            // The platform's own samples are of no plan; a country code that is one country's alone still tells.
            ("+65123456789", Some("SG")),
            ("+15555550100", None),
            ("+870773111632", None),
            ("anonymous", None),
        ] {
            let found = Country::of(&PhoneNumber::new(number)).map(Country::code);
            assert_eq!(found.as_deref(), code, "{number}");
        }
    }

    #[test]
    fn kinds_are_told_apart() {
        let sg = Kind::Ordinary(country("SG"));
        for (number, expected) in [
            ("+6568332048", sg),
            ("6581234567", sg),
            ("+18002345678", Kind::Ordinary(country("US"))),
            ("+390612345678", Kind::Ordinary(country("IT"))),
            ("+19002345678", Kind::Premium),
            ("+6519001234567", Kind::Premium),
            ("+611300123456", Kind::SharedCost),
            ("+447012345678", Kind::Personal),
            ("+447640123456", Kind::Machine),
            ("+870773111632", Kind::International),
            ("+881612345678", Kind::International),
            ("+80012345678", Kind::International),
            ("+979123456789", Kind::International),
            ("+6500000000", Kind::Unallocated),
            ("+99912345678", Kind::Unallocated),
            ("+4407400123456", Kind::Misspelt),
            ("006568332048", Kind::Unallocated),
            ("0116568332048", Kind::Unallocated),
            ("++6568332048", Kind::Misspelt),
            ("+65 6833 2048", Kind::Misspelt),
            ("tel:+6568332048", Kind::Misspelt),
            ("+6568332048;ext=1", Kind::Misspelt),
            ("+６５６８３３２０４８", Kind::Misspelt),
            ("+1800FLOWERS", Kind::Misspelt),
            ("", Kind::Misspelt),
            ("+", Kind::Misspelt),
            ("anonymous", Kind::Misspelt),
            ("+65999", Kind::Short),
            ("112", Kind::Short),
            ("911", Kind::Short),
            ("+1911", Kind::Short),
            ("+1234567890123456", Kind::Unallocated),
        ] {
            assert_eq!(kind(&PhoneNumber::new(number)), expected, "{number}");
        }
    }
}
