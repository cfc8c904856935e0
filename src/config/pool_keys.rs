//! The keys of `[pools.NAME]`: kinds, bounds, and what they must agree with.

use std::collections::BTreeMap;

use super::masking_keys::rules;
use super::pool::Pool;
use super::reader::{Reader, Section, Show};
use super::values::{Taken, one_country};
use super::wrong::Wrong;
use super::{Product, Subaccount};
use crate::call::PhoneNumber;
use crate::masking::PoolRules;
use crate::outbound::Country;

/// `[pools.NAME]`, every one. Their numbers are no one else's; those of `subaccounts` may be theirs.
pub(super) fn pools(
    reader: &mut Reader<'_>,
    root: &mut Section,
    masking: &PoolRules,
    subaccounts: Option<&BTreeMap<String, Subaccount>>,
) -> Option<BTreeMap<String, Pool>> {
    let mut taken = Taken::default();
    let sections = reader.named(root, "pools");
    let read: Vec<_> = sections
        .into_iter()
        .map(|(name, section)| {
            pool(reader, &name, section, masking, subaccounts, &mut taken).map(|pool| (name, pool))
        })
        .collect();
    read.into_iter().collect()
}

fn pool(
    reader: &mut Reader<'_>,
    name: &str,
    mut section: Section,
    masking: &PoolRules,
    subaccounts: Option<&BTreeMap<String, Subaccount>>,
    taken: &mut Taken,
) -> Option<Pool> {
    let home = reader.text(&mut section, "country", Show::Whole, one_country);
    let region = reader.text(&mut section, "region", Show::Whole, region);
    let capture = reader.truth(&mut section, "capture").unwrap_or_default();
    let numbers = numbers(reader, &mut section, name, taken);
    let reserved = reserved(reader, &mut section, &numbers);
    if capture && let Some(subaccounts) = subaccounts {
        captures(reader, &section, &numbers, subaccounts);
    }
    let first = || Country::of(numbers.first()?);
    let base = PoolRules {
        home: home.or_else(first),
        ..masking.clone()
    };
    let own_rules = reader.section(&mut section, "masking");
    let rules = rules(reader, own_rules, &base);
    if let Some(support) = &rules.unknown.support
        && numbers.contains(support)
    {
        let wrong = Wrong::new("has the number that `masking.unknown.support` calls");
        reader.fault(
            &section.path_of("numbers"),
            wrong.help("support is a person's number, not a virtual one"),
        );
    }
    reader.end(section);
    Some(Pool {
        numbers,
        reserved,
        region,
        capture,
        rules,
    })
}

fn numbers(
    reader: &mut Reader<'_>,
    section: &mut Section,
    name: &str,
    taken: &mut Taken,
) -> Vec<PhoneNumber> {
    let parse = |text: &str| {
        let number = virtual_number(text)?;
        match taken.take(number.digits(), name) {
            Ok(()) => Ok(number),
            Err(holder) if holder == name => Err(Wrong::new("has the same number twice")),
            Err(holder) => Err(Wrong::new(format!(
                "has a number that pool `{holder}` has too"
            ))),
        }
    };
    reader
        .list(section, "numbers", parse, PhoneNumber::masked)
        .unwrap_or_default()
}

fn reserved(
    reader: &mut Reader<'_>,
    section: &mut Section,
    numbers: &[PhoneNumber],
) -> Vec<PhoneNumber> {
    let parse = |text: &str| {
        let number = virtual_number(text)?;
        match numbers.contains(&number) {
            true => Ok(number),
            false => Err(Wrong::new("has a number that is not in `numbers`")
                .help("write it into `numbers` of the pool as well")),
        }
    };
    reader
        .list(section, "reserved", parse, PhoneNumber::masked)
        .unwrap_or_default()
}

fn virtual_number(text: &str) -> Result<PhoneNumber, Wrong> {
    PhoneNumber::parse_e164(text).ok_or_else(|| {
        Wrong::new("has an element that is no virtual number: + and 7 to 15 digits")
            .help("as in \"+6561115777\"")
    })
}

/// Number-masking sub-accounts of the platform take no `sayAndCapture`.
fn captures(
    reader: &mut Reader<'_>,
    section: &Section,
    numbers: &[PhoneNumber],
    subaccounts: &BTreeMap<String, Subaccount>,
) {
    let masking = subaccounts
        .iter()
        .filter(|(_, it)| it.product == Product::Masking);
    let cannot = |(_, account): &(&String, &Subaccount)| {
        account.numbers.iter().any(|it| numbers.contains(it))
    };
    if let Some((name, _)) = masking.into_iter().find(cannot) {
        let wrong = Wrong::new(format!(
            "is true, and sub-account `{name}`, of the product \"masking\", has one of the numbers"
        ));
        reader.fault(
            &section.path_of("capture"),
            wrong.help("key presses are taken by numbers of the product \"ivr\": leave it out"),
        );
    }
}

/// A region, by the digits that phones of it begin with.
fn region(text: &str) -> Result<String, Wrong> {
    PhoneNumber::beginning(text).ok_or_else(|| {
        Wrong::new("is not what phone numbers of a region begin with")
            .help("the country code and what follows, as in \"+1415\"")
    })
}
