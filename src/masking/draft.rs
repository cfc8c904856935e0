//! From what is asked for to a booking as it is to stand, or all that is wrong with it at once.

use std::collections::HashSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::allocate::Stock;
use super::booking::{Booking, BookingId, PHONES, Phone, Side, SideName, Terms, later};
use super::number::{NumberBook, Vn};
use super::party::{PairKey, PartyKey};
use super::request::{BookingRequest, Fault, SideRequest};
use super::rules::{PoolName, PoolRules};
use crate::call::PhoneNumber;
use crate::outbound::spelling::{self, Misread};
use crate::outbound::{Country, Destinations, Refused};

/// The longest id, label, language and zone, in bytes.
const LONGEST: usize = 200;

/// What a request is read by.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    /// The pool's name.
    pub pool: &'a PoolName,
    /// Its rules.
    pub rules: &'a PoolRules,
    /// Its numbers that may be given.
    pub stock: &'a Stock,
    /// All numbers.
    pub numbers: &'a NumberBook,
    /// Where calls may go.
    pub destinations: &'a Destinations,
    /// What a number is found by.
    pub party: &'a dyn Fn(&PhoneNumber) -> PartyKey,
    /// When.
    pub now: Timestamp,
}

impl std::fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reader")
    }
}

/// A booking as it is to stand. A new one, and a side that is new, has no number yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The booking.
    pub booking: Booking,
    /// The number that side a asks for, and that side b does.
    pub named: [Option<Vn>; 2],
}

/// Reads a booking that is asked for: new, or laid over the one that is `known`.
///
/// # Errors
///
/// All that is wrong with it.
pub fn read(
    id: &BookingId,
    request: &BookingRequest,
    known: Option<&Booking>,
    reader: Reader<'_>,
) -> Result<Draft, Vec<Fault>> {
    let mut reading = Reading {
        reader,
        faults: Vec::new(),
        places: Vec::new(),
    };
    if id.as_str().is_empty() || id.as_str().len() > LONGEST {
        let says = format!("a booking's id has 1 to {LONGEST} bytes");
        reading.fault("id_length", "/id", says);
    }
    if let (Some(known), Some(pool)) = (known, &request.pool)
        && known.pool != *pool
    {
        let says = "a booking stays in its pool: leave `pool` out, or make a new booking";
        reading.fault("pool_changed", "/pool", says);
    }
    let a = reading.side(SideName::A, request.a.as_ref(), known.map(|it| &it.a));
    let b = reading.side(SideName::B, request.b.as_ref(), known.map(|it| &it.b));
    reading.same_party(a.as_ref(), b.as_ref());
    let expires_at = request.expires_at.unwrap_or_else(|| {
        known.map_or_else(
            || later(reader.now, reader.rules.expires_after),
            |it| it.expires_at,
        )
    });
    if expires_at <= reader.now {
        let says =
            "the time is over already: give one that is to come, as in \"2026-12-01T09:00:00Z\"";
        reading.fault("past_expiry", "/expires_at", says);
    }
    let idle_ttl = request
        .idle_ttl
        .or(known.map_or(reader.rules.idle_ttl, |it| it.idle_ttl));
    if idle_ttl.is_some_and(|ttl| !ttl.is_positive()) {
        let says = "a booking lasts for more than no time: give a duration such as \"2h\", or leave it out";
        reading.fault("idle_ttl", "/idle_ttl", says);
    }
    let terms = reading.terms(request, known.map(|it| &it.terms));
    let named = [&request.a, &request.b]
        .map(|side| side.as_ref().and_then(|it| it.virtual_number.as_deref()));
    let named = [reading.named("/a", named[0]), reading.named("/b", named[1])];
    let (Some(a), Some(b), []) = (a, b, reading.faults.as_slice()) else {
        return Err(reading.faults);
    };
    let pair = PairKey::of(reader.pool, a.primary().party, b.primary().party);
    let booking = Booking {
        id: id.clone(),
        number: known.map_or(0, |it| it.number),
        revision: known.map_or(0, |it| it.revision),
        pool: reader.pool.clone(),
        pair,
        a,
        b,
        created_at: known.map_or(reader.now, |it| it.created_at),
        expires_at,
        idle_ttl,
        closing: None,
        terms,
    };
    Ok(Draft { booking, named })
}

/// The country that numbers without a country code are read in.
pub fn home(rules: &PoolRules, stock: &Stock) -> Option<Country> {
    rules.home.or_else(|| stock.only_country())
}

struct Reading<'a> {
    reader: Reader<'a>,
    faults: Vec<Fault>,
    /// Where each phone of the side that was read last was written.
    places: Vec<usize>,
}

impl Reading<'_> {
    fn fault(&mut self, code: &'static str, at: impl Into<String>, says: impl Into<String>) {
        self.faults.push(Fault {
            code,
            at: at.into(),
            says: says.into(),
        });
    }

    /// A side, laid over what is known of it; `None` when there is none that could be looked at further.
    fn side(
        &mut self,
        name: SideName,
        request: Option<&SideRequest>,
        known: Option<&Side>,
    ) -> Option<Side> {
        let at = format!("/{}", name.as_str());
        let nothing = SideRequest::default();
        let request = match (request, known) {
            (None, None) => {
                self.fault(
                    "side_missing",
                    at,
                    "a booking has two sides: give it, with its `phones`",
                );
                return None;
            }
            (request, _) => request.unwrap_or(&nothing),
        };
        for (key, text) in [("label", &request.label), ("language", &request.language)] {
            if text.as_ref().is_some_and(|text| text.len() > LONGEST) {
                self.fault(
                    "too_long",
                    format!("{at}/{key}"),
                    format!("at most {LONGEST} bytes"),
                );
            }
        }
        if request
            .zone
            .as_ref()
            .is_some_and(|zone| TimeZone::get(zone).is_err())
        {
            let says = "no such time zone is known: write one as in \"Asia/Singapore\"";
            self.fault("zone", format!("{at}/zone"), says);
        }
        let phones = match (&request.phones, known) {
            (Some(written), _) => self.phones(&at, written),
            (None, Some(known)) => {
                self.places.clear();
                known.phones.clone()
            }
            (None, None) => {
                let says = "a side has phones: a list of one number at least, the first of which is called";
                self.fault("phones_missing", format!("{at}/phones"), says);
                Vec::new()
            }
        };
        if phones.is_empty() {
            return None;
        }
        let is_same =
            known.is_some_and(|known| known.parties().eq(phones.iter().map(|it| it.party)));
        let fresh = Side::of(phones);
        let old = known.unwrap_or(&fresh);
        Some(Side {
            label: request.label.clone().or_else(|| old.label.clone()),
            language: request.language.clone().or_else(|| old.language.clone()),
            zone: request.zone.clone().or_else(|| old.zone.clone()),
            vn: old.vn,
            earlier: old.earlier.clone(),
            pin: old.pin.clone(),
            consents: request.consents.unwrap_or(old.consents),
            muted: request.muted.unwrap_or(old.muted),
            last_called: old.last_called.filter(|_| is_same),
            phones: match is_same {
                true => old.phones.clone(),
                false => fresh.phones.clone(),
            },
        })
    }

    fn phones(&mut self, at: &str, written: &[String]) -> Vec<Phone> {
        if written.is_empty() || written.len() > PHONES {
            let says = format!("a side has 1 to {PHONES} phones");
            self.fault("phones_count", format!("{at}/phones"), says);
            return Vec::new();
        }
        let mut phones: Vec<Phone> = Vec::new();
        self.places.clear();
        for (place, text) in written.iter().enumerate() {
            let at = format!("{at}/phones/{place}");
            if let Some(phone) = self.phone(at, text)
                && !phones.iter().any(|known| known.party == phone.party)
            {
                phones.push(phone);
                self.places.push(place);
            }
        }
        phones
    }

    fn phone(&mut self, at: String, written: &str) -> Option<Phone> {
        let Reader {
            rules,
            stock,
            numbers,
            destinations,
            party,
            ..
        } = self.reader;
        let number = match spelling::read(written, home(rules, stock)) {
            Ok(number) => number,
            Err(why) => {
                let code = match why {
                    Misread::Short => "unroutable",
                    _ => "malformed_number",
                };
                self.fault(code, at, format!("{}: {}", why.what(), why.remedy()));
                return None;
            }
        };
        if numbers.find(&number).is_some() {
            let says = "this is a virtual number of a pool, and calls would go in circles: give the number of a person";
            self.fault("party_is_virtual_number", at, says);
            return None;
        }
        let may = match stock.one_for(&number) {
            Some(from) => match numbers.get(from) {
                Some(from) => destinations.allow(&number, &from.number),
                None => destinations.ever(&number),
            },
            None => destinations.ever(&number),
        };
        match may {
            Ok(_) => Some(Phone {
                party: party(&number),
                number,
            }),
            Err(Refused::Own) => {
                let says = format!("{}: {}", Refused::Own.what(), Refused::Own.remedy());
                self.fault("party_is_virtual_number", at, says);
                None
            }
            Err(why) => {
                self.fault(
                    "unroutable",
                    at,
                    format!("{}: {}", why.what(), why.remedy()),
                );
                None
            }
        }
    }

    /// Nobody is connected to himself: no phone is on both sides.
    fn same_party(&mut self, a: Option<&Side>, b: Option<&Side>) {
        let (Some(a), Some(b)) = (a, b) else {
            return;
        };
        let of_a: HashSet<_> = a.parties().collect();
        for (at, party) in b.parties().enumerate() {
            if of_a.contains(&party) {
                let place = self.places.get(at).copied().unwrap_or(at);
                let says = "this phone is on side a as well: the two sides are different people";
                self.fault("same_party", format!("/b/phones/{place}"), says);
            }
        }
    }

    fn terms(&mut self, request: &BookingRequest, known: Option<&Terms>) -> Terms {
        let rules = self.reader.rules;
        let usual = Terms {
            limits: rules.limits,
            direction: rules.direction,
            hours: rules.hours.clone(),
            callback: rules.callback,
            ..Terms::default()
        };
        let mut terms = known.cloned().unwrap_or(usual);
        terms.limits.max_calls = request.max_calls.or(terms.limits.max_calls);
        terms.limits.max_calls_per_hour = request
            .max_calls_per_hour
            .or(terms.limits.max_calls_per_hour);
        terms.limits.max_talk_minutes = request.max_talk_minutes.or(terms.limits.max_talk_minutes);
        terms.direction = request.direction.unwrap_or(terms.direction);
        terms.hours = request.hours.clone().or(terms.hours);
        terms.record = request.record.unwrap_or(terms.record);
        terms.callback = request.callback.unwrap_or(terms.callback);
        terms.force_pin = request.force_pin.unwrap_or(terms.force_pin);
        let zone = terms.hours.as_ref().map(|hours| hours.zone.as_str());
        if zone.is_some_and(|zone| TimeZone::get(zone).is_err()) {
            let says = "no such time zone is known: write one as in \"Asia/Singapore\"";
            self.fault("zone", "/hours/zone", says);
        }
        terms
    }

    /// The number that a side asks for.
    fn named(&mut self, at: &str, written: Option<&str>) -> Option<Vn> {
        let written = written?;
        let digits = PhoneNumber::new(written.trim());
        let found = self.reader.numbers.find(&digits);
        let found = found.filter(|number| number.pool == *self.reader.pool);
        if found.is_none() {
            let says = "the pool has no such number: see GET /v1/numbers";
            self.fault("unknown_number", format!("{at}/virtual_number"), says);
        }
        found.map(|number| number.vn)
    }
}
